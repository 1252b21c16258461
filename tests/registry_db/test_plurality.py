"""A record goes to the network that gave most of the care: from delivered contacts to scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indicators.cohort import NO_NETWORK
from indicators.faults import DefinitionError
from registry_db.registry import Registry
from tests.registry_db.build import FALL, VISIT, make_registry, text, visit, write

CONTACTS = """\
tables:
  contact:
    link: {visit: visit}
    columns:
      visit: {type: text, required: true}
      giver: {type: text, required: true}
      on_day: {type: date, required: true}
      minutes: {type: integer, required: true}
"""
TOWNS = """\
network_set: town
version: 1.0.0
title: {nl: Steden, en: Towns}
networks:
  T1: {name: Town 1, members: [{provider: north, since: 2020-01-01}, {provider: east, since: 2020-01-01}]}
  T2: {name: Town 2, members: [{provider: south, since: 2020-01-01}]}
attribution:
  - dataset: visit
    plurality:
      of: contact
      provider: giver
      by: on_day
      between: ["add_days(day, -30)", "add_days(day, -1)"]
      sum: minutes
      counted_per: network
      ties: latest-care-then-lowest-code
"""
OF_TOWNS = FALL.replace("dataset: visit\n", "dataset: visit\nunit: town\n").partition("case_mix:")[0] + (
    "show:" + FALL.partition("show:")[2]
)
# Visits are on 2024-03-01; for whom each counts, and why.
CARE = """\
visit,giver,on_day,minutes
v1,north,2024-02-20,30
v1,south,2024-02-21,40
v1,east,2024-02-22,20
v2,south,2024-02-01,10
v2,north,2024-01-30,90
v3,west,2024-02-20,50
v3,north,2024-02-20,40
v4,north,2024-02-20,20
v4,south,2024-02-21,20
v6,south,2024-03-01,60
v6,east,2024-02-29,10
v7,north,2024-02-20,25
v7,south,2024-02-20,25
"""
GOES_TO = {
    "v1": "T1",  # 50 minutes of its two clinics against 40
    "v2": "T2",  # 90 minutes were before the window
    "v3": NO_NETWORK,  # most by a clinic in no town
    "v4": "T2",  # as much, and later
    "v5": NO_NETWORK,  # no care
    "v6": "T1",  # care of the day itself is after the window
    "v7": "T1",  # as much, and as late: the lowest code
}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    definitions = {
        "visit.dataset.yaml": VISIT + CONTACTS,
        "town.network.yaml": TOWNS,
        "visit-fall.indicator.yaml": OF_TOWNS,
    }
    with Registry(make_registry(tmp_path / "registry", definitions)) as opened:
        lines = [visit(number, fell=str(number % 2)) for number in range(1, 8)]
        opened.deliver("visit", write(tmp_path, text(lines)))
        opened.deliver("visit.contact", write(tmp_path, CARE, "care.csv"))
        yield opened


def test_records_go_to_who_gave_most(registry: Registry) -> None:
    registry.score()
    scores = registry.scores("visit-fall").set_index("provider")
    for network in set(GOES_TO.values()):
        own = [visit for visit, goes_to in GOES_TO.items() if goes_to == network]
        assert scores.loc[network, "n"] == len(own), network
        assert scores.loc[network, "observed"] == sum(int(visit[1:]) % 2 for visit in own), network
    assert registry.states("visit-fall")["n"].sum() == len(GOES_TO)


def test_a_network_set_is_held_against_its_dataset_when_it_is_defined(
    registry: Registry, tmp_path: Path
) -> None:
    wrong = TOWNS.replace("version: 1.0.0", "version: 1.1.0").replace("provider: giver", "provider: given")
    with pytest.raises(DefinitionError) as error:
        registry.define([write(tmp_path, wrong, "town.network.yaml")])
    assert [str(fault) for fault in error.value.faults] == [
        "town.network.yaml:11: attribution.1.plurality.provider: table 'contact' has no delivered column "
        "'given' (did you mean 'giver'?)"
    ]


def test_a_dataset_keeps_what_its_network_sets_read(registry: Registry, tmp_path: Path) -> None:
    without = (VISIT + CONTACTS).replace("version: 1.0.0", "version: 2.0.0").replace("on_day:", "at_day:")
    with pytest.raises(DefinitionError) as error:
        registry.define([write(tmp_path, without, "visit.dataset.yaml")])
    assert [str(fault) for fault in error.value.faults] == [
        "visit.dataset.yaml:1: dataset: network set town 1.0.0: attribution.1.plurality.by: table 'contact' "
        "has no delivered column 'on_day' (did you mean 'at_day'?)"
    ]
