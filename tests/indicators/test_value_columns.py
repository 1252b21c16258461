"""Columns of a record that an expression gives."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from indicators.compile import dataset_select
from tests.indicators.build import DATASET, changed, dataset, dump, messages

DERIVE = {
    "weeks": {"value": "floor(ratio(280 - days_between(day, discharge), 7))", "type": "number"},
    "due": {"value": "add_months(born, 9)", "type": "date"},
    "late": {"value": "weeks > 37 and discharge > due", "type": "boolean"},
    "kind": {"value": "case when late then 'late' end", "type": "text"},
}


@pytest.mark.parametrize(
    ("day", "discharge", "born", "row"),
    [
        ("2024-01-01", "2024-01-15", "2023-04-14", (38, "2024-01-14", True, "late")),
        ("2024-01-01", "2024-01-16", "2023-05-31", (37, "2024-02-29", False, None)),
        ("2024-01-01", "2024-01-15", None, (38, None, None, None)),
        ("2024-01-01", None, None, (None, None, None, None)),
    ],
)
def test_each_of_those_before_it(
    day: str, discharge: str | None, born: str | None, row: tuple[Any, ...]
) -> None:
    columns = "cast(? as date) as day, cast(? as date) as discharge, cast(? as date) as born"
    sql = dataset_select(dataset(derive=DERIVE), f"(select {columns})")
    with duckdb.connect() as con:
        found = con.execute(f"select weeks, due::text, late, kind from ({sql})", [day, discharge, born])
        assert found.fetchall() == [row]


def test_its_type_is_known() -> None:
    types = dataset(derive=DERIVE).types
    assert [types[name] for name in DERIVE] == ["decimal", "date", "boolean", "text"]


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ({"value": "aga > 1", "type": "boolean"}, "there is no column 'aga' (did you mean 'age'?)"),
        ({"value": "age + 1", "type": "date"}, "'age + 1' is a number; expected a date"),
        (
            {"value": "sex = '1'", "type": "boolean"},
            "'sex' has no value '1' (that is how it is delivered; here it is 'female')",
        ),
        ({"value": "x = 1", "type": "boolean"}, "'x' must stand before 'x', which is computed of it"),
        ({"value": "age = 1"}, "this field is missing"),
    ],
)
def test_faults(block: dict[str, str], fault: str) -> None:
    found = messages(dump(changed(DATASET, {"derive": {"x": block}})), "d.yaml")
    assert len(found) == 1
    assert "derive.x" in found[0]
    assert found[0].endswith(fault)
