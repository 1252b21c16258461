"""What the parties established about the years of a contract, and no record can say."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from contracts.terms.part import Euros, Id, Name, Part, Period, Text, Version
from contracts.terms.threshold import ThresholdRate

Amount = Annotated[Decimal, Field(ge=0)]


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
    payers : dict of str to Established
        With several payers: the amounts of each.
    """

    chosen_threshold: ThresholdRate | None = None
    findings: dict[Id, bool] = Field(default_factory=dict)
    payers: dict[Name, Established] = Field(default_factory=dict)


class Facts(Part):
    """What was established about the years of one contract; a correction is a new version."""

    facts: Id
    version: Version
    status: Literal["draft", "consultation", "active", "retired"]
    title: Text
    contract: Id
    years: dict[Period, EstablishedYear] = Field(min_length=1)
