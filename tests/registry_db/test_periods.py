"""Scores by quarter, by fiscal year and over years together: held against sums over the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.reader import PublicationReader
from registry_db.registry import Registry
from tests.registry_db.build import HOME, text, visits, write

QUARTER = "{kind: quarter}"
FISCAL = "{kind: fiscal-year, start: 4}"
ROLLING = "{kind: rolling, years: 2}"


def defined(registry: Registry, folder: Path, period: str, *, version: str = "2.0.0") -> Registry:
    """Define visits at home by another period, on the visits of three years."""
    home = HOME.replace("1.0.0", version).replace("population:", f"period: {period}\npopulation:")
    registry.define([write(folder, home, f"{version}.yaml")])
    for year in (2023, 2024, 2025):
        lines = visits(seed=year, year=year)
        registry.deliver("visit", write(folder, text(lines), f"visits-{year}.csv"))
    return registry


CASES = [
    (QUARTER, "2024-Q1", "day between date '2024-01-01' and date '2024-03-31'"),
    (QUARTER, "2025-Q4", "day between date '2025-10-01' and date '2025-12-31'"),
    (FISCAL, "2023/24", "day between date '2023-04-01' and date '2024-03-31'"),
    (FISCAL, "2022/23", "day < date '2023-04-01'"),
    (ROLLING, "2023-2024", "day < date '2025-01-01'"),
    (ROLLING, "2024-2025", "day >= date '2024-01-01'"),
]


@pytest.mark.parametrize(("period", "label", "within"), CASES)
def test_a_score_is_of_the_records_of_its_period(
    registry: Registry, tmp_path: Path, period: str, label: str, within: str
) -> None:
    defined(registry, tmp_path, period).score("visit-home")
    found = registry.scores("visit-home", period=label)[["provider", "n", "observed"]]
    expected = registry.con.execute(
        f"""select clinic, count(*), count(*) filter (at_home) from record_visit
        where age >= 0 and at_home is not null and {within} group by all order by all"""
    ).fetchall()
    assert list(found.itertuples(index=False, name=None)) == expected
    counted = registry.states("visit-home", period=label)["n"].sum()
    [(records,)] = registry.con.execute(f"select count(*) from record_visit where {within}").fetchall()
    assert counted == records > 0


def test_the_periods_that_there_are(registry: Registry, tmp_path: Path) -> None:
    registry = defined(registry, tmp_path, ROLLING)
    [done] = registry.score("visit-home")
    assert done.periods == ("2023-2024", "2024-2025")
    with pytest.raises(RegistryError, match="2025-Q1"):
        registry.scores("visit-home", period="2025-Q1")


def test_a_record_in_two_periods_moves_once(registry: Registry, tmp_path: Path) -> None:
    registry = defined(registry, tmp_path, ROLLING)
    found = registry.diff("visit-home", "1.0.0", "2.0.0", language="en")
    assert [(one.field, one.name) for one in found.changes.said if one.field.startswith("period")] == [
        ("period", "Period")
    ]
    [(records,)] = registry.con.execute("select count(*) from record_visit").fetchall()
    assert (found.records, found.moved) == (records, 0)


def test_the_newest_period_is_read_first(registry: Registry, tmp_path: Path) -> None:
    registry = defined(registry, tmp_path, ROLLING)
    registry.score()
    reader = PublicationReader(registry.publish().file)
    assert reader.periods() == ("2025", "2024-2025", "2024", "2023-2024", "2023")
