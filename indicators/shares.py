"""For how much a provider's records count for each network, day by day.

Memberships and shares are laid out in time. On every day the weights of a provider add up to 1: what its
networks leave is a share too, of no network. So a total over networks, with that part, is one over records.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from indicators.attribution import WHOLE, RecordClass
from indicators.networks import NetworkSet

LAST_DAY = dt.date.max


@dataclass(frozen=True, slots=True)
class Share:
    """For how much a provider's records count for one network, from one day to another.

    Attributes
    ----------
    number : int
        0 for records that go by membership; else the class, counted from 1 over all datasets of the set.
    network : str or None
        None for what is outside every network.
    since, until : date
        First and last day.
    weight : Decimal
        Above 0, at most 1.
    first : bool
        Whether it is the first of the provider's shares on these days: so each record is counted once.
    """

    number: int
    provider: str
    network: str | None
    since: dt.date
    until: dt.date
    weight: Decimal
    first: bool


Held = tuple[dt.date, dt.date, str, Decimal]


def shares(network_set: NetworkSet) -> list[Share]:
    """Lay out every share of a set of networks.

    Returns
    -------
    list of Share
        Of each class (0 for membership) and provider, spans of days that do not overlap, in each of which
        the weights add up to 1. A provider without a span on a day is outside every network with all of its
        records; it has no share.
    """
    members = _memberships(network_set)
    found = [*_laid_out(0, members)]
    for number, one in enumerate(classes(network_set), start=1):
        found += _laid_out(number, _of_class(one, members))
    return found


def classes(network_set: NetworkSet, dataset: str | None = None) -> Iterator[RecordClass]:
    """Give the classes of a set in order; of one dataset if it is named."""
    for entry in network_set.attribution:
        if dataset in (None, entry.dataset):
            yield from entry.classes


def class_numbers(network_set: NetworkSet, dataset: str) -> Iterator[tuple[int, RecordClass]]:
    """Give the classes of a dataset with the numbers that their shares have."""
    number = 0
    for entry in network_set.attribution:
        for one in entry.classes:
            number += 1
            if entry.dataset == dataset:
                yield number, one


def counts_in_part(network_set: NetworkSet, dataset: str) -> bool:
    """Whether a record of a dataset can count for a network for less than all of it."""
    tables = (row.networks.values() for one in classes(network_set, dataset) for row in one.shares)
    weights = itertools.chain(
        (member.weight for network in network_set.networks.values() for member in network.members), *tables
    )
    return any(weight < WHOLE for weight in weights)


def _memberships(network_set: NetworkSet) -> dict[str, list[Held]]:
    held: dict[str, list[Held]] = {}
    for code, network in network_set.networks.items():
        for member in network.members:
            span = (member.since, member.until or LAST_DAY, code, member.weight)
            held.setdefault(member.provider, []).append(span)
    return held


def _of_class(one: RecordClass, members: dict[str, list[Held]]) -> dict[str, list[Held]]:
    """Shares of a class, and where these say nothing and it is said so, memberships."""
    held: dict[str, list[Held]] = {}
    for row in one.shares:
        held.setdefault(row.provider, []).extend(
            (row.since, row.until or LAST_DAY, code, share) for code, share in row.networks.items()
        )
    if one.other_providers == "as-members":
        for provider, spans in members.items():
            own = held.get(provider, [])
            free = list(_free(sorted({(since, until) for since, until, _, _ in own})))
            cut = [
                (max(since, start), min(until, end), code, weight)
                for since, until, code, weight in spans
                for start, end in free
            ]
            held[provider] = [*own, *(span for span in cut if span[0] <= span[1])]
    return held


def _free(taken: Sequence[tuple[dt.date, dt.date]]) -> Iterator[tuple[dt.date, dt.date]]:
    """Spans of days that no taken one covers; those are in order and do not overlap."""
    start = dt.date.min
    for since, until in taken:
        if start < since:
            yield start, since - dt.timedelta(days=1)
        if until == LAST_DAY:
            return
        start = until + dt.timedelta(days=1)
    yield start, LAST_DAY


def _laid_out(number: int, held: dict[str, list[Held]]) -> Iterator[Share]:
    for provider, spans in held.items():
        for since, until, here in segments(spans):
            rest = WHOLE - sum(weight for _, weight in here)
            parts: list[tuple[str | None, Decimal]] = [*here, *([(None, rest)] if rest else [])]
            for place, (network, weight) in enumerate(parts):
                yield Share(number, provider, network, since, until, weight, place == 0)


def segments(spans: Iterable[Held]) -> Iterator[tuple[dt.date, dt.date, list[tuple[str, Decimal]]]]:
    """Cut spans of days at each day on which any begins or has ended; give what holds in each piece."""
    spans = list(spans)
    starts = {since for since, _, _, _ in spans}
    ends = {until + dt.timedelta(days=1) for _, until, _, _ in spans if until < LAST_DAY}
    cuts = sorted(starts | ends)
    for start, following in itertools.zip_longest(cuts, cuts[1:]):
        here = [(code, weight) for since, until, code, weight in spans if since <= start <= until]
        if here:
            yield start, following - dt.timedelta(days=1) if following else LAST_DAY, sorted(here)
