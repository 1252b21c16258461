"""The tests a verdict on events can rest on: each gives interval, limits and p-values that agree.

A test asks whether a provider's events fit a norm: `ratio` times those expected. Its null distribution has
that mean; the limits are the counts at which it starts to reject; the interval holds the ratios that it
does not reject.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betainccinv, betaincinv, ndtr, ndtri, pdtr, pdtrc

from risk_models.intervals import (
    byar_ratio_interval,
    exact_ratio_interval,
    midp_ratio_interval,
    poisson_ratio_interval,
    tail_weights,
)
from risk_models.poisson_binomial import mixture, pmf, shift
from risk_models.strata import FloatArray
from risk_models.verdict import exact_limits, tail_of

EventTest: TypeAlias = Literal["exact", "exact-mid-p", "poisson", "poisson-mid-p", "byar"]

# Where the probability of what was observed is below this, the distribution is laid around the observation.
FAR_OUT = 1e-100
FARTHEST = 745.0  # log-odds at which a risk is 0 or 1 to rounding


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What a test says of each provider; all arrays have shape (providers,).

    Attributes
    ----------
    lower, upper
        Interval of O/E, at the inner level.
    limits
        Counts at low998, low95, high95, high998; NaN where no count is rejected on that side.
    p_low, p_high
        One-sided p-values: the chance, under the norm, of as few or as many events.
    """

    lower: FloatArray
    upper: FloatArray
    limits: tuple[FloatArray, FloatArray, FloatArray, FloatArray]
    p_low: FloatArray
    p_high: FloatArray


def case_mix_test(
    n: FloatArray,
    risk: FloatArray,
    observed: int,
    *,
    ratio: float,
    levels: tuple[float, float],
    mid_p: bool,
    tau2: float,
    size: FloatArray | None = None,
) -> tuple[float, ...]:
    """Test one provider with the exact distribution of its number of events (Poisson-binomial).

    Every patient's odds are thought to be multiplied alike, by as much as brings the expected number to
    ratio times E. With over-dispersion, the log of that multiplier varies between ordinary providers with
    the standard deviation tau E/V, which gives O/E the variance tau2.

    Of records that count in part everything is counted in steps, and the log of the multiplier of a record
    is in proportion to its size: a provider that a record counts for by a third had a third of the say. The
    distributions of the weighted sum then are one exponential family, as those of the number are, and the
    sum is all that the records tell about the multiplier.

    Parameters
    ----------
    n, risk
        Records and expected risk per stratum of the provider.
    observed
        Events, in steps.
    ratio
        The norm, as a ratio to E; 1 is as expected.
    levels, mid_p, tau2
        As for `score_binary`.
    size
        Steps that one record of each stratum counts for, from `record_weights.lattice`; None is 1.

    Returns
    -------
    tuple[float, ...]
        lower, upper, the four limit counts (in steps), p_low, p_high. All NaN where the norm asks for as
        many events as there are records, or more.

    References
    ----------
    Barndorff-Nielsen O (1978), on exponential families. Information and Exponential Families, chapter 8.
    """
    one = _Records(n, risk, np.ones(len(n)) if size is None else size)
    expected = one.mean_at(0.0)
    if not 0 < ratio * expected < one.steps:
        return (np.nan,) * 8
    probabilities = one.distribution_at(0.0)
    spread = float(np.sqrt(tau2)) * expected / float((n * one.size**2) @ (risk * (1 - risk)))
    around = probabilities
    if probabilities[observed] < FAR_OUT:
        # half an event away from none, and from all
        margin = 0.5 * float(one.size.min())
        target = min(max(float(observed), margin), one.steps - margin)
        around = one.distribution_at(_theta_of(one.mean_at, target))
    interval = exact_ratio_interval(around, observed, expected, level=levels[0], mid_p=mid_p, spread=spread)
    null = _null(one, probabilities, mean=ratio * expected, spread=spread)
    at_most, at_least = tail_weights(len(null) - 1, observed, mid_p=mid_p)
    tails = min(1.0, float(at_most @ null)), min(1.0, float(at_least @ null))
    return (*interval, *exact_limits(null, levels=levels, mid_p=mid_p), *tails)


