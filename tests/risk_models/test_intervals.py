import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from risk_models.intervals import (
    byar_ratio_interval,
    clopper_pearson_interval,
    exact_ratio_interval,
    mean_interval,
    midp_ratio_interval,
    poisson_ratio_interval,
    wilson_interval,
)
from risk_models.poisson_binomial import pmf, shift


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


def both(interval):
    return np.column_stack([interval.lower, interval.upper])


@settings(deadline=None)
@given(st.integers(0, 2000), st.floats(0.01, 1000), st.sampled_from([0.8, 0.95, 0.998]))
def test_mid_p_is_within_the_exact_interval_and_leaves_its_tails(o, e, level):
    exact, mid = poisson_ratio_interval(o, e, level=level), midp_ratio_interval(o, e, level=level)
    assert exact.lower <= mid.lower < mid.upper <= exact.upper
    tail = (1 - level) / 2
    high, low = mid.upper * e, mid.lower * e
    assert stats.poisson.cdf(o, high) - stats.poisson.pmf(o, high) / 2 == pytest.approx(tail, rel=1e-8)
    if o:
        assert stats.poisson.sf(o - 1, low) - stats.poisson.pmf(o, low) / 2 == pytest.approx(tail, rel=1e-8)


def test_edges_of_proportions():
    for interval in (wilson_interval, clopper_pearson_interval):
        ours = interval([0, 5, 0, np.nan], [5, 5, 0, 5])
        assert (ours.lower[0], ours.upper[1]) == (0, 1)
        assert np.isnan(both(ours)[2:]).all()
        with pytest.raises(ValueError, match="events: expected between 0 and n"):
            interval([6], [5])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(0, 1), st.floats(0.05, 0.6))
def test_exact_interval_with_mid_p_or_spread_leaves_its_tails(seed, n, share, spread):
    rng = np.random.default_rng(seed)
    risk, o = rng.uniform(0.02, 0.6, n), round(share * n)
    f = pmf(np.ones(n), risk)
    counts = np.arange(n + 1)
    exact, mid, wide = (
        exact_ratio_interval(f, o, risk.sum(), **option)
        for option in ({}, {"mid_p": True}, {"spread": spread})
    )
    assert exact[0] <= mid[0] < mid[1] <= exact[1]
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)

    def at(ratio, sd):
        """Distribution at the mean that belongs to a ratio, by quadrature and not by an even grid."""

        def mixed(theta):
            parts = [pmf(np.ones(n), shift(risk, theta + sd * x)) for x in (nodes if sd else [0.0])]
            return np.average(parts, axis=0, weights=weights if sd else [1.0])

        theta = brentq(lambda t: counts @ mixed(t) - ratio * risk.sum(), -40, 40, xtol=1e-12)
        return mixed(theta)

    for (low, high), half, sd in ((mid, 0.5, 0.0), (wide, 1.0, spread)):
        if o > 0:
            g = at(low, sd)
            assert g[o + 1 :].sum() + half * g[o] == pytest.approx(0.025, rel=1e-6)
        if o < n:
            g = at(high, sd)
            assert g[:o].sum() + half * g[o] == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("formula", [poisson_ratio_interval, byar_ratio_interval, midp_ratio_interval])
def test_a_negative_count_has_no_interval(formula):
    with pytest.raises(ValueError, match="observed: -2; expected a count of zero or more"):
        formula([3.0, -2.0], 1.0)
    assert np.isnan(formula([np.nan, 3.0], [1.0, 0.0]).upper).all()
