"""Deliveries: nothing is lost, nothing counts twice, a correction supersedes and the old one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.records import make_current_view
from registry_db.registry import Registry
from tests.registry_db.build import VISIT, everything, text, visit, write, zipped


def current(
    registry: Registry, dataset: str = "visit", columns: str = "visit, age"
) -> list[tuple[object, ...]]:
    view = make_current_view(registry.con, registry.catalogue().dataset(dataset))
    return registry.con.execute(f"select {columns} from {view} order by all").fetchall()


def refused(registry: Registry, dataset: str, file: Path, **options: str) -> str:
    before = everything(registry)
    with pytest.raises(RegistryError) as caught:
        registry.deliver(dataset, file, **options)
    assert everything(registry) == before
    return str(caught.value)


def test_an_unknown_dataset(registry: Registry, tmp_path: Path) -> None:
    message = refused(registry, "visits", write(tmp_path, text([visit()])))
    assert message == "there is no dataset 'visits' in this registry\n  did you mean 'visit'?"


def test_a_later_file_corrects_by_key_and_the_old_record_stays(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text([visit(1), visit(2)])))
    registry.deliver("visit", write(tmp_path, text([visit(2, age="51"), visit(3)])))
    assert current(registry) == [("v1", 50), ("v2", 51), ("v3", 50)]
    assert registry.con.execute("select count(*) from record_visit where visit = 'v2'").fetchall() == [(2,)]


def test_a_wrong_correction_leaves_the_record(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text([visit(1), visit(2)])))
    registry.deliver("visit", write(tmp_path, text([visit(2, age="old"), visit(3)])))
    assert current(registry) == [("v1", 50), ("v2", 50), ("v3", 50)]


def test_the_same_file_twice_is_one_delivery(registry: Registry, tmp_path: Path) -> None:
    content = text([visit(1), visit(2, age="old")])
    first = registry.deliver("visit", write(tmp_path, content))
    before = everything(registry)
    for again in (write(tmp_path, content, "again.csv"), zipped(tmp_path, {"x.csv": content})):
        done = registry.deliver("visit", again)
        assert (done.delivery, done.already, done.rows, done.quarantined) == (first.delivery, True, 2, 1)
    assert everything(registry) == before


def test_an_old_file_again_does_not_undo_its_corrections(registry: Registry, tmp_path: Path) -> None:
    old = write(tmp_path, text([visit(1)]), "old.csv")
    registry.deliver("visit", old)
    registry.deliver("visit", write(tmp_path, text([visit(1, age="51")])))
    assert registry.deliver("visit", old).already
    assert current(registry) == [("v1", 51)]


def test_replacing_a_delivery_and_going_back(registry: Registry, tmp_path: Path) -> None:
    old = write(tmp_path, text([visit(1), visit(2)]), "old.csv")
    new = write(tmp_path, text([visit(1, age="51")]), "new.csv")
    first = registry.deliver("visit", old).delivery
    second = registry.deliver("visit", new, replaces=first).delivery
    assert current(registry) == [("v1", 51)]
    assert refused(registry, "visit", old) == (
        f"old.csv: taken in before as {first}, which was replaced by {second}\n"
        f"  to go back to it, deliver it with --replaces {second}"
    )
    third = registry.deliver("visit", old, replaces=second)
    assert not third.already
    assert current(registry) == [("v1", 50), ("v2", 50)]
    superseded = registry.deliveries().set_index("delivery")["superseded_by"]
    assert [superseded[name] for name in (first, second)] == [second, third.delivery]
    assert registry.con.execute("select count(*) from record_visit").fetchall() == [(5,)]


def test_wrong_replacements(registry: Registry, tmp_path: Path) -> None:
    old, new = write(tmp_path, text([visit(1)]), "old.csv"), write(tmp_path, text([visit(2)]), "new.csv")
    first = registry.deliver("visit", old).delivery
    assert refused(registry, "visit", new, replaces="visit-0009") == (
        "there is no delivery 'visit-0009' of visit\n  see `meetlat deliveries`"
    )
    second = registry.deliver("visit", new, replaces=first).delivery
    third = write(tmp_path, text([visit(3)]), "third.csv")
    assert refused(registry, "visit", third, replaces=first) == (
        f"delivery {first} is already replaced by {second}"
    )
    assert refused(registry, "visit", new, replaces=first) == (
        f"new.csv: taken in before as {second}; it cannot replace {first}"
    )
    census = write(tmp_path, "clinic,beds,protocol\na,1,true\n", "census-2024.csv")
    assert refused(registry, "census", census, replaces=second) == (
        f"there is no delivery '{second}' of census\n  see `meetlat deliveries`"
    )
    assert registry.deliver("visit", new, replaces=second).already


def test_a_file_is_checked_again_after_its_dataset_changed(registry: Registry, tmp_path: Path) -> None:
    file = write(tmp_path, text([visit(1), visit(2, sex="3")]))
    first = registry.deliver("visit", file)
    assert first.quarantined == 1
    wider = VISIT.replace("1.0.0", "1.1.0").replace('"2": female', '"2": female, "3": other')
    registry.define([write(tmp_path, wider, "visit.dataset.yaml")])
    assert registry.deliver("visit", file).already
    done = registry.deliver("visit", file, replaces=first.delivery)
    assert (done.already, done.accepted) == (False, 2)
    assert current(registry, columns="visit, sex") == [("v1", "male"), ("v2", "other")]


def test_without_a_key_the_same_ground_is_refused(registry: Registry, tmp_path: Path) -> None:
    head = "clinic,beds,protocol\n"
    first = registry.deliver("census", write(tmp_path, head + "a,1,true\nb,2,true\n", "census-2024.csv"))
    again = write(tmp_path, head + "b,3,true\nc,2,true\n", "more-2024.csv")
    assert refused(registry, "census", again) == (
        f"census has no key, and delivery {first.delivery} already holds records of 1 of these providers in "
        f"2024: they would be counted twice\n  if this file corrects it, deliver it with --replaces "
        f"{first.delivery}"
    )
    registry.deliver("census", again, replaces=first.delivery)
    registry.deliver("census", write(tmp_path, head + "b,3,true\nc,2,true\n", "more-2025.csv"))
    assert current(registry, "census", "clinic, year, beds") == [
        ("b", "2024", 3), ("b", "2025", 3), ("c", "2024", 2), ("c", "2025", 2),
    ]  # fmt: skip


def test_rows_keep_their_reason_line_and_file(registry: Registry, tmp_path: Path) -> None:
    done = registry.deliver("visit", write(tmp_path, text([visit(1), visit(2, age=" old "), visit(3)])))
    [row] = registry.con.execute("select * from quarantine").fetchall()
    assert row[:5] == (done.delivery, 3, "age", "old", "a whole number")
    import json

    kept = visit(2, age="old")
    kept["visit"] = kept.pop("id")
    del kept["person"]
    assert json.loads(row[5]) == kept
    assert registry.deliveries()["file_name"].tolist() == ["visits.csv"]


def test_every_row_is_taken_in_or_set_apart(registry: Registry, tmp_path: Path) -> None:
    lines = [visit(number, age=str(number)) for number in range(300)] + [visit(7)]
    done = registry.deliver("visit", write(tmp_path, text(lines)))
    counts = registry.con.execute(
        "select (select count(*) from record_visit), (select count(distinct line) from quarantine)"
    ).fetchall()
    assert counts == [(done.accepted, done.quarantined)]
    assert (done.rows, done.accepted + done.quarantined, done.quarantined) == (301, 301, 179 + 2)


def test_nothing_of_a_failed_delivery_stays(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("registry_db.deliveries._insert", fail)
    before = everything(registry)
    with pytest.raises(OSError, match="the disk is full"):
        registry.deliver("visit", write(tmp_path, text([visit(1)])))
    assert everything(registry) == before
    monkeypatch.undo()
    assert registry.deliver("visit", write(tmp_path, text([visit(1)]))).accepted == 1
