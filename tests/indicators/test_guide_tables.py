"""What the guide says of tables in a dataset, of computed columns and of how a score is made."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import indicator_faults
from indicators.guide import Described, guide
from indicators.guide.content import Entry
from indicators.guide.parts import Items, Table
from indicators.source import read_source

DATASET = """\
dataset: birth
version: 1.0.0
title: {nl: Bevallingen, en: Births}
source: made up for the tests
key: [id]
provider: clinic
period: {year_of: born}
columns:
  id: {type: text, required: true}
  clinic: {type: text, required: true}
  born: {type: date, required: true, title: {nl: de bevaldatum, en: the birth}}
tables:
  measurement:
    title: {nl: metingen, en: measurements}
    link: {id: id}
    columns:
      id: {type: text, required: true, title: {nl: nummer, en: number}}
      line: {type: integer, required: true, title: {nl: regel, en: line}}
      kind: {type: category, codes: {S: systolic, D: diastolic}, title: {nl: soort, en: kind},
             labels: {systolic: {nl: bovendruk, en: upper}, diastolic: {nl: onderdruk, en: lower}}}
      seen: {type: date, title: {nl: meetdag, en: day of measuring}}
      until: {type: date}
      value: {type: integer, range: [60, 250], unit: mmHg, title: {nl: bloeddruk, en: blood pressure}}
    tables:
      remark:
        title: {nl: opmerkingen, en: remarks}
        link: {id: id, line: line}
        columns:
          id: {type: text, required: true}
          line: {type: integer, required: true}
          text: {type: text, title: {nl: tekst, en: text}}
    derive:
      doubted: {any: true, of: remark, where: text = 'in doubt', title: {nl: twijfel, en: doubt}}
derive:
  pressure:
    first: value
    of: measurement
    where: kind = 'systolic' and not doubted and seen <> record(born)
    by: seen
    between: ["add_days(born, -90)", born]
    title: {nl: bloeddruk vóór de bevalling, en: blood pressure before birth}
  after: {count: true, of: measurement, by: seen, between: [born, "add_months(born, 2)"]}
  at_home: {days: [seen, until], of: measurement}
  kinds: {distinct: kind, of: measurement}
  moments: {distinct: "days_between(record(born), seen)", of: measurement}
  high: {value: pressure > 140, type: boolean, title: {nl: hoge bloeddruk, en: high blood pressure}}
  unread: {max: value, of: measurement}
