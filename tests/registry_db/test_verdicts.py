"""Verdicts and estimates that a definition names, for every kind of outcome, computed again here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, poisson

from registry_db.effects import effects
from registry_db.estimates import REPLICATES
from registry_db.fits import SEED
from registry_db.published_models import Model
from registry_db.registry import Registry
from risk_models.cox import CoxModel, fit_cox
from risk_models.cox_providers import bootstrap_cox
from risk_models.design import Term
from risk_models.model_card_page import card_html
from risk_models.random_intercept import fit_random_intercept
from risk_models.survival import adjusted_survival
from tests.registry_db.build import make_registry, write
from tests.registry_db.test_outcomes import FALLS, HEAD, REVISED, STAY, TOP, followed, stays

WARDS = tuple("abcdefghijkl")
SCORE = (
    HEAD.format(id="stay-score")
    + """\
outcome: {kind: continuous, value: answer, better: higher}
case_mix: [{term: age, as: number}]
show: {unit: points, decimals: 1}
examples:
  - {given: {age: 40, answer: 9}, expect: {state: value, outcome: 9}}
"""
)
PLAIN = (
    HEAD.format(id="stay-plain")
    + """\
outcome: {kind: top_box, answer: answer, top: [9, 10], better: higher}
show: {unit: percent, decimals: 1}
examples:
  - {given: {age: 40, answer: 9}, expect: {state: met}}
  - {given: {age: 40, answer: 8}, expect: {state: not-met}}
  - {given: {age: 40}, expect: {state: missing}}
