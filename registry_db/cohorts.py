"""The cohort of an indicator, made in the engine; only its states and strata come out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.compile import cohort_select, quote, states_select, strata_select
from indicators.dataset import Dataset
from indicators.definition import Indicator
from registry_db.connect import Connection
from registry_db.records import make_current_view, record_table


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """The distinct case-mix patterns of each provider in one period.

    Attributes
    ----------
    providers : tuple of str
        Codes of the providers, sorted.
    provider : array of int
        Index into ``providers`` of each stratum.
    columns : dict of str to array
        Case-mix terms: text (None for no value) for categories, numbers for the rest.
    n, sum_y, sum_y2, sum_before : array of float
        Records and sums per stratum; NaN for ``sum_before`` where the outcome has none.
    expected : array of float
        Delivered expectation of one record; NaN where there is none.
    """

    providers: tuple[str, ...]
    provider: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    n: NDArray[np.float64]
    sum_y: NDArray[np.float64]
    sum_y2: NDArray[np.float64]
    sum_before: NDArray[np.float64]
    expected: NDArray[np.float64]


def cut_off(con: Connection, indicator: Indicator, dataset: Dataset) -> dt.date | None:
    """Day on which the data end: the newest date that the follow-up counts from, None without one."""
    if indicator.follow_up is None:
        return None
    column = quote(indicator.follow_up.after)
    found = con.execute(f"select max({column}) from {record_table(dataset.dataset)}").fetchall()[0][0]
    return found if isinstance(found, dt.date) else None


def make_cohort(con: Connection, indicator: Indicator, dataset: Dataset) -> None:
    """Make the temporary table ``cohort``: every current record with its state."""
    view = make_current_view(con, dataset)
    until = cut_off(con, indicator, dataset)
    sql = cohort_select(indicator, dataset, view, members="member", cut_off=until)
    con.execute(f"create or replace temp table cohort as {sql}")


def periods(con: Connection) -> list[str]:
    """Periods in the cohort, in order."""
    found = con.execute("select distinct _period from cohort where _period is not null order by 1")
    return [row[0] for row in found.fetchall()]


def states(con: Connection) -> pd.DataFrame:
    """Count the cohort's records: columns period, provider, state, reason, n."""
    return con.execute(states_select("cohort")).df()


def strata(con: Connection, indicator: Indicator, period: str) -> Strata:
    """Take the strata of one period out of the engine."""
    terms = [term.term for term in indicator.case_mix]
    sql = strata_select("cohort", terms, external=indicator.expectation is not None)
    frame = con.execute(sql, [period]).df()
    everyone = con.execute(
        "select distinct _provider from cohort where _period = ? and _state <> 'not-eligible' order by 1",
        [period],
    ).fetchall()
    providers = tuple(row[0] for row in everyone)
    index = {code: number for number, code in enumerate(providers)}
    return Strata(
        providers,
        frame["provider"].map(index).to_numpy(np.int64),
        {name: _column(frame[name]) for name in terms},
        *(frame[name].to_numpy(np.float64) for name in ("n", "sum_y", "sum_y2", "sum_before")),
        frame["_expected"].to_numpy(np.float64) if indicator.expectation else np.full(len(frame), np.nan),
    )


def _column(values: pd.Series[Any]) -> NDArray[Any]:
    if values.dtype == object:
        return values.where(values.notna(), None).to_numpy(object)
    return values.to_numpy(np.float64)
