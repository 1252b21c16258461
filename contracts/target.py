"""The spending target: what the settled period would have cost without the contract."""

from __future__ import annotations

from fractions import Fraction

from contracts.contract import OwnHistory, Trend, first_year
from contracts.inputs import BaselineSpending, SettlementInputs


def spending_target(target: OwnHistory, inputs: SettlementInputs) -> Fraction:
    """Spending target in euros, exact.

    Each baseline period is brought to the price level of the settled year by the trend; the target is their
    weighted mean, per record times the records of the settled year, or of the totals. The mean is of averages
    (each period counts by its weight and not by its number of records).

    Parameters
    ----------
    target : OwnHistory
        The rule of the contract.
    inputs : SettlementInputs
        With a baseline for each period of the rule, see ``check_inputs``.

    Returns
    -------
    Fraction
        Above 0 if any baseline period has spending.
    """
    by_period = {baseline.period: baseline for baseline in inputs.baselines}
    weighted, weights = Fraction(0), Fraction(0)
    for part in target.baseline:
        years = first_year(inputs.period) - first_year(part.period)
        level = _level(target, by_period[part.period]) * growth(target.trend, years)
        weighted += Fraction(part.weight) * level
        weights += Fraction(part.weight)
    mean = weighted / weights
    return mean * inputs.records if target.basis == "per-record" else mean


def growth(trend: Trend, years: int) -> Fraction:
    """Factor by which spending grows in a number of years; 1 in none."""
    rate = Fraction(trend.rate)
    return (1 + rate) ** years if trend.growth == "compound" else 1 + rate * years


def _level(target: OwnHistory, baseline: BaselineSpending) -> Fraction:
    spending = Fraction(baseline.spending)
    return spending / baseline.records if target.basis == "per-record" else spending
