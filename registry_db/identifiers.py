"""What identifies a person: citizen service numbers are found out, declared identifiers become pseudonyms."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from registry_db.connect import Connection

# A column is taken for citizen service numbers (BSN) when this share of its values of eight or nine digits,
# and at least so many different ones, pass the eleven-test; by chance nine per cent do.
BSN_SHARE = 0.8
BSN_VALUES = 5


def pseudonym_sql(text: str, key: bytes) -> str:
    """SQL of HMAC-SHA-256 (RFC 2104) of a text under a key, as hexadecimal digits; null for null."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({text}))))"


def citizen_numbers(con: Connection, table: str, columns: Sequence[str]) -> tuple[str, int, int] | None:
    """Find a column of citizen service numbers.

    Parameters
    ----------
    con : Connection
        Where the table is.
    table : str
        Table of text columns.
    columns : sequence of str
        Columns to look at.

    Returns
    -------
    tuple of str, int and int, or None
        The first such column, how many of its values pass the eleven-test, and how many values of eight or
        nine digits it has.
    """
    if not columns:
        return None
    lengths = ", ".join(f"count(*) filter (length({name}) in (8, 9))" for name in columns)
    for name, long in zip(columns, con.execute(f"select {lengths} from {table}").fetchall()[0], strict=True):
        if long < BSN_VALUES:
            continue
        values, passed, different = con.execute(
            f"""select count(*), count(*) filter (passes), count(distinct number) filter (passes)
            from (select {name} as number, {_passes(name)} as passes from {table}
                where regexp_full_match({name}, '[0-9]{{8,9}}'))"""
        ).fetchall()[0]
        if passed >= BSN_SHARE * values and different >= BSN_VALUES:
            return name, passed, values
    return None


def _passes(name: str) -> str:
    """SQL of the eleven-test; spreadsheets drop a leading zero, so eight digits are nine."""
    full = f"lpad({name}, 9, '0')"
    digits = " + ".join(f"{9 - i} * cast({full}[{i + 1}] as integer)" for i in range(8))
    return f"({digits} - cast({full}[9] as integer)) % 11 = 0 and cast({name} as integer) > 0"
