"""The helpers, in the engine and in the evaluator, against calendars that are not ours."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from indicators.evaluate import evaluate
from indicators.expression import ExpressionError, Scope, parse, to_sql

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "helpers.json").read_text(encoding="utf-8"))
COLUMNS = {"d": "date", "e": "date", "t": "datetime", "u": "datetime", "n": "integer", "x": "decimal"}
COLUMNS |= {"code": "text", "system": "text"}
CODES = {"cs": {None: ("a", "b")}, "cs/by": {"s1": ("1", "2"), "s2": ("3",)}, "empty": {None: ()}}
SQL = {
    "date": "date",
    "datetime": "timestamp",
    "integer": "bigint",
    "decimal": "decimal(18, 3)",
    "text": "varchar",
}


def both(text: str, zone: str = "UTC", **row: Any) -> Any:
    """Value of an expression on a row, which engine and evaluator agree on."""
    node = parse(text, Scope(COLUMNS, code_lists=CODES, zone=zone), None)
    row = {name: row.get(name) for name in COLUMNS}
    values = ", ".join(f"cast(${name} as {SQL[kind]}) as {name}" for name, kind in COLUMNS.items())
    with duckdb.connect() as con:
        found = con.execute(f"select {to_sql(node)} from (select {values})", row).fetchall()[0][0]
    assert found == evaluate(node, row)
    return found


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize("name", ["add_months", "add_days"])
def test_days_are_added(name: str) -> None:
    for start, n, end in GOLDEN[name]:
        assert both(f"{name}(d, n)", d=day(start), n=n) == day(end), (start, n)


def test_the_start_of_a_year() -> None:
    for on, first in GOLDEN["start_of_year"]:
        assert both("start_of_year(d)", d=day(on)) == day(first), on


def test_age() -> None:
    for born, on, years in GOLDEN["age_years"]:
        assert both("age_years(d, e)", d=day(born), e=day(on)) == years, (born, on)


def test_the_day_of_a_moment_is_that_of_the_zone() -> None:
    for at, zone, on in GOLDEN["date_of"]:
        assert both("date_of(t)", zone, t=moment(at)) == day(on), (at, zone)


def test_elapsed() -> None:
    for a, b, seconds in GOLDEN["elapsed_seconds"]:
        row = {"t": moment(a), "u": moment(b)}
        assert both("hours_between(t, u)", **row) == round(Decimal(seconds) / 3600, 9)
        assert both("minutes_between(t, u)", **row) == round(Decimal(seconds) / 60, 9)
        assert both("add_minutes(t, n)", t=moment(a), n=int(seconds / 60)) is not None
        if seconds % 3600 == 0:
            assert both("add_hours(t, n)", t=moment(a), n=int(seconds / 3600)) == moment(b)


@pytest.mark.parametrize(
    ("text", "row", "value"),
    [
        ("least(n, 3)", {"n": 5}, 3),
        ("greatest(n, 3)", {"n": 5}, 5),
        ("least(n, 3)", {}, None),
        ("greatest(d, e)", {"d": day("2024-01-01")}, None),
        ("coalesce(n, 3)", {}, 3),
        ("coalesce(n, x)", {"x": Decimal("0.5")}, Decimal("0.5")),
        ("coalesce(d, e)", {}, None),
        ("floor(x)", {"x": Decimal("-0.5")}, -1),
        ("floor(n)", {"n": 7}, 7),
        ("floor(ratio(280 - n, 7))", {"n": 14}, 38),
        ("floor(ratio(280 - n, 7))", {"n": 15}, 37),
        ("floor(ratio(x, 0.1))", {"x": Decimal("0.3")}, 3),
        ("ratio(7, 10) + 0.1 = 0.8", {}, True),
        ("ratio(1, 3)", {}, Decimal("0.333333333")),
        ("2000000000 * 4 > n", {"n": 1}, True),
        (
            "hours_between(t, u) <= 1",
            {"t": moment("2024-01-01T00:00"), "u": moment("2024-01-01T01:00:00.001")},
            False,
        ),
        ("in_set(code, 'cs')", {"code": "a"}, True),
        ("in_set(code, 'cs')", {"code": "c"}, False),
        ("in_set(code, 'cs')", {}, None),
        ("in_set(code, 'empty')", {"code": "a"}, False),
        ("in_set(code, 'empty')", {}, None),
        ("in_set(code, system, 'cs/by')", {"code": "3", "system": "s2"}, True),
        ("in_set(code, system, 'cs/by')", {"code": "3", "system": "s1"}, False),
        ("in_set(code, 'cs/by')", {"code": "3"}, True),
        ("not in_set(code, 'cs')", {"code": "c"}, True),
    ],
)
def test_others(text: str, row: dict[str, Any], value: Any) -> None:
    assert both(text, **row) == value


@pytest.mark.parametrize(
    "name",
    [
        "add_months(d, n)",
        "add_hours(t, n)",
        "date_of(t)",
        "start_of_year(d)",
        "hours_between(t, u)",
        "floor(x)",
    ],
)
def test_of_the_unknown_nothing_is_known(name: str) -> None:
    assert both(name) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t > d", "'t > d': compares a datetime with a date (the day of a datetime is date_of(t))"),
        (
            "add_days(t, 1) = d",
            "'add_days(t, 1)': add_days takes (date, number), not (datetime, number) "
            "(the day of a datetime is date_of(t))",
        ),
        ("add_days(d, x) = d", "'x': add_days counts in whole numbers: write floor(...)"),
        ("add_months(d, 0.5) = d", "'0.5': add_months counts in whole numbers: write floor(...)"),
        (
            "least(d, t) = d",
            "'least(d, t)': least takes two or more values of one type, not (date, datetime)",
        ),
        ("coalesce(d) = d", "'coalesce(d)': coalesce takes two or more values of one type, not (date)"),
        ("in_set(code, 'css')", "'in_set(code, 'css')': there is no code list 'css' (did you mean 'cs'?)"),
        ("in_set(n, 'cs')", "'in_set(n, 'cs')': in_set takes a text, not a number"),
        (
            "in_set('cs')",
            "'in_set('cs')': in_set takes a code and the name of a list: in_set(code, 'list')",
        ),
        (
            "in_set(code, system, 'cs')",
            "'in_set(code, system, 'cs')': the codes of 'cs' have no system: write in_set(code, 'cs')",
        ),
        (
            "record(d) > d",
            "there is no function 'record' (known: add_days, add_hours, add_minutes, "
            "add_months, age_years, coalesce, date_of, days_between, ...)",
        ),
        ("d + interval 1 month > d", None),
    ],
)
def test_refused(text: str, message: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, Scope(COLUMNS, code_lists=CODES))
    if message:
        assert str(caught.value) == message


def test_a_column_of_the_record() -> None:
    scope = Scope({"t": "datetime"}, record={"t": "datetime", "n": "integer"})
    node = parse("t >= record(t) and record(n) > 1", scope)
    assert node.record_columns == ("t", "n")
    assert to_sql(node) == '(("t" >= "record.t") and ("record.n" > cast(1 as bigint)))'
    at = moment("2024-01-01T00:00")
    assert evaluate(node, {"t": at}, {"t": at, "n": 2}) is True
    with pytest.raises(ExpressionError, match="the record has no column 't'"):
        parse("record(t) = t", Scope({"t": "datetime"}, record={"n": "integer"}))
