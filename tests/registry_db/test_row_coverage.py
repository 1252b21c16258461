"""Conditions on rows of child tables that no example exercises are named, and an active version refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indicators.faults import DefinitionError
from registry_db.lifecycle import Decision
from registry_db.registry import Registry
from tests.registry_db.build import write

DATASET = """\
dataset: care
version: 1.0.0
title: {nl: Zorg, en: Care}
source: made up for the tests
key: [id]
provider: clinic
period: {year_of: day}
columns:
  id: {type: integer, required: true}
  clinic: {type: text, required: true}
  day: {type: date, required: true}
tables:
  visit:
    link: {id: id}
    columns:
      id: {type: integer, required: true}
      number: {type: integer, required: true}
      kind: {type: category, codes: {h: home, c: clinic}}
      seen: {type: date}
      loss: {type: integer, range: [0, 5000]}
    tables:
      remark:
        link: {id: id, number: number}
        columns:
          id: {type: integer, required: true}
          number: {type: integer, required: true}
          text: {type: text}
    derive:
      urgent: {any: true, of: remark, where: text = 'urgent'}
      never: {any: true, of: remark, where: text = 'a' and text = 'b'}
derive:
  bled:
    any: true
    of: visit
    where: "loss > 500 and (urgent or kind = 'home') and seen >= record(day)"
  first_loss: {first: loss, of: visit, by: seen, between: ["add_days(day, -90)", day]}
  not_read: {count: true, of: visit, where: loss > 4000}
"""
INDICATOR = """\
indicator: care-bled
version: 1.0.0
status: {status}
horizon: 2
title: {{nl: Bloedverlies, en: Bled}}
why: {{nl: Omdat., en: Because.}}
steward: the tests
sources: [made up for the tests]
dataset: care
population: first_loss is null or first_loss < 400
outcome: {{kind: binary, when: bled, better: lower}}
show: {{unit: percent, decimals: 1}}
examples:
"""
POPULATION = "first_loss is null or first_loss < 400"
GIVEN = """\
  - given: {bled: true, first_loss: 3}
    expect: {state: met}
  - given: {bled: false, first_loss: null}
    expect: {state: not-met}
  - given: {bled: false, first_loss: 450}
    expect: {state: not-eligible}
"""
ROWS = """\
  - given:
      day: "2025-03-01"
      tables:
        visit:
          - number: 1
            kind: home
            seen: "2025-03-02"
            loss: 600
            tables: {remark: [{text: urgent}, {text: calm}]}
          - {number: 2, kind: clinic, seen: "2025-02-01", loss: 100, tables: {remark: [{text: calm}]}}
    expect: {state: met}
"""
LACKING = [  # of bled: each comparison, then of the window, then of what it takes from remarks
    ("derive.bled", "loss > 500", True), ("derive.bled", "loss > 500", False),
    ("derive.bled", "urgent", True), ("derive.bled", "urgent", False),
    ("derive.bled", "kind = 'home'", True), ("derive.bled", "kind = 'home'", False),
    ("derive.bled", "seen >= record(day)", True), ("derive.bled", "seen >= record(day)", False),
    ("derive.first_loss", "seen between add_days(record(day), -90) and record(day)", True),
    ("derive.first_loss", "seen between add_days(record(day), -90) and record(day)", False),
    ("tables.visit.derive.urgent", "text = 'urgent'", True),
    ("tables.visit.derive.urgent", "text = 'urgent'", False),
]  # fmt: skip


@pytest.fixture
def care(tmp_path: Path) -> Iterator[Registry]:
    with Registry.create(tmp_path / "care") as made:
        made.define([write(tmp_path, DATASET, "care.dataset.yaml")])
        yield made


def draft(folder: Path, *examples: str, status: str = "draft") -> Path:
    return write(folder, INDICATOR.format(status=status) + "".join(examples), "care-bled.indicator.yaml")


def gaps(registry: Registry, file: Path) -> list[tuple[str, str, bool]]:
    found = []
    for note in registry.check([file]).notes:
        assert note.file == "care.dataset.yaml"
        assert note.hint == "give such a row under 'tables' in an example"
        clause, _, said = note.message.removeprefix("no row in an example makes '").rpartition("' ")
        found.append((note.field, clause, said.startswith("true")))
    return found


def test_every_condition_is_named_with_its_place(care: Registry, tmp_path: Path) -> None:
    assert sorted(gaps(care, draft(tmp_path, GIVEN))) == sorted(LACKING)


def test_rows_exercise_them(care: Registry, tmp_path: Path) -> None:
    assert gaps(care, draft(tmp_path, GIVEN, ROWS)) == []


@pytest.mark.parametrize(
    ("before", "after", "lacking"),
    [
        ("loss: 100", "loss: null", [("derive.bled", "loss > 500", False)]),
        ("kind: clinic", "kind: home", [("derive.bled", "kind = 'home'", False)]),
        (', seen: "2025-02-01"', ', seen: "2024-02-01"', [LACKING[8]]),
        (', seen: "2025-02-01"', "", [LACKING[7], LACKING[8]]),  # unknown is neither true nor false
        ("{remark: [{text: calm}]}", "{remark: [{text: urgent}]}", [LACKING[3]]),
    ],
)
def test_one_row_less(
    care: Registry, tmp_path: Path, before: str, after: str, lacking: list[tuple[str, str, bool]]
) -> None:
    assert before in ROWS
    assert sorted(gaps(care, draft(tmp_path, GIVEN, ROWS.replace(before, after)))) == sorted(lacking)


def test_no_active_version_without_them(care: Registry, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no row in an example makes 'loss > 500' true"):
        care.define([draft(tmp_path, GIVEN, status="active")])
    care.define([draft(tmp_path, GIVEN, status="consultation")])
    decision = Decision("the board", "it is good")
    with pytest.raises(DefinitionError, match="no row in an example"):
        care.decide("care-bled", "1.0.0", "active", decision)
    care.define([draft(tmp_path, GIVEN, ROWS, status="consultation")])
    assert care.decide("care-bled", "1.0.0", "active", decision).status == "active"


def test_the_examples_of_another_indicator_on_the_dataset_count(care: Registry, tmp_path: Path) -> None:
    care.define([draft(tmp_path, GIVEN, ROWS, status="active")])
    text = (INDICATOR.format(status="active") + GIVEN).replace("care-bled", "care-other")
    assert care.check([write(tmp_path, text, "care-other.indicator.yaml")]).notes == ()


COUNTED = (
    DATASET.partition("derive:\n  bled:")[0]
    + """\
