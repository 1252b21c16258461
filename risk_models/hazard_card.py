"""The model card of a time to event: as `model_card`, with what is right for hazards."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from risk_models.concordance import c_index, risk_groups
from risk_models.cox import CoxModel, fit_cox
from risk_models.cox_providers import clustered_cox, influence_cox
from risk_models.design import Term
from risk_models.missing import MissingNote
from risk_models.model_card import FOLDS, SEED, Records, coefficient_rows, influence_rows, plain_values
from risk_models.regression import CannotFit
from risk_models.strata import FloatArray
from risk_models.validation import provider_folds


def hazard_card(
    model: CoxModel,
    terms: Sequence[Term],
    records: Records,
    *,
    about: Mapping[str, Any],
    missing: Sequence[MissingNote],
    earlier: CoxModel | None = None,
) -> dict[str, Any]:
    """Describe a fitted Cox model, as plain values that are safe for JSON.

    Parameters
    ----------
    model, terms, records, about, missing, earlier
        As for `model_card.model_card`; the records have their time, and sum_y are events.

    Returns
    -------
    dict
        Parts as of `model_card.model_card`. ``apparent``, ``cross_validation`` and ``forward`` have Harrell's
        ``c_index`` and ``observed_expected``, events over those expected in the time followed; ``groups`` has
        these numbers in groups of rising hazard.

    Raises
    ------
    ValueError
        For columns that do not fit the model, or records without their time.

    References
    ----------
    Harrell FE (2015). Regression Modeling Strategies, 2nd ed., chapter 20. doi:10.1007/978-3-319-19425-7
    """
    if records.time is None:
        raise ValueError("time: a time to event has the end of follow-up of each stratum")
    rows = len(records.n)
    score = model.predictor(records.columns, rows=rows)
    expected = _expected(model, records, own=True)
    card = {
        "about": dict(about),
        "fit": {
            "kind": "cox",
            "n": model.n,
            "outcome": model.events,
            "providers": records.providers,
            "log_likelihood": model.log_likelihood,
            "ties": model.ties,
            "ridge": model.ridge,
        },
        "terms": [term.to_dict() for term in model.design.terms],
        "coefficients": coefficient_rows(model, _clustered(model, records)),
        "apparent": _measures(score, expected, records),
        "groups": risk_groups(score, n=records.n, observed=records.sum_y, expected=expected),
        "cross_validation": _cross_validation(model, terms, records),
        "forward": _forward(earlier, records),
        "influence": _influence(model, terms, records),
        "missing": [asdict(note) for note in missing],
    }
    plain: dict[str, Any] = plain_values(card)
    return plain


def _expected(model: CoxModel, records: Records, *, own: bool) -> FloatArray:
    assert records.time is not None
    events = records.sum_y if own else None
    return model.expected(records.columns, time=records.time, n=records.n, events=events)


def _measures(score: FloatArray, expected: FloatArray, records: Records) -> dict[str, Any]:
    assert records.time is not None
    ranked = np.nan
    if len(np.unique(score)) > 1:
        ranked = c_index(score, records.time, n=records.n, events=records.sum_y)
    total = float(expected.sum())
    return {"c_index": ranked, "observed_expected": records.sum_y.sum() / total if total > 0 else np.nan}


def _follow(records: Records) -> dict[str, FloatArray]:
    assert records.time is not None
    return {"time": records.time, "n": records.n, "events": records.sum_y}


def _clustered(model: CoxModel, records: Records) -> FloatArray | None:
    try:
        return clustered_cox(
            model, records.columns, records.provider, providers=len(records.codes), **_follow(records)
        )
    except CannotFit:  # fewer than two providers
        return None


def _influence(model: CoxModel, terms: Sequence[Term], records: Records) -> list[dict[str, Any]]:
    without = influence_cox(
        terms,
        records.columns,
        records.provider,
        ties=model.ties,
        ridge=model.ridge,
        providers=len(records.codes),
        **_follow(records),
    )
    return influence_rows(without, model, records)


def _cross_validation(model: CoxModel, terms: Sequence[Term], records: Records) -> dict[str, Any]:
    """Score and expect each provider by a model of the others, fitted as this one was."""
    some = records.n > 0
    present, place = np.unique(records.provider[some], return_inverse=True)
    folds = min(FOLDS, len(present))
    if folds < 2:
        return {"reason": "there are no other providers to hold the model against"}
    fold = np.full(len(some), -1)
    fold[some] = provider_folds(place, providers=len(present), folds=folds, seed=SEED)
    follow = _follow(records)
    score, expected = np.zeros(len(some)), np.zeros(len(some))
    for each in range(folds):
        out = fold == each
        rest = some & ~out
        try:
            other = fit_cox(
                terms,
                {name: column[rest] for name, column in records.columns.items()},
                ties=model.ties,
                ridge=model.ridge,
                **{name: values[rest] for name, values in follow.items()},
            )
            part = {name: column[out] for name, column in records.columns.items()}
            score[out] = other.predictor(part, rows=int(out.sum()))
            expected[out] = other.expected(part, time=follow["time"][out], n=records.n[out])
        except ValueError as error:  # no model without a fold, or a level that is in one fold only
            return {"reason": str(error)}
    return {"folds": folds} | _measures(score, expected, records)


def _forward(earlier: CoxModel | None, records: Records) -> dict[str, Any]:
    if earlier is None:
        return {"reason": "there is no model of an earlier period"}
    try:
        score = earlier.predictor(records.columns, rows=len(records.n))
        return _measures(score, _expected(earlier, records, own=False), records)
    except ValueError as error:
        return {"reason": str(error)}
