"""Poisson models, ridge and clustered errors, against R and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from risk_models.clustered import clustered_covariance
from risk_models.design import Term
from risk_models.expected import CannotFit, fit_model
from tests.risk_models.conftest import collapse

TERMS = [Term("age", "number"), Term("parity", "category", reference="one"), Term("diabetes", "flag")]


@pytest.fixture(scope="module")
def counted(records):
    """The generated records with a count and an exposure, as risk_models_fits.R derives them."""
    d = records
    falls = d["died"] + d["diabetes"] * (d["before"] > 25) + (d["age"] % 11 == 0)
    return {**d, "falls": falls, "days": 1 + d["age"] % 7}


def fit_counts(d, **options):
    ones = np.ones(len(d["falls"]))
    return fit_model("poisson", TERMS, d, n=ones, sum_y=d["falls"], exposure=d["days"], **options)


def test_poisson_is_glm(fits, counted):
    r = fits["poisson"]
    model = fit_counts(counted)
    np.testing.assert_allclose(model.coefficients[1:], r["coef"][1:], rtol=1e-10)
    # R's come from the weights of the last step but one
    np.testing.assert_allclose(model.standard_errors[1:], r["se"][1:], rtol=1e-7)
    rate = model.expected(counted)
    np.testing.assert_allclose(rate, r["rate"], rtol=1e-11)
    assert model.log_likelihood == pytest.approx(r["log_likelihood"], rel=1e-12)
    mean = rate * counted["days"]
    assert mean.sum() == pytest.approx(counted["falls"].sum(), rel=1e-12)
    pearson = np.sum((counted["falls"] - mean) ** 2 / mean) / (600 - len(model.coefficients))
    assert pearson == pytest.approx(r["pearson"], rel=1e-10)


def test_counts_on_strata(counted):
    on_records = fit_counts(counted)
    strata = collapse(counted, ["age", "parity", "diabetes"], counted["falls"])
    days = collapse(counted, ["age", "parity", "diabetes"], counted["days"]).sum_y
    model = fit_model("poisson", TERMS, strata.columns, n=strata.n, sum_y=strata.sum_y, exposure=days)
    assert len(strata.n) < 600
    np.testing.assert_allclose(model.coefficients, on_records.coefficients, atol=1e-9)
    np.testing.assert_allclose(model.standard_errors, on_records.standard_errors, rtol=1e-9)
    assert model.log_likelihood == pytest.approx(on_records.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
def test_clustered_errors_are_those_of_sandwich(fits, counted, kind):
    d, ones = counted, np.ones(600)
    y = {"logistic": d["died"], "poisson": d["falls"], "linear": d["after"]}[kind]
    terms = TERMS if kind != "linear" else [Term("before", "number"), *TERMS[:2]]
    exposure = d["days"] if kind == "poisson" else None
    model = fit_model(kind, terms, d, n=ones, sum_y=y, sum_y2=y**2, exposure=exposure)
    found = clustered_covariance(model, d, d["provider"], n=ones, sum_y=y, exposure=exposure, providers=12)
    np.testing.assert_allclose(np.sqrt(np.diag(found))[1:], fits["clustered"][kind][1:], rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(model.covariance)), model.standard_errors, rtol=1e-12)
    with pytest.raises(CannotFit, match="records of 1 providers"):
        clustered_covariance(model, d, 0 * ones, n=ones, sum_y=y, exposure=exposure, providers=2)


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
@pytest.mark.parametrize("ridge", [0.5, 20.0])
def test_ridge_is_that_of_scikit_learn(counted, kind, ridge):
    d = counted
    y = {"logistic": d["died"], "poisson": d["falls"], "linear": d["after"]}[kind]
    strata = collapse(d, ["age", "parity", "diabetes"], y)
    model = fit_model(
        kind, TERMS, strata.columns, n=strata.n, sum_y=strata.sum_y, sum_y2=strata.sum_y2, ridge=ridge
    )
    X = model.design.matrix(d)[:, 1:]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    if kind == "logistic":
        peer = LogisticRegression(C=1 / ridge, tol=1e-12, solver="newton-cholesky").fit(Z, y)
    elif kind == "poisson":
        peer = PoissonRegressor(alpha=ridge / 600, tol=1e-12, solver="newton-cholesky").fit(Z, y)
    else:
        peer = Ridge(alpha=ridge, solver="cholesky").fit(Z, y)
    np.testing.assert_allclose(model.coefficients[1:] * X.std(axis=0), np.ravel(peer.coef_), rtol=1e-6)
    expected = strata.n * model.expected(strata.columns)
    assert expected.sum() == pytest.approx(y.sum(), rel=1e-10)
    assert model.ridge == ridge
    assert (model.standard_errors > 0).all()


def test_ridge_fits_what_is_separated_and_what_is_dependent():
    x, y = np.arange(20.0), np.arange(20) >= 10
    strata = {"x": x, "twice": 2 * x}
    model = fit_model(
        "logistic", [Term("x", "number"), Term("twice", "number")], strata, n=np.ones(20), sum_y=y, ridge=1.0
    )
    assert np.isfinite(model.coefficients).all()
    assert model.coefficients[1] == pytest.approx(2 * model.coefficients[2], rel=1e-6)


X = np.arange(6.0)
ONES = np.ones(6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sum_y": -ONES}, "sum_y: stratum 0 has -1, expected a count of zero or more"),
        ({"sum_y": 0 * ONES}, "none of the records has any event"),
        ({"sum_y": ONES, "exposure": X}, "exposure: stratum 0 has 0, expected an exposure above 0"),
        ({"sum_y": ONES, "exposure": -ONES}, "exposure: stratum 0 has -1"),
        ({"sum_y": X > 2}, "column 'a' separates the outcome: none of the records with a absent"),
    ],
)
def test_counts_that_cannot_be_fitted(options, message):
    with pytest.raises(CannotFit, match=message):
        fit_model("poisson", [Term("a", "flag")], {"a": (X > 2) * 1.0}, n=ONES, **options)


def test_a_negative_ridge_is_refused():
    with pytest.raises(ValueError, match="ridge: -1 is no penalty"):
        fit_model("poisson", [], {}, n=ONES, sum_y=ONES, ridge=-1)
    with pytest.raises(CannotFit, match="column 'a' is the same in every record"):
        fit_model("logistic", [Term("a", "number")], {"a": ONES}, n=ONES, sum_y=X > 2, ridge=1)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(["logistic", "poisson", "linear"]))
def test_random_designs_on_strata_and_on_records(seed, kind):
    rng = np.random.default_rng(seed)
    rows = 1500
    d = {
        "age": rng.integers(18, 45, rows).astype(float),
        "level": rng.choice(["a", "b", "c"], rows),
        "flag": rng.integers(0, 2, rows).astype(float),
    }
    terms = [
        Term("age", "spline", knots=4) if rng.random() < 0.5 else Term("age", "number", degree=2),
        Term("level", "category"),
        Term("flag", "flag"),
    ]
    eta = -1 + 0.03 * (d["age"] - 30) + 0.4 * (d["level"] == "b") + 0.3 * d["flag"]
    y = {
        "logistic": lambda: (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "linear": lambda: rng.normal(eta, 2),
    }[kind]()
    strata = collapse(d, list(d), y)
    ones = np.ones(rows)
    plain = fit_model(kind, terms, d, n=ones, sum_y=y, sum_y2=y**2)
    model = fit_model(kind, terms, strata.columns, n=strata.n, sum_y=strata.sum_y, sum_y2=strata.sum_y2)
    np.testing.assert_allclose(model.coefficients, plain.coefficients, atol=1e-8)
    np.testing.assert_allclose(model.standard_errors, plain.standard_errors, rtol=1e-8)
    provider = rng.integers(0, 9, rows)
    ours, rows_ = model.expected(d), plain.expected(d)
    np.testing.assert_allclose(
        np.bincount(provider, weights=ours), np.bincount(provider, weights=rows_), rtol=1e-9
    )
