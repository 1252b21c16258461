"""Scores of an earlier version stay, are published beside the newer one's, and tell no small number."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import cli
from app.publication import REGISTRY_VARIABLE
from registry_db.lifecycle import Decision
from registry_db.reader import PublicationReader, current_publication
from registry_db.registry import Registry
from tests.app.test_pages import page, text
from tests.registry_db.build import FALL, visits, write
from tests.registry_db.build import text as lines

SIZES = {"north": 260, "south": 145, "east": 130, "west": 84}
NEWER = (
    FALL.replace("version: 1.0.0", "version: 1.1.0")
    .replace("weight > 150", "weight > 135")
    .replace("weight: 151", "weight: 136")
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Iterator[Registry]:
    import shutil

    files = tmp_path_factory.mktemp("earlier")
    with Registry(Path(shutil.copytree(empty_registry, files / "registry"))) as made:
        made.deliver("visit", write(files, lines(visits(sizes=SIZES))))
        made.run()
        made.define([write(files, NEWER, "newer.yaml")])
        made.run()
        yield made


@pytest.fixture(scope="module")
def reader(registry: Registry) -> PublicationReader:
    return PublicationReader(current_publication(registry.folder))


def test_both_versions_are_published(registry: Registry, reader: PublicationReader) -> None:
    versions = [row.version for row in reader.indicators() if row.indicator == "visit-fall"]
    assert versions == ["1.0.0", "1.1.0"]
    assert reader.indicator("visit-fall").version == "1.1.0"
    assert reader.results(provider="north", period="2024")[-1].indicator.version == "1.1.0"
    older = registry.scores("visit-fall", version="1.0.0").set_index("provider")
    shown = [row for row in reader.scores("visit-fall", version="1.0.0") if not row.suppressed]
    assert shown
    for row in shown:
        assert (row.n, row.adjusted) == (older.loc[row.provider, "n"], older.loc[row.provider, "adjusted"])
    assert reader.states("visit-fall", version="1.0.0", period="2024", provider="north") == ()


def test_a_small_difference_between_versions_is_not_told(
    registry: Registry, reader: PublicationReader
) -> None:
    """Who is heavier than 135 and not than 150 counts in one version only: that is a small cell."""
    before, after = (
        registry.scores("visit-fall", version=version).set_index("provider")["n"]
        for version in ("1.0.0", "1.1.0")
    )
    apart = before - after
    assert 0 < apart["west"] < 10 or 0 < apart["south"] < 10
    hidden = {row.provider for row in reader.scores("visit-fall", version="1.0.0") if row.suppressed}
    assert hidden >= set(apart[(apart > 0) & (apart < 10)].index)
    assert not any(row.suppressed for row in reader.scores("visit-fall", version="1.1.0"))
    for row in reader.scores("visit-fall", version="1.0.0"):
        if not row.suppressed:
            assert row.n is not None
            assert not 0 < abs(row.n - after[row.provider]) < 10
    # the total of all would tell it as well
    assert reader.benchmark("visit-fall", version="1.0.0", period="2024") is None


def test_no_score_tells_the_total_that_is_not_shown(registry: Registry, reader: PublicationReader) -> None:
    """Value by ratio is the reference: events of all by records of all, which its digits tell both."""
    sql = "select reference, observed, n from benchmark where indicator = 'visit-fall' and version = '1.0.0'"
    ((reference, events, records),) = registry.con.execute(sql).fetchall()
    fraction = Fraction(reference).limit_denominator(10_000)
    assert (events / fraction.numerator) % 1 == 0
    assert records == fraction.denominator * events / fraction.numerator
    shown = [row for row in reader.scores("visit-fall", version="1.0.0") if not row.suppressed]
    assert shown
    for row in shown:
        told = [value for value in asdict(row).values() if isinstance(value, float) and value]
        for one, other in product(told, told):
            for made in (one / other, one * other, (one + other) / 2, one - other):
                assert made != pytest.approx(reference, rel=1e-9, abs=0)
    assert reader.estimates("visit-fall", version="1.0.0", period="2024") == ()


def test_the_page_shows_them_apart(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(registry.folder))
    address = {"organisation": "north", "period": "2024", "indicator": "visit-fall"}
    dutch: AppTest = page("indicator", lang="nl", **address)
    body = text(dutch)
    assert "Eerdere versies" in body
    assert "die van versie 1.1.0" in body
    assert "1.0.0,2024," in body
    assert "Earlier versions" in text(page("indicator", lang="en", **address))
    other = address | {"indicator": "visit-home"}
    assert "Eerdere versies" not in text(page("indicator", lang="nl", **other))


def test_a_retired_indicator_says_so_and_keeps_its_scores(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(registry.folder))
    before = registry.scores("visit-home")
    registry.decide("visit-home", "1.0.0", "retired", Decision("the board", "nobody asks for it"))
    registry.run()
    assert registry.scores("visit-home").equals(before)
    address = {"organisation": "north", "period": "2024"}
    assert '<span class="status">vervallen</span>' in text(page("overview", lang="nl", **address))
    body = text(page("indicator", lang="en", indicator="visit-home", **address))
    assert "This indicator is retired: no new scores are added." in body
    folder = str(registry.folder)
    registry.close()
    monkeypatch.setattr(sys, "argv", ["meetlat", "--registry", folder, "scores", "visit-home"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "visit-home: this version is retired" in capsys.readouterr().out
