"""Periods that overlap: what the differences between published counts would tell.

A year less three of its quarters is the fourth. Each count of a provider is a step from the first month of
its period to the month after its last. Where shown counts make a way from one month to another, the count
between these two is known, whether it is published or not; and what all providers together have, less what
the others have, is known too. What follows from all of these is a matter of linear algebra, and is answered
exactly; that no count is below 0 is used only within one period (`registry_db.disclosure.safe`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 1e-9
_DIGITS = 1e-6
Partition = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts of the same kind of records over periods, of each provider.

    Attributes
    ----------
    start, end : array of int, shape (periods,)
        First month of each period, and the month after its last.
    n : array of float, shape (providers, periods)
        Patients.
    there : array of bool, shape (providers, periods)
        Whether the count is published at all; one that is not is 0, and everybody knows that.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    n: NDArray[np.float64]
    there: NDArray[np.bool_]

    @property
    def months(self) -> list[int]:
        """Months at which a period begins or has ended, in order."""
        return sorted({*self.start.tolist(), *self.end.tolist()})


def overlap(start: NDArray[np.int64], end: NDArray[np.int64]) -> bool:
    """Whether any two periods overlap that are not the same."""
    spans = sorted({*zip(start.tolist(), end.tolist(), strict=True)})
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def keep_apart(
    counts: Counts,
    hide: NDArray[np.bool_],
    totals: NDArray[np.bool_],
    *,
    fewer_than: int,
    alone: bool = False,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Hide counts of the first provider of which too much is told, until nothing tells too much of it.

    Too much is a small count, or one that is hidden. To hide more tells nobody more: asked again and again,
    all providers are kept apart.

    Parameters
    ----------
    counts : Counts
        The counts.
    hide : array of bool, shape (providers, periods)
        Those that are hidden already.
    totals : array of bool, shape (periods,)
        Whether the total of all providers is known.
    fewer_than : int
        Smallest number of patients that may be shown.
    alone : bool
        Look only at what a provider's own counts tell, not at what all have less what the others have.

    Returns
    -------
    array of bool, shape (providers, periods)
        True for a hidden count: those of ``hide`` and, as long as anything tells too much, the count of the
        shortest period that tells it, of several such the smallest. A count of 0 stays visible.
    array of bool, shape (periods,)
        Which totals may be known.
    """
    hide, totals = hide.copy(), totals.copy()
    # The rules of each provider, and last those of all together.
    rules = np.array([_rules(_parts(counts, shown)) for shown in (*~hide, totals)])
    of_all, nothing = rules.sum(axis=0), np.eye(len(counts.months))
    secret = _secret(counts, fewer_than)
    found = False
    for provider in np.argsort(counts.n.sum(axis=1), kind="stable").tolist():
        while span := _told(
            counts, hide[provider], secret[provider], nothing if alone else of_all - rules[provider]
        ):
            found = True
            changed = _hide_one(counts, hide, totals, provider, span)
            of_all -= rules[changed]
            rules[changed] = _rules(_parts(counts, ~hide[changed] if changed < len(hide) else totals))
            of_all += rules[changed]
        if found:
            break
    return hide, totals


def _told(
    counts: Counts, hide: NDArray[np.bool_], asked: list[tuple[int, int]], others: NDArray[np.float64]
) -> tuple[int, int] | None:
    """Between which months (by their place) too much is known of a provider; None if it is not.

    Parameters
    ----------
    counts : Counts
        All counts.
    hide : array of bool, shape (periods,)
        Those of the provider that are hidden.
    asked : list of (int, int)
        Between which months its count is small.
    others : array of float, shape (months, months)
        `_rules` of all together and of each other provider, added up.
    """
    places = {month: place for place, month in enumerate(counts.months)}
    hidden = [(places[int(counts.start[at])], places[int(counts.end[at])]) for at in np.flatnonzero(hide)]
    if not asked and not hidden:
        return None
    own = _parts(counts, ~hide)
    size, vectors = np.linalg.eigh(others)
    known = _joined(own, vectors[:, size < _DIGITS].T)
    for first, last in (*hidden, *asked):
        step = np.zeros(known.shape[1])
        step[own[last]] += 1.0
        step[own[first]] -= 1.0
        if np.linalg.norm(step - known.T @ (known @ step)) < _DIGITS:
            return first, last
    return None


