"""A definition to SQL: every record in one state with its reason, and strata that lose nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.attributed import Networks
from indicators.cohort import NO_NETWORK, cohort_select, membership_select
from indicators.compile import dataset_select, derived_sql, quote, text_literal
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.networks import NetworkSet
from indicators.periods import period_sql
from indicators.strata import (
    COUNTED,
    cells_select,
    clashes_select,
    mixes_of_rows_select,
    mixes_select,
    patterns_select,
    providers_select,
    states_select,
    strata_select,
)
from tests.indicators.build import dataset, indicator, keep_shares, looked_up, networks, sql_type

CUT_OFF = dt.date(2024, 12, 31)
# A record that ends as "not met"; each case changes what it is about.
RECORD: dict[str, Any] = {
    "provider": "P1",
    "day": "2024-03-01",
    "age": 30,
    "sex": "female",
    "smoker": False,
    "twin": False,
    "alive": True,
    "loss": 400,
    "discharge": "2024-03-03",
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        another = networks().model_copy(update={"network_set": "another"})
        keep_shares(connection, networks(), another)
        yield connection


def make_cohort(
    con: duckdb.DuckDBPyConnection,
    of: Indicator,
    records: list[dict[str, Any]],
    *,
    on: Dataset | None = None,
    cut_off: dt.date | None = CUT_OFF,
    of_networks: NetworkSet | None = None,
) -> list[dict[str, Any]]:
    on = on or dataset()
    columns = ", ".join(f"{quote(name)} {sql_type(on, name)}" for name in on.columns)
    con.execute(f"create or replace table stored ({columns})")
    places = ", ".join("?" for _ in on.columns)
    con.executemany(
        f"insert into stored values ({places})",
        [
            [{"id": number, **record}.get(name) for name in on.columns]
            for number, record in enumerate(records, start=1)
        ],
    )
    con.execute(f"create or replace view records as {dataset_select(on, 'stored')}")
    looked = looked_up(of, of_networks or networks())
    sql = cohort_select(of, on, "records", networks=looked, cut_off=cut_off)
    con.execute(f"create or replace table cohort as {sql}")
    cursor = con.execute("select * from cohort")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ends(con: duckdb.DuckDBPyConnection, of: Indicator, *, without: dict[str, Any]) -> tuple[str, str]:
    [row] = make_cohort(con, of, [RECORD | without])
    return row["_state"], row["_reason"]


BINARY = [
    ({}, "not-met", ""),
    ({"loss": 1001}, "met", ""),
    ({"loss": 1000}, "not-met", ""),
    # population
    ({"age": 17}, "not-eligible", "population"),
    ({"age": 17, "twin": True, "loss": None}, "not-eligible", "population"),
    ({"age": None}, "missing", "age"),
    # rules in their order, and one that surely holds before one that cannot be told
    ({"twin": True}, "excluded", "rule 1"),
    ({"alive": False}, "excluded", "rule 2"),
    ({"twin": True, "alive": False}, "excluded", "rule 1"),
    ({"twin": None}, "missing", "twin"),
    ({"alive": None}, "missing", "alive"),
    ({"twin": None, "alive": False}, "excluded", "rule 2"),
    ({"twin": None, "alive": None}, "missing", "twin"),
    ({"twin": True, "loss": None}, "excluded", "rule 1"),
    # outcome before case mix
    ({"loss": None}, "missing", "loss"),
    ({"loss": None, "smoker": None}, "missing", "loss"),
    ({"smoker": None}, "missing", "smoker"),
    # "no value" is a category of its own
    ({"sex": None}, "not-met", ""),
]


@pytest.mark.parametrize(("without", "state", "reason"), BINARY)
def test_states_of_a_binary_outcome(
    con: duckdb.DuckDBPyConnection, without: dict[str, Any], state: str, reason: str
) -> None:
    assert ends(con, indicator(), without=without) == (state, reason)


FOLLOW_UP = [
    # the window closes 30 days after discharge: 1 December + 30 = 31 December, the last day of the data
    ({"discharge": "2024-12-01"}, "not-met", ""),
    ({"discharge": "2024-12-02"}, "pending", "2025-01-01"),
    # not ripe is not ripe, whatever the outcome was so far
    ({"discharge": "2024-12-02", "loss": 5000}, "pending", "2025-01-01"),
    ({"discharge": "2024-12-02", "loss": None}, "pending", "2025-01-01"),
    ({"discharge": "2024-12-02", "twin": True}, "excluded", "rule 1"),
    ({"discharge": "2024-12-02", "age": 3}, "not-eligible", "population"),
    ({"discharge": None}, "missing", "discharge"),
    ({"discharge": None, "loss": None}, "missing", "discharge"),
    ({"discharge": "2024-12-01", "loss": None}, "missing", "loss"),
]


@pytest.mark.parametrize(("without", "state", "reason"), FOLLOW_UP)
def test_outcomes_ripen(
    con: duckdb.DuckDBPyConnection, without: dict[str, Any], state: str, reason: str
) -> None:
    ripening = indicator(follow_up={"days": 30, "after": "discharge"})
    assert ends(con, ripening, without=without) == (state, reason)


LOST = [
    # the window closes on 31 March; who was seen on that day was seen long enough
    ({"born": "2024-03-30"}, "lost", "born"),
    ({"born": "2024-03-30", "loss": 5000}, "lost", "born"),
    ({"born": "2024-03-30", "loss": None}, "lost", "born"),
    ({"born": "2024-03-31"}, "not-met", ""),
    ({"born": None}, "not-met", ""),
    ({"born": "2024-03-30", "twin": True}, "excluded", "rule 1"),
    # a window that is still open comes first
    ({"born": "2024-12-15", "discharge": "2024-12-10"}, "pending", "2025-01-09"),
]


@pytest.mark.parametrize(("without", "state", "reason"), LOST)
def test_who_was_not_followed_to_the_end_is_lost(
    con: duckdb.DuckDBPyConnection, without: dict[str, Any], state: str, reason: str
) -> None:
    """The column "born" stands in for the last day on which a record was seen."""
    followed = indicator(follow_up={"days": 30, "after": "discharge", "until": "born"})
    assert ends(con, followed, without={"discharge": "2024-03-01"} | without) == (state, reason)


WHY = {"nl": "reden", "en": "reason"}
EXCUSED = {
    "denominator": "weight > 40",
    "except": [{"when": "events > 3", "why": WHY}, {"when": "sex = 'male'", "why": WHY}],
}
POPULATIONS = [
    ({}, "not-met", ""),
    ({"weight": 40}, "not-eligible", "denominator"),
    ({"weight": 40, "age": 3}, "not-eligible", "population"),
    ({"weight": 40, "age": None}, "not-eligible", "denominator"),
    ({"weight": None}, "missing", "weight"),
    ({"weight": None, "age": 3}, "not-eligible", "population"),
    ({"weight": 40, "twin": True}, "not-eligible", "denominator"),
    # an exception excuses only who did not meet the outcome
    ({"events": 4}, "excepted", "exception 1"),
    ({"events": 4, "loss": 1001}, "met", ""),
    ({"sex": "male"}, "excepted", "exception 2"),
    ({"events": 4, "sex": "male"}, "excepted", "exception 1"),
    ({"events": None, "sex": "male"}, "excepted", "exception 2"),
    ({"events": 4, "twin": True}, "excluded", "rule 1"),
    ({"events": 4, "loss": None}, "missing", "loss"),
    ({"events": None}, "missing", "events"),
    ({"events": None, "loss": 1001}, "met", ""),
    # out for sure comes before what a model would miss
    ({"events": 4, "smoker": None}, "excepted", "exception 1"),
    ({"smoker": None}, "missing", "smoker"),
]


@pytest.mark.parametrize(("without", "state", "reason"), POPULATIONS)
def test_a_denominator_within_the_population_and_exceptions_from_it(
    con: duckdb.DuckDBPyConnection, without: dict[str, Any], state: str, reason: str
) -> None:
    record = {"weight": 70, "events": 1} | without
    assert ends(con, indicator(**EXCUSED), without=record) == (state, reason)


MEMBERSHIPS = [
    # initial, denominator, exclusion, exception, numerator
    ({"age": 3}, "00000"),
    ({"weight": 40}, "10000"),
    ({}, "11000"),
    ({"loss": 1001}, "11001"),
    ({"events": 4}, "11010"),
    ({"events": 4, "loss": 1001}, "11001"),
    # an excluded record is in no numerator and needs no excuse
    ({"twin": True, "loss": 1001}, "11100"),
    ({"twin": True, "events": 4}, "11100"),
    # what cannot be told is not met
    ({"twin": None, "loss": 1001}, "11001"),
    ({"loss": None, "events": 4}, "11010"),
    ({"age": None, "loss": 1001}, "00000"),
    ({"weight": None}, "10000"),
]


@pytest.mark.parametrize(("without", "expected"), MEMBERSHIPS)
def test_populations_of_a_record_as_a_measure_counts_them(
    con: duckdb.DuckDBPyConnection, without: dict[str, Any], expected: str
) -> None:
    make_cohort(con, indicator(), [RECORD | {"weight": 70, "events": 1} | without])
    sql = membership_select(indicator(**EXCUSED), dataset(), "records")
    names = ("_initial", "_denominator", "_exclusion", "_exception", "_numerator")
    [row] = con.execute(f"select {', '.join(names)} from ({sql})").fetchall()
    assert "".join(str(int(value)) for value in row) == expected


def test_a_mean_has_no_numerator() -> None:
    with pytest.raises(ValueError, match="care-loss: a continuous outcome has no numerator"):
        membership_select(indicator(**VALUE), dataset(), "records")


def test_nothing_is_ripe_when_the_data_hold_no_day(con: duckdb.DuckDBPyConnection) -> None:
    ripening = indicator(follow_up={"days": 0, "after": "discharge"})
    rows = make_cohort(con, ripening, [RECORD, RECORD | {"discharge": None}], cut_off=None)
    assert [row["_state"] for row in rows] == ["pending", "missing"]


CHANGE = {
    "outcome": {"kind": "change", "before": "score_before", "after": "score_after", "better": "higher"},
    "case_mix": [{"term": "score_before", "as": "number"}],
    "show": {"unit": "points", "decimals": 3},
}
COUNTS = {
    "outcome": {"kind": "binary", "events": "events", "trials": "trials", "better": "higher"},
    "case_mix": None,
}
VALUE = {
    "outcome": {"kind": "continuous", "value": "ratio(weight, loss)", "better": "lower"},
    "case_mix": None,
}
OTHER_KINDS = [
    (CHANGE, {"score_before": 0.2, "score_after": 0.8}, "value", "", Decimal("0.8")),
    (CHANGE, {"score_before": 0.2}, "missing", "score_after", None),
    (CHANGE, {"score_after": 0.8}, "missing", "score_before", Decimal("0.8")),
    (COUNTS, {"events": 3, "trials": 4}, "value", "", 3),
    (COUNTS, {"events": 0, "trials": 0}, "value", "", 0),
    (COUNTS, {"events": 3}, "missing", "trials", 3),
    (COUNTS, {"trials": 4}, "missing", "events", None),
    (COUNTS, {"events": 5, "trials": 4}, "missing", "events", 5),
    (COUNTS, {"events": -1, "trials": 4}, "missing", "events", -1),
    (VALUE, {"weight": 100}, "value", "", Decimal("0.25")),
    (VALUE, {}, "missing", "weight", None),
    (VALUE, {"weight": 100, "loss": None}, "missing", "loss", None),
    # a quotient by nothing is no column's fault
    (VALUE, {"weight": 100, "loss": 0}, "missing", "the expression", None),
]


@pytest.mark.parametrize(("changes", "without", "state", "reason", "value"), OTHER_KINDS)
def test_states_of_other_outcomes(
    con: duckdb.DuckDBPyConnection,
    changes: dict[str, Any],
    without: dict[str, Any],
    state: str,
    reason: str,
    value: Any,
) -> None:
    [row] = make_cohort(con, indicator(**changes), [RECORD | without])
    assert (row["_state"], row["_reason"], row["_y"]) == (state, reason, value)


def test_a_structure_fact_is_met_or_not(con: duckdb.DuckDBPyConnection) -> None:
    fact = indicator(outcome={"kind": "structure", "when": "smoker", "better": "higher"}, case_mix=None)
    rows = make_cohort(con, fact, [RECORD | {"smoker": value} for value in (True, False, None)])
    assert [(row["_state"], row["_y"]) for row in rows] == [("met", 1), ("not-met", 0), ("missing", None)]


def test_a_delivered_expectation_is_needed(con: duckdb.DuckDBPyConnection) -> None:
    changes = CHANGE | {
        "case_mix": None,
        "expectation": {"external": "expected_after", "source": {"nl": "elders", "en": "elsewhere"}},
    }
    scores = {"score_before": 0.1, "score_after": 0.8}
    rows = make_cohort(
        con, indicator(**changes), [RECORD | scores | {"expected_after": 0.7}, RECORD | scores]
    )
    assert [(row["_state"], row["_reason"], row["_expected"]) for row in rows] == [
        ("value", "", Decimal("0.7")),
        ("missing", "expected_after", None),
    ]


# The column that made it null, not just the first that is null.
REASONS = [
    ("(weight is null or weight > 3) and loss > 1", {"loss": None}, "loss"),
    ("age > 1 and loss > 1 or twin", {"loss": None, "twin": None}, "loss"),
    ("twin or loss > 1", {"loss": None}, "loss"),
    ("case when weight > 3 then loss else events end > 1", {}, "events"),
    ("case when age > 3 then loss else events end > 1", {"loss": None}, "loss"),
    ("case when age > 300 then true end", {}, "the expression"),
    ("loss + weight > 1", {}, "weight"),
    ("days_between(born, discharge) > 1", {}, "born"),
    ("loss in (1, events)", {}, "events"),
    ("loss between 1 and events", {}, "events"),
    ("not (smoker and twin)", {"smoker": True, "twin": None}, "twin"),
    ("ratio(loss, 0) > 1", {}, "the expression"),
]


@pytest.mark.parametrize(("condition", "without", "reason"), REASONS)
def test_a_missing_value_names_the_column_that_caused_it(
    con: duckdb.DuckDBPyConnection, condition: str, without: dict[str, Any], reason: str
) -> None:
    asked = indicator(
        outcome={"kind": "binary", "when": condition, "better": "lower"}, case_mix=None, exclude=None
    )
    assert ends(con, asked, without=without) == ("missing", reason)
    population = indicator(population=condition, case_mix=None, exclude=None)
    assert ends(con, population, without=without) == ("missing", reason)


# -- networks --------------------------------------------------------------------------------------

MEMBERSHIP = [
    ("P1", "2019-12-31", NO_NETWORK, "not-met"),
    ("P1", "2020-01-01", "north", "not-met"),
    ("P1", "2024-06-30", "north", "not-met"),
    ("P1", "2024-07-01", "south", "not-met"),
    ("P2", "2099-01-01", "north", "not-met"),
    ("P3", "2024-01-01", NO_NETWORK, "not-met"),
]


@pytest.mark.parametrize("of_network", [indicator(unit="vsv", population="network = 'own' and age >= 18")])
def test_a_record_belongs_to_the_network_of_its_day(
    con: duckdb.DuckDBPyConnection, of_network: Indicator
) -> None:
    """The dataset has a column "network" too: it is the dataset's that an expression means."""
    records = [
        RECORD | {"provider": provider, "day": day, "network": "own"} for provider, day, _, _ in MEMBERSHIP
    ]
    rows = make_cohort(con, of_network, records)
    got = sorted((row["_provider"], row["_state"]) for row in rows)
    assert got == sorted((network, state) for _, _, network, state in MEMBERSHIP)
    assert all(row["_share"] == 1 and row["_once"] for row in rows)


