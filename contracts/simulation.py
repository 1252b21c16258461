"""Before signing: what a contract is expected to pay each party, and how often it pays wrongly.

Each year of each scenario is drawn many times and settled by the rules of the contract, see
``contracts.course``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from contracts.canonical import plain
from contracts.contract import Contract
from contracts.course import DrawnYear, course, rebased, without_phase_in
from contracts.inputs import SettlementError, SettlementInputs
from contracts.money import Currency
from contracts.plan import Plan, Scenario, check_plan
from contracts.rates import others
from contracts.rebasing import year_parts
from contracts.resampling import FloatArray
from contracts.target import growth
from contracts.terms.part import Period, Text
from contracts.terms.sharing import Losses

SAVINGS = (0.0, 0.01, 0.03)
WAYS = (0.0, 0.5, 1.0)
# nothing, small and large, for spending and for quality by itself
SCENARIOS = tuple(Scenario(saving, way) for saving in SAVINGS for way in WAYS)
THRESHOLDS = tuple(Decimal(permille) / 1000 for permille in (0, 5, 10, 15, 20, 30, 40))


@dataclass(frozen=True, slots=True)
class YearFlow:
    """Expected cash flows of one year in one scenario; euros.

    Attributes
    ----------
    saving : float
        What was truly saved.
    payment, lower, upper : float
        Mean payment, and the limits between which 90 % of the payments lie.
    chance_paid, chance_owed : float
        Of any payment, and of owing anything.
    participant : float
        Its business case: payment, minus its costs, minus the revenue it misses.
    payer : float
        Saving minus what is paid out, of all payers together.
    payers : mapping of str to float
        The same of each payer.
    others : mapping of str to float
        Other parties that the contract gives a part.
    portions : mapping of str to float
        Payment by participating provider, where the contract distributes.
    phase_in : float
        What of the payment is due to the phase-in of losses: what it spares the participant this year.
    """

    period: Period
    saving: float
    payment: float
    lower: float
    upper: float
    chance_paid: float
    chance_owed: float
    participant: float
    payer: float
    payers: Mapping[str, float]
    others: Mapping[str, float]
    portions: Mapping[str, float]
    phase_in: float


@dataclass(frozen=True, slots=True)
class AfterTerm:
    """What rebasing does; euros a year, in the prices of the new target and for the last year's records.

    Attributes
    ----------
    unchanged : float
        Spending without any improvement.
    spending : float
        Spending with the improvement kept.
    target : float
        The new target.
    added_back : float
        What of it comes from the payments of the term.
    room : float
        Target minus spending: what still counts as saved.
    """

    unchanged: float
    spending: float
    target: float
    added_back: float
    room: float


@dataclass(frozen=True, slots=True)
class ScenarioFlows:
    """One scenario over the term.

    Attributes
    ----------
    years : tuple of YearFlow
        The contract years, and those after the term if more were asked for.
    participant : tuple of float
        Its business case summed up to each year: what a shorter term would have come to.
    payer : float
        Summed over the years, all payers together.
    chance_of_loss : float
        Chance that the participant's business case over the years is below 0.
    pays_back : str or None
        First year from whose end on the expected business case, summed up, is not below 0 any more; None if
        it ends below.
    after_term : AfterTerm or None
        None where the contract says nothing about it, or the term was not simulated to its end.
    """

    scenario: Scenario
    years: tuple[YearFlow, ...]
    participant: tuple[float, ...]
    payer: float
    chance_of_loss: float
    pays_back: Period | None
    after_term: AfterTerm | None

    @property
    def payment(self) -> float:
        """Mean payment, summed over the years."""
        return sum(year.payment for year in self.years)

    @property
    def chance_paid(self) -> float:
        """Chance of any payment in a year: the mean over the years."""
        return sum(year.chance_paid for year in self.years) / len(self.years)

    @property
    def payers(self) -> dict[str, float]:
        """What each payer keeps, summed over the years; together that is ``payer``."""
        names = self.years[0].payers
        return {name: sum(year.payers[name] for year in self.years) for name in names}

    @property
    def phase_in(self) -> float:
        """What the phase-in of losses spares the participant, summed over the years."""
        return sum(year.phase_in for year in self.years)


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """What another threshold would do.

    Attributes
    ----------
    threshold : Decimal
        As a part of the target, in the place of the one agreed.
    false_payment, false_in_term : float
        Chance of a payment without any improvement: in a year (mean over the years), and at least once.
    paid_falsely : float
        Euros that are then expected to be paid over the term; what is owed is not set against it.
    missed : tuple of float
        For each scenario with a true saving, in order: chance of a year without payment (mean).
    """

    threshold: Decimal
    false_payment: float
    false_in_term: float
    paid_falsely: float
    missed: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """A contract before signing.

    Attributes
    ----------
    scenarios : tuple of ScenarioFlows
    rewarded : tuple of Scenario
        Those with a true saving, in the order of ``ThresholdRow.missed``.
    thresholds : tuple of ThresholdRow
    draws, seed : int
    known : str or None
        The year whose records and scores each contract year was expected to have.
    currency : str
        Of all amounts, as the contract has it; the documentation says euros.
    """

    contract: str
    version: str
    contract_hash: str
    currency: Currency
    known: Period | None
    scenarios: tuple[ScenarioFlows, ...]
    rewarded: tuple[Scenario, ...]
    thresholds: tuple[ThresholdRow, ...]
    draws: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Json-safe; thresholds as text."""
        data = asdict(self)
        for row in data["thresholds"]:
            row["threshold"] = plain(row["threshold"])
        return data


