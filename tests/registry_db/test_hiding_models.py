"""A published case-mix model does not tell how few patients have a level of the case mix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_db.cohorts import Patterns
from registry_db.effects import effects, hidden_effects
from registry_db.fits import Fitted
from registry_db.hiding_explanations import hide_explanations
from registry_db.hiding_models import hide_models
from registry_db.published_models import Model
from registry_db.rare_levels import fewest_of_terms
from registry_db.reader import PublicationReader, current_publication
from risk_models.cox import fit_cox
from risk_models.design import Term
from risk_models.expected import RiskModel, fit_model


def patterns(columns: dict[str, Any], n: list[float], events: list[float]) -> Patterns:
    size, sums = np.array(n, dtype=float), np.array(events, dtype=float)
    return Patterns({name: np.array(values) for name, values in columns.items()}, size, sums, sums, size)


def as_stored(fitted: Fitted, taken: Patterns, **told: Any) -> pd.DataFrame:
    diagnostics = {**told, "fewest": fewest_of_terms(fitted, taken)}
    row = ("whole", "x", "1.0.0", "2025", fitted.kind, fitted.model.n, fitted.model_json())
    return pd.DataFrame([(*row, json.dumps(diagnostics))], columns=list(Model.__slots__))


def of_one_flag(few: int, few_events: int) -> tuple[Fitted, Patterns]:
    taken = patterns({"rare": [0, 1]}, [300, few], [40, few_events])
    model = fit_model("logistic", [Term("rare", "flag")], taken.columns, n=taken.n, sum_y=taken.sum_y)
    return Fitted("whole", model, {}), taken


def counts_of_level(stored: dict[str, Any]) -> tuple[float, float]:
    """Records and events with the flag, from what is in a model of it alone: algebra, and no guess.

    Of such a model the variance of the intercept is 1 / n0 p0 (1 - p0), and that of the effect is that and
    1 / n1 p1 (1 - p1) together.
    """
    constant, effect = stored["coefficients"]
    risk = 1 / (1 + np.exp(-(constant + effect)))
    errors = np.array(stored["standard_errors"])
    records = 1 / ((errors[1] ** 2 - errors[0] ** 2) * risk * (1 - risk))
    return records, records * risk


def test_counts_of_a_rare_level_follow_from_the_whole_model_and_not_from_what_is_published() -> None:
    fitted, taken = of_one_flag(7, 3)
    frame = as_stored(fitted, taken)
    whole = json.loads(frame["model_json"][0])
    assert counts_of_level(whole) == pytest.approx((7, 3), abs=1e-6)
    shown, names = hide_models(frame, small_cell=10)
    model = json.loads(shown["model_json"][0])
    assert model["coefficients"] == [pytest.approx(whole["coefficients"][0], abs=5e-4), None]
    assert model["standard_errors"] == [None, None]
    assert not {"covariance", "log_likelihood"} & set(model)
    assert "fewest" not in shown["diagnostics_json"][0]
    row = Model(*shown.iloc[0])
    assert (effects(row), hidden_effects(row)) == ((), ("rare",))
    # the hash of the whole would tell which of the few it is to who tries them all
    assert names == {"whole": row.model}
    assert row.model != "whole"


def test_a_level_that_is_not_rare_keeps_its_effect() -> None:
    fitted, taken = of_one_flag(60, 20)
    shown, names = hide_models(as_stored(fitted, taken), small_cell=10)
    row = Model(*shown.iloc[0])
    (effect,) = effects(row)
    assert (names, hidden_effects(row)) == ({}, ())
    assert effect.estimate == pytest.approx((20 / 40) / (40 / 260), rel=1e-3)
    # to two digits: of two levels exact errors would tell how many have both
    spread = np.sqrt(1 / 20 + 1 / 40 + 1 / 40 + 1 / 260)
    assert json.loads(row.model_json)["standard_errors"][1] == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize(("few", "events"), [(7, 3), (60, 3), (60, 57)])
def test_records_events_and_those_without_may_each_be_few(few: int, events: int) -> None:
    fitted, taken = of_one_flag(few, events)
    assert hidden_effects(Model(*hide_models(as_stored(fitted, taken), small_cell=10)[0].iloc[0])) == (
        "rare",
    )


def test_a_model_of_which_no_counts_are_known_shows_no_effects() -> None:
    frame = as_stored(*of_one_flag(60, 20))
    frame["diagnostics_json"] = "{}"
    assert hidden_effects(Model(*hide_models(frame, small_cell=10)[0].iloc[0])) == ("rare",)


def test_baseline_hazards_are_not_published() -> None:
    """Of one event at a time the step is 1 over the sum of risks: with few at risk it tells how many."""
    draw = np.random.default_rng(1)
    taken = patterns({"sex": draw.integers(0, 2, 60)}, [1] * 60, draw.integers(0, 2, 60).tolist())
    model = fit_cox(
        [Term("sex", "flag")], taken.columns, time=np.arange(1, 61.0), n=taken.n, events=taken.sum_y
    )
    frame = as_stored(Fitted("whole", model, {}), taken)
    assert len(json.loads(frame["model_json"][0])["baselines"][""]["times"]) == taken.sum_y.sum()
    shown = json.loads(hide_models(frame, small_cell=3)[0]["model_json"][0])
    assert not {"baselines", "covariance", "clustered", "log_likelihood"} & set(shown)
    assert None not in shown["coefficients"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31))
def test_the_fewest_are_those_that_pandas_counts(seed: int) -> None:
    draw = np.random.default_rng(seed)
    size = 400
    frame = pd.DataFrame(
        {
            "ward": draw.choice(["a", "b", "c"], size, p=[0.6, 0.3, 0.1]),
            "flag": draw.choice([0.0, 1.0], size, p=[0.8, 0.2]),
            "two": draw.choice([1.0, 2.0], size),
            "age": draw.normal(50, 10, size),
            "y": draw.choice([0, 1], size, p=[0.7, 0.3]),
        }
    )
    terms = [
        Term("ward", "category"),
        Term("flag", "flag"),
        Term("two", "number"),
        Term("age", "number"),
        Term("ward x flag", "interaction", of=("ward", "flag")),
    ]
    taken = patterns(
        {name: frame[name].to_numpy() for name in ("ward", "flag", "two", "age")},
        [1] * size,
        frame["y"].tolist(),
    )
    try:
        model = fit_model("logistic", terms, taken.columns, n=taken.n, sum_y=taken.sum_y)
    except ValueError:  # a corner without events has no estimate
        return
    found = fewest_of_terms(Fitted("m", model, {}), taken)
    both = frame.groupby(["ward", "flag"])["y"].agg(["size", "sum"])
    corner = np.concatenate([both["size"], both["sum"], both["size"] - both["sum"]])
    two = frame.groupby("two")["y"].agg(["size", "sum"])
    of_two = np.concatenate([two["size"], two["sum"], two["size"] - two["sum"]]).min()
    assert found == {
        "ward": corner[corner > 0].min(),
        "flag": corner[corner > 0].min(),
        "ward x flag": corner[corner > 0].min(),
        "two": of_two,
    }


def test_the_demo_tells_of_no_rare_level(demo_registry: Path) -> None:
    """Of the children whose district's status is not known 2 or 3 a year had a low Apgar score."""
    with duckdb.connect(str(demo_registry / "vault.duckdb"), read_only=True) as vault:
        exact = vault.execute("select indicator, period, model_json from model order by all").fetchall()
        (events,) = vault.execute(
            """select count(*) from record_birth
            where ses is null and apgar5 < 7 and gestation_weeks >= 37 and plurality = 1
                and year(birth_date) = 2025"""
        ).fetchall()[0]
    assert 0 < events < 10
    reader = PublicationReader(current_publication(demo_registry))
    shown = {(row.indicator, row.period): row for row in reader.models()}
    assert len(shown) == len(exact) == 18
    for indicator, period, text in exact:
        row, whole = shown[indicator, period], RiskModel.from_dict(json.loads(text))
        assert hidden_effects(row) == (("ses",) if indicator == "birth-apgar" else ())
        for effect, value in zip(json.loads(row.model_json)["coefficients"], whole.coefficients, strict=True):
            assert effect is None or effect == pytest.approx(value, rel=6e-3, abs=5e-4)
        assert "log_likelihood" not in row.model_json
    # shares and parts of all providers would give the effect back
    for row in reader.scores("birth-apgar"):
        parts, _ = reader.explanation(
            "birth-apgar", version=row.version, period=row.period, provider=row.provider
        )
        assert "ses" not in {part.term for part in parts}
    models = {row.model for row in reader.models()}
    for (indicator, period), row in shown.items():
        benchmark = reader.benchmark(indicator, version=row.version, period=period)
        assert benchmark is not None
        assert benchmark.model == row.model
        assert benchmark.model in models