def test_a_provider_that_is_a_number_has_a_network(con: duckdb.DuckDBPyConnection) -> None:
    on = dataset(provider="id", key=["id"])
    con.execute("insert into share values ('vsv', 0, '1', 'east', '2000-01-01', '9999-12-31', 1, true)")
    [row] = make_cohort(con, indicator(unit="vsv"), [RECORD], on=on)
    assert row["_provider"] == "east"


def test_without_a_day_there_is_no_network() -> None:
    on = dataset(period={"column": "provider"})
    with pytest.raises(ValueError, match="a record of vsv is looked up on its day; dataset care has no date"):
        cohort_select(
            indicator(unit="vsv"), on, "records", networks=Networks(networks(), "share"), cut_off=None
        )


# -- whole cohorts ---------------------------------------------------------------------------------

# Most records count, so that most examples have strata to compare; every way out is among them.
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "provider": st.sampled_from(["P1", "P1", "P2", "P3"]),
            "day": st.sampled_from(["2023-12-31", "2024-01-01", "2024-07-01"]),
            "age": st.sampled_from([18, 18, 40, 40, 40, 17, None]),
            "sex": st.sampled_from(["female", "male", None]),
            "smoker": st.sampled_from([True, False, False, None]),
            "twin": st.sampled_from([False] * 8 + [True, None]),
            "alive": st.sampled_from([True] * 8 + [False, None]),
            "loss": st.sampled_from([0, 1000, 1001, 1001, None]),
            "discharge": st.sampled_from(["2024-06-01"] * 4 + ["2024-12-31", None]),
            "score_before": st.sampled_from([0.1, 0.1, 0.2, -0.3, None]),
            "score_after": st.sampled_from([0.7, 0.7, 1.0, 0.1, None]),
        }
    ),
    min_size=5,
    max_size=25,
)
WHOLE = {
    "binary": indicator(follow_up={"days": 30, "after": "discharge"}),
    "excused": indicator(
        denominator="score_before < 0.2 or score_before is null",
        **{"except": [{"when": "score_after < 0.5", "why": WHY}]},
        follow_up={"days": 30, "after": "discharge", "until": "day"},
    ),
    "network": indicator(unit="vsv"),
    "change": indicator(
        **CHANGE | {"case_mix": [{"term": "score_before", "as": "number"}, {"term": "sex", "as": "category"}]}
    ),
}


