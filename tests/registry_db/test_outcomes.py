"""Outcomes of every kind, from delivered records to scores: held against the records themselves."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from registry_db.faults import RegistryError
from registry_db.reader import Publications
from registry_db.registry import Registry
from registry_db.response import Response, response
from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.expected import RiskModel
from tests.registry_db.build import DEFINITIONS, HOME, make_registry, text, visit, write

STAY = """\
dataset: stay
version: 1.0.0
title: {nl: Opnames, en: Stays}
source: made up for the tests
key: [stay]
provider: ward
period: {year_of: began}
columns:
  stay: {type: integer, required: true}
  ward: {type: text, required: true}
  began: {type: date, required: true}
  age: {type: integer, range: [18, 100]}
  sex: {type: category, codes: {"1": male, "2": female}}
  days: {type: integer}
  falls: {type: integer}
  answer: {type: integer, range: [0, 10]}
  revised: {type: date}
  seen: {type: date}
  died: {type: date}
"""
HEAD = """\
indicator: {id}
version: 1.0.0
horizon: 2
title: {{nl: Proef, en: Trial}}
why: {{nl: Proef., en: Trial.}}
steward: the tests
sources: [made up for the tests]
dataset: stay
population: age >= 18
"""
FALLS = (
    HEAD.format(id="stay-falls")
    + """\
outcome: {kind: count, events: falls, exposure: days, better: lower}
case_mix:
  - {term: age, as: category, cuts: [50, 70], reference: 50-<70}
  - {term: sex, as: category, reference: male}
show: {unit: rate, per: 1000, of: {nl: ligdagen, en: bed days}, decimals: 1}
minimum: {n: 20}
examples:
  - {given: {age: 40, sex: male, falls: 2, days: 10}, expect: {state: value, outcome: 2}}
  - {given: {age: 40, sex: male, falls: 2, days: 0}, expect: {state: missing}}
  - {given: {age: 40, sex: male, falls: -1, days: 3}, expect: {state: missing}}
"""
)
TOP = (
    HEAD.format(id="stay-top")
    + """\
outcome: {kind: top_box, answer: answer, top: [9, 10]}
case_mix: [{term: age, as: number, missing: median-and-flag}]
show: {unit: percent, decimals: 1}
examples:
  - {given: {age: 40, answer: 9}, expect: {state: met}}
  - {given: {age: 40, answer: 8}, expect: {state: not-met}}
  - {given: {age: 40}, expect: {state: missing}}
"""
)
REVISED = (
    HEAD.format(id="stay-revised")
    + """\
outcome:
  {kind: time_to_event, start: began, event: revised, horizon: 365, censored: seen,
   competing: {on: died, as: censored}, better: lower}
case_mix: [{term: age, as: number}, {term: sex, as: category, reference: male}]
show: {unit: percent, decimals: 1}
examples:
  - {given: {age: 40, sex: male, began: 2024-01-01, revised: 2024-12-31}, expect: {state: met}}
  - {given: {age: 40, sex: male, began: 2024-01-01, revised: 2025-01-01}, expect: {state: not-met}}
  - {given: {age: 40, sex: male, began: 2024-01-01, revised: 2024-03-01, seen: 2024-02-29},
     expect: {state: not-met}}
  - {given: {age: 40, sex: male, began: 2024-01-01, revised: 2024-03-01, died: 2024-02-29},
     expect: {state: not-met}}
  - {given: {age: 40, sex: male, began: 2024-01-01, revised: 2023-12-31}, expect: {state: missing}}
