"""Small cells stay hidden from somebody who knows the total and can count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry_db.disclosure import hidden, safe

CELLS = st.lists(st.integers(0, 60), min_size=1, max_size=15)
THRESHOLD = st.integers(1, 20)


def solutions(cells: int, total: int) -> tuple[int, int]:
    """Smallest and largest value of one of so many cells of 1 or more that add up to the total."""
    return (total, total) if cells == 1 else (1, total - (cells - 1))


@given(CELLS, THRESHOLD)
@example([3, 50], 10)
@example([1] * 12, 10)  # hidden together they add up to 12 cells of 1
@example([5, 5, 40], 10)
@example([10, 10, 10], 11)
def test_nobody_can_work_out_a_small_cell(counts: list[int], threshold: int) -> None:
    n = np.array(counts, dtype=np.float64)
    hide = hidden(n, fewer_than=threshold)
    assert not np.any(n[~hide][n[~hide] > 0] < threshold)
    if hide.any() and safe(n[hide], fewer_than=threshold):
        low, high = solutions(int(hide.sum()), int(n[hide].sum()))
        assert low == 1
        assert high >= threshold
        assert n[hide].sum() >= threshold


@given(CELLS, THRESHOLD)
def test_no_more_is_hidden_than_needed(counts: list[int], threshold: int) -> None:
    n = np.array(counts, dtype=np.float64)
    hide = hidden(n, fewer_than=threshold)
    small = (n > 0) & (n < threshold)
    if not small.any():
        assert not hide.any()
        return
    assert not np.any(hide & (n == 0))
    if not safe(n[hide], fewer_than=threshold):
        assert np.array_equal(hide, n > 0)
    more = np.flatnonzero(hide & ~small)
    if len(more):  # without the last one it would not have been safe
        last = more[np.argmax(n[more])]
        without = hide.copy()
        without[last] = False
        assert not safe(n[without], fewer_than=threshold)
        assert n[last] <= n[~hide & (n > 0)].min(initial=np.inf)


@given(CELLS, THRESHOLD, st.randoms())
def test_the_order_of_cells_does_not_matter(counts: list[int], threshold: int, draw: object) -> None:
    n = np.array(counts, dtype=np.float64)
    order = np.random.default_rng(draw.getrandbits(32)).permutation(len(n))  # type: ignore[attr-defined]
    hide, other = hidden(n, fewer_than=threshold), hidden(n[order], fewer_than=threshold)
    assert sorted(n[hide]) == sorted(n[order][other])


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ([50, 60], [False, False]),
        ([0, 9, 10, 30], [False, True, True, False]),
        ([9, 2, 30], [True, True, False]),
        ([1, 9, 30], [True, True, True]),  # 1 + 9 = 10: neither could be 10
        ([9], [True]),
        ([np.nan, 4, 40], [False, True, True]),
    ],
)
def test_worked_examples(counts: list[float], wanted: list[bool]) -> None:
    assert hidden(np.array(counts), fewer_than=10).tolist() == wanted


def test_nothing_hidden_is_safe() -> None:
    assert safe(np.array([]), fewer_than=10)
    assert not safe(np.array([500.0]), fewer_than=10)
