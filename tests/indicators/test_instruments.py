"""The index of every profile, against published values and against the formula written once more."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from indicators.dataset import Dataset
from indicators.instruments import ValueSet, value_sets
from indicators.instruments.crosswalks import crosswalked, crosswalks
from indicators.instruments.instrument import instruments
from indicators.instruments.scores import index_sql, score_sql
from indicators.words import Text
from tests.indicators.build import dataset, dump, messages

GOLDEN_FILE = Path(__file__).parents[1] / "golden" / "instruments.yaml"
GOLDEN = yaml.safe_load(GOLDEN_FILE.read_text(encoding="utf-8"))
ITEMS = ("mobility", "self_care", "activity", "discomfort", "anxiety")

# Thousandths as the papers print them, copied by hand from the tables and not from our files: the
# constant, the extra for a worst level, and what levels 2, 3, ... cost in the order of ITEMS.
PAPERS = {
    ("eq-5d-3l", "nl-2006"): (71, 234, [(36, 161), (82, 152), (32, 57), (86, 329), (124, 325)]),
    ("eq-5d-3l", "nl-2026"): (154, 0, [(45, 424), (59, 144), (11, 132), (114, 509), (96, 360)]),
    ("eq-5d-3l", "uk-1997"): (81, 269, [(69, 314), (104, 214), (36, 94), (123, 386), (71, 236)]),
    ("eq-5d-y-3l", "nl-2022"): (0, 0, [(36, 191), (28, 139), (58, 211), (111, 363), (96, 314)]),
    ("eq-5d-5l", "uk-2026"): (
        0,
        0,
        [
            (32, 58, 179, 279),
            (38, 60, 162, 206),
            (49, 86, 184, 212),
            (56, 66, 371, 479),
            (41, 126, 313, 391),
        ],
    ),
    ("eq-5d-5l", "nl-2016"): (
        47,
        0,
        [
            (35, 57, 166, 203),
            (38, 61, 168, 168),
            (39, 87, 192, 192),
            (66, 92, 360, 415),
            (70, 145, 356, 421),
        ],
    ),
}


def by_the_paper(key: tuple[str, str], profile: tuple[int, ...]) -> Decimal:
    constant, extra, costs = PAPERS[key]
    worst = len(costs[0]) + 1
    lost = sum(cost[level - 2] for cost, level in zip(costs, profile, strict=True) if level > 1)
    lost += constant * (max(profile) > 1) + extra * (max(profile) == worst)
    return Decimal(1000 - lost) / 1000


def index(key: tuple[str, str], answers: Mapping[str, Any]) -> Decimal | None:
    sql = index_sql(value_sets()[key], ITEMS)
    values = ", ".join(f"${item}::bigint as {item}" for item in ITEMS)
    parameters = {item: answers.get(item) for item in ITEMS}
    [(found,)] = duckdb.execute(f"select {sql} from (select {values})", parameters).fetchall()
    return found  # type: ignore[no-any-return]


def of_profile(key: tuple[str, str], profile: str) -> Decimal | None:
    return index(key, dict(zip(ITEMS, map(int, profile), strict=True)))


def test_every_shipped_value_set_is_tested_and_has_a_source() -> None:
    assert set(value_sets()) == {*PAPERS, ("eq-5d-3l", "nl-2016-euroqol-2019")}
    for key, chosen in value_sets().items():
        assert chosen.source
        assert (chosen.doi or "").startswith("10.") == (key in PAPERS)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['set']}-{case['profile']}")
def test_published_values(case: dict[str, str]) -> None:
    assert case["source"] in GOLDEN["sources"]
    instrument, _, value_set = case["set"].partition("/")
    assert of_profile((instrument, value_set), case["profile"]) == Decimal(case["index"])


@pytest.mark.parametrize("key", PAPERS, ids="/".join)
def test_every_state_equals_the_formula(key: tuple[str, str]) -> None:
    chosen = value_sets()[key]
    levels = range(1, len(chosen.levels["mobility"]) + 1)
    each = ", ".join(f"(select unnest({list(levels)}) as {item})" for item in ITEMS)
    sql = index_sql(chosen, ITEMS)
    rows = duckdb.execute(f"select {', '.join(ITEMS)}, {sql} from {each}").fetchall()
    states = set(itertools.product(levels, repeat=5))
    assert {row[:5] for row in rows} == states
    assert len(rows) == len(states)
    assert [row for row in rows if row[5] != by_the_paper(key, row[:5])] == []


@pytest.mark.parametrize("key", PAPERS, ids="/".join)
@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("answer", [None, 0, -1, 9, 99])
def test_an_item_that_is_missing_or_no_level_gives_no_index(
    key: tuple[str, str], item: str, answer: int | None
) -> None:
    assert index(key, dict.fromkeys(ITEMS, 1) | {item: answer}) is None


def test_a_level_of_five_is_none_of_three() -> None:
    assert of_profile(("eq-5d-3l", "nl-2006"), "11114") is None
    assert of_profile(("eq-5d-5l", "nl-2016"), "11114") == Decimal("0.597")


def test_an_index_needs_all_items() -> None:
    with pytest.raises(ValueError, match=r"expected the items mobility, .*anxiety; got mobility, "):
        index_sql(value_sets()["eq-5d-3l", "nl-2006"], ITEMS[:4])


GOOD = {
    "instrument": "eq-5d-3l",
    "value_set": "here",
    "source": "made for a test",
    "doi": "10.1/x",
    "levels": {"mobility": [0, "-0.1", "-0.2"], "anxiety": [0, "-0.1", "-0.3"]},
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"levels": {"mobility": [0, -1], "anxiety": [0]}}, "every item needs the same number of levels"),
        ({"levels": {"mobility": ["-0.1", "-0.2"]}}, "the first level costs nothing: 0"),
        ({"levels": {"mobility": [0, "-0.0001"]}}, "-0.0001 has more than three digits behind the point"),
        ({"any_worst": "-0.1234"}, "-0.1234 has more than three digits behind the point"),
    ],
)
def test_a_value_set_that_would_score_wrongly_is_refused(wrong: dict[str, Any], message: str) -> None:
    ValueSet.model_validate(GOOD)
    with pytest.raises(ValueError, match=message):
        ValueSet.model_validate(GOOD | wrong)


def test_the_chapter_on_questionnaires_lists_every_value_set() -> None:
    text = (Path(__file__).parents[2] / "docs" / "proms.md").read_text(encoding="utf-8")
    assert {(row[0], row[1]) for row in re.findall(r"^\| (eq-\S+) \| `(\S+)` \|", text, re.M)} == set(
        value_sets()
    )
    assert all(not chosen.doi or f"doi:{chosen.doi}" in text for chosen in value_sets().values())
    assert all(name in text for name in {*instruments(), *crosswalks()})


def test_what_is_cited_of_a_value_set_is_in_both_languages() -> None:
    for cited in (*value_sets().values(), *crosswalks().values()):  # a country or a method is named in it
        assert isinstance(cited.source, Text)
        assert cited.source.nl != cited.source.en


# -- blocks in a dataset -----------------------------------------------------------------------------


def scored(block: dict[str, Any], answers: Mapping[str, Any], kind: str = "bigint") -> Any:
    """Value of a derived column for one record."""
    columns = {name: {"type": "integer" if kind == "bigint" else "decimal"} for name in answers}
    made = Dataset.model_validate(BARE | {"columns": BARE["columns"] | columns, "derive": {"score": block}})
    values = ", ".join(f"cast(${name} as {kind}) as {name}" for name in answers)
    sql = score_sql(made.derive["score"], lambda name: name)
    [(found,)] = duckdb.execute(f"select {sql} from (select {values})", dict(answers)).fetchall()
    return found


BARE: dict[str, Any] = {
    "dataset": "bare",
    "version": "1.0.0",
    "title": {"nl": "Kaal", "en": "Bare"},
    "source": "made for a test",
    "provider": "provider",
    "period": {"column": "year"},
    "columns": {"provider": {"type": "text", "required": True}, "year": {"type": "text", "required": True}},
}
SAME = {item: item for item in ITEMS}


def of_answers(block: dict[str, Any], profile: str) -> Any:
    return scored(block | {"items": SAME}, dict(zip(ITEMS, map(int, profile), strict=True)))


def test_a_crosswalk_leads_to_any_set_of_the_other_version() -> None:
    """The expectation written out over all 243 states; van Hout 2012 publishes 0.087 for 12345."""
    probabilities = crosswalks()["van-hout-2012"].levels
    for value_set in ("nl-2006", "nl-2026", "uk-1997"):
        index_of = {
            state: by_the_paper(("eq-5d-3l", value_set), state)
            for state in itertools.product((1, 2, 3), repeat=5)
        }
        for number, profile in list(enumerate(itertools.product(range(1, 6), repeat=5)))[::97]:
            rows = [probabilities[item][level - 1] for item, level in zip(ITEMS, profile, strict=True)]
            expected = sum(
                math.prod(row[level - 1] for row, level in zip(rows, state, strict=True)) * value
                for state, value in index_of.items()
            )
            found = crosswalked("van-hout-2012", value_set)[number]
            assert found == expected.quantize(Decimal("0.001"), ROUND_HALF_UP)
    block = {"instrument": "eq-5d-5l", "crosswalk": "van-hout-2012", "value_set": "nl-2006"}
    assert of_answers(block, "12345") == Decimal("0.087")
    assert of_answers(block, "12346") is None


@pytest.mark.parametrize(
    ("missing", "score"), [(0, "36.000"), (1, "36.000"), (2, "36.000"), (3, None), (12, None)]
)
def test_an_oxford_score_may_miss_two_answers(missing: int, score: str | None) -> None:
    items = instruments()["oxford-hip"].items
    answers = dict.fromkeys(items, 3) | dict.fromkeys(items[:missing], None)
    block = {"instrument": "oxford-hip", "items": {item: item for item in items}}
    assert scored(block, answers) == (None if score is None else Decimal(score))
    assert scored(block, answers | {items[-1]: 5}) is None, "no level is neither missing nor moved to 4"


def test_an_unequal_oxford_score_is_prorated() -> None:
    items = instruments()["oxford-knee"].items
    answers = dict(zip(items, [4, 3, 2, 1, 0, 4, 4, 4, 4, 4, None, None], strict=True))
    block = {"instrument": "oxford-knee", "items": {item: item for item in items}}
    assert scored(block, answers) == Decimal("36.000"), "30 on ten items is 3 an item"
    assert scored(block, answers | {items[10]: 3}) == Decimal("36.000")
    assert scored(block, answers | {items[10]: 0}) == Decimal("32.727")


@pytest.mark.parametrize(("vas", "score"), [(0, "0"), (83, "83"), (100, "100"), (101, None), (None, None)])
def test_eq_vas(vas: int | None, score: str | None) -> None:
    found = scored({"instrument": "eq-vas", "items": {"health": "vas"}}, {"vas": vas})
    assert found == (None if score is None else Decimal(score))


def test_a_sum_with_reversed_items_on_a_scale() -> None:
    block = {"sum_of": ["a", "b", "c"], "levels": [0, 3], "reversed": ["c"], "may_miss": 1, "scale": [0, 100]}
    assert scored(block, {"a": 0, "b": 0, "c": 3}) == 0
    assert scored(block, {"a": 3, "b": 3, "c": 0}) == 100
    assert scored(block, {"a": 1, "b": 2, "c": 2}) == Decimal("44.444"), "1 + 2 + 1 of 9"
    assert scored(block, {"a": 1, "b": None, "c": 3}) == Decimal("16.667"), "1 of 6"
    assert scored(block, {"a": None, "b": None, "c": 3}) is None
    assert scored(block, {"a": 1, "b": 4, "c": 3}) is None
    assert scored(block | {"scale": None}, {"a": 1, "b": 2, "c": 2}) == 4
    assert scored(block | {"scale": [3, 0]}, {"a": 3, "b": 3, "c": 0}) == 0


@pytest.mark.parametrize(
    ("before", "after", "response"),
    [
        (20, 28, "improved"),
        (20, 27, "unchanged"),
        (20, 12, "worsened"),
        (20, 13, "unchanged"),
        (40, 48, "improved"),
        (41, 48, "out of reach"),
        (41, None, "out of reach"),
        (40, None, None),
        (None, 48, None),
    ],
)
def test_responders(before: int | None, after: int | None, response: str | None) -> None:
    block = {"responder": "after", "before": "before", "at_least": 8, "best": 48, "better": "higher"}
    assert scored(block, {"before": before, "after": after}, "decimal(12, 3)") == response
    turned = block | {"best": 0, "better": "lower"}
    other = [None if score is None else 48 - score for score in (before, after)]
    assert scored(turned, {"before": other[0], "after": other[1]}, "decimal(12, 3)") == response


def test_a_change_just_as_large_as_what_matters_counts() -> None:
    """0.774 - 0.7 is below 0.074 in binary fractions."""
    block = {"responder": "after", "before": "before", "at_least": 0.074, "best": 1, "better": "higher"}
    assert scored(block, {"before": "0.7", "after": "0.774"}, "decimal(6, 3)") == "improved"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"instrument": "eq-5d-6l", "items": SAME}, "there is no instrument 'eq-5d-6l'"),
        ({"instrument": "eq-5d-3l", "items": SAME}, "eq-5d-3l needs a 'value_set'"),
        (
            {"instrument": "eq-5d-3l", "value_set": "nl-2006", "score": "level-sum", "items": SAME},
            "eq-5d-3l is scored as a level sum: 'value_set' does not go with that",
        ),
        (
            {"instrument": "eq-5d-3l", "crosswalk": "van-hout-2012", "value_set": "nl-2006", "items": SAME},
            "van-hout-2012 is of answers to eq-5d-5l, and these are to eq-5d-3l",
        ),
        (
            {"instrument": "eq-5d-3l", "crosswalk": "van-hout-2021", "value_set": "nl-2006", "items": SAME},
            "there is no value set 'eq-5d-5l/nl-2006'",
        ),
        (
            {"instrument": "eq-vas", "value_set": "nl-2006", "items": {"health": "age"}},
            "eq-vas is a sum of its items: 'value_set' does not go with that",
        ),
        (
            {"sum_of": ["age", "events"], "levels": [0, 110]},
            "'events' has no range, so that an answer that does not exist would not be set apart",
        ),
        (
            {"responder": "sex", "before": "age", "at_least": 1, "best": 5, "better": "higher"},
            "'sex' is category; a change is one of numbers",
        ),
        ({"total": ["age"]}, "one field says how it is computed"),
        ({"sum_of": ["age"], "levels": [0, 3], "may_miss": 1}, "at least one item must have an answer"),
    ],
)
def test_a_block_that_does_not_fit_is_refused(block: dict[str, Any], message: str) -> None:
    made = dump(
        {"dataset": "care"}
        | dataset().model_dump(by_alias=True, mode="json", exclude_none=True)
        | {"derive": {"x": block}}
    )
    assert [fault for fault in messages(made, "x.yaml") if message in fault]


def test_a_column_is_derived_of_an_earlier_one_only() -> None:
    response = {"responder": "b", "before": "age", "at_least": 1, "best": 5, "better": "higher"}
    total = {"sum_of": ["age"], "levels": [0, 110]}
    dataset(derive={"b": total, "a": response})
    with pytest.raises(ValueError, match="'b' must stand before 'a', which is computed of it"):
        dataset(derive={"a": response, "b": total})


# -- the golden cases: those of the shared file, of which the committed file holds a part -------------

BLOCKS: dict[tuple[str, str], dict[str, str]] = {
    ("EQ-5D-3L", "NL_2006_TTO"): {"instrument": "eq-5d-3l", "value_set": "nl-2006"},
    ("EQ-5D-3L", "NL_2026_TTO"): {"instrument": "eq-5d-3l", "value_set": "nl-2026"},
    ("EQ-5D-3L", "UK_1997_TTO"): {"instrument": "eq-5d-3l", "value_set": "uk-1997"},
    ("EQ-5D-5L", "NL_2016"): {"instrument": "eq-5d-5l", "value_set": "nl-2016"},
    ("EQ-5D-5L", "UK_2026"): {"instrument": "eq-5d-5l", "value_set": "uk-2026"},
    ("EQ-5D-Y-3L", "NL_2022"): {"instrument": "eq-5d-y-3l", "value_set": "nl-2022"},
    **{
        ("EQ-5D-5L crosswalk", f"{name}_via_vanHout2012"): {
            "instrument": "eq-5d-5l",
            "crosswalk": "van-hout-2012",
            "value_set": value_set,
        }
        for name, value_set in (("NL_2006", "nl-2006"), ("NL_2026", "nl-2026"), ("UK_1997", "uk-1997"))
    },
    ("EQ-5D-3L reverse crosswalk", "NL_2016_via_vanHout2021"): {
        "instrument": "eq-5d-3l",
        "crosswalk": "van-hout-2021",
        "value_set": "nl-2016",
    },
    ("EQ-5D-3L reverse crosswalk", "NL_2016_via_EuroQol2019"): {
        "instrument": "eq-5d-3l",
        "value_set": "nl-2016-euroqol-2019",
    },
}


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    cases: dict[str, Any] = json.loads((shared / "golden" / "proms_cases.json").read_text(encoding="utf-8"))
    return cases


def hold_all(cases: dict[str, Any]) -> None:
    for case in cases["cases"]:
        found = of_answers(BLOCKS[case["instrument"], case["value_set"]], case["profile"])
        assert found is not None
        # Within the tolerance of the case, which is half a digit for a set with published coefficients.
        assert float(found) == pytest.approx(case["index"], abs=case["tolerance"] + 1e-9), case
    for case in cases["pchc_pairs"]:
        assert profile_change(case["pre"], case["post"]) == case["expect"], case
    for case in cases["level_scores"]:
        instrument = "eq-5d-5l" if max(case["profile"]) > "3" else "eq-5d-3l"
        assert of_answers({"instrument": instrument, "score": "level-sum"}, case["profile"]) == case["lss"]
    items = instruments()["oxford-hip"].items
    for case in cases["oxford_score"]:
        block = {"instrument": "oxford-hip", "items": {item: item for item in items}}
        assert scored(block, dict(zip(items, case["items"], strict=True))) == case["score"]


def profile_change(before: str, after: str) -> str | None:
    names = {when: {item: f"{when}_{item}" for item in ITEMS} for when in ("before", "after")}
    answers = dict(zip(names["before"].values(), map(int, before), strict=True))
    answers |= dict(zip(names["after"].values(), map(int, after), strict=True))
    found: str | None = scored({"profile_change": "eq-5d-3l", **names}, answers)
    return found


def test_committed_cases() -> None:
    hold_all(yaml.safe_load((GOLDEN_FILE.parent / "proms_cases.yaml").read_text(encoding="utf-8")))


def test_a_profile_that_is_none_has_not_changed() -> None:
    assert profile_change("11114", "11111") is None
    assert profile_change("11111", "11110") is None


@pytest.mark.data
def test_golden_cases(golden: dict[str, Any]) -> None:
    assert len(golden["cases"]) == 65
    hold_all(golden)


@pytest.mark.data
def test_golden_profiles_that_are_none(golden: dict[str, Any]) -> None:
    """A profile with a letter or four digits is no row of whole numbers; intake sets it apart."""
    whole = [case for case in golden["invalid"] if case["profile"].isdigit() and len(case["profile"]) == 5]
    assert len(whole) == 4
    blocks = {"EQ-5D-3L": BLOCKS["EQ-5D-3L", "NL_2006_TTO"], "EQ-5D-5L": BLOCKS["EQ-5D-5L", "NL_2016"]}
    assert [of_answers(blocks[case["instrument"]], case["profile"]) for case in whole] == [None] * 4


@pytest.mark.data
def test_golden_coefficients(golden: dict[str, Any]) -> None:
    """The table in this file, which the formula test stands on, equals the shared one."""
    given = {
        "EQ5D3L_NL_2006": ("eq-5d-3l", "nl-2006"),
        "EQ5D3L_NL_2026": ("eq-5d-3l", "nl-2026"),
        "EQ5D3L_UK_1997": ("eq-5d-3l", "uk-1997"),
        "EQ5D5L_NL_2016": ("eq-5d-5l", "nl-2016"),
        "EQ5DY3L_NL_2022": ("eq-5d-y-3l", "nl-2022"),
    }
    for name, key in given.items():
        shared = golden["coefficients"][name]
        constant, extra, costs = PAPERS[key]
        assert -constant / 1000 == shared.get("AtLeastOne2Or3", shared.get("Intercept", 0))
        assert -extra / 1000 == (shared.get("AtLeastOne3") or 0)
        for short, item in zip(("MO", "SC", "UA", "PD", "AD"), costs, strict=True):
            assert [-cost / 1000 for cost in item] == [shared[f"{short}{2 + i}"] for i in range(len(item))]


@pytest.mark.data
def test_golden_crosswalk(golden: dict[str, Any]) -> None:
    given = golden["coefficients"]["crosswalk_vanHout2012"]
    for short, item in zip(("MO", "SC", "UA", "PD", "AD"), ITEMS, strict=True):
        rows = crosswalks()["van-hout-2012"].levels[item]
        assert float(rows[1][0]) == given[short]["5L level 2 -> 3L level 1"]
        assert float(rows[3][2]) == given[short]["5L level 4 -> 3L level 3"]
