"""Networks: sets of providers with the dates on which each was a member."""

from __future__ import annotations

import datetime as dt
import itertools

from pydantic import Field, model_validator

from indicators.words import Id, Part, Status, Text, Version


class Member(Part):
    """A provider's membership; ``until`` is the last day, or None while it lasts."""

    provider: str
    since: dt.date
    until: dt.date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Member:
        if self.until is not None and self.until < self.since:
            raise ValueError("the membership ends before it begins")
        return self


class Network(Part):
    """One network and its members."""

    name: str
    members: list[Member] = Field(min_length=1)


class NetworkSet(Part):
    """A set of networks of one kind, such as all VSVs. A provider is in one of them at a time."""

    network_set: Id
    version: Version
    status: Status = "active"
    title: Text
    generated: bool = False
    networks: dict[str, Network] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_at_a_time(self) -> NetworkSet:
        spans: dict[str, list[tuple[dt.date, dt.date, str]]] = {}
        for code, network in self.networks.items():
            for member in network.members:
                span = (member.since, member.until or dt.date.max, code)
                spans.setdefault(member.provider, []).append(span)
        for provider, held in spans.items():
            held.sort()
            for (_, end, one), (start, _, other) in itertools.pairwise(held):
                if start <= end:
                    raise ValueError(f"provider {provider} is in {one} and {other} on {start}")
        return self