@pytest.mark.parametrize("name", WHOLE)
@given(records=RECORDS)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_states_add_up_and_strata_lose_nothing(name: str, records: list[dict[str, Any]]) -> None:
    of = WHOLE[name]
    with duckdb.connect() as con:
        keep_shares(con, networks())
        rows = make_cohort(con, of, records)
        make_cells(con, terms := [term.term for term in of.case_mix], of)
        states = con.execute(states_select("cell")).fetchall()
        assert len(rows) == len(records) == sum(count for *_, count in states)
        assert all(row["_state"] for row in rows)
        for row in rows:
            assert (row["_reason"] == "") is (row["_state"] in COUNTED)
        for period in ("2023", "2024"):
            counted = [row for row in rows if row["_period"] == period and row["_state"] in COUNTED]
            patterns, strata = patterns_and_strata(con, terms, of, period)
            assert [number for number, *_ in patterns] == list(range(len(patterns)))
            assert_sums([row for _, *row in patterns], counted, terms, ("_y",))
            of_pattern = {number: row[: len(terms)] for number, *row in patterns}
            assert all(share == 1 for _, _, share, *_ in strata)
            groups = [(provider, *of_pattern[number], *sums) for provider, number, _, *sums in strata]
            assert_sums(groups, counted, ["_provider", *terms], ("_y", "_before"))


