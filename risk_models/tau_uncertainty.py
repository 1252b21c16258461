"""Posterior of the intercepts when tau and the coefficients are not known but estimated."""

from collections.abc import Callable

import numpy as np

from risk_models.ascent import ENORMOUS, NOTHING, Peak, Slope, profile
from risk_models.strata import FloatArray

STEP = 0.7  # between values of tau, in standard deviations of its estimate
NEGLIGIBLE = 5.0  # log-likelihood lost at which a value of tau no longer counts


def averaged_intercepts(slope: Slope, peak: Peak) -> tuple[FloatArray, FloatArray]:
    r"""Give mean and sd of each intercept, averaged over the values that tau may have.

    With a flat prior on the variance tau^2 and on the coefficients: each tau on a grid counts by its
    likelihood with the coefficients integrated out (Laplace's approximation),
    :math:`w(\tau) \propto \tau L(\hat\beta_\tau, \tau)\, |I_{\beta\beta}(\tau)|^{-1/2}`; given tau, the
    uncertainty of the coefficients is added to first order.

    Flat on the variance and not on tau, because intervals of shrunken effects then hold the truth as often
    as they say, also with few events a provider; with a prior that is flat on tau they do so too rarely
    where tau happens to be estimated as 0. With fewer than four providers the data hardly bound tau: the
    intervals are then wide, and end with the grid.

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
