"""The index of every profile, against published values and against the formula written once more."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from indicators.instruments import ValueSet, index_sql, value_sets

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "instruments.yaml").read_text(encoding="utf-8")
)
ITEMS = ("mobility", "self_care", "activity", "discomfort", "anxiety")

# Thousandths as the papers print them, copied by hand from the tables and not from our files: the
# constant, the extra for a worst level, and what levels 2, 3, ... cost in the order of ITEMS.
PAPERS = {
    ("eq-5d-3l", "nl-2006"): (71, 234, [(36, 161), (82, 152), (32, 57), (86, 329), (124, 325)]),
    ("eq-5d-3l", "nl-2026"): (154, 0, [(45, 424), (59, 144), (11, 132), (114, 509), (96, 360)]),
    ("eq-5d-3l", "uk-1997"): (81, 269, [(69, 314), (104, 214), (36, 94), (123, 386), (71, 236)]),
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
    sql = index_sql(value_sets()[key], {item: item for item in ITEMS})
    values = ", ".join(f"${item}::bigint as {item}" for item in ITEMS)
    parameters = {item: answers.get(item) for item in ITEMS}
    [(found,)] = duckdb.execute(f"select {sql} from (select {values})", parameters).fetchall()
    return found  # type: ignore[no-any-return]


def of_profile(key: tuple[str, str], profile: str) -> Decimal | None:
    return index(key, dict(zip(ITEMS, map(int, profile), strict=True)))


def test_every_shipped_value_set_is_tested_and_has_a_source() -> None:
    assert set(value_sets()) == set(PAPERS)
    assert all(chosen.doi.startswith("10.") and chosen.source for chosen in value_sets().values())


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
    sql = index_sql(chosen, {item: item for item in ITEMS})
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
    items = {item: item for item in ITEMS[:4]}
    with pytest.raises(ValueError, match=r"expected the items mobility, .*anxiety; got mobility, "):
        index_sql(value_sets()["eq-5d-3l", "nl-2006"], items)


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


# -- the shared golden cases -----------------------------------------------------------------------

NAMES = {
    ("EQ-5D-3L", "NL_2006_TTO"): ("eq-5d-3l", "nl-2006"),
    ("EQ-5D-3L", "NL_2026_TTO"): ("eq-5d-3l", "nl-2026"),
    ("EQ-5D-3L", "UK_1997_TTO"): ("eq-5d-3l", "uk-1997"),
    ("EQ-5D-5L", "NL_2016"): ("eq-5d-5l", "nl-2016"),
}


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    cases: dict[str, Any] = json.loads((shared / "golden" / "proms_cases.json").read_text(encoding="utf-8"))
    return cases


@pytest.mark.data
def test_golden_cases(golden: dict[str, Any]) -> None:
    covered = [case for case in golden["cases"] if (case["instrument"], case["value_set"]) in NAMES]
    assert len(covered) == 34
    for case in covered:
        found = of_profile(NAMES[case["instrument"], case["value_set"]], case["profile"])
        assert found is not None
        assert float(found) == pytest.approx(case["index"], abs=case["tolerance"]), case["id"]


@pytest.mark.data
def test_golden_profiles_that_are_none(golden: dict[str, Any]) -> None:
    whole = [case for case in golden["invalid"] if case["profile"].isdigit() and len(case["profile"]) == 5]
    assert len(whole) == 4
    keys = {"EQ-5D-3L": ("eq-5d-3l", "nl-2006"), "EQ-5D-5L": ("eq-5d-5l", "nl-2016")}
    assert [of_profile(keys[case["instrument"]], case["profile"]) for case in whole] == [None] * 4


@pytest.mark.data
def test_golden_coefficients(golden: dict[str, Any]) -> None:
    """The table in this file, which the formula test stands on, equals the shared one."""
    given = {
        "EQ5D3L_NL_2006": ("eq-5d-3l", "nl-2006"),
        "EQ5D3L_NL_2026": ("eq-5d-3l", "nl-2026"),
        "EQ5D3L_UK_1997": ("eq-5d-3l", "uk-1997"),
        "EQ5D5L_NL_2016": ("eq-5d-5l", "nl-2016"),
    }
    for name, key in given.items():
        shared = golden["coefficients"][name]
        constant, extra, costs = PAPERS[key]
        assert -constant / 1000 == shared.get("AtLeastOne2Or3", shared.get("Intercept"))
        assert -extra / 1000 == (shared.get("AtLeastOne3") or 0)
        for short, item in zip(("MO", "SC", "UA", "PD", "AD"), costs, strict=True):
            assert [-cost / 1000 for cost in item] == [shared[f"{short}{2 + i}"] for i in range(len(item))]
