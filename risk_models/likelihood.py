"""The likelihoods of events and of counts on strata, and Newton's method on them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit

from risk_models.strata import FloatArray

Family: TypeAlias = Literal["binomial", "poisson"]

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


def log_likelihood(
    eta: FloatArray, n: FloatArray, events: FloatArray, *, family: Family = "binomial"
) -> float:
    """Give the log-likelihood of the records of all strata.

    Binomial: sum of events eta - n log(1 + exp(eta)). It is that of single records: without the binomial
    coefficients, which depend on how records are grouped. Poisson: sum of events eta - n exp(eta), without
    what depends on the counts alone (log y! and y log exposure), which strata do not keep.

    Parameters
    ----------
    eta
        Log-odds, or log of the rate, shape (strata,).
    n, events
        Records (or exposure) and events, shape (strata,).
    family
        Which of the two.
    """
    total = np.logaddexp(0.0, eta) if family == "binomial" else np.exp(eta)
    return float(np.sum(events * eta - n * total))


def maximise(
    X: FloatArray,
    *,
    n: FloatArray,
    events: FloatArray,
    start: FloatArray,
    offset: FloatArray | float = 0.0,
    family: Family = "binomial",
    penalty: FloatArray | float = 0.0,
) -> Maximum:
    """Maximise the likelihood of events or counts by Newton's method with step halving.

    Parameters
    ----------
    X
        Design matrix, shape (strata, columns), of full rank on the strata with records.
    n, events
        Records (Poisson: exposure, in any unit) and events, shape (strata,).
    start
        Coefficients to start from, shape (columns,).
    offset
        Added to the linear predictor, log-odds or log rate, shape (strata,) or one number.
    family
        `binomial` (log-odds linear) or `poisson` (log of the rate linear).
    penalty
        Ridge: sum(penalty * coefficients^2)/2 is taken off the log-likelihood, shape (columns,) or one
        number; `covariance` is then the inverse of the penalised information.

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
    target = _Target(
        X / scale,
        n=n,
        events=events,
        offset=offset,
        family=family,
        penalty=np.broadcast_to(penalty, scale.shape) / scale**2,
    )
    beta = start * scale
    step = np.zeros_like(beta)
    previous, converged = np.inf, False
    for _ in range(MAX_STEPS):
        score, information = target.derivatives(beta)
        try:
            step = cho_solve(cho_factor(information), score)
        except LinAlgError:
            break
        change = float(np.abs(target.Z @ step).max())
        beta = beta + step * target.step_length(beta, step, slope=float(score @ step))
        if change < SETTLED or (change < STALLED and change > previous / 2):
            converged = True
            break
        previous = change
    covariance = np.full((len(beta), len(beta)), np.nan)
    if converged:
        _, information = target.derivatives(beta)
        covariance = cho_solve(cho_factor(information), np.eye(len(beta))) / np.outer(scale, scale)
    return Maximum(coefficients=beta / scale, covariance=covariance, last_step=step, converged=converged)


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """What is maximised, with columns scaled to root mean square 1."""

    Z: FloatArray
    n: FloatArray
    events: FloatArray
    offset: FloatArray | float
    family: Family
    penalty: FloatArray

    def value(self, beta: FloatArray) -> float:
        eta = self.offset + self.Z @ beta
        fit = log_likelihood(eta, self.n, self.events, family=self.family)
        return fit - float(np.sum(self.penalty * beta**2)) / 2

    def derivatives(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        eta = self.offset + self.Z @ beta
        if self.family == "binomial":
            mean = self.n * expit(eta)
            weight = mean * expit(-eta)
        else:
            weight = mean = self.n * np.exp(eta)
        score: FloatArray = self.Z.T @ (self.events - mean) - self.penalty * beta
        information: FloatArray = self.Z.T @ (weight[:, None] * self.Z) + np.diag(self.penalty)
        return score, information

    def step_length(self, beta: FloatArray, step: FloatArray, *, slope: float) -> float:
        """Cap the step, then halve it until the target rises by a part of what its slope promises."""
        before = self.value(beta)
        furthest = float(np.abs(self.Z @ step).max())
        # far out, where every risk is 0 or 1 to rounding, there is no information to come back by
        length = min(1.0, FARTHEST / max(furthest, FARTHEST))
        while length > SHORTEST:
            risen = self.value(beta + length * step) - before
            if risen >= PROMISED * length * slope - ROUNDING * abs(before):
                break
            length /= 2
        return length
