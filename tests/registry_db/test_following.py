"""The course of an indicator in the publication: nothing of few patients, and the same as in the vault."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from indicators.periods import ReportingPeriod
from registry_db.hiding_courses import hide_courses
from registry_db.populations import Population
from registry_db.reader import PublicationReader
from registry_db.registry import Registry
from risk_models.monitoring import xmr
from tests.registry_db.test_estimates import registry_with

SMALL = 10


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_with(tmp_path_factory.mktemp("followed"), "{}") as made:
        made.con.execute(
            "update record_visit set fell = true where clinic = 'west' and month(day) between 5 and 8"
        )
        made.run()
        yield made


@pytest.fixture(scope="module")
def reader(registry: Registry) -> PublicationReader:
    return PublicationReader(registry.publish().file)


def patients(registry: Registry, clinic: str, first: str, last: str) -> int:
    """Patients that count from one month to another, by rules written here."""
    (found,) = registry.con.execute(
        """select count(*) from record_visit where clinic = ? and strftime(day, '%Y-%m') between ? and ?
        and age >= 18 and not (weight > 150) and fell is not null and sex is not null""",
        [clinic, first, last],
    ).fetchone()
    return int(found)


def test_no_part_and_no_sum_or_difference_of_parts_is_of_few(
    registry: Registry, reader: PublicationReader
) -> None:
    item = reader.indicator("visit-fall")
    shown = {(row.provider, row.period): row.n for row in reader.scores("visit-fall") if not row.suppressed}
    joined = 0
    for (clinic, period), n in shown.items():
        parts = reader.course("visit-fall", version=item.version, period=period, provider=clinic)
        sizes = [patients(registry, clinic, part.first_month, part.last_month) for part in parts]
        assert min(sizes) >= SMALL
        # the parts are the whole of the score, so that no rest follows
        assert sum(sizes) == n
        assert all(one.last_month < other.first_month for one, other in pairwise(parts))
        joined += sum(part.first_month != part.last_month for part in parts)
    assert joined > 5
    followed = {(row.provider, row.period) for row in reader.course("visit-fall", version=item.version)}
    assert followed == set(shown)
    assert ("dike", "2024") not in followed  # of few patients: hidden


def test_what_is_published_is_what_the_vault_says_rounded(
    registry: Registry, reader: PublicationReader
) -> None:
    version = reader.indicator("visit-fall").version
    vault = registry.monitor("visit-fall", period="2025").set_index(["provider", "month"])
    for clinic in ("north", "west"):
        own = reader.course("visit-fall", version=version, provider=clinic)
        for part in own:
            if part.period != "2025":
                continue
            months = vault.loc[clinic].loc[part.first_month : part.last_month]
            assert part.vlad == pytest.approx(months["vlad"].iloc[-1], abs=0.0501)
            assert part.ratio == pytest.approx(
                months["observed"].sum() / months["expected"].sum(), abs=0.00501
            )
            assert part.alarm == months["alarm"].any() == (part.cusum >= 1)
            height = months["cusum"].max() / months["limit"].iloc[0]
            assert abs(part.cusum - height) <= 0.0251 or (not part.alarm and part.cusum == 0.95)
            assert (20 * part.cusum) % 1 == pytest.approx(0, abs=1e-9)
            assert (part.odds_ratio, part.false_alarms) == (2.0, 0.05)
        chart = xmr([part.ratio for part in own])
        assert [part.centre for part in own] == [round(chart.centre, 2)] * len(own)
        assert ["outside" in part.rules for part in own] == list(chart.signals["outside"])
        assert ["shift" in part.rules for part in own] == list(chart.signals["shift"])
    first = next(part for part in reader.course("visit-fall", version=version, provider="west") if part.alarm)
    assert first.period == "2024"
    assert first.first_month <= "2024-06" <= "2024-08"


def test_only_what_changed_is_followed_again(registry: Registry) -> None:
    kept = registry.con.execute("select * from course order by all").df()
    assert registry.follow() == ("visit-fall", "visit-home")  # a structure has no course
    registry.con.execute("update course set vlad = 99")
    registry.follow()
    assert (registry.con.execute("select vlad from course").df()["vlad"] == 99).all()
    of_fall = "where indicator = 'visit-fall'"
    ((hash,),) = registry.con.execute(f"select distinct inputs_hash from course {of_fall}").fetchall()
    registry.con.execute(f"update benchmark set inputs_hash = 'of before' {of_fall}")
    # what stands beside other scores is not published, and is not followed before it is scored
    assert PublicationReader(registry.publish().file).course("visit-fall", version="1.0.0") == ()
    registry.con.execute(f"update benchmark set inputs_hash = ? {of_fall}", [hash])
    registry.con.execute("update course set inputs_hash = 'of before'")
    registry.publish()
    pd.testing.assert_frame_equal(registry.con.execute("select * from course order by all").df(), kept)


def months(provider: str, period: str, sizes: list[int]) -> pd.DataFrame:
    size = len(sizes)
    return pd.DataFrame(
        {
            "indicator": "fall", "version": "1.0.0", "period": period, "provider": provider,
            "month": [f"{period[:4]}-{month:02d}" for month in range(1, size + 1)],
            "n": sizes, "observed": 1.0, "expected": 2.0, "vlad": np.arange(1.0, size + 1),
            "cusum": 0.0, "limit": 3.0, "alarm": False, "odds_ratio": 2.0, "false_alarms": 0.05,
        }
    )  # fmt: skip


def scores(*rows: tuple[str, str, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["indicator", "period", "provider", "suppressed"])
    return frame.assign(version="1.0.0")


NONE = pd.DataFrame(columns=["indicator", "version", "period"])
YEAR = {("fall", "1.0.0"): Population("records", None)}


def test_months_are_joined_as_far_as_it_takes_and_a_rest_goes_with_the_last() -> None:
    course = months("a", "2025", [4, 6, 10, 3, 3, 30, 9])
    found = hide_courses(course, scores(("fall", "2025", "a", False)), NONE, YEAR, small_cell=SMALL)
    spans = list(zip(found["first_month"], found["last_month"], strict=True))
    assert spans == [("2025-01", "2025-02"), ("2025-03", "2025-03"), ("2025-04", "2025-07")]
    assert list(found["vlad"]) == [2.0, 3.0, 7.0]
    assert list(found["signals"]) == ["", "", ""]
    assert found["centre"].isna().all()


def test_a_hidden_score_a_hidden_total_and_few_patients_have_no_course() -> None:
    course = pd.concat([months("a", "2025", [20, 20]), months("b", "2025", [20, 20])], ignore_index=True)
    shown = scores(("fall", "2025", "a", False), ("fall", "2025", "b", True))
    assert set(hide_courses(course, shown, NONE, YEAR, small_cell=SMALL)["provider"]) == {"a"}
    unsafe = shown[["indicator", "version", "period"]]
    assert hide_courses(course, shown, unsafe, YEAR, small_cell=SMALL).empty
    few = months("a", "2025", [4, 5])
    assert hide_courses(few, shown, NONE, YEAR, small_cell=SMALL).empty


def test_rare_events_have_no_usual_course() -> None:
    """Of one event in a year nearly all months have none: a row of such months is no signal."""
    course = months("a", "2025", [50] * 12).assign(expected=0.5, observed=[0.0] * 8 + [1.0, 0.0, 0.0, 0.0])
    shown = scores(("fall", "2025", "a", False))
    rare = hide_courses(course, shown, NONE, YEAR, small_cell=SMALL)
    assert set(rare["signals"]) == {""}
    assert rare["centre"].isna().all()
    assert list(rare["ratio"])[8] == 2.0
    usual = hide_courses(course.assign(expected=2.0), shown, NONE, YEAR, small_cell=SMALL)
    assert "shift" in set(usual["signals"])
    assert usual["centre"].notna().all()


def test_months_are_not_told_apart_where_another_period_of_the_records_could_be_subtracted() -> None:
    """A year by months beside quarters: two months less than a quarter would be the third."""
    course = pd.concat([months("a", "2025", [20] * 12), months("a", "2025-Q1", [20] * 3)], ignore_index=True)
    course.loc[12:, "indicator"] = "fall-quarter"
    shown = scores(("fall", "2025", "a", False), ("fall-quarter", "2025-Q1", "a", False))
    quarters = Population("records", ReportingPeriod(kind="quarter"))
    populations = YEAR | {("fall-quarter", "1.0.0"): quarters}
    found = hide_courses(course, shown, NONE, populations, small_cell=SMALL)
    sizes = found.groupby("indicator").size().to_dict()
    assert sizes == {"fall": 1, "fall-quarter": 3}
    whole = found[found["indicator"] == "fall"].iloc[0]
    assert (whole["first_month"], whole["last_month"], whole["vlad"]) == ("2025-01", "2025-12", 12.0)
    # of other records they tell nothing
    apart = YEAR | {("fall-quarter", "1.0.0"): Population("other records", quarters.period)}
    found = hide_courses(course, shown, NONE, apart, small_cell=SMALL)
    assert found.groupby("indicator").size().to_dict() == {"fall": 12, "fall-quarter": 3}


def test_a_height_below_the_limit_is_never_rounded_up_to_it() -> None:
    course = months("a", "2025", [20, 20]).assign(cusum=[2.99, 3.01], alarm=[False, True])
    found = hide_courses(course, scores(("fall", "2025", "a", False)), NONE, YEAR, small_cell=SMALL)
    assert list(found["cusum"]) == [0.95, 1.0]


def test_a_first_event_that_is_beyond_the_limit_is_an_alarm() -> None:
    course = months("a", "2025", [20, 20]).assign(
        cusum=[0.0, 0.69], limit=np.nextafter(0, 1), alarm=[False, True]
    )
    found = hide_courses(course, scores(("fall", "2025", "a", False)), NONE, YEAR, small_cell=SMALL)
    assert list(found["cusum"]) == [0.0, 1.0]
    assert list(found["alarm"]) == [False, True]
