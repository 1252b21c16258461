"""The model card of a time to event: as `model_card`, with what is right for hazards."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from risk_models.concordance import c_index, risk_groups
from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.missing import MissingNote
from risk_models.model_card import FOLDS, SEED, Records, coefficient_rows, plain_values
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
        these numbers in groups of rising hazard. ``influence`` is empty.

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
    rows, codes = len(records.n), len(records.codes)
    score = model.predictor(records.columns, rows=rows)
    expected = _expected(model, records, own=True)
    card = {
        "about": dict(about),
        "fit": {
            "kind": "cox",
            "n": model.n,
            "outcome": model.events,
            "providers": len(np.unique(records.provider[records.n > 0])),
            "log_likelihood": model.log_likelihood,
            "ties": model.ties,
        },
        "terms": [term.to_dict() for term in model.design.terms],
        "coefficients": coefficient_rows(model, _clustered(terms, records, providers=codes)),
        "apparent": _measures(score, expected, records),
        "groups": risk_groups(score, n=records.n, observed=records.sum_y, expected=expected),
        "cross_validation": _cross_validation(terms, records),
        "forward": _forward(earlier, records),
        "influence": [],
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


def _clustered(terms: Sequence[Term], records: Records, *, providers: int) -> FloatArray | None:
    assert records.time is not None
    try:
        found = fit_cox(
            terms,
            records.columns,
            time=records.time,
            n=records.n,
            events=records.sum_y,
            provider=records.provider,
            providers=providers,
        )
    except ValueError:  # fewer than two providers
        return None
    return found.clustered


def _cross_validation(terms: Sequence[Term], records: Records) -> dict[str, Any]:
    """Score and expect each provider by a model of the others."""
    assert records.time is not None
    present, place = np.unique(records.provider, return_inverse=True)
    folds = min(FOLDS, len(present))
    if folds < 2:
        return {"reason": "there are no other providers to hold the model against"}
    fold = provider_folds(place, providers=len(present), folds=folds, seed=SEED)
    score, expected = np.full(len(place), np.nan), np.full(len(place), np.nan)
    for each in range(folds):
        out = fold == each
        try:
            model = fit_cox(
                terms,
                {name: column[~out] for name, column in records.columns.items()},
                time=records.time[~out],
                n=records.n[~out],
                events=records.sum_y[~out],
            )
            part = {name: column[out] for name, column in records.columns.items()}
            score[out] = model.predictor(part, rows=int(out.sum()))
            expected[out] = model.expected(part, time=records.time[out], n=records.n[out])
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
