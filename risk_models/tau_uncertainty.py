"""Posterior of the intercepts when tau and the coefficients are not known but estimated."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from risk_models.ascent import ENORMOUS, NOTHING, Peak, Slope, profile
from risk_models.mixed_linear import LinearPeak, LinearSums, linear_at, linear_peak
from risk_models.strata import FloatArray

STEP = 0.7  # between values of tau, in standard deviations of its estimate
NEGLIGIBLE = 5.0  # log-likelihood lost at which a value of tau no longer counts
RATIOS = 100  # values of tau/sigma of a linear model


def averaged_intercepts(slope: Slope, peak: Peak) -> tuple[FloatArray, FloatArray]:
    r"""Give mean and sd of each intercept, averaged over the values that tau may have.

    With a flat prior on the variance tau^2 and on the coefficients: each tau on a grid counts by its
    likelihood with the coefficients integrated out (Laplace's approximation),
    :math:`w(\tau) \propto \tau L(\hat\beta_\tau, \tau)\, |I_{\beta\beta}(\tau)|^{-1/2}`; given tau, the
    uncertainty of the coefficients is added to first order.

    Flat on the variance and not on tau, because intervals of shrunken effects then hold the truth as often
    as they say, also with few events a provider; with a prior that is flat on tau they do so too rarely
    where tau happens to be estimated as 0. With fewer than six providers the data hardly bound tau: the
    variance is then not finite, and the intervals end with the grid.

    Parameters
    ----------
    slope, peak
        The likelihood and its maximum.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Each of shape (providers present,).

    References
    ----------
    Morris CN, Lysy M (2012), on the prior. Statist Sci 27:115-134. doi:10.1214/11-STS363
    Tak H, Kelly J, Morris CN (2017), on the coverage. J Stat Softw 78(5). doi:10.18637/jss.v078.i05
    """
    grid = _grid(slope, peak)
    log_weight = np.array([at.at.log_likelihood - _log_determinant(at) / 2 for at in grid])
    tau = np.array([at.tau for at in grid])
    weight = tau * np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = weight @ np.array([at.at.mean for at in grid])
    variance = np.array([at.at.sd**2 + _of_coefficients(at) + (at.at.mean - mean) ** 2 for at in grid])
    return mean, np.sqrt(weight @ variance)


def averaged_effects(sums: LinearSums) -> tuple[FloatArray, FloatArray]:
    r"""Give mean and sd of each intercept of a linear model, averaged over the values that tau may have.

    As `averaged_intercepts`, with the coefficients and sigma integrated out exactly: with a flat prior on
    tau^2, the coefficients and log sigma, a ratio r = tau/sigma counts by
    :math:`w(r) \propto r\, \hat\sigma_r^2 L_R(r)`, the restricted likelihood at its best sigma. Given the
    ratio, sigma is taken as known. With fewer than six providers the intervals end with the grid here too,
    and with six they are a fifth too short.

    Parameters
    ----------
    sums
        What the likelihood depends on.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        Each of shape (providers present,).

    References
    ----------
    Morris CN, Lysy M (2012), on the prior. Statist Sci 27:115-134. doi:10.1214/11-STS363
    """
    flat = replace(sums, restricted=True)
    grid = [linear_at(flat, ratio) for ratio in _ratios(flat)]
    log_likelihood = np.array([at.log_likelihood for at in grid])
    variance = np.array([at.sigma**2 for at in grid])
    ratio = np.array([at.tau for at in grid]) / np.sqrt(variance)
    weight = ratio * variance * np.exp(log_likelihood - log_likelihood.max())
    weight /= weight.sum()
    effect = np.array([at.effect for at in grid])
    mean = weight @ effect
    spread = np.array([total_variance(at) for at in grid]) + (effect - mean) ** 2
    return mean, np.sqrt(weight @ spread)


def total_variance(at: LinearPeak) -> FloatArray:
    """Give the variance of each intercept at one ratio, that of the coefficients included."""
    of_coefficients = np.einsum("aj,ab,bj->j", at.effect_slope, at.covariance, at.effect_slope)
    result: FloatArray = at.effect_sd**2 + of_coefficients
    return result


def _ratios(sums: LinearSums) -> FloatArray:
    """Give values of tau/sigma, equally far apart, where these count."""
    peak = linear_peak(sums)
    best = peak.tau / peak.sigma

    def left(ratio: float) -> float:
        return linear_at(sums, ratio).log_likelihood - peak.log_likelihood + NEGLIGIBLE

    low = float(brentq(left, 0.0, best)) if best > 0 and left(0.0) < 0 else 0.0
    high = max(2 * best, 1 / float(np.sqrt(sums.n.max())))
    while left(high) > 0 and high < ENORMOUS:
        high *= 2
    if left(high) < 0:
        high = float(brentq(left, best, high))
    result: FloatArray = low + (high - low) * (np.arange(RATIOS) + 0.5) / RATIOS
    return result


def _grid(slope: Slope, peak: Peak) -> list[Peak]:
    """Give the peaks at values of tau, equally far apart, where these count."""
    climbed = profile(slope, peak)
    step = _step(peak, climbed)
    found = [peak]
    for side in (1.0, -1.0):
        steps = 1
        while -step / 2 < peak.tau + side * steps * step < ENORMOUS:
            tau = peak.tau + side * steps * step
            found.append(climbed(tau if tau > step / 2 else 0.0))
            if _lost(peak, found[-1]) > NEGLIGIBLE:
                break
            steps += 1
    return found


def _step(peak: Peak, climbed: Callable[[float], Peak]) -> float:
    """Give the distance between values of tau."""
    free = slice(None) if peak.tau > 0 else slice(-1, None)
    spread = float(np.sqrt(np.abs(np.linalg.inv(peak.at.information[free, free])[-1, -1])))
    if peak.tau > 0:  # whole steps down to 0, and the same steps up
        return peak.tau / float(np.ceil(peak.tau / (STEP * spread)))
    # at 0 the likelihood may be flat and then fall steeply: no more may be lost than under a normal curve
    step = STEP * spread
    while step > NOTHING and _lost(peak, climbed(step)) > STEP**2 / 2:
        step /= 2
    return step


def _lost(peak: Peak, there: Peak) -> float:
    return peak.at.log_likelihood - there.at.log_likelihood


def _log_determinant(at: Peak) -> float:
    return float(np.linalg.slogdet(at.at.information[:-1, :-1])[1])


def _of_coefficients(at: Peak) -> FloatArray:
    if at.tau == 0:
        return np.zeros(len(at.at.mode))
    covariance = np.linalg.inv(at.at.information[:-1, :-1])
    slope = at.at.mode_slope[:-1]
    result: FloatArray = np.einsum("aj,ab,bj->j", slope, covariance, slope)
    return result
