"""The quality scores of many drawn worlds at once, in floating point; the rules are those of ``quality``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from contracts.contract import Contract
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.quality import quality_score
from contracts.resampling import FloatArray
from contracts.terms.quality import (
    FUNNEL_BANDS,
    ByBand,
    ByBenchmark,
    ByImprovement,
    ByLevel,
    Quality,
    QualityRule,
)
from contracts.worlds import Worlds

BoolArray = npt.NDArray[np.bool_]

# amounts that are equal in exact arithmetic differ by less than this in floating point
CLOSE = 1e-12


@dataclass(frozen=True, slots=True)
class ManyScores:
    """Quality scores, one per draw, and whether a minimum was missed; both (draws,)."""

    score: FloatArray
    missed: BoolArray


def many_scores(contract: Contract, inputs: SettlementInputs, worlds: Worlds) -> ManyScores:
    """Quality score of each drawn world.

    Which indicators are judged, and their weights, do not depend on the draw: those are taken from the exact
    score of the facts.
    """
    quality, draws = contract.quality, len(worlds.actual)
    by_name = {result.indicator: result for result in inputs.results}
    score, missed = np.zeros(draws), np.zeros(draws, dtype=np.bool_)
    for rule, line in zip(quality.indicators, quality_score(quality, inputs.results).lines, strict=True):
        attained = np.full(draws, float(line.attained))
        if line.handled == "judged":
            drawn = _attained(quality, rule, by_name[rule.indicator], worlds)
            attained = attained if drawn is None else drawn
            if rule.minimum_attained is not None:
                missed |= attained < float(rule.minimum_attained) - CLOSE
        score += float(line.weight) * attained
    if quality.minimum_score is not None:
        missed |= score < float(quality.minimum_score) - CLOSE
    return ManyScores(np.where(missed, 0.0, score), missed)


def _attained(
    quality: Quality, rule: QualityRule, result: IndicatorResult, worlds: Worlds
) -> FloatArray | None:
    """Attainment of an indicator in each world; None if it was not drawn."""
    name, attain = rule.indicator, rule.attain
    if isinstance(attain, ByBand) and name in worlds.bands:
        table = np.array([float(attain.attained[band]) for band in FUNNEL_BANDS])
        return np.asarray(table[worlds.bands[name]], dtype=np.float64)
    if isinstance(attain, ByBenchmark) and name in worlds.positions:
        return _by_position(attain, worlds.positions[name])
    if name not in worlds.values:
        return None
    value = _used(quality, result, worlds.values[name])
    if isinstance(attain, ByLevel):
        low, high = float(attain.threshold), float(attain.target)
        return np.clip((value - low) / (high - low), 0.0, 1.0)
    assert isinstance(attain, ByImprovement)
    return _by_improvement(attain, value, result)


def _used(quality: Quality, result: IndicatorResult, value: FloatArray) -> FloatArray:
    """Value that is held against the goal: drawn towards the benchmark where agreed, and rounded half up."""
    if quality.value == "reliability-weighted":
        assert result.reliability is not None
        assert result.reference is not None
        value = result.reliability * value + (1 - result.reliability) * result.reference
    scale = 10.0**quality.digits
    scaled = value * scale + 0.5
    return np.floor(scaled + CLOSE * np.abs(scaled)) / scale


def _by_improvement(attain: ByImprovement, value: FloatArray, result: IndicatorResult) -> FloatArray:
    baseline = float(attain.baseline) if isinstance(attain.baseline, Decimal) else result.baseline
    assert baseline is not None
    gain = baseline - value if attain.better == "lower" else value - baseline
    asked = float(attain.path[result.period]) * (baseline if attain.measured == "relative" else 1.0)
    way = np.clip(gain / asked, 0.0, 1.0)
    return way if attain.partial == "proportional" else np.where(way >= 1 - CLOSE, 1.0, 0.0)


def _by_position(attain: ByBenchmark, position: FloatArray) -> FloatArray:
    starts = np.array([float(point.from_position) for point in attain.points])
    amounts = np.array([float(point.attained) for point in attain.points])
    below = position < starts[0] - CLOSE
    if attain.between == "linear":
        return np.where(below, 0.0, np.interp(position, starts, amounts))
    place = np.searchsorted(starts, position + CLOSE, side="right") - 1
    return np.where(below, 0.0, amounts[np.maximum(place, 0)])