"""
INDICATOR: dict[str, Any] = {
    "indicator": "birth-pressure",
    "version": "1.0.0",
    "horizon": 2,
    "title": {"nl": "Bloeddruk", "en": "Blood pressure"},
    "why": {"nl": "Omdat.", "en": "Because."},
    "steward": "the tests",
    "sources": ["made up", {"nl": "verzonnen", "en": "invented"}],
    "dataset": "birth",
    "population": "after >= 0 and kinds > 0 and at_home >= 0 and moments > 0",
    "outcome": {"kind": "binary", "when": "high", "better": "lower"},
    "show": {"unit": "percent", "decimals": 1},
    "examples": [
        {
            "given": {
                "born": "2025-01-01",
                "tables": {
                    "measurement": [
                        {"kind": "systolic", "value": 150, "tables": {"remark": [{"text": "in doubt"}]}}
                    ]
                },
            },
            "expect": {"state": "missing"},
        }
    ],
}


def entry(language: Any, text: str = DATASET, **changes: Any) -> Entry:
    source = read_source(text, "birth.dataset.yaml")
    dataset = Dataset.model_validate(source.data).with_code_lists({})
    indicator = Indicator.model_validate(INDICATOR | changes)
    assert not [*indicator_faults(indicator, dataset, read_source(yaml.safe_dump(INDICATOR), "x.yaml"))]
    made = guide([Described(indicator)], {"birth": dataset}, name="test", language=language)
    return made.chapters[0].entries[0]


def items(of: Entry, term: str) -> tuple[str, ...]:
    [part] = next(row.parts for row in of.rows if row.term == term)
    assert isinstance(part, Items)
    return part.items


def test_computed_columns_in_words() -> None:
    assert items(entry("en"), "Computed items") == (
        "after: number of rows in the table ‘measurements’, with day of measuring from the birth up to and "
        "including the birth plus 2 months",
        "kinds: number of different values of kind in the table ‘measurements’",
        "at home: number of days from day of measuring up to and including until in the table "
        "‘measurements’, each day counted once",
        "moments: number of different values of the days from the birth of the record to day of measuring in "
        "the table ‘measurements’",
        "doubt (the table ‘measurements’): whether there is a row in the table ‘remarks’, for which this "
        "surely holds: text is ‘in doubt’",
        "blood pressure before birth: first blood pressure in the table ‘measurements’, with day of "
        "measuring from 90 days before the birth up to and including the birth, for which this surely holds: "
        "kind is ‘upper’ and doubt: no and day of measuring is not the birth of the record",
        "high blood pressure: blood pressure before birth is above 140",
    )
    dutch = items(entry("nl"), "Berekende gegevens")
    assert dutch[5] == (
        "bloeddruk vóór de bevalling: eerste bloeddruk uit de tabel ‘metingen’, met meetdag vanaf 90 dagen "
        "vóór de bevaldatum tot en met de bevaldatum, waarvoor zeker geldt: soort is ‘bovendruk’ en "
        "twijfel: nee en meetdag is niet de bevaldatum van het record"
    )
    # the name that an author gives a computed column is what the sentences say
    assert next(row.parts for row in entry("nl").rows if row.term.startswith("Teller")) == (
        "hoge bloeddruk: ja",
    )


def test_the_columns_of_tables_that_are_read() -> None:
    parts = next(row.parts for row in entry("en").rows if row.term == "Data needed")
    assert [part for part in parts if isinstance(part, str)] == [
        "A text file (CSV, utf-8) with the names on the first line; between the fields stands a comma (,); "
        "a date is YYYY-MM-DD",
        "The table ‘measurements’ (no, one or more rows for a record); belongs to a record by: number",
        "The table ‘remarks’ of the table ‘measurements’ (no, one or more rows for a row of it); belongs to "
        "a row of it by: id, line",
    ]
    # of the file of a table that is written otherwise, or holds something else, it is told as well
    decimal = DATASET.replace("value: {type: integer", "value: {type: decimal")
    assert decimal != DATASET
    parts_with = next(row.parts for row in entry("en", text=decimal).rows if row.term == "Data needed")
    assert [part for part in parts_with if isinstance(part, str) and "after a point" in part] == [
        "A text file (CSV, utf-8) with the names on the first line; between the fields stands a comma (,); "
        "decimals come after a point (0.5); a date is YYYY-MM-DD"
    ]
    tables = [part for part in parts if isinstance(part, Table)]
    assert [[row[1] for row in table.rows] for table in tables] == [
        ["id", "clinic", "born"],
        ["id", "seen", "kind", "until", "line", "value"],
        ["id", "line", "text"],
    ]
    assert ("kind", "kind", "S = upper; D = lower", "no") in tables[1].rows
    # what rows belong to a record by is not always its key
    by_woman = DATASET.replace("link: {id: id}", "link: {woman: woman}").replace(
        "      id: {type: text, required: true, title: {nl: nummer, en: number}}",
        "      id: {type: text}\n      woman: {type: text, required: true}",
    )
    by_woman = by_woman.replace("  clinic: {", "  woman: {type: text, required: true}\n  clinic: {")
    [first, *_] = [
        part
        for row in entry("en", text=by_woman).rows
        if row.term == "Data needed"
        for part in row.parts
        if isinstance(part, Table)
    ]
    assert "woman" in [row[1] for row in first.rows]


def test_the_rows_of_an_example() -> None:
    [table] = next(row.parts for row in entry("en").rows if row.term == "Examples")
    assert isinstance(table, Table)
    assert table.rows[0][0] == (
        "the birth: 2025-01-01; the table ‘measurements’: (kind: upper; blood pressure: 150; the table "
        "‘remarks’: (text: in doubt))"
    )


def test_the_steward_in_the_language_of_the_guide() -> None:
    def steward(language: str, **changes: Any) -> tuple[Any, ...]:
        term = {"nl": "Beheerder", "en": "Steward"}[language]
        return next(row.parts for row in entry(language, **changes).rows if row.term == term)

    both = {"steward": {"nl": "de vereniging", "en": "the society"}}
    assert (steward("nl", **both), steward("en", **both)) == (("de vereniging",), ("the society",))
    assert steward("nl") == steward("en") == ("the tests",)


def test_sources_in_the_language_of_the_guide() -> None:
    assert items(entry("nl"), "Bronnen") == ("made up", "verzonnen")
    assert items(entry("en"), "Sources") == ("made up", "invented")


@pytest.mark.parametrize(
    ("changes", "first", "more"),
    [
        ({}, "the proportion itself; without case mix", 1),
        ({"case_mix": [{"term": "kinds", "as": "number"}]}, "how often it happened, divided by how often", 2),
        (
            {"outcome": {"kind": "continuous", "value": "at_home", "better": "lower"}},
            "the mean itself; without case mix",
            1,
        ),
        (
            {"outcome": {"kind": "structure", "when": "high", "better": "lower"}},
            "a fact about a provider, not a sample",
            1,
        ),
    ],
)
def test_how_a_score_is_made(changes: dict[str, Any], first: str, more: int) -> None:
    english, dutch = (
        items(entry(language, **changes), term)
        for language, term in (("en", "How the score is made"), ("nl", "Hoe de score wordt berekend"))
    )
    assert english[0].startswith(first)
    assert len(english) == len(dutch) == more
