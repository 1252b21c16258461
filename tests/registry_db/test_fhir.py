"""FHIR R4: read by two libraries that we did not write, codes held against tables of the specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.measure import Measure
from fhir.resources.R4B.measurereport import MeasureReport
from fhirclient.models.measure import Measure as StrictMeasure
from fhirclient.models.measurereport import MeasureReport as StrictReport

from registry_db.lifecycle import Decision
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, make_registry, text, visits, write
from tests.registry_db.test_subgroups import STRATIFIED

# The whole of the code systems that R4 binds these elements to (hl7.org/fhir/R4, terminology pages).
POPULATIONS = {
    "initial-population", "numerator", "numerator-exclusion", "denominator", "denominator-exclusion",
    "denominator-exception", "measure-population", "measure-population-exclusion", "measure-observation",
}  # fmt: skip
CODES = {
    "scoring": {"proportion", "ratio", "continuous-variable", "cohort"},
    "improvementNotation": {"increase", "decrease"},
}
TYPES = {"process", "outcome", "structure", "patient-reported-outcome", "composite"}
STATUS = {"draft", "active", "retired", "unknown"}


def codes(concept: dict[str, Any]) -> set[str]:
    return {coding["code"] for coding in concept["coding"]}


@pytest.mark.parametrize("library", ["birth", "nhs-proms"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_shipped_indicator_is_a_measure(tmp_path: Path, library: str, language: Any) -> None:
    with Registry.create(tmp_path / "registry", library=library) as registry:
        for item in registry.catalogue().indicators():
            resource = registry.fhir_measure(item.id, language=language)
            Measure.model_validate(resource)
            assert StrictMeasure(resource, strict=True).as_json() == resource
            assert resource["status"] in STATUS
            steward = item.model.steward
            assert resource["publisher"] == (
                steward if isinstance(steward, str) else getattr(steward, language)
            )
            assert all(codes(resource[name]) <= known for name, known in CODES.items())
            assert all(codes(kind) <= TYPES for kind in resource["type"])
            parts = resource["group"][0]["population"]
            assert set().union(*(codes(part["code"]) for part in parts)) <= POPULATIONS
            assert len([part for part in parts if part["id"].startswith("exclude")]) == len(
                item.model.exclude
            )
            assert all(part["criteria"]["language"] == "text/plain" for part in parts)


def test_the_dates_are_those_of_the_decisions(registry: Registry) -> None:
    registry.decide("visit-home", "1.0.0", "retired", Decision("the board", "nobody asks for it"))
    resource = registry.fhir_measure("visit-home", "1.0.0")
    [life] = registry.history("visit-home")
    assert resource["status"] == "retired"
    assert resource["approvalDate"] == life.steps[0].at.date().isoformat()
    assert resource["date"] == life.steps[1].at.date().isoformat()


def test_subgroups_are_strata(tmp_path: Path) -> None:
    """Read by both libraries; what is hidden is masked, and what is shown adds up to the score."""
    definitions = DEFINITIONS | {"visit-fall.indicator.yaml": STRATIFIED}
    with Registry(make_registry(tmp_path / "registry", definitions)) as registry:
        registry.deliver("visit", write(tmp_path, text(visits(sizes=MANY | {"west": 30, "east": 40}))))
        registry.run()
        measure, bundle = (registry.fhir_measure("visit-fall", language="en"),
                           registry.fhir_scores("visit-fall", "2024"))  # fmt: skip
    Measure.model_validate(measure)
    assert StrictMeasure(measure, strict=True).as_json() == measure
    by_name = {next(iter(codes(by["code"]))): by for by in measure["group"][0]["stratifier"]}
    assert [by["criteria"]["expression"] for by in by_name.values()] == [
        "sex",
        "case when age < 40 then '<40' when age < 65 then '40-<65' when age >= 65 then '>=65' end",
        "age >= 80",
    ]
    assert by_name["age"]["description"] == "Age: below 40, 40 to below 65, 65 or more"
    reports = {}
    for report in (entry["resource"] for entry in bundle["entry"]):
        MeasureReport.model_validate(report)
        reports[report["reporter"]["identifier"]["value"]] = report["group"][0]
    strata = {next(iter(codes(by["code"][0]))): by["stratum"] for by in reports["north"]["stratifier"]}
    assert list(strata) == ["sex", "age", "old"]
    for stratum in strata.values():
        sums = [sum(part["population"][place]["count"] for part in stratum) for place in (0, 1)]
        counted = {
            next(iter(codes(part["code"]))): part.get("count") for part in reports["north"]["population"]
        }
        assert sums[1] == counted["numerator"]
        assert sums[0] == counted["denominator"] - counted["denominator-exclusion"]
    hidden = [
        part
        for by in reports["east"]["stratifier"]
        for part in by["stratum"]
        if "extension" in part["measureScore"]
    ]
    assert hidden
    assert all("count" not in population for part in hidden for population in part["population"])
    assert "stratifier" not in reports["dike"]


def without_reasons(report: dict[str, Any]) -> dict[str, Any]:
    """That library reads no extensions of plain values."""
    parts = report["group"][0]["population"]
    kept = [{name: value for name, value in part.items() if name != "_count"} for part in parts]
    return report | {"group": [report["group"][0] | {"population": kept}]}


def counts(report: dict[str, Any]) -> dict[str, int | None]:
    parts = report["group"][0]["population"]
    return {next(iter(codes(part["code"]))): part.get("count") for part in parts}


MANY = {"north": 6000, "south": 5000, "west": 4000, "dike": 3}


def test_scores_add_up_and_what_is_hidden_is_absent(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text(visits(sizes=MANY))))
    registry.run()
    bundle = registry.fhir_scores("visit-fall", "2024")
    Bundle.model_validate(bundle)
    every = [entry["resource"] for entry in bundle["entry"]]
    for report in every:
        MeasureReport.model_validate(report)
        assert StrictReport(report, strict=True).as_json() == without_reasons(report)
        assert report["measure"].endswith("/Measure/visit-fall|1.0.0")
    reports = {report["reporter"]["identifier"]["value"]: report for report in every}
    small = reports["dike"]["group"][0]
    assert "value" not in small["measureScore"]
    assert small["measureScore"]["extension"][0]["valueCode"] == "masked"
    assert all("count" not in part for part in small["population"])
    assert all(part["_count"]["extension"][0]["valueCode"] == "masked" for part in small["population"])
    adults, heavy = registry.con.execute(
        "select count(*), count(*) filter (weight > 150) from record_visit "
        "where clinic = 'north' and age >= 18"
    ).fetchall()[0]
    found, kept = counts(reports["north"]), registry.scores("visit-fall", provider="north").iloc[0]
    waiting = sum(found[state] or 0 for state in ("pending", "lost", "missing"))
    assert found["initial-population"] == adults == (found["denominator"] or 0) + waiting
    assert found["denominator-exclusion"] == heavy > 0
    assert found["denominator"] == heavy + kept["n"]
    assert found["numerator"] == kept["observed"]
    assert reports["north"]["group"][0]["measureScore"]["value"] == pytest.approx(kept["adjusted"])


def test_a_retired_indicator_keeps_its_scores_in_the_publication(registry: Registry, tmp_path: Path) -> None:
    registry.deliver("visit", write(tmp_path, text(visits())))
    registry.run()
    before = registry.fhir_scores("visit-fall", "2024")["entry"]
    registry.decide("visit-fall", "1.0.0", "retired", Decision("the board", "a better one is there"))
    registry.run()
    assert registry.fhir_scores("visit-fall", "2024")["entry"] == before
    assert registry.fhir_measure("visit-fall")["status"] == "retired"
