"""The table that holds a dataset's records, and the view of those that count today."""

from __future__ import annotations

from indicators.columns import Column
from indicators.compile import dataset_select, quote
from indicators.dataset import Dataset
from indicators.derived import DerivedColumn
from indicators.tables import Table
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


def record_table(name: str) -> str:
    """Name of the table with the rows of a dataset, or of a table of it, quoted."""
    return quote(f"record_{name}")


def view_name(dataset: str) -> str:
    """Name of the temporary view of a dataset's current records, quoted."""
    return quote(f"current_{dataset}")


def make_record_tables(con: Connection, dataset: Dataset) -> None:
    """Make the tables for a dataset's records and the tables of it, or add the columns of a new version.

    Raises
    ------
    RegistryError
        If a column would change its type: its stored values would change meaning.
    """
    for table in dataset.delivered_tables():
        make_record_table(con, table)


def make_record_table(con: Connection, definition: Table) -> None:
    """Make the table for the rows of one table; see `make_record_tables`."""
    table = record_table(definition.name)
    con.execute(f"create table if not exists {table} (_delivery bigint not null, _line bigint not null)")
    described = con.execute(f"describe {table}").fetchall()
    present = {row[0]: str(row[1]).lower().replace(",", ", ") for row in described}
    for name, column in definition.columns.items():
        wanted = sql_type(column)
        if name not in present:
            con.execute(f"alter table {table} add column {quote(name)} {wanted}")
        elif present[name] != wanted:
            raise RegistryError(
                f"dataset {definition.name}: column '{name}' is stored as {present[name]}; "
                f"the new version makes it {wanted}",
                "give the changed column a new name",
            )


def make_current_view(con: Connection, dataset: Dataset) -> str:
    """Make the temporary view of the records that count today, derived columns included.

    A record counts when its delivery is not superseded and no later delivery holds the same key; so does a
    row of a table that belongs to it.

    Returns
    -------
    str
        Name of the view, quoted.
    """
    view = view_name(dataset.dataset)
    current = {table.name: _current_sql(table) for table in dataset.tables_to_read()}
    sql = dataset_select(dataset, current[dataset.dataset], child_rows=current)
    con.execute(f"create or replace temp view {view} as {sql}")
    return view


def orphans(con: Connection, dataset: Dataset) -> dict[str, int]:
    """Count the rows of a dataset's tables, by delivery, that belong to no row of the table above."""
    found: dict[str, int] = {}
    for above in dataset.delivered_tables():
        for table in above.tables.values():
            if table.rows_of:
                continue
            linked = " and ".join(f"r.{quote(own)} = a.{quote(to)}" for own, to in table.link.items())
            rows = con.execute(
                f"select delivery, count(*) from {_current_sql(table)} r anti join {_current_sql(above)} a "
                f"on {linked} join delivery d on d.seq = r._delivery group by delivery"
            )
            found.update(rows.fetchall())
    return found


def _current_sql(table: Table) -> str:
    """SQL of the stored rows of a table that count today."""
    live = "_delivery in (select seq from delivery where superseded_by is null)"
    latest = ""
    if table.key:
        key = ", ".join(map(quote, table.key))
        latest = f"qualify row_number() over (partition by {key} order by _delivery desc, _line desc) = 1"
    return f"(select * from {record_table(table.name)} where {live} {latest})"
