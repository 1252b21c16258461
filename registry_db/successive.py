"""Counts that differ a little from what an earlier publication showed: the difference is of few patients."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry_db.disclosure import hidden, safe
from registry_db.reader import SHUT_OFF

_GROUP = ["indicator", "version", "period"]
_KEY = [*_GROUP, "provider"]


def shown_before(folder: Path) -> pd.DataFrame:
    """Counts that the publications in a folder show: columns of `_KEY` and ``n``, each once.

    A file that cannot be read, or that has other tables, is passed over.
    """
    found = [pd.DataFrame(columns=[*_KEY, "n"])]
    for file in sorted(folder.glob("*.duckdb")):
        try:
            with duckdb.connect(str(file), read_only=True, config=SHUT_OFF) as con:
                found.append(
                    con.execute(
                        f"select {', '.join(_KEY)}, n from score where not suppressed and n is not null"
                    ).df()
                )
        except (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException):
            continue
    return pd.concat(found[1:] or found).drop_duplicates().astype({"n": np.float64})


def close_to_before(
    scores: pd.DataFrame, before: pd.DataFrame, *, small_cell: int
) -> tuple[NDArray[np.bool_], int]:
    """Choose the scores to hide because they differ by few patients from what was shown before.

    Of each score the smallest difference counts. Who knows the totals of then and now knows what the
    differences add up to, so the next smallest are hidden too. Where all differences of an indicator and
    period together are too few for that, nothing that is hidden would help but the total, and with it what
    all are compared with: such scores stay.

    Parameters
    ----------
    scores : DataFrame
        The table ``score`` of the vault, without facts.
    before : DataFrame
        From `shown_before`.
    small_cell : int
        Fewest patients that may be told.

    Returns
    -------
    array of bool, shape (scores,)
        True for a score to be hidden.
    int
        How many stay that differ by few patients.
    """
    hide, stay = np.zeros(len(scores), dtype=bool), 0
    rows = scores[[*_KEY, "n"]].assign(row=np.arange(len(scores)))
    both = rows.merge(before, on=_KEY, suffixes=("", "_before"))
    both["apart"] = (both["n"] - both["n_before"]).abs().round(6)
    smallest = both[both["apart"] > 0].groupby("row")["apart"].min()
    apart = pd.Series(0.0, index=rows["row"])
    apart[smallest.index] = smallest
    for at in rows.groupby(_GROUP).indices.values():
        cells = apart.to_numpy()[at]
        gone = hidden(cells, fewer_than=small_cell)
        if safe(cells[gone], fewer_than=small_cell):
            hide[at] |= gone
        else:
            stay += int(((cells > 0) & (cells < small_cell)).sum())
    return hide, stay
