"""A new version is refused while definitions that stay as they are would break by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from indicators.faults import DefinitionError
from registry_db.lifecycle import Decision
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, FALL, make_registry

HEAD = "title: {nl: Lijst, en: List}\n"
SYSTEMS = f"code_set: tall\nversion: 1.0.0\n{HEAD}codes: [{{system: north, code: male}}]\n"
CODES = f"code_set: tall\nversion: 1.1.0\n{HEAD}codes: [male]\n"
VISIT = DEFINITIONS["visit.dataset.yaml"]
FEWER = "".join(line for line in VISIT.splitlines(keepends=True) if not line.startswith("  fell:"))
FEWER = FEWER.replace("version: 1.0.0", "version: 2.0.0")


def put(registry: Registry, folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    registry.define([file])


def test_a_dataset_without_a_column_that_an_indicator_reads(tmp_path: Path) -> None:
    folder = make_registry(tmp_path / "registry")
    kept = (folder / "definitions" / "visit.dataset.yaml").read_text(encoding="utf-8")
    with Registry(folder) as registry:
        with pytest.raises(DefinitionError) as caught:
            put(registry, tmp_path, "visit.dataset.yaml", FEWER)
        assert "visit-fall.indicator.yaml:" in str(caught.value)
        assert "outcome.when: this would no longer be right: there is no column 'fell'" in str(caught.value)
        assert registry.catalogue().dataset("visit").version == "1.0.0"
    assert (folder / "definitions" / "visit.dataset.yaml").read_text(encoding="utf-8") == kept


def test_a_draft_is_taken_in_but_cannot_take_force(tmp_path: Path) -> None:
    draft = FEWER.replace("version: 2.0.0", "version: 2.0.0\nstatus: draft")
    with Registry(make_registry(tmp_path / "registry")) as registry:
        put(registry, tmp_path, "visit.dataset.yaml", draft)
        registry.decide("visit", "2.0.0", "consultation", Decision("a society", "to be read"))
        with pytest.raises(DefinitionError, match="no longer be right"):
            registry.decide("visit", "2.0.0", "active", Decision("a society", "agreed"))
        assert registry.catalogue().dataset("visit").version == "1.0.0"


def test_a_code_set_in_which_a_code_is_looked_up(tmp_path: Path) -> None:
    fall = FALL.replace("population: age >= 18", "population: not in_set(sex, clinic, 'tall')")
    fall = fall.replace("version: 1.0.0", "version: 1.0.0\nstatus: consultation")
    definitions = DEFINITIONS | {"visit-fall.indicator.yaml": fall, "tall.code-set.yaml": SYSTEMS}
    with Registry(make_registry(tmp_path / "registry", definitions)) as registry:
        with pytest.raises(DefinitionError) as caught:
            put(registry, tmp_path, "tall.code-set.yaml", CODES)
        assert "population: this would no longer be right" in str(caught.value)
        put(registry, tmp_path, "tall.code-set.yaml", SYSTEMS.replace("1.0.0", "1.1.0"))
