"""What leaves the engine: counts of states, case-mix patterns to fit on, and strata to score."""

from __future__ import annotations

from collections.abc import Sequence

from indicators.compile import quote, text_literal

COUNTED = ("met", "not-met", "value")


def states_select(cohort: str) -> str:
    """SQL that counts a cohort's records by period, provider, state and reason."""
    return f"""
        select _period as period, _provider as provider, _state as state, _reason as reason,
            count(*) as n
        from {cohort} group by all order by all"""


def patterns_select(cohort: str, terms: Sequence[str]) -> str:
    """SQL of the distinct case-mix patterns of one period, all providers together: what a model is fitted on.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    terms : sequence of str
        Case-mix terms.

    Returns
    -------
    str
        A select with one parameter, the period: a column for each term, and n, sum_y and sum_y2.
    """
    columns = "".join(f"{quote(term)}, " for term in terms)
    return f"select {columns}{_SUMS} {_counted(cohort)} group by all order by all"


def strata_select(cohort: str, expectation: str) -> str:
    """SQL of the strata of one period: records of a provider that have the same expectation.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    expectation : str
        SQL of the expectation of one record, over the cohort's columns.

    Returns
    -------
    str
        A select with one parameter, the period: provider, expected, n, sum_y, sum_y2 and sum_before.
    """
    sums = f"{_SUMS}, cast(sum(_before) as double) as sum_before"
    return (
        f"select _provider as provider, cast({expectation} as double) as expected, {sums} "
        f"{_counted(cohort)} group by all order by all"
    )


# Without records a sum is null, and so is a sum of what is not there.
_SUMS = (
    "cast(sum(_n) as double) as n, cast(sum(_y) as double) as sum_y, cast(sum(_y * _y) as double) as sum_y2"
)


def _counted(cohort: str) -> str:
    states = ", ".join(map(text_literal, COUNTED))
    return f"from {cohort} where _period = ? and _state in ({states})"
