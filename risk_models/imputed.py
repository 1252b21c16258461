"""A model on imputed copies of the records, and what it expects of records whose values are imputed."""

from collections.abc import Sequence

import numpy as np

from risk_models.design import Term
from risk_models.expected import CannotFit, RiskModel, fit_matrix
from risk_models.missing import Imputed, Pooled, pooled
from risk_models.regression import encoded
from risk_models.strata import FloatArray


def fit_imputed(terms: Sequence[Term], copies: Sequence[Imputed], *, ridge: float = 0.0) -> Pooled:
    """Fit a logistic model on each imputed copy, with one encoding, and pool them by Rubin's rules.

    Parameters
    ----------
    terms
        Case mix. Its places (knots, centres, levels) are those of the first copy, in all of them.
    copies
        From `missing.impute`, two or more.
    ridge
        As for `fit_model`.

    Returns
    -------
    Pooled
        Its model has the number of records of one copy.

    Raises
    ------
    CannotFit
        For an empty cohort, or when the model of a copy has no unique estimate; the message says of which
        copy and why.
    ValueError
        For terms and copies that do not fit together.

    References
    ----------
    Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys. doi:10.1002/9780470316696
    """
    first = copies[0]
    _, design, _ = encoded(terms, first.columns, first.n)
    models = []
    for number, copy in enumerate(copies, start=1):
        X = design.matrix(copy.columns, rows=len(copy.n))
        try:
            fit = fit_matrix(
                "logistic", design.columns, X, n=copy.n, sum_y=copy.events, other=copy.events, ridge=ridge
            )
        except CannotFit as error:
            raise CannotFit(f"imputed copy {number}: {error}") from error
        models.append(
            RiskModel(
                kind="logistic",
                design=design,
                coefficients=fit.coefficients,
                standard_errors=np.sqrt(np.diag(fit.covariance)),
                n=float(copy.n.sum()),
                log_likelihood=fit.log_likelihood,
                residual_sd=fit.residual_sd,
                covariance=fit.covariance,
                ridge=ridge,
            )
        )
    return pooled(models)


def stacked(copies: Sequence[Imputed]) -> Imputed:
    """Put imputed copies under one another, each record by its share: records and events add up as before."""
    share = 1 / len(copies)
    names = copies[0].columns
    return Imputed(
        columns={name: np.concatenate([copy.columns[name] for copy in copies]) for name in names},
        n=np.concatenate([copy.n for copy in copies]) * share,
        events=np.concatenate([copy.events for copy in copies]) * share,
        origin=np.concatenate([copy.origin for copy in copies]),
    )


def over_copies(risk: FloatArray, stack: Imputed, *, rows: int) -> FloatArray:
    """Give the expectation of one record of each stratum there was: the mean over its imputed copies.

    Records of a stratum share it, whatever their own outcome: a provider's events move its own expectation
    only as far as they move that of all records with the same known values.

    Parameters
    ----------
    risk
        Expectation of one record of each row of the stack.
    stack
        From `stacked`.
    rows
        How many strata there were.

    Returns
    -------
    FloatArray
        Shape (rows,); NaN for a stratum without records.
    """
    total = np.bincount(stack.origin, weights=stack.n * risk, minlength=rows)
    size = np.bincount(stack.origin, weights=stack.n, minlength=rows)
    result: FloatArray = np.divide(total, size, out=np.full(rows, np.nan), where=size > 0)
    return result
