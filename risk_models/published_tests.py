"""Tests as others publish them, whole: limits, and the interval and p-values that go with these.

For those who must match a published practice. The limits are those of `funnels`; what is added is the
interval that inverts them, so that a value is beyond a limit where its interval leaves the norm out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import betainc, betaincinv, chdtr, chdtrc, chdtri, chdtriv, ndtr, pdtr, pdtrc

from risk_models.event_tests import Tested
from risk_models.funnels import chi_square_limits, spiegelhalter_proportion_limits, spiegelhalter_ratio_limits
from risk_models.intervals import Interval, normal_quantile, wilson_interval
from risk_models.strata import FloatArray
from risk_models.verdict import tail_of

PublishedTest: TypeAlias = Literal[
    "z-score", "spiegelhalter-2005", "spiegelhalter-2012", "shmi", "chi-square", "wilson"
]

# Those with a form for over-dispersion: a variance between providers added, or the variance multiplied.
ADDITIVE: tuple[PublishedTest, ...] = ("z-score", "spiegelhalter-2012", "shmi")
MULTIPLICATIVE: tuple[PublishedTest, ...] = (*ADDITIVE, "wilson")
NEEDS_EVENTS: tuple[PublishedTest, ...] = ("shmi",)


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """What the tests look at; all arrays have shape (providers,).

    Attributes
    ----------
    observed, expected, variance
        Events, expected events, and the variance of the number of events.
    records
        Records, where every record has the same chance of the event (no case mix): the tests then have
        their form for a proportion. None otherwise.
    """

    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    records: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """A scale on which the value is normal: there and back, where the norm lies, and the variance."""

    there: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]
    norm: FloatArray
    variance: FloatArray
    lowest: float
    highest: FloatArray | float


def published_test(
    test: PublishedTest, sizes: Sizes, *, levels: tuple[float, float], tau2: float = 0.0, phi: float = 1.0
) -> Tested:
    """Test all providers against what is expected of them, by a published method.

    - `z-score`: O/E is normal about 1 with variance V/E^2 (of a proportion: p about t with variance
      t(1 - t)/n); the interval has that same variance, and ends at 0 and at all records.
    - `wilson`: the same limits, for proportions only, with Wilson's interval, which inverts them exactly.
    - `spiegelhalter-2012`: sqrt(O/E) is normal with variance 1/(4E); of a proportion, arcsin(sqrt(p)) with
      variance 1/(4n).
    - `shmi`: log(O/E) is normal with variance 1/E.
    - `spiegelhalter-2005`: exact tails of the Poisson (of a proportion: binomial) count: too few when
      P(X <= O) is at most the tail, too many when P(X > O) is. All records with the event are thus always
      too many, and the interval is then that value alone.
    - `chi-square`: chi-square limits laid around E. No events are thus always too few, and the interval is
      then 0 alone.

    Parameters
    ----------
    test
        Which.
    sizes
        The providers.
    levels
        Inner and outer level.
    tau2
        Variance between ordinary providers on the scale of the test, added to the variance; ADDITIVE only.
    phi
        1 or more: multiplies the variance; MULTIPLICATIVE only.

    Returns
    -------
    Tested
        NaN where expected is 0, and with `shmi` for providers without events, whose logarithm does not
        exist. A limit is NaN where no count is rejected on that side: a low one below 0 events, of a
        proportion a high one above all records. Two are there all the same: with `shmi` a low limit below 1
        event, and with case mix a high one above the number of records, which the tests are not told.

    Raises
    ------
    ValueError
        For over-dispersion with a test that has no such form, phi below 1, or `wilson` with case mix.

    References
    ----------
    Spiegelhalter DJ (2005). Stat Med 24:1185-1202. doi:10.1002/sim.1970
    Spiegelhalter DJ (2005), on phi. Qual Saf Health Care 14:347-351. doi:10.1136/qshc.2005.013755
    Spiegelhalter DJ et al. (2012). J R Stat Soc A 175:1-47. doi:10.1111/j.1467-985X.2011.01010.x
    NHS Digital, Summary Hospital-level Mortality Indicator, indicator specification.
    Wilson EB (1927). J Am Stat Assoc 22:209-212. doi:10.1080/01621459.1927.10502953
    """
    if (tau2 > 0 and test not in ADDITIVE) or (phi > 1 and test not in MULTIPLICATIVE):
        raise ValueError(f"test '{test}' has no such form with over-dispersion")
    if phi < 1:
        raise ValueError(f"phi: {phi} would narrow the limits; expected 1 or more")
    if test == "wilson" and sizes.records is None:
        raise ValueError("test 'wilson' is of a proportion without case mix; use 'z-score'")
    if test == "chi-square":
        return _known(_chi_square(sizes, levels), sizes, test)
    if test == "spiegelhalter-2005":
        of = _poisson if sizes.records is None else _binomial
        return _known(of(sizes, levels), sizes, test)
    return _known(_normal(test, sizes, levels, tau2=tau2, phi=phi), sizes, test)


def _known(tested: Tested, sizes: Sizes, test: PublishedTest) -> Tested:
    known = sizes.expected > 0
    if test in NEEDS_EVENTS:
        known &= sizes.observed > 0

    def only(values: FloatArray) -> FloatArray:
        result: FloatArray = np.where(known, values, np.nan)
        return result

    low998, low95, high95, high998 = (only(limit) for limit in tested.limits)
    return Tested(
        lower=only(tested.lower),
        upper=only(tested.upper),
        limits=(low998, low95, high95, high998),
        p_low=only(tested.p_low),
        p_high=only(tested.p_high),
    )


def _scale(test: PublishedTest, sizes: Sizes) -> _Scale:
    e = np.where(sizes.expected > 0, sizes.expected, np.nan)
    one = np.ones(len(e))
    if sizes.records is not None and test == "spiegelhalter-2012":
        n = np.where(sizes.records > 0, sizes.records, np.nan)
        share = e / n

        def arcsine(ratio: FloatArray) -> FloatArray:
            result: FloatArray = np.arcsin(np.sqrt(np.minimum(ratio * share, 1.0)))
            return result

        return _Scale(
            arcsine, lambda x: np.sin(x) ** 2 / share, arcsine(one), 1 / (4 * n), 0.0, float(np.pi / 2)
        )
    if test == "spiegelhalter-2012":
        return _Scale(np.sqrt, np.square, one, 1 / (4 * e), 0.0, np.inf)
    if test == "shmi":
        return _Scale(_log, np.exp, np.zeros(len(e)), 1 / e, -np.inf, np.inf)
    # without case mix there are no more events than records
    highest = np.inf if sizes.records is None else sizes.records / e
    return _Scale(_same, _same, one, sizes.variance / e**2, 0.0, highest)


def _normal(
    test: PublishedTest, sizes: Sizes, levels: tuple[float, float], *, tau2: float, phi: float
) -> Tested:
    scale = _scale(test, sizes)
    e = np.where(sizes.expected > 0, sizes.expected, np.nan)
    error = np.sqrt(phi * scale.variance + tau2)
    at = scale.there(sizes.observed / e)
    inner, outer = normal_quantile(levels[0]), normal_quantile(levels[1])

    def limit(z: float) -> FloatArray:
        place = scale.norm + z * error
        inside = (place >= scale.lowest) & (place <= scale.highest)
        return np.where(inside, scale.back(np.where(inside, place, np.nan)) * e, np.nan)

    ends = np.clip(at - inner * error, scale.lowest, None), np.clip(at + inner * error, None, scale.highest)
    interval = Interval(lower=scale.back(ends[0]), upper=scale.back(ends[1]))
    if test == "wilson" and sizes.records is not None:
        # with phi, Wilson's of as many records as hold the same information
        found = wilson_interval(sizes.observed / phi, sizes.records / phi, level=levels[0])
        share = e / sizes.records
        interval = Interval(lower=found.lower / share, upper=found.upper / share)
    z = (at - scale.norm) / error
    limits = (limit(-outer), limit(-inner), limit(inner), limit(outer))
    return Tested(interval.lower, interval.upper, limits, ndtr(z), ndtr(-z))


def _poisson(sizes: Sizes, levels: tuple[float, float]) -> Tested:
    o, e = sizes.observed, np.where(sizes.expected > 0, sizes.expected, np.nan)
    inner, outer = (spiegelhalter_ratio_limits(sizes.expected, level=level) for level in levels)
    tail = tail_of(levels[0])

    def high(limit: FloatArray) -> FloatArray:
        # no events are never too many
        return np.where(limit > 0, limit * e, np.nan)

    return Tested(
        lower=np.where(o > 0, chdtri(2 * o + 2, 1 - tail) / 2, 0.0) / e,
        upper=chdtri(2 * o + 2, tail) / 2 / e,
        limits=(_reached(outer.lower * e), _reached(inner.lower * e), high(inner.upper), high(outer.upper)),
        p_low=pdtr(o, e),
        p_high=np.where(o > 0, pdtrc(o, e), 1.0),
    )


def _binomial(sizes: Sizes, levels: tuple[float, float]) -> Tested:
    assert sizes.records is not None
    o, n, e = sizes.observed, sizes.records, np.where(sizes.expected > 0, sizes.expected, np.nan)
    t = np.where(n > 0, sizes.expected, 0.0) / np.where(n > 0, n, 1.0)
    inner, outer = (spiegelhalter_proportion_limits(n, t, level=level) for level in levels)
    tail = tail_of(levels[0])
    left = np.maximum(n - o, 1)
    lower = np.where(o < n, betaincinv(o + 1, left, tail), 1.0)

    def high(limit: FloatArray) -> FloatArray:
        # no events are never too many
        return np.where(limit > 0, limit * n, np.nan)

    return Tested(
        lower=np.where(o > 0, lower, 0.0) * n / e,
        upper=np.where(o < n, betaincinv(o + 1, left, 1 - tail), 1.0) * n / e,
        limits=(_reached(outer.lower * n), _reached(inner.lower * n), high(inner.upper), high(outer.upper)),
        p_low=np.where(o < n, betainc(left, o + 1, 1 - t), 1.0),
        p_high=np.where(o == n, 0.0, np.where(o > 0, betainc(o + 1, left, t), 1.0)),
    )


def _chi_square(sizes: Sizes, levels: tuple[float, float]) -> Tested:
    o, e = sizes.observed, np.where(sizes.expected > 0, sizes.expected, np.nan)
    some = np.maximum(o, 1)
    inner, outer = (chi_square_limits(sizes.expected, level=level) for level in levels)
    tail = tail_of(levels[0])
    return Tested(
        lower=np.where(o > 0, np.maximum(chdtriv(1 - tail, 2 * some) / 2 - 1, 0.0), 0.0) / e,
        upper=np.where(o > 0, chdtriv(tail, 2 * some) / 2, 0.0) / e,
        limits=(outer.lower * e, inner.lower * e, inner.upper * e, outer.upper * e),
        p_low=chdtr(2 * e, 2 * o),
        p_high=chdtrc(2 * e + 2, 2 * o),
    )


def _reached(limit: FloatArray) -> FloatArray:
    """A limit below 0 is reached by no count."""
    result: FloatArray = np.where(limit >= 0, limit, np.nan)
    return result


def _log(x: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        result: FloatArray = np.log(x)
    return result


def _same(x: FloatArray) -> FloatArray:
    return x
