"""Expressions in words, Dutch and English, that can be read in one way only."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from indicators.expression import Node, Scope, parse
from indicators.phrases import column_title, in_words
from indicators.units import names_unit
from indicators.words import Language
from tests.indicators.build import DATASET, dataset
from tests.indicators.test_expression import COLUMNS, SQL_TYPES, trees

TITLED = dataset(
    columns=dataset().model_dump(by_alias=True)["columns"]
    | {
        "age": {"type": "integer", "title": {"nl": "leeftijd", "en": "age"}},
        "loss": {"type": "integer", "title": {"nl": "bloedverlies", "en": "blood loss"}},
        "alive": {"type": "boolean", "title": {"nl": "levend", "en": "alive"}},
    }
)

WORDS = [
    ("loss > 1000", "bloedverlies is hoger dan 1000", "blood loss is above 1000"),
    ("not loss > 1000", "bloedverlies is hoogstens 1000", "blood loss is at most 1000"),
    ("weight >= 2.5", "weight is minstens 2,5", "weight is at least 2.5"),
    ("alive", "levend: ja", "alive: yes"),
    ("not alive", "levend: nee", "alive: no"),
    ("not not alive", "levend: ja", "alive: yes"),
    ("alive = false", "levend is nee", "alive is no"),
    ("sex = 'female'", "sex is ‘female’", "sex is ‘female’"),
    ("sex <> 'female'", "sex is niet ‘female’", "sex is not ‘female’"),
    ("sex in ('female', 'male')", "sex is ‘female’ of ‘male’", "sex is ‘female’ or ‘male’"),
    ("sex in ('male')", "sex is ‘male’", "sex is ‘male’"),
    ("sex not in ('male')", "sex is niet ‘male’", "sex is not ‘male’"),
    ("sex not in ('female', 'male')", "sex is geen van ‘female’, ‘male’", "sex is none of ‘female’, ‘male’"),
    ("age in (7, 8, 9)", "leeftijd is 7, 8 of 9", "age is 7, 8 or 9"),
    (
        "age in (7, 8) or alive",
        "(leeftijd is 7 of 8) of levend: ja",
        "(age is 7 or 8) or alive: yes",
    ),
    ("age is null", "leeftijd is onbekend", "age is unknown"),
    ("age is not null", "leeftijd is bekend", "age is known"),
    (
        "age between 18 and 40",
        "leeftijd ligt tussen 18 en 40 (grenzen meegerekend)",
        "age is between 18 and 40 (both included)",
    ),
    (
        "age not between 18 and 40",
        "leeftijd is lager dan 18 of hoger dan 40",
        "age is below 18 or above 40",
    ),
    # and, or, not: brackets wherever two readings are possible
    (
        "alive and age > 1 and loss < 2",
        "levend: ja en leeftijd is hoger dan 1 en bloedverlies is lager dan 2",
        "alive: yes and age is above 1 and blood loss is below 2",
    ),
    (
        "alive or age > 1 and loss < 2",
        "levend: ja of (leeftijd is hoger dan 1 en bloedverlies is lager dan 2)",
        "alive: yes or (age is above 1 and blood loss is below 2)",
    ),
    (
        "(alive or age > 1) and loss < 2",
        "(levend: ja of leeftijd is hoger dan 1) en bloedverlies is lager dan 2",
        "(alive: yes or age is above 1) and blood loss is below 2",
    ),
    (
        "not alive and age > 1",
        "levend: nee en leeftijd is hoger dan 1",
        "alive: no and age is above 1",
    ),
    (
        "not (alive and age > 1)",
        "niet (levend: ja en leeftijd is hoger dan 1)",
        "not (alive: yes and age is above 1)",
    ),
    (
        "alive and age not between 1 and 2",
        "levend: ja en (leeftijd is lager dan 1 of hoger dan 2)",
        "alive: yes and (age is below 1 or above 2)",
    ),
    # numbers and dates
    (
        "age + loss * 2 > 3",
        "leeftijd + (bloedverlies * 2) is hoger dan 3",
        "age + (blood loss * 2) is above 3",
    ),
    (
        "(age + loss) * 2 > 3",
        "(leeftijd + bloedverlies) * 2 is hoger dan 3",
        "(age + blood loss) * 2 is above 3",
    ),
    ("age - (loss - 1) = -1", "leeftijd - (bloedverlies - 1) is -1", "age - (blood loss - 1) is -1"),
    (
        "age_years(born, day) < 18",
        "het aantal volle jaren van born tot day is lager dan 18",
        "the completed years from born to day is below 18",
    ),
    (
        "days_between(born, day) <= 28",
        "het aantal dagen van born tot day is hoogstens 28",
        "the days from born to day is at most 28",
    ),
    (
        "ratio(loss, age + 1) > 0.5",
        "bloedverlies gedeeld door (leeftijd + 1) is hoger dan 0,5",
        "blood loss divided by (age + 1) is above 0.5",
    ),
    ("day >= date '2024-02-29'", "day ligt op of na 2024-02-29", "day is on or after 2024-02-29"),
    ("day <= born", "day ligt op of vóór born", "day is on or before born"),
    ("not day <= born", "day ligt na born", "day is after born"),
    ("day < born", "day ligt vóór born", "day is before born"),
    (
        "day not between born and date '2024-02-29'",
        "day ligt vóór born of na 2024-02-29",
        "day is before born or after 2024-02-29",
    ),
    ("day = add_days(born, 1)", "day is born plus 1 dag", "day is born plus 1 day"),
    ("day = add_months(born, -1)", "day is 1 maand vóór born", "day is 1 month before born"),
    ("day = add_months(born, 10)", "day is born plus 10 maanden", "day is born plus 10 months"),
    (
        "case when alive then age else 0 end > 3",
        "(als levend: ja, dan leeftijd; anders 0) is hoger dan 3",
        "(if alive: yes, then age; else 0) is above 3",
    ),
    (
        "case when alive then twin end",
        "als levend: ja, dan twin; anders onbekend",
        "if alive: yes, then twin; else unknown",
    ),
    ("alive = (age > 1)", "levend is (leeftijd is hoger dan 1)", "alive is (age is above 1)"),
    ("true", "altijd", "always"),
    ("not true", "nooit", "never"),
    ("false", "nooit", "never"),
]


@pytest.mark.parametrize(("text", "nl", "en"), WORDS)
def test_in_words(text: str, nl: str, en: str) -> None:
    node = parse(text, TITLED.types)
    assert in_words(node, TITLED, "nl") == nl
    assert in_words(node, TITLED, "en") == en


def test_a_number_in_words() -> None:
    node = parse("loss", TITLED.types, "number")
    assert in_words(node, TITLED, "nl") == "bloedverlies"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_column_without_a_title_is_its_name(language: Language) -> None:
    assert column_title("score_before", dataset(), language) == "score before"
    assert column_title("eq5d", dataset(), language) == "eq5d"
    assert "title" not in DATASET.split("columns:")[1]


ANY = dataset(
    key=[],
    provider="t",
    period={"column": "c"},
    derive=None,
    columns={
        name: {"type": kind, "required": True, **({"codes": {"1": "a"}} if kind == "category" else {})}
        for name, kind in COLUMNS.items()
    },
)


@given(tree=trees("boolean", 3))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_expression_can_be_said_and_brackets_match(tree: Node) -> None:
    assert set(SQL_TYPES) >= set(COLUMNS.values())
    for language in ("nl", "en"):
        text = in_words(tree, ANY, language)
        assert text.count("(") == text.count(")")
        assert "{" not in text


def test_a_column_of_the_record_beside_a_row() -> None:
    of = dataset()
    node = parse("discharge > record(day)", Scope(of.types, record=of.types))
    assert in_words(node, of, "nl") == "discharge ligt na day van het record"
    assert in_words(node, of, "en") == "discharge is after day of the record"


def test_a_code_in_one_of_several_lists_is_said_once() -> None:
    lists = {name: {None: ("a",)} for name in ("s/one", "s/two", "s/three")}
    scope = Scope({"sex": "text", "name": "text", "alive": "boolean"}, code_lists=lists)
    text = "alive or in_set(sex, 's/one') or in_set(name, 's/three') or in_set(sex, 's/two')"
    assert in_words(parse(text, scope), TITLED, "en") == (
        "alive: yes or sex is in one of the code lists ‘s/one’, ‘s/two’ or name is in the code list ‘s/three’"
    )
    both = parse("in_set(sex, 's/one') and in_set(sex, 's/two')", scope)
    assert in_words(both, TITLED, "nl") == (
        "sex staat in de codelijst ‘s/one’ en sex staat in de codelijst ‘s/two’"
    )


def test_so_many_days_before_another_day() -> None:
    scope = Scope({"day": "date"})
    node = parse("add_days(day, -90)", scope, None)
    assert in_words(node, TITLED, "nl") == "90 dagen vóór day"
    assert in_words(parse("add_months(day, 2)", scope, None), TITLED, "en") == "day plus 2 months"


def test_an_unknown_flag_that_counts_as_something() -> None:
    node = parse("not coalesce(alive, false)", Scope({"alive": "boolean"}))
    assert in_words(node, TITLED, "en") == "alive: no (unknown counts as no)"


@pytest.mark.parametrize(
    ("text", "nl", "en"),
    [
        ("loss > 1000", "loss is hoger dan 1000 ml", "loss is above 1000 ml"),
        (
            "not loss between 1 and 2",
            "loss is lager dan 1 ml of hoger dan 2 ml",
            "loss is below 1 ml or above 2 ml",
        ),
        ("age in (1, 18)", "age is 1 jaar of 18 jaar", "age is 1 year or 18 years"),
        ("18 <= age", "18 jaar is hoogstens age", "18 years is at most age"),
        ("weight > 40.5", "weight is hoger dan 40,5", "weight is above 40.5"),
        ("loss + 1 > 1000", "loss + 1 is hoger dan 1000", "loss + 1 is above 1000"),
    ],
)
def test_a_number_is_told_in_the_unit_of_its_column(text: str, nl: str, en: str) -> None:
    node = parse(text, dataset().types)
    assert (in_words(node, dataset(), "nl"), in_words(node, dataset(), "en")) == (nl, en)


def test_a_unit_that_the_title_names_is_not_told_twice() -> None:
    columns = dataset().model_dump(by_alias=True, exclude_defaults=True)["columns"]
    columns["age"]["title"] = {"nl": "Leeftijd in jaren", "en": "Age in years"}
    titled = dataset(columns=columns)
    node = parse("age >= 18", titled.types)
    assert in_words(node, titled, "en") == "Age in years is at least 18"
    assert in_words(node, titled, "nl") == "Leeftijd in jaren is minstens 18"


@pytest.mark.parametrize(
    ("title", "unit", "there"),
    [
        ("BMI (kg/m2)", "kg/m2", True),
        ("HbA1c in mmol/mol", "mmol/mol", True),
        ("bloeddruk (mm Hg)", "mm Hg", True),
        ("temperatuur (°C)", "°C", True),
        ("HbA1c in mmol/mol", "mmol/l", False),
        ("gewicht in kg", "g", False),
        ("mm (Hg)", "mm Hg", False),
    ],
)
def test_a_unit_of_more_words_and_signs_is_found_in_a_title(title: str, unit: str, there: bool) -> None:
    assert names_unit(title, unit) == there
