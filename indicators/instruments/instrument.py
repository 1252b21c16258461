"""What an instrument is: its items, their answers, and how they become a score."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from indicators.instruments.shipped import shipped
from indicators.words import ColumnName, Id, Part, Text, fault_at


class Instrument(Part):
    """A questionnaire, without its wording.

    Attributes
    ----------
    items : list of str
        Subjects of the items, in the order of the form.
    levels : (low, high)
        Lowest and highest answer of every item.
    score : str
        ``value-set``: a value set turns the answers into an index. ``sum``: the answers are added up.
    may_miss : int
        For a sum: how many items may be without an answer; each counts as the mean of those answered.
    better : str
        Whether a higher or a lower score is the better one.
    licence : Text
        Who holds the wording, and where a user gets it.
    """

    instrument: Id
    title: Text
    items: list[ColumnName] = Field(min_length=1)
    levels: tuple[int, int]
    score: Literal["value-set", "sum"]
    may_miss: int = Field(default=0, ge=0)
    better: Literal["lower", "higher"] = "higher"
    source: str
    doi: str | None = None
    licence: Text

    @model_validator(mode="after")
    def _adds_up(self) -> Instrument:
        if self.levels[0] >= self.levels[1]:
            raise fault_at("the levels run from the lowest to the highest answer", "levels")
        if self.may_miss and self.score != "sum":
            raise fault_at("an index has no rule for missing answers", "may_miss")
        if self.may_miss >= len(self.items):
            raise fault_at("at least one item must have an answer", "may_miss")
        return self

    @property
    def best(self) -> Decimal:
        """The best score: 1 for an index, or the end of the sum's range."""
        if self.score == "value-set":
            return Decimal(1)
        return Decimal(self.levels[1 if self.better == "higher" else 0] * len(self.items))


@cache
def instruments() -> dict[str, Instrument]:
    """All shipped instruments, by name."""
    return {each.instrument: each for each in shipped("instruments", Instrument)}
