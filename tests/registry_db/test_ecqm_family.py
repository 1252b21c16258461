"""Other measures of the family on the test patients of their authors: definitions alone, and no code."""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from indicators.cohort import membership_select
from indicators.definition import Indicator
from indicators.expression import parse, to_sql
from registry_db.records import make_current_view
from registry_db.registry import Registry
from tests.conftest import SHARED

HERE = Path(__file__).parent / "ecqm"
FOLDER = "MEETLAT_ECQM_FAMILY"
POPULATIONS = {
    "initial-population": "_initial",
    "denominator": "_denominator",
    "denominator-exclusion": "_exclusion",
    "denominator-exception": "_exception",
    "numerator": "_numerator",
}
# Of a ratio of events to days, what is summed over the numerator, and over the denominator.
OBSERVED = {"denominator-observation": "_denominator", "numerator-observation": "_numerator"}
PATIENTS = {
    "": "case",
    ".patient": "patient",
    ".resource": "resource",
    ".resource.coding": "coding",
    ".resource.component": "component",
}
STAYS = {**PATIENTS, "": "resource", ".coding": "coding", ".diagnosis": "encounter_diagnosis"}
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
# Codes that the measures name by themselves, in no value set.
SINGLE = [
    ("Asks Hospice", LOINC, "45755-6"),
    ("Asks Palliative", LOINC, "71007-9"),
    ("Asks Equipment", LOINC, "98181-1"),
    ("Asks Housing", LOINC, "71802-3"),
    ("Lives In Nursing Home", SNOMED, "160734000"),
    ("Answer Yes", SNOMED, "373066001"),
    ("Glucose management indicator", LOINC, "97506-0"),
    ("HIV tests", LOINC, "75622-1"),
    ("Blood Pressure", LOINC, "85354-9"),
    ("Adolescent screening", LOINC, "73831-0"),
    ("Adult screening", LOINC, "73832-8"),
    ("Screening negative", SNOMED, "428171000124102"),
    ("Screening positive", SNOMED, "428181000124104"),
    ("Screening declined", SNOMED, "720834000"),
    ("Short Visit", "http://www.ama-assn.org/go/cpt", "99211"),
    ("Newborn dose", "http://www.cms.gov/Medicare/Coding/ICD10", "3E0234Z"),
    ("Rotavirus monovalent", "http://hl7.org/fhir/sid/cvx", "119"),
    ("No polio", SNOMED, "471321000124106"),
    ("No MMR", SNOMED, "471331000124109"),
    ("No Hib", SNOMED, "433621000124101"),
    ("No hepatitis B", SNOMED, "428321000124101"),
    ("No varicella", SNOMED, "471341000124104"),
    ("No pneumococcal", SNOMED, "471141000124102"),
    ("No hepatitis A", SNOMED, "471311000124103"),
    ("No rotavirus", SNOMED, "428331000124103"),
    ("No influenza", SNOMED, "471361000124100"),
]
# Measure, how many cases, and in how many cases every count of every population is as its authors expect.
MEASURES = [
    ("cms2", 34, 34),
    ("cms104", 82, 82),
    ("cms117", 32, 32),
    # Of two cases the file holds a concept where the title says a number.
    ("cms122", 43, 41),
    ("cms124", 29, 29),
    ("cms128", 26, 26),
    ("cms130", 58, 58),
    ("cms165", 60, 60),
    ("cms349", 33, 33),
    ("cms871", 10, 10),
]


def definitions(measure: str) -> dict[str, dict[str, Any]]:
    """A dataset and an indicator for each group of a measure."""
    base, shared, own = (_read(name) for name in ("base", "shared", measure))
    id = f"family-{measure}"
    dataset: dict[str, Any] = {
        "dataset": id,
        "version": "1.0.0",
        "title": {"nl": measure, "en": measure},
        "source": "test patients of the authors of the measure",
        **base,
    }
    resource = dataset["tables"]["resource"]
    parts = [*(shared[name] for name in own.get("with", ())), own]
    if own.get("grain") == "encounter":
        stay = _read("encounter")
        parts.insert(0, {name: stay.pop(name) for name in ("is", "derive")})
        dataset |= {**stay, "tables": base["tables"] | stay["tables"], "derive": {}}
        dataset["derive"] |= _listed(own["is_of_encounter"])
        dataset["tables"]["diagnosis"]["derive"] = _listed(own.get("is_of_diagnosis", {}))
    for part in parts:
        resource["derive"] |= _listed(part.get("is", {}))
        resource["tables"] |= part.get("tables", {})
        resource["derive"] |= part.get("resource", {})
        dataset["derive"] |= part.get("derive", {})
    dataset = json.loads(json.dumps(dataset).replace("FAMILY", id))
    made = {f"{id}.dataset.yaml": dataset}
    for number, group in enumerate(own["groups"]):
        made[f"{id}-{number}.indicator.yaml"] = _indicator(id, number, group)
    return made


