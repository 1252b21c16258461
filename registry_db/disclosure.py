"""Which small cells must be hidden so that nobody can be recognised, and no difference gives them away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hidden(
    n: NDArray[np.float64], *, fewer_than: int, also: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Choose the cells to hide in a group of cells whose total is known.

    Cells of 1 up to the threshold are hidden. If what is hidden can be derived, because it is one cell or
    adds up to fewer than the threshold, the next smallest cells are hidden too until it cannot.

    Parameters
    ----------
    n : array of float, shape (cells,)
        Patients in each cell; a cell of 0 has no patients to protect and stays visible.
    fewer_than : int
        Smallest number of patients that may be shown.
    also : array of bool, shape (cells,), optional
        Cells that must be hidden whatever their size, because they are hidden elsewhere.

    Returns
    -------
    array of bool, shape (cells,)
        True for a hidden cell. NaN counts as 0.

    References
    ----------
    Hundepool A et al. (2012). Statistical Disclosure Control. doi:10.1002/9781118348239
    """
    counts = np.nan_to_num(n)
    hide = (counts > 0) & (counts < fewer_than)
    if also is not None:
        hide |= also & (counts > 0)
    if not hide.any():
        return hide
    for cell in np.argsort(counts, kind="stable"):
        if hide.sum() >= 2 and counts[hide].sum() >= fewer_than:
            break
        if counts[cell] > 0:
            hide[cell] = True
    return hide
