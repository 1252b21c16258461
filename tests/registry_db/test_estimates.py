"""Estimators that a definition chooses: what is stored is what the records themselves give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from registry_db.faults import RegistryError
from registry_db.reader import Publications
from registry_db.registry import Registry
from risk_models.between import predicted_expected
from risk_models.design import Term
from risk_models.random_intercept import fit_random_intercept
from tests.registry_db.build import DEFINITIONS, FALL, make_registry, text, visits, write

SIZES = {"north": 200, "south": 150, "east": 120, "west": 90, "island": 60, "dike": 4}


def registry_with(folder: Path, block: str) -> Registry:
    """A registry with falls of 2024 and 2025, the definition with a block of estimators."""
    changed = FALL.replace("show:", f"estimators: {block}\nshow:")
    made = make_registry(folder / "registry", DEFINITIONS | {"visit-fall.indicator.yaml": changed})
    registry = Registry(made)
    for year in (2024, 2025):
        lines = visits(seed=year, sizes=SIZES, year=year)
        registry.deliver("visit", write(folder, text(lines), f"visits-{year}.csv"))
    return registry


def counted(registry: Registry, period: str) -> pd.DataFrame:
    """The records that count, straight from the vault, by rules written here."""
    return registry.con.execute(
        """select clinic, sex, age::double as age, fell::int::double as y from record_visit
        where year(day) = ? and age >= 18 and not (weight > 150) and fell is not null and sex is not null""",
        [int(period)],
    ).df()


def test_shrunken_values_are_those_of_a_fit_on_records(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{beside: [shrunken, direct]}") as registry:
        registry.con.execute("update record_visit set fell = true where clinic = 'west' and age % 3 = 0")
        assert not [note for item in registry.score() for note in item.notes]
        frame = registry.estimates("visit-fall", period="2024").pivot(index="provider", columns="estimator")
        scores = registry.scores("visit-fall", period="2024").set_index("provider")
        records = counted(registry, "2024")
    codes = sorted(SIZES)
    provider = records["clinic"].map(codes.index).to_numpy()
    columns = {"sex": records["sex"].to_numpy(), "age": records["age"].to_numpy()}
    terms = [Term("sex", "category", reference="male"), Term("age", "number")]
    ones, y = np.ones(len(records)), records["y"].to_numpy()
    model = fit_random_intercept(
        "logistic", terms, columns,
        provider=provider, providers=len(codes), n=ones, sum_y=y, average_tau=True,
    )  # fmt: skip
    eta = model.linear_predictor(columns)
    wanted = predicted_expected(
        "logistic", eta, ones, provider=provider, effect=model.mean_total, sd=model.sd_total
    )
    for part in ("value", "lower", "upper"):
        found = frame[part].loc[codes]
        name = {"value": "ratio"}.get(part, part)
        np.testing.assert_allclose(found["predicted-expected"], getattr(wanted, name), rtol=1e-6)
        np.testing.assert_allclose(found["shrunken"], found["predicted-expected"] * y.mean(), rtol=1e-12)
    value = frame["value"].loc[codes]
    assert (frame["lower"]["rank"] >= 1).all()
    assert (frame["upper"]["rank"] <= len(codes)).all()
    assert value["rank"].sum() == pytest.approx(len(codes) * (len(codes) + 1) / 2)
    assert ((value["probability-worse"] > 0.5) == (value["predicted-expected"] > 1)).all()
    assert value["rank"].idxmax() == value["probability-worse"].idxmax() == "west"
    away = scores["ratio"].loc[codes] - 1
    assert abs(value["predicted-expected"]["west"] - 1) < abs(away["west"])
    assert (np.sign(value["direct"] - y.mean()) == np.sign(away)).all()


def test_values_of_five_providers_are_not_shrunken(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{beside: [shrunken, direct]}") as registry:
        registry.con.execute("delete from record_visit where clinic = 'dike'")
        notes = [note for item in registry.score() for note in item.notes]
        found = registry.estimates("visit-fall", period="2024")
    assert set(found["estimator"]) == {"direct"}
    assert any("no 'shrunken' beside the score: 5 providers have records" in note for note in notes)


def test_a_norm_is_what_worse_is_held_against(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{beside: [shrunken]}\nnorm: {value: 0.9, kind: minimum}") as registry:
        registry.score()
        found = registry.estimates("visit-fall", period="2024")
    assert (found[found["estimator"] == "probability-worse"]["value"] < 1e-6).all()


@pytest.mark.parametrize("recalibration", ["none", "in-the-large", "re-centre"])
def test_a_frozen_model_is_applied_to_later_periods(tmp_path: Path, recalibration: str) -> None:
    block = f"{{reference: {{period: '2024', recalibration: {recalibration}}}}}"
    with registry_with(tmp_path, block) as registry:
        registry.score()
        models = registry.models().query("indicator == 'visit-fall'")
        scores = registry.scores("visit-fall", period="2025").set_index("provider")
        records = counted(registry, "2025")
        used = registry.con.execute(
            "select distinct model from benchmark where indicator = 'visit-fall'"
        ).fetchall()
    assert list(models["period"]) == ["2024"]
    assert used == [(models["model"].iloc[0],)]
    stored = json.loads(models["model_json"].iloc[0])
    intercept, female, age = stored["coefficients"]
    centre = stored["design"]["terms"][1]["centre"]
    eta = intercept + female * (records["sex"] == "female") + age * (records["age"] - centre)
    risk = 1 / (1 + np.exp(-eta))
    total = scores["expected"].sum()
    if recalibration == "none":
        by_clinic = risk.groupby(records["clinic"]).sum()
        np.testing.assert_allclose(scores["expected"], by_clinic.loc[scores.index], rtol=1e-9)
        assert abs(total - records["y"].sum()) > 0.5
    else:
        assert total == pytest.approx(records["y"].sum(), rel=1e-9)
    # a change of all clinics together is in their rates once, not in the ratio and again in the level
    everyone = (scores["adjusted"] * scores["expected"]).sum() / total
    assert everyone == pytest.approx(records["y"].mean(), rel=1e-9)
    if recalibration == "re-centre":
        by_clinic = risk.groupby(records["clinic"]).sum() * records["y"].sum() / risk.sum()
        np.testing.assert_allclose(scores["expected"], by_clinic.loc[scores.index], rtol=1e-9)


def test_a_reference_period_without_records_says_so(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{reference: {period: '2019'}}") as registry:
        [note, _] = [note for item in registry.score() for note in item.notes]
        bands = set(registry.scores("visit-fall")["band"])
    assert note == "visit-fall 2024: there are no records of 2019, the period of the reference model"
    assert bands == {"not-assessable"}


def test_a_poisson_test_of_a_common_event_is_refused(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{test: poisson}") as registry:
        notes = [note for item in registry.score() for note in item.notes]
        scores = registry.scores("visit-fall")
    assert len(notes) == 2
    assert all("the event is not rare" in note for note in notes)
    assert scores["adjusted"].isna().all()


def test_allowing_for_overdispersion_widens_the_limits(tmp_path: Path) -> None:
    frames = {}
    for name in ("none", "additive"):
        folder = tmp_path / name
        folder.mkdir()
        with registry_with(folder, f"{{overdispersion: {name}}}") as registry:
            # one clinic far off makes the others look over-dispersed
            registry.con.execute("update record_visit set fell = true where clinic in ('north', 'west')")
            registry.score()
            frames[name] = registry.scores("visit-fall", period="2024").set_index("provider")
    some = ["north", "south", "east"]
    width = {name: (frame["high95"] - frame["low95"]).loc[some] for name, frame in frames.items()}
    assert (width["additive"] > width["none"]).all()


def test_the_publication_has_them_but_not_of_hidden_organisations(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{beside: [shrunken]}") as registry:
        ran = registry.run()
        folder = registry.folder
    assert ran.published.suppressed
    reader = Publications(folder).newest()
    hidden = {score.provider for score in reader.scores("visit-fall", period="2024") if score.suppressed}
    found = reader.estimates("visit-fall", version="1.0.0", period="2024")
    assert "dike" in hidden
    assert {row.provider for row in found} == set(SIZES) - hidden
    assert {row.estimator for row in found} == {"shrunken", "predicted-expected", "probability-worse", "rank"}


def test_nothing_is_asked_beside_the_score(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{test: exact}") as registry, pytest.raises(RegistryError) as caught:
        registry.estimates("visit-fall")
    assert str(caught.value) == (
        "the definition of visit-fall asks for nothing beside its score\n"
        "  a version with, say, 'estimators: {beside: [shrunken]}' does"
    )
