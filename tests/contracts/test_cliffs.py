"""Slopes and cliffs: by hand, and against the ledger on both sides of every cliff found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from contracts.cliffs import Cliff, cliffs
from contracts.contract import Contract, parse_contract
from contracts.evidence import Counts
from contracts.inputs import SettlementInputs
from contracts.ledger import settle, settle_one
from contracts.slopes import Slope, slopes
from tests.contracts import build
from tests.contracts.any_facts import any_facts, evidence_of
from tests.contracts.generate import generate, to_inputs
from tests.contracts.test_many_payments import LIBRARY, read

LEVEL = {"by": "level", "better": "higher", "threshold": "0.8", "target": "0.9"}
GOAL = {"indicator": "goal", "weight": 1, "attain": LEVEL}
QUALITY_SHARE: dict[str, Any] = {
    "quality__indicators": [GOAL],
    "share": {"base": "0.25", "at_full_quality": "0.5"},
}
COUNTS = Counts(events=255, records=300, expected=255.0, reference=0.85)


def _half_way() -> tuple[Contract, SettlementInputs]:
    """Saved 500,000; quality half way, so that the share is 0.375."""
    return build.contract(**QUALITY_SHARE), build.facts(
        target="10000000", spending="9500000", results=(build.result(adjusted=0.85),)
    )


def _slopes(*args: Any, **kwargs: Any) -> dict[tuple[str, str], Slope]:
    return {(slope.what, slope.kind): slope for slope in slopes(*args, **kwargs)}


def test_slopes_by_hand() -> None:
    found = _slopes(*_half_way(), counts={"goal": COUNTS})
    euro, percent = found["spending", "euro"], found["spending", "percent"]
    assert (euro.up, euro.down) == (Decimal("-0.375"), Decimal("0.375"))
    assert (percent.step, percent.up) == (95_000, Decimal("-35625"))
    # 0.01 is a tenth of the way: 0.1 * 0.25 * 500,000
    assert (found["goal", "value"].up, found["goal", "value"].down) == (12_500, -12_500)
    # 256 / 300 is rounded to 0.853333: 0.03333 * 0.25 * 500,000
    assert found["goal", "event"].up == Decimal("4166.25")
    assert list(found) == [
        ("spending", "euro"), ("spending", "percent"), ("goal", "value"), ("goal", "event")
    ]  # fmt: skip


def test_a_slope_ends_where_nothing_more_can_be_attained() -> None:
    contract, inputs = _half_way()
    at_goal = replace(inputs, results=(build.result(adjusted=0.9),))
    found = _slopes(contract, at_goal, steps={"goal": Decimal("0.001")})
    assert found["goal", "value"].step == Decimal("0.001")
    assert (found["goal", "value"].up, found["goal", "value"].down) == (0, -1_250)


def test_no_more_events_than_records() -> None:
    contract, inputs = _half_way()
    full = Counts(events=300, records=300, expected=300.0, reference=1.0)
    facts = replace(inputs, results=(build.result(adjusted=1.0),))
    event = _slopes(contract, facts, counts={"goal": full})["goal", "event"]
    assert event.up is None
    assert event.down == 0


def test_a_position_stays_between_0_and_1() -> None:
    points = [{"from_position": 0, "attained": 0}, {"from_position": 1, "attained": 1}]
    attain = {"by": "benchmark", "between": "linear", "points": points}
    contract = build.contract(
        quality__indicators=[{"indicator": "goal", "weight": 1, "attain": attain}],
        share={"base": 0, "at_full_quality": "0.5"},
    )
    facts = build.facts(target="1000", spending="900", results=(build.result(position=1.0),))
    position = _slopes(contract, facts)["goal", "position"]
    assert position.up is None
    assert position.down == Decimal("-0.5")


def _of(found: tuple[Cliff, ...], kind: str) -> list[Cliff]:
    return [cliff for cliff in found if cliff.kind == kind]


@pytest.mark.parametrize(
    ("passes_when", "spending", "at", "before", "after"),
    [
        ("at_or_above", "9700000", "9800000.01", "100000", "0"),
        ("above", "9700000", "9800000.00", "100000.005", "0"),
        ("at_or_above", "9800000", "9800000.01", "100000", "0"),
        ("at_or_above", "9800000.01", "9800000.00", "0", "100000"),
        ("at_or_above", "9901000.37", "9800000.00", "0", "100000"),
    ],
)
def test_the_cliff_of_a_gate_to_the_cent(
    passes_when: str, spending: str, at: str, before: str, after: str
) -> None:
    contract = build.contract(threshold__rate="0.02", threshold__passes_when=passes_when)
    (cliff,) = cliffs(contract, build.facts(target="10000000", spending=spending))
    assert (cliff.what, cliff.kind) == ("spending", "spending")
    assert (cliff.now, cliff.at) == (Decimal(spending), Decimal(at))
    assert (cliff.before, cliff.after) == (Decimal(before), Decimal(after))
    assert cliff.stake == Decimal(after) - Decimal(before)


def test_a_deductible_has_no_cliff() -> None:
    contract = build.contract(threshold__rate="0.02", threshold__mode="deductible")
    assert not cliffs(contract, build.facts(target="10000000", spending="9700000"))


def test_a_cliff_in_words() -> None:
    contract = build.contract(threshold__rate="0.02")
    (cliff,) = cliffs(contract, build.facts(target="10000000", spending="9700000"))
    assert cliff.words.en == (
        "With €100,000.01 more spent (€9,800,000.01 in all), the payment falls at once from €100,000.00 to "
        "€0.00: €100,000.00 less."
    )
    # the sign never stands alone at the end of a line
    assert cliff.words.nl.count("€\N{NO-BREAK SPACE}") == cliff.words.nl.count("€") == 5
    assert cliff.words.nl.replace("\N{NO-BREAK SPACE}", " ") == (
        "Bij € 100.000,01 meer uitgaven (samen € 9.800.000,01) daalt de betaling ineens van € 100.000,00 "
        "naar € 0,00: € 100.000,00 minder."
    )


def test_how_many_records_a_goal_is_away() -> None:
    """87 % of 300 is 261: from 255 six more, whatever the millionth at which it was found."""
    minimum = {**GOAL, "attain": {**LEVEL, "target": "0.87"}, "minimum_attained": 1}
    contract = build.contract(
        quality__indicators=[minimum], quality__minimum_missed="no-payment", quality__digits=4
    )
    facts = build.facts(target="1000000", spending="900000", results=(build.result(adjusted=0.85),))
    evidence = replace(evidence_of(facts), counts={"goal": COUNTS})
    (cliff,) = cliffs(contract, facts, evidence)
    assert (cliff.kind, cliff.events, cliff.stake) == ("value", 6, 50_000)
    # rounded half up to four digits, 0.86995 is enough
    assert cliff.at == Decimal("0.86995")
    assert "6 records more with this outcome" in cliff.words.en
    for events, paid in ((260, 0), (261, 50_000)):
        moved = replace(facts, results=(build.result(adjusted=events * COUNTS.of_one),))
        assert settle(contract, moved).payment == paid


@pytest.mark.parametrize("start", range(250, 270))
def test_events_are_counted_to_the_one(start: int) -> None:
    minimum = {**GOAL, "attain": {**LEVEL, "target": "0.87"}, "minimum_attained": 1}
    contract = build.contract(quality__indicators=[minimum], quality__minimum_missed="no-payment")
    counts = replace(COUNTS, events=start)
    score = build.result(adjusted=start * counts.of_one)
    facts = build.facts(target="1000000", spending="900000", results=(score,))
    (cliff,) = cliffs(contract, facts, replace(evidence_of(facts), counts={"goal": counts}))
    # 261 is the first that meets the goal, and 260 the first that does not
    assert cliff.events == (261 - start if start < 261 else 260 - start)


def test_a_value_that_is_drawn_to_the_benchmark_must_lie_further() -> None:
    """Half of it and half of the benchmark, 0.80: the goal of 0.87 takes 0.94, rounded to six digits."""
    minimum = {**GOAL, "attain": {**LEVEL, "target": "0.87"}, "minimum_attained": 1}
    contract = build.contract(
        quality__indicators=[minimum],
        quality__minimum_missed="no-payment",
        quality__value="reliability-weighted",
    )
    score = build.result(adjusted=0.85, reliability=0.5, reference=0.8)
    (cliff,) = cliffs(contract, build.facts(target="1000000", spending="900000", results=(score,)))
    assert cliff.at == Decimal("0.939999")


@pytest.mark.parametrize(("passes_when", "cents"), [("at_or_above", "0.01"), ("above", "0.00")])
def test_the_cent_is_found_in_fifteen_billion(passes_when: str, cents: str) -> None:
    contract = build.contract(threshold__rate="0.02", threshold__passes_when=passes_when)
    (cliff,) = cliffs(contract, build.facts(target="15000000000", spending="14600000000"))
    assert cliff.at == 14_700_000_000 + Decimal(cents)


def test_distance_in_standard_errors_puts_the_likely_cliffs_first() -> None:
    steps = [{"from_score": 0, "rate": "0.1"}, {"from_score": "0.5", "rate": "0.5"}]
    contract = build.contract(
        quality__indicators=[GOAL], share={"kind": "steps", "steps": steps}, threshold__rate="0.02"
    )
    score = build.result(adjusted=0.86, lower=0.82, upper=0.90)
    facts = build.facts(target="10000000", spending="9500000", results=(score,))
    first, second = cliffs(contract, facts, evidence_of(facts, cv=2.0))
    # below 0.85 by rounding to six digits: 0.8499994 is still 0.849999
    assert (first.what, first.at) == ("goal", Decimal("0.849999"))
    assert first.errors == pytest.approx(0.010001 / (0.04 / 1.959964), rel=1e-5)
    assert first.stake == Decimal("-200000")
    assert (second.what, second.kind) == ("spending", "spending")
    assert second.errors == pytest.approx(300_000.01 / (9_500_000 * 2 / 1000**0.5), rel=1e-6)


def test_neighbouring_funnel_classes() -> None:
    bands = {"low998": 1, "low95": 1, "in": "0.5", "high95": 0, "high998": 0}
    contract = build.contract(
        quality__indicators=[{**GOAL, "attain": {"by": "band", "attained": bands}}],
        share={"base": 0, "at_full_quality": "0.5"},
    )
    facts = build.facts(target="1000000", spending="900000")
    found = cliffs(contract, facts)
    assert [(cliff.now, cliff.at, cliff.stake) for cliff in found] == [
        ("in", "low95", 25_000),
        ("in", "high95", -25_000),
    ]
    assert "falls in the class 'high (95%)'" in found[1].words.en
    outer = build.facts(target="1000000", spending="900000", results=(build.result(band="low998"),))
    assert not cliffs(contract, outer)


def test_minima_of_records_and_reliability() -> None:
    contract = build.contract(
        population__minimum_records=900,
        quality__indicators=[GOAL],
        quality__too_small={"records": 250, "then": "zero"},
        quality__reliability={"floor": "0.6", "below_floor": "zero"},
        share={"base": 0, "at_full_quality": "0.5"},
    )
    score = build.result(adjusted=0.9, reliability=0.7)
    facts = build.facts(target="1000000", spending="900000", results=(score,))
    found = {(cliff.what, cliff.kind): cliff for cliff in cliffs(contract, facts)}
    population = found["records", "records"]
    # with 900 of the 1,000 records 810,000 is spent, and half of 190,000 paid; with 899 nothing
    assert (population.at, population.before, population.after) == (899, 95_000, 0)
    assert (found["goal", "records"].at, found["goal", "records"].stake) == (249, -50_000)
    assert found["goal", "reliability"].at == Decimal("0.599999")
    assert "the reliability of goal comes out" in found["goal", "reliability"].words.en
    too_few = replace(facts, results=(replace(score, n=200, reliability=0.5),))
    assert not cliffs(contract, too_few)


def test_records_with_which_nothing_would_be_settled() -> None:
    contract = build.contract(population__minimum_records=990, population__below_minimum="no-settlement")
    (cliff,) = cliffs(contract, build.facts(target="1000000", spending="900000"))
    assert (cliff.at, cliff.after, cliff.stake) == (989, None, -cliff.before)
    assert cliff.words.en.endswith("nothing is settled at all; now the payment is €54,500.00.")


def _checked(contract: Contract, inputs: SettlementInputs, found: tuple[Cliff, ...]) -> Counter[str]:
    """Each cliff in spending is in the payments of the ledger; and none lies nearer."""
    payer = contract.parties.payers[0]

    def pays(spending: Decimal) -> Decimal:
        return settle_one(contract, replace(inputs, spending=spending), payer=payer).payment

    unit = Decimal("0.01") if contract.rounding.unit == "cent" else Decimal(1)
    target = settle_one(contract, inputs, payer=payer).step("target").amount
    seen: Counter[str] = Counter(cliff.kind for cliff in found)
    for cliff in _of(found, "spending"):
        assert isinstance(cliff.at, Decimal)
        side = Decimal("0.01") if cliff.at < inputs.spending else Decimal("-0.01")
        assert abs(pays(cliff.at) - cliff.after) <= unit
        assert abs(pays(cliff.at + side) - cliff.before) <= unit
        way = (cliff.at + side - inputs.spending) / 40
        rungs = [pays(inputs.spending + way * number) for number in range(41)]
        steepest = max(abs(high - low) for low, high in pairwise(rungs))
        # no share here rises by more than 3 euros per euro
        assert steepest <= 3 * abs(way) + unit + target / 10_000
    return seen


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name.partition(".")[0])
def test_cliffs_of_every_shipped_contract(path: Any) -> None:
    contract = read(path)
    for seed in range(3):
        inputs = any_facts(contract, Random(seed))
        if inputs.above is None:
            _checked(contract, inputs, cliffs(contract, inputs, evidence_of(inputs)))


def test_cliffs_of_generated_contracts() -> None:
    seen: Counter[str] = Counter()
    for seed in range(120):
        terms, facts = generate(Random(seed))
        contract = parse_contract(terms)
        inputs = to_inputs(facts, contract)
        if inputs.above is None and inputs.interim is None:
            seen += _checked(contract, inputs, cliffs(contract, inputs))
    assert min(seen[kind] for kind in ("spending", "value", "position", "band", "records")) > 4, seen
