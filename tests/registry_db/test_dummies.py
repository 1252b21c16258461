"""Generated deliveries: taken in whole, the same for the same seed, and marked as generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.library import library_files
from registry_db.registry import Registry
from tests.registry_db.build import CENSUS, write

SHIPPED = [
    (name, file.name.removesuffix(".dataset.yaml"))
    for name in ("birth", "nhs-proms")
    for file in library_files(name)
    if file.name.endswith(".dataset.yaml")
]
DRAWS = [(1, 400, 0.05), (2, 57, 0.5), (3, 1, 0.0), (4, 200, 1.0)]
NAMES = {"nhs-participation": "participation 1617.csv"}


@pytest.mark.parametrize(("library", "dataset"), SHIPPED)
@pytest.mark.parametrize(
    ("seed", "rows", "missing"), [(1, 400, 0.05), (2, 57, 0.5), (3, 1, 0.0), (4, 200, 1.0)]
)
def test_every_row_is_taken_in(
    tmp_path: Path, library: str, dataset: str, seed: int, rows: int, missing: float
) -> None:
    with Registry.create(tmp_path / "registry", library=library) as registry:
        out = tmp_path / NAMES.get(dataset, "records.csv")
        file = registry.dummy(dataset, out, rows=rows, seed=seed, missing=missing)
        again = registry.dummy(
            dataset, tmp_path / f"generated-x{out.name}", rows=rows, seed=seed, missing=missing
        )
        assert file.name == f"generated-{out.name}"
        assert file.read_bytes() == again.read_bytes()
        done = registry.deliver(dataset, file)
        assert (done.accepted, done.quarantined) == (rows, 0)
        other = registry.dummy(dataset, tmp_path / f"generated-y{out.name}", rows=rows, seed=seed + 1)
        assert other.read_bytes() != file.read_bytes()


def test_a_registry_of_generated_births_can_be_run(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "registry", library="birth") as registry:
        registry.deliver("birth", registry.dummy("birth", tmp_path / "births.csv", rows=2000))
        scores = registry.score("birth-pph")
        assert scores[0].periods == ("2025",)
        assert "(no network)" not in set(registry.scores("birth-pph")["provider"])


def test_a_name_that_says_too_little(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        registry.dummy("census", tmp_path / "census.csv", rows=3)
    assert str(caught.value) == (
        "generated-census.csv: column 'year' of census is read from the file's name, which does not match "
        "'(20\\d\\d)'\n  give the file such a name as a supplier would"
    )


def test_more_records_than_keys(registry: Registry, tmp_path: Path) -> None:
    keyed = CENSUS.replace("census", "ward").replace("provider: clinic", "key: [beds]\nprovider: clinic", 1)
    keyed = keyed.replace("beds: {type: integer}", "beds: {type: integer, required: true, range: [1, 3]}")
    registry.define([write(tmp_path, keyed, "ward.dataset.yaml")])
    registry.deliver("ward", registry.dummy("ward", tmp_path / "ward-2024.csv", rows=3))
    with pytest.raises(RegistryError, match="the key of ward tells at most 3 records apart"):
        registry.dummy("ward", tmp_path / "ward-2024.csv", rows=4)
