"""Tables of a dataset: delivered in files of their own, and what they give the records they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indicators.faults import DefinitionError
from registry_db.faults import RegistryError
from registry_db.registry import Registry
from tests.registry_db.build import FALL, VISIT, everything, make_registry, text, visit, write

TABLES = """\
tables:
  event:
    link: {visit: visit}
    rows: kind <> 'note'
    key: [visit, number]
    columns:
      visit: {type: text, required: true}
      number: {type: integer, required: true}
      at: {type: datetime}
      kind: {type: text}
      height: {type: decimal}
    derive:
      codes: {count: true, of: code}
    tables:
      code:
        link: {visit: visit, number: number}
        columns:
          visit: {type: text, required: true}
          number: {type: integer, required: true}
          code: {type: text}
derive:
  last_height: {last: height, of: event, where: kind = 'fall', by: at}
  coded: {any: true, of: event, where: codes > 1}
  seen: {value: "coalesce(last_height, 0) > 1", type: boolean}
"""
INDICATOR = (
    FALL.partition("case_mix:")[0].replace("when: fell,", "when: coded and seen,")
    + """\
show: {unit: percent, decimals: 1}
examples:
  - given:
      age: 40
      weight: 70
      tables:
        event:
          - {kind: fall, at: "2025-01-01T10:00", height: 0.5, tables: {code: [{code: a}]}}
          - {kind: fall, at: "2025-01-01T11:00", height: 2, tables: {code: [{code: a}, {code: b}]}}
          - {kind: other}
    expect: {state: met}
  - given: {age: 40, weight: 70, tables: {event: [{kind: fall, height: 2, tables: {code: [{}, {}]}}]}}
    expect: {state: not-met}
  - {given: {age: 40, weight: 70, coded: true, seen: true}, expect: {state: met}}
  - {given: {age: 40, weight: 70, coded: false, seen: true}, expect: {state: not-met}}
  - {given: {age: 17}, expect: {state: not-eligible}}
  - {given: {age: 40, weight: 170}, expect: {state: excluded}}
"""
)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    definitions = {"visit.dataset.yaml": VISIT + TABLES, "visit-fall.indicator.yaml": INDICATOR}
    with Registry(make_registry(tmp_path / "registry", definitions)) as opened:
        yield opened


EVENTS = """\
visit,number,at,kind,height
v1,1,2024-01-01T10:00,fall,2
v1,2,2024-01-01T11:00,fall,0.5
v1,3,2024-01-01T12:00,note,9
v2,1,2024-01-01T10:00,fall,0.5
v2,2,2024-01-01T11:00,fall,2
v2,x,2024-01-01T11:00,fall,2
v2,y,2024-01-01T11:00,note,2
v9,1,2024-01-01T11:00,fall,2
"""
CODES = "visit,number,code\nv1,1,a\nv1,1,b\nv2,1,a\nv2,2,a\nv2,2,b\n"


def met(registry: Registry) -> int:
    """Score; how many records met the outcome, which are all three records less those that did not."""
    registry.score()
    frame = registry.states("visit-fall").set_index("state")["n"]
    assert frame.sum() == 3
    return int(frame.get("met", 0))


def test_from_deliveries_to_scores(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text([visit(1), visit(2), visit(3)])))
    done = registry.deliver("visit.event", write(tmp_path, EVENTS, "events.csv"))
    assert (done.dataset, done.rows, done.accepted, done.quarantined, done.passed_over) == (
        "visit.event",
        8,
        5,
        1,
        2,
    )
    assert [str(fault) for fault in done.faults] == ["7: number is 'x'; expected a whole number"]
    assert met(registry) == 0
    registry.deliver("visit.event.code", write(tmp_path, CODES, "codes.csv"))
    assert met(registry) == 1
    # v1 falls once more, so that its last height is above 1
    lost = registry.deliveries().set_index("dataset")[["passed_over", "orphans"]]
    assert lost.to_dict("index") == {
        "visit": {"passed_over": 0, "orphans": 0},
        "visit.event": {"passed_over": 2, "orphans": 1},  # v9
        "visit.event.code": {"passed_over": 0, "orphans": 0},
    }
    more = "visit,number,at,kind,height\nv1,2,2024-01-01T11:00,fall,1.5\n"
    registry.deliver("visit.event", write(tmp_path, more, "more.csv"))
    assert met(registry) == 2


def test_a_table_without_a_key_takes_no_record_twice(registry: Registry, tmp_path: Path) -> None:
    first = registry.deliver("visit.event.code", write(tmp_path, CODES, "codes.csv"))
    again = registry.deliver("visit.event.code", write(tmp_path, CODES, "same.csv"))
    assert (again.already, again.delivery) == (True, first.delivery)
    more = write(tmp_path, "visit,number,code\nv2,2,c\nv3,1,a\n", "more.csv")
    before = everything(registry)
    with pytest.raises(RegistryError) as caught:
        registry.deliver("visit.event.code", more)
    assert everything(registry) == before
    assert str(caught.value) == (
        f"visit.event.code has no key, and delivery {first.delivery} already holds rows of 1 of these "
        "records: they would be counted twice\n"
        f"  if this file corrects it, deliver it with --replaces {first.delivery}"
    )
    registry.deliver("visit.event.code", more, replaces=first.delivery)


def test_no_row_of_a_file_is_of_the_table(registry: Registry, tmp_path: Path) -> None:
    file = write(tmp_path, "visit,number,at,kind,height\nv1,3,,note,9\n", "notes.csv")
    with pytest.raises(RegistryError, match="none of the 1 rows is of visit"):
        registry.deliver("visit.event", file)


def test_a_header_alone_says_that_nothing_happened(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text([visit(1), visit(2), visit(3)])))
    first = registry.deliver("visit.event", write(tmp_path, EVENTS, "events.csv"))
    registry.deliver("visit.event.code", write(tmp_path, CODES, "codes.csv"))
    header = write(tmp_path, EVENTS.partition("\n")[0] + "\n", "none.csv")
    assert met(registry) == 1
    done = registry.deliver("visit.event", header, replaces=first.delivery)
    assert (done.already, done.rows, done.accepted, done.quarantined) == (False, 0, 0, 0)
    assert met(registry) == 0
    assert registry.deliver("visit.event", header).already
    for empty in (text([]), "visit,number\n"):
        with pytest.raises(RegistryError):
            registry.deliver("visit", write(tmp_path, empty, "empty.csv"))
    with pytest.raises(RegistryError, match="the file is empty; expected a header"):
        registry.deliver("visit.event", write(tmp_path, "", "empty.csv"))


def test_a_table_that_is_not_there(registry: Registry, tmp_path: Path) -> None:
    file = write(tmp_path, CODES, "codes.csv")
    for name, message in (
        ("visit.events", "visit has no table 'events'\n  did you mean 'event'?"),
        ("visit.event.code.x", "visit.event.code has no table 'x'\n  it has no tables"),
    ):
        with pytest.raises(RegistryError) as caught:
            registry.deliver(name, file)
        assert str(caught.value) == message


LINKED = """\
tables:
  later:
    rows_of: visit
    link: {person: person}
    columns:
      person: {type: text, identifier: true}
      day: {type: date}
  stroke:
    rows_of: stroke
    link: {patient: person}
    columns:
      patient: {type: text, identifier: true}
      day: {type: date}
