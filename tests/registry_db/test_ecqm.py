"""Two public quality measures on the test patients of their authors: every count of every population."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from indicators.cohort import membership_select
from indicators.definition import Indicator
from registry_db.records import make_current_view
from registry_db.registry import Registry

pytestmark = pytest.mark.data

CODE_SET = """\
code_set: ecqm
version: 1.0.0
title: {nl: Codes van de testpatiënten, en: Codes of the test patients}
file: {name: codes.csv, list: value_set_name, system: system}
"""
# Codes that the measures name by themselves, in no value set.
SINGLE = """\
,,Other Preventive Visit,http://www.ama-assn.org/go/cpt,99024
,,Other Preventive Visit,http://www.ama-assn.org/go/cpt,99429
,,Other Qualifying Visit,http://www.ama-assn.org/go/cpt,96156
,,Other Qualifying Visit,http://www.ama-assn.org/go/cpt,96158
,,Tobacco Abuse Counseling,http://hl7.org/fhir/sid/icd-10-cm,Z71.6
,,Discharge to Hospice,http://snomed.info/sct,428361000124107
,,Discharge to Hospice,http://snomed.info/sct,428371000124100
,,Answer Yes,http://snomed.info/sct,373066001
"""
DELIVERED = {
    "ecqm-encounter": "resource.csv",
    "ecqm-encounter.patient": "patient.csv",
    "ecqm-encounter.coding": "coding.csv",
    "ecqm-encounter.resource": "resource.csv",
    "ecqm-encounter.resource.coding": "coding.csv",
    "ecqm-encounter.encounter_diagnosis": "encounter_diagnosis.csv",
    "ecqm-encounter.encounter_diagnosis.coding": "coding.csv",
    "ecqm-patient": "case.csv",
    "ecqm-patient.patient": "patient.csv",
    "ecqm-patient.resource": "resource.csv",
    "ecqm-patient.resource.coding": "coding.csv",
    "ecqm-patient.encounter_diagnosis": "encounter_diagnosis.csv",
}
POPULATIONS = {
    "initial-population": "_initial",
    "denominator": "_denominator",
    "denominator-exclusion": "_exclusion",
    "numerator": "_numerator",
}
CMS334, CMS138 = "cms334_ntsv_cesarean", "cms138_tobacco_3rates"
# Indicator, measure, group of the measure, year, and the totals that the authors of the measure expect.
GROUPS = [
    ("cms334", CMS334, "0", 2026, 136, (126, 69, 9, 29)),
    ("cms138-screening", CMS138, "0", 2025, 45, (36, 36, 15, 11)),
    ("cms138-cessation", CMS138, "1", 2025, 45, (36, 17, 7, 6)),
    ("cms138-both", CMS138, "2", 2025, 45, (36, 36, 15, 7)),
]
EVERY_GROUP = pytest.mark.parametrize(("indicator", "measure", "group", "year", "cases", "totals"), GROUPS)


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    """Folder with the test patients."""
    folder = shared / "data" / "ecqm"
    if not folder.is_dir():
        pytest.skip("the test patients are not here: no folder ecqm")
    return folder


@pytest.fixture(scope="module")
def registry(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with the library set, the codes, and all test patients of both measures."""
    work = tmp_path_factory.mktemp("ecqm")
    codes = (folder / "value_set_member.csv").read_text(encoding="utf-8")
    (work / "codes.csv").write_text(codes + SINGLE, encoding="utf-8")
    (work / "ecqm.code-set.yaml").write_text(CODE_SET, encoding="utf-8")
    with Registry.create(work / "registry", library="ecqm") as registry:
        registry.define([work / "ecqm.code-set.yaml"])
        for table, name in DELIVERED.items():
            assert registry.deliver(table, folder / name).quarantined == 0
        registry.run()
        yield registry


def expected(folder: Path, measure: str, group: str) -> dict[tuple[str, str], int]:
    """Count that is expected of each case and population, read without any of the registry."""
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as stream:
        counts: Counter[tuple[str, str]] = Counter()
        for row in csv.DictReader(stream):
            if (row["measure"], row["grp"]) == (measure, group):
                counts[row["case_id"], row["population"]] += int(row["expected_count"])
    return dict(counts)


@EVERY_GROUP
def test_every_count_of_every_case(
    folder: Path,
    registry: Registry,
    indicator: str,
    measure: str,
    group: str,
    year: int,
    cases: int,
    totals: tuple[int, ...],
) -> None:
    wanted = expected(folder, measure, group)
    assert len(wanted) == cases * len(POPULATIONS)
    assert (
        tuple(sum(n for (_, population), n in wanted.items() if population == name) for name in POPULATIONS)
        == totals
    )

    catalogue = registry.catalogue()
    definition = catalogue.get("indicator", indicator).model
    assert isinstance(definition, Indicator)
    dataset = catalogue.dataset(definition.dataset)
    members = membership_select(definition, dataset, make_current_view(registry.con, dataset))
    counted = ", ".join(f"count(*) filter ({flag})" for flag in POPULATIONS.values())
    rows = registry.con.execute(
        f"select case_id, {counted} from ({members}) "
        f"where measure = ? and year({dataset.period.year_of}) = ? group by case_id",
        [measure, year],
    ).fetchall()
    # A case none of whose encounters ends in the year has no record of it, and is in no population.
    found = dict.fromkeys(wanted, 0)
    found |= {(case, name): n for case, *counts in rows for name, n in zip(POPULATIONS, counts, strict=True)}
    assert {case: n for case, n in found.items() if n != wanted[case]} == {}


@EVERY_GROUP
def test_states_of_the_records(
    registry: Registry,
    indicator: str,
    measure: str,
    group: str,
    year: int,
    cases: int,
    totals: tuple[int, ...],
) -> None:
    """The scores count the same: who is excluded is not scored, whatever the outcome."""
    del group, cases
    _, denominator, exclusion, numerator = totals
    rows = registry.con.execute(
        "select state, sum(n) from state where indicator = ? and provider = ? and period = ? group by state",
        [indicator, measure, str(year)],
    ).fetchall()
    states = {state: int(n) for state, n in rows}
    assert states["excluded"] == exclusion
    assert states["met"] == numerator
    assert states["not-met"] == denominator - exclusion - numerator