def make_cells(con: duckdb.DuckDBPyConnection, columns: list[str], of: Indicator) -> None:
    for name, sql in (
        ("cell", cells_select("cohort", columns, period_sql(of.period, dataset(), "records"), of)),
        ("mix", mixes_select("cell", columns)),
        ("scored", providers_select("cell")),
    ):
        con.execute(f"create or replace table {name} as {sql}")


def patterns_and_strata(
    con: duckdb.DuckDBPyConnection, columns: list[str], of: Indicator, period: str = "2024"
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    make_cells(con, columns, of)
    patterns = con.execute(patterns_select("mix"), [period]).fetchall()
    of_rows = mixes_of_rows_select("cohort", columns, period, of.outcome)
    con.execute(f"create or replace table of_rows as {of_rows}")
    assert con.execute(patterns_select("of_rows"), [period]).fetchall() == patterns
    sql = strata_select("cell", "mix", "scored", columns)
    strata = con.execute(
        f"select _provider, strata.* exclude (_period, provider) from ({sql}) as strata join scored "
        "on strata._period = scored._period and provider = number where strata._period = ? order by all",
        [period],
    ).fetchall()
    return patterns, strata


def assert_sums(
    groups: list[tuple[Any, ...]], counted: list[dict[str, Any]], by: list[str], of: tuple[str, ...]
) -> None:
    """Each group has the number of its records, the sum of their outcomes and squares, and other sums."""
    keys = [tuple(group[: len(by)]) for group in groups]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {tuple(row[name] for name in by) for row in counted}
    for key, group in zip(keys, groups, strict=True):
        own = [row for row in counted if tuple(row[name] for name in by) == key]
        assert group[len(by)] == len(own)
        assert group[len(by) + 1] == float(sum(row["_y"] for row in own))
        assert group[len(by) + 2] == float(sum(row["_y"] ** 2 for row in own))
        for place, name in enumerate(of[1:], start=3):
            values = [row[name] for row in own if row[name] is not None]
            assert group[len(by) + place] == (float(sum(values)) if values else None)


def test_hashes_that_clash_are_counted_per_period(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace table mix as select * from (values ('a', 1), ('a', 2), ('b', 1)) t(_period, _mix)"
    )
    assert con.execute(clashes_select("mix")).fetchall() == [(0,)]
    con.execute("insert into mix values ('b', 1)")
    assert con.execute(clashes_select("mix")).fetchall() == [(1,)]


def test_sums_do_not_depend_on_the_order_of_records(con: duckdb.DuckDBPyConnection) -> None:
    of = indicator(**CHANGE | {"case_mix": [{"term": "score_before", "as": "number"}]})
    values = [0.1, 0.2, 0.3, 0.7, 1000000.1, -1000000.1, 0.003] * 7
    # In binary fractions these two orders differ.
    assert sum(values) != sum(sorted(values))
    sums = []
    for order in (values, sorted(values)):
        make_cohort(con, of, [RECORD | {"score_before": 1, "score_after": value} for value in order])
        sums.append(patterns_and_strata(con, [], of)[1])
    assert sums[0] == sums[1]
    exact = [Decimal(str(value)) for value in values]
    assert sums[0][0][4] == float(sum(exact))
    assert sums[0][0][5] == float(sum(value**2 for value in exact))


def test_counts_weigh_as_many_as_they_are(con: duckdb.DuckDBPyConnection) -> None:
    of = indicator(**COUNTS)
    make_cohort(con, of, [RECORD | {"events": e, "trials": t} for e, t in ((3, 4), (5, 10))])
    [stratum] = patterns_and_strata(con, [], of)[1]
    assert stratum[:5] == ("P1", 0, 1.0, 14.0, 8.0)


def test_records_with_the_same_delivered_expectation_are_one_stratum(con: duckdb.DuckDBPyConnection) -> None:
    of = indicator(
        **CHANGE
        | {
            "case_mix": None,
            "expectation": {"external": "expected_after", "source": {"nl": "elders", "en": "elsewhere"}},
        }
    )
    scores = {"score_before": 0.1, "score_after": 0.8}
    make_cohort(con, of, [RECORD | scores | {"expected_after": value} for value in (0.5, 0.7, 0.7)])
    patterns, strata = patterns_and_strata(con, ["_expected"], of)
    assert [float(pattern[1]) for pattern in patterns] == [0.5, 0.7]
    assert [row[:4] for row in strata] == [("P1", 0, 1.0, 1.0), ("P1", 1, 1.0, 2.0)]


def test_a_period_is_a_column_or_the_year_of_a_date(con: duckdb.DuckDBPyConnection) -> None:
    [row] = make_cohort(con, indicator(), [RECORD | {"day": "2023-12-31"}])
    assert row["_period"] == "2023"
    columns = dataset().model_dump(by_alias=True)["columns"] | {"age": {"type": "integer", "required": True}}
    [row] = make_cohort(con, indicator(), [RECORD], on=dataset(period={"column": "age"}, columns=columns))
    assert row["_period"] == "30"


def test_derived_columns_stand_beside_the_delivered(con: duckdb.DuckDBPyConnection) -> None:
    items = dict(
        zip(("mobility", "self_care", "activity", "discomfort", "anxiety"), (2, 1, 2, 3, 2), strict=True)
    )
    make_cohort(con, indicator(), [RECORD | items, RECORD])
    assert con.execute("select eq5d from records order by id").fetchall() == [(Decimal("0.174"),), (None,)]
    assert derived_sql(dataset(), "eq5d").count('"mobility"') > 0


def test_names_and_texts_cannot_leave_their_quotes() -> None:
    assert quote('a"b') == '"a""b"'
    assert text_literal("it's") == "'it''s'"
    hostile = "'; drop table x; --"
    assert duckdb.execute(f"select {text_literal(hostile)} as {quote(hostile)}").fetchall() == [(hostile,)]


TIMES = [
    # days followed and whether that ended in the event; "born" is the last day seen, "discharge" the event
    ({"discharge": "2024-03-11"}, 10, 1),
    ({"discharge": None}, 30, 0),
    ({"discharge": "2024-03-31"}, 30, 1),
    ({"discharge": "2024-04-01"}, 30, 0),
    ({"discharge": "2024-03-11", "born": "2024-03-10"}, 9, 0),
    ({"discharge": "2024-03-11", "born": "2024-03-11"}, 10, 1),
    # the last day of the data ends it too
    ({"day": "2024-12-20", "discharge": None}, 11, 0),
]


@pytest.mark.parametrize(("without", "time", "event"), TIMES)
@pytest.mark.parametrize("counts_as", ["censored", "event-free"])
def test_a_record_counts_for_as_long_as_it_was_followed(
    con: duckdb.DuckDBPyConnection, without: dict[str, Any], time: int, event: int, counts_as: str
) -> None:
    outcome = {
        "kind": "time_to_event",
        "start": "day",
        "event": "discharge",
        "horizon": 30,
        "better": "lower",
    }
    timed = indicator(outcome=outcome | {"censored": "born"}, case_mix=None)
    [row] = make_cohort(con, timed, [RECORD | without])
    assert (row["_time"], row["_event"]) == (time, event)
    competing = indicator(outcome=outcome | {"competing": {"on": "born", "as": counts_as}}, case_mix=None)
    [row] = make_cohort(con, competing, [RECORD | without])
    if counts_as == "event-free" and without.get("born") == "2024-03-10":
        time, event = 30, 0  # what comes after the competing event cannot be, and it stays in view
    assert (row["_time"], row["_event"]) == (time, event)


def test_an_event_before_the_start_cannot_be(con: duckdb.DuckDBPyConnection) -> None:
    outcome = {
        "kind": "time_to_event",
        "start": "day",
        "event": "discharge",
        "horizon": 30,
        "better": "lower",
    }
    timed = indicator(outcome=outcome, case_mix=None)
    assert ends(con, timed, without={"discharge": "2024-02-29"}) == ("missing", "discharge")
