"""What parties expect before they sign: the facts of every contract year if nothing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    years : tuple of SettlementInputs
        One for each contract year, in order: records, baselines and scores as they are expected if nothing
        changes. The spending in it is not used: it follows from the target and the scenario.
    evidence : tuple of Evidence
        How sure those facts will be, one for each year.
    ramp : mapping of str to float
        Part of the improvement that is reached in each year.
    costs : mapping of str to Decimal
        Euros a year that the participant spends on the improvement, whatever comes of it.
    revenue_lost : float
        Part of each euro saved that the participant misses as revenue and cannot save in its own costs.
    """

    years: tuple[SettlementInputs, ...]
    evidence: tuple[Evidence, ...]
    ramp: Mapping[Period, float] = field(default_factory=dict)
    costs: Mapping[Period, Decimal] = field(default_factory=dict)
    revenue_lost: float = 0.0


def same_every_year(contract: Contract, facts: SettlementInputs, evidence: Evidence) -> Plan:
    """Plan in which each contract year is expected to be like one year that is known.

    Parameters
    ----------
    contract : Contract
    facts : SettlementInputs
        Of one contract year; the others get the same records, scores and comparison group.
    evidence : Evidence
        Of that year.
    """
    years, evidences = [], []
    for period in sorted(contract.years):
        years.append(
            replace(
                facts,
                period=period,
                results=tuple(replace(result, period=period) for result in facts.results),
                comparison=tuple(
                    replace(row, period=period) if row.period == facts.period else row
                    for row in facts.comparison
                ),
            )
        )
        evidences.append(
            replace(
                evidence,
                spending=replace(evidence.spending, period=period),
                comparison=tuple(
                    replace(each, period=period) if each.period == facts.period else each
                    for each in evidence.comparison
                ),
            )
        )
    return Plan(tuple(years), tuple(evidences))


def check_plan(contract: Contract, plan: Plan, scenarios: Sequence[Scenario]) -> None:
    """Hold a plan and its scenarios against the contract.

    Raises
    ------
    SettlementError
        If the years are not those of the contract, in order; the facts or the evidence of one do not fit; or
        a part lies outside its range.
    """
    given = [facts.period for facts in plan.years]
    faults = []
    if given != sorted(contract.years) or len(plan.evidence) != len(given):
        faults.append(
            f"plan.years: {', '.join(given) or 'none'} with {len(plan.evidence)} of evidence; expected "
            f"{', '.join(sorted(contract.years))}, each with its own"
        )
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
        check_inputs(contract, facts)
        check_evidence(contract, facts, evidence)


def unchanged_spending(contract: Contract, facts: SettlementInputs) -> float:
    """Euros that a year would cost if nothing changed: the target before growth path and discount."""
    return expected_spending(contract, facts, NOTHING_CHANGED)
