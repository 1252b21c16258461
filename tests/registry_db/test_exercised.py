"""Clauses that an example answers without being asked them: it does not exercise these."""

from __future__ import annotations

from typing import Any

import pytest

from registry_db.catalogue import Catalogue, merged, read_definition
from registry_db.checking import Exercised, run_examples
from tests.indicators.build import DATASET, INDICATOR, changed, dump

WHY = {"nl": "x", "en": "x"}
SEEN = {"derive": {"seen": {"value": "coalesce(discharge, discharge)", "type": "date"}}}
TOP_BOX = {"kind": "top_box", "answer": "mobility", "top": [1]}
RATE = {"unit": "rate", "decimals": 1, "of": WHY}
COUNT = {"kind": "count", "events": "events", "exposure": "case when twin then 2 else trials end"}


def exercised(outcome: dict[str, Any], *examples: tuple[dict[str, Any], str], **changes: Any) -> Exercised:
    """What examples show of an indicator with one outcome; each is what is given, and where it ends."""
    on = changes.pop("on", {})
    fields = {"population": "age >= 0", "exclude": None, "case_mix": None, **changes}
    listed = [{"given": {"age": 30} | given, "expect": {"state": state}} for given, state in examples]
    fields |= {"outcome": {"better": "lower"} | outcome, "examples": listed}
    written = {"dataset": changed(DATASET, on), "indicator": changed(INDICATOR, fields)}
    items = [read_definition(dump(data), f"x.{kind}.yaml") for kind, data in written.items()]
    return run_examples(merged(Catalogue({}), items), items[1])


def gaps(found: Exercised) -> list[tuple[str, str, bool]]:
    assert not found.faults
    said = [
        gap.message.removeprefix("no example makes '").removesuffix(" where it is asked")
        for gap in found.gaps
    ]
    clauses = [text.rpartition("' ") for text in said]
    return [
        (gap.field, clause, value == "true")
        for gap, (clause, _, value) in zip(found.gaps, clauses, strict=True)
    ]


def both(field: str, clause: str) -> list[tuple[str, str, bool]]:
    return [(field, clause, True), (field, clause, False)]


EXCUSED = [{"when": "twin", "why": WHY}]


def test_an_exception_is_not_asked_of_who_gave_the_top_answer_or_none() -> None:
    met = ({"mobility": 1, "twin": True}, "met")
    silent = ({"mobility": None, "twin": False}, "missing")
    assert gaps(exercised(TOP_BOX, met, silent, **{"except": EXCUSED})) == both("except.1.when", "twin")
    asked = [
        ({"mobility": 2, "twin": twin}, state) for twin, state in ((True, "excepted"), (False, "not-met"))
    ]
    assert gaps(exercised(TOP_BOX, *asked, **{"except": EXCUSED})) == []


def test_an_exception_is_not_asked_where_every_record_meets_the_outcome() -> None:
    met = [({"twin": twin}, "met") for twin in (True, False)]
    found = exercised({"kind": "binary", "when": "true"}, *met, **{"except": EXCUSED})
    assert gaps(found) == both("except.1.when", "twin")


def test_nothing_more_is_asked_without_the_day_that_the_follow_up_begins() -> None:
    follow_up = {"days": 30, "after": "discharge"}
    unknown = [({"twin": twin, "discharge": None}, "missing") for twin in (True, False)]
    binary = {"kind": "binary", "when": "twin"}
    assert gaps(exercised(binary, *unknown, follow_up=follow_up)) == both("outcome.when", "twin")
    known = [
        ({"twin": twin, "discharge": "2025-01-01"}, state)
        for twin, state in ((True, "met"), (False, "not-met"))
    ]
    assert gaps(exercised(binary, *known, follow_up=follow_up)) == []


