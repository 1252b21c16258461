"""What the parties agreed: the contract file as a checked, frozen object.

Every word of a contract that can be read in two ways is a required field here. A contract that leaves one
open is refused, and the message spells both readings out (the ``description`` of the field, which editors
show too, since it is part of the JSON Schema).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from contracts.canonical import sha256_of

Band = Literal["low998", "low95", "in", "high95", "high998", "not-assessable"]
FUNNEL_BANDS: tuple[Band, ...] = ("low998", "low95", "in", "high95", "high998")

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Period = Annotated[str, Field(pattern=r"^\d{4}(/\d{2})?$", coerce_numbers_to_str=True)]
Rate = Annotated[Decimal, Field(ge=0, le=1)]
Weight = Annotated[Decimal, Field(gt=0)]

LEFT_OPEN = "left_open"
NOT_A_READING = "not_a_reading"


class Part(BaseModel):
    """Base of every part of a contract: frozen, unknown fields refused, open words spelled out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _spell_out(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            faults = [cls._with_readings(fault) for fault in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, faults) from None

    @classmethod
    def _with_readings(cls, fault: ErrorDetails) -> InitErrorDetails:
        """Put the readings of a field in the place of "field required" and "not a choice"."""
        kind, place = fault["type"], fault["loc"]
        field = cls.model_fields.get(str(place[0])) if len(place) == 1 else None
        readings = field.description if field is not None else None
        if kind in (LEFT_OPEN, NOT_A_READING):
            return {"type": PydanticCustomError(kind, fault["msg"]), "loc": place, "input": fault["input"]}
        if readings and kind == "missing":
            text = f"left open, and it can be read in more ways: {readings}. Write what was agreed"
            return {"type": PydanticCustomError(LEFT_OPEN, text), "loc": place, "input": fault["input"]}
        if readings and kind == "literal_error":
            text = f"not one of the readings: {readings}"
            return {"type": PydanticCustomError(NOT_A_READING, text), "loc": place, "input": fault["input"]}
        return {"type": kind, "loc": place, "input": fault["input"], "ctx": fault.get("ctx", {})}


class Text(Part):
    """A text in both languages."""

    nl: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Participant(Part):
    """The network that the contract is with."""

    network_set: Id
    network: Name


class Parties(Part):
    """Who agreed. One payer for now: with more, the money must be kept apart per payer."""

    payers: list[Name] = Field(min_length=1, max_length=1)
    participant: Participant


class Population(Part):
    """Whose spending counts.

    Attributes
    ----------
    minimum_records : int
        Fewest records in the settled year for which the saving means anything.
    """

    dataset: Id
    minimum_records: int = Field(ge=1)
    below_minimum: Literal["no-payment", "no-settlement"] = Field(
        description="'no-payment': with fewer records the saving does not count and nothing is paid; "
        "'no-settlement': with fewer records no settlement is drawn up and the parties decide"
    )


class Spending(Part):
    """Which spending counts.

    Attributes
    ----------
    truncation : Decimal
        Euros per record. A record that cost more counts as this much, in the baseline periods as in the
        settled year; otherwise truncation would make a saving by itself. The rest is the payer's.
    """

    dataset: Id
    column: ColumnName
    truncation: Decimal = Field(gt=0)


class BaselinePeriod(Part):
    """One period of the own history; weights are relative and divided by their sum."""

    period: Period
    weight: Weight


class Trend(Part):
    """Growth from a baseline period to the settled year.

    Attributes
    ----------
    rate : Decimal
        Per year, as a proportion: 0.03 is 3 %. Negative for a shrinking target.
    """

    rate: Decimal = Field(gt=-1, le=1)
    growth: Literal["compound", "simple"] = Field(
        description="'compound': growth upon growth, two years of 3 % make 6.09 %; "
        "'simple': years times the rate, two years of 3 % make 6 %"
    )


class OwnHistory(Part):
    """The target is what the participant itself spent before, brought to the settled year."""

    kind: Literal["own-history"]
    basis: Literal["per-record", "total"] = Field(
        description="'per-record': weighted mean of the spending per record, times the records of the "
        "settled year, so that more births raise the target; "
        "'total': weighted mean of the total spending, whatever the number of births"
    )
    baseline: list[BaselinePeriod] = Field(min_length=1)
    trend: Trend


class Threshold(Part):
    """The smallest saving that counts, as a proportion of the target."""

    rate: Decimal = Field(ge=0, lt=1)
    mode: Literal["gate", "deductible"] = Field(
        description="'gate': past the threshold the whole saving counts, from the first euro; "
        "'deductible': only the part of the saving above the threshold counts"
    )
    passes_when: Literal["at_or_above", "above"] = Field(
        description="'at_or_above': a saving exactly at the threshold passes; "
        "'above': a saving exactly at the threshold does not pass"
    )


class Share(Part):
    """The participant's share of the saving that counts; linear in the quality score.

    Attributes
    ----------
    base : Decimal
        Share at quality score 0.
    at_full_quality : Decimal
        Share at quality score 1. At most 1: a share never exceeds the saving.
    """

    base: Rate
    at_full_quality: Rate

    @model_validator(mode="after")
    def _quality_never_costs(self) -> Self:
        if self.at_full_quality < self.base:
            raise ValueError(
                f"the share at full quality ({self.at_full_quality}) is below the base ({self.base}): "
                "better quality would pay less"
            )
        return self


class Cap(Part):
    """The most that is paid."""

    rate_of: Literal["target", "none"] = Field(
        description="'target': the payment is at most 'rate' times the spending target; "
        "'none': only the saving itself limits the payment"
    )
    rate: Annotated[Decimal, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _rate_where_it_means_something(self) -> Self:
        if (self.rate is None) != (self.rate_of == "none"):
            raise ValueError("'rate_of: target' needs a 'rate', and 'rate_of: none' has none")
        return self


class Rounding(Part):
    """How the payment becomes an amount that can be transferred."""

    unit: Literal["cent", "euro"] = Field(
        description="'cent': the payment is rounded to whole cents; 'euro': to whole euros"
    )
    mode: Literal["half-up"] = Field(
        description="'half-up': half a unit goes up; half to the even unit, as bankers do, is not offered"
    )
    when: Literal["once-at-the-end"] = Field(
        description="'once-at-the-end': only the payment is rounded; rounding every step, which gives "
        "another payment, is not offered"
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
    better: Literal["lower", "higher"]
    threshold: Decimal
    target: Decimal

    @model_validator(mode="after")
    def _target_lies_on_the_better_side(self) -> Self:
        if self.target == self.threshold:
            raise ValueError(f"threshold and target are both {self.target}: nothing lies between them")
        if (self.target > self.threshold) != (self.better == "higher"):
            raise ValueError(
                f"{self.better} is better, but the target ({self.target}) lies on the worse side of the "
                f"threshold ({self.threshold})"
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
            raise ValueError(f"'attained' needs exactly the classes {', '.join(FUNNEL_BANDS)}")
        amounts = [self.attained[band] for band in FUNNEL_BANDS]
        if amounts not in (sorted(amounts), sorted(amounts, reverse=True)):
            raise ValueError(
                "'attained' goes up and down again from low998 to high998: a better class pays less"
            )
        return self


class QualityRule(Part):
    """What one indicator adds to the quality score; weights are relative and divided by their sum."""

    indicator: Id
    version: Version | None = None
    weight: Weight
    attain: Annotated[ByLevel | ByBand, Field(discriminator="by")]


class Quality(Part):
    """The quality score: the weighted mean of what the indicators attained."""

    digits: int = Field(
        ge=0,
        le=12,
        description="with n digits, adjusted values are rounded half up to n digits behind the point before "
        "they are held against a level (2 makes 0.0549 a 0.05, 4 leaves it 0.0549)",
    )
    not_assessable: Literal["leave-out", "zero"] = Field(
        description="'leave-out': an indicator that cannot be assessed drops out and the weights of the "
        "rest are scaled up; 'zero': it keeps its weight and counts as nothing attained"
    )
    indicators: list[QualityRule] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_indicator_once(self) -> Self:
        names = [rule.indicator for rule in self.indicators]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"indicator '{name}' stands in the quality rules more than once")
        return self


class Contract(Part):
    """A one-sided shared-savings contract of one payer with one network."""

    contract: Id
    version: Version
    status: Literal["draft", "consultation", "active", "retired"]
    title: Text
    parties: Parties
    population: Population
    years: list[Period] = Field(min_length=1)
    spending: Spending
    target: OwnHistory
    threshold: Threshold = Field(
        description="'rate: 0': every saving counts; a higher rate: a smaller saving pays nothing"
    )
    quality: Quality
    share: Share
    cap: Cap = Field(
        description="'{rate_of: target, rate: ...}': the payment is at most that part of the "
        "target; '{rate_of: none}': only the saving itself limits the payment"
    )
    losses: Literal["none"] = Field(
        description="'none': overspending costs the participant nothing; sharing in losses, the two-sided "
        "reading, is not offered yet"
    )
    rounding: Rounding = Field(
        description="to the cent or the euro, a half upwards or to the even unit, once at the end or at "
        "every step: these give different payments. Offered: 'unit: cent' or 'unit: euro', 'mode: half-up', "
        "'when: once-at-the-end'"
    )

    @model_validator(mode="after")
    def _periods_fit(self) -> Self:
        baseline = [part.period for part in self.target.baseline]
        periods = [*baseline, *self.years]
        for period in periods:
            if periods.count(period) > 1:
                raise ValueError(f"period {period} stands in baseline and years more than once")
        if len({len(period) for period in periods}) > 1:
            raise ValueError(f"periods of different kinds cannot be compared: {', '.join(periods)}")
        if max(map(first_year, baseline)) >= min(map(first_year, self.years)):
            raise ValueError("a baseline period must lie before the first contract year")
        return self

    @model_validator(mode="after")
    def _target_stays_above_zero(self) -> Self:
        trend = self.target.trend
        oldest = min(first_year(part.period) for part in self.target.baseline)
        span = max(map(first_year, self.years)) - oldest
        if trend.growth == "simple" and 1 + trend.rate * span <= 0:
            raise ValueError(f"a trend of {trend.rate} per year, simple, leaves no target after {span} years")
        return self

    @property
    def hash(self) -> str:
        """SHA-256 of what the contract says, the same however numbers are spelled (0.3 or 0.30)."""
        return sha256_of(self.model_dump())


def parse_contract(data: dict[str, Any]) -> Contract:
    """Check the plain data of a contract file.

    Parameters
    ----------
    data : dict
        As read from YAML.

    Returns
    -------
    Contract

    Raises
    ------
    pydantic.ValidationError
        With a fault per field. Type ``left_open`` is a word that the contract leaves open, type
        ``not_a_reading`` a choice that does not exist; both messages spell the readings out.
    """
    return Contract.model_validate(data)


def first_year(period: str) -> int:
    """Calendar year in which a period such as ``2025`` or ``2016/17`` starts."""
    return int(period[:4])
