"""A small cell of a table stays hidden from who knows its totals, held against linear programming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from registry_db.table_disclosure import hidden_in_table

CELLS = st.integers(0, 40) | st.integers(0, 12)
TABLES = st.integers(2, 4).flatmap(
    lambda columns: st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=1, max_size=6)
)
SMALL = 10


def attack(
    n: NDArray[np.float64], hide: NDArray[np.bool_], rows: NDArray[np.bool_], columns: NDArray[np.bool_]
) -> list[tuple[float, float, float]]:
    """True, smallest and largest value of every small number that is hidden, for who knows all the rest.

    Unknown are the hidden cells and totals. Known are: what is shown, and that the totals of rows, and those
    of columns, add up to the whole.
    """
    names = [("cell", i, j) for i, j in np.argwhere(hide)]
    names += [("row", i) for i in np.flatnonzero(rows)] + [("column", j) for j in np.flatnonzero(columns)]
    place = {name: number for number, name in enumerate(names)}
    equal, totals = [], []

    def add(terms: dict[tuple[str, ...], float], total: float) -> None:
        line = np.zeros(len(names))
        for name, factor in terms.items():
            line[place[name]] = factor
        equal.append(line)
        totals.append(total)

    for axis, (lost, what) in enumerate(((rows, "row"), (columns, "column"))):
        for number in range(n.shape[axis]):
            cells = np.take(hide, number, axis)
            others = np.flatnonzero(cells)
            terms = {("cell", *((number, o) if axis == 0 else (o, number))): 1.0 for o in others}
            shown = np.take(n, number, axis)[~cells].sum()
            if lost[number]:
                add({**terms, (what, number): -1.0}, -shown)
            else:
                add(terms, n.sum(1 - axis)[number] - shown)
        if lost.any():
            add({(what, number): 1.0 for number in np.flatnonzero(lost)}, n.sum(1 - axis)[lost].sum())
    found = []
    for name, number in place.items():
        true = n[name[1:]] if name[0] == "cell" else n.sum(1 if name[0] == "row" else 0)[name[1]]
        if not 0 < true < SMALL:
            continue
        ends = []
        for sign in (1.0, -1.0):
            goal = np.zeros(len(names))
            goal[number] = sign
            solved = linprog(goal, A_eq=np.array(equal), b_eq=totals, bounds=(0, None))
            # without end upwards (status 3) is as good as it gets
            ends.append(sign * solved.fun if solved.status == 0 else np.inf)
        found.append((float(true), *ends))
    return found


@settings(max_examples=150, deadline=None)
@given(TABLES)
@example([[3, 50], [60, 40]])
@example([[3, 50, 20], [60, 40, 30], [5, 40, 60]])
@example([[2, 3, 50, 50], [3, 2, 50, 50], [50, 50, 2, 3], [50, 50, 3, 2]])
def test_nobody_can_work_out_a_small_cell(table: list[list[int]]) -> None:
    n = np.array(table, dtype=np.float64)
    rows = (n.sum(axis=1) > 0) & (n.sum(axis=1) < SMALL)
    columns = (n.sum(axis=0) > 0) & (n.sum(axis=0) < SMALL)
    hide = hidden_in_table(n, row_hidden=rows, column_hidden=columns, fewer_than=SMALL)
    if hide is None:
        return
    assert not np.any((n > 0) & (n < SMALL) & ~hide)
    for true, low, high in attack(n, hide, rows, columns):
        assert low <= 1 + 1e-6, (true, low, high)
        assert high >= SMALL - 1e-6, (true, low, high)


def test_a_table_without_small_cells_is_shown() -> None:
    n = np.array([[10.0, 0.0, 40.0], [60.0, 70.0, 0.0]])
    nothing = np.zeros(3, dtype=bool)
    hide = hidden_in_table(n, row_hidden=nothing[:2], column_hidden=nothing, fewer_than=SMALL)
    assert hide is not None
    assert not hide.any()


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        # one small cell takes the rest of its row, and one more row, with it
        ([[3, 50], [60, 40], [70, 90]], [[1, 1], [1, 1], [0, 0]]),
        # in a larger table the smallest square that protects it
        ([[3, 50, 90], [60, 40, 90], [70, 80, 90]], [[1, 1, 0], [1, 1, 0], [0, 0, 0]]),
        # two small cells that protect each other in no line: each has its own square
        ([[3, 20], [20, 3]], [[1, 1], [1, 1]]),
    ],
)
def test_worked_examples(table: list[list[int]], wanted: list[list[int]]) -> None:
    n = np.array(table, dtype=np.float64)
    rows, columns = (np.zeros(size, dtype=bool) for size in n.shape)
    hide = hidden_in_table(n, row_hidden=rows, column_hidden=columns, fewer_than=SMALL)
    assert hide is not None
    assert hide.astype(int).tolist() == wanted


def test_a_bridge_between_two_squares_is_found() -> None:
    """Each row and column has two hidden cells, and yet the one that joins two squares can be told.

    Rows 1-2 with columns 1-2 and rows 3-4 with columns 3-4 are squares; the small cell joins them, and what
    goes into a square is known.
    """
    n = np.full((4, 4), 60.0)
    n[1, 2] = 3.0
    n[[0, 0, 1, 1], [0, 1, 0, 1]] = 8.0
    n[[2, 2, 3, 3], [2, 3, 2, 3]] = 8.0
    rows = columns = np.zeros(4, dtype=bool)
    hide = hidden_in_table(n, row_hidden=rows, column_hidden=columns, fewer_than=SMALL)
    assert hide is not None
    assert hide.sum() > 9  # the nine small ones alone would tell the bridge
    assert all(low <= 1 and high >= SMALL for _, low, high in attack(n, hide, rows, columns))


def test_one_provider_alone_shows_nothing() -> None:
    n = np.array([[4.0, 50.0, 60.0]])
    rows, columns = np.zeros(1, dtype=bool), np.zeros(3, dtype=bool)
    assert hidden_in_table(n, row_hidden=rows, column_hidden=columns, fewer_than=SMALL) is None
