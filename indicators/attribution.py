"""How records count for networks, where membership alone does not say it: shares, and plurality of care."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from indicators.words import ColumnName, Day, ExpressionText, Id, Part, Text, fault_at

WHOLE = Decimal(1)
DECIMALS = 2


def _a_weight(value: Decimal) -> Decimal:
    exponent = value.normalize().as_tuple().exponent
    if not 0 < value <= WHOLE or not isinstance(exponent, int) or exponent < -DECIMALS:
        raise ValueError(f"expected above 0 and at most 1, with {DECIMALS} decimals at most, such as 0.65")
    return value


# Two decimals at most: the exact test goes through all sums of weights (risk_models.record_weights).
Weight = Annotated[Decimal, AfterValidator(_a_weight)]


class Shares(Part):
    """For how much the records of a provider count for networks, from one day to another.

    Attributes
    ----------
    until : date or None
        The last day; None while it lasts.
    networks : dict of str to number
        The share of each network. What they leave of 1 is outside every network.
    """

    provider: str = Field(min_length=1)
    since: Day
    until: Day | None = None
    networks: dict[str, Weight] = Field(min_length=1)

    @model_validator(mode="after")
    def _a_whole_at_most(self) -> Shares:
        if self.until is not None and self.until < self.since:
            raise fault_at("the shares end before they begin", "until")
        if (total := sum(self.networks.values())) > WHOLE:
            listed = ", ".join(f"{code} {share}" for code, share in self.networks.items())
            raise fault_at(f"{listed} are {total} together; expected at most 1", "networks")
        return self


class RecordClass(Part):
    """Records that are shared out by a table instead of by the membership of their provider.

    Attributes
    ----------
    class : str
        Name of the class, such as ``home-births``.
    when : str
        Condition on the columns of the dataset: which records are of the class. Classes are asked in their
        order: the first whose condition is true, or cannot be told, decides.
    unknown : str
        Of a record for which the condition is neither true nor false: ``as-members`` counts it by the
        membership of its provider, ``outside`` in no network.
    other_providers : str
        Of a record of the class whose provider has no shares on that day: likewise.
    shares : list of Shares
        The table.
    """

    name: Id = Field(alias="class")
    title: Text
    when: ExpressionText
    unknown: Literal["as-members", "outside"]
    other_providers: Literal["as-members", "outside"]
    shares: list[Shares] = Field(min_length=1)


class Plurality(Part):
    """A record counts whole for the network that gave most of the care.

    The care is counted in the rows of a table of the dataset; a network gave what its members of the record's
    day gave. A provider that is in no network that day stands for itself, and a record for which such a one
    gave most, or for which there is no care, is outside every network.

    Attributes
    ----------
    of : str
        The table; each row of it is care.
    provider : str
        Column of it with who gave the care.
    by : str
        Column of it with the day of the care.
    between : (str, str)
        First and last day that count, as expressions over the columns of the record.
    count : bool or None
        Most is the most rows.
    sum : str or None
        Most is the largest sum of this column. A sum of 0 or less is no care.
    counted_per : str
        ``network`` takes the care of a network's members together. ``provider`` finds the provider that gave
        most; the record goes to the network of that one.
    ties : str
        Of those that gave equally much, the one whose last care is latest; of those, the one whose code comes
        first.
    """

    of: ColumnName
    provider: ColumnName
    by: ColumnName
    between: tuple[ExpressionText, ExpressionText]
    count: Literal[True] | None = None
    sum: ColumnName | None = None
    counted_per: Literal["network", "provider"]
    ties: Literal["latest-care-then-lowest-code"]

    @model_validator(mode="after")
    def _most_of_what(self) -> Plurality:
        if (self.count is None) == (self.sum is None):
            raise fault_at("say what is most: 'count: true' for rows, or 'sum' of a column", "sum")
        return self


class DatasetAttribution(Part):
    """How the records of one dataset count for networks.

    Attributes
    ----------
    dataset : str
        The dataset.
    classes : list of RecordClass
        Records that are shared out by a table; all others count by the membership of their provider.
    plurality : Plurality or None
        Every record goes by who gave most of the care instead.
    """

    dataset: Id
    classes: list[RecordClass] = Field(default_factory=list)
    plurality: Plurality | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> DatasetAttribution:
        if bool(self.classes) == (self.plurality is not None):
            raise fault_at("give one of the two: 'classes' that are shared out, or 'plurality'", "dataset")
        names = [one.name for one in self.classes]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise fault_at(f"'{name}' stands here twice", "classes", number, "class")
        return self
