"""Killed at any moment, the registry opens again, holds all or nothing of the work, and goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry_db.reader import NoPublication, PublicationReader, current_publication
from registry_db.registry import Registry
from tests.registry_db.build import text, visits, write

ROOT = Path(__file__).parents[2]
OLD, NEW = visits(), visits(seed=2, sizes={"north": 50, "south": 40, "hill": 30})
# After so many statements of the engine; for a publication, before so many files are put in place.
NEVER = 100_000
MOMENTS = {
    "deliver": [*range(2, 40, 3), NEVER],
    "run": [*range(3, 110, 17), NEVER],
    "publish": [1, 2, NEVER],
}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork, which this system has not")


@pytest.fixture(scope="module")
def begun(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one delivery taken in, and another beside it to be taken in."""
    folder = Path(shutil.copytree(empty_registry, tmp_path_factory.mktemp("begun") / "registry"))
    with Registry(folder) as registry:
        registry.deliver("visit", write(folder, text(OLD), "old.csv"))
    write(folder, text(NEW), "new.csv")
    return folder


@pytest.fixture(scope="module")
def killed(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Copies of a registry in which a piece of work was begun, and killed at each moment."""
    folder = tmp_path_factory.mktemp("killed")
    folders = {
        work: [Path(shutil.copytree(begun, folder / f"{work}-{moment}")) for moment in moments]
        for work, moments in MOMENTS.items()
    }
    every = [str(folder) for of_one in folders.values() for folder in of_one]
    program = [sys.executable, "-m", "tests.registry_db.killed", *every]
    subprocess.run(program, cwd=ROOT, check=True, timeout=300)
    return folders


def test_a_delivery_is_never_half_in(killed: dict[str, list[Path]]) -> None:
    held = []
    for folder in killed["deliver"]:
        with Registry(folder) as registry:
            counts = registry.deliveries()[["rows", "accepted"]].sum().tolist()
            records = registry.con.execute("select count(*) from record_visit").fetchall()[0][0]
            live = registry.deliveries()["superseded_by"].isna().sum()
            first = registry.deliveries()["delivery"][0]
            assert (counts, records, live) in (
                ([len(OLD)] * 2, len(OLD), 1),
                ([len(OLD) + len(NEW)] * 2, len(OLD) + len(NEW), 1),
            )
            held.append((len(registry.deliveries()), (folder / "finished").exists()))
            if held[-1][0] == 1:
                assert not registry.deliver("visit", folder / "new.csv", replaces=first).already
            assert registry.deliver("visit", folder / "new.csv").already
    # the moments run from before the delivery, through its commit, to after its end
    assert held[0] == (1, False)
    assert (2, False) in held
    assert held[-1] == (2, True)
    assert held == sorted(held)


@pytest.fixture(scope="module")
def undisturbed(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is published when nothing goes wrong."""
    folder = shutil.copytree(begun, tmp_path_factory.mktemp("whole") / "registry")
    with Registry(folder) as registry:
        return registry.run().published.id


def published_or_not(folder: Path) -> bool:
    """Whether there is a publication; if there is one, it is whole."""
    try:
        reader = PublicationReader(current_publication(folder))
    except NoPublication:
        return False
    assert len(reader.scores()) == 2 * len({line["clinic"] for line in OLD})
    return True


def goes_on(folder: Path, undisturbed: str) -> None:
    with Registry(folder) as registry:
        assert registry.run().published.id == undisturbed
    published_or_not(folder)
    names = {file.name for file in (folder / "publications").iterdir()}
    assert names == {f"{undisturbed}.duckdb", "current"}


def test_a_run_goes_on(killed: dict[str, list[Path]], undisturbed: str) -> None:
    found = []
    for folder in killed["run"]:
        found.append((published_or_not(folder), (folder / "finished").exists()))
        goes_on(folder, undisturbed)
    assert found[0] == (False, False)
    assert found[-1] == (True, True)


def test_a_publication_is_put_in_place_in_one_step(killed: dict[str, list[Path]], undisturbed: str) -> None:
    moments = killed["publish"]
    assert [published_or_not(folder) for folder in moments] == [False, False, True]
    assert (moments[1] / "publications" / f"{undisturbed}.duckdb").exists()
    assert list((moments[0] / "publications").glob(".*.tmp"))
    for folder in moments:
        goes_on(folder, undisturbed)
