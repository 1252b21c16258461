"""`settle --again` of a contract with two payers: who gets what more or less, and whose correction did it.

Of R1 (see test_settling_by_hand) Sun insures 2 records of 300 then and 2 of 360 now, Moon 2 of 700 and 2 of
440. So Sun overspent, and Moon pays half of 260. Together 200 of 1,000 was saved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from registry_db.again import SettledAgain
from registry_db.registry import Registry
from tests.registry_db import test_settling_by_hand as by_hand
from tests.registry_db.build import make_registry, text, write

SUN_NOW, MOON_NOW = "A 2024-02-01 100 1", "A 2024-08-01 240 2"


def _file(folder: Path, name: str, records: str) -> Path:
    lines = [
        {"id": f"r{number}", **dict(zip(by_hand.NAMES, row.split(), strict=True))}
        for number, row in enumerate(records.splitlines())
    ]
    return write(folder, text(lines, ("id", *by_hand.NAMES)), name)


@pytest.fixture
def care(tmp_path: Path) -> Iterator[Registry]:
    with Registry(make_registry(tmp_path / "registry", by_hand.DEFINITIONS)) as registry:
        registry.deliver("care", _file(tmp_path, "care.csv", by_hand.RECORDS))
        registry.score("care-fell")
        yield registry


def _settle(care: Registry, tmp_path: Path, judged: str, threshold: str) -> None:
    parties = by_hand._two(insured=by_hand.INSURED, judged=judged)
    contract = by_hand._contract(parties=parties, threshold__rate=threshold, years=["2024"])
    data = contract.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    care.define([write(tmp_path, yaml.safe_dump(data, sort_keys=False), "care.contract.yaml")])
    care.settle("care")


def _corrected(care: Registry, tmp_path: Path, old: str, new: str) -> dict[str | None, SettledAgain]:
    assert by_hand.RECORDS.count(old) == 1
    (before,) = care.deliveries()["delivery"]
    file = _file(tmp_path, "corrected.csv", by_hand.RECORDS.replace(old, new))
    care.deliver("care", file, replaces=before)
    return {item.payer: item for item in care.settle_again("care")}


def _causes(item: SettledAgain) -> list[tuple[str, Decimal]]:
    assert item.restatement is not None
    return [(cause.what, cause.difference) for cause in item.restatement.causes]


def test_each_payer_is_told_of_its_own_records(care: Registry, tmp_path: Path) -> None:
    """Moon saved 160 instead of 260; for Sun only the delivery is another one."""
    _settle(care, tmp_path, "per-payer", "0")
    assert {item.payer: item.restatement for item in care.settle_again()} == {"Sun": None, "Moon": None}
    found = _corrected(care, tmp_path, MOON_NOW, "A 2024-08-01 340 2")
    assert list(found) == ["Sun", "Moon"]
    assert _causes(found["Moon"]) == [("Moon: spending", -50), ("Moon: sources", 0)]
    assert _causes(found["Sun"]) == [("Sun: sources", 0)]
    moon = found["Moon"].restatement
    assert moon is not None
    assert (moon.before.payment, moon.after.payment) == (130, 80)
    assert moon.differences == {"Moon": 50, "R1": -50}
    known = care.deliveries()["delivery"]
    assert set(moon.causes[1].sources) == {f"delivery {id}" for id in known}
    # as it is looked at, so it is kept
    care.settle("care")
    kept = care.restatements().set_index("payer")["restatement_json"]
    assert json.loads(kept["Moon"]) == moon.to_dict()
    assert all(item.restatement is None and not item.differs for item in care.settle_again("care"))


def test_where_payers_are_judged_together_one_is_told_of_the_other(care: Registry, tmp_path: Path) -> None:
    """With 100 more of Sun the two save 100 of 1,000, less than 15 %: Moon does not pay its 130 any more."""
    _settle(care, tmp_path, "pooled", "0.15")
    found = _corrected(care, tmp_path, SUN_NOW, "A 2024-02-01 200 1")
    assert _causes(found["Moon"]) == [("Sun: spending", -130), ("Moon: sources", 0)]
    assert _causes(found["Sun"]) == [("Sun: spending", 0), ("Sun: sources", 0)]
    moon = found["Moon"].restatement
    assert moon is not None
    assert moon.differences == {"Moon": 130, "R1": -130}


def test_what_does_not_come_out_names_the_payer(care: Registry, tmp_path: Path) -> None:
    _settle(care, tmp_path, "per-payer", "0")
    care.con.execute(
        """update settlement set settlement_json = replace(settlement_json, '"130.00"', '"131.00"')
        where payer = 'Moon'"""
    )
    (found,) = care.settle_again("care")
    assert found.differs == ("Moon: payment: does not come out again as it was stored",)
    assert (found.payer, found.restatement, found.to_dict()["same"]) == (None, None, False)
