"""Funnel limits as others publish them, by name, for those who must match a published practice.

Our own verdicts do not use these: several miss their nominal level on one side badly (`benchmarks.coverage`
shows by how much). Each gives the limits between which an average provider should lie with probability
`level`, on the scale of the value that is plotted.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, chdtri, gammaln, ndtri, pdtr, pdtrc, xlog1py, xlogy

from risk_models.intervals import (
    Interval,
    byar_ratio_interval,
    checked_level,
    normal_quantile,
    poisson_ratio_interval,
)
from risk_models.strata import FloatArray

EXACT_BELOW = 10  # public-health practice: exact under ten events, Byar from there


def spiegelhalter_ratio_limits(expected: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give Spiegelhalter's interpolated exact limits of O/E, for a Poisson count.

    With tail p, r the smallest count with F(r) >= p and a = (F(r) - p)/f(r), the limit is (r - a)/E.

    Parameters
    ----------
    expected
        E, any shape.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of O/E. Negative where no count is low enough (a chart clips it at 0); NaN where E is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage.

    References
    ----------
    Spiegelhalter DJ (2005). Stat Med 24:1185-1202, appendix A.1. doi:10.1002/sim.1970
    """
    e = _positive(expected)

    def limit(tail: float) -> FloatArray:
        r = _smallest(lambda k: pdtr(k, e), e, np.sqrt(e), tail)
        chance = np.exp(xlogy(r, e) - e - gammaln(r + 1))
        result: FloatArray = (r - (pdtr(r, e) - tail) / chance) / e
        return result

    low, high = _tails(level)
    return Interval(lower=limit(low), upper=limit(high))


