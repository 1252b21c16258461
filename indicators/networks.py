"""Networks: sets of providers with the dates on which each was a member."""

from __future__ import annotations

import datetime as dt
import itertools

from pydantic import Field, model_validator

from indicators.words import Day, Id, Part, Status, Text, Version, fault_at


class Member(Part):
    """A provider's membership; ``until`` is the last day, or None while it lasts."""

    provider: str = Field(min_length=1)
    since: Day
    until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Member:
        if self.until is not None and self.until < self.since:
            raise fault_at("the membership ends before it begins", "until")
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
        held: dict[str, list[tuple[dt.date, dt.date, str, int]]] = {}
        for code, network in self.networks.items():
            for number, member in enumerate(network.members):
                span = (member.since, member.until or dt.date.max, code, number)
                held.setdefault(member.provider, []).append(span)
        for provider, spans in held.items():
            spans.sort()
            for (_, end, one, _), (start, _, other, number) in itertools.pairwise(spans):
                if start <= end:
                    where = f"in {one} and {other}" if one != other else f"twice in {one}"
                    message = f"provider {provider} is {where} on {start}; a membership ends the day before"
                    raise fault_at(message, "networks", other, "members", number)
        return self

    @model_validator(mode="after")
    def _not_the_word_for_no_network(self) -> NetworkSet:
        if self.network_set == "provider":
            raise fault_at("'unit: provider' means no network: choose another name", "network_set")
        return self
