"""The demo registry: what it finds, held against the truth that its records were drawn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_db.connect import SHUT_OFF
from registry_db.registry import Registry

BINARY = ("birth-pph", "birth-tear", "birth-apgar", "birth-booking")


@pytest.fixture(scope="module")
def demo(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    import shutil

    copy = tmp_path_factory.mktemp("copy") / "registry"
    shutil.copytree(demo_registry, copy)
    with Registry(copy) as registry:
        yield registry


@pytest.fixture(scope="module")
def truth(demo: Registry) -> Any:
    return json.loads((demo.folder / "deliveries" / "truth.json").read_text(encoding="utf-8"))


def test_every_record_ends_in_one_state(demo: Registry) -> None:
    delivered = demo.deliveries().groupby("dataset")["accepted"].sum()
    states = demo.con.execute("select indicator, sum(n) as n from state group by all").df()
    for indicator, n in zip(states["indicator"], states["n"], strict=True):
        dataset = demo.catalogue().get("indicator", indicator).model.dataset
        assert n == delivered[dataset], indicator


def test_wrong_rows_are_quarantined_with_their_reason(demo: Registry) -> None:
    first = demo.deliveries()["delivery"].iloc[0]
    found = demo.quarantine(first)
    assert sorted(zip(found["value"], found["expected"], strict=True)) == [
        ("2023-02-30", "a date as YYYY-MM-DD"),
        ("7", "a number from 12 to 60"),
        ("8", "one of 1, 2, 3"),
    ]


@pytest.mark.parametrize("indicator", BINARY)
def test_observed_and_expected_agree_nationally(demo: Registry, indicator: str) -> None:
    sums = demo.scores(indicator).groupby("period")[["observed", "expected"]].sum()
    assert np.abs(sums["observed"] - sums["expected"]).max() < 1e-6


@pytest.mark.parametrize("indicator", BINARY)
def test_scores_follow_the_true_effects(demo: Registry, truth: Any, indicator: str) -> None:
    """The log of O/E rises with the true effect, with the slope that shrinking odds to rates gives."""
    scores = demo.scores(indicator)
    scores = scores[(scores["band"] != "not-assessable") & (scores["observed"] > 0)]
    effects = truth["indicators"][indicator]["effects"]
    effect = np.array(
        [effects[who][when] for who, when in zip(scores["provider"], scores["period"], strict=True)]
    )
    rate = scores["observed"].sum() / scores["n"].sum()
    size = np.log(scores["ratio"].to_numpy())
    weight = scores["expected"].to_numpy()
    slope = np.polyfit(effect, size, 1, w=np.sqrt(weight))[0]
    error = np.sqrt(1 / (weight @ (effect - np.average(effect, weights=weight)) ** 2) / (1 - rate))
    assert abs(slope - (1 - rate)) < 4 * error


@pytest.mark.parametrize("indicator", ["birth-pph", "birth-tear", "birth-apgar"])
def test_case_mix_coefficients_are_those_of_the_truth(demo: Registry, truth: Any, indicator: str) -> None:
    """Pooled over years, the fitted coefficients lie within four standard errors of the true ones.

    The model has no effect of the network, and odds ratios shrink a little when one is left out: with a
    spread of 0.3 by less than 3 %.
    """
    known = truth["indicators"][indicator]["coefficients"]
    models = demo.models()
    fitted = [json.loads(text) for text in models.loc[models["indicator"] == indicator, "model_json"]]
    rows = [
        pd.DataFrame(
            {"name": _columns(model)[1:], "b": model["coefficients"][1:], "se": model["standard_errors"][1:]}
        )
        for model in fitted
    ]
    table = pd.concat(rows)
    table = table[table["name"].isin(known)]
    assert len(table) == len(known) * len(fitted)
    table["precision"] = table["se"] ** -2
    pooled = table.groupby("name").apply(
        lambda part: pd.Series(
            {"b": np.average(part["b"], weights=part["precision"]), "se": part["precision"].sum() ** -0.5}
        ),
        include_groups=False,
    )
    wrong = (pooled["b"] - pd.Series(known)).abs() - 0.03 * pd.Series(known).abs()
    assert (wrong < 4 * pooled["se"]).all(), pooled


def _columns(model: Any) -> list[str]:
    from risk_models.design import Design

    return list(Design.from_dict(model["design"]).columns)


def test_the_contract_pays_for_the_saving_that_was_made(demo: Registry) -> None:
    settlements = demo.settlements().set_index("period")
    assert list(settlements.index) == ["2024", "2025"]
    assert (settlements["kind"] == "final").all()
    for text in settlements["settlement_json"]:
        steps = {step["key"]: float(step["amount"]) for step in json.loads(text)["steps"]}
        assert 0 < steps["payment"] < steps["saving"]
        assert steps["savings_rate"] == pytest.approx(0.04, abs=0.03)  # true saving 4 %, 1,300 births


def test_running_again_changes_nothing(demo: Registry) -> None:
    again = demo.run()
    assert not any(item.periods for item in again.assessed)
    assert again.published.unchanged


def test_the_same_records_give_the_same_publication(
    demo: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHUT_OFF, "threads", 1)
    with Registry.create(tmp_path / "again", library="birth", name=demo.settings.name) as other:
        for file in sorted((demo.folder / "deliveries").glob("*.csv")):
            other.deliver("birth" if file.name.startswith("births") else "vsv-structure", file)
        assert other.run().published.id == demo.publish().id
