"""Tables of the test patients of ten measures, out of the files of their authors.

    python tests/registry_db/ecqm/flatten.py CHECKOUT FOLDER

CHECKOUT is a checkout of https://github.com/cqframework/ecqm-content-qicore-2024. For each measure this reads
the resources of every case (``input/tests/measure/MEASURE/CASE/*.json``) and the value sets
(``bundles/measure/MEASURE/MEASURE-files/valuesets-MEASURE-bundle.json``). The counts in ``docs/ecqm.md`` are
of commit 9ebd48ffebf2ed2489f3904cc8393ebf8979bfc9. The licence of the repository is CC0 1.0 (its LICENSE);
codes in the value sets, such as those of CPT, LOINC and SNOMED CT, have licences of their own.

FOLDER gets the CSV files that ``tests/registry_db/test_ecqm_family.py`` reads: a row for each resource, and
for each of its codes. What a measure makes of them stands in the definitions.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Row = dict[str, Any]
Tables = defaultdict[str, list[Row]]

MEASURES = {
    "cms2": "PCSDepressionScreenAndFollowUpFHIR",
    "cms104": "CMS104FHIRSTKDCAntithrombotic",
    "cms117": "ChildhoodImmunizationStatusFHIR",
    "cms122": "DiabetesGlycemicStatusAssessmentGreaterThan9PercentFHIR",
    "cms124": "CervicalCancerScreeningFHIR",
    "cms128": "AntidepressantMedicationManagementFHIR",
    "cms130": "ColonCancerScreeningFHIR",
    "cms165": "ControllingHighBloodPressureFHIR",
    "cms349": "HIVScreeningFHIR",
    "cms871": "CMS871HHHyperFHIR",
}
# Of these the measures ask nothing more.
NOT_CARE = {"MeasureReport", "Patient", "Practitioner", "Organization", "Coverage", "Location", "Medication"}
PERIODS = ("period", "effectivePeriod", "performedPeriod")
INSTANTS = ("effectiveDateTime", "performedDateTime", "occurrenceDateTime")
STARTS = ("onsetDateTime", "whenHandedOver", "authoredOn")
# The role that a code has in a resource, by the element in which it stands.
ROLES = {
    "type": "type",
    "code": "code",
    "codeCodeableConcept": "code",
    "vaccineCode": "code",
    "medicationCodeableConcept": "medication",
    "valueCodeableConcept": "value",
    "reasonCode": "reason",
}


def at(node: Any, *path: str | int) -> Any:
    """What stands at a path of names and positions; None if nothing does."""
    for step in path:
        if isinstance(step, int):
            node = node[step] if isinstance(node, list) and step < len(node) else None
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node


def moment(text: str | None) -> str | None:
    """A date as its first moment; a moment as it is."""
    return text if text is None or "T" in text else f"{text}T00:00:00Z"


def id_of(reference: str | None) -> str | None:
    """The id in a reference such as Condition/12."""
    return reference.rpartition("/")[2] if reference else None


def start_and_end(resource: Json) -> tuple[str | None, str | None]:
    """When a resource began and ended; an order begins when it is written, and has no end."""
    for name in PERIODS:
        if name in resource:
            return moment(resource[name].get("start")), moment(resource[name].get("end"))
    for name in INSTANTS:
        if name in resource:
            return moment(resource[name]), moment(resource[name])
    # Of a test that was not done only the time of writing is known.
    names = (*STARTS, "issued") if resource.get("status") == "cancelled" else STARTS
    start = next((resource[name] for name in names if name in resource), None)
    return moment(start), moment(resource.get("abatementDateTime"))


def not_to_be_done(resource: Json) -> bool | None:
    """Whether an order says that something must not be done; a device's order says it in an extension."""
    for extension in resource.get("modifierExtension", []):
        if extension["url"].endswith("doNotPerform"):
            return bool(extension["valueBoolean"])
    return resource.get("doNotPerform")


def dosing(resource: Json) -> Row:
    """How much of a medicine is ordered or handed over, and how it is to be taken."""
    order, instruction = resource.get("dispenseRequest"), at(resource, "dosageInstruction", 0)
    repeat = at(instruction, "timing", "repeat")
    return {
        "supply_days": at(resource.get("daysSupply") or at(order, "expectedSupplyDuration"), "value"),
        "repeats": at(order, "numberOfRepeatsAllowed"),
        "quantity": at(resource.get("quantity") or at(order, "quantity"), "value"),
        "dose": at(instruction, "doseAndRate", 0, "doseQuantity", "value"),
        "frequency": at(repeat, "frequency"),
        "per": at(repeat, "period"),
        "per_unit": at(repeat, "periodUnit"),
        "bounds_start": moment(at(repeat, "boundsPeriod", "start")),
        "bounds_end": moment(at(repeat, "boundsPeriod", "end")),
    }


