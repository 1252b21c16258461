"""What a new version changes: in words, in states and in scores; held against counts made by hand in SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.registry import Registry
from tests.registry_db.build import FALL, text, visits, write

NEWER = (
    FALL.replace("version: 1.0.0", "version: 1.1.0\nstatus: draft")
    .replace("age >= 18", "age >= 21")
    .replace(
        "  - {when: weight > 150, why: {nl: te zwaar, en: too heavy}}",
        "  - {when: sex = 'female', why: {nl: vrouw, en: woman}}\n"
        "  - {when: weight > 100, why: {nl: te zwaar, en: too heavy}}",
    )
    .replace("  - {term: sex, as: category, reference: male}\n", "")
)


@pytest.fixture
def filled(registry: Registry, tmp_path: Path) -> Registry:
    registry.deliver("visit", write(tmp_path, text(visits())))
    registry.define([write(tmp_path, NEWER, "newer.yaml")])
    return registry


def test_in_words(filled: Registry) -> None:
    found = filled.diff("visit-fall", "1.0.0", "1.1.0", language="en")
    assert found.changes.level == "minor"
    assert [(one.field, one.name, one.note, one.before, one.after) for one in found.changes.said] == [
        ("population", "Denominator: who counts", "", "age is at least 18", "age is at least 21"),
        ("exclude.1", "Exclusion", "added", "", "woman (sex is ‘female’)"),
        (
            "exclude.2",
            "Exclusion",
            "its condition is different",
            "too heavy (weight is above 150)",
            "too heavy (weight is above 100)",
        ),
        ("case_mix.1", "Case mix", "removed", "sex (in groups, against male)", ""),
    ]
    dutch = filled.diff("visit-fall", "1.0.0", "1.1.0").changes.said
    assert [one.after for one in dutch][:2] == ["age is minstens 21", "vrouw (sex is ‘female’)"]
    assert [one.note for one in dutch][1:] == ["toegevoegd", "de voorwaarde is anders", "vervallen"]
    assert dutch[0].text_after == "age >= 21"


def test_the_records_that_move_add_up(filled: Registry) -> None:
    found = filled.diff("visit-fall", "1.0.0", "1.1.0")
    [(records,)] = filled.con.execute("select count(*) from record_visit").fetchall()
    assert found.records == records
    [(young,)] = filled.con.execute(
        "select count(*) from record_visit where age between 18 and 20"
    ).fetchall()
    to_young = found.moves.query("state_before != 'not-eligible' and state_after == 'not-eligible'")
    assert to_young["n"].sum() == young > 0
    [(women,)] = filled.con.execute(
        "select count(*) from record_visit where age >= 21 and sex = 'female' and weight <= 150"
    ).fetchall()
    to_women = found.moves.query("state_before != 'excluded' and reason_after == 'rule 1'")
    assert to_women["n"].sum() == women > 0
    changed = found.moves.query("state_before != state_after or reason_before != reason_after")
    assert found.moved == changed["n"].sum()


def test_the_scores_are_those_of_a_run_and_nothing_is_kept(filled: Registry, tmp_path: Path) -> None:
    found = filled.diff("visit-fall", "1.0.0", "1.1.0").scores.set_index("provider")
    for table in ("score", "benchmark", "model", "state"):
        assert filled.con.execute(f"select * from {table}").fetchall() == []
    filled.score("visit-fall")
    kept = filled.scores("visit-fall").set_index("provider")
    assert found["adjusted_before"].equals(kept["adjusted"].rename("adjusted_before"))
    assert not found["adjusted_after"].equals(found["adjusted_before"].rename("adjusted_after"))


def test_a_file_that_is_not_defined(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text(visits())))
    found = registry.diff_file(write(tmp_path, FALL.replace("1.0.0", "2.0.0"), "same.yaml"))
    assert (found.before, found.after, found.changes.said, found.moved) == ("1.0.0", "2.0.0", (), 0)


def test_a_version_that_is_not_there(registry: Registry) -> None:
    with pytest.raises(RegistryError) as caught:
        registry.diff("visit-fall", "1.0.0", "3.0.0")
    assert str(caught.value) == "indicator visit-fall has no version 3.0.0\n  it has: 1.0.0"


def test_a_record_does_not_move_because_a_rule_does(registry: Registry, tmp_path: Path) -> None:
    rows = [row | {"weight": "160.0"} if number % 5 == 0 else row for number, row in enumerate(visits())]
    registry.deliver("visit", write(tmp_path, text(rows)))
    rule = "  - {when: weight > 150, why: {nl: te zwaar, en: too heavy}}"
    assert FALL.count(rule) == 1
    never = "  - {when: age > 105, why: {nl: te oud, en: too old}}\n"
    newer = FALL.replace("version: 1.0.0", "version: 1.1.0\nstatus: draft").replace(rule, never + rule)
    found = registry.diff_file(write(tmp_path, newer, "newer.yaml"))
    excluded = found.moves.query("state_after == 'excluded'")
    assert excluded["n"].sum() > 0
    assert found.moved == excluded.query("reason_after == 'rule 1'")["n"].sum()
    assert set(excluded.query("reason_after == 'rule 2'")["reason_before"]) == {"rule 2"}
    without = registry.diff_file(
        write(tmp_path, newer.replace(rule, "").replace("105", "110"), "without.yaml")
    )
    gone = without.moves.query("state_before == 'excluded'")
    assert set(gone["reason_before"]) == {"rule 1 of 1.0.0"}
