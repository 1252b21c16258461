"""Hiding who the patients of a provider are where they are few, also in what explains its expectation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry_db.disclosure import hidden

TOGETHER = "(together)"
_ROUNDING = 1e-6
_GROUP = ["indicator", "version", "period"]
_OWN = [*_GROUP, "provider"]


def hide_explanations(
    parts: pd.DataFrame, mixes: pd.DataFrame, *, rare: pd.DataFrame | None = None, small_cell: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hide shares of few patients, and take the parts of their terms together.

    Everyone's share and the numbers of all providers are known, so of each level the cells of other
    providers are hidden with a small one, as `disclosure.hidden` chooses. The levels of a category add up:
    where one is hidden all of its term are. The part of a term in an expectation follows from the shares of
    its levels: the parts of hidden terms stand as one sum, of two terms at least.

    Parameters
    ----------
    parts, mixes : DataFrame
        The tables ``explanation`` and ``patient_mix`` of the vault, of shown indicators.
    rare : DataFrame, optional
        Indicator, version, period and term of effects that are not shown: parts and shares of all providers
        together would give them back.
    small_cell : int
        Fewest patients that may be shown.

    Returns
    -------
    tuple of DataFrame
        The parts, with the term TOGETHER for those that are hidden (none at all where nothing else would be
        left to tell apart), and the mixes, own NaN where hidden, without the numbers of patients.
    """
    mixes = mixes.copy()
    hide = np.zeros(len(mixes), dtype=bool)
    counts, total = (mixes[name].to_numpy(np.float64) for name in ("records", "total"))
    for rows in mixes.groupby([*_GROUP, "term", "level"]).indices.values():
        # those who have the level, and those who have not: either may be few
        for cells in (counts[rows], np.round(total[rows] - counts[rows], 6)):
            hide[rows] |= hidden(cells, fewer_than=small_cell)
    mixes.loc[_few_in_all(mixes, counts, total, small_cell), "everyone"] = np.nan
    mixes["hide"] = hide | mixes["everyone"].isna().to_numpy()
    mixes["hide"] = mixes.groupby([*_OWN, "term"])["hide"].transform("any")
    shut = mixes.loc[mixes["hide"], [*_OWN, "term"]].drop_duplicates()
    if rare is not None:
        shut = pd.concat([shut, parts.merge(rare, on=[*_GROUP, "term"])[[*_OWN, "term"]]]).drop_duplicates()
    mixes.loc[mixes["hide"], "own"] = np.nan
    # to whole per cents: subtracted from those of a period that holds this one, exact ones tell of few
    mixes[["own", "everyone"]] = mixes[["own", "everyone"]].round(2)
    return _together(parts, shut), mixes.drop(columns=["records", "total", "hide"])


def _few_in_all(
    mixes: pd.DataFrame, counts: NDArray[np.float64], total: NDArray[np.float64], small_cell: int
) -> NDArray[np.bool_]:
    """Where the share of everyone, in whole per cents, tells how few patients have a level, or lack it.

    Levels add up, so a term of which it is true of one level is hidden.
    """
    keys = [mixes[name] for name in (*_GROUP, "term", "level")]
    people, have = (pd.Series(values).groupby(keys).transform("sum") for values in (total, counts))
    few = pd.Series(False, index=mixes.index)
    for each in (have, people - have):
        few |= (each > _ROUNDING) & (each < small_cell - _ROUNDING) & (0.01 * people < small_cell)
    found: NDArray[np.bool_] = few.groupby(keys[:-1]).transform("any").to_numpy(np.bool_)
    return found


def rounded_parts(parts: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """Round parts to one digit more than a score is shown with; own is what they then add up to.

    Parameters
    ----------
    parts : DataFrame
        From `hide_explanations`.
    indicators : DataFrame
        The table ``indicator`` of a publication.
    """
    if parts.empty:
        return parts
    shown = ["indicator", "version", "show_unit", "show_decimals", "show_per"]
    known = parts.merge(indicators[shown], on=["indicator", "version"], how="left")
    scale = np.where(known["show_unit"] == "percent", 100, known["show_per"].fillna(1)).astype(np.float64)
    unit = scale * 10.0 ** (known["show_decimals"].to_numpy(np.float64) + 1)
    found = parts.copy()
    for name in ("part", "everyone"):
        found[name] = np.round(parts[name].to_numpy(np.float64) * unit) / unit
    found["own"] = found["everyone"] + found.groupby(_OWN)["part"].transform("sum")
    return found


def _together(parts: pd.DataFrame, shut: pd.DataFrame) -> pd.DataFrame:
    """Sum the parts of hidden terms of each provider; a single one goes with the smallest of the others."""
    if parts.empty:
        return parts
    marked = parts.merge(shut.assign(hide=True), on=[*_OWN, "term"], how="left")
    marked["hide"] = marked["hide"].eq(True)
    of_provider = marked.groupby(_OWN)["hide"]
    alone = (of_provider.transform("sum") == 1).to_numpy()
    size = marked["part"].abs().where(~marked["hide"] & alone)
    smallest = size.groupby([marked[name] for name in _OWN]).transform("min")
    marked["hide"] |= size.notna() & (size == smallest)
    # where a model has one term only, its sum would be that term
    left = ~(alone & (of_provider.transform("size") == 1).to_numpy())
    marked = marked[left].copy()
    marked["term"] = marked["term"].where(~marked["hide"], TOGETHER)
    keys = [*_OWN, "term", "own", "everyone"]
    summed = marked.groupby(keys, as_index=False, sort=False)["part"].sum()
    return summed[list(parts.columns)]
