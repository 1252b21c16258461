"""The examples inside a definition, run through the same SQL as real records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import duckdb

from indicators.cohort import cohort_select
from indicators.columns import Column
from indicators.compile import dataset_select, quote, rows_asked_select
from indicators.coverage import answers_select, conditions, unexercised
from indicators.dataset import Dataset
from indicators.definition import Example, Given, Indicator
from indicators.derived import DerivedColumn
from indicators.faults import Fault
from indicators.periods import with_period_days
from indicators.row_coverage import AskedRows, asked_rows, unexercised_rows
from indicators.states import ladder
from indicators.tables import ChildTable, Table
from registry_db.catalogue import Catalogue, Definition
from registry_db.checks import moment_sql
from registry_db.connect import shut_off
from registry_db.records import sql_type

_Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exercised:
    """What the examples of a definition show.

    Attributes
    ----------
    faults : tuple of Fault
        Examples that do not end as expected.
    gaps : tuple of Fault
        Clauses that no example makes true, or false; see `indicators.coverage`.
    """

    faults: tuple[Fault, ...] = ()
    gaps: tuple[Fault, ...] = ()


def run_examples(catalogue: Catalogue, item: Definition) -> Exercised:
    """Run the examples of an indicator; of another kind of definition there is nothing to run."""
    indicator = item.model
    if not isinstance(indicator, Indicator):
        return Exercised()
    dataset = catalogue.dataset(indicator.dataset)
    asked = conditions(indicator, dataset)
    faults: list[Fault] = []
    found: list[tuple[bool | None, ...]] = []
    con = shut_off()
    try:
        for number, example in enumerate(indicator.examples):
            path = ("examples", number)
            try:
                state, reason, value = _run(con, indicator, dataset, example)
                if asked:
                    steps = ladder(indicator, dataset, example.cut_off or dt.date.max)
                    dated = with_period_days("example", indicator.period, dataset)
                    found += con.execute(answers_select(asked, steps, dated)).fetchall()
            except duckdb.Error as error:
                message = f"the example cannot be run: {str(error).splitlines()[0]}"
                faults.append(item.source.fault(path, message, "are its values of the columns' types?"))
                continue
            wanted = example.expect
            if state != wanted.state:
                why = f" ({reason})" if reason else ""
                faults.append(item.source.fault(path, f"expected {wanted.state}; it ends as {state}{why}"))
            elif wanted.outcome is not None and value != wanted.outcome:
                message = f"expected the outcome {wanted.outcome}; it is {value}"
                faults.append(item.source.fault(path, message))
    finally:
        con.close()
    if faults:  # an example that ends elsewhere than its author thinks says nothing of what is exercised
        return Exercised(tuple(faults))
    gaps = [item.source.fault(gap.path, str(gap)) for gap in unexercised(asked, found, dataset)]
    return Exercised(gaps=(*gaps, *_row_gaps(catalogue, indicator, dataset)))


def _row_gaps(catalogue: Catalogue, indicator: Indicator, dataset: Dataset) -> list[Fault]:
    """Conditions on rows of child tables that the examples of no indicator on the dataset exercise."""
    asked = asked_rows(indicator, dataset)
    if not asked:
        return []
    models = [each.model for each in catalogue.of_kind("indicator").values()]
    others = [each for each in models if each.indicator != indicator.indicator]
    of_it = [indicator, *(each for each in others if each.dataset == dataset.dataset)]
    given = [each for model in of_it for each in model.examples if each.given.tables]
    with shut_off() as con:
        found = [_row_answers(con, dataset, example, asked) for example in given]
    source = catalogue.get("dataset", dataset.dataset).source
    hint = "give such a row under 'tables' in an example"
    return [source.fault(gap.path, str(gap), hint) for gap in unexercised_rows(asked, found)]


def _row_answers(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, example: Example, asked: Sequence[AskedRows]
) -> list[list[bool]]:
    """What the rows of an example answer, block by block."""
    tables, known = _give(con, dataset, example)
    sql = rows_asked_select(
        dataset,
        tables[dataset.name],
        [(block.table, block.name, [clause.answer for clause in block.clauses]) for block in asked],
        given=known,
        child_rows={name: held for name, held in tables.items() if name != dataset.name},
    )
    return [list(answers) for answers in con.execute(sql).fetchall()[0]]


def _run(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, dataset: Dataset, example: Example
) -> tuple[str, str, float | None]:
    tables, known = _give(con, dataset, example)
    derived = dataset_select(dataset, tables[dataset.name], given=known, child_rows=tables)
    con.execute(f"create or replace temp view example as {derived}")
    cut_off = example.cut_off or dt.date.max
    sql = cohort_select(indicator, dataset, "example", networks=None, cut_off=cut_off)
    state, reason, value = con.execute(f"select _state, _reason, _y from ({sql})").fetchall()[0]
    return state, reason, None if value is None else float(value)


def _give(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, example: Example
) -> tuple[dict[str, str], list[str]]:
    """Make the temporary tables of what an example gives: their names, and the derived columns given."""
    default = {**_identified(dataset, 1), dataset.provider: "example", **_period_default(dataset)}
    given = default | example.given.columns
    known = [name for name in dataset.derive if name in given]
    _insert(con, dataset, [given], dataset.zone, derived=known)
    others = [
        table for table in dataset.all_tables() if isinstance(table, ChildTable) and table.given_by_itself
    ]
    rows: dict[str, list[_Row]] = {table.name: [] for table in (dataset, *others)}
    _spread(dataset, given, example.given, rows)
    for table in others:
        _insert(con, table, rows[table.name], dataset.zone)
    return {name: _given_table(name) for name in rows}, known


def _spread(table: Table, row: _Row, given: Given, found: dict[str, list[_Row]]) -> None:
    """Add the rows that are given with a row to those of their tables, linked to it."""
    for name, child in table.tables.items():
        for inner in given.tables.get(name, ()):
            rows = found[child.name]
            linked = {own: row.get(above) for own, above in child.link.items()}
            values = _identified(child, len(rows) + 1) | linked | inner.columns
            rows.append(values)
            _spread(child, values, inner, found)


def _identified(table: Table, number: int) -> _Row:
    """Values that tell rows apart in the columns that other tables are linked to, where none are given."""
    linked = {above for child in table.tables.values() for above in child.link.values()}
    types = {name: table.columns[name].type for name in linked}
    numbered = {name: number for name, of in types.items() if of in ("integer", "decimal")}
    return numbered | {name: str(number) for name, of in types.items() if of in ("text", "category")}


def _given_table(name: str) -> str:
    """Name of the temporary table with what an example gives of a table, quoted."""
    return quote(f"given_{name}")


def _insert(
    con: duckdb.DuckDBPyConnection, table: Table, rows: list[_Row], zone: str, *, derived: Sequence[str] = ()
) -> None:
    """Make the temporary table of the rows that an example gives of a table."""
    columns = {name: table.described[name] for name in (*table.columns, *derived)}
    typed = ", ".join(f"{quote(name)} {sql_type(column)}" for name, column in columns.items())
    into = _given_table(table.name)
    con.execute(f"create or replace temp table {into} (_delivery bigint, _line bigint, {typed})")
    values = ", ".join(_given_sql(name, column, zone) for name, column in columns.items())
    for line, row in enumerate(rows, start=1):
        parameters = {name: row.get(name) for name in columns}
        con.execute(f"insert into {into} select 1, {line}, {values}", parameters)


def _given_sql(name: str, column: Column | DerivedColumn, zone: str) -> str:
    """SQL of a given value; a moment is read as one that is delivered."""
    if column.type == "datetime":
        return moment_sql(f"cast(${name} as varchar)", zone)
    return f"cast(${name} as {sql_type(column)})"


def _period_default(dataset: Dataset) -> dict[str, Any]:
    if dataset.period.year_of is None or dataset.period.year_of in dataset.derive:
        return {}
    moment = dataset.types[dataset.period.year_of] == "datetime"
    return {dataset.period.year_of: "2025-01-01T00:00" if moment else "2025-01-01"}
