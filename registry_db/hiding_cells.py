"""Choosing which counts to hide, over all indicators and periods of a publication."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from registry_db.disclosure import hidden, safe
from registry_db.overlapping import Counts, keep_apart, overlap


def hide_cells(
    n: NDArray[np.float64],
    *,
    group: NDArray[np.int64],
    provider: NDArray[np.int64],
    same: NDArray[np.int64],
    span: NDArray[np.int64],
    fewer_than: int,
    also: NDArray[np.bool_] | None = None,
    beside: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.bool_], set[int]]:
    """Choose the counts to hide: small ones, and those that would tell them.

    Parameters
    ----------
    n : array of float, shape (cells,)
        Patients in each cell; NaN counts as 0.
    group : array of int, shape (cells,)
        Which indicator and period it is of: cells with a total that is known.
    provider : array of int, shape (cells,)
        Whose it is.
    same : array of int, shape (cells,)
        Which kind of records it counts; those of one kind in periods that overlap can be subtracted.
    span : array of int, shape (cells, 2)
        First month of its period, and the month after its last.
    fewer_than : int
        Smallest number of patients that may be shown.
    also : array of bool, shape (cells,), optional
        Cells that are hidden for another reason; the total of their group is not shown either.

    beside : array of bool, shape (cells,), optional
        Cells that are hidden for another reason, of which the total may be shown.

    Returns
    -------
    array of bool, shape (cells,)
        True for a hidden cell.
    set of int
        Groups whose total cannot be shown either.
    """
    n = np.nan_to_num(n)
    hide, unsafe = np.zeros(len(n), dtype=bool), set[int]()
    if also is not None:
        hide |= also & (n > 0)
        unsafe.update(group[hide].tolist())
    if beside is not None:
        hide |= beside & (n > 0)
    groups = [np.flatnonzero(group == number) for number in range(group.max(initial=-1) + 1)]
    kinds = [np.flatnonzero(same == kind) for kind in np.unique(same)]
    kinds = [cells for cells in kinds if overlap(*span[cells].T)]
    while True:
        for number, cells in enumerate(groups):
            hide[cells] = hidden(n[cells], fewer_than=fewer_than, also=hide[cells])
            if not safe(n[cells][hide[cells]], fewer_than=fewer_than):
                unsafe.add(number)
        # First what a provider tells of itself: what then goes with it within a period may keep others apart.
        if not any(
            _keep_apart(n, hide, cells, group, provider, span, unsafe, fewer_than, alone=alone)
            for alone in (True, False)
            for cells in kinds
        ):
            return hide, unsafe


def _keep_apart(
    n: NDArray[np.float64],
    hide: NDArray[np.bool_],
    cells: NDArray[np.int64],
    group: NDArray[np.int64],
    provider: NDArray[np.int64],
    span: NDArray[np.int64],
    unsafe: set[int],
    fewer_than: int,
    *,
    alone: bool,
) -> bool:
    """Hide more counts of one kind of records, in place, and totals; give whether there were any."""
    groups, first, period = np.unique(group[cells], return_index=True, return_inverse=True)
    providers, of = np.unique(provider[cells], return_inverse=True)
    shape = (len(providers), len(groups))
    counts, there, now = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    counts[of, period], there[of, period], now[of, period] = n[cells], True, hide[cells]
    start, end = span[cells[first]].T
    totals = ~np.isin(groups, list(unsafe))
    more, fewer = keep_apart(
        Counts(start, end, counts, there), now, totals, fewer_than=fewer_than, alone=alone
    )
    hide[cells] = more[of, period]
    unsafe.update(groups[~fewer].tolist())
    return bool((more != now).any() or (fewer != totals).any())
