"""The examples after Dutch public descriptions: right, exercised, and read from the guide as meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from indicators.definition import Example, Indicator
from indicators.guide import Described, guide, guide_html
from indicators.words import Text
from registry_db.catalogue import Catalogue, Definition, merged, read_files
from registry_db.checking import run_examples
from registry_db.library import library_files
from registry_db.registry import Registry

# Records that a reader invented, and the state of each, with nothing to hand but the text of the guide.
READ = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "guide_readings.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return merged(Catalogue({}), read_files(library_files("dutch-examples")))


def indicators(catalogue: Catalogue) -> list[Definition]:
    return list(catalogue.of_kind("indicator").values())


def test_the_set_is_right_and_every_clause_is_exercised(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "registry", library="dutch-examples") as registry:
        checked = registry.check()
    assert len(checked.definitions) == 24
    assert [str(note) for note in checked.notes] == []


def test_the_set_mixes_horizons_and_kinds_and_is_marked_as_examples(catalogue: Catalogue) -> None:
    models: list[Indicator] = [item.model for item in indicators(catalogue)]
    assert len(models) == 17
    assert {model.horizon for model in models} == {1, 2, 3}
    kinds = {"binary", "continuous", "change", "count", "top_box", "time_to_event"}
    assert {model.outcome.kind for model in models} == kinds
    for model in models:
        assert model.status == "consultation"
        assert isinstance(model.steward, Text)
        assert "Example after public descriptions" in model.steward.en
        assert "Voorbeeld naar openbare beschrijvingen" in model.steward.nl
        assert model.sources


def test_every_indicator_was_read(catalogue: Catalogue) -> None:
    assert set(READ) == set(catalogue.of_kind("indicator"))
    assert all(len(read["records"]) >= 5 for read in READ.values())


@pytest.mark.parametrize("name", READ)
def test_the_engine_does_what_a_reader_of_the_guide_expects(catalogue: Catalogue, name: str) -> None:
    item = catalogue.get("indicator", name)
    read = [Example.model_validate(record) for record in READ[name]["records"]]
    asked = Definition(
        item.kind, item.id, item.version, item.status, item.hash, item.source,
        item.model.model_copy(update={"examples": read}),
    )  # fmt: skip
    assert [str(fault) for fault in run_examples(catalogue, asked).faults] == []


@pytest.mark.parametrize("name", READ)
def test_the_guide_still_says_what_was_read(catalogue: Catalogue, name: str) -> None:
    datasets = {id: item.model for id, item in catalogue.of_kind("dataset").items()}
    described = Described(catalogue.get("indicator", name).model)
    page = guide_html(guide([described], datasets, name="x", language="nl"))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for sentence in READ[name]["guide"]:
        assert sentence in text, sentence
