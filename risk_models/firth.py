"""Firth's penalised likelihood: finite, less biased estimates where events are sparse or separated."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from risk_models.design import Term
from risk_models.fixed_effects import FixedEffectsModel, climbed_model
from risk_models.provider_rows import provider_rows
from risk_models.strata import Columns


def fit_firth(
    kind: Literal["logistic", "poisson"],
    terms: Sequence[Term],
    strata: Columns,
    *,
    provider: ArrayLike,
    providers: int,
    n: ArrayLike,
    sum_y: ArrayLike,
    exposure: ArrayLike | None = None,
) -> FixedEffectsModel:
    r"""Fit provider intercepts and case mix by Firth's penalised likelihood.

    Maximises :math:`\ell(\gamma, \beta) + \tfrac12 \log|I(\gamma, \beta)|`, which takes the first-order bias
    of maximum likelihood away and is finite also for a provider with no events or only events, and where the
    case mix separates the events. Without case mix, the log-odds of a provider are those of
    :math:`(y + \tfrac12) / (n - y + \tfrac12)`.

    Parameters
    ----------
    kind
        `logistic` or `poisson`.
    terms, strata, provider, providers, n, sum_y, exposure
        As for `fit_fixed_effects`. With `providers` 1 it is Firth's estimate of a model of all records
        together.

    Returns
    -------
    FixedEffectsModel
        All intercepts of providers with records are finite. Standard errors come from the information at
        the estimate.

    Raises
    ------
    CannotFit
        As `fit_fixed_effects` does, but not for separation.
    ValueError
        For another kind, or terms and strata that do not fit together.

    References
    ----------
    Firth D (1993). Biometrika 80:27-38. doi:10.1093/biomet/80.1.27
    Heinze G, Schemper M (2002). Stat Med 21:2409-2419. doi:10.1002/sim.1047

    Examples
    --------
    >>> model = fit_firth("logistic", [], {}, provider=[0, 1], providers=2, n=[20, 20], sum_y=[0, 5])
    >>> np.exp(model.intercept).round(6).tolist() == [round(0.5 / 20.5, 6), round(5.5 / 15.5, 6)]
    True
    """
    if kind not in ("logistic", "poisson"):
        raise ValueError(f"kind '{kind}' is none of logistic, poisson")
    rows = provider_rows(
        kind, terms, strata,
        provider=provider, providers=providers, n=n, sum_y=sum_y, sum_y2=None, exposure=exposure,
        alone=providers == 1,
    )  # fmt: skip
    return climbed_model(rows, firth=True, infinite=np.full(providers, np.nan), n=float(rows.n.sum()))