def simulate(
    contract: Contract,
    plan: Plan,
    *,
    scenarios: Sequence[Scenario] = SCENARIOS,
    thresholds: Sequence[Decimal] = THRESHOLDS,
    years: int | None = None,
    draws: int = 4000,
    seed: int = 0,
) -> Simulation:
    """Simulate a contract over its years.

    Parameters
    ----------
    contract : Contract
    plan : Plan
        Facts that are expected if nothing changes, and how sure they will be.
    scenarios : sequence of Scenario
        Real improvements; by default no, small (1 %, half-way) and large (3 %, at the goal), crossed. Where
        spending as in the known year is no longer the target, that comes first.
    thresholds : sequence of Decimal
        To be tried in the place of the one agreed.
    years : int or None
        Years from the first: fewer than the contract has show what ending it earlier does; more, up to twice
        its term, what going on after it does, on the target that is rebased as agreed. None: the term.
    draws, seed : int
        The same seed gives the same simulation, to the bit.

    Raises
    ------
    SettlementError
        If plan, scenarios or years do not fit the contract.
    ArithmeticError
        If the contract has a rule that the quick settlement does not know.
    """
    check_plan(contract, plan, scenarios)
    _check_years(contract, years)
    wanted = len(contract.years) if years is None else years
    known = () if plan.as_known is None else (plan.as_known,)
    rewarded = tuple(scenario for scenario in scenarios if scenario.saving > 0)
    return Simulation(
        contract=contract.contract,
        version=contract.version,
        contract_hash=contract.hash,
        currency=contract.currency,
        known=plan.known,
        scenarios=tuple(
            _flows(contract, plan, scenario, years=wanted, draws=draws, seed=seed)
            for scenario in (*known, *scenarios)
        ),
        rewarded=rewarded,
        thresholds=tuple(
            _threshold_row(contract, plan, threshold, rewarded, years=wanted, draws=draws, seed=seed)
            for threshold in thresholds
        ),
        draws=draws,
        seed=seed,
    )


def _check_years(contract: Contract, years: int | None) -> None:
    term = len(contract.years)
    if years is None:
        return
    if not 1 <= years <= 2 * term:
        raise SettlementError(
            [
                Text(
                    nl=f"aantal jaren: {years}; verwacht van 1 tot {2 * term}, tweemaal de {term} jaren "
                    "van het contract",
                    en=f"years: {years}; expected from 1 to {2 * term}, twice the {term} years of the "
                    "contract",
                )
            ]
        )
    if years > term and contract.rebasing is None:
        raise SettlementError(
            [
                Text(
                    nl=f"aantal jaren: {years}, en contract {contract.contract} heeft er {term}; het heeft "
                    "geen 'rebasing' dat zegt wat het omzetdoel daarna is",
                    en=f"years: {years}, and contract {contract.contract} has {term}; it has no 'rebasing' "
                    "that says what the target is after them",
                )
            ]
        )


def _flows(
    contract: Contract, plan: Plan, scenario: Scenario, *, years: int, draws: int, seed: int
) -> ScenarioFlows:
    drawn = course(contract, plan, scenario, years=years, draws=draws, seed=seed)
    bare = without_phase_in(contract)
    spared = [0.0] * years
    if bare is not None:
        again = course(bare, plan, scenario, years=years, draws=draws, seed=seed)
        spared = [
            float(np.mean(year.payment - other.payment)) for year, other in zip(drawn, again, strict=True)
        ]
    # after the term the improvement goes on costing what it did
    last = plan.costs.get(drawn[: len(plan.years)][-1].period, Decimal(0))
    fixed = [
        -float(plan.costs.get(year.period, last)) - plan.revenue_lost * year.true_saving for year in drawn
    ]
    flows = tuple(
        _year_flow(contract, year, fixed=own, phase_in=less)
        for year, own, less in zip(drawn, fixed, spared, strict=True)
    )
    total = sum((year.payment + own for year, own in zip(drawn, fixed, strict=True)), np.zeros(draws))
    summed = tuple(float(amount) for amount in np.cumsum([flow.participant for flow in flows]))
    return ScenarioFlows(
        scenario=scenario,
        years=flows,
        participant=summed,
        payer=sum(flow.payer for flow in flows),
        chance_of_loss=float(np.mean(total < 0)),
        pays_back=_pays_back(flows, summed),
        after_term=_after_term(contract, drawn),
    )


