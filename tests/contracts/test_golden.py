"""Worked settlements: each one contract and its facts, no code for any one case."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.contract import Contract
from contracts.inputs import SettlementInputs
from contracts.ledger import Settlement, settle
from tests.contracts import build

FILE = yaml.safe_load((Path(__file__).parents[1] / "golden" / "contracts.cases.yaml").read_text("utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
SHARED_CASES = {name: case for name, case in CASES.items() if "shared" in case}


def _given(case: dict[str, Any]) -> tuple[Contract, SettlementInputs]:
    facts = dict(case["facts"])
    scores = facts.pop("scores", {"goal": 1})
    facts["baselines"] = tuple(map(tuple, facts.get("baselines", ())))
    period = facts.get("period", "2025")
    facts["results"] = tuple(
        build.result(name, float(score), period=period) for name, score in scores.items()
    )
    return build.contract(**case.get("contract", {})), build.facts(**facts)


def _amounts(settlement: Settlement) -> dict[str, Decimal]:
    amounts = {step.key: step.amount for step in settlement.steps}
    assert amounts["payment"] == settlement.payment
    return {**amounts, "payer": amounts["saving"] - settlement.payment}


@pytest.mark.parametrize("name", CASES)
def test_worked_settlement(name: str) -> None:
    amounts = _amounts(settle(*_given(CASES[name])))
    expected = {key: Decimal(value) for key, value in CASES[name]["expected"].items()}
    assert {key: amounts[key] for key in expected} == expected


@pytest.mark.data
@pytest.mark.parametrize("name", SHARED_CASES)
def test_shared_golden_case(name: str, shared: Path) -> None:
    expected = _golden(shared)[name]["expected"]
    settlement = settle(*_given(CASES[name]))
    amounts = _amounts(settlement)
    for field, step in SHARED_CASES[name]["shared"].items():
        value = Decimal(str(expected[field]))
        # published rates are rounded, money is not
        amount = round(amounts[step], -value.as_tuple().exponent) if step == "savings_rate" else amounts[step]
        assert amount == value, (field, step)


@pytest.mark.data
def test_every_shared_case_is_settled_or_named_as_not_yet(shared: Path) -> None:
    assert set(_golden(shared)) == set(SHARED_CASES) | set(FILE["not_yet"])
    assert not set(SHARED_CASES) & set(FILE["not_yet"])


def _golden(shared: Path) -> dict[str, Any]:
    cases = json.loads((shared / "golden" / "settlement_cases.json").read_text("utf-8"))["cases"]
    return {case["id"]: case for case in cases}
