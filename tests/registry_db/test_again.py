"""Settlements computed again: to the bit from what was stored, and held against the vault of today."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from registry_db.faults import RegistryError
from registry_db.reader import Publications
from registry_db.registry import Registry
from tests.registry_db.build import deliver_cheaper_birth

VSV = "VSV-03"


@pytest.fixture
def demo(demo_registry: Path, tmp_path: Path) -> Iterator[Registry]:
    with Registry(Path(shutil.copytree(demo_registry, tmp_path / "registry"))) as registry:
        yield registry


def _stored(registry: Registry, period: str) -> dict[str, Any]:
    settlements = registry.settlements().set_index("period")
    stored: dict[str, Any] = json.loads(settlements.loc[period, "settlement_json"])
    return stored


def test_what_was_stored_comes_out_to_the_bit(demo: Registry) -> None:
    found = demo.settle_again()
    assert [(item.contract, item.period) for item in found] == [("birth-vsv", "2024"), ("birth-vsv", "2025")]
    assert all(item.differs == () and item.restatement is None for item in found)
    assert [item.period for item in demo.settle_again("birth-vsv", period="2025")] == ["2025"]


def test_a_settlement_keeps_what_it_was_taken_from(demo: Registry) -> None:
    inputs = _stored(demo, "2025")["inputs"]
    deliveries = demo.con.execute("select file_name, delivery, sha256 from delivery").fetchall()
    years = ("births-2023.csv", "births-2025.csv")  # the baseline and the settled year
    used = {f"delivery {id}": sha for name, id, sha in deliveries if name in years}
    known = demo.con.execute(
        "select indicator, inputs_hash, reference from benchmark where period = '2025'"
    ).fetchall()
    scored = {indicator: (hash, reference) for indicator, hash, reference in known}
    results = {result["indicator"]: result for result in inputs["results"]}
    definitions = ("dataset birth 1.0.1", "network set vsv 1.0.0")
    sources = inputs["sources"]
    assert set(sources) == {*used, *definitions, *(f"scores {name}" for name in results)}
    assert {name: sources[name] for name in used} == used
    assert {name: sources[f"scores {name}"] for name in results} == {
        name: scored[name][0] for name in results
    }
    assert {name: float(row["reference"]) for name, row in results.items()} == {
        name: scored[name][1] for name in results
    }


def test_a_corrected_delivery_is_restated_with_its_cause(demo: Registry) -> None:
    before = _stored(demo, "2025")
    deliver_cheaper_birth(demo)
    year_2024, year_2025 = demo.settle_again()
    # the births of 2025 play no part in the settlement of 2024
    assert (year_2024.restatement, year_2025.differs) == (None, ())
    found = year_2025.restatement
    assert found is not None
    assert found.before.to_dict() == before
    # 1000 euros less spent, of which the network gets its share of 0.48525125
    assert {step["key"]: step["amount"] for step in before["steps"]}["share"] == "0.48525125"
    gained = Decimal("485.25")
    assert found.differences == {"Zorgverzekeraar Demo": -gained, "VSV-03": gained}
    assert [(cause.what, cause.difference) for cause in found.causes] == [
        ("spending", gained),
        ("sources", 0),
    ]
    assert _stored(demo, "2025") == before, "nothing is stored by looking"
    demo.settle("birth-vsv", period="2025")
    assert _stored(demo, "2025") == found.after.to_dict()
    assert [item.restatement for item in demo.settle_again()] == [None, None]
    # the first settlement stays as it was, and the second says what it changes in it
    kept = demo.con.execute(
        "select number, settlement_json, restatement_json from settlement where period = '2025' "
        "order by number"
    ).fetchall()
    assert [(number, json.loads(text)) for number, text, _ in kept] == [
        (1, before),
        (2, found.after.to_dict()),
    ]
    assert kept[0][2] is None
    assert json.loads(kept[1][2]) == found.to_dict()
    (row,) = demo.restatements().to_dict("records")
    assert (row["period"], row["number"], row["payment"] - row["was"]) == ("2025", 2, gained)
    # what is published says who gets what by which cause, and not what stood in a score
    demo.publish()
    settlements = Publications(demo.folder).newest().settlements(VSV)
    (published,) = (each for each in settlements if each.period == "2025")
    assert published.number == 2
    assert published.restatement is not None
    assert published.restatement["differences"][VSV] == "485.25"
    causes = published.restatement["causes"]
    assert [set(cause) for cause in causes] == [{"what", "difference"}, {"what", "difference", "sources"}]
    assert tuple(causes[1]["sources"]) == found.causes[1].sources
    assert len(found.causes[1].sources) == 2
    assert all(name.startswith("delivery birth-0003-") for name in found.causes[1].sources[:1])
    # settling once more on the same facts restates nothing
    demo.settle("birth-vsv", period="2025")
    assert len(demo.restatements()) == 1


def test_a_settlement_stands_while_only_its_sources_are_others(demo: Registry) -> None:
    """The same births in another order are another file, and no correction."""
    before = _stored(demo, "2025")
    luck = demo.luck().to_dict("records")
    file = demo.folder / "deliveries" / "births-2025.csv"
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    again = demo.folder / "again.csv"
    again.write_text("\n".join([header, *reversed(lines)]) + "\n", encoding="utf-8")
    known = demo.deliveries().set_index("file_name")["delivery"]
    demo.deliver("birth", again, replaces=known["births-2025.csv"])
    _, year_2025 = demo.settle_again()
    assert year_2025.restatement is not None
    assert [(cause.what, cause.difference) for cause in year_2025.restatement.causes] == [("sources", 0)]
    demo.settle("birth-vsv", period="2025")
    assert _stored(demo, "2025") == before
    assert demo.luck().to_dict("records") == luck
    assert demo.restatements().empty


def test_a_new_version_of_the_contract_is_a_cause(demo: Registry, tmp_path: Path) -> None:
    text = (demo.folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("version: 0.1.0", "version: 0.2.0"),
        ('years: ["2024", "2025"]', 'years: ["2025"]'),
        ("cap: {rate_of: target, rate: 0.05}", "cap: {rate_of: target, rate: 0.01}"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = tmp_path / "birth-vsv.contract.yaml"
    file.write_text(text, encoding="utf-8")
    demo.define([file])
    year_2024, year_2025 = demo.settle_again()
    # the new version is not about 2024, so that year stays with the version that it was settled by
    assert (year_2024.version, year_2024.restatement) == ("0.1.0", None)
    found = year_2025.restatement
    assert found is not None
    # 1 % of the target of 7 868 088.35 instead of 180 485.03
    assert [(cause.what, cause.difference) for cause in found.causes] == [("contract", Decimal("-101804.15"))]


def test_a_stored_settlement_that_was_touched_is_found_out(demo: Registry) -> None:
    demo.con.execute(
        "update settlement set settlement_json = replace(settlement_json, '180485.03', '280485.03') "
        "where period = '2025'"
    )
    year_2024, year_2025 = demo.settle_again("birth-vsv")
    assert year_2024.differs == ()
    assert year_2025.differs == (
        "payment: does not come out again as it was stored",
        "steps: does not come out again as it was stored",
    )
    assert year_2025.to_dict()["same"] is False
    assert year_2025.to_dict()["restatement"] is None


def test_what_was_never_settled(demo: Registry) -> None:
    with pytest.raises(RegistryError, match="there is no settlement of birth-vsv 2031 in this registry"):
        demo.settle_again("birth-vsv", period="2031")
    with pytest.raises(RegistryError, match="there is no contract 'birth-vs'"):
        demo.settle_again("birth-vs")
