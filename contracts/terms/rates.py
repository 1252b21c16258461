"""Rates that depend on quality, on the size of the saving, or on what was found."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from contracts.terms.part import Id, Name, Number, Part, Rate, Weight, fault_at, once


def kind_of(value: Any) -> str:
    """Name the alternative that a rate in the file is; without a kind it is linear."""
    # with a space, so that it is never taken for a field
    kind = value.get("kind", "linear") if isinstance(value, dict) else getattr(value, "kind", value)
    return f"kind {kind}"


class Linear(Part):
    """A rate that is linear in the quality score.

    Attributes
    ----------
    base, at_full_quality : Decimal
        Rate at quality score 0 and at 1. The same twice is a constant rate.
    minimum, maximum : Decimal or None
        Bounds that the rate does not cross.
    """

    kind: Literal["linear"] = "linear"
    base: Rate
    at_full_quality: Rate
    minimum: Rate | None = None
    maximum: Rate | None = None

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise fault_at(f"the minimum ({self.minimum}) is above the maximum ({self.maximum})", "minimum")
        return self


class RateStep(Part):
    """From this quality score on (the score itself included) the rate is this."""

    from_score: Rate
    rate: Rate


class Steps(Part):
    """A rate by gates: that of the highest gate that the quality score reached."""

    kind: Literal["steps"]
    steps: list[RateStep] = Field(min_length=1)

    @model_validator(mode="after")
    def _from_zero_upwards(self) -> Self:
        starts = [step.from_score for step in self.steps]
        if starts[0] != 0 or any(low >= high for low, high in pairwise(starts)):
            raise fault_at(
                "steps start at 'from_score: 0' and rise; a score between two of them must have one rate",
                "steps",
            )
        return self


class Corridor(Part):
    """A slice of the saving, as a proportion of the target, and its rate; the last has no upper end."""

    up_to: Annotated[Number, Field(gt=0, le=10)] | None = None
    rate: Rate


class Corridors(Part):
    """Each slice of the saving that counts has its own rate, as with tax brackets."""

    kind: Literal["corridors"]
    corridors: list[Corridor] = Field(min_length=1)

    @model_validator(mode="after")
    def _without_holes(self) -> Self:
        *ends, last = [corridor.up_to for corridor in self.corridors]
        if last is not None or None in ends:
            raise fault_at(
                "exactly the last corridor has no 'up_to'; otherwise a saving falls in none or two",
                "corridors",
            )
        numbers = [end for end in ends if end is not None]
        if numbers != sorted(set(numbers)):
            message = f"corridors overlap: 'up_to' must rise, and is {', '.join(map(str, numbers))}"
            raise fault_at(message, "corridors")
        return self


class Sliding(Part):
    """One rate for the whole saving, rising in a straight line with the savings rate between two points."""

    kind: Literal["sliding"]
    from_savings_rate: Rate
    from_rate: Rate
    to_savings_rate: Rate
    to_rate: Rate

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.from_savings_rate >= self.to_savings_rate or self.from_rate > self.to_rate:
            message = "a sliding share must rise: a larger saving may never pay less"
            raise fault_at(message, "to_savings_rate" if self.from_rate <= self.to_rate else "to_rate")
        return self


class Parts(Part):
    """The saving falls in parts: to the participant, the payer, the patients. Parts are relative."""

    kind: Literal["parts"]
    participant: Weight
    others: dict[Name, Weight] = Field(min_length=1)


class Case(Part):
    """A rate that holds when something was found."""

    when: Id
    rate: Annotated[
        Annotated[Linear, Tag("kind linear")] | Annotated[Steps, Tag("kind steps")], Discriminator(kind_of)
    ]


class Cases(Part):
    """The rate of the first case whose finding is yes; without any, ``otherwise``."""

    kind: Literal["cases"]
    cases: list[Case] = Field(min_length=1)
    otherwise: Rate

    @model_validator(mode="after")
    def _each_case_once(self) -> Self:
        once(((case.when, ("cases", number, "when")) for number, case in enumerate(self.cases)), "case")
        return self


AnyRate = Linear | Steps | Corridors | Sliding | Parts | Cases


def _rises(rate: Any) -> Any:
    for low, high in _pairs(rate):
        if high < low:
            raise ValueError(
                f"the share at higher quality ({high}) is below that at lower quality ({low}): "
                "better quality would pay less"
            )
    return rate


def _falls(rate: Any) -> Any:
    for low, high in _pairs(rate):
        if high > low:
            raise ValueError(
                f"the rate at higher quality ({high}) is above that at lower quality ({low}): "
                "better quality would cost more"
            )
    return rate


def _pairs(rate: Any) -> list[tuple[Decimal, Decimal]]:
    """Rates at neighbouring quality scores, lower first."""
    if isinstance(rate, Linear):
        return [(rate.base, rate.at_full_quality)]
    if isinstance(rate, Steps):
        rates = [step.rate for step in rate.steps]
        return list(pairwise(rates))
    if isinstance(rate, Cases):
        return [pair for case in rate.cases for pair in _pairs(case.rate)]
    return []


_QUALITY = (
    Annotated[Linear, Tag("kind linear")]
    | Annotated[Steps, Tag("kind steps")]
    | Annotated[Cases, Tag("kind cases")]
)
Share = Annotated[
    Annotated[Linear, Tag("kind linear")]
    | Annotated[Steps, Tag("kind steps")]
    | Annotated[Corridors, Tag("kind corridors")]
    | Annotated[Sliding, Tag("kind sliding")]
    | Annotated[Parts, Tag("kind parts")]
    | Annotated[Cases, Tag("kind cases")],
    Discriminator(kind_of),
    AfterValidator(_rises),
]
LossRate = Annotated[
    Annotated[Linear, Tag("kind linear")]
    | Annotated[Steps, Tag("kind steps")]
    | Annotated[Corridors, Tag("kind corridors")]
    | Annotated[Cases, Tag("kind cases")],
    Discriminator(kind_of),
    AfterValidator(_falls),
]
EarnedByQuality = Annotated[_QUALITY, Discriminator(kind_of), AfterValidator(_rises)]
DiscountByQuality = Annotated[_QUALITY, Discriminator(kind_of), AfterValidator(_falls)]
