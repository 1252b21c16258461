"""A frozen model of an earlier year, re-centred as NHS England does, on the records of NHS PROMs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_db.library import library_files
from registry_db.registry import Registry
from tests.registry_db.test_nhs_published import archive, beside_official

pytestmark = pytest.mark.data
FROZEN = "estimators: {reference: {period: 2016/17, recalibration: re-centre}}\nminimum:"
MEASURES = [("eq5d", "EQ-5D Index"), ("oxford", "Oxford Hip Score")]


@pytest.fixture(scope="module")
def registry(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Both years of hip replacements; each own model of a year beside the one of 2016/17, frozen."""
    folder = tmp_path_factory.mktemp("recentred")
    files = []
    for file in library_files("nhs-proms"):
        if not file.name.startswith(("nhs-hip.", "nhs-hip-eq5d.", "nhs-hip-oxford.")):
            continue
        text = file.read_text(encoding="utf-8")
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
            made.deliver("nhs-hip", archive(shared, "Hip Replacement Provider", period))
        assert not [note for item in made.score() for note in item.notes]
        yield made


@pytest.mark.parametrize(("measure", "published_as"), MEASURES)
def test_a_frozen_model_re_centred_follows_what_the_nhs_published_of_a_later_year(
    registry: Registry, shared: Path, measure: str, published_as: str
) -> None:
    """It comes nearer than a model of the year itself: the NHS's own is frozen, too."""
    own, frozen = (
        beside_official(registry, shared, f"nhs-hip-{measure}{kind}", published_as, "2018/19")
        for kind in ("", "-frozen")
    )
    assert len(frozen) == len(own) >= 230
    near = frozen["adjusted"].corr(frozen["official_gain"])
    assert near > own["adjusted"].corr(own["official_gain"])
    assert near >= {"eq5d": 0.945, "oxford": 0.900}[measure]


@pytest.mark.parametrize(("measure", "published_as"), MEASURES)
def test_re_centring_brings_expectations_to_the_level_of_the_year(
    registry: Registry, measure: str, published_as: str
) -> None:
    scores = registry.scores(f"nhs-hip-{measure}-frozen", period="2018/19")
    observed, expected = (scores["n"] @ scores[name] for name in ("observed", "expected"))
    assert expected == pytest.approx(observed, rel=1e-12)
    models = registry.models().set_index(["indicator", "period"])["model"]
    frozen = models[f"nhs-hip-{measure}-frozen"]
    # one model, that of the first year, in use in both
    assert frozen.to_dict() == {"2016/17": models[f"nhs-hip-{measure}", "2016/17"]}
    assert models[f"nhs-hip-{measure}", "2018/19"] != frozen["2016/17"]
