"""Published scores as FHIR R4 MeasureReports: one summary for each provider, hidden numbers absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indicators.fhir import (
    STRATIFIER,
    absent,
    coded,
    improvement,
    measure_url,
    population_codes,
    report_period,
    scoring,
    stratifier_code,
)
from registry_db.published import Indicator, Score, StateCount
from registry_db.published_subgroups import Subgroup, SubgroupScore
from registry_db.reader import PublicationReader

# States that FHIR has no population for: such a record is in the initial population and in no other.
WAITING = ("pending", "lost", "missing")
_OWN = "https://meetlat.example/fhir/CodeSystem/state"

# Canonical names of FHIR resources stand under this address; nothing need be found there.
FHIR_BASE = "https://meetlat.example/fhir"


def score_bundle(
    reader: PublicationReader, indicator: str, period: str, *, base: str, version: str | None = None
) -> dict[str, Any]:
    """Give the published scores of an indicator in one period as a Bundle of MeasureReports.

    The counts add up: the initial population is the denominator, and the records that are pending, lost to
    follow-up or missing; the denominator is its exclusions, its exceptions, and the records with an outcome.
    What is hidden in the publication is absent here, with the reason ``masked``.

    Raises
    ------
    NotPublished
        If there is no such indicator.
    """
    item = reader.indicator(indicator, version=version)
    names = {row.provider: row.name for row in reader.organisations()}
    scores = reader.scores(item.indicator, version=item.version, period=period)
    entries = []
    for score in scores:
        if score.outside:  # of no organisation that could report it
            continue
        states = reader.states(item.indicator, version=item.version, period=period, provider=score.provider)
        report = _report(item, score, states, names.get(score.provider, score.provider), base)
        found = reader.subgroup_scores(
            item.indicator, version=item.version, period=period, provider=score.provider
        )
        if found:
            titles = {
                (row.stratifier, row.subgroup): row
                for row in reader.subgroups(item.indicator, version=item.version)
            }
            report["group"][0]["stratifier"] = _stratifiers(item, found, titles)
        report["date"] = reader.about().published_at.date().isoformat()
        entries.append({"resource": report})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _report(
    item: Indicator, score: Score, states: Iterable[StateCount], name: str, base: str
) -> dict[str, Any]:
    group: dict[str, Any] = {"population": _populations(item, score, list(states))}
    group["measureScore"] = _measure_score(score)
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{measure_url(item.indicator, base)}|{item.version}",
        "reporter": {"identifier": {"system": base, "value": score.provider}, "display": name},
        "period": report_period(score.period),
        "improvementNotation": improvement(item.better),
        "group": [group],
    }


def _populations(item: Indicator, score: Score, states: list[StateCount]) -> list[dict[str, Any]]:
    codes = population_codes(item.kind)
    mean = scoring(item.kind) == "continuous-variable"

    def count(state: str, reason: str | None = None) -> int | None:
        found = [row.n for row in states if row.state == state and reason in (None, row.reason)]
        return None if score.suppressed else _sum(found)

    # The publication tells with the score how many are counted; of a count that is its exposure.
    counted = count("counted") if scoring(item.kind) == "ratio" else _whole(score.n)
    left_out, excused = count("excluded"), count("excepted")
    waiting = {state: count(state) for state in WAITING}
    kept = _sum([counted, left_out, excused])
    found = {
        "population": _sum([kept, *waiting.values(), count("not-eligible", "denominator")]),
        "denominator": kept,
        "exclude": left_out,
        "outcome": counted if mean else _whole(score.observed),
    }
    if not mean:
        found["except"] = excused
    rows = [(coded("measure-population", codes[block]), n) for block, n in found.items()]
    for state, n in waiting.items():
        rows.append(({"coding": [{"system": _OWN, "code": state}], "text": state}, n))
    return [{"code": code, **_count(n)} for code, n in rows]


def _stratifiers(
    item: Indicator, scores: Iterable[SubgroupScore], titles: Mapping[tuple[str, str], Subgroup]
) -> list[dict[str, Any]]:
    """Strata of a report: how many count, how many of those met the outcome, and the score of each."""
    mean = scoring(item.kind) == "continuous-variable"
    found: dict[str, dict[str, Any]] = {}
    for score in scores:
        title = titles.get((score.stratifier, score.subgroup))
        named = title.stratifier_en if title else score.stratifier
        counted = {"coding": [{"system": _OWN, "code": "counted"}], "text": "counted"}
        counts = [(counted, _whole(score.n))]
        if not mean:
            code = coded("measure-population", population_codes(item.kind)["outcome"])
            counts.append((code, _whole(score.observed)))
        stratum = {
            "value": {
                "coding": [{"system": f"{STRATIFIER}/{score.stratifier}", "code": score.subgroup}],
                "text": title.subgroup_en if title else score.subgroup,
            },
            "population": [{"code": code, **_count(n)} for code, n in counts],
            "measureScore": _measure_score(score),
        }
        code = stratifier_code(score.stratifier, named)
        found.setdefault(score.stratifier, {"code": [code], "stratum": []})["stratum"].append(stratum)
    return list(found.values())


def _measure_score(score: Score | SubgroupScore) -> dict[str, Any]:
    value = score.adjusted if score.adjusted is not None else score.observed_value
    if score.suppressed or value is None:
        return {"extension": [absent("masked" if score.suppressed else "not-applicable")]}
    return {"value": value}


def _sum(counts: Sequence[int | None]) -> int | None:
    """Sum of counts; None if one of them is hidden."""
    known = [n for n in counts if n is not None]
    return sum(known) if len(known) == len(counts) else None


def _whole(n: float | None) -> int | None:
    return None if n is None else round(n)


def _count(n: int | None) -> dict[str, Any]:
    return {"_count": {"extension": [absent("masked")]}} if n is None else {"count": n}
