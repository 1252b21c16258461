"""Fitting an indicator's risk model on the case-mix patterns of one period."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from indicators.case_mix import CaseMixTerm
from indicators.definition import Indicator
from registry_db.cohorts import TIME, Patterns
from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.diagnostics import brier, c_statistic, calibration, r_squared
from risk_models.expected import ModelKind, RiskModel, fit_model

_MODELS: dict[str, ModelKind] = {
    "binary": "logistic",
    "top_box": "logistic",
    "count": "poisson",
    "continuous": "linear",
    "change": "linear",
}


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A risk model with its identity and what it is worth.

    Attributes
    ----------
    id : str
        First sixteen digits of the SHA-256 of the model.
    model : RiskModel or CoxModel
        The model; Cox for a time to event.
    diagnostics : dict
        Such as the c-statistic, by name.
    """

    id: str
    model: RiskModel | CoxModel
    diagnostics: dict[str, Any]

    @property
    def kind(self) -> str:
        """``logistic``, ``linear``, ``poisson`` or ``cox``."""
        return "cox" if isinstance(self.model, CoxModel) else self.model.kind

    def model_json(self) -> str:
        """Write the model as JSON."""
        return json.dumps(self.model.to_dict(), sort_keys=True)


def needs_model(indicator: Indicator) -> bool:
    """Whether the expectation comes from a model that is fitted here."""
    return indicator.outcome.kind != "structure" and indicator.expectation is None


def model_kind(indicator: Indicator) -> ModelKind:
    """The model that goes with the outcome; a time to event has Cox's, which is none of these."""
    return _MODELS[indicator.outcome.kind]


def case_mix_terms(indicator: Indicator) -> list[Term]:
    """The case mix, as the models take it."""
    return [_term(term) for term in indicator.case_mix]


def fit(indicator: Indicator, patterns: Patterns) -> Fitted:
    """Fit the model of an indicator.

    Raises
    ------
    CannotFit
        If there is no unique estimate; the message says why.
    """
    model: RiskModel | CoxModel
    if indicator.outcome.kind == "time_to_event":
        time, events = patterns.columns[TIME], patterns.sum_y
        model = fit_cox(case_mix_terms(indicator), patterns.columns, time=time, n=patterns.n, events=events)
    else:
        model = fit_model(
            model_kind(indicator),
            case_mix_terms(indicator),
            patterns.columns,
            n=patterns.records if indicator.outcome.kind == "count" else patterns.n,
            sum_y=patterns.sum_y,
            sum_y2=patterns.sum_y2,
            exposure=patterns.n,
        )
    text = json.dumps(model.to_dict(), sort_keys=True)
    found = {} if isinstance(model, CoxModel) else _diagnostics(model, patterns)
    return Fitted(hashlib.sha256(text.encode()).hexdigest()[:16], model, found)


def _term(term: CaseMixTerm) -> Term:
    knots = tuple(map(float, term.knots)) if isinstance(term.knots, list) else term.knots
    missing = None if term.missing == "report" else term.missing
    return Term(
        term.term,
        term.kind,
        degree=term.degree,
        knots=knots,
        levels=tuple(term.levels or ()),
        reference=term.reference,
        missing=missing,
        unseen=term.unseen,
        pool_below=float(term.pool_below or 0),
        of=tuple(term.of or ()),
    )


def _diagnostics(model: RiskModel, patterns: Patterns) -> dict[str, Any]:
    expected = model.expected(patterns.columns, rows=len(patterns.n))
    if model.kind == "poisson":
        return {}
    if model.kind == "linear":
        return {"r2": r_squared(patterns.n, patterns.sum_y, patterns.sum_y2, expected)}
    found: dict[str, Any] = {
        "c_statistic": c_statistic(patterns.n, patterns.sum_y, expected),
        "brier": brier(patterns.n, patterns.sum_y, expected),
    }
    if len(model.coefficients) > 1:
        found["calibration"] = asdict(calibration(patterns.n, patterns.sum_y, expected))
    return found
