"""What each provider does to a Cox model, against R's survival package on the records."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from risk_models.cox import fit_cox
from risk_models.cox_providers import bootstrap_cox, clustered_cox, influence_cox
from risk_models.design import Term
from risk_models.expected import CannotFit
from risk_models.hazard_card import hazard_card
from risk_models.model_card import Records
from risk_models.validation import provider_folds
from tests.risk_models.conftest import GOLDEN

TERMS = [Term("age", "number"), Term("diabetes", "flag")]
TIES = ["efron", "breslow"]


@pytest.fixture(scope="module")
def known() -> Any:
    return json.loads((GOLDEN / "cox_providers.json").read_text())


@pytest.fixture(scope="module")
def cohort(records) -> Any:
    """The generated records with times of follow-up, as cox_providers.R derives them."""
    age, before = records["age"], records["before"]
    entry = np.where(age % 3 == 0, before % 4, 0.0)
    provider = np.arange(600) // 50
    columns = {"age": age, "diabetes": records["diabetes"]}
    follow = {
        "time": entry + 1 + (np.round(7 * before) + 3 * age) % 30,
        "entry": entry,
        "n": np.ones(600),
        "events": records["died"],
    }
    return columns, provider, follow


def records_of(columns: Any, provider: Any, follow: Any) -> Records:
    codes = [f"p{number}" for number in range(12)]
    n, events, time = (follow[name] for name in ("n", "events", "time"))
    return Records(columns, provider, codes, n, events, events, time=time)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("ridge", [0.0, 20.0])
def test_clustered_errors_are_those_of_the_model_as_it_was_fitted(known, cohort, ties, ridge):
    columns, provider, follow = cohort
    model = fit_cox(TERMS, columns, ties=ties, ridge=ridge, **follow)
    found = clustered_cox(model, columns, provider, providers=12, **follow)
    errors = np.sqrt(np.diag(found))
    np.testing.assert_allclose(errors, known["ridge" if ridge else "clustered"][ties], rtol=1e-6)
    again = fit_cox(TERMS, columns, ties=ties, ridge=ridge, provider=provider, providers=12, **follow)
    np.testing.assert_allclose(found, again.clustered, rtol=1e-12)


def test_other_ties_and_ridges_have_other_errors(known):
    """What the comparison above can tell apart."""
    plain, ridge = known["clustered"], known["ridge"]
    for one, other in ((plain["efron"], plain["breslow"]), (plain["efron"], ridge["efron"])):
        assert not np.allclose(one, other, rtol=1e-4)


@pytest.mark.parametrize("ties", TIES)
def test_influence_is_a_fit_without_the_provider(known, cohort, ties):
    columns, provider, follow = cohort
    r = known["without"][ties]
    found = influence_cox(TERMS, columns, provider, ties=ties, providers=13, **follow)
    np.testing.assert_allclose(found.coefficients[:12], r["change"], rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(found.ratio[:12], r["ratio"], rtol=1e-8)
    assert set(found.reason) == {""}
    # the thirteenth has no records
    np.testing.assert_allclose(found.coefficients[12], 0, atol=1e-12)
    assert np.isnan(found.ratio[12])
    # one step, as R's dfbeta, points the same way, and is not as far off as none
    step, whole = -np.array(r["dfbeta"]), np.array(r["change"])
    assert np.corrcoef(step.ravel(), whole.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("ties", TIES)
def test_the_bootstrap_is_a_fit_on_each_draw(known, cohort, ties):
    columns, provider, follow = cohort
    r = known["draws"][ties]
    random = np.random.default_rng(7)
    drawn = [np.bincount(random.choice(12, 12), minlength=12).tolist() for _ in range(3)]
    assert drawn == r["drawn"]
    found = bootstrap_cox(TERMS, columns, provider, ties=ties, providers=12, replicates=3, seed=7, **follow)
    np.testing.assert_allclose(found.expected, r["expected"], rtol=1e-8)
    np.testing.assert_allclose(found.coefficients, r["coef"], rtol=1e-7)
    np.testing.assert_allclose(found.draws, r["own"], rtol=1e-7)
    np.testing.assert_allclose(found.error, np.std(r["own"], axis=0, ddof=1), rtol=1e-6)
    assert found.failed == 0


def test_strata_and_the_ridge_and_baselines_are_refitted_as_they_were(cohort):
    """Against fits that are told to leave records out, or to take them twice."""
    columns, provider, follow = cohort
    within = np.where(np.arange(600) % 2, "a", "b")
    options: dict[str, Any] = {"ridge": 15.0, "ties": "breslow", "within": within}
    whole = fit_cox(TERMS, columns, **follow, **options)
    found = influence_cox(TERMS, columns, provider, providers=12, **follow, **options)
    drawn = np.bincount(np.random.default_rng(7).choice(12, 12), minlength=12)[provider]
    draws = bootstrap_cox(TERMS, columns, provider, providers=12, replicates=2, seed=7, **follow, **options)
    for times, coefficients in (
        ((provider != 4) * 1.0, whole.coefficients + found.coefficients[4]),
        (drawn, draws.coefficients[0]),
    ):
        weighted = follow | {name: follow[name] * times for name in ("n", "events")}
        model = fit_cox(TERMS, columns, **weighted, **options)
        np.testing.assert_allclose(coefficients, model.coefficients, rtol=1e-9)


def test_a_stratum_counts_for_all_its_records_and_an_empty_one_for_none(cohort):
    columns, provider, follow = cohort
    often = 1 + provider % 3
    twice = {name: np.repeat(values, often) for name, values in columns.items()}
    long = {name: np.repeat(values, often) for name, values in follow.items()}
    counted = follow | {name: follow[name] * often for name in ("n", "events")}
    empty = {name: np.append(values, np.nan) for name, values in columns.items()}
    more = {
        name: np.append(values, 0.0 if name in ("n", "events", "entry") else 5.0)
        for name, values in counted.items()
    }
    one = influence_cox(TERMS, twice, np.repeat(provider, often), providers=12, **long)
    two = influence_cox(TERMS, empty, np.append(provider, 0), providers=12, **more)
    np.testing.assert_allclose(one.coefficients, two.coefficients, atol=1e-10)
    np.testing.assert_allclose(one.ratio, two.ratio, rtol=1e-9)
    draws = {"providers": 12, "replicates": 2, "seed": 3}
    one = bootstrap_cox(TERMS, twice, np.repeat(provider, often), **draws, **long)
    two = bootstrap_cox(TERMS, empty, np.append(provider, 0), **draws, **more)
    np.testing.assert_allclose(one.draws, two.draws, rtol=1e-9)
    model = fit_cox(TERMS, empty, **more)
    np.testing.assert_allclose(
        clustered_cox(model, empty, np.append(provider, 0), providers=12, **more),
        fit_cox(TERMS, twice, provider=np.repeat(provider, often), providers=12, **long).clustered,
        rtol=1e-9,
    )


def test_influence_says_where_there_is_no_model():
    follow = {"time": [1.0, 2, 3, 4], "n": [1.0] * 4, "events": [1.0, 0, 0, 0]}
    found = influence_cox([], {}, [0, 1, 1, 1], providers=2, **follow)
    assert found.reason == ("none of the 3 records has the event: there is no hazard to model", "")
    assert np.isnan(found.ratio[0])
    alone = influence_cox([], {}, [0] * 4, providers=1, **follow)
    assert alone.reason == ("there are no other providers",)
    own = follow | {"events": [1.0] * 4}
    apart = influence_cox([], {}, [0, 0, 1, 1], within=["a", "a", "b", "b"], providers=2, **own)
    assert "baseline stratum 'a' was not there at fitting" in apart.reason[0]
    assert np.isnan(apart.ratio[0])


def test_what_has_no_bootstrap_or_clusters(cohort):
    columns, provider, follow = cohort
    with pytest.raises(CannotFit, match="records of 6 providers: a bootstrap by provider needs 10"):
        bootstrap_cox(TERMS, columns, provider // 2, providers=6, replicates=5, seed=1, **follow)
    rare = follow | {"events": (np.arange(600) == 3) * 1.0}
    with pytest.raises(CannotFit, match="no model could be fitted on"):
        bootstrap_cox([], {}, provider, providers=12, replicates=2, seed=6, **rare)
    with pytest.raises(ValueError, match="replicates: 1; expected 2 or more"):
        bootstrap_cox(TERMS, columns, provider, providers=12, replicates=1, seed=1, **follow)
    model = fit_cox(TERMS, columns, **follow)
    with pytest.raises(CannotFit, match="records of 1 providers"):
        clustered_cox(model, columns, provider * 0, providers=1, **follow)


@pytest.mark.parametrize("ties", TIES)
def test_a_card_holds_to_the_ties_and_ridge_of_its_model(cohort, ties):
    """Clustered errors, cross-validation and influence are of models that are fitted as this one was."""
    columns, provider, follow = cohort
    follow = {name: follow[name] for name in ("time", "n", "events")}
    model = fit_cox(TERMS, columns, ties=ties, ridge=200.0, **follow)
    card = hazard_card(model, TERMS, records_of(columns, provider, follow), about={}, missing=[])
    errors = np.sqrt(np.diag(clustered_cox(model, columns, provider, providers=12, **follow)))
    np.testing.assert_allclose([row["clustered_error"] for row in card["coefficients"]], errors, rtol=1e-9)
    fold = provider_folds(provider, providers=12, folds=10, seed=20260101)
    total = 0.0
    for each in range(10):
        use = (fold != each) * 1.0
        part = fit_cox(
            TERMS, columns, ties=ties, ridge=200.0,
            time=follow["time"], n=use, events=follow["events"] * use,
        )  # fmt: skip
        total += part.expected(columns, time=follow["time"], n=1 - use).sum()
    found = card["cross_validation"]["observed_expected"]
    assert found == pytest.approx(follow["events"].sum() / total, rel=1e-6)
    assert card["fit"]["ridge"] == 200.0
    without = influence_cox(TERMS, columns, provider, ties=ties, ridge=200.0, providers=12, **follow)
    change = without.coefficients / model.standard_errors
    first = np.abs(change).max(axis=1).argmax()
    top = card["influence"][0]
    assert len(card["influence"]) == 5
    assert top["provider"] == f"p{first}"
    assert top["largest_change"] == pytest.approx(np.abs(change[first]).max(), rel=1e-6)
    assert top["column"] == ("age", "diabetes")[np.abs(change[first]).argmax()]
    assert top["ratio"] == pytest.approx(without.ratio[first], rel=1e-9)


def test_a_provider_without_records_is_no_fold_and_has_no_influence(cohort):
    columns, provider, follow = cohort
    follow = {name: follow[name] for name in ("time", "n", "events")}
    model = fit_cox(TERMS, columns, **follow)
    made = records_of(columns, provider, follow)
    one = hazard_card(model, TERMS, made, about={}, missing=[])
    more = replace(
        made,
        columns={name: np.append(values, values[0]) for name, values in columns.items()},
        provider=np.append(provider, 12),
        codes=[*made.codes, "nobody"],
        **{name: np.append(getattr(made, name), 0.0) for name in ("n", "sum_y", "sum_y2")},
        time=np.append(made.time, 9.0),
    )
    two = hazard_card(model, TERMS, more, about={}, missing=[])
    assert one["fit"] == two["fit"]
    assert one["cross_validation"] == two["cross_validation"]
    assert one["influence"] == two["influence"]


def test_what_is_of_no_provider_is_counted_with_the_records_only(cohort):
    columns, provider, follow = cohort
    follow = {name: follow[name] for name in ("time", "n", "events")}
    model = fit_cox(TERMS, columns, **follow)
    made = records_of(columns, provider, follow)
    card = hazard_card(model, TERMS, made, about={}, missing=[])
    first = card["influence"][0]["provider"]
    rest = hazard_card(model, TERMS, replace(made, outside=first), about={}, missing=[])
    assert rest["fit"] == card["fit"] | {"providers": 11}
    assert rest["influence"][:4] == card["influence"][1:]
