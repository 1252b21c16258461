"""The edges of the two public quality measures, on cases made up here: where a minute or a day decides.

The test patients of the authors come to few edges; what is expected here follows from the measures' words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import yaml

from indicators.cohort import membership_select
from indicators.definition import Indicator
from registry_db.library import library_files
from registry_db.records import make_current_view
from registry_db.registry import Registry

LOINC = "http://loinc.org"
Row = Mapping[str, str]
HEADERS = {
    "case": ["measure", "case_id", "series", "title", "period_start", "period_end"],
    "patient": ["measure", "case_id", "gender", "birth_date", "deceased"],
    "resource": [
        *("measure", "case_id", "resource_type", "resource_id", "status", "verification_status", "class"),
        *("category", "intent", "start_ts", "end_ts", "value_num", "value_unit", "value_code", "value_ts"),
        *("encounter_id", "discharge_disposition", "do_not_perform"),
    ],
    "coding": ["measure", "case_id", "resource_id", "role", "system", "code"],
    "encounter_diagnosis": ["measure", "case_id", "encounter_id", "condition_id", "use", "rank", "poa"],
}
DELIVERED = {
    "ecqm-encounter": "resource",
    "ecqm-encounter.patient": "patient",
    "ecqm-encounter.coding": "coding",
    "ecqm-encounter.resource": "resource",
    "ecqm-encounter.resource.coding": "coding",
    "ecqm-encounter.encounter_diagnosis": "encounter_diagnosis",
    "ecqm-encounter.encounter_diagnosis.coding": "coding",
    "ecqm-patient": "case",
    "ecqm-patient.patient": "patient",
    "ecqm-patient.resource": "resource",
    "ecqm-patient.resource.coding": "coding",
}


@dataclass
class Case:
    """A made-up patient: birth date, resources by name, each with the codes that it has."""

    name: str
    born: str = "1996-06-08"
    resources: dict[str, tuple[Row, tuple[tuple[str, str], ...]]] = field(default_factory=dict)

    def add(self, name: str, kind: str, *codes: tuple[str, str], **values: str) -> Case:
        """Add a resource, or put another in its place."""
        self.resources[name] = ({"resource_type": kind, **values}, codes)
        return self

    def seen(self, name: str, code: str, at: str, number: str = "", **values: str) -> Case:
        """Add an observation."""
        values = {"status": "final", "start_ts": at, "value_num": number} | values
        return self.add(name, "Observation", ("code", code), **values)


def birth(name: str, born: str = "1996-06-08") -> Case:
    """A first birth of one child at 38 weeks, by caesarean in the evening of the day of admission."""
    return (
        Case(name, born)
        .add("stay", "Encounter", ("type", "Encounter Inpatient"), status="finished",
             start_ts="2026-06-08T08:00:00Z", end_ts="2026-06-10T08:00:00Z")
        .add("birth", "Procedure", ("code", "Delivery Procedures"), ("code", "Cesarean Birth"),
             status="completed", start_ts="2026-06-08T20:00:00Z", end_ts="2026-06-08T21:00:00Z")
        .add("time", "Observation", ("code", "93857-1"), status="final",
             start_ts="2026-06-08T20:30:00Z", value_ts="2026-06-08T20:00:00Z")
        .add("single", "Condition", ("code", "Delivery of Singleton"))
        .seen("weeks", "Estimated Gestational Age at Delivery", "2026-06-08T09:00:00Z", "38", value_unit="wk")
        .seen("gravida", "11996-6", "2026-06-08T09:00:00Z", "1")
    )  # fmt: skip


ADULT = "1980-01-01"


def smoker(name: str, born: str = ADULT) -> Case:
    """Someone who was seen once to prevent disease, smokes, and was not helped."""
    case = Case(name, born).add(
        "visit", "Encounter", ("type", "Annual Wellness Visit"), status="finished",
        start_ts="2025-05-01T10:00:00Z", end_ts="2025-05-01T10:30:00Z",
    )  # fmt: skip
    return case.add(
        "screened", "Observation", ("code", "Tobacco Use Screening"), ("value", "Tobacco User"),
        status="final", category="survey", start_ts="2025-05-01T10:10:00Z",
    )  # fmt: skip


def prescribed(name: str, at: str, **values: str) -> Case:
    values = {"status": "active", "intent": "order", "start_ts": at} | values
    code = ("medication", "Tobacco Use Cessation Pharmacotherapy")
    return smoker(name).add("prescription", "MedicationRequest", code, **values)


def stay_after(name: str, ended: str, **values: str) -> Case:
    """A caesarean an hour after a visit began that ended before the admission at eight."""
    case = birth(name).add(
        "birth", "Procedure", ("code", "Delivery Procedures"), ("code", "Cesarean Birth"),
        status="completed", start_ts="2026-06-08T02:00:00Z", end_ts="2026-06-08T03:00:00Z",
    )  # fmt: skip
    codes = () if values else (("type", "Observation Services"),)
    values = {"status": "finished", "start_ts": "2026-06-08T01:00:00Z", "end_ts": ended} | values
    return case.add("visit", "Encounter", *codes, **values)


ALL, NONE = (1, 1, 0, 1), (0, 0, 0, 0)
NOT_COUNTED, EXCLUDED, VAGINAL = (1, 0, 0, 0), (1, 1, 1, 0), (1, 1, 0, 0)
# A case, and in which populations it is: initial, denominator, exclusion, numerator.
BIRTHS = [
    (birth("as it is"), ALL),
    (birth("8 today", "2018-06-08"), ALL),
    (birth("8 tomorrow", "2018-06-09"), NONE),
    (birth("65 tomorrow", "1961-06-09"), ALL),
    (birth("65 today", "1961-06-08"), NONE),
    (birth("42 weeks").seen("gravida", "11996-6", "2025-08-18T20:00:00Z", "1"), ALL),
    (birth("42 weeks and a second").seen("gravida", "11996-6", "2025-08-18T19:59:59Z", "1"), NOT_COUNTED),
    (birth("just before").seen("gravida", "11996-6", "2026-06-08T19:59:59Z", "1"), ALL),
    (birth("at the delivery").seen("gravida", "11996-6", "2026-06-08T20:00:00Z", "1"), NOT_COUNTED),
    (birth("last is 2").seen("later", "11996-6", "2026-06-08T10:00:00Z", "2"), NOT_COUNTED),
    (birth("last has no value").seen("later", "11996-6", "2026-06-08T10:00:00Z"), ALL),
    (birth("not final").seen("later", "11996-6", "2026-06-08T10:00:00Z", "2", status="preliminary"), ALL),
    (birth("no births before").seen("gravida", "11977-6", "2026-06-08T09:00:00Z", "0"), ALL),
    (birth("one kind of birth known").seen("gravida", "11637-6", "2026-06-08T09:00:00Z", "0"), NOT_COUNTED),
    (
        birth("neither kind")
        .seen("gravida", "11637-6", "2026-06-08T09:00:00Z", "0")
        .seen("term", "11639-2", "2026-06-08T09:00:00Z", "0"),
        ALL,
    ),
    *(
        (
            birth(f"weeks {number} {unit} at {at}").seen(
                "weeks", "Estimated Gestational Age at Delivery", at, number, value_unit=unit
            ),
            found,
        )
        for number, unit, at, found in [
            ("37", "wk", "2026-06-08T09:00:00Z", ALL),
            ("36.9", "wk", "2026-06-08T09:00:00Z", NOT_COUNTED),
            ("37", "cm", "2026-06-08T09:00:00Z", NOT_COUNTED),
            ("37", "", "2026-06-08T09:00:00Z", NOT_COUNTED),
            ("38", "wk", "2026-06-07T20:00:00Z", ALL),
            ("38", "wk", "2026-06-07T19:59:59Z", NOT_COUNTED),
            ("38", "wk", "2026-06-08T23:59:59Z", ALL),
            ("38", "wk", "2026-06-09T00:00:00Z", NOT_COUNTED),
        ]
    ),
    *(
        (
            birth(f"due on {day}").seen("due", "11778-8", "2026-01-01T00:00:00Z", value_ts=f"{day}T00:00Z"),
            found,
        )
        for day, found in [("2026-06-29", ALL), ("2026-06-30", NOT_COUNTED)]  # in 21 and 22 days
    ),
    (stay_after("an hour before", "2026-06-08T07:00:00Z"), ALL),
    (stay_after("more than an hour before", "2026-06-08T06:59:59Z"), NONE),
    (stay_after("after admission", "2026-06-08T08:00:01Z"), NONE),
    (stay_after("emergency", "2026-06-08T07:00:00Z", **{"class": "EMER"}), ALL),
    (stay_after("ambulatory", "2026-06-08T07:00:00Z", **{"class": "AMB"}), NONE),
    (
        birth("ended after discharge").add(
            "birth", "Procedure", ("code", "Delivery Procedures"), ("code", "Cesarean Birth"),
            status="completed", start_ts="2026-06-08T20:00:00Z", end_ts="2026-06-10T08:00:01Z",
        ),
        VAGINAL,
    ),
    (
        birth("not completed").add(
            "birth", "Procedure", ("code", "Delivery Procedures"), ("code", "Cesarean Birth"),
            status="in-progress", start_ts="2026-06-08T20:00:00Z",
        ),
        NONE,
    ),
    (birth("breech at delivery").seen("lie", "Abnormal Presentation", "2026-06-08T20:00:00Z"), EXCLUDED),
    (birth("breech after delivery").seen("lie", "Abnormal Presentation", "2026-06-08T20:00:01Z"), ALL),
    (birth("breech before the stay").seen("lie", "Abnormal Presentation", "2026-06-08T07:59:59Z"), ALL),
    (birth("herpes").add("herpes", "Condition", ("code", "Genital Herpes")), EXCLUDED),
]  # fmt: skip
HELP = [
    (smoker("not helped"), VAGINAL),
    (smoker("12 on the first day", "2013-01-01"), VAGINAL),
    (smoker("12 on the second day", "2013-01-02"), NONE),
    (prescribed("six months before", "2024-07-01T00:00:00Z"), ALL),
    (prescribed("earlier", "2024-06-30T23:59:59Z"), VAGINAL),
    (prescribed("last second", "2025-12-31T23:59:59Z"), ALL),
    (prescribed("the year after", "2026-01-01T00:00:00Z"), VAGINAL),
    (prescribed("not to be given", "2025-05-01T10:00:00Z", do_not_perform="true"), VAGINAL),
    (prescribed("a plan", "2025-05-01T10:00:00Z", intent="plan"), VAGINAL),
    (
        prescribed("in hospice", "2025-05-01T10:00:00Z").add(
            "hospice", "Procedure", ("code", "Hospice Care Ambulatory"), status="completed",
            start_ts="2024-12-01T10:00:00Z", end_ts="2025-01-01T00:00:00Z",
        ),
        EXCLUDED,
    ),
    (
        prescribed("hospice ended before", "2025-05-01T10:00:00Z").add(
            "hospice", "Procedure", ("code", "Hospice Care Ambulatory"), status="completed",
            start_ts="2024-12-01T10:00:00Z", end_ts="2024-12-31T23:59:59Z",
        ),
        ALL,
    ),
    (
        smoker("stopped since").add(
            "again", "Observation", ("code", "Tobacco Use Screening"), ("value", "Tobacco Non User"),
            status="final", category="survey", start_ts="2025-11-01T10:10:00Z",
        ),
        NOT_COUNTED,
    ),
]  # fmt: skip


def tables(cases: list[Case]) -> dict[str, list[Row]]:
    """Rows of every file."""
    found: dict[str, list[Row]] = {name: [] for name in HEADERS}
    for case in cases:
        about = {"measure": "made-up", "case_id": case.name}
        found["case"].append(about | {"period_start": "2025-01-01", "period_end": "2025-12-31"})
        found["patient"].append(about | {"birth_date": case.born})
        for name, (values, codes) in case.resources.items():
            found["resource"].append(about | {"resource_id": name} | values)
            for role, code in codes:
                system = LOINC if code[:1].isdigit() else "made-up"
                coding = {"resource_id": name, "role": role, "system": system, "code": code}
                found["coding"].append(about | coding)
            if values["resource_type"] == "Condition":
                found["encounter_diagnosis"].append(about | {"encounter_id": "stay", "condition_id": name})
    return found


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with the library set, its lists filled with a code named as the list, and all cases."""
    work = tmp_path_factory.mktemp("edges")
    shipped = next(file for file in library_files("ecqm") if file.name == "ecqm.code-set.yaml")
    codes = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    codes |= {"version": "1.0.0", "status": "active"}
    codes["lists"] = {name: [{"system": "made-up", "code": name}] for name in codes["lists"]}
    (work / shipped.name).write_text(yaml.safe_dump(codes, allow_unicode=True), encoding="utf-8")
    with Registry.create(work / "registry", library="ecqm") as registry:
        registry.define([work / shipped.name])
        for name, rows in tables([case for case, _ in BIRTHS + HELP]).items():
            with (work / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, HEADERS[name])
                writer.writeheader()
                writer.writerows(rows)
        for table, name in DELIVERED.items():
            assert registry.deliver(table, work / f"{name}.csv").quarantined == 0
        yield registry


