"""The ledger: its steps, its hash, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

import pytest

from contracts.contract import Contract, parse_contract
from contracts.inputs import SettlementError, SettlementInputs
from contracts.ledger import Settlement, settle
from tests.contracts import build

KEYS = [
    *["target", "actual", "saving", "savings_rate", "threshold", "counted"],
    *["quality", "share", "shared", "cap", "payment"],
]


def _whole_story() -> Settlement:
    """Per record 2000, grown by 3 % twice to 2121.80, times 1100 births; quality 0.6; every rule bites.

    target 2333980.00; actual 2000000; saving 333980; threshold 2 % is 46679.60; counts 287300.40;
    share 0.25 + 0.25 * 0.6 = 0.4; 114920.16; cap 4 % is 93359.20.
    """
    contract = build.contract(
        target__basis="per-record",
        target__trend={"rate": 0.03, "growth": "compound"},
        threshold={"rate": 0.02, "mode": "deductible", "passes_when": "at_or_above"},
        share={"base": 0.25, "at_full_quality": 0.5},
        cap={"rate_of": "target", "rate": 0.04},
    )
    facts = build.facts(
        baselines=(("2023", 1000, "2000000"),),
        records=1100,
        spending="2000000",
        results=(build.result(adjusted=0.6),),
    )
    return settle(contract, facts)


def test_every_step_by_hand() -> None:
    amounts = {step.key: step.amount for step in _whole_story().steps}
    by_hand = {
        "target": "2333980",
        "actual": "2000000",
        "saving": "333980",
        "savings_rate": "0.143094628060",  # 333980 / 2333980
        "threshold": "46679.60",
        "counted": "287300.40",
        "quality": "0.6",
        "share": "0.4",
        "shared": "114920.16",
        "cap": "93359.20",
        "payment": "93359.20",
    }
    assert amounts == {key: Decimal(value) for key, value in by_hand.items()}
    assert list(amounts) == KEYS


def test_the_waterfall_runs_through_the_amounts() -> None:
    running = Decimal(0)
    for step in _whole_story().steps:
        running += step.effect
        if step.key in ("target", "saving", "counted", "shared", "cap", "payment"):
            assert running == step.amount, step.key
    assert running == Decimal("93359.20")


def test_every_input_names_a_source_that_exists() -> None:
    settlement = _whole_story()
    seen: set[str] = set()
    running = Decimal(0)
    for step in settlement.steps:
        assert step.inputs, step.key
        for given in step.inputs.values():
            kind, _, name = given.source.partition(":")
            assert kind in ("contract", "inputs", "quality", "step")
            if given.source == "step:running":
                assert given.value == running
            elif kind == "step":
                assert name in seen
                assert given.value == settlement.step(name).amount
        seen.add(step.key)
        running += step.effect


def test_steps_speak_both_languages_and_follow_the_contract() -> None:
    variants = [
        build.contract(threshold__mode=mode, threshold__passes_when=when)
        for mode in ("gate", "deductible")
        for when in ("at_or_above", "above")
    ]
    steps = [
        settle(contract, build.facts(target="10", spending="9")).step("counted") for contract in variants
    ]
    assert len({step.formula.nl for step in steps}) == 4
    assert len({step.formula.en for step in steps}) == 4
    for step in _whole_story().steps:
        assert step.name.nl
        assert step.formula.nl != step.formula.en


def test_to_dict_is_json_with_decimals_as_text() -> None:
    data = json.loads(json.dumps(_whole_story().to_dict(), allow_nan=False))
    assert data["payment"] == "93359.20"
    assert data["currency"] == "EUR"
    assert data["steps"][-1]["amount"] == "93359.2"
    assert data["participant"] == {"network_set": "vsv", "network": "VSV-01"}
    assert data["inputs"]["spending"] == "2000000"
    assert data["quality"]["lines"][0]["points"] == "0.6"


def test_payment_has_two_digits_or_none() -> None:
    facts = build.facts(target="100", spending="90")
    assert str(settle(build.contract(), facts).payment) == "5.00"
    assert str(settle(build.contract(rounding__unit="euro"), facts).payment) == "5"


def test_the_surrounding_decimal_context_does_not_matter() -> None:
    with localcontext() as context:
        context.prec = 4
        settlement = _whole_story()
    assert settlement == _whole_story()


PLAIN_FACTS = build.facts(target="10000000", spending="9500000")


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLAIN_FACTS, records=1001),
        replace(PLAIN_FACTS, spending=Decimal("9500000.01")),
        replace(PLAIN_FACTS, results=(build.result(adjusted=0.9),)),
        replace(PLAIN_FACTS, results=(build.result(n=301),)),
        replace(PLAIN_FACTS, results=(build.result(version="1.0.1"),)),
        build.facts(target="10000000.01", spending="9500000"),
    ],
)
def test_hash_changes_with_any_fact(changed: SettlementInputs) -> None:
    assert settle(build.contract(), changed).hash != settle(build.contract(), PLAIN_FACTS).hash


def test_hash_changes_with_the_contract_and_not_with_spelling_or_order() -> None:
    assert (
        settle(build.contract(version="1.0.1"), PLAIN_FACTS).hash
        != settle(build.contract(), PLAIN_FACTS).hash
    )
    respelled = replace(PLAIN_FACTS, spending=Decimal("9500000.00"), results=(build.result(n=300.0),))
    assert settle(build.contract(), respelled).hash == settle(build.contract(), PLAIN_FACTS).hash
    goals = [{"indicator": name, "weight": 1, "attain": build.GOAL} for name in ("a", "b")]
    contract = build.contract(quality__indicators=goals)
    ways = [("a", "b"), ("b", "a")]
    both = [replace(PLAIN_FACTS, results=tuple(map(build.result, way))) for way in ways]
    assert settle(contract, both[0]).hash == settle(contract, both[1]).hash


def _refused(contract: Contract, facts: SettlementInputs) -> str:
    with pytest.raises(SettlementError) as caught:
        settle(contract, facts)
    assert len(caught.value.faults) == 1, caught.value.faults
    return str(caught.value)


TWO = (build.result(), build.result())
OTHER_VERSION = [{"indicator": "goal", "version": "2.0.0", "weight": 1, "attain": build.GOAL}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"period": "2024"}, "of period 2025; expected 2024"),
        ({"records": 0}, "a number of at least 1"),
        ({"records": 99.5}, "whole number"),
        ({"spending": 9.5}, "float; expected a decimal"),
        ({"spending": Decimal("-1")}, "at least 0"),
        ({"spending": Decimal("NaN")}, "NaN"),
        ({"spending": Decimal("Infinity")}, "Infinity"),
        ({"baselines": ()}, "expected exactly 2023"),
        ({"baselines": PLAIN_FACTS.baselines * 2}, "each once"),
        ({"baselines": build.facts(target="0").baselines}, "no savings rate exists"),
        ({"baselines": build.facts(target="-5").baselines}, "baselines 2023.spending"),
        ({"results": ()}, "0 of indicator goal"),
        ({"results": TWO}, "2 of indicator goal"),
        ({"results": (build.result(), build.result("other"))}, "other is not in the quality rules"),
        ({"results": (build.result(adjusted=float("nan")),)}, "inputs.results.goal.adjusted: nan"),
        ({"results": (build.result(n=float("inf")),)}, "inputs.results.goal.n: inf"),
        ({"results": (build.result(n=-1),)}, "n is -1"),
        ({"results": (build.result(band="middle"),)}, "inputs.results.goal.band: 'middle' does not exist"),
        ({"results": (build.result(adjusted=None, band="in"),)}, "no adjusted value"),
        ({"results": (build.result(adjusted=None),)}, "nothing is left to score"),
    ],
)
def test_facts_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    assert words in _refused(build.contract(), replace(PLAIN_FACTS, **changes))


def test_a_year_outside_the_contract_is_refused() -> None:
    assert "'2026' is not a year" in _refused(
        build.contract(), build.facts(period="2026", target="10", spending="9")
    )


def test_another_version_of_an_indicator_is_refused() -> None:
    contract = build.contract(quality__indicators=OTHER_VERSION)
    assert "version 1.0.0; the contract says 2.0.0" in _refused(contract, PLAIN_FACTS)


def test_all_faults_come_at_once() -> None:
    with pytest.raises(SettlementError) as caught:
        settle(build.contract(), replace(PLAIN_FACTS, records=0, baselines=(), results=()))
    assert len(caught.value.faults) == 3


def test_too_few_records_pay_nothing_or_are_not_settled() -> None:
    few = replace(PLAIN_FACTS, records=499)
    terms = build.terms(population__minimum_records=500)
    assert settle(parse_contract(terms), few).payment == 0
    assert settle(parse_contract(terms), replace(few, records=500)).payment == 250000
    terms["population"]["below_minimum"] = "no-settlement"
    assert "499 is fewer than the 500" in _refused(parse_contract(terms), few)
