"""An indicator as a FHIR R4 Measure, for those whose systems read that.

The logic goes along as text in the language of the definition: nobody else can run it, anybody can read it,
and nothing is lost in a translation to CQL. Codes are those of HL7's code systems for measures in R4.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.expression import Node
from indicators.notation import to_text
from indicators.phrases import column_title, in_words
from indicators.states import outcome_node, parse_in
from indicators.stratifiers import stratifier_text, stratifier_words
from indicators.versions import StatusChange
from indicators.words import Language, Status, in_language

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
EXPRESSION_LANGUAGE = "text/plain"
STRATIFIER = "https://meetlat.example/fhir/CodeSystem/stratifier"
# FHIR knows no consultation: until it is adopted a version is a draft.
STATUS: dict[Status, str] = {
    "draft": "draft", "consultation": "draft", "active": "active", "retired": "retired",
}  # fmt: skip
_SCORING = {"continuous": "continuous-variable", "change": "continuous-variable", "count": "ratio"}
_TYPES = {1: "process", 2: "outcome", 3: "patient-reported-outcome"}
_NOTATION = {"lower": "decrease", "higher": "increase"}


def measure_url(indicator: str, base: str) -> str:
    """Canonical address of an indicator's Measure."""
    return f"{base.rstrip('/')}/Measure/{indicator}"


def measure(
    indicator: Indicator, dataset: Dataset, history: Sequence[StatusChange], *, base: str, language: Language
) -> dict[str, Any]:
    """Give an indicator as a FHIR R4 Measure.

    Parameters
    ----------
    indicator, dataset : Indicator, Dataset
        The definitions.
    history : sequence of StatusChange
        The life of this version; its dates are those of the resource.
    base : str
        Address under which the steward publishes resources, for their canonical names.
    language : str
        ``nl`` or ``en``: the language of the texts.

    Returns
    -------
    dict
        The resource, ready to be written as JSON.
    """
    adopted = [step.at.date().isoformat() for step in history if step.status == "active"]
    changed = [step.at.date().isoformat() for step in history]
    kind = "structure" if indicator.outcome.kind == "structure" else _TYPES[indicator.horizon]
    resource: dict[str, Any] = {
        "resourceType": "Measure",
        "id": f"{indicator.indicator}-{indicator.version.replace('.', '-')}"[:64],
        "language": language,
        "url": measure_url(indicator.indicator, base),
        "identifier": [{"system": base, "value": indicator.indicator}],
        "version": indicator.version,
        "name": "".join(word.capitalize() for word in indicator.indicator.split("-")),
        "title": getattr(indicator.title, language),
        "status": STATUS[indicator.status],
        "experimental": dataset.generated,
        "publisher": in_language(indicator.steward, language),
        "purpose": getattr(indicator.why, language),
        "rationale": getattr(indicator.why, language),
        "topic": [{"text": getattr(dataset.title, language)}],
        "relatedArtifact": [
            {"type": "citation", "citation": in_language(source, language)} for source in indicator.sources
        ],
        "scoring": coded("measure-scoring", scoring(indicator.outcome.kind)),
        "type": [coded("measure-type", kind)],
        "riskAdjustment": _risk_adjustment(indicator, dataset, language),
        "improvementNotation": improvement(indicator.outcome.better),
        "group": [{"population": list(_populations(indicator, dataset, language))}],
    }
    if indicator.stratify:
        resource["group"][0]["stratifier"] = list(_stratifiers(indicator, dataset, language))
    if changed:
        resource["date"] = changed[-1]
    if adopted:
        resource["approvalDate"] = adopted[0]
        resource["lastReviewDate"] = changed[-1]
    return resource


def coded(system: str, code: str) -> dict[str, Any]:
    """A code of one of HL7's code systems."""
    return {"coding": [{"system": f"{TERMINOLOGY}/{system}", "code": code}]}


def improvement(better: str) -> dict[str, Any]:
    """Whether a higher value is an improvement, or a lower one."""
    return coded("measure-improvement-notation", _NOTATION[better])


def scoring(kind: str) -> str:
    """How FHIR calls what a kind of outcome is scored by."""
    return _SCORING.get(kind, "proportion")


def population_codes(kind: str) -> dict[str, str]:
    """Codes of FHIR for the parts of a definition; they differ for a proportion or ratio and for a mean."""
    mean = scoring(kind) == "continuous-variable"
    kept, left_out = ("denominator", "denominator-exclusion")
    if mean:
        kept, left_out = "measure-population", "measure-population-exclusion"
    return {
        "population": "initial-population",
        "denominator": kept,
        "exclude": left_out,
        "except": "denominator-exception",
        "outcome": "measure-observation" if mean else "numerator",
    }


def _populations(indicator: Indicator, dataset: Dataset, language: Language) -> Iterator[dict[str, Any]]:
    codes = population_codes(indicator.outcome.kind)

    def part(name: str, block: str, node: Node, why: str = "") -> dict[str, Any]:
        words = in_words(node, dataset, language)
        return {
            "id": name,
            "code": coded("measure-population", codes[block]),
            "description": f"{why}: {words}" if why else words,
            "criteria": {"language": EXPRESSION_LANGUAGE, "expression": to_text(node)},
        }

    yield part("population", "population", parse_in(indicator.population, dataset))
    yield part("denominator", "denominator", parse_in(indicator.denominator or "true", dataset))
    for block, rules in (("exclude", indicator.exclude), ("except", indicator.exceptions)):
        for number, rule in enumerate(rules, start=1):
            yield part(f"{block}-{number}", block, parse_in(rule.when, dataset), getattr(rule.why, language))
    yield part("outcome", "outcome", outcome_node(indicator, dataset))


def _stratifiers(indicator: Indicator, dataset: Dataset, language: Language) -> Iterator[dict[str, Any]]:
    for by in indicator.stratify:
        yield {
            "code": stratifier_code(by.name, getattr(by.title, language)),
            "description": stratifier_words(by, dataset, language),
            "criteria": {"language": EXPRESSION_LANGUAGE, "expression": stratifier_text(by, dataset)},
        }


def stratifier_code(name: str, title: str) -> dict[str, Any]:
    """A stratifier as a code of our own."""
    return {"coding": [{"system": STRATIFIER, "code": name}], "text": title}


def _risk_adjustment(indicator: Indicator, dataset: Dataset, language: Language) -> str:
    if indicator.expectation:
        return str(getattr(indicator.expectation.source, language))
    terms = ", ".join(column_title(name, dataset, language) for name in indicator.case_mix_columns)
    return terms or {"nl": "niet gecorrigeerd voor casemix", "en": "not adjusted for case mix"}[language]


def report_period(period: str) -> dict[str, Any]:
    """Days of a period that is a calendar year or a quarter; of another its label does not tell them."""
    found = re.fullmatch(r"([0-9]{4})(?:-Q([1-4]))?", period)
    if found is None:
        return {"extension": [absent("unknown")]}
    year, quarter = int(found[1]), int(found[2] or 4)
    start = dt.date(year, 3 * quarter - 2 if found[2] else 1, 1)
    end = dt.date(year, 3 * quarter, calendar.monthrange(year, 3 * quarter)[1])
    return {"start": start.isoformat(), "end": end.isoformat()}


def absent(why: str) -> dict[str, str]:
    """Extension that says why there is no value: ``masked`` for one that is hidden, never a zero."""
    return {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": why}
