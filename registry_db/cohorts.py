"""The cohort of an indicator, made in the engine; only its states and strata come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.cohort import NO_NETWORK, cohort_select
from indicators.compile import IDENTITY
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.derived import RowsColumn
from indicators.outcomes import TimeToEventOutcome
from indicators.periods import day_of_sql, period_sql
from indicators.shares import counts_in_part
from indicators.strata import (
    cells_select,
    clashes_select,
    mixes_of_rows_select,
    mixes_select,
    patterns_select,
    providers_select,
    shared_select,
    states_select,
    strata_select,
)
from registry_db.attribution import networks_of
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.records import current_select, derived_in

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
    """Records of a provider in one period with one case-mix pattern that count alike: what is scored.

    Attributes
    ----------
    providers : tuple of str
        Codes of the providers, sorted; of networks also NO_NETWORK, if any part of a record is outside all.
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
    share : array of float
        For how much each record of the stratum counts; the sums are of records that are counted whole.
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
    share: NDArray[np.float64]

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Which of the providers is none: what is outside every network."""
        return np.array([code == NO_NETWORK for code in self.providers], dtype=bool)

    def of_providers(self) -> Strata:
        """Give the strata without what is outside every network."""
        outside = self.outside
        kept = ~outside[self.provider]
        provider = (np.cumsum(~outside) - 1)[self.provider[kept]]
        parts = (
            getattr(self, one.name)[kept] for one in fields(self) if one.name not in ("providers", "provider")
        )
        inside = tuple(code for code in self.providers if code != NO_NETWORK)
        return Strata(inside, provider, *parts)


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Records that count in part for two providers, by pair and pattern.

    Attributes
    ----------
    one, other : array of int
        Index into the providers of the strata, each pair once.
    pattern : array of int
        Index into the patterns.
    together : array of float
        Sum of the product of the weights, over records (or trials).
    """

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    pattern: NDArray[np.int64]
    together: NDArray[np.float64]

    def matrix(self, providers: int, of_pattern: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum the products of weights, times a number of each pattern; shape (providers, providers)."""
        found = np.zeros((providers, providers))
        np.add.at(found, (self.one, self.other), self.together * of_pattern[self.pattern])
        return found + found.T


def cut_off(con: Connection, indicator: Indicator, dataset: Dataset) -> dt.date | None:
    """Day on which the data end: the newest date that the records are followed by, None without one."""
    columns = _dated(indicator)
    if not columns:
        return None
    newest = f"greatest({', '.join(f'max({day_of_sql(name, dataset)})' for name in columns)})"
    records = current_select(con, dataset, read_by=newest)
    found = con.execute(f"select {newest} from ({records})").fetchall()[0][0]
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
    con: Connection,
    indicator: Indicator,
    dataset: Dataset,
    *,
    carried: Sequence[str] = (),
    only: str | None = None,
) -> None:
    """Make ``cohort``, every current record with its state, and what the functions below read.

    All of it is temporary. The cohort is a view as long as computing its columns again costs less than
    keeping them: the engine groups stored columns faster than a copy of them. A record that counts in part
    for networks has a row for each part; see `indicators.cohort.cohort_select`.

    Parameters
    ----------
    con : Connection
        The vault.
    indicator, dataset : Indicator, Dataset
        The definitions.
    carried : sequence of str
        Columns of the records that the cohort has as well; it is a table then.
    only : str, optional
        The one period of which `patterns` will be asked, and nothing else.
    """
    until = cut_off(con, indicator, dataset)
    networks = None if indicator.unit == "provider" else networks_of(con, indicator.unit, dataset)
    if networks and only is None and counts_in_part(networks.network_set, dataset.dataset):
        carried = list(dict.fromkeys([*carried, *IDENTITY]))  # for `shared`
    sql = cohort_select(
        indicator, dataset, "cohort_record", networks=networks, cut_off=until, carried=carried
    )
    # Where rows of other tables are counted, that is not to be done again for each subgroup.
    of_rows = any(isinstance(dataset.derive[name], RowsColumn) for name in derived_in(dataset, sql))
    kept = bool(carried or (of_rows and indicator.stratify))
    records = current_select(con, dataset, read_by=sql)
    _drop_cohort(con)
    con.execute(f"create or replace temp view cohort_record as {records}")
    con.execute(f"create temp {'table' if kept else 'view'} cohort as {sql}")
    columns = _columns(indicator)
    if only is not None:
        _make_mixes(con, mixes_of_rows_select("cohort", columns, only, indicator.outcome))
        return
    period = period_sql(indicator.period, dataset, "cohort_record")
    _make(con, "cell", cells_select("cohort", columns, period, indicator))
    _make_mixes(con, mixes_select("cell", columns))
    _make(con, "period", "select distinct _period from cell")
    _make(con, "scored", providers_select("cell"))
    _make(con, "stratum", strata_select("cell", "mix", "scored", columns))


def _make(con: Connection, table: str, sql: str) -> None:
    con.execute(f"create or replace temp table {table} as {sql}")


def _make_mixes(con: Connection, sql: str) -> None:
    """Make ``mix``; refuse patterns that a join by hash could not tell apart."""
    _make(con, "mix", sql)
    if con.execute(clashes_select("mix")).fetchall() != [(0,)]:
        raise RegistryError(
            "two case-mix patterns have the same hash of 64 bits, and their records could not be told apart; "
            "make one of the case-mix terms coarser or leave one out"
        )


def _drop_cohort(con: Connection) -> None:
    found = con.execute("select table_type from information_schema.tables where table_name = 'cohort'")
    for (kind,) in found.fetchall():
        con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} temp.cohort")


def _columns(indicator: Indicator) -> list[str]:
    """Columns of the cohort that an expectation follows from."""
    columns = [EXTERNAL] if indicator.expectation else list(indicator.case_mix_columns)
    return [*columns, TIME, EVENT] if indicator.outcome.kind == "time_to_event" else columns


def periods(con: Connection) -> list[str]:
    """Periods in the cohort, in order."""
    found = con.execute("select _period from period where _period is not null order by 1")
    return [row[0] for row in found.fetchall()]


def states(con: Connection) -> pd.DataFrame:
    """Count the cohort's records, each for its share: columns period, provider, state, reason, n."""
    return con.execute(states_select("cell")).df()


def patterns(con: Connection, indicator: Indicator, period: str) -> Patterns:
    """Make the temporary table ``pattern`` of one period, and take it out of the engine."""
    con.execute(f"create or replace temp table pattern as {patterns_select('mix')}", [period])
    frame = con.execute("select * from pattern order by _pattern").df()
    return Patterns(
        {name: _column(frame[name]) for name in _columns(indicator)},
        *_numbers(frame, "n", "sum_y", "sum_y2", "records"),
    )


def strata(con: Connection, period: str, expected: NDArray[np.float64]) -> Strata:
    """Take the strata of one period out of the engine.

    Parameters
    ----------
    con : Connection
        The vault, after `make_cohort`.
    period : str
        The period.
    expected : array of float
        Expectation of one record of each pattern; NaN for none.
    """
    known = con.execute("select _provider from scored where _period = ? order by number", [period]).fetchall()
    found = con.execute(
        "select * from stratum where _period = ? order by provider, pattern, share", [period]
    ).df()
    provider, pattern = (found[name].to_numpy(np.int64) for name in ("provider", "pattern"))
    sums = _numbers(found, "n", "sum_y", "sum_y2", "sum_before", "records", "share")
    return Strata(tuple(code for (code,) in known), provider, pattern, expected[pattern], *sums)


def shared(con: Connection, period: str, patterns: Patterns, strata: Strata) -> Shared | None:
    """Take what pairs of providers share out of the engine, after `strata`; None where they share nothing."""
    if not (strata.share < 1).any():
        return None
    sql = shared_select("cohort", "pattern", list(patterns.columns))
    frame = con.execute(sql, {"period": period}).df()
    number = {code: place for place, code in enumerate(strata.providers)}
    one, other = (frame[name].map(number).to_numpy(np.int64) for name in ("one", "other"))
    return Shared(one, other, frame["pattern"].to_numpy(np.int64), frame["together"].to_numpy(np.float64))


def _numbers(frame: pd.DataFrame, *names: str) -> list[NDArray[np.float64]]:
    return [frame[name].to_numpy(np.float64) for name in names]


def _column(values: pd.Series[Any]) -> NDArray[Any]:
    if values.dtype == object:
        return values.where(values.notna(), None).to_numpy(object)
    return values.to_numpy(np.float64)
