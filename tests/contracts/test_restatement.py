"""Settling again, interim settlements, and corrections with their causes."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.inputs import Completion, Interim, Member, SettlementError, SettlementInputs
from contracts.ledger import settle
from contracts.restatement import restate, settle_again
from tests.contracts import build

SHARE = {"base": 0.25, "at_full_quality": 0.5}
MEMBERS = (Member("Hospital", Decimal(600)), Member("Midwives", Decimal(400)))
TERMS: dict[str, Any] = {
    "share": SHARE,
    "distribution": {"by": "records", "remainder": "largest-remainder"},
    "target__case_mix": {"limit": 0.03, "limited": "both-ways"},
    "project_costs": {"threshold_judges": "net-saving"},
    "suspended": [{"when": "guardrail", "covers": "savings"}],
}


def _facts() -> SettlementInputs:
    plain = build.facts(
        target="10000000",
        spending="9500000.50",
        results=(build.result(adjusted=0.6, reliability=0.8, position=0.4),),
        more={
            "members": MEMBERS,
            "risk": Decimal("1.02"),
            "project_costs": Decimal("1000"),
            "findings": {"guardrail": False},
            "sources": {"scores": "ab12"},
        },
    )
    return replace(plain, baselines=(replace(plain.baselines[0], risk=Decimal("1.00")),))


def _stored(facts: SettlementInputs) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(settle(build.contract(**TERMS), facts).to_dict()))
    return loaded


@pytest.mark.parametrize("interim", [False, True])
def test_again_to_the_bit(interim: bool) -> None:
    facts = _facts()
    if interim:
        parts = (
            Completion("2025-H1", Decimal("5000000"), Decimal(1)),
            Completion("2025-H2", Decimal("4500000.50"), Decimal("0.97")),
        )
        facts = replace(facts, interim=Interim("2025-12-31", parts))
    stored = _stored(facts)
    again = settle_again(build.contract(**TERMS), stored)
    assert again == settle(build.contract(**TERMS), facts)
    assert json.dumps(again.to_dict(), sort_keys=True) == json.dumps(stored, sort_keys=True)


@pytest.mark.parametrize("field", ["payment", "hash", "kind", "steps"])
def test_a_stored_settlement_that_was_touched_is_found_out(field: str) -> None:
    stored = _stored(_facts())
    stored[field] = stored[field][:-1] if field != "kind" else "interim"
    with pytest.raises(SettlementError, match=f"{field}: does not come out again"):
        settle_again(build.contract(**TERMS), stored)


def test_another_contract_is_found_out() -> None:
    with pytest.raises(SettlementError, match="what was settled may not change"):
        settle_again(build.contract(**{**TERMS, "threshold__rate": 0.01}), _stored(_facts()))


def test_interim_at_completion_1_pays_what_the_final_one_pays() -> None:
    contract, facts = build.contract(**TERMS), _facts()
    parts = (
        Completion("2025-H1", Decimal("5000000"), Decimal(1)),
        Completion("2025-H2", Decimal("4500000.50"), Decimal(1)),
    )
    interim = settle(contract, replace(facts, interim=Interim("2026-03-31", parts)))
    final = settle(contract, facts)
    assert (interim.kind, final.kind) == ("interim", "final")
    assert interim.payment == final.payment
    assert [step.amount for step in interim.steps] == [step.amount for step in final.steps]


def test_interim_by_hand() -> None:
    # 4000000 is all there is of the first half, 4500000 is nine tenths of the second: 9000000
    parts = (
        Completion("2025-H1", Decimal(4000000), Decimal(1)),
        Completion("2025-H2", Decimal(4500000), Decimal("0.9")),
    )
    facts = build.facts(target="10000000", spending="8500000", more={"interim": Interim("2025-12-31", parts)})
    assert settle(build.contract(), facts).payment == 500000


@pytest.mark.parametrize(
    ("interim", "words"),
    [
        (Interim("31-12-2025", (Completion("y", Decimal(9), Decimal(1)),)), "expected a day"),
        (Interim("2025-12-31", (Completion("y", Decimal(8), Decimal(1)),)), "the parts sum to 8"),
        (Interim("2025-12-31", (Completion("y", Decimal(9), Decimal(0)),)), "from 0.01 to 1"),
        (Interim("2025-12-31", (Completion("y", Decimal(9), Decimal("1.1")),)), "from 0.01 to 1"),
        (Interim("2024-12-31", (Completion("y", Decimal(9), Decimal(1)),)), "before 2025; no claim"),
        (Interim("2025-12-31", ()), "expected parts with a name each"),
        (
            Interim("2025-12-31", (Completion("y", Decimal(9), Decimal("NaN")),)),
            "parts.y.factor: NaN; expected a finite",
        ),
    ],
)
def test_interim_facts_that_do_not_fit(interim: Interim, words: str) -> None:
    with pytest.raises(SettlementError, match=words):
        settle(build.contract(), build.facts(target="10", spending="9", more={"interim": interim}))


def test_restatement_by_hand() -> None:
    # share 0.25 + 0.25 * 0.6 = 0.4 of 1000000; then 0.4 of 1200000; then 0.5 of 1200000
    contract = build.contract(share=SHARE, distribution=TERMS["distribution"])
    facts = build.facts(
        target="10000000",
        spending="9000000",
        results=(build.result(adjusted=0.6),),
        more={"members": MEMBERS},
    )
    before = settle(contract, facts)
    corrected = replace(facts, spending=Decimal("8800000"), results=(build.result(adjusted=1.0),))
    found = restate(contract, before, corrected)
    assert found.differences == {
        "Payer": -200000,
        "VSV-01": 200000,
        "Hospital": 120000,
        "Midwives": 80000,
    }
    assert [(cause.what, cause.difference) for cause in found.causes] == [
        ("spending", 80000),
        ("results goal", 120000),
    ]
    assert json.loads(json.dumps(found.to_dict()))["replaces"] == before.hash


def test_corrections_that_only_fit_together_are_one_cause() -> None:
    contract = build.contract()
    facts = build.facts(target="10000000", spending="9000000")
    new = build.contract(project_costs={"threshold_judges": "net-saving"})
    corrected = replace(facts, spending=Decimal("8900000"), project_costs=Decimal(40000))
    found = restate(contract, settle(contract, facts), corrected, corrected=new)
    assert [(cause.what, cause.difference) for cause in found.causes] == [
        ("contract and spending and project_costs", 30000)
    ]
    assert found.differences == {"Payer": -30000, "VSV-01": 30000}


def test_no_correction_no_difference() -> None:
    contract, facts = build.contract(**TERMS), _facts()
    found = restate(contract, settle(contract, facts), facts)
    assert found.causes == ()
    assert set(found.differences.values()) == {Decimal(0)}
    assert found.after == found.before


def test_a_correction_with_other_payers_is_refused() -> None:
    """A new version of the contract that renames the payer: what was settled was with the old one."""
    before = settle(build.contract(**TERMS), _facts())
    renamed = build.contract(**TERMS, parties__payers=["Other"])
    with pytest.raises(SettlementError, match=r"parties.payers: Other; 2025 was settled with Payer"):
        restate(build.contract(**TERMS), before, _facts(), corrected=renamed)
