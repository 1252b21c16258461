"""How much of one indicator's goal was attained, from 0 to 1; exact."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from contracts.inputs import IndicatorResult
from contracts.terms.quality import Attain, ByBand, ByBenchmark, ByImprovement, ByLevel, Quality

_WIDE = Context(prec=400)  # enough for every digit of a float


def used_value(quality: Quality, result: IndicatorResult) -> Decimal | None:
    """Value that is held against the goal, rounded half up to the digits of the contract.

    The adjusted value as it is, or drawn towards the benchmark: ``r x + (1 - r) reference`` with reliability
    ``r``. None if there is no value.
    """
    if result.adjusted is None:
        return None
    value = exact(result.adjusted)
    if quality.value == "reliability-weighted":
        assert result.reliability is not None
        assert result.reference is not None
        weight = exact(result.reliability)
        value = weight * value + (1 - weight) * exact(result.reference)
    return _rounded(value, quality.digits)


def attained(attain: Attain, value: Decimal, result: IndicatorResult) -> Fraction:
    """Attainment of an indicator that is judged, from 0 to 1.

    By level it is (value - threshold) / (target - threshold), held between 0 and 1; the sign works for both
    directions. By improvement it is what was improved over what was asked for this year. By benchmark and
    band it is what the contract gives to the position or the funnel class.
    """
    if isinstance(attain, ByLevel):
        threshold, target = Fraction(attain.threshold), Fraction(attain.target)
        return _from_0_to_1((Fraction(value) - threshold) / (target - threshold))
    if isinstance(attain, ByImprovement):
        return _by_improvement(attain, value, result)
    if isinstance(attain, ByBenchmark):
        assert result.position is not None
        return _by_position(attain, exact(result.position))
    assert isinstance(attain, ByBand)
    return Fraction(attain.attained[result.band])


def improvement(attain: ByImprovement, value: Decimal, result: IndicatorResult) -> Fraction:
    """Improvement on the baseline, as a part of it or as a difference; negative if it got worse."""
    if isinstance(attain.baseline, Decimal):
        baseline = Fraction(attain.baseline)
    else:
        assert result.baseline is not None
        baseline = exact(result.baseline)
    gain = baseline - Fraction(value) if attain.better == "lower" else Fraction(value) - baseline
    return gain / baseline if attain.measured == "relative" else gain


def exact(value: float) -> Fraction:
    """Take a number as it is written: 0.055 is meant as 0.055 and not as the binary number just below it."""
    return Fraction(repr(float(value)))


def _by_improvement(attain: ByImprovement, value: Decimal, result: IndicatorResult) -> Fraction:
    way = _from_0_to_1(improvement(attain, value, result) / Fraction(attain.path[result.period]))
    return way if attain.partial == "proportional" else Fraction(way == 1)


def _by_position(attain: ByBenchmark, position: Fraction) -> Fraction:
    reached = [point for point in attain.points if Fraction(point.from_position) <= position]
    if not reached:
        return Fraction(0)
    low = reached[-1]
    if attain.between == "step" or len(reached) == len(attain.points):
        return Fraction(low.attained)
    high = attain.points[len(reached)]
    start, end = Fraction(low.from_position), Fraction(high.from_position)
    way = (position - start) / (end - start)
    return Fraction(low.attained) + (Fraction(high.attained) - Fraction(low.attained)) * way


def _from_0_to_1(way: Fraction) -> Fraction:
    return min(max(way, Fraction(0)), Fraction(1))


def _rounded(value: Fraction, digits: int) -> Decimal:
    # floor of a half more, which rounds a half up for negative values too
    return Decimal((value * 10**digits + Fraction(1, 2)).__floor__()).scaleb(-digits, _WIDE)
