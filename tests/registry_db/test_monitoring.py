"""The course of an indicator by month, against the same statistics taken record by record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from app.cli import cli
from registry_db.faults import RegistryError
from registry_db.registry import Registry
from risk_models.cusum import cusum
from risk_models.monitoring import vlad, xmr
from tests.registry_db.test_estimates import SIZES, registry_with


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with registry_with(tmp_path_factory.mktemp("course"), "{}") as made:
        made.con.execute(
            "update record_visit set fell = true where clinic = 'west' and month(day) between 5 and 8"
        )
        made.score()
        yield made


def records(registry: Registry, clinic: str, year: int) -> pd.DataFrame:
    """The records of a clinic that count, in order, with the risk that the stored model gives them."""
    models = registry.models().set_index(["indicator", "period"])
    stored = json.loads(models.loc[("visit-fall", str(year)), "model_json"])
    intercept, female, age = stored["coefficients"]
    centre = stored["design"]["terms"][1]["centre"]
    found = registry.con.execute(
        """select strftime(day, '%Y-%m') as month, sex, age::double as age, fell::int as y from record_visit
        where clinic = ? and year(day) = ? and age >= 18 and not (weight > 150) and fell is not null
            and sex is not null
        order by day, visit""",
        [clinic, year],
    ).df()
    eta = intercept + female * (found["sex"] == "female") + age * (found["age"] - centre)
    return found.assign(risk=1 / (1 + np.exp(-eta)))


@pytest.mark.parametrize("odds_ratio", [2.0, 0.5])
def test_months_are_what_the_records_give_one_by_one(registry: Registry, odds_ratio: float) -> None:
    for clinic in ("west", "north"):
        found = registry.monitor("visit-fall", provider=clinic, odds_ratio=odds_ratio)
        for year in (2024, 2025):
            own = records(registry, clinic, year)
            year_found = found[found["period"] == str(year)]
            limit = year_found["limit"].iloc[0]
            path = cusum(own["y"], own["risk"], odds_ratio=odds_ratio, limit=limit, restart=False).path
            own = own.assign(vlad=vlad(own["y"], own["risk"]), cusum=path)
            wanted = own.groupby("month").agg(
                n=("y", "size"), observed=("y", "sum"), expected=("risk", "sum"),
                vlad=("vlad", "last"), cusum=("cusum", "max"),
            )  # fmt: skip
            assert list(year_found["month"]) == list(wanted.index)
            for name in wanted:
                np.testing.assert_allclose(year_found[name], wanted[name], rtol=1e-9, atol=1e-9)
            assert list(year_found["alarm"]) == list(wanted["cusum"] >= limit)
        signals = xmr((found["observed"] / found["expected"]).to_numpy()).signals
        assert list(found["signals"].str.contains("outside")) == list(signals["outside"])
        assert list(found["signals"].str.contains("shift")) == list(signals["shift"])


def test_a_clinic_where_the_odds_rose_has_an_alarm_in_those_months(registry: Registry) -> None:
    found = registry.monitor("visit-fall", period="2025")
    alarms = found[found["alarm"]]
    assert set(alarms["provider"]) == {"west"}
    assert alarms["month"].min() in ("2025-05", "2025-06")
    # the clinic of four patients is not left out
    assert set(found["provider"]) == set(SIZES)
    # a stricter wish, a higher limit
    strict = registry.monitor("visit-fall", period="2025", provider="west", false_alarms=0.01)
    assert (strict["limit"] > found[found["provider"] == "west"]["limit"].iloc[0]).all()


def test_few_months_have_no_signals(registry: Registry) -> None:
    found = registry.monitor("visit-fall", provider="dike")
    assert 0 < len(found) < 6
    assert (found["signals"] == "").all()


def test_what_cannot_be_followed_is_refused_in_words(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no scores of provider 'nort'") as refused:
        registry.monitor("visit-fall", provider="nort")
    assert "did you mean 'north'" in str(refused.value)
    run = CliRunner().invoke(
        cli, ["--registry", str(registry.folder), "monitor", "visit-fall", "--odds-ratio", "1"]
    )
    assert run.exit_code == 2
    assert "no change to look for" in run.output
