"""Confidence intervals of counts, ratios, proportions and means."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betainccinv, betaincinv, chdtri, ndtri, pdtr, pdtrc

from risk_models.poisson_binomial import mixture
from risk_models.strata import FloatArray

TINY = 1e-300
HALVINGS = 200  # more than the bits of a double: bisection then stops at neighbouring numbers


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

    Raises
    ------
    ValueError
        For a negative count, or a level that is no coverage.

    References
    ----------
    Garwood F (1936). Biometrika 28:437-442. doi:10.1093/biomet/28.3-4.437
    """
    tail = (1 - checked_level(level)) / 2
    o, e = _counts(observed, expected)
    # chdtri has the upper tail; a chi-square with 0 degrees of freedom is 0
    lower = np.where(o > 0, chdtri(2 * np.where(o > 0, o, 1), 1 - tail), 0.0) / (2 * e)
    upper = chdtri(2 * o + 2, tail) / (2 * e)
    return Interval(lower=lower, upper=upper)


def byar_ratio_interval(observed: ArrayLike, expected: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give Byar's approximation to the exact interval of a ratio O/E.

    O (1 - 1/(9 O) - z/(3 sqrt(O)))^3 / E and (O + 1) (1 - 1/(9 (O + 1)) + z/(3 sqrt(O + 1)))^3 / E.

    Parameters
    ----------
    observed, expected
        Events and expected events (or person-time, for a rate), any one shape.
    level
        Coverage aimed at, e.g. 0.95; for few events it is not reached exactly.

    Returns
    -------
    Interval
        Of ratios. The formula can put the lower end of one or two events below 0: it is then 0, as it is
        for no events. Both are NaN where expected is 0.

    Raises
    ------
    ValueError
        For a negative count, or a level that is no coverage.

    References
    ----------
    Breslow NE, Day NE (1987). Statistical Methods in Cancer Research II, p. 69. IARC.
    """
    z = normal_quantile(level)
    o, e = _counts(observed, expected)
    some, more = np.where(o > 0, o, 1.0), o + 1
    lower = np.where(o > 0, some * np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0) ** 3, 0.0)
    upper = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
    return Interval(lower=lower / e, upper=upper / e)


def midp_ratio_interval(observed: ArrayLike, expected: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give the mid-P interval of a ratio O/E when O is a Poisson count.

    At its lower end m, P(X > O | m) + P(X = O | m)/2 is half of what `level` leaves; at its upper end
    P(X < O | m) + P(X = O | m)/2 is. Shorter than the exact interval; covers `level` on average, not always.

    Parameters
    ----------
    observed, expected
        Events and expected events, any one shape.
    level
        Coverage, e.g. 0.95.

    Returns
    -------
    Interval
        Of ratios. Lower is 0 for no events; both are NaN where expected is 0.

    Raises
    ------
    ValueError
        For a negative count, or a level that is no coverage.

    References
    ----------
    Lancaster HO (1961). J Am Stat Assoc 56:223-234. doi:10.1080/01621459.1961.10482105
    Cohen GR, Yang SY (1994). Mid-P confidence intervals for the Poisson expectation. Stat Med 13:2189-2203.
    """
    tail = (1 - checked_level(level)) / 2
    o, e = _counts(observed, expected)
    below = o - 1
    # the mid-P interval lies within the exact one
    around = poisson_ratio_interval(o, np.ones_like(o), level=level)

    def too_many(m: FloatArray) -> FloatArray:
        before = np.where(o > 0, pdtrc(np.where(o > 0, below, 0), m), 1.0)
        result: FloatArray = (pdtrc(o, m) + before) / 2 - tail
        return result

    def too_few(m: FloatArray) -> FloatArray:
        before = np.where(o > 0, pdtr(np.where(o > 0, below, 0), m), 0.0)
        result: FloatArray = tail - (pdtr(o, m) + before) / 2
        return result

    lower = np.where(o > 0, _bisect(too_many, around.lower, np.maximum(o, 1)), 0.0)
    return Interval(lower=lower / e, upper=_bisect(too_few, o, around.upper) / e)


def wilson_interval(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give Wilson's score interval of a proportion.

    (p + z^2/2n ± z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n), with p = events/n.

    Parameters
    ----------
    events, n
        Events, not more than records, and records, any one shape; they need not be whole.
    level
        Coverage aimed at, e.g. 0.95.

    Returns
    -------
    Interval
        Of proportions, within 0 and 1. NaN where n is 0 or either is NaN.

    Raises
    ------
    ValueError
        For more events than records, or a level that is no coverage.

    References
    ----------
    Wilson EB (1927). J Am Stat Assoc 22:209-212. doi:10.1080/01621459.1927.10502953
    """
    z = normal_quantile(level)
    x, size = _proportion(events, n)
    p = x / size
    centre = p + z**2 / (2 * size)
    margin = z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    scale = 1 + z**2 / size
    return Interval(
        lower=np.maximum((centre - margin) / scale, 0.0), upper=np.minimum((centre + margin) / scale, 1.0)
    )


def clopper_pearson_interval(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give the exact interval of a proportion when all records have one risk.

    Quantiles of beta distributions: of B(x, n - x + 1) at its lower end, of B(x + 1, n - x) at its upper.

    Parameters
    ----------
    events, n
        Events, not more than records, and records, any one shape.
    level
        Coverage at least, e.g. 0.95.

    Returns
    -------
    Interval
        Of proportions: lower is 0 for no events, upper is 1 for events only. NaN where n is 0 or either is
        NaN.

    Raises
    ------
    ValueError
        For more events than records, or a level that is no coverage.

    References
    ----------
    Clopper CJ, Pearson ES (1934). Biometrika 26:404-413. doi:10.1093/biomet/26.4.404
    """
    tail = (1 - checked_level(level)) / 2
    x, size = _proportion(events, n)
    none, all_ = x == 0, x == size
    lower = np.where(none, 0.0, betaincinv(np.where(none, 1.0, x), size - x + 1, tail))
    upper = np.where(all_, 1.0, betainccinv(x + 1, np.where(all_, 1.0, size - x), tail))
    known = np.isfinite(size)
    return Interval(lower=np.where(known, lower, np.nan), upper=np.where(known, upper, np.nan))


def exact_ratio_interval(
    probabilities: FloatArray,
    observed: int,
    expected: float,
    *,
    level: float = 0.95,
    mid_p: bool = False,
    spread: float = 0.0,
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
    mid_p
        Whether the observed count itself has half weight in a tail. The interval is then shorter, and
        covers `level` on average, not always.
    spread
        Standard deviation of theta between providers of one norm: 0, or over-dispersion that the interval
        should allow for.

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
    at_most, at_least = tail_weights(records, observed, mid_p=mid_p)
    lower, upper = 0.0, records / expected

    def ratio_where(side: FloatArray, *, rises: bool) -> float:
        theta = _solve(probabilities, side, tail=tail, rises=rises, spread=spread)
        return float(np.arange(records + 1) @ mixture(probabilities, theta, spread=spread)) / expected

    if observed > 0:
        lower = ratio_where(at_least, rises=True)
    if observed < records:
        upper = ratio_where(at_most, rises=False)
    return lower, upper


def tail_weights(records: int, observed: int, *, mid_p: bool) -> tuple[FloatArray, FloatArray]:
    """Give the weight of every possible count in the lower and in the upper tail of an observed count.

    Each of shape (records + 1,): 1 beyond the observed count, and at it 1, or 1/2 with `mid_p`.
    """
    counts = np.arange(records + 1)
    own = (counts == observed) * (0.5 if mid_p else 1.0)
    return (counts < observed) + own, (counts > observed) + own


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

    Returns
    -------
    Interval
        In the unit of the mean; NaN where n is 0.

    Raises
    ------
    ValueError
        For a level that is no coverage.
    """
    margin = normal_quantile(level) * sd / np.sqrt(np.where(n > 0, n, np.nan))
    return Interval(lower=mean - margin, upper=mean + margin)


def checked_level(level: float) -> float:
    """Return `level`, strictly between 0 and 1; raise ValueError otherwise (95 is not 0.95)."""
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is no coverage; expected a proportion such as 0.95")
    return level


def normal_quantile(level: float) -> float:
    """Give the z with which mean ± z sd covers `level`; raise ValueError for what is no coverage."""
    return float(ndtri(0.5 + checked_level(level) / 2))


def _counts(observed: ArrayLike, expected: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give both in one shape, with NaN for an expectation that is not above 0."""
    o, e = np.broadcast_arrays(np.asarray(observed, dtype=np.float64), np.asarray(expected, dtype=np.float64))
    if np.any(o < 0):
        raise ValueError(f"observed: {o[o < 0].flat[0]:g}; expected a count of zero or more")
    return o, np.where(e > 0, e, np.nan)


def _proportion(events: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, size = _counts(events, n)
    if np.any((x < 0) | (x > size)):
        raise ValueError("events: expected between 0 and n everywhere")
    return x, np.where(np.isnan(x), np.nan, size)


def _bisect(rising: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray) -> FloatArray:
    """Find the zeros of functions that rise, between their own bounds, all at once."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = rising(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def _solve(probabilities: FloatArray, side: FloatArray, *, tail: float, rises: bool, spread: float) -> float:
    """Find the theta at which the chance of `side` is `tail`; `rises` says whether it rises with theta."""

    def excess(theta: float) -> float:
        chance = float(side @ mixture(probabilities, theta, spread=spread))
        return float(np.log(max(chance, TINY)) - np.log(tail))

    below = -1.0 if rises else 1.0
    while excess(below) > 0:
        below *= 2
    above = -below
    while excess(above) < 0:
        above *= 2
    return float(brentq(excess, min(below, above), max(below, above), xtol=1e-13, rtol=1e-14))
