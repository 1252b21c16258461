"""Answers to the EQ-5D-5L whose index has a wanted mean, so that a linear truth stays exactly linear."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from numpy.typing import NDArray

from indicators.instruments import value_sets
from indicators.library.birth.truth import FloatArray

ITEMS = ("mobility", "self_care", "activity", "discomfort", "anxiety")


@cache
def _ladder() -> tuple[FloatArray, NDArray[np.int64]]:
    """Every index that occurs, ascending, and for each its least extreme profile."""
    costs = value_sets()["eq-5d-5l", "nl-2016"]
    levels = len(costs.levels[ITEMS[0]])
    profiles = np.array(list(itertools.product(range(1, levels + 1), repeat=len(ITEMS))))
    # In whole thousandths, as the value set counts.
    index = np.full(len(profiles), 1000)
    index += np.where((profiles > 1).any(axis=1), int(costs.any_problem * 1000), 0)
    index += np.where((profiles == levels).any(axis=1), int(costs.any_worst * 1000), 0)
    for place, item in enumerate(ITEMS):
        index += np.array([int(cost * 1000) for cost in costs.levels[item]])[profiles[:, place] - 1]
    order = np.lexsort(((profiles**2).sum(axis=1), index))
    rungs, first = np.unique(index[order], return_index=True)
    return rungs / 1000.0, profiles[order][first]


def answers(wanted: FloatArray, rng: np.random.Generator) -> tuple[NDArray[np.int64], FloatArray]:
    """Draw a profile per woman whose expected index is the wanted one.

    Between the two nearest possible indices one is drawn, with the chance that makes the mean right.

    Parameters
    ----------
    wanted : array, shape (women,)
        Clipped to the range of the value set.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    answers : array, shape (women, 5)
        Levels 1 to 5, in the order of `ITEMS`.
    index : array, shape (women,)
        The index of those answers.
    """
    rungs, profiles = _ladder()
    wanted = np.clip(wanted, rungs[0], rungs[-1])
    above = np.clip(np.searchsorted(rungs, wanted), 1, len(rungs) - 1)
    low, high = rungs[above - 1], rungs[above]
    chosen = np.where(rng.random(len(wanted)) < (wanted - low) / (high - low), above, above - 1)
    return profiles[chosen], rungs[chosen]


def skewed_below(mean: FloatArray, best: float, shape: float, rng: np.random.Generator) -> FloatArray:
    """Draw values with the given means that never exceed `best`: the shortfall has a gamma distribution.

    Parameters
    ----------
    mean : array, shape (women,)
        Below `best`.
    best : float
        Top of the scale.
    shape : float
        Of the gamma distribution; the shortfall's variation coefficient is one over its root.
    rng : numpy.random.Generator
        Source of chance.
    """
    result: FloatArray = best - (best - mean) * rng.gamma(shape, 1.0 / shape, len(mean))
    return result
