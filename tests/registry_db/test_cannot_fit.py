"""What cannot be fitted: `meetlat run` says so in words, stores no number, and goes on with the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from registry_db.faults import RegistryError
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, FALL, HEADER, VISIT, make_registry, text, visits, write

TERMS = FALL[FALL.index("case_mix:\n") + 10 : FALL.index("show:")]
SEX = "  - {term: sex, as: category, reference: male}\n"
EVERY = "[shrunken, direct, overdispersion, model-uncertainty]"


def run(folder: Path, *, terms: str, prepare: str = "", extra: str = "") -> tuple[str, Registry]:
    """Deliver, spoil the records of 2024 as told, and run on the command line; give what it printed."""
    fall = FALL.replace(TERMS, terms).replace("show:", f"{extra}show:")
    definitions = DEFINITIONS | {
        "visit.dataset.yaml": VISIT + "  lean: {type: boolean}\n",
        "visit-fall.indicator.yaml": fall.replace("sex: male}", "sex: male, lean: false, at_home: true}"),
    }
    made = make_registry(folder / "registry", definitions)
    with Registry(made) as registry:
        for year in (2024, 2025):
            lines = visits(seed=year, year=year)
            lines = [line | {"lean": str(float(line["weight"]) < 80).lower()} for line in lines]
            file = write(folder, text(lines, (*HEADER, "lean")), f"visits-{year}.csv")
            registry.deliver("visit", file)
        if prepare:
            registry.con.execute(prepare)
    done = CliRunner().invoke(cli, ["--registry", str(made), "run"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split()), Registry(made)


CASES = {
    "no events": (
        "update record_visit set fell = false where year(day) = 2024",
        SEX,
        "visit-fall 2024: none of the",
    ),
    "all events": (
        "update record_visit set fell = true where year(day) = 2024",
        SEX,
        "records has the event: there is no risk to model",
    ),
    "empty cohort": (
        "update record_visit set age = 12 where year(day) = 2024",
        SEX,
        "visit-fall 2024: the cohort is empty: no records to fit the model on",
    ),
    "constant column": (
        "update record_visit set age = 40 where year(day) = 2024",
        SEX + "  - {term: age, as: number}\n",
        "'age'",
    ),
    "one level": (
        "update record_visit set sex = 'male' where year(day) = 2024",
        SEX,
        "sex",
    ),
    "rank-deficient": (
        "update record_visit set at_home = lean where year(day) = 2024",
        "  - {term: lean, as: flag}\n  - {term: at_home, as: flag}\n",
        "at_home",
    ),
    "separated": (
        "update record_visit set fell = (sex = 'female' and fell) where year(day) = 2024",
        SEX,
        "sex=female",
    ),
    "knots on one place": (
        "update record_visit set age = case when age < 20 then 19 when age > 60 then 61 else 40 end "
        "where year(day) = 2024",
        "  - {term: age, as: spline, knots: 5}\n",
        "which are not distinct",
    ),
    "reference is not there": (
        "update record_visit set sex = 'female' where year(day) = 2024",
        SEX,
        "'male'",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_fitted_is_said_and_has_no_score(tmp_path: Path, case: str) -> None:
    prepare, terms, said = CASES[case]
    extra = f"estimators: {{beside: {EVERY}, standard_errors: clustered}}\n"
    output, registry = run(tmp_path, terms=terms, prepare=prepare, extra=extra)
    with registry:
        spoilt = registry.scores("visit-fall")
        models = registry.models().query("indicator == 'visit-fall'")
        other = registry.scores("visit-home", period="2024")
        beside = registry.estimates("visit-fall")
    assert "visit-fall 2024: " in output
    assert said in output
    assert "Traceback" not in output
    # no number of 2024, those of 2025 and of the other indicators are there
    now = spoilt[spoilt["period"] == "2024"]
    numbers = ["expected", "ratio", "adjusted", "lower", "upper", "low95", "high95", "reliability"]
    assert now[numbers].isna().all(axis=None)
    assert set(now["band"]) <= {"not-assessable"}
    assert list(models["period"]) == ["2025"]
    # one that cannot be estimated keeps no other from being there
    assert set(beside["period"]) <= {"2025"}
    assert "2025: no 'model-uncertainty' beside the score: records of 6 providers: a bootstrap by" in output
    assert {"shrunken", "direct", "with-overdispersion"} <= set(beside["estimator"])
    assert spoilt[spoilt["period"] == "2025"]["adjusted"].notna().any()
    assert other["adjusted"].notna().any()


def test_one_provider_has_a_score_and_nothing_that_compares(tmp_path: Path) -> None:
    extra = f"estimators: {{beside: {EVERY}, standard_errors: clustered, overdispersion: additive}}\n"
    output, registry = run(
        tmp_path, terms=SEX, prepare="delete from record_visit where clinic <> 'north'", extra=extra
    )
    with registry:
        scores, beside = registry.scores("visit-fall"), registry.estimates("visit-fall")
        models = registry.models().query("indicator == 'visit-fall'")
    assert "no clustered standard errors: records of 1 providers: clustered standard errors need at" in output
    assert "no 'shrunken' beside the score: " in output
    assert set(beside["estimator"]) <= {"direct", "without-overdispersion"}
    assert scores["reliability"].isna().all()
    assert scores["ratio"].to_list() == pytest.approx([1, 1])
    assert len(models) == 2
    assert not models["diagnostics_json"].str.contains("clustered_errors").any()


def test_a_test_that_does_not_go_with_the_records_leaves_no_score(tmp_path: Path) -> None:
    output, registry = run(
        tmp_path,
        terms=SEX,
        prepare="update record_visit set fell = false where clinic in ('north', 'south', 'east')",
        extra="estimators: {test: shmi, overdispersion: additive}\n",
    )
    with registry:
        scores = registry.scores("visit-fall")
    assert "providers have no events: the log of O/E, which the SHMI method takes, does not exist" in output
    assert scores["adjusted"].isna().all()
    assert scores["reason"].str.startswith("no verdict: ").all()


def test_to_fit_once_more_keeps_the_scores_of_what_has_no_model(tmp_path: Path) -> None:
    _, registry = run(tmp_path, terms=SEX, prepare="update record_visit set fell = false")
    with registry:
        models = "select * from model where indicator = 'visit-fall'"
        assert registry.con.execute(models).fetchall() == []
        before = registry.scores("visit-fall")
        assert len(before)
        assert [one.periods for one in registry.fit("visit-fall")] == [()]
        assert registry.scores("visit-fall").equals(before)


def test_a_card_where_no_period_has_a_model(tmp_path: Path) -> None:
    _, registry = run(tmp_path, terms=SEX, prepare="update record_visit set fell = false")
    with registry, pytest.raises(RegistryError, match="visit-fall has no model of any period") as found:
        registry.model_card("visit-fall")
    assert "`meetlat scores` gives the reason" in str(found.value.hint)
