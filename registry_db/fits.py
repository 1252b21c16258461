"""Fitting an indicator's risk model on the strata of one period."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indicators.definition import Indicator
from registry_db.cohorts import Strata
from risk_models.design import Term
from risk_models.diagnostics import brier, c_statistic, calibration, r_squared
from risk_models.expected import RiskModel, fit_model


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A risk model with its identity and what it is worth.

    Attributes
    ----------
    id : str
        First sixteen digits of the SHA-256 of the model.
    model : RiskModel
        The model.
    expected : array of float
        Expectation of one record of each stratum it was fitted on.
    diagnostics : dict
        Such as the c-statistic, by name.
    """

    id: str
    model: RiskModel
    expected: NDArray[np.float64]
    diagnostics: dict[str, Any]

    def model_json(self) -> str:
        """Write the model as JSON."""
        return json.dumps(self.model.to_dict(), sort_keys=True)


def needs_model(indicator: Indicator) -> bool:
    """Whether the expectation comes from a model that is fitted here."""
    return indicator.outcome.kind != "structure" and indicator.expectation is None


def fit(indicator: Indicator, strata: Strata) -> Fitted:
    """Fit the model of an indicator.

    Raises
    ------
    CannotFit
        If there is no unique estimate; the message says why.
    """
    terms = [
        Term(term.term, term.kind, degree=term.degree, knots=term.knots, reference=term.reference)
        for term in indicator.case_mix
    ]
    kind = "logistic" if indicator.outcome.kind == "binary" else "linear"
    model = fit_model(kind, terms, strata.columns, n=strata.n, sum_y=strata.sum_y, sum_y2=strata.sum_y2)
    text = json.dumps(model.to_dict(), sort_keys=True)
    expected = model.expected(strata.columns, rows=len(strata.n))
    id = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Fitted(id, model, expected, _diagnostics(model, strata, expected))


def _diagnostics(model: RiskModel, strata: Strata, expected: NDArray[np.float64]) -> dict[str, Any]:
    if model.kind == "linear":
        return {"r2": r_squared(strata.n, strata.sum_y, strata.sum_y2, expected)}
    found: dict[str, Any] = {
        "c_statistic": c_statistic(strata.n, strata.sum_y, expected),
        "brier": brier(strata.n, strata.sum_y, expected),
    }
    if len(model.coefficients) > 1:
        found["calibration"] = asdict(calibration(strata.n, strata.sum_y, expected))
    return found
