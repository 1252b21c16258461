"""What parties expect before they sign: the facts of every contract year if nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from contracts.checks import check_inputs
from contracts.contract import Contract
from contracts.drawn_scores import NOTHING_CHANGED
from contracts.evidence import Evidence, Moments, check_evidence
from contracts.inputs import BaselineSpending, SettlementError, SettlementInputs
from contracts.target import counted_spending, growth, spending_target
from contracts.terms.part import MOST_EUROS, Period, Text, first_year
from contracts.terms.spending import Blend, OwnHistory, Trend
from contracts.worlds import expected_spending

_Row = TypeVar("_Row", BaselineSpending, Moments)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A real improvement, reached in full where the plan's ramp is 1.

    Attributes
    ----------
    saving : float
        Part of the spending that is truly saved; negative for a real overspending. It is held against the
        target before growth path and discount.
    way : float
        Part of the way from where each indicator stands now to its goal that is truly gone, from 0 to 1.
    as_known : bool
        Spending goes on as in the known year, whatever the target is: what is then saved is ``Plan.already``
        in each year, and ``saving`` is its mean.
    """

    saving: float
    way: float
    as_known: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The expected course of a contract.

    Attributes
    ----------
    years : tuple of mapping of str to SettlementInputs
        One for each contract year, in order, with the facts of each payer: records, baselines and scores as
        they are expected if nothing changes. The spending in it is not used: it follows from the target and
        the scenario.
    evidence : tuple of mapping of str to Evidence
        How sure those facts will be, one for each year.
    ramp : mapping of str to float
        Part of the improvement that is reached in each year.
    costs : mapping of str to Decimal
        Euros a year that the participant spends on the improvement, whatever comes of it.
    revenue_lost : float
        Part of each euro saved that the participant misses as revenue and cannot save in its own costs.
    already : mapping of str to float
        Part of the target (before growth path and discount) that each year would save if spending went on as
        in the known year, of all payers together; negative where it would cost more. Empty: nothing, as where
        the target follows from that year alone.
    known : str or None
        The year that the contract years are expected to be like, for who reads the outcome.
    """

    years: tuple[Mapping[str, SettlementInputs], ...]
    evidence: tuple[Mapping[str, Evidence], ...]
    ramp: Mapping[Period, float] = field(default_factory=dict)
    costs: Mapping[Period, Decimal] = field(default_factory=dict)
    revenue_lost: float = 0.0
    already: Mapping[Period, float] = field(default_factory=dict)
    known: Period | None = None

    @property
    def as_known(self) -> Scenario | None:
        """The scenario in which spending goes on as in the known year; None where that saves nothing."""
        mean = sum(self.already.values()) / len(self.already) if self.already else 0.0
        return Scenario(mean, 0.0, as_known=True) if any(self.already.values()) else None


def same_every_year(
    contract: Contract, facts: Mapping[str, SettlementInputs], evidence: Mapping[str, Evidence]
) -> Plan:
    """Plan in which each contract year is expected to be like one year that is known.

    Parameters
    ----------
    contract : Contract
    facts : mapping of str to SettlementInputs
        Of the known year, by payer; the contract years get the same records and scores, and a comparison
        group that spends as much, in prices that grow by the trend of the contract where that is a rate. What
        they spend themselves follows from the target and the scenario.
    evidence : mapping of str to Evidence
        Of that year.
    """
    years = sorted(contract.years)
    return Plan(
        tuple({payer: _moved(contract, own, year) for payer, own in facts.items()} for year in years),
        tuple({payer: _sure(own, facts[payer], year) for payer, own in evidence.items()} for year in years),
        known=next(iter(facts.values())).period,
    )


def _moved(contract: Contract, facts: SettlementInputs, year: Period) -> SettlementInputs:
    prices = _prices(contract, facts.period, year)
    group = _settled_last(facts.comparison, facts, year)
    return replace(
        facts,
        period=year,
        results=tuple(replace(result, period=year) for result in facts.results),
        comparison=tuple(_in_prices(row, prices) if row.period == year else row for row in group),
    )


def _prices(contract: Contract, known: Period, year: Period) -> Fraction:
    """Factor by which prices grow from the known year: the trend of the contract where that is a rate."""
    own = contract.target.own if isinstance(contract.target, Blend) else contract.target
    if not isinstance(own, OwnHistory) or not isinstance(own.trend, Trend):
        return Fraction(1)
    return growth(own.trend, first_year(year) - first_year(known))


def _in_prices(row: BaselineSpending, prices: Fraction) -> BaselineSpending:
    def grown(amount: Decimal) -> Decimal:
        return amount * prices.numerator / prices.denominator

    return replace(row, spending=grown(row.spending), above=None if row.above is None else grown(row.above))


def _sure(evidence: Evidence, facts: SettlementInputs, year: Period) -> Evidence:
    return replace(
        evidence,
        spending=replace(evidence.spending, period=year),
        comparison=_settled_last(evidence.comparison, facts, year),
    )


def _settled_last(rows: Sequence[_Row], facts: SettlementInputs, year: Period) -> tuple[_Row, ...]:
    """The rows of a comparison group with that of the settled year moved to another year.

    A known year that is a baseline year too stands in it twice: the first of them stays one.
    """
    last = max((place for place, row in enumerate(rows) if row.period == facts.period), default=None)
    return tuple(replace(row, period=year) if place == last else row for place, row in enumerate(rows))


def already_saved(
    contract: Contract, known: Mapping[str, SettlementInputs], years: Sequence[Mapping[str, SettlementInputs]]
) -> dict[Period, float]:
    """Part of the target that each contract year saves if spending goes on as in the known year.

    The target may follow from more years, from others, or be an amount, so that spending as in the known year
    lies above or below it. Prices grow by the trend of the contract where that is a rate; otherwise they are
    those of the known year.

    Parameters
    ----------
    contract : Contract
    known : mapping of str to SettlementInputs
        Of the known year, by payer, with its spending.
    years : sequence of mapping of str to SettlementInputs
        Of the contract years, by payer, with all that the target follows from.

    Returns
    -------
    dict of str to float
        By contract year, of all payers together, as a part of the target before growth path and discount;
        negative where it would cost more. Exactly 0 where the target follows from the known year alone.
    """
    found = {}
    for facts in years:
        year = next(iter(facts.values())).period
        target = spent = Fraction(0)
        for payer, each in facts.items():
            prices = _prices(contract, known[payer].period, year)
            spent += counted_spending(contract.spending, known[payer]) * prices
            path = Fraction(1) if contract.target.path is None else Fraction(contract.target.path[year])
            target += spending_target(contract.target, contract.spending, each) / path
        found[year] = float(1 - spent / target) if target else 0.0
    return found


def check_plan(contract: Contract, plan: Plan, scenarios: Sequence[Scenario]) -> None:
    """Hold a plan and its scenarios against the contract.

    Raises
    ------
    SettlementError
        If the years are not those of the contract, in order; the facts or the evidence of one do not fit; or
        a part lies outside its range.
    """
    faults: list[str | Text] = [*_year_faults(contract, plan), *_part_faults(plan)]
    for name, table in (("ramp", plan.ramp), ("costs", plan.costs), ("already", plan.already)):
        if table and sorted(table) != sorted(contract.years):
            faults.append(f"plan.{name}: of {', '.join(table)}; expected one for each contract year, or none")
    for scenario in scenarios:
        if not (scenario.saving < 1 and 0 <= scenario.way <= 1):
            faults.append(f"scenarios: {scenario}; expected a saving below 1 and a way from 0 to 1")
    if faults:
        raise SettlementError(faults)
    for facts, evidence in zip(plan.years, plan.evidence, strict=True):
        for own in facts.values():
            check_inputs(contract, own)
        check_evidence(contract, facts, evidence)


def _part_faults(plan: Plan) -> Iterator[Text]:
    """Expectations outside their range; people fill these in."""
    for year, part in plan.ramp.items():
        if not 0 <= part <= 1:
            yield Text(
                nl=f"deel van de verbetering dat in {year} is bereikt: {part}; verwacht van 0 tot 1",
                en=f"part of the improvement that is reached in {year}: {part}; expected from 0 to 1",
            )
    for year, costs in plan.costs.items():
        if not (costs.is_finite() and 0 <= costs <= MOST_EUROS):
            yield Text(
                nl=f"eigen kosten in {year}: {costs}; verwacht een bedrag van 0 tot {MOST_EUROS}",
                en=f"own costs in {year}: {costs}; expected an amount from 0 to {MOST_EUROS}",
            )
    if not 0 <= plan.revenue_lost <= 1:
        yield Text(
            nl=f"gemiste omzet per bespaarde euro: {plan.revenue_lost}; verwacht van 0 tot 1",
            en=f"revenue missed of each euro saved: {plan.revenue_lost}; expected from 0 to 1",
        )


def _year_faults(contract: Contract, plan: Plan) -> Iterator[str]:
    years, payers = sorted(contract.years), contract.parties.payers
    given = sorted({own.period for facts in plan.years for own in facts.values()})
    if given != years or not len(plan.years) == len(plan.evidence) == len(years):
        yield (
            f"plan.years: {', '.join(given) or 'none'} with {len(plan.evidence)} of evidence; expected "
            f"{', '.join(years)}, each with its own"
        )
    for facts in plan.years:
        if sorted(facts) != sorted(payers):
            yield f"plan.years: of payers {', '.join(facts) or 'none'}; expected of {', '.join(payers)}"


def unchanged_spending(contract: Contract, facts: SettlementInputs) -> float:
    """Euros that a year would cost if nothing changed: the target before growth path and discount."""
    return expected_spending(contract, facts, NOTHING_CHANGED)
