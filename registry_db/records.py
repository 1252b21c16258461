"""The table that holds a dataset's records, and the view of those that count today."""

from __future__ import annotations

import hashlib

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
    """Make the temporary view of the records that count today, all derived columns included.

    Returns
    -------
    str
        Name of the view, quoted.
    """
    view = view_name(dataset.dataset)
    con.execute(f"create or replace temp view {view} as {current_select(con, dataset)}")
    return view


def current_select(con: Connection, dataset: Dataset, *, read_by: str | None = None) -> str:
    """SQL of the records that count today, with derived columns.

    A record counts when its delivery is not superseded and no later delivery holds the same key; so does a
    row of a table that belongs to it.

    Parameters
    ----------
    con : Connection
        The vault.
    dataset : Dataset
        Its definition.
    read_by : str, optional
        SQL that reads the records: a derived column that it does not name is left out. The engine leaves out
        what nobody reads by itself, but not what is counted of the rows of other tables.
    """
    current = current_rows(con, dataset)
    passed_over = set() if read_by is None else set(dataset.derive) - set(derived_in(dataset, read_by))
    return dataset_select(dataset, current[dataset.dataset], given=passed_over, child_rows=current)


def derived_in(dataset: Dataset, sql: str) -> list[str]:
    """Derived columns that SQL names, and those that they are computed of."""
    found = {name for name in dataset.derive if quote(name) in sql}
    while (
        more := {read for name in found for read in dataset.reads_of(name) if read in dataset.derive} - found
    ):
        found |= more
    return [name for name in dataset.derive if name in found]


def current_rows(con: Connection, dataset: Dataset) -> dict[str, str]:
    """SQL of the stored rows that count today, of each table that a dataset's columns are read from."""
    return {table.name: _current_sql(con, table) for table in dataset.tables_to_read()}


def orphans(con: Connection, dataset: Dataset) -> dict[str, int]:
    """Count the rows of a dataset's tables, by delivery, that belong to no row of the table above."""
    found: dict[str, int] = {}
    for above in dataset.delivered_tables():
        for table in above.tables.values():
            if table.rows_of:
                continue
            linked = " and ".join(f"r.{quote(own)} = a.{quote(to)}" for own, to in table.link.items())
            rows_of, above_of = _current_sql(con, table), _current_sql(con, above)
            rows = con.execute(
                f"select delivery, count(*) from {rows_of} r anti join {above_of} a "
                f"on {linked} join delivery d on d.seq = r._delivery group by delivery"
            )
            found.update(rows.fetchall())
    return found


def _current_sql(con: Connection, table: Table) -> str:
    """SQL of the stored rows of a table that count today."""
    deliveries = con.execute(
        "select seq, superseded_by is null from delivery where dataset = ? order by seq", [table.name]
    ).fetchall()
    live = [seq for seq, counts in deliveries if counts]
    stored = record_table(table.name)
    if table.key and (replaced := _replaced(con, table, live)):
        stored = f"{stored} anti join {replaced} using (_delivery, _line)"
    if len(live) < len(deliveries):
        stored = f"{stored} where _delivery in ({', '.join(map(str, live)) or 'null'})"
    return f"(select * from {stored})"


def _replaced(con: Connection, table: Table, live: list[int]) -> str:
    """Name of a temporary table with the rows that a later row of the same key replaces; empty for no rows.

    To look for them at every reading would take longer than most readings: they are found once for what is
    delivered, which gives the table its name.
    """
    known = hashlib.sha256(repr((table.name, table.key, live)).encode()).hexdigest()[:16]
    name = quote(f"replaced_{known}")
    key = ", ".join(map(quote, table.key))
    same = " and ".join(f"stored.{part} is not distinct from twice.{part}" for part in map(quote, table.key))
    stored = f"{record_table(table.name)} as stored"
    live_only = f"_delivery in ({', '.join(map(str, live)) or 'null'})"
    con.execute(
        f"""create temp table if not exists {name} as
        with twice as (select {key} from {stored} where {live_only} group by all having count(*) > 1)
        select _delivery, _line from (
            select _delivery, _line, row_number() over
                (partition by {key} order by _delivery desc, _line desc) as place
            from {stored} semi join twice on {same} where {live_only}) where place > 1"""
    )
    return name if con.execute(f"select 1 from {name} limit 1").fetchall() else ""
