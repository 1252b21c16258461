"""The card of a stored model: what it says, against the records themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from typer.testing import CliRunner

from app.cli import cli
from registry_db.faults import RegistryError
from registry_db.registry import Registry
from risk_models.model_card_page import card_html
from tests.registry_db.build import text, visits, write
from tests.registry_db.test_estimates import SIZES, counted, registry_with


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with registry_with(tmp_path_factory.mktemp("cards"), "{}") as made:
        made.score()
        yield made


def test_diagnostics_are_those_of_the_records(registry: Registry) -> None:
    card = registry.model_card("visit-fall", period="2025", hosmer_lemeshow=True)
    records = counted(registry, "2025")
    first, second, third = (row["estimate"] for row in card["coefficients"])
    centre = card["terms"][1]["centre"]
    eta = first + second * (records["sex"] == "female") + third * (records["age"] - centre)
    risk, y = 1 / (1 + np.exp(-eta)), records["y"]
    apparent = card["apparent"]
    assert apparent["c_statistic"] == pytest.approx(roc_auc_score(y, risk), rel=1e-9)
    assert apparent["brier"] == pytest.approx(brier_score_loss(y, risk), rel=1e-9)
    plain = brier_score_loss(y, np.full(len(y), y.mean()))
    assert apparent["scaled_brier"] == pytest.approx(1 - apparent["brier"] / plain, rel=1e-9)
    # a model is calibrated on what it was fitted on
    assert apparent["calibration_intercept"] == pytest.approx(0, abs=1e-6)
    assert apparent["calibration_slope"] == pytest.approx(1, abs=1e-6)
    assert (card["fit"]["n"], card["fit"]["outcome"]) == (len(y), y.sum())
    assert card["cross_validation"]["folds"] == len(SIZES)
    assert card["cross_validation"]["brier"] > apparent["brier"]
    assert 0 <= card["hosmer_lemeshow"]["p"] <= 1


def test_forward_is_the_earlier_model_on_these_records(registry: Registry) -> None:
    earlier = registry.model_card("visit-fall", period="2024")
    assert earlier["forward"] == {"reason": "there is no model of an earlier period"}
    records = counted(registry, "2025")
    first, second, third = (row["estimate"] for row in earlier["coefficients"])
    eta = first + second * (records["sex"] == "female")
    eta += third * (records["age"] - earlier["terms"][1]["centre"])
    found = registry.model_card("visit-fall")["forward"]
    assert found["c_statistic"] == pytest.approx(roc_auc_score(records["y"], eta), rel=1e-9)
    assert found["brier"] == pytest.approx(brier_score_loss(records["y"], 1 / (1 + np.exp(-eta))), rel=1e-9)


def test_it_says_where_the_records_went_and_who_pulls(registry: Registry) -> None:
    card = registry.model_card("visit-fall", period="2024")
    states = {(row["state"], row["reason"]): row["n"] for row in card["about"]["states"]}
    assert sum(states.values()) == sum(SIZES.values())
    assert states["met", ""] + states["not-met", ""] == card["fit"]["n"]
    assert states["missing", "sex"] > 0
    assert len(card["influence"]) == 5
    sizes = [row["largest_change"] for row in card["influence"]]
    assert sizes == sorted(sizes, reverse=True)
    counted, left_out = card["fit"]["n"], states["missing", "sex"]
    [note] = card["missing"]
    assert (note["term"], note["rule"], note["records"]) == ("sex", "complete-case", left_out)
    assert note["share"] == pytest.approx(left_out / (counted + left_out))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_and_the_file_say_the_same(registry: Registry, tmp_path: Path, language: str) -> None:
    registry.close()
    call = ["--registry", str(registry.folder), "card", "visit-fall", "--period", "2025"]
    for name in ("card.html", "card.json"):
        done = CliRunner().invoke(cli, [*call, "--out", str(tmp_path / name), "--language", language])
        assert done.exit_code == 0, done.output
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert card["about"]["model"] in page
    assert {"nl": "Modelkaart", "en": "Model card"}[language] in page
    for row in card["coefficients"]:
        shown = f"{row['estimate']:.4g}"
        assert (shown.replace(".", ",") if language == "nl" else shown) in page


def test_the_page_is_in_its_language(registry: Registry) -> None:
    card = registry.model_card("visit-fall", period="2024")
    card["fit"]["log_likelihood"] = -19_481.6
    dutch, english = (card_html(card, language=language) for language in ("nl", "en"))
    assert "model van een eerdere periode: er is geen model van een eerdere periode" in dutch
    assert "model of an earlier period: there is no model of an earlier period" in english
    assert "-19.482<" in dutch
    assert "-19,482<" in english


def test_a_card_of_a_model_that_is_not_there(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="visit-fall has no model of period '2019'"):
        registry.model_card("visit-fall", period="2019")


def test_a_card_of_records_that_changed_is_refused(tmp_path: Path) -> None:
    with registry_with(tmp_path, "{}") as registry:
        registry.score()
        more = visits(seed=9, sizes={"north": 20}, year=2025)
        lines = [line | {"id": f"more-{number}"} for number, line in enumerate(more)]
        registry.deliver("visit", write(tmp_path, text(lines), "more.csv"))
        with pytest.raises(RegistryError, match="the records are no longer those that model"):
            registry.model_card("visit-fall", period="2025")
