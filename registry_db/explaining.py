"""Why the expectation of each provider is what it is: the part of every term, and who its patients are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import logit

from indicators.definition import Indicator
from indicators.outcomes import TimeToEventOutcome
from registry_db.cohorts import Patterns, Strata
from registry_db.expectations import Expectation
from registry_db.fits import Fitted, imputed_copies
from registry_db.stratum_records import records_of
from risk_models.contribution import ChanceByHorizon, Explained, contributions, profile
from risk_models.cox import CoxModel
from risk_models.encoding import MISSING
from risk_models.imputed import stacked
from risk_models.model_card import Records

PART_COLUMNS = ("provider", "term", "part", "own", "everyone")
MIX_COLUMNS = ("provider", "term", "level", "own", "everyone", "records", "total")


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What the expectations of one period follow from.

    Attributes
    ----------
    parts : DataFrame
        Columns PART_COLUMNS, one row for each provider with records and each term: what the term adds to the
        mean expectation of everyone; own is everyone plus all parts of the provider.
    mixes : DataFrame
        Columns MIX_COLUMNS, one row for each provider, term and level: the share of its patients with that
        level (or the mean, where the level is empty), everyone's, and for a share how many patients it is, of
        how many.
    """

    parts: pd.DataFrame
    mixes: pd.DataFrame


def explain(
    indicator: Indicator, patterns: Patterns, strata: Strata, expected: Expectation
) -> Explanation | None:
    """Explain the expectations of one period; None where no case mix was modelled.

    The mean expectation is that of a record: a share, a mean, events per unit of exposure, or the chance of
    the event by the horizon.

    Parameters
    ----------
    indicator : Indicator
        The definition.
    patterns, strata : Patterns, Strata
        Of the period.
    expected : Expectation
        What the strata are held against.
    """
    if expected.fitted is None or not indicator.case_mix:
        return None
    inside = strata.of_providers()
    if not inside.n.sum() > 0:
        return None
    records = _records(indicator, patterns, inside, expected.fitted)
    model = _model(indicator, patterns, expected)
    providers = len(inside.providers)
    found = contributions(model, records.columns, records.provider, n=records.n, providers=providers)
    parts, everyone = _as_scored(found.parts, found.benchmark, indicator, inside)
    own = everyone + parts.sum(axis=1)
    some = np.isfinite(own)
    codes = np.array(inside.providers, dtype=object)[some]
    frames = [
        pd.DataFrame({"provider": codes, "term": name, "part": parts[some, place], "own": own[some]})
        for place, name in enumerate(found.terms)
    ]
    # patients are counted once each, whatever their trials or exposure; imputed records have neither
    people = records.n if indicator.imputed else inside.records * inside.share
    size = np.bincount(records.provider, weights=people, minlength=providers)[some]
    profiles = profile(model, records.columns, records.provider, n=people, providers=providers)
    unknown = {each.term: each.own[some] for each in profiles if each.level == MISSING}
    mixes = []
    for each in profiles:
        # a flag's share is of those of whom it is known
        of = size * (1 - unknown.get(each.term, 0.0)) if each.level == "" else size
        share = _is_share(model, each.term, each.level)
        count = np.round(each.own[some] * of, 6) if share else np.nan
        row = {"provider": codes, "term": each.term, "level": each.level, "own": each.own[some]}
        mixes.append(pd.DataFrame(row | {"everyone": each.all, "records": count, "total": of}))
    return Explanation(
        pd.concat(frames, ignore_index=True).assign(everyone=everyone)[list(PART_COLUMNS)],
        pd.concat(mixes, ignore_index=True)[list(MIX_COLUMNS)],
    )


def _records(indicator: Indicator, patterns: Patterns, strata: Strata, fitted: Fitted) -> Records:
    if not indicator.imputed:
        return records_of(strata, patterns, None)
    own = indicator.estimators.reference is None
    stack = fitted.stack if own else stacked(imputed_copies(indicator, patterns))
    assert stack is not None
    # an expectation is the same for all records of a pattern, whatever became of them
    return records_of(strata, patterns, stack, by_outcome=False)


def _model(indicator: Indicator, patterns: Patterns, expected: Expectation) -> Explained:
    """The model as it is applied: of a time to event its chance by the horizon, and shifted where it was."""
    assert expected.fitted is not None
    model, outcome = expected.fitted.model, indicator.outcome
    if isinstance(model, CoxModel):
        assert isinstance(outcome, TimeToEventOutcome)
        return ChanceByHorizon(model, float(outcome.horizon))
    reference = indicator.estimators.reference
    shifted = reference is not None and reference.recalibration == "in-the-large"
    if not shifted or model.kind != "logistic" or indicator.imputed:
        return model
    first = {name: values[:1] for name, values in patterns.columns.items()}
    shift = float(logit(expected.expected[0]) - logit(model.expected(first, rows=1)[0]))
    coefficients = model.coefficients.copy()
    coefficients[0] += shift
    return replace(model, coefficients=coefficients)


def _as_scored(
    parts: np.ndarray, everyone: float, indicator: Indicator, strata: Strata
) -> tuple[np.ndarray, float]:
    """Parts and mean of everyone as they are scored with, where the expectations were recalibrated."""
    if isinstance(indicator.outcome, TimeToEventOutcome):
        return parts, everyone
    weight = strata.n * strata.share
    scored = float(weight @ strata.expected / weight.sum())
    if indicator.outcome.kind in ("continuous", "change"):
        return parts, scored
    return parts * (scored / everyone), scored


def _is_share(model: Explained, name: str, level: str) -> bool:
    """Whether a row is a share of patients: a level, a value that is missing, or a flag."""
    kinds = {term.name: term.kind for term in model.design.terms}
    return level != "" or kinds[name] == "flag"
