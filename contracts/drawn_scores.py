"""The score of one indicator drawn again: where it truly stands, and the error around that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from contracts.contract import Contract
from contracts.evidence import Counts, Evidence
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.quality import handling
from contracts.resampling import FloatArray, IntArray
from contracts.terms.quality import (
    FUNNEL_BANDS,
    ByBand,
    ByBenchmark,
    ByImprovement,
    ByLevel,
    ByReporting,
    QualityRule,
)

# the funnel's limits of 99.8 and 95 %, between which its classes lie
_LIMITS = np.array([-ndtri(0.999), -ndtri(0.975), ndtri(0.975), ndtri(0.999)])
# inner side of each class: where it starts, seen from the middle of the funnel
_INNER = (_LIMITS[0], _LIMITS[1], 0.0, _LIMITS[2], _LIMITS[3])


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really so, and of which facts are one draw.

    Attributes
    ----------
    saving : float or None
        True saving as a part of what would have been spent without the contract; None: as was found.
    start : str
        ``found``: the indicators are truly as they were found; ``unchanged``: they stand at the own earlier
        value, or else at that of the benchmark.
    way : float
        Part of the way from there to the goal that was truly gone, from 0 to 1. An indicator that is past
        its goal stays where it is.
    """

    saving: float | None = None
    start: Literal["found", "unchanged"] = "found"
    way: float = 0.0


NOTHING_CHANGED = Truth(saving=0.0, start="unchanged")
AS_FOUND = Truth()


@dataclass(frozen=True, slots=True)
class DrawnScore:
    """One indicator and what it is drawn from; each way of drawing gives None if that is unknown."""

    rule: QualityRule
    result: IndicatorResult
    evidence: Evidence
    truth: Truth

    def values(self, stream: np.random.Generator, draws: int) -> FloatArray | None:
        """Adjusted values: binomial events where they are known, else normal within the range."""
        counts = self.evidence.counts.get(self.rule.indicator)
        centre = self._true_value()
        spread = spread_of(self.result, self.evidence.level)
        if counts is not None:
            return self._from_counts(stream, draws, counts, centre)
        if spread is not None:
            low, high = self.evidence.ranges.get(self.rule.indicator, (-np.inf, np.inf))
            # at least a value within the range, where the centre itself lies outside it
            floor, ceiling = ndtr((low - centre) / spread), ndtr((high - centre) / spread)
            drawn = centre + spread * ndtri(floor + (ceiling - floor) * stream.random(draws))
            return np.clip(drawn, low, high)
        return None if centre == self.result.adjusted else np.full(draws, centre)

    def bands(self, stream: np.random.Generator, draws: int) -> IntArray | None:
        """Places in ``FUNNEL_BANDS``."""
        centre = self._distance()
        if centre is None:
            return None
        return np.searchsorted(_LIMITS, centre + stream.standard_normal(draws)).astype(np.int64)

    def bands_of(self, values: FloatArray) -> IntArray:
        """Funnel classes of drawn values; those need a distance to the benchmark."""
        spread, found = spread_of(self.result, self.evidence.level), self.result
        assert spread is not None
        assert found.reference is not None
        return np.searchsorted(_LIMITS, (values - found.reference) / spread).astype(np.int64)

    def true_value(self) -> float | None:
        """Adjusted value that the indicator truly has; None if it is not drawn by its value."""
        if isinstance(self.rule.attain, ByBenchmark):
            return None
        if not isinstance(self.rule.attain, ByBand):
            return self._true_value()
        centre, spread = self._distance(), spread_of(self.result, self.evidence.level)
        if centre is None or spread is None or self.result.reference is None:
            return None
        return self.result.reference + centre * spread

    def _distance(self) -> float | None:
        """True distance to the benchmark in standard errors, of an indicator that is judged by class."""
        spread, found = spread_of(self.result, self.evidence.level), self.result
        if spread is None or found.reference is None or found.adjusted is None:
            return None
        edges = (-np.inf, *_LIMITS, np.inf)
        place = FUNNEL_BANDS.index(found.band)
        # the class came from an exact test, which may differ a little from this normal one
        distance = float(np.clip((found.adjusted - found.reference) / spread, edges[place], edges[place + 1]))
        start = distance
        if self.truth.start == "unchanged":
            earlier = self.evidence.earlier.get(self.rule.indicator, found.reference)
            start = (earlier - found.reference) / spread
        assert isinstance(self.rule.attain, ByBand)
        attained = [self.rule.attain.attained[band] for band in FUNNEL_BANDS]
        best = [z for z, amount in zip(_INNER, attained, strict=True) if amount == max(attained)]
        goal = start if attained[_band(start)] == max(attained) else min(best, key=abs)
        return start + self.truth.way * (goal - start)

    def positions(self, stream: np.random.Generator, draws: int) -> FloatArray | None:
        """Draw places among all; their spread is ``1 / sqrt(1 - reliability)`` times that of the error."""
        if self.result.reliability is None or self.result.position is None:
            return None
        found = float(ndtri(np.clip(self.result.position, 0.001, 0.999)))
        start = found if self.truth.start == "found" else 0.0
        assert isinstance(self.rule.attain, ByBenchmark)
        goal = float(ndtri(np.clip(float(self.rule.attain.points[-1].from_position), 0.001, 0.999)))
        centre = start + self.truth.way * max(goal - start, 0.0)
        noise = sqrt(1 - self.result.reliability) * stream.standard_normal(draws)
        return np.asarray(ndtr(centre + noise), dtype=np.float64)

    def _from_counts(
        self, stream: np.random.Generator, draws: int, counts: Counts, centre: float
    ) -> FloatArray:
        rate = centre / (counts.of_one * counts.records)
        if centre == self.result.adjusted:
            rate = counts.rate
        events = stream.binomial(counts.records, min(max(rate, 0.0), 1.0), size=draws)
        return np.asarray(events * counts.of_one, dtype=np.float64)

    def _true_value(self) -> float:
        start, goal = self._start(), goal_of(self.rule, self.result)
        if goal is None:
            return start
        better = goal - start if self._higher else start - goal
        return start + self.truth.way * (goal - start) if better > 0 else start

    @property
    def _higher(self) -> bool:
        attain = self.rule.attain
        return isinstance(attain, ByLevel | ByImprovement) and attain.better == "higher"

    def _start(self) -> float:
        result = self.result
        assert result.adjusted is not None
        if self.truth.start == "found":
            return result.adjusted
        known = (
            own_baseline(self.rule, result),
            self.evidence.earlier.get(result.indicator),
            result.reference,
        )
        return next((value for value in known if value is not None), result.adjusted)


