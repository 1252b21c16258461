"""The spending target: what the settled period would have cost without the contract; and what it did cost."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from contracts.inputs import BaselineSpending, SettlementInputs
from contracts.terms.part import first_year
from contracts.terms.spending import (
    Blend,
    CaseMix,
    ComparisonGroup,
    Delivered,
    OwnHistory,
    Spending,
    Stated,
    Target,
    Trend,
)


def spending_target(target: Target, spending: Spending, inputs: SettlementInputs) -> Fraction:
    """Spending target in euros, exact, before any discount.

    Own history: each baseline period is brought to the price level of the settled year by the trend, and to
    its risk by the case mix; the target is their weighted mean, per record times the records of the settled
    year, or of the totals. The mean is of averages (each period counts by its weight and not by its number of
    records). A growth path multiplies the outcome.

    Parameters
    ----------
    target : Target
        The rule of the contract.
    spending : Spending
        Says what above the truncation counts, in the baseline as in the settled year.
    inputs : SettlementInputs
        With what the rule asks for, see ``check_inputs``.

    Returns
    -------
    Fraction
        Above 0 if any baseline period has spending.
    """
    if isinstance(target, OwnHistory):
        amount = _own_history(target, spending, inputs)
    elif isinstance(target, ComparisonGroup):
        amount = _of_group(target, spending, inputs)
    elif isinstance(target, Blend):
        weight = Fraction(target.own_weight)
        own = spending_target(target.own, spending, inputs)
        amount = weight * own + (1 - weight) * spending_target(target.group, spending, inputs)
    elif isinstance(target, Stated):
        stated = Fraction(target.amounts[inputs.period])
        amount = stated * Fraction(inputs.records) if target.basis == "per-record" else stated
        # a stated amount is for a risk of 1
        amount *= risk_ratio(target.case_mix, now=_risk(inputs), then=Fraction(1))
    else:
        assert isinstance(target, Delivered)
        amount = Fraction(inputs.target or 0)
    return amount if target.path is None else amount * Fraction(target.path[inputs.period])


def counted_spending(spending: Spending, row: SettlementInputs | BaselineSpending) -> Fraction:
    """Euros that count: those below the truncation, and the part above it that is not the payer's.

    Interim spending is brought to its expected final level: each part of the year divided by its completion.
    """
    above = Fraction(row.above or 0) * (1 - Fraction(spending.payer_share_above))
    if isinstance(row, SettlementInputs) and row.interim is not None:
        parts = row.interim.parts
        return sum((Fraction(part.spending) / Fraction(part.factor) for part in parts), Fraction(0))
    return Fraction(row.spending) + above


def truncated(costs: Iterable[Decimal], spending: Spending) -> tuple[Decimal, Decimal]:
    """Sum the spending per record up to the truncation, and what lies above it, both in euros."""
    below = above = Decimal(0)
    for cost in costs:
        limit = cost if spending.truncation == "none" else min(cost, spending.truncation)
        below += limit
        above += cost - limit
    return below, above


def growth(trend: Trend, years: int) -> Fraction:
    """Factor by which spending grows in a number of years; 1 in none."""
    rate = Fraction(trend.rate)
    return (1 + rate) ** years if trend.growth == "compound" else 1 + rate * years


def risk_ratio(case_mix: CaseMix | None, *, now: Fraction, then: Fraction) -> Fraction:
    """Risk now over risk then, within the limit of the contract; 1 where the target ignores risk."""
    if case_mix is None:
        return Fraction(1)
    ratio = now / then
    if case_mix.limit == "none":
        return ratio
    limit = Fraction(case_mix.limit)
    ratio = min(ratio, 1 + limit)
    return max(ratio, 1 - limit) if case_mix.limited == "both-ways" else ratio


def _own_history(target: OwnHistory, spending: Spending, inputs: SettlementInputs) -> Fraction:
    by_period = {baseline.period: baseline for baseline in inputs.baselines}
    weighted, weights = Fraction(0), Fraction(0)
    for part in target.baseline:
        row = by_period[part.period]
        level = counted_spending(spending, row)
        if target.basis == "per-record":
            level /= Fraction(row.records)
        level *= _trend(target, spending, inputs, part.period)
        level *= risk_ratio(target.case_mix, now=_risk(inputs), then=_risk(row))
        weighted += Fraction(part.weight) * level
        weights += Fraction(part.weight)
    mean = weighted / weights
    return mean * Fraction(inputs.records) if target.basis == "per-record" else mean


def _trend(target: OwnHistory, spending: Spending, inputs: SettlementInputs, since: str) -> Fraction:
    if isinstance(target.trend, Trend):
        return growth(target.trend, first_year(inputs.period) - first_year(since))
    group = {row.period: row for row in inputs.comparison}
    now, then = group[inputs.period], group[since]
    return _per_record(spending, now) / _per_record(spending, then)


def _of_group(target: ComparisonGroup, spending: Spending, inputs: SettlementInputs) -> Fraction:
    group = next(row for row in inputs.comparison if row.period == inputs.period)
    ratio = risk_ratio(target.case_mix, now=_risk(inputs), then=_risk(group))
    return _per_record(spending, group) * Fraction(inputs.records) * ratio


def _per_record(spending: Spending, row: BaselineSpending) -> Fraction:
    return counted_spending(spending, row) / Fraction(row.records)


def _risk(row: SettlementInputs | BaselineSpending) -> Fraction:
    return Fraction(row.risk) if row.risk is not None else Fraction(1)
