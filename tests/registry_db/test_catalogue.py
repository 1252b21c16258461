"""Definitions: a published version never changes, and what is in force is what people agreed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from indicators.faults import DefinitionError
from registry_db.faults import RegistryError
from registry_db.library import library_files
from registry_db.registry import Registry
from tests.registry_db.build import FALL, HOME, VISIT, everything, text, visit, visits, write

NETWORKS = """\
network_set: town
version: {version}
status: {status}
title: {{nl: Steden, en: Towns}}
networks:
  T1: {{name: Town 1, members: [{{provider: {member}, since: 2020-01-01}}]}}
"""


def told(registry: Registry, *files: Path) -> list[str]:
    """Faults that an author is told; the registry has not changed."""
    before = everything(registry), sorted((registry.folder / "definitions").iterdir())
    with pytest.raises(DefinitionError) as caught:
        registry.define(files)
    assert (everything(registry), sorted((registry.folder / "definitions").iterdir())) == before
    return [str(fault) for fault in caught.value.faults]


def test_an_active_version_never_changes(registry: Registry, tmp_path: Path) -> None:
    changed = write(tmp_path, FALL.replace("age >= 18", "age >= 21"), "fall.yaml")
    assert told(registry, changed) == [
        "fall.yaml:2: version: indicator visit-fall 1.0.0 is active in this registry and has another content "
        "(give the change a new version)"
    ]
    same = write(tmp_path, "# another layout\n" + FALL, "fall.yaml")
    assert registry.define([same]) == []


def test_all_or_none_of_the_files_are_defined(registry: Registry, tmp_path: Path) -> None:
    right = write(tmp_path, HOME.replace("1.0.0", "1.1.0"), "right.yaml")
    wrong = write(
        tmp_path, FALL.replace("1.0.0", "1.1.0").replace("dataset: visit", "dataset: vist"), "wrong.yaml"
    )
    assert told(registry, right, wrong) == [
        "wrong.yaml:8: dataset: there is no dataset 'vist' (did you mean 'visit'?)"
    ]
    assert told(registry, right, tmp_path / "gone.yaml") == [
        f"{tmp_path / 'gone.yaml'}: there is no such file"
    ]
    assert told(registry, right, tmp_path) == [f"{tmp_path}: it is a folder; give the files in it"]


def test_an_example_that_ends_otherwise(registry: Registry, tmp_path: Path) -> None:
    wrong = write(tmp_path, FALL.replace("1.0.0", "1.1.0").replace("{age: 40,", "{age: 4,", 1), "fall.yaml")
    [fault] = told(registry, wrong)
    assert fault == "fall.yaml:18: examples.1: expected met; it ends as not-eligible (population)"


def test_an_example_is_held_against_the_last_day_of_its_data(registry: Registry, tmp_path: Path) -> None:
    """Given a day on which the data end, a window is still open; without one every window has closed."""
    window = "follow_up: {days: 30, after: day}\nshow:"
    given = "given: {age: 40, weight: 70, fell: true, sex: male, day: 2024-03-01}"
    pending = f"  - {given}\n    cut_off: 2024-03-30\n    expect: {{state: pending}}\n"
    ripe = pending.replace("2024-03-30", "2024-03-31")
    changed = FALL.replace("1.0.0", "1.1.0").replace("show:", window)
    assert told(registry, write(tmp_path, changed + ripe, "fall.yaml")) == [
        "fall.yaml:27: examples.5: expected pending; it ends as met"
    ]
    assert [item.version for item in registry.define([write(tmp_path, changed + pending, "fall.yaml")])] == [
        "1.1.0"
    ]


def status_of(registry: Registry, id: str) -> tuple[str, str]:
    item = registry.catalogue().get("indicator", id)
    return item.version, item.status


@pytest.mark.parametrize("status", ["draft", "consultation"])
def test_a_version_that_is_not_agreed_on_replaces_nothing(
    registry: Registry, tmp_path: Path, status: str
) -> None:
    newer = HOME.replace("version: 1.0.0", f"version: 2.0.0\nstatus: {status}")
    registry.define([write(tmp_path, newer, "home.yaml")])
    assert status_of(registry, "visit-home") == ("1.0.0", "active")
    dataset = VISIT.replace("version: 1.0.0", f"version: 2.0.0\nstatus: {status}").replace("0, 120", "0, 10")
    registry.define([write(tmp_path, dataset, "visit.yaml")])
    assert registry.deliver("visit", write(tmp_path, text([visit(1)]))).accepted == 1


def test_a_retired_version_ends_an_indicator(registry: Registry, tmp_path: Path) -> None:
    retired = HOME.replace("version: 1.0.0", "version: 1.0.1\nstatus: retired")
    registry.define([write(tmp_path, retired, "home.yaml")])
    assert status_of(registry, "visit-home") == ("1.0.1", "retired")
    assert [item.id for item in registry.catalogue().indicators()] == ["census-protocol", "visit-fall"]


def test_an_older_version_defined_later_does_not_come_back(registry: Registry, tmp_path: Path) -> None:
    for version in ("1.10.0", "1.9.0"):
        registry.define([write(tmp_path, HOME.replace("1.0.0", version), "home.yaml")])
    assert status_of(registry, "visit-home")[0] == "1.10.0"


def test_members_are_those_of_the_networks_in_force(registry: Registry, tmp_path: Path) -> None:
    for version, status, member in (
        ("2.0.0", "active", "north"),
        ("1.0.0", "active", "south"),
        ("3.0.0", "draft", "x"),
    ):
        content = NETWORKS.format(version=version, status=status, member=member)
        registry.define([write(tmp_path, content, "town.yaml")])
        assert registry.con.execute("select network, provider from member").fetchall() == [("T1", "north")]


def test_a_column_cannot_change_its_type(registry: Registry, tmp_path: Path) -> None:
    changed = write(
        tmp_path, VISIT.replace("1.0.0", "1.1.0").replace("decimals: 1", "decimals: 2"), "visit.yaml"
    )
    before = everything(registry)
    with pytest.raises(RegistryError) as caught:
        registry.define([changed])
    assert str(caught.value) == (
        "dataset visit: column 'weight' is stored as decimal(18, 1); "
        "the new version makes it decimal(18, 2)\n"
        "  give the changed column a new name"
    )
    assert everything(registry) == before


def test_a_new_column_leaves_old_records_empty(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text([visit(1)])))
    wider = VISIT.replace("1.0.0", "1.1.0") + "  glasses: {type: boolean}\n"
    registry.define([write(tmp_path, wider, "visit.yaml")])
    lines = [visit(2) | {"glasses": "true"}]
    registry.deliver("visit", write(tmp_path, text(lines, lines[0]), "more.csv"))
    found = registry.con.execute("select visit, glasses from record_visit order by 1").fetchall()
    assert found == [("v1", None), ("v2", True)]


def test_an_edited_definition_stops_the_run(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text(visits())))
    file = registry.folder / "definitions" / "visit-fall.indicator.yaml"
    file.write_text(file.read_text().replace("age >= 18", "age >= 21"))
    with pytest.raises(RegistryError) as caught:
        registry.run()
    assert str(caught.value) == (
        "definitions/visit-fall.indicator.yaml: indicator visit-fall 1.0.0 is not what this registry works "
        f"with\n  put it in force with `meetlat define {file}`"
    )
    assert registry.scores("visit-fall").empty


def test_an_unknown_library_set() -> None:
    with pytest.raises(RegistryError) as caught:
        library_files("birh")
    assert str(caught.value) == "there is no library set 'birh'\n  did you mean 'birth'?"


def test_init_does_not_touch_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, "mine", "mine.txt")
    with pytest.raises(RegistryError) as caught:
        Registry.create(tmp_path)
    assert str(caught.value) == f"{tmp_path}: there is something here already\n  choose a new folder"
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (HOME.encode("utf-16"), "x.yaml:1: byte 0xff is not UTF-8 text (save the file as UTF-8)"),
        (HOME.encode() + b"# caf\xe9\n", "x.yaml:17: byte 0xe9 is not UTF-8 text (save the file as UTF-8)"),
        (b"\x00" * 100, "x.yaml:1: U+0000 cannot be seen: take it out"),
        (b"a: " + b"x" * 10_000_000, "x.yaml: the file is larger than 1,000,000 bytes"),
        (b"a: " + "é".encode() * 5_000_000, "x.yaml: the file is larger than 1,000,000 bytes"),
        (b"a: " + b"[" * 10_000_000, "x.yaml: the file is larger than 1,000,000 bytes"),
    ],
    ids=["utf-16", "latin-1", "binary", "10 MB", "10 MB, two bytes a letter", "10 MB of brackets"],
)
def test_a_file_that_is_no_text_or_too_much(
    registry: Registry, tmp_path: Path, content: bytes, fault: str
) -> None:
    assert told(registry, write(tmp_path, content, "x.yaml")) == [fault]
