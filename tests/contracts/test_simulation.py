"""Simulation before signing: against formulas where there are any, by hand where nothing is uncertain."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from math import asin, pi
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy import stats

from contracts.chance import chance_of_passing, expected_payment, savings_sd
from contracts.contract import Contract
from contracts.evidence import Counts
from contracts.inputs import Member, SettlementError
from contracts.plan import Plan, Scenario
from contracts.simulation import ScenarioFlows, Simulation, simulate
from tests.contracts import build
from tests.contracts.any_facts import any_facts, evidence_of, plan_of
from tests.contracts.test_many_payments import LIBRARY, read

RECORDS, CV = 2000, 0.6
SD = savings_sd(RECORDS, cv=CV, baseline_records=RECORDS)


def _plan(contract: Contract, cv: float = CV, **changes: Any) -> Plan:
    """Two years of 10,000,000 euros."""
    facts = build.facts(
        baselines=(("2023", RECORDS, "10000000"),), records=RECORDS, more=changes.pop("more", {})
    )
    return replace(plan_of(contract, facts, evidence_of(facts, cv=cv)), **changes)


def _one(contract: Contract, saving: float = 0.0, way: float = 0.0, **changes: Any) -> ScenarioFlows:
    """One scenario in which nothing is uncertain."""
    plan = _plan(contract, cv=0.0, **changes)
    (flows,) = simulate(contract, plan, scenarios=[Scenario(saving, way)], thresholds=[], draws=4).scenarios
    return flows


@pytest.fixture(scope="module")
def simulated() -> Simulation:
    contract = build.contract(threshold__rate="0.01")
    scenarios = [Scenario(saving, 0.0) for saving in (0.0, 0.01, 0.03)]
    grid = [Decimal("0"), Decimal("0.01"), Decimal("0.02")]
    return simulate(contract, _plan(contract), scenarios=scenarios, thresholds=grid, draws=100_000)


def test_expected_payments_are_those_of_the_formula(simulated: Simulation) -> None:
    for flows in simulated.scenarios:
        saved = flows.scenario.saving
        by_formula = expected_payment(0.01, sd=SD, share=0.5, target=1e7, true_saving=saved)
        for year in flows.years:
            assert year.payment == pytest.approx(by_formula, rel=0.02)
            passing = chance_of_passing(0.01, sd=SD, true_saving=saved)
            assert year.chance_paid == pytest.approx(passing, abs=0.006)


def test_false_payments_and_missed_rewards_are_those_of_the_formula(simulated: Simulation) -> None:
    assert simulated.rewarded == (Scenario(0.01, 0.0), Scenario(0.03, 0.0))
    for row in simulated.thresholds:
        rate = float(row.threshold)
        assert row.false_payment == pytest.approx(stats.norm.sf(rate / SD), abs=0.006)
        pays = 2 * expected_payment(rate, sd=SD, share=0.5, target=1e7)
        assert row.paid_falsely == pytest.approx(pays, rel=0.02)
        for scenario, missed in zip(simulated.rewarded, row.missed, strict=True):
            assert missed == pytest.approx(stats.norm.cdf((rate - scenario.saving) / SD), abs=0.006)


def test_luck_in_the_baseline_lasts_for_the_whole_term(simulated: Simulation) -> None:
    """Half of the variance is the baseline's, so two years correlate 1/2: a false payment in 2 of 3 terms.

    Both fall below 0 with chance 1/4 + asin(1/2) / (2 pi) = 1/3 (Sheppard 1899); independent years would
    have given 1 - 1/4.
    """
    assert 1 - (0.25 + asin(0.5) / (2 * pi)) == pytest.approx(2 / 3)
    assert simulated.thresholds[0].threshold == 0
    assert simulated.thresholds[0].false_in_term == pytest.approx(2 / 3, abs=0.006)


def test_a_flat_threshold_replaces_the_agreed_one(simulated: Simulation) -> None:
    agreed = simulated.thresholds[1]
    nothing = simulated.scenarios[0]
    assert agreed.paid_falsely == pytest.approx(sum(year.payment for year in nothing.years))


REBASING: dict[str, Any] = {
    "basis": "total",
    "weights": [1, 1],
    "trend": {"rate": "0.02", "growth": "compound"},
    "prices_of": "year-after",
    "add_back": "0.5",
}
LIMIT = {"rate_of": "target", "rate": "0.015"}
GOAL = {"by": "level", "better": "higher", "threshold": "0.8", "target": "0.9"}
TWO_SIDED: dict[str, Any] = {
    "threshold": {"rate": 0, "mode": "gate", "passes_when": "at_or_above"},
    "rate": {"base": "0.4", "at_full_quality": "0.4"},
    "phase_in": {"2024": 0, "2025": "0.25"},
    "phase": "before-limits",
    "limits": [],
    "relief": "none",
}


def test_what_the_phase_in_spares_the_participant() -> None:
    """It bears 0.4 of each overspending, phased in at 0 and 0.25: luck alone costs 0.4 B sd phi(0)."""
    contract = build.contract(losses=TWO_SIDED)
    (flows,) = simulate(
        contract, _plan(contract), scenarios=[Scenario(0.0, 0.0)], thresholds=[], draws=100_000
    ).scenarios
    whole = 0.4 * 1e7 * SD * stats.norm.pdf(0)
    assert flows.years[0].phase_in == pytest.approx(whole, rel=0.02)
    assert flows.years[1].phase_in == pytest.approx(0.75 * whole, rel=0.02)
    assert flows.years[0].chance_owed == 0
    assert flows.years[1].chance_owed == pytest.approx(0.5, abs=0.006)


CYCLE: dict[str, Any] = {
    "threshold__rate": "0.01",
    "share": {"base": "0.25", "at_full_quality": "0.5"},
    "cap": {"rate_of": "target", "rate": "0.02"},
    "losses": {**TWO_SIDED, "rate": {"base": "0.6", "at_full_quality": "0.2"}, "limits": [LIMIT]},
    "rebasing": {**REBASING, "weights": [1, 3]},
    "quality__indicators": [{"indicator": "goal", "weight": 1, "attain": GOAL}],
}


def _again(saving: float, way: float, threshold: float, phase: tuple[float, ...]) -> dict[str, Any]:
    """Two years and one after them in worlds drawn here, from the formulas of the reference.

    ``pay = min(r(Q) D, cap B)`` where ``D >= m B``, ``owe = min(phase l(Q) |D|, limit)``; the third target is
    a quarter and three quarters of the own years at 2 % a year, and half of the mean payment.
    """
    rng, draws, target = np.random.default_rng(8), 200_000, 1e7
    baseline = 1 + CV / np.sqrt(RECORDS) * rng.standard_normal(draws)
    goal = 0.82 + way * (0.9 - 0.82)
    spent, paid, told = [], [], {"payment": [], "paid": [], "owed": []}
    for year in range(3):
        prices = 1.02 if year == 2 else 1.0
        actual = target * prices * (1 - saving) * (1 + CV / np.sqrt(RECORDS) * rng.standard_normal(draws))
        held = target * baseline
        if year == 2:
            held = (spent[0] * 1.02**2 + 3 * spent[1] * 1.02) / 4 + 0.5 * (paid[0] + paid[1]) / 2
        quality = np.clip((rng.binomial(300, goal, draws) / 300 - 0.8) / 0.1, 0, 1)
        left = held - actual
        gain = np.minimum((0.25 + 0.25 * quality) * left, 0.02 * held) * (left >= threshold * held)
        owed = np.minimum(phase[year] * (0.6 - 0.4 * quality) * -left, 0.015 * held)
        payment = np.where(left > 0, gain, -owed)
        spent.append(actual)
        paid.append(payment)
    every = np.array(paid)
    told["payment"] = every.mean(axis=1)
    told["paid"], told["owed"] = (every >= 0.005).mean(axis=1), (every <= -0.005).mean(axis=1)
    told["limits"] = np.quantile(every, [0.05, 0.95], axis=1).T
    told["once"] = (every >= 0.005).any(axis=0).mean()
    told["falsely"] = np.maximum(every, 0).mean(axis=1).sum()
    told["loss"] = (every.sum(axis=0) < 0).mean()
    return told


@pytest.fixture(scope="module")
def cycle() -> Simulation:
    contract = build.contract(**CYCLE)
    score = build.result(adjusted=246 / 300, reference=0.85, period="2024")
    facts = build.facts(baselines=(("2023", RECORDS, "10000000"),), records=RECORDS, period="2024")
    facts = replace(facts, results=(score,))
    counts = {"goal": Counts(events=246, records=300, expected=255.0, reference=0.85)}
    plan = plan_of(contract, facts, replace(evidence_of(facts, cv=CV), counts=counts))
    scenarios = [Scenario(0.0, 0.0), Scenario(0.03, 0.5)]
    grid = [Decimal(0), Decimal("0.02")]
    return simulate(contract, plan, scenarios=scenarios, thresholds=grid, years=3, draws=200_000)


@pytest.mark.parametrize(("place", "saving", "way"), [(0, 0.0, 0.0), (1, 0.03, 0.5)])
def test_a_course_comes_out_as_a_simulation_that_shares_no_code(
    cycle: Simulation, place: int, saving: float, way: float
) -> None:
    told = _again(saving, way, 0.01, (0.0, 0.25, 0.25))
    bare = _again(saving, way, 0.01, (1.0, 1.0, 1.0))
    flows = cycle.scenarios[place]
    for number, year in enumerate(flows.years):
        assert year.payment == pytest.approx(told["payment"][number], abs=800)
        assert year.chance_paid == pytest.approx(told["paid"][number], abs=0.005)
        assert year.chance_owed == pytest.approx(told["owed"][number], abs=0.005)
        assert (year.lower, year.upper) == pytest.approx(tuple(told["limits"][number]), abs=1500)
        assert year.phase_in == pytest.approx(told["payment"][number] - bare["payment"][number], abs=800)
    assert flows.chance_of_loss == pytest.approx(told["loss"], abs=0.005)


@pytest.mark.parametrize("row", [0, 1])
def test_the_grid_comes_out_as_a_simulation_that_shares_no_code(cycle: Simulation, row: int) -> None:
    found = cycle.thresholds[row]
    nothing = _again(0.0, 0.0, float(found.threshold), (0.0, 0.25, 0.25))
    improved = _again(0.03, 0.5, float(found.threshold), (0.0, 0.25, 0.25))
    assert found.false_payment == pytest.approx(nothing["paid"].mean(), abs=0.005)
    assert found.false_in_term == pytest.approx(nothing["once"], abs=0.005)
    assert found.paid_falsely == pytest.approx(nothing["falsely"], rel=0.02)
    assert found.missed == pytest.approx((1 - improved["paid"].mean(),), abs=0.005)


def test_without_losses_there_is_nothing_to_phase_in() -> None:
    assert [year.phase_in for year in _one(build.contract(), 0.03).years] == [0, 0]


def test_the_business_case_by_hand() -> None:
    """3 % of 10,000,000 saved, at half speed in the first year; 0.2 of it is missed revenue.

    2024: 150,000 saved, 75,000 paid, 30,000 missed, 100,000 spent: -55,000.
    2025: 300,000 saved, 150,000 paid, 60,000 missed, 20,000 spent: 70,000; summed 15,000.
    """
    flows = _one(
        build.contract(),
        0.03,
        ramp={"2024": 0.5, "2025": 1.0},
        costs={"2024": Decimal(100_000), "2025": Decimal(20_000)},
        revenue_lost=0.2,
    )
    assert [year.payment for year in flows.years] == pytest.approx([75_000, 150_000])
    assert flows.participant == pytest.approx((-55_000, 15_000))
    assert [year.payer for year in flows.years] == pytest.approx([75_000, 150_000])
    assert (flows.pays_back, flows.chance_of_loss) == ("2025", 0)
    assert flows.payer == pytest.approx(225_000)


def test_a_business_case_that_never_pays_back() -> None:
    flows = _one(build.contract(), 0.0, costs={"2024": Decimal(1), "2025": Decimal(1)})
    assert (flows.pays_back, flows.chance_of_loss) == (None, 1)


def test_what_is_lost_again_was_not_paid_back() -> None:
    """3 % of 10,000,000 saved pays 150,000 a year: 150,000 left in the first, and 150,000 short after two."""
    costs = {"2024": Decimal(0), "2025": Decimal(450_000)}
    flows = _one(build.contract(), 0.03, costs=costs)
    assert flows.participant == pytest.approx((150_000, -150_000))
    assert flows.pays_back is None
    later = _one(build.contract(), 0.03, costs={"2024": Decimal(200_000), "2025": Decimal(0)})
    assert later.participant == pytest.approx((-50_000, 100_000))
    assert later.pays_back == "2025"


def test_quality_goes_part_of_the_way_to_its_goal() -> None:
    """From 0.8 half-way to 0.9 attains half: share 0.25 + 0.25 / 2."""
    goal = {"by": "level", "better": "higher", "threshold": "0.8", "target": "0.9"}
    contract = build.contract(
        quality__indicators=[{"indicator": "goal", "weight": 1, "attain": goal}],
        share={"base": "0.25", "at_full_quality": "0.5"},
    )
    plan = _plan(contract, cv=0.0)
    years = tuple(
        {"Payer": replace(own, results=(build.result(adjusted=0.8, period=own.period),))}
        for own in (facts["Payer"] for facts in plan.years)
    )
    plan = replace(plan, years=years)
    ways = [Scenario(0.1, way) for way in (0.0, 0.5, 1.0)]
    found = simulate(contract, plan, scenarios=ways, thresholds=[], draws=2)
    paid = [flows.years[0].payment for flows in found.scenarios]
    assert paid == pytest.approx([250_000, 375_000, 500_000])


def test_the_ratchet_of_rebasing_by_hand() -> None:
    """Spending stays 9,700,000 in both years, payments 150,000.

    Indexed 1.02 ** 2 and 1.02: mean of 10,091,880 and 9,894,000 is 9,992,940; half of the mean payment is put
    on top: 10,067,940. Without any improvement 10,200,000, with it 9,894,000: 173,940 still counts as saved.
    """
    after = _one(build.contract(rebasing=REBASING), 0.03).after_term
    assert after is not None
    assert after.unchanged == pytest.approx(10_200_000)
    assert after.spending == pytest.approx(9_894_000)
    assert after.added_back == pytest.approx(75_000)
    assert after.target == pytest.approx(10_067_940)
    assert after.room == pytest.approx(173_940)


def test_nothing_is_said_about_the_time_after_a_contract_that_does_not() -> None:
    assert _one(build.contract(), 0.03).after_term is None


def test_years_after_the_term_go_on_with_the_rebased_target_by_hand() -> None:
    """As above; half of what still counts as saved is paid, in the prices of each year.

    2026: target 10,067,940, spent 9,894,000: half of 173,940 is 86,970. 2027: 2 % more, 88,709.40.
    """
    contract, plan = build.contract(rebasing=REBASING), _plan(build.contract(rebasing=REBASING), cv=0.0)
    plan = replace(plan, costs={"2024": Decimal(100_000), "2025": Decimal(50_000)})
    one = [Scenario(0.03, 0.0)]
    (flows,) = simulate(contract, plan, scenarios=one, thresholds=[], years=4, draws=2).scenarios
    assert [year.period for year in flows.years] == ["2024", "2025", "2026", "2027"]
    assert [year.payment for year in flows.years] == pytest.approx([150_000, 150_000, 86_970, 88_709.40])
    assert [year.saving for year in flows.years] == pytest.approx([300_000, 300_000, 306_000, 312_120])
    # the improvement goes on costing what it did in the last year
    assert flows.participant[-1] == pytest.approx(150_000 * 2 + 86_970 + 88_709.40 - 100_000 - 3 * 50_000)
    (short,) = simulate(contract, plan, scenarios=one, thresholds=[], years=1, draws=2).scenarios
    assert (len(short.years), short.participant, short.after_term) == (1, (50_000,), None)


def test_what_is_added_back_is_what_the_ratchet_would_take() -> None:
    """Of a lasting saving the next term pays less the less is added back; without any there is a third left.

    Indexed spending of both years is 9,992,940 in the mean, 98,940 above what will be spent.
    """
    paid = []
    for add_back in ("0", "0.5", "1"):
        contract = build.contract(rebasing={**REBASING, "add_back": add_back})
        plan = _plan(contract, cv=0.0)
        (flows,) = simulate(
            contract, plan, scenarios=[Scenario(0.03, 0.0)], thresholds=[], years=3, draws=2
        ).scenarios
        paid.append(flows.years[-1].payment)
    assert paid == pytest.approx([49_470, 49_470 + 37_500, 49_470 + 75_000])


def test_luck_of_the_term_is_felt_after_it() -> None:
    """A rebased target is as unsure as the years it is made of: sd CV sqrt(1/N + 2 (1/2)^2 / N) after it.

    No true saving, half of every saving paid, nothing added back: r B sd phi(0) a year.
    """
    rebasing = {**REBASING, "trend": {"rate": 0, "growth": "compound"}, "add_back": "0"}
    contract = build.contract(rebasing=rebasing)
    (flows,) = simulate(
        contract, _plan(contract), scenarios=[Scenario(0.0, 0.0)], thresholds=[], years=3, draws=100_000
    ).scenarios
    sd = CV * (1.5 / RECORDS) ** 0.5
    assert flows.years[-1].payment == pytest.approx(0.5 * 1e7 * sd * stats.norm.pdf(0), rel=0.02)
    assert flows.years[-1].chance_paid == pytest.approx(0.5, abs=0.006)


@pytest.mark.parametrize(
    ("years", "rebasing", "told"),
    [
        (0, REBASING, "years: 0; expected from 1 to 4"),
        (5, REBASING, "years: 5; expected from 1 to 4"),
        (3, None, "it has no 'rebasing' that says what the target is after them"),
    ],
)
def test_years_that_cannot_be_simulated(years: int, rebasing: Any, told: str) -> None:
    contract = build.contract(rebasing=rebasing)
    with pytest.raises(SettlementError, match=told):
        simulate(contract, _plan(contract), years=years, draws=2)


@pytest.mark.parametrize("judged", ["per-payer", "pooled"])
def test_several_payers_by_formula(judged: str) -> None:
    """Two payers of 1,000 records each; without a saving: false payments of the pool, or of either."""
    contract = build.contract(
        parties__payers=["A", "B"], parties__judged=judged, threshold__rate="0.02", rebasing=REBASING
    )
    facts = build.facts(baselines=(("2023", 1000, "5000000"),), records=1000)
    plan = plan_of(contract, facts, evidence_of(facts, cv=CV))
    found = simulate(
        contract, plan, scenarios=[Scenario(0.03, 0.0)], thresholds=[Decimal("0.02")], draws=60_000
    )
    (flows,) = found.scenarios
    apart = chance_of_passing(0.02, sd=savings_sd(1000, cv=CV, baseline_records=1000))
    formula = chance_of_passing(0.02, sd=SD) if judged == "pooled" else 1 - (1 - apart) ** 2
    (row,) = found.thresholds
    assert row.false_payment == pytest.approx(formula, abs=0.006)
    for year in flows.years:
        assert sum(year.payers.values()) == pytest.approx(year.payer)
        assert year.payers["A"] == pytest.approx(year.payers["B"], rel=0.05)
        assert year.payment + year.payer == pytest.approx(300_000)
    assert flows.after_term is not None
    assert flows.after_term.spending == pytest.approx(9_894_000)


def test_payment_by_provider_and_other_parties() -> None:
    contract = build.contract(
        share={"kind": "parts", "participant": 1, "others": {"patients": 2}},
        distribution={"by": "records", "remainder": "largest-remainder"},
    )
    members = (Member("A", Decimal(3)), Member("B", Decimal(1)))
    year = _one(contract, 0.03, more={"members": members}).years[0]
    assert year.payment == pytest.approx(100_000)
    assert year.others == pytest.approx({"patients": 200_000})
    assert year.portions == pytest.approx({"A": 75_000, "B": 25_000})
    assert year.payer == pytest.approx(0)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name.partition(".")[0])
def test_every_shipped_contract_can_be_simulated(path: Path) -> None:
    contract = read(path)
    facts = any_facts(contract, Random(1))
    plan = plan_of(contract, facts, evidence_of(facts))
    plan = replace(plan, revenue_lost=0.1, costs=dict.fromkeys(contract.years, Decimal(1000)))
    found = simulate(contract, plan, draws=40, thresholds=[Decimal(0), Decimal("0.05")])
    for flows in found.scenarios:
        for year in flows.years:
            # what was saved, less what the improvement cost, falls to the parties and to nobody else
            parties = year.participant + year.payer + sum(year.others.values())
            assert sum(year.payers.values()) == pytest.approx(year.payer)
            assert parties == pytest.approx(0.9 * year.saving - 1000, abs=0.01)
            assert sum(year.portions.values()) == pytest.approx(year.payment if year.portions else 0)
            assert year.lower <= year.upper
    low, high = found.thresholds
    assert low.false_payment >= high.false_payment
    assert all(few <= more for few, more in zip(low.missed, high.missed, strict=True))
    assert json.loads(json.dumps(found.to_dict()))["thresholds"][1]["threshold"] == "0.05"


def test_the_same_seed_gives_the_same_simulation() -> None:
    contract = build.contract()
    first, again, other = (
        simulate(contract, _plan(contract), draws=50, thresholds=[], seed=seed) for seed in (3, 3, 4)
    )
    assert first == again
    assert first.scenarios != other.scenarios


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"years": ()}, "plan.years: none with 2 of evidence"),
        ({"ramp": {"2024": 1.0}}, "plan.ramp: of 2024"),
        ({"costs": {"2024": Decimal(1)}}, "plan.costs: of 2024"),
        ({"ramp": {"2024": 0.5, "2025": 1.5}}, "part of the improvement that is reached in 2025: 1.5"),
        ({"ramp": {"2024": float("nan"), "2025": 1}}, "part of the improvement that is reached in 2024: nan"),
        ({"costs": {"2024": Decimal(-1), "2025": Decimal(0)}}, "own costs in 2024: -1"),
        ({"costs": {"2024": Decimal("NaN"), "2025": Decimal(0)}}, "own costs in 2024: NaN"),
        ({"already": {"2024": 0.1}}, "plan.already: of 2024"),
        ({"revenue_lost": 1.1}, "revenue missed of each euro saved: 1.1"),
    ],
)
def test_plans_that_do_not_fit_are_refused(changes: dict[str, Any], told: str) -> None:
    contract = build.contract()
    with pytest.raises(SettlementError) as caught:
        simulate(contract, _plan(contract, **changes), draws=2)
    assert caught.value.faults[0].startswith(told)


@pytest.mark.parametrize("scenario", [Scenario(1.0, 0.0), Scenario(0.0, 1.5), Scenario(0.0, -0.5)])
def test_scenarios_that_cannot_be_are_refused(scenario: Scenario) -> None:
    contract = build.contract()
    with pytest.raises(SettlementError, match="expected a saving below 1"):
        simulate(contract, _plan(contract), scenarios=[scenario], draws=2)