def spiegelhalter_proportion_limits(n: ArrayLike, target: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give Spiegelhalter's interpolated exact limits of a proportion, for a binomial count.

    (r - a)/n, with r and a as for `spiegelhalter_ratio_limits` and F and f those of Binomial(n, target).

    Parameters
    ----------
    n, target
        Records, and the proportion of an average provider, any one shape.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of the proportion, as `spiegelhalter_ratio_limits` of O/E; it can lie outside 0 to 1. NaN where n is
        not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage, or a target that is no proportion.

    References
    ----------
    Spiegelhalter DJ (2005). Stat Med 24:1185-1202, appendix A.1. doi:10.1002/sim.1970
    """
    size, t = np.broadcast_arrays(_positive(n), _proportion(target))

    def at_most(k: FloatArray) -> FloatArray:
        chance = betainc(np.maximum(size - k, 1), k + 1, 1 - t)
        result: FloatArray = np.where(k >= size, 1.0, chance)
        return result

    def limit(tail: float) -> FloatArray:
        r = _smallest(at_most, size * t, np.sqrt(size * t * (1 - t)), tail)
        ways = gammaln(size + 1) - gammaln(r + 1) - gammaln(size - r + 1)
        chance = np.exp(ways + xlogy(r, t) + xlog1py(size - r, -t))
        result: FloatArray = (r - (at_most(r) - tail) / chance) / size
        return result

    low, high = _tails(level)
    return Interval(lower=limit(low), upper=limit(high))


def chi_square_limits(expected: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give the limits of O/E that FunnelPlotR and the NHS Power BI funnels draw.

    chi2(p; 2E)/(2E) and chi2(1 - p; 2E + 2)/(2E) with p = (1 - level)/2: the exact interval of a count,
    applied to E as though it had been observed. That inverts no test.

    Parameters
    ----------
    expected
        E, any shape.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of O/E; NaN where E is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage.

    References
    ----------
    Mainey C. FunnelPlotR, an R package; its formula is not in a paper.
    """
    e, (low, _) = _positive(expected), _tails(level)
    return Interval(lower=chdtri(2 * e, 1 - low) / (2 * e), upper=chdtri(2 * e + 2, low) / (2 * e))


def shmi_limits(expected: ArrayLike, *, tau2: float = 0.0, level: float = 0.95) -> Interval:
    """Give the limits of O/E of England's hospital mortality indicator: exp(± z sqrt(1/E + tau2)).

    Parameters
    ----------
    expected
        E, any shape.
    tau2
        From `spread.shmi_overdispersion`.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of O/E; NaN where E is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage.

    References
    ----------
    NHS Digital, Summary Hospital-level Mortality Indicator, indicator specification.
    """
    margin = normal_quantile(level) * np.sqrt(1 / _positive(expected) + tau2)
    return Interval(lower=np.exp(-margin), upper=np.exp(margin))


def cqc_limits(
    expected: ArrayLike, *, tau2: float = 0.0, level: float = 0.95, squared: bool = True
) -> Interval:
    """Give the limits of O/E on the square-root scale: (1 ± z sqrt(1/(4E) + tau2))^2.

    Parameters
    ----------
    expected
        E, any shape.
    tau2
        From `spread.cqc_overdispersion`.
    level
        Such as 0.95.
    squared
        False leaves the square out, as FunnelPlotR does: limits of sqrt(O/E), drawn on the scale of O/E.

    Returns
    -------
    Interval
        Of O/E; 0 where the root would be negative, NaN where E is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage.

    References
    ----------
    Spiegelhalter DJ et al. (2012). J R Stat Soc A 175:1-47. doi:10.1111/j.1467-985X.2011.01010.x
    """
    margin = normal_quantile(level) * np.sqrt(1 / (4 * _positive(expected)) + tau2)
    power = 2 if squared else 1
    return Interval(lower=np.maximum(1 - margin, 0.0) ** power, upper=(1 + margin) ** power)


def arcsine_limits(n: ArrayLike, target: ArrayLike, *, tau2: float = 0.0, level: float = 0.95) -> Interval:
    """Give the limits of a proportion on the arcsine scale: sin^2(arcsin(sqrt(t)) ± z sqrt(1/(4n) + tau2)).

    Parameters
    ----------
    n, target
        Records, and the proportion t of an average provider, any one shape.
    tau2
        From `spread.proportion_overdispersion`.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of the proportion, within 0 and 1; NaN where n is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage, or a target that is no proportion.

    References
    ----------
    Spiegelhalter DJ et al. (2012). J R Stat Soc A 175:1-47. doi:10.1111/j.1467-985X.2011.01010.x
    """
    margin = normal_quantile(level) * np.sqrt(1 / (4 * _positive(n)) + tau2)
    centre = np.arcsin(np.sqrt(_proportion(target)))
    return Interval(
        lower=np.sin(np.maximum(centre - margin, 0.0)) ** 2,
        upper=np.sin(np.minimum(centre + margin, np.pi / 2)) ** 2,
    )


def proportion_limits(n: ArrayLike, target: ArrayLike, *, level: float = 0.95) -> Interval:
    """Give the limits t ± z sqrt(t(1 - t)/n) of a proportion, as English public health draws them.

    A provider beyond them is one whose Wilson interval leaves the target out: they invert that interval.

    Parameters
    ----------
    n, target
        Records, and the proportion t of an average provider, any one shape.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        Of the proportion, within 0 and 1; NaN where n is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage, or a target that is no proportion.

    References
    ----------
    Wilson EB (1927). J Am Stat Assoc 22:209-212. doi:10.1080/01621459.1927.10502953
    """
    t = _proportion(target)
    margin = normal_quantile(level) * np.sqrt(t * (1 - t) / _positive(n))
    return Interval(lower=np.maximum(t - margin, 0.0), upper=np.minimum(t + margin, 1.0))


def public_health_ratio_interval(
    observed: ArrayLike, expected: ArrayLike, *, level: float = 0.95
) -> Interval:
    """Give the interval of O/E, or of a rate, of English public health: exact under 10 events, else Byar's.

    Parameters
    ----------
    observed, expected
        Events, and expected events (or person-time over the multiplier of the rate), any one shape.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        NaN where expected is not above 0.

    Raises
    ------
    ValueError
        For a level that is no coverage.

    References
    ----------
    Eayres D (2008). Commonly used public health statistics and their confidence intervals. APHO.
    """
    exact = poisson_ratio_interval(observed, expected, level=level)
    byar = byar_ratio_interval(observed, expected, level=level)
    few = np.asarray(observed) < EXACT_BELOW
    return Interval(
        lower=np.where(few, exact.lower, byar.lower), upper=np.where(few, exact.upper, byar.upper)
    )


RATIO_LIMITS: Mapping[str, Callable[..., Interval]] = {
    "chi-square": chi_square_limits,
    "spiegelhalter-2005": spiegelhalter_ratio_limits,
    "shmi": shmi_limits,
    "cqc": cqc_limits,
}


def tails_of_average(limits: Interval, expected: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give the chance that a provider whose true O/E is 1 falls below and above ratio limits.

    Parameters
    ----------
    limits
        Of O/E, shape (...).
    expected
        E, same shape; the count is Poisson with this mean.

    Returns
    -------
    tuple[FloatArray, FloatArray]
        P(O/E < lower) and P(O/E > upper), each of the shape of `expected`; a value at a limit is not beyond
        it. NaN where a limit is.
    """
    e = _positive(expected)
    # a count is beyond a limit by more than rounding
    low, high = np.ceil(limits.lower * e - 1e-9) - 1, np.floor(limits.upper * e + 1e-9)
    below = np.where(low < 0, 0.0, pdtr(np.maximum(low, 0), e))
    return below, np.where(high < 0, 1.0, pdtrc(np.maximum(high, 0), e))


def _smallest(
    at_most: Callable[[FloatArray], FloatArray], mean: FloatArray, sd: FloatArray, tail: float
) -> FloatArray:
    """Find the smallest whole counts with F(count) >= tail, by steps from where a normal count would be."""
    r: FloatArray = np.maximum(np.floor(mean + float(ndtri(tail)) * sd), 0.0)
    while (short := at_most(r) < tail).any():
        r = r + short
    while (long := (r > 0) & (at_most(np.maximum(r - 1, 0)) >= tail)).any():
        r = r - long
    return r


def _tails(level: float) -> tuple[float, float]:
    low = round((1 - checked_level(level)) / 2, 12)
    return low, 1 - low


def _positive(values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    result: FloatArray = np.where(array > 0, array, np.nan)
    return result


def _proportion(values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if not np.all((array >= 0) & (array <= 1)):
        raise ValueError("target: expected a proportion between 0 and 1")
    return array
