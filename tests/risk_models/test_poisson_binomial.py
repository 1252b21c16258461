import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit

from risk_models.poisson_binomial import mixture, pmf, shift, tilt


def test_distribution_is_that_of_all_outcomes_enumerated(golden):
    r = golden["enumeration"]
    np.testing.assert_allclose(pmf(np.ones(12), r["risk"]), r["pmf"], rtol=1e-12)


def test_tilt_is_the_distribution_at_shifted_risks(golden):
    r = golden["enumeration"]
    np.testing.assert_allclose(tilt(pmf(np.ones(12), r["risk"]), r["theta"]), r["tilted"], rtol=1e-12)
    np.testing.assert_allclose(
        pmf(np.ones(12), shift(np.array(r["risk"]), r["theta"])), r["tilted"], rtol=1e-12
    )


def test_tails_keep_their_relative_accuracy():
    rng = np.random.default_rng(8)
    risks = rng.uniform(0.001, 0.2, 300)
    exact = [Fraction(1)]
    for p in map(Fraction, risks.tolist()):
        down, up = [x * (1 - p) for x in exact], [x * p for x in exact]
        exact = [a + b for a, b in zip([*down, Fraction(0)], [Fraction(0), *up], strict=True)]
        # denominators are powers of two; 400 bits are plenty and keep this quick
        exact = [Fraction(round(x * 2**1500), 2**1500) for x in exact]
    result = pmf(np.ones(300), risks)
    # one in 1e-200 and more is kept to 13 digits
    some = [k for k in range(301) if exact[k] > Fraction(1, 10**200)]
    assert len(some) > 150
    np.testing.assert_allclose(result[some], [float(exact[k]) for k in some], rtol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 1000])
def test_equal_risks_are_binomial(n):
    np.testing.assert_allclose(
        pmf([n], [0.3]), stats.binom.pmf(np.arange(n + 1), n, 0.3), rtol=1e-10, atol=1e-290
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), max_size=12))
def test_mean_variance_and_order(strata):
    n, p = np.array([s[0] for s in strata]), np.array([s[1] for s in strata])
    f = pmf(n, p)
    k = np.arange(n.sum() + 1)
    assert len(f) == len(k)
    mean = float(k @ f)
    np.testing.assert_allclose(f.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(mean, n @ p, atol=1e-10)
    np.testing.assert_allclose((k - mean) ** 2 @ f, n @ (p * (1 - p)), atol=1e-9)
    np.testing.assert_allclose(pmf(n[::-1], p[::-1]), f, rtol=1e-11, atol=1e-290)
    # an event counted as its absence turns the distribution round
    np.testing.assert_allclose(pmf(n, 1 - p), f[::-1], rtol=1e-6, atol=1e-15)


@settings(deadline=None)
@given(st.floats(-4, 4))
def test_tilted_mean_is_that_of_the_shifted_risks(theta):
    p = np.array([0.01, 0.2, 0.7])
    n = np.array([40, 30, 20])
    tilted = tilt(pmf(n, p), theta)
    np.testing.assert_allclose(np.arange(91) @ tilted, n @ expit(logit(p) + theta), rtol=1e-11)


def test_certain_events_and_no_records():
    np.testing.assert_array_equal(pmf([2, 1], [1.0, 0.0]), [0, 0, 1, 0])
    np.testing.assert_array_equal(pmf([], []), [1])
    np.testing.assert_array_equal(pmf([0], [0.4]), [1])


@pytest.mark.parametrize(
    ("n", "p", "message"),
    [
        ([1.5], [0.1], "n: the exact distribution counts whole records"),
        ([-1], [0.1], "n: the exact"),
        ([1], [1.1], "p: expected probabilities"),
        ([1], [np.nan], "p: expected probabilities"),
        ([1, 2], [0.1], "expected two equally long columns"),
    ],
)
def test_what_is_no_distribution_is_refused(n, p, message):
    with pytest.raises(ValueError, match=message):
        pmf(n, p)


def test_five_thousand_records_are_quick():
    risks = np.random.default_rng(1).uniform(0.01, 0.5, 5000)
    start = time.perf_counter()
    f = pmf(np.ones(5000), risks)
    assert time.perf_counter() - start < 1
    assert np.arange(5001) @ f == pytest.approx(risks.sum(), rel=1e-12)


@pytest.mark.parametrize(("n", "spread"), [(1, 0.4), (60, 0.3), (400, 0.5)])
@pytest.mark.parametrize("theta", [-3.0, 0.0, 2.0])
def test_mixture_is_an_average_over_shifted_risks(n, spread, theta):
    risk = np.random.default_rng(2).uniform(0.02, 0.4, n)
    x = np.linspace(-9, 9, 1201)
    weights = np.exp(-(x**2) / 2)
    known = np.zeros(n + 1)
    for node, weight in zip(x, weights / weights.sum(), strict=True):
        known += weight * pmf(np.ones(n), shift(risk, theta + spread * node))
    found = mixture(pmf(np.ones(n), risk), theta, spread=spread)
    np.testing.assert_allclose(found, known, rtol=0, atol=1e-10)
    assert found.sum() == pytest.approx(1, rel=1e-12)
    with pytest.raises(ValueError, match="spread: -1 is no standard deviation"):
        mixture(known, theta, spread=-1)
