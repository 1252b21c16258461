"""Two publications of one period: what differs by a few patients is hidden where that protects them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_db.reader import PublicationReader
from registry_db.registry import Registry
from registry_db.successive import close_to_before, shown_before
from tests.registry_db.build import text, visits, write

SMALL = 10
SIZES = {"north": 60, "south": 45, "east": 30, "west": 24}


def frame(counts: list[int]) -> pd.DataFrame:
    key = {"indicator": "x", "version": "1.0.0", "period": "2024"}
    return pd.DataFrame([{**key, "provider": f"p{at}", "n": float(n)} for at, n in enumerate(counts)])


@pytest.mark.parametrize(
    ("then", "now", "wanted", "stay"),
    [
        ([60, 50, 40], [60, 50, 40], [0, 0, 0], 0),
        ([60, 50, 40], [63, 50, 40], [0, 0, 0], 1),  # three in all: to hide p0 would not help
        ([60, 50, 40], [63, 70, 80], [1, 1, 0], 0),  # p1 goes with p0: of the two 23 are new
        ([60, 50, 40], [63, 54, 40], [0, 0, 0], 2),
        ([60, 50, 40], [80, 70, 40], [0, 0, 0], 0),
        ([60, 50, 40], [57, 70, 40], [1, 1, 0], 0),  # fewer tells as well as more
    ],
)
def test_worked_examples(then: list[int], now: list[int], wanted: list[int], stay: int) -> None:
    hide, left = close_to_before(frame(now), frame(then), small_cell=SMALL)
    assert (hide.astype(int).tolist(), left) == (wanted, stay)


@given(
    st.lists(st.tuples(st.integers(10, 99), st.integers(0, 40)), min_size=1, max_size=12),
    st.integers(2, 12),
)
def test_nobody_can_work_out_few_new_patients(rows: list[tuple[int, int]], small: int) -> None:
    """Who knows both totals knows how many are new at those who are hidden, and no more than that."""
    then, new = [n for n, _ in rows], np.array([more for _, more in rows])
    hide, stay = close_to_before(frame([n + more for n, more in rows]), frame(then), small_cell=small)
    few = (new > 0) & (new < small)
    if stay:
        assert (stay, hide.any()) == (few.sum(), False)
        assert new.sum() < small + (new > 0).sum() - 1 or (new > 0).sum() == 1
    else:
        assert not (few & ~hide).any()
        if hide.any():
            assert hide.sum() > 1
            assert new[hide].sum() - (hide.sum() - 1) >= small


def test_every_earlier_publication_counts() -> None:
    """Hidden in the last one, a score may still be close to one of before that."""
    before = pd.concat([frame([60, 40]), frame([57, 40])])
    hide, _ = close_to_before(frame([62, 90]), before, small_cell=SMALL)
    assert hide.tolist() == [True, True]
    assert not close_to_before(frame([62, 90]), frame([40, 40]), small_cell=SMALL)[0].any()


def published(registry: Registry) -> tuple[dict[str, float | None], int]:
    done = registry.run().published
    scores = PublicationReader(done.file).scores("visit-home", period="2024")
    return {row.provider: row.n for row in scores}, done.close


def test_a_registry_hides_what_a_few_late_visits_would_tell(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as registry:
        registry.deliver("visit", write(tmp_path, text(visits(sizes=SIZES)), "first.csv"))
        first, close = published(registry)
        assert (set(first), close) == (set(SIZES), 0)
        late = visits(seed=2, sizes={"north": 4, "east": 40})
        rows = [line | {"id": f"late-{line['id']}"} for line in late]
        registry.deliver("visit", write(tmp_path, text(rows), "late.csv"))
        then, close = published(registry)
        assert (then["north"], then["east"], close) == (None, None, 0)
        assert (then["south"], then["west"]) == (first["south"], first["west"])
        total = PublicationReader(registry.publish().file).benchmark(
            "visit-home", version="1.0.0", period="2024"
        )
        assert total is not None
        assert registry.publish().unchanged
        assert len(shown_before(registry.folder / "publications")) > len(SIZES)


def test_few_late_visits_in_all_are_told_and_reported(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as registry:
        registry.deliver("visit", write(tmp_path, text(visits(sizes=SIZES)), "first.csv"))
        first, _ = published(registry)
        rows = [line | {"id": f"late-{line['id']}"} for line in visits(seed=2, sizes={"north": 4})]
        registry.deliver("visit", write(tmp_path, text(rows), "late.csv"))
        then, close = published(registry)
        assert then["north"] not in (None, first["north"])
        assert close >= 1
        for file in (registry.folder / "publications").glob("*.duckdb"):
            if file != registry.publish().file:
                file.unlink()
        assert registry.publish().close == 0
