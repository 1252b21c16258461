"""The reader of publications: what it gives, what it cannot do, and when it turns to a newer one."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from registry_db.faults import RegistryError
from registry_db.reader import (
    NoPublication,
    NotPublished,
    PublicationReader,
    Publications,
    current_publication,
)
from tests.app.build import OWN, PERIOD, SMALL, build_publication, point_at, settlement


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    (folder / "publications").mkdir()
    build_publication(folder / "publications" / "one.duckdb")
    point_at(folder, "one.duckdb")
    return folder


@pytest.fixture(scope="module")
def reader(registry: Path) -> PublicationReader:
    return Publications(registry).newest()


def test_everything_that_was_written_is_read(
    registry: Path, reader: PublicationReader, tmp_path: Path
) -> None:
    shutil.copy(registry / "publications" / "one.duckdb", tmp_path / "copy.duckdb")
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as con:
        counts = {
            table: con.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table in ("indicator", "score", "settlement", "dataset", "delivery", "model", "organisation")
        }
    assert counts == {
        "indicator": len(reader.indicators()),
        "score": len(reader.scores()),
        "settlement": len(reader.settlements()),
        "dataset": len(reader.datasets()),
        "delivery": len(reader.deliveries()),
        "model": len(reader.models()),
        "organisation": len(reader.organisations()),
    }
    assert reader.count_scores() == counts["score"]


def test_scores_are_filtered_and_paged(reader: PublicationReader) -> None:
    every = reader.scores("birth-pph")
    assert {score.period for score in every} == {"2024", "2025"}
    assert (
        len(reader.scores("birth-pph", period=PERIOD)) == reader.count_scores("birth-pph", period=PERIOD) == 6
    )
    assert [score.provider for score in reader.scores("birth-pph", period="2024")] == [OWN]
    paged = [score for offset in (0, 2, 4, 6) for score in reader.scores("birth-pph", limit=2, offset=offset)]
    assert tuple(paged) == every
    assert reader.scores("no' or '1'='1") == ()


def test_periods_are_newest_first(reader: PublicationReader) -> None:
    assert reader.periods("birth-pph") == ("2025", "2024")
    assert reader.periods("birth-tear") == ("2025",)
    assert reader.periods(provider=SMALL) == ("2025",)


def test_a_suppressed_score_has_no_number_at_all(reader: PublicationReader) -> None:
    score = reader.scores("birth-pph", provider=SMALL)[0]
    assert score.suppressed
    assert not score.assessable
    shown = (score.n, score.observed, score.expected, score.adjusted, score.lower, score.reliability)
    assert shown == (None,) * 6
    assert (score.observed_value, score.certainty, score.reliability_level) == (None, None, None)


def test_values_per_record_are_rates_for_events_and_means_otherwise(reader: PublicationReader) -> None:
    pph = reader.scores("birth-pph", period=PERIOD, provider=OWN)[0]
    assert pph.observed_value == pytest.approx(42 / 568)
    assert pph.expected_value == pytest.approx(34.6 / 568)
    assert reader.scores("birth-experience")[0].observed_value == 7.6


def test_results_take_the_newest_version_that_was_scored(tmp_path: Path) -> None:
    file = tmp_path / "versions.duckdb"
    build_publication(file)
    with duckdb.connect(str(file)) as con:
        for version, scored in (("1.9.0", True), ("1.10.0", True), ("2.0.0", False)):
            con.execute(
                """insert into indicator select * replace (? as version) from indicator
                where indicator = 'birth-tear' and version = '1.0.0'""",
                [version],
            )
            if scored:
                con.execute(
                    """insert into score select * replace (? as version) from score
                    where indicator = 'birth-tear' and version = '1.0.0'""",
                    [version],
                )
    reader = PublicationReader(file)
    results = {row.indicator.indicator: row for row in reader.results(provider=OWN, period=PERIOD)}
    assert results["birth-tear"].indicator.version == "1.10.0"
    assert reader.indicator("birth-tear").version == "2.0.0"
    assert reader.indicator("birth-tear", version="1.9.0").version == "1.9.0"


def test_results_have_their_benchmark_and_the_order_of_horizons(reader: PublicationReader) -> None:
    results = reader.results(provider=OWN, period=PERIOD)
    assert [row.indicator.horizon for row in results] == sorted(row.indicator.horizon for row in results)
    by_name = {row.indicator.indicator: row for row in results}
    assert by_name["birth-pph"].benchmark is not None
    assert by_name["birth-pph"].benchmark.reference == 0.059
    assert by_name["birth-apgar"].benchmark is None


def test_a_settlement_reads_back_as_it_was_made(reader: PublicationReader) -> None:
    made, found = settlement(), reader.settlements(OWN)[0]
    assert found.payment == made.payment
    assert [line.key for line in found.ledger] == [step.key for step in made.steps]
    assert [line.amount for line in found.ledger] == [step.amount for step in made.steps]
    assert sum((line.effect for line in found.ledger), Decimal(0)) == found.payment
    assert sum((line.points for line in found.quality), Decimal(0)) == found.quality_score
    assert found.quality[1].adjusted is None
    assert reader.settlements("nobody") == ()


def test_an_unknown_indicator_is_named_with_those_that_there_are(reader: PublicationReader) -> None:
    with pytest.raises(NotPublished, match=r"'birth-xyz' is not in this publication; it has: .*birth-pph"):
        reader.indicator("birth-xyz")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from score",
        "create table more (a int)",
        "attach '/tmp/elsewhere.duckdb'",
        "select * from read_text('/etc/hostname')",
        "copy score to '/tmp/score.csv'",
        "set enable_external_access = true",
    ],
)
def test_nothing_can_be_written_and_nothing_else_be_read(reader: PublicationReader, statement: str) -> None:
    with pytest.raises(duckdb.Error):
        reader._query(statement, [])


def test_threads_share_a_reader(reader: PublicationReader) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: len(reader.scores()), range(64)))
    assert found == {reader.count_scores()}


def test_two_readers_of_one_file_live_in_one_process(registry: Path) -> None:
    first, second = (Publications(registry).newest() for _ in range(2))
    assert first.about() == second.about()


def test_a_reader_turns_to_a_newer_publication_and_keeps_an_old_one_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "publications").mkdir()
    publications = Publications(tmp_path)
    for name in ("one", "two"):
        build_publication(tmp_path / "publications" / f"{name}.duckdb", generated=name == "one")
    point_at(tmp_path, "one.duckdb")
    old = publications.newest()
    assert publications.newest() is old
    point_at(tmp_path, "two.duckdb")
    (tmp_path / "publications" / "one.duckdb").unlink()
    assert not publications.newest().about().generated
    assert old.about().generated
    assert old.count_scores() == 13


def test_without_a_publication_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoPublication, match=r"no publication yet\n.* run"):
        current_publication(tmp_path)


@pytest.mark.parametrize("name", ["gone.duckdb", "../outside.duckdb", ""])
def test_a_pointer_to_nothing_or_to_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "publications").mkdir()
    build_publication(tmp_path / "outside.duckdb", rows=False)
    point_at(tmp_path, name)
    with pytest.raises(NoPublication, match="no such publication"):
        current_publication(tmp_path)


def test_a_file_that_is_no_publication_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "noise.duckdb"
    file.write_text("not a database" * 500)
    with pytest.raises(RegistryError, match="not a publication that can be read"):
        PublicationReader(file)
    with duckdb.connect(str(tmp_path / "empty.duckdb")):
        pass
    with pytest.raises(RegistryError, match="not a publication that can be read"):
        PublicationReader(tmp_path / "empty.duckdb")


def test_a_number_that_is_not_a_number_is_absent(tmp_path: Path, registry: Path) -> None:
    file = tmp_path / "nan.duckdb"
    shutil.copy(registry / "publications" / "one.duckdb", file)
    with duckdb.connect(str(file)) as con:
        con.execute("update score set low95 = 'nan'::double where indicator = 'birth-booking'")
    assert PublicationReader(file).scores("birth-booking")[0].low95 is None
