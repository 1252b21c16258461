import numpy as np
import pytest
from scipy.special import logit

from risk_models.bootstrap import bootstrap_expected, expected_error, with_model_error
from risk_models.clustered import clustered_covariance
from risk_models.design import Term
from risk_models.diagnostics import calibration
from risk_models.expected import CannotFit, fit_model
from risk_models.intervals import Interval
from risk_models.recalibrate import applied

TERMS = [Term("age", "number"), Term("diabetes", "flag")]


@pytest.fixture(scope="module")
def frozen(records):
    old = (np.arange(600) < 300) * 1.0
    models = {
        kind: fit_model(kind, TERMS, records, n=old, sum_y=y * old, sum_y2=y**2 * old)
        for kind, y in outcomes(records).items()
    }
    return models, 1 - old


def outcomes(records):
    return {
        "logistic": records["died"],
        "poisson": records["died"] + records["diabetes"],
        "linear": records["after"],
    }


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
def test_recalibrated_expectations_have_the_observed_sum(records, frozen, kind):
    models, new = frozen
    y, model = outcomes(records)[kind] * new, models[kind]
    plain = model.expected(records)
    np.testing.assert_array_equal(applied(model, records, n=new, sum_y=y), plain)
    large = applied(model, records, n=new, sum_y=y, recalibration="in-the-large")
    centred = applied(model, records, n=new, sum_y=y, recalibration="re-centre")
    for found in (large, centred):
        assert new @ found == pytest.approx(y.sum(), rel=1e-10)
    if kind == "linear":
        # NHS England adds the mean difference
        difference = y.sum() / new.sum() - (new @ plain) / new.sum()
        np.testing.assert_allclose(centred, plain + difference, rtol=1e-12)
        np.testing.assert_array_equal(large, centred)
    else:
        np.testing.assert_allclose(centred / plain, y.sum() / (new @ plain), rtol=1e-12)
    if kind == "logistic":
        shift = calibration(new, y, plain).intercept
        np.testing.assert_allclose(logit(large) - logit(plain), shift, rtol=1e-8)


def test_what_has_no_level_is_refused(records, frozen):
    models, new = frozen
    model = models["logistic"]
    for n, y, message in (
        (0 * new, 0 * new, "the cohort is empty"),
        (new, 0 * new, "none of the records has the event"),
        (new, new, "every one of the records has the event"),
    ):
        with pytest.raises(CannotFit, match=message):
            applied(model, records, n=n, sum_y=y, recalibration="in-the-large")
    with pytest.raises(ValueError, match="to a risk of 1 or more; use 'in-the-large'"):
        applied(model, records, n=new, sum_y=new * (np.arange(600) % 20 > 0), recalibration="re-centre")
    with pytest.raises(ValueError, match="recalibration 'yes' is none of"):
        applied(model, records, n=new, sum_y=new, recalibration="yes")


def drawn(seed, providers=60):
    rng = np.random.default_rng(seed)
    size = 80
    d = {"x": rng.normal(0, 1, providers * size).round(1), "f": rng.integers(0, 2, providers * size) * 1.0}
    provider = np.repeat(np.arange(providers), size)
    u = rng.normal(0, 0.4, providers)[provider]
    y = (rng.random(len(provider)) < 1 / (1 + np.exp(1 - 0.7 * d["x"] - u))) * 1.0
    return d, provider, y


def test_bootstrap_and_clustered_delta_agree():
    d, provider, y = drawn(3)
    terms, ones = [Term("x", "number"), Term("f", "flag")], np.ones(len(y))
    found = bootstrap_expected(
        "logistic", terms, d, provider, n=ones, sum_y=y, providers=60, replicates=300, seed=2
    )
    model = fit_model("logistic", terms, d, n=ones, sum_y=y)
    np.testing.assert_allclose(found.expected, np.bincount(provider, weights=model.expected(d)), rtol=1e-10)
    robust = clustered_covariance(model, d, provider, n=ones, sum_y=y, providers=60)
    delta = expected_error(model, d, provider, n=ones, providers=60, covariance=robust)
    assert np.median(found.error / delta) == pytest.approx(1, abs=0.1)
    assert found.draws.shape == (300, 60)
    # dependence within providers makes it larger than the model's own
    assert np.median(delta / expected_error(model, d, provider, n=ones, providers=60)) > 1.2


def test_delta_error_is_a_numerical_derivative(records):
    y, ones, provider = records["died"], np.ones(600), records["provider"].astype(int)
    model = fit_model("logistic", TERMS, records, n=ones, sum_y=y)
    X = model.design.matrix(records)

    def sums(beta):
        return np.bincount(provider, weights=model.respond(X @ beta), minlength=10)

    steps = np.eye(3) * 1e-6
    g = np.column_stack([(sums(model.coefficients + s) - sums(model.coefficients - s)) / 2e-6 for s in steps])
    known = np.sqrt(np.einsum("ij,jk,ik->i", g, model.covariance, g))
    found = expected_error(model, records, provider, n=ones, providers=10)
    np.testing.assert_allclose(found, known, rtol=1e-6, atol=1e-9)


def test_same_seed_same_draws():
    d, provider, y = drawn(4, providers=12)
    one, two = (
        bootstrap_expected(
            "logistic",
            [Term("x", "number")],
            d,
            provider,
            n=np.ones(len(y)),
            sum_y=y,
            providers=12,
            replicates=5,
            seed=9,
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.draws, two.draws)


def test_bootstrap_needs_providers():
    with pytest.raises(CannotFit, match="records of 2 providers: a bootstrap by provider needs 10"):
        bootstrap_expected(
            "linear",
            [],
            {},
            [0, 1],
            n=[9.0, 9],
            sum_y=[1.0, 2],
            sum_y2=[9.0, 9],
            providers=2,
            replicates=5,
            seed=1,
        )


def test_widened_interval():
    interval = Interval(np.array([0.5, 0.0, 0.8]), np.array([2.0, 0.9, 1.25]))
    found = with_model_error([1.0, 0.0, 1.0], interval, expected=[10.0, 5.0, 10.0], error=[1.0, 0.5, 0.0])
    z = 1.959963984540054
    half = np.hypot(np.log(2), z * 0.1)
    np.testing.assert_allclose(found.lower, [np.exp(-half), 0, 0.8], rtol=1e-12)
    np.testing.assert_allclose(found.upper, [np.exp(half), 0.9 * np.exp(z * 0.1), 1.25], rtol=1e-12)
