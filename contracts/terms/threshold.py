"""The smallest saving that counts, and how that is decided."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from contracts.terms.part import Count, Id, Number, Part, Rate, Whole, fault_at, once

ThresholdRate = Annotated[Number, Field(ge=0, lt=1)]


class Bracket(Part):
    """Populations from a size up to and including another, and the rate at both ends.

    Attributes
    ----------
    from_records, to_records : int
        Both belong to the bracket; the last bracket has no upper end.
    from_rate, to_rate : Decimal
        Rate at the lower and at the upper end; without ``to_rate`` it is constant.
    """

    from_records: Count
    to_records: Count | None = None
    from_rate: ThresholdRate
    to_rate: ThresholdRate | None = None

    @model_validator(mode="after")
    def _upwards(self) -> Self:
        if self.to_records is not None and self.to_records <= self.from_records:
            raise fault_at(f"the bracket ends at {self.to_records}, at or before it starts", "to_records")
        if self.to_records is None and self.to_rate is not None:
            raise fault_at("a bracket without an upper end has one rate, and no 'to_rate'", "to_rate")
        return self


class ByPopulation(Part):
    """A rate by number of records."""

    by: Literal["population"]
    between: Literal["linear", "step"] = Field(
        description="'linear': within a bracket the rate goes in a straight line from the one end to the "
        "other, both ends included; 'step': the rate at the lower end holds for the whole bracket"
    )
    table: list[Bracket] = Field(min_length=1)

    @model_validator(mode="after")
    def _brackets_join(self) -> Self:
        for number, (low, high) in enumerate(pairwise(self.table), start=1):
            if low.to_records is None or high.from_records != low.to_records + 1:
                raise fault_at(
                    f"the bracket from {high.from_records} must start one record after the one before it "
                    f"ends ({low.to_records}): brackets overlap, or leave a hole",
                    "table",
                    number,
                )
        if self.table[-1].to_records is not None:
            message = "the last bracket needs no upper end: larger populations have no rate"
            raise fault_at(message, "table", len(self.table) - 1, "to_records")
        return self


class ByChoice(Part):
    """A rate that the participant chose before the year, from a list.

    Attributes
    ----------
    among : list of Decimal
        What may be chosen.
    otherwise : ByPopulation or None
        What holds when the participant chose a threshold by population.
    """

    by: Literal["choice"]
    among: list[ThresholdRate] = Field(min_length=1)
    otherwise: ByPopulation | None = None

    @model_validator(mode="after")
    def _each_choice_once(self) -> Self:
        once(((f"{rate.normalize():f}", ("among", number)) for number, rate in enumerate(self.among)), "rate")
        return self


class BySignificance(Part):
    """The rate above which a saving is not luck, by a one-sided test at a stated error.

    ``z(1 - error) * cv / sqrt(records)``, rounded half up to the stated digits.

    Attributes
    ----------
    error : Decimal
        Chance of a payment without any real saving.
    cv : Decimal
        Standard deviation of the savings rate of one record; estimated for this contract beforehand.
    """

    by: Literal["significance"]
    error: Annotated[Number, Field(ge=Decimal("0.0001"), lt=Decimal("0.5"))]
    cv: Annotated[Number, Field(gt=0, le=100)]
    digits: Whole = Field(
        ge=2, le=8, description="with n digits the rate is rounded half up to n digits behind the point"
    )


def _by(value: Any) -> str:
    by = value.get("by") if isinstance(value, dict) else getattr(value, "by", "rate")
    return f"by {by}"


AnyThresholdRate = Annotated[
    Annotated[ThresholdRate, Tag("by rate")]
    | Annotated[ByPopulation, Tag("by population")]
    | Annotated[ByChoice, Tag("by choice")]
    | Annotated[BySignificance, Tag("by significance")],
    Discriminator(_by),
]


class BelowThreshold(Part):
    """What a saving below the threshold still earns.

    Attributes
    ----------
    share_times : Decimal
        Factor on the share; the whole saving counts.
    minimum_records : int
        Only from this many records on.
    when : str or None
        Only if this was found.
    """

    share_times: Rate
    minimum_records: Count
    when: Id | None = None


class Threshold(Part):
    """The smallest saving that counts, as a proportion of the target."""

    rate: AnyThresholdRate
    mode: Literal["gate", "deductible"] = Field(
        description="'gate': past the threshold the whole saving counts, from the first euro; "
        "'deductible': only the part of the saving above the threshold counts"
    )
    passes_when: Literal["at_or_above", "above"] = Field(
        description="'at_or_above': a saving exactly at the threshold passes; "
        "'above': a saving exactly at the threshold does not pass"
    )
    below: BelowThreshold | None = None
