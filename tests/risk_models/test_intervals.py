import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from risk_models.intervals import exact_ratio_interval, mean_interval, poisson_ratio_interval
from risk_models.poisson_binomial import pmf, shift


@pytest.mark.data
@pytest.mark.parametrize(("level", "key"), [(0.9, "L90"), (0.95, "L95"), (0.998, "L99.8")])
def test_poisson_interval_is_garwoods(profiling, level, key):
    r = profiling["intervals"]
    result = poisson_ratio_interval(r["count_o"], 1.0, level=level)
    np.testing.assert_allclose(
        np.column_stack([result.lower, result.upper]), r[f"exact_count_{key}"], rtol=1e-12
    )


def test_poisson_interval_leaves_half_of_alpha_in_each_tail():
    o, e = np.array([0, 1, 7, 300]), np.array([0.5, 2.0, 3.0, 250.0])
    result = poisson_ratio_interval(o, e, level=0.9)
    np.testing.assert_allclose(stats.poisson.cdf(o, result.upper * e), 0.05, rtol=1e-9)
    np.testing.assert_allclose(stats.poisson.sf(o[1:] - 1, (result.lower * e)[1:]), 0.05, rtol=1e-9)
    assert result.lower[0] == 0


def test_poisson_interval_without_expected_events_is_nan():
    result = poisson_ratio_interval([3], [0])
    assert np.isnan(result.lower[0])
    assert np.isnan(result.upper[0])


@pytest.mark.parametrize(("level", "key"), [(0.95, "level95"), (0.998, "level998")])
def test_exact_interval_is_that_of_uniroot(golden, level, key):
    r = golden["exact_interval"]
    f, expected = pmf(np.ones(12), r["risk"]), sum(r["risk"])
    result = [exact_ratio_interval(f, o, expected, level=level) for o in r["observed"]]
    np.testing.assert_allclose(result, r[key], rtol=1e-9)


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0.001, 0.999), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.998]))
def test_equal_risks_give_clopper_pearson(n, p, share, level):
    o = round(share * n)
    f = pmf([n], [p])
    if f[o] < 1e-100:
        f = pmf([n], shift(np.array([p]), np.log((o + 0.5) / (n - o + 0.5)) - np.log(p / (1 - p))))
    lower, upper = exact_ratio_interval(f, o, n * p, level=level)
    known = stats.binomtest(o, n).proportion_ci(level, method="exact")
    np.testing.assert_allclose([lower * p, upper * p], [known.low, known.high], rtol=1e-8, atol=1e-14)


def test_the_distribution_may_be_given_at_any_shift():
    rng = np.random.default_rng(2)
    risk = rng.uniform(0.05, 0.3, 80)
    base = exact_ratio_interval(pmf(np.ones(80), risk), 40, risk.sum())
    for theta in (-1.5, 2.5):
        moved = exact_ratio_interval(pmf(np.ones(80), shift(risk, theta)), 40, risk.sum())
        np.testing.assert_allclose(moved, base, rtol=1e-11)


def test_rare_events_give_garwoods_interval():
    risk = np.random.default_rng(4).uniform(0, 2e-6, 3000)
    f = pmf(np.ones(3000), shift(risk, np.log(4 / risk.sum())))
    poisson = poisson_ratio_interval([4], [risk.sum()])
    np.testing.assert_allclose(
        exact_ratio_interval(f, 4, risk.sum()), [poisson.lower[0], poisson.upper[0]], rtol=2e-3
    )


def test_ends_of_the_exact_interval():
    f = pmf([4, 6], [0.2, 0.5])
    assert exact_ratio_interval(f, 0, 3.8)[0] == 0
    assert exact_ratio_interval(f, 10, 3.8)[1] == pytest.approx(10 / 3.8)
    assert np.isnan(exact_ratio_interval(np.ones(1), 0, 0.0)).all()
    for impossible in (-1, 11):
        with pytest.raises(ValueError, match="has no probability here"):
            exact_ratio_interval(f, impossible, 3.8)


def test_mean_interval():
    result = mean_interval(np.array([2.0, 5.0]), 3.0, np.array([9.0, 0.0]), level=0.998)
    np.testing.assert_allclose(
        [result.lower[0], result.upper[0]], 2 + stats.norm.ppf([0.001, 0.999]), rtol=1e-12
    )
    assert np.isnan(result.upper[1])


def test_level_is_a_proportion():
    with pytest.raises(ValueError, match="95 is no coverage; expected a proportion"):
        poisson_ratio_interval([1], [1], level=95)
