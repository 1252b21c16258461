"""Delivered datetimes: what they mean in which zone, and those that never were."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest

from registry_db.checks import moment_sql
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, VISIT, make_registry, text, visit, write

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "helpers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("session", ["UTC", "Asia/Tokyo"])
def test_as_python_reads_them(session: str) -> None:
    with duckdb.connect() as con:
        con.execute(f"set timezone = '{session}'")
        for said, zone, utc in GOLDEN["delivered"]:
            found = con.execute(
                f"select {moment_sql('said', zone)} from (select ? as said)", [said]
            ).fetchall()
            assert found == [(None if utc is None else dt.datetime.fromisoformat(utc),)], (said, zone)


@pytest.mark.parametrize(
    "said",
    ["2024-02-30T10:00Z", "2024-01-01", "2024-01-01T24:00Z", "2024-01-01T10:00+1", "0024-01-01T10:00", "now"],
)
def test_not_a_moment(said: str) -> None:
    with duckdb.connect() as con:
        sql = f"select {moment_sql('said', 'Europe/Amsterdam')} from (select ? as said)"
        assert con.execute(sql, [said]).fetchall() == [(None,)]


def test_a_delivery_with_moments(tmp_path: Path) -> None:
    dataset = VISIT.replace("  at_home:", "  seen: {type: datetime}\n  at_home:")
    folder = make_registry(tmp_path / "registry", DEFINITIONS | {"visit.dataset.yaml": dataset})
    said = ("2024-03-31T01:30", "2024-03-31T02:30", "2024-03-31T02:30+01:00")
    lines = [visit(number, seen=moment) for number, moment in enumerate(said, start=1)]
    file = write(tmp_path, text(lines, lines[0]))
    with Registry(folder) as registry:
        delivered = registry.deliver("visit", file)
        stored = registry.con.execute("select seen from record_visit order by _line").fetchall()
    assert [str(fault) for fault in delivered.faults] == [
        "3: seen is '2024-03-31T02:30'; expected a moment as YYYY-MM-DDTHH:MM:SS, with Z or an offset such "
        "as +01:00, or without one a time that the clock of Europe/Amsterdam shows (in spring it skips an "
        "hour)"
    ]
    assert stored == [(dt.datetime.fromisoformat(f"2024-03-31T0{hour}:30"),) for hour in (0, 1)]


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        # half past eleven in Amsterdam, and half past midnight
        ("2024-06-30T23:30", "met"),
        ("2024-06-30T22:30Z", "not-met"),
        ("2024-07-01T00:30+02:00", "not-met"),
    ],
)
def test_a_moment_in_an_example_is_read_as_a_delivered_one(tmp_path: Path, seen: str, state: str) -> None:
    dataset = VISIT.replace("  at_home:", "  seen: {type: datetime}\n  at_home:")
    home = DEFINITIONS["visit-home.indicator.yaml"].replace(
        "when: at_home", "when: date_of(seen) < date '2024-07-01'"
    )
    other = {"met": ("2024-07-02T12:00", "not-met"), "not-met": ("2024-06-02T12:00", "met")}[state]
    one, two = (f"seen: '{moment}'}}\n    expect: {{state: {end}}}" for moment, end in ((seen, state), other))
    home = home.replace("at_home: false}\n    expect: {state: not-met}", one)
    home = home.replace("at_home: true}\n    expect: {state: met}", two)
    make_registry(
        tmp_path / "registry",
        {
            **DEFINITIONS,
            "visit.dataset.yaml": dataset,
            "visit-home.indicator.yaml": home,
        },
    )


def test_a_moment_counts_in_the_year_that_the_clock_of_the_zone_shows(tmp_path: Path) -> None:
    dataset = VISIT.replace("day: {type: date,", "day: {type: datetime,")
    said = ("2024-12-31T22:59:59Z", "2024-12-31T23:00:00Z", "2024-12-31T23:59:59")
    lines = [visit(number, day=moment) for number, moment in enumerate(said, start=1)]
    folder = make_registry(tmp_path / "registry", DEFINITIONS | {"visit.dataset.yaml": dataset})
    with Registry(folder) as registry:
        assert registry.deliver("visit", write(tmp_path, text(lines))).quarantined == 0
        registry.run()
        counted = registry.con.execute(
            "select period, sum(n) from state where indicator = 'visit-home' group by period order by period"
        )
        assert counted.fetchall() == [("2024", 2), ("2025", 1)]


def test_a_window_runs_from_the_day_of_a_moment_and_of_a_computed_one(tmp_path: Path) -> None:
    """30 days after 31 July 22:30 UTC, which is half past midnight of 1 August here, is 31 August."""
    dataset = VISIT.replace("  at_home:", "  seen: {type: datetime}\n  at_home:")
    dataset += "derive:\n  last_seen: {value: 'add_hours(seen, 0)', type: datetime}\n"
    given = "  - given: {age: 40, at_home: true, seen: '2024-07-31T22:30Z'}\n"
    for after in ("seen", "last_seen"):
        home = DEFINITIONS["visit-home.indicator.yaml"].replace(
            "show:", f"follow_up: {{days: 30, after: {after}}}\nshow:"
        )
        home = home.replace("at_home: false}", "at_home: false, seen: '2024-01-01T00:00'}")
        home = home.replace("at_home: true}", "at_home: true, seen: '2024-01-01T00:00'}")
        home += given + "    cut_off: 2024-08-30\n    expect: {state: pending}\n"
        home += given + "    cut_off: 2024-08-31\n    expect: {state: met}\n"
        definitions = {**DEFINITIONS, "visit.dataset.yaml": dataset, "visit-home.indicator.yaml": home}
        with Registry(make_registry(tmp_path / after, definitions)) as registry:
            # The data end on the day of the last moment: one window has closed then, and one has not.
            lines = [visit(1, seen="2024-07-01T12:00"), visit(2, seen="2024-07-31T22:30Z")]
            registry.deliver("visit", write(tmp_path, text(lines, lines[0])))
            registry.score()
            states = registry.states("visit-home")
            assert {*zip(states["state"], states["reason"], states["n"], strict=True)} == {
                ("met", "", 1),
                ("pending", "2024-08-31", 1),
            }
