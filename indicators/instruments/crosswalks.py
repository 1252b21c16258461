"""Crosswalks: the answers to one version of an instrument, valued by a value set of another version.

A crosswalk gives, for a profile, the probability of each level of each item of the other version. The items
are independent given the profile, so the expected index of a value set has a closed form, for any value set
of the other version.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from math import prod

from pydantic import Field, model_validator

from indicators.instruments.instrument import instruments
from indicators.instruments.shipped import shipped
from indicators.instruments.value_sets import ValueSet, value_sets
from indicators.words import Id, Part, Text, fault_at

_DIGITS = Decimal("0.001")


class OrderedLogit(Part):
    """Probabilities of an item's levels that depend on all answers of the profile.

    The chance of level k or lower is ``1 / (1 + exp(-(thresholds[k] - sum of the effects)))``.

    Attributes
    ----------
    thresholds : list of Decimal
        One for each level but the last.
    effects : dict of str to list of Decimal
        Per item of the profile, the effect of each level above the first.
    """

    thresholds: list[Decimal]
    effects: dict[str, list[Decimal]]


class Crosswalk(Part):
    """A published mapping between two versions of an instrument.

    Attributes
    ----------
    of, to : str
        The version that was answered, and the version whose value sets are used.
    levels : dict
        Per item and level answered, the probabilities of the other version's levels, where they depend on
        that item alone.
    model : dict of str to OrderedLogit
        Per item, its model, where they depend on the whole profile.
    """

    crosswalk: Id
    of: Id
    to: Id
    title: Text
    source: str | Text
    doi: str
    levels: dict[str, list[list[Decimal]]] = Field(default_factory=dict)
    model: dict[str, OrderedLogit] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Crosswalk:
        if bool(self.levels) == bool(self.model):
            raise fault_at("give either 'levels' or a 'model'", "levels")
        for item, rows in self.levels.items():
            for number, row in enumerate(rows):
                if sum(row) != 1 or min(row) < 0:
                    raise fault_at("these are no probabilities: they sum to 1", "levels", item, number)
        return self


@cache
def crosswalks() -> dict[str, Crosswalk]:
    """All shipped crosswalks, by name."""
    return {each.crosswalk: each for each in shipped("crosswalks", Crosswalk)}


@cache
def crosswalked(name: str, value_set: str) -> tuple[Decimal, ...]:
    """Expected index of every profile, in the order of the profiles read as numbers.

    Parameters
    ----------
    name : str
        A shipped crosswalk.
    value_set : str
        A shipped value set of the instrument that the crosswalk leads to, with terms per level.

    Returns
    -------
    tuple of Decimal
        With three digits; 243 of them for a profile of three levels, 3,125 for one of five.

    References
    ----------
    van Hout B et al. (2012). Value Health 15:708-715. doi:10.1016/j.jval.2012.02.008
    van Hout BA, Shaw JW (2021). Value Health 24:1285-1293. doi:10.1016/j.jval.2021.03.009
    """
    crosswalk = crosswalks()[name]
    answered, chosen = instruments()[crosswalk.of], value_sets()[crosswalk.to, value_set]
    low, high = answered.levels
    profiles = itertools.product(range(low, high + 1), repeat=len(answered.items))
    return tuple(
        _expected(_probabilities(crosswalk, dict(zip(answered.items, profile, strict=True))), chosen)
        for profile in profiles
    )


def _probabilities(crosswalk: Crosswalk, profile: Mapping[str, int]) -> list[list[Decimal]]:
    """Probability of each level of each item of the other version."""
    if crosswalk.levels:
        return [crosswalk.levels[item][level - 1] for item, level in profile.items()]
    return [_ordered(crosswalk.model[item], profile) for item in profile]


def _ordered(model: OrderedLogit, profile: Mapping[str, int]) -> list[Decimal]:
    effects = sum((model.effects[item][at - 2] for item, at in profile.items() if at > 1), Decimal(0))
    up_to = [1 / (1 + (effects - threshold).exp()) for threshold in model.thresholds]
    return [upper - lower for lower, upper in itertools.pairwise([Decimal(0), *up_to, Decimal(1)])]


def _expected(probabilities: list[list[Decimal]], value_set: ValueSet) -> Decimal:
    no_problem = prod((row[0] for row in probabilities), start=Decimal(1))
    none_worst = prod((1 - row[-1] for row in probabilities), start=Decimal(1))
    costs = (
        chance * cost
        for row, levels in zip(probabilities, value_set.levels.values(), strict=True)
        for chance, cost in zip(row, levels, strict=True)
    )
    constants = value_set.any_problem * (1 - no_problem) + value_set.any_worst * (1 - none_worst)
    return (1 + constants + sum(costs, Decimal(0))).quantize(_DIGITS, ROUND_HALF_UP)
