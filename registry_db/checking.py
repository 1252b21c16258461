"""The examples inside a definition, run through the same SQL as real records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb

from indicators.cohort import cohort_select
from indicators.compile import dataset_select, quote
from indicators.coverage import Answers, answers, answers_select, conditions, unexercised
from indicators.dataset import Column, Dataset
from indicators.definition import Example, Indicator
from indicators.derived import DerivedColumn
from indicators.faults import Fault
from registry_db.catalogue import Catalogue, Definition
from registry_db.checks import moment_sql
from registry_db.connect import shut_off
from registry_db.records import sql_type


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
    found: list[Answers] = []
    con = shut_off()
    try:
        con.execute(
            "create table member (network_set text, network text, provider text, since date, until date)"
        )
        con.execute(
            "insert into member values (?, 'example', 'example', '0001-01-01', null)", [indicator.unit]
        )
        for number, example in enumerate(indicator.examples):
            path = ("examples", number)
            try:
                state, reason, value = _run(con, indicator, dataset, example)
                if asked:
                    row = con.execute(answers_select(asked, "example")).fetchall()[0]
                    found.append(answers(asked, row, state))
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
    return Exercised(gaps=tuple(gaps))


def _run(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, dataset: Dataset, example: Example
) -> tuple[str, str, float | None]:
    given: dict[str, Any] = {dataset.provider: "example", **_period_default(dataset), **example.given}
    stored = ", ".join(
        f"{_given_sql(name, column, dataset.zone)} as {quote(name)}"
        for name, column in dataset.columns.items()
    )
    known = [name for name in dataset.derive if name in given]
    scores = "".join(
        f", {_given_sql(name, dataset.derive[name], dataset.zone)} as {quote(name)}" for name in known
    )
    parameters = {name: given.get(name) for name in (*dataset.columns, *known)}
    con.execute(f"create or replace temp table stored as select {stored}{scores}", parameters)
    derived = dataset_select(dataset, "stored", given=known)
    con.execute(f"create or replace temp view example as {derived}")
    cut_off = example.cut_off or dt.date.max
    sql = cohort_select(indicator, dataset, "example", members="member", cut_off=cut_off)
    state, reason, value = con.execute(f"select _state, _reason, _y from ({sql})").fetchall()[0]
    return state, reason, None if value is None else float(value)


def _given_sql(name: str, column: Column | DerivedColumn, zone: str) -> str:
    """SQL of a given value; a moment is read as one that is delivered."""
    if column.type == "datetime":
        return moment_sql(f"cast(${name} as varchar)", zone)
    return f"cast(${name} as {sql_type(column)})"


def _period_default(dataset: Dataset) -> dict[str, Any]:
    return {dataset.period.year_of: "2025-01-01"} if dataset.period.year_of else {}
