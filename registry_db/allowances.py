"""More spread between providers than chance explains: what a verdict allows for, where that is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indicators.definition import Indicator
from registry_db.cohorts import Strata
from risk_models.mean_scores import score_mean
from risk_models.spread import (
    Overdispersion,
    cqc_overdispersion,
    mean_overdispersion,
    overdispersion,
    proportion_overdispersion,
    shmi_overdispersion,
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Over-dispersion, on the scale of the test.

    Attributes
    ----------
    tau2 : float
        Variance between ordinary providers that is added; 0 is none.
    phi : float
        What the variance is multiplied by; 1 is nothing.
    """

    tau2: float = 0.0
    phi: float = 1.0


def allowance(indicator: Indicator, strata: Strata) -> Allowance:
    """Estimate what the verdict allows for, from all providers of a period.

    Parameters
    ----------
    indicator, strata : Indicator, Strata
        The definition, and what is scored.

    Returns
    -------
    Allowance
        None of it where the definition asks for none, or where it cannot be told.

    Raises
    ------
    ValueError
        If the method of the test cannot be applied to these providers; the message says why.
    """
    wanted = indicator.estimators.overdispersion
    if wanted == "none":
        return Allowance()
    if wanted == "additive":
        return additive_allowance(indicator, strata)
    found = _spread(indicator, strata)
    return Allowance(phi=max(1.0, found.phi) if np.isfinite(found.phi) else 1.0)


def additive_allowance(indicator: Indicator, strata: Strata) -> Allowance:
    """Estimate the variance between ordinary providers, whatever the definition asks for; as `allowance`."""
    tau2 = _spread(indicator, strata).tau2
    return Allowance(tau2=tau2 if np.isfinite(tau2) else 0.0)


def _spread(indicator: Indicator, strata: Strata) -> Overdispersion:
    kind, test = indicator.outcome.kind, indicator.estimators.test_of(indicator.outcome.kind)
    if kind in ("continuous", "change"):
        return _of_means(strata)
    share = strata.share
    expected = strata.n * share * strata.expected
    o, e = _sums(strata, strata.sum_y * share), _sums(strata, expected)
    if test == "shmi":
        return shmi_overdispersion(o, e)
    chance = kind in ("binary", "top_box")
    if test == "spiegelhalter-2012":
        if chance and not indicator.case_mix:
            return proportion_overdispersion(o, _sums(strata, strata.n * share))
        return cqc_overdispersion(o, e)
    variance = _sums(strata, expected * share * (1 - strata.expected)) if chance else e
    return overdispersion(o, e, variance)


def _of_means(strata: Strata) -> Overdispersion:
    scores = score_mean(
        strata.provider,
        strata.n,
        strata.sum_y,
        strata.sum_y2,
        strata.expected,
        providers=len(strata.providers),
        weight=strata.share,
    )
    inside = ~strata.outside
    adjusted, effective = scores.adjusted[inside], scores.effective[inside]
    return mean_overdispersion(adjusted, effective, sd=scores.sd, reference=scores.reference)


def _sums(strata: Strata, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the strata of each provider, without what is outside every network."""
    totals = np.bincount(strata.provider, weights=values, minlength=len(strata.providers))
    return totals[~strata.outside]
