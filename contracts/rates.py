"""What a rate of the contract comes to, given quality, the saving and what was found; exact."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from contracts.terms.rates import AnyRate, Cases, Corridors, Linear, Parts, Sliding, Steps


def rate_at(
    rate: AnyRate, *, quality: Fraction, savings_rate: Fraction, findings: Mapping[str, bool]
) -> Fraction:
    """Rate, from 0 to 1.

    Parameters
    ----------
    rate : Linear, Steps, Corridors, Sliding, Parts or Cases
        As agreed.
    quality : Fraction
        Quality score, from 0 to 1.
    savings_rate : Fraction
        The saving that counts (or the size of the overspending) as a part of the target, at least 0.
    findings : mapping of str to bool
        What was found.

    Returns
    -------
    Fraction
        For corridors the mean rate over the slices, so that rate times saving is the sum over the slices.
    """
    if isinstance(rate, Cases):
        for case in rate.cases:
            if findings[case.when]:
                return rate_at(case.rate, quality=quality, savings_rate=savings_rate, findings=findings)
        return Fraction(rate.otherwise)
    if isinstance(rate, Linear):
        return _linear(rate, quality)
    if isinstance(rate, Steps):
        return [Fraction(step.rate) for step in rate.steps if Fraction(step.from_score) <= quality][-1]
    if isinstance(rate, Corridors):
        return _corridors(rate, savings_rate)
    if isinstance(rate, Sliding):
        return _sliding(rate, savings_rate)
    return Fraction(rate.participant) / _whole(rate)


def others(rate: AnyRate) -> dict[str, Fraction]:
    """Part of each of the other parties in a saving that falls in parts; empty for other rates."""
    if not isinstance(rate, Parts):
        return {}
    return {name: Fraction(part) / _whole(rate) for name, part in rate.others.items()}


def _linear(rate: Linear, quality: Fraction) -> Fraction:
    base, full = Fraction(rate.base), Fraction(rate.at_full_quality)
    value = base + (full - base) * quality
    if rate.minimum is not None:
        value = max(value, Fraction(rate.minimum))
    return value if rate.maximum is None else min(value, Fraction(rate.maximum))


def _corridors(rate: Corridors, savings_rate: Fraction) -> Fraction:
    if savings_rate <= 0:
        return Fraction(rate.corridors[0].rate)
    total, start = Fraction(0), Fraction(0)
    for corridor in rate.corridors:
        end = savings_rate if corridor.up_to is None else min(Fraction(corridor.up_to), savings_rate)
        total += Fraction(corridor.rate) * max(end - start, Fraction(0))
        start = max(start, end)
    return total / savings_rate


def _sliding(rate: Sliding, savings_rate: Fraction) -> Fraction:
    low, high = Fraction(rate.from_savings_rate), Fraction(rate.to_savings_rate)
    way = min(max((savings_rate - low) / (high - low), Fraction(0)), Fraction(1))
    return Fraction(rate.from_rate) + (Fraction(rate.to_rate) - Fraction(rate.from_rate)) * way


def _whole(rate: Parts) -> Fraction:
    return sum((Fraction(part) for part in (rate.participant, *rate.others.values())), Fraction(0))
