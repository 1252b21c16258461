"""What leaves the engine: counts of states, case-mix patterns to fit on, and strata to score."""

from __future__ import annotations

from collections.abc import Sequence

from indicators.compile import quote, text_literal
from indicators.states import STATES, state_literal
from indicators.stratifiers import UNKNOWN, subgroup_column

COUNTED = STATES[-3:]


def states_select(cells: str) -> str:
    """SQL that counts a cohort's records, each for its share, by period, provider, state and reason.

    It reads the cells; the sums are exact decimals.
    """
    return f"""
        select _period as period, _provider as provider, cast(_state as varchar) as state, _reason as reason,
            sum(cast(records as bigint) * _share) as n
        from {cells} group by all order by all"""


def mixes_select(cohort: str, columns: Sequence[str]) -> str:
    """SQL of the distinct case mix of each period, all providers together: what a model is fitted on.

    A record is in it once, however it is shared out.

    Parameters
    ----------
    cohort : str
        Table or view with the cohort.
    columns : sequence of str
        What an expectation follows from: the case-mix terms, or ``_expected``; none for one pattern of all.

    Returns
    -------
    str
        A select of ``_period``, the columns, n, sum_y and sum_y2, and records, which is another number than n
        where a record has trials or exposure.
    """
    grouped = "".join(f"{quote(column)}, " for column in columns)
    return (
        f"select _period, {grouped}{_SUMS}, {_RECORDS} from {cohort} "
        f"where {COUNTS} and _once and _period is not null group by all"
    )


def patterns_select(mixes: str, columns: Sequence[str]) -> str:
    """SQL of the patterns of one period, the parameter: what `mixes_select` gave, numbered from 0.

    ``_pattern`` is the number, in the order of the columns.
    """
    ordered = ", ".join(map(quote, columns))
    rows = f"select * exclude (_period) from {mixes} where _period = ?"
    return f"select row_number() over () - 1 as _pattern, * from ({rows} order by {ordered or 'all'})"


def cells_select(cohort: str, mixes: str, columns: Sequence[str]) -> str:
    """SQL of all records, grouped by period, provider, share, state, reason and, where they count, case mix.

    Parameters
    ----------
    cohort : str
        Table or view with the cohort.
    mixes : str
        Table with the distinct values of the columns, under ``_mix`` the number of each.
    columns : sequence of str
        As for `mixes_select`.

    Returns
    -------
    str
        A select of ``_period, _provider, _share, _state, _reason``; ``_mix``, null for records that do not
        count; n, sum_y, sum_y2, sum_before and records, of records that are counted whole.
    """
    joined, mix = f"{cohort} left join {mixes} on {_same(cohort, mixes, columns)}", "_mix"
    if not columns:
        joined, mix = cohort, "0"
    return (
        f"select _period, _provider, _share, _state, _reason, case when {COUNTS} then {mix} end as _mix, "
        f"{_SUMS}, cast(sum(_before) as double) as sum_before, {_RECORDS} from {joined} group by all"
    )


def mix_select(mixes_of_period: str, columns: Sequence[str]) -> str:
    """SQL of the distinct case mix of all periods together, each with a number, ``_mix``."""
    listed = ", ".join(map(quote, columns)) or "null"
    return (
        f"select row_number() over () - 1 as _mix, * from (select distinct {listed} from {mixes_of_period})"
    )


def providers_select(cells: str) -> str:
    """SQL of the providers with eligible records in a period, the parameter ``$period``, numbered from 0."""
    return (
        "select _provider, row_number() over (order by _provider) - 1 as number from (select distinct "
        f"_provider from {cells} where _period = $period and _state <> 'not-eligible') order by number"
    )


def strata_select(cells: str, patterns: str, mixes: str, columns: Sequence[str]) -> str:
    """SQL of the strata of one period, ``$period``: records of a provider with one pattern that count alike.

    A pattern, not an expectation, is what comes back: the expectation of a pattern is computed once, outside,
    whatever the model.

    Parameters
    ----------
    cells, patterns, mixes : str
        Tables with what `cells_select`, `patterns_select` and `mix_select` gave.
    columns : sequence of str
        As for `mixes_select`.

    Returns
    -------
    str
        A select of the numbers of provider and pattern, share (for how much each of the records counts), n,
        sum_y, sum_y2, sum_before and records.
    """
    # A stratum is in two cells at most: what met the outcome, and what did not.
    names = ("n", "sum_y", "sum_y2", "sum_before", "records")
    sums = ", ".join(f"sum({cells}.{name}) as {name}" for name in names)
    return f"""
        select number as provider, _pattern as pattern, cast(_share as double) as share, {sums}
        from {cells} join ({providers_select(cells)}) using (_provider)
        join (select _mix, _pattern from {with_patterns(patterns, mixes, columns)}) using (_mix)
        where _period = $period group by all order by all"""


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
    sums = f"{_SUMS}, cast(sum(_before) as double) as sum_before, {_RECORDS}"
    return (
        f"select _provider as provider, {_subgroup_sql(stratifier)} as subgroup, _pattern as pattern, "
        f"cast(_share as double) as share, _once as once, {sums} "
        f"from {with_patterns(cohort, patterns, columns)} where _period = ? and {COUNTS} "
        "group by all order by all"
    )


def _subgroup_sql(stratifier: str) -> str:
    return f"coalesce({quote(subgroup_column(stratifier))}, {text_literal(UNKNOWN)})"


def with_patterns(cohort: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of a cohort joined to patterns, for behind a ``from``; no value equals no value."""
    return f"{cohort} join {patterns} on {_same(cohort, patterns, columns)}"


def _same(one: str, other: str, columns: Sequence[str]) -> str:
    names = map(quote, columns)
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in names) or "true"


# Records that count are in one of the last states; one comparison is faster than several.
COUNTS = f"_state >= {state_literal(COUNTED[0])}"
_RECORDS = "cast(count(*) as double) as records"
# Without records a sum is null, and so is a sum of what is not there.
_SUMS = (
    "cast(sum(_n) as double) as n, cast(sum(_y) as double) as sum_y, cast(sum(_y * _y) as double) as sum_y2"
)
