"""The binomial likelihood of a logistic model on strata, and Newton's method on it."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit

from risk_models.strata import FloatArray

MAX_STEPS = 60
SETTLED = 1e-12  # largest change of a linear predictor, in log-odds, at which a step no longer matters
FARTHEST = 5.0  # the most a step may change a linear predictor, in log-odds
SHORTEST = 1e-6  # share of a step under which shortening it further is pointless
PROMISED = 1e-4  # share of the rise that the slope promises (Armijo's rule)
STALLED = 1e-6  # below this a step that no longer shrinks is rounding
ROUNDING = 1e-10  # share of a log-likelihood that is rounding


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where Newton's method ended.

    Attributes
    ----------
    coefficients
        Shape (columns,), log-odds per unit.
    covariance
        Inverse of the information at the coefficients, shape (columns, columns); NaN when not converged.
    last_step
        The last change of the coefficients times the root mean square of their columns, shape (columns,).
        Where there is no maximum, it points in the direction in which the likelihood goes on rising.
    converged
        Whether the score equations hold to rounding.
    """

    coefficients: FloatArray
    covariance: FloatArray
    last_step: FloatArray
    converged: bool


def log_likelihood(eta: FloatArray, n: FloatArray, events: FloatArray) -> float:
    """Give the log-likelihood of the records of all strata, at log-odds `eta` of shape (strata,).

    It is that of single records: without the binomial coefficients, which depend on how records are
    grouped.
    """
    return float(np.sum(events * eta - n * np.logaddexp(0.0, eta)))


def maximise(
    X: FloatArray,
    *,
    n: FloatArray,
    events: FloatArray,
    start: FloatArray,
    offset: FloatArray | float = 0.0,
) -> Maximum:
    """Maximise the binomial likelihood by Newton's method with step halving.

    Parameters
    ----------
    X
        Design matrix, shape (strata, columns), of full rank on the strata with records.
    n, events
        Records and events, shape (strata,).
    start
        Coefficients to start from, shape (columns,).
    offset
        Added to the linear predictor, log-odds, shape (strata,) or one number.

    Returns
    -------
    Maximum
        With `converged` False where the likelihood has no maximum (separation).

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., section 4.4.
    doi:10.1201/9780203753736
    """
    scale = np.sqrt(n @ X**2 / n.sum())
    Z = X / scale
    beta = start * scale
    step = np.zeros_like(beta)
    previous, converged = np.inf, False
    for _ in range(MAX_STEPS):
        score, information = _derivatives(Z, offset + Z @ beta, n, events)
        try:
            step = cho_solve(cho_factor(information), score)
        except LinAlgError:
            break
        change = float(np.abs(Z @ step).max())
        beta = beta + step * _step_length(Z, offset + Z @ beta, step=step, n=n, events=events)
        if change < SETTLED or (change < STALLED and change > previous / 2):
            converged = True
            break
        previous = change
    covariance = np.full((len(beta), len(beta)), np.nan)
    if converged:
        _, information = _derivatives(Z, offset + Z @ beta, n, events)
        covariance = cho_solve(cho_factor(information), np.eye(len(beta))) / np.outer(scale, scale)
    return Maximum(coefficients=beta / scale, covariance=covariance, last_step=step, converged=converged)


def _derivatives(
    Z: FloatArray, eta: FloatArray, n: FloatArray, events: FloatArray
) -> tuple[FloatArray, FloatArray]:
    risk = expit(eta)
    weight = n * risk * expit(-eta)
    score: FloatArray = Z.T @ (events - n * risk)
    information: FloatArray = Z.T @ (weight[:, None] * Z)
    return score, information


def _step_length(
    Z: FloatArray, eta: FloatArray, *, step: FloatArray, n: FloatArray, events: FloatArray
) -> float:
    """Cap the step, then halve it until the likelihood rises by a part of what its slope promises."""
    before = log_likelihood(eta, n, events)
    direction = Z @ step
    slope = float(direction @ (events - n * expit(eta)))
    # far out, where every risk is 0 or 1 to rounding, there is no information to come back by
    length = min(1.0, FARTHEST / max(float(np.abs(direction).max()), FARTHEST))
    while length > SHORTEST:
        risen = log_likelihood(eta + length * direction, n, events) - before
        if risen >= PROMISED * length * slope - ROUNDING * abs(before):
            break
        length /= 2
    return length