def test_nothing_is_asked_without_the_day_that_tells_the_period() -> None:
    on = SEEN | {"period": {"year_of": "seen"}}
    given = [{"smoker": False, "twin": True}, {"smoker": True, "twin": True}, {"smoker": True, "twin": False}]
    binary, fields = {"kind": "binary", "when": "twin"}, {"population": "smoker", "on": on}
    unknown = [(one | {"seen": None}, "missing") for one in given]
    assert gaps(exercised(binary, *unknown, **fields)) == both("population", "smoker") + both(
        "outcome.when", "twin"
    )
    states = ("not-eligible", "met", "not-met")
    known = [(one | {"seen": "2025-01-01"}, state) for one, state in zip(given, states, strict=True)]
    assert gaps(exercised(binary, *known, **fields)) == []


@pytest.mark.parametrize("events", [None, -1])
def test_the_exposure_is_not_asked_of_a_record_without_a_count(events: int | None) -> None:
    unknown = [({"twin": twin, "trials": 1, "events": events}, "missing") for twin in (True, False)]
    assert gaps(exercised(COUNT, *unknown, show=RATE)) == both("outcome.exposure", "twin")
    known = [({"twin": twin, "trials": 1, "events": 1}, "value") for twin in (True, False)]
    assert gaps(exercised(COUNT, *known, show=RATE)) == []


def test_a_denominator_is_asked_where_the_population_cannot_be_told() -> None:
    """It leaves the record out, or else it is missing: the engine asks, so it is exercised."""
    given = [
        ({"smoker": None, "twin": False}, "not-eligible"),
        ({"smoker": True, "twin": True}, "value"),
        ({"smoker": False, "twin": True}, "not-eligible"),
    ]
    value = {"kind": "continuous", "value": "age"}
    points = {"unit": "points", "decimals": 1}
    assert gaps(exercised(value, *given, population="smoker", denominator="twin", show=points)) == []


def test_what_stands_in_a_branch_is_asked_of_who_comes_to_it() -> None:
    binary = {"kind": "binary", "when": "case when twin then loss > 1000 else loss > 500 end"}
    twins = [({"twin": True, "loss": loss}, state) for loss, state in ((1200, "met"), (400, "not-met"))]
    one = ({"twin": False, "loss": 700}, "met")
    assert gaps(exercised(binary, *twins, one)) == [("outcome.when", "loss > 500", False)]
    assert gaps(exercised(binary, *twins, one, ({"twin": False, "loss": 300}, "not-met"))) == []


@pytest.mark.parametrize("number", ["age", "age + loss", "age_years(born, day)"])
def test_what_can_be_no_other_way_in_a_branch_is_not_demanded(number: str) -> None:
    """Of who comes to the second condition the number is at most 40, or unknown: it is never false."""
    when = f"case when {number} > 40 then twin when {number} <= 40 then not twin end"
    ages = {50: "1974-01-01", 30: "1994-01-01"}
    given = [
        (
            {"age": age, "loss": 0, "born": born, "day": "2024-06-01", "twin": twin},
            "met" if twin is (age > 40) else "not-met",
        )
        for age, born in ages.items()
        for twin in (True, False)
    ]
    assert gaps(exercised({"kind": "binary", "when": when}, *given)) == []


def test_an_operand_of_coalesce_is_asked_where_the_earlier_ones_are_unknown() -> None:
    binary = {"kind": "binary", "when": "coalesce(smoker, twin)"}
    given = [
        ({"smoker": smoker, "twin": not smoker}, state)
        for smoker, state in ((True, "met"), (False, "not-met"))
    ]
    assert gaps(exercised(binary, *given)) == both("outcome.when", "twin")
    unknown = [({"smoker": None, "twin": twin}, state) for twin, state in ((True, "met"), (False, "not-met"))]
    assert gaps(exercised(binary, *given, *unknown)) == []


def test_a_whole_condition_is_named_when_all_that_it_joins_is_exercised() -> None:
    binary = {"kind": "binary", "when": "smoker and twin"}
    given = [({"smoker": smoker, "twin": twin}, "met" if smoker and twin else "not-met")
             for smoker, twin in ((True, True), (True, False), (False, True))]  # fmt: skip
    assert gaps(exercised(binary, given[0])) == [
        ("outcome.when", "smoker", False),
        ("outcome.when", "twin", False),
    ]
    assert gaps(exercised(binary, *given[1:])) == [("outcome.when", "smoker and twin", True)]
    assert gaps(exercised(binary, *given)) == []
