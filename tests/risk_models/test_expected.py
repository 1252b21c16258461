import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from risk_models.design import Term
from risk_models.expected import CannotFit, RiskModel, fit_model
from tests.risk_models.conftest import collapse

LOGISTIC = [Term("age", "number"), Term("parity", "category", reference="one"), Term("diabetes", "flag")]
LINEAR = [
    Term("before", "number", degree=2),
    Term("age", "number"),
    Term("parity", "category", reference="one"),
]


def fit_records(kind, terms, records, y):
    return fit_model(kind, terms, records, n=np.ones(len(y)), sum_y=y, sum_y2=y**2)


def fit_strata(kind, terms, records, y):
    strata = collapse(records, [term.name for term in terms], y)
    return fit_model(
        kind, terms, strata.columns, n=strata.n, sum_y=strata.sum_y, sum_y2=strata.sum_y2
    ), strata


def test_logistic_is_glm(golden, records):
    r = golden["logistic"]
    model, strata = fit_strata("logistic", LOGISTIC, records, records["died"])
    assert len(strata.n) < len(records["died"])
    # R's levels are in the same order: reference, then alphabetical
    np.testing.assert_allclose(model.coefficients[1:], r["coef"][1:], rtol=1e-10)
    np.testing.assert_allclose(model.standard_errors[1:], r["se"][1:], rtol=1e-10)
    # R's intercept is at age 0, ours at the centre
    at_zero = model.coefficients[0] - model.coefficients[1] * model.design.terms[0].centre
    np.testing.assert_allclose(at_zero, r["coef"][0], rtol=1e-10)
    np.testing.assert_allclose(model.expected(records), r["fitted"], rtol=1e-11)
    assert model.log_likelihood == pytest.approx(r["log_likelihood"], rel=1e-13)
    assert model.n == 600


def test_spline_model_is_that_of_hmisc_and_spans_the_space_of_ns(golden, records):
    r = golden["spline"]
    model, _ = fit_strata(
        "logistic", [Term("age", "spline", knots=4), Term("diabetes", "flag")], records, records["died"]
    )
    np.testing.assert_allclose(model.coefficients[1:], r["coef"][1:], rtol=1e-8)
    np.testing.assert_allclose(model.standard_errors[1:], r["se"][1:], rtol=1e-8)
    np.testing.assert_allclose(model.expected(records), r["fitted"], rtol=1e-10)
    np.testing.assert_allclose(model.expected(records), r["fitted_ns"], rtol=1e-10)


