"""Opening the vault: one process at a time, and only a vault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from registry_db import connect
from registry_db.connect import open_vault, transaction
from registry_db.faults import RegistryError
from registry_db.registry import Registry

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def test_another_process_works_in_it(folder: Path) -> None:
    vault = folder / "vault.duckdb"
    program = [sys.executable, "-c", HOLD, str(vault)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        with Registry(folder) as registry, pytest.raises(RegistryError) as caught:
            registry.deliveries()
        other.stdin.close()
        other.wait()
    assert str(caught.value) == (
        f"{vault}: another process is working in this registry\n  wait until it has finished"
    )
    with Registry(folder) as registry:
        assert registry.deliveries().empty


@pytest.mark.parametrize("content", [b"not a database" * 400, b"\0" * 5_000])
def test_a_file_that_is_no_vault(tmp_path: Path, content: bytes) -> None:
    vault = tmp_path / "vault.duckdb"
    vault.write_bytes(content)
    with pytest.raises(RegistryError) as caught:
        open_vault(vault)
    assert str(caught.value) == (
        f"{vault}: this is not a vault that can be read\n  put it back from its backup"
    )


@pytest.mark.parametrize("statement", ["drop table layout", "update layout set number = number + 1"])
def test_a_vault_of_another_version(tmp_path: Path, statement: str) -> None:
    vault = tmp_path / "vault.duckdb"
    with open_vault(vault) as con:
        con.execute(statement)
    with pytest.raises(RegistryError) as caught:
        open_vault(vault)
    assert str(caught.value) == (
        f"{vault}: this vault was made by another version of Meetlat, with other tables\n"
        "  make the registry anew from its definitions and its delivered files, or use that version"
    )


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, config: dict[str, str]) -> None:
        raise duckdb.IOException(f'IO Error: Cannot open file "{path}": Permission denied')

    monkeypatch.setattr(connect.duckdb, "connect", refuse)
    with pytest.raises(RegistryError) as caught:
        open_vault(tmp_path / "vault.duckdb")
    assert str(caught.value) == (
        f"{tmp_path / 'vault.duckdb'}: this file cannot be written\n  is the folder yours to write in?"
    )


def test_all_or_nothing(tmp_path: Path) -> None:
    con = open_vault(tmp_path / "vault.duckdb")

    def interrupted() -> None:
        with transaction(con):
            con.execute("create table stray (x integer)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    tables = con.execute("select count(*) from information_schema.tables where table_name = 'stray'")
    assert tables.fetchall() == [(0,)]
    con.close()
