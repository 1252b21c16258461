"""Small counts stay hidden from somebody who subtracts periods that overlap."""

from __future__ import annotations

import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.periods import ReportingPeriod
from registry_db import hiding
from registry_db.disclosure import safe
from registry_db.hiding import Population
from registry_db.hiding_cells import hide_cells
from registry_db.overlapping import Counts, keep_apart, overlap
from registry_db.reader import PublicationReader
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, HOME, make_registry, text, visit, write

YEARS = [(12 * year, 12 * year + 12) for year in (0, 1)]
QUARTERS = [(start, start + 3) for start in range(0, 24, 3)]
FISCAL = [(-6, 6), (6, 18), (18, 30)]
BOTH = [(0, 24)]
KINDS = {"years": YEARS, "quarters": QUARTERS, "fiscal": FISCAL, "both": BOTH}
ATOMS = [(start, start + 3) for start in range(-6, 30, 3)]


def one_provider(*cells: tuple[int, int, int]) -> Counts:
    start, end, n = (np.array(values) for values in zip(*cells, strict=True))
    return Counts(start, end, n.astype(np.float64)[None, :], np.ones((1, len(n)), dtype=bool))


@pytest.mark.parametrize(
    ("cells", "hidden", "wanted"),
    [
        # the last quarter is hidden, and the year less the others would tell it
        ([(0, 12, 50), (0, 3, 20), (3, 6, 14), (6, 9, 12), (9, 12, 4)], [4], [3, 4]),
        # three quarters are not published at all
        ([(0, 12, 50), (0, 9, 46)], [], [1]),
        ([(0, 12, 50), (0, 9, 40)], [], []),
        ([(0, 12, 50), (0, 9, 50)], [], []),
        # two years together, each year, and a fiscal year
        ([(0, 24, 40), (0, 12, 35), (12, 24, 5)], [2], [1, 2]),
        ([(0, 12, 40), (3, 15, 41)], [], []),
        # what is hidden is told, though it is large
        ([(0, 12, 60), (0, 6, 30), (6, 12, 30)], [2], [1, 2]),
        # a count of none stays
        ([(0, 12, 5), (0, 6, 0), (6, 12, 5)], [0, 2], [0, 2]),
    ],
)
def test_worked_examples(cells: list[tuple[int, int, int]], hidden: list[int], wanted: list[int]) -> None:
    hide = np.isin(np.arange(len(cells)), hidden)[None, :]
    nothing = np.zeros(len(cells), dtype=bool)
    found, _ = keep_apart(one_provider(*cells), hide, nothing, fewer_than=10)
    assert np.flatnonzero(found[0]).tolist() == wanted


def test_periods_that_follow_each_other_do_not_overlap() -> None:
    assert not overlap(np.array([0, 12, 12]), np.array([12, 24, 24]))
    assert overlap(np.array([0, 9]), np.array([12, 12]))
    assert overlap(np.array([0, 6]), np.array([12, 18]))


def told(known: np.ndarray, target: np.ndarray) -> bool:
    """Whether a sum follows from sums that are known: plain linear algebra, on every count at once."""
    rank = np.linalg.matrix_rank
    return bool(len(known)) and rank(np.vstack([known, target])) == rank(known)


@given(
    st.sets(st.sampled_from(sorted(KINDS)), min_size=1),
    st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 6, 9]), min_size=len(ATOMS), max_size=len(ATOMS)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([3, 5, 10]),
)
@settings(max_examples=150, deadline=None)
def test_nobody_can_work_out_a_small_count(kinds: set[str], counts: list[list[int]], threshold: int) -> None:
    """Against all that follows from shown counts and totals of every period together."""
    spans = [span for kind in sorted(kinds) for span in KINDS[kind]]
    atoms = np.array(counts, dtype=np.float64)
    inside = np.array([[start <= a and b <= end for a, b in ATOMS] for start, end in spans], dtype=np.float64)
    n = atoms @ inside.T  # of each provider in each period
    cells = [(p, s) for p in range(len(counts)) for s in range(len(spans))]
    hide, unsafe = hide_cells(
        np.array([n[p, s] for p, s in cells]),
        group=np.array([s for _, s in cells]),
        provider=np.array([p for p, _ in cells]),
        same=np.zeros(len(cells), dtype=np.int64),
        span=np.array([spans[s] for _, s in cells]),
        fewer_than=threshold,
    )

    def row(provider: int, columns: np.ndarray) -> np.ndarray:
        found = np.zeros(atoms.shape)
        found[provider] = columns
        return found.ravel()

    known = [row(p, inside[s]) for (p, s), hidden in zip(cells, hide, strict=True) if not hidden]
    known += [np.tile(inside[s], len(counts)) for s in range(len(spans)) if s not in unsafe]
    ends = sorted({end for span in spans for end in span})
    for provider in range(len(counts)):
        for first, last in combinations(ends, 2):
            between = np.array([first <= a and b <= last for a, b in ATOMS], dtype=np.float64)
            count = atoms[provider] @ between
            if 0 < count < threshold:
                assert not told(np.array(known), row(provider, between)), (provider, first, last, count)


