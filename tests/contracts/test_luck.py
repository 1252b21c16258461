"""Luck: formulas against published tables and integration, draws against formulas and a real bootstrap."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from math import inf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import integrate, stats

from contracts.chance import (
    chance_of_false_payment,
    chance_of_lucky_goal,
    chance_of_passing,
    expected_payment,
    goals_by_luck,
    savings_sd,
)
from contracts.contract import Contract
from contracts.drawn_scores import AS_FOUND, NOTHING_CHANGED, Truth
from contracts.evidence import Counts, Evidence, Moments
from contracts.inputs import IndicatorResult, SettlementError, SettlementInputs
from contracts.luck import Luck, luck
from contracts.terms.quality import ByLevel
from contracts.worlds import Worlds
from tests.contracts import build
from tests.contracts.any_facts import draw_one, evidence_of, pay_one

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "golden" / "luck.yaml").read_text("utf-8"))
MEDICARE = GOLDEN["medicare"]


def as_told(value: float, told: str) -> bool:
    """Whether a proportion is what a table says in percent, to its digits."""
    digits = len(told.partition(".")[2])
    return f"{100 * value:.{digits}f}" == told


@pytest.mark.parametrize("row", MEDICARE["rows"], ids=lambda row: f"N={row[0]}")
def test_the_table_of_medicare(row: list[Any]) -> None:
    records, sd_told, at_zero, at_two, rate, at_rate, power, pays = row
    sd = savings_sd(records, cv=MEDICARE["s0"])
    assert as_told(sd, sd_told)
    assert as_told(chance_of_passing(0.0, sd=sd), at_zero)
    assert as_told(chance_of_passing(0.02, sd=sd), at_two)
    assert as_told(chance_of_passing(rate / 100, sd=sd), at_rate)
    assert as_told(chance_of_passing(rate / 100, sd=sd, true_saving=MEDICARE["true_saving"]), power)
    assert as_told(expected_payment(0.0, sd=sd, share=MEDICARE["share"], target=1.0), pays)


@pytest.mark.parametrize(("records", "chance", "s0"), GOLDEN["delia"]["rows"])
def test_delia(records: int, chance: float, s0: float) -> None:
    assert round(chance_of_passing(0.02, sd=savings_sd(records, cv=s0)), 2) == chance
    # and s0 is the one that the published chance asks for
    assert 0.02 * sqrt(records) / stats.norm.isf(chance) == pytest.approx(s0, abs=0.005)


def test_the_formula_of_the_contract_is_the_same() -> None:
    contract = build.contract(threshold__rate=0.02)
    sd = sqrt(0.01**2 + savings_sd(5000, cv=2.0) ** 2)
    assert chance_of_false_payment(contract, records=5000, cv=2.0, model_error=0.01) == pytest.approx(
        chance_of_passing(0.02, sd=sd), rel=1e-12
    )


@pytest.mark.parametrize("mode", ["gate", "deductible"])
@pytest.mark.parametrize("true_saving", [-0.01, 0.0, 0.03])
@pytest.mark.parametrize("threshold", [0.0, 0.02, 0.06])
def test_expected_payment_by_integration(mode: Any, true_saving: float, threshold: float) -> None:
    rate = stats.norm(true_saving, 0.03)
    taken = 0.0 if mode == "gate" else threshold
    by_hand, error = integrate.quad(lambda s: (s - taken) * rate.pdf(s), threshold, threshold + 0.6)
    assert error < 1e-9
    formula = expected_payment(threshold, sd=0.03, share=0.4, target=2e6, true_saving=true_saving, mode=mode)
    assert formula == pytest.approx(0.4 * 2e6 * by_hand, rel=1e-9)
    assert chance_of_passing(threshold, sd=0.03, true_saving=true_saving) == pytest.approx(rate.sf(threshold))


def test_lucky_goals() -> None:
    facts = GOLDEN["goals"]
    attain = ByLevel(
        by="level", better="higher", threshold=Decimal("0.8"), target=Decimal(str(facts["target"]))
    )
    one = chance_of_lucky_goal(attain, true_value=facts["true_value"], n=facts["records"])
    assert as_told(one, facts["one"])
    assert as_told(1 - goals_by_luck([one] * 5)[0], facts["any_of_five"])
    assert goals_by_luck([one] * 5) == pytest.approx(stats.binom.pmf(range(6), 5, one))
    # different chances: against all outcomes written out
    assert goals_by_luck([0.1, 0.5, 0.8]) == pytest.approx([0.09, 0.46, 0.41, 0.04])


@pytest.mark.parametrize(("cv", "sd_told", "chance"), GOLDEN["vsv"]["rows"])
def test_the_warning_for_a_vsv(cv: float, sd_told: str, chance: str) -> None:
    records, threshold = GOLDEN["vsv"]["records"], GOLDEN["vsv"]["threshold"]
    answer = _of_vsv(records, threshold, cv)
    assert as_told(answer.savings_sd, sd_told)
    assert as_told(answer.passes_by_luck, chance)
    assert savings_sd(records, cv=cv, baseline_records=records) == pytest.approx(answer.savings_sd, rel=1e-3)
    error = sqrt(0.25 / answer.draws)
    assert answer.any_by_luck == pytest.approx(answer.passes_by_luck, abs=4 * error)


def _of_vsv(records: int, threshold: float, cv: float, spending: str = "9600000", **more: Any) -> Luck:
    contract = build.contract(threshold__rate=str(threshold))
    inputs = build.facts(baselines=(("2023", records, "10000000"),), records=records, spending=spending)
    return luck(contract, inputs, replace(evidence_of(inputs, cv=cv), **more.pop("evidence", {})), **more)


def test_draws_agree_with_the_formulas() -> None:
    """Half of every saving past 2 %, quality without error: all that the formulas know."""
    answer = _of_vsv(2000, 0.02, 0.6, draws=200_000, evidence={"model_error": 0.01})
    sd = sqrt(0.01**2 + savings_sd(2000, cv=0.6, baseline_records=2000) ** 2)
    assert answer.savings_sd == pytest.approx(sd, rel=1e-3)
    assert answer.passes_by_luck == pytest.approx(chance_of_passing(0.02, sd=sd), abs=1e-3)
    assert answer.any_by_luck == pytest.approx(answer.passes_by_luck, abs=0.005)
    assert answer.power == pytest.approx(chance_of_passing(0.02, sd=sd, true_saving=0.03), abs=0.005)
    formula = expected_payment(0.02, sd=sd, share=0.5, target=1e7)
    assert answer.expected_by_luck == pytest.approx(formula, rel=0.03)
    # this payment: 4 % was saved
    assert answer.payment == 200_000
    assert answer.by_luck == pytest.approx(chance_of_passing(0.04, sd=sd), abs=0.003)


def test_draws_agree_with_a_bootstrap_of_the_records() -> None:
    """Skewed, truncated spending of real records, resampled by record; sums are all that the draws saw."""
    rng = np.random.default_rng(11)
    before, after = (np.minimum(rng.lognormal(8.0, 0.9, 1500), 25_000).round(2) for _ in range(2))
    after *= 0.95
    inputs = build.facts(
        baselines=(("2023", 1500, f"{before.sum():.2f}"),), records=1500, spending=f"{after.sum():.2f}"
    )
    contract = build.contract(threshold__rate=0.02, cap={"rate_of": "target", "rate": 0.04})
    evidence = Evidence(
        spending=Moments("2025", 1500, float(after.sum()), float((after**2).sum())),
        baselines=(Moments("2023", 1500, float(before.sum()), float((before**2).sum())),),
    )
    answer = luck(contract, inputs, evidence, draws=20_000, seed=4)
    again = [
        before[rng.integers(0, 1500, 1500)].sum() - after[rng.integers(0, 1500, 1500)].sum()
        for _ in range(20_000)
    ]
    target = before.sum()
    saved = np.array(again)
    paid = np.where(saved >= 0.02 * target, np.minimum(saved / 2, 0.04 * target), 0.0)
    assert answer.expected == pytest.approx(paid.mean(), rel=0.03)
    assert answer.chance_none == pytest.approx((paid == 0).mean(), abs=0.015)
    assert evidence.spending.cv == pytest.approx(after.std(ddof=1) / after.mean())


GOAL = {"by": "level", "better": "higher", "threshold": "0.86", "target": "0.87"}
ALL_OR_NOTHING: dict[str, Any] = {
    "quality__indicators": [{"indicator": "goal", "weight": 1, "attain": GOAL, "minimum_attained": 1}],
    "quality__minimum_missed": "no-payment",
}


def _with_counts(events: int, reference: float) -> tuple[Contract, SettlementInputs, Evidence]:
    """One goal of 87 % met in 300 records, without which nothing is paid; a saving without error."""
    contract = build.contract(**ALL_OR_NOTHING)
    counts = Counts(events=events, records=300, expected=300 * reference, reference=reference)
    score = build.result(adjusted=events / 300, reference=reference)
    inputs = build.facts(target="1000000", spending="900000", results=(score,))
    evidence = replace(evidence_of(inputs, cv=0.0), counts={"goal": counts})
    return contract, inputs, evidence


def test_scores_with_counts_are_binomial() -> None:
    contract, inputs, evidence = _with_counts(270, 0.85)
    answer = luck(contract, inputs, evidence, draws=100_000)
    assert answer.chance_none == pytest.approx(stats.binom.cdf(260, 300, 0.9), abs=0.004)
    truth = Truth(saving=0.1, start="unchanged")
    worlds = draw_one(contract, inputs, evidence, truth=truth, draws=100_000, seed=1)
    paid = pay_one(contract, inputs, worlds).payment > 0
    assert paid.mean() == pytest.approx(stats.binom.sf(260, 300, 0.85), abs=0.004)


def test_no_events_at_all_is_not_certainty() -> None:
    assert Counts(0, 300, 9.0, 0.03).rate == 0.5 / 301
    assert Counts(300, 300, 270.0, 0.9).rate == 300.5 / 301
    assert Counts(15, 300, 9.0, 0.03).rate == 0.05
    contract, inputs, evidence = _with_counts(300, 0.85)
    worlds = draw_one(contract, inputs, evidence, truth=AS_FOUND, draws=100_000, seed=6)
    missed = 300 - worlds.values["goal"] * 300
    assert missed.mean() == pytest.approx(300 * 0.5 / 301, abs=0.01)


@pytest.mark.parametrize("limits", [None, (0.85, 0.95)])
def test_scores_with_an_interval_are_normal_within_their_range(limits: tuple[float, float] | None) -> None:
    contract = build.contract()
    score = build.result(adjusted=0.9, lower=0.86, upper=0.94)
    inputs = build.facts(target="1000000", spending="900000", results=(score,))
    evidence = replace(evidence_of(inputs), ranges={} if limits is None else {"goal": limits})
    worlds = draw_one(contract, inputs, evidence, truth=AS_FOUND, draws=5_000, seed=2)
    spread = 0.04 / stats.norm.isf(0.025)
    low, high = (-inf, inf) if limits is None else limits
    expected = stats.truncnorm((low - 0.9) / spread, (high - 0.9) / spread, 0.9, spread)
    assert stats.kstest(worlds.values["goal"], expected.cdf).pvalue > 0.01


def _bands(score: IndicatorResult, truth: Truth) -> Worlds:
    bands = {"low998": 1, "low95": 1, "in": 0.5, "high95": 0, "high998": 0}
    contract = build.contract(
        quality__indicators=[{"indicator": "goal", "weight": 1, "attain": {"by": "band", "attained": bands}}]
    )
    inputs = build.facts(target="1000000", spending="900000", results=(score,))
    return draw_one(contract, inputs, evidence_of(inputs), truth=truth, draws=100_000, seed=3)


def test_an_unchanged_indicator_falls_in_each_class_as_often_as_its_limits_say() -> None:
    score = build.result(adjusted=0.1, lower=0.06, upper=0.14, reference=0.2, band="low998")
    share = np.bincount(_bands(score, NOTHING_CHANGED).bands["goal"], minlength=5) / 100_000
    assert share == pytest.approx([0.001, 0.024, 0.95, 0.024, 0.001], abs=0.003)
    found = np.bincount(_bands(score, AS_FOUND).bands["goal"], minlength=5) / 100_000
    distance = -0.1 / (0.04 / stats.norm.isf(0.025))
    assert found[0] == pytest.approx(stats.norm.cdf(-stats.norm.isf(0.001) - distance), abs=0.005)


def test_a_class_without_a_benchmark_is_held_and_named() -> None:
    score = build.result(adjusted=0.1, lower=0.06, upper=0.14, band="low998")
    worlds = _bands(score, NOTHING_CHANGED)
    assert worlds.held == ("goal",)
    assert not worlds.bands


def test_positions_spread_over_the_benchmark() -> None:
    """With reliability 0 all differences are error: an unchanged one is anywhere, uniformly."""
    points = [{"from_position": 0.5, "attained": 1}]
    contract = build.contract(
        quality__indicators=[
            {
                "indicator": "goal",
                "weight": 1,
                "attain": {"by": "benchmark", "between": "step", "points": points},
            }
        ]
    )
    score = build.result(adjusted=0.9, position=0.9, reliability=0.0)
    inputs = build.facts(target="1000000", spending="900000", results=(score,))
    worlds = draw_one(contract, inputs, evidence_of(inputs), truth=NOTHING_CHANGED, draws=5_000, seed=5)
    assert stats.kstest(worlds.positions["goal"], stats.uniform.cdf).pvalue > 0.01
    sure = replace(inputs, results=(replace(score, reliability=1.0),))
    worlds = draw_one(contract, sure, evidence_of(sure), truth=AS_FOUND, draws=5, seed=5)
    assert worlds.positions["goal"] == pytest.approx(0.9)


def test_the_same_seed_gives_the_same_answer_and_another_does_not() -> None:
    first, again, other = (_of_vsv(2000, 0.02, 0.6, draws=500, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.expected != other.expected
    assert json.loads(json.dumps(first.to_dict()))["payment"] == "200000"


def test_the_interval_covers_the_true_payment() -> None:
    """Of settlements drawn from one truth, 95 in 100 intervals hold what that truth pays."""
    contract, truly = build.contract(), 0.5 * 0.2 * 1e7
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(300):
        spent, before = (amount * (1 + 0.02 * rng.standard_normal()) for amount in (8e6, 1e7))
        inputs = build.facts(target=f"{before:.2f}", spending=f"{spent:.2f}", records=1000)
        evidence = evidence_of(inputs, cv=0.02 * sqrt(1000))
        answer = luck(contract, inputs, evidence, draws=1000)
        covered += answer.lower <= truly <= answer.upper
    assert stats.binomtest(covered, 300, 0.95).pvalue > 0.01


def test_a_certain_settlement_is_certain() -> None:
    inputs = build.facts(target="1000000", spending="900000")
    answer = luck(build.contract(), inputs, evidence_of(inputs, cv=0.0), draws=100)
    assert (answer.lower, answer.expected, answer.upper) == (50_000, 50_000, 50_000)
    assert (answer.chance_none, answer.by_luck, answer.savings_sd) == (0, 0, 0)
    assert (answer.any_by_luck, answer.passes_by_saving) == (0, 1)


def test_indicators_without_an_earlier_value_are_named() -> None:
    facts = build.facts(target="1000000", spending="900000")
    assert luck(build.contract(), facts, evidence_of(facts), draws=10).without_earlier == ("goal",)
    for known in ({"reference": 0.5}, {"baseline": 0.5}):
        better = replace(facts, results=(build.result(**known),))
        assert luck(build.contract(), better, evidence_of(facts), draws=10).without_earlier == ()


def test_quality_that_would_not_have_been_there_counts_as_luck() -> None:
    """Only the goal pays, and it stood at nothing: found at full, unchanged it pays nothing."""
    contract = build.contract(share={"base": 0, "at_full_quality": "0.5"})
    score = build.result(lower=0.99, upper=1.01, baseline=0.0)
    facts = build.facts(target="1000000", spending="900000", results=(score,))
    evidence = replace(evidence_of(facts), ranges={"goal": (0.0, 1.0)})
    answer = luck(contract, facts, evidence, draws=2000)
    assert answer.any_by_luck == pytest.approx(0.5, abs=0.05)
    assert answer.by_luck == 0
    assert answer.expected_by_luck < 0.02 * answer.expected


@pytest.mark.parametrize(
    ("judges", "hurdle"), [("net-saving", 0.02 + 0.015), ("gross-saving", 0.02), ("gross-saving", 0.03)]
)
def test_project_costs_must_be_earned_back_first(judges: str, hurdle: float) -> None:
    """Costs of 1.5 % (or 3 %) of the target: judged net they add to the threshold of 2 %."""
    contract = build.contract(threshold__rate="0.02", project_costs={"threshold_judges": judges})
    costs = Decimal("300000" if hurdle == 0.03 else "150000")
    inputs = build.facts(
        baselines=(("2023", 2000, "10000000"),),
        records=2000,
        spending="9600000",
        more={"project_costs": costs},
    )
    answer = luck(contract, inputs, evidence_of(inputs, cv=0.6), draws=50_000)
    sd = savings_sd(2000, cv=0.6, baseline_records=2000)
    assert answer.passes_by_luck == pytest.approx(stats.norm.sf(hurdle / sd), abs=0.001)
    assert answer.any_by_luck == pytest.approx(answer.passes_by_luck, abs=0.008)


def test_a_growth_path_asks_for_more_than_nothing() -> None:
    """With a target 2 % below the own history, no change is an overspending of 2 %."""
    contract = build.contract(target__path={"2024": "0.99", "2025": "0.98"}, threshold__rate=0.0)
    inputs = build.facts(baselines=(("2023", 2000, "10000000"),), records=2000, spending="9600000")
    answer = luck(contract, inputs, evidence_of(inputs, cv=0.6), draws=50_000)
    sd = savings_sd(2000, cv=0.6, baseline_records=2000)
    assert answer.any_by_luck == pytest.approx(stats.norm.sf(0.02 / sd), abs=0.01)
    assert answer.passes_by_luck == pytest.approx(stats.norm.sf(0.02 / sd), abs=0.001)
    # 0.97 / 0.98 of the target is spent when 3 % is truly saved
    assert answer.passes_by_saving == pytest.approx(stats.norm.cdf((0.98 / 0.97 - 1) / sd), abs=0.001)
    assert answer.power == pytest.approx(answer.passes_by_saving, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"baselines": ()}, "evidence.baselines: of none; expected 2023"),
        ({"spending": Moments("2024", 100, 1.0, 1.0)}, "evidence.spending: of 2024; expected 2025"),
        ({"spending": Moments("2025", 1, 1.0, 1.0)}, "evidence.spending 2025"),
        ({"spending": Moments("2025", 9, float("nan"), 1.0)}, "evidence.spending 2025"),
        ({"model_error": -0.1}, "evidence.model_error: -0.1"),
        ({"level": 95}, "evidence.level: 95"),
        ({"counts": {"other": Counts(1, 2, 1.0, 0.5)}}, "evidence.counts: indicator other"),
        ({"counts": {"goal": Counts(3, 2, 1.0, 0.5)}}, "evidence.counts goal"),
        ({"counts": {"goal": Counts(1, 2, 1.0, 0.5)}}, "evidence.counts goal: 1 events make 0.5"),
        ({"ranges": {"goal": (1.0, 0.0)}}, "evidence.ranges goal"),
    ],
)
def test_evidence_that_does_not_fit_is_refused(changes: dict[str, Any], told: str) -> None:
    inputs = build.facts(target="1000000", spending="900000")
    with pytest.raises(SettlementError) as caught:
        luck(build.contract(), inputs, replace(evidence_of(inputs), **changes))
    assert caught.value.faults[0].startswith(told)
