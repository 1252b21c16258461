"""A frozen model of an earlier year, re-centred as NHS England does, on the records of NHS PROMs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_db.library import library_files
from registry_db.registry import Registry
from tests.registry_db.test_nhs_published import archive, beside_official

pytestmark = pytest.mark.data
FROZEN = "estimators: {reference: {period: 2016/17, recalibration: re-centre}}\nminimum:"
JOINTS = {"hip": "Hip Replacement Provider", "knee": "Knee Replacement Provider"}
MEASURES = pytest.mark.parametrize(
    ("joint", "measure", "published_as", "providers", "nearest"),
    [
        ("hip", "eq5d", "EQ-5D Index", 230, 0.945),
        ("hip", "oxford", "Oxford Hip Score", 234, 0.900),
        ("knee", "eq5d", "EQ-5D Index", 234, 0.915),
        ("knee", "oxford", "Oxford Knee Score", 237, 0.922),
    ],
)


@pytest.fixture(scope="module")
def registry(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Both years of replacements; each own model of a year beside the one of 2016/17, frozen."""
    folder = tmp_path_factory.mktemp("recentred")
    files = []
    for file in library_files("nhs-proms"):
        wanted = (f"nhs-{joint}{part}." for joint in JOINTS for part in ("", "-eq5d", "-oxford"))
        if not file.name.startswith(tuple(wanted)):
            continue
        # without the response, which stands in deliveries of another kind
        text = re.sub(r"^response: .*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (folder / file.name).write_text(text, encoding="utf-8")
        files.append(folder / file.name)
        if "indicator" in file.name:
            id = file.name.partition(".")[0]
            frozen = folder / f"{id}-frozen.indicator.yaml"
            text = text.replace(f"indicator: {id}", f"indicator: {id}-frozen")
            frozen.write_text(text.replace("minimum:", FROZEN, 1), encoding="utf-8")
            files.append(frozen)
    with Registry.create(folder / "nhs", name="NHS") as made:
        made.define(files)
        for period in ("2016/17", "2018/19"):
            for joint, name in JOINTS.items():
                made.deliver(f"nhs-{joint}", archive(shared, name, period))
        assert not [note for item in made.score() for note in item.notes]
        yield made


@MEASURES
def test_a_frozen_model_re_centred_follows_what_the_nhs_published_of_a_later_year(
    registry: Registry,
    shared: Path,
    joint: str,
    measure: str,
    published_as: str,
    providers: int,
    nearest: float,
) -> None:
    """It comes nearer than a model of the year itself: the NHS's own is frozen, too."""
    own, frozen = (
        beside_official(registry, shared, f"nhs-{joint}-{measure}{kind}", published_as, "2018/19")
        for kind in ("", "-frozen")
    )
    near = frozen["adjusted"].corr(frozen["official_gain"])
    assert len(frozen) == len(own) == providers
    assert near > own["adjusted"].corr(own["official_gain"])
    assert near >= nearest


@pytest.mark.parametrize("joint", JOINTS)
@pytest.mark.parametrize("measure", ["eq5d", "oxford"])
def test_re_centring_brings_expectations_to_the_level_of_the_year(
    registry: Registry, joint: str, measure: str
) -> None:
    scores = registry.scores(f"nhs-{joint}-{measure}-frozen", period="2018/19")
    observed, expected = (scores["n"] @ scores[name] for name in ("observed", "expected"))
    assert expected == pytest.approx(observed, rel=1e-12)
    models = registry.models().set_index(["indicator", "period"])["model"]
    frozen = models[f"nhs-{joint}-{measure}-frozen"]
    # one model, that of the first year, in use in both
    assert frozen.to_dict() == {"2016/17": models[f"nhs-{joint}-{measure}", "2016/17"]}
    assert models[f"nhs-{joint}-{measure}", "2018/19"] != frozen["2016/17"]
