"""Connections to the vault: the one place that opens it, and shuts the engine off from all else.

The second of two walls. What an author writes never reaches the engine (`indicators.expression`); if anything
did, the engine reads and writes no file but its own, loads nothing, and lets nobody set it otherwise.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import duckdb

from registry_db.faults import RegistryError

Connection = duckdb.DuckDBPyConnection
# Given at opening: connections of one process to one file share what is set.
SHUT_OFF: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# The tables that this version works with: the number in schema/vault.sql.
LAYOUT = 7
# How long one indicator may keep the engine busy.
SECONDS = 3600.0


def schema_sql(name: str) -> str:
    """Text of a shipped schema, ``vault`` or ``publication``."""
    return (files("registry_db") / "schema" / f"{name}.sql").read_text(encoding="utf-8")


def open_vault(path: Path) -> Connection:
    """Open a vault for writing; make it if it is not there.

    Raises
    ------
    RegistryError
        If another process holds it, the file is not a vault, or its tables are of another version.
    """
    try:
        con = shut_off(str(path))
    except duckdb.Error as error:
        raise _cannot_open(path, str(error)) from None
    found = con.execute("select count(*) from information_schema.tables where table_name = 'delivery'")
    if found.fetchall() == [(0,)]:
        with transaction(con):
            con.execute(schema_sql("vault"))
    if _layout(con) != LAYOUT:
        con.close()
        raise RegistryError(
            f"{path}: this vault was made by another version of Meetlat, with other tables",
            "make the registry anew from its definitions and its delivered files, or use that version",
        )
    return con


def _layout(con: Connection) -> int | None:
    """Number of the vault's tables; none for a vault of before they were numbered."""
    found = con.execute("select count(*) from information_schema.tables where table_name = 'layout'")
    if found.fetchall() == [(0,)]:
        return None
    return int(con.execute("select number from layout").fetchall()[0][0])


def shut_off(database: str = ":memory:") -> Connection:
    """Open a database that compiled definitions are run in: shut off from files, and locked that way.

    Its memory is limited to what the engine takes by itself, four fifths of the machine's.
    """
    con = duckdb.connect(database, config=SHUT_OFF)
    con.execute("set timezone = 'UTC'")
    con.execute("set lock_configuration = true")
    return con


@contextmanager
def limited(con: Connection, what: str, seconds: float = SECONDS) -> Iterator[None]:
    """Stop the engine if the block keeps it busy for too long.

    Raises
    ------
    RegistryError
        If it did; the message names what was computed.
    """
    timer = threading.Timer(seconds, con.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise RegistryError(
            f"{what}: stopped after {seconds:g} seconds", "look at its expressions: can they be simpler?"
        ) from None
    finally:
        timer.cancel()


def _cannot_open(path: Path, problem: str) -> RegistryError:
    if "lock on file" in problem:
        return RegistryError(
            f"{path}: another process is working in this registry", "wait until it has finished"
        )
    if "Permission denied" in problem or "Read-only" in problem:
        return RegistryError(f"{path}: this file cannot be written", "is the folder yours to write in?")
    return RegistryError(f"{path}: this is not a vault that can be read", "put it back from its backup")


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """All of the block, or nothing of it."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