def test_linear_is_lm(golden, records):
    r = golden["linear"]
    model, strata = fit_strata("linear", LINEAR, records, records["after"])
    assert len(strata.n) < len(records["after"])
    np.testing.assert_allclose(model.expected(records), r["fitted"], rtol=1e-11)
    # the coefficients of `before` itself and of the intercept depend on the centre
    np.testing.assert_allclose(model.coefficients[2:], r["coef"][2:], rtol=1e-9)
    np.testing.assert_allclose(model.standard_errors[2:], r["se"][2:], rtol=1e-9)
    assert model.residual_sd == pytest.approx(r["sigma"], rel=1e-11)
    assert model.log_likelihood == pytest.approx(r["log_likelihood"], rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "terms", "outcome"), [("logistic", LOGISTIC, "died"), ("linear", LINEAR, "after")]
)
def test_strata_give_what_records_give(records, kind, terms, outcome):
    y = records[outcome]
    on_strata, _ = fit_strata(kind, terms, records, y)
    on_records = fit_records(kind, terms, records, y)
    np.testing.assert_allclose(on_strata.coefficients, on_records.coefficients, rtol=1e-9)
    np.testing.assert_allclose(on_strata.standard_errors, on_records.standard_errors, rtol=1e-9)
    assert on_strata.log_likelihood == pytest.approx(on_records.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(on_strata.residual_sd, on_records.residual_sd, rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(-4, 1), st.booleans())
def test_observed_and_expected_have_the_same_sum(seed, intercept, weighted):
    rng = np.random.default_rng(seed)
    n = rng.uniform(50, 100, 60) if weighted else rng.integers(50, 100, 60).astype(float)
    strata = {"x": rng.normal(70, 10, 60), "c": rng.choice(["a", "b"], 60)}
    p = expit(intercept + 0.02 * (strata["x"] - 70))
    y = np.minimum(n, n * p * rng.uniform(0.5, 1.5, 60))
    model = fit_model(
        "logistic", [Term("x", "number", degree=2), Term("c", "category")], strata, n=n, sum_y=y
    )
    e = n * model.expected(strata)
    assert abs(e.sum() - y.sum()) < 1e-8
    # and so in every group that the model has a column for
    assert abs((e - y)[strata["c"] == "a"].sum()) < 1e-8


def test_no_terms_give_the_overall_rate_and_mean():
    n, y = np.array([10.0, 30.0]), np.array([1.0, 9.0])
    binary = fit_model("logistic", [], {}, n=n, sum_y=y)
    np.testing.assert_allclose(binary.expected({}, rows=2), 0.25, rtol=1e-14)
    # standard error of a log-odds: 1/sqrt(n p (1 - p))
    np.testing.assert_allclose(binary.standard_errors, 1 / np.sqrt(40 * 0.25 * 0.75), rtol=1e-13)
    mean = fit_model("linear", [], {}, n=n, sum_y=y, sum_y2=y)
    np.testing.assert_allclose(mean.expected({}, rows=1), 0.25, rtol=1e-14)
    assert mean.residual_sd == pytest.approx(np.std([1] * 10 + [0] * 30, ddof=1), rel=1e-13)


def test_strata_without_records_have_no_say(records):
    y = records["died"]
    plain = fit_records("logistic", LOGISTIC, records, y)
    more = {name: np.append(records[name], records[name][:1]) for name in ("age", "diabetes")}
    more["parity"] = np.append(records["parity"], "never seen")
    n = np.append(np.ones(len(y)), 0)
    padded = fit_model("logistic", LOGISTIC, more, n=n, sum_y=np.append(y, 0))
    np.testing.assert_array_equal(padded.coefficients, plain.coefficients)


@pytest.mark.parametrize(
    ("kind", "terms", "outcome"), [("logistic", LOGISTIC, "died"), ("linear", LINEAR, "after")]
)
def test_round_trip_through_json_is_exact(records, kind, terms, outcome):
    model, _ = fit_strata(kind, terms, records, records[outcome])
    stored = json.dumps(model.to_dict(), allow_nan=False)
    again = RiskModel.from_dict(json.loads(stored))
    assert json.dumps(again.to_dict()) == stored
    np.testing.assert_array_equal(again.expected(records), model.expected(records))


X = np.arange(20.0)
HALF = np.tile([0.0, 1.0], 10)
ONES = np.ones(20)


@pytest.mark.parametrize(
    ("terms", "strata", "n", "events", "message"),
    [
        ([], {}, np.zeros(0), np.zeros(0), "the cohort is empty"),
        ([], {}, np.zeros(3), np.zeros(3), "the cohort is empty"),
        ([], {}, ONES, 0 * ONES, "none of the 20 records has the event"),
        ([], {}, ONES, ONES, "every one of the 20 records has the event"),
        ([], {}, -ONES, 0 * ONES, "n: stratum 0 has -1, expected a count of zero or more"),
        ([], {}, np.where(X == 3, np.nan, 1), HALF, "n: stratum 3 has nan"),
        ([], {}, ONES, -ONES, "events: stratum 0 has -1, expected a count between 0 and the n"),
        ([], {}, ONES, 2 * ONES, "events: stratum 0 has 2, expected a count between 0 and the n"),
        ([Term("a", "number")], {"a": ONES * 7}, ONES, HALF, "column 'a' is the same in every record"),
        (
            [Term("a", "number"), Term("b", "number"), Term("c", "flag")],
            {"a": X, "b": 3 * X, "c": HALF},
            ONES,
            HALF,
            "column 'b' follows exactly from 'a', so",
        ),
        (
            [Term("a", "number", degree=2), Term("b", "number")],
            {"a": HALF[:4], "b": X[:4]},
            ONES[:4],
            np.array([0, 1, 1, 0]),
            r"column 'a\^2' is the same in every record",
        ),
        (
            [Term("a", "flag")],
            {"a": HALF},
            ONES,
            np.where(X < 10, HALF, 0),
            "column 'a' separates the outcome: none of the 10 records with a absent has the event",
        ),
        (
            [Term("a", "category", reference="no")],
            {"a": np.where(HALF == 1, "yes", "no")},
            ONES,
            np.where(HALF == 1, 1, X < 10),
            "column 'a=yes' separates the outcome: every one of the 10 records with a=yes present",
        ),
        (
            [Term("a", "number")],
            {"a": X},
            ONES,
            X > 9,
            r"separates the outcome \(columns 'a'\)",
        ),
        (
            # in units so small that the coefficient is, too
            [Term("a", "number"), Term("b", "flag")],
            {"a": X * 1e6, "b": np.where(X % 4 < 2, 1, 0)},
            ONES,
            X > 9,
            r"separates the outcome \(columns 'a'",
        ),
        (
            [Term("a", "number"), Term("b", "flag")],
            {"a": X, "b": HALF},
            ONES,
            (X > 9) | ((X > 7) & (HALF == 1)),
            r"separates the outcome \(columns 'a'",
        ),
    ],
)
def test_what_cannot_be_fitted_is_said_in_words(terms, strata, n, events, message):
    with pytest.raises(CannotFit, match=message):
        fit_model("logistic", terms, strata, n=n, sum_y=events)


def test_rare_but_not_separated_is_fitted():
    # one event in a small group: far out, but there is a maximum
    n, y = np.array([1e5, 40.0]), np.array([3.0, 1.0])
    model = fit_model("logistic", [Term("f", "flag")], {"f": np.array([0, 1])}, n=n, sum_y=y)
    np.testing.assert_allclose(model.expected({"f": np.array([0, 1])}), y / n, rtol=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_nearly_dependent_columns_keep_their_digits(seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=400)
    b = a + 1e-7 * rng.normal(size=400)
    y = a + rng.normal(size=400)
    terms = [Term("a", "number"), Term("b", "number")]
    model = fit_model("linear", terms, {"a": a, "b": b}, n=np.ones(400), sum_y=y, sum_y2=y**2)
    X = model.design.matrix({"a": a, "b": b})
    # by the singular values of X itself, which does not square its condition
    known, *_ = np.linalg.lstsq(X, y)
    np.testing.assert_allclose(X @ model.coefficients, X @ known, atol=2e-9)


def test_linear_refusals():
    with pytest.raises(ValueError, match="needs sum_y2"):
        fit_model("linear", [], {}, n=ONES, sum_y=X)
    with pytest.raises(CannotFit, match="2 records for 2 coefficients"):
        fit_model("linear", [Term("a", "number")], {"a": X[:2]}, n=ONES[:2], sum_y=X[:2], sum_y2=X[:2] ** 2)
    with pytest.raises(
        CannotFit, match="sum_y2: stratum 1 has 0, expected at least the square of sum_y over n"
    ):
        fit_model("linear", [], {}, n=ONES, sum_y=X, sum_y2=0 * X)
    with pytest.raises(ValueError, match="kind 'probit' is none of logistic, linear"):
        fit_model("probit", [], {}, n=ONES, sum_y=X)
