"""What leaves the engine: counts of states, case-mix patterns to fit on, and strata to score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indicators.attributed import WHOLE_SQL
from indicators.compile import IDENTITY, quote, text_literal
from indicators.definition import Indicator
from indicators.outcomes import BinaryOutcome, Outcome
from indicators.periods import PeriodSQL
from indicators.states import STATES, state_literal
from indicators.stratifiers import UNKNOWN, subgroup_column

COUNTED = STATES[-3:]


def cells_select(cohort: str, columns: Sequence[str], period: PeriodSQL, indicator: Indicator) -> str:
    """SQL of all records, grouped by all that what leaves the engine is told apart by.

    Parameters
    ----------
    cohort : str
        Table or view with the cohort.
    columns : sequence of str
        What an expectation follows from: the case-mix terms, or ``_expected``; none for one pattern of all.
    period : PeriodSQL
        What gives the label of a period.
    indicator : Indicator
        The definition. What it makes the same for all records is not grouped by or summed.

    Returns
    -------
    str
        A select of ``_period, _provider, _share, _once, _state, _reason``, the columns, and of the records of
        each cell, counted whole: n, sum_y, sum_y2, sum_before and records. The sums are exact.
    """
    shared, whole = "_share, _once, ", ""
    if indicator.unit == "provider":
        shared, whole = "", f"{WHOLE_SQL} as _share, true as _once, "
    sums = _named(_sums(indicator.outcome))
    return (
        f"select {period.label('_at')} as _period, {whole}* exclude (_at) from (select _at, _provider, "
        f"{shared}_state, _reason, {_listed(columns)}{sums} from {cohort} group by all)"
    )


def _sums(outcome: Outcome) -> dict[str, str]:
    """SQL of the sums over records, less what the kind of outcome makes known."""
    sized = outcome.kind == "count" or (isinstance(outcome, BinaryOutcome) and outcome.trials is not None)
    sums = dict(_SUMS)
    if not sized:
        sums["n"] = "count(*)"
    if not sized and outcome.kind not in ("continuous", "change"):
        sums["sum_y2"] = sums["sum_y"]  # each is 0 or 1
    if outcome.kind != "change":
        sums["sum_before"] = "cast(null as double)"
    return sums


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
        A select of ``_period``; ``_pattern``, which numbers the patterns of a period from 0 in the order of
        the columns; the columns; n, sum_y and sum_y2; records, which is another number than n where a
        record has trials or exposure; and ``_mix``, the hash of the columns, by which `with_patterns` joins:
        see `clashes_select`.
    """
    order = f" order by {', '.join(map(quote, columns))}" if columns else ""
    totals = _totals("n", "sum_y", "sum_y2", "records")
    return (
        f"select row_number() over (partition by _period{order}) - 1 as _pattern, *, "
        f"{mix_sql(columns)} as _mix from "
        f"(select _period, {_listed(columns)}{totals} from {cells} "
        f"where {COUNTS} and _once and _period is not null group by all)"
    )


def mixes_of_rows_select(cohort: str, columns: Sequence[str], period: str, outcome: Outcome) -> str:
    """SQL of what `mixes_select` gives of one period, of a cohort itself: where nobody is scored."""
    sums = ", ".join(
        f"cast({sql} as double) as {name}" for name, sql in _sums(outcome).items() if name != "sum_before"
    )
    label = text_literal(period)
    return (
        f"select {label} as _period, row_number() over () - 1 as _pattern, *, {mix_sql(columns)} as _mix "
        "from (select "
        f"{_listed(columns)}{sums} from {cohort} where _period = {label} and {COUNTS} and _once "
        # Where nothing tells patterns apart there would be one without records, too.
        "group by all having count(*) > 0 order by all)"
    )


def mix_sql(columns: Sequence[str], of: str = "") -> str:
    """SQL of the hash of a case mix; ``of`` is the name of its table with a point, among several."""
    return f"hash({', '.join(of + quote(column) for column in columns)})" if columns else "hash(0)"


def clashes_select(mixes: str) -> str:
    """SQL that counts the periods in which two patterns have the same hash; ``mixes`` as of `mixes_select`.

    Where it gives 0, a join by hash finds for each record its own pattern and no other: those of the records
    are among the patterns. Else `with_patterns` may not be used.
    """
    return (
        "select count(*) from "
        f"(select 1 from {mixes} group by _period having count(distinct _mix) < count(*))"
    )


