"""What rests on few records is left out of a published settlement, and it says so; the parties get it all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from app.publication import REGISTRY_VARIABLE
from contracts.canonical import sha256_of
from registry_db.hiding_settlements import Hidden, _hidden_indicators
from registry_db.ledgers import published_file
from registry_db.published_settlements import Settlement
from registry_db.reader import NotPublished, PublicationReader, current_publication
from registry_db.registry import Registry
from tests.app.test_pages import page, text

# In the network VSV-07 provider M025 has 7 births in 2025. In VSV-24 six women told of their experience, too
# few to be judged or shown; VSV-15 has 50, and is hidden so that nobody can work out the six.
FEW = {"provider": "M025", "records": 7}
BY_RECORDS = {"by": "records", "remainder": "largest-remainder"}
EXPERIENCE = {
    "indicator": "birth-experience",
    "weight": 2,
    "attain": {"by": "level", "better": "higher", "threshold": 7.5, "target": 8.5},
}


def terms(demo: Path, name: str, network: str, **changed: Any) -> dict[str, Any]:
    """The demo's contract for another network, on haemorrhage alone unless more is given."""
    found = yaml.safe_load((demo / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8"))
    found |= {"contract": name, "years": ["2025"]}
    found["parties"] = {"payers": ["A"], "participant": {"network_set": "vsv", "network": network}}
    found["population"]["minimum_records"] = 1
    found["quality"]["indicators"] = [
        rule
        for rule in found["quality"]["indicators"]
        if rule["indicator"] == "birth-pph"
        or (rule["indicator"] == "birth-experience" and "experience" in name)
    ]
    return found | changed


@pytest.fixture(scope="module")
def registry(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = Path(shutil.copytree(demo_registry, tmp_path_factory.mktemp("few") / "registry"))
    two_payers = {
        "payers": ["A", "B"],
        "judged": "per-payer",
        "insured": {
            "column": "mode_of_birth",
            "codes": {"A": ["instrumental"], "B": ["spontaneous", "caesarean"]},
            "other_codes": "left-out",
        },
        "participant": {"network_set": "vsv", "network": "VSV-24"},
    }
    contracts = [
        terms(folder, "few-by-records", "VSV-07", distribution=BY_RECORDS),
        terms(folder, "few-by-spending", "VSV-07", distribution=BY_RECORDS | {"by": "spending"}),
        terms(folder, "many-by-records", "VSV-03", distribution=BY_RECORDS),
        terms(folder, "unjudged-experience", "VSV-24"),
        terms(folder, "judged-experience", "VSV-15"),
        terms(folder, "few-of-a-payer", "VSV-24", parties=two_payers),
    ]
    files = []
    for each in contracts:
        files.append(folder / f"{each['contract']}.contract.yaml")
        files[-1].write_text(yaml.safe_dump(each, sort_keys=False), encoding="utf-8")
    with Registry(folder) as opened:
        opened.define(files)
        opened.run()
        yield opened


@pytest.fixture(scope="module")
def reader(registry: Registry) -> PublicationReader:
    return PublicationReader(current_publication(registry.folder))


def published(reader: PublicationReader, contract: str) -> tuple[Settlement, dict[str, Any]]:
    row = next(row for row in reader.settlements() if row.contract == contract)
    return row, json.loads(row.settlement_json)


def whole(registry: Registry, contract: str) -> dict[str, Any]:
    (found, *_) = json.loads(registry.ledger(contract, "2025", language="nl").to_json())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("contract", ["few-by-records", "few-by-spending"])
def test_a_payment_does_not_tell_how_few_records_a_provider_has(
    registry: Registry, reader: PublicationReader, contract: str
) -> None:
    """The weights are numbers of records (or what they cost), and the portions follow them."""
    row, shown = published(reader, contract)
    own = whole(registry, contract)
    assert FEW["provider"] in {member["name"] for member in own["inputs"]["members"]}
    assert FEW["provider"] not in row.settlement_json
    assert shown["steps"] == own["steps"]  # the rest of the ledger stands
    assert row.withheld is not None
    assert "minder dan 10 records" in row.withheld["nl"]
    assert "meetlat ledger" in row.withheld["en"]
    with pytest.raises(NotPublished, match=r"fewer than 10 records.*meetlat ledger"):
        published_file(reader, contract, period="2025", kind="xlsx", language="en")
    assert registry.ledger(contract, "2025", language="nl").to_xlsx()


def test_no_hash_tells_which_of_few_numbers_it_was(registry: Registry, reader: PublicationReader) -> None:
    """Who knows all but one small weight could try each of the nine that it can be."""
    row, _ = published(reader, "few-by-records")
    own = whole(registry, "few-by-records")
    facts = {"contract": own["contract_hash"], "payer": own["payer"], "inputs": own["inputs"]}
    assert sha256_of(facts) == own["hash"]  # so it could be done with the hash of the whole one
    everything = "\n".join(map(str, (row, reader.luck(row.settlement), reader.contracts())))
    assert own["hash"] not in everything
    assert row.settlement == hashlib.sha256(row.settlement_json.encode()).hexdigest()
    assert reader.luck(row.settlement) is not None


def test_members_with_many_records_are_shown(registry: Registry, reader: PublicationReader) -> None:
    row, shown = published(reader, "many-by-records")
    assert (row.withheld, shown) == (None, whole(registry, "many-by-records"))
    assert published_file(reader, "many-by-records", period="2025", kind="xlsx", language="nl")


def test_a_hidden_score_that_was_not_judged_keeps_no_class(
    registry: Registry, reader: PublicationReader
) -> None:
    row, shown = published(reader, "unjudged-experience")
    own = whole(registry, "unjudged-experience")
    (line,) = (line for line in own["quality"]["lines"] if line["indicator"] == "birth-experience")
    assert (line["n"], line["reason"]) == (6.0, "not-assessable")
    (line,) = (line for line in shown["quality"]["lines"] if line["indicator"] == "birth-experience")
    assert {line[name] for name in ("n", "adjusted", "band", "handled", "reason")} == {None}
    (result,) = (each for each in shown["inputs"]["results"] if each["indicator"] == "birth-experience")
    assert {result[name] for name in ("n", "adjusted", "lower", "upper", "band", "reliability")} == {None}
    assert row.quality_score == Decimal(own["quality"]["score"])  # the other indicator's, as it was left out


def test_what_follows_from_a_hidden_score_is_the_payment_alone(
    registry: Registry, reader: PublicationReader
) -> None:
    """The goal and what was attained give the value: so do the quality score, the share and the steps."""
    row, shown = published(reader, "judged-experience")
    own = whole(registry, "judged-experience")
    (line,) = (line for line in own["quality"]["lines"] if line["indicator"] == "birth-experience")
    assert line["handled"] == "judged"
    assert str(row.payment) == own["payment"]
    assert not {"inputs", "quality", "steps", "portions", "hash"} & set(shown)
    assert (row.ledger, row.quality, row.quality_score, row.intervals) == ((), (), None, {})
    assert reader.luck(row.settlement) is None
    assert "judged-experience" not in {text.contract for text in reader.contracts()}


def test_few_records_of_one_payer_are_no_ledger(registry: Registry, reader: PublicationReader) -> None:
    found = [row for row in reader.settlements() if row.contract == "few-of-a-payer"]
    own = json.loads(registry.ledger("few-of-a-payer", "2025", language="nl").to_json())
    assert 0 < own[0]["inputs"]["records"] < 10 < own[1]["inputs"]["records"]
    assert [row.ledger for row in found] == [(), ()]  # the whole less the other would be the one
    assert all("records" not in json.loads(row.settlement_json) for row in found)


def test_an_own_baseline_goes_with_the_hidden_score_that_it_is() -> None:
    """Shown in 2025, hidden in 2024: the baseline would tell what 2024 had."""
    line = {"indicator": "tear", "version": "1.0.0", "period": "2025", "n": 300, "adjusted": "0.02"}
    settlement = {"quality": {"lines": [line]}, "inputs": {"results": [line | {"baseline": 0.1234}]}}
    gone = Hidden(frozenset({("tear", "1.0.0", "2024", "VSV-03")}), frozenset(), frozenset())
    assert _hidden_indicators(settlement, "VSV-03", gone) == {"tear"}
    assert _hidden_indicators(settlement, "VSV-04", gone) == set()
    without = {"quality": {"lines": [line]}, "inputs": {"results": [line]}}
    assert _hidden_indicators(without, "VSV-03", gone) == set()


@pytest.mark.parametrize(("network", "told"), [("VSV-15", "alleen de betaling"), ("VSV-07", "verdeeld")])
def test_the_page_says_what_is_left_out(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, network: str, told: str
) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(registry.folder))
    test: AppTest = page("contract", lang="nl", organisation=network, period="2025")
    assert told in text(test)
    assert [button.proto.label for button in test.get("download_button")] == ["Gegevens (JSON)"]
