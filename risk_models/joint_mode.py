"""Coefficients and intercepts at their joint mode: the penalised likelihood, given how intercepts spread."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize_scalar

from risk_models.ascent import ENORMOUS, NOTHING, Peak, Slope
from risk_models.clusters import Clusters
from risk_models.families import Family
from risk_models.strata import FloatArray

MAX_STEPS = 60
SETTLED = 1e-9  # largest change of an intercept or a coefficient of a scaled column that no longer matters
FARTHEST = 3.0  # the most either may change in one step
SHORTEST = 1e-6
PRECISE = 1e-7  # share of tau to which it is sought


@dataclass(frozen=True, slots=True, eq=False)
class JointMode:
    """Where the penalised likelihood is highest at one tau.

    Attributes
    ----------
    beta, u
        Coefficients of the scaled columns, shape (columns,), and intercepts, shape (providers present,).
    covariance
        Of beta, given tau: the inverse of the information with the intercepts eliminated.
    """

    beta: FloatArray
    u: FloatArray
    covariance: FloatArray


def joint_mode(
    clusters: Clusters, family: Family, *, tau: float, beta: FloatArray, u: FloatArray
) -> JointMode | None:
    r"""Maximise :math:`\sum_i \ell(y_i | x_i'\beta + u_j) - \sum_j u_j^2 / 2\tau^2` over beta and u together.

    Parameters
    ----------
    clusters, family
        The rows, and the likelihood of one of them.
    tau
        Standard deviation of the intercepts, above 0.
    beta, u
        To start from.

    Returns
    -------
    JointMode | None
        None where there is no maximum.

    References
    ----------
    Breslow NE, Clayton DG (1993). J Am Stat Assoc 88:9-25. doi:10.1080/01621459.1993.10594284
    """
    for _ in range(MAX_STEPS):
        step = _step(clusters, family, tau, beta, u)
        if step is None:
            return None
        of_beta, of_u, covariance = step
        furthest = max(float(np.abs(of_beta).max()), float(np.abs(of_u).max()))
        if furthest < SETTLED:
            return JointMode(beta=beta + of_beta, u=u + of_u, covariance=covariance)
        here, length = _height(clusters, family, tau, beta, u), min(1.0, FARTHEST / furthest)
        while _height(clusters, family, tau, beta + length * of_beta, u + length * of_u) < here:
            length /= 2
            if length < SHORTEST:  # the rise is below rounding
                return JointMode(beta=beta, u=u, covariance=covariance) if furthest < PRECISE else None
        beta, u = beta + length * of_beta, u + length * of_u
    return None


def covariance_given_tau(
    clusters: Clusters, family: Family, *, tau: float, beta: FloatArray, u: FloatArray
) -> FloatArray:
    """Give the covariance of the coefficients as though tau were known, at coefficients and intercepts.

    lme4 gives these with `use.hessian = FALSE`. Shape (columns, columns), of the scaled columns.
    """
    information, crossed, weight, _, _ = _derivatives(clusters, family, beta, u)
    if tau > 0:
        information = information - (crossed / (weight + tau**-2)) @ crossed.T
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def joint_peak(slope: Slope, none: Peak, *, tau: float) -> Peak:
    """Find the tau at which Laplace's likelihood is highest along the joint modes: lme4's nAGQ = 0.

    Parameters
    ----------
    slope
        The likelihood, by Laplace's approximation.
    none
        The peak without intercepts, which is given back where tau is 0.
    tau
        A guess.

    Returns
    -------
    Peak
        Not converged where tau has no bound.
    """
    last = [JointMode(none.theta[:-1], np.zeros(len(none.at.mode)), np.empty((0, 0)))]

    def lost(tau: float) -> float:
        found = joint_mode(slope.clusters, slope.family, tau=tau, beta=last[0].beta, u=last[0].u)
        if found is None:
            return np.inf
        last[0] = found
        return -slope.at(np.append(found.beta, tau), found.u).log_likelihood

    high = max(tau, NOTHING)
    while lost(2 * high) < lost(high):
        high *= 2
        if high > ENORMOUS:
            theta = np.append(last[0].beta, high)
            return Peak(theta=theta, at=slope.at(theta, last[0].u), converged=False)
    best = minimize_scalar(lost, bounds=(0.0, 2 * high), method="bounded", options={"xatol": PRECISE * high})
    if not -float(best.fun) > none.at.log_likelihood:
        return none
    lost(float(best.x))
    theta = np.append(last[0].beta, float(best.x))
    return Peak(theta=theta, at=slope.at(theta, last[0].u), converged=True)


def _derivatives(
    clusters: Clusters, family: Family, beta: FloatArray, u: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give the information on beta, that of beta with u, that on u, and the scores of beta and u."""
    information = np.zeros((clusters.columns, clusters.columns))
    crossed, weights, scores = [], [], []
    for piece in clusters:
        rows = family.rows(beta @ piece.Z + piece.spread(u[piece.first : piece.last]), piece)
        information += (piece.Z * rows.weight) @ piece.Z.T
        crossed.append(piece.cross(rows.weight))
        weights.append(piece.sum(rows.weight))
        scores.append(piece.sum_zy - piece.cross(rows.mean))
    score = np.concatenate(scores, axis=1)
    # the first column is the intercept
    return information, np.concatenate(crossed, axis=1), np.concatenate(weights), score.sum(axis=1), score[0]


def _step(
    clusters: Clusters, family: Family, tau: float, beta: FloatArray, u: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    with np.errstate(over="ignore", invalid="ignore"):
        information, crossed, weight, of_beta, of_u = _derivatives(clusters, family, beta, u)
    precision, pull = weight + tau**-2, of_u - u / tau**2
    try:
        factor = cho_factor(information - (crossed / precision) @ crossed.T)
    except (LinAlgError, ValueError):
        return None
    step = cho_solve(factor, of_beta - crossed @ (pull / precision))
    return step, (pull - step @ crossed) / precision, cho_solve(factor, np.eye(len(beta)))


def _height(clusters: Clusters, family: Family, tau: float, beta: FloatArray, u: FloatArray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        own = [
            family.log_likelihood(beta @ piece.Z + piece.spread(u[piece.first : piece.last]), piece).sum()
            for piece in clusters
        ]
    height = float(np.sum(own)) - float(u @ u) / (2 * tau**2)
    return height if np.isfinite(height) else -np.inf
