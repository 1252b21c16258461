"""What a definition says of levels, interactions and missing values, held against fits on the records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from registry_db.effects import effects
from registry_db.published_models import Model
from registry_db.registry import Registry
from risk_models.model_card_page import card_html
from tests.registry_db.build import DEFINITIONS, FALL, HEADER, VISIT, make_registry, text, visits, write

SIZES = {"north": 300, "south": 220, "east": 180, "west": 150, "island": 120}
TERMS = FALL[FALL.index("case_mix:\n") + 10 : FALL.index("show:")]
WARDS = {2024: ["heart", "lung", "skin"], 2025: ["heart", "lung", "skin", "eye"]}


def registry_with(folder: Path, terms: str, *, extra: str = "") -> Registry:
    """Falls of two years on wards, one of which is new in the second; a case mix as given."""
    fall = FALL.replace(TERMS, terms).replace("show:", f"{extra}show:")
    fall = fall.replace("sex: male}", "sex: male, ward: heart}")
    definitions = DEFINITIONS | {
        "visit.dataset.yaml": VISIT + "  ward: {type: text}\n  bmi: {type: decimal, decimals: 1}\n",
        "visit-fall.indicator.yaml": fall,
    }
    registry = Registry(make_registry(folder / "registry", definitions))
    for year, wards in WARDS.items():
        draw = np.random.default_rng(year)
        lines = visits(seed=year, sizes=SIZES, year=year)
        share = {"heart": 6, "lung": 3, "skin": 0.2, "eye": 0.3}
        odds = np.array([share[ward] for ward in wards])
        lines = [line | {"ward": str(draw.choice(wards, p=odds / odds.sum()))} for line in lines]
        lines = [line | {"bmi": _bmi(draw, line)} for line in lines]
        file = write(folder, text(lines, (*HEADER, "ward", "bmi")), f"visits-{year}.csv")
        registry.deliver("visit", file)
    return registry


def _bmi(draw: np.random.Generator, line: dict[str, str]) -> str:
    """A weight for the height that goes with falling, and is less often known of who fell."""
    fell = line["fell"] == "1"
    return "" if draw.random() < (0.4 if fell else 0.2) else f"{draw.normal(28 if fell else 26, 4):.1f}"


def counted(registry: Registry, period: str) -> pd.DataFrame:
    """The records that count, straight from the vault, by rules written here."""
    return registry.con.execute(
        """select clinic, sex, ward, bmi::double as bmi, age::double as age, fell::int::double as y
        from record_visit where year(day) = ? and age >= 18 and not (weight > 150) and fell is not null
            and sex is not null""",
        [int(period)],
    ).df()


def fitted(columns: list[Any], y: Any) -> LogisticRegression:
    return LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(np.column_stack(columns), y)


def notes(registry: Registry) -> list[str]:
    return [note for item in registry.score() for note in item.notes]


def expected(registry: Registry, period: str) -> pd.Series:
    return registry.scores("visit-fall", period=period).set_index("provider")["expected"]


SEX = "  - {term: sex, as: category, reference: male}\n"
FROZEN = "estimators: {reference: {period: '2024'}}\n"


def test_a_level_that_the_frozen_model_does_not_know_is_refused_with_words(tmp_path: Path) -> None:
    with registry_with(tmp_path, SEX + "  - {term: ward, as: category}\n", extra=FROZEN) as registry:
        [note] = notes(registry)
        bands = registry.scores("visit-fall").groupby("period")["band"].unique()
        values = registry.scores("visit-fall", period="2025")["adjusted"]
    assert note == (
        "visit-fall 2025: the reference model does not go with these records: term 'ward': level 'eye' was "
        "not seen when the model was fitted (known: heart, lung, skin); recode it to one of these, or fit "
        "the model anew"
    )
    assert set(bands["2025"]) == {"not-assessable"}
    assert values.isna().all()
    assert set(bands["2024"]) != {"not-assessable"}


def test_a_new_level_may_count_as_the_reference(tmp_path: Path) -> None:
    terms = SEX + "  - {term: ward, as: category, reference: heart, unseen: reference}\n"
    with registry_with(tmp_path, terms, extra=FROZEN) as registry:
        assert not notes(registry)
        old, new = counted(registry, "2024"), counted(registry, "2025")
        found = expected(registry, "2025")

    def columns(of: pd.DataFrame) -> list[Any]:
        return [of["sex"] == "female", of["ward"] == "lung", of["ward"] == "skin"]

    model = fitted(columns(old), old["y"])
    risk = pd.Series(model.predict_proba(np.column_stack(columns(new)))[:, 1])
    wanted = risk.groupby(new["clinic"]).sum()
    assert (new["ward"] == "eye").sum() > 20
    np.testing.assert_allclose(found, wanted.loc[found.index], rtol=1e-6)


@pytest.mark.parametrize(
    "options", ["levels: [heart, lung], unseen: own-category", "unseen: own-category, pool_below: 100"]
)
def test_a_new_level_may_go_with_the_others(tmp_path: Path, options: str) -> None:
    terms = SEX + f"  - {{term: ward, as: category, reference: heart, {options}}}\n"
    with registry_with(tmp_path, terms, extra=FROZEN) as registry:
        assert not notes(registry)
        old, new = counted(registry, "2024"), counted(registry, "2025")
        found = expected(registry, "2025")
        card = card_html(registry.model_card("visit-fall", period="2024"), language="en")
    assert "category: heart, others, lung (the first is the reference); other levels are one group" in card

    def columns(of: pd.DataFrame) -> list[Any]:
        return [of["sex"] == "female", of["ward"] == "lung", ~of["ward"].isin(["heart", "lung"])]

    model = fitted(columns(old), old["y"])
    risk = pd.Series(model.predict_proba(np.column_stack(columns(new)))[:, 1])
    wanted = risk.groupby(new["clinic"]).sum()
    np.testing.assert_allclose(found, wanted.loc[found.index], rtol=1e-6)


def test_levels_of_a_version_are_the_levels_of_its_models(tmp_path: Path) -> None:
    """A level that the definition does not name stops the period, though a model could be fitted."""
    terms = SEX + "  - {term: ward, as: category, levels: [heart, lung, skin]}\n"
    with registry_with(tmp_path, terms) as registry:
        [note] = notes(registry)
        models = registry.models().query("indicator == 'visit-fall'")
    assert note == (
        "visit-fall 2025: term 'ward': level 'eye' is none of those that it names (heart, lung, skin); "
        "name it too, or say what an unseen level becomes"
    )
    assert list(models["period"]) == ["2024"]


def test_an_interaction_is_that_of_a_fit_on_records(tmp_path: Path) -> None:
    together = "  - {term: sex_by_age, as: interaction, of: [sex, age]}\n"
    terms = SEX + "  - {term: age, as: number}\n" + together
    with registry_with(tmp_path, terms) as registry:
        assert not notes(registry)
        records = counted(registry, "2025")
        found = expected(registry, "2025")
        stored = registry.models().query("indicator == 'visit-fall' and period == '2025'").iloc[0]
    female = (records["sex"] == "female").astype(float)
    age = records["age"] - 50
    model = fitted([female, age, female * age], records["y"])
    risk = pd.Series(model.predict_proba(np.column_stack([female, age, female * age]))[:, 1])
    wanted = risk.groupby(records["clinic"]).sum()
    np.testing.assert_allclose(found, wanted.loc[found.index], rtol=1e-5)
    row = Model(*(stored[name] for name in Model.__slots__))
    last = effects(row)[-1]
    assert (last.term, last.shape, last.level) == ("sex_by_age", "interaction", "sex=female:age")
    assert last.estimate == pytest.approx(np.exp(model.coef_[0, 2]), rel=1e-4)


def test_knots_and_levels_are_kept_with_the_model(tmp_path: Path) -> None:
    terms = "  - {term: age, as: spline, knots: 4}\n  - {term: ward, as: category}\n"
    with registry_with(tmp_path, terms) as registry:
        notes(registry)
        ages = counted(registry, "2024")
        models = registry.models().query("indicator == 'visit-fall'").set_index("period")
    age, ward = json.loads(models.loc["2024", "model_json"])["design"]["terms"]
    low, high = np.quantile(ages["age"], [0.05, 0.95])
    assert age["knots"][0] == pytest.approx(low, abs=1.5)
    assert age["knots"][-1] == pytest.approx(high, abs=1.5)
    assert ward["levels"] == ["heart", "lung", "skin"]
    _, later = json.loads(models.loc["2025", "model_json"])["design"]["terms"]
    assert set(later["levels"]) == set(WARDS[2025])


IMPUTED = SEX + "  - {term: bmi, as: number, missing: multiple-imputation}\n"


def filled_in_by_hand(records: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """One approximate Bayesian bootstrap on the records: donors of the same outcome and sex."""
    whole = records.copy()
    for _, cell in records.groupby(["y", "sex"]):
        known = cell["bmi"].dropna().to_numpy()
        pool = draw.choice(known, len(known))
        gone = cell.index[cell["bmi"].isna()]
        whole.loc[gone, "bmi"] = draw.choice(pool, len(gone))
    return whole


def test_imputed_models_are_pooled_as_on_records(tmp_path: Path) -> None:
    extra = "imputation: {copies: 100, within: [sex]}\n"
    with registry_with(tmp_path, IMPUTED, extra=extra) as registry:
        assert not notes(registry)
        records = counted(registry, "2024").reset_index(drop=True)
        found = expected(registry, "2024")
        stored = registry.models().query("indicator == 'visit-fall' and period == '2024'").iloc[0]
        card = registry.model_card("visit-fall", period="2024")
    model = json.loads(stored["model_json"])
    assert model["n"] == len(records)
    draw = np.random.default_rng(5)
    estimates, variances, totals = [], [], []
    for _ in range(100):
        whole = filled_in_by_hand(records, draw)
        X = np.column_stack([np.ones(len(whole)), whole["sex"] == "female", whole["bmi"]]).astype(float)
        fit = fitted([X[:, 1], X[:, 2]], whole["y"])
        risk = fit.predict_proba(X[:, 1:])[:, 1]
        covariance = np.linalg.inv(X.T @ (X * (risk * (1 - risk))[:, None]))
        estimates.append(fit.coef_[0])
        variances.append(np.diag(covariance)[1:])
        totals.append(pd.Series(risk).groupby(whole["clinic"]).sum())
    between = np.var(estimates, axis=0, ddof=1)
    total = np.mean(variances, axis=0) + between * 1.01
    # two means of a hundred draws differ by chance only
    apart = np.abs(np.mean(estimates, axis=0) - model["coefficients"][1:])
    assert (apart < 4 * np.sqrt(2 * between / 100)).all()
    np.testing.assert_allclose(np.array(model["standard_errors"][1:]) ** 2, total, rtol=0.15)
    assert model["standard_errors"][2] ** 2 > 1.1 * np.mean(variances, axis=0)[1]
    wanted = pd.concat(totals, axis=1).mean(axis=1)
    # by hand the imputed values follow the events of the clinic itself, here those of all clinics
    np.testing.assert_allclose(found, wanted.loc[found.index], rtol=0.03)
    assert found.sum() == pytest.approx(records["y"].sum(), rel=2e-3)
    lost = json.loads(stored["diagnostics_json"])["imputation"]["lost"]
    assert lost[2] == pytest.approx(1.01 * between[1] / total[1], abs=0.08)
    assert (card["missing"][1]["term"], card["missing"][1]["rule"]) == ("bmi", "multiple-imputation")
    assert card["missing"][1]["records"] == records["bmi"].isna().sum()
    assert card["apparent"]["c_statistic"] > 0.55
    assert card["fit"]["outcome"] == pytest.approx(records["y"].sum())


def test_imputation_is_the_same_every_time(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with registry_with(tmp_path / name, IMPUTED, extra=FROZEN) as registry:
            assert not notes(registry)
            scores = registry.scores("visit-fall")
            found.append((scores, registry.models()["model"].to_list()))
    pd.testing.assert_frame_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    later = found[0][0].query("period == '2025'")
    assert later["expected"].notna().all()


def test_values_that_nobody_has_are_not_made_up(tmp_path: Path) -> None:
    with registry_with(tmp_path, IMPUTED) as registry:
        registry.con.execute("update record_visit set bmi = null where fell and year(day) = 2024")
        [note] = notes(registry)
    assert note.startswith("visit-fall 2024: no record has all of bmi with the outcome")


def test_the_page_shows_what_is_missing_but_no_counts(tmp_path: Path) -> None:
    with registry_with(tmp_path, IMPUTED) as registry:
        registry.score()
        missing = counted(registry, "2024")["bmi"].isna().mean()
        stored = registry.models().query("indicator == 'visit-fall' and period == '2024'").iloc[0]
    sex, bmi = json.loads(stored["diagnostics_json"])["missing"]
    assert (sex["rule"], bmi["rule"]) == ("complete-case", "multiple-imputation")
    assert bmi["share"] == pytest.approx(missing, abs=0.02)
    assert set(bmi) == {"term", "share", "rule"}