def _pays_back(flows: Sequence[YearFlow], summed: Sequence[float]) -> Period | None:
    below = [place for place, amount in enumerate(summed) if amount < 0]
    first = below[-1] + 1 if below else 0
    return flows[first].period if first < len(flows) else None


def _year_flow(contract: Contract, year: DrawnYear, *, fixed: float, phase_in: float) -> YearFlow:
    payment, half = year.payment, _half_unit(contract)
    mean = float(payment.mean())
    lower, upper = np.quantile(payment, [0.05, 0.95])
    paid = {payer: float(many.payment.mean()) for payer, many in year.many.items()}
    counted = {payer: float(np.maximum(many.counted, 0.0).mean()) for payer, many in year.many.items()}
    parts = {name: float(part) for name, part in others(contract.share).items()}
    payers = {
        payer: year.saved * year.unchanged[payer] - paid[payer] - sum(parts.values()) * counted[payer]
        for payer in paid
    }
    return YearFlow(
        period=year.period,
        saving=year.true_saving,
        payment=mean,
        lower=float(lower),
        upper=float(upper),
        chance_paid=float(np.mean(payment >= half)),
        chance_owed=float(np.mean(payment <= -half)),
        participant=mean + fixed,
        payer=sum(payers.values()),
        payers=payers,
        others={name: part * sum(counted.values()) for name, part in parts.items()},
        portions=_portions(contract, year.facts, paid),
        phase_in=phase_in,
    )


def _portions(
    contract: Contract, facts: Mapping[str, SettlementInputs], paid: Mapping[str, float]
) -> dict[str, float]:
    """Payment by participating provider: what each payer pays falls to them by the rule of the contract."""
    portions: dict[str, float] = {}
    rule = contract.distribution
    if rule is None:
        return portions
    for payer, own in facts.items():
        weights = rule.weights or {member.name: member.weight for member in own.members}
        whole = float(sum(weights.values(), Decimal(0)))
        for name, weight in weights.items():
            portions[name] = portions.get(name, 0.0) + paid[payer] * float(weight) / whole
    return portions


def _after_term(contract: Contract, drawn: Sequence[DrawnYear]) -> AfterTerm | None:
    """The first year after the term, all payers together; None where it was not reached or agreed on."""
    rule, term = contract.rebasing, list(drawn[: len(contract.years)])
    if rule is None or len(term) < len(contract.years):
        return None
    index = float(growth(rule.trend, 1 if rule.prices_of == "year-after" else 0))
    unchanged = sum(term[-1].unchanged.values()) * index
    spending = unchanged - term[-1].true_saving * index
    target = sum(float(rebased(contract, term, payer).mean()) for payer in term[-1].facts)
    added = sum(_added_back(contract, term, payer) for payer in term[-1].facts)
    return AfterTerm(unchanged, spending, target, added, target - spending)


def _added_back(contract: Contract, term: Sequence[DrawnYear], payer: str) -> float:
    """What of the new target comes from the payments, in euros."""
    facts = [year.facts[payer] for year in term]
    parts = year_parts(contract, [each.records for each in facts])
    per_record = contract.rebasing is not None and contract.rebasing.basis == "per-record"
    paid = (float(year.many[payer].payment.mean()) for year in term)
    added = sum(float(part.of_payment) * amount for part, amount in zip(parts, paid, strict=True))
    return added * (float(facts[-1].records) if per_record else 1.0)


def _threshold_row(
    contract: Contract,
    plan: Plan,
    threshold: Decimal,
    rewarded: Sequence[Scenario],
    *,
    years: int,
    draws: int,
    seed: int,
) -> ThresholdRow:
    """Settle every scenario again under another threshold, on the same draws."""
    terms = contract.threshold.model_copy(update={"rate": threshold})
    other = contract.model_copy(update={"threshold": terms})
    chosen = tuple(
        {payer: replace(own, chosen_threshold=_choice(other, own)) for payer, own in facts.items()}
        for facts in plan.years
    )
    bare = replace(plan, years=chosen)

    def payments(scenario: Scenario) -> FloatArray:
        drawn = course(other, bare, scenario, years=years, draws=draws, seed=seed)
        return np.array([year.payment for year in drawn])

    half = _half_unit(contract)
    nothing = payments(Scenario(0.0, 0.0))
    paid = nothing >= half
    return ThresholdRow(
        threshold=threshold,
        false_payment=float(paid.mean()),
        false_in_term=float(paid.any(axis=0).mean()),
        paid_falsely=float(np.maximum(nothing, 0.0).mean(axis=1).sum()),
        missed=tuple(float(np.mean(payments(scenario) < half)) for scenario in rewarded),
    )


def _choice(contract: Contract, facts: SettlementInputs) -> Decimal | None:
    """The chosen threshold, where the contract still leaves a choice: that for losses."""
    losses = contract.losses
    chooses = isinstance(losses, Losses) and getattr(losses.threshold.rate, "by", None) == "choice"
    return facts.chosen_threshold if chooses else None


def _half_unit(contract: Contract) -> float:
    return 0.005 if contract.rounding.unit == "cent" else 0.5
