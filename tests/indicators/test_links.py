"""Tables whose rows are those of another table: of the patient, of another dataset, of a table beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.compile import dataset_select
from indicators.dataset import Dataset, acquainted
from indicators.links import link_faults
from tests.indicators.build import INDICATOR, changed, dump, messages

STAY = """\
dataset: stay
version: 1.0.0
title: {nl: Opnames, en: Stays}
source: made for a test
key: [id]
provider: provider
period: {year_of: admitted}
columns:
  id: {type: integer, required: true}
  provider: {type: text, required: true}
  patient: {type: text, identifier: true}
  admitted: {type: date, required: true}
  discharged: {type: date}
  kind: {type: text}
derive:
  planned: {value: kind = 'planned', type: boolean}
  back:
    any: true
    of: later
    where: not planned
    by: admitted
    between: ["add_days(discharged, 1)", "add_days(discharged, 30)"]
tables:
  later:
    rows_of: stay
    link: {patient: patient}
    columns:
      patient: {type: text, identifier: true}
      admitted: {type: date}
      planned: {type: boolean}
"""
DEATH = """\
dataset: death
version: 1.0.0
title: {nl: Overlijden, en: Deaths}
source: made for a test
key: [person]
provider: region
period: {year_of: died}
columns:
  person: {type: text, identifier: true, required: true}
  region: {type: text, required: true}
  died: {type: date, required: true}
derive:
  winter: {value: "died > date '2024-10-01'", type: boolean}
