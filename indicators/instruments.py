"""Instruments and value sets: from answered items to an index, as SQL.

A value set is a data file. Its index is ``1 + constant if any problem + term if any item is at its
worst level + one term per item``; the profile without problems is 1. An item that is missing, or not one
of the instrument's levels, gives no index.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

from pydantic import model_validator

from indicators.source import read_source
from indicators.words import Id, Part, fault_at


class ValueSet(Part):
    """What each level of each item costs.

    Attributes
    ----------
    any_problem : Decimal
        Added once if any item is above its first level.
    any_worst : Decimal
        Added once if any item is at its last level.
    levels : dict of str to list of Decimal
        Per item, what each level adds; the first is 0.
    """

    instrument: Id
    value_set: str
    source: str
    doi: str
    any_problem: Decimal = Decimal(0)
    any_worst: Decimal = Decimal(0)
    levels: dict[str, list[Decimal]]

    @model_validator(mode="after")
    def _whole(self) -> ValueSet:
        if len({len(levels) for levels in self.levels.values()}) != 1:
            raise fault_at("every item needs the same number of levels", "levels")
        for item, costs in self.levels.items():
            if not costs or costs[0] != 0:
                raise fault_at("the first level costs nothing: 0", "levels", item)
        for value in (
            self.any_problem,
            self.any_worst,
            *(v for costs in self.levels.values() for v in costs),
        ):
            if value != round(value, 3):
                raise fault_at(f"{value} has more than three digits behind the point", "levels")
        return self


@cache
def value_sets() -> dict[tuple[str, str], ValueSet]:
    """All shipped value sets, by instrument and name."""
    folder = files("indicators") / "library" / "value_sets"
    found: dict[tuple[str, str], ValueSet] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        loaded = ValueSet.model_validate(read_source(file.read_text(encoding="utf-8"), file.name).data)
        found[loaded.instrument, loaded.value_set] = loaded
    return found


def index_sql(value_set: ValueSet, items: Mapping[str, str]) -> str:
    """SQL of the index, an exact decimal with three digits.

    Parameters
    ----------
    value_set : ValueSet
        The value set to score with.
    items : mapping of str to str
        Item of the instrument to SQL of the integer column that holds its answer.

    Returns
    -------
    str
        Expression of type ``decimal(6, 3)``; null when an item is missing or not a level.

    Raises
    ------
    ValueError
        If the items are not those of the instrument: an index of some of them would pass for healthy.

    Examples
    --------
    >>> uk = value_sets()["eq-5d-3l", "uk-1997"]
    >>> index_sql(uk, {item: item for item in uk.levels})[:41]
    'case when mobility in (1, 2, 3) and self_'
    """
    if items.keys() != value_set.levels.keys():
        raise ValueError(f"expected the items {', '.join(value_set.levels)}; got {', '.join(items)}")
    count = len(next(iter(value_set.levels.values())))
    levels = ", ".join(str(level) for level in range(1, count + 1))
    valid = " and ".join(f"{column} in ({levels})" for column in items.values())
    perfect = " and ".join(f"{column} = 1" for column in items.values())
    worst = " or ".join(f"{column} = {count}" for column in items.values())
    terms = [
        "1000",
        f"case when {perfect} then 0 else {_thousandths(value_set.any_problem)} end",
        f"case when {worst} then {_thousandths(value_set.any_worst)} else 0 end",
    ]
    for item, column in items.items():
        costs = (_thousandths(cost) for cost in value_set.levels[item])
        branches = " ".join(f"when {level} then {cost}" for level, cost in enumerate(costs, start=1))
        terms.append(f"case {column} {branches} end")
    # Whole thousandths first: sums of binary fractions would miss the published digits.
    return f"case when {valid} then cast(({' + '.join(terms)}) * 0.001 as decimal(6, 3)) end"


def _thousandths(value: Decimal) -> str:
    return f"({int(value * 1000)})"
