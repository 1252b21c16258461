"""Scores of the subgroups that a stratifier makes: of each provider, and of all providers together.

They are held against the expectations of the whole indicator and tested by its test, so that of events what
was observed and expected adds up over the subgroups. A subgroup has no verdict: the more groups are looked
at, the more differ by chance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.cohort import NO_NETWORK
from indicators.strata import subgroup_states_select, subgroup_strata_select
from registry_db.cohorts import Patterns, Strata
from registry_db.connect import Connection
from registry_db.scoring import OUTSIDE

ALL = "(all)"
SUBGROUP_COLUMNS = (
    "provider", "subgroup", "n", "exposure", "observed", "expected", "ratio", "adjusted", "lower", "upper",
    "reason", "records", "fewest_alike",
)  # fmt: skip
_SUMS = ("n", "sum_y", "sum_y2", "sum_before", "records")


def subgroup_scores(
    con: Connection,
    stratifier: str,
    period: str,
    patterns: Patterns,
    expected: NDArray[np.float64],
    *,
    score: Callable[[Strata], pd.DataFrame],
) -> pd.DataFrame:
    """Score each subgroup of each provider, and of all providers together, `ALL`.

    Parameters
    ----------
    con : Connection
        The vault, with the temporary tables ``cohort`` and ``pattern`` of the period.
    stratifier : str
        Its name.
    period : str
        The period.
    patterns, expected : Patterns, array of float
        The patterns of the period, and the expectation of one record of each.
    score : callable
        Scores strata as those of the whole indicator; what it calls a provider is here a subgroup.

    Returns
    -------
    DataFrame
        Columns SUBGROUP_COLUMNS; a subgroup without records that count has no row.
    """
    sql = subgroup_strata_select("cohort", "pattern", list(patterns.columns), stratifier)
    frame = con.execute(sql, [period]).df()
    once = frame[frame["once"]]
    together = once.groupby(["subgroup", "pattern"], as_index=False)[list(_SUMS)].sum(min_count=1)
    found = [
        _scored(part, expected, score)
        for part in (frame, together.assign(provider=ALL, share=1.0))
        if len(part)  # a period in which no record counts has no subgroups
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(SUBGROUP_COLUMNS))


def _scored(
    frame: pd.DataFrame, expected: NDArray[np.float64], score: Callable[[Strata], pd.DataFrame]
) -> pd.DataFrame:
    cells = frame[["provider", "subgroup"]].drop_duplicates().sort_values(["provider", "subgroup"])
    numbered = cells.assign(cell=np.arange(len(cells)))
    cell = frame[["provider", "subgroup"]].merge(numbered, on=["provider", "subgroup"], how="left")["cell"]
    pattern = frame["pattern"].to_numpy(np.int64)
    sums = (frame[name].to_numpy(np.float64) for name in (*_SUMS, "share"))
    names = tuple(map(str, range(len(cells))))
    scores = score(Strata(names, cell.to_numpy(np.int64), pattern, expected[pattern], *sums))
    named = scores.assign(provider=cells["provider"].to_numpy(), subgroup=cells["subgroup"].to_numpy())
    outside = named["provider"] == NO_NETWORK
    named.loc[outside, ["ratio", "adjusted", "lower", "upper"]] = np.nan
    named.loc[outside, "reason"] = OUTSIDE
    return named[list(SUBGROUP_COLUMNS)]


def subgroup_states(con: Connection, stratifier: str) -> pd.DataFrame:
    """Count the records, each for its share: columns period, provider, subgroup, state, reason, n."""
    return con.execute(subgroup_states_select("cohort", stratifier)).df()
