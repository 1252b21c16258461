"""Checking a delivered file row by row, in the engine: typed values, and a reason for each fault."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from indicators.compile import quote, text_literal
from indicators.dataset import Column, Dataset
from registry_db.connect import Connection
from registry_db.intake import RawFile
from registry_db.records import sql_type

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_IDENTIFIER = "(identifier)"


def stage(con: Connection, dataset: Dataset, raw: RawFile, key: bytes) -> None:
    """Make the temporary tables ``typed`` (one row a line) and ``fault`` (one row a fault) from ``raw``.

    Parameters
    ----------
    con : Connection
        The vault, with the file's text in the temporary table ``raw``.
    dataset : Dataset
        The definition to check against.
    raw : RawFile
        The file, with its headers matched.
    key : bytes
        Key for the pseudonyms of identifier columns.
    """
    texts = {name: _text_sql(dataset, raw, name) for name in dataset.columns}
    values = ", ".join(
        f"{_value_sql(column, texts[name], key)} as {quote(name)}" for name, column in dataset.columns.items()
    )
    con.execute(f"create or replace temp table typed as select rowid + 2 as _line, {values} from raw")
    con.execute(
        "create or replace temp table fault "
        "(line bigint, column_name varchar, value varchar, expected varchar)"
    )
    for name, column in dataset.columns.items():
        header = raw.headers.get(name, name)
        shown = f"'{_IDENTIFIER}'" if column.identifier else texts[name]
        for condition, expected in _faults_sql(dataset, name, column, texts[name]):
            con.execute(
                f"""insert into fault select _line, {text_literal(header)}, {shown}, {text_literal(expected)}
                from typed join raw on raw.rowid + 2 = typed._line where {condition}"""
            )
    if dataset.key:
        _fault_repeated_keys(con, dataset)


def _text_sql(dataset: Dataset, raw: RawFile, name: str) -> str:
    """SQL of what the file holds for a column: trimmed, missing codes as null."""
    if name in raw.from_name:
        return text_literal(raw.from_name[name])
    text = f"trim(raw.{quote(raw.headers[name])})"
    missing = {*dataset.file.missing, *dataset.columns[name].missing, ""}
    codes = ", ".join(map(text_literal, sorted(missing)))
    return f"case when {text} not in ({codes}) then {text} end"


def _value_sql(column: Column, text: str, key: bytes) -> str:
    """SQL of the typed value; null where the text is not of the type."""
    if column.identifier:
        return _pseudonym_sql(text, key)
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
        return f"cast(try_strptime({text}, '%Y-%m-%d') as date)"
    return text


def _pseudonym_sql(text: str, key: bytes) -> str:
    """SQL of HMAC-SHA-256 (RFC 2104) of a text under a key, as hexadecimal digits."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({text}))))"


def _faults_sql(dataset: Dataset, name: str, column: Column, text: str) -> Iterator[tuple[str, str]]:
    value = f"typed.{quote(name)}"
    if column.type != "text" or column.codes:
        yield f"({text}) is not null and {value} is null", _expected(column)
    if column.range:
        low, high = column.range
        yield f"{value} not between {low} and {high}", f"a number from {low} to {high}"
    if column.required or name in dataset.key:
        yield f"({text}) is null", "a value; this column is required"


def _expected(column: Column) -> str:
    if column.codes:
        codes = list(column.codes)
        return "one of " + ", ".join(codes[:12]) + (", ..." if len(codes) > 12 else "")
    words = {"integer": "a whole number", "decimal": "a number with a point", "boolean": "true or false"}
    return words.get(column.type, "a date as YYYY-MM-DD")


def _fault_repeated_keys(con: Connection, dataset: Dataset) -> None:
    """Set apart all rows of a key that stands more than once: which of them is right cannot be known."""
    key = ", ".join(map(quote, dataset.key))
    present = " and ".join(f"{quote(name)} is not null" for name in dataset.key)
    hidden = any(dataset.columns[name].identifier for name in dataset.key)
    shown = f"'{_IDENTIFIER}'" if hidden else f"concat_ws(' ', {key})"
    con.execute(
        f"""insert into fault select _line, {text_literal(" + ".join(dataset.key))}, {shown},
            'a key that stands once in the file; it is on lines ' || lines
        from typed join (
            select {key}, array_to_string(list_slice(list(_line order by _line), 1, 5), ', ') as lines
            from typed where {present} group by all having count(*) > 1) using ({key})"""
    )
