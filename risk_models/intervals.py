"""Confidence intervals of ratios and means."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import chdtri, ndtri

from risk_models.poisson_binomial import tilt
from risk_models.strata import FloatArray

TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval; lower and upper have one shape, NaN where there is nothing to estimate."""

    lower: FloatArray
    upper: FloatArray


def poisson_ratio_interval(observed: ArrayLike, expected: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give the exact interval of a ratio O/E when O is a Poisson count and E is taken as known.

    For rare events and for counts. With common events it is too wide; `exact_ratio_interval` is then right.

    Parameters
    ----------
    observed, expected
        Events and expected events, any one shape.
    level
        Coverage at least, e.g. 0.95.

    Returns
    -------
    Interval
        Of ratios. Lower is 0 for no events; both are NaN where expected is 0.

    References
    ----------
    Garwood F (1936). Biometrika 28:437-442. doi:10.1093/biomet/28.3-4.437
    """
    tail = (1 - checked_level(level)) / 2
    o, e = np.broadcast_arrays(np.asarray(observed, dtype=np.float64), np.asarray(expected, dtype=np.float64))
    e = np.where(e > 0, e, np.nan)
    # chdtri has the upper tail; a chi-square with 0 degrees of freedom is 0
    lower = np.where(o > 0, chdtri(2 * np.where(o > 0, o, 1), 1 - tail), 0.0) / (2 * e)
    upper = chdtri(2 * o + 2, tail) / (2 * e)
    return Interval(lower=lower, upper=upper)


def exact_ratio_interval(
    probabilities: FloatArray, observed: int, expected: float, *, level: float = 0.95
) -> tuple[float, float]:
    """Give the case-mix-exact interval of a ratio O/E of one provider.

    The provider's odds are thought to be exp(theta) times those expected, for every patient. The interval
    holds each theta that the two one-sided exact tests do not reject: at its lower end P(X >= O) is half of
    what level leaves, at its upper end P(X <= O) is. It is given as E(theta)/E(0), the ratio which that
    theta stands for. With equal risks p it is Clopper and Pearson's interval divided by p.

    Parameters
    ----------
    probabilities
        From `poisson_binomial.pmf`, shape (records + 1,), of risks strictly between 0 and 1: at the
        expected risks, or, for an O so extreme that its probability there is lost, at risks shifted towards
        it. The interval is the same.
    observed
        O, the number of events.
    expected
        E(0), the sum of the expected risks.
    level
        Coverage at least, e.g. 0.95.

    Returns
    -------
    tuple[float, float]
        Lower and upper ratio. Lower is 0 for no events; upper is records/E when every record has the event;
        both are NaN without records.

    Raises
    ------
    ValueError
        When O is not among the possible counts, or its probability is 0.

    References
    ----------
    Clopper CJ, Pearson ES (1934). Biometrika 26:404-413. doi:10.1093/biomet/26.4.404
    Cox DR (1970), on exponential families. Analysis of Binary Data, section 4.2.

    Examples
    --------
    Seven events among forty patients of whom five were expected to have one:

    >>> from risk_models.poisson_binomial import pmf
    >>> lower, upper = exact_ratio_interval(pmf([20, 20], [0.05, 0.2]), 7, 5.0)
    >>> round(lower, 2), round(upper, 2)
    (0.6, 2.55)
    """
    tail = (1 - checked_level(level)) / 2
    records = len(probabilities) - 1
    if not 0 <= observed <= records or probabilities[observed] <= 0:
        raise ValueError(f"observed: {observed} events among {records} records has no probability here")
    if records == 0:
        return np.nan, np.nan
    low_end, high_end = np.arange(records + 1) <= observed, np.arange(records + 1) >= observed
    lower, upper = 0.0, records / expected
    if observed > 0:
        lower = _tilted_mean(probabilities, _solve(probabilities, high_end, tail)) / expected
    if observed < records:
        upper = _tilted_mean(probabilities, _solve(probabilities, low_end, tail)) / expected
    return lower, upper


def mean_interval(mean: FloatArray, sd: float, n: FloatArray, *, level: float = 0.95) -> Interval:
    """Give the normal interval mean ± z sd/sqrt(n); NaN where n is 0.

    Parameters
    ----------
    mean, n
        Means and records, shape (providers,).
    sd
        Standard deviation of one record, taken as known, in the unit of the mean.
    level
        Coverage, e.g. 0.95.
    """
    margin = float(ndtri(0.5 + checked_level(level) / 2)) * sd / np.sqrt(np.where(n > 0, n, np.nan))
    return Interval(lower=mean - margin, upper=mean + margin)


def checked_level(level: float) -> float:
    """Return `level`, strictly between 0 and 1; raise ValueError otherwise (95 is not 0.95)."""
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is no coverage; expected a proportion such as 0.95")
    return level


def _solve(probabilities: FloatArray, side: np.ndarray[tuple[int], np.dtype[np.bool_]], tail: float) -> float:
    """Find the theta at which the chance of `side` is `tail`."""

    def excess(theta: float) -> float:
        return float(np.log(max(tilt(probabilities, theta)[side].sum(), TINY)) - np.log(tail))

    rises = bool(side[-1])
    below = -1.0 if rises else 1.0
    while excess(below) > 0:
        below *= 2
    above = -below
    while excess(above) < 0:
        above *= 2
    return float(brentq(excess, min(below, above), max(below, above), xtol=1e-13, rtol=1e-14))


def _tilted_mean(probabilities: FloatArray, theta: float) -> float:
    return float(np.arange(len(probabilities)) @ tilt(probabilities, theta))
