"""What parties expect before they sign: the facts of every contract year if nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from contracts.checks import check_inputs
from contracts.contract import Contract
from contracts.drawn_scores import NOTHING_CHANGED
from contracts.evidence import Evidence, check_evidence
from contracts.inputs import SettlementError, SettlementInputs
from contracts.terms.part import Period
from contracts.worlds import expected_spending


@dataclass(frozen=True, slots=True)
class Scenario:
    """A real improvement, reached in full where the plan's ramp is 1.

    Attributes
    ----------
    saving : float
        Part of the spending that is truly saved; negative for a real overspending.
    way : float
        Part of the way from where each indicator stands now to its goal that is truly gone, from 0 to 1.
    """

    saving: float
    way: float


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
    """

    years: tuple[Mapping[str, SettlementInputs], ...]
    evidence: tuple[Mapping[str, Evidence], ...]
    ramp: Mapping[Period, float] = field(default_factory=dict)
    costs: Mapping[Period, Decimal] = field(default_factory=dict)
    revenue_lost: float = 0.0


def same_every_year(
    contract: Contract, facts: Mapping[str, SettlementInputs], evidence: Mapping[str, Evidence]
) -> Plan:
    """Plan in which each contract year is expected to be like one year that is known.

    Parameters
    ----------
    contract : Contract
    facts : mapping of str to SettlementInputs
        Of one contract year, by payer; the others get the same records, scores and comparison group.
    evidence : mapping of str to Evidence
        Of that year.
    """
    years = sorted(contract.years)
    return Plan(
        tuple({payer: _moved(own, year) for payer, own in facts.items()} for year in years),
        tuple(
            {payer: _sure(own, facts[payer].period, year) for payer, own in evidence.items()}
            for year in years
        ),
    )


def _moved(facts: SettlementInputs, year: Period) -> SettlementInputs:
    return replace(
        facts,
        period=year,
        results=tuple(replace(result, period=year) for result in facts.results),
        comparison=tuple(
            replace(row, period=year) if row.period == facts.period else row for row in facts.comparison
        ),
    )


def _sure(evidence: Evidence, known: Period, year: Period) -> Evidence:
    return replace(
        evidence,
        spending=replace(evidence.spending, period=year),
        comparison=tuple(
            replace(each, period=year) if each.period == known else each for each in evidence.comparison
        ),
    )


def check_plan(contract: Contract, plan: Plan, scenarios: Sequence[Scenario]) -> None:
    """Hold a plan and its scenarios against the contract.

    Raises
    ------
    SettlementError
        If the years are not those of the contract, in order; the facts or the evidence of one do not fit; or
        a part lies outside its range.
    """
    faults = [*_year_faults(contract, plan)]
    for name, table in (("ramp", plan.ramp), ("costs", plan.costs)):
        if table and sorted(table) != sorted(contract.years):
            faults.append(f"plan.{name}: of {', '.join(table)}; expected one for each contract year, or none")
    if not 0 <= plan.revenue_lost <= 1:
        faults.append(f"plan.revenue_lost: {plan.revenue_lost}; expected from 0 to 1")
    for scenario in scenarios:
        if not (scenario.saving < 1 and 0 <= scenario.way <= 1):
            faults.append(f"scenarios: {scenario}; expected a saving below 1 and a way from 0 to 1")
    if faults:
        raise SettlementError(faults)
    for facts, evidence in zip(plan.years, plan.evidence, strict=True):
        for own in facts.values():
            check_inputs(contract, own)
        check_evidence(contract, facts, evidence)


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
