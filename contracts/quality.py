"""From scores to one quality score between 0 and 1.

The score is the weighted mean of what the indicators attained. It is exact: adjusted values are first rounded
to the digits that the contract states, and from there on only fractions are used, so that two parties who
recompute it can not differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from contracts.attainment import attained, exact, used_value
from contracts.canonical import plain, shown
from contracts.inputs import IndicatorResult, SettlementError
from contracts.terms.quality import Band, ByReporting, Horizon, Quality, QualityRule

Handled = Literal["judged", "reporting", "zero", "leave-out"]
Reason = Literal["not-assessable", "not-ripe", "too-small", "unreliable"]


@dataclass(frozen=True, slots=True)
class QualityLine:
    """What one indicator adds to the quality score.

    Attributes
    ----------
    indicator, version, period : str
        Of the score that was used.
    n : float
        Records behind the score.
    adjusted : Decimal or None
        Value that was held against the goal, rounded to the digits of the contract and, where so agreed,
        weighted by its reliability. None if it was not judged.
    band : str
        Funnel class of the score.
    weight : Fraction
        Part of the score that the indicator decides; the weights of all lines sum to 1. 0 if left out.
    attained : Fraction
        From 0 (threshold or worse) to 1 (target or better); 0 if not assessable.
    points : Fraction
        Weight times attained.
    handled : str
        ``judged``, or else what the contract does with an indicator that is not: ``reporting``, ``zero`` or
        ``leave-out``.
    reason : str or None
        Why it was not judged: ``not-assessable``, ``not-ripe``, ``too-small`` or ``unreliable``.
    horizon : int or None
        As the contract has it.
    """

    indicator: str
    version: str
    period: str
    n: float
    adjusted: Decimal | None
    band: Band
    weight: Fraction
    attained: Fraction
    points: Fraction
    handled: Handled = "judged"
    reason: Reason | None = None
    horizon: Horizon | None = None

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, fractions and decimals as decimal text."""
        return {
            "indicator": self.indicator,
            "version": self.version,
            "period": self.period,
            "n": float(self.n),
            "adjusted": plain(self.adjusted),
            "band": self.band,
            "weight": plain(shown(self.weight)),
            "attained": plain(shown(self.attained)),
            "points": plain(shown(self.points)),
            "handled": self.handled,
            "reason": self.reason,
            "horizon": self.horizon,
        }


@dataclass(frozen=True, slots=True)
class QualityScore:
    """Quality score and the line of each indicator in the order of the contract.

    Attributes
    ----------
    score : Fraction
        From 0 to 1. The points of the lines sum to it, unless a minimum was missed: then it is 0.
    lines : tuple of QualityLine
    missed : tuple of str
        Indicators that missed their minimum, and ``score`` if the whole did.
    """

    score: Fraction
    lines: tuple[QualityLine, ...]
    missed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, the score as decimal text."""
        return {
            "score": plain(shown(self.score)),
            "lines": [line.to_dict() for line in self.lines],
            "missed": list(self.missed),
        }


def quality_score(quality: Quality, results: Iterable[IndicatorResult]) -> QualityScore:
    """Weigh what the indicators attained.

    Parameters
    ----------
    quality : Quality
        The rules of the contract.
    results : iterable of IndicatorResult
        One for each indicator of the rules.

    Returns
    -------
    QualityScore
        With ``sum(line.points) == score`` exactly, unless a minimum was missed.

    Raises
    ------
    SettlementError
        If every indicator is left out: then nothing is left to score, and neither 0 nor 1 was agreed.
    """
    by_name = {result.indicator: result for result in results}
    pairs = [(rule, by_name[rule.indicator]) for rule in quality.indicators]
    handled = [handling(quality, rule, result) for rule, result in pairs]
    weights = _weights(quality, [how != "leave-out" for how, _ in handled])
    lines = tuple(
        _line(quality, rule, result, weight=weight, handled=how)
        for (rule, result), weight, how in zip(pairs, weights, handled, strict=True)
    )
    score = sum((line.points for line in lines), Fraction(0))
    missed = _missed(quality, lines, score)
    return QualityScore(Fraction(0) if missed else score, lines, missed)


def handling(quality: Quality, rule: QualityRule, result: IndicatorResult) -> tuple[Handled, Reason | None]:
    """Whether an indicator is judged; if not, what the contract does with it, and why.

    The first of these that holds: it cannot be assessed, its outcomes are not ripe, it is too small, its
    reliability is below the floor. None of them matters to an indicator that pays for reporting anyhow.
    """
    if isinstance(rule.attain, ByReporting):
        return "judged", None
    if not result.assessable:
        return quality.not_assessable, "not-assessable"
    if not result.ripe and quality.not_ripe != "ripe-records":
        return quality.not_ripe, "not-ripe"
    if quality.too_small is not None and result.n < quality.too_small.records:
        return quality.too_small.then, "too-small"
    reliability = quality.reliability
    if reliability is not None and exact(result.reliability or 0.0) < Fraction(reliability.floor):
        return reliability.below_floor, "unreliable"
    return "judged", None


def _weights(quality: Quality, counts: Sequence[bool]) -> list[Fraction]:
    """Weights that sum to 1 over what counts; within each horizon where horizons have weights."""
    if not any(counts):
        raise SettlementError(
            [
                "results: no indicator can be assessed, and the contract leaves such indicators out; "
                "nothing is left to score. Agree on a score, or settle by 'not_assessable: zero'"
            ]
        )
    horizons = quality.horizon_weights
    groups = [rule.horizon if horizons is not None else None for rule in quality.indicators]
    weights = [
        Fraction(rule.weight) if counted else Fraction(0)
        for rule, counted in zip(quality.indicators, counts, strict=True)
    ]
    present = {group for group, weight in zip(groups, weights, strict=True) if weight}
    group_weight = {
        group: Fraction(horizons[group]) if horizons and group else Fraction(1) for group in present
    }
    all_groups = sum(group_weight.values(), Fraction(0))
    in_group = {
        group: sum((w for g, w in zip(groups, weights, strict=True) if g == group), Fraction(0))
        for group in present
    }
    return [
        weight / in_group[group] * group_weight[group] / all_groups if weight else Fraction(0)
        for group, weight in zip(groups, weights, strict=True)
    ]


def _line(
    quality: Quality,
    rule: QualityRule,
    result: IndicatorResult,
    *,
    weight: Fraction,
    handled: tuple[Handled, Reason | None],
) -> QualityLine:
    how, why = handled
    reporting = how == "reporting" or isinstance(rule.attain, ByReporting)
    value = used_value(quality, result) if how == "judged" and not reporting else None
    share = Fraction(result.was_reported) if reporting else Fraction(0)
    if value is not None:
        share = attained(rule.attain, value, result)
    return QualityLine(
        indicator=result.indicator,
        version=result.version,
        period=result.period,
        n=result.n,
        adjusted=value,
        band=result.band,
        weight=weight,
        attained=share,
        points=weight * share,
        handled=how,
        reason=why,
        horizon=rule.horizon,
    )


def _missed(quality: Quality, lines: Sequence[QualityLine], score: Fraction) -> tuple[str, ...]:
    """Minima that were missed; an indicator that was not judged cannot miss one."""
    missed = [
        rule.indicator
        for rule, line in zip(quality.indicators, lines, strict=True)
        if rule.minimum_attained is not None
        and line.handled == "judged"
        and line.attained < Fraction(rule.minimum_attained)
    ]
    if quality.minimum_score is not None and score < Fraction(quality.minimum_score):
        missed.append("score")
    return tuple(missed)
