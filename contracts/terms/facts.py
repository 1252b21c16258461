"""What the parties established about the years of a contract, and no record can say."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from contracts.terms.part import LEAST_KNOWN, MOST_EUROS, Euros, Id, Name, Number, Part, Period, Text, Version
from contracts.terms.threshold import ThresholdRate

Amount = Annotated[Number, Field(ge=0, le=MOST_EUROS)]


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


class EstablishedInterim(Part):
    """How far the spending of a year that is not complete yet is known.

    Attributes
    ----------
    paid_through : date
        Last day whose records count; later ones are left out.
    complete : dict of str to Decimal
        Part of its final spending that is known, from 0.01 to 1: of each month up to that day
        (``2025-07``), or of the whole period as one.
    """

    paid_through: dt.date
    complete: dict[str, Annotated[Number, Field(ge=LEAST_KNOWN, le=1)]] = Field(min_length=1)


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
    interim : EstablishedInterim or None
        None: the records say whether the year is complete.
    """

    chosen_threshold: ThresholdRate | None = None
    findings: dict[Id, bool] = Field(default_factory=dict)
    payers: dict[Name, Established] = Field(default_factory=dict)
    interim: EstablishedInterim | None = None


class Facts(Part):
    """What was established about the years of one contract; a correction is a new version."""

    facts: Id
    version: Version
    status: Literal["draft", "consultation", "active", "retired"]
    title: Text
    contract: Id
    years: dict[Period, EstablishedYear] = Field(min_length=1)
