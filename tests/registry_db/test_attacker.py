"""Somebody who has the folder of publications, and nothing else, tries to work out what is hidden.

Everything that adds up goes into one set of equations: scores, their totals, periods that hold others,
indicators whose records are among those of another, and what digits tell of a total that is left out. Linear
programming gives the least and the most that each hidden number can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from registry_db.connect import Connection
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, FALL, HOME, make_registry, text, visit, write

SMALL = 10
QUARTERS = tuple(f"2024-Q{number}" for number in range(1, 5))
HOME_QUARTER = HOME.replace("visit-home", "visit-home-quarter").replace(
    "outcome:", "period: {kind: quarter}\noutcome:"
)
# Of the records of one are those of the other, less those of patients of 18 and 19 years.
FALL_20 = (
    FALL.replace("visit-fall", "visit-fall-20")
    .replace("population: age >= 18", "population: age>=20")
    .replace("when: fell", "when: (fell)")
    .replace("age: 17", "age: 19")
)
NESTED = (("visit-fall-20", "visit-fall"), ("visit-fall", "visit-home"))
SIZES = {
    "north": (60, 62, 58, 64), "south": (45, 40, 44, 41), "east": (31, 29, 30, 33), "west": (16, 14, 15, 3),
    "island": (12, 4, 13, 11), "dike": (3, 2, 0, 4), "mill": (11, 12, 15, 13), "lock": (9, 8, 2, 1),
}  # fmt: skip


def records(seed: int) -> list[dict[str, str]]:
    draw = np.random.default_rng(seed)
    rows: list[dict[str, str]] = []
    young = {"north": 8, "south": 8}
    for clinic, sizes in SIZES.items():
        for quarter, size in enumerate(sizes):
            for _ in range(size):
                rows.append(
                    visit(
                        len(rows) + 1,
                        clinic=clinic,
                        day=f"2024-{3 * quarter + 2:02d}-{draw.integers(1, 29):02d}",
                        # in north and south enough are of 18 or 19 for both indicators to be shown
                        age=str(draw.choice([17, *[18, 19] * young.get(clinic, 1), *range(20, 95)])),
                        sex=str(draw.choice(["1", "2"])),
                        fell=str(draw.choice(["0", "1"], p=[0.7, 0.3])),
                        at_home=str(draw.choice(["true", "false"], p=[0.6, 0.4])),
                    )
                )
    return rows


@pytest.fixture(scope="module", params=[1, 2, 3])
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    files = tmp_path_factory.mktemp("attacked")
    more = {"visit-home-quarter": HOME_QUARTER, "visit-fall-20": FALL_20}
    folder = make_registry(
        files / "registry",
        DEFINITIONS | {f"{name}.indicator.yaml": content for name, content in more.items()},
    )
    with Registry(folder) as opened:
        opened.deliver("visit", write(files, text(records(request.param))))
        opened.run()
        yield opened


class Attack:
    """All that is published of counts, as equations.

    Unknown are the numbers of records of each provider by indicator and period, and how many of those of a
    larger population are not in a smaller one. Of a row that is there the number is at least 1.
    """

    def __init__(self, folder: Path) -> None:
        (current,) = folder.glob("*.duckdb")
        with duckdb.connect(str(current), read_only=True) as con:
            scores = _table(con, "score where indicator <> 'census-protocol'")
            benchmarks = _table(con, "benchmark where indicator <> 'census-protocol'")
        self.names: list[tuple[str, ...]] = []
        self.least: list[float] = []
        self.equal: list[tuple[dict[tuple[str, ...], float], float]] = []
        self.shown: set[tuple[str, ...]] = set()
        for row in scores.itertuples():
            name = self._unknown(("n", row.indicator, row.period, row.provider), 1.0)
            if not row.suppressed:
                self.shown.add(name)
                self.equal.append(({name: 1.0}, row.n))
        for (indicator, period), here in scores.groupby(["indicator", "period"]):
            total = benchmarks.query("indicator == @indicator and period == @period")["n"].tolist()
            terms = {("n", indicator, period, provider): 1.0 for provider in here["provider"]}
            for told in total or _told_totals(here):
                self.equal.append((terms, float(told)))
        for provider in scores["provider"].unique():
            year = {("n", "visit-home", "2024", provider): 1.0}
            parts = {("n", "visit-home-quarter", quarter, provider): -1.0 for quarter in QUARTERS}
            self.equal.append((year | {name: -1.0 for name in parts if name in self.names}, 0.0))
            for smaller, larger in NESTED:
                names = [("n", which, "2024", provider) for which in (larger, smaller)]
                if all(name in self.names for name in names):
                    rest = self._unknown(("rest", larger, smaller, provider), 0.0)
                    self.equal.append(({names[0]: 1.0, names[1]: -1.0, rest: -1.0}, 0.0))

    def _unknown(self, name: tuple[str, ...], least: float) -> tuple[str, ...]:
        self.names.append(name)
        self.least.append(least)
        return name

    def range(self, wanted: tuple[str, ...]) -> tuple[float, float]:
        """Smallest and largest value that fits with everything that is known."""
        place = {name: number for number, name in enumerate(self.names)}
        matrix = np.zeros((len(self.equal), len(self.names)))
        for line, (terms, _) in enumerate(self.equal):
            for name, factor in terms.items():
                matrix[line, place[name]] = factor
        goal = np.zeros(len(self.names))
        goal[place[wanted]] = 1.0
        bounds = [(least, 10_000) for least in self.least]
        totals = [total for _, total in self.equal]
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(sign * goal, A_eq=matrix, b_eq=totals, bounds=bounds)
            assert found.success, wanted
            ends.append(sign * found.fun)
        return ends[0], ends[1]


def _table(con: Connection, source: str) -> pd.DataFrame:
    return con.execute(f"select * from {source}").df()


def _told_totals(scores: pd.DataFrame) -> list[int]:
    """The total that the digits of a reference tell: it is events of all by records of all.

    A fraction tells its terms but for a factor; no small number is hidden by a total of which one multiple
    alone lies a little above what is shown.
    """
    for row in scores.dropna(subset=["ratio", "adjusted"]).itertuples():
        if row.ratio and row.adjusted:
            terms = Fraction(row.adjusted / row.ratio).limit_denominator(2_000).denominator
            shown, hidden = scores["n"].sum(), int(scores["suppressed"].sum())
            found = [n for n in range(terms, 2_000, terms) if shown + hidden <= n <= shown + 100 * hidden]
            return found if len(found) == 1 and terms > 20 else []
    return []


def truth(registry: Registry) -> dict[tuple[str, ...], float]:
    rows = registry.con.execute("select indicator, period, provider, n from score").fetchall()
    found: dict[tuple[str, ...], float] = {("n", *key): n for *key, n in rows}
    for smaller, larger in NESTED:
        for (_, indicator, period, provider), n in list(found.items()):
            if indicator == larger and ("n", smaller, period, provider) in found:
                rest = n - found["n", smaller, period, provider]
                found["rest", larger, smaller, provider] = rest
    return found


def test_no_small_number_can_be_worked_out(registry: Registry) -> None:
    attack, real = Attack(registry.folder / "publications"), truth(registry)
    tried: dict[str, int] = {}
    for name in attack.names:
        hidden = name[0] == "n" and name not in attack.shown
        # what is left of a population is only told with its events where both have the same outcome
        few = name[:3] == ("rest", "visit-fall", "visit-fall-20") and 0 < real[name] < SMALL
        if hidden or few:
            low, high = attack.range(name)
            assert low - 1e-6 <= real[name] <= high + 1e-6
            assert high - low >= SMALL - 1 - 1e-6, (name, real[name], low, high)
            tried[name[0]] = tried.get(name[0], 0) + 1
    assert tried["n"] > 10
    assert tried["rest"] > 1


def test_the_publication_is_of_some_use(registry: Registry) -> None:
    """To hide all would be safe too."""
    attack = Attack(registry.folder / "publications")
    counts = [name for name in attack.names if name[0] == "n"]
    assert ("n", "visit-fall-20", "2024", "north") in attack.shown
    assert len(attack.shown) > 0.45 * len(counts)
    assert all(("n", "visit-home", "2024", clinic) in attack.shown for clinic in ("north", "south", "east"))


def test_the_attack_finds_what_is_told(registry: Registry) -> None:
    """With all but one of the hidden numbers of a known total put back, that one is known."""
    attack, real = Attack(registry.folder / "publications"), truth(registry)
    hidden = sorted({name for name in attack.names if name[:2] == ("n", "visit-fall")} - attack.shown)
    assert [name[-1] for name in hidden] == ["dike", "lock"]
    attack.equal.append(({hidden[1]: 1.0}, real[hidden[1]]))
    assert attack.range(hidden[0]) == pytest.approx((real[hidden[0]],) * 2)
