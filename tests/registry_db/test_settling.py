"""A contract settled from a registry: interim while the year runs, refused without records."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from indicators.library.birth.simulate import simulate
from registry_db.faults import RegistryError
from registry_db.library import library_files
from registry_db.reader import Publications
from registry_db.registry import Registry


@pytest.fixture(scope="module")
def half_way(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry in which the births of 2025 end in June."""
    folder = tmp_path_factory.mktemp("half-way")
    simulated = simulate(folder / "files", births_per_year=2000)
    last = simulated.births[-1]
    header, *lines = last.read_text(encoding="utf-8").splitlines()
    dates = header.split(";").index("bevaldatum")
    early = [line for line in lines if line.split(";")[dates] < "2025-07-01"]
    last.write_text("\n".join([header, *early]) + "\n", encoding="utf-8")
    registry = Registry.create(folder / "registry", library="birth")
    for file in simulated.births:
        registry.deliver("birth", file)
    registry.deliver("vsv-structure", simulated.structure)
    registry.run()
    return registry


def test_a_year_that_still_runs_is_settled_as_interim(half_way: Registry) -> None:
    settlements = half_way.settlements().set_index("period")
    assert settlements["kind"].to_dict() == {"2024": "final", "2025": "interim"}
    stored = json.loads(settlements.loc["2025", "settlement_json"])
    assert stored["inputs"]["interim"]["paid_through"] == "2025-06-30"
    assert (
        stored["inputs"]["records"]
        < 0.7 * json.loads(settlements.loc["2024", "settlement_json"])["inputs"]["records"]
    )


def test_a_contract_that_cannot_be_settled_does_not_hold_up_the_rest(half_way: Registry) -> None:
    half_way.con.execute("update record_birth set spending_eur = null")
    ran = half_way.run()
    assert ran.settled == ()
    assert len(ran.notes) == 1
    assert "have no 'spending_eur'; they would count as free" in ran.notes[0]
    assert ran.published.file.is_file()


def test_what_cannot_be_modelled_is_published_without_a_number(half_way: Registry) -> None:
    half_way.con.execute("update record_birth set apgar5 = 9")
    half_way.con.execute("delete from benchmark where indicator = 'birth-apgar'")
    ran = half_way.run()
    notes = [note for item in ran.assessed for note in item.notes]
    assert [note.split(" of the ")[0] for note in notes] == [
        f"birth-apgar {year}: none" for year in ("2023", "2024", "2025")
    ]
    reader = Publications(half_way.folder).newest()
    assert reader.benchmark("birth-apgar", version="1.0.0", period="2024") is None
    scores = [score for score in reader.scores("birth-apgar") if not score.suppressed]
    assert {(score.adjusted, score.band) for score in scores} == {(None, "not-assessable")}


@pytest.mark.parametrize("period", ["nonsense", "", "2023"])
def test_a_year_of_another_contract_or_without_records_cannot_be_settled(tmp_path: Path, period: str) -> None:
    with Registry.create(tmp_path / "registry", name="Births") as registry:
        registry.define(library_files("birth"))
        with pytest.raises(RegistryError, match=f"period: '{period}' is not a year of contract birth-vsv"):
            registry.settle("birth-vsv", period=period)
        with pytest.raises(RegistryError, match="there are no records of VSV-03 in 2023"):
            registry.settle("birth-vsv", period="2024")


def test_a_year_is_settled_of_every_contract_that_has_it(tmp_path: Path, demo_registry: Path) -> None:
    folder = Path(shutil.copytree(demo_registry, tmp_path / "registry"))
    text = (folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    other = text.replace("contract: birth-vsv", "contract: birth-a", 1)
    other = other.replace('years: ["2024", "2025"]', 'years: ["2025"]')
    file = tmp_path / "birth-a.contract.yaml"
    file.write_text(other, encoding="utf-8")
    with Registry(folder) as registry:
        registry.define([file])
        assert registry.settle(period="2024") == ["birth-vsv 2024"]
        assert registry.settle(period="2025") == ["birth-a 2025", "birth-vsv 2025"]
        with pytest.raises(
            RegistryError, match="period: '2031' is not a year of any contract in force; expec"
        ):
            registry.settle(period="2031")
