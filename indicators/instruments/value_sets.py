"""Value sets: what the answers of a profile are worth, as data files.

An index is ``1 + constant if any problem + term if any item is at its worst level + one term per item``; the
profile without problems is 1. A few sets are published as a table of values instead.
"""

from __future__ import annotations

import itertools
from decimal import Decimal
from functools import cache

from pydantic import Field, model_validator

from indicators.instruments.instrument import instruments
from indicators.instruments.shipped import shipped
from indicators.words import Id, Part, Text, fault_at


class ValueSet(Part):
    """What each level of each item costs, or what each profile is worth.

    Attributes
    ----------
    any_problem : Decimal
        Added once if any item is above its first level.
    any_worst : Decimal
        Added once if any item is at its last level.
    levels : dict of str to list of Decimal
        Per item, what each level adds; the first is 0.
    table : dict of str to Decimal, or None
        Value of every profile, such as 21232, for a set that is published so. It has no levels.
    """

    instrument: Id
    value_set: str
    source: str | Text
    doi: str | None = None
    any_problem: Decimal = Decimal(0)
    any_worst: Decimal = Decimal(0)
    levels: dict[str, list[Decimal]] = Field(default_factory=dict)
    table: dict[str, Decimal] | None = None

    @model_validator(mode="after")
    def _whole(self) -> ValueSet:
        if (self.table is None) == (not self.levels):
            raise fault_at("give either 'levels' or a 'table'", "levels")
        if len({len(levels) for levels in self.levels.values()}) > 1:
            raise fault_at("every item needs the same number of levels", "levels")
        for item, costs in self.levels.items():
            if not costs or costs[0] != 0:
                raise fault_at("the first level costs nothing: 0", "levels", item)
        costs = [cost for levels in self.levels.values() for cost in levels]
        for value in (self.any_problem, self.any_worst, *costs, *(self.table or {}).values()):
            if value != round(value, 3):
                raise fault_at(f"{value} has more than three digits behind the point", "levels")
        return self


@cache
def value_sets() -> dict[tuple[str, str], ValueSet]:
    """All shipped value sets, by instrument and name.

    Raises
    ------
    ValueError
        If a set is not of its instrument: of other items, other levels, or not of every profile.
    """
    found: dict[tuple[str, str], ValueSet] = {}
    for value_set in shipped("value_sets", ValueSet):
        instrument = instruments()[value_set.instrument]
        low, high = instrument.levels
        if value_set.table is not None:
            answers = map(str, range(low, high + 1))
            whole = {"".join(p) for p in itertools.product(answers, repeat=len(instrument.items))}
            fits = value_set.table.keys() == whole
        else:
            counts = {len(levels) for levels in value_set.levels.values()}
            fits = list(value_set.levels) == instrument.items and counts == {high - low + 1}
        if not fits:
            raise ValueError(f"value set {value_set.value_set} is not of {value_set.instrument}")
        found[value_set.instrument, value_set.value_set] = value_set
    return found
