"""Worked settlements: each one contract and its facts, no code for any one case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.canonical import shown
from contracts.chance import chance_of_false_payment, chance_of_lucky_goal
from contracts.contract import Contract
from contracts.inputs import BaselineSpending, SettlementInputs
from contracts.ledger import Settlement, settle
from contracts.rebasing import YearOutcome, rebase
from contracts.target import truncated
from contracts.terms.quality import ByLevel
from tests.contracts import build

FILE = yaml.safe_load((Path(__file__).parents[1] / "golden" / "contracts.cases.yaml").read_text("utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
SHARED_CASES = {name: case for name, case in CASES.items() if "shared" in case}
Amounts = dict[str, Decimal | str]
_MONEY = ("project_costs", "revenue", "loss_relief", "chosen_threshold", "risk", "above")


def _given(contract: Contract, facts: dict[str, Any]) -> SettlementInputs:
    facts = dict(facts)
    if "costs" in facts:
        below, _ = truncated(map(Decimal, facts.pop("costs")), contract.spending)
        facts["spending"] = str(below)
    facts["baselines"] = tuple(map(tuple, facts.get("baselines", ())))
    period = facts.get("period", "2025")
    scores = facts.pop("scores", {"goal": 1})
    facts["results"] = tuple(
        build.result(name, float(score), period=period) for name, score in scores.items()
    )
    more: dict[str, Any] = {name: Decimal(facts.pop(name)) for name in _MONEY if name in facts}
    more["findings"] = facts.pop("findings", {})
    more["comparison"] = tuple(
        BaselineSpending(when, n, Decimal(euros)) for when, n, euros in facts.pop("comparison", ())
    )
    return build.facts(**facts, more=more)


def _amounts(settlement: Settlement) -> Amounts:
    steps = {step.key: step.amount for step in settlement.steps}
    assert steps["payment"] == settlement.payment
    amounts: Amounts = {**steps, "payer": steps["saving"] - settlement.payment}
    for key in ("target", "saving"):
        amounts[f"{key} per record"] = steps[key] / settlement.inputs.records
    for step in settlement.steps:
        amounts |= {f"{step.key}.{name}": _number(given.value) for name, given in step.inputs.items()}
    amounts |= {f"others {portion.name}": portion.amount for portion in settlement.others}
    return amounts | {f"portion {portion.name}": portion.amount for portion in settlement.portions}


def _number(value: Decimal | int | str) -> Decimal | str:
    return Decimal(value) if isinstance(value, int) else value


def _outcomes(case: dict[str, Any]) -> Iterator[Amounts]:
    """What each run of a case comes to."""
    changes = case.get("contract", {})
    contract = build.contract(**changes)
    if "rebase" in case:
        years = [YearOutcome(when, n, Decimal(a), Decimal(b)) for when, n, a, b in case["rebase"]]
        yield {"rebased target": shown(rebase(contract, years).target)}
    elif "chance" in case:
        for each in case["chance"]:
            yield {"chance": Decimal(chance_of_false_payment(contract, **each))}
    elif "goal" in case:
        for each in case["goal"]:
            (rule,) = contract.quality.indicators
            assert isinstance(rule.attain, ByLevel)
            yield {"chance": Decimal(chance_of_lucky_goal(rule.attain, **each))}
    else:
        for run in case.get("runs", [case]):
            own = build.contract(**{**changes, **run.get("contract", {})})
            yield _amounts(settle(own, _given(own, run["facts"])))


def _all_amounts(case: dict[str, Any]) -> Amounts:
    runs = list(_outcomes(case))
    numbered = {f"{n}:{key}": value for n, run in enumerate(runs) for key, value in run.items()}
    return {**runs[0], **numbered}


@pytest.mark.parametrize("name", CASES)
def test_worked_settlement(name: str) -> None:
    case = CASES[name]
    amounts = _all_amounts(case)
    runs = enumerate(case.get("runs", ()))
    expected = {f"{n}:{key}": value for n, run in runs for key, value in run["expected"].items()}
    expected |= case.get("expected", {})
    assert expected
    for key, value in expected.items():
        if key.endswith("chance"):
            assert _agrees(amounts[key], value, Decimal(0)), key
        else:
            assert amounts[key] == (value if isinstance(amounts[key], str) else Decimal(value)), key


def _agrees(amount: Decimal | str, value: Any, tolerance: Decimal) -> bool:
    """Published values are rounded to the digits that they show."""
    if isinstance(amount, str):
        return amount == value
    told = Decimal(str(value))
    digits = -int(told.as_tuple().exponent)
    return abs(amount - told) <= tolerance or round(amount, digits) == told


@pytest.mark.data
@pytest.mark.parametrize("name", SHARED_CASES)
def test_shared_golden_case(name: str, shared: Path) -> None:
    expected = _golden(shared)[name]["expected"]
    amounts = _all_amounts(CASES[name])
    tolerance = Decimal(str(expected.pop("tolerance", expected.pop("tolerance_usd", 0))))
    mapped = SHARED_CASES[name]["shared"]
    assert set(mapped) == set(expected), "every expected value is held against an amount"
    for field, keys in mapped.items():
        values = expected[field] if isinstance(keys, list) else [expected[field]]
        for key, value in zip(keys if isinstance(keys, list) else [keys], values, strict=True):
            assert _agrees(amounts[key], value, tolerance), (field, key, amounts[key])


@pytest.mark.data
def test_every_shared_case_is_here(shared: Path) -> None:
    assert set(_golden(shared)) == set(SHARED_CASES)


def _golden(shared: Path) -> dict[str, Any]:
    cases = json.loads((shared / "golden" / "settlement_cases.json").read_text("utf-8"))["cases"]
    return {case["id"]: case for case in cases}
