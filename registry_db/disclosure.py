"""Which small cells must be hidden so that nobody can be recognised, and no difference gives them away."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Columns of the vault's scores that only say how many patients there are behind a number.
BEHIND = ("records", "fewest_alike")


def patients(scores: pd.DataFrame) -> NDArray[np.float64]:
    """Give the fewest patients that each score tells of, shape (scores,).

    They are those who count, or those behind them where these are fewer. Where some count in part, the digits
    behind the point of n and of the events tell how many of those with one and the same part had an event:
    then they are the fewest of such.
    """
    fewest: NDArray[np.float64] = scores[["n", *BEHIND]].min(axis=1).to_numpy(np.float64)
    return fewest


def hidden(
    n: NDArray[np.float64], *, fewer_than: int, also: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Choose the cells to hide in a group of cells whose total is known.

    Cells of 1 up to the threshold are hidden. Who knows the total knows what the hidden cells add up to, so
    the next smallest cells are hidden too until that is safe (see `safe`) or every cell is hidden.

    Parameters
    ----------
    n : array of float, shape (cells,)
        Patients in each cell; a cell of 0 has no patients to protect and stays visible.
    fewer_than : int
        Smallest number of patients that may be shown.
    also : array of bool, shape (cells,), optional
        Cells that are hidden for another reason.

    Returns
    -------
    array of bool, shape (cells,)
        True for a hidden cell. NaN counts as 0.

    References
    ----------
    Hundepool A et al. (2012). Statistical Disclosure Control. doi:10.1002/9781118348239
    """
    counts = np.nan_to_num(n)
    hide: NDArray[np.bool_] = (counts > 0) & (counts < fewer_than)
    if also is not None:
        hide |= also
    if not hide.any():
        return hide
    for cell in np.argsort(counts, kind="stable"):
        if safe(counts[hide], fewer_than=fewer_than):
            break
        if counts[cell] > 0:
            hide[cell] = True
    return hide


def safe(cells: NDArray[np.float64], *, fewer_than: int) -> bool:
    """Whether hidden cells stay hidden from somebody who knows their number and their sum.

    They do if for all that this person can tell each of them might be as small as 1 and as large as the
    threshold; then nobody can tell even which of them are the small ones.

    Parameters
    ----------
    cells : array of float, shape (hidden cells,)
        Patients in each hidden cell, all above 0.
    fewer_than : int
        Smallest number of patients that may be shown.

    Returns
    -------
    bool
        True too if nothing is hidden.
    """
    return len(cells) == 0 or (len(cells) > 1 and bool(cells.sum() >= fewer_than + len(cells) - 1))
