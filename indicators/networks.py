"""Networks: sets of providers with the dates on which each was a member, and for how much it counts."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

from pydantic import Field, model_validator

from indicators.attribution import WHOLE, DatasetAttribution, RecordClass, Weight
from indicators.faults import did_you_mean
from indicators.words import Day, Id, Part, Status, Text, Version, fault_at


class Member(Part):
    """A provider's membership.

    Attributes
    ----------
    until : date or None
        The last day; None while it lasts.
    weight : number
        For how much the provider's records count for this network: above 0 and at most 1, with two decimals
        at most. What the weights of a provider leave of 1 on a day is outside every network.
    """

    provider: str = Field(min_length=1)
    since: Day
    until: Day | None = None
    weight: Weight = WHOLE

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
    """A set of networks of one kind, such as all VSVs.

    A provider is in one of them at a time, or in several with weights that are at most 1 together.

    Attributes
    ----------
    attribution : list of DatasetAttribution
        Datasets whose records do not simply count by the membership of their provider.
    """

    network_set: Id
    version: Version
    status: Status = "active"
    title: Text
    generated: bool = False
    networks: dict[str, Network] = Field(min_length=1)
    attribution: list[DatasetAttribution] = Field(default_factory=list)

    @model_validator(mode="after")
    def _a_whole_at_most(self) -> NetworkSet:
        held: dict[str, list[tuple[dt.date, dt.date, str, int, Decimal]]] = {}
        for code, network in self.networks.items():
            for number, member in enumerate(network.members):
                span = (member.since, member.until or dt.date.max, code, number, member.weight)
                held.setdefault(member.provider, []).append(span)
        for provider, spans in held.items():
            spans.sort()
            for place, span in enumerate(spans):
                _check_beside(provider, span, [one for one in spans[:place] if span[0] <= one[1]])
        return self

    @model_validator(mode="after")
    def _not_the_word_for_no_network(self) -> NetworkSet:
        if self.network_set == "provider":
            raise fault_at("'unit: provider' means no network: choose another name", "network_set")
        return self

    @model_validator(mode="after")
    def _attribution_fits(self) -> NetworkSet:
        datasets = [entry.dataset for entry in self.attribution]
        for number, entry in enumerate(self.attribution):
            path = ("attribution", number)
            if entry.dataset in datasets[:number]:
                raise fault_at(f"'{entry.dataset}' stands here twice", *path, "dataset")
            for place, one in enumerate(entry.classes):
                self._check_class(one, (*path, "classes", place))
            if entry.plurality:
                self._check_whole(path)
        return self

    def _check_class(self, one: RecordClass, path: tuple[str | int, ...]) -> None:
        spans: dict[str, list[tuple[dt.date, dt.date, int]]] = {}
        for number, row in enumerate(one.shares):
            for code in row.networks:
                if code not in self.networks:
                    hint = did_you_mean(code, self.networks)
                    message = f"there is no network '{code}' in this set ({hint})"
                    raise fault_at(message, *path, "shares", number, "networks", code)
            spans.setdefault(row.provider, []).append((row.since, row.until or dt.date.max, number))
        for provider, held in spans.items():
            held.sort()
            for (_, end, earlier), (start, _, number) in itertools.pairwise(held):
                if start <= end:
                    message = (
                        f"provider {provider} has shares on {start} in shares.{earlier + 1} too; "
                        "these end the day before"
                    )
                    raise fault_at(message, *path, "shares", number)

    def _check_whole(self, path: tuple[str | int, ...]) -> None:
        for code, network in self.networks.items():
            for number, member in enumerate(network.members):
                if member.weight < WHOLE:
                    message = (
                        f"a record goes whole to who gave most of the care, and provider {member.provider} "
                        f"counts for {member.weight} in {code} (networks.{code}.members.{number + 1})"
                    )
                    raise fault_at(message, *path, "plurality")


def _check_beside(
    provider: str,
    span: tuple[dt.date, dt.date, str, int, Decimal],
    earlier: list[tuple[dt.date, dt.date, str, int, Decimal]],
) -> None:
    """Refuse a membership beside those that last on its first day, where they are too much together."""
    start, _, code, number, weight = span
    total = weight + sum(one[-1] for one in earlier)
    twice = any(one[2] == code for one in earlier)
    if not twice and total <= WHOLE:
        return
    if twice or all(one[-1] == WHOLE for one in (span, *earlier)):
        before = code if twice else earlier[-1][2]
        where = f"twice in {code}" if twice else f"in {before} and {code}"
        message = f"provider {provider} is {where} on {start}; a membership ends the day before"
    else:
        listed = ", ".join(f"{w} in {c} (networks.{c}.members.{n + 1})" for _, _, c, n, w in earlier)
        message = (
            f"provider {provider} counts for {total} on {start}: {weight} in {code} beside {listed}; "
            "expected at most 1 together"
        )
    raise fault_at(message, "networks", code, "members", number)
