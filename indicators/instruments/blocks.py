"""Blocks under ``derive`` that score a questionnaire: what an author writes in a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from indicators.derived import DerivedColumn
from indicators.words import ColumnName, ColumnType, Id, Text, fault_at

PROFILE_CHANGES = {
    "improve": Text(nl="vooruitgegaan", en="improved"),
    "worsen": Text(nl="achteruitgegaan", en="worsened"),
    "mixed change": Text(nl="deels vooruit, deels achteruit", en="mixed change"),
    "no change": Text(nl="gelijk gebleven", en="no change"),
    "no problems": Text(nl="beide keren geen problemen", en="no problems both times"),
}
RESPONSES = {
    "improved": Text(nl="duidelijk vooruitgegaan", en="clearly improved"),
    "worsened": Text(nl="duidelijk achteruitgegaan", en="clearly worsened"),
    "unchanged": Text(nl="ongeveer gelijk", en="about the same"),
    "out of reach": Text(nl="vooruitgang niet meer mogelijk", en="improvement out of reach"),
}


class InstrumentScore(DerivedColumn):
    """The score of an instrument: an index by a value set, a sum, or a level sum.

    Attributes
    ----------
    instrument : str
        Such as ``eq-5d-5l``.
    value_set : str or None
        Such as ``nl-2016``, for an instrument whose answers are valued; pinned here and stored with every
        score.
    crosswalk : str or None
        Such as ``van-hout-2012``: the value set is one of the instrument that the crosswalk leads to.
    score : str or None
        ``level-sum``: the sum of the levels, 5 for an EQ-5D profile without problems. It values no item above
        another and is no index.
    items : dict of str to str
        Item of the instrument to column of the dataset.
    """

    instrument: Id
    value_set: str | None = None
    crosswalk: Id | None = None
    score: Literal["level-sum"] | None = None
    items: dict[str, ColumnName]

    @property
    def type(self) -> ColumnType:
        """A whole number for a level sum."""
        return "integer" if self.score == "level-sum" else "decimal"

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns with the answers."""
        return tuple(self.items.values())


class SumScore(DerivedColumn):
    """The sum of items that are no shipped instrument, with a rule for missing answers.

    Attributes
    ----------
    sum_of : list of str
        Columns with the answers.
    levels : (low, high)
        Lowest and highest answer of every item.
    reversed : list of str
        Columns whose answers run the other way: an answer ``a`` counts as ``low + high - a``.
    may_miss : int
        How many items may be without an answer; each counts as the mean of those answered.
    scale : (from, to) or None
        What the lowest and the highest sum become, such as 0 and 100; by default the sum stays as it is.
    """

    sum_of: list[ColumnName] = Field(min_length=1)
    levels: tuple[int, int]
    reversed: list[ColumnName] = Field(default_factory=list)
    may_miss: int = Field(default=0, ge=0)
    scale: tuple[Decimal, Decimal] | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> SumScore:
        if self.levels[0] >= self.levels[1]:
            raise fault_at("the levels run from the lowest to the highest answer", "levels")
        if len(set(self.sum_of)) != len(self.sum_of):
            raise fault_at("a column stands here twice", "sum_of")
        for number, name in enumerate(self.reversed):
            if name not in self.sum_of:
                raise fault_at(f"'{name}' is not one of the items under 'sum_of'", "reversed", number)
        if self.may_miss >= len(self.sum_of):
            raise fault_at("at least one item must have an answer", "may_miss")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns with the answers."""
        return tuple(self.sum_of)


class ProfileChange(DerivedColumn):
    """How a profile changed (Paretian classification of health change).

    ``improve`` if some item is better and none worse, ``worsen`` if some is worse and none better,
    ``mixed change`` if both, ``no problems`` if all items are at their first level both times, and
    ``no change`` otherwise. An item that is missing, or no level, gives no class.

    References
    ----------
    Devlin NJ, Parkin D, Browne J (2010). Health Econ 19:886-905. doi:10.1002/hec.1608
    """

    profile_change: Id
    before: dict[str, ColumnName]
    after: dict[str, ColumnName]

    @property
    def type(self) -> ColumnType:
        """A text out of ``labels``."""
        return "text"

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns with the answers before and after."""
        return (*self.before.values(), *self.after.values())

    @property
    def labels(self) -> Mapping[str, Text]:
        """The classes."""
        return PROFILE_CHANGES


class Responder(DerivedColumn):
    """Whether a patient changed by what matters to patients.

    ``improved`` or ``worsened`` by at least the minimal important change, ``unchanged`` in between, and
    ``out of reach`` for whom the score before was so good that the best score is no important improvement:
    leave those out of the denominator. Without a score before, or after where it matters, there is no value.

    Attributes
    ----------
    responder : str
        Column with the score after care.
    before : str
        Column with the score before.
    at_least : Decimal
        The minimal important change, in points of the score.
    best : Decimal
        The best score there is.
    """

    responder: ColumnName
    before: ColumnName
    at_least: Decimal = Field(gt=0)
    best: Decimal
    better: Literal["lower", "higher"]

    @property
    def type(self) -> ColumnType:
        """A text out of ``labels``."""
        return "text"

    @property
    def reads(self) -> tuple[str, ...]:
        """The two scores."""
        return (self.responder, self.before)

    @property
    def labels(self) -> Mapping[str, Text]:
        """The classes."""
        return RESPONSES
