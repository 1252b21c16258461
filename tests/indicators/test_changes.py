"""What a new version changes, in words: nothing is passed over in silence, and nothing is said of nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import indicators.library
from indicators.changes import Said, changes_in_words
from indicators.changes.lists import Pair, pairs
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import indicator_faults
from indicators.source import Path as Place
from indicators.source import Source
from indicators.versions import identity
from indicators.words import LANGUAGES, Language
from registry_db.catalogue import Catalogue, merged, read_files
from tests.indicators.build import dataset, indicator
from tests.indicators.test_guide import ITEMS

LIBRARY = Path(indicators.library.__file__).parent
SETS = ("birth", "dutch-examples", "nhs-proms", "ecqm")
# Fields that no shipped indicator has, or few; each fits the small one of the tests.
RARE: list[dict[str, Any]] = [
    *ITEMS,
    {
        "imputation": {"copies": 5, "within": ["smoker"]},
        "case_mix": [
            {"term": "age", "as": "number", "missing": "multiple-imputation"},
            {"term": "smoker", "as": "flag"},
        ],
    },
    {
        "case_mix": [
            {"term": "age", "as": "category", "cuts": [20, 35], "reference": "20-<35"},
            {"term": "weight", "as": "spline", "knots": [40, 60, 80]},
            {"term": "sex", "as": "category", "levels": ["female", "male"], "unseen": "own-category"},
            {"term": "older", "as": "interaction", "of": ["age", "sex"]},
        ]
    },
    {
        "outcome": {"kind": "count", "events": "events", "exposure": "trials", "better": "lower"},
        "show": {"unit": "rate", "decimals": 1, "per": 1000, "of": {"nl": "dagen", "en": "days"}},
        "case_mix": None,
    },
    {"outcome": {"kind": "top_box", "answer": "mobility", "top": [2, 3], "better": "higher"}},
    {
        "outcome": {
            "kind": "time_to_event",
            "start": "day",
            "event": "discharge",
            "horizon": 90,
            "censored": "born",
            "competing": {"on": "born", "as": "censored"},
            "better": "lower",
        }
    },
    {
        "stratify": [
            {"name": "sex", "column": "sex", "title": {"nl": "Geslacht", "en": "Sex"}},
            {
                "name": "old",
                "column": "age",
                "cuts": [65],
                "title": {"nl": "Leeftijd", "en": "Age"},
                "labels": {"<65": {"nl": "jonger", "en": "younger"}, ">=65": {"nl": "ouder", "en": "older"}},
            },
        ]
    },
    {
        "estimators": {
            "test": "poisson",
            "overdispersion": "additive",
            "beside": ["shrunken", "direct"],
            "standard_errors": "clustered",
            "reference": {"period": "2023", "recalibration": "re-centre"},
        }
    },
    {"period": {"kind": "rolling", "years": 3}, "changes": {"nl": "Nieuw.", "en": "New."}},
]


def said(
    before: Indicator, after: Indicator, of: Dataset | None = None, language: Language = "en"
) -> tuple[Said, ...]:
    return changes_in_words(before, after, (of or dataset(), of or dataset()), language).said


def _library() -> list[tuple[str, Indicator, Dataset]]:
    found = []
    for name in SETS:
        files = [file for file in sorted((LIBRARY / name).glob("*.yaml")) if "contract" not in file.name]
        catalogue = merged(Catalogue({}), read_files(files))
        for id, item in catalogue.of_kind("indicator").items():
            found.append((id, item.model, catalogue.dataset(item.model.dataset)))
    return found


def _others(value: Any, name: str) -> Iterator[Any]:
    """What else could stand in the place of a value; what does not fit is left out later."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float | Decimal):
        yield value + 1
    elif isinstance(value, str) and name in (
        "when",
        "population",
        "denominator",
        "value",
        "events",
        "exposure",
    ):
        yield from (f"({value})", f"not ({value})", f"{value} + 1", value.replace("1", "2"))
    elif isinstance(value, str):
        yield f"{value} too"
        yield from _WORDS
    elif isinstance(value, list):
        yield from (value[:n] + value[n + 1 :] for n in range(len(value)))
        yield from ([value[-1], *value[:-1]], list(reversed(value)), [*value, *value[:1]])
    elif isinstance(value, dict):
        yield from ({key: item for key, item in value.items() if key != left} for left in value)


