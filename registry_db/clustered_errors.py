"""Standard errors of the effects of a case mix that allow for patients of one provider being alike."""

from __future__ import annotations

import numpy as np

from registry_db.cohorts import TIME, Patterns, strata
from registry_db.connect import Connection
from registry_db.fits import Fitted
from risk_models.clustered import clustered_covariance
from risk_models.cox import CoxModel
from risk_models.cox_providers import clustered_cox
from risk_models.regression import CannotFit


def clustered_errors(con: Connection, period: str, patterns: Patterns, fitted: Fitted) -> list[float]:
    """Give the clustered standard error of each coefficient of a model.

    Parameters
    ----------
    con : Connection
        The vault, after `make_cohort`.
    period : str
        The period that the model was fitted on.
    patterns : Patterns
        Its case-mix patterns.
    fitted : Fitted
        The model.

    Raises
    ------
    CannotFit
        With records of fewer than two providers, or that count in part for networks.
    """
    found = strata(con, period, np.full(len(patterns.n), np.nan))
    if (found.share < 1).any():
        raise CannotFit("records count in part for networks, and a cluster is of whole records")
    columns = {name: values[found.pattern] for name, values in patterns.columns.items()}
    providers = len(found.providers)
    if isinstance(fitted.model, CoxModel):
        covariance = clustered_cox(
            fitted.model,
            columns,
            found.provider,
            time=columns[TIME],
            n=found.n,
            events=found.sum_y,
            providers=providers,
        )
    else:
        counted = fitted.model.kind == "poisson"
        covariance = clustered_covariance(
            fitted.model,
            columns,
            found.provider,
            n=found.records if counted else found.n,
            sum_y=found.sum_y,
            exposure=found.n if counted else None,
            providers=providers,
        )
    errors: list[float] = np.sqrt(np.diag(covariance)).tolist()
    return errors
