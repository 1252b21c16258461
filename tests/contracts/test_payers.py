"""Several payers: pooled quality, money per payer."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.contract import Contract
from contracts.inputs import SettlementError, SettlementInputs
from contracts.ledger import settle
from contracts.payers import JointSettlement, settle_payers
from contracts.restatement import settle_again, settle_parts_again
from contracts.workbook.book import settlement_cells
from contracts.workbook.cells import recalculated
from tests.contracts import build
from tests.contracts.test_workbook import _differences

WEIGHTS = {"Hospital": 2, "Midwives": 1}
DISTRIBUTION = {"by": "fixed-weights", "weights": WEIGHTS, "remainder": "largest-remainder"}


def _contract(judged: str, **changes: Any) -> Contract:
    return build.contract(
        parties__payers=["Large", "Small"],
        parties__judged=judged,
        threshold__rate=0.02,
        distribution=DISTRIBUTION,
        **changes,
    )


def _facts(large: str, small: str, **more: Any) -> dict[str, SettlementInputs]:
    """Targets of 8 and of 2 million."""
    return {
        "Large": build.facts(target="8000000", spending=large, records=800, **more),
        "Small": build.facts(target="2000000", spending=small, records=200, **more),
    }


def _paid(joint: JointSettlement) -> list[str]:
    return [str(joint.of(payer).payment) for payer in ("Large", "Small")]


@pytest.mark.parametrize(
    ("judged", "large", "small", "paid"),
    [
        # 3 % with each
        ("per-payer", "7760000", "1940000", ["120000.00", "30000.00"]),
        ("pooled", "7760000", "1940000", ["120000.00", "30000.00"]),
        # 1.5 % and 5 %: 2.2 % together
        ("per-payer", "7880000", "1900000", ["0.00", "50000.00"]),
        ("pooled", "7880000", "1900000", ["60000.00", "50000.00"]),
        # 3 % and -5 %: 1.4 % together
        ("per-payer", "7760000", "2100000", ["120000.00", "0.00"]),
        ("pooled", "7760000", "2100000", ["0.00", "0.00"]),
        # 4 % and -5 %: 2.2 % together; nobody pays for another
        ("pooled", "7680000", "2100000", ["160000.00", "0.00"]),
    ],
)
def test_threshold_per_payer_or_pooled(judged: str, large: str, small: str, paid: list[str]) -> None:
    joint = settle_payers(_contract(judged), _facts(large, small))
    assert _paid(joint) == paid
    assert joint.payment == sum(map(Decimal, paid))


def test_the_ledger_shows_what_was_judged() -> None:
    facts = _facts("7880000", "1900000")
    for settlement in settle_payers(_contract("pooled"), facts).settlements:
        given = {name: item.value for name, item in settlement.step("threshold").inputs.items()}
        assert (given["pooled target"], given["pooled saving"]) == (10000000, 220000)
        assert given["pooled records"] == 1000
    alone = settle_payers(_contract("per-payer"), facts).of("Large")
    assert "pooled saving" not in alone.step("threshold").inputs


def test_minimum_size_of_all_together() -> None:
    facts = _facts("7000000", "1500000")
    few = {"population__minimum_records": 900}
    assert _paid(settle_payers(_contract("per-payer", **few), facts)) == ["0.00", "0.00"]
    assert _paid(settle_payers(_contract("pooled", **few), facts)) == ["500000.00", "250000.00"]


def test_no_cent_is_lost_over_payers_and_providers() -> None:
    joint = settle_payers(_contract("per-payer"), _facts("7699999.99", "1899999.97"))
    for settlement in joint.settlements:
        assert sum(portion.amount for portion in settlement.portions) == settlement.payment
    assert sum(portion.amount for portion in joint.portions) == joint.payment
    assert [portion.name for portion in joint.portions] == list(WEIGHTS)


def test_one_score_for_all() -> None:
    facts = _facts("7000000", "1500000")
    other = replace(facts["Small"], results=(build.result(adjusted=0.5),))
    with pytest.raises(SettlementError, match="quality is pooled"):
        settle_payers(_contract("pooled"), {**facts, "Small": other})


@pytest.mark.parametrize("given", [["Large"], ["Large", "Small", "Third"], []])
def test_the_payers_must_be_those_of_the_contract(given: list[str]) -> None:
    facts = _facts("7000000", "1500000")
    with pytest.raises(SettlementError, match="expected exactly Large, Small"):
        settle_payers(_contract("pooled"), {name: facts.get(name, facts["Large"]) for name in given})


def test_several_payers_are_not_settled_as_one() -> None:
    with pytest.raises(SettlementError, match="settle_payers"):
        settle(_contract("pooled"), build.facts(target="10", spending="9"))


@pytest.mark.parametrize("judged", ["per-payer", "pooled"])
def test_settling_all_again_gives_the_same_to_the_bit(judged: str) -> None:
    contract = _contract(judged)
    joint = settle_payers(contract, _facts("7880000", "1900000"))
    stored = json.loads(json.dumps(joint.to_dict()))["settlements"]
    assert settle_parts_again(contract, stored) == joint
    stored[1]["payment"] = "50000.01"
    with pytest.raises(SettlementError) as touched:
        settle_parts_again(contract, stored)
    assert touched.value.faults == ("Small: payment: does not come out again as it was stored",)
    stored[0]["kind"] = "interim"
    with pytest.raises(SettlementError, match="Large: kind: does not"):
        settle_parts_again(contract, stored)


def test_one_of_several_cannot_be_settled_again_by_itself() -> None:
    contract = _contract("pooled")
    joint = settle_payers(contract, _facts("7880000", "1900000"))
    with pytest.raises(SettlementError, match="settle_payers"):
        settle_again(contract, joint.settlements[0].to_dict())


def test_payers_with_a_part_in_all_records_have_the_same_ones() -> None:
    """A threshold by population goes by the 800 records that there are, whoever pays for them.

    Of 10 million 400,000 is saved: 4 %, above 3 % for 800 records; 1,600 would need 5 %.
    """
    table = [
        {"from_records": 1, "to_records": 999, "from_rate": "0.03"},
        {"from_records": 1000, "from_rate": "0.05"},
    ]
    rate = {"by": "population", "between": "step", "table": table}
    contract = build.contract(
        parties__payers=["Large", "Small"],
        parties__judged="pooled",
        parties__shares={"Large": "0.8", "Small": "0.2"},
        threshold__rate=rate,
    )
    facts = {
        "Large": build.facts(target="8000000", spending="7680000", records=800),
        "Small": build.facts(target="2000000", spending="1920000", records=800),
    }
    joint = settle_payers(contract, facts)
    assert _paid(joint) == ["160000.00", "40000.00"]
    assert joint.of("Small").step("threshold").inputs["pooled records"].value == 800
    assert joint.of("Small").step("actual").inputs["part"].value == Decimal("0.2")
    cells = settlement_cells(contract, joint.settlements)
    assert _differences(cells, dict(recalculated(cells))) == {}


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"Large": "0.8", "Small": "0.1"}, "they sum to 0.9; expected 1"),
        ({"Large": "0.8", "Other": "0.2"}, "of Large, Other; expected of Large, Small"),
    ],
)
def test_parts_that_make_no_whole_are_refused(shares: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _contract("pooled", parties__shares=shares)
