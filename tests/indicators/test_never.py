"""Conditions that cannot be true or false: found where it is sure, and never a false alarm."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.clauses import Clause
from indicators.expression import parse, to_sql
from indicators.never import known_values
from indicators.tree import Node
from tests.indicators.build import INDICATOR, dataset, messages, sql_type


def can_be(node: Node, value: bool) -> bool:
    return Clause(node).can_be(value, known_values(dataset()))


NEVER_TRUE = [
    "age > 60 and age < 50",
    "age > 60 and (smoker or twin) and age < 50",
    "age * 1000 < -1",
    "age - 200 > 0",
    "age < 0",
    "loss = 2.5",
    "weight > 2.54 and weight < 2.55",
    "sex = 'male' and sex = 'female'",
    "sex in ('male') and sex <> 'male'",
    "smoker and not smoker",
    "age is null and age > 3",
    "day is null",
    "born > date '2020-01-01' and born < date '2020-01-02'",
    "not (age >= 0 or age is null)",
    "age < age",
    "age between 5 and 20 and age not between 1 and 30",
    "age_years(born, day) < 18 and age_years(born, day) >= 18",
    "age_years(born, day) > 5 and age_years(born, day) is null",
    "coalesce(smoker, twin) and not coalesce(smoker, twin)",
    "age + loss > 5 and age + loss < 5",
]
CAN_BE_TRUE = [
    "age > 50 and age < 60",
    "weight > 2.4 and weight < 2.6",
    "born > date '2020-01-01' and born < date '2020-01-03'",
    "age is null",
    "sex = 'male' or sex = 'female'",
    "score_after < score_before",
    "eq5d > 2",
    "age < loss",
    "age_years(born, day) < 18 and age_years(born, discharge) >= 18",
    "coalesce(smoker, twin) and not coalesce(twin, smoker)",
]


@pytest.mark.parametrize("condition", NEVER_TRUE)
def test_what_can_never_be_true(condition: str) -> None:
    node = parse(condition, dataset().types)
    assert not can_be(node, True)
    assert not can_be(parse(f"not ({condition})", dataset().types), False)


@pytest.mark.parametrize("condition", CAN_BE_TRUE)
def test_what_may_be_true(condition: str) -> None:
    assert can_be(parse(condition, dataset().types), True)


ATOMS = st.sampled_from(
    [
        "age < 5", "age >= 5", "age = 3", "age <> 4", "age in (3, 7)", "age between 4 and 6", "age is null",
        "loss > age", "loss * 2 < 7", "loss - age = 1", "age <= 4.5", "smoker", "smoker = twin",
        "twin is null",
        "sex = 'male'", "sex not in ('male')", "sex <> 'female'", "weight > 2.5", "weight < 2.55",
        "age not between 2 and 6", "born < date '2020-01-02'", "born >= date '2020-01-01'",
        "loss in (age, 2)", "coalesce(age, loss) < 4", "coalesce(age, loss) >= 4",
        "coalesce(age, loss) is null", "coalesce(smoker, twin)", "least(age, loss) = 3",
        "least(age, loss) <> 3", "least(age, loss) in (2, 3)", "ratio(age, loss) > 1",
        "loss - age < 1", "loss * 2 >= 7", "loss * 2 is null",
        "case when smoker then twin else age < 3 end", "coalesce(sex, 'male') = 'male'",
    ]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) and ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) or ({two[1]})"),
    ),
    max_leaves=5,
)
ROW = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(0, 8),
        "loss": st.none() | st.integers(0, 8),
        "smoker": st.none() | st.booleans(),
        "twin": st.none() | st.booleans(),
        "sex": st.sampled_from([None, "female", "male"]),
        "weight": st.sampled_from([None, Decimal("2.5"), Decimal("2.6")]),
        "born": st.sampled_from([None, dt.date(2020, 1, 1), dt.date(2020, 1, 2)]),
    }
)


@settings(max_examples=300, deadline=None)
@given(condition=CONDITIONS, row=ROW)
def test_what_the_engine_finds_is_never_called_impossible(condition: str, row: dict[str, Any]) -> None:
    node = parse(condition, dataset().types)
    columns = ", ".join(f'cast(${name} as {sql_type(dataset(), name)}) as "{name}"' for name in row)
    with duckdb.connect() as con:
        value = con.execute(f"select {to_sql(node)} from (select {columns})", row).fetchall()[0][0]
    if value is not None:
        assert can_be(node, value)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "population: age >= 18",
            "population: age > 60 and age < 50",
            "x.yaml:9: population: this can never be true ('age' runs from 0 to 110 years)",
        ),
        (
            "when: twin",
            "when: age < 12",
            "x.yaml:11: exclude.1.when: this can never be true: the conditions above have left such records "
            "out (take it out, or move it up)",
        ),
        (
            "when: not alive",
            "when: twin and smoker",
            "x.yaml:13: exclude.2.when: this can never be true: the conditions above have left such records "
            "out (take it out, or move it up)",
        ),
        (
            "when: twin",
            "when: age >= 18",
            "x.yaml:11: exclude.1.when: this is never false, whatever the record "
            "('age' runs from 0 to 110 years)",
        ),
        (
            "when: loss > 1000, better",
            "when: loss > 1000 or loss < 2000, better",
            "x.yaml:15: outcome.when: this is never false, whatever the record "
            "('loss' runs from 0 to 9000 ml)",
        ),
    ],
)
def test_as_the_author_is_told(right: str, wrong: str, said: str) -> None:
    assert right in INDICATOR
    assert messages(INDICATOR.replace(right, wrong, 1), "x.yaml")[0] == said