"""
DIED = {
    "rows_of": "death",
    "link": {"person": "patient"},
    "columns": {"person": {"type": "text", "identifier": True}, "died": {"type": "date"}},
}
DAY = dt.date(2024, 1, 1)


def stay(**changes: Any) -> dict[str, Any]:
    return changed(STAY, changes)


def datasets(*definitions: dict[str, Any]) -> list[Dataset]:
    return acquainted([Dataset.model_validate(each) for each in definitions], {})


def computed(of: Dataset, name: str, tables: dict[str, list[dict[str, Any]]]) -> list[Any]:
    """One column of the records of a dataset, by their line; rows by full name of their table."""
    known, held = of.known_tables, {}
    with duckdb.connect() as con:
        for table in of.tables_to_read():
            columns = known[table.name].columns
            kinds = {"integer": "bigint", "text": "varchar"}
            typed = ", ".join(
                f"{each} {kinds.get(column.type, column.type)}" for each, column in columns.items()
            )
            held[table.name] = f'"stored {table.name}"'
            con.execute(f"create table {held[table.name]} (_delivery int, _line int, {typed})")
            for line, row in enumerate(tables.get(table.name, []), start=1):
                values = [row.get(each) for each in columns]
                places = ", ".join("?" for _ in values)
                con.execute(f"insert into {held[table.name]} values (1, {line}, {places})", values)
        sql = dataset_select(of, held[of.name], child_rows=held)
        return [row[0] for row in con.execute(f'select "{name}" from ({sql}) order by _line').fetchall()]


_day = st.integers(0, 70).map(lambda n: DAY + dt.timedelta(days=n))
_stays = st.lists(
    st.fixed_dictionaries({
        "patient": st.sampled_from(["a", "b", None]),
        "admitted": _day,
        "discharged": st.none() | _day,
        "kind": st.sampled_from(["planned", "urgent", None]),
    }),
    max_size=8,
)  # fmt: skip


@given(_stays)
@settings(max_examples=80, deadline=None)
def test_back_within_thirty_days_against_python(rows: list[dict[str, Any]]) -> None:
    [of] = datasets(stay())
    assert computed(of, "back", {"stay": rows}) == [
        row["discharged"] is not None
        and any(
            other is not row
            and row["patient"] is not None
            and other["patient"] == row["patient"]
            and other["kind"] not in ("planned", None)
            and 1 <= (other["admitted"] - row["discharged"]).days <= 30
            for other in rows
        )
        for row in rows
    ]


def test_a_record_does_not_belong_to_itself() -> None:
    derive = {"others": {"count": True, "of": "later"}}
    tables = stay()["tables"]
    del tables["later"]["columns"]["planned"]
    [of] = datasets(stay(derive=derive, tables=tables))
    rows = [{"patient": patient, "admitted": DAY} for patient in ("a", "a", "a", "b", None, None)]
    assert computed(of, "others", {"stay": rows}) == [2, 2, 2, 0, 0, 0]


@pytest.mark.parametrize(("column", "wanted"), [("died", [DAY, None]), ("winter", [False, None])])
def test_rows_of_another_dataset_delivered_and_computed(column: str, wanted: list[Any]) -> None:
    kind = {"died": "date", "winter": "boolean"}[column]
    died = {**DIED, "columns": {**DIED["columns"], column: {"type": kind}}}
    derive = {"found": {"first": column, "of": "died", "by": "died"}}
    of, _ = datasets(stay(derive=derive, tables={"died": died}), changed(DEATH, {}))
    assert of.linked_datasets == ("death",)
    deaths = [{"person": "a", "died": DAY}, {"person": "c", "died": DAY}]
    rows = {"stay": [{"patient": "a", "admitted": DAY}, {"patient": "b", "admitted": DAY}], "death": deaths}
    assert computed(of, "found", rows) == wanted


_SICK = {
    "note": {
        "link": {"id": "id"},
        "columns": {
            "id": {"type": "integer", "required": True},
            "kind": {"type": "text"},
            "since": {"type": "date"},
            "till": {"type": "date"},
        },
        "tables": {
            "visit": {
                "rows_of": "stay.note",
                "link": {"id": "id"},
                "columns": {
                    "id": {"type": "integer"},
                    "is_visit": {"type": "boolean"},
                    "since": {"type": "date"},
                    "till": {"type": "date"},
                },
            }
        },
        "derive": {
            "is_visit": {"value": "kind = 'visit'", "type": "boolean"},
            "during": {
                "any": True,
                "of": "visit",
                "where": "is_visit and record(since) between since and till",
            },
        },
    }
}


def test_a_diagnosis_during_a_visit_both_rows_of_one_table() -> None:
    derive = {"sick": {"any": True, "of": "note", "where": "kind = 'diagnosis' and during"}}
    [of] = datasets(stay(tables=_SICK, derive=derive))
    assert not list(link_faults(of))
    notes = [
        (1, "visit", 1, 3), (1, "diagnosis", 3, 9),
        (2, "visit", 1, 3), (2, "diagnosis", 4, 9),
        (3, "call", 1, 3), (3, "diagnosis", 2, 2),
        (4, "diagnosis", 2, 2), (4, "visit", 2, 2),
        (5, "visit", 1, 9), (6, "diagnosis", 2, 2),
    ]  # fmt: skip
    rows = [
        {"id": id, "kind": kind, "since": DAY.replace(day=since), "till": DAY.replace(day=till)}
        for id, kind, since, till in notes
    ]
    records = [{"id": id, "admitted": DAY} for id in range(1, 7)]
    assert computed(of, "sick", {"stay": records, "stay.note": rows}) == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]


def _later(**changes: Any) -> dict[str, Any]:
    return {"later": {**stay()["tables"]["later"], **changes}}


_PATIENT = {"type": "text", "identifier": True}


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        (
            _later(rows_of="stays"),
            "d.yaml:38: tables.later.rows_of: there is no dataset or table 'stays' (did you mean 'stay'?)",
        ),
        (_later(rows_of="Stay"), "'Stay': expected a dataset or a table of one, such as stay.visit"),
        (
            _later(rows_of="stay.later"),
            "tables.later.rows_of: 'stay.later' has no rows of its own",
        ),
        (
            _later(columns={"patient": _PATIENT, "admited": {"type": "date"}}),
            "tables.later.columns.admited: stay has no column 'admited' (did you mean 'admitted'?)",
        ),
        (
            _later(columns={"patient": _PATIENT, "admitted": {"type": "datetime"}}),
            "tables.later.columns.admitted: in stay 'admitted' is date (write 'type: date')",
        ),
        (
            _later(columns={"patient": _PATIENT, "provider": {**_PATIENT}}),
            "tables.later.columns.provider: in stay 'provider' is no identifier (write 'identifier: false')",
        ),
        (
            _later(columns={"patient": {"type": "text"}}),
            "tables.later.link.patient: both columns are identifiers, or neither",
        ),
        (
            _later(columns={"patient": _PATIENT, "back": {"type": "boolean"}}),
            "tables.later.columns.back: 'back' must stand before 'n', which is computed of it in other "
            "rows",
        ),
        (
            _later(columns={"patient": _PATIENT, "admitted": {"type": "date", "required": True}}),
            "tables.later.columns.admitted.required: 'required' of this column is said in 'stay'",
        ),
        (_later(rows="admitted is null"), "later.rows: the rows are those of 'stay', and so is their 'rows'"),
        (
            _later(
                columns={"patient": _PATIENT, "admitted": {"type": "date"}},
                tables={
                    "code": {
                        "link": {"admitted": "admitted"},
                        "columns": {"admitted": {"type": "date", "required": True}},
                    }
                },
            ),
            "tables.later.tables.code: its rows would belong to rows of another table, which are "
            "delivered as 'stay.later' (say 'rows_of' which table holds them)",
        ),
    ],
)  # fmt: skip
def test_faults_of_a_link(tables: dict[str, Any], fault: str) -> None:
    derive = {"n": {"count": True, "of": "later"}, "back": {"value": "n > 0", "type": "boolean"}}
    found = messages(dump(stay(tables=tables, derive=derive)), "d.yaml")
    assert len(found) == 1
    assert fault in found[0]


def test_tables_that_are_computed_of_each_other() -> None:
    visit = {
        "rows_of": "stay",
        "link": {"id": "id"},
        "columns": {"id": {"type": "integer"}, "sick": {"type": "boolean"}},
    }
    note = {**_SICK["note"], "tables": {"visit": visit}, "derive": {"n": {"count": True, "of": "visit"}}}
    derive = {"sick": {"any": True, "of": "note", "where": "n > 0"}}
    [fault] = messages(dump(stay(tables={"note": note}, derive=derive)), "d.yaml")
    assert "tables.note.tables.visit.rows_of: computed of each other, without end: " in fault
    assert "stay.note.visit of stay of stay.note of stay.note.visit (take delivered columns only" in fault
    note["tables"]["visit"]["columns"] = {"id": {"type": "integer"}, "kind": {"type": "text"}}
    assert messages(dump(stay(tables={"note": note}, derive=derive)), "d.yaml") == []


def test_rows_of_a_table_in_the_record_are_not_given_twice() -> None:
    [of] = datasets(stay(tables=_SICK, derive={"sick": {"any": True, "of": "note", "where": "during"}}))
    rows = {"note": [{"kind": "visit", "tables": {"visit": [{"since": "2024-01-01"}]}}]}
    example = {"given": {"kind": "planned", "tables": rows}, "expect": {"state": "met"}}
    indicator = changed(
        INDICATOR,
        {
            "dataset": "stay",
            "population": "sick is not null",
            "exclude": [],
            "case_mix": [],
            "outcome": {"kind": "binary", "when": "sick", "better": "lower"},
            "examples": [example],
        },
    )
    [fault] = messages(dump(indicator), "x.yaml", against=of)
    assert "examples.1.given.tables.note.1.tables.visit: stay.note.visit holds the rows of stay.note" in fault
