"""A settlement names all it was taken from, and a correction of any of it is named by the restatement.

R1 is clinic A, R2 clinic B. What care cost is told in three ways: a column (`paid`), the sum of the bills of
a record (a table of the dataset), and the sum of the drugs of its patient (another dataset).

| record | paid | bills      | drugs of the patient |
|--------|------|------------|----------------------|
| 2023 A | 100  | 60 + 50    | 30                   |
| 2024 A | 80   | 40 + 50    | 10                   |
| 2023 B | 300  | 300        | 5                    |
| 2024 B | 200  | 210        | 5                    |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.restatement import Restatement
from registry_db.catalogue import in_force, stored_definitions
from registry_db.registry import Registry
from tests.contracts import build
from tests.registry_db.build import make_registry, write

CARE = """\
dataset: care
version: 1.0.0
title: {nl: Zorg, en: Care}
source: made up for the tests
key: [id]
provider: clinic
period: {year_of: day}
columns:
  id: {type: text, required: true}
  person: {type: text, identifier: true, required: true}
  clinic: {type: text, required: true}
  day: {type: date, required: true}
  paid: {type: decimal, decimals: 2, range: [0, 100000]}
  fell: {type: boolean, codes: {"1": true, "0": false}}
tables:
  bill:
    link: {id: id}
    columns:
      id: {type: text, required: true}
      amount: {type: decimal, decimals: 2, required: true}
  contact:
    link: {id: id}
    columns:
      id: {type: text, required: true}
      giver: {type: text, required: true}
      on_day: {type: date, required: true}
  drug:
    rows_of: drug
    link: {person: person}
    columns:
      person: {type: text, identifier: true}
      price: {type: decimal}
derive:
  billed: {sum: amount, of: bill}
  drugs: {sum: price, of: drug}
"""
DRUG = """\
dataset: drug
version: 1.0.0
title: {nl: Middelen, en: Drugs}
source: made up for the tests
key: [id]
provider: clinic
period: {year_of: day}
columns:
  id: {type: text, required: true}
  person: {type: text, identifier: true, required: true}
  clinic: {type: text, required: true}
  day: {type: date, required: true}
  price: {type: decimal, decimals: 2, required: true}