"""
)
WARDS = ("a", "b", "c", "d", "tiny")


def stays() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    count = 900
    frame = pd.DataFrame(
        {
            "stay": np.arange(count),
            "ward": draw.choice(WARDS, count, p=[0.3, 0.3, 0.2, 0.19, 0.01]),
            "began": [dt.date(2024, 1, 1) + dt.timedelta(int(day)) for day in draw.integers(0, 366, count)],
            "age": draw.integers(20, 95, count),
            "sex": draw.choice(["1", "2"], count),
            "days": draw.integers(1, 30, count),
            "answer": draw.integers(5, 11, count).astype(object),
        }
    )
    frame["falls"] = draw.poisson(0.004 * frame["days"] * np.exp((frame["age"] - 60) / 50))
    frame.loc[draw.random(count) < 0.3, "answer"] = None
    after = draw.exponential(np.where(frame["sex"] == "1", 500, 900)).astype(int)
    frame["revised"] = [
        began + dt.timedelta(int(days)) if days < 700 else None
        for began, days in zip(frame["began"], after, strict=True)
    ]
    for column, share in (("seen", 0.1), ("died", 0.08)):
        days = draw.integers(0, 400, count)
        frame[column] = [
            began + dt.timedelta(int(later)) if draw.random() < share else None
            for began, later in zip(frame["began"], days, strict=True)
        ]
    return frame


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("stays")
    definitions = {"stay.dataset.yaml": STAY, "falls.yaml": FALLS, "top.yaml": TOP, "revised.yaml": REVISED}
    with Registry(make_registry(folder / "registry", definitions)) as made:
        made.deliver("stay", write(folder, stays().to_csv(index=False)))
        made.run()
        yield made


def test_a_count_is_scored_on_its_exposure(registry: Registry) -> None:
    frame, scores = stays(), registry.scores("stay-falls").set_index("provider")
    own = frame.groupby("ward")[["falls", "days"]].sum()
    assert scores["exposure"].to_dict() == own["days"].to_dict()
    assert scores["observed"].to_dict() == own["falls"].to_dict()
    assert scores["n"].to_dict() == frame.groupby("ward").size().to_dict()
    rate = frame["falls"].sum() / frame["days"].sum()
    np.testing.assert_allclose(scores["adjusted"], scores["observed"] / scores["expected"] * rate)
    assert scores["expected"].sum() == pytest.approx(frame["falls"].sum(), rel=1e-9)
    # Garwood's exact limits of a Poisson count
    lower = chi2.ppf(0.025, 2 * scores["observed"]) / 2
    np.testing.assert_allclose(scores["lower"], np.nan_to_num(lower) / scores["expected"] * rate, rtol=1e-9)
    assert scores.loc["tiny", "reason"] == "fewer than 20 records"
    assert scores.loc["tiny", "band"] == "not-assessable"


def test_the_rate_of_a_count_is_that_of_its_bands(registry: Registry) -> None:
    """With two crossed categories the score equations say: observed and expected agree in every band."""
    [stored] = registry.models().query("indicator == 'stay-falls'")["model_json"]
    model = RiskModel.from_dict(json.loads(stored))
    assert (model.kind, model.design.terms[0].levels) == ("poisson", ("50-<70", "<50", ">=70"))
    frame = stays()
    frame["band"] = np.select([frame["age"] < 50, frame["age"] < 70], ["<50", "50-<70"], ">=70")
    strata = {
        "age": frame["band"].to_numpy(),
        "sex": frame["sex"].map({"1": "male", "2": "female"}).to_numpy(),
    }
    frame["expected"] = model.expected(strata) * frame["days"]
    for by in ("band", "sex"):
        sums = frame.groupby(by)[["falls", "expected"]].sum()
        np.testing.assert_allclose(sums["expected"], sums["falls"], rtol=1e-8)


def test_top_boxes_are_a_share_of_the_answers(registry: Registry) -> None:
    frame, scores = stays(), registry.scores("stay-top").set_index("provider")
    answered = frame[frame["answer"].notna()].copy()
    answered["top"] = answered["answer"].astype(int) >= 9
    own = answered.groupby("ward")["top"].agg(["size", "sum"])
    assert scores["n"].to_dict() == own["size"].to_dict()
    assert scores["observed"].to_dict() == own["sum"].to_dict()
    states = json.loads(scores.loc["a", "states_json"])
    silent = [row["n"] for row in states if row["state"] == "missing"]
    assert silent == [int((frame["answer"].isna() & (frame["ward"] == "a")).sum())]


def test_the_response_stands_beside_what_patients_report(registry: Registry) -> None:
    """Everyone of the population was asked; an answer of a patient of unknown age counts as well."""
    frame, scores = stays(), registry.scores("stay-top").set_index("provider")
    asked = frame.groupby("ward")["answer"].agg(["size", "count"])
    assert scores["eligible"].to_dict() == asked["size"].to_dict()
    assert scores["responded"].to_dict() == asked["count"].to_dict()
    assert "eligible" not in registry.scores("stay-falls")
    reader = Publications(registry.folder).newest()
    published = {row.provider: row for row in reader.responses(reader.indicator("stay-top"), period="2024")}
    for ward in ("a", "b", "c"):
        told = published[ward].eligible, published[ward].responded
        assert told == (asked.loc[ward, "size"], asked.loc[ward, "count"])
    # hidden, for there are few patients, and that of another ward would give it away
    assert [published[ward].eligible for ward in ("tiny", "d")] == [None, None]
    (own,) = reader.responses(reader.indicator("stay-top"), period="2024", provider="a")
    assert own == published["a"]
    assert own.share == asked.loc["a", "count"] / asked.loc["a", "size"]
    assert reader.responses(reader.indicator("stay-falls")) == ()


def test_who_misses_case_mix_answered_and_who_is_pending_was_not_asked_yet() -> None:
    states = [
        ("met", "", 40), ("not-met", "", 20), ("missing", "answer", 30), ("missing", "age", 5),
        ("missing", "day", 7), ("pending", "2026-01-01", 9), ("excluded", "rule 1", 3), ("excepted", "x", 2),
    ]  # fmt: skip
    assert response(states, answer=["answer"], beside=["age"]) == Response(97.0, 67.0)
    assert response([*states, ("missing", "answer", None)], answer=["answer"], beside=["age"]) is None
    assert response([("excluded", "rule 1", 3)], answer=["answer"], beside=["age"]) is None


def followed(frame: pd.DataFrame) -> pd.DataFrame:
    """Days followed and whether the event was seen, worked out record by record."""
    end = max(day for name in ("began", "revised", "seen") for day in frame[name] if day is not None)
    rows = []
    for row in frame.itertuples():
        ends = [row.began + dt.timedelta(365), end, *(day for day in (row.seen, row.died) if day is not None)]
        last = min(ends)
        event = row.revised is not None and row.revised <= last
        rows.append(((min(last, row.revised) if event else last) - row.began, event))
    days = [days.days for days, _ in rows]
    return frame.assign(time=days, event=[event for _, event in rows], male=(frame["sex"] == "1").astype(int))


def test_a_time_to_event_agrees_with_a_fit_on_the_records(registry: Registry) -> None:
    frame = followed(stays())
    scores = registry.scores("stay-revised").set_index("provider")
    assert scores["observed"].to_dict() == frame.groupby("ward")["event"].sum().to_dict()
    assert scores["expected"].sum() == pytest.approx(frame["event"].sum(), rel=1e-9)
    [stored] = registry.models().query("indicator == 'stay-revised'")["model_json"]
    model = CoxModel.from_dict(json.loads(stored))
    sex = frame["sex"].map({"1": "male", "2": "female"}).to_numpy()
    strata = {"age": frame["age"].to_numpy(np.float64), "sex": sex}
    peer = fit_cox(
        [Term("age", "number"), Term("sex", "category", reference="male")],
        strata,
        time=frame["time"],
        n=np.ones(len(frame)),
        events=frame["event"],
    )
    np.testing.assert_allclose(model.coefficients, peer.coefficients, rtol=1e-8)
    frame["expected"] = model.expected(
        strata, time=frame["time"], n=np.ones(len(frame)), events=frame["event"]
    )
    own = frame.groupby("ward")["expected"].sum()
    np.testing.assert_allclose(scores["expected"], own.loc[scores.index], rtol=1e-9)
    survival = model.survival(strata, 365.0)
    for ward in ("a", "tiny"):
        hazard = float(scores.loc[ward, "observed"] / scores.loc[ward, "expected"])
        assert scores.loc[ward, "adjusted"] == pytest.approx(float(np.mean(1 - survival**hazard)), rel=1e-9)
    judged = scores[scores["band"] != "not-assessable"]
    beyond = (judged["adjusted"] <= judged["low95"]) | (judged["adjusted"] >= judged["high95"])
    assert (beyond == (judged["band"] != "in")).all()


def test_every_record_is_in_one_state(registry: Registry) -> None:
    delivered = stays().groupby("ward").size().to_dict()
    for item in registry.catalogue().indicators():
        assert registry.states(item.id).groupby("provider")["n"].sum().to_dict() == delivered
    own = registry.states("stay-top", provider="a")
    assert own["n"].sum() == delivered["a"]
    with pytest.raises(RegistryError, match="stay-top has no scores of provider 'z'"):
        registry.states("stay-top", provider="z")


def test_a_period_in_which_no_record_counts(tmp_path: Path) -> None:
    """Not even an indicator without case mix has a pattern there: it says so, and gives no score."""
    home = HOME.replace("age >= 0", "age >= 18") + "  - {given: {age: 17}, expect: {state: not-eligible}}\n"
    home += "  - {given: {age: 18, at_home: true}, expect: {state: met}}\n"
    with Registry(make_registry(tmp_path / "r", DEFINITIONS | {"visit-home.indicator.yaml": home})) as opened:
        opened.deliver("visit", write(tmp_path, text([visit(age="17")])))
        notes = [note for done in opened.run().assessed for note in done.notes]
        assert "visit-home 2024: the cohort is empty: no records to fit the model on" in notes
        assert opened.scores("visit-home").empty
        assert opened.states("visit-home")["state"].tolist() == ["not-eligible"]
