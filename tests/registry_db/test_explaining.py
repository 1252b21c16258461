"""Why an expectation is what it is: parts add up to what is scored with; small shares are hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from registry_db.hiding_explanations import TOGETHER, hide_explanations
from registry_db.reader import Publications
from registry_db.registry import Registry
from risk_models.cox import CoxModel
from tests.registry_db import test_case_mix
from tests.registry_db.test_outcomes import FALLS, REVISED, TOP, followed
from tests.registry_db.test_verdicts import SCORE, records, registry_of


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("explaining")
    with registry_of(folder, falls=FALLS, revised=REVISED, score=SCORE, top=TOP) as made:
        made.run()
        yield made


def parts_of(registry: Registry, indicator: str, period: str = "2024") -> pd.DataFrame:
    sql = "select * from explanation where indicator = ? and period = ? order by all"
    return registry.con.execute(sql, [indicator, period]).df()


def mixes_of(registry: Registry, indicator: str) -> pd.DataFrame:
    return registry.con.execute("select * from patient_mix where indicator = ?", [indicator]).df()


def adds_up(parts: pd.DataFrame) -> pd.DataFrame:
    own = parts.groupby("provider").agg(
        parts=("part", "sum"), own=("own", "first"), all=("everyone", "first")
    )
    np.testing.assert_allclose(own["all"] + own["parts"], own["own"], rtol=1e-12)
    return own


SIZES = [("stay-falls", "exposure"), ("stay-score", None), ("stay-top", "n")]


@pytest.mark.parametrize(("indicator", "size"), SIZES)
def test_parts_add_up_to_what_is_scored_with(registry: Registry, indicator: str, size: str | None) -> None:
    scores = registry.scores(indicator).set_index("provider")
    own = adds_up(parts_of(registry, indicator))
    expected = scores["expected"] / (scores[size] if size else 1)
    np.testing.assert_allclose(own["own"], expected.loc[own.index], rtol=1e-12)
    total = scores["expected"].sum() / scores[size].sum() if size else None
    if total:
        np.testing.assert_allclose(own["all"], total, rtol=1e-12)


def test_a_part_of_a_mean_is_the_effect_times_the_difference_of_means(registry: Registry) -> None:
    [stored] = registry.models().query("indicator == 'stay-score'")["model_json"]
    effect = json.loads(stored)["coefficients"][1]
    frame = records()
    frame = frame[frame["answer"].notna()]
    means = frame.groupby("ward")["age"].mean()
    parts = parts_of(registry, "stay-score").set_index("provider")["part"]
    np.testing.assert_allclose(parts, effect * (means - frame["age"].mean()), rtol=1e-9)
    mix = mixes_of(registry, "stay-score").set_index("provider")
    np.testing.assert_allclose(mix["own"], means.loc[mix.index], rtol=1e-12)
    assert mix["everyone"].iloc[0] == pytest.approx(frame["age"].mean())


def test_of_a_time_to_event_it_is_the_chance_by_the_horizon(registry: Registry) -> None:
    [stored] = registry.models().query("indicator == 'stay-revised'")["model_json"]
    cox, frame = CoxModel.from_dict(json.loads(stored)), followed(records())
    sex = frame["sex"].map({"1": "male", "2": "female"}).to_numpy()
    frame["chance"] = 1 - cox.survival({"age": frame["age"].to_numpy(float), "sex": sex}, 365.0)
    own = adds_up(parts_of(registry, "stay-revised"))
    np.testing.assert_allclose(own["own"], frame.groupby("ward")["chance"].mean().loc[own.index], rtol=1e-10)
    np.testing.assert_allclose(own["all"], frame["chance"].mean(), rtol=1e-10)


def test_who_the_patients_are(registry: Registry) -> None:
    mix, frame = mixes_of(registry, "stay-falls"), records()
    female = mix[mix["level"] == "female"].set_index("provider")
    shares = (frame["sex"] == "2").groupby(frame["ward"])
    np.testing.assert_allclose(female["own"], shares.mean().loc[female.index], rtol=1e-12)
    assert female["records"].to_dict() == shares.sum().to_dict()
    assert female["total"].to_dict() == shares.size().to_dict()
    assert female["everyone"].iloc[0] == pytest.approx((frame["sex"] == "2").mean())


@pytest.mark.parametrize("kind", ["imputed", "in-the-large", "re-centre"])
def test_parts_add_up_where_expectations_were_filled_in_or_recalibrated(tmp_path: Path, kind: str) -> None:
    plain = test_case_mix.SEX + "  - {term: age, as: number}\n"
    terms = test_case_mix.IMPUTED if kind == "imputed" else plain
    frozen = f"estimators: {{reference: {{period: '2024', recalibration: {kind}}}}}\n"
    extra = "imputation: {copies: 3}\n" if kind == "imputed" else frozen
    with test_case_mix.registry_with(tmp_path, terms, extra=extra) as registry:
        assert not test_case_mix.notes(registry)
        scores = registry.scores("visit-fall", period="2025").set_index("provider")
        own = adds_up(parts_of(registry, "visit-fall", "2025"))
    expected = scores["expected"] / scores["n"]
    np.testing.assert_allclose(own["own"], expected.loc[own.index], rtol=1e-9)
    assert own["parts"].abs().max() > 1e-4


def test_the_publication_shows_them(registry: Registry) -> None:
    reader = Publications(registry.folder).newest()
    parts, mixes = reader.explanation("stay-falls", version="1.0.0", period="2024", provider="a")
    assert sum(part.part for part in parts) == pytest.approx(parts[0].own - parts[0].everyone, rel=1e-9)
    exact = parts_of(registry, "stay-falls").query("provider == 'a'").set_index("term")["part"]
    for part in parts:
        # per 1000 days with one decimal: to a hundredth of that
        assert part.part == pytest.approx(exact[part.term], abs=0.5e-5)
        assert round(part.part * 1e5, 6) % 1 == 0
    assert {row.term for row in mixes} == {"age", "sex"}


KEY = {"indicator": "x", "version": "1.0.0", "period": "2024"}


def tables(counts: dict[str, dict[str, int]], size: int = 100) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flags with so many patients at each provider, of a hundred each."""
    mixes = [
        {**KEY, "provider": provider, "term": term, "level": "", "own": n / size, "everyone": 0.2,
         "records": float(n), "total": float(size)}
        for provider, flags in counts.items() for term, n in flags.items()
    ]  # fmt: skip
    parts = [
        {**KEY, "provider": provider, "term": term, "part": n / 1000, "own": 0.1, "everyone": 0.1}
        for provider, flags in counts.items() for term, n in flags.items()
    ]  # fmt: skip
    return pd.DataFrame(parts), pd.DataFrame(mixes)


