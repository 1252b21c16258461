"""Cox's model and its scores against R's survival package."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.expected import CannotFit
from risk_models.survival import adjusted_survival, kaplan_meier

TERMS = [Term("age", "number"), Term("diabetes", "flag")]


@pytest.fixture(scope="module")
def followed(records):
    """The generated records with times of follow-up, as risk_models_fits.R derives them."""
    age, before = records["age"], records["before"]
    entry = np.where(age % 3 == 0, before % 4, 0.0)
    return {
        **records,
        "entry": entry,
        "exit": entry + 1 + (np.round(7 * before) + 3 * age) % 30,
        "weight": 1 + age % 4,
        "parity": np.array(["(missing)" if x is None else x for x in records["parity"]]),
    }


def fit(d, *, times=1.0, **options):
    ones = np.ones(len(d["died"])) * times
    return fit_cox(TERMS, d, time=d["exit"], n=ones, events=d["died"] * ones, **options)


def agrees(model, r):
    np.testing.assert_allclose(model.coefficients, r["coef"], rtol=1e-9)
    np.testing.assert_allclose(model.standard_errors, r["se"], rtol=1e-9)
    assert model.log_likelihood == pytest.approx(r["log_likelihood"], rel=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("late", [False, True])
def test_cox_is_coxph(fits, followed, ties, late):
    r = fits["cox"][f"truncated_{ties}" if late else ties]
    entry = followed["entry"] if late else None
    model = fit(followed, ties=ties, entry=entry)
    agrees(model, r)
    ones = np.ones(600)
    expected = model.expected(followed, time=followed["exit"], n=ones, entry=entry, events=followed["died"])
    found = np.bincount(followed["provider"].astype(int), weights=expected)
    np.testing.assert_allclose(found, r["E"], rtol=1e-9)
    assert expected.sum() == pytest.approx(followed["died"].sum(), rel=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ridge_is_that_of_coxph(proofs, followed, ties):
    r = proofs["cox_ridge"][ties]
    model = fit(followed, ties=ties, entry=followed["entry"], ridge=20.0)
    np.testing.assert_allclose(model.coefficients, r["coef"], rtol=1e-6)
    np.testing.assert_allclose(model.standard_errors, r["se"], rtol=1e-6)
    args = {"time": followed["exit"], "n": np.ones(600), "entry": followed["entry"]}
    expected = model.expected(followed, **args, events=followed["died"])
    found = np.bincount(followed["provider"].astype(int), weights=expected)
    np.testing.assert_allclose(found, r["expected"], rtol=1e-6)
    assert CoxModel.from_dict(json.loads(json.dumps(model.to_dict()))).ridge == 20
    plain = fit(followed, ties=ties, entry=followed["entry"])
    assert (np.abs(model.coefficients) < np.abs(plain.coefficients)).all()


def test_ridge_mends_separation_and_dependence(followed):
    always = followed["died"] * 1.0
    d = {**followed, "always": always, "twice": 2 * followed["age"]}
    terms = [*TERMS, Term("always", "flag"), Term("twice", "number")]
    args = {"time": d["exit"], "n": np.ones(600), "events": d["died"]}
    with pytest.raises(CannotFit):
        fit_cox(terms, d, **args)
    assert np.isfinite(fit_cox(terms, d, **args, ridge=1.0).coefficients).all()
    with pytest.raises(ValueError, match="ridge: -1 is no penalty"):
        fit_cox(terms, d, **args, ridge=-1)


def test_baseline_strata(fits, followed):
    r = fits["cox"]["strata_efron"]
    d = followed
    model = fit(d, entry=d["entry"], within=d["parity"])
    agrees(model, r)
    assert set(model.baselines) == set(d["parity"])
    expected = model.expected(
        d, time=d["exit"], n=np.ones(600), entry=d["entry"], events=d["died"], within=d["parity"]
    )
    np.testing.assert_allclose(np.bincount(d["provider"].astype(int), weights=expected), r["E"], rtol=1e-9)
    with pytest.raises(ValueError, match="baseline stratum '' was not there at fitting"):
        model.expected(d, time=d["exit"], n=np.ones(600))
    with pytest.raises(ValueError, match="baseline stratum 'x' was not there at fitting"):
        model.survival(d, 3.0, within="x")


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_stratum_counts_for_all_its_records(fits, followed, ties):
    model = fit(followed, times=followed["weight"], ties=ties, entry=followed["entry"])
    agrees(model, fits["cox"][f"repeated_{ties}"])


def test_shares_of_records(fits, followed):
    model = fit(followed, times=followed["weight"] / 4, ties="breslow", entry=followed["entry"])
    agrees(model, fits["cox"]["shared_breslow"])
    with pytest.raises(CannotFit, match="a whole number"):
        fit(followed, times=followed["weight"] / 4, entry=followed["entry"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_clustered_errors(fits, followed, ties):
    d = followed
    model = fit(d, ties=ties, entry=d["entry"], provider=d["provider"], providers=9)
    known = fits["cox"][f"clustered_{ties}"]
    np.testing.assert_allclose(np.sqrt(np.diag(model.clustered)), known, rtol=1e-9)
    assert np.isnan(fit(d).clustered).all()


def test_survival_of_each_patient_and_of_all(fits, followed):
    model = fit(followed, entry=followed["entry"])
    r = fits["cox"]["survival"]
    chance = model.survival(followed, r["at"])
    np.testing.assert_allclose(chance, r["chance"], rtol=1e-9)
    adjusted = adjusted_survival(model, followed, np.ones(600), at=r["at"], ratio=[1.0, 0.0, 2.0, np.nan])
    np.testing.assert_allclose(adjusted, [chance.mean(), 1.0, (chance**2).mean(), np.nan])
    with pytest.raises(ValueError, match="no records to adjust to"):
        adjusted_survival(model, followed, np.zeros(600), at=1.0, ratio=[1.0])


def test_kaplan_meier_is_survfit(fits, followed):
    d, r = followed, fits["km"]
    curve = kaplan_meier(d["exit"], np.ones(600), d["died"], entry=d["entry"])
    np.testing.assert_allclose([curve.at(t) for t in r["at"]], r["chance"], rtol=1e-12)
    np.testing.assert_allclose([curve.error_at(t) for t in r["at"]], r["se"], rtol=1e-10)
    plain = kaplan_meier(d["exit"], np.ones(600), d["died"])
    np.testing.assert_allclose(plain.restricted_mean(20), r["restricted"], rtol=1e-10)
    assert curve.at(0.0) == 1


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(["efron", "breslow"]))
def test_strata_give_what_records_give(seed, ties):
    rng = np.random.default_rng(seed)
    n = 300
    d = {"x": rng.integers(0, 4, n).astype(float), "f": rng.integers(0, 2, n).astype(float)}
    time, group = rng.integers(1, 9, n).astype(float), rng.choice(["a", "b"], n)
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 0.9, n).round(1), 0) * time
    entry = np.floor(entry)
    y = (rng.random(n) < 0.5).astype(float)
    terms = [Term("x", "number"), Term("f", "flag")]
    ones = np.ones(n)
    plain = fit_cox(terms, d, time=time, n=ones, events=y, entry=entry, within=group, ties=ties)
    keys = list(zip(d["x"], d["f"], time, entry, group, strict=True))
    places = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    index = [places[key] for key in keys]
    columns = [np.array(column) for column in zip(*places, strict=True)]
    small = {"x": columns[0].astype(float), "f": columns[1].astype(float)}
    follow = {"time": columns[2].astype(float), "entry": columns[3].astype(float), "within": columns[4]}
    counts = np.bincount(index).astype(float)
    happened = np.bincount(index, weights=y)
    model = fit_cox(terms, small, n=counts, events=happened, ties=ties, **follow)
    np.testing.assert_allclose(model.coefficients, plain.coefficients, atol=1e-9)
    np.testing.assert_allclose(model.standard_errors, plain.standard_errors, rtol=1e-9)
    e = model.expected(small, n=counts, events=happened, **follow)
    assert e.sum() == pytest.approx(y.sum(), rel=1e-10)
    again = CoxModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.expected(small, n=counts, events=happened, **follow), e)


X = np.arange(8.0)
HALF = np.tile([0.0, 1.0], 4)


@pytest.mark.parametrize(
    ("strata", "n", "events", "message"),
    [
        ({"a": X}, 0 * X, 0 * X, "the cohort is empty"),
        ({"a": X}, X * 0 + 1, 0 * X, "none of the 8 records has the event"),
        ({"a": X * 0 + 3}, X * 0 + 1, HALF, "column 'a' is the same in every record"),
        ({"a": HALF}, X * 0 + 1, HALF, "separates the outcome"),
        ({"a": X}, X * 0 + 1, -HALF, "events: stratum 1 has -1"),
        ({"a": X}, np.where(X == 2, np.nan, 1), HALF, "n: stratum 2 has nan"),
        ({"a": -X}, X * 0 + 1, X * 0 + 1, "separates the outcome"),
    ],
)
def test_what_cannot_be_fitted_is_refused(strata, n, events, message):
    with pytest.raises(CannotFit, match=message):
        fit_cox([Term("a", "number")], strata, time=X + 1, n=n, events=events)


def test_times_that_cannot_be():
    one = {"a": X}
    with pytest.raises(CannotFit, match="entry: stratum 0 enters at 1, expected before its end"):
        fit_cox([Term("a", "number")], one, time=X + 1, n=X * 0 + 1, events=HALF, entry=X * 0 + 1)
    with pytest.raises(CannotFit, match="at least 2"):
        fit_cox(
            [Term("a", "number")],
            {"a": X % 3},
            time=X + 1,
            n=X * 0 + 1,
            events=HALF,
            provider=X * 0,
            providers=3,
        )
    with pytest.raises(ValueError, match="ties 'exact' is none of"):
        fit_cox([], {}, time=X + 1, n=X * 0 + 1, events=HALF, ties="exact")


def test_without_case_mix_the_hazard_is_nelson_and_aalens():
    model = fit_cox([], {}, time=[1, 2, 2, 3], n=[1] * 4, events=[1, 1, 0, 1], ties="breslow")
    e = model.expected({}, time=[1, 2, 3], n=[1, 1, 1])
    np.testing.assert_allclose(e, [1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])
