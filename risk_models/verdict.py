"""The one verdict: a test, the funnel limits that invert it, and the band a value falls in.

Band, interval and funnel line cannot contradict each other, because a band is read off from the limits and
the limits and the interval invert the same test.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from risk_models.strata import FloatArray

Band: TypeAlias = Literal["low998", "low95", "in", "high95", "high998", "not-assessable"]

LEVEL_95 = 0.95
LEVEL_998 = 0.998
# normal quantiles at 1 - .025 and 1 - .001
Z_95 = 1.959963984540054
Z_998 = 3.090232306167813


@dataclass(frozen=True, slots=True)
class Limits:
    """Funnel limits, each of shape (providers,).

    A value at or beyond a limit is rejected by the one-sided test at 0.025 (95) or 0.001 (998). NaN where
    the test could reject no possible value on that side.
    """

    low998: FloatArray
    low95: FloatArray
    high95: FloatArray
    high998: FloatArray


def exact_limits(probabilities: FloatArray) -> tuple[float, float, float, float]:
    """Give the counts of one provider at which the exact test starts to reject.

    Parameters
    ----------
    probabilities
        Of every possible count when the provider is as expected, from `poisson_binomial.pmf`.

    Returns
    -------
    tuple[float, float, float, float]
        low998, low95: the largest k with P(X <= k) <= 0.001, 0.025; high95, high998: the smallest k with
        P(X >= k) <= 0.025, 0.001. NaN where there is no such count. Each tail is at most its nominal level.
    """
    at_most = np.cumsum(probabilities)
    at_least = np.cumsum(probabilities[::-1])[::-1]

    def low(tail: float) -> float:
        rejected = int(np.searchsorted(at_most, tail, side="right"))
        return rejected - 1.0 if rejected else np.nan

    def high(tail: float) -> float:
        kept = int(np.sum(at_least > tail))
        return float(kept) if kept < len(probabilities) else np.nan

    tail95, tail998 = _tail(LEVEL_95), _tail(LEVEL_998)
    return low(tail998), low(tail95), high(tail95), high(tail998)


def normal_limits(reference: float, sd: float, n: FloatArray) -> Limits:
    """Give the limits reference ± z sd/sqrt(n) of a mean, as NHS England draws them for PROMs.

    Parameters
    ----------
    reference
        The value every provider would have if all were alike.
    sd
        Standard deviation of all residuals, in the unit of the reference.
    n
        Records, shape (providers,).

    Returns
    -------
    Limits
        NaN where n is 0 or sd is 0: without spread there is no test.
    """
    error = sd / np.sqrt(np.where(n > 0, n, np.nan)) if sd > 0 else np.full(len(n), np.nan)
    return Limits(
        low998=reference - Z_998 * error,
        low95=reference - Z_95 * error,
        high95=reference + Z_95 * error,
        high998=reference + Z_998 * error,
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
        One `Band` a provider. A value at a limit is beyond it; a limit that is NaN is never reached.
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
        ["not-assessable", "low998", "high998", "low95", "high95"],
        default="in",
    )


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


def _tail(level: float) -> float:
    # .025 and .001 themselves, not what floating point makes of (1 - level) / 2
    return round((1 - level) / 2, 12)
