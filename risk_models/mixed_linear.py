"""The random-intercept model of a value: its likelihood is known exactly, from sums per provider."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtri

from risk_models.clusters import Clusters
from risk_models.strata import FloatArray, within_squares

SMALLEST, LARGEST = -14.0, 12.0  # natural logarithms of tau/sigma between which the maximum is sought
NEAR = 0.01  # on the logarithm of tau/sigma, around what the search found
FAR = 60.0  # standard deviations, relative to the estimate, beyond which an interval has no end


@dataclass(frozen=True, slots=True, eq=False)
class LinearSums:
    """All that the likelihood depends on.

    Attributes
    ----------
    gram
        Products of the scaled columns, shape (columns, columns).
    columns
        Sum of the columns of each provider, shape (columns, providers present).
    n, residual
        Records of each provider, and their sum of residuals from `start`, shape (providers present,).
    squares
        Sum of squared residuals from `start`.
    start
        Least-squares coefficients of the scaled columns, shape (columns,).
    log_volume
        What the scaling of the columns adds to the log determinant of the information.
    restricted
        Whether the likelihood is the restricted one.
    """

    gram: FloatArray
    columns: FloatArray
    n: FloatArray
    residual: FloatArray
    squares: float
    start: FloatArray
    log_volume: float
    restricted: bool


@dataclass(frozen=True, slots=True, eq=False)
class LinearPeak:
    """The model at one ratio tau/sigma.

    Attributes
    ----------
    log_likelihood, sigma, tau
        At the best coefficients and sigma for the ratio, or at a given sigma.
    beta, covariance
        Coefficients of the scaled columns and their covariance.
    effect, effect_sd
        Best linear unbiased prediction of each provider's intercept, and its sd given the parameters.
    effect_slope
        Derivatives of the effects to beta, shape (columns, providers present).
    """

    log_likelihood: float
    sigma: float
    tau: float
    beta: FloatArray
    covariance: FloatArray
    effect: FloatArray
    effect_sd: FloatArray
    effect_slope: FloatArray


def linear_sums(
    clusters: Clusters, *, y2: FloatArray, n: FloatArray, y: FloatArray, restricted: bool
) -> LinearSums:
    """Sum rows; `n`, `y`, `y2` are those of all rows in any order, for the squares within rows.

    Raises
    ------
    ValueError
        When a sum of squares is smaller than its sum allows.
    """
    gram = sum(((piece.Z * piece.n) @ piece.Z.T for piece in clusters), np.zeros((clusters.columns,) * 2))
    start = np.linalg.solve(gram, clusters.gather("sum_zy").sum(axis=1))
    residual, squares = [], float(within_squares(n, y, y2).sum())
    for piece in clusters:
        away = piece.y - piece.n * (start @ piece.Z)
        residual.append(piece.sum(away))
        squares += float(np.sum(away**2 / piece.n))
    return LinearSums(
        gram=gram,
        columns=np.concatenate([piece.sum(piece.Z * piece.n) for piece in clusters], axis=1),
        n=np.concatenate([piece.sum(piece.n) for piece in clusters]),
        residual=np.concatenate(residual),
        squares=squares,
        start=start,
        log_volume=-2 * float(np.linalg.slogdet(clusters.transform)[1]),
        restricted=restricted,
    )


def linear_at(sums: LinearSums, ratio: float, *, sigma: float | None = None) -> LinearPeak:
    """Evaluate the model at tau/sigma, with the best sigma or a given one."""
    shrink = ratio**2 / (1 + sums.n * ratio**2)
    A = sums.gram - (sums.columns * shrink) @ sums.columns.T
    score = -(sums.columns * shrink) @ sums.residual
    delta = np.linalg.solve(A, score)
    squares = sums.squares - float(shrink @ sums.residual**2) - float(delta @ score)
    total = float(sums.n.sum())
    freedom = total - len(delta) if sums.restricted else total
    sd = float(np.sqrt(squares / freedom)) if sigma is None else sigma
    deviance = freedom * np.log(2 * np.pi * sd**2) + squares / sd**2 + np.log1p(sums.n * ratio**2).sum()
    if sums.restricted:
        deviance += np.linalg.slogdet(A)[1] + sums.log_volume
    return LinearPeak(
        log_likelihood=float(-deviance / 2),
        sigma=sd,
        tau=ratio * sd,
        beta=sums.start + delta,
        covariance=sd**2 * np.asarray(np.linalg.inv(A), dtype=np.float64),
        effect=shrink * (sums.residual - delta @ sums.columns),
        effect_sd=ratio * sd / np.sqrt(1 + sums.n * ratio**2),
        effect_slope=-shrink * sums.columns,
    )


def linear_peak(sums: LinearSums) -> LinearPeak:
    """Find the ratio tau/sigma at which the likelihood is highest; 0 is among them."""
    best = minimize_scalar(
        lambda log_ratio: -linear_at(sums, float(np.exp(log_ratio))).log_likelihood,
        bounds=(SMALLEST, LARGEST),
        method="bounded",
        options={"xatol": 1e-10},
    )
    # the top of a likelihood is too flat to be found to more than half of its digits; its slope is not
    low, high = float(np.exp(best.x - NEAR)), float(np.exp(best.x + NEAR))
    ratio = float(np.exp(best.x))
    if _slope(sums, low) > 0 > _slope(sums, high):
        ratio = float(brentq(lambda at: _slope(sums, at), low, high, xtol=1e-15, rtol=1e-14))
    inside, edge = linear_at(sums, ratio), linear_at(sums, 0.0)
    return inside if inside.log_likelihood > edge.log_likelihood else edge


def _slope(sums: LinearSums, ratio: float) -> float:
    """Give the derivative of the log-likelihood to tau/sigma, above 0, all else at its best."""
    at = linear_at(sums, ratio)
    grown = 1 + sums.n * ratio**2
    shrink, change = ratio**2 / grown, 2 * ratio / grown**2
    # the squares are at their least in the coefficients, so that these add nothing
    of_squares = -float(change @ (at.effect / shrink) ** 2) / at.sigma**2
    of_volume = float(np.sum(2 * sums.n * ratio / grown))
    if sums.restricted:
        information = at.covariance / at.sigma**2
        of_volume -= float(change @ np.einsum("aj,ab,bj->j", sums.columns, information, sums.columns))
    return -(of_squares + of_volume) / 2


def linear_interval(sums: LinearSums, peak: LinearPeak, *, level: float) -> tuple[float, float]:
    """Find the values of tau, with the best sigma for each, at which the likelihood is not too far below."""
    wanted = float(chdtri(1, 1 - level))

    def excess(tau: float) -> float:
        best = minimize_scalar(
            lambda log_sigma: (
                -linear_at(
                    sums, tau / float(np.exp(log_sigma)), sigma=float(np.exp(log_sigma))
                ).log_likelihood
            ),
            bounds=(np.log(peak.sigma) - 2, np.log(peak.sigma) + 2),
            method="bounded",
            options={"xatol": 1e-10},
        )
        return 2 * (peak.log_likelihood + float(best.fun)) - wanted

    lower = float(brentq(excess, 0.0, peak.tau)) if peak.tau > 0 and excess(0.0) > 0 else 0.0
    high = max(2 * peak.tau, 0.01 * peak.sigma)
    while excess(high) < 0:
        high *= 2
        if high > FAR * max(peak.sigma, peak.tau):
            return lower, np.inf
    return lower, float(brentq(excess, peak.tau, high))
