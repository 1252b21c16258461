"""Hiding the small cells of subgroups, and those that would give them away through a total."""

from __future__ import annotations

import numpy as np
import pandas as pd

from registry_db.disclosure import BEHIND, hidden, patients
from registry_db.subgroups import ALL, SUBGROUP_COLUMNS
from registry_db.table_disclosure import hidden_in_table

_KEY = ["indicator", "version", "period"]
_NUMBERS = [name for name in SUBGROUP_COLUMNS if name not in ("provider", "subgroup", "reason", *BEHIND)]


def hide_subgroups(
    subgroups: pd.DataFrame, scores: pd.DataFrame, unsafe: pd.DataFrame, *, small_cell: int
) -> pd.DataFrame:
    """Give the scores of subgroups that may be seen beside the scores themselves.

    Parameters
    ----------
    subgroups : DataFrame
        Scores of subgroups.
    scores : DataFrame
        Scores of the indicators as they are published, with ``suppressed``: what these hide stays hidden.
    unsafe : DataFrame
        Indicators, versions and periods of which the total is not shown.
    small_cell : int
        Subgroups of fewer patients are hidden.

    Returns
    -------
    DataFrame
        With ``suppressed``, and without BEHIND. A provider whose score is hidden has no rows; where nothing
        can be shown safely a stratifier has none at all.
    """
    subgroups = subgroups.assign(_people=patients(subgroups)).drop(columns=list(BEHIND))
    gone = set(map(tuple, unsafe[_KEY].to_numpy()))
    hidden_scores = {key: set(rows["provider"]) for key, rows in scores[scores["suppressed"]].groupby(_KEY)}
    kept = [
        _hidden(table, hidden_scores.get(key[:3], set()), small_cell)
        for key, table in subgroups.groupby([*_KEY, "stratifier"], sort=True)
        if key[:3] not in gone
    ]
    none = subgroups.iloc[:0].assign(suppressed=pd.Series(dtype=bool))
    found = pd.concat([none, *kept], ignore_index=True) if kept else none
    return found.drop(columns="_people")


def _hidden(table: pd.DataFrame, hidden_scores: set[str], small_cell: int) -> pd.DataFrame:
    """Hide cells in the table of one stratifier in one period."""
    counts = table.pivot(index="provider", columns="subgroup", values="_people").fillna(0.0)
    cells, totals = counts.drop(index=ALL), counts.loc[ALL].to_numpy()
    lost = cells.index.isin(hidden_scores)
    total_hidden = hidden(totals, fewer_than=small_cell)
    hide = hidden_in_table(
        cells.to_numpy(), row_hidden=lost, column_hidden=total_hidden, fewer_than=small_cell
    )
    if hide is None:
        return table.iloc[:0].assign(suppressed=pd.Series(dtype=bool))
    shown = table[~table["provider"].isin(hidden_scores)]
    every = np.vstack([hide, total_hidden])
    row = pd.Index([*cells.index, ALL]).get_indexer(shown["provider"])
    suppressed = every[row, counts.columns.get_indexer(shown["subgroup"])]
    shown = shown.assign(suppressed=suppressed).sort_values(["provider", "subgroup"])
    shown.loc[shown["suppressed"], _NUMBERS] = np.nan
    shown.loc[shown["suppressed"], "reason"] = "suppressed"
    return shown
