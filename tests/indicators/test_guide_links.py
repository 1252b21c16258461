"""What the guide says of tables whose rows are those of another table: what has to be delivered where."""

from __future__ import annotations

from typing import Any

import yaml

from indicators.dataset import Dataset
from indicators.guide import Described, guide
from indicators.guide.parts import Items, Table
from tests.indicators.build import indicator
from tests.indicators.test_links import DEATH, DIED, datasets, stay

CARE = """\
dataset: care
version: 1.0.0
title: {nl: Zorg, en: Care}
source: made for a test
key: [id]
provider: provider
period: {year_of: day}
columns:
  id: {type: integer, required: true}
  provider: {type: text, required: true}
  day: {type: date, required: true}
derive:
  alarmed: {any: true, of: note, where: alarm}
tables:
  note:
    link: {id: id}
    columns: {id: {type: integer, required: true}, written: {type: date}}
    derive: {alarm: {any: true, of: during, where: urgent}}
    tables:
      during:
        rows_of: care.visit
        link: {id: id, seen: written, told: written}
        columns: {id: {type: integer}, urgent: {type: boolean}, seen: {type: date}, told: {type: date}}
  visit:
    link: {id: id}
    columns:
      id: {type: integer, required: true}
      number: {type: integer, required: true}
      seen: {type: date}
    derive:
      urgent: {any: true, of: remark, where: text = 'urgent'}
      told: {max: made, of: remark}
    tables:
      remark:
        link: {id: id, number: number}
        columns:
          id: {type: integer, required: true}
          number: {type: integer, required: true}
          text: {type: text, required: true}
          made: {type: date}
"""


def described(
    flag: str, *of: Dataset, given: dict[str, Any]
) -> tuple[tuple[str, ...], dict[str, list[str]], str]:
    """Of an indicator on a flag: what is computed, the columns to deliver by table, and its example."""
    counted = indicator(
        dataset=of[0].dataset,
        population=f"{of[0].key[0]} is not null",
        exclude=None,
        case_mix=None,
        outcome={"kind": "binary", "when": flag, "better": "lower"},
        examples=[{"given": given, "expect": {"state": "met"}}],
    )
    made = guide([Described(counted)], {one.dataset: one for one in of}, name="x", language="en")
    rows = {row.term: row.parts for row in made.chapters[0].entries[0].rows}
    [computed] = rows["Computed items"]
    file, first, *others = rows["Data needed"]
    [examples] = rows["Examples"]
    assert isinstance(computed, Items)
    assert isinstance(file, str)
    assert isinstance(first, Table)
    assert isinstance(examples, Table)
    needed = {"": [row[1] for row in first.rows]}
    for words, table in zip(others[::2], others[1::2], strict=True):
        assert isinstance(words, str)
        assert isinstance(table, Table)
        needed[words.partition("‘")[2].partition("’")[0]] = [row[1] for row in table.rows]
    return computed.items, needed, examples.rows[0][0]


def test_other_records_of_a_patient_need_what_is_computed_of_them() -> None:
    computed, needed, _ = described("back", *datasets(stay()), given={"back": True})
    assert computed[0] == "planned: kind is ‘planned’"
    assert needed["later"] == ["patient", "kind", "admitted"]


def test_a_record_of_another_dataset_needs_what_is_computed_of_it() -> None:
    winter = {"winter": {"type": "boolean"}}
    on = stay(
        tables={"death": DIED | {"columns": DIED["columns"] | winter}},
        derive={"froze": {"any": True, "of": "death", "where": "winter"}},
    )
    computed, needed, _ = described("froze", *datasets(on, yaml.safe_load(DEATH)), given={"froze": True})
    assert computed[0] == "winter: died is after 2024-10-01"
    assert needed["death"] == ["person", "died"]


def test_rows_of_a_table_beside_it_are_delivered_there() -> None:
    visit = {"number": 1, "seen": "2025-03-01", "tables": {"remark": [{"text": "urgent"}]}}
    given = {"tables": {"note": [{"written": "2025-03-01"}], "visit": [visit]}}
    computed, needed, example = described("alarmed", *datasets(yaml.safe_load(CARE)), given=given)
    assert computed[:2] == (
        "told (the table ‘visit’): highest made in the table ‘remark’",
        "urgent (the table ‘visit’): whether there is a row in the table ‘remark’, for which this surely "
        "holds: text is ‘urgent’",
    )
    assert needed == {
        "": ["id", "provider", "day"],
        "note": ["id", "written"],
        "during": ["id", "seen", "number"],
        "visit": ["id", "seen", "number"],
        "remark": ["id", "number", "made", "text"],
    }
    assert example == (
        "the table ‘note’: (written: 2025-03-01); the table ‘visit’: (number: 1; seen: 2025-03-01; the table "
        "‘remark’: (text: urgent))"
    )


def test_a_table_may_ask_the_record_that_it_belongs_to() -> None:
    data = yaml.safe_load(CARE)
    note = data["tables"]["note"]
    columns = {"id": {"type": "integer"}, "day": {"type": "date"}, "late": {"type": "boolean"}}
    note["tables"] = {"of": {"rows_of": "care", "link": {"id": "id"}, "columns": columns}}
    note["derive"] = {"alarm": {"any": True, "of": "of", "where": "late and day = record(written)"}}
    data["columns"]["hour"] = {"type": "integer"}
    data["derive"] = {"late": {"value": "hour > 22", "type": "boolean"}} | data["derive"]
    computed, needed, _ = described("alarmed", *datasets(data), given={"alarmed": True})
    assert computed[0] == "late: hour is above 22"
    assert needed == {
        "": ["id", "provider", "day"], "note": ["id", "written"], "of": ["id", "hour", "day"],
    }  # fmt: skip


def test_a_table_within_another_is_delivered_with_that() -> None:
    data = yaml.safe_load(CARE)
    note = data["tables"]["note"]
    columns = {"id": {"type": "integer"}, "made": {"type": "date"}}
    note["tables"] = {"made": {"rows_of": "care.visit.remark", "link": {"id": "id"}, "columns": columns}}
    note["derive"] = {"alarm": {"any": True, "of": "made", "where": "made = record(written)"}}
    remark = {"made": "2025-03-01"}
    given = {
        "tables": {
            "note": [{"written": "2025-03-01"}],
            "visit": [{"number": 1, "tables": {"remark": [remark]}}],
        }
    }
    _, needed, example = described("alarmed", *datasets(data), given=given)
    assert needed["made"] == ["id"]
    assert needed["visit"] == ["id"]
    assert needed["remark"] == ["id", "number", "made"]
    assert example.endswith("the table ‘visit’: (number: 1; the table ‘remark’: (made: 2025-03-01))")
