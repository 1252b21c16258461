"""The negative binomial model against MASS, and against what must hold of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from risk_models.expected import CannotFit, fit_model
from risk_models.negative_binomial import fit_negative_binomial
from tests.risk_models.provider_records import PROVIDERS, TERMS, at_sixty, records


def falls(weight):
    rows = records()
    return fit_negative_binomial(TERMS, rows, n=weight, y=rows["falls"], exposure=rows["days"])


@pytest.mark.parametrize("which", ["exposure", "frequencies"])
def test_is_glm_nb(proofs, which):
    known, age = proofs["negative_binomial"][which], records()["age"]
    model = falls(np.ones(len(age)) if which == "exposure" else 1 + age % 4)
    # glm.nb goes to and fro between its two sets of parameters, and stops at about eight digits
    np.testing.assert_allclose(at_sixty(model), known["coef"], rtol=1e-8)
    np.testing.assert_allclose(model.standard_errors[1:], known["se"][1:], rtol=1e-7)
    assert model.theta == pytest.approx(known["theta"], rel=1e-7)
    assert model.theta_se == pytest.approx(known["theta_se"], rel=1e-5)
    assert model.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-8)
    if which == "frequencies":
        return
    first = {name: column[:5] for name, column in records().items()}
    np.testing.assert_allclose(model.expected(first), known["expected"], rtol=1e-8)


def test_clustered_errors_are_those_of_sandwich(proofs):
    rows = records()
    model = fit_negative_binomial(
        TERMS,
        rows,
        n=np.ones(len(rows["falls"])),
        y=rows["falls"],
        exposure=rows["days"],
        provider=rows["provider"],
        providers=PROVIDERS,
    )
    T = np.eye(3)
    T[0, 1] = -model.design.terms[0].centre
    found = np.sqrt(np.diag(T @ model.clustered @ T.T))
    np.testing.assert_allclose(found, proofs["negative_binomial"]["clustered"], rtol=1e-6)
    assert np.isnan(falls(np.ones(len(rows["falls"]))).clustered).all()


def test_fractions_of_records_have_the_same_estimates():
    age = records()["age"]
    whole, part = falls(1 + age % 4), falls((1 + age % 4) / 4)
    np.testing.assert_allclose(part.coefficients, whole.coefficients, rtol=1e-9)
    assert part.theta == pytest.approx(whole.theta, rel=1e-9)
    np.testing.assert_allclose(part.standard_errors, 2 * whole.standard_errors, rtol=1e-9)


def test_likelihood_is_that_of_the_distribution_and_at_its_top():
    rows = records()
    model = falls(np.ones(len(rows["falls"])))
    mean = rows["days"] * model.expected(rows)

    def likelihood(mean, theta):
        return nbinom.logpmf(rows["falls"], theta, theta / (theta + mean)).sum()

    assert model.log_likelihood == pytest.approx(likelihood(mean, model.theta), rel=1e-12)
    for wrong in (0.999, 1.001):
        assert likelihood(mean, model.theta * wrong) < model.log_likelihood
        assert likelihood(mean * wrong, model.theta) < model.log_likelihood
    np.testing.assert_allclose(
        model.variance(mean), nbinom.var(model.theta, model.theta / (model.theta + mean))
    )


def test_one_case_mix_pattern_has_the_mean_count():
    y = np.array([0.0, 1, 2, 3, 5, 9])
    model = fit_negative_binomial([], {}, n=[60, 20, 9, 5, 3, 1], y=y)
    assert model.expected({}, rows=1)[0] == pytest.approx(
        np.average(y, weights=[60, 20, 9, 5, 3, 1]), rel=1e-12
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(0.3, 20))
def test_theta_of_the_records_comes_back(seed, theta):
    rng = np.random.default_rng(seed)
    mean = rng.uniform(1, 8, 4000)
    y = rng.negative_binomial(theta, theta / (theta + mean)).astype(float)
    model = fit_negative_binomial([], {}, n=np.ones(4000), y=y, exposure=mean)
    # four standard errors, on the scale of the logarithm
    assert abs(np.log(model.theta / theta)) < 4.5 * model.theta_se / model.theta
    assert abs(model.coefficients[0]) < 4.5 * model.standard_errors[0]


def test_more_spread_makes_wider_errors_than_poisson():
    rows = records()
    ones = np.ones(len(rows["falls"]))
    poisson = fit_model("poisson", TERMS, rows, n=ones, sum_y=rows["falls"], exposure=rows["days"])
    assert (falls(ones).standard_errors > poisson.standard_errors).all()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"n": [50, 50], "y": [2, 3]}, "spread no more than a Poisson model allows"),
        ({"n": [10, 10], "y": [0, 0]}, "none of the records has any event"),
        ({"n": [0, 0], "y": [0, 4]}, "the cohort is empty"),
        ({"n": [5, 5], "y": [0.5, 4]}, r"y: 0\.5; expected whole counts"),
        ({"n": [5, 5], "y": [0, -4]}, "y: -4; expected whole counts"),
        ({"n": [5, 5], "y": [0, np.inf]}, "y: stratum 1 has inf"),
        ({"n": [5, np.nan], "y": [0, 4]}, "n: stratum 1 has nan"),
        ({"n": [5, 5], "y": [0, 4], "exposure": [1, 0]}, "exposure: stratum 1 has 0"),
    ],
)
def test_what_cannot_be_fitted(counts, message):
    with pytest.raises(CannotFit, match=message):
        fit_negative_binomial([], {}, **counts)