def _listed(lists: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
    """A column for each that says whether a row has a code of one of some lists, in a role."""
    found = {}
    for name, (role, *names) in lists.items():
        listed = " or ".join(f"in_set(code, system, 'family/{each}')" for each in names)
        found[name] = {"any": True, "of": "coding", "where": f"role = '{role}' and ({listed})"}
    return found


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def _indicator(dataset: str, number: int, group: dict[str, str]) -> dict[str, Any]:
    why = {"nl": "volgens de maat", "en": "as the measure says"}
    excepted = [{"when": group["except"], "why": why}] if "except" in group else []
    return {
        "indicator": f"{dataset}-{number}",
        "version": "1.0.0",
        "status": "draft",
        "horizon": 1,
        "title": {"nl": dataset, "en": dataset},
        "why": why,
        "steward": "the authors of the measure",
        "sources": ["the measure"],
        "dataset": dataset,
        "population": group["population"],
        "exclude": [{"when": group["exclude"], "why": why}],
        "except": excepted,
        "outcome": {"kind": "binary", "when": group["when"], "better": "higher"},
        "show": {"unit": "percent", "decimals": 1},
        "examples": [{"given": {}, "expect": {"state": "missing"}}],
    }


def codes(rows: Iterator[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Lists of codes by name, with those that stand in no value set; a list may be empty."""
    lists: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        listed = lists.setdefault(row["value_set_name"], [])
        if row["code"]:
            listed.append({"system": row["system"], "code": row["code"]})
    for name, system, code in SINGLE:
        lists.setdefault(name, []).append({"system": system, "code": code})
    return lists


@pytest.fixture(scope="module")
def folder() -> Path:
    """Folder with the test patients of the family: one that is named must be there."""
    named = os.environ.get(FOLDER)
    folder = Path(named) if named else SHARED / "data" / "ecqm-family"
    if not named and not folder.is_dir():
        pytest.skip(
            "the test patients are not here: run `python tests/registry_db/ecqm/flatten.py CHECKOUT FOLDER` "
            f"on a checkout of github.com/cqframework/ecqm-content-qicore-2024, and set {FOLDER}=FOLDER"
        )
    return folder


@pytest.fixture(scope="module")
def registry(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with the definitions of all measures."""
    with (folder / "value_set_member.csv").open(encoding="utf-8", newline="") as stream:
        lists = codes(iter(csv.DictReader(stream)))
    with defined(tmp_path_factory.mktemp("family"), lists) as registry:
        yield registry


def defined(work: Path, lists: dict[str, list[dict[str, str]]]) -> Registry:
    """Make a registry with the definitions of all measures and lists of codes."""
    title = {"nl": "Codes", "en": "Codes"}
    files = {
        "family.code-set.yaml": {"code_set": "family", "version": "1.0.0", "title": title, "lists": lists}
    }
    for measure, *_ in MEASURES:
        files |= definitions(measure)
    for name, content in files.items():
        (work / name).write_text(json.dumps(content, indent=1), encoding="utf-8")  # which is YAML
    registry = Registry.create(work / "registry", name="Family")
    registry.define(sorted(work / name for name in files))
    return registry


def test_the_definitions_are_right(tmp_path: Path) -> None:
    """Without a code and without a patient: everything that they say is of the language."""
    said = "".join(json.dumps(definitions(measure)) for measure, *_ in MEASURES)
    lists: dict[str, list[dict[str, str]]] = {name: [] for name in re.findall("'family/(.*?)'", said)}
    assert len(lists) > 60
    with defined(tmp_path, lists) as registry:
        [scored] = registry.score("family-cms128-1")
    assert scored.periods == ()


@pytest.mark.data
@pytest.mark.parametrize(("measure", "cases", "right"), MEASURES)
def test_every_count_of_every_case(
    folder: Path, registry: Registry, tmp_path: Path, measure: str, cases: int, right: int
) -> None:
    own = _read(measure)
    for table, name in (STAYS if own.get("grain") == "encounter" else PATIENTS).items():
        kept = _of_measure(folder / f"{name}.csv", tmp_path, measure)
        assert registry.deliver(f"family-{measure}{table}", kept).quarantined == 0
    wanted = _expected(folder, measure)
    wrong: dict[str, str] = {}
    for group in sorted({group for _, group, _ in wanted}):
        found = _found(registry, measure, group, own.get("year", 2025))
        for (case, of, population), count in wanted.items():
            if of == group and found.get((case, population), 0) != count:
                wrong[case] = f"{group} {population}: {count} wanted"
    assert len({case for case, _, _ in wanted}) == cases
    assert cases - len(wrong) == right, wrong


def _of_measure(file: Path, folder: Path, measure: str) -> Path:
    header, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = folder / file.name
    kept.write_text(
        header + "".join(line for line in lines if line.startswith(f"{measure},")), encoding="utf-8"
    )
    return kept


def _expected(folder: Path, measure: str) -> dict[tuple[str, str, str], int]:
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as stream:
        counts: Counter[tuple[str, str, str]] = Counter()
        for row in csv.DictReader(stream):
            if row["measure"] == measure:
                counts[row["case_id"], row["grp"], row["population"]] += int(row["expected_count"])
    return dict(counts)


def _found(registry: Registry, measure: str, group: str, year: int) -> dict[tuple[str, str], int]:
    catalogue = registry.catalogue()
    indicator = catalogue.get("indicator", f"family-{measure}-{group}").model
    assert isinstance(indicator, Indicator)
    dataset = catalogue.dataset(indicator.dataset)
    members = membership_select(indicator, dataset, make_current_view(registry.con, dataset))
    counted = ", ".join(f"count(*) filter ({flag})" for flag in POPULATIONS.values())
    for name, flag in OBSERVED.items():
        text = _read(measure)["groups"][int(group)].get(name, "0")
        value = to_sql(parse(text, dataset.types, "number"))
        counted += f", cast(coalesce(sum({value}) filter ({flag} and not _exclusion), 0) as int)"
    within = f"year({dataset.period.year_of}) = {year}"
    rows = registry.con.execute(
        f"select case_id, {counted} from ({members}) where {within} group by case_id"
    ).fetchall()
    return {
        (case, name): n
        for case, *counts in rows
        for name, n in zip((*POPULATIONS, *OBSERVED), counts, strict=True)
    }
