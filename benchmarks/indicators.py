"""Fifty indicators over a million birth records, from their text to counts per provider, against plain SQL.

    python -m benchmarks.indicators
    python -m benchmarks.indicators --rows 1000000 --repeats 6

Each indicator goes the way that it goes in a registry: its text is read, checked and compiled, its records
are put in their states, and the counts of states and the strata of every provider and year come out. Against
it stands one query over the same columns, as somebody would write it who wants these counts: by year,
provider, state and case mix. Both work on one database, each as often first as second when the number of
rounds is even, and must count the same.

The records are drawn in the engine, in the columns of the shipped dataset ``birth``, with a table of contacts
beside them; six years, 300 providers, 60 networks.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks._births import make_registry
from benchmarks._tasks import Task, tasks
from indicators.definition import Indicator
from registry_db.catalogue import Catalogue, read_definition
from registry_db.cohorts import make_cohort, patterns, periods, states, strata
from registry_db.connect import Connection
from registry_db.registry import Registry

COUNTED = ("met", "not-met", "value")


def ours(con: Connection, catalogue: Catalogue, task: Task) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Take an indicator from its text to counts of states and strata, as the registry does."""
    indicator: Indicator = read_definition(task.text, "benchmark.indicator.yaml").model
    make_cohort(con, indicator, catalogue.dataset(indicator.dataset))
    found = []
    for period in periods(con):
        taken = patterns(con, indicator, period)
        of = strata(con, period, np.zeros(len(taken.n)))
        codes = np.array(of.providers, dtype=object)
        columns = {name: values[of.pattern] for name, values in taken.columns.items()}
        sums = {"n": of.n, "sum_y": of.sum_y}
        found.append(pd.DataFrame({"period": period, "provider": codes[of.provider], **columns, **sums}))
    return states(con), found


def by_hand(con: Connection, task: Task) -> pd.DataFrame:
    """Run the query."""
    return con.execute(task.query).df()


def check(task: Task, taken: tuple[pd.DataFrame, list[pd.DataFrame]], known: pd.DataFrame) -> None:
    """Stop where the counts differ."""
    known = known.assign(period=known["period"].astype(str))
    counted, parts = taken
    reason = counted["reason"].where(counted["state"] != "pending", "")
    ended = counted.assign(state=(counted["state"] + " " + reason).str.strip())
    by_state = ["period", "provider", "state"]
    _same(task, ended.groupby(by_state)["n"].sum(), known.groupby(by_state)["n"].sum())
    by_mix = ["period", "provider", *task.terms]
    counts = known["state"].isin(COUNTED)
    for column in ("n", "sum_y"):
        one, other = (
            _keyed(frame, by_mix).groupby(by_mix)[column].sum()
            for frame in (pd.concat(parts, ignore_index=True), known[counts])
        )
        _same(task, one, other)


def _keyed(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Make columns of one kind, so that numbers, flags and what is absent compare."""
    return frame.assign(**{name: _texts(frame[name]) for name in by})


def _texts(values: pd.Series[Any]) -> pd.Series[str]:
    known = values.where(values.notna(), None).tolist()
    told = {
        value: "" if value is None else value if isinstance(value, str) else str(float(value))
        for value in set(known)
    }
    return pd.Series(map(told.__getitem__, known), index=values.index, dtype=object)


def _same(task: Task, one: pd.Series[Any], other: pd.Series[Any]) -> None:
    both = pd.concat([one.astype(float), other.astype(float)], axis=1, keys=["ours", "query"]).fillna(-1)
    apart = (both["ours"] - both["query"]).abs() > 1e-9 * both["query"].abs().clip(lower=1)
    if apart.any():
        raise SystemExit(f"{both[apart].head(10)}\nare the counts of\n{task.text}\n{task.query}")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds that something takes, and what it gives."""
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def measured(registry: Registry, listed: Sequence[Task], *, number: int) -> NDArray[np.float64]:
    """Do every task both ways in a round; give the seconds of each, ours in the first column.

    What comes second finds its columns read and its memory there: each way is first of every other task, and
    in the next round of the other ones.
    """
    con, catalogue = registry.con, registry.catalogue()
    seconds = []
    for place, task in enumerate(listed):
        ways: list[Callable[[], Any]] = [partial(ours, con, catalogue, task), partial(by_hand, con, task)]
        found = {way: timed(ways[way]) for way in ((0, 1) if (place + number) % 2 else (1, 0))}
        seconds.append((found[0][0], found[1][0]))
        if number == 0:
            check(task, found[0][1], found[1][1])
    return np.array(seconds)


def main() -> None:
    """Measure, check, and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=4)
    asked = parser.parse_args()
    listed = tasks()
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        make_registry(Path(folder), asked.rows)
        for number in range(asked.repeats):
            # What is found out once for a delivery is found out in every round.
            with Registry(Path(folder) / "registry") as registry:
                seconds = measured(registry, listed, number=number)
            own, query = seconds.sum(axis=0)
            print(f"{len(listed)} indicators {own:.2f} s, queries {query:.2f} s: {own / query:.2f} times")
            rounds.append(seconds)
    compiled = statistics.median(timed(partial(read_definition, task.text, ""))[0] for task in listed)
    each = np.median(rounds, axis=0)
    ratio = each[:, 0] / each[:, 1]
    own, query = each.sum(axis=0)
    print(f"{asked.rows:,} records, {os.cpu_count()} cores, same counts; medians of {asked.repeats} rounds:")
    print(f"all {own / query:.2f} times the queries; one {np.median(ratio):.2f}, at most {ratio.max():.2f}")
    print(f"to read and check one definition takes {1000 * compiled:.1f} ms")


if __name__ == "__main__":
    main()
