"""Directly standardised rates: what the benchmark's patients would have with each provider."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit

from risk_models.funnels import public_health_ratio_interval
from risk_models.intervals import Interval, checked_level, exact_ratio_interval
from risk_models.poisson_binomial import pmf, shift
from risk_models.strata import (
    FloatArray,
    checked,
    checked_events,
    checked_n,
    checked_provider,
    checked_whole,
    per_provider,
)

FEWEST_EVENTS = 10
FEWEST_REPLICATES = 100
FARTHEST = 745.0  # log-odds at which a risk is 0 or 1 to rounding


@dataclass(frozen=True, slots=True, eq=False)
class DirectRates:
    """Directly standardised rates, one a provider; all arrays have shape (providers,).

    Attributes
    ----------
    events, exposure
        Sums of each provider.
    rate
        Standardised, per unit of exposure; NaN where there is a reason.
    lower, upper
        Its interval.
    reason
        Why there is no rate, "" where there is one.
    """

    events: FloatArray
    exposure: FloatArray
    rate: FloatArray
    lower: FloatArray
    upper: FloatArray
    reason: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class MarginalRates:
    """Model-based directly standardised rates, one a provider; all arrays have shape (providers,).

    Attributes
    ----------
    shift
        Log-odds by which the provider's patients do differ from expected: 0 is as expected, -inf and inf
        for no events and events only.
    rate
        Proportion that would have the event if all patients of the benchmark had that shift.
    lower, upper
        Exact interval, given the model: `rate` at the ends of the exact interval of the shift.
    error
        Standard error by the delta method; with the covariance of the coefficients, that of the model too.
        NaN for no events and events only.
    """

    shift: FloatArray
    rate: FloatArray
    lower: FloatArray
    upper: FloatArray
    error: FloatArray


def direct_rate(
    provider: ArrayLike,
    events: ArrayLike,
    exposure: ArrayLike,
    weight: ArrayLike,
    *,
    providers: int,
    level: float = 0.95,
    squares: ArrayLike | None = None,
    minimum_events: float = FEWEST_EVENTS,
) -> DirectRates:
    """Give rates standardised with the weights of a standard population, with Dobson's interval.

    rate = sum(w d/e)/sum(w); lower = rate + sqrt(Var(rate)/Var(D)) (D_lower - D), and likewise upper, with
    D the events of the provider, D_lower and D_upper their interval (Byar's; exact under ten events) and
    Var(rate) = sum(w^2 Var(d)/e^2)/sum(w)^2. For independent events Var(d) = d.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,); a stratum is such as an age
        band.
    events, exposure
        Events and exposure (person-years) per stratum; exposure above 0.
    weight
        Of the standard population in the stratum.
    providers
        How many there are.
    level
        Coverage aimed at.
    squares
        For events that come in clusters, such as several of one person: sum over persons of their squared
        number of events, per stratum, which is then Var(d). None is one event a person.
    minimum_events
        Fewest events with which a rate is given.

    Returns
    -------
    DirectRates

    Raises
    ------
    ValueError
        For columns that cannot be.

    References
    ----------
    Dobson AJ et al. (1991). Stat Med 10:457-462. doi:10.1002/sim.4780100317
    Public Health England, with an adjustment for events that are not independent.
    """
    d = checked_n(events)
    e, w = (checked(name, x, rows=len(d)) for name, x in (("exposure", exposure), ("weight", weight)))
    variance = d if squares is None else checked("squares", squares, rows=len(d))
    if not ((e > 0).all() and (w >= 0).all() and (variance >= 0).all()):
        raise ValueError("exposure: expected above 0 in every stratum, and no negative weight or squares")
    index = checked_provider(provider, rows=len(d), providers=providers)
    total, of_d = per_provider(index, d, providers), per_provider(index, variance, providers)
    exposed, weights = per_provider(index, e, providers), per_provider(index, w, providers)
    reason = np.where(total < minimum_events, f"fewer than {minimum_events:g} events", "").astype("U60")
    reason[weights == 0] = "no weight in the standard population"
    reason[exposed == 0] = "no exposure"
    known = np.where(reason == "", weights, np.nan)
    rate = per_provider(index, w * d / e, providers) / known
    error2 = per_provider(index, w**2 * variance / e**2, providers) / known**2
    counts = public_health_ratio_interval(total, 1.0, level=level)
    scale = np.sqrt(np.divide(error2, of_d, out=np.full(providers, np.nan), where=of_d > 0))
    widen = np.sqrt(np.divide(of_d, total, out=np.ones(providers), where=total > 0))
    return DirectRates(
        events=total,
        exposure=exposed,
        rate=rate,
        lower=rate + scale * widen * (counts.lower - total),
        upper=rate + scale * widen * (counts.upper - total),
        reason=reason,
    )


def marginal_rate(
    provider: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    eta: ArrayLike,
    *,
    providers: int,
    X: FloatArray | None = None,
    covariance: FloatArray | None = None,
    level: float = 0.95,
    exact: bool = True,
) -> MarginalRates:
    """Give the rate that all patients together would have with each provider (g-computation).

    The provider's shift s solves sum n expit(eta + s) = O over its own patients; the rate is the mean of
    expit(eta + s) over all patients. By the delta method its variance is (mean w)^2/sum(n w) with w =
    p(1 - p) at the shifted risks, the mean over all patients and the sum over its own; the uncertainty of
    the coefficients adds g C g' with g the derivative of the rate to them, the shift following.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, events
        Records and events per stratum; whole numbers.
    eta
        Log-odds of the expected risk of the stratum.
    providers
        How many there are.
    X, covariance
        Design matrix (strata, columns) and covariance of the coefficients behind `eta`; None leaves the
        uncertainty of the model out.
    level
        Coverage of the exact interval, at least.
    exact
        False leaves the interval out (NaN), which takes most of the time.

    Returns
    -------
    MarginalRates
        NaN for a provider without records.

    Raises
    ------
    ValueError
        For columns that cannot be, or only one of X and covariance.

    References
    ----------
    Lane PW, Nelder JA (1982). Analysis of covariance and standardization as instances of prediction.
    Biometrics 38:613-621.
    Varewyck M et al. (2014), for providers of care. Biostatistics 15:651-664.
    doi:10.1093/biostatistics/kxu019
    """
    counts = checked_whole("n", checked_n(n))
    happened = checked_whole("events", checked_events(events, counts))
    odds = checked("eta", eta, rows=len(counts))
    if (X is None) != (covariance is None):
        raise ValueError("X and covariance belong together: give both, or neither")
    index = checked_provider(provider, rows=len(counts), providers=providers)
    share = counts / max(counts.sum(), 1.0)
    found = np.full((5, providers), np.nan)
    for which in range(providers):
        own = np.flatnonzero((index == which) & (counts > 0))
        if not len(own):
            continue
        o, size = float(happened[own].sum()), float(counts[own].sum())
        at = _shift_for(odds[own], counts[own], o)
        ends = (np.nan, np.nan)
        if exact:
            ends = _exact_shifts(odds[own], counts[own], o, at, level=level)
        rates = [float(share @ expit(odds + one)) for one in (at, *ends)]
        error = np.nan
        if 0 < o < size:
            error = _delta(odds + at, share, own, counts, X=X, covariance=covariance)
        found[:, which] = at, *rates, error
    return MarginalRates(*found)


def marginal_bootstrap(
    provider: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    X: FloatArray,
    coefficients: FloatArray,
    draws: FloatArray,
    *,
    providers: int,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """Give bootstrap intervals of `marginal_rate`, of chance and model together.

    In each replicate the coefficients are those of one draw of providers, and every provider's events are
    drawn anew at its shifted risks; the interval is between quantiles of the replicates.

    Parameters
    ----------
    provider, n, events, providers
        As for `marginal_rate`.
    X, coefficients
        Design matrix (strata, columns), and the coefficients of the model.
    draws
        Of the coefficients, shape (replicates, columns): `bootstrap.ModelUncertainty.coefficients`. Rows
        that are all the same leave the uncertainty of the model out.
    seed
        The same seed gives the same.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of proportions, shape (providers,). NaN for a provider without records, and for one without events
        or with events only, of which drawing anew says nothing: `marginal_rate` has its exact interval.

    Raises
    ------
    ValueError
        For columns that cannot be, or fewer than a hundred replicates.

    References
    ----------
    Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap. doi:10.1201/9780429246593
    """
    if len(draws) < FEWEST_REPLICATES:
        raise ValueError(f"draws: {len(draws)} replicates; expected {FEWEST_REPLICATES} or more")
    counts = checked_whole("n", checked_n(n))
    index = checked_provider(provider, rows=len(counts), providers=providers)
    whole = marginal_rate(index, counts, events, X @ coefficients, providers=providers)
    random = np.random.default_rng(seed)
    risk = expit(X @ coefficients + np.nan_to_num(whole.shift)[index])
    rates = np.array(
        [
            marginal_rate(
                index,
                counts,
                random.binomial(counts.astype(np.int64), risk),
                X @ beta,
                providers=providers,
                exact=False,
            ).rate
            for beta in draws
        ]
    )
    tail = (1 - checked_level(level)) / 2
    low, high = np.quantile(rates, [tail, 1 - tail], axis=0)
    known = np.isfinite(whole.shift)
    return Interval(lower=np.where(known, low, np.nan), upper=np.where(known, high, np.nan))


def _shift_for(eta: FloatArray, n: FloatArray, events: float) -> float:
    """Find the shift of log-odds with which `events` are expected; infinite at either end."""
    if events <= 0 or events >= n.sum():
        return -np.inf if events <= 0 else np.inf

    def excess(theta: float) -> float:
        return float(n @ expit(eta + theta)) - events

    return float(brentq(excess, -FARTHEST, FARTHEST, xtol=1e-12))


def _exact_shifts(
    eta: FloatArray, n: FloatArray, events: float, at: float, *, level: float
) -> tuple[float, float]:
    """Give the shifts at the ends of the exact interval, through the ratio that each stands for."""
    risk = expit(eta)
    near = at if np.isfinite(at) else float(np.sign(at)) * 5.0
    # the distribution is laid around the observation, where its digits are
    around, expected = pmf(n, shift(risk, near)), float(n @ risk)
    low, high = exact_ratio_interval(around, int(events), expected, level=level)
    return _shift_for(eta, n, low * expected), _shift_for(eta, n, high * expected)


def _delta(
    shifted: FloatArray,
    share: FloatArray,
    own: NDArray[np.int64],
    n: FloatArray,
    *,
    X: FloatArray | None,
    covariance: FloatArray | None,
) -> float:
    w = expit(shifted) * expit(-shifted)
    mean, information = float(share @ w), float(n[own] @ w[own])
    variance = mean**2 / information
    if X is not None and covariance is not None:
        # where the coefficients go, the shift follows to keep the provider's own events
        follows = (n[own] * w[own]) @ X[own] / information
        gradient = (share * w) @ X - mean * follows
        variance += float(gradient @ covariance @ gradient)
    return float(np.sqrt(variance))
