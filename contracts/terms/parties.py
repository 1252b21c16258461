"""Who agreed, whose spending counts, and over whom the payment is distributed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from contracts.terms.part import ColumnName, Count, Id, Name, Number, Part, Weight, fault_at, once

_JUDGED = (
    "'per-payer': threshold and minimum size are held against the saving of each payer by itself; "
    "'pooled': against the saving of all payers together, and each then pays its own part"
)

COMPARED = (
    "'own': each payer's spending is compared with that of its own insured elsewhere; "
    "'all': with that of all records elsewhere, whoever insured them"
)


class Participant(Part):
    """The network that the contract is with."""

    network_set: Id
    network: Name


class Insured(Part):
    """Which records are of which payer, by a column of the spending dataset.

    Attributes
    ----------
    column : str
        Column that says who insured the patient.
    codes : dict of str to list of str
        Codes of each payer.
    """

    column: ColumnName
    codes: dict[Name, list[Name]] = Field(min_length=1)
    other_codes: Literal["left-out", "refused"] = Field(
        description="'left-out': records with another code, or without one, are of payers outside this "
        "contract and do not count; 'refused': as long as there are any nothing is settled"
    )

    @model_validator(mode="after")
    def _each_code_once(self) -> Self:
        placed = (
            (code, ("codes", payer, number))
            for payer, codes in self.codes.items()
            for number, code in enumerate(codes)
        )
        once(placed, "code")
        for payer, codes in self.codes.items():
            if not codes:
                raise fault_at(f"payer '{payer}' has no code, so no record is of it", "codes", payer)
        return self


class Comparison(Part):
    """With whom the participant's spending is compared.

    Attributes
    ----------
    networks : 'others' or list of str
        All other networks of the participant's set, or those named.
    """

    networks: Annotated[
        Annotated[Literal["others"], Tag("a word")] | Annotated[list[Name], Tag("a list")],
        Discriminator(lambda value: "a list" if isinstance(value, list) else "a word"),
    ] = Field(
        description="'others': all other networks of the same set; a list: exactly these; the participant "
        "itself is never its own comparison"
    )
    payers: Literal["own", "all"] | None = Field(default=None, description=COMPARED)


class Parties(Part):
    """Who agreed.

    With several payers quality is pooled (one score for all), and the money is kept apart: each payer has its
    own target, its own spending and its own payment.

    Attributes
    ----------
    insured : Insured or None
        Which records are of which payer; None where the spending of each is delivered apart, or all records
        are of the only payer.
    shares : dict of str to Decimal or None
        Part of each payer in the spending of all records, where nobody knows who insured whom; they sum to 1.
        Target, spending and payment of a payer are that part of the whole.
    """

    payers: list[Name] = Field(min_length=1)
    judged: Literal["per-payer", "pooled"] | None = Field(default=None, description=_JUDGED)
    insured: Insured | None = None
    shares: dict[Name, Annotated[Number, Field(gt=0, lt=1)]] | None = None
    participant: Participant

    def _open_words(self) -> Iterator[tuple[str, str]]:
        if len(self.payers) > 1 and self.judged is None:
            yield "judged", _JUDGED

    @model_validator(mode="after")
    def _each_payer_once(self) -> Self:
        once(((payer, ("payers", number)) for number, payer in enumerate(self.payers)), "payer")
        if len(self.payers) == 1 and self.judged is not None:
            raise fault_at("'judged' is for several payers, and there is one", "judged")
        if self.insured is not None and set(self.insured.codes) != set(self.payers):
            message = f"codes of {', '.join(self.insured.codes)}; expected of {', '.join(self.payers)}"
            raise fault_at(message, "insured", "codes")
        return self

    @model_validator(mode="after")
    def _shares_make_a_whole(self) -> Self:
        if self.shares is None:
            return self
        if self.insured is not None:
            raise fault_at("a payer has its own records ('insured') or a part of all, not both", "shares")
        if set(self.shares) != set(self.payers):
            message = f"of {', '.join(self.shares)}; expected of {', '.join(self.payers)}"
            raise fault_at(message, "shares")
        whole = sum(self.shares.values(), Decimal(0))
        if whole != 1:
            raise fault_at(
                f"they sum to {whole}; expected 1, so that no spending is lost or doubled", "shares"
            )
        return self


class Population(Part):
    """Whose spending counts.

    Attributes
    ----------
    minimum_records : int
        Fewest records in the settled year for which the saving means anything.
    """

    dataset: Id
    minimum_records: Count
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

    by: Literal["fixed-weights", "records", "spending", "equal"] = Field(
        description="'fixed-weights': by the weights in this contract; 'records': by the number of records "
        "of each provider in the settled year; 'spending': by the spending of each in the settled year, "
        "truncated as agreed; 'equal': the same to each provider that has records in the settled year"
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
            raise fault_at("'by: fixed-weights' needs 'weights', and the other ways have none", "by")
        if self.weights is not None and not self.weights:
            raise fault_at("'weights' names no provider", "weights")
        return self