_WORDS = (
    "lower", "higher", "percent", "points", "target", "ambition", "number", "flag", "category", "report",
    "own-category", "median-and-flag", "reference", "censored", "event-free", "none", "in-the-large", "exact",
    "multiplicative", "model", "provider", "quarter", "2024", "age", "weight", "smoker", "day", "excluded",
)  # fmt: skip


def _mutations(data: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Each place in plain data, with what could stand there instead."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    yield from ((path, other) for other in _others(data, name) if path)
    places = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, item in places:
        yield from _mutations(item, (*path, step))


def _mutants(of: Indicator, dataset: Dataset, most: int) -> Iterator[Indicator]:
    """Right definitions that differ in one thing; the examples are so many that a few of them will do."""
    data = of.model_dump(by_alias=True, exclude_defaults=True)
    data["examples"] = data["examples"][:2]
    found = [each for each in _mutations(data) if each[0][0] not in ("indicator", "version")]
    for path, other in random.Random(1).sample(found, min(most, len(found))):
        mutant = deepcopy(data)
        here = mutant
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = other
        try:
            made = Indicator.model_validate(mutant)
        except ValidationError:
            continue
        if not list(indicator_faults(made, dataset, Source("x.yaml", "", mutant, {}))):
            yield made


def _check(before: Indicator, after: Indicator, of: Dataset) -> None:
    for language in LANGUAGES:
        found = said(before, after, of, language)
        assert bool(found) == (identity(before) != identity(after))
        for one in found:
            assert one.before != one.after or one.text_before != one.text_after or one.note, one
            assert "_" not in one.name, one


@pytest.mark.parametrize(
    ("id", "of", "dataset"), _library(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_any_change_of_a_shipped_indicator_is_told(id: str, of: Indicator, dataset: Dataset) -> None:
    of = of.model_copy(update={"examples": of.examples[:2]})
    mutants = list(_mutants(of, dataset, most=30 if id.startswith("cms") else 120))
    assert len(mutants) > 15
    for mutant in mutants:
        _check(of, mutant, dataset)


@pytest.mark.parametrize("number", range(len(RARE)))
def test_any_change_of_a_rare_field_is_told(number: int) -> None:
    of = indicator(**RARE[number])
    _check(indicator(), of, dataset())
    _check(of, indicator(), dataset())
    mutants = list(_mutants(of, dataset(), most=600))
    assert len(mutants) > 20
    for mutant in mutants:
        _check(of, mutant, dataset())


def _whole(one: Said) -> tuple[str, ...]:
    return one.field, one.name, one.note, one.before, one.after


TWIN = {"when": "twin", "why": {"nl": "meerling", "en": "multiple"}}
DIED = {"when": "not alive", "why": {"nl": "overleden", "en": "died"}}
HEAVY = {"when": "weight > 150", "why": {"nl": "te zwaar", "en": "too heavy"}}


def test_a_rule_that_is_moved_and_reworded_is_told_as_both() -> None:
    twins = {"when": "twin", "why": {"nl": "tweeling", "en": "twins"}}
    [one] = said(indicator(), indicator(exclude=[DIED, twins]))
    assert _whole(one) == (
        "exclude.2",
        "Exclusion",
        "is now number 2 (was 1); its explanation is different (the Dutch text differs too)",
        "multiple (twin: yes)",
        "twins (twin: yes)",
    )
    [moved] = said(
        indicator(exclude=[TWIN, DIED, HEAVY]),
        indicator(exclude=[HEAVY | {"why": {"nl": "zwaar", "en": "too heavy"}}, TWIN, DIED]),
        language="nl",
    )
    assert moved.note == "staat nu op plaats 1 (was 3); de uitleg is anders"
    assert (moved.before, moved.after) == (
        "te zwaar (weight is hoger dan 150)",
        "zwaar (weight is hoger dan 150)",
    )


def test_a_steward_is_told_in_the_language_of_the_reader() -> None:
    both = indicator(steward={"nl": "de vereniging", "en": "NVOG"})
    [dutch] = said(indicator(), both, language="nl")
    assert (dutch.before, dutch.after, dutch.note) == ("NVOG", "de vereniging", "")
    [english] = said(indicator(), both)
    assert (english.before, english.after) == ("NVOG", "de vereniging")
    assert "Dutch" in english.note


def test_an_empty_column_of_an_example_is_told_as_written_otherwise() -> None:
    example = indicator().model_dump(by_alias=True, exclude_defaults=True)["examples"][0]
    empty = example | {"given": example["given"] | {"weight": None}}
    [one] = said(indicator(examples=[example]), indicator(examples=[empty]))
    assert (one.field, one.note) == ("examples.1.given.weight", "written otherwise; it means the same")


def test_a_rule_with_another_condition_is_one_rule() -> None:
    newer = indicator(exclude=[TWIN | {"when": "twin or weight > 150"}, DIED])
    [one] = said(indicator(), newer)
    assert (one.field, one.note) == ("exclude.1", "its condition is different")
    assert (one.before, one.after) == ("multiple (twin: yes)", "multiple (twin: yes or weight is above 150)")
    assert (one.text_before, one.text_after) == ("twin", "twin or weight > 150")


def test_two_rules_of_one_condition_are_two_rules() -> None:
    twice = indicator(exclude=[TWIN, DIED, TWIN | {"why": {"nl": "nog eens", "en": "again"}}])
    [one] = said(indicator(), twice)
    assert _whole(one) == ("exclude.3", "Exclusion", "added", "", "again (twin: yes)")


WHAT, PER = "Numerator: what counts", "Numerator: what counts, per"
COUNT = {"kind": "count", "events": "events", "exposure": "trials", "better": "lower"}
RATE = {"unit": "rate", "decimals": 1, "of": {"nl": "dagen", "en": "days"}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"events": "events + 1"},
            ("outcome.events", WHAT, "", "events", "events + 1", "events", "events + 1"),
        ),
        (
            {"exposure": "trials * 2"},
            (
                "outcome.exposure",
                PER,
                "",
                "trials",
                "trials * 2",
                "trials",
                "trials * 2",
            ),
        ),
        (
            {"exposure": None},
            ("outcome.exposure", PER, "", "trials", "record", "trials", ""),
        ),
        (
            {"better": "higher"},
            ("outcome.better", "Direction", "", "lower is better", "higher is better", "", ""),
        ),
    ],
)
def test_events_and_exposure_are_told_as_the_expressions_they_are(
    change: dict[str, Any], expected: tuple[str, ...]
) -> None:
    before, after = (indicator(outcome=COUNT | one, show=RATE, case_mix=None) for one in ({}, change))
    assert [(*_whole(one), one.text_before, one.text_after) for one in said(before, after)] == [expected]