def test_the_share_of_everyone_is_hidden_where_it_tells_of_few() -> None:
    """Of 120 patients 4 are 3 %, and 3 % of 120 can only be 4; of 12,000 it can be any of 300 to 420."""

    def shares(at_each: int, few: int) -> dict[str, float | None]:
        key = {"indicator": "x", "version": "1.0.0", "period": "2024", "own": 0.1}
        rows = [
            {**key, "provider": provider, "term": term, "level": level, "records": float(n),
             "total": float(at_each), "everyone": 3 * n / (3 * at_each)}
            for provider in "abc"
            for term, level, n in (
                ("class", "rare", few), ("class", "usual", at_each - few),
                ("sex", "male", at_each // 2), ("sex", "female", at_each - at_each // 2),
            )
        ]  # fmt: skip
        parts = pd.DataFrame(columns=["indicator", "version", "period", "provider", "term", "part"])
        _, mixes = hide_explanations(parts, pd.DataFrame(rows), small_cell=10)
        return mixes.groupby(["term", "level"])["everyone"].first().to_dict()

    few = shares(40, 1)
    assert np.isnan([few["class", "rare"], few["class", "usual"]]).all()  # they add up to all
    assert (few["sex", "male"], few["sex", "female"]) == (0.5, 0.5)
    assert not np.isnan(list(shares(4000, 1).values())).any()