derive:
  urgent_days: {distinct: "case when urgent then seen end", of: visit, where: kind = 'home'}
  stayed: {days: [seen, "case when loss > 100 then seen else add_days(seen, 1) end"], of: visit}
"""
)
OF_COUNTED = INDICATOR.replace("when: bled", "when: urgent_days > 0").replace(POPULATION, "stayed > 0")
COMPUTED = """\
  - given: {urgent_days: 1, stayed: 1}
    expect: {state: met}
  - given: {urgent_days: 0, stayed: 1}
    expect: {state: not-met}
  - given: {urgent_days: 0, stayed: 0}
    expect: {state: not-eligible}
"""
VISITS = """\
  - given: {tables: {visit: [
      {number: 1, kind: home, seen: "2025-03-01", loss: 100, tables: {remark: [{text: urgent}]}},
      {number: 2, kind: home, seen: "2025-03-02", loss: 200, tables: {remark: [{text: calm}]}},
      {number: 3, kind: clinic, seen: "2025-03-02", loss: 200, tables: {remark: [{text: calm}]}}]}}
    expect: {state: met}
"""
OF_BLOCKS = [  # what is read only where something is counted, and what that is computed of
    ("derive.urgent_days", "kind = 'home'", True), ("derive.urgent_days", "kind = 'home'", False),
    ("derive.urgent_days", "urgent", True), ("derive.urgent_days", "urgent", False),
    ("derive.stayed", "loss > 100", True), ("derive.stayed", "loss > 100", False), *LACKING[10:],
]  # fmt: skip


def counted(folder: Path, *examples: str) -> Path:
    text = "".join((OF_COUNTED.format(status="draft"), COMPUTED, *examples))
    return write(folder, text, "care-bled.indicator.yaml")


def test_what_only_a_count_or_days_read_is_followed(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "care") as care:
        care.define([write(tmp_path, COUNTED, "care.dataset.yaml")])
        assert sorted(gaps(care, counted(tmp_path))) == sorted(OF_BLOCKS)
        assert gaps(care, counted(tmp_path, VISITS)) == []
        # A row that does not count is not asked what is counted of it.
        at_clinic = VISITS.replace("2, kind: home", "2, kind: clinic")
        assert gaps(care, counted(tmp_path, at_clinic)) == [("derive.urgent_days", "urgent", False)]


LINKED = (
    DATASET.partition("derive:\n  bled:")[0].replace(
        "      never:", "      calmed: {count: true, of: remark, where: text = 'calm'}\n      never:"
    )
    + """\
  note:
    link: {id: id}
    columns:
      id: {type: integer, required: true}
      written: {type: date}
      calmed: {type: integer, required: true}
    tables:
      during:
        rows_of: care.visit
        link: {id: id, calmed: calmed}
        columns:
          id: {type: integer}
          calmed: {type: integer}
          urgent: {type: boolean}
          seen: {type: date}
    derive:
      alarm: {any: true, of: during, where: urgent and seen = record(written)}
derive:
  bled: {any: true, of: note, where: alarm}
"""
)


def test_rows_of_another_table_of_the_record_are_followed_to_where_they_are_computed(tmp_path: Path) -> None:
    text = INDICATOR.replace(POPULATION, "id is not null").format(status="draft")
    computed = """\
  - {given: {bled: true}, expect: {state: met}}
  - {given: {bled: false}, expect: {state: not-met}}
"""
    rows = """\
  - given: {tables: {note: [{written: "2025-03-01", calmed: 0}, {written: "2025-03-05", calmed: 1}], visit: [
      {number: 1, seen: "2025-03-01", tables: {remark: [{text: urgent}]}},
      {number: 2, seen: "2025-03-02", tables: {remark: [{text: calm}]}}]}}
    expect: {state: met}
"""
    with Registry.create(tmp_path / "care") as care:
        care.define([write(tmp_path, LINKED, "care.dataset.yaml")])
        file = write(tmp_path, text + computed, "care-bled.indicator.yaml")
        of_visits = [gap for gap in gaps(care, file) if gap[0].startswith("tables.visit.")]
        calm = [("tables.visit.derive.calmed", "text = 'calm'", value) for value in (True, False)]
        assert sorted(of_visits) == sorted([*calm, *LACKING[10:]])
        assert gaps(care, write(tmp_path, text + computed + rows, "care-bled.indicator.yaml")) == []