def patterns_select(mixes: str) -> str:
    """SQL of the patterns of one period, the parameter, in their order; ``mixes`` as of `mixes_select`."""
    return f"select * exclude (_period) from {mixes} where _period = ? order by _pattern"


def providers_select(cells: str) -> str:
    """SQL of the providers with eligible records in each period, with their ``number`` from 0."""
    return (
        "select *, row_number() over (partition by _period order by _provider) - 1 as number "
        f"from (select distinct _period, _provider from {cells} where _state <> 'not-eligible')"
    )


def strata_select(cells: str, mixes: str, providers: str, columns: Sequence[str]) -> str:
    """SQL of the strata of each period: records of a provider with one pattern that count alike.

    A pattern, not an expectation, is what comes back: the expectation of a pattern is computed once, outside,
    whatever the model.

    Parameters
    ----------
    cells, mixes, providers : str
        Tables with what `cells_select`, `mixes_select` and `providers_select` gave.
    columns : sequence of str
        As for `cells_select`.

    Returns
    -------
    str
        A select of ``_period``, the numbers of provider and pattern, share (for how much each of the records
        counts), n, sum_y, sum_y2, sum_before and records.
    """
    totals = _totals("n", "sum_y", "sum_y2", "sum_before", "records", of="counted.")
    counted = f"(select * from {cells} where {COUNTS}) as counted"
    return f"""
        select counted._period as _period, number as provider, _pattern as pattern,
            cast(_share as double) as share, {totals}
        from {with_patterns(counted, mixes, columns)} and counted._period = {mixes}._period
        join {providers} as own on own._period = counted._period and own._provider = counted._provider
        group by all"""


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
        f"cast(_share as double) as share, _once as once, {_named(_SUMS)} "
        f"from {with_patterns(cohort, patterns, columns)} where _period = ? and {COUNTS} group by all) "
        "group by all order by all"
    )


def shared_select(cohort: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of what pairs of providers share in one period, the parameter ``$period``.

    Parameters
    ----------
    cohort : str
        Table with the cohort, and in it `indicators.compile.IDENTITY` of each record.
    patterns : str
        Table with what `patterns_select` gave.
    columns : sequence of str
        As for `cells_select`.

    Returns
    -------
    str
        A select of ``one`` and ``other``, each pair once, pattern, and together: the sum over records of n
        times the weight for the one times the weight for the other.
    """
    parts = f"select * from {cohort} where _period = $period and {COUNTS} and not (_share = 1)"
    counted = f"({parts}) as counted"
    same = " and ".join(f"pair.{part} = counted.{part}" for part in IDENTITY)
    return f"""
        select counted._provider as one, pair._provider as other, _pattern as pattern,
            cast(sum(counted._share * pair._share * counted._n) as double) as together
        from {with_patterns(counted, patterns, columns)}
        join ({parts}) as pair on {same} and counted._provider < pair._provider
        group by all order by all"""


def _subgroup_sql(stratifier: str) -> str:
    return f"coalesce({quote(subgroup_column(stratifier))}, {text_literal(UNKNOWN)})"


def with_patterns(cohort: str, patterns: str, columns: Sequence[str]) -> str:
    """SQL of a cohort joined to its patterns, for behind a ``from``; no value equals no value.

    It joins by the hash of the columns, which takes half as long as by the columns, and is the same where
    `clashes_select` gives 0.
    """
    name = cohort.rpartition(" as ")[2]
    return f"{cohort} join {patterns} on {mix_sql(columns, f'{name}.')} = {patterns}._mix"


def _listed(columns: Sequence[str]) -> str:
    return "".join(f"{quote(column)}, " for column in columns)


def _named(sums: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in sums.items())


def _totals(*names: str, of: str = "") -> str:
    return ", ".join(f"cast(sum({of}{name}) as double) as {name}" for name in names)


# Records that count are in one of the last states; one comparison is faster than several.
COUNTS = f"_state >= {state_literal(COUNTED[0])}"
# Sums of whole numbers and exact decimals: they do not depend on the order in which threads add them.
# Without records a sum is null, and so is a sum of what is not there.
_SUMS = {
    "n": "sum(_n)",
    "sum_y": "sum(_y)",
    "sum_y2": "sum(_y * _y)",
    "sum_before": "sum(_before)",
    "records": "count(*)",
}
