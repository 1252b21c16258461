"""The one verdict: a test, the funnel limits that invert it, and the band a value falls in.

Band, interval and funnel line cannot contradict each other, because a band is read off from the limits and
the limits and the interval invert the same test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from risk_models.intervals import checked_level, normal_quantile
from risk_models.strata import FloatArray

Band: TypeAlias = Literal["low998", "low95", "in", "high95", "high998", "not-assessable"]

LEVEL_95 = 0.95
LEVEL_998 = 0.998
LEVELS = (LEVEL_95, LEVEL_998)
# normal quantiles at 1 - .025 and 1 - .001
Z_95 = 1.959963984540054
Z_998 = 3.090232306167813


@dataclass(frozen=True, slots=True)
class Limits:
    """Funnel limits, each of shape (providers,).

    A value at or beyond a limit is rejected by the one-sided test at 0.025 (95) or 0.001 (998). NaN where
    the test could reject no possible value on that side.

    Attributes
    ----------
    low998, low95, high95, high998
        Outer and inner limits on either side, named after the usual levels.
    levels
        The levels they are really at, inner and outer: each tail is (1 - level)/2.
    """

    low998: FloatArray
    low95: FloatArray
    high95: FloatArray
    high998: FloatArray
    levels: tuple[float, float] = LEVELS


def checked_levels(levels: Sequence[float]) -> tuple[float, float]:
    """Return an inner and an outer level as a pair; raise ValueError unless 0 < inner < outer < 1."""
    if len(levels) != 2 or not checked_level(levels[0]) < checked_level(levels[1]):
        raise ValueError(
            f"levels: {tuple(levels)}; expected an inner and a wider outer one, as (0.95, 0.998)"
        )
    return float(levels[0]), float(levels[1])


def exact_limits(
    probabilities: FloatArray, *, levels: tuple[float, float] = LEVELS, mid_p: bool = False
) -> tuple[float, float, float, float]:
    """Give the counts of one provider at which the exact test starts to reject.

    Parameters
    ----------
    probabilities
        Of every count when the provider is as expected, from `poisson_binomial.pmf`; one of probability 0,
        as a sum of weights that cannot be, is no limit.
    levels
        Inner and outer level.
    mid_p
        Whether the count itself has half weight in its tail. The test then rejects more readily, and a tail
        can be above its nominal level.

    Returns
    -------
    tuple[float, float, float, float]
        low998, low95: the largest k with P(X <= k) <= 0.001, 0.025; high95, high998: the smallest k with
        P(X >= k) <= 0.025, 0.001 (or half of what other levels leave). NaN where there is no such count.
        Without mid_p, each tail is at most its nominal level.
    """
    half = probabilities / 2 if mid_p else 0.0
    at_most = np.cumsum(probabilities) - half
    at_least = np.cumsum(probabilities[::-1])[::-1] - half

    possible = np.flatnonzero(probabilities)

    def low(tail: float) -> float:
        rejected = int(np.searchsorted(at_most, tail, side="right"))
        there = int(np.searchsorted(possible, rejected))
        return float(possible[there - 1]) if there else np.nan

    def high(tail: float) -> float:
        kept = int(np.sum(at_least > tail))
        there = int(np.searchsorted(possible, kept))
        return float(possible[there]) if there < len(possible) else np.nan

    inner, outer = tail_of(levels[0]), tail_of(levels[1])
    return low(outer), low(inner), high(inner), high(outer)


def normal_limits(
    reference: float,
    sd: float,
    n: FloatArray,
    *,
    levels: tuple[float, float] = LEVELS,
    tau2: float = 0.0,
) -> Limits:
    """Give the limits reference ± z sqrt(sd^2/n + tau2) of a mean, as NHS England draws them for PROMs.

    Parameters
    ----------
    reference
        The value every provider would have if all were alike.
    sd
        Standard deviation of all residuals, in the unit of the reference.
    n
        Records, shape (providers,).
    levels
        Inner and outer level.
    tau2
        Variance between ordinary providers to be allowed for (over-dispersion), in the squared unit.

    Returns
    -------
    Limits
        NaN where n is 0 or sd is 0: without spread there is no test.
    """
    known = np.where(n > 0, n, np.nan)
    error = np.sqrt(sd**2 / known + tau2) if sd > 0 else np.full(len(n), np.nan)
    inner, outer = normal_quantile(levels[0]), normal_quantile(levels[1])
    return Limits(
        low998=reference - outer * error,
        low95=reference - inner * error,
        high95=reference + inner * error,
        high998=reference + outer * error,
        levels=levels,
    )


def bands(value: FloatArray, limits: Limits, reason: NDArray[np.str_]) -> NDArray[np.str_]:
    """Read the band of each provider off from its limits.

    Parameters
    ----------
    value
        On the scale of the limits, shape (providers,).
    limits
        From the same test.
    reason
        Why a provider cannot be assessed, "" where it can, shape (providers,).

    Returns
    -------
    NDArray[np.str_]
        One `Band` a provider, or its like at other levels: "low90" for 0.9. A value at a limit is beyond
        it; a limit that is NaN is never reached.
    """
    # the first that holds counts, so the outer limits come before the inner ones
    return np.select(
        [
            reason != "",
            value <= limits.low998,
            value >= limits.high998,
            value <= limits.low95,
            value >= limits.high95,
        ],
        ["not-assessable", *(side + name for name in _names(limits.levels) for side in ("low", "high"))],
        default="in",
    )


def _names(levels: tuple[float, float]) -> tuple[str, str]:
    """Name the outer and the inner level: 998 for 0.998."""
    inner, outer = (f"{100 * level:g}".replace(".", "") for level in levels)
    return outer, inner


def not_assessable(
    n: FloatArray, *, minimum_n: float, expected: FloatArray | None = None, minimum_expected: float = 0.0
) -> NDArray[np.str_]:
    """Say why a provider is too small to be judged.

    Parameters
    ----------
    n
        Records, shape (providers,).
    minimum_n
        Fewest records.
    expected, minimum_expected
        Expected events, and the fewest there must be; None leaves that rule out.

    Returns
    -------
    NDArray[np.str_]
        The first reason that applies, "" where none does.
    """
    reasons = np.full(len(n), "", dtype="U60")
    if expected is not None:
        reasons[expected < minimum_expected] = f"fewer than {_count(minimum_expected, 'expected event')}"
    reasons[n < minimum_n] = f"fewer than {_count(minimum_n, 'record')}"
    reasons[n == 0] = "no records"
    return reasons


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}" + ("" if number == 1 else "s")


def tail_of(level: float) -> float:
    """Give half of what a level leaves, the nominal chance of a false alarm in one tail."""
    # .025 and .001 themselves, not what floating point makes of (1 - level) / 2
    return round((1 - level) / 2, 12)
