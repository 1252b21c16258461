"""Columns of a record that the rows of child tables give, held against what Python makes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.compile import dataset_select
from indicators.dataset import Dataset
from tests.indicators.build import DATASET, INDICATOR, changed, dump, messages

VISIT = {
    "link": {"id": "id"},
    "columns": {
        "id": {"type": "integer", "required": True},
        "visit": {"type": "integer"},
        "seen": {"type": "date"},
        "kind": {"type": "category", "codes": {"1": "home", "2": "clinic"}},
        "loss": {"type": "integer"},
        "dose": {"type": "decimal", "decimals": 2},
    },
}
CODES = {
    "link": {"id": "id", "visit": "visit"},
    "columns": {
        "id": {"type": "integer", "required": True},
        "visit": {"type": "integer", "required": True},
        "code": {"type": "text"},
    },
}
DAY = dt.date(2024, 1, 1)


def dataset(derives: dict[str, Any], /, **visit: Any) -> Dataset:
    return Dataset.model_validate(definition(derives, **visit))


def definition(derives: dict[str, Any], /, **visit: Any) -> dict[str, Any]:
    return changed(DATASET, {"derive": derives, "tables": {"visit": {**VISIT, **visit}}})


def computed(
    of: Dataset, rows: Sequence[tuple[Any, ...]], codes: Sequence[tuple[Any, ...]] = ()
) -> list[dict[str, Any]]:
    """Derived columns of two records on days 1 and 11 of January; rows are (id, seen, kind, loss, dose)."""
    with duckdb.connect() as con:
        con.execute(
            "create table record (_delivery int, _line int, id int, day date, discharge date, loss int)"
        )
        con.execute("insert into record values (1, 1, 1, '2024-01-01', '2024-01-03', 5)")
        con.execute("insert into record values (1, 2, 2, '2024-01-11', null, 7)")
        con.execute(
            "create table visit (_delivery int, _line int, id int, visit int, seen date, kind varchar, "
            "loss bigint, dose decimal(18, 2))"
        )
        for line, (record, *values) in enumerate(rows):
            con.execute("insert into visit values (1, ?, ?, ?, ?, ?, ?, ?)", [line, record, line, *values])
        con.execute("create table code (_delivery int, _line int, id int, visit int, code varchar)")
        for line, values in enumerate(codes):
            con.execute("insert into code values (1, ?, ?, ?, ?)", [line, *values])
        sql = dataset_select(of, "record", child_rows={"care.visit": "visit", "care.visit.code": "code"})
        names = ", ".join(of.derive)
        found = con.execute(f"select {names} from ({sql}) order by id").fetchall()
    return [dict(zip(of.derive, row, strict=True)) for row in found]


def day(number: int) -> dt.date:
    return DAY + dt.timedelta(days=number - 1)


ROWS = [
    (1, day(2), "home", 100, Decimal("0.50")),
    (1, day(2), "clinic", None, Decimal("0.25")),
    (1, day(1), "home", 300, None),
    (1, day(9), "clinic", 900, Decimal(1)),
    (1, None, "home", 50, Decimal(2)),
]


@pytest.mark.parametrize(
    ("block", "first", "second"),
    [
        ({"count": True}, 5, 0),
        ({"count": True, "where": "kind = 'home'"}, 3, 0),
        ({"count": True, "where": "loss > 90"}, 3, 0),
        ({"any": True, "where": "loss > 900"}, False, False),
        ({"any": True, "where": "loss > 899"}, True, False),
        ({"any": True, "where": "loss > record(loss) * 100"}, True, False),
        ({"first": "loss", "by": "seen"}, 300, None),
        ({"last": "loss", "by": "seen"}, 900, None),
        ({"last": "kind", "by": "seen", "where": "seen < record(discharge)"}, "clinic", None),
        ({"last": "loss", "by": "seen", "where": "seen < record(discharge)"}, None, None),
        ({"first": "loss", "by": "seen", "where": "seen > record(day)"}, 100, None),
        ({"last": "loss", "by": "seen", "between": ["day", "add_days(discharge, 6)"]}, 900, None),
        ({"last": "loss", "by": "seen", "between": ["day", "add_days(discharge, 5)"]}, None, None),
        ({"count": True, "by": "seen", "between": ["add_days(day, 1)", "discharge"]}, 2, 0),
        ({"sum": "loss"}, None, 0),
        ({"sum": "loss", "where": "loss is not null"}, 1350, 0),
        ({"sum": "dose", "where": "kind = 'clinic'"}, Decimal("1.25"), 0),
        ({"min": "dose"}, Decimal("0.25"), None),
        ({"max": "seen"}, day(9), None),
        ({"min": "loss", "where": "loss > 1000"}, None, None),
        ({"distinct": "seen"}, 3, 0),
        ({"distinct": "loss", "where": "kind = 'clinic'"}, 1, 0),
        ({"distinct": "floor(ratio(days_between(record(day), seen), 7))"}, 2, 0),
        ({"distinct": "kind", "by": "seen", "between": ["day", "day"]}, 1, 0),
        ({"days": ["seen", "add_days(seen, 3)"]}, None, 0),
        ({"days": ["seen", "add_days(seen, 3)"], "where": "seen is not null"}, 9, 0),
        ({"days": ["seen", "record(discharge)"], "where": "seen is not null"}, 3, 0),
        ({"days": ["add_days(seen, 1)", "seen"], "where": "seen is not null"}, 0, 0),
        ({"days": ["seen", "seen"], "where": "loss > 1000"}, 0, 0),
    ],
)
def test_one_block(block: dict[str, Any], first: object, second: object) -> None:
    found = computed(dataset({"x": {**block, "of": "visit"}}), ROWS)
    assert [row["x"] for row in found] == [first, second]


def test_blocks_of_those_before_them_and_tables_in_tables() -> None:
    visit = {
        "tables": {"code": CODES},
        "derive": {
            "n_codes": {"count": True, "of": "code", "where": "code <> 'x'"},
            "bleeding": {"any": True, "of": "code", "where": "code = 'b' and record(loss) > 90"},
            "heavy": {"value": "bleeding and n_codes > 1", "type": "boolean"},
        },
    }
    derive = {
        "last_home": {"last": "seen", "of": "visit", "by": "seen", "where": "kind = 'home'"},
        "after": {"count": True, "of": "visit", "where": "seen > record(last_home)"},
        "heavy": {"first": "seen", "of": "visit", "where": "heavy", "by": "seen"},
        "codes": {"sum": "n_codes", "of": "visit"},
        "days": {"value": "days_between(day, last_home)", "type": "number"},
    }
    codes = [(1, 0, "b"), (1, 0, "c"), (1, 2, "b"), (1, 3, "b"), (1, 3, "x"), (2, 0, "b"), (1, 99, "b")]
    found = computed(dataset(derive, **visit), ROWS, codes)
    assert found == [
        {"last_home": day(2), "after": 1, "heavy": day(2), "codes": 4, "days": 1},
        {"last_home": None, "after": 0, "heavy": None, "codes": 0, "days": None},
    ]


def test_rows_belong_to_every_record_that_they_are_linked_to() -> None:
    visit = {
        "link": {"loss": "loss"},
        "columns": {**VISIT["columns"], "loss": {"type": "integer", "required": True}},
    }
    derive = {"x": {"count": True, "of": "visit"}}
    assert [row["x"] for row in computed(dataset(derive, **visit), [(9, None, None, 7, None)] * 3)] == [0, 3]


_row = st.tuples(
    st.sampled_from([1, 2, 3]),
    st.none() | st.integers(1, 4).map(day),
    st.sampled_from(["home", "clinic"]),
    st.none() | st.integers(-3, 3),
    st.none(),
)


@given(st.lists(_row, max_size=12))
@settings(max_examples=60, deadline=None)
def test_against_python(rows: list[tuple[Any, ...]]) -> None:
    of = {"of": "visit"}
    derive = {
        "first": {"first": "loss", "by": "seen", **of},
        "last": {"last": "loss", "by": "seen", "where": "kind = 'home'", **of},
        "within": {"last": "kind", "by": "seen", "between": ["day", "discharge"], **of},
        "n": {"count": True, "where": "loss > 0", **of},
        "any": {"any": True, "where": "loss > 0 and seen > record(day)", **of},
        "sum": {"sum": "loss", "where": "kind = 'home'", **of},
        "max": {"max": "loss", **of},
        "losses": {"distinct": "loss", "where": "kind = 'home'", **of},
        "later": {"distinct": "days_between(record(day), seen) > loss", **of},
        "days": {"days": ["seen", "add_days(record(day), loss)"], "where": "kind = 'home'", **of},
    }
    found = computed(dataset({f"x_{name}": block for name, block in derive.items()}), rows)
    records = ((1, day(1), day(3)), (2, day(11), None))
    assert [list(row.values()) for row in found] == [_by_hand(rows, *record) for record in records]


def _by_hand(rows: list[tuple[Any, ...]], id: int, start: dt.date, end: dt.date | None) -> list[Any]:
    mine = [row[1:4] for row in rows if row[0] == id]
    in_order = sorted((row for row in mine if row[0] is not None), key=lambda row: row[0])  # stable
    home = [row for row in in_order if row[1] == "home"]
    within = [row for row in in_order if end is not None and start <= row[0] <= end]
    losses = [loss for _, kind, loss in mine if kind == "home"]
    return [
        in_order[0][2] if in_order else None,
        home[-1][2] if home else None,
        within[-1][1] if within else None,
        sum(1 for row in mine if row[2] is not None and row[2] > 0),
        any(loss is not None and loss > 0 and seen is not None and seen > start for seen, _, loss in mine),
        None if None in losses else sum(losses),
        max((row[2] for row in mine if row[2] is not None), default=None),
        len({loss for loss in losses if loss is not None}),
        len({(s - start).days > n for s, _, n in mine if s is not None and n is not None}),
        _days([row for row in mine if row[1] == "home"], start),
    ]


def _days(rows: list[tuple[Any, ...]], start: dt.date) -> int | None:
    if any(seen is None or loss is None for seen, _, loss in rows):
        return None
    ends = [(seen, start + dt.timedelta(days=loss)) for seen, _, loss in rows]
    return len({seen + dt.timedelta(days=n) for seen, end in ends for n in range((end - seen).days + 1)})


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (
            {"count": True, "of": "visits"},
            "derive.x.of: there is no table 'visits' here (did you mean 'visit'?)",
        ),
        (
            {"first": "los", "by": "seen"},
            "derive.x.first: table 'visit' has no column 'los' (did you mean 'loss'?)",
        ),
        (
            {"last": "loss", "by": "kind"},
            "derive.x.by: 'kind' is category; expected one of integer, decimal, date, datetime",
        ),
        ({"sum": "kind"}, "derive.x.sum: 'kind' is category; expected one of integer, decimal"),
        (
            {"first": "loss"},
            "derive.x: a record may have several rows of 'visit': say 'by' which column they are ordered, "
            "or give the table a key of linked columns, so that there is one",
        ),
        (
            {"count": True, "by": "seen"},
            "derive.x.by: 'by' orders rows for 'first' and 'last'; a count needs no order",
        ),
        (
            {"count": True, "between": ["day", "day"]},
            "derive.x.between: a window is one of a column: say 'by' which",
        ),
        ({"distinct": "los"}, "derive.x.distinct: there is no column 'los' (did you mean 'loss'?)"),
        ({"days": ["seen", "loss"]}, "derive.x.days.2: 'loss' is a number; expected a date"),
        (
            {"days": ["seen", "record(dya)"]},
            "derive.x.days.2: there is no column 'dya' (did you mean 'day'?)",
        ),
        ({"days": ["seen"]}, "derive.x.days.2: this field is missing"),
        ({"count": True, "any": True}, "derive.x.any: one field says how it is computed, not any and count"),
        (
            {"any": True, "where": "agee > 3"},
            "derive.x.where: there is no column 'agee' (did you mean 'age'?)",
        ),
        ({"any": True, "where": "record(kind) = 'home'"}, "the record has no column 'kind'"),
        (
            {"any": True, "where": "record(agee) > 3"},
            "derive.x.where: there is no column 'agee' (did you mean 'age'?)",
        ),
        (
            {"any": True, "where": "kind = 'hom'"},
            "derive.x.where: 'kind' has no value 'hom' (did you mean 'home'?)",
        ),
        (
            {"any": True, "where": "seen > record(x)"},
            "derive.x: 'x' must stand before 'x', which is computed of it",
        ),
        (
            {"any": True, "by": "seen", "between": ["age", "day"]},
            "derive.x.between.1: 'age' is a number; expected a date",
        ),
    ],
)
def test_faults_of_a_block(block: dict[str, Any], fault: str) -> None:
    found = messages(dump(definition({"x": {"of": "visit", **block}})), "d.yaml")
    assert len(found) == 1
    assert fault in found[0]
    assert found[0].startswith("d.yaml:")


@pytest.mark.parametrize(
    ("visit", "fault"),
    [
        ({"link": {"idd": "id"}}, "link.idd: there is no column 'idd' (did you mean 'id'?)"),
        (
            {"link": {"id": "idd"}},
            "tables.visit.link.id: the table above has no column 'idd' (did you mean 'id'?)",
        ),
        ({"link": {"id": "day"}}, "tables.visit.link.id: 'id' is integer, and 'day' is date"),
        (
            {"link": {"loss": "id"}},
            "columns.loss: without 'loss' a row belongs to no record: write 'required: true'",
        ),
        ({"link": {}}, "link: "),
        ({"rows": "kind = 'hom'"}, "tables.visit.rows: 'kind' has no value 'hom' (did you mean 'home'?)"),
        ({"rows": "kin = 'home'"}, "tables.visit.rows: "),
        ({"derive": {"y": {"value": "lss", "type": "number"}}}, "tables.visit.derive.y.value: "),
        (
            {"derive": {"y": {"any": True, "of": "visit"}}},
            "of: there is no table 'visit' here (there are none)",
        ),
    ],
)
def test_faults_of_a_table(visit: dict[str, Any], fault: str) -> None:
    found = messages(dump(definition({}, **visit)), "d.yaml")
    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        (
            {"visits": []},
            "examples.1.given.tables.visits: care has no table 'visits' (did you mean 'visit'?)",
        ),
        (
            {"visit": [{}, {"los": 3}]},
            "given.tables.visit.2.los: dataset care.visit has no column 'los' (did you mean 'loss'?)",
        ),
        (
            {"visit": [{"loss": "much"}]},
            "examples.1.given.tables.visit.1.loss: 'loss' is integer; 'much' is not",
        ),
        (
            {"visit": [{"kind": "hom"}]},
            "examples.1.given.tables.visit.1.kind: 'kind' has no value 'hom' (did you mean 'home'?)",
        ),
        (
            {"visit": [{"twice": 2}]},
            "examples.1.given.tables.visit.1.twice: 'twice' is computed in care.visit: ",
        ),
        (
            {"visit": [{"tables": {"code": []}}]},
            "examples.1.given.tables.visit.1.tables.code: care.visit has no table 'code' (it has no tables)",
        ),
        ({"visit": {"loss": 3}}, "examples.1.given.tables.visit: expected a list"),
    ],
)
def test_faults_of_the_rows_of_an_example(tables: dict[str, Any], fault: str) -> None:
    of = dataset({}, derive={"twice": {"value": "loss * 2", "type": "number"}})
    example = {"given": {"age": 30, "tables": tables}, "expect": {"state": "missing"}}
    found = messages(dump(changed(INDICATOR, {"examples": [example]})), "x.yaml", against=of)
    assert len(found) == 1
    assert fault in found[0]
