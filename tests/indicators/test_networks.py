"""Networks: a provider is in one of a set at a time."""

from __future__ import annotations

import pytest

from tests.indicators.build import NETWORKS, messages, networks

MISTAKES = [
    (
        "until: 2024-06-30",
        "until: 2024-07-01",
        "vsv.yaml:13: networks.south.members.1: provider P1 is in north and south on 2024-07-01; "
        "a membership ends the day before",
    ),
    (
        "{provider: P2, since: 2020-01-01}",
        "{provider: P1, since: 2024-01-01, until: 2024-02-01}",
        "vsv.yaml:9: networks.north.members.2: provider P1 is twice in north on 2024-01-01; "
        "a membership ends the day before",
    ),
    (
        "until: 2024-06-30",
        "until: 2019-06-30",
        "vsv.yaml:8: networks.north.members.1.until: the membership ends before it begins",
    ),
    (
        "until: 2024-06-30",
        "until: 30-06-2024",
        "vsv.yaml:8: networks.north.members.1.until: '30-06-2024': expected a day, written YYYY-MM-DD",
    ),
    (
        "until: 2024-06-30",
        "until: 2024-06-31",
        "vsv.yaml:8: networks.north.members.1.until: '2024-06-31': there is no such day",
    ),
    # a year without quotes is a number, and a number is not seconds since 1970
    (
        "until: 2024-06-30",
        "until: 2024",
        "vsv.yaml:8: networks.north.members.1.until: '2024': expected a day, written YYYY-MM-DD",
    ),
    (
        "until: 2024-06-30",
        "until: 86400",
        "vsv.yaml:8: networks.north.members.1.until: '86400': expected a day, written YYYY-MM-DD",
    ),
    (
        "provider: P2",
        "provider: 1234",
        "vsv.yaml:9: networks.north.members.2.provider: '1234': expected text (put it between quotes)",
    ),
    (
        "network_set: vsv",
        "network_set: provider",
        "vsv.yaml:1: network_set: 'unit: provider' means no network: choose another name",
    ),
    ("    name: North\n", "", "vsv.yaml:5: networks.north.name: this field is missing"),
    (
        "members:\n      - {provider: P1, since: 2024-07-01}",
        "members: []",
        "vsv.yaml:12: networks.south.members: expected at least 1 of them, found 0",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES, ids=[wrong for _, wrong, _ in MISTAKES])
def test_a_mistake_as_its_author_sees_it(right: str, wrong: str, message: str) -> None:
    assert right in NETWORKS
    assert messages(NETWORKS.replace(right, wrong, 1), "vsv.yaml") == [message]


def test_a_provider_may_move_on_the_next_day() -> None:
    assert messages(NETWORKS, "vsv.yaml") == []
    assert [member.provider for member in networks().networks["north"].members] == ["P1", "P2"]
