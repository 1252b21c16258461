import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from risk_models.intervals import exact_ratio_interval, mean_interval
from risk_models.poisson_binomial import pmf
from risk_models.standardise import score_binary
from risk_models.verdict import (
    LEVEL_95,
    LEVEL_998,
    Z_95,
    Z_998,
    Limits,
    bands,
    exact_limits,
    normal_limits,
    not_assessable,
)

NONE = np.array([""])


def test_quantiles():
    np.testing.assert_allclose([Z_95, Z_998], stats.norm.ppf([0.975, 0.999]), rtol=1e-14)


@settings(deadline=None)
@given(st.integers(1, 300), st.floats(0.001, 0.999))
def test_limits_of_equal_risks_are_binomial_quantiles(n, p):
    result = exact_limits(pmf([n], [p]))
    for tail, low, high in ((0.001, result[0], result[3]), (0.025, result[1], result[2])):
        k = np.arange(n + 1)
        at_most, at_least = stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p)
        assume(np.abs(np.concatenate([at_most, at_least]) - tail).min() > 1e-9)
        np.testing.assert_array_equal(
            low, k[at_most <= tail].max(initial=-1) if at_most[0] <= tail else np.nan
        )
        np.testing.assert_array_equal(high, k[at_least <= tail].min() if at_least[-1] <= tail else np.nan)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 120))
def test_each_tail_is_at_most_nominal_and_would_not_be_one_count_further(seed, n):
    f = pmf(np.ones(n), np.random.default_rng(seed).uniform(0.001, 0.9, n))
    low998, low95, high95, high998 = exact_limits(f)
    for tail, low, high in ((0.001, low998, high998), (0.025, low95, high95)):
        first_kept = 0 if np.isnan(low) else int(low) + 1
        last_kept = n if np.isnan(high) else int(high) - 1
        assert f[:first_kept].sum() <= tail < f[: first_kept + 1].sum() * (1 + 1e-9)
        assert f[last_kept + 1 :].sum() <= tail < f[last_kept:].sum() * (1 + 1e-9)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**6), st.integers(1, 80), st.floats(0, 1))
def test_exact_band_interval_and_limits_agree(seed, n, share):
    rng = np.random.default_rng(seed)
    risk = rng.uniform(0.002, 0.6, n)
    observed = round(share * n)
    events = np.zeros(n)
    events[:observed] = 1
    # a second, large provider keeps the reference between 0 and 1
    scores = score_binary(
        np.append(np.zeros(n), 1),
        np.append(np.ones(n), 50),
        np.append(events, 10),
        np.append(risk, 0.2),
        providers=2,
    )
    band, value = scores.band[0], scores.adjusted[0]
    lower, upper = scores.lower[0], scores.upper[0]
    assert (band in ("high95", "high998")) == (lower >= scores.reference)
    assert (band in ("low95", "low998")) == (upper <= scores.reference)
    assert (band in ("high95", "high998")) == bool(value >= scores.limits.high95[0])
    assert (band in ("low95", "low998")) == bool(value <= scores.limits.low95[0])
    wide = exact_ratio_interval(pmf(np.ones(n), risk), observed, risk.sum(), level=LEVEL_998)
    assert (band == "high998") == (wide[0] >= 1) == bool(value >= scores.limits.high998[0])
    assert (band == "low998") == (wide[1] <= 1) == bool(value <= scores.limits.low998[0])


@settings(deadline=None)
@given(st.floats(-5, 5), st.floats(-6, 6), st.floats(0.1, 10), st.integers(1, 500))
def test_normal_band_interval_and_limits_agree(reference, z, sd, n):
    assume(min(abs(abs(z) - Z_95), abs(abs(z) - Z_998)) > 1e-6)
    count = np.array([float(n)])
    value = reference + z * sd / np.sqrt(count)
    limits = normal_limits(reference, sd, count)
    band = bands(value, limits, NONE)[0]
    for level, names in ((LEVEL_95, ("95", "998")), (LEVEL_998, ("998",))):
        interval = mean_interval(value, sd, count, level=level)
        assert (band in [f"low{name}" for name in names]) == (interval.upper[0] < reference)
        assert (band in [f"high{name}" for name in names]) == (interval.lower[0] > reference)
    tail = stats.norm.sf(abs(z))
    side = "high" if z > 0 else "low"
    assert band == (f"{side}998" if tail <= 0.001 else f"{side}95" if tail <= 0.025 else "in")


def test_a_value_at_a_limit_is_beyond_it_and_nan_is_never_reached():
    edge = np.array([1.0, 2.0, 5.0, 6.0, 3.0, 0.0])
    limits = Limits(*(np.full(6, x) for x in (1.0, 2.0, 5.0, 6.0)))
    expected = ["low998", "low95", "high95", "high998", "in", "low998"]
    assert bands(edge, limits, np.full(6, "")).tolist() == expected
    nothing = Limits(*(np.full(6, np.nan) for _ in range(4)))
    assert set(bands(edge, nothing, np.full(6, ""))) == {"in"}
    assert set(bands(edge, limits, np.full(6, "no records"))) == {"not-assessable"}


def test_a_tail_of_exactly_the_level_is_rejected():
    low998, low95, high95, high998 = exact_limits(np.array([0.001, 0.01, 0.978, 0.01, 0.001]))
    assert (low998, low95, high95, high998) == (0, 1, 3, 4)
    assert exact_limits(np.array([0.025, 0.95, 0.025]))[1:3] == (0, 2)


def test_small_providers_cannot_be_rejected_on_a_side_without_evidence():
    # 20 records at risk 0.05: no events has probability 0.36, so nothing is remarkably low
    low998, low95, high95, high998 = exact_limits(pmf([20], [0.05]))
    assert np.isnan([low998, low95]).all()
    assert (high95, high998) == (4, 6)


def test_reasons():
    n, expected = np.array([0.0, 12.0, 30.0, 40.0]), np.array([0.0, 3.0, 0.4, 1.0])
    both = not_assessable(n, minimum_n=30, expected=expected, minimum_expected=1)
    assert both.tolist() == ["no records", "fewer than 30 records", "fewer than 1 expected event", ""]
    assert not_assessable(n, minimum_n=1).tolist() == ["no records", "", "", ""]


def test_no_spread_gives_no_limits():
    assert np.isnan(normal_limits(1.0, 0.0, np.array([10.0])).low95).all()
