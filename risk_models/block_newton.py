"""Newton's method on provider intercepts and case mix together."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from risk_models.clusters import Clusters
from risk_models.families import Family, Rows
from risk_models.strata import FloatArray

MAX_STEPS = 200
SETTLED = 1e-17  # rise of the log-likelihood, as a share of it, below which a further step is rounding
SHORT = 1e-4  # longest last step of a coefficient; on the way to infinity steps stay long
FARTHEST = 5.0  # the most a coefficient of a scaled column or an intercept may change in one step
SHORTEST = 1e-6
PROMISED = 1e-4  # share of the rise that the slope promises (Armijo's rule)
ROUNDING = 1e-12  # share of a log-likelihood that is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The likelihood, score and information at intercepts gamma and coefficients beta of scaled columns.

    Attributes
    ----------
    log_likelihood
        Natural logarithm, without what depends on y alone.
    log_determinant
        Of the whole information.
    score_beta, score_gamma
        Derivatives of what is climbed, shapes (columns - 1,) and (providers present,).
    weight
        Information on each intercept, shape (providers present,).
    centre
        Weighted mean of the columns at each provider, shape (columns - 1, providers present).
    inverse
        Covariance of beta, shape (columns - 1, columns - 1).
    """

    log_likelihood: float
    log_determinant: float
    score_beta: FloatArray
    score_gamma: FloatArray
    weight: FloatArray
    centre: FloatArray
    inverse: FloatArray

    def step(self) -> tuple[FloatArray, FloatArray]:
        """Solve for the Newton step of beta and gamma."""
        beta = self.inverse @ (self.score_beta - self.centre @ self.score_gamma)
        return beta, self.score_gamma / self.weight - beta @ self.centre


class BlockSlope:
    """The likelihood of rows, or Firth's, as something to climb."""

    def __init__(self, clusters: Clusters, family: Family, *, firth: bool) -> None:
        self.clusters = clusters
        self.family = family
        self.firth = firth

    def at(self, beta: FloatArray, gamma: FloatArray) -> Blocks | None:
        """Evaluate; None where the information is not positive definite, such as on the way to infinity."""
        rows, weights, crossed = [], [], []
        log_likelihood, information = 0.0, np.zeros((len(beta), len(beta)))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for piece in self.clusters:
                eta = beta @ piece.Z[1:] + piece.spread(gamma[piece.first : piece.last])
                here = self.family.rows(eta, piece)
                rows.append(here)
                log_likelihood += float(self.family.log_likelihood(eta, piece).sum())
                weights.append(piece.sum(here.weight))
                crossed.append(piece.cross(here.weight)[1:])
                information += (piece.Z[1:] * here.weight) @ piece.Z[1:].T
        weight, cross = np.concatenate(weights), np.concatenate(crossed, axis=1)
        if not (np.isfinite(log_likelihood) and (weight > 0).all()):
            return None
        centre = cross / weight
        try:
            factor = cho_factor(information - centre @ cross.T)
        except LinAlgError:
            return None
        inverse = cho_solve(factor, np.eye(len(beta)))
        score = self._score(rows, weight, centre, inverse)
        return Blocks(
            log_likelihood=log_likelihood,
            log_determinant=2 * float(np.log(np.diag(factor[0])).sum()) + float(np.log(weight).sum()),
            score_beta=score[1:].sum(axis=1),
            score_gamma=score[0],
            weight=weight,
            centre=centre,
            inverse=inverse,
        )

    def _score(
        self, rows: list[Rows], weight: FloatArray, centre: FloatArray, inverse: FloatArray
    ) -> FloatArray:
        """Sum residuals, and residuals times columns, per provider; Firth's add half a leverage's slope."""
        scores = []
        for piece, here in zip(self.clusters, rows, strict=True):
            own = slice(piece.first, piece.last)
            away = piece.y - here.mean
            if self.firth:
                around = piece.Z[1:] - piece.spread(centre[:, own])
                leverage = np.sum(around * (inverse @ around), axis=0) + piece.spread(1 / weight[own])
                away = away + leverage * here.slope / 2
            scores.append(np.vstack([piece.sum(away), piece.cross(away)[1:]]))
        return np.concatenate(scores, axis=1)

    def climb(self, beta: FloatArray, gamma: FloatArray) -> tuple[FloatArray, FloatArray, Blocks] | None:
        """Climb to the maximum; None where there is none."""
        here = self.at(beta, gamma)
        for _ in range(MAX_STEPS):
            if here is None:
                return None
            step = here.step()
            promise = float(here.score_beta @ step[0] + here.score_gamma @ step[1])
            if promise < SETTLED * max(1.0, abs(here.log_likelihood)):
                if np.abs(np.concatenate(step)).max() > SHORT:
                    return None
                # the last step is taken on trust: its error is far beyond all digits
                return beta + step[0], gamma + step[1], here
            length = min(1.0, FARTHEST / float(np.abs(np.concatenate(step)).max()))
            while length > SHORTEST:
                there = self.at(beta + length * step[0], gamma + length * step[1])
                enough = PROMISED * length * promise - ROUNDING * abs(here.log_likelihood)
                if there is not None and self._value(there) - self._value(here) >= enough:
                    break
                length /= 2
            else:
                return None
            beta, gamma, here = beta + length * step[0], gamma + length * step[1], there
        return None

    def _value(self, at: Blocks) -> float:
        return at.log_likelihood + at.log_determinant / 2 if self.firth else at.log_likelihood
