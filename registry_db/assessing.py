"""One indicator from records to scores: cohort, strata, model, scores, kept in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from indicators.cohort import NO_NETWORK
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.outcomes import TimeToEventOutcome
from registry_db.allowances import Allowance, allowance
from registry_db.catalogue import Catalogue, Definition
from registry_db.clustered_errors import clustered_errors
from registry_db.cohorts import (
    Patterns,
    Shared,
    Strata,
    make_cohort,
    patterns,
    periods,
    shared,
    states,
    strata,
)
from registry_db.connect import Connection, transaction
from registry_db.estimates import Beside, estimates
from registry_db.expectations import Expectation, expectation, reference_model
from registry_db.explaining import Explanation, explain
from registry_db.fits import Fitted, needs_model
from registry_db.missing_values import missing_values
from registry_db.rare_levels import fewest_of_terms
from registry_db.scoring import SCORE_COLUMNS, Chance, Scored, average_of, score, unscored
from registry_db.subgroups import subgroup_scores, subgroup_states
from risk_models.cox import CoxModel
from risk_models.expected import CannotFit
from risk_models.survival import adjusted_survival


@dataclass(frozen=True, slots=True)
class Assessed:
    """What was done for an indicator.

    Attributes
    ----------
    indicator : str
        Its id.
    periods : tuple of str
        Periods that were worked on; empty when nothing was outstanding.
    notes : tuple of str
        What could not be fitted, and why.
    """

    indicator: str
    periods: tuple[str, ...]
    notes: tuple[str, ...] = ()


def assess(
    con: Connection, catalogue: Catalogue, item: Definition, *, inputs_hash: str, score: bool
) -> Assessed:
    """Fit and score an indicator in all its periods, if what it follows from has changed.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions.
    item : Definition
        The indicator.
    inputs_hash : str
        Hash of all that the scores follow from.
    score : bool
        Score as well; else only fit.
    """
    indicator = item.model
    assert isinstance(indicator, Indicator)
    # What is scored was fitted before that, also where no model could be found.
    tables = ["benchmark"] if score or not needs_model(indicator) else ["model", "benchmark"]
    if any(_done(con, item, table, inputs_hash) for table in tables):
        return Assessed(item.id, ())
    make_cohort(con, indicator, catalogue.dataset(indicator.dataset))
    worked: list[str] = []
    notes: list[str] = []
    # One thread: sums in another order would differ in the last bit, and threads wait more than they add.
    with threadpool_limits(limits=1), transaction(con):
        _forget(con, item)
        reference = reference_model(con, indicator)
        for period in periods(con):
            taken = patterns(con, indicator, period)
            expected = expectation(indicator, period, taken, reference)
            reasons = [expected.reason]
            if expected.fitted and _own_model(indicator, period):
                told, reason = _told(con, indicator, period, taken, expected.fitted)
                reasons.append(reason)
                _keep_model(con, item, period, expected.fitted, told, inputs_hash)
            if score:
                reasons += _assess_period(con, item, period, taken, expected, inputs_hash)
            notes += [f"{item.id} {period}: {reason}" for reason in reasons if reason]
            worked.append(period)
        if score:
            _keep_states(con, item)
    return Assessed(item.id, tuple(worked), tuple(notes))


def _own_model(indicator: Indicator, period: str) -> bool:
    reference = indicator.estimators.reference
    return reference is None or reference.period == period


def score_now(con: Connection, indicator: Indicator, dataset: Dataset) -> pd.DataFrame:
    """Score an indicator on the records of today and keep nothing: columns period and SCORE_COLUMNS."""
    make_cohort(con, indicator, dataset)
    found = [pd.DataFrame(columns=["period", *SCORE_COLUMNS])]
    reference = reference_model(con, indicator)
    for period in periods(con):
        taken = patterns(con, indicator, period)
        expected = expectation(indicator, period, taken, reference)
        scored, _ = _scored(indicator, taken, strata(con, period, expected.expected), expected)
        found.append(scored.scores.assign(period=period))
    return pd.concat(found[1:] or found, ignore_index=True)


def _assess_period(
    con: Connection,
    item: Definition,
    period: str,
    patterns: Patterns,
    expected: Expectation,
    inputs_hash: str,
) -> tuple[str, ...]:
    """Score one period and keep what was found; give what could not be estimated, and why."""
    taken = strata(con, period, expected.expected)
    pairs = _pairs(item.model, shared(con, period, patterns, taken), taken, expected)
    scored, reason = _scored(item.model, patterns, taken, expected, shared=pairs)
    _keep_scores(con, item, period, scored, expected.fitted, inputs_hash)
    _keep_subgroups(con, item, period, patterns, taken, expected)
    _keep_explanation(con, item, period, explain(item.model, patterns, taken, expected))
    reference = scored.benchmark["reference"]
    if not item.model.estimators.beside or reference is None:
        return (reason,)
    chance = _chance(item.model, patterns, expected.fitted)
    inside = scored.scores[~taken.outside]
    average = average_of(item.model, scored.benchmark) or float(reference)
    beside = Beside(item.model, patterns, taken.of_providers(), inside, float(reference), average, chance)
    with threadpool_limits(limits=1):
        found, reasons = estimates(beside)
    if not found.empty:  # a frame without rows has columns without a type
        _insert(con, "estimate", found.assign(indicator=item.id, version=item.version, period=period))
    return (reason, *reasons)


def _keep_explanation(con: Connection, item: Definition, period: str, found: Explanation | None) -> None:
    if found is None:
        return
    key = {"indicator": item.id, "version": item.version, "period": period}
    _insert(con, "explanation", found.parts.assign(**key))
    _insert(con, "patient_mix", found.mixes.assign(**key))


def _keep_subgroups(
    con: Connection, item: Definition, period: str, patterns: Patterns, strata: Strata, expected: Expectation
) -> None:
    """Score the subgroups of each stratifier against the same expectation, and keep what was found."""
    try:
        allow = Allowance() if expected.reason else allowance(item.model, strata)
    except ValueError:  # then the scores themselves have no verdict either
        allow = None
    for stratifier in item.model.stratify:
        found = subgroup_scores(
            con,
            stratifier.name,
            period,
            patterns,
            expected.expected,
            score=lambda taken: _scored(item.model, patterns, taken, expected, allow)[0].scores,
        )
        key = {"indicator": item.id, "version": item.version, "period": period, "stratifier": stratifier.name}
        _insert(con, "subgroup_score", found.assign(**key))


def _scored(
    indicator: Indicator,
    patterns: Patterns,
    strata: Strata,
    expected: Expectation,
    allow: Allowance | None = None,
    shared: NDArray[np.float64] | None = None,
) -> tuple[Scored, str]:
    if expected.reason:
        return unscored(strata, f"no model: {expected.reason}"), ""
    try:
        chance = _chance(indicator, patterns, expected.fitted)
        return score(indicator, strata, chance=chance, allow=allow, shared=shared), ""
    except ValueError as error:  # a test that does not go with these records
        return unscored(strata, f"no verdict: {error}"), str(error)


def _pairs(
    indicator: Indicator, found: Shared | None, strata: Strata, expected: Expectation
) -> NDArray[np.float64] | None:
    """What each pair of providers shares, as `registry_db.scoring.score` takes it; None for nothing."""
    if found is None:
        return None
    risk = expected.expected
    of_events = indicator.outcome.kind in ("binary", "top_box")
    return found.matrix(len(strata.providers), risk * (1 - risk) if of_events else np.ones(len(risk)))


def _chance(indicator: Indicator, patterns: Patterns, fitted: Fitted | None) -> Chance | None:
    """Chance of the event by the horizon for the patients of the benchmark; of a time to event only."""
    outcome = indicator.outcome
    if not isinstance(outcome, TimeToEventOutcome):
        return None
    assert fitted is not None
    assert isinstance(fitted.model, CoxModel)
    model, at = fitted.model, float(outcome.horizon)
    return lambda ratio: 1 - adjusted_survival(model, patterns.columns, patterns.n, at=at, ratio=ratio)


def _done(con: Connection, item: Definition, table: str, inputs_hash: str) -> bool:
    found = con.execute(
        f"select distinct inputs_hash from {table} where indicator = ? and version = ?",
        [item.id, item.version],
    ).fetchall()
    return found == [(inputs_hash,)]


def _forget(con: Connection, item: Definition) -> None:
    for table in (
        "model",
        "benchmark",
        "score",
        "estimate",
        "explanation",
        "patient_mix",
        "state",
        "subgroup_score",
        "subgroup_state",
    ):
        con.execute(f"delete from {table} where indicator = ? and version = ?", [item.id, item.version])


def _told(
    con: Connection, indicator: Indicator, period: str, patterns: Patterns, fitted: Fitted
) -> tuple[dict[str, Any], str]:
    """What is told of a model beside its fit, and what could not be found, and why."""
    # Shares in whole per cents: exact totals could give away a count that is hidden at one provider.
    notes = missing_values(con, indicator, period, patterns)
    missing = [{"term": note.term, "share": round(note.share, 2), "rule": note.rule} for note in notes]
    fewest = fewest_of_terms(fitted, patterns)
    told: dict[str, Any] = {**fitted.diagnostics, "missing": missing, "fewest": fewest}
    if indicator.estimators.standard_errors == "model":
        return told, ""
    try:
        with threadpool_limits(limits=1):
            return told | {"clustered_errors": clustered_errors(con, period, patterns, fitted)}, ""
    except CannotFit as error:
        return told, f"no clustered standard errors: {error}"


def _keep_model(
    con: Connection,
    item: Definition,
    period: str,
    fitted: Fitted,
    told: dict[str, Any],
    inputs_hash: str,
) -> None:
    diagnostics = json.dumps(told, sort_keys=True)
    model = [fitted.id, fitted.kind, fitted.model.n, fitted.model_json(), diagnostics]
    con.execute(
        "insert into model values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [item.id, item.version, period, *model, inputs_hash],
    )


def _keep_scores(
    con: Connection, item: Definition, period: str, scored: Scored, fitted: Fitted | None, inputs_hash: str
) -> None:
    key = {"indicator": item.id, "version": item.version, "period": period}
    assessable = int((scored.scores["band"] != "not-assessable").sum())
    providers = int((scored.scores["provider"] != NO_NETWORK).sum())
    counts = {"providers": providers, "assessable": assessable}
    row = {**key, **counts, **scored.benchmark, "model": fitted.id if fitted else None}
    _insert(con, "benchmark", pd.DataFrame([row | {"inputs_hash": inputs_hash}]))
    _insert(con, "score", scored.scores.assign(**key))


def _keep_states(con: Connection, item: Definition) -> None:
    key = {"indicator": item.id, "version": item.version}
    _insert(con, "state", states(con).assign(**key))
    for stratifier in item.model.stratify:
        found = subgroup_states(con, stratifier.name)
        _insert(con, "subgroup_state", found.assign(**key, stratifier=stratifier.name))


def _insert(con: Connection, table: str, frame: pd.DataFrame) -> None:
    con.register("frame_to_keep", frame)
    con.execute(f"insert into {table} by name select * from frame_to_keep")
    con.unregister("frame_to_keep")
