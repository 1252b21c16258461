"""Facts as they could have come out: draws of spending and scores from their sampling error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from contracts.contract import Contract
from contracts.evidence import Counts, Evidence, Moments
from contracts.inputs import BaselineSpending, IndicatorResult, Interim, SettlementInputs
from contracts.quality import handling
from contracts.target import counted_spending, spending_target
from contracts.terms.part import first_year
from contracts.terms.quality import (
    FUNNEL_BANDS,
    ByBand,
    ByBenchmark,
    ByImprovement,
    ByLevel,
    ByReporting,
    QualityRule,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_Array = TypeVar("_Array", FloatArray, IntArray)

# streams of random numbers; within one, each year has its own
_OWN, _GROUP, _TARGET, _SCORES = range(4)
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
class Worlds:
    """Drawn facts; arrays have one row per draw.

    Attributes
    ----------
    actual : array, (draws,)
        Euros that count in the settled year.
    baselines, comparison : array, (draws, periods)
        Spending of each period as a multiple of that in the facts, in the order of the facts.
    values : mapping of str to array, (draws,)
        Adjusted values of the indicators that are judged by value.
    bands : mapping of str to array of int, (draws,)
        Place in ``FUNNEL_BANDS`` of the indicators that are judged by funnel class.
    positions : mapping of str to array, (draws,)
        Place in the benchmark, from 0 to 1.
    held : tuple of str
        Indicators that are judged and were kept as they are, since nothing says how sure they are.
    """

    actual: FloatArray
    baselines: FloatArray
    comparison: FloatArray
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    bands: Mapping[str, IntArray] = field(default_factory=dict)
    positions: Mapping[str, FloatArray] = field(default_factory=dict)
    held: tuple[str, ...] = ()


def draw_worlds(
    contract: Contract,
    inputs: SettlementInputs,
    evidence: Evidence,
    *,
    truth: Truth,
    draws: int,
    seed: int,
) -> Worlds:
    """Draw facts that could have come out if ``truth`` is so.

    The mean spending per record is normal around its true value with the standard error of its records, each
    period by itself; the records of a period are given. Scores with counts are binomial, others normal with
    the width of their interval, cut off at their range; a funnel class follows from the distance to the
    benchmark in standard errors, a position from that and the reliability. Spending and scores are drawn
    independently. With the same seed a baseline period comes out the same in every settled year, and so does
    the error of the target itself: luck in a baseline lasts for the whole term. The scores are the same for
    every payer.

    Parameters
    ----------
    contract, inputs, evidence
        As checked by ``check_inputs`` and ``check_evidence``.
    truth : Truth
        What is really so.
    draws : int
        At least 1.
    seed : int
        The same seed gives the same worlds.
    """
    year = first_year(inputs.period)
    baselines = _factors(inputs.baselines, evidence.baselines, stream=(seed, _OWN), draws=draws)
    comparison = _factors(inputs.comparison, evidence.comparison, stream=(seed, _GROUP), draws=draws)
    noise, of_target = _noise(seed, _OWN, year, draws), _noise(seed, _TARGET, 0, draws)
    of_scores = np.random.default_rng([seed, _SCORES, year])
    expected = expected_spending(contract, inputs, truth)
    benchmark = float(spending_target(contract.target, contract.spending, inputs))
    actual = expected * (1 + evidence.spending.error * noise)
    actual += evidence.model_error * benchmark * of_target
    values: dict[str, FloatArray | None] = {}
    bands: dict[str, IntArray | None] = {}
    positions: dict[str, FloatArray | None] = {}
    for rule, result in judged(contract, inputs):
        drawn, name = _Indicator(rule, result, evidence, truth), rule.indicator
        stream = np.random.default_rng(of_scores.integers(2**63))
        if isinstance(rule.attain, ByBand):
            bands[name] = drawn.bands(stream, draws)
        elif isinstance(rule.attain, ByBenchmark):
            positions[name] = drawn.positions(stream, draws)
        else:
            values[name] = drawn.values(stream, draws)
    held = tuple(
        name for drawn_so in (values, bands, positions) for name, found in drawn_so.items() if found is None
    )
    return Worlds(
        np.maximum(actual, 0.0), baselines, comparison, _known(values), _known(bands), _known(positions), held
    )


def worlds_at(inputs: SettlementInputs, actual: FloatArray) -> Worlds:
    """Worlds that differ in their spending only; (worlds,), euros that count."""
    ones = np.ones((len(actual), 1))
    return Worlds(actual, ones.repeat(len(inputs.baselines), 1), ones.repeat(len(inputs.comparison), 1))


def expected_spending(contract: Contract, inputs: SettlementInputs, truth: Truth) -> float:
    """Euros that the settled year truly costs.

    Without the contract that is the target, before any growth path and discount, which ask for less.
    """
    if truth.saving is None:
        return float(counted_spending(contract.spending, inputs))
    target = spending_target(contract.target, contract.spending, inputs)
    path = Fraction(1) if contract.target.path is None else Fraction(contract.target.path[inputs.period])
    return float(target / path) * (1 - truth.saving)


def inputs_of(contract: Contract, inputs: SettlementInputs, worlds: Worlds, draw: int) -> SettlementInputs:
    """The facts of one draw, as ``settle`` takes them."""
    results = []
    for result in inputs.results:
        name, moved = result.indicator, result
        if name in worlds.values:
            moved = replace(moved, adjusted=float(worlds.values[name][draw]))
        if name in worlds.positions:
            moved = replace(moved, position=float(worlds.positions[name][draw]))
        if name in worlds.bands:
            moved = replace(moved, band=FUNNEL_BANDS[worlds.bands[name][draw]])
        results.append(moved)
    baselines, comparison = (
        tuple(
            replace(row, spending=_times(row.spending, factor), above=_times_any(row.above, factor))
            for row, factor in zip(rows, factors[draw], strict=True)
        )
        for rows, factors in ((inputs.baselines, worlds.baselines), (inputs.comparison, worlds.comparison))
    )
    facts = replace(inputs, baselines=baselines, comparison=comparison, results=tuple(results))
    return with_spending(contract, facts, Decimal(repr(float(worlds.actual[draw]))))


def with_spending(contract: Contract, inputs: SettlementInputs, actual: Decimal) -> SettlementInputs:
    """The facts with so many euros that count, spread as in the facts over what lies below and above."""
    counted = counted_spending(contract.spending, inputs)
    if not counted or (inputs.above is None and inputs.interim is None):
        return replace(inputs, spending=actual)
    factor = float(actual) / float(counted)
    if inputs.interim is None:
        return replace(
            inputs, spending=_times(inputs.spending, factor), above=_times_any(inputs.above, factor)
        )
    parts = tuple(replace(part, spending=_times(part.spending, factor)) for part in inputs.interim.parts)
    spent = sum((part.spending for part in parts), Decimal(0))
    return replace(inputs, spending=spent, interim=Interim(inputs.interim.paid_through, parts))


def spread_of(result: IndicatorResult, level: float) -> float | None:
    """Standard error of an adjusted value from the width of its interval; None without one."""
    if result.lower is None or result.upper is None or result.upper <= result.lower:
        return None
    return (result.upper - result.lower) / (2 * NormalDist().inv_cdf((1 + level) / 2))


@dataclass(frozen=True, slots=True)
class _Indicator:
    """One indicator and what it is drawn from; each way of drawing gives None if that is unknown."""

    rule: QualityRule
    result: IndicatorResult
    evidence: Evidence
    truth: Truth

    def values(self, stream: np.random.Generator, draws: int) -> FloatArray | None:
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
        spread, found = spread_of(self.result, self.evidence.level), self.result
        if spread is None or found.reference is None or found.adjusted is None:
            return None
        edges = (-np.inf, *_LIMITS, np.inf)
        place = FUNNEL_BANDS.index(found.band)
        # the class came from an exact test, which may differ a little from this normal one
        distance = float(np.clip((found.adjusted - found.reference) / spread, edges[place], edges[place + 1]))
        start = distance if self.truth.start == "found" else 0.0
        assert isinstance(self.rule.attain, ByBand)
        attained = [self.rule.attain.attained[band] for band in FUNNEL_BANDS]
        best = [z for z, amount in zip(_INNER, attained, strict=True) if amount == max(attained)]
        goal = start if attained[_band(start)] == max(attained) else min(best, key=abs)
        centre = start + self.truth.way * (goal - start)
        return np.searchsorted(_LIMITS, centre + stream.standard_normal(draws)).astype(np.int64)

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
        earlier = own_baseline(self.rule, result)
        if earlier is None:
            earlier = result.reference
        return result.adjusted if earlier is None else earlier


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


def _known(drawn: Mapping[str, _Array | None]) -> dict[str, _Array]:
    return {name: found for name, found in drawn.items() if found is not None}


def _band(distance: float) -> int:
    return int(np.searchsorted(_LIMITS, distance))


def _factors(
    rows: Sequence[BaselineSpending], moments: Sequence[Moments], *, stream: tuple[int, int], draws: int
) -> FloatArray:
    errors = {each.period: each.error for each in moments}
    factors = [
        1 + errors.get(row.period, 0.0) * _noise(*stream, first_year(row.period), draws) for row in rows
    ]
    # a mean of spending is not below 0, and a baseline of nothing would leave no target
    return np.maximum(np.array(factors).reshape(len(rows), draws).T, 1e-6)


def _noise(seed: int, stream: int, year: int, draws: int) -> FloatArray:
    return np.random.default_rng([seed, stream, year]).standard_normal(draws)


def _times(amount: Decimal, factor: float) -> Decimal:
    return Decimal(repr(float(amount) * float(factor)))


def _times_any(amount: Decimal | None, factor: float) -> Decimal | None:
    return None if amount is None else _times(amount, factor)
