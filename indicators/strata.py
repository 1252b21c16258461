"""What leaves the engine: counts of states, case-mix patterns to fit on, and strata to score."""

from __future__ import annotations

from collections.abc import Sequence

from indicators.compile import quote, text_literal
from indicators.periods import PeriodSQL
from indicators.states import STATES, state_literal
from indicators.stratifiers import UNKNOWN, subgroup_column

COUNTED = STATES[-3:]


def cells_select(cohort: str, columns: Sequence[str], period: PeriodSQL) -> str:
    """SQL of all records, grouped by all that what leaves the engine is told apart by.

    Parameters
    ----------
    cohort : str
        Table or view with the cohort.
    columns : sequence of str
        What an expectation follows from: the case-mix terms, or ``_expected``; none for one pattern of all.
    period : PeriodSQL
        What gives the label of a period.

    Returns
    -------
    str
        A select of ``_period, _provider, _share, _once, _state, _reason``, the columns, and of the records of
        each cell, counted whole: n, sum_y, sum_y2, sum_before and records. The sums are exact.
    """
    return (
        f"select {period.label('_at')} as _period, * exclude (_at) from (select _at, _provider, _share, "
        f"_once, _state, _reason, {_listed(columns)}{_SUMS} from {cohort} group by all)"
    )


def states_select(cells: str) -> str:
    """SQL that counts a cohort's records, each for its share, by period, provider, state and reason.

    It reads the cells; the sums are exact decimals.
    """
    return f"""
        select _period as period, _provider as provider, cast(_state as varchar) as state, _reason as reason,
            sum(records * _share) as n
        from {cells} group by all order by all"""


def mixes_select(cells: str, columns: Sequence[str]) -> str:
    """SQL of the distinct case mix of each period, all providers together: what a model is fitted on.

    A record is in it once, however it is shared out.

    Parameters
    ----------
    cells : str
        What `cells_select` gave, in a table or in brackets; it need not have providers, states or reasons
        apart.
    columns : sequence of str
        As for `cells_select`.

    Returns
    -------
    str
        A select of ``_period``, the columns, n, sum_y and sum_y2, and records, which is another number than n
        where a record has trials or exposure.
    """
    return (
        f"select _period, {_listed(columns)}{_totals('n', 'sum_y', 'sum_y2', 'records')} from {cells} "
        f"where {COUNTS} and _once and _period is not null group by all"
    )


def mixes_of_rows_select(cohort: str, columns: Sequence[str]) -> str:
    """SQL of what `mixes_select` gives, of a cohort itself: where nobody is scored, it is grouped by less."""
    rows = f"(select _period, _once, _state, {_listed(columns)}{_SUMS} from {cohort} group by all)"
    return mixes_select(rows, columns)


def patterns_select(mixes: str, columns: Sequence[str]) -> str:
    """SQL of the patterns of one period, the parameter: what `mixes_select` gave, numbered from 0.

    ``_pattern`` is the number, in the order of the columns.
    """
    ordered = ", ".join(map(quote, columns))
    rows = f"select * exclude (_period) from {mixes} where _period = ?"
    return f"select row_number() over () - 1 as _pattern, * from ({rows} order by {ordered or 'all'})"


def providers_select(cells: str) -> str:
    """SQL of the providers with eligible records in a period, the parameter ``$period``, numbered from 0."""
    return (
        "select _provider, row_number() over (order by _provider) - 1 as number from (select distinct "
        f"_provider from {cells} where _period = $period and _state <> 'not-eligible') order by number"
    )


def strata_select(cells: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of the strata of one period, ``$period``: records of a provider with one pattern that count alike.

    A pattern, not an expectation, is what comes back: the expectation of a pattern is computed once, outside,
    whatever the model.

    Parameters
    ----------
    cells, patterns : str
        Tables with what `cells_select` and `patterns_select` gave.
    columns : sequence of str
        As for `cells_select`.

    Returns
    -------
    str
        A select of the numbers of provider and pattern, share (for how much each of the records counts), n,
        sum_y, sum_y2, sum_before and records.
    """
    counted = f"(select * from {cells} where _period = $period and {COUNTS}) as counted"
    totals = _totals("n", "sum_y", "sum_y2", "sum_before", "records", of="counted.")
    return f"""
        select number as provider, _pattern as pattern, cast(_share as double) as share, {totals}
        from {with_patterns(counted, patterns, columns)}
        join ({providers_select(cells)}) using (_provider) group by all order by all"""


def subgroup_states_select(cohort: str, stratifier: str) -> str:
    """SQL that counts a cohort's records, each for its share, by provider, subgroup, state and reason."""
    return f"""
        select _period as period, _provider as provider, {_subgroup_sql(stratifier)} as subgroup,
            cast(_state as varchar) as state, _reason as reason, sum(_share) as n
        from {cohort} group by all order by all"""


def subgroup_strata_select(cohort: str, patterns: str, columns: Sequence[str], stratifier: str) -> str:
    """SQL of the strata of one period, the parameter, by ``subgroup`` as well; the provider by its code.

    Those with ``once`` hold each record one time, however it is shared out.
    """
    totals = _totals("n", "sum_y", "sum_y2", "sum_before", "records")
    return (
        f"select provider, subgroup, pattern, share, once, {totals} from (select _provider as provider, "
        f"{_subgroup_sql(stratifier)} as subgroup, _pattern as pattern, "
        f"cast(_share as double) as share, _once as once, {_SUMS} "
        f"from {with_patterns(cohort, patterns, columns)} where _period = ? and {COUNTS} group by all) "
        "group by all order by all"
    )


def _subgroup_sql(stratifier: str) -> str:
    return f"coalesce({quote(subgroup_column(stratifier))}, {text_literal(UNKNOWN)})"


def with_patterns(cohort: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of a cohort joined to patterns, for behind a ``from``; no value equals no value."""
    name = cohort.rpartition(" as ")[2]
    same = (f"{name}.{quote(column)} is not distinct from {patterns}.{quote(column)}" for column in columns)
    return f"{cohort} join {patterns} on {' and '.join(same) or 'true'}"


def _listed(columns: Sequence[str]) -> str:
    return "".join(f"{quote(column)}, " for column in columns)


def _totals(*names: str, of: str = "") -> str:
    return ", ".join(f"cast(sum({of}{name}) as double) as {name}" for name in names)


# Records that count are in one of the last states; one comparison is faster than several.
COUNTS = f"_state >= {state_literal(COUNTED[0])}"
# Sums of whole numbers and exact decimals: they do not depend on the order in which threads add them.
# Without records a sum is null, and so is a sum of what is not there.
_SUMS = (
    "sum(_n) as n, sum(_y) as sum_y, sum(_y * _y) as sum_y2, sum(_before) as sum_before, count(*) as records"
)
