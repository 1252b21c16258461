"""Typical mistakes of an author, each with the message as it is printed: file:line: field: message (hint)."""

from __future__ import annotations

import pytest

from indicators.dataset import Dataset
from tests.indicators.build import DATASET, INDICATOR, NETWORKS, changed, messages
from tests.indicators.test_links import STAY

CODED = (
    DATASET
    + """\
  found: {any: true, of: visit, where: "record(sex) = 'female' and seen > record(day)"}
tables:
  visit:
    link: {id: id}
    columns:
      id: {type: integer, required: true}
      seen: {type: date}
"""
)
TERMS = "case_mix:\n  - {term: age, as: number}"

# mistake, right, wrong, what is said of it
IN_AN_INDICATOR = [
    ("a typo in a column", "population: age >= 18", "population: aeg >= 18",
     "loss.yaml:9: population: there is no column 'aeg' (did you mean 'age'?)"),
    ("a typo in a word", "better: lower", "better: lowr",
     "loss.yaml:15: outcome.better: 'lowr': expected 'lower' or 'higher' (did you mean 'lower'?)"),
    ("a code that is not in the list", "population: age >= 18", "population: sex = 'woman'",
     "loss.yaml:9: population: 'sex' has no value 'woman' (known: female, male)"),
    ("a code as it is delivered", "population: age >= 18", "population: sex = '1'",
     "loss.yaml:9: population: 'sex' has no value '1' (that is how it is delivered; here it is 'female')"),
    ("a missing translation", "title: {nl: Bloedverlies, en: Blood loss}", "title: {nl: Bloedverlies}",
     "loss.yaml:4: title.en: this field is missing"),
    ("an exclusion that can never be true", "when: twin", "when: age > 60 and age < 50",
     "loss.yaml:11: exclude.1.when: this can never be true ('age' runs from 0 to 110 years)"),
    ("an exclusion of what is left out already", "when: twin", "when: age < 12",
     "loss.yaml:11: exclude.1.when: this can never be true: the conditions above have left such records out "
     "(take it out, or move it up)"),
    ("an exclusion of everybody", "when: twin", "when: age >= 0",
     "loss.yaml:11: exclude.1.when: this is never false, whatever the record "
     "('age' runs from 0 to 110 years)"),
    ("limits in the wrong order", "population: age >= 18", "population: age between 65 and 18",
     "loss.yaml:9: population: 'age between 65 and 18': is never true: the lower limit comes first"),
    ("a letter of another alphabet", "population: age >= 18", "p\u043epulation: age >= 18",
     "loss.yaml:1: population: this field is missing\n"
     "loss.yaml:9: p\u043epulation: there is no such field (did you mean 'population'? '\u043e' is cyrillic "
     "small letter o)"),
    ("a number against a text", "population: age >= 18", "population: age >= '18'",
     "loss.yaml:9: population: 'age >= '18'': compares a number with a text"),
    ("a date against a text", "population: age >= 18", "population: born > '2000-01-01'",
     "loss.yaml:9: population: 'born > '2000-01-01'': compares a date with a text "
     "(a date is written date 'YYYY-MM-DD')"),
    ("a number for a condition", "population: age >= 18", "population: age",
     "loss.yaml:9: population: 'age' is a number; expected a condition, which is true or false"),
    ("= null", "population: age >= 18", "population: age = null",
     "loss.yaml:9: population: 'age = null': this is never true; write 'is null' or 'is not null'"),
    ("a word that is missing", "population: age >= 18", "population: age >= 18 twin",
     "loss.yaml:9: population: 'age >= 18 twin': a word or a sign is missing between these two"),
    ("a division", "population: age >= 18", "population: loss / age > 3",
     "loss.yaml:9: population: '/' is not part of the expression language: divide with ratio(a, b)"),
    ("a wrong reference", "reference: female", "reference: woman",
     "loss.yaml:18: case_mix.2.reference: 'sex' has no value 'woman' (known: female, male)"),
    ("a term twice", "  - {term: smoker, as: flag}", "  - {term: age, as: number}",
     "loss.yaml:19: case_mix.3.term: 'age' stands here twice"),
    ("a field twice", "steward: NVOG", "steward: NVOG\nsteward: KNOV",
     "loss.yaml:7: 'steward' stands here twice, first on line 6"),
    ("the outcome as case mix", TERMS, "case_mix:\n  - {term: loss, as: number}",
     "loss.yaml:17: case_mix.1.term: 'loss' is what the outcome is told by: adjusted for it, every score is "
     "as expected (take what was certain before the care)"),
    ("a follow-up of something that is no date", "show: {", "follow_up: {days: 30, after: age}\nshow: {",
     "loss.yaml:20: follow_up.after: 'age' is integer; expected date or datetime"),
    ("minutes of a share", "unit: percent", "unit: minutes",
     "loss.yaml:20: show.unit: minutes are of a mean; this outcome is binary"),
    ("a unit in Dutch", "unit: percent", "unit: minuten",
     "loss.yaml:20: show.unit: 'minuten': expected 'percent', 'points', 'rate', 'minutes', 'hours', 'days', "
     "'weeks', 'months' or 'years' (did you mean 'minutes'?)"),
    ("a period without brackets", "population: age >= 18", "population: day > period_start",
     "loss.yaml:9: population: there is no column 'period_start' (write period_start(...))"),
    ("a norm in percents", "show: {", "norm: {value: 95, kind: target}\nshow: {",
     "loss.yaml:20: norm.value: the norm of a share is a share: write 0.95 for 95 %"),
    ("an example outside the range", "given: {age: 30", "given: {age: 300",
     "loss.yaml:22: examples.1.given.age: 'age' runs from 0 to 110 years; it never comes to 300 "
     "(is this in another unit?)"),
    ("a tab", "steward: NVOG", "\tsteward: NVOG",
     "loss.yaml:6: this is not valid YAML: a tab at the start of a line (indent with spaces)"),
]  # fmt: skip
ELSEWHERE = [
    ("memberships that overlap", NETWORKS, "until: 2024-06-30", "until: 2024-07-01",
     "x.yaml:13: networks.south.members.1: provider P1 is in north and south on 2024-07-01; a membership "
     "ends the day before"),
    ("a membership that ends before it begins", NETWORKS, "until: 2024-06-30", "until: 2019-06-30",
     "x.yaml:8: networks.north.members.1.until: the membership ends before it begins"),
    ("a window from a column that is not there", STAY, '["add_days(discharged, 1)",', "[discharge,",
     "x.yaml:22: derive.back.between.1: there is no column 'discharge' (did you mean 'discharged'?)"),
    ("a record of another dataset that is not there", STAY, "rows_of: stay", "rows_of: stays",
     "x.yaml:25: tables.later.rows_of: there is no dataset or table 'stays' (did you mean 'stay'?)"),
    ("a computed column that comes too late", STAY, "      planned: {type: boolean}",
     "      back: {type: boolean}\n      planned: {type: boolean}",
     "x.yaml:30: tables.later.columns.back: 'back' must stand before 'back', which is computed of it in "
     "other rows"),
    ("a link by another kind of column", STAY, "link: {patient: patient}", "link: {admitted: patient}",
     "x.yaml:26: tables.later.link.admitted: 'admitted' is date, and 'patient' is text"),
    ("a pseudonym that says not that it is one", STAY,
     "      patient: {type: text, identifier: true}", "      patient: {type: text}",
     "x.yaml:26: tables.later.link.patient: both columns are identifiers, or neither"),
    ("a code of the record", CODED, "record(sex) = 'female'", "record(sex) = 'woman'",
     "x.yaml:38: derive.found.where: 'sex' has no value 'woman' (known: female, male)"),
    ("a number of the record", CODED, "record(sex) = 'female'", "record(age) > 400",
     "x.yaml:38: derive.found.where: 'age' runs from 0 to 110 years; it never comes to 400 "
     "(is this in another unit?)"),
    ("days of one end", CODED, "any: true", 'days: [seen]',
     "x.yaml:38: derive.found.days.2: this field is missing"),
    ("different days", CODED, "any: true", "distinct: sene",
     "x.yaml:38: derive.found.distinct: there is no column 'sene' (did you mean 'seen'?)"),
    ("a year of a text", DATASET, "year_of: day", "year_of: sex",
     "x.yaml:7: period.year_of: 'sex' is category; a year is taken of a date or a datetime"),
    ("a day that does not exist", NETWORKS, "until: 2024-06-30", "until: 2024-06-31",
     "x.yaml:8: networks.north.members.1.until: '2024-06-31': there is no such day"),
    ("a range from high to low", DATASET, "range: [0, 110]", "range: [110, 0]",
     "x.yaml:12: columns.age.range: the range runs from high to low"),
    ("a key that is no column", DATASET, "key: [id]", "key: [idd]",
     "x.yaml:5: key.1: there is no column 'idd' (did you mean 'id'?)"),
    ("a code that YAML takes for a number", DATASET,
     'codes: {"J": true, "N": false}', "codes: {1: true, 0: false}",
     "x.yaml:16: columns.smoker.codes: the name '1' is not text (put it between quotes: \"1\")"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong", "said"), [row[1:] for row in IN_AN_INDICATOR], ids=[row[0] for row in IN_AN_INDICATOR]
)
def test_in_an_indicator(right: str, wrong: str, said: str) -> None:
    assert right in INDICATOR
    assert "\n".join(messages(INDICATOR.replace(right, wrong, 1), "loss.yaml")) == said


@pytest.mark.parametrize(
    ("text", "right", "wrong", "said"), [row[1:] for row in ELSEWHERE], ids=[row[0] for row in ELSEWHERE]
)
def test_elsewhere(text: str, right: str, wrong: str, said: str) -> None:
    assert right in text
    assert messages(text.replace(right, wrong, 1), "x.yaml") == [said]


def test_kilograms_for_grams() -> None:
    columns = changed(DATASET, {})["columns"]
    columns["weight"] = {"type": "integer", "range": [300, 7000], "unit": "g"}
    grams = Dataset.model_validate(changed(DATASET, {"columns": columns}))
    for wrong in ("weight < 2.5", "weight between 0.5 and 2.5"):
        assert messages(INDICATOR.replace("age >= 18", wrong, 1), "loss.yaml", against=grams) == [
            "loss.yaml:9: population: 'weight' runs from 300 to 7000 g; it never comes to 2.5 "
            "(is this in another unit?)"
        ]
    assert messages(
        INDICATOR.replace("age >= 18", "weight * 1000 < 2500", 1), "loss.yaml", against=grams
    ) == ["loss.yaml:9: population: this can never be true ('weight' runs from 300 to 7000 g)"]
