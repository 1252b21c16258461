"""The life of a version: who decided, what may change, and what must be shown before it is active."""

from __future__ import annotations

from pathlib import Path

import pytest

from indicators.faults import DefinitionError
from registry_db.catalogue import Catalogue, merged, read_definition, read_files
from registry_db.checking import run_examples
from registry_db.faults import RegistryError
from registry_db.library import library_files
from registry_db.lifecycle import Decision
from registry_db.registry import Registry
from tests.registry_db.build import FALL, write

BOARD = Decision("the board", "it was agreed")
ONE_EXAMPLE = FALL.partition("  - given: {age: 40, weight: 70, fell: false")[0]
DRAFT = ONE_EXAMPLE.replace("version: 1.0.0", "version: 1.1.0\nstatus: draft").replace(
    "age >= 18", "age >= 21"
)
WHOLE = (
    DRAFT
    + """\
  - {given: {age: 40, weight: 70, fell: false, sex: male}, expect: {state: not-met}}
  - {given: {age: 40, weight: 151, fell: false, sex: male}, expect: {state: excluded}}
  - {given: {age: 20, weight: 70, fell: false, sex: male}, expect: {state: not-eligible}}
"""
)


def told(error: pytest.ExceptionInfo[DefinitionError]) -> list[str]:
    return [str(fault) for fault in error.value.faults]


def test_from_draft_to_retired(registry: Registry, tmp_path: Path) -> None:
    registry.define([write(tmp_path, WHOLE, "fall.yaml")], Decision("an author", "first draft"))
    for status in ("consultation", "active", "retired"):
        before = registry.catalogue().get("indicator", "visit-fall")
        assert before.version == ("1.1.0" if status == "retired" else "1.0.0")
        registry.decide("visit-fall", "1.1.0", status, BOARD)
    old, new = registry.history("visit-fall")
    assert [(step.status, step.by, step.why) for step in new.steps] == [
        ("draft", "an author", "first draft"),
        ("consultation", "the board", "it was agreed"),
        ("active", "the board", "it was agreed"),
        ("retired", "the board", "it was agreed"),
    ]
    assert len({step.hash for step in new.steps}) == 1
    assert [step.at for step in new.steps] == sorted(step.at for step in new.steps)
    assert (old.version, old.status) == ("1.0.0", "active")
    assert "status: retired" in (registry.folder / "definitions" / "fall.yaml").read_text(encoding="utf-8")
    assert registry.define([registry.folder / "definitions" / "fall.yaml"]) == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("active", "indicator visit-fall 1.1.0 is draft; after that comes consultation, not active"),
        ("retired", "indicator visit-fall 1.1.0 is draft; after that comes consultation, not retired"),
        ("actif", "there is no status 'actif'\n  did you mean 'active'?"),
    ],
)
def test_a_step_that_cannot_follow(registry: Registry, tmp_path: Path, status: str, said: str) -> None:
    registry.define([write(tmp_path, WHOLE, "fall.yaml")])
    with pytest.raises(RegistryError) as caught:
        registry.decide("visit-fall", "1.1.0", status, BOARD)
    assert str(caught.value) == said
    assert len(registry.history("visit-fall")[1].steps) == 1


def test_a_decision_has_a_name_and_a_reason() -> None:
    with pytest.raises(RegistryError, match="'why' is empty"):
        Decision("the board", " ")


def test_an_unexercised_clause_keeps_a_version_from_being_active(registry: Registry, tmp_path: Path) -> None:
    notes = registry.check([write(tmp_path, DRAFT, "fall.yaml")]).notes
    wanted = [
        "fall.yaml:10: population: no example makes 'age >= 21' false where it is asked",
        "fall.yaml:12: exclude.1.when: no example makes 'weight > 150' true where it is asked",
        "fall.yaml:13: outcome.when: no example makes 'fell' false where it is asked",
    ]
    assert [str(note) for note in notes] == wanted
    registry.define([tmp_path / "fall.yaml"])
    registry.decide("visit-fall", "1.1.0", "consultation", BOARD)
    with pytest.raises(DefinitionError) as caught:
        registry.decide("visit-fall", "1.1.0", "active", BOARD)
    assert told(caught) == wanted
    assert registry.history("visit-fall")[1].status == "consultation"


def test_a_failing_example_is_a_note_on_a_draft_only(registry: Registry, tmp_path: Path) -> None:
    failing = WHOLE.replace("expect: {state: met}", "expect: {state: not-met}")
    [note] = registry.check([write(tmp_path, failing, "fall.yaml")]).notes
    assert str(note) == "fall.yaml:19: examples.1: expected not-met; it ends as met"
    with pytest.raises(DefinitionError):
        registry.check([write(tmp_path, failing.replace("status: draft", "status: active"), "fall.yaml")])


def test_an_example_left_out_before_says_nothing_of_a_later_rule(registry: Registry) -> None:
    masked = WHOLE.replace("{age: 40, weight: 151,", "{age: 20, weight: 151,").replace(
        "excluded", "not-eligible"
    )
    gaps = run_examples(registry.catalogue(), read_definition(masked, "fall.yaml")).gaps
    assert [gap.message for gap in gaps] == ["no example makes 'weight > 150' true where it is asked"]


def test_a_number_that_is_not_raised_far_enough(registry: Registry, tmp_path: Path) -> None:
    patch = write(tmp_path, DRAFT.replace("1.1.0", "1.0.1"), "fall.yaml")
    with pytest.raises(DefinitionError) as caught:
        registry.check([patch])
    assert told(caught) == [
        "fall.yaml:2: version: since 1.0.0 this changed: population; that can change states or scores, and "
        "1.0.1 says it is a patch change (make it 1.1.0)"
    ]


def test_a_status_is_not_changed_by_a_file(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        registry.define(
            [write(tmp_path, FALL.replace("version: 1.0.0", "version: 1.0.0\nstatus: retired"), "f.yaml")]
        )
    assert told(caught) == [
        "f.yaml:3: status: indicator visit-fall 1.0.0 is active in this registry, not retired (a status is "
        "decided on: `meetlat status visit-fall 1.0.0 retired --by WHO --why WHY`)"
    ]


@pytest.mark.parametrize("name", ["birth", "ecqm", "nhs-proms"])
def test_shipped_definitions_exercise_every_clause(name: str) -> None:
    items = read_files(library_files(name))
    catalogue = merged(Catalogue({}), items)
    found = [run_examples(catalogue, item) for item in items]
    assert [(one.faults, one.gaps) for one in found] == [((), ())] * len(items)
