"""A dataset to SQL: its records with their derived columns, and how names and texts are written in SQL."""

from __future__ import annotations

from collections.abc import Collection

from indicators.dataset import Dataset
from indicators.derived import ValueColumn
from indicators.expression import parse, to_sql
from indicators.instruments.scores import score_sql


def dataset_select(dataset: Dataset, table: str, *, given: Collection[str] = ()) -> str:
    """SQL of a dataset's records with its derived columns added.

    Parameters
    ----------
    dataset : Dataset
        The definition.
    table : str
        Name of the table or view that holds the stored columns.
    given : collection of str
        Derived columns that the table holds already.
    """
    selected = table
    for name in dataset.derive:
        if name not in given:  # one select around the other: a column may be computed of an earlier one
            selected = f"(select *, {derived_sql(dataset, name)} as {quote(name)} from {selected})"
    return f"select * from {selected}"


def derived_sql(dataset: Dataset, name: str) -> str:
    """SQL of one derived column."""
    block = dataset.derive[name]
    if isinstance(block, ValueColumn):
        return to_sql(parse(block.value, dataset.types, block.of_type))
    return score_sql(block, quote)


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
