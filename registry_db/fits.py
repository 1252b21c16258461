"""Fitting an indicator's risk model on the case-mix patterns of one period."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indicators.case_mix import CaseMixTerm, Imputation
from indicators.definition import Indicator
from registry_db.cohorts import TIME, Patterns
from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.diagnostics import brier, c_statistic, calibration, r_squared
from risk_models.expected import ModelKind, RiskModel, fit_model
from risk_models.imputed import fit_imputed, over_copies, stacked
from risk_models.missing import Imputed, impute

SEED = 20260101  # the same records are filled in with the same values at every run

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
    stack : Imputed or None
        The patterns it was fitted on with their missing values filled in, where the definition asks for
        that.
    """

    id: str
    model: RiskModel | CoxModel
    diagnostics: dict[str, Any]
    stack: Imputed | None = None

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
    if indicator.imputed:
        return _fit_imputed(indicator, patterns)
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
    if isinstance(model, CoxModel):
        return Fitted(_hash(model), model, {})
    expected = model.expected(patterns.columns, rows=len(patterns.n))
    return Fitted(_hash(model), model, _diagnostics(model, patterns, expected))


def _fit_imputed(indicator: Indicator, patterns: Patterns) -> Fitted:
    copies = imputed_copies(indicator, patterns)
    found = fit_imputed(case_mix_terms(indicator), copies)
    model, stack = found.model, stacked(copies)
    risk = model.expected(stack.columns, rows=len(stack.n))
    told = _diagnostics(model, patterns, over_copies(risk, stack, rows=len(patterns.n)))
    told["imputation"] = {"copies": len(copies), "lost": found.lost.tolist()}
    return Fitted(_hash(model), model, told, stack)


def imputed_copies(indicator: Indicator, patterns: Patterns) -> tuple[Imputed, ...]:
    """Fill in what the patterns of a period miss, as the definition says.

    Raises
    ------
    ValueError
        If there is no record to take a value from.
    """
    how = indicator.imputation or Imputation()
    return impute(
        patterns.columns,
        indicator.imputed,
        n=patterns.n,
        events=patterns.sum_y,
        given=how.within,
        copies=how.copies,
        seed=SEED,
    )


def _hash(model: RiskModel | CoxModel) -> str:
    text = json.dumps(model.to_dict(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _term(term: CaseMixTerm) -> Term:
    knots = tuple(map(float, term.knots)) if isinstance(term.knots, list) else term.knots
    missing = None if term.missing in ("report", "multiple-imputation") else term.missing
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


def _diagnostics(model: RiskModel, patterns: Patterns, expected: NDArray[np.float64]) -> dict[str, Any]:
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
