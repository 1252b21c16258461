"""Connections to the vault: the one place that opens it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import duckdb

from registry_db.faults import RegistryError

Connection = duckdb.DuckDBPyConnection


def schema_sql(name: str) -> str:
    """Text of a shipped schema, ``vault`` or ``publication``."""
    return (files("registry_db") / "schema" / f"{name}.sql").read_text(encoding="utf-8")


def open_vault(path: Path) -> Connection:
    """Open a vault for writing; make it if it is not there.

    Raises
    ------
    RegistryError
        If another process holds it, or the file is not a vault.
    """
    try:
        con = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise _cannot_open(path, str(error)) from None
    con.execute("set timezone = 'UTC'")
    found = con.execute("select count(*) from information_schema.tables where table_name = 'delivery'")
    if found.fetchall() == [(0,)]:
        with transaction(con):
            con.execute(schema_sql("vault"))
    return con


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
