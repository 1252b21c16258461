"""What a random-intercept model says of providers: predicted over expected, norms, real differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtri

from risk_models.expected import ModelKind
from risk_models.intervals import checked_level
from risk_models.random_intercept import inverse_link
from risk_models.strata import FloatArray, IntArray, checked_provider, per_provider

SETTLED = 1e-12
MAX_STEPS = 100
FARTHEST = 3.0  # the most an intercept may change in one step
LATENT_VARIANCE = np.pi**2 / 3  # of the logistic distribution
BLOCK = 2**22  # numbers held at once


@dataclass(frozen=True, slots=True, eq=False)
class PredictedExpected:
    """Events predicted at the provider itself over those expected at the average provider.

    Attributes
    ----------
    predicted, expected
        Sums over the provider's own patients, shape (providers,).
    ratio, lower, upper
        Predicted over expected with its interval; times the overall rate they are the risk-standardised
        rate (RSRR) of CMS. NaN for a provider without records.
    """

    predicted: FloatArray
    expected: FloatArray
    ratio: FloatArray
    lower: FloatArray
    upper: FloatArray


def predicted_expected(
    kind: ModelKind,
    eta: FloatArray,
    size: FloatArray,
    *,
    provider: IntArray,
    effect: FloatArray,
    sd: FloatArray,
    level: float = 0.95,
) -> PredictedExpected:
    r"""Give the ratio of predicted to expected events, as CMS reports it.

    :math:`\sum_i g^{-1}(\eta_i + \hat u_j) / \sum_i g^{-1}(\eta_i)` over the patients of provider j. The
    ratio rises with the intercept, so the ends of the intercept's posterior interval give its own, given
    coefficients and tau; `bootstrap_ratios` adds their uncertainty.

    Parameters
    ----------
    kind
        Of the model.
    eta
        Linear predictor at the average provider, shape (strata,).
    size
        Records (or exposure) of each stratum, shape (strata,).
    provider
        Index of the provider of each stratum, shape (strata,).
    effect, sd
        Intercepts and their posterior standard deviation, shape (providers,).
    level
        Coverage, such as 0.95.

    Returns
    -------
    PredictedExpected

    Raises
    ------
    ValueError
        When level is no coverage, or a provider is none of those with an effect.

    References
    ----------
    Normand SLT, Glickman ME, Gatsonis CA (1997). J Am Stat Assoc 92:803-814.
    doi:10.1080/01621459.1997.10474036
    Krumholz HM et al. (2006). Circulation 113:1683-1692. doi:10.1161/CIRCULATIONAHA.105.611186
    """
    z = float(ndtri(0.5 + checked_level(level) / 2))
    provider = checked_provider(provider, rows=len(eta), providers=len(effect))

    def total(intercepts: FloatArray) -> FloatArray:
        mean = size * inverse_link(kind, eta + intercepts[provider])
        return per_provider(provider, mean, len(effect))

    expected, predicted = total(np.zeros(len(effect))), total(effect)
    known = np.where(per_provider(provider, size, len(effect)) > 0, expected, np.nan)
    return PredictedExpected(
        predicted=predicted,
        expected=expected,
        ratio=predicted / known,
        lower=total(effect - z * sd) / known,
        upper=total(effect + z * sd) / known,
    )


def direct_rates(kind: ModelKind, eta: FloatArray, size: FloatArray, *, intercept: FloatArray) -> FloatArray:
    r"""Give the rate all patients together would have at each provider (direct standardisation).

    :math:`\sum_i n_i\, g^{-1}(\eta_i + u_j) / \sum_i n_i` over the patients of all providers.

    Parameters
    ----------
    kind, eta, size
        As for `predicted_expected`.
    intercept
        Of each provider, random or fixed; -inf gives 0 and inf, for an event, 1. Shape (providers,).

    Returns
    -------
    FloatArray
        Shape (providers,): a probability, a rate, or a mean in the unit of y. NaN where the intercept is.

    References
    ----------
    Varewyck M et al. (2014). Biostatistics 15:651-664. doi:10.1093/biostatistics/kxu019
    """
    rates = np.empty(len(intercept))
    at_once = max(1, BLOCK // len(eta))
    for start in range(0, len(intercept), at_once):
        own = slice(start, start + at_once)
        rates[own] = inverse_link(kind, eta + intercept[own, None]) @ size / size.sum()
    return rates


def probability_above(effect: ArrayLike, sd: ArrayLike, norm: ArrayLike) -> FloatArray:
    r"""Give the posterior probability that an intercept is above a norm, :math:`\Phi((\hat u_j - c)/s_j)`.

    Parameters
    ----------
    effect, sd
        Posterior mean and standard deviation, any one shape.
    norm
        On the scale of the intercepts, such as log(1.5) for odds half as high again; `effect_at_ratio` turns
        a norm for the ratio predicted/expected into one for each provider.

    Returns
    -------
    FloatArray
        Of the common shape, 0 to 1; where sd is 0, 0 or 1, and 0.5 at the norm itself; NaN where any is NaN.

    References
    ----------
    Normand SLT, Glickman ME, Gatsonis CA (1997). doi:10.1080/01621459.1997.10474036
    """
    away = np.asarray(effect, dtype=np.float64) - np.asarray(norm, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(away == 0, 0.0, away / np.asarray(sd, dtype=np.float64))
    result: FloatArray = np.exp(log_ndtr(z))
    return result


def effect_at_ratio(
    kind: ModelKind,
    eta: FloatArray,
    size: FloatArray,
    *,
    provider: IntArray,
    providers: int,
    ratio: float,
) -> FloatArray:
    """Find the intercept at which predicted over expected is `ratio`, for the patients of each provider.

    Parameters
    ----------
    kind
        `logistic` or `poisson`.
    eta, size, provider, providers
        As for `predicted_expected`.
    ratio
        Above 0.

    Returns
    -------
    FloatArray
        Shape (providers,); inf where the ratio is out of reach (more events than patients), NaN for a
        provider without records.

    Raises
    ------
    ValueError
        For a linear model, whose values have no ratio, a ratio that is not above 0, or a provider that is
        none of 0..providers-1.

    References
    ----------
    Normand SLT, Glickman ME, Gatsonis CA (1997), for such norms. doi:10.1080/01621459.1997.10474036
    """
    if kind == "linear":
        raise ValueError(
            "a linear model has no ratio of predicted to expected; give the norm in the unit of y"
        )
    if not ratio > 0:
        raise ValueError(f"ratio: {ratio}; expected a number above 0")
    provider = checked_provider(provider, rows=len(eta), providers=providers)
    records = per_provider(provider, size, providers)
    expected = per_provider(provider, size * inverse_link(kind, eta), providers)
    target = ratio * expected
    reached = (records > 0) & ((target < records) | (kind == "poisson"))
    effect = np.zeros(providers)
    for _ in range(MAX_STEPS):
        mean = inverse_link(kind, eta + effect[provider])
        total = per_provider(provider, size * mean, providers)
        slope = per_provider(provider, size * mean * (1 - mean), providers) if kind == "logistic" else total
        # Newton's step for the logarithm, which is the straighter curve
        step = np.zeros(providers)
        step[reached] = (np.log(target[reached] / total[reached])) * total[reached] / slope[reached]
        if kind == "logistic":
            odds = np.log(target[reached] / (records - target)[reached]) - np.log(
                total[reached] / (records - total)[reached]
            )
            step[reached] = odds * (total * (records - total))[reached] / (records * slope)[reached]
        effect += np.clip(step, -FARTHEST, FARTHEST)
        if np.abs(step).max() < SETTLED:
            break
    return np.where(reached, effect, np.where(records > 0, np.inf, np.nan))


def median_odds_ratio(tau: float) -> float:
    r"""Give the median odds ratio between like patients of two random providers.

    :math:`\exp(\sqrt{2\tau^2}\, \Phi^{-1}(0.75))`, the higher over the lower.

    Parameters
    ----------
    tau
        Standard deviation between providers, on the scale of log-odds.

    Returns
    -------
    float
        1 or more; 1 where tau is 0, NaN where tau is.

    References
    ----------
    Larsen K, Merlo J (2005). Am J Epidemiol 161:81-88. doi:10.1093/aje/kwi017
    """
    return float(np.exp(np.sqrt(2) * tau * ndtri(0.75)))


def latent_icc(tau: float) -> float:
    r"""Give the share of the variance of log-odds that is between providers, :math:`\tau^2/(\tau^2+\pi^2/3)`.

    Parameters
    ----------
    tau
        Standard deviation between providers, on the scale of log-odds.

    Returns
    -------
    float
        0 to under 1; NaN where tau is.

    References
    ----------
    Goldstein H, Browne W, Rasbash J (2002). Underst Stat 1:223-231. doi:10.1207/S15328031US0104_02
    """
    return tau**2 / (tau**2 + LATENT_VARIANCE)


def latent_reliability(tau: float, n: ArrayLike) -> FloatArray:
    r"""Give the reliability of providers with n records on the log-odds scale.

    :math:`\tau^2 / (\tau^2 + (\pi^2/3)/n)`. It takes each patient to tell as much as a latent continuous
    outcome would, so it flatters; `outcome_reliability` and the posterior variances do not.

    Parameters
    ----------
    tau
        Standard deviation between providers, on the scale of log-odds.
    n
        Records, any one shape.

    Returns
    -------
    FloatArray
        0 to 1, of the shape of n; NaN where n is 0.

    References
    ----------
    Adams JL (2009), the reliability of provider profiling. RAND TR-653. doi:10.7249/TR653
    """
    records = np.asarray(n, dtype=np.float64)
    result: FloatArray = tau**2 / (tau**2 + LATENT_VARIANCE / np.where(records > 0, records, np.nan))
    return result


def outcome_reliability(tau: float, variance: ArrayLike, n: ArrayLike) -> FloatArray:
    r"""Give the reliability of adjusted rates, from tau by the delta method.

    With :math:`V_j = \sum p(1-p)` at the average provider, the variance between is :math:`b = (V_j/n_j)^2
    \tau^2` and that by chance :math:`w = V_j/n_j^2`; the reliability is :math:`b/(b + w)`.

    Parameters
    ----------
    tau
        On the scale of log-odds.
    variance, n
        Sum of p(1 - p), and records, shape (providers,).

    Returns
    -------
    FloatArray
        Shape (providers,), 0 to 1; NaN for a provider without records.

    References
    ----------
    Hwang J, Adams JL, Paddock SM (2021). Health Serv Outcomes Res Methodol 21:111-130.
    """
    V, records = np.asarray(variance, dtype=np.float64), np.asarray(n, dtype=np.float64)
    records = np.where(records > 0, records, np.nan)
    between, chance = (V / records * tau) ** 2, V / records**2
    result: FloatArray = between / (between + chance)
    return result


def rankability(tau: float, standard_errors: ArrayLike) -> float:
    r"""Give the share of the differences between fixed provider effects that is real.

    :math:`\tau^2 / (\tau^2 + \mathrm{median}_j\, s_j^2)`, with tau of the random-intercept model and s the
    standard errors of the fixed effects. Below 0.5 low, 0.5 to 0.75 moderate, above 0.75 high.

    Parameters
    ----------
    tau
        Standard deviation between providers.
    standard_errors
        Of the fixed effects, shape (providers,). Infinite for a provider with no events or only events,
        which counts; NaN for one without records, which does not.

    Returns
    -------
    float
        0 to 1; NaN without providers.

    References
    ----------
    van Dishoeck AM et al. (2011). BMJ Qual Saf 20:869-874. doi:10.1136/bmjqs.2010.048058
    Hofstede SN et al. (2019), on the bands. BMJ Qual Saf 28:94-102. doi:10.1136/bmjqs-2017-007669
    """
    errors = np.asarray(standard_errors, dtype=np.float64)
    known = errors[~np.isnan(errors)]
    if not len(known):
        return np.nan
    return float(tau**2 / (tau**2 + np.median(known**2)))
