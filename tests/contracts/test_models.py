"""The shipped example contracts: each named model, settled by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.contract import Contract, parse_contract
from contracts.inputs import BaselineSpending, IndicatorResult, Member, SettlementInputs
from contracts.ledger import Settlement, settle
from contracts.payers import settle_payers
from tests.contracts import build

LIBRARY = Path(__file__).parents[2] / "indicators" / "library" / "contracts"
FILES = {file.name.removesuffix(".contract.yaml"): file for file in sorted(LIBRARY.glob("*/*.contract.yaml"))}
GOLDEN = Path(__file__).parents[1] / "golden" / "contracts.models.yaml"
CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(GOLDEN.read_text("utf-8"))["cases"]
WORKED = [(name, number) for name, runs in CASES.items() for number in range(len(runs))]


def _contract(name: str) -> Contract:
    return parse_contract(yaml.safe_load(FILES[name].read_text("utf-8")))


def _facts(facts: dict[str, Any]) -> SettlementInputs:
    more = {name: Decimal(str(facts[name])) for name in ("risk", "above", "project_costs") if name in facts}
    members = tuple(Member(name, Decimal(weight)) for name, weight in facts.get("members", {}).items())
    return SettlementInputs(
        period=facts["period"],
        records=facts["records"],
        spending=Decimal(str(facts["spending"])),
        baselines=tuple(map(_row, facts.get("baselines", ()))),
        results=tuple(_score(name, given, facts["period"]) for name, given in facts["scores"].items()),
        comparison=tuple(map(_row, facts.get("comparison", ()))),
        members=members,
        **more,
    )


def _row(row: list[Any]) -> BaselineSpending:
    period, records, spending, *risk = row
    return BaselineSpending(period, records, Decimal(spending), risk=Decimal(str(risk[0])) if risk else None)


def _score(name: str, given: Any, period: str) -> IndicatorResult:
    facts = given if isinstance(given, dict) else {"adjusted": float(given)}
    return build.result(name, period=period, **facts)


def _settled(
    contract: Contract, run: dict[str, Any]
) -> tuple[tuple[Settlement, ...], Decimal, dict[str, str]]:
    if "payers" in run:
        joint = settle_payers(contract, {name: _facts(facts) for name, facts in run["payers"].items()})
        return joint.settlements, joint.payment, {p.name: str(p.amount) for p in joint.portions}
    settlement = settle(contract, _facts(run["facts"]))
    return (settlement,), settlement.payment, {p.name: str(p.amount) for p in settlement.portions}


@pytest.mark.parametrize(("name", "number"), WORKED)
def test_each_model_by_hand(name: str, number: int) -> None:
    run = CASES[name][number]
    settlements, payment, portions = _settled(_contract(name), run)
    assert str(payment) == run["payment"]
    assert portions == run.get("portions", {})
    for settlement in settlements:
        assert sum(step.effect for step in settlement.steps) == settlement.payment


def test_every_shipped_model_is_settled_by_hand_and_every_track_by_the_public_payments() -> None:
    tracks = {name for name in FILES if name.startswith("mssp-")}
    assert len(tracks) == 11
    assert set(FILES) - tracks == set(CASES)


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_contract_says_what_it_is(name: str) -> None:
    contract = _contract(name)
    assert contract.contract == name
    text = FILES[name].read_text("utf-8")
    assert text.startswith("# ")
    if not name.startswith("mssp-"):
        assert "illustrative" in text or "No number here is of any real contract" in text
        # shown as an example, never as an agreement in force
        assert contract.status == "draft"
    assert parse_contract(contract.model_dump(mode="json")).hash == contract.hash


@pytest.mark.parametrize(("name", "number"), WORKED)
def test_every_step_has_both_languages(name: str, number: int) -> None:
    for settlement in _settled(_contract(name), CASES[name][number])[0]:
        for step in settlement.steps:
            assert step.formula.nl != step.formula.en
            assert step.name.nl
            assert step.name.en
