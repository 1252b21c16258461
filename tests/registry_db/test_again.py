"""Settlements computed again: to the bit from what was stored, and held against the vault of today."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.registry import Registry


@pytest.fixture
def demo(demo_registry: Path, tmp_path: Path) -> Iterator[Registry]:
    with Registry(Path(shutil.copytree(demo_registry, tmp_path / "registry"))) as registry:
        yield registry


def _stored(registry: Registry, period: str) -> dict[str, object]:
    settlements = registry.settlements().set_index("period")
    stored: dict[str, object] = json.loads(settlements.loc[period, "settlement_json"])
    return stored


def deliver_corrected(registry: Registry, *, change: str) -> Decimal:
    """Deliver the births of 2025 again with one of VSV-03 cheaper by 1000 euros; give what was cut off."""
    file = registry.folder / "deliveries" / "births-2025.csv"
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    names = header.split(";")
    provider, cost = names.index("zorgaanbieder"), names.index("kosten")
    for number, line in enumerate(lines):
        cells = line.split(";")
        if cells[provider] == "M008" and 2000 < float(cells[cost] or 0) < 25000:
            cells[cost] = str(Decimal(cells[cost]) - Decimal(change))
            lines[number] = ";".join(cells)
            break
    corrected = registry.folder / "corrected.csv"
    corrected.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    known = registry.deliveries().set_index("file_name")["delivery"]
    registry.deliver("birth", corrected, replaces=known["births-2025.csv"])
    return Decimal(change)


def test_what_was_stored_comes_out_to_the_bit(demo: Registry) -> None:
    found = demo.settle_again()
    assert [(item.contract, item.period) for item in found] == [("birth-vsv", "2024"), ("birth-vsv", "2025")]
    assert all(item.differs == () and item.restatement is None for item in found)
    assert [item.period for item in demo.settle_again("birth-vsv", period="2025")] == ["2025"]


def test_a_settlement_keeps_what_it_was_taken_from(demo: Registry) -> None:
    inputs = _stored(demo, "2025")["inputs"]
    assert isinstance(inputs, dict)
    deliveries = demo.con.execute("select file_name, delivery, sha256 from delivery").fetchall()
    used = {f"delivery {id}": sha for name, id, sha in deliveries if name in ("births-2023.csv", "births-2025.csv")}
    known = demo.con.execute(
        "select indicator, inputs_hash, reference from benchmark where period = '2025' and version = '1.0.0'"
    ).fetchall()
    scored = {indicator: (hash, reference) for indicator, hash, reference in known}
    results = {result["indicator"]: result for result in inputs["results"]}
    definitions = ("dataset birth 1.0.0", "network set vsv 1.0.0")
    sources = inputs["sources"]
    assert set(sources) == {*used, *definitions, *(f"scores {name}" for name in results)}
    assert {name: sources[name] for name in used} == used
    assert {name: sources[f"scores {name}"] for name in results} == {name: scored[name][0] for name in results}
    assert {name: float(row["reference"]) for name, row in results.items()} == {
        name: scored[name][1] for name in results
    }


def test_a_corrected_delivery_is_restated_with_its_cause(demo: Registry) -> None:
    before = _stored(demo, "2025")
    less = deliver_corrected(demo, change="1000")
    (year_2024, year_2025) = demo.settle_again()
    assert (year_2024.restatement, year_2025.differs) == (None, ())
    found = year_2025.restatement
    assert found is not None
    # the share of the network in 1000 euros more of saving; below the cap, past the threshold
    (share,) = (step["amount"] for step in before["steps"] if step["key"] == "share")  # type: ignore[attr-defined]
    (rate,) = (step["amount"] for step in before["steps"] if step["key"] == "rate") if False else (share,)  # type: ignore[attr-defined]
    assert less * Decimal(rate) == pytest.approx(found.differences["VSV-03"], abs=Decimal("0.01"))