def spread_of(result: IndicatorResult, level: float) -> float | None:
    """Standard error of an adjusted value from the width of its interval; None without one."""
    if result.lower is None or result.upper is None or result.upper <= result.lower:
        return None
    return (result.upper - result.lower) / (2 * NormalDist().inv_cdf((1 + level) / 2))


def goal_of(rule: QualityRule, result: IndicatorResult) -> float | None:
    """Adjusted value at which everything is attained; None for an indicator that is not judged by value."""
    attain = rule.attain
    if isinstance(attain, ByLevel):
        return float(attain.target)
    earlier = own_baseline(rule, result)
    if not isinstance(attain, ByImprovement) or earlier is None:
        return None
    gain = float(attain.path[result.period]) * (earlier if attain.measured == "relative" else 1.0)
    return earlier - gain if attain.better == "lower" else earlier + gain


def own_baseline(rule: QualityRule, result: IndicatorResult) -> float | None:
    """Own earlier value: the one agreed on beforehand, or the one delivered with the score."""
    attain = rule.attain
    if isinstance(attain, ByImprovement) and isinstance(attain.baseline, Decimal):
        return float(attain.baseline)
    return result.baseline


def judged(contract: Contract, inputs: SettlementInputs) -> Iterator[tuple[QualityRule, IndicatorResult]]:
    """Rules and results of the indicators that are judged by what they show, in the order of the contract."""
    by_name = {result.indicator: result for result in inputs.results}
    for rule in contract.quality.indicators:
        result = by_name[rule.indicator]
        if isinstance(rule.attain, ByReporting):
            continue
        if handling(contract.quality, rule, result)[0] == "judged":
            yield rule, result


def _band(distance: float) -> int:
    return int(np.searchsorted(_LIMITS, distance))
