"""Posterior of the intercepts when tau and the coefficients are not known but estimated."""

from collections.abc import Iterator

import numpy as np

from risk_models.ascent import ENORMOUS, Peak, Slope, profile
from risk_models.strata import FloatArray

STEP = 0.7  # between values of tau, in standard deviations of its estimate
NEGLIGIBLE = 5.0  # log-likelihood lost at which a value of tau no longer counts


def averaged_intercepts(slope: Slope, peak: Peak) -> tuple[FloatArray, FloatArray]:
    r"""Give mean and sd of each intercept, averaged over the values that tau may have.

    With a flat prior on tau and on the coefficients: each tau on a grid counts by its likelihood with the
    coefficients integrated out (Laplace's approximation),
    :math:`w(\tau) \propto L(\hat\beta_\tau, \tau)\, |I_{\beta\beta}(\tau)|^{-1/2}`; given tau, the
    uncertainty of the coefficients is added to first order.

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
    Gelman A (2006), on the flat prior. Bayesian Anal 1:515-534. doi:10.1214/06-BA117A
    """
    grid = [peak, *_outwards(slope, peak, 1.0), *_outwards(slope, peak, -1.0)]
    log_weight = np.array([at.at.log_likelihood - _log_determinant(at) / 2 for at in grid])
    weight = np.exp(log_weight - log_weight.max())
    weight[[at.tau == 0 for at in grid]] /= 2  # the end of the range stands for half a step
    weight /= weight.sum()
    mean = weight @ np.array([at.at.mean for at in grid])
    variance = np.array([at.at.sd**2 + _of_coefficients(at) + (at.at.mean - mean) ** 2 for at in grid])
    return mean, np.sqrt(weight @ variance)


def _outwards(slope: Slope, peak: Peak, side: float) -> Iterator[Peak]:
    """Give the peaks at values of tau on one side, until these hardly count."""
    free = slice(None) if peak.tau > 0 else slice(-1, None)
    spread = float(np.sqrt(np.abs(np.linalg.inv(peak.at.information[free, free])[-1, -1])))
    # whole steps down to 0, and the same steps up
    step = peak.tau / np.ceil(peak.tau / (STEP * spread)) if peak.tau > 0 else STEP * spread
    climbed, steps = profile(slope, peak), 1
    while -step / 2 < peak.tau + side * steps * step < ENORMOUS:
        tau = peak.tau + side * steps * step
        there = climbed(tau if tau > step / 2 else 0.0)
        yield there
        if peak.at.log_likelihood - there.at.log_likelihood > NEGLIGIBLE:
            return
        steps += 1


def _log_determinant(at: Peak) -> float:
    return float(np.linalg.slogdet(at.at.information[:-1, :-1])[1])


def _of_coefficients(at: Peak) -> FloatArray:
    if at.tau == 0:
        return np.zeros(len(at.at.mode))
    covariance = np.linalg.inv(at.at.information[:-1, :-1])
    slope = at.at.mode_slope[:-1]
    result: FloatArray = np.einsum("aj,ab,bj->j", slope, covariance, slope)
    return result