"""
)


def records() -> pd.DataFrame:
    """Stays on twelve wards, of which two are better and two worse than the others."""
    frame, draw = stays(), np.random.default_rng(3)
    frame = pd.concat([frame] * 3, ignore_index=True).assign(stay=lambda x: np.arange(len(x)))
    frame["ward"] = draw.choice(WARDS, len(frame))
    rate = frame["ward"].map({"a": 0.3, "b": 0.5, "k": 1.8, "l": 2.5}).fillna(1.0)
    frame["falls"] = draw.poisson(rate * 0.006 * frame["days"] * np.exp((frame["age"] - 60) / 50))
    later = frame["ward"].isin(["k", "l"]) & (draw.random(len(frame)) < 0.5)
    frame.loc[later, "answer"] = 10
    frame.loc[frame["ward"].isin(["a", "b"]) & (draw.random(len(frame)) < 0.5), "answer"] = 5
    return frame


def asked(text: str, block: str) -> str:
    return text.replace("show:", f"estimators: {block}\nshow:", 1)


def registry_of(folder: Path, **texts: str) -> Registry:
    definitions = {"stay.dataset.yaml": STAY} | {f"{name}.yaml": text for name, text in texts.items()}
    made = Registry(make_registry(folder / "registry", definitions))
    made.deliver("stay", write(folder, records().to_csv(index=False)))
    return made


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    every = "[shrunken, model-uncertainty, overdispersion]"
    with registry_of(
        tmp_path_factory.mktemp("verdicts"),
        falls=asked(FALLS, f"{{beside: {every}, standard_errors: clustered}}"),
        revised=asked(
            REVISED, "{test: byar, beside: [shrunken, model-uncertainty], standard_errors: clustered}"
        ),
        score=asked(
            SCORE, f"{{overdispersion: multiplicative, beside: {every}, standard_errors: clustered}}"
        ),
        plain=asked(PLAIN, "{test: wilson, overdispersion: multiplicative, beside: [direct]}"),
        top=asked(TOP, "{test: shmi, overdispersion: additive, standard_errors: clustered}"),
    ) as made:
        found = made.score()
        assert not [note for item in found for note in item.notes]
        yield made


def table(registry: Registry, indicator: str) -> pd.DataFrame:
    return registry.scores(indicator).set_index("provider")


def beside(registry: Registry, indicator: str, estimator: str) -> pd.DataFrame:
    frame = registry.estimates(indicator).set_index("provider")
    return frame[frame["estimator"] == estimator]


def benchmark(registry: Registry, indicator: str) -> dict[str, Any]:
    sql = "select test, overdispersion, allowed from benchmark where indicator = ?"
    [row] = registry.con.execute(sql, [indicator]).fetchall()
    return dict(zip(("test", "overdispersion", "allowed"), row, strict=True))


def consistent(frame: pd.DataFrame, reference: float) -> None:
    """Flag, limits and interval say the same."""
    few, many = frame["upper"] < reference, frame["lower"] > reference
    np.testing.assert_array_equal(few, frame["band"].isin(["low95", "low998"]))
    np.testing.assert_array_equal(many, frame["band"].isin(["high95", "high998"]))
    np.testing.assert_array_equal(few, frame["adjusted"] <= frame["low95"])
    np.testing.assert_array_equal(many, frame["adjusted"] >= frame["high95"])


def test_the_benchmark_says_what_verdicts_rest_on(registry: Registry) -> None:
    assert benchmark(registry, "stay-falls") == {"test": "poisson", "overdispersion": "none", "allowed": None}
    assert benchmark(registry, "stay-revised")["test"] == "byar"
    top = benchmark(registry, "stay-top")
    assert (top["test"], top["overdispersion"]) == ("shmi", "additive")
    assert top["allowed"] > 0


def test_a_proportion_is_judged_by_wilson_with_a_variance_times_phi(registry: Registry) -> None:
    frame = table(registry, "stay-plain")
    n, p = frame["n"], frame["observed"] / frame["n"]
    t = frame["observed"].sum() / n.sum()
    z = (p - t) / np.sqrt(t * (1 - t) / n)
    phi = np.mean(np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2)
    assert phi > 1.5
    assert benchmark(registry, "stay-plain")["allowed"] == pytest.approx(phi)
    half = 1.959963984540054 * np.sqrt(phi * t * (1 - t) / n)
    np.testing.assert_allclose(frame["high95"], t + half, rtol=1e-9)
    low = t - half
    np.testing.assert_allclose(frame["low95"], low.where(low > 0), rtol=1e-9)
    # the ends of Wilson's interval are the proportions at which the score test just rejects
    for end in ("lower", "upper"):
        away = np.abs(frame[end] - p) / np.sqrt(phi * frame[end] * (1 - frame[end]) / n)
        np.testing.assert_allclose(away, 1.959963984540054, rtol=1e-9)
    consistent(frame, t)


def test_a_log_ratio_is_judged_as_the_shmi_is(registry: Registry) -> None:
    frame = table(registry, "stay-top")
    o, e, reference = frame["observed"], frame["expected"], frame["observed"].sum() / frame["n"].sum()
    tau2 = benchmark(registry, "stay-top")["allowed"]
    error = np.sqrt(1 / e + tau2)
    np.testing.assert_allclose(frame["lower"], reference * np.exp(np.log(o / e) - 1.959963984540054 * error))
    np.testing.assert_allclose(frame["high998"], reference * np.exp(3.090232306167813 * error))
    # the outer tenths of twelve are the first and the last
    z = np.sqrt(e.round(2)) * np.log(o / e.round(2))
    kept = z.sort_values()[1:-1]
    w = e.round(2).loc[kept.index]
    by_hand = (np.sum(kept**2) - (len(w) - 1)) / (w.sum() - (w**2).sum() / w.sum())
    assert tau2 == pytest.approx(by_hand, rel=1e-9)


def test_means_allow_for_a_variance_times_phi(registry: Registry) -> None:
    frame = table(registry, "stay-score")
    allowed = benchmark(registry, "stay-score")["allowed"]
    reference = np.average(frame["observed"], weights=frame["n"])
    without = beside(registry, "stay-score", "without-overdispersion").loc[frame.index]
    half = without["upper"] - without["value"]
    np.testing.assert_allclose(frame["upper"] - frame["adjusted"], half * np.sqrt(allowed), rtol=1e-9)
    z = (frame["adjusted"] - reference) / (half / 1.959963984540054)
    assert allowed == pytest.approx(np.mean(np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2), rel=1e-9)


def test_a_count_beside_its_score_allows_for_a_gamma_spread(registry: Registry) -> None:
    frame, found = table(registry, "stay-falls"), beside(registry, "stay-falls", "with-overdispersion")
    consistent(frame, records()["falls"].sum() / records()["days"].sum())
    assert {"low998", "high998"} < set(frame["band"])
    found = found.loc[frame.index]
    o, e = frame["observed"], frame["expected"]
    z = (o - e) / np.sqrt(e)
    z = np.clip(z, *np.quantile(z, [0.1, 0.9]))
    tau2 = (np.sum(z**2) - (len(z) - 1)) / (e.sum() - (e**2).sum() / e.sum())
    rate = frame["adjusted"].iloc[0] / (o.iloc[0] / e.iloc[0])
    upper = found["upper"] / rate * e
    # as few events or fewer, if O/E of ordinary wards is gamma with variance tau2 about this end
    draws = np.random.default_rng(1).gamma(1 / tau2, tau2, 200_000)
    for ward in ("a", "f"):
        chance = poisson.cdf(o[ward], upper[ward] * draws).mean()
        assert chance == pytest.approx(0.025, abs=0.001)
    assert (found["upper"] > frame["upper"]).all()
    np.testing.assert_allclose(frame["upper"], chi2.ppf(0.975, 2 * o + 2) / 2 / e * rate, rtol=1e-9)


def test_shrunken_counts_are_those_of_a_fit_on_records(registry: Registry) -> None:
    frame = records()
    [stored] = registry.models().query("indicator == 'stay-falls'")["model_json"]
    terms = json.loads(stored)["design"]["terms"]
    band = np.select([frame["age"] < 50, frame["age"] < 70], ["<50", "50-<70"], ">=70")
    X = [*(band == level for level in terms[0]["levels"][1:]), frame["sex"] == "2"]
    names = [f"x{place}" for place in range(len(X))]
    model = fit_random_intercept(
        "poisson",
        [Term(name, "flag") for name in names],
        {name: np.asarray(column, float) for name, column in zip(names, X, strict=True)},
        provider=frame["ward"].map(WARDS.index).to_numpy(),
        providers=len(WARDS),
        n=np.ones(len(frame)),
        sum_y=frame["falls"].to_numpy(float),
        exposure=frame["days"].to_numpy(float),
        average_tau=True,
    )
    found = beside(registry, "stay-falls", "predicted-expected").loc[list(WARDS)]
    # of a count, predicted over expected is the exponent of the intercept
    np.testing.assert_allclose(found["value"], np.exp(model.mean_total), rtol=1e-5)
    np.testing.assert_allclose(found["lower"], np.exp(model.mean_total - 1.95996 * model.sd_total), rtol=1e-4)


def test_a_time_to_event_is_shrunken_by_its_expected_events(registry: Registry) -> None:
    frame = table(registry, "stay-revised")
    model = fit_random_intercept(
        "poisson",
        [],
        {},
        provider=np.arange(len(frame)),
        providers=len(frame),
        n=np.ones(len(frame)),
        sum_y=frame["observed"].to_numpy(float),
        exposure=frame["expected"].to_numpy(float),
        average_tau=True,
    )
    found = beside(registry, "stay-revised", "predicted-expected").loc[frame.index]
    np.testing.assert_allclose(found["value"], np.exp(model.mean_total), rtol=1e-6)
    shrunken = beside(registry, "stay-revised", "shrunken").loc[frame.index]
    [stored] = registry.models().query("indicator == 'stay-revised'")["model_json"]
    cox, days = CoxModel.from_dict(json.loads(stored)), followed(records())
    sex = days["sex"].map({"1": "male", "2": "female"}).to_numpy()
    survival = cox.survival({"age": days["age"].to_numpy(float), "sex": sex}, 365.0)
    for ward in ("a", "l"):
        chance = np.mean(1 - survival ** found.loc[ward, "value"])
        assert shrunken.loc[ward, "value"] == pytest.approx(chance, rel=1e-9)


def sandwich(X: np.ndarray, bread: np.ndarray, residual: np.ndarray, ward: pd.Series) -> np.ndarray:
    """Clustered standard errors, by their formula, on records."""
    scores = pd.DataFrame(X * residual[:, None]).groupby(ward.to_numpy()).sum().to_numpy()
    G = len(scores)
    return np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread) * G / (G - 1))


def stored_model(registry: Registry, indicator: str) -> tuple[dict[str, Any], Model]:
    row = registry.models().query(f"indicator == '{indicator}'").iloc[0]
    return json.loads(row["model_json"]), Model(*(row[name] for name in Model.__slots__))


@pytest.mark.parametrize("indicator", ["stay-falls", "stay-score", "stay-top"])
def test_clustered_errors_are_the_sandwich_on_records(registry: Registry, indicator: str) -> None:
    frame = records()
    model, row = stored_model(registry, indicator)
    terms, beta = model["design"]["terms"], np.array(model["coefficients"])
    if indicator == "stay-falls":
        band = np.select([frame["age"] < 50, frame["age"] < 70], ["<50", "50-<70"], ">=70")
        columns = [*(band == level for level in terms[0]["levels"][1:]), frame["sex"] == "2"]
        y, size = frame["falls"], frame["days"].to_numpy(float)
    else:
        frame = frame[frame["answer"].notna()]
        columns = [frame["age"] - terms[0]["centre"]]
        y = frame["answer"].astype(float)
        y, size = (y >= 9 if indicator == "stay-top" else y), np.ones(len(frame))
    X = np.column_stack([np.ones(len(frame)), *columns]).astype(float)
    eta = X @ beta
    if indicator == "stay-score":
        mean, weight = eta, size
    elif indicator == "stay-top":
        mean = 1 / (1 + np.exp(-eta))
        weight = mean * (1 - mean)
    else:
        mean = size * np.exp(eta)
        weight = mean
    bread = np.linalg.inv(X.T @ (X * weight[:, None]))
    wanted = sandwich(X, bread, y.to_numpy(float) - mean, frame["ward"])
    np.testing.assert_allclose(row.diagnostics["clustered_errors"], wanted, rtol=1e-6)
    last = effects(row)[-1]
    half = 1.959963984540054 * wanted[-1]
    ends = np.array([beta[-1] - half, beta[-1] + half])
    ends = ends if indicator == "stay-score" else np.exp(ends)
    np.testing.assert_allclose([last.lower, last.upper], ends, rtol=1e-6)


def test_clustered_errors_of_hazards_are_there(registry: Registry) -> None:
    model, row = stored_model(registry, "stay-revised")
    found = np.array(row.diagnostics["clustered_errors"])
    assert found.shape == np.array(model["standard_errors"]).shape
    assert (np.abs(np.log(found / model["standard_errors"])) < np.log(3)).all()


def test_the_uncertainty_of_the_model_widens_intervals(registry: Registry) -> None:
    """Against a bootstrap of wards by hand, of the mean, whose fit is least squares."""
    frame, wide = table(registry, "stay-score"), beside(registry, "stay-score", "model-uncertainty")
    wide = wide.loc[frame.index]
    np.testing.assert_allclose(wide["value"], frame["adjusted"])
    assert (wide["upper"] > frame["upper"]).all()
    assert (wide["lower"] < frame["lower"]).all()
    rows = records()
    rows = rows[rows["answer"].notna()]
    X, y = np.column_stack([np.ones(len(rows)), rows["age"]]).astype(float), rows["answer"].to_numpy(float)
    own = {ward: np.flatnonzero(rows["ward"] == ward) for ward in WARDS}
    draw = np.random.default_rng(2)
    shifts = []
    for _ in range(2000):
        chosen = np.concatenate([own[ward] for ward in draw.choice(WARDS, len(WARDS))])
        beta = np.linalg.lstsq(X[chosen], y[chosen], rcond=None)[0]
        expected = X @ beta
        shifts.append([expected[own[ward]].mean() - expected.mean() for ward in frame.index])
    error = np.std(shifts, axis=0)
    half = np.hypot(frame["upper"] - frame["adjusted"], 1.959963984540054 * error)
    np.testing.assert_allclose(wide["upper"] - frame["adjusted"], half, rtol=0.01)
    found = np.sqrt((wide["upper"] - wide["value"]) ** 2 - (frame["upper"] - frame["adjusted"]) ** 2) / 1.96
    # 200 draws: a standard error of 5 %; four of these
    np.testing.assert_allclose(found, error, rtol=0.2)
    counts, scores = beside(registry, "stay-falls", "model-uncertainty"), table(registry, "stay-falls")
    assert (counts["upper"] > scores["upper"].loc[counts.index]).all()


def test_the_uncertainty_of_hazards_widens_intervals(registry: Registry) -> None:
    """Against the bootstrap on records (itself held against R), on the logarithm of O/E, back to chances."""
    frame, wide = table(registry, "stay-revised"), beside(registry, "stay-revised", "model-uncertainty")
    wide = wide.loc[frame.index]
    np.testing.assert_allclose(wide["value"], frame["adjusted"])
    rows = followed(records())
    sex = rows["sex"].map({"1": "male", "2": "female"}).to_numpy()
    columns = {"age": rows["age"].to_numpy(float), "sex": sex}
    terms = [Term("age", "number"), Term("sex", "category", reference="male")]
    ward = np.searchsorted(WARDS, rows["ward"])
    follow = {"time": rows["time"].to_numpy(float), "n": np.ones(len(rows)), "events": rows["event"] * 1.0}
    spread = bootstrap_cox(terms, columns, ward, **follow, providers=12, replicates=REPLICATES, seed=SEED)
    model = fit_cox(terms, columns, **follow)
    z = 1.959963984540054 * spread.error / spread.expected
    o, e = frame["observed"].to_numpy(), frame["expected"].to_numpy()
    byar = [
        k / e * (1 - 1 / (9 * k) + side * 1.959963984540054 / (3 * np.sqrt(k))) ** 3
        for k, side in ((o, -1), (o + 1, 1))
    ]
    for end, name, side in zip(byar, ("lower", "upper"), (-1, 1), strict=True):
        moved = o / e * np.exp(side * np.hypot(np.log(end / (o / e)), z))
        for ratio, known in ((end, frame[name]), (moved, wide[name])):
            chance = 1 - adjusted_survival(model, columns, follow["n"], at=365.0, ratio=ratio)
            np.testing.assert_allclose(known, chance, rtol=1e-6)
    assert (wide["upper"] > frame["upper"]).all()
    assert (wide["lower"] < frame["lower"]).all()


@pytest.mark.parametrize("recalibration", ["none", "in-the-large", "re-centre"])
def test_frozen_models_of_counts_and_hazards(tmp_path: Path, recalibration: str) -> None:
    falls = asked(FALLS, f"{{reference: {{period: '2024', recalibration: {recalibration}}}}}")
    revised = asked(REVISED, "{reference: {period: '2024'}}")
    with registry_of(tmp_path, falls=falls, revised=revised) as registry:
        later = records().assign(stay=lambda x: x["stay"] + 10_000)
        for name in ("began", "revised", "seen", "died"):
            later[name] = [None if day is None or day != day else day.replace(year=day.year + 1)
                           if (day.month, day.day) != (2, 29) else day.replace(year=day.year + 1, day=28)
                           for day in later[name]]  # fmt: skip
        later["falls"] *= 2
        registry.deliver("stay", write(tmp_path, later.to_csv(index=False), "later.csv"))
        assert not [note for item in registry.score() for note in item.notes]
        scores = registry.scores("stay-falls", period="2025").set_index("provider")
        before = registry.scores("stay-falls", period="2024").set_index("provider")
        hazards = registry.scores("stay-revised", period="2025").set_index("provider")["expected"]
        [stored] = registry.models().query("indicator == 'stay-revised'")["model_json"]
    # the same patients a year later, with twice the falls
    np.testing.assert_allclose(scores["observed"], 2 * before["observed"])
    times = 1.0 if recalibration == "none" else 2.0
    np.testing.assert_allclose(scores["expected"], times * before["expected"], rtol=1e-9)
    frame, cox = followed(later), CoxModel.from_dict(json.loads(stored))
    sex = frame["sex"].map({"1": "male", "2": "female"}).to_numpy()
    strata = {"age": frame["age"].to_numpy(float), "sex": sex}
    frame["expected"] = cox.expected(strata, time=frame["time"], n=np.ones(len(frame)))
    wanted = frame.groupby("ward")["expected"].sum()
    np.testing.assert_allclose(hazards, wanted.loc[hazards.index], rtol=1e-9)


def test_the_card_of_a_count(registry: Registry, tmp_path: Path) -> None:
    card = registry.model_card("stay-falls")
    frame = records()
    assert (card["fit"]["kind"], card["fit"]["n"], card["fit"]["outcome"]) == (
        "poisson", len(frame), frame["falls"].sum(),
    )  # fmt: skip
    assert card["apparent"]["observed_expected"] == pytest.approx(1, rel=1e-9)
    assert card["apparent"]["calibration_slope"] == pytest.approx(1, rel=1e-6)
    assert card["cross_validation"]["observed_expected"] == pytest.approx(1, abs=0.02)
    assert sum(group["observed"] for group in card["groups"]) == frame["falls"].sum()
    assert sum(group["expected"] for group in card["groups"]) == pytest.approx(frame["falls"].sum())
    # two categories: six patterns, each of which is a group at most
    assert 4 <= len(card["groups"]) <= 6
    _, row = stored_model(registry, "stay-falls")
    errors = [line["clustered_error"] for line in card["coefficients"]]
    np.testing.assert_allclose(errors, row.diagnostics["clustered_errors"], rtol=1e-9)
    assert len(card["influence"]) == 5


def test_the_card_of_a_time_to_event(registry: Registry) -> None:
    card = registry.model_card("stay-revised")
    frame = followed(records())
    model, row = stored_model(registry, "stay-revised")
    names = [line["column"] for line in card["coefficients"]]
    effects_of = dict(zip(names, model["coefficients"], strict=True))
    score = effects_of["age"] * frame["age"] + effects_of["sex=female"] * (frame["sex"] == "2")
    score, time, event = (np.asarray(part) for part in (score.round(12), frame["time"], frame["event"]))
    right = pairs = 0.0
    for i in np.flatnonzero(event):
        later = (time > time[i]) | ((time == time[i]) & ~event)
        pairs += later.sum()
        right += (score[i] > score[later]).sum() + (score[i] == score[later]).sum() / 2
    assert card["apparent"]["c_index"] == pytest.approx(right / pairs, rel=1e-9)
    assert card["apparent"]["c_index"] > card["cross_validation"]["c_index"] > 0.5
    assert card["apparent"]["observed_expected"] == pytest.approx(1, rel=1e-9)
    assert card["fit"]["outcome"] == event.sum() == sum(group["observed"] for group in card["groups"])
    assert len(card["groups"]) == 10
    rates = [group["observed"] / group["n"] for group in card["groups"]]
    assert rates[-1] > rates[0]
    errors = [line["clustered_error"] for line in card["coefficients"]]
    np.testing.assert_allclose(errors, row.diagnostics["clustered_errors"], rtol=1e-9)
    assert len(card["influence"]) == 5
    assert {line["provider"] for line in card["influence"]} <= set(WARDS)
    assert card["influence"][0]["largest_change"] > card["influence"][-1]["largest_change"] > 0


@pytest.mark.parametrize("language", ["nl", "en"])
def test_cards_are_pages_too(registry: Registry, language: Any) -> None:
    for indicator, said in (("stay-falls", "Poisson"), ("stay-revised", "Cox"), ("stay-score", "R²")):
        page = card_html(registry.model_card(indicator), language=language)
        assert said in page
        assert "None" not in page