def count_test(
    observed: FloatArray,
    expected: FloatArray,
    *,
    ratio: float,
    levels: tuple[float, float],
    test: EventTest,
    tau2: float,
) -> Tested:
    """Test counts of all providers as Poisson counts.

    With over-dispersion (only `poisson`), O/E of ordinary providers follows a gamma distribution about the
    norm, with variance tau2 where the norm is 1, so that the count is negative binomial.

    Parameters
    ----------
    observed, expected
        Events and expected events, shape (providers,).
    ratio, levels, tau2
        As for `case_mix_test`.
    test
        `poisson` (exact), `poisson-mid-p`, or `byar` (Byar's approximation).

    Returns
    -------
    Tested
        NaN where expected is 0.

    Raises
    ------
    ValueError
        For over-dispersion with a test that has no such form.
    """
    if tau2 > 0 and test != "poisson":
        raise ValueError(f"test '{test}' has no form with over-dispersion; use 'poisson' or 'exact'")
    mean = np.where(expected > 0, ratio * expected, np.nan)
    few, many = _tails(test, mean, tau2)
    inner, outer = tail_of(levels[0]), tail_of(levels[1])
    spread = np.sqrt(mean + tau2 * mean**2)

    def low(tail: float) -> FloatArray:
        # the first count that is kept, less one
        kept = _first(lambda k: few(k) > tail, mean + float(ndtri(tail)) * spread)
        return np.where(kept > 0, kept - 1, np.nan)

    def high(tail: float) -> FloatArray:
        return _first(lambda k: many(k) <= tail, mean - float(ndtri(tail)) * spread)

    lower, upper = _interval(test, observed, expected, level=levels[0], tau2=tau2)
    known = np.isfinite(mean)
    limits = tuple(np.where(known, x, np.nan) for x in (low(outer), low(inner), high(inner), high(outer)))
    return Tested(
        lower=lower,
        upper=upper,
        limits=(limits[0], limits[1], limits[2], limits[3]),
        p_low=np.where(known, few(observed), np.nan),
        p_high=np.where(known, many(observed), np.nan),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Records:
    """Records of one provider: how many of each stratum, their risk, and the steps that one counts for."""

    n: FloatArray
    risk: FloatArray
    size: FloatArray

    @property
    def steps(self) -> float:
        """Steps of all records together."""
        return float((self.n * self.size).sum())

    def risk_at(self, theta: float) -> FloatArray:
        """Risks where the odds of a record are multiplied by exp(theta size)."""
        return shift(self.risk, theta * self.size) if theta else self.risk

    def mean_at(self, theta: float) -> float:
        """Steps that are expected there."""
        return float((self.n * self.size) @ self.risk_at(theta))

    def distribution_at(self, theta: float) -> FloatArray:
        """Distribution of the steps there."""
        return pmf(self.n, self.risk_at(theta), self.size)


def _null(records: _Records, probabilities: FloatArray, *, mean: float, spread: float) -> FloatArray:
    """Give the distribution of the count under a norm with this mean."""
    if spread == 0:
        if mean == records.mean_at(0.0):
            return probabilities
        return records.distribution_at(_theta_of(records.mean_at, mean))
    counts = np.arange(len(probabilities))
    theta = _theta_of(lambda theta: float(counts @ mixture(probabilities, theta, spread=spread)), mean)
    return mixture(probabilities, theta, spread=spread)


def _theta_of(mean_at: Callable[[float], float], target: float) -> float:
    """Find the shift of log-odds at which `target` events are expected."""
    reach = 1.0
    while reach < FARTHEST and not mean_at(-reach) < target < mean_at(reach):
        reach *= 2
    return float(brentq(lambda theta: mean_at(theta) - target, -reach, reach, xtol=1e-13))


def _tails(
    test: EventTest, mean: FloatArray, tau2: float
) -> tuple[Callable[[FloatArray], FloatArray], Callable[[FloatArray], FloatArray]]:
    """Give the p-values of too few and of too many events, as functions of the count."""
    if test == "byar":
        return (lambda k: _byar_low(k, mean)), (lambda k: _byar_high(k, mean))

    def below(k: FloatArray) -> FloatArray:
        """P(X < k); with over-dispersion 1/tau2 is the size of a negative binomial count."""
        last = np.maximum(k - 1, 0)
        chance = pdtr(last, mean) if tau2 == 0 else betainc(1 / tau2, last + 1, 1 / (1 + tau2 * mean))
        result: FloatArray = np.where(k > 0, chance, 0.0)
        return result

    def above(k: FloatArray) -> FloatArray:
        """P(X > k)."""
        chance = pdtrc(k, mean) if tau2 == 0 else betaincc(1 / tau2, k + 1, 1 / (1 + tau2 * mean))
        result: FloatArray = np.where(k >= 0, chance, 1.0)
        return result

    if test == "poisson":
        return (lambda k: below(k + 1)), (lambda k: above(k - 1))
    return (lambda k: (below(k) + below(k + 1)) / 2), (lambda k: (above(k) + above(k - 1)) / 2)


def _byar_low(k: FloatArray, mean: FloatArray) -> FloatArray:
    more = k + 1
    result: FloatArray = ndtr(-3 * np.sqrt(more) * ((mean / more) ** (1 / 3) - 1 + 1 / (9 * more)))
    return result


def _byar_high(k: FloatArray, mean: FloatArray) -> FloatArray:
    some = np.maximum(k, 1)
    z = 3 * np.sqrt(some) * (1 - 1 / (9 * some) - (mean / some) ** (1 / 3))
    result: FloatArray = np.where(k > 0, ndtr(-z), 1.0)
    return result


def _interval(
    test: EventTest, observed: FloatArray, expected: FloatArray, *, level: float, tau2: float
) -> tuple[FloatArray, FloatArray]:
    if tau2 > 0:
        size, tail = 1 / tau2, (1 - level) / 2
        some = np.maximum(observed, 1)
        low_p, high_p = betainccinv(size, some, tail), betaincinv(size, observed + 1, tail)
        e = np.where(expected > 0, expected, np.nan)
        lower = np.where(observed > 0, size * (1 - low_p) / low_p, 0.0) / e
        return lower, size * (1 - high_p) / high_p / e
    formula = {
        "poisson": poisson_ratio_interval,
        "poisson-mid-p": midp_ratio_interval,
        "byar": byar_ratio_interval,
    }[test]
    interval = formula(observed, expected, level=level)
    return interval.lower, interval.upper


def _first(holds: Callable[[FloatArray], NDArray[np.bool_]], near: FloatArray) -> FloatArray:
    """Find the smallest whole counts at which a condition holds that goes on holding, from near ones."""
    k: FloatArray = np.maximum(np.floor(np.where(np.isfinite(near), near, 0.0)), 0.0)
    unknown = ~np.isfinite(near)
    while (short := ~holds(k) & ~unknown).any():
        k = k + short
    while (long := (k > 0) & holds(np.maximum(k - 1, 0)) & ~unknown).any():
        k = k - long
    return k
