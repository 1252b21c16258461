"""What a publication holds of case-mix models: the models, and why an expectation is what it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted case-mix model with its diagnostics, less what would tell small numbers.

    As `RiskModel.to_dict` or `CoxModel.to_dict` wrote it, rounded, without its covariance, log-likelihood and
    baseline hazards; coefficients and standard errors of a term with a level of few patients are None. See
    `registry_db.hiding_models`.
    """

    model: str
    indicator: str
    version: str
    period: str
    kind: str
    n: float
    model_json: str
    diagnostics_json: str

    @property
    def diagnostics(self) -> dict[str, Any]:
        """What is known about how well the model predicts, by name."""
        return cast(dict[str, Any], json.loads(self.diagnostics_json))


@dataclass(frozen=True, slots=True)
class Part:
    """What a case-mix term adds to the mean expectation of one organisation.

    Attributes
    ----------
    term : str
        Column of the dataset, or ``(together)`` for terms that are too small to be shown one by one.
    part : float
        In the unit of the expectation; own is everyone plus all parts.
    """

    indicator: str
    version: str
    period: str
    provider: str
    term: str
    part: float
    own: float
    everyone: float


@dataclass(frozen=True, slots=True)
class PatientMix:
    """Who the patients of one organisation are beside everyone's.

    Attributes
    ----------
    level : str
        Of a category; empty for the mean of a number or the share of a flag.
    own, everyone : float or None
        Share of the patients, or mean; own is None where it is of few patients.
    """

    indicator: str
    version: str
    period: str
    provider: str
    term: str
    level: str
    own: float | None
    everyone: float | None