def test_what_means_the_same_is_told_to() -> None:
    [one] = said(indicator(), indicator(population="(age >= 18)"))
    assert _whole(one)[1:3] == ("Denominator: who counts", "written otherwise; it means the same")
    assert (one.text_before, one.text_after) == ("age >= 18", "(age >= 18)")


def test_a_direction_that_another_kind_has_without_a_word_did_not_change() -> None:
    answer = {"answer": "mobility", "top": [2, 3]}
    before = indicator(outcome={"kind": "top_box", **answer})
    after = indicator(outcome={"kind": "binary", "when": "mobility = 2", "better": "higher"})
    for one, other in ((before, after), (after, before)):
        assert [each.field for each in said(one, other)] == ["outcome"]
    lower = indicator(outcome={"kind": "binary", "when": "mobility = 2", "better": "lower"})
    assert [each.field for each in said(before, lower)] == ["outcome", "outcome.better"]


def test_what_is_the_same_is_not_told() -> None:
    again = indicator(population="age   >=  18", status="draft", version="2.0.0", minimum={"n": 1})
    assert said(indicator(), again) == ()


def test_a_text_that_only_the_other_language_has_otherwise() -> None:
    newer = indicator(why={"nl": "Omdat het telt.", "en": "As it counts."})
    texts = ("Because it counts.", "As it counts.")
    [dutch] = said(indicator(), newer, language="nl")
    assert _whole(dutch) == ("why", "Waarom", "alleen de Engelse tekst", *texts)
    [english] = said(indicator(), newer)
    assert _whole(english) == ("why", "Why", "", *texts)


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ("abcd", "dabc", "d"),
        ("abcd", "bcda", "a"),
        ("abc", "cba", "ab"),
        ("abc", "axbc", ""),
        ("ab", "b", ""),
    ],
)
def test_what_moved_is_as_little_as_can_be(old: str, new: str, moved: str) -> None:
    found = pairs(old, new, str.__eq__)
    assert "".join(sorted(new[pair.after or 0] for pair in found if pair.moved)) == moved
    assert [pair for pair in found if pair.after is None] == [
        Pair(place, None) for place, letter in enumerate(old) if letter not in new
    ]
