"""Which cells of a table of providers by subgroups must be hidden, when its totals are known.

In a table a hidden cell can be worked out from its row, from its column, or from a chain of both: hidden
cells are edges between a row and a column, and what may move from one to another is a flow in that network. A
small cell is safe if the flow lets it be as small as 1 and as large as the threshold. For one table that is
exact; see Hundepool A et al. (2012), Statistical Disclosure Control, chapter 4. doi:10.1002/9781118348239
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from registry_db.disclosure import safe

Counts = NDArray[np.float64]
Mask = NDArray[np.bool_]


def hidden_in_table(n: Counts, *, row_hidden: Mask, column_hidden: Mask, fewer_than: int) -> Mask | None:
    """Choose the cells to hide in a table whose totals are known, but for those that are hidden themselves.

    Parameters
    ----------
    n : array of float, shape (rows, columns)
        Patients in each cell; a cell of 0 stays visible, but in a row whose total is hidden.
    row_hidden, column_hidden : array of bool
        Rows (columns) whose total is hidden; what those totals add up to is known. Of such a row every cell
        is hidden.
    fewer_than : int
        Smallest number of patients that may be shown.

    Returns
    -------
    array of bool, shape (rows, columns), or None
        True for a hidden cell. None if no choice is safe: then nothing of the table can be shown.
    """
    counts = np.nan_to_num(n)
    small = (counts > 0) & (counts < fewer_than)
    hide = small | row_hidden[:, None]
    while True:
        _widen(counts, hide, row_hidden, column_hidden, fewer_than)
        told = _told(counts, hide, row_hidden, column_hidden, fewer_than)
        if told is None:
            return hide
        more = _beside(counts, hide, *told)
        if more is None:
            return None
        hide[more] = True


def _widen(counts: Counts, hide: Mask, row_hidden: Mask, column_hidden: Mask, fewer_than: int) -> None:
    """Hide the next smallest cells of each row and column until its hidden cells are safe, in place."""
    lines = [(counts[i], hide[i]) for i in np.flatnonzero(~row_hidden)]
    lines += [(counts[:, j], hide[:, j]) for j in np.flatnonzero(~column_hidden)]
    before = -1
    while before != hide.sum():
        before = int(hide.sum())
        for cells, gone in lines:
            for cell in np.argsort(cells, kind="stable"):
                if safe(cells[gone & (cells > 0)], fewer_than=fewer_than):
                    break
                if cells[cell] > 0:
                    gone[cell] = True


def _told(
    counts: Counts, hide: Mask, row_hidden: Mask, column_hidden: Mask, fewer_than: int
) -> tuple[int, int] | None:
    """Find a small number that can be told too closely: its row and column; None if there is none.

    A total that is hidden is a cell as well: of a row or column of what the totals lack of a large number.
    """
    rows, columns = counts.shape
    large = counts.sum() + fewer_than
    network = np.full((rows + 1, columns + 1), np.nan)
    network[:rows, :columns][hide] = counts[hide]
    network[:rows, columns][row_hidden] = large - counts.sum(axis=1)[row_hidden]
    network[rows, :columns][column_hidden] = large - counts.sum(axis=0)[column_hidden]
    flow = _Flow(network, at_most=fewer_than)
    for row, column in np.argwhere(~np.isnan(network)):
        value = network[row, column]
        at_end = row == rows or column == columns
        n = large - value if at_end else value
        if not 0 < n < fewer_than:
            continue
        up, down = (fewer_than - n, n - 1) if not at_end else (n - 1, fewer_than - n)
        if not flow.can_move(row, column, up=up, down=down):
            return int(row), int(column)
    return None


def _beside(counts: Counts, hide: Mask, row: int, column: int) -> tuple[int, int] | None:
    """Give the smallest cell that is shown in the row or column, else anywhere; None if all are hidden."""
    shown = (counts > 0) & ~hide
    near = np.zeros_like(shown)
    near[row : row + 1] = True
    near[:, column : column + 1] = True
    for among in (shown & near, shown):
        if among.any():
            least = np.argmin(np.where(among, counts, np.inf))
            i, j = np.unravel_index(least, counts.shape)
            return int(i), int(j)
    return None


class _Flow:
    """What can move between the hidden cells of a table: more in a row is less in the same column."""

    def __init__(self, network: Counts, *, at_most: int) -> None:
        self.rows = network.shape[0]
        row, column = np.nonzero(~np.isnan(network))
        # A cell may grow without end, and shrink to nothing; more than the threshold is never asked for.
        values = np.minimum(np.floor(network[row, column]), at_most).astype(np.int32)
        most = np.full_like(values, at_most)
        start, end = (row, self.rows + column)
        places = np.concatenate([start, end]), np.concatenate([end, start])
        self.graph = csr_array((np.concatenate([most, values]), places), shape=[sum(network.shape)] * 2)
        self.graph.sort_indices()

    def can_move(self, row: int, column: int, *, up: float, down: float) -> bool:
        """Whether a cell can be so much more, and at another time so much less, by moving others."""
        at, other = row, self.rows + column
        there, back = self._place(at, other), self._place(other, at)
        kept = self.graph.data[[there, back]]
        self.graph.data[[there, back]] = 0
        most = maximum_flow(self.graph, other, at).flow_value
        least = maximum_flow(self.graph, at, other).flow_value if down > 0 else 0
        self.graph.data[[there, back]] = kept
        return bool(most >= np.ceil(up) and least >= np.ceil(down))

    def _place(self, start: int, end: int) -> int:
        first, last = self.graph.indptr[start : start + 2]
        return int(first + np.searchsorted(self.graph.indices[first:last], end))