derive:
  seen: {any: true, of: later, by: day, between: ["add_days(day, 1)", "add_days(day, 30)"]}
  coded: {any: true, of: stroke, where: day >= record(day)}
"""
STROKE = """\
dataset: stroke
version: 1.0.0
title: {nl: Beroertes, en: Strokes}
source: made up for the tests
key: [patient, day]
provider: clinic
period: {year_of: day}
columns:
  patient: {type: text, from: bsn, identifier: true, required: true}
  clinic: {type: text, required: true}
  day: {type: date, required: true}
"""
LINKED_EXAMPLES = (
    FALL.partition("case_mix:")[0].replace("when: fell,", "when: coded and seen,")
    + """\
show: {unit: percent, decimals: 1}
examples:
  - given:
      age: 40
      weight: 70
      day: 2024-01-01
      tables:
        later: [{day: 2024-01-31}, {day: 2024-01-01}]
        stroke: [{day: 2024-01-01}]
    expect: {state: met}
  - given:
      age: 40
      weight: 70
      day: 2024-01-01
      tables: {later: [{day: 2024-02-01}], stroke: [{day: 2023-12-31}]}
    expect: {state: not-met}
  - {given: {age: 17}, expect: {state: not-eligible}}
  - {given: {age: 40, weight: 170}, expect: {state: excluded}}
"""
)


def test_other_records_of_a_patient(tmp_path: Path) -> None:
    """A person comes back within 30 days, and had a stroke: two datasets, each with its own pseudonyms."""
    definitions = {
        "visit.dataset.yaml": VISIT + LINKED,
        "stroke.dataset.yaml": STROKE,
        "visit-fall.indicator.yaml": LINKED_EXAMPLES,
    }
    with Registry(make_registry(tmp_path / "registry", definitions)) as registry:
        days = ("2024-03-01", "2024-03-31", "2024-04-30")
        rows = [visit(number, day=day, person="p") for number, day in enumerate(days)]
        registry.deliver("visit", write(tmp_path, text(rows)))
        assert met(registry) == 0
        for day, wanted in (("2024-03-01", 1), ("2024-03-31", 2), ("2024-06-01", 2)):
            stroke = f"bsn,clinic,day\np,c,{day}\n"
            registry.deliver("stroke", write(tmp_path, stroke, f"stroke-{day}.csv"))
            # Nobody asks for it: a delivery of the one dataset makes the scores of the other outstanding.
            assert met(registry) == wanted
        with pytest.raises(RegistryError) as caught:
            registry.deliver("visit.stroke", write(tmp_path, "a,b\n", "more.csv"))
        assert str(caught.value) == (
            "visit.stroke holds the rows of stroke, and is not delivered itself\n  deliver stroke"
        )
        # A new version of the one is held against what the other reads of it.
        draft = tmp_path / "stroke.dataset.yaml"
        renamed = STROKE.replace(", day]", ", began]").replace("  day: {", "  began: {")
        renamed = renamed.replace("year_of: day", "year_of: began").replace("1.0.0", "2.0.0")
        draft.write_text(renamed, encoding="utf-8")
        with pytest.raises(DefinitionError) as refused:
            registry.check([draft])
        assert [str(fault) for fault in refused.value.faults] == [
            "visit.dataset.yaml:33: tables.stroke.columns.day: stroke has no column 'day' "
            "(known: began, clinic, patient)"
        ]
