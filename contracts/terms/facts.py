"""What the parties established about the years of a contract, and no record can say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.terms.part import Euros, Id, Name, Part, Period, Text, Version
from contracts.terms.threshold import ThresholdRate

Amount = Annotated[Decimal, Field(ge=0)]


class Complete(Part):
    """Part of the spending that is known of the records up to and including a day.

    Attributes
    ----------
    until : date
        Last day of the part; it begins after the part before it.
    factor : Decimal
        Part of the final spending that is known, above 0 and at most 1.
    """

    until: dt.date
    factor: Annotated[Decimal, Field(gt=0, le=1)]


class Completeness(Part):
    """How complete the claims of a year are; a year with this is settled as interim."""

    paid_through: dt.date
    parts: list[Complete] = Field(min_length=1)

    @model_validator(mode="after")
    def _parts_follow_each_other(self) -> Self:
        days = [part.until for part in self.parts]
        if any(low >= high for low, high in pairwise(days)):
            raise ValueError("the parts overlap: 'until' must rise")
        if days[-1] > self.paid_through:
            raise ValueError(f"the last part ends on {days[-1]}, after {self.paid_through} (paid_through)")
        return self


class Established(Part):
    """Amounts of one year; each only where the contract asks for it.

    Attributes
    ----------
    target : Decimal or None
        Spending target, where it is drawn up elsewhere.
    project_costs, revenue, loss_relief : Decimal or None
        Euros.
    """

    target: Euros | None = None
    project_costs: Amount | None = None
    revenue: Amount | None = None
    loss_relief: Amount | None = None


class EstablishedYear(Established):
    """What was established about one year.

    Attributes
    ----------
    chosen_threshold : Decimal or None
        The participant's choice, where it may choose.
    findings : dict of str to bool
        Whatever the contract asks to be found.
    completeness : Completeness or None
        None where all claims are known.
    payers : dict of str to Established
        With several payers: the amounts of each.
    """

    chosen_threshold: ThresholdRate | None = None
    findings: dict[Id, bool] = Field(default_factory=dict)
    completeness: Completeness | None = None
    payers: dict[Name, Established] = Field(default_factory=dict)


class Facts(Part):
    """What was established about the years of one contract; a correction is a new version."""

    facts: Id
    version: Version
    status: Literal["draft", "consultation", "active", "retired"]
    title: Text
    contract: Id
    years: dict[Period, EstablishedYear] = Field(min_length=1)
