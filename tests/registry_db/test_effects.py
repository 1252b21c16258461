"""A stored model, read as effects."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from registry_db.effects import effects
from registry_db.published_models import Model
from risk_models.expected import RiskModel
from tests.app.build import model_json


def stored(terms: list[dict[str, Any]], beta: list[float], error: list[float], kind: str) -> Model:
    plain = {"degree": 1, "centre": 0.0, "knots": [], "levels": []}
    model = {
        "kind": kind,
        "design": {"terms": [plain | term for term in terms]},
        "coefficients": [-3.0, *beta],
        "standard_errors": [0.1, *error],
        "n": 1000.0,
        "log_likelihood": -1.0,
        "residual_sd": 1.0 if kind == "linear" else None,
    }
    return Model("m", "x", "1.0.0", "2025", kind, 1000.0, json.dumps(model), "{}")


TERMS = [
    {"name": "parity", "kind": "category", "levels": ["multi", "nulli", "unknown"]},
    {"name": "smokes", "kind": "flag"},
    {"name": "age", "kind": "number", "degree": 2},
]


def test_a_logistic_model_reads_as_odds_ratios_with_their_intervals() -> None:
    beta, error = [math.log(1.5), math.log(0.8), math.log(2.0), 0.01, 0.0], [0.2, 0.1, 0.3, 0.01, 0.001]
    found = effects(stored(TERMS, beta, error, "logistic"))
    said = [(effect.term, effect.shape, effect.level, effect.against) for effect in found]
    assert said == [
        ("parity", "level", "nulli", "multi"),
        ("parity", "level", "unknown", "multi"),
        ("smokes", "flag", "", ""),
        ("age", "per-unit", "", ""),
        ("age", "power", "2", ""),
    ]
    assert [effect.estimate for effect in found] == pytest.approx([1.5, 0.8, 2.0, 1.01005017, 1.0])
    # 1.5 x exp(-/+ 1.96 x 0.2)
    assert (found[0].lower, found[0].upper) == pytest.approx((1.0136, 2.2198), abs=1e-4)


def test_a_linear_model_reads_as_differences() -> None:
    found = effects(stored(TERMS[1:2], [-2.5], [0.5], "linear"))
    assert found[0].estimate == -2.5
    assert (found[0].lower, found[0].upper) == pytest.approx((-3.48, -1.52), abs=1e-3)


def test_a_model_without_case_mix_has_no_effects() -> None:
    assert effects(stored([], [], [], "logistic")) == ()


def test_a_curve_is_the_ratio_of_the_odds_that_the_model_gives() -> None:
    text = model_json()
    model = RiskModel.from_dict(json.loads(text))
    curve = [effect for effect in effects(stored_text(text)) if effect.shape == "curve"]
    assert len(curve) == 3
    for effect in curve:
        ages = np.array([float(effect.level), float(effect.against)])
        risk = model.expected({"age": ages, "parity": np.array(["multi", "multi"], dtype=object)})
        odds = risk / (1 - risk)
        assert effect.estimate == pytest.approx(odds[0] / odds[1], rel=1e-9)
        assert effect.lower is None


def stored_text(text: str) -> Model:
    return Model("m", "x", "1.0.0", "2025", "logistic", 1200.0, text, "{}")
