"""Periods of an indicator: labels held against date arithmetic in Python, and records that all count."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from indicators.cohort import membership_select
from indicators.evaluate import evaluate
from indicators.expression import parse
from indicators.fhir import absent, report_period
from indicators.guide import Described, guide, guide_html
from indicators.levels import level_needed
from indicators.periods import newest_first
from indicators.versions import field_changes
from indicators.words import Language
from tests.indicators.build import (
    DATASET,
    INDICATOR,
    changed,
    dataset,
    dump,
    indicator,
    keep_shares,
    messages,
)
from tests.indicators.test_cohort import RECORD, make_cohort

BINARY = {"kind": "binary", "better": "lower"}
# Both sides of every border: of years, of quarters, of each month, and a leap day.
DAYS = sorted(
    {dt.date(year, month, 1) for year in (2022, 2023, 2024, 2025) for month in range(1, 13)}
    | {dt.date(year, month, 1) - dt.timedelta(1) for year in (2023, 2024, 2025) for month in range(1, 13)}
    | {dt.date(2024, 2, 29), dt.date(2025, 12, 31)}
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        keep_shares(connection)
        connection.execute(
            "insert into share values ('vsv', 0, 'P1', 'north', '2023-07-01', '9999-12-31', 1, true)"
        )
        yield connection


def labels(con: duckdb.DuckDBPyConnection, period: dict[str, Any], days: list[dt.date]) -> list[list[str]]:
    """Periods of a record of each day, sorted; a record is known by its age."""
    records = [RECORD | {"day": day, "age": number} for number, day in enumerate(days)]
    rows = make_cohort(con, indicator(period=period, population="age >= 0"), records)
    return [sorted(row["_period"] for row in rows if row["age"] == number) for number in range(len(days))]


def states(rows: list[dict[str, Any]]) -> list[str]:
    """State of each record, in the order in which they were given."""
    return [row["_state"] for row in sorted(rows, key=lambda row: row["age"])]


@pytest.mark.parametrize("start", range(2, 13))
def test_a_fiscal_year_starts_on_the_first_of_its_month(con: duckdb.DuckDBPyConnection, start: int) -> None:
    def expected(day: dt.date) -> str:
        began = max(year for year in range(2020, 2027) if dt.date(year, start, 1) <= day)
        return f"{began}/{str(began + 1)[2:]}"

    found = labels(con, {"kind": "fiscal-year", "start": start}, DAYS)
    assert found == [[expected(day)] for day in DAYS]


def test_a_fiscal_year_before_and_at_the_turn_of_a_century(con: duckdb.DuckDBPyConnection) -> None:
    days = [dt.date(1988, 1, 1), dt.date(1999, 4, 1), dt.date(2000, 2, 29), dt.date(2008, 4, 1)]
    found = labels(con, {"kind": "fiscal-year", "start": 4}, days)
    assert found == [["1987/88"], ["1999/00"], ["1999/00"], ["2008/09"]]


def test_quarters(con: duckdb.DuckDBPyConnection) -> None:
    months = {1: "Q1", 2: "Q1", 3: "Q1", 4: "Q2", 5: "Q2", 6: "Q2", 7: "Q3", 8: "Q3", 9: "Q3"}
    found = labels(con, {"kind": "quarter"}, DAYS)
    assert found == [[f"{day:%Y}-{months.get(day.month, 'Q4')}"] for day in DAYS]


@pytest.mark.parametrize(
    ("years", "windows"),
    [
        (2, ["2022-2023", "2023-2024", "2024-2025"]),
        (3, ["2022-2024", "2023-2025"]),
        (4, ["2022-2025"]),
        (5, ["2021-2025"]),
    ],
)
def test_a_record_counts_in_every_rolling_period_that_it_is_in(
    con: duckdb.DuckDBPyConnection, years: int, windows: list[str]
) -> None:
    """Periods lie within the years of the records; while these are too few there is one."""
    found = labels(con, {"kind": "rolling", "years": years}, DAYS)
    assert found == [[w for w in windows if int(w[:4]) <= day.year <= int(w[5:])] for day in DAYS]
    assert all(found)


def test_a_year_without_records_is_in_its_windows(con: duckdb.DuckDBPyConnection) -> None:
    found = labels(con, {"kind": "rolling", "years": 2}, [dt.date(2021, 5, 1), dt.date(2023, 5, 1)])
    assert found == [["2021-2022"], ["2022-2023"]]


def _first_and_last(period: dict[str, Any] | None, day: dt.date) -> tuple[dt.date, dt.date]:
    """The period of a day: the latest that begins before it, until the next one begins."""
    kind = period["kind"] if period else "calendar-year"
    months = {"quarter": (1, 4, 7, 10), "fiscal-year": (period or {}).get("start", 1)}.get(kind, 1)
    months = (months,) if isinstance(months, int) else months
    starts = sorted(dt.date(year, month, 1) for year in range(2020, 2028) for month in months)
    first = max(start for start in starts if start <= day)
    return first, min(start for start in starts if start > day) - dt.timedelta(1)


@pytest.mark.parametrize(
    "period", [None, {"kind": "calendar-year"}, {"kind": "quarter"}, {"kind": "fiscal-year", "start": 9}]
)
def test_the_first_and_the_last_day_of_a_period(con: duckdb.DuckDBPyConnection, period: Any) -> None:
    """Who was born 20 years before the first day is 20 then; of the last day nobody is a day off."""
    text = (
        "born is null or (age_years(born, period_start()) = 20 and days_between(discharge, period_end()) = 0)"
    )
    node = parse(text, dataset().types)
    records, values = [], []
    for number, day in enumerate(DAYS):
        first, last = _first_and_last(period, day)
        late, wrong = number % 3 == 0, number % 4 == 0
        born = first.replace(year=first.year - 20) + dt.timedelta(int(late))
        ended = last - dt.timedelta(int(wrong))
        row = {"day": day, "age": number, "born": born, "discharge": ended, "loss": 1200}
        records.append(RECORD | row)
        values.append(evaluate(node, row | {"period.start": first, "period.end": last}))
        assert values[-1] is not (late or wrong)
    of = indicator(period=period, population="age >= 0", outcome=BINARY | {"when": text})
    assert states(make_cohort(con, of, records)) == ["met" if value else "not-met" for value in values]
    sql = membership_select(of, dataset(), "records")
    found = con.execute(f"select _numerator from ({sql}) order by age").fetchall()
    assert found == [(value,) for value in values]


PERIOD_FAULTS = [
    (
        {"population": "age_years(born, period_start()) > 3", "period": {"kind": "rolling", "years": 2}},
        "x.yaml:14: population: period_start() of which period? A record counts in several rolling ones "
        "(start_of_year(day) is the first day of the year of a record)",
    ),
    ({"population": "day > period_start(1)"}, "'period_start(1)': write it without anything between"),
    ({"population": "period_end > day"}, "there is no column 'period_end'"),
]


@pytest.mark.parametrize(("changes", "fault"), PERIOD_FAULTS)
def test_faults_of_the_days_of_a_period(changes: dict[str, Any], fault: str) -> None:
    [found] = messages(dump(changed(INDICATOR, changes)), "x.yaml", against=dataset())
    assert fault in found


def test_only_an_indicator_has_a_period() -> None:
    late = {"late": {"value": "day > period_start()", "type": "boolean"}}
    [found] = messages(dump(changed(DATASET, {"derive": late})), "d.yaml")
    assert "'period_start()': only an indicator has a period" in found
    delivered = {"year": {"type": "text", "required": True}, **changed(DATASET, {})["columns"]}
    of = dataset(period={"column": "year"}, columns=delivered)
    [found] = messages(INDICATOR.replace("age >= 18", "day < period_end()"), "x.yaml", against=of)
    assert "'period_end()': only an indicator has a period, and only on a dataset with a 'year_of'" in found


YEAR = {"ended": {"value": "coalesce(discharge, add_days(day, loss))", "type": "date"}}


def test_the_year_of_a_computed_day(con: duckdb.DuckDBPyConnection) -> None:
    of = dataset(derive=YEAR, period={"year_of": "ended"})
    days = [(dt.date(2024, 12, 30), 1), (dt.date(2024, 12, 30), 2), (dt.date(2024, 6, 1), None)]
    records = [
        RECORD | {"day": day, "loss": loss, "discharge": None, "age": number}
        for number, (day, loss) in enumerate(days)
    ]
    for unit in ("provider", "vsv"):
        rows = make_cohort(con, indicator(unit=unit, population="age >= 0", exclude=[]), records, on=of)
        ended = sorted((row["age"], row["_period"], row["_state"], row["_reason"]) for row in rows)
        assert ended == [
            (0, "2024", "not-met", ""),
            (1, "2025", "not-met", ""),
            (2, "unknown", "missing", "ended"),
        ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"key": []}, "period.year_of: without a key a record is told by its period"),
        ({"derive": {"ended": {"value": "age", "type": "number"}}}, "period.year_of: 'ended' is decimal"),
        ({"derive": {"end": {"value": "day", "type": "date"}}}, "period.year_of: there is no column 'ended'"),
    ],
)
def test_faults_of_a_computed_year(changes: dict[str, Any], fault: str) -> None:
    said = changed(DATASET, {"derive": YEAR, "period": {"year_of": "ended"}} | changes)
    [found] = messages(dump(said), "d.yaml")
    assert fault in found


@pytest.mark.parametrize("unit", ["provider", "vsv"])
@pytest.mark.parametrize(
    "period", [None, {"kind": "calendar-year"}, {"kind": "quarter"}, {"kind": "fiscal-year", "start": 9}]
)
def test_states_add_up_per_period(con: duckdb.DuckDBPyConnection, period: Any, unit: str) -> None:
    """A period only says where a record counts, never how it ends."""
    records = [
        RECORD
        | {"day": day, "age": number, "twin": number % 5 == 0, "loss": None if number % 7 == 0 else 1200}
        for number, day in enumerate(DAYS)
    ]
    ended = states(make_cohort(con, indicator(unit=unit, population="age >= 2"), records))
    assert (
        states(make_cohort(con, indicator(unit=unit, population="age >= 2", period=period), records)) == ended
    )
    two = {"kind": "rolling", "years": 2}
    rolling = make_cohort(con, indicator(unit=unit, population="age >= 2", period=two), records)
    for first in (2022, 2023, 2024):
        window = [state for state, day in zip(ended, DAYS, strict=True) if first <= day.year <= first + 1]
        label = f"{first}-{first + 1}"
        assert Counter(row["_state"] for row in rolling if row["_period"] == label) == Counter(window)
    assert len({row["_state"] for row in rolling}) >= 4


REFUSED = [
    ("{kind: fiscal-year, start: 1}", "period.start: a year that starts in January is a calendar year"),
    ("{kind: fiscal-year, start: 13}", "period.start: '13': expected 12 or less"),
    ("{kind: fiscal-year}", "period.start: a start month goes with 'kind: fiscal-year', and that needs one"),
    ("{kind: quarter, start: 4}", "period.start: a start month goes with 'kind: fiscal-year'"),
    ("{kind: rolling, years: 1}", "period.years: one year is not taken together"),
    ("{kind: rolling}", "period.years: a number of years goes with 'kind: rolling', and that needs one"),
    ("{kind: quarter, years: 3}", "period.years: a number of years goes with 'kind: rolling'"),
    ("{kind: month}", "period.kind: 'month': expected"),
]


@pytest.mark.parametrize(("period", "message"), REFUSED)
def test_contradictions_are_refused(period: str, message: str) -> None:
    text = INDICATOR.replace("population:", f"period: {period}\npopulation:")
    [said] = messages(text, "loss.yaml", against=dataset())
    assert said.startswith(f"loss.yaml:9: {message}")


@pytest.mark.parametrize(
    "period", ["{kind: rolling, years: 3}", "{kind: quarter}", "{kind: fiscal-year, start: 4}"]
)
def test_a_period_needs_a_date(period: str) -> None:
    text = INDICATOR.replace("population:", f"period: {period}\npopulation:")
    [said] = messages(text, "loss.yaml", against=dataset(period={"column": "provider"}))
    kind = period.strip("{}").split(", ")[0].removeprefix("kind: ")
    assert said == (
        f"loss.yaml:9: period.kind: '{kind}' is told by a record's date, and dataset care has none: its "
        "period is delivered in 'provider' (leave 'period' out, or give the dataset 'period: {year_of: ...}')"
    )
    assert messages(text, "loss.yaml", against=dataset()) == []


def test_another_period_is_another_quantity() -> None:
    changes = field_changes(indicator(), indicator(period={"kind": "quarter"}))
    assert level_needed("indicator", changes) == level_needed(
        "indicator", field_changes(indicator(), indicator(unit="vsv"))
    )


@pytest.mark.parametrize(
    ("labels", "sorted_"),
    [
        (["2023", "2025", "2024"], ["2025", "2024", "2023"]),
        (["2024-Q4", "2025-Q1", "2024-Q3"], ["2025-Q1", "2024-Q4", "2024-Q3"]),
        (["2021-2023", "2023-2025", "2022-2024"], ["2023-2025", "2022-2024", "2021-2023"]),
        (["1999/00", "2000/01", "1998/99"], ["2000/01", "1999/00", "1998/99"]),
        (
            ["2024/25", "2025-Q4", "2024", "2025", "2025-Q1", "2023-2025", "all"],
            ["2025", "2025-Q4", "2023-2025", "2024/25", "2025-Q1", "2024", "all"],
        ),
    ],
)
def test_the_newest_period_comes_first(labels: list[str], sorted_: list[str]) -> None:
    assert list(newest_first(labels)) == sorted_


@pytest.mark.parametrize(
    ("label", "days"),
    [
        ("2024", {"start": "2024-01-01", "end": "2024-12-31"}),
        ("2024-Q1", {"start": "2024-01-01", "end": "2024-03-31"}),
        ("2025-Q2", {"start": "2025-04-01", "end": "2025-06-30"}),
        ("2025-Q3", {"start": "2025-07-01", "end": "2025-09-30"}),
        ("2025-Q4", {"start": "2025-10-01", "end": "2025-12-31"}),
        ("2024/25", None),
        ("2023-2025", None),
        ("2025-Q5", None),
    ],
)
def test_a_measure_report_tells_the_days_that_a_label_tells(label: str, days: dict[str, str] | None) -> None:
    assert report_period(label) == (days or {"extension": [absent("unknown")]})


SAID: list[tuple[Language, dict[str, Any] | None, str]] = [
    ("nl", None, "kalenderjaar van: "),
    ("nl", {"kind": "calendar-year"}, "kalenderjaar van: "),
    ("nl", {"kind": "fiscal-year", "start": 4}, "boekjaar vanaf 1 april, van: "),
    ("en", {"kind": "fiscal-year", "start": 12}, "fiscal year from 1 December, of: "),
    ("nl", {"kind": "quarter"}, "kwartaal van: "),
    ("nl", {"kind": "rolling", "years": 3}, "telkens 3 kalenderjaren samen, van: "),
    ("en", {"kind": "rolling", "years": 3}, "each 3 calendar years together, of: "),
]


@pytest.mark.parametrize(("language", "period", "said"), SAID)
def test_the_guide_says_the_period(language: Language, period: dict[str, Any] | None, said: str) -> None:
    items = [Described(indicator(period=period), "0" * 64)]
    made = guide(items, {"care": dataset()}, name="Proef", language=language)
    assert said in guide_html(made)
