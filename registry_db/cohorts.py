"""The cohort of an indicator, made in the engine; only its states and strata come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.cohort import cohort_select
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.outcomes import TimeToEventOutcome
from indicators.periods import day_of_sql
from indicators.strata import patterns_select, states_select, strata_select
from registry_db.connect import Connection
from registry_db.records import make_current_view

# The column of the cohort with an expectation that was delivered.
EXTERNAL = "_expected"
TIME, EVENT = "_time", "_event"


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """The distinct case-mix patterns of one period, all providers together: what a model is fitted on.

    Attributes
    ----------
    columns : dict of str to array
        Case-mix terms: text (None for no value) for categories, numbers for the rest. Under ``_expected``,
        and alone, an expectation that was delivered with the records. Under ``_time`` and ``_event``,
        for a time to event, the days that records were followed, and whether that ended in the event.
    n, sum_y, sum_y2 : array of float
        Records (or trials, or exposure), and sums of the outcome and its square, per pattern.
    records : array of float
        Records per pattern.
    """

    columns: dict[str, NDArray[Any]]
    n: NDArray[np.float64]
    sum_y: NDArray[np.float64]
    sum_y2: NDArray[np.float64]
    records: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """Records of a provider in one period that have the same case-mix pattern: what is scored.

    Attributes
    ----------
    providers : tuple of str
        Codes of the providers, sorted.
    provider : array of int
        Index into ``providers`` of each stratum.
    pattern : array of int
        Index into the patterns of each stratum.
    expected : array of float
        Expectation of one record (of a count: per unit of exposure); NaN where there is none.
    n, sum_y, sum_y2, sum_before : array of float
        Records (or trials, or exposure) and sums per stratum; NaN for ``sum_before`` where the outcome has
        none.
    records : array of float
        Records per stratum.
    """

    providers: tuple[str, ...]
    provider: NDArray[np.int64]
    pattern: NDArray[np.int64]
    expected: NDArray[np.float64]
    n: NDArray[np.float64]
    sum_y: NDArray[np.float64]
    sum_y2: NDArray[np.float64]
    sum_before: NDArray[np.float64]
    records: NDArray[np.float64]


def cut_off(con: Connection, indicator: Indicator, dataset: Dataset) -> dt.date | None:
    """Day on which the data end: the newest date that the records are followed by, None without one."""
    columns = _dated(indicator)
    if not columns:
        return None
    newest = f"greatest({', '.join(f'max({day_of_sql(name, dataset)})' for name in columns)})"
    found = con.execute(f"select {newest} from {make_current_view(con, dataset)}").fetchall()[0][0]
    return found if isinstance(found, dt.date) else None


def _dated(indicator: Indicator) -> list[str]:
    """Columns of the dates that an indicator follows its records by."""
    if indicator.follow_up:
        return [indicator.follow_up.after]
    outcome = indicator.outcome
    if not isinstance(outcome, TimeToEventOutcome):
        return []
    return [name for name in (outcome.start, outcome.event, outcome.censored) if name]


def make_cohort(
    con: Connection, indicator: Indicator, dataset: Dataset, *, carried: Sequence[str] = ()
) -> None:
    """Make the temporary table ``cohort``: every current record with its state, and columns carried along."""
    view = make_current_view(con, dataset)
    until = cut_off(con, indicator, dataset)
    sql = cohort_select(indicator, dataset, view, members="member", cut_off=until, carried=carried)
    con.execute(f"create or replace temp table cohort as {sql}")


def periods(con: Connection) -> list[str]:
    """Periods in the cohort, in order."""
    found = con.execute("select distinct _period from cohort where _period is not null order by 1")
    return [row[0] for row in found.fetchall()]


def states(con: Connection) -> pd.DataFrame:
    """Count the cohort's records: columns period, provider, state, reason, n."""
    return con.execute(states_select("cohort")).df()


def patterns(con: Connection, indicator: Indicator, period: str) -> Patterns:
    """Make the temporary table ``pattern`` of one period, and take it out of the engine."""
    columns = [EXTERNAL] if indicator.expectation else list(indicator.case_mix_columns)
    if indicator.outcome.kind == "time_to_event":
        columns += [TIME, EVENT]
    sql = patterns_select("cohort", columns)
    con.execute(f"create or replace temp table pattern as {sql}", [period])
    frame = con.execute("select * from pattern order by _pattern").df()
    return Patterns(
        {name: _column(frame[name]) for name in columns}, *_numbers(frame, "n", "sum_y", "sum_y2", "records")
    )


def strata(con: Connection, period: str, patterns: Patterns, expected: NDArray[np.float64]) -> Strata:
    """Take the strata of one period out of the engine.

    Parameters
    ----------
    con : Connection
        The vault, with the temporary tables ``cohort`` and ``pattern``.
    period : str
        The period.
    patterns : Patterns
        Those in the table ``pattern``.
    expected : array of float
        Expectation of one record of each pattern; NaN for none.
    """
    frame = con.execute(strata_select("cohort", "pattern", list(patterns.columns)), [period]).df()
    everyone = con.execute(
        "select distinct _provider from cohort where _period = ? and _state <> 'not-eligible' order by 1",
        [period],
    ).fetchall()
    providers = tuple(row[0] for row in everyone)
    index = {code: number for number, code in enumerate(providers)}
    provider = frame["provider"].map(index).to_numpy(np.int64)
    pattern = frame["pattern"].to_numpy(np.int64)
    sums = _numbers(frame, "n", "sum_y", "sum_y2", "sum_before", "records")
    return Strata(providers, provider, pattern, expected[pattern], *sums)


def _numbers(frame: pd.DataFrame, *names: str) -> list[NDArray[np.float64]]:
    return [frame[name].to_numpy(np.float64) for name in names]


def _column(values: pd.Series[Any]) -> NDArray[Any]:
    if values.dtype == object:
        return values.where(values.notna(), None).to_numpy(object)
    return values.to_numpy(np.float64)
