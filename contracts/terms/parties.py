"""Who agreed, whose spending counts, and over whom the payment is distributed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.terms.part import Id, Name, Part, Weight, once

_JUDGED = (
    "'per-payer': threshold and minimum size are held against the saving of each payer by itself; "
    "'pooled': against the saving of all payers together, and each then pays its own part"
)


class Participant(Part):
    """The network that the contract is with."""

    network_set: Id
    network: Name


class Parties(Part):
    """Who agreed.

    With several payers quality is pooled (one score for all), and the money is kept apart: each payer has its
    own target, its own spending and its own payment.
    """

    payers: list[Name] = Field(min_length=1)
    judged: Literal["per-payer", "pooled"] | None = Field(default=None, description=_JUDGED)
    participant: Participant

    def _open_words(self) -> Iterator[tuple[str, str]]:
        if len(self.payers) > 1 and self.judged is None:
            yield "judged", _JUDGED

    @model_validator(mode="after")
    def _each_payer_once(self) -> Self:
        once(self.payers, "payer")
        if len(self.payers) == 1 and self.judged is not None:
            raise ValueError("'judged' is for several payers, and there is one")
        return self


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


class Distribution(Part):
    """How the payment, or what is owed, falls to the participating providers.

    Attributes
    ----------
    weights : dict of str to Decimal or None
        For ``by: fixed-weights``: part of each provider, relative. In the order of the file a left-over unit
        goes to the first of those with the same remainder.
    """

    by: Literal["fixed-weights", "records", "spending"] = Field(
        description="'fixed-weights': by the weights in this contract; 'records': by the number of records "
        "of each provider in the settled year; 'spending': by the spending of each in the settled year"
    )
    weights: dict[Name, Weight] | None = None
    remainder: Literal["largest-remainder"] = Field(
        description="'largest-remainder': every part is rounded down to the unit, and the units that are "
        "left go one by one to the largest remainders, so that the parts sum to the whole; rounding each "
        "part by itself, which loses or makes cents, is not offered"
    )

    @model_validator(mode="after")
    def _weights_where_they_mean_something(self) -> Self:
        if (self.by == "fixed-weights") != (self.weights is not None):
            raise ValueError("'by: fixed-weights' needs 'weights', and the other ways have none")
        if self.weights is not None and not self.weights:
            raise ValueError("'weights' names no provider")
        return self
