"""The course of an indicator within its periods, month by month: VLAD, CUSUM and XmR, for interim reports."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.outcomes import BinaryOutcome
from indicators.periods import day_sql, newest_first
from indicators.strata import COUNTED, with_patterns
from registry_db.catalogue import Catalogue, Definition
from registry_db.cohorts import Patterns, Strata, make_cohort, patterns, periods, strata
from registry_db.connect import Connection
from registry_db.expectations import expectation, reference_model
from registry_db.faults import RegistryError
from registry_db.results import only
from risk_models.cusum import cusum_weights, limit_for_alarms
from risk_models.monitoring import xmr

COURSE_COLUMNS = (
    "provider", "period", "month", "n", "observed", "expected", "vlad", "cusum", "limit", "alarm", "signals",
)  # fmt: skip
RUNS = 4000
SEED = 1
# With fewer months the natural limits of an XmR chart are hardly known; with fewer events expected in a month
# most months have none, and long rows below the average mean nothing.
FEWEST_MONTHS, FEWEST_EXPECTED = 6, 2.0


class CannotFollow(RegistryError):
    """An indicator that has no course: of another kind, with periods that overlap, or without days."""


def course(
    con: Connection,
    catalogue: Catalogue,
    item: Definition,
    *,
    period: str | None = None,
    provider: str | None = None,
    odds_ratio: float,
    false_alarms: float,
    newest: int | None = None,
) -> pd.DataFrame:
    """Follow an indicator of events month by month, for every provider.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions.
    item : Definition
        The indicator.
    period, provider : str or None
        Only the rows of these. The rules of XmR look at all months of a provider all the same.
    odds_ratio : float
        Change of the odds that the CUSUM looks for: 2 for twice the odds, 0.5 for half of them.
    false_alarms : float
        Chance that a provider that is as expected has an alarm within its period, such as 0.05; the limit
        follows from it by simulation, with the provider's own patients.
    newest : int or None
        Only so many periods, the newest.

    Returns
    -------
    DataFrame
        Columns COURSE_COLUMNS, by provider and month; months without records are not there. ``n``,
        ``observed`` and ``expected`` are of the month. ``vlad`` is expected less observed since the period
        began, at the end of the month. ``cusum`` is its highest value in the month; it begins at 0 with every
        period and goes on after an alarm. ``alarm`` tells whether it reached ``limit``. ``signals`` names the
        XmR rules that observed over expected meets, all months together; it is empty with under six
        months, or under two events expected in a month.

    Raises
    ------
    CannotFollow
        If the indicator is not of events that each record meets or not, its periods overlap, its records
        count in part, or its dataset has no day to order them by.
    RegistryError
        If there is no such period or provider.
    """
    indicator = item.model
    assert isinstance(indicator, Indicator)
    dataset = catalogue.dataset(indicator.dataset)
    _refuse(indicator, dataset)
    make_cohort(con, indicator, dataset, carried=_order(dataset))
    reference = reference_model(con, indicator)
    found = [pd.DataFrame(columns=list(COURSE_COLUMNS))]
    for each in sorted(newest_first(periods(con))[:newest]):
        taken = patterns(con, indicator, each)
        expected = expectation(indicator, each, taken, reference)
        if expected.reason:
            continue
        weights = [
            cusum_weights(np.full(len(taken.n), event), expected.expected, odds_ratio=odds_ratio)
            for event in (0.0, 1.0)
        ]
        months = _months(con, dataset, taken, each, expected.expected, weights)
        of = strata(con, each, expected.expected)
        if (of.share < 1).any():
            raise CannotFollow(
                f"{item.id}: its records count in part for the networks of {indicator.unit}",
                "a course is one of whole records; follow a version with 'unit: provider'",
            )
        months["limit"] = np.nan
        if period in (None, each):
            limits = _limits(of, provider, odds_ratio, false_alarms)
            months["limit"] = months["provider"].map(limits).astype(float)
        found.append(months.assign(period=each, alarm=months["cusum"] >= months["limit"]))
    frame = pd.concat(found[1:] or found, ignore_index=True)
    frame = frame.sort_values(["provider", "month"], ignore_index=True)
    frame["signals"] = _signals(frame)
    return only(frame[list(COURSE_COLUMNS)], item.id, period=period, provider=provider)


def _signals(frame: pd.DataFrame) -> pd.Series[str]:
    """Rules of XmR that each month meets."""
    signals = pd.Series("", index=frame.index)
    for rows in frame.groupby("provider").indices.values():
        part = frame.iloc[rows]
        if has_usual_course(part["expected"].to_numpy()):
            met = xmr((part["observed"] / part["expected"]).to_numpy()).signals
            signals.iloc[rows] = [", ".join(rule for rule in met if met[rule][at]) for at in range(len(rows))]
    return signals


def has_usual_course(expected: NDArray[np.float64]) -> bool:
    """Whether what is usual for a provider can be said, by the expected events of each of its months."""
    return len(expected) >= FEWEST_MONTHS and float(expected.mean()) >= FEWEST_EXPECTED


def _refuse(indicator: Indicator, dataset: Dataset) -> None:
    outcome = indicator.outcome
    if not isinstance(outcome, BinaryOutcome) or outcome.trials:
        raise CannotFollow(
            f"{indicator.indicator}: its course cannot be followed record by record",
            "VLAD and CUSUM are for an outcome of kind 'binary' that each record meets or not",
        )
    if indicator.period and indicator.period.kind == "rolling":
        raise CannotFollow(
            f"{indicator.indicator}: its periods overlap",
            "a course begins anew with every period; follow a version with years or quarters",
        )
    if dataset.period.year_of is None:
        raise CannotFollow(
            f"{indicator.indicator}: its records have no day",
            f"only a dataset with 'period.year_of' can be followed by month; {dataset.dataset} has none",
        )


def _order(dataset: Dataset) -> list[str]:
    """Columns by which records stand in order of time, the same at every run."""
    assert dataset.period.year_of is not None
    return list(dict.fromkeys([dataset.period.year_of, *dataset.key]))


def _months(
    con: Connection,
    dataset: Dataset,
    taken: Patterns,
    period: str,
    risk: NDArray[np.float64],
    weights: list[NDArray[np.float64]],
) -> pd.DataFrame:
    """Add up in the engine: only sums of provider and month come out.

    The CUSUM max(0, C + W), taken without a loop: a running sum of the weights, less its lowest value so far
    (or less 0, where it was never below).
    """
    of_pattern = pd.DataFrame(
        {"_number": np.arange(len(risk)), "_risk": risk, "_without": weights[0], "_with": weights[1]}
    )
    states = ", ".join(f"'{state}'" for state in COUNTED)
    order = ", ".join(map(quote, [*_order(dataset), "_pattern", "_y"]))
    con.register("course_pattern", of_pattern)
    try:
        return con.execute(
            f"""
            with weighed as (
                select *, case when _y = 1 then _with else _without end as _weight,
                    {day_sql(dataset)} as _day, row_number() over (order by {order}) as _place
                from {with_patterns("cohort", "pattern", list(taken.columns))}
                join course_pattern on _number = _pattern
                where _period = ? and _state in ({states})),
            summed as (
                select *, sum(_weight) over so_far as _run, sum(_risk - _y) over so_far as _vlad
                from weighed
                window so_far as (partition by _provider order by _place rows unbounded preceding)),
            followed as (
                select *, _run - least(0, min(_run) over (
                    partition by _provider order by _place rows unbounded preceding)) as _cusum from summed)
            select _provider as provider, strftime(_day, '%Y-%m') as month, count(*) as n,
                sum(_y)::double as observed, sum(_risk) as expected,
                arg_max(_vlad, _place) as vlad, max(_cusum) as cusum
            from followed group by all order by all""",
            [period],
        ).df()
    finally:
        con.unregister("course_pattern")


def _limits(of: Strata, wanted: str | None, odds_ratio: float, false_alarms: float) -> dict[str, float]:
    """The limit of each provider, from its own patients and as many of them as it has in the period."""
    found = {}
    for place, provider in enumerate(of.providers):
        own = (of.provider == place) & (of.n > 0)
        if own.any() and wanted in (None, provider):
            n = of.n[own]
            limit = limit_for_alarms(
                n, of.expected[own], odds_ratio=odds_ratio,
                records=int(n.sum()), chance=false_alarms, runs=RUNS, seed=SEED,
            )  # fmt: skip
            found[provider] = limit.limit
    return found
