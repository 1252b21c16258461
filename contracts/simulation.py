"""Before signing: what a contract is expected to pay each party, and how often it pays wrongly.

Each year of each scenario is drawn many times and settled by the rules of the contract. The own baseline is
drawn once for the whole term, so that luck in it is felt in every year, as it would be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.canonical import plain
from contracts.contract import Contract
from contracts.drawn_scores import Truth
from contracts.inputs import SettlementInputs
from contracts.many_payments import ManyPayments, check_sample, many_payments
from contracts.plan import Plan, Scenario, check_plan, unchanged_spending
from contracts.rates import others
from contracts.rebasing import YearOutcome, rebase
from contracts.resampling import FloatArray
from contracts.target import growth
from contracts.terms.part import Period
from contracts.terms.sharing import Losses
from contracts.worlds import draw_worlds

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
        Saving minus what is paid out.
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
    participant : tuple of float
        Its business case summed up to each year: what a shorter term would have come to.
    payer : float
        Summed over the term.
    chance_of_loss : float
        Chance that the participant's business case over the term is below 0.
    pays_back : str or None
        First year at whose end the expected business case is not below 0; None if it stays below.
    after_term : AfterTerm or None
        None where the contract says nothing about it.
    """

    scenario: Scenario
    years: tuple[YearFlow, ...]
    participant: tuple[float, ...]
    payer: float
    chance_of_loss: float
    pays_back: Period | None
    after_term: AfterTerm | None


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
    """

    contract: str
    version: str
    contract_hash: str
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
    draws: int = 4000,
    seed: int = 0,
) -> Simulation:
    """Simulate a contract over its years.

    Parameters
    ----------
    contract : Contract
        With one payer, or with payers that are judged apart (then for one of them).
    plan : Plan
        Facts that are expected if nothing changes, and how sure they will be.
    scenarios : sequence of Scenario
        Real improvements; by default no, small (1 %, half-way) and large (3 %, at the goal), crossed.
    thresholds : sequence of Decimal
        To be tried in the place of the one agreed.
    draws, seed : int
        The same seed gives the same simulation, to the bit.

    Raises
    ------
    SettlementError
        If plan or scenarios do not fit the contract.
    ArithmeticError
        If the contract has a rule that the quick settlement does not know.
    """
    check_plan(contract, plan, scenarios)
    rewarded = tuple(scenario for scenario in scenarios if scenario.saving > 0)
    return Simulation(
        contract=contract.contract,
        version=contract.version,
        contract_hash=contract.hash,
        scenarios=tuple(_flows(contract, plan, scenario, draws=draws, seed=seed) for scenario in scenarios),
        rewarded=rewarded,
        thresholds=tuple(
            _threshold_row(contract, plan, threshold, rewarded, draws=draws, seed=seed)
            for threshold in thresholds
        ),
        draws=draws,
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class _Year:
    """One drawn year: (draws,) each."""

    many: ManyPayments
    actual: FloatArray
    true_saving: float


def _year(contract: Contract, plan: Plan, number: int, scenario: Scenario, *, draws: int, seed: int) -> _Year:
    facts, evidence = plan.years[number], plan.evidence[number]
    ramp = plan.ramp.get(facts.period, 1.0)
    truth = Truth(saving=scenario.saving * ramp, way=scenario.way * ramp)
    worlds = draw_worlds(contract, facts, evidence, truth=truth, draws=draws, seed=seed)
    many = many_payments(contract, facts, worlds)
    check_sample(contract, facts, worlds, payments=many.payment, sample=1)
    return _Year(many, worlds.actual, scenario.saving * ramp * unchanged_spending(contract, facts))


def _flows(contract: Contract, plan: Plan, scenario: Scenario, *, draws: int, seed: int) -> ScenarioFlows:
    places = range(len(plan.years))
    drawn = [_year(contract, plan, place, scenario, draws=draws, seed=seed) for place in places]
    bare = _without_phase_in(contract)
    spared = [0.0 for _ in places]
    if bare is not None:
        again = [_year(bare, plan, place, scenario, draws=draws, seed=seed) for place in places]
        spared = [
            float(np.mean(year.many.payment - other.many.payment))
            for year, other in zip(drawn, again, strict=True)
        ]
    fixed = [
        -float(plan.costs.get(facts.period, 0)) - plan.revenue_lost * year.true_saving
        for facts, year in zip(plan.years, drawn, strict=True)
    ]
    years = tuple(
        _year_flow(contract, facts, year, fixed=own, phase_in=less)
        for facts, year, own, less in zip(plan.years, drawn, fixed, spared, strict=True)
    )
    total = sum((year.many.payment + own for year, own in zip(drawn, fixed, strict=True)), np.zeros(draws))
    summed = tuple(float(amount) for amount in np.cumsum([flow.participant for flow in years]))
    return ScenarioFlows(
        scenario=scenario,
        years=years,
        participant=summed,
        payer=sum(flow.payer for flow in years),
        chance_of_loss=float(np.mean(total < 0)),
        pays_back=next(
            (flow.period for flow, amount in zip(years, summed, strict=True) if amount >= 0), None
        ),
        after_term=_after_term(contract, plan, drawn),
    )


def _year_flow(
    contract: Contract, facts: SettlementInputs, year: _Year, *, fixed: float, phase_in: float
) -> YearFlow:
    payment, half = year.many.payment, _half_unit(contract)
    mean = float(payment.mean())
    lower, upper = np.quantile(payment, [0.05, 0.95])
    counted = float(np.maximum(year.many.counted, 0.0).mean())
    to_others = {name: float(part) * counted for name, part in others(contract.share).items()}
    return YearFlow(
        period=facts.period,
        saving=year.true_saving,
        payment=mean,
        lower=float(lower),
        upper=float(upper),
        chance_paid=float(np.mean(payment >= half)),
        chance_owed=float(np.mean(payment <= -half)),
        participant=mean + fixed,
        payer=year.true_saving - mean - sum(to_others.values()),
        others=to_others,
        portions={name: mean * part for name, part in _parts(contract, facts).items()},
        phase_in=phase_in,
    )


def _parts(contract: Contract, facts: SettlementInputs) -> dict[str, float]:
    """Part of each participating provider in a payment; they sum to 1."""
    rule = contract.distribution
    if rule is None:
        return {}
    weights = rule.weights or {member.name: member.weight for member in facts.members}
    whole = float(sum(weights.values(), Decimal(0)))
    return {name: float(weight) / whole for name, weight in weights.items()}


def _without_phase_in(contract: Contract) -> Contract | None:
    """The contract with losses in full from the first year; None where they are so already."""
    losses = contract.losses
    if not isinstance(losses, Losses) or losses.phase_in is None:
        return None
    bare = losses.model_copy(update={"phase_in": None, "phase": None})
    return contract.model_copy(update={"losses": bare})


def _after_term(contract: Contract, plan: Plan, drawn: Sequence[_Year]) -> AfterTerm | None:
    """Rebasing is linear in spending and payments, so that their means give the expected target."""
    rule = contract.rebasing
    if rule is None:
        return None
    outcomes = [
        YearOutcome(
            facts.period,
            facts.records,
            Decimal(repr(float(year.actual.mean()))),
            Decimal(repr(float(year.many.payment.mean()))),
        )
        for facts, year in zip(plan.years, drawn, strict=True)
    ]
    rebased = rebase(contract, outcomes)
    last = plan.years[-1]
    records = Fraction(last.records) if rule.basis == "per-record" else Fraction(1)
    index = float(growth(rule.trend, 1 if rule.prices_of == "year-after" else 0))
    unchanged = unchanged_spending(contract, last) * index
    spending = unchanged - drawn[-1].true_saving * index
    target = float(rebased.target * records)
    return AfterTerm(unchanged, spending, target, float(rebased.added_back * records), target - spending)


def _threshold_row(
    contract: Contract,
    plan: Plan,
    threshold: Decimal,
    rewarded: Sequence[Scenario],
    *,
    draws: int,
    seed: int,
) -> ThresholdRow:
    """Settle every scenario again under another threshold, on the same draws."""
    terms = contract.threshold.model_copy(update={"rate": threshold})
    other = contract.model_copy(update={"threshold": terms})
    bare = replace(
        plan, years=tuple(replace(facts, chosen_threshold=_choice(other, facts)) for facts in plan.years)
    )

    def payments(scenario: Scenario) -> FloatArray:
        years = [
            _year(other, bare, place, scenario, draws=draws, seed=seed) for place in range(len(plan.years))
        ]
        return np.array([year.many.payment for year in years])

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
