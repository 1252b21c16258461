"""The second wall: SQL that got past the first reaches no file, changes no setting and does not run on."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from indicators import states
from indicators.expression import Node
from registry_db import connect
from registry_db.connect import limited, shut_off
from registry_db.faults import RegistryError
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, FALL, make_registry, text, visits, write

HOSTILE = [
    "select * from read_text('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_parquet('/etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from '/etc/passwd'",
    "copy (select 1) to '{folder}/out.csv'",
    "copy visit from '/etc/passwd'",
    "export database '{folder}/out'",
    "import database '{folder}/out'",
    "attach '{folder}/other.duckdb' as other",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '1TB'",
    "set temp_directory = '{folder}'",
    "set allowed_directories = ['/']",
    "reset lock_configuration",
    "pragma memory_limit = '1TB'",
    "select getenv('HOME')",
    "select * from a_variable_of_python",
]


@pytest.mark.parametrize("sql", HOSTILE)
def test_of_the_vault(registry: Registry, tmp_path: Path, sql: str) -> None:
    a_variable_of_python = object()
    assert a_variable_of_python
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(duckdb.Error):
        registry.con.execute(sql.format(folder=tmp_path)).fetchall()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("sql", HOSTILE)
def test_of_the_examples(tmp_path: Path, sql: str) -> None:
    with shut_off() as con, pytest.raises(duckdb.Error):
        con.execute(sql.format(folder=tmp_path)).fetchall()


@pytest.mark.parametrize(
    "smuggled", ["(select count(*) > 0 from read_text('/etc/passwd'))", "(select getenv('HOME') is not null)"]
)
def test_past_the_first_wall(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smuggled: str
) -> None:
    registry.deliver("visit", write(tmp_path, text(visits())))
    honest = states.to_sql
    monkeypatch.setattr(states, "to_sql", lambda node: smuggled if node.type == "boolean" else honest(node))
    with pytest.raises(RegistryError, match="visit-fall: the engine cannot compute it"):
        registry.score("visit-fall")


def test_a_query_that_runs_on(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.deliver("visit", write(tmp_path, text(visits())))
    endless = "((select count(*) from range(100000000000)) > 0)"
    honest = states.to_sql

    def to_sql(node: Node) -> str:
        return endless if node.type == "boolean" else honest(node)

    monkeypatch.setattr(states, "to_sql", to_sql)
    monkeypatch.setattr(connect.limited.__wrapped__, "__defaults__", (0.3,))
    start = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        registry.score("visit-fall")
    assert time.monotonic() - start < 20
    assert str(caught.value) == (
        "visit-fall: stopped after 0.3 seconds\n  look at its expressions: can they be simpler?"
    )
    monkeypatch.undo()
    assert registry.score("visit-fall")[0].periods


def test_what_is_in_time_is_left_alone() -> None:
    with shut_off() as con, limited(con, "quick", seconds=30):
        assert con.execute("select 1").fetchall() == [(1,)]


def test_one_definition_that_cannot_be_computed_stops_no_other(tmp_path: Path) -> None:
    """A number grows beyond all bounds on the records of the old, of which there is no example."""
    grows = " * ".join(["age"] * 11)
    hostile = FALL.replace("population: age >= 18", f"population: {grows} >= {18**11}")
    with Registry(
        make_registry(tmp_path / "registry", {**DEFINITIONS, "visit-fall.indicator.yaml": hostile})
    ) as registry:
        registry.deliver("visit", write(tmp_path, text(visits())))
        with pytest.raises(RegistryError, match="visit-fall: the engine cannot compute it"):
            registry.run()
        assert registry.states("visit-home")["n"].sum() > 0
        assert registry.states("visit-fall").empty
