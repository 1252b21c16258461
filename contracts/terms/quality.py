"""What the quality score is made of: indicators, weights, how each is judged, and when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from contracts.terms.part import (
    AMOUNT,
    WORD,
    Count,
    Id,
    Level,
    Part,
    Period,
    Rate,
    SomePart,
    Version,
    Weight,
    Whole,
    fault_at,
    once,
)

Band = Literal["low998", "low95", "in", "high95", "high998", "not-assessable"]
FUNNEL_BANDS: tuple[Band, ...] = ("low998", "low95", "in", "high95", "high998")
# as a key of JSON it is text
Horizon = Annotated[
    Literal[1, 2, 3], BeforeValidator(lambda value: {"1": 1, "2": 2, "3": 3}.get(str(value), value))
]
Handling = Literal["leave-out", "zero", "reporting"]
NotRipe = Literal["ripe-records", "leave-out", "zero", "reporting"]

_FAILED = (
    "'score-zero': a missed minimum makes the quality score 0, and the share follows from that; "
    "'no-payment': it makes the score 0, and no saving is shared at all"
)
_HANDLING = (
    "'leave-out': it drops out and the weights of the rest are scaled up; 'zero': it keeps its weight and "
    "counts as nothing attained; 'reporting': it keeps its weight and counts as attained if it was reported"
)

_NOT_RIPE = (
    "while outcomes of the period are still pending: 'ripe-records': the indicator is judged on the records "
    f"whose outcomes are known; {_HANDLING}"
)
_BASELINE_MODEL = (
    "'concurrent': the value of each year is adjusted by the model of that year; 'frozen': the value of the "
    "settled year is adjusted by the model of the baseline period, so that only the own care can improve"
)


_BETTER = (
    "'lower': a lower value is the better one, as with complications; 'higher': a higher value is, as with "
    "an experience"
)


class ByLevel(Part):
    """Attained in proportion to the way from threshold to target.

    Attributes
    ----------
    threshold, target : Decimal
        Levels of the adjusted value, in its own unit (a rate of 5 % is 0.05): at the threshold or
        worse nothing is attained, at the target or better everything.
    """

    by: Literal["level"]
    better: Literal["lower", "higher"] = Field(description=_BETTER)
    threshold: Level
    target: Level

    @model_validator(mode="after")
    def _target_lies_on_the_better_side(self) -> Self:
        if self.target == self.threshold:
            raise fault_at(
                f"threshold and target are both {self.target}: nothing lies between them", "target"
            )
        if (self.target > self.threshold) != (self.better == "higher"):
            raise fault_at(
                f"{self.better} is better, but the target ({self.target}) lies on the worse side of the "
                f"threshold ({self.threshold})",
                "target",
            )
        return self


class OwnBaseline(Part):
    """The own value of an earlier period, as it was scored then."""

    period: Period
    model: Literal["concurrent", "frozen"] = Field(description=_BASELINE_MODEL)


def _baseline_kind(value: Any) -> str:
    if isinstance(value, dict | OwnBaseline):
        return "an earlier period"
    return "a word" if value == "as-delivered" else "an amount"


class ByImprovement(Part):
    """Attained by improvement on the own baseline, against a goal for each year.

    Attributes
    ----------
    baseline : Decimal, 'as-delivered' or OwnBaseline
        The own earlier value: agreed on beforehand, delivered with the score, or scored in an earlier period.
    path : dict of str to Decimal
        Improvement that is asked for in each contract year: 0.5 is half of the baseline (``relative``), or
        half a unit (``absolute``).
    """

    by: Literal["improvement"]
    better: Literal["lower", "higher"] = Field(description=_BETTER)
    baseline: Annotated[
        Annotated[Level, AMOUNT]
        | Annotated[Literal["as-delivered"], WORD]
        | Annotated[OwnBaseline, Tag("an earlier period")],
        Discriminator(_baseline_kind),
    ] = Field(
        description="an amount: the own earlier value as agreed; 'as-delivered': it comes with the score; a "
        "section with 'period' and 'model': it is scored in that period"
    )
    measured: Literal["relative", "absolute"] = Field(
        description="'relative': the improvement is a part of the baseline, from 6 % to 3 % is 0.5; "
        "'absolute': it is a difference, from 6 % to 3 % is 0.03"
    )
    path: dict[Period, Annotated[Level, Field(gt=0)]] = Field(min_length=1)
    partial: Literal["proportional", "all-or-nothing"] = Field(
        description="'proportional': 30 % where 50 % was asked attains 0.6; "
        "'all-or-nothing': it attains nothing"
    )

    @model_validator(mode="after")
    def _baseline_can_be_a_whole(self) -> Self:
        if self.measured == "relative" and isinstance(self.baseline, Decimal) and self.baseline <= 0:
            raise fault_at(f"{self.baseline}; a relative improvement needs one above 0", "baseline")
        return self

    @model_validator(mode="after")
    def _path_can_be_walked(self) -> Self:
        goals = [self.path[year] for year in sorted(self.path)]
        if goals != sorted(goals):
            raise fault_at(
                "the path goes back: a later year asks for less improvement than an earlier one", "path"
            )
        if self.measured == "relative" and self.better == "lower" and goals[-1] > 1:
            raise fault_at(f"the path asks to lower the baseline by {goals[-1]}, more than all of it", "path")
        return self


class Point(Part):
    """From this position in the benchmark on (0 the worst, 1 the best) so much is attained."""

    from_position: Rate
    attained: Rate


class ByBenchmark(Part):
    """Attained by position among all who were scored."""

    by: Literal["benchmark"]
    between: Literal["step", "linear"] = Field(
        description="'step': between two points the lower one holds; "
        "'linear': between two points it goes in a straight line; below the first it is nothing either way"
    )
    points: list[Point] = Field(min_length=1)

    @model_validator(mode="after")
    def _points_rise(self) -> Self:
        for number, (low, high) in enumerate(pairwise(self.points), start=1):
            if low.from_position >= high.from_position or low.attained > high.attained:
                raise fault_at(
                    "the points must rise: a better position may never attain less", "points", number
                )
        return self


class ByBand(Part):
    """Attained by funnel class.

    Attributes
    ----------
    attained : dict of str to Decimal
        Attainment from 0 to 1 for each of ``low998``, ``low95``, ``in``, ``high95``, ``high998``. Low and
        high are the side of the funnel on which the value lies, so which end is good shows in the numbers.
    """

    by: Literal["band"]
    attained: dict[Band, Rate]

    @model_validator(mode="after")
    def _every_band_once_in_order(self) -> Self:
        if set(self.attained) != set(FUNNEL_BANDS):
            raise fault_at(f"needs exactly the classes {', '.join(FUNNEL_BANDS)}", "attained")
        amounts = [self.attained[band] for band in FUNNEL_BANDS]
        if amounts not in (sorted(amounts), sorted(amounts, reverse=True)):
            raise fault_at(
                "goes up and down again from low998 to high998: a better class pays less", "attained"
            )
        return self


class ByReporting(Part):
    """Attained by handing the records in, whatever they show."""

    by: Literal["reporting"]


Attain = Annotated[ByLevel | ByImprovement | ByBenchmark | ByBand | ByReporting, Field(discriminator="by")]


class QualityRule(Part):
    """What one indicator adds to the quality score; weights are relative and divided by their sum.

    Attributes
    ----------
    horizon : int or None
        1 structure and process, 2 outcome, 3 what the patient reports.
    minimum_attained : Decimal or None
        Gate: with less attained than this the whole score fails, see ``Quality.minimum_missed``.
    """

    indicator: Id
    version: Version | None = None
    weight: Weight
    horizon: Horizon | None = None
    attain: Attain
    minimum_attained: SomePart | None = None


class Reliability(Part):
    """Below the floor a score is too uncertain to move money."""

    floor: Rate
    below_floor: Literal["reporting", "leave-out", "zero"] = Field(description=_HANDLING)


class TooSmall(Part):
    """With fewer records than this an indicator is not judged."""

    records: Count
    then: Handling = Field(description=_HANDLING)


class Quality(Part):
    """The quality score: the weighted mean of what the indicators attained.

    Attributes
    ----------
    horizon_weights : dict of int to Decimal or None
        Weight of each horizon; the weights of indicators then hold within their horizon.
    minimum_score : Decimal or None
        Gate on the whole score.
    """

    digits: Whole = Field(
        ge=0,
        le=12,
        description="with n digits, adjusted values are rounded half up to n digits behind the point before "
        "they are held against a level (2 makes 0.0549 a 0.05, 4 leaves it 0.0549)",
    )
    value: Literal["raw", "reliability-weighted"] = Field(
        description="'raw': the adjusted value counts as it is; 'reliability-weighted': it is drawn towards "
        "the benchmark by its unreliability, r times the value plus (1 - r) times the benchmark",
    )
    not_assessable: Literal["leave-out", "zero"] = Field(
        description="'leave-out': an indicator that cannot be assessed drops out and the weights of the "
        "rest are scaled up; 'zero': it keeps its weight and counts as nothing attained"
    )
    not_ripe: NotRipe = Field(description=_NOT_RIPE)
    too_small: TooSmall | None = None
    reliability: Reliability | None = None
    horizon_weights: dict[Horizon, Weight] | None = None
    minimum_score: SomePart | None = None
    minimum_missed: Literal["score-zero", "no-payment"] | None = Field(default=None, description=_FAILED)
    indicators: list[QualityRule] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_indicator_once(self) -> Self:
        names = [rule.indicator for rule in self.indicators]
        placed = ((name, ("indicators", number, "indicator")) for number, name in enumerate(names))
        once(placed, "indicator")
        return self

    @property
    def gated(self) -> bool:
        """Whether any minimum was agreed."""
        return self.minimum_score is not None or any(rule.minimum_attained for rule in self.indicators)

    def _open_words(self) -> Iterator[tuple[str, str]]:
        if self.gated and self.minimum_missed is None:
            yield "minimum_missed", _FAILED

    @model_validator(mode="after")
    def _no_word_too_many(self) -> Self:
        if not self.gated and self.minimum_missed is not None:
            raise fault_at("this is for a minimum, and no minimum was agreed", "minimum_missed")
        return self

    @model_validator(mode="after")
    def _horizons_fit(self) -> Self:
        if self.horizon_weights is None:
            return self
        used = {rule.horizon for rule in self.indicators}
        if used != set(self.horizon_weights):
            these = ", ".join(sorted(map(str, used)))
            message = f"needs exactly the horizons of the indicators; these are {these}"
            raise fault_at(message, "horizon_weights")
        return self
