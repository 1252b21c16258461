"""Cheap alternatives to a random-intercept model: shrinkage from sums per provider alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, digamma, gammaincinv, gammaln

from risk_models.expected import CannotFit
from risk_models.intervals import checked_level
from risk_models.strata import FloatArray, checked, checked_events, checked_n

Lost: TypeAlias = Callable[[FloatArray], tuple[float, FloatArray]]

LARGEST = 16.0  # logarithm of the prior's number of records beyond which providers do not differ
MAX_STEPS = 100_000
FIXED = 1e-14  # relative change of tau2 at which Morris' iteration stands still


@dataclass(frozen=True, slots=True, eq=False)
class ShrunkenRates:
    """Rates or ratios drawn towards what is usual.

    Attributes
    ----------
    prior
        alpha and beta of a beta-binomial, shape and rate of a gamma-Poisson; both infinite where providers
        differ no more than by chance.
    log_likelihood
        Of the counts, natural logarithm.
    shrunken, lower, upper
        Posterior mean and quantiles, shape (providers,).
    reliability
        Weight of the provider's own figures, 0 to 1, shape (providers,).
    """

    prior: tuple[float, float]
    log_likelihood: float
    shrunken: FloatArray
    lower: FloatArray
    upper: FloatArray
    reliability: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedRates:
    """Adjusted rates smoothed by moments.

    Attributes
    ----------
    tau2
        Variance between providers (signal), in squared rates.
    mean
        Weighted mean of the adjusted rates.
    adjusted
        Reference rate times O/E, shape (providers,).
    noise
        Variance of each adjusted rate by chance, shape (providers,).
    reliability
        tau2/(tau2 + noise), shape (providers,).
    smoothed, smoothed_sd
        reliability times adjusted plus the rest times the reference; its posterior sd, shape (providers,).
    """

    tau2: float
    mean: float
    adjusted: FloatArray
    noise: FloatArray
    reliability: FloatArray
    smoothed: FloatArray
    smoothed_sd: FloatArray


def beta_binomial(n: ArrayLike, events: ArrayLike, *, level: float = 0.95) -> ShrunkenRates:
    r"""Shrink crude rates by a beta-binomial model, fitted by maximum likelihood.

    :math:`y_j \sim \mathrm{Bin}(n_j, \theta_j)`, :math:`\theta_j \sim \mathrm{Beta}(\alpha, \beta)`; the
    posterior of a provider is :math:`\mathrm{Beta}(\alpha + y_j, \beta + n_j - y_j)`, its reliability
    :math:`n_j/(n_j + \alpha + \beta)`.

    Parameters
    ----------
    n, events
        Records and events, shape (providers,). A provider without records gets the prior.
    level
        Coverage of the posterior intervals, such as 0.95.

    Returns
    -------
    ShrunkenRates
        The log-likelihood has the binomial coefficients. Where the prior is infinite, all rates are the
        overall one, with no width.

    Raises
    ------
    CannotFit
        With fewer than two providers with records, no events, or events only.
    ValueError
        For counts that cannot be, or a level that is no coverage.

    References
    ----------
    Griffiths DA (1973). Maximum likelihood estimation for the beta-binomial distribution and an application
    to the household distribution of the total number of cases of a disease. Biometrics 29:637-648.
    Adams JL (2009), on the reliability. RAND TR-653. doi:10.7249/TR653
    """
    tail = (1 - checked_level(level)) / 2
    size = checked_n(n)
    y = checked_events(events, size)
    _refuse_nothing_to_compare(size, y)
    if y.sum() == size.sum():
        raise CannotFit(f"every one of the {size.sum():g} records has the event: there is no risk to model")
    rate = y.sum() / size.sum()
    choose = float(np.sum(gammaln(size + 1) - gammaln(y + 1) - gammaln(size - y + 1)))

    def lost(theta: FloatArray) -> tuple[float, FloatArray]:
        a, b = np.exp(theta)
        value = np.sum(betaln(a + y, b + size - y) - betaln(a, b))
        both = digamma(a + b) - digamma(a + b + size)
        slope = [
            np.sum(digamma(a + y) - digamma(a) + both),
            np.sum(digamma(b + size - y) - digamma(b) + both),
        ]
        return -float(value), -np.array([a, b]) * slope

    theta, value = _minimum(lost, np.log([rate, 1 - rate]) + np.log(10))
    null = float(np.sum(y) * np.log(rate) + np.sum(size - y) * np.log1p(-rate))
    if np.logaddexp(*theta) > LARGEST or -value < null:
        flat = np.full(len(size), rate)
        return ShrunkenRates((np.inf, np.inf), null + choose, flat, flat, flat, np.zeros(len(size)))
    a, b = (float(part) for part in np.exp(theta))
    return ShrunkenRates(
        prior=(a, b),
        log_likelihood=choose - value,
        shrunken=(a + y) / (a + b + size),
        lower=np.asarray(betaincinv(a + y, b + size - y, tail), dtype=np.float64),
        upper=np.asarray(betaincinv(a + y, b + size - y, 1 - tail), dtype=np.float64),
        reliability=size / (size + a + b),
    )


def gamma_poisson(observed: ArrayLike, expected: ArrayLike, *, level: float = 0.95) -> ShrunkenRates:
    r"""Shrink ratios O/E by a gamma-Poisson model, fitted by maximum likelihood.

    :math:`O_j \sim \mathrm{Poisson}(\theta_j E_j)`, :math:`\theta_j \sim \mathrm{Gamma}(a, b)` with mean
    :math:`a/b`; the posterior mean is :math:`(O_j + a)/(E_j + b)`, the reliability :math:`E_j/(E_j + b)`.
    For counts and rare events: with common events the Poisson variance hides real differences.

    Parameters
    ----------
    observed, expected
        Counts and expected counts, shape (providers,). A provider with expected 0 gets the prior.
    level
        Coverage of the posterior intervals, such as 0.95.

    Returns
    -------
    ShrunkenRates
        Where the prior is infinite, all ratios are the overall one, with no width.

    Raises
    ------
    CannotFit
        With fewer than two providers with an expected count, or no events.
    ValueError
        For counts that cannot be, or a level that is no coverage.

    References
    ----------
    Clayton D, Kaldor J (1987). Biometrics 43:671-681. doi:10.2307/2532003
    """
    tail = (1 - checked_level(level)) / 2
    e = checked_n(expected)
    y = checked("observed", observed, rows=len(e))
    if ((y < 0) | ((y > 0) & (e == 0))).any():
        first = int(np.flatnonzero((y < 0) | ((y > 0) & (e == 0)))[0])
        raise ValueError(f"observed: provider {first} has {y[first]:g} where {e[first]:g} is expected")
    _refuse_nothing_to_compare(e, y)
    ratio = y.sum() / e.sum()
    some = e > 0
    constant = float(np.sum(y[some] * np.log(e[some])) - gammaln(y + 1).sum())

    def lost(theta: FloatArray) -> tuple[float, FloatArray]:
        a, m = np.exp(theta)
        total = a + m * e
        value = np.sum(gammaln(a + y) - gammaln(a) + a * np.log(a) + y * np.log(m) - (a + y) * np.log(total))
        of_a = np.sum(digamma(a + y) - digamma(a) + np.log(a) + 1 - np.log(total) - (a + y) / total)
        of_m = np.sum(y / m - (a + y) * e / total)
        return -float(value), -np.array([a * of_a, m * of_m])

    theta, value = _minimum(lost, np.array([1.0, np.log(ratio)]))
    null = float(y.sum() * np.log(ratio) - ratio * e.sum())
    if theta[0] > LARGEST or -value < null:
        flat = np.full(len(e), ratio)
        return ShrunkenRates((np.inf, np.inf), null + constant, flat, flat, flat, np.zeros(len(e)))
    shape = float(np.exp(theta[0]))
    rate = shape / float(np.exp(theta[1]))
    return ShrunkenRates(
        prior=(shape, rate),
        log_likelihood=constant - value,
        shrunken=(y + shape) / (e + rate),
        lower=gammaincinv(y + shape, tail) / (e + rate),
        upper=gammaincinv(y + shape, 1 - tail) / (e + rate),
        reliability=e / (e + rate),
    )


def smoothed_rates(
    observed: ArrayLike, expected: ArrayLike, variance: ArrayLike, *, reference: float
) -> SmoothedRates:
    r"""Smooth adjusted rates by the moments of Morris, as AHRQ's quality indicators do.

    With :math:`r_j = \alpha O_j/E_j` and noise :math:`\sigma_j^2 = (\alpha/E_j)^2 V_j`, tau squared is the
    fixed point of :math:`\sum w_j^2 [\tfrac{H}{H-1}(r_j - m)^2 - \sigma_j^2] / \sum w_j^2`, with
    :math:`w_j = 1/(\tau^2 + \sigma_j^2)` and m the mean with weights w; never below 0.

    Parameters
    ----------
    observed, expected, variance
        Events, expected events and sum of p(1 - p), shape (providers,).
    reference
        The rate alpha of all, to which rates are adjusted and drawn.

    Returns
    -------
    SmoothedRates
        NaN, and no say in tau2, for a provider with expected 0.

    Raises
    ------
    CannotFit
        With fewer than two providers with expected events, or no events.
    ValueError
        For values that are not finite or negative.

    References
    ----------
    Morris CN (1983). J Am Stat Assoc 78:47-55. doi:10.1080/01621459.1983.10477920
    AHRQ Quality Indicators Empirical Methods, section on smoothed rates.
    """
    e = checked_n(expected)
    o, v = checked("observed", observed, rows=len(e)), checked("variance", variance, rows=len(e))
    if (o < 0).any() or (v < 0).any():
        raise ValueError("observed and variance: expected 0 or more for every provider")
    some = (e > 0) & (v > 0)
    if some.sum() < 2:
        raise CannotFit("fewer than two providers have expected events: there is no spread to smooth by")
    if o.sum() == 0:
        raise CannotFit("no provider has an event: there is no risk to model")
    per_event = np.divide(reference, e, out=np.full(len(e), np.nan), where=some)
    adjusted, noise = per_event * o, per_event**2 * v
    tau2, mean = _morris(adjusted[some], noise[some])
    reliability = tau2 / (tau2 + noise)
    return SmoothedRates(
        tau2=tau2,
        mean=mean,
        adjusted=adjusted,
        noise=noise,
        reliability=reliability,
        smoothed=reliability * adjusted + (1 - reliability) * reference,
        smoothed_sd=np.sqrt(reliability * noise),
    )


def _morris(rate: FloatArray, noise: FloatArray) -> tuple[float, float]:
    inflate = len(rate) / (len(rate) - 1)
    tau2 = float(np.var(rate, ddof=1))
    for _ in range(MAX_STEPS):
        w = 1 / (tau2 + noise)
        mean = float(np.average(rate, weights=w))
        new = max(0.0, float(np.average(inflate * (rate - mean) ** 2 - noise, weights=w**2)))
        if abs(new - tau2) <= FIXED * max(new, float(noise.min())):
            return new, mean
        tau2 = new
    raise CannotFit("tau2 does not settle: the spread of the rates fits no one variance between providers")


def _minimum(lost: Lost, start: FloatArray) -> tuple[FloatArray, float]:
    best = minimize(lost, start, jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 500})
    return np.asarray(best.x, dtype=np.float64), float(best.fun)


def _refuse_nothing_to_compare(size: FloatArray, y: FloatArray) -> None:
    if np.sum(size > 0) < 2:
        raise CannotFit("fewer than two providers have records: there are no differences to model")
    if y.sum() == 0:
        raise CannotFit("no provider has an event: there is no risk to model")
