"""Checking a delivered file row by row, in the engine: typed values, and a reason for each fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indicators.columns import MOMENT, Column
from indicators.compile import quote, text_literal
from indicators.expression import parse, to_sql
from indicators.tables import Table
from registry_db.connect import Connection
from registry_db.identifiers import pseudonym_sql
from registry_db.intake import RawFile
from registry_db.records import sql_type

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_IDENTIFIER = "(identifier)"


@dataclass(frozen=True, slots=True)
class _Check:
    """One thing that can be wrong with a column: SQL that is true where it is, and what was expected."""

    column: str
    condition: str
    expected: str


def stage(con: Connection, table: Table, raw: RawFile, key: bytes) -> None:
    """Make the temporary tables ``typed`` (one row a record) and ``fault`` (one row a fault) from ``raw``.

    Rows that are not of the table, by its ``rows``, are in neither.

    Parameters
    ----------
    con : Connection
        The vault, with the file's text in the temporary table ``raw``.
    table : Table
        The definition to check against.
    raw : RawFile
        The file, with its headers matched.
    key : bytes
        Key for the pseudonyms of identifier columns.
    """
    texts = ", ".join(f"{_text_sql(table, raw, name)} as {quote(name)}" for name in table.columns)
    values = ", ".join(
        f"{_value_sql(column, quote(name), key, table.types.zone)} as {quote(name)}"
        for name, column in table.columns.items()
    )
    con.execute(f"create or replace temp view said as select line as _line, {texts} from raw")
    con.execute(f"create or replace temp table typed as select _line, {values} from said")
    con.execute(
        "create or replace temp table fault "
        "(line bigint, column_name varchar, value varchar, expected varchar)"
    )
    belongs = to_sql(parse(table.rows, table.delivered_types)) if table.rows else "true"
    con.execute(f"delete from typed where not {belongs}")
    for check in _failed(con, list(_checks(table))):
        _insert_faults(con, table, raw, check)
    # Of a row that is at fault it is not known, so it is set apart; of one that says nothing it is.
    con.execute(f"delete from typed where {belongs} is null and _line not in (select line from fault)")
    if table.key:
        _fault_repeated_keys(con, table, raw)


def _text_sql(table: Table, raw: RawFile, name: str) -> str:
    """SQL of what the file holds for a column: missing codes as null."""
    if name in raw.from_name:
        return text_literal(raw.from_name[name])
    text = f"raw.{raw.cell(name)}"
    missing = {*table.file.missing, *table.columns[name].missing, ""}
    codes = ", ".join(map(text_literal, sorted(missing)))
    return f"case when {text} not in ({codes}) then {text} end"


def _value_sql(column: Column, text: str, key: bytes, zone: str) -> str:
    """SQL of the typed value; null where the text is not of the type."""
    if column.identifier:
        return pseudonym_sql(text, key)
    if column.codes is not None:
        branches = " ".join(
            f"when {text_literal(code)} then {text_literal(str(value))}"
            for code, value in column.codes.items()
        )
        return f"cast(case {text} {branches} end as {sql_type(column)})"
    if column.type == "boolean":
        return f"case lower({text}) when 'true' then true when 'false' then false end"
    if column.type == "integer":
        return f"case when regexp_full_match({text}, '[+-]?[0-9]+') then try_cast({text} as bigint) end"
    if column.type == "decimal":
        number = f"try_cast({text} as {sql_type(column)})"
        return f"case when regexp_full_match({text}, {text_literal(_NUMBER)}) then {number} end"
    if column.type == "date":
        # The engine alone would take year 25 for a year, and 'infinity' for a day.
        day = f"cast(try_strptime({text}, '%Y-%m-%d') as date)"
        return f"case when regexp_full_match({text}, '[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}') then {day} end"
    if column.type == "datetime":
        return moment_sql(text, zone)
    return text


def moment_sql(text: str, zone: str) -> str:
    """SQL of a moment in UTC; null where the text is not one, or the clock in the zone skips it."""
    # The engine reads no time without seconds.
    full = f"regexp_replace({text}, '([T ]..:..)(Z|[+-]|$)', '\\1:00\\2')"
    absolute = f"timezone('UTC', try_cast({full} as timestamptz))"
    shown = f"try_cast({full} as timestamp)"
    latest = f"timezone('{zone}', {shown})"
    # In the hour that comes twice a clock without an offset means the first.
    first = f"{latest} - to_minutes(60)"
    chosen = f"case when timezone('{zone}', {first}) = {shown} then {first} else {latest} end"
    local = f"case when timezone('{zone}', {chosen}) = {shown} then timezone('UTC', {chosen}) end"
    return (
        f"case when not regexp_full_match({text}, '{MOMENT}') then null "
        f"when regexp_matches({text}, '(Z|[+-]..:..)$') then {absolute} else {local} end"
    )


def _checks(table: Table) -> Iterator[_Check]:
    for name, column in table.columns.items():
        said, value = f"said.{quote(name)}", f"typed.{quote(name)}"
        if column.type != "text" or column.codes:
            yield _Check(name, f"{said} is not null and {value} is null", _expected(column, table.types.zone))
        if column.range:
            low, high = column.range
            yield _Check(name, f"{value} not between {low} and {high}", f"a number from {low} to {high}")
        if column.required:
            yield _Check(name, f"{said} is null", "a value; this column is required")


def _expected(column: Column, zone: str) -> str:
    if column.codes:
        codes = list(column.codes)
        return "one of " + ", ".join(codes[:12]) + (", ..." if len(codes) > 12 else "")
    words = {
        "integer": "a whole number",
        "decimal": "a number with a point",
        "boolean": "true or false",
        "datetime": "a moment as YYYY-MM-DDTHH:MM:SS, with Z or an offset such as +01:00, "
        f"or without one a time that the clock of {zone} shows (in spring it skips an hour)",
    }
    return words.get(column.type, "a date as YYYY-MM-DD")


def _failed(con: Connection, checks: list[_Check]) -> list[_Check]:
    """Those that fail anywhere: one pass over the records for all, since most files have few faults."""
    if not checks:
        return []
    counts = ", ".join(f"count(*) filter ({check.condition})" for check in checks)
    row = con.execute(f"select {counts} from typed join said using (_line)").fetchall()[0]
    return [check for check, count in zip(checks, row, strict=True) if count]


def _insert_faults(con: Connection, table: Table, raw: RawFile, check: _Check) -> None:
    header = raw.headers.get(check.column, check.column)
    identifier = table.columns[check.column].identifier
    shown = f"'{_IDENTIFIER}'" if identifier else f"said.{quote(check.column)}"
    con.execute(
        f"""insert into fault select _line, {text_literal(header)},
            case when said.{quote(check.column)} is not null then {shown} end, {text_literal(check.expected)}
        from typed join said using (_line) where {check.condition}"""
    )


def _fault_repeated_keys(con: Connection, table: Table, raw: RawFile) -> None:
    """Set apart all rows of a key that stands more than once: which of them is right cannot be known."""
    key = ", ".join(map(quote, table.key))
    present = " and ".join(f"{quote(name)} is not null" for name in table.key)
    hidden = any(table.columns[name].identifier for name in table.key)
    shown = f"'{_IDENTIFIER}'" if hidden else f"concat_ws(' ', {key})"
    headers = " + ".join(raw.headers.get(name, name) for name in table.key)
    con.execute(
        f"""insert into fault select _line, {text_literal(headers)}, {shown},
            'a key that stands once in the file; it is on lines ' || lines
        from typed join (
            select {key}, array_to_string(list_slice(list(_line order by _line), 1, 5), ', ')
                || case when count(*) > 5 then ', ...' else '' end as lines
            from typed where {present} group by {key} having count(*) > 1) using ({key})"""
    )
