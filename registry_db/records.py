"""The table that holds a dataset's records, and the view of those that count today."""

from __future__ import annotations

from indicators.compile import dataset_select, quote
from indicators.dataset import Column, Dataset
from indicators.derived import DerivedColumn
from registry_db.connect import Connection
from registry_db.faults import RegistryError

_SQL_TYPES = {
    "text": "varchar",
    "category": "varchar",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",  # in UTC
}


def sql_type(column: Column | DerivedColumn) -> str:
    """SQL type of a column."""
    return f"decimal(18, {column.decimals})" if column.type == "decimal" else _SQL_TYPES[column.type]


def record_table(dataset: str) -> str:
    """Name of the table with a dataset's records, quoted."""
    return quote(f"record_{dataset}")


def view_name(dataset: str) -> str:
    """Name of the temporary view of a dataset's current records, quoted."""
    return quote(f"current_{dataset}")


def make_record_table(con: Connection, dataset: Dataset) -> None:
    """Make the table for a dataset's records, or add the columns that a new version brings.

    Raises
    ------
    RegistryError
        If a column would change its type: its stored values would change meaning.
    """
    table = record_table(dataset.dataset)
    con.execute(f"create table if not exists {table} (_delivery bigint not null, _line bigint not null)")
    described = con.execute(f"describe {table}").fetchall()
    present = {row[0]: str(row[1]).lower().replace(",", ", ") for row in described}
    for name, column in dataset.columns.items():
        wanted = sql_type(column)
        if name not in present:
            con.execute(f"alter table {table} add column {quote(name)} {wanted}")
        elif present[name] != wanted:
            raise RegistryError(
                f"dataset {dataset.dataset}: column '{name}' is stored as {present[name]}; "
                f"version {dataset.version} makes it {wanted}",
                "give the changed column a new name",
            )


def make_current_view(con: Connection, dataset: Dataset) -> str:
    """Make the temporary view of the records that count today, derived columns included.

    A record counts when its delivery is not superseded and no later delivery holds the same key.

    Returns
    -------
    str
        Name of the view, quoted.
    """
    table, view = record_table(dataset.dataset), view_name(dataset.dataset)
    live = "_delivery in (select seq from delivery where superseded_by is null)"
    latest = ""
    if dataset.key:
        key = ", ".join(map(quote, dataset.key))
        latest = f"qualify row_number() over (partition by {key} order by _delivery desc, _line desc) = 1"
    records = f"(select * from {table} where {live} {latest})"
    con.execute(f"create or replace temp view {view} as {dataset_select(dataset, records)}")
    return view
