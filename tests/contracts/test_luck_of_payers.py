"""Luck with several payers: against a simulation written here from the reference text, and formulas."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy import stats

from contracts.chance import chance_of_passing, savings_sd
from contracts.cliffs import cliffs
from contracts.contract import Contract
from contracts.drawn_scores import AS_FOUND
from contracts.evidence import Counts, Evidence
from contracts.inputs import SettlementError, SettlementInputs
from contracts.luck import JointLuck, luck, luck_of_payers
from contracts.many_payments import many_payments
from contracts.payers import settle_payers
from contracts.slopes import slopes
from contracts.worlds import draw_worlds
from tests.contracts import build
from tests.contracts.any_facts import evidence_of

DRAWS = 100_000
GOAL = {"by": "level", "better": "higher", "threshold": "0.8", "target": "0.9"}
LOSSES = {
    "threshold": {"rate": 0, "mode": "gate", "passes_when": "above"},
    "rate": {"base": "0.3", "at_full_quality": "0.3"},
    "limits": [],
    "relief": "none",
}


def _contract(judged: str, **changes: Any) -> Contract:
    fields: dict[str, Any] = {
        "parties__payers": ["A", "B"],
        "parties__judged": judged,
        "quality__indicators": [{"indicator": "goal", "weight": 1, "attain": GOAL}],
        "share": {"base": "0.25", "at_full_quality": "0.5"},
        "threshold__rate": "0.02",
    }
    return build.contract(**{**fields, **changes})


def _facts(a: str, b: str, sizes: tuple[int, int] = (1500, 500)) -> dict[str, SettlementInputs]:
    """Targets of 7.5 and 2.5 million; so much spent with each."""
    score = build.result(adjusted=255 / 300, reference=0.82)
    found = {}
    for payer, target, spending, records in zip("AB", ("7500000", "2500000"), (a, b), sizes, strict=True):
        found[payer] = build.facts(
            baselines=(("2023", records, target),), spending=spending, records=records, results=(score,)
        )
    return found


def _sure(facts: dict[str, SettlementInputs], cv: float = 0.6, **changes: Any) -> dict[str, Evidence]:
    counts = {"goal": Counts(events=255, records=300, expected=246.0, reference=0.82)}
    return {payer: replace(evidence_of(own, cv=cv), counts=counts, **changes) for payer, own in facts.items()}


def _simulated(judged: str, *, losses: bool, truth: str) -> np.ndarray[Any, Any]:
    """Payments of A and B in worlds drawn here: ``share(Q) D`` past 2 % of ``B``, or 30 % of ``-D``."""
    rng = np.random.default_rng(99)
    sizes, targets = np.array([1500, 500]), np.array([7.5e6, 2.5e6])
    spent = np.array([7.2e6, 2.48e6]) if truth == "found" else targets
    p = 255 / 300 if truth == "found" else 0.82
    quality = np.clip((rng.binomial(300, p, DRAWS) / 300 - 0.8) / 0.1, 0, 1)
    rate = 0.25 + 0.25 * quality
    error = 0.6 / np.sqrt(sizes)
    target = targets * (1 + error * rng.standard_normal((DRAWS, 2)))
    saving = target - spent * (1 + error * rng.standard_normal((DRAWS, 2)))
    own = saving >= 0.02 * target
    together = (saving.sum(axis=1) >= 0.02 * target.sum(axis=1))[:, None]
    passed = together if judged == "pooled" else own
    paid = np.where(passed & (saving > 0), rate[:, None] * saving, 0.0)
    if losses:
        over = saving.sum(axis=1)[:, None] < 0 if judged == "pooled" else saving < 0
        paid = np.where((saving < 0) & over, 0.3 * saving, paid)
    return paid


@pytest.mark.parametrize("losses", [False, True])
@pytest.mark.parametrize("judged", ["per-payer", "pooled"])
def test_it_comes_out_as_a_simulation_that_shares_no_code(judged: str, losses: bool) -> None:
    contract = _contract(judged, **({"losses": LOSSES} if losses else {}))
    facts = _facts("7200000", "2480000")
    found = luck_of_payers(contract, facts, _sure(facts), draws=DRAWS, seed=4)
    paid = _simulated(judged, losses=losses, truth="found")
    same = _simulated(judged, losses=losses, truth="unchanged")
    columns = {"A": (paid[:, 0], same[:, 0]), "B": (paid[:, 1], same[:, 1])}
    columns["total"] = (paid.sum(axis=1), same.sum(axis=1))
    for name, (then, unchanged) in columns.items():
        told = found.total if name == "total" else found.payers[name]
        assert told.expected == pytest.approx(then.mean(), abs=0.02 * then.std())
        limits = tuple(np.quantile(then, [0.025, 0.975]))
        assert (told.lower, told.upper) == pytest.approx(limits, abs=0.06 * then.std())
        assert told.chance_none == pytest.approx((np.abs(then) < 0.005).mean(), abs=0.01)
        assert told.chance_owed == pytest.approx((then < -0.005).mean(), abs=0.01)
        assert told.expected_by_luck == pytest.approx(unchanged.mean(), abs=0.02 * unchanged.std())
        assert told.any_by_luck == pytest.approx((unchanged > 0.005).mean(), abs=0.01)
        assert told.by_luck == pytest.approx((unchanged >= float(told.payment)).mean(), abs=0.01)


@pytest.mark.parametrize("judged", ["per-payer", "pooled"])
def test_the_whole_is_the_sum_of_the_payers_in_every_draw(judged: str) -> None:
    contract, facts = _contract(judged), _facts("7200000", "2480000")
    evidence = _sure(facts)
    found = luck_of_payers(contract, facts, evidence, draws=2000, seed=7)
    assert found.total.payment == settle_payers(contract, facts).payment
    assert found.total.payment == sum(each.payment for each in found.payers.values())
    worlds = draw_worlds(contract, facts, evidence, truth=AS_FOUND, draws=2000, seed=7)
    many = many_payments(contract, facts, worlds)
    both = many["A"].payment + many["B"].payment
    assert (found.total.lower, found.total.upper) == tuple(np.quantile(both, [0.025, 0.975]))
    assert worlds["A"].values["goal"].tolist() == worlds["B"].values["goal"].tolist()
    # the spending of one says nothing about that of the other
    assert abs(np.corrcoef(worlds["A"].actual, worlds["B"].actual)[0, 1]) < 0.06
    assert abs(np.corrcoef(worlds["A"].baselines[:, 0], worlds["B"].baselines[:, 0])[0, 1]) < 0.06


def _even(judged: str, share: str = "0.5") -> JointLuck:
    """Two payers of the same size; quality plays no part."""
    contract = _contract(judged, share={"base": share, "at_full_quality": share})
    score = build.result(adjusted=0.85)
    own = build.facts(
        baselines=(("2023", 1000, "5000000"),), spending="4900000", records=1000, results=(score,)
    )
    facts = {"A": own, "B": own}
    evidence = dict.fromkeys("AB", evidence_of(own, cv=0.6))
    return luck_of_payers(contract, facts, evidence, draws=DRAWS, seed=2)


def test_judged_together_is_as_sure_as_one_payer_with_all_records() -> None:
    found, sd = _even("pooled"), savings_sd(2000, cv=0.6, baseline_records=2000)
    for own in found.payers.values():
        assert own.savings_sd == pytest.approx(sd, rel=1e-3)
        assert own.passes_by_luck == pytest.approx(chance_of_passing(0.02, sd=sd), abs=1e-3)
        # the rate is 1 - C / B with C / B = 0.97, so that its error is 3 % less
        power = chance_of_passing(0.02, sd=0.97 * sd, true_saving=0.03)
        assert own.passes_by_saving == pytest.approx(power, abs=1e-3)
    assert found.total.any_by_luck == pytest.approx(chance_of_passing(0.02, sd=sd), abs=0.006)
    # together they pay at least half of what was saved together: who overspent pays nothing back
    formula = 0.5 * 1e7 * sd * stats.norm.pdf(0.02 / sd)
    assert found.total.expected_by_luck > formula


def test_judged_apart_each_has_a_chance_of_its_own() -> None:
    """The option that unpooled payers give: 1 - (1 - p)^2 that at least one pays, and twice the expected."""
    found, sd = _even("per-payer"), savings_sd(1000, cv=0.6, baseline_records=1000)
    one = chance_of_passing(0.02, sd=sd)
    for own in found.payers.values():
        assert own.savings_sd == pytest.approx(sd, rel=1e-3)
        assert own.any_by_luck == pytest.approx(one, abs=0.006)
    assert found.total.any_by_luck == pytest.approx(1 - (1 - one) ** 2, abs=0.006)
    expected = 2 * 0.5 * 5e6 * sd * stats.norm.pdf(0.02 / sd)
    assert found.total.expected_by_luck == pytest.approx(expected, rel=0.03)
    assert found.total.expected_by_luck > _even("pooled").total.expected_by_luck


def test_an_error_of_the_target_itself_is_the_same_for_all() -> None:
    contract = _contract("pooled", share={"base": "0.5", "at_full_quality": "0.5"})
    facts = _facts("7500000", "2500000")
    found = luck_of_payers(contract, facts, _sure(facts, cv=0.0, model_error=0.03), draws=DRAWS, seed=3)
    # not 0.03 sqrt(0.75^2 + 0.25^2), which independent errors would make
    assert found.payers["A"].savings_sd == pytest.approx(0.03, rel=1e-3)
    assert found.total.any_by_luck == pytest.approx(chance_of_passing(0.02, sd=0.03), abs=0.006)


@pytest.mark.parametrize(("payers", "same"), [("all", True), ("own", False)])
def test_a_comparison_with_all_records_is_the_same_error_for_all(payers: str, same: bool) -> None:
    insured = {"column": "insurer", "codes": {"A": ["1"], "B": ["2"]}, "other_codes": "left-out"}
    contract = _contract(
        "pooled",
        parties__insured=insured,
        target={"kind": "comparison-group"},
        comparison={"networks": "others", "payers": payers},
    )
    facts = {
        payer: replace(own, baselines=(), comparison=(replace(own.baselines[0], period="2025"),))
        for payer, own in _facts("7500000", "2500000").items()
    }
    evidence = _sure(facts, cv=0.6)
    worlds = draw_worlds(contract, facts, evidence, truth=AS_FOUND, draws=4000, seed=1)
    rates = [(worlds[payer].comparison[:, 0] - 1) for payer in "AB"]
    assert np.corrcoef(*rates)[0, 1] == pytest.approx(1.0 if same else 0.0, abs=0.06)
    found = luck_of_payers(contract, facts, evidence, draws=2000, seed=1)
    a, b = (0.6 / np.sqrt(own.records) for own in facts.values())
    group = 0.75 * a + 0.25 * b if same else np.hypot(0.75 * a, 0.25 * b)
    sd = np.hypot(group, np.hypot(0.75 * a, 0.25 * b))
    assert found.payers["A"].savings_sd == pytest.approx(sd, rel=1e-3)


def test_a_pooled_cliff_is_where_the_saving_of_all_passes() -> None:
    """2 % of 10 million is 200,000; B saved 20,000, so that A must save 180,000, or spend 7,320,000.

    There A is paid 0.25 + 0.25 * 0.5 of its 180,000: 67,500. A percent of its spending changes nothing.
    """
    contract, facts = _contract("pooled"), _facts("7400000", "2480000")
    others = {"B": facts["B"]}
    (cliff,) = (each for each in cliffs(contract, facts["A"], others=others) if each.kind == "spending")
    assert (cliff.at, cliff.before, cliff.after) == (Decimal("7320000.00"), 0, Decimal(67_500))
    # of the other payer there is the same cliff: it saves 20,000 and is paid 7,500 once A does
    (other,) = (
        each for each in cliffs(contract, facts["B"], others={"A": facts["A"]}) if each.kind == "spending"
    )
    assert other.at == Decimal("2400000.00")
    assert other.after == Decimal(37_500)
    paid = _facts("7200000", "2480000")
    found = {each.kind: each for each in slopes(contract, paid["A"], others={"B": paid["B"]})}
    assert found["euro"].up == Decimal("-0.375")
    assert found["value"].up == Decimal(300_000) * Decimal("0.025")


def test_pooled_sizes_are_those_of_all_records() -> None:
    contract = _contract("pooled", population__minimum_records=1800)
    facts = _facts("7200000", "2480000")
    (cliff,) = (
        each for each in cliffs(contract, facts["A"], others={"B": facts["B"]}) if each.kind == "records"
    )
    # 1,800 of all are 1,300 of A beside the 500 of B
    assert (cliff.now, cliff.at) == (1500, 1299)


def test_the_size_of_the_pool_is_judged_in_every_draw() -> None:
    """1,500 and 500 records are enough together, and of neither payer by itself."""
    facts = _facts("7200000", "2480000")
    evidence = _sure(facts)
    enough = luck_of_payers(
        _contract("pooled", population__minimum_records=1800), facts, evidence, draws=500, seed=1
    )
    assert enough == luck_of_payers(_contract("pooled"), facts, evidence, draws=500, seed=1)
    apart = _contract("per-payer", population__minimum_records=1800)
    assert luck_of_payers(apart, facts, evidence, draws=500, seed=1).total.chance_none == 1


def test_evidence_of_payers_that_does_not_fit_is_refused() -> None:
    contract, facts = _contract("pooled"), _facts("7200000", "2480000")
    evidence = _sure(facts)
    with pytest.raises(SettlementError, match="see luck_of_payers"):
        luck(contract, facts["A"], evidence["A"])
    with pytest.raises(SettlementError, match="evidence: of A; expected of A, B"):
        luck_of_payers(contract, facts, {"A": evidence["A"]})
    with pytest.raises(SettlementError, match="the payers are judged together, so all of them are needed"):
        luck_of_payers(contract, {"A": facts["A"]}, {"A": evidence["A"]})
    other = evidence | {"B": replace(evidence["B"], level=0.9)}
    with pytest.raises(SettlementError, match=r"evidence\.level: differs between A and B"):
        luck_of_payers(contract, facts, other)
