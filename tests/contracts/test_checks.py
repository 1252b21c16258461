"""Facts that do not fit the contract: refused with the field, the value and what was expected."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, SettlementError, SettlementInputs
from contracts.ledger import settle
from contracts.rebasing import YearOutcome, rebase
from tests.contracts import build

NAN = Decimal("NaN")
MIX = {"limit": 0.03, "limited": "both-ways"}
GROUP = {"kind": "comparison-group"}
TABLE = [{"from_records": 500, "from_rate": 0.02}]
LOSSES = {
    "threshold": {"rate": 0, "mode": "gate", "passes_when": "above"},
    "rate": {"base": 0.5, "at_full_quality": 0.5},
    "limits": [],
    "relief": "as-established",
}


def _refused(contract: Contract, facts: SettlementInputs) -> str:
    with pytest.raises(SettlementError) as caught:
        settle(contract, facts)
    assert len(caught.value.faults) == 1, caught.value.faults
    return str(caught.value)


@pytest.mark.parametrize(
    ("terms", "facts", "words"),
    [
        ({"target": {"kind": "delivered"}}, {}, "target: none; the contract needs it"),
        ({"target": {"kind": "delivered"}}, {"target": Decimal(0)}, "no savings rate exists"),
        ({"target": {"kind": "delivered"}}, {"target": NAN}, "target: NaN"),
        ({}, {"target": Decimal(9)}, "no rule of the contract uses it"),
        ({}, {"revenue": Decimal(9)}, "no rule of the contract uses it"),
        ({}, {"loss_relief": Decimal(9)}, "no rule of the contract uses it"),
        ({}, {"project_costs": Decimal(9)}, "no rule of the contract uses it"),
        ({}, {"above": Decimal(9)}, "inputs.above: 9, and no rule"),
        ({}, {"risk": Decimal(1)}, "inputs.risk: 1, and no rule"),
        ({}, {"chosen_threshold": Decimal(0)}, "leaves no choice"),
        ({}, {"findings": {"guardrail": True}}, "'guardrail' is in no rule"),
        ({"suspended": [{"when": "guardrail", "covers": "savings"}]}, {}, "'guardrail' is not there"),
        (
            {"suspended": [{"when": "guardrail", "covers": "savings"}]},
            {"findings": {"guardrail": 1}},
            "expected yes or no",
        ),
        ({"losses": LOSSES}, {}, "loss_relief: none"),
        ({"losses": LOSSES}, {"loss_relief": Decimal(-1)}, "loss_relief: -1"),
        ({"project_costs": {"threshold_judges": "net-saving"}}, {}, "project_costs: none"),
        (
            {"project_costs": {"threshold_judges": "net-saving"}},
            {"project_costs": 5.0},
            "5.0 is float; expected a decimal",
        ),
        (
            {"threshold__rate": {"by": "population", "between": "step", "table": TABLE}},
            {"records": 499},
            "below the smallest population",
        ),
    ],
)
def test_one_fact_too_many_or_too_few(terms: dict[str, Any], facts: dict[str, Any], words: str) -> None:
    history = {} if "target" in terms else {"target": "10"}
    plain = build.facts(spending="9", **history)
    assert words in _refused(build.contract(**terms), replace(plain, **facts))


def _at_risk(now: str | None, then: str | None) -> SettlementInputs:
    plain = build.facts(target="10", spending="9", more={"risk": now and Decimal(now)})
    return replace(plain, baselines=(replace(plain.baselines[0], risk=then and Decimal(then)),))


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (None, "1", "inputs.risk: none"),
        ("1", None, "baselines 2023.risk: none"),
        ("0", "1", "expected a risk above 0"),
        ("1", "-1", "baselines 2023.risk: -1"),
        ("NaN", "1", "inputs.risk: NaN"),
    ],
)
def test_risk_that_is_not_there_or_makes_no_sense(now: str | None, then: str | None, words: str) -> None:
    assert words in _refused(build.contract(target__case_mix=MIX), _at_risk(now, then))


@pytest.mark.parametrize(
    ("limit", "limited", "now", "target"),
    [
        ("none", "growth", "1.10", "1100"),
        (0.03, "growth", "1.10", "1030"),
        (0.03, "growth", "0.90", "900"),
        (0.03, "both-ways", "0.90", "970"),
        (0.03, "both-ways", "1.02", "1020"),
    ],
)
def test_case_mix_within_its_limit(limit: Any, limited: str, now: str, target: str) -> None:
    contract = build.contract(target__case_mix={"limit": limit, "limited": limited})
    plain = build.facts(target="1000", spending="9", more={"risk": Decimal(now)})
    facts = replace(plain, baselines=(replace(plain.baselines[0], risk=Decimal(1)),))
    assert settle(contract, facts).step("target").amount == Decimal(target)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        ((), "comparison: of the periods none; expected exactly 2025"),
        ((BaselineSpending("2024", 10, Decimal(10)),), "expected exactly 2025"),
        ((BaselineSpending("2025", 10, Decimal(0)),), "no comparison"),
        ((BaselineSpending("2025", 0, Decimal(10)),), "comparison 2025.records: 0"),
        ((BaselineSpending("2025", 10, NAN),), "inputs.comparison.2025.spending: NaN"),
    ],
)
def test_comparison_groups_that_do_not_fit(comparison: tuple[BaselineSpending, ...], words: str) -> None:
    facts = build.facts(spending="9", more={"comparison": comparison})
    assert words in _refused(build.contract(target=GROUP), facts)


def test_part_of_what_lies_above_the_truncation_counts() -> None:
    contract = build.contract(spending__payer_share_above=0.8)
    plain = build.facts(target="1000", spending="700", more={"above": Decimal(100)})
    facts = replace(plain, baselines=(replace(plain.baselines[0], above=Decimal(500)),))
    settlement = settle(contract, facts)
    assert settlement.step("target").amount == 1100
    assert settlement.step("actual").amount == 720
    without = replace(facts, baselines=plain.baselines)
    assert "baselines 2023.above: none" in _refused(contract, without)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([], "of none; expected 2024, 2025"),
        ([("2024", 1, "1", "0")], "expected 2024, 2025"),
        ([("2024", 0, "1", "0"), ("2025", 1, "1", "0")], "2024.records: 0"),
        ([("2024", 1, "-1", "0"), ("2025", 1, "1", "0")], "2024.spending: -1"),
        ([("2024", 1, "1", "NaN"), ("2025", 1, "1", "0")], "2024.payment"),
    ],
)
def test_rebasing_on_years_that_do_not_fit(outcomes: list[tuple[str, int, str, str]], words: str) -> None:
    rule = {
        "basis": "total",
        "weights": [1, 1],
        "trend": {"rate": 0, "growth": "compound"},
        "prices_of": "last-year",
        "add_back": 0,
    }
    rows = [YearOutcome(when, n, Decimal(a), Decimal(b)) for when, n, a, b in outcomes]
    with pytest.raises(SettlementError, match=words):
        rebase(build.contract(rebasing=rule), rows)
    with pytest.raises(SettlementError, match="has no rule for it"):
        rebase(build.contract(), rows)
