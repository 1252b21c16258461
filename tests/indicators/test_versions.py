"""Versions: what is the same, how far a number must be raised, and what may follow a status."""

from __future__ import annotations

import pytest

from indicators.levels import level_needed, version_fault
from indicators.versions import TRANSITIONS, content, field_changes, identity, with_status
from tests.indicators.build import dataset, indicator
from tests.indicators.test_attribution import SHARED, network_set


def test_the_same_said_otherwise_is_the_same() -> None:
    plain = identity(indicator())
    assert identity(indicator(minimum={"n": 1, "events_expected": 0})) == plain
    assert identity(indicator(population="age   >= \n 18")) == plain
    assert identity(indicator(status="draft")) == plain
    assert identity(indicator(norm={"value": "0.950", "kind": "target"})) == identity(
        indicator(norm={"value": 0.95, "kind": "target"})
    )


def test_a_steward_with_one_name_keeps_its_identity() -> None:
    named = content(indicator(steward="NVOG"))
    assert named["steward"] == "NVOG"
    both = content(indicator(steward={"nl": "de NVOG", "en": "the NVOG"}))
    assert both == named | {"steward": {"nl": "de NVOG", "en": "the NVOG"}}


def test_an_example_that_says_a_column_is_empty_is_told_from_one_that_does_not_name_it() -> None:
    example = indicator().model_dump(by_alias=True, exclude_defaults=True)["examples"][0]
    empty = example | {"given": example["given"] | {"weight": None}}
    before, after = (indicator(examples=[each]) for each in (example, empty))
    assert identity(before) != identity(after)
    for found in (field_changes(before, after), field_changes(after, before)):
        assert [(change.field, change.before, change.after) for change in found] == [
            ("examples.1.given.weight", None, None)
        ]
        assert level_needed("indicator", found) == "patch"


def test_another_meaning_is_another_identity() -> None:
    others = [
        indicator(population="age > 18"),
        indicator(population="age >= 18 or sex = 'a  b'"),
        indicator(population="age >= 18 or sex = 'a b'"),
        indicator(version="1.0.1"),
        indicator(minimum={"n": 2}),
        indicator(exclude=list(reversed(indicator().model_dump()["exclude"]))),
    ]
    assert len({identity(indicator()), *map(identity, others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("changes", "level", "fields"),
    [
        ({}, "patch", []),
        ({"steward": "KNOV"}, "patch", ["steward"]),
        ({"steward": {"nl": "NVOG", "en": "NVOG"}}, "patch", ["steward"]),
        ({"why": {"nl": "Omdat.", "en": "Because it counts."}}, "patch", ["why.nl"]),
        ({"population": "age >= 16"}, "minor", ["population"]),
        ({"minimum": {"n": 30}}, "minor", ["minimum"]),
        ({"case_mix": None}, "minor", ["case_mix"]),
        ({"outcome": {"kind": "binary", "when": "loss > 500", "better": "lower"}}, "major", ["outcome.when"]),
        ({"unit": "vsv"}, "major", ["unit"]),
    ],
)
def test_how_far_a_change_goes(changes: dict[str, object], level: str, fields: list[str]) -> None:
    found = field_changes(indicator(), indicator(**changes))
    assert [change.field for change in found] == fields
    assert level_needed("indicator", found) == level


def test_a_column_less_or_of_another_type_is_another_dataset() -> None:
    columns = dataset().model_dump(by_alias=True, exclude_defaults=True)["columns"]
    fewer = {name: column for name, column in columns.items() if name != "network"}
    more = columns | {"extra": {"type": "boolean"}}
    retyped = columns | {"network": {"type": "integer"}}
    levels = [
        level_needed("dataset", field_changes(dataset(), dataset(columns=changed)))
        for changed in (fewer, more, retyped)
    ]
    assert levels == ["major", "minor", "major"]


def test_a_share_of_a_network_is_a_minor_change_and_its_title_a_patch() -> None:
    def level(text: str) -> str:
        return level_needed("network_set", field_changes(network_set(SHARED), network_set(text)))

    assert level(SHARED.replace("en: Smokers", "en: Women who smoke")) == "patch"
    for right, wrong in (("south: 0.3}", "south: 0.35}"), ("weight: 0.75", "weight: 0.8"), ("> 100", "> 99")):
        assert level(SHARED.replace(right, wrong)) == "minor", wrong


def test_a_number_that_says_too_little() -> None:
    changes = field_changes(indicator(), indicator(population="age >= 16"))
    assert version_fault("indicator", "1.0.0", "1.0.1", changes) == (
        "since 1.0.0 this changed: population; that can change states or scores, and 1.0.1 says it is a "
        "patch change",
        "make it 1.1.0",
    )
    assert version_fault("indicator", "1.0.0", "1.1.0", changes) is None
    assert version_fault("indicator", "1.9.0", "1.10.0", changes) is None


def test_there_is_no_way_back_from_active() -> None:
    assert TRANSITIONS["active"] == ("retired",)
    assert TRANSITIONS["retired"] == ()


def test_a_status_is_written_into_the_text_and_nothing_else() -> None:
    assert with_status("a: b\nversion: 1.0.0\nc: d\n", "retired") == (
        "a: b\nversion: 1.0.0\nstatus: retired\nc: d\n"
    )
    assert with_status("a: b\nstatus: draft # still\n  status: x\n", "active") == (
        "a: b\nstatus: active\n  status: x\n"
    )
