"""The maximum of Cox's partial likelihood, for records whose case mix is already in columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from risk_models.likelihood import FARTHEST, MAX_STEPS, SETTLED, SHORTEST, STALLED, Maximum
from risk_models.regression import CannotFit, refuse_separated_groups, ridge_penalty, separation, triangle
from risk_models.risk_sets import RiskSets, Ties, risk_sets
from risk_models.strata import FloatArray, checked, checked_n

ONE = ""  # the name of the only baseline stratum


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Strata of records that were followed; all arrays have shape (strata,), X (strata, columns).

    Attributes
    ----------
    X
        Columns of the case mix, the intercept first.
    time, entry
        End and start of follow-up.
    n, events
        Records, above 0, and how many of them have the event at `time`.
    group
        Baseline stratum.
    """

    X: FloatArray
    time: FloatArray
    entry: FloatArray
    n: FloatArray
    events: FloatArray
    group: NDArray[np.str_]

    def sets(self, ties: Ties) -> RiskSets:
        """Arrange the strata by the moments of an event."""
        return risk_sets(self.time, self.entry, n=self.n, events=self.events, group=self.group, ties=ties)

    def part(self, use: NDArray[np.bool_], often: FloatArray | float = 1.0) -> "Followed":
        """Give some of the strata, each taken so `often`, a number or of shape (strata,)."""
        return Followed(
            X=self.X[use],
            time=self.time[use],
            entry=self.entry[use],
            n=(often * self.n)[use],
            events=(often * self.events)[use],
            group=self.group[use],
        )


def fit_followed(
    names: tuple[str, ...],
    records: Followed,
    *,
    ties: Ties,
    ridge: float,
    start: FloatArray | None = None,
) -> tuple[Maximum, float, RiskSets]:
    """Fit Cox's model on an encoded design, for fits that are repeated on parts of the records.

    Parameters
    ----------
    names
        Of the columns, the intercept first.
    records
        What it is fitted on.
    ties, ridge
        As for `cox.fit_cox`.
    start
        Coefficients to start from, shape (columns - 1,); None is 0.

    Returns
    -------
    tuple[Maximum, float, RiskSets]
        The maximum, the partial log-likelihood there without the penalty, and the risk sets.

    Raises
    ------
    CannotFit
        Without events, or as `cox.fit_cox` does.
    """
    X, n, events = records.X, records.n, records.events
    if events.sum() == 0:
        raise CannotFit(f"none of the {n.sum():g} records has the event: there is no hazard to model")
    sets = records.sets(ties)
    if ridge == 0:
        triangle(names, X, n)
        refuse_separated_groups(names, X, n=n, events=events, family="poisson")
    penalty = ridge_penalty(names, X, n, ridge)[1:]
    fit, reached = _maximise(sets, X[:, 1:], names, penalty, start)
    return fit, reached, sets


def _maximise(
    sets: RiskSets, X: FloatArray, names: tuple[str, ...], penalty: FloatArray, start: FloatArray | None
) -> tuple[Maximum, float]:
    """Newton's method with step halving on the penalised partial likelihood; give the plain one there too."""

    def at(beta: FloatArray) -> tuple[float, FloatArray, FloatArray, float]:
        value, score, information = sets.derivatives(X, beta)
        less = float(penalty @ beta**2) / 2
        return value - less, score - penalty * beta, information + np.diag(penalty), value

    beta = np.zeros(X.shape[1]) if start is None else start
    here = at(beta)
    step, previous = beta, np.inf
    converged = len(beta) == 0
    for _ in range(0 if converged else MAX_STEPS):
        try:
            step = cho_solve(cho_factor(here[2]), here[1])
        except LinAlgError:
            break
        change = float(np.abs(X @ step).max())
        length = min(1.0, FARTHEST / max(change, FARTHEST))
        risen = at(beta + length * step)
        while risen[0] < here[0] - 1e-10 * abs(here[0]) and length > SHORTEST:
            length /= 2
            risen = at(beta + length * step)
        beta, here = beta + length * step, risen
        if change < SETTLED or (change < STALLED and change > previous / 2):
            converged = True
            break
        previous = change
    if not converged:
        raise CannotFit(separation(names, np.append(0.0, step * np.sqrt(np.mean(X**2, axis=0)))))
    covariance = cho_solve(cho_factor(here[2]), np.eye(len(beta))) if len(beta) else np.zeros((0, 0))
    return Maximum(beta, covariance, step, converged=True), here[3]


def checked_times(
    n: ArrayLike, time: ArrayLike, entry: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give n, time and entry (minus infinity where None), checked; ValueError for what cannot be."""
    counts = checked_n(n)
    times = checked("time", time, rows=len(counts))
    entries = np.full(len(counts), -np.inf) if entry is None else checked("entry", entry, rows=len(counts))
    wrong = np.flatnonzero(entries >= times)
    if len(wrong):
        raise ValueError(
            f"entry: stratum {wrong[0]} enters at {entries[wrong[0]]:g}, expected before its end of "
            f"follow-up ({times[wrong[0]]:g}) ({len(wrong)} of {len(counts)} strata are wrong)"
        )
    return counts, times, entries


def groups(within: ArrayLike | None, rows: int) -> NDArray[np.str_]:
    """Give the baseline stratum of each stratum; ValueError where there is not one for each."""
    if within is None:
        return np.full(rows, ONE)
    group = np.asarray(within).astype(np.str_)
    if group.shape != (rows,):
        raise ValueError(f"within: expected {rows} strata in one column, got shape {group.shape}")
    return group