"""
REGION = """\
network_set: region
version: 1.0.0
title: {nl: Regio's, en: Regions}
networks:
  R1: {name: One, members: [{provider: A, since: 2020-01-01}]}
  R2: {name: Two, members: [{provider: B, since: 2020-01-01}]}
"""
MOST_CARE = """\
attribution:
  - dataset: care
    plurality:
      of: contact
      provider: giver
      by: on_day
      between: ["add_days(day, -30)", "day"]
      count: true
      counted_per: network
      ties: latest-care-then-lowest-code
"""
FELL = """\
indicator: care-fell
version: 1.0.0
horizon: 2
title: {nl: Gevallen, en: Fell}
why: {nl: Voor de test., en: For the test.}
steward: the tests
sources: [made up for the tests]
dataset: care
unit: region
population: paid >= 0
outcome: {kind: binary, when: fell, better: lower}
show: {unit: percent, decimals: 1}
examples:
  - {given: {paid: 1, fell: true}, expect: {state: met}}
  - {given: {paid: 1, fell: false}, expect: {state: not-met}}
"""
FILES = {
    "a.csv": "id,person,clinic,day,paid,fell\na3,p1,A,2023-03-01,100,0\na4,p2,A,2024-12-31,80,0\n",
    "b.csv": "id,person,clinic,day,paid,fell\nb3,p3,B,2023-03-01,300,0\nb4,p4,B,2024-12-31,200,0\n",
    "bills.csv": "id,amount\na3,60\na3,50\na4,40\na4,50\nb3,300\nb4,210\n",
    "contacts.csv": "id,giver,on_day\na3,A,2023-03-01\na4,A,2024-12-30\nb3,B,2023-02-20\nb4,B,2024-12-24\n",
    "drugs.csv": "id,person,clinic,day,price\n1,p1,P,2023-03-02,30\n2,p2,P,2024-12-31,10\n"
    "3,p3,P,2023-03-02,5\n4,p4,P,2024-12-31,5\n",
}
OF = {
    "a.csv": "care",
    "b.csv": "care",
    "bills.csv": "care.bill",
    "contacts.csv": "care.contact",
    "drugs.csv": "drug",
}
OWN = {
    "kind": "own-history",
    "basis": "per-record",
    "baseline": [{"period": "2023", "weight": 1}],
    "trend": {"rate": 0, "growth": "compound"},
}
ALWAYS = {"dataset care 1.0.0", "network set region 1.0.0", "scores care-fell"}


def _registry(folder: Path, region: str) -> Iterator[Registry]:
    definitions = {
        "care.dataset.yaml": CARE,
        "drug.dataset.yaml": DRUG,
        "region.network.yaml": region,
        "care-fell.indicator.yaml": FELL,
    }
    with Registry(make_registry(folder / "registry", definitions)) as registry:
        for name, text in FILES.items():
            registry.deliver(OF[name], write(folder, text, name))
        registry.score()
        yield registry


@pytest.fixture
def care(tmp_path: Path) -> Iterator[Registry]:
    yield from _registry(tmp_path, REGION)


@pytest.fixture
def most_care(tmp_path: Path) -> Iterator[Registry]:
    yield from _registry(tmp_path, REGION + MOST_CARE)


def _define(care: Registry, column: str, tmp_path: Path, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "contract": "care",
        "parties": {"payers": ["Sun"], "participant": {"network_set": "region", "network": "R1"}},
        "population": {"dataset": "care", "minimum_records": 1, "below_minimum": "no-payment"},
        "years": ["2024"],
        "spending": {"dataset": "care", "column": column, "truncation": "none", "payer_share_above": 1},
        "target": OWN,
        "quality__indicators": [{"indicator": "care-fell", "weight": 1, "attain": {"by": "reporting"}}],
    }
    terms = yaml.safe_dump(build.terms(**{**fields, **changes}), sort_keys=False)
    care.define([write(tmp_path, terms, "care.contract.yaml")])
    care.settle("care")


def _sources(care: Registry) -> tuple[Decimal, set[str]]:
    """Payment, and the names of the sources; deliveries by the name of their file."""
    (row,) = care.settlements().to_dict("records")
    files = {f"delivery {id}": file for file, id in _deliveries(care).items()}
    sources: Mapping[str, str] = json.loads(row["settlement_json"])["inputs"]["sources"]
    assert all(len(hash) == 64 for hash in sources.values())
    return Decimal(str(row["payment"])), {files.get(name, name) for name in sources}


def _deliveries(care: Registry) -> dict[str, str]:
    return care.deliveries().set_index("file_name")["delivery"].to_dict()


def _corrected(care: Registry, tmp_path: Path, name: str, old: str, new: str) -> Restatement:
    """Correct a file; the restatement, which names the two deliveries as its last cause."""
    text = FILES[name]
    assert text.count(old) == 1
    before = _deliveries(care)[name]
    file = write(tmp_path, text.replace(old, new), f"new-{name}")
    after = care.deliver(OF[name], file, replaces=before).delivery
    (again,) = care.settle_again("care")
    found = again.restatement
    assert found is not None
    cause = found.causes[-1]
    assert cause.what == "sources"
    was, now = json.loads(cause.before), json.loads(cause.after)
    differ = {each for each in {**was, **now} if was.get(each) != now.get(each)}
    assert differ == {f"delivery {before}", f"delivery {after}"}
    care.settle("care")
    (row,) = care.restatements().to_dict("records")
    assert json.loads(row["restatement_json"]) == found.to_dict()
    return found


def test_a_column_of_the_records_is_of_their_deliveries_alone(care: Registry, tmp_path: Path) -> None:
    """Half of 100 - 80; the records of R2 play no part."""
    _define(care, "paid", tmp_path)
    assert _sources(care) == (10, {*ALWAYS, "a.csv"})


def test_a_comparison_group_is_a_source_too(care: Registry, tmp_path: Path) -> None:
    """100 times 200 over 300 is 66.67, and 80 was spent: no saving. With 330 then: half of 10."""
    trend = {**OWN, "trend": {"kind": "comparison-group"}}
    _define(care, "paid", tmp_path, target=trend, comparison={"networks": "others"})
    assert _sources(care) == (0, {*ALWAYS, "a.csv", "b.csv"})
    found = _corrected(care, tmp_path, "b.csv", "2024-12-31,200", "2024-12-31,270")
    assert [(cause.what, cause.difference) for cause in found.causes] == [("comparison", 5), ("sources", 0)]


def test_a_correction_in_a_table_of_the_dataset_is_named(care: Registry, tmp_path: Path) -> None:
    """Half of 110 - 90; with a bill of 50 for one of 60 half of 100 - 90."""
    _define(care, "billed", tmp_path)
    assert _sources(care) == (10, {*ALWAYS, "a.csv", "bills.csv"})
    found = _corrected(care, tmp_path, "bills.csv", "a3,60", "a3,50")
    assert found.after.payment == 5
    assert [(cause.what, cause.difference) for cause in found.causes] == [("baselines", -5), ("sources", 0)]


def test_a_correction_in_a_linked_dataset_is_named(care: Registry, tmp_path: Path) -> None:
    """Half of 30 - 10; with a drug of 14 for one of 10 half of 30 - 14."""
    _define(care, "drugs", tmp_path)
    assert _sources(care) == (10, {*ALWAYS, "dataset drug 1.0.0", "a.csv", "drugs.csv"})
    found = _corrected(care, tmp_path, "drugs.csv", "2024-12-31,10", "2024-12-31,14")
    assert found.after.payment == 8
    assert [(cause.what, cause.difference) for cause in found.causes] == [("spending", -2), ("sources", 0)]


def test_a_new_version_of_a_linked_dataset_is_named(care: Registry, tmp_path: Path) -> None:
    _define(care, "drugs", tmp_path)
    text = DRUG.replace("version: 1.0.0", "version: 1.0.1").replace("made up for", "made for")
    care.define([write(tmp_path, text, "drug.dataset.yaml")])
    (again,) = care.settle_again("care")
    assert again.restatement is not None
    (cause,) = again.restatement.causes
    was, now = json.loads(cause.before), json.loads(cause.after)
    assert (cause.what, cause.difference) == ("sources", 0)
    assert set(was) ^ set(now) == {"dataset drug 1.0.0", "dataset drug 1.0.1"}
    hashes = {item.label: item.hash for item in in_force(stored_definitions(care.con)).definitions.values()}
    assert now["dataset drug 1.0.1"] == hashes["dataset drug 1.0.1"]


def test_a_correction_of_who_gave_care_is_named(most_care: Registry, tmp_path: Path) -> None:
    """R1 has a4 of 80 and then also b4 of 200, against 100 each in 2023: half of 200 - 280, so nothing."""
    _define(most_care, "paid", tmp_path)
    assert _sources(most_care) == (10, {*ALWAYS, "a.csv", "contacts.csv"})
    before = _deliveries(most_care)["contacts.csv"]
    text = FILES["contacts.csv"].replace("b4,B", "b4,A")
    most_care.deliver("care.contact", write(tmp_path, text, "new-contacts.csv"), replaces=before)
    (again,) = most_care.settle_again("care")
    assert again.restatement is not None
    assert (again.restatement.after.inputs.records, again.restatement.after.payment) == (2, 0)
    cause = again.restatement.causes[-1]
    named = set(json.loads(cause.before)) ^ set(json.loads(cause.after))
    known = _deliveries(most_care)
    # b.csv now holds a record of R1
    expected = ("contacts.csv", "new-contacts.csv", "b.csv")
    assert named == {f"delivery {known[name]}" for name in expected}
