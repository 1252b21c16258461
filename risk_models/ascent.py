"""Newton's method on the likelihood of a random-intercept model, free or along the profile of tau."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import brentq
from scipy.special import chdtri

from risk_models.clusters import Clusters
from risk_models.families import Family
from risk_models.marginal import Marginal, Rule, marginal
from risk_models.strata import FloatArray

MAX_STEPS = 60
SETTLED = 1e-7  # rise of the log-likelihood at which the last step is taken on trust
NEAR = 1e-3  # the same on a profile, of which fewer digits are wanted
SHORT = 0.01  # longest last step; on the way to infinity steps stay long though they gain little
FARTHEST = 3.0  # the most a coefficient of a scaled column may change in one step, on the linear predictor
SHORTEST = 1e-6
PROMISED = 1e-4  # share of the rise that the slope promises (Armijo's rule)
ROUNDING = 1e-12  # share of a log-likelihood that is rounding
NOTHING = 1e-4  # a tau below this is 0: providers then differ by less than 0.02 % in odds or rates
ENORMOUS = 50.0  # a tau beyond this is on its way to infinity


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """Where the climb ended: parameters (columns + 1,), what is there, and whether it is a maximum."""

    theta: FloatArray
    at: Marginal
    converged: bool

    @property
    def tau(self) -> float:
        """Standard deviation of the intercepts."""
        return float(self.theta[-1])


class Slope:
    """The integrated likelihood of some rows as something to climb."""

    def __init__(
        self, clusters: Clusters, family: Family, rule: Rule, *, times: FloatArray | None = None
    ) -> None:
        self.clusters = clusters
        self.family = family
        self.rule = rule
        self.times = times

    def at(self, theta: FloatArray, start: FloatArray) -> Marginal:
        """Evaluate at parameters, with guesses of the modes."""
        return marginal(
            self.clusters,
            self.family,
            beta=theta[:-1],
            tau=float(theta[-1]),
            rule=self.rule,
            start=start,
            times=self.times,
        )

    def climb(
        self, theta: FloatArray, start: FloatArray, *, fixed: bool = False, settled: float = SETTLED
    ) -> Peak:
        """Climb from `theta`; with `fixed`, tau stays as it is."""
        here = self.at(theta, start)
        for _ in range(MAX_STEPS):
            step = _newton_step(here, fixed=fixed)
            if step is None or not np.isfinite(here.log_likelihood):
                break
            if float(here.gradient @ step) / 2 < settled and np.abs(step).max() < SHORT:
                return _arrived(theta, here, step)
            moved = self._move(theta, here, step)
            if moved is None:
                break
            theta, here = moved
            if not fixed and not NOTHING <= theta[-1] <= ENORMOUS:
                break
        return Peak(theta=theta, at=here, converged=False)

    def _move(
        self, theta: FloatArray, here: Marginal, step: FloatArray
    ) -> tuple[FloatArray, Marginal] | None:
        """Take the part of a step that makes the likelihood rise as it promised; None where none does."""
        slope = float(here.gradient @ step)
        length = min(1.0, FARTHEST / float(np.abs(step).max()))
        while length > SHORTEST:
            to = theta + length * step
            to[-1] = abs(to[-1])  # the likelihood is even in tau
            there = self.at(to, here.mode + (to - theta) @ here.mode_slope)
            enough = PROMISED * length * slope - ROUNDING * abs(here.log_likelihood)
            if there.log_likelihood - here.log_likelihood >= enough:
                return to, there
            length /= 2
        return None


def _arrived(theta: FloatArray, here: Marginal, step: FloatArray) -> Peak:
    """Take the last step without looking: its error is the square of what is left, beyond all digits."""
    moved = step @ here.mode_slope
    at = replace(
        here,
        log_likelihood=here.log_likelihood + float(here.gradient @ step) / 2,
        mode=here.mode + moved,
        mean=here.mean + moved,
    )
    return Peak(theta=theta + step, at=at, converged=True)


def _newton_step(here: Marginal, *, fixed: bool) -> FloatArray | None:
    """Solve for the step; None where the coefficients have no information, such as beyond separation."""
    free = len(here.gradient) - fixed
    information = here.information[:free, :free]
    step = np.zeros(len(here.gradient))
    try:
        step[:free] = cho_solve(cho_factor(information), here.gradient[:free])
    except (LinAlgError, ValueError):
        if fixed:
            return None
        # not concave in tau here: climb on the coefficients alone, and on tau by its squared scores
        only = _newton_step(here, fixed=True)
        if only is None:
            return None
        step = only
        step[-1] = here.gradient[-1] / max(here.tau_scores, np.finfo(float).tiny)
    return step


def profile_interval(slope: Slope, peak: Peak, *, none: float, level: float) -> tuple[float, float]:
    """Find the values of tau whose profile likelihood is not too far below the maximum.

    Parameters
    ----------
    slope, peak
        The likelihood and its maximum.
    none
        Log-likelihood at tau 0.
    level
        Coverage, such as 0.95.

    Returns
    -------
    tuple[float, float]
        Where twice the log-likelihood lost is the quantile of chi-square with one degree of freedom; lower
        is 0 where not even tau = 0 loses as much; upper is infinite where no tau up to 50 does.
    """
    wanted = float(np.sqrt(chdtri(1, 1 - level)))
    climbed = profile(slope, peak)

    def excess(tau: float) -> float:
        # the root of what is lost is nearly linear in tau, which a secant likes
        lost = peak.at.log_likelihood - climbed(tau).at.log_likelihood
        return float(np.sqrt(2 * max(lost, 0.0))) - wanted

    lower = 0.0
    if 2 * (peak.at.log_likelihood - none) > wanted**2:
        low, step = peak.tau, peak.tau / 4
        while excess(low - step) < 0:
            low -= step
            step = min(step, low / 2)
        lower = float(brentq(excess, low - step, low, xtol=1e-5 * peak.tau, rtol=1e-6))
    high = max(peak.tau, NOTHING)
    width = max(0.5 * peak.tau, 0.1)
    while excess(high + width) < 0:
        high += width
        width *= 2
        if high > ENORMOUS:
            return lower, np.inf
    return lower, float(brentq(excess, high, high + width, xtol=1e-5 * high, rtol=1e-6))


def profile(slope: Slope, peak: Peak) -> Callable[[float], Peak]:
    """Give the function of tau that climbs on the coefficients there, each time from where it was last."""
    last = [peak]

    def at(tau: float) -> Peak:
        before = last[0]
        step = np.append(np.zeros(len(before.theta) - 1), tau - before.tau)
        # the best coefficients move along with tau
        step[:-1] = -np.linalg.solve(
            before.at.information[:-1, :-1], before.at.information[:-1, -1] * step[-1]
        )
        start = before.at.mode + step @ before.at.mode_slope
        last[0] = slope.climb(before.theta + step, start, fixed=True, settled=NEAR)
        return last[0]

    return at
