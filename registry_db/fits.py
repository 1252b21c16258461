"""Fitting an indicator's risk model on the case-mix patterns of one period."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from indicators.definition import Indicator
from registry_db.cohorts import Patterns
from risk_models.design import Term
from risk_models.diagnostics import brier, c_statistic, calibration, r_squared
from risk_models.expected import ModelKind, RiskModel, fit_model


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A risk model with its identity and what it is worth.

    Attributes
    ----------
    id : str
        First sixteen digits of the SHA-256 of the model.
    model : RiskModel
        The model.
    diagnostics : dict
        Such as the c-statistic, by name.
    """

    id: str
    model: RiskModel
    diagnostics: dict[str, Any]

    def model_json(self) -> str:
        """Write the model as JSON."""
        return json.dumps(self.model.to_dict(), sort_keys=True)


def needs_model(indicator: Indicator) -> bool:
    """Whether the expectation comes from a model that is fitted here."""
    return indicator.outcome.kind != "structure" and indicator.expectation is None


def model_kind(indicator: Indicator) -> ModelKind:
    """The model that goes with the outcome."""
    return "logistic" if indicator.outcome.kind == "binary" else "linear"


def case_mix_terms(indicator: Indicator) -> list[Term]:
    """The case mix, as the models take it."""
    return [
        Term(term.term, term.kind, degree=term.degree, knots=term.knots, reference=term.reference)
        for term in indicator.case_mix
    ]


def fit(indicator: Indicator, patterns: Patterns) -> Fitted:
    """Fit the model of an indicator.

    Raises
    ------
    CannotFit
        If there is no unique estimate; the message says why.
    """
    model = fit_model(
        model_kind(indicator),
        case_mix_terms(indicator),
        patterns.columns,
        n=patterns.n,
        sum_y=patterns.sum_y,
        sum_y2=patterns.sum_y2,
    )
    text = json.dumps(model.to_dict(), sort_keys=True)
    return Fitted(hashlib.sha256(text.encode()).hexdigest()[:16], model, _diagnostics(model, patterns))


def _diagnostics(model: RiskModel, patterns: Patterns) -> dict[str, Any]:
    expected = model.expected(patterns.columns, rows=len(patterns.n))
    if model.kind == "linear":
        return {"r2": r_squared(patterns.n, patterns.sum_y, patterns.sum_y2, expected)}
    found: dict[str, Any] = {
        "c_statistic": c_statistic(patterns.n, patterns.sum_y, expected),
        "brier": brier(patterns.n, patterns.sum_y, expected),
    }
    if len(model.coefficients) > 1:
        found["calibration"] = asdict(calibration(patterns.n, patterns.sum_y, expected))
    return found
