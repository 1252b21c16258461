"""What a definition asks for beside the score: shrunken values, ranks, directly standardised rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from indicators.definition import Indicator
from registry_db.cohorts import Patterns, Strata
from registry_db.fits import case_mix_terms, model_kind
from risk_models.between import effect_at_ratio, predicted_expected, probability_above
from risk_models.direct import marginal_rate
from risk_models.random_intercept import RandomInterceptModel, fit_random_intercept
from risk_models.ranks import expected_ranks
from risk_models.verdict import Z_95

ESTIMATE_COLUMNS = ("provider", "estimator", "value", "lower", "upper")

Numbers = NDArray[np.float64]
Estimates = dict[str, tuple[Numbers, Numbers, Numbers]]


def estimates(indicator: Indicator, patterns: Patterns, strata: Strata, *, reference: float) -> pd.DataFrame:
    """Estimate what the definition asks for beside the score.

    Parameters
    ----------
    indicator : Indicator
        The definition.
    patterns, strata : Patterns, Strata
        Of one period; the strata with the expectation that is scored with.
    reference : float
        What an average provider has, on the scale of the adjusted value.

    Returns
    -------
    DataFrame
        Columns ESTIMATE_COLUMNS, one row for each estimator and provider with records: ``shrunken`` and
        ``direct`` on the scale of the adjusted value; ``predicted-expected``, a ratio; ``probability-worse``,
        without an interval; ``rank``, 1 the best.

    Raises
    ------
    CannotFit
        If the random-intercept model has no unique estimate; the message says why.
    """
    found: Estimates = {}
    if "shrunken" in indicator.estimators.beside:
        found |= _shrunken(indicator, patterns, strata, reference)
    if "direct" in indicator.estimators.beside:
        direct = marginal_rate(
            strata.provider,
            strata.n,
            strata.sum_y,
            logit(strata.expected),
            providers=len(strata.providers),
        )
        found["direct"] = direct.rate, direct.lower, direct.upper
    some = np.bincount(strata.provider, weights=strata.n, minlength=len(strata.providers)) > 0
    codes = np.array(strata.providers, dtype=object)[some]
    frames = [
        pd.DataFrame({"provider": codes, "estimator": name, "value": value, "lower": low, "upper": high})
        for name, (value, low, high) in (
            (name, [part[some] for part in parts]) for name, parts in found.items()
        )
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(ESTIMATE_COLUMNS))


def _shrunken(indicator: Indicator, patterns: Patterns, strata: Strata, reference: float) -> Estimates:
    columns = {name: values[strata.pattern] for name, values in patterns.columns.items()}
    kind = model_kind(indicator)
    model = fit_random_intercept(
        kind,
        case_mix_terms(indicator),
        columns,
        provider=strata.provider,
        providers=len(strata.providers),
        n=strata.n,
        sum_y=strata.sum_y,
        sum_y2=strata.sum_y2,
        average_tau=kind == "logistic",
    )
    eta = model.linear_predictor(columns, rows=len(strata.n))
    effect, sd = model.mean_total, model.sd_total
    found: Estimates = {}
    if kind == "logistic":
        ratio = predicted_expected(kind, eta, strata.n, provider=strata.provider, effect=effect, sd=sd)
        parts = ratio.ratio, ratio.lower, ratio.upper
        found["predicted-expected"] = parts
        value, lower, upper = (part * reference for part in parts)
        found["shrunken"] = value, lower, upper
    else:
        centre = reference + effect
        found["shrunken"] = centre, centre - Z_95 * sd, centre + Z_95 * sd
    worse = probability_above(effect, sd, _norm(indicator, model, eta, strata, reference))
    lower_is_better = indicator.outcome.better == "lower"
    nothing = np.full(len(effect), np.nan)
    found["probability-worse"] = (worse if lower_is_better else 1 - worse), nothing, nothing
    ranks = expected_ranks(effect if lower_is_better else -effect, sd)
    found["rank"] = ranks.expected, ranks.lower, ranks.upper
    return found


def _norm(
    indicator: Indicator, model: RandomInterceptModel, eta: Numbers, strata: Strata, reference: float
) -> Numbers | float:
    """The intercept of a provider that meets the norm exactly; of the average one without a norm."""
    if indicator.norm is None:
        return 0.0
    norm = float(indicator.norm.value)
    if model.kind == "linear":
        return norm - reference
    if norm == 0:
        return -np.inf
    providers = len(strata.providers)
    ratio = norm / reference
    return effect_at_ratio(
        model.kind, eta, strata.n, provider=strata.provider, providers=providers, ratio=ratio
    )
