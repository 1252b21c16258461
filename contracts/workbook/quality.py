"""The quality score as formulas, a row for each indicator; see ``contracts.quality`` for what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from contracts.canonical import shown
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.quality import QualityScore
from contracts.terms.quality import (
    FUNNEL_BANDS,
    ByBand,
    ByBenchmark,
    ByImprovement,
    ByLevel,
    ByReporting,
    Horizon,
    Quality,
    QualityRule,
)
from contracts.workbook.cells import Cells, Kind
from contracts.workbook.formula import (
    POINTS,
    Formula,
    above,
    as_formula,
    at_least,
    choose,
    every,
    half_up,
    negated,
    same,
    some,
    total,
    within,
)

_NUMBERS = ("n", "adjusted", "reliability", "reference", "baseline", "position")


@dataclass(frozen=True, slots=True)
class QualityFormulas:
    """What the ledger takes from the quality table.

    Attributes
    ----------
    score : Formula
        From 0 to 1.
    missed : Formula
        Condition that a minimum was missed.
    nothing_left : Formula
        Condition that all indicators dropped out, so that there is no score.
    """

    score: Formula
    missed: Formula
    nothing_left: Formula


def quality_formulas(
    cells: Cells, quality: Quality, inputs: SettlementInputs, score: QualityScore
) -> QualityFormulas:
    """Write the quality table."""
    results = {result.indicator: result for result in inputs.results}
    rows = [_Row(cells, quality, number, results) for number in range(len(quality.indicators))]
    handled = [row.handled() for row in rows]
    weights = _weights(cells, quality, handled)
    points, missed = [], []
    for row, how, weight, line in zip(rows, handled, weights, score.lines, strict=True):
        attained = row.attained(how, line.adjusted)
        gained = cells.compute(
            "quality", row.name, "attained", attained, kind="points", settled=shown(line.attained)
        )
        share = cells.compute("quality", row.name, "weight", weight, kind="rate", settled=shown(line.weight))
        points.append(
            cells.compute(
                "quality", row.name, "points", share * gained, kind="points", settled=shown(line.points)
            )
        )
        missed += row.missed(how, gained)
    whole = total(points)
    if quality.minimum_score is not None:
        least_score = cells.term("quality.minimum_score", quality.minimum_score, kind="points")
        missed.append(above(least_score, whole, POINTS))
    gate = some(*missed) if missed else above(0, 0, POINTS)
    return QualityFormulas(
        score=choose(gate, 0, whole) if missed else whole,
        missed=gate,
        nothing_left=every(*(same(how, "leave-out") for how in handled)),
    )


class _Row:
    """One indicator."""

    def __init__(
        self, cells: Cells, quality: Quality, number: int, results: dict[str, IndicatorResult]
    ) -> None:
        self.cells, self.quality = cells, quality
        self.rule: QualityRule = quality.indicators[number]
        self.name = self.rule.indicator
        self.path = f"quality.indicators.{number}"
        self.result = results[self.name]
        self.given = {name: self._give(name, getattr(self.result, name)) for name in _NUMBERS}
        self.given |= {
            "band": self._give("band", self.result.band),
            "ripe": self._give("ripe", "yes" if self.result.ripe else "no"),
            "reported": self._give("reported", "yes" if self.result.was_reported else "no"),
        }

    def _give(self, name: str, value: float | str | None) -> Formula:
        source = f"inputs:results.{self.name}.{name}"
        kind: Kind = "text" if isinstance(value, str) else "number"
        return self.cells.give("quality", self.name, name, value, kind=kind, source=source)

    def handled(self) -> Formula:
        """Whether it is judged; if not, what the contract does with it."""
        quality, rules = self.quality, self.rule.attain
        formula = as_formula("judged")
        if not isinstance(rules, ByReporting):
            if quality.reliability is not None:
                floor = self.cells.term("quality.reliability.floor", quality.reliability.floor)
                under = above(floor, self.given["reliability"], POINTS)
                formula = choose(under, quality.reliability.below_floor, formula)
            if quality.too_small is not None:
                enough = self.cells.term(
                    "quality.too_small.records", quality.too_small.records, kind="number"
                )
                formula = choose(above(enough, self.given["n"], POINTS), quality.too_small.then, formula)
            if quality.not_ripe != "ripe-records":
                formula = choose(same(self.given["ripe"], "no"), quality.not_ripe, formula)
            unknown = same(self.given["band"], "not-assessable")
            formula = choose(unknown, quality.not_assessable, formula)
        return self.cells.compute("quality", self.name, "handled", formula, kind="text")

    def attained(self, handled: Formula, settled: Decimal | None) -> Formula:
        """What was attained, from 0 to 1."""
        reported = choose(same(self.given["reported"], "yes"), 1, 0)
        if isinstance(self.rule.attain, ByReporting):
            return reported
        value = self.cells.compute(
            "quality",
            self.name,
            "value",
            choose(same(handled, "judged"), self._value(), ""),
            kind="number",
            settled=settled,
        )
        return choose(
            same(handled, "judged"),
            self._judged(value),
            choose(same(handled, "reporting"), reported, 0),
        )

    def missed(self, handled: Formula, attained: Formula) -> list[Formula]:
        """Condition that its minimum was missed; none if it has none."""
        if self.rule.minimum_attained is None:
            return []
        least = self.cells.term(f"{self.path}.minimum_attained", self.rule.minimum_attained, kind="points")
        return [every(same(handled, "judged"), above(least, attained, POINTS))]

    def _value(self) -> Formula:
        value: Formula = self.given["adjusted"]
        if self.quality.value == "reliability-weighted":
            weight = self.given["reliability"]
            value = weight * value + (1 - weight) * self.given["reference"]
        return half_up(value, self.quality.digits)

    def _judged(self, value: Formula) -> Formula:
        attain, path = self.rule.attain, f"{self.path}.attain"
        if isinstance(attain, ByLevel):
            start = self.cells.term(f"{path}.threshold", attain.threshold, kind="number")
            end = self.cells.term(f"{path}.target", attain.target, kind="number")
            return within((value - start) / (end - start), 0, 1)
        if isinstance(attain, ByImprovement):
            return self._improved(attain, path, value)
        if isinstance(attain, ByBenchmark):
            return self._placed(attain, path)
        assert isinstance(attain, ByBand)
        formula = as_formula(0)
        for band in reversed(FUNNEL_BANDS):
            own = self.cells.term(f"{path}.attained.{band}", attain.attained[band], kind="points")
            formula = choose(same(self.given["band"], band), own, formula)
        return formula

    def _improved(self, attain: ByImprovement, path: str, value: Formula) -> Formula:
        baseline = self.given["baseline"]
        if isinstance(attain.baseline, Decimal):
            baseline = self.cells.term(f"{path}.baseline", attain.baseline, kind="number")
        gain = baseline - value if attain.better == "lower" else value - baseline
        if attain.measured == "relative":
            gain = gain / baseline
        period = self.result.period
        goal = self.cells.term(f"{path}.path.{period}", attain.path[period], kind="number")
        way = within(gain / goal, 0, 1)
        return way if attain.partial == "proportional" else choose(at_least(way, 1, POINTS), 1, 0)

    def _placed(self, attain: ByBenchmark, path: str) -> Formula:
        position, formula = self.given["position"], as_formula(0)
        ends = [
            tuple(
                self.cells.term(f"{path}.points.{number}.{name}", getattr(point, name), kind="points")
                for name in ("from_position", "attained")
            )
            for number, point in enumerate(attain.points)
        ]
        for number, (start, low) in enumerate(ends):
            own: Formula = low
            if attain.between == "linear" and number + 1 < len(ends):
                end, high = ends[number + 1]
                own = low + (high - low) * ((position - start) / (end - start))
            formula = choose(at_least(position, start, POINTS), own, formula)
        return formula


def _weights(cells: Cells, quality: Quality, handled: list[Formula]) -> list[Formula]:
    """Weights that sum to 1 over what counts; within each horizon where horizons have weights."""
    rules = list(zip(quality.indicators, handled, strict=True))
    counted = [
        cells.compute(
            "quality",
            rule.indicator,
            "counted",
            choose(
                same(how, "leave-out"),
                0,
                cells.give(
                    "quality",
                    rule.indicator,
                    "agreed",
                    rule.weight,
                    source=f"contract:quality.indicators.{number}.weight",
                ),
            ),
            kind="number",
        )
        for number, (rule, how) in enumerate(rules)
    ]
    if quality.horizon_weights is None:
        whole = total(counted)
        # where all dropped out there is nothing to divide by
        return [
            choose(same(how, "leave-out"), 0, weight / whole)
            for how, weight in zip(handled, counted, strict=True)
        ]
    groups: dict[Horizon | None, list[Formula]] = {}
    for (rule, _), weight in zip(rules, counted, strict=True):
        groups.setdefault(rule.horizon, []).append(weight)
    agreed = {
        horizon: cells.term(f"quality.horizon_weights.{horizon}", weight, kind="number")
        for horizon, weight in quality.horizon_weights.items()
    }
    present = total(
        choose(above(total(groups[horizon]), 0, POINTS), weight, 0) for horizon, weight in agreed.items()
    )
    formulas: list[Formula] = []
    for (rule, how), weight in zip(rules, counted, strict=True):
        assert rule.horizon is not None
        own = weight / total(groups[rule.horizon]) * agreed[rule.horizon] / present
        formulas.append(choose(negated(same(how, "leave-out")), own, 0))
    return formulas
