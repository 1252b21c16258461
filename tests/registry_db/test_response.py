"""The response to a questionnaire that another indicator tells, and counts that providers deliver."""

from __future__ import annotations

from pathlib import Path

import pytest

from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.faults import DefinitionError
from registry_db.catalogue import read_definition
from registry_db.library import library_files
from registry_db.reader import PublicationReader
from registry_db.registry import Registry
from registry_db.response import asked_of, response
from tests.registry_db.build import DEFINITIONS, FALL, make_registry, write

SENT = """\
dataset: sent
version: 1.0.0
title: {nl: Vragenlijsten, en: Questionnaires}
source: made up for the tests
key: [KEY]
provider: clinic
period: {column: year}
file: {delimiter: ","}
columns:
  clinic: {type: text, required: true}
  person: {type: text, required: true}
  year: {type: integer, range: [2000, 2100], required: true}
  sent: {type: integer, range: [0, 10000]}
  returned: {type: integer, range: [0, 10000]}
"""
RETURNED = """\
indicator: sent-returned
version: 1.0.0
horizon: 1
title: {nl: Respons, en: Response}
why: {nl: Daarom., en: Because.}
steward: tests
sources: [made up for the tests]
dataset: sent
population: sent > 0
outcome: {kind: binary, events: returned, trials: sent, better: higher}
minimum: {n: 10}
show: {unit: percent, decimals: 0}
examples:
  - {given: {sent: 20, returned: 10}, expect: {state: value, outcome: 10}}
  - {given: {sent: 0, returned: 0}, expect: {state: not-eligible}}
"""
LINES = "clinic,person,year,sent,returned\nnorth,a,2024,60,45\nsouth,b,2024,40,20\neast,c,2024,30,24\n"


def published(folder: Path, key: str) -> PublicationReader:
    definitions = {"sent.dataset.yaml": SENT.replace("KEY", key), "sent-returned.indicator.yaml": RETURNED}
    with Registry(make_registry(folder / "registry", definitions)) as registry:
        registry.deliver("sent", write(folder, LINES, "sent.csv"))
        registry.run()
        return PublicationReader(registry.publish().file)


def test_counts_that_a_provider_delivers_are_of_as_many_patients(tmp_path: Path) -> None:
    scores = published(tmp_path, "clinic, year").scores("sent-returned")
    shown = {row.provider: (row.n, row.observed) for row in scores}
    assert shown == {"north": (60, 45), "south": (40, 20), "east": (30, 24)}


def test_trials_of_one_patient_are_one_patient(tmp_path: Path) -> None:
    """Sixty visits of a single person tell of that person."""
    scores = published(tmp_path, "person").scores("sent-returned")
    assert len(scores) == 3
    assert all(row.suppressed and row.n is None for row in scores)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("visit-homes", "there is no response 'visit-homes'"),
        ("visit-fall", "the response to a questionnaire is another indicator"),
    ],
)
def test_a_response_is_by_another_indicator_that_is_there(tmp_path: Path, named: str, message: str) -> None:
    fall = FALL.replace("dataset: visit\n", f"dataset: visit\nresponse: {named}\n")
    assert fall != FALL
    with pytest.raises(DefinitionError, match=message):
        make_registry(tmp_path / "registry", DEFINITIONS | {"visit-fall.indicator.yaml": fall})


def test_without_what_the_population_asks_it_is_not_known_who_answered() -> None:
    files = {file.name: file for file in library_files("dutch-examples")}
    gain = files["dutch-hip-gain.indicator.yaml"].read_text(encoding="utf-8")
    dataset = files["dutch-hip.dataset.yaml"].read_text(encoding="utf-8")
    of, read = (read_definition(text, "x.yaml").model for text in (gain, dataset))
    assert isinstance(of, Indicator)
    assert isinstance(read, Dataset)
    assert "age" in of.case_mix_columns
    assert "age" in of.population
    asked = asked_of(of, read)
    assert asked is not None
    assert asked.beside
    assert "age" not in asked.beside
    states = [("value", "", 60.0), ("missing", "age", 10.0), ("missing", asked.answer[0], 30.0)]
    found = response(states, answer=asked.answer, beside=asked.beside)
    assert found is not None
    assert (found.responded, found.eligible) == (60, 90)