def counted(registry: Registry, indicator: str) -> dict[str, tuple[int, ...]]:
    """In which populations each case is: initial, denominator, exclusion, numerator."""
    catalogue = registry.catalogue()
    definition = catalogue.get("indicator", indicator).model
    assert isinstance(definition, Indicator)
    dataset = catalogue.dataset(definition.dataset)
    members = membership_select(definition, dataset, make_current_view(registry.con, dataset))
    flags = ", ".join(
        f"sum({flag}::integer)" for flag in ("_initial", "_denominator", "_exclusion", "_numerator")
    )
    rows = registry.con.execute(f"select case_id, {flags} from ({members}) group by case_id").fetchall()
    return {case: tuple(map(int, counts)) for case, *counts in rows}


@pytest.mark.parametrize(("case", "populations"), BIRTHS, ids=lambda value: getattr(value, "name", ""))
def test_births(registry: Registry, case: Case, populations: tuple[int, ...]) -> None:
    assert counted(registry, "cms334")[case.name] == populations


@pytest.mark.parametrize(("case", "populations"), HELP, ids=lambda value: getattr(value, "name", ""))
def test_help_to_stop(registry: Registry, case: Case, populations: tuple[int, ...]) -> None:
    assert counted(registry, "cms138-cessation")[case.name] == populations
