"""A dataset to SQL: its records with their derived columns, and how names and texts are written in SQL."""

from __future__ import annotations

from indicators.dataset import Dataset
from indicators.instruments import index_sql, value_sets


def dataset_select(dataset: Dataset, table: str) -> str:
    """SQL of a dataset's records with its derived columns added.

    Parameters
    ----------
    dataset : Dataset
        The definition.
    table : str
        Name of the table or view that holds the stored columns.
    """
    derived = "".join(f", {derived_sql(dataset, name)} as {quote(name)}" for name in dataset.derive)
    return f"select *{derived} from {table}"


def derived_sql(dataset: Dataset, name: str) -> str:
    """SQL of one derived column."""
    derived = dataset.derive[name]
    chosen = value_sets()[derived.instrument, derived.value_set]
    return index_sql(chosen, {item: quote(derived.items[item]) for item in chosen.levels})


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