def resource_row(resource: Json) -> Row:
    """What the measures ask of a resource, beside its codes."""
    start, end = start_and_end(resource)
    return {
        "status": resource.get("status"),
        "verification_status": at(resource, "verificationStatus", "coding", 0, "code"),
        "clinical_status": at(resource, "clinicalStatus", "coding", 0, "code"),
        "class": at(resource, "class", "code"),
        "category": at(next(codings(resource.get("category")), None), "code"),
        "intent": resource.get("intent"),
        "start_ts": start,
        "end_ts": end,
        "value_num": resource.get("valueInteger", at(resource, "valueQuantity", "value")),
        "has_value": any(name.startswith("value") for name in resource) or None,
        "encounter_id": id_of(at(resource, "encounter", "reference")),
        "discharge_disposition": at(resource, "hospitalization", "dischargeDisposition", "coding", 0, "code"),
        "do_not_perform": not_to_be_done(resource),
        **dosing(resource),
    }


def codings(concepts: Any) -> Iterator[Json]:
    """Every code of one concept or of several."""
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        yield from at(concept, "coding") or []


def coding_rows(resource: Json) -> Iterator[Row]:
    """Every code of a resource, in its role."""
    concepts = [(role, resource.get(name)) for name, role in ROLES.items()]
    concepts.append(("discharge", at(resource, "hospitalization", "dischargeDisposition")))
    concepts += [("extension", at(each, "valueCodeableConcept")) for each in resource.get("extension", [])]
    for role, found in concepts:
        for coding in codings(found):
            yield {"role": role, "system": coding.get("system"), "code": coding.get("code")}


def component_rows(resource: Json) -> Iterator[Row]:
    """The parts of an observation, such as the two pressures of blood."""
    for component in resource.get("component", []):
        for coding in codings(component["code"]):
            value = at(component, "valueQuantity", "value")
            yield {"system": coding.get("system"), "code": coding.get("code"), "value_num": value}


def diagnosis_rows(encounter: Json) -> Iterator[Row]:
    """The conditions for which an encounter was, with their rank where it has one."""
    for diagnosis in encounter.get("diagnosis", []):
        condition = id_of(at(diagnosis, "condition", "reference"))
        yield {"encounter_id": encounter["id"], "condition_id": condition, "rank": diagnosis.get("rank")}


def expected_rows(report: Json) -> Iterator[Row]:
    """The count of every population of every group that the authors expect."""
    for number, group in enumerate(report["group"]):
        for population in group["population"]:
            name = at(population, "code", "coding", 0, "code")
            yield {"grp": number, "population": name, "expected_count": population.get("count", 0)}


def add_case(tables: Tables, measure: str, folder: Path) -> None:
    """Add the rows of one case to every table."""
    key = {"measure": measure, "case_id": folder.name}
    resources = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    [report] = [each for each in resources if each["resourceType"] == "MeasureReport"]
    [patient] = [each for each in resources if each["resourceType"] == "Patient"]
    period = {f"period_{end}": report["period"][end][:10] for end in ("start", "end")}
    tables["case"].append(key | period)
    tables["expected"] += [key | row for row in expected_rows(report)]
    person = {"gender": patient.get("gender"), "birth_date": patient.get("birthDate")}
    tables["patient"].append(key | person | {"deceased": moment(patient.get("deceasedDateTime"))})
    for resource in resources:
        if (kind := resource["resourceType"]) in NOT_CARE:
            continue
        owner = key | {"resource_type": kind, "resource_id": resource["id"]}
        tables["resource"].append(owner | resource_row(resource))
        tables["coding"] += [owner | row for row in coding_rows(resource)]
        tables["component"] += [owner | row for row in component_rows(resource)]
        if kind == "Encounter":
            tables["encounter_diagnosis"] += [key | row for row in diagnosis_rows(resource)]


def members(file: Path, used: set[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Name, system and code of the members of value sets that a case has; before those, each name alone."""
    for entry in json.loads(file.read_text(encoding="utf-8"))["entry"]:
        value_set = entry["resource"]
        name = value_set.get("title") or value_set["name"]
        yield name, "", ""
        for member in at(value_set, "expansion", "contains") or []:
            if (member["system"], member["code"]) in used:
                yield name, member["system"], member["code"]


def inside(checkout: Path, *names: str) -> Path:
    """What a checkout must hold."""
    if not (path := checkout.joinpath(*names)).exists():
        sys.exit(f"{checkout} is no whole checkout of ecqm-content-qicore-2024: it does not hold {path}")
    return path


def flatten(checkout: Path) -> Tables:
    """Every table of every measure, by name."""
    tables: Tables = defaultdict(list)
    for measure, name in MEASURES.items():
        for case in sorted(inside(checkout, "input", "tests", "measure", name).iterdir()):
            if case.is_dir():
                add_case(tables, measure, case)
    used = {(row["system"], row["code"]) for row in tables["coding"]}
    found: set[tuple[str, str, str]] = set()
    for name in MEASURES.values():
        bundle = f"valuesets-{name}-bundle.json"
        found.update(members(inside(checkout, "bundles", "measure", name, f"{name}-files", bundle), used))
    tables["value_set_member"] = [
        {"value_set_name": name, "system": system, "code": code} for name, system, code in sorted(found)
    ]
    return tables


def write(folder: Path, tables: Tables) -> None:
    """Write a CSV file for each table, with true and false as FHIR writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow({k: str(v).lower() if isinstance(v, bool) else v for k, v in row.items()})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tests/registry_db/ecqm/flatten.py CHECKOUT FOLDER")
    write(Path(sys.argv[2]), flatten(Path(sys.argv[1])))
