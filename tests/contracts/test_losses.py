"""Overspending, thresholds by choice and by significance, bonus, deductions, discount: by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.inputs import SettlementError
from contracts.ledger import Settlement, settle
from tests.contracts import build

LOSSES: dict[str, Any] = {
    "threshold": {"rate": 0.02, "mode": "gate", "passes_when": "at_or_above"},
    "rate": {"base": 0.6, "at_full_quality": 0.4},
    "limits": [],
    "relief": "none",
}

SLOPED = {"base": 1, "at_full_quality": 0.25, "minimum": 0.4, "maximum": 0.75}


def _losses(**changes: Any) -> dict[str, Any]:
    return {**LOSSES, **changes}


def _settled(
    spending: str, *, quality: float = 1.0, more: dict[str, Any] | None = None, **terms: Any
) -> Settlement:
    facts = build.facts(
        target="10000000", spending=spending, results=(build.result(adjusted=quality),), more=more
    )
    return settle(build.contract(**terms), facts)


@pytest.mark.parametrize(
    ("losses", "spending", "quality", "owed"),
    [
        (_losses(), "10199999.99", 1, "0"),  # below the threshold
        (_losses(), "10200000", 1, "-80000"),  # exactly at it
        (_losses(), "10200000", 0, "-120000"),  # worse quality costs more
        (_losses(threshold={**LOSSES["threshold"], "passes_when": "above"}), "10200000", 1, "0"),
        (_losses(threshold={**LOSSES["threshold"], "mode": "deductible"}), "10500000", 1, "-120000"),
        (_losses(limits=[{"rate_of": "target", "rate": 0.01}]), "10500000", 1, "-100000"),
        (_losses(rate=SLOPED), "11000000", 0, "-750000"),
        (_losses(rate=SLOPED), "11000000", 1, "-400000"),
    ],
)  # fmt: skip
def test_losses(losses: dict[str, Any], spending: str, quality: float, owed: str) -> None:
    assert _settled(spending, quality=quality, losses=losses).payment == Decimal(owed)


@pytest.mark.parametrize(
    ("phase", "owed"),
    [
        ("before-limits", "-150000"),  # 0.5 * 400000 = 200000, and at most 150000
        ("after-limits", "-75000"),  # at most 150000, and half of that
    ],
)
def test_phase_in_before_or_after_the_limits(phase: str, owed: str) -> None:
    losses = _losses(
        phase_in={"2024": 0, "2025": 0.5}, phase=phase, limits=[{"rate_of": "target", "rate": 0.015}]
    )
    settlement = _settled("11000000", losses=losses)
    assert settlement.payment == Decimal(owed)
    assert sum(step.effect for step in settlement.steps) == Decimal(owed)


REVENUE = [{"rate_of": "target", "rate": 0.03}, {"rate_of": "revenue", "rate": 0.02}]


def test_limit_on_revenue_and_what_happens_without_it() -> None:
    losses = _losses(limits=REVENUE, revenue_unknown="other-limits-only")
    assert _settled("11000000", losses=losses, more={"revenue": Decimal("5000000")}).payment == -100000
    assert _settled("11000000", losses=losses).payment == -300000
    with pytest.raises(SettlementError, match="revenue: none"):
        _settled("11000000", losses={**losses, "revenue_unknown": "no-settlement"})


def test_limits_that_hold_only_when_something_was_found() -> None:
    limits = [
        {"rate_of": "target", "rate": 0.01, "when": "first-year"},
        {"rate_of": "target", "rate": 0.02, "unless": "first-year"},
    ]
    for found, owed in ((True, -100000), (False, -200000)):
        settlement = _settled(
            "11000000", losses=_losses(limits=limits), more={"findings": {"first-year": found}}
        )
        assert settlement.payment == owed


def test_relief_never_turns_a_loss_into_a_payment() -> None:
    losses = _losses(relief="as-established")
    assert _settled("11000000", losses=losses, more={"loss_relief": Decimal("100000")}).payment == -300000
    assert _settled("11000000", losses=losses, more={"loss_relief": Decimal("900000")}).payment == 0


def test_suspension_of_savings_only_or_of_both() -> None:
    found = {"findings": {"guardrail": True}}
    for covers, owed in (("savings", -400000), ("savings-and-losses", 0)):
        suspended = [{"when": "guardrail", "covers": covers}]
        assert _settled("9000000", losses=LOSSES, suspended=suspended, more=found).payment == 0
        assert _settled("11000000", losses=LOSSES, suspended=suspended, more=found).payment == owed


def test_too_few_records_stop_a_loss_too() -> None:
    assert _settled("11000000", losses=LOSSES, population__minimum_records=1001).payment == 0


BONUS = {
    "size": {"rate_of": "target", "rate": 0.01},
    "earned": {"base": 0, "at_full_quality": 1},
    "limit": "remaining-saving",
    "without_counted_saving": "lapses",
}


@pytest.mark.parametrize(
    ("changes", "spending", "paid"),
    [
        ({}, "9000000", "580000"),  # half of a million, and 0.8 of 100000
        ({}, "9900000", "100000"),  # 50000, and the 50000 that is left of the saving
        ({"limit": "none"}, "9900000", "130000"),
        ({}, "10100000", "0"),
        ({"limit": "none", "without_counted_saving": "paid"}, "10100000", "80000"),
        ({"without_counted_saving": "paid"}, "10100000", "0"),  # nothing is left of no saving
    ],
)
def test_bonus(changes: dict[str, Any], spending: str, paid: str) -> None:
    assert _settled(spending, quality=0.8, bonus={**BONUS, **changes}).payment == Decimal(paid)


@pytest.mark.parametrize(("covers", "paid"), [("share", "380000"), ("share-and-bonus", "300000")])
def test_cap_over_share_or_over_both(covers: str, paid: str) -> None:
    cap = {"rate_of": "target", "rate": 0.03, "covers": covers}
    assert _settled("9000000", quality=0.8, bonus=BONUS, cap=cap).payment == Decimal(paid)


@pytest.mark.parametrize(
    ("when", "paid"),
    [
        ("before-bonus", "530000"),  # 0.9 * 500000 + 80000
        ("before-cap", "522000"),  # 0.9 * 580000
        ("after-cap", "504000"),  # 0.9 * 560000
    ],
)
def test_deduction_at_each_of_its_places(when: str, paid: str) -> None:
    deduction = {"name": {"nl": "Afslag", "en": "Levy"}, "rate": 0.1, "when": when}
    cap = {"rate_of": "target", "rate": 0.056, "covers": "share-and-bonus"}
    settlement = _settled("9000000", quality=0.8, bonus=BONUS, cap=cap, deductions=[deduction])
    assert settlement.payment == Decimal(paid)


def test_reduced_share_below_the_threshold() -> None:
    below = {"share_times": 0.5, "minimum_records": 500, "when": "small"}
    terms = {"threshold": {**build.PLAIN["threshold"], "rate": 0.02, "below": below}}
    for found, paid in ((True, 25000), (False, 0)):
        settlement = _settled("9900000", more={"findings": {"small": found}}, **terms)
        assert settlement.payment == paid
    assert _settled("9700000", more={"findings": {"small": True}}, **terms).payment == 150000


@pytest.mark.parametrize(("minimum", "paid"), [(1000, 25000), (1001, 0)])
def test_reduced_share_from_a_number_of_records_on(minimum: int, paid: int) -> None:
    below = {"share_times": 0.5, "minimum_records": minimum}
    threshold = {**build.PLAIN["threshold"], "rate": 0.02, "below": below}
    assert _settled("9900000", threshold=threshold).payment == paid


def test_chosen_threshold_must_be_on_the_list() -> None:
    rate = {"by": "choice", "among": [0, 0.01]}
    for chosen, paid in (("0", 25000), ("0.01", 0)):
        settlement = _settled("9950000", threshold__rate=rate, more={"chosen_threshold": Decimal(chosen)})
        assert settlement.payment == paid
    for more in ({}, {"chosen_threshold": Decimal("0.02")}):
        with pytest.raises(SettlementError, match=r"expected one of 0, 0\.01"):
            _settled("9950000", threshold__rate=rate, more=more)


def test_threshold_by_significance() -> None:
    # 1.6449 * 2 / sqrt(1000) = 0.10403
    rate = {"by": "significance", "error": 0.05, "cv": 2, "digits": 4}
    settlement = _settled("8900000", threshold__rate=rate)
    assert settlement.step("threshold").inputs["rate"].value == Decimal("0.1040")
    assert settlement.payment == 550000
    assert _settled("8970000", threshold__rate=rate).payment == 0


def test_discount_by_quality_lowers_the_target() -> None:
    steps = [{"from_score": 0, "rate": 0.03}, {"from_score": 0.6, "rate": 0.015}]
    discount = {"discount": {"kind": "steps", "steps": steps}, "rates_of": "target-after-discount"}
    target = {**build.PLAIN["target"], **discount}
    for quality, paid in ((0.59, 350000), (0.6, 425000)):
        settlement = _settled("9000000", quality=quality, target=target)
        assert settlement.payment == paid
        assert settlement.step("benchmark").amount == 10000000
    assert sum(step.effect for step in settlement.steps) == 425000


def test_rates_of_the_target_are_of_what_a_discount_leaves() -> None:
    """Of 10 million a tenth is kept: a threshold and a cap of 2 % are 180,000, and not 200,000."""
    discount = {"kind": "steps", "steps": [{"from_score": 0, "rate": 0.1}]}
    target = {**build.PLAIN["target"], "discount": discount, "rates_of": "target-after-discount"}
    settlement = _settled("8820000", target=target, threshold__rate=0.02)
    assert settlement.step("threshold").amount == 180000
    assert settlement.payment == 90000
    assert _settled("8820001", target=target, threshold__rate=0.02).payment == 0
    capped = _settled("8000000", target=target, cap={"rate_of": "target", "rate": "0.02"})
    assert capped.payment == 180000


@pytest.mark.parametrize(
    ("spending", "paid"),
    [
        ("9950000", "10000"),
        ("9900000", "20000"),
        ("9650000", "140000"),
        ("9400000", "360000"),
        ("9000000", "600000"),
    ],
)
def test_sliding_share(spending: str, paid: str) -> None:
    # 20 % up to a saving of 1 %, 60 % from 6 % on; half way, at 3.5 %, 40 %
    share = {
        "kind": "sliding",
        "from_savings_rate": 0.01,
        "from_rate": 0.2,
        "to_savings_rate": 0.06,
        "to_rate": 0.6,
    }
    assert _settled(spending, share=share).payment == Decimal(paid)


@pytest.mark.parametrize(("quality", "share"), [(0.0, "0.2"), (0.49, "0.2"), (0.5, "0.4"), (1.0, "0.4")])
def test_share_by_gates(quality: float, share: str) -> None:
    steps = [{"from_score": 0, "rate": 0.2}, {"from_score": 0.5, "rate": 0.4}]
    settlement = _settled("9000000", quality=quality, share={"kind": "steps", "steps": steps})
    assert settlement.step("share").amount == Decimal(share)


GATE = {"rate": 0.02, "mode": "gate", "passes_when": "at_or_above"}


@pytest.mark.parametrize(
    ("judges", "at_most", "paid"),
    [
        ("net-saving", None, "0"),  # 300000 - 150000 is 1.5 %
        ("gross-saving", None, "75000"),
        ("net-saving", 100000, "100000"),  # 200000 is 2 %
    ],
)
def test_project_costs_first(judges: str, at_most: int | None, paid: str) -> None:
    costs = {"threshold_judges": judges} | ({"at_most": at_most} if at_most else {})
    more = {"project_costs": Decimal("150000")}
    settlement = _settled("9700000", threshold=GATE, project_costs=costs, more=more)
    assert settlement.payment == Decimal(paid)


OVERLAP = [{"up_to": 0.2, "rate": 1}, {"up_to": 0.1, "rate": 1}, {"rate": 0}]
BACKWARDS = {"from_records": 9, "to_records": 9, "from_rate": 0}
SLOPE = {"base": 0.4, "at_full_quality": 0.6}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": _losses(rate=SLOPE)}, "better quality would cost more"),
        ({"losses": _losses(phase_in={"2025": 1}, phase="before-limits")}, "one for each contract year"),
        ({"losses": _losses(phase="before-limits")}, "there is no 'phase_in'"),
        ({"losses": _losses(revenue_unknown="no-settlement")}, "there is none"),
        ({"losses": _losses(limits=[{"rate_of": "target", "rate": -0.1}])}, "greater than or equal to 0"),
        ({"share": {"kind": "steps", "steps": [{"from_score": 0.2, "rate": 0}]}}, "start at"),
        ({"share": {"kind": "corridors", "corridors": [{"up_to": 0.1, "rate": 1}]}}, "exactly the last"),
        (
            {"share": {"kind": "corridors", "corridors": OVERLAP}},
            "overlap",
        ),
        ({"share": {"kind": "slices"}}, "does not match any of the expected tags"),
        ({"deductions": [{"name": {"nl": "a", "en": "a"}, "rate": 0.1, "when": "before-bonus"}]}, "no bonus"),
        ({"cap": {"rate_of": "target", "rate": {"2025": 0.1}}}, "one for each contract year"),
        ({"cap": {"rate_of": "none", "covers": "share"}}, "no bonus"),
        ({"threshold__rate": {"by": "population", "between": "linear", "table": [BACKWARDS]}}, "ends at 9"),
        (
            {"distribution": {"by": "records", "weights": {"a": 1}, "remainder": "largest-remainder"}},
            "have none",
        ),
    ],
)  # fmt: skip
def test_contradictions_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        build.contract(**changes)
    faults = caught.value.errors()
    assert len(faults) == 1, faults
    assert words in faults[0]["msg"]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ([(1, 99), (101, None)], "overlap, or leave a hole"),
        ([(1, 99), (99, None)], "overlap, or leave a hole"),
        ([(1, 99), (100, 200)], "needs no upper end"),
    ],
)
def test_brackets_that_overlap_or_leave_a_hole(tables: list[tuple[int, int | None]], words: str) -> None:
    table = [{"from_records": a, "to_records": b, "from_rate": 0.02} for a, b in tables]
    with pytest.raises(ValidationError, match=words):
        build.contract(threshold__rate={"by": "population", "between": "step", "table": table})


SMALLEST = {"from_records": 1, "from_rate": 0}
OPEN = {
    "losses.phase": {"losses": _losses(phase_in={"2024": 0, "2025": 1})},
    "losses.revenue_unknown": {"losses": _losses(limits=REVENUE)},
    "losses.relief": {"losses": {key: value for key, value in LOSSES.items() if key != "relief"}},
    "losses.threshold.mode": {"losses": _losses(threshold={"rate": 0, "passes_when": "above"})},
    "bonus.limit": {"bonus": {key: value for key, value in BONUS.items() if key != "limit"}},
    "cap.covers": {"bonus": BONUS, "cap": {"rate_of": "target", "rate": 0.1}},
    "project_costs.threshold_judges": {"project_costs": {}},
    "withhold.settled_as": {"withhold": {"rate": 0.02, "earned": {"base": 0, "at_full_quality": 1}}},
    "parties.judged": {"parties__payers": ["One", "Two"]},
    "threshold.rate.between": {"threshold__rate": {"by": "population", "table": [SMALLEST]}},
    "quality.minimum_missed": {"quality__minimum_score": 0.5},
    "quality.too_small.then": {"quality__too_small": {"records": 30}},
    "quality.reliability.below_floor": {"quality__reliability": {"floor": 0.3}},
    "suspended.0.covers": {"suspended": [{"when": "guardrail"}]},
    "target.case_mix.limited": {"target__case_mix": {"limit": 0.03}},
    "distribution.by": {"distribution": {"remainder": "largest-remainder"}},
    "deductions.0.when": {"deductions": [{"name": {"nl": "a", "en": "a"}, "rate": 0.1}]},
}  # fmt: skip


@pytest.mark.parametrize("path", OPEN)
def test_a_word_left_open_is_refused_with_both_readings(path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        build.contract(**OPEN[path])
    faults = caught.value.errors()
    assert len(faults) == 1, faults
    assert faults[0]["type"] == "left_open"
    assert ".".join(map(str, faults[0]["loc"])) == path
    assert faults[0]["msg"].count("'") >= 4  # at least two readings are named
