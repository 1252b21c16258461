"""From scores to one quality score between 0 and 1.

The score is the weighted mean of what the indicators attained. It is exact: adjusted values are first rounded
to the digits that the contract states, and from there on only fractions are used, so that two parties who
recompute it can not differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

from contracts.canonical import plain, shown
from contracts.contract import Band, ByBand, Quality, QualityRule
from contracts.inputs import IndicatorResult, SettlementError

_WIDE = Context(prec=400)  # enough for every digit of a float


@dataclass(frozen=True, slots=True)
class QualityLine:
    """What one indicator adds to the quality score.

    Attributes
    ----------
    indicator, version, period : str
        Of the score that was used.
    n : float
        Records behind the score.
    adjusted : Decimal or None
        Adjusted value as it was used: rounded to the digits of the contract. None if not assessable.
    band : str
        Funnel class of the score.
    weight : Fraction
        Part of the score that the indicator decides; the weights of all lines sum to 1. 0 if left out.
    attained : Fraction
        From 0 (threshold or worse) to 1 (target or better); 0 if not assessable.
    points : Fraction
        Weight times attained; the points of all lines sum to the score.
    """

    indicator: str
    version: str
    period: str
    n: float
    adjusted: Decimal | None
    band: Band
    weight: Fraction
    attained: Fraction
    points: Fraction

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, fractions and decimals as decimal text."""
        return {
            "indicator": self.indicator,
            "version": self.version,
            "period": self.period,
            "n": self.n,
            "adjusted": plain(self.adjusted),
            "band": self.band,
            "weight": plain(shown(self.weight)),
            "attained": plain(shown(self.attained)),
            "points": plain(shown(self.points)),
        }


@dataclass(frozen=True, slots=True)
class QualityScore:
    """Quality score, from 0 to 1, and the line of each indicator in the order of the contract."""

    score: Fraction
    lines: tuple[QualityLine, ...]

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, the score as decimal text."""
        return {"score": plain(shown(self.score)), "lines": [line.to_dict() for line in self.lines]}


def quality_score(quality: Quality, results: Iterable[IndicatorResult]) -> QualityScore:
    """Weigh what the indicators attained.

    Parameters
    ----------
    quality : Quality
        The rules of the contract.
    results : iterable of IndicatorResult
        One for each indicator of the rules.

    Returns
    -------
    QualityScore
        With ``sum(line.points) == score`` exactly.

    Raises
    ------
    SettlementError
        If no indicator can be assessed and the contract leaves such indicators out: then nothing is left to
        score, and neither 0 nor 1 was agreed.
    """
    by_name = {result.indicator: result for result in results}
    pairs = [(rule, by_name[rule.indicator]) for rule in quality.indicators]
    counted = [
        Fraction(rule.weight) if result.assessable or quality.not_assessable == "zero" else Fraction(0)
        for rule, result in pairs
    ]
    total = sum(counted)
    if total == 0:
        raise SettlementError(
            [
                "results: no indicator can be assessed, and the contract says 'not_assessable: leave-out'; "
                "nothing is left to score. Agree on a score, or settle by 'not_assessable: zero'"
            ]
        )
    lines = tuple(
        _line(rule, result, weight=weight / total, digits=quality.digits)
        for (rule, result), weight in zip(pairs, counted, strict=True)
    )
    return QualityScore(score=sum((line.points for line in lines), Fraction(0)), lines=lines)


def _line(rule: QualityRule, result: IndicatorResult, *, weight: Fraction, digits: int) -> QualityLine:
    adjusted = (
        _rounded(result.adjusted, digits) if result.assessable and result.adjusted is not None else None
    )
    attained = Fraction(0) if adjusted is None else attainment(rule, adjusted, result.band)
    return QualityLine(
        indicator=result.indicator,
        version=result.version,
        period=result.period,
        n=result.n,
        adjusted=adjusted,
        band=result.band,
        weight=weight,
        attained=attained,
        points=weight * attained,
    )


def attainment(rule: QualityRule, adjusted: Decimal, band: Band) -> Fraction:
    """How much of one indicator's goal was attained, from 0 to 1.

    By level it is (value - threshold) / (target - threshold), held between 0 and 1; the sign works for both
    directions. By band it is what the contract gives to the funnel class.
    """
    if isinstance(rule.attain, ByBand):
        return Fraction(rule.attain.attained[band])
    threshold, target = Fraction(rule.attain.threshold), Fraction(rule.attain.target)
    way = (Fraction(adjusted) - threshold) / (target - threshold)
    return min(max(way, Fraction(0)), Fraction(1))


def _rounded(value: float, digits: int) -> Decimal:
    # through repr: 0.055 is meant as 0.055 and not as the binary number just below it
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE)
