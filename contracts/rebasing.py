"""The target after the term, from what was spent in its years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from contracts.contract import Contract
from contracts.inputs import SettlementError, Size
from contracts.target import growth
from contracts.terms.part import first_year


@dataclass(frozen=True, slots=True)
class YearOutcome:
    """What a contract year came to: records, euros that counted, and the payment (negative if owed)."""

    period: str
    records: Size
    spending: Decimal
    payment: Decimal


@dataclass(frozen=True, slots=True)
class RebasedYear:
    """One year of the new target.

    Attributes
    ----------
    index : Fraction
        Factor to the price level of the new target.
    level : Fraction
        Spending in those prices, per record or in total.
    weight : Fraction
        Part of the new target; the weights sum to 1.
    """

    period: str
    index: Fraction
    level: Fraction
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Rebased:
    """The target after the term.

    Attributes
    ----------
    target : Fraction
        Euros per record or in total, as the contract has it.
    history : Fraction
        The weighted mean of the own years.
    added_back : Fraction
        What the payments of the term put on top.
    years : tuple of RebasedYear
    """

    target: Fraction
    history: Fraction
    added_back: Fraction
    years: tuple[RebasedYear, ...]


def rebase(contract: Contract, outcomes: Sequence[YearOutcome]) -> Rebased:
    """Give the target after the term: ``sum(w index actual) + add_back * mean payment``.

    Parameters
    ----------
    contract : Contract
        With a rule for rebasing.
    outcomes : sequence of YearOutcome
        One for each contract year.

    Raises
    ------
    SettlementError
        If the contract has no such rule, a year is missing, or an amount is no finite decimal.
    """
    rule = contract.rebasing
    if rule is None:
        raise SettlementError([f"rebasing: contract {contract.contract} has no rule for it"])
    by_period = {outcome.period: outcome for outcome in outcomes}
    _check(contract, outcomes)
    years = sorted(contract.years)
    whole = sum((Fraction(weight) for weight in rule.weights), Fraction(0))
    base = first_year(years[-1]) + (1 if rule.prices_of == "year-after" else 0)
    rows, paid = [], Fraction(0)
    for period, weight in zip(years, rule.weights, strict=True):
        outcome = by_period[period]
        divisor = Fraction(outcome.records) if rule.basis == "per-record" else Fraction(1)
        index = growth(rule.trend, base - first_year(period))
        level = Fraction(outcome.spending) * index / divisor
        rows.append(RebasedYear(period, index, level, Fraction(weight) / whole))
        paid += Fraction(outcome.payment) / divisor
    history = sum((row.level * row.weight for row in rows), Fraction(0))
    added = Fraction(rule.add_back) * paid / len(rows)
    return Rebased(target=history + added, history=history, added_back=added, years=tuple(rows))


@dataclass(frozen=True, slots=True)
class YearPart:
    """What one contract year adds to the new target: so much of its spending, so much of its payment."""

    of_spending: Fraction
    of_payment: Fraction


def year_parts(contract: Contract, records: Sequence[Size]) -> tuple[YearPart, ...]:
    """Give the new target as a linear function of the years, oldest first; see ``rebase``.

    Parameters
    ----------
    contract : Contract
        With a rule for rebasing.
    records : sequence of int or Decimal
        Of each contract year.
    """
    years = sorted(contract.years)
    nothing = Decimal(0)

    def target(year: int, spending: Decimal, payment: Decimal) -> Fraction:
        outcomes = [
            YearOutcome(
                period,
                size,
                spending if place == year else nothing,
                payment if place == year else nothing,
            )
            for place, (period, size) in enumerate(zip(years, records, strict=True))
        ]
        return rebase(contract, outcomes).target

    one = Decimal(1)
    return tuple(
        YearPart(target(year, one, nothing), target(year, nothing, one)) for year in range(len(years))
    )


def _check(contract: Contract, outcomes: Sequence[YearOutcome]) -> None:
    given = sorted(outcome.period for outcome in outcomes)
    faults = []
    if given != sorted(contract.years):
        faults.append(
            f"outcomes: of {', '.join(given) or 'none'}; expected {', '.join(contract.years)}, each once"
        )
    for outcome in outcomes:
        if outcome.records < 1:
            faults.append(f"outcomes {outcome.period}.records: {outcome.records}; expected at least 1")
        for name, amount in (("spending", outcome.spending), ("payment", outcome.payment)):
            if not isinstance(amount, Decimal) or not amount.is_finite():
                faults.append(f"outcomes {outcome.period}.{name}: {amount!r}; money is a finite decimal")
        if isinstance(outcome.spending, Decimal) and outcome.spending < 0:
            faults.append(f"outcomes {outcome.period}.spending: {outcome.spending}; expected at least 0")
    if faults:
        raise SettlementError(faults)
