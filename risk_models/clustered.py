"""Standard errors that allow for patients of one provider being alike."""

import numpy as np
from numpy.typing import ArrayLike

from risk_models.expected import CannotFit, RiskModel
from risk_models.strata import (
    Columns,
    FloatArray,
    IntArray,
    checked,
    checked_counts,
    checked_n,
    checked_provider,
)


def clustered_covariance(
    model: RiskModel,
    strata: Columns,
    provider: ArrayLike,
    *,
    n: ArrayLike,
    sum_y: ArrayLike,
    exposure: ArrayLike | None = None,
    providers: int,
) -> FloatArray:
    """Give the covariance of a model's coefficients that holds whatever the dependence within providers.

    A^-1 (sum over providers of u u') A^-1 G/(G - 1), with A the information, u the score of the records of
    one provider, and G the number of providers with records. Exact on strata that do not mix providers.

    Parameters
    ----------
    model
        Fitted on these same records.
    strata
        One array of shape (strata,) for each term, under its name; each stratum is of one provider.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, sum_y, exposure
        As for `fit_model`, shape (strata,).
    providers
        How many providers there are.

    Returns
    -------
    FloatArray
        Shape (columns, columns); the root of its diagonal has the clustered standard errors. Trust it with
        some thirty providers or more.

    Raises
    ------
    CannotFit
        With records of fewer than two providers.
    ValueError
        For columns that cannot be, or a model that was stored without its covariance.

    References
    ----------
    Liang KY, Zeger SL (1986). Biometrika 73:13-22. doi:10.1093/biomet/73.1.13
    Zeileis A et al. (2020). J Stat Softw 95(1). doi:10.18637/jss.v095.i01
    """
    counts = checked_n(n)
    sums = checked("sum_y", sum_y, rows=len(counts))
    exposed = checked_counts(sums, exposure, counts)[1] if model.kind == "poisson" else counts
    index = checked_provider(provider, rows=len(counts), providers=providers)
    if np.isnan(model.covariance).any():
        raise ValueError("this model was stored without its covariance; fit it anew")
    X = model.design.matrix(strata, rows=len(counts))
    residual = sums - exposed * model.respond(X @ model.coefficients)
    bread = model.covariance
    if model.kind == "linear":
        bread = bread / model.residual_sd**2
    some = counts > 0
    return sandwich(bread, (residual[:, None] * X)[some], index[some])


def sandwich(bread: FloatArray, scores: FloatArray, provider: IntArray) -> FloatArray:
    """Give the clustered covariance of coefficients.

    Parameters
    ----------
    bread
        Inverse of the information, shape (columns, columns).
    scores
        Derivatives of the log-likelihood of each stratum to the coefficients, shape (strata, columns).
    provider
        Index of the provider of each stratum, all with records, shape (strata,).

    Raises
    ------
    CannotFit
        With records of fewer than two providers.
    """
    present = len(np.unique(provider))
    if present < 2:
        raise CannotFit(f"records of {present} providers: clustered standard errors need at least 2")
    sums = np.zeros((int(provider.max()) + 1, scores.shape[1]))
    np.add.at(sums, provider, scores)
    result: FloatArray = bread @ (sums.T @ sums) @ bread * present / (present - 1)
    return result
