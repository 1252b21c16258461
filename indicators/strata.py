"""What leaves the engine: counts of states, case-mix patterns to fit on, and strata to score."""

from __future__ import annotations

from collections.abc import Sequence

from indicators.compile import quote, text_literal
from indicators.stratifiers import UNKNOWN, subgroup_column

COUNTED = ("met", "not-met", "value")


def states_select(cohort: str) -> str:
    """SQL that counts a cohort's records by period, provider, state and reason."""
    return f"""
        select _period as period, _provider as provider, _state as state, _reason as reason,
            count(*) as n
        from {cohort} group by all order by all"""


def patterns_select(cohort: str, columns: Sequence[str]) -> str:
    """SQL of the distinct case-mix patterns of one period, all providers together: what a model is fitted on.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    columns : sequence of str
        What an expectation follows from: the case-mix terms, or ``_expected``; none for one pattern of all.

    Returns
    -------
    str
        A select with one parameter, the period: ``_pattern``, which numbers them from 0, the columns, n,
        sum_y and sum_y2, and records, which is another number than n where a record has trials or exposure.
    """
    grouped = "".join(f"{quote(column)}, " for column in columns)
    return (
        "select row_number() over () - 1 as _pattern, * from "
        f"(select {grouped}{_SUMS}, {_RECORDS} {_counted(cohort)} "
        # Where nothing tells patterns apart there would be one without records, too.
        "group by all having count(*) > 0 order by all)"
    )


def strata_select(cohort: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of the strata of one period: records of a provider that have the same case-mix pattern.

    A pattern, not an expectation, is what comes back: the expectation of a pattern is computed once, outside,
    whatever the model, and a join finds the pattern of five million records in a quarter of a second.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    patterns : str
        Table with what `patterns_select` gave for the period.
    columns : sequence of str
        As for `patterns_select`.

    Returns
    -------
    str
        A select with one parameter, the period: provider, pattern, n, sum_y, sum_y2, sum_before and
        records.
    """
    sums = f"{_SUMS}, cast(sum(_before) as double) as sum_before, {_RECORDS}"
    return (
        f"select _provider as provider, _pattern as pattern, {sums} "
        f"{_counted(with_patterns(cohort, patterns, columns))} group by all order by all"
    )


def subgroup_states_select(cohort: str, stratifier: str) -> str:
    """SQL that counts a cohort's records as `states_select` does, by subgroup as well."""
    return f"""
        select _period as period, _provider as provider, {_subgroup_sql(stratifier)} as subgroup,
            _state as state, _reason as reason, count(*) as n
        from {cohort} group by all order by all"""


def subgroup_strata_select(cohort: str, patterns: str, columns: Sequence[str], stratifier: str) -> str:
    """SQL of the strata of one period as `strata_select`, by ``subgroup`` as well: one column more."""
    sums = f"{_SUMS}, cast(sum(_before) as double) as sum_before, {_RECORDS}"
    return (
        f"select _provider as provider, {_subgroup_sql(stratifier)} as subgroup, _pattern as pattern, {sums} "
        f"{_counted(with_patterns(cohort, patterns, columns))} group by all order by all"
    )


def _subgroup_sql(stratifier: str) -> str:
    return f"coalesce({quote(subgroup_column(stratifier))}, {text_literal(UNKNOWN)})"


def with_patterns(cohort: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of a cohort joined to its patterns, for behind a ``from``; no value equals no value."""
    same = (f"{cohort}.{quote(column)} is not distinct from {patterns}.{quote(column)}" for column in columns)
    return f"{cohort} join {patterns} on {' and '.join(same) or 'true'}"


_RECORDS = "cast(count(*) as double) as records"
# Without records a sum is null, and so is a sum of what is not there.
_SUMS = (
    "cast(sum(_n) as double) as n, cast(sum(_y) as double) as sum_y, cast(sum(_y * _y) as double) as sum_y2"
)


def _counted(cohort: str) -> str:
    states = ", ".join(map(text_literal, COUNTED))
    return f"from {cohort} where _period = ? and _state in ({states})"
