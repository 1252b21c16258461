"""The examples in the chapter on the language are true."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from indicators.evaluate import evaluate
from indicators.expression import Scope, parse, to_sql
from indicators.source import read_source
from tests.indicators.build import DATASET, changed, dump, messages
from tests.indicators.test_links import STAY

CHAPTER = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
TYPES = {
    "age": "integer", "loss": "integer", "weight": "decimal", "sex": "category", "events": "integer",
    "day": "date", "discharge": "date", "born": "date", "arrived": "datetime", "left": "datetime",
}  # fmt: skip
SCOPE = Scope(TYPES, code_lists={"women": {None: ("female",)}}, zone="Europe/Amsterdam")
ROW = {
    "age": 30, "loss": 1200, "weight": Decimal("71.5"), "sex": "female", "events": None,
    "day": dt.date(2024, 1, 31), "discharge": dt.date(2024, 3, 1), "born": dt.date(1994, 2, 1),
    "arrived": dt.datetime.fromisoformat("2023-12-31T23:30"),
    "left": dt.datetime.fromisoformat("2024-01-01T11:00"),
}  # fmt: skip
SQL = {"integer": "bigint", "decimal": "decimal(18, 3)", "category": "varchar", "datetime": "timestamp"}
# The last two cells of a row: an expression and its value.
EXAMPLES = re.findall(r"\| `([^`|]+)` \| ([^|`]+) \|$", CHAPTER, flags=re.MULTILINE)
EXAMPLES = [(text, value) for text, value in EXAMPLES if "date '" not in text]


def said(value: object) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".000000000")


@pytest.mark.parametrize(("text", "value"), EXAMPLES)
def test_example(text: str, value: str) -> None:
    node = parse(text, SCOPE, None)
    columns = ", ".join(f"cast(${name} as {SQL.get(kind, kind)}) as {name}" for name, kind in TYPES.items())
    with duckdb.connect() as con:
        found = con.execute(f"select {to_sql(node)} from (select {columns})", ROW).fetchall()[0][0]
    assert found == evaluate(node, ROW)
    wanted = Decimal(value) if re.fullmatch(r"[0-9.]+", value) else value
    assert (found if isinstance(wanted, Decimal) else said(found)) == wanted


def test_the_tables_are_right() -> None:
    [block] = re.findall(r"```yaml\n(tables:.*?)```", CHAPTER, flags=re.DOTALL)
    given = dump(changed(DATASET, read_source(block, "language.md").data))
    assert messages(given, "care.dataset.yaml") == []


def test_the_rows_of_another_table_are_right() -> None:
    [block] = re.findall(r"```yaml\n(dataset: stay.*?)```", CHAPTER, flags=re.DOTALL)
    said = read_source(block, "language.md").data
    assert messages(dump(changed(STAY, said)), "stay.dataset.yaml") == []
    assert said["derive"] == changed(STAY, {})["derive"]  # what test_links holds against Python


def test_every_helper_has_its_line() -> None:
    from indicators.helpers import HELPERS

    assert len(EXAMPLES) >= 17
    assert all(f"`{name}(" in CHAPTER for name in (*HELPERS, "in_set"))
