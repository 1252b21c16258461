"""Standard errors of the effects of a case mix that allow for patients of one provider being alike."""

from __future__ import annotations

import numpy as np

from indicators.definition import Indicator
from registry_db.cohorts import TIME, Patterns, strata
from registry_db.connect import Connection
from registry_db.fits import Fitted, case_mix_terms
from risk_models.clustered import clustered_covariance
from risk_models.cox import CoxModel, fit_cox
from risk_models.regression import CannotFit


def clustered_errors(
    con: Connection, indicator: Indicator, period: str, patterns: Patterns, fitted: Fitted
) -> list[float]:
    """Give the clustered standard error of each coefficient of a model.

    Parameters
    ----------
    con : Connection
        The vault, after `make_cohort`.
    indicator : Indicator
        The definition.
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
        again = fit_cox(
            case_mix_terms(indicator),
            columns,
            time=columns[TIME],
            n=found.n,
            events=found.sum_y,
            provider=found.provider,
            providers=providers,
        )
        covariance = again.clustered
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