def _secret(counts: Counts, fewer_than: int) -> list[list[tuple[int, int]]]:
    """Of each provider the pairs of months (by their place) between which its count is small."""
    months = counts.months
    places = {month: place for place, month in enumerate(months)}
    steps = np.zeros((len(counts.start), len(months)))
    for period, (start, end) in enumerate(zip(counts.start.tolist(), counts.end.tolist(), strict=True)):
        steps[period, places[end]], steps[period, places[start]] = 1.0, -1.0
    up_to = np.linalg.lstsq(steps, counts.n.T, rcond=None)[0]  # from the first month of a part
    part = np.array(_parts(counts, np.ones(len(counts.start), dtype=bool)))
    first, last = np.triu_indices(len(months), k=1)
    together = part[first] == part[last]
    first, last = first[together], last[together]
    between = up_to[last] - up_to[first]
    small = (between > _TOLERANCE) & (between < fewer_than - _TOLERANCE)
    return [[*zip(first[one].tolist(), last[one].tolist(), strict=True)] for one in small.T]


def _parts(counts: Counts, shown: NDArray[np.bool_]) -> Partition:
    """Number of the part that each month is in; shown counts connect the months of a part."""
    places = {month: place for place, month in enumerate(counts.months)}
    part = list(range(len(places)))
    for period in np.flatnonzero(shown).tolist():
        one, other = part[places[int(counts.start[period])]], part[places[int(counts.end[period])]]
        part = [one if number == other else number for number in part]
    numbers = {number: order for order, number in enumerate(dict.fromkeys(part))}
    return tuple(numbers[number] for number in part)


def _rules(partition: Partition) -> NDArray[np.float64]:
    """What a combination of steps that is known meets: it sums to 0 over each part.

    Given as a matrix that makes 0 of such a combination; added up, of all that they make 0 of together.
    """
    parts = _by_part(partition)
    found: NDArray[np.float64] = parts @ parts.T
    return found


def _by_part(partition: Sequence[int]) -> NDArray[np.float64]:
    found = np.zeros((len(partition), max(partition) + 1))
    found[np.arange(len(partition)), partition] = 1.0
    return found


def _joined(own: Partition, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal rows that span combinations of steps, where the months of one part are one."""
    _, size, vectors = np.linalg.svd(steps @ _by_part(own), full_matrices=False)
    found: NDArray[np.float64] = vectors[size > _DIGITS]
    return found


def _hide_one(
    counts: Counts,
    hide: NDArray[np.bool_],
    totals: NDArray[np.bool_],
    provider: int,
    span: tuple[int, int],
) -> int:
    """Hide one more count, of this provider if there is one, or else a total, or else one of another.

    Returns
    -------
    int
        Of which provider; the number after the last for a total.
    """
    first, last = (counts.months[place] for place in span)
    near = (counts.start < last) & (counts.end > first)
    shown = ~hide & counts.there & (counts.n > 0)
    way = _way(counts, ~hide[provider], first, last)
    for places in (shown[provider] & way, shown[provider] & near, shown[provider]):
        if places.any():
            hide[provider, _least(counts, places, counts.n[provider])] = True
            return provider
    for places in (totals & near, totals):
        if places.any():
            totals[_least(counts, places, counts.n.sum(axis=0))] = False
            return len(hide)
    other = int(np.flatnonzero(shown.any(axis=1))[0])
    hide[other, _least(counts, shown[other], counts.n[other])] = True
    return other


def _way(counts: Counts, shown: NDArray[np.bool_], first: int, last: int) -> NDArray[np.bool_]:
    """The shown counts along a shortest way from one month to another; none if there is no way."""
    reached: dict[int, list[int]] = {first: []}
    waiting = [first]
    for here in waiting:  # grows while it is gone through
        for period in np.flatnonzero(shown).tolist():
            ends = (int(counts.start[period]), int(counts.end[period]))
            there = ends[ends[0] == here]
            if here in ends and there not in reached:
                reached[there] = [*reached[here], period]
                waiting.append(there)
    return np.isin(np.arange(len(shown)), reached.get(last, []))


def _least(counts: Counts, places: NDArray[np.bool_], n: NDArray[np.float64]) -> int:
    """The shortest period of some, of several such the one with the fewest patients."""
    length = counts.end - counts.start
    return int(min(np.flatnonzero(places), key=lambda place: (length[place], n[place], place)))
