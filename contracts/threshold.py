"""The threshold of a year as a rate of the target, and whether a saving passes it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from statistics import NormalDist

from contracts.inputs import SettlementError, Size
from contracts.terms.threshold import (
    AnyThresholdRate,
    ByChoice,
    ByPopulation,
    BySignificance,
    Threshold,
)


def threshold_rate(rate: AnyThresholdRate, *, records: Size, chosen: Decimal | None) -> Fraction:
    """Rate of the target that a saving must reach, exact.

    Parameters
    ----------
    rate : Decimal, ByPopulation, ByChoice or BySignificance
        As agreed.
    records : int or Decimal
        Size of the population, at least 1; a table goes by whole records, and does not count a part of one.
    chosen : Decimal or None
        What the participant chose, where it may choose.

    Raises
    ------
    SettlementError
        If the population is smaller than the smallest of the table.
    """
    if isinstance(rate, ByPopulation):
        return _by_population(rate, int(records))
    if isinstance(rate, ByChoice):
        if chosen is not None:
            return Fraction(chosen)
        assert rate.otherwise is not None
        return _by_population(rate.otherwise, int(records))
    if isinstance(rate, BySignificance):
        return _by_significance(rate, records)
    return Fraction(rate)


def passes(threshold: Threshold, *, saving: Fraction, minimum: Fraction) -> bool:
    """Whether a saving (or the size of an overspending) passes; both in euros, compared unrounded.

    A saving of nothing, or less, never passes.
    """
    if saving <= 0:
        return False
    return saving >= minimum if threshold.passes_when == "at_or_above" else saving > minimum


def _by_population(table: ByPopulation, records: int) -> Fraction:
    for bracket in table.table:
        if records < bracket.from_records:
            break
        if bracket.to_records is not None and records > bracket.to_records:
            continue
        low = Fraction(bracket.from_rate)
        if table.between == "step" or bracket.to_rate is None or bracket.to_records is None:
            return low
        way = Fraction(records - bracket.from_records, bracket.to_records - bracket.from_records)
        return low + (Fraction(bracket.to_rate) - low) * way
    raise SettlementError(
        [
            f"records: {records} is below the smallest population of the threshold table, "
            f"{table.table[0].from_records}; no threshold was agreed for it"
        ]
    )


def _by_significance(rate: BySignificance, records: Size) -> Fraction:
    """Give the rate in exact digits: the square root and the normal quantile are irrational."""
    z = Decimal(repr(NormalDist().inv_cdf(1 - float(rate.error))))
    with localcontext() as context:
        context.prec = 30
        exact = z * rate.cv / Decimal(records).sqrt()
        return Fraction(exact.quantize(Decimal(1).scaleb(-rate.digits), ROUND_HALF_UP))