@given(st.lists(st.integers(0, 40), min_size=8, max_size=8), st.sampled_from([3, 10]))
def test_periods_that_do_not_overlap_are_left_as_they_were(counts: list[int], threshold: int) -> None:
    cells = [(p, s) for p in range(2) for s in range(4)]
    n = np.array(counts, dtype=np.float64)
    group, provider = (np.array(values) for values in zip(*[(s, p) for p, s in cells], strict=True))
    spans = np.array([QUARTERS[s] for _, s in cells])
    hide, unsafe = hide_cells(
        n, group=group, provider=provider, same=np.zeros(8, np.int64), span=spans, fewer_than=threshold
    )
    for s in range(4):
        values = n[group == s]
        if s not in unsafe:
            assert safe(values[hide[group == s]], fewer_than=threshold)
        assert hide[group == s].any() == bool(((values > 0) & (values < threshold)).any())


@pytest.mark.parametrize("quarters", ["age >= 0", "(age>=0)"])
def test_a_quarter_is_not_told_by_its_year(tmp_path: Path, quarters: str) -> None:
    """Of clinic south 5 visits lie in the last quarter; those of the year and the other quarters are many."""
    home = HOME.replace("visit-home", "visit-home-quarter").replace(
        "population: age >= 0", f"population: {quarters}"
    )
    home = home.replace("outcome:", "period: {kind: quarter}\noutcome:")
    definitions = {**DEFINITIONS, "visit-home-quarter.indicator.yaml": home}
    rows = []
    for clinic, sizes in {
        "north": (30, 30, 30, 30),
        "east": (20, 20, 20, 20),
        "south": (15, 14, 13, 5),
    }.items():
        for number, size in enumerate(sizes):
            day = f"2024-{3 * number + 2:02d}-10"
            rows += [visit(len(rows) + k, clinic=clinic, day=day) for k in range(size)]
    with Registry(make_registry(tmp_path / "registry", definitions)) as registry:
        registry.deliver("visit", write(tmp_path, text(rows)))
        registry.run()
        published = PublicationReader(registry.publish().file)
    shown = {}
    for indicator, periods in (
        ("visit-home", ["2024"]),
        ("visit-home-quarter", [f"2024-Q{q}" for q in range(1, 5)]),
    ):
        for period in periods:
            for score in published.scores(indicator, period=period):
                shown[score.provider, period] = None if score.suppressed else score.n
    # The last quarter is small, and east goes with it; of each one more quarter goes, or the year would tell.
    for clinic in ("south", "east"):
        hidden = [period for (of, period), n in shown.items() if of == clinic and n is None]
        assert "2024-Q4" in hidden
        assert len(hidden) == 2
        assert "2024" not in hidden
    assert shown["south", "2024"] == 47


def test_a_large_registry_takes_seconds() -> None:
    draw = np.random.default_rng(1)
    spans = [*YEARS, *QUARTERS, *BOTH]
    providers = 200
    quarters = draw.poisson(draw.choice([4, 15, 60], (providers, 1)), (providers, len(QUARTERS)))
    inside = np.array([[start <= a and b <= end for a, b in QUARTERS] for start, end in spans], dtype=float)
    n = quarters @ inside.T
    started = time.perf_counter()
    hide, _ = hide_cells(
        n.ravel(),
        group=np.tile(np.arange(len(spans)), providers),
        provider=np.repeat(np.arange(providers), len(spans)),
        same=np.zeros(n.size, dtype=np.int64),
        span=np.tile(np.array(spans), (providers, 1)),
        fewer_than=10,
    )
    assert time.perf_counter() - started < 20
    assert 0.05 < hide.mean() < 0.6


def test_subgroups_are_shown_of_the_longest_period() -> None:
    populations = {
        ("year", "1.0.0"): Population("same", None),
        ("quarter", "1.0.0"): Population("same", ReportingPeriod(kind="quarter")),
        ("other", "1.0.0"): Population("others", ReportingPeriod(kind="quarter")),
    }
    rows = [
        ("year", "2024"), ("quarter", "2024-Q4"), ("quarter", "2025-Q1"),
        ("other", "2024-Q4"), ("new", "2024-Q4"),
    ]  # fmt: skip
    subgroups = pd.DataFrame(
        [(id, "1.0.0", period, "P", subgroup) for id, period in rows for subgroup in ("all", "men")],
        columns=["indicator", "version", "period", "provider", "subgroup"],
    )
    kept = hiding._of_longest(subgroups, populations)
    assert [*dict.fromkeys(zip(kept["indicator"], kept["period"], strict=True))] == [
        row for row in rows if row != ("quarter", "2024-Q4")
    ]
    assert len(kept) == 8
    assert hiding._of_longest(subgroups.iloc[:0], populations).empty