def test_few_patients_are_hidden_and_their_part_is_in_a_sum() -> None:
    counts = {
        "a": {"rare": 3, "common": 40, "usual": 30},
        "b": {"rare": 12, "common": 50, "usual": 35},
        "c": {"rare": 30, "common": 20, "usual": 60},
    }
    parts, mixes = hide_explanations(*tables(counts), small_cell=10)
    own = mixes.set_index(["provider", "term"])["own"]
    # the total is known: 3 alone would follow from the others, so the next smallest is hidden with it
    assert own.isna().to_dict() == {
        (provider, term): term == "rare" and provider in ("a", "b") for provider, term in own.index
    }
    summed = parts.set_index(["provider", "term"])["part"]
    assert set(summed.loc["a"].index) == {TOGETHER, "common"}
    assert summed["a", TOGETHER] == pytest.approx((3 + 30) / 1000), "with the smallest of the others"
    assert set(summed.loc["c"].index) == {"rare", "common", "usual"}
    assert "records" not in mixes


def test_all_but_a_few_are_as_few() -> None:
    counts = {"a": {"most": 97}, "b": {"most": 50}, "c": {"most": 60}}
    _, mixes = hide_explanations(*tables(counts), small_cell=10)
    assert mixes.set_index("provider")["own"].isna()["a"]


def test_a_single_term_that_is_hidden_has_no_part() -> None:
    counts = {"a": {"rare": 3}, "b": {"rare": 20}, "c": {"rare": 50}}
    parts, _ = hide_explanations(*tables(counts), small_cell=10)
    assert set(parts["provider"]) == {"c"}
