"""Simulated baselines of several years with weights, against a simulation that shares no code and by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from contracts.contract import Contract
from contracts.evidence import Evidence, Moments
from contracts.inputs import BaselineSpending, SettlementInputs
from contracts.plan import Plan, Scenario, already_saved, same_every_year
from contracts.simulation import Simulation, simulate
from tests.contracts import build

CV = 0.6
# period, weight, records, euros
BASELINES = (("2021", 1, 1800, 9_000_000), ("2022", 2, 1900, 9_690_000), ("2023", 5, 2000, 10_500_000))
TREND = {"rate": "0.03", "growth": "compound"}
TARGET = {
    "kind": "own-history",
    "basis": "per-record",
    "baseline": [{"period": period, "weight": weight} for period, weight, *_ in BASELINES],
    "trend": TREND,
    "path": {"2024": "0.99", "2025": "0.98"},
}
REBASING = {
    "basis": "per-record",
    "weights": [1, 3],
    "trend": {"rate": "0.02", "growth": "compound"},
    "prices_of": "last-year",
    "add_back": "0.5",
}


def _known(records: int = 2000, spending: str = "10500000", **more: Any) -> SettlementInputs:
    """The last baseline year as it is taken from a registry."""
    rows = tuple((period, size, str(euros)) for period, _, size, euros in BASELINES)
    return build.facts(period="2023", records=records, spending=spending, baselines=rows, more=more)


def _sure(facts: SettlementInputs) -> Evidence:
    rows = (facts.baselines, facts.comparison)
    baselines, comparison = (
        tuple(Moments.of(row.period, records=float(row.records), cv=CV) for row in each) for each in rows
    )
    own = Moments.of(facts.period, records=float(facts.records), cv=CV)
    return Evidence(spending=own, baselines=baselines, comparison=comparison)


def _plan(contract: Contract, facts: SettlementInputs) -> Plan:
    known = {"Payer": facts}
    plan = same_every_year(contract, known, {"Payer": _sure(facts)})
    return replace(plan, already=already_saved(contract, known, plan.years))


def _again(saving: float | None) -> Mapping[str, Any]:
    """Two years and one after them, in worlds that are drawn here, from the formulas of the reference.

    ``B = path N sum w (S / n) 1.03^k / sum w``; half of what is saved is paid; the new target is a quarter
    and three quarters of the own years in prices of the last, and half of the mean payment; without a saving
    the years cost what the formula gives before the path, and where ``saving`` is None what 2023 cost at 3 %.
    """
    rng, draws, records = np.random.default_rng(5), 400_000, 2000
    drawn = [
        weight * euros / size * (1 + CV / np.sqrt(size) * rng.standard_normal(draws))
        for _, weight, size, euros in BASELINES
    ]
    exact = [weight * euros / size for _, weight, size, euros in BASELINES]
    paid, spent, truly = [], [], []
    for year, path in ((2024, 0.99), (2025, 0.98), (2026, 1.0)):
        grown = [1.03 ** (year - since) for since in (2021, 2022, 2023)]
        held = records * path * sum(part * by for part, by in zip(drawn, grown, strict=True)) / 8
        unchanged = records * sum(part * by for part, by in zip(exact, grown, strict=True)) / 8
        cost = 10_500_000 * grown[2] if saving is None else unchanged * (1 - saving)
        if year == 2026:
            history = (spent[0] * 1.02 + 3 * spent[1]) / 4
            held = (history + 0.5 * (paid[0] + paid[1]) / 2) * 1.02
            unchanged, cost = truly[1][0] * 1.02, truly[1][1] * 1.02
        actual = cost * (1 + CV / np.sqrt(records) * rng.standard_normal(draws))
        truly.append((unchanged, cost))
        spent.append(actual)
        paid.append(np.where(held - actual >= 0.01 * held, 0.5 * (held - actual), 0.0))
    every = np.array(paid)
    return {
        "payment": every.mean(axis=1),
        "paid": (every > 0).mean(axis=1),
        "saved": [before - after for before, after in truly],
        "limits": np.quantile(every, [0.05, 0.95], axis=1).T,
    }


@pytest.fixture(scope="module")
def simulated() -> Simulation:
    contract = build.contract(target=TARGET, threshold__rate="0.01", rebasing=REBASING)
    scenarios = [Scenario(0.0, 0.0), Scenario(0.03, 0.0)]
    return simulate(
        contract, _plan(contract, _known()), scenarios=scenarios, thresholds=[], years=3, draws=200_000
    )


@pytest.mark.parametrize(("place", "saving"), [(0, None), (1, 0.0), (2, 0.03)])
def test_weighted_baselines_come_out_as_in_a_simulation_that_shares_no_code(
    simulated: Simulation, place: int, saving: float | None
) -> None:
    flows, told = simulated.scenarios[place], _again(saving)
    assert flows.scenario.as_known is (saving is None)
    assert [year.period for year in flows.years] == ["2024", "2025", "2026"]
    for number, year in enumerate(flows.years):
        assert year.payment == pytest.approx(told["payment"][number], abs=700)
        assert year.chance_paid == pytest.approx(told["paid"][number], abs=0.005)
        assert (year.lower, year.upper) == pytest.approx(tuple(told["limits"][number]), abs=1600)
        assert year.saving == pytest.approx(told["saved"][number], abs=0.01)


def test_spending_as_in_the_known_year_is_held_against_the_weighted_target_by_hand() -> None:
    """5,000, 5,100 and 5,250 a record, in the prices of 2024: 5,463.635, 5,410.59 and 5,407.50.

    Weights 1, 2 and 5: 43,322.315 / 8 = 5,415.289375. So 2023 goes on 7.789375 below it: 0.14384 %.
    """
    contract = build.contract(target=TARGET)
    already = _plan(contract, _known()).already
    assert already["2024"] == pytest.approx(7.789375 / 5415.289375, rel=1e-9)
    # growth upon growth is the same for all a year later; the path asks for less and saves nothing
    assert already["2025"] == pytest.approx(already["2024"], rel=1e-12)
    plan = _plan(contract, _known())
    assert plan.as_known == Scenario(already["2024"], 0.0, as_known=True)
    assert plan.known == "2023"


def test_a_target_of_the_known_year_alone_leaves_nothing_that_is_saved_already() -> None:
    target = {**TARGET, "baseline": [{"period": "2023", "weight": 2}]}
    contract = build.contract(target=target)
    facts = build.facts(
        period="2023", records=2000, spending="10500000", baselines=(("2023", 2000, "10500000"),)
    )
    plan = _plan(contract, facts)
    assert plan.already == {"2024": 0.0, "2025": 0.0}
    assert plan.as_known is None
    found = simulate(contract, plan, scenarios=[Scenario(0.0, 0.0)], thresholds=[], draws=4)
    assert len(found.scenarios) == 1


def test_a_stated_amount_is_held_against_the_known_year_in_its_own_prices() -> None:
    """6,000 and 6,300 euros a record, where the known year spent 5,250: an eighth, and a sixth, less."""
    target = {"kind": "stated", "basis": "per-record", "amounts": {"2024": 6000, "2025": 6300}}
    contract = build.contract(target=target)
    plan = _plan(contract, build.facts(period="2023", records=2000, spending="10500000"))
    assert plan.already == pytest.approx({"2024": 1 / 8, "2025": 1 / 6})
    # it is there already, however fast an improvement comes
    slow = replace(plan, ramp={"2024": 0.25, "2025": 0.5})
    found = simulate(contract, slow, scenarios=[Scenario(0.0, 0.0)], thresholds=[], draws=4)
    saved = [year.saving for year in found.scenarios[0].years]
    assert saved == pytest.approx([12_000_000 / 8, 12_600_000 / 6])


def _group(*rows: tuple[str, int, str]) -> tuple[BaselineSpending, ...]:
    return tuple(BaselineSpending(period, size, Decimal(euros)) for period, size, euros in rows)


def test_a_trend_of_a_comparison_group_keeps_its_last_baseline_year() -> None:
    """In the known year the group stands twice, as baseline year and as the settled one.

    It grew from 5,000 to 5,200 and then stays: 5,000 x 5,200 / 5,000, 5,100 x 5,200 / 5,100 and 5,250.
    """
    target = {**TARGET, "trend": {"kind": "comparison-group"}, "path": None}
    contract = build.contract(target=target, comparison={"networks": "others"})
    rows = (("2021", 9000, "45000000"), ("2022", 9000, "45900000"), ("2023", 9000, "46800000"))
    plan = _plan(contract, _known(comparison=_group(*rows, rows[-1])))
    for year, facts in zip(("2024", "2025"), plan.years, strict=True):
        assert [row.period for row in facts["Payer"].comparison] == ["2021", "2022", "2023", year]
    assert [each.period for each in plan.evidence[0]["Payer"].comparison][2:] == ["2023", "2024"]
    nothing = Scenario(0.0, 0.0)
    found = simulate(contract, plan, scenarios=[nothing], thresholds=[], draws=4)
    known, none = found.scenarios
    target_by_hand = 2000 * (5200 + 2 * 5200 + 5 * 5250) / 8
    assert none.years[0].saving == 0
    assert known.years[0].saving == pytest.approx(target_by_hand - 10_500_000)


def test_a_group_that_is_blended_in_grows_with_the_trend_of_the_contract() -> None:
    """Own 5,250 and group 5,000 a record in 2023, half and half at 3 % a year: 5,125 x 1.03 and x 1.0609."""
    own = {key: value for key, value in TARGET.items() if key != "path"}
    own["baseline"] = [{"period": "2023", "weight": 1}]
    target = {"kind": "blend", "own_weight": "0.5", "own": own, "group": {"kind": "comparison-group"}}
    contract = build.contract(target=target, comparison={"networks": "others"})
    facts = build.facts(
        period="2023",
        records=2000,
        spending="10500000",
        baselines=(("2023", 2000, "10500000"),),
        more={"comparison": _group(("2023", 9000, "45000000"))},
    )
    plan = _plan(contract, facts)
    assert plan.already == pytest.approx(dict.fromkeys(("2024", "2025"), 1 - 5250 / 5125))
    found = simulate(contract, plan, scenarios=[Scenario(0.0, 0.0)], thresholds=[], draws=4)
    saved = [year.saving for year in found.scenarios[0].years]
    assert saved == pytest.approx([-125 * 2000 * 1.03, -125 * 2000 * 1.0609])
