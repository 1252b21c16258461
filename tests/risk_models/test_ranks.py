import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_models.ranks import expected_ranks, rank_probabilities
from tests.risk_models.provider_records import golden


def test_ranks_are_those_of_enumeration():
    known = golden()["ranks"]
    result = rank_probabilities(np.array(known["effect"]), np.array(known["sd"]))
    np.testing.assert_allclose(result, known["probability"], atol=1e-9)


def test_expected_ranks_are_those_of_r():
    fit = golden()["logistic"]["nodes1"]
    ranks = expected_ranks(fit["effect"], fit["effect_sd"])
    np.testing.assert_allclose(ranks.expected, golden()["between"]["expected_rank"], rtol=1e-10)
    np.testing.assert_allclose(ranks.pcer, 100 * (ranks.expected - 0.5) / 24, rtol=1e-12)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(2, 40), st.floats(0.03, 3))
def test_distribution_and_mean_agree(seed, providers, sd):
    rng = np.random.default_rng(seed)
    effect, errors = rng.normal(size=providers), sd * rng.uniform(0.3, 1, providers)
    probability, ranks = rank_probabilities(effect, errors), expected_ranks(effect, errors)
    numbers = np.arange(1, providers + 1)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(probability.sum(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(probability @ numbers, ranks.expected, atol=1e-6)
    assert probability.min() > -1e-9
    assert ranks.expected.sum() == pytest.approx(providers * (providers + 1) / 2)
    for j in range(providers):
        inside = probability[j, (numbers >= ranks.lower[j]) & (numbers <= ranks.upper[j])]
        assert inside.sum() >= 0.95 - 1e-6


def test_intervals_are_those_of_draws():
    rng = np.random.default_rng(3)
    effect, sd = rng.normal(0, 0.5, 30), rng.uniform(0.1, 0.5, 30)
    drawn = rng.normal(effect, sd, (20_000, 30)).argsort(axis=1).argsort(axis=1) + 1
    ranks = expected_ranks(effect, sd)
    np.testing.assert_allclose(ranks.lower, np.quantile(drawn, 0.025, axis=0), atol=1)
    np.testing.assert_allclose(ranks.upper, np.quantile(drawn, 0.975, axis=0), atol=1)


def test_certain_equal_and_absent_effects():
    certain = expected_ranks([3.0, 1.0, 2.0], [0, 0, 0])
    assert certain.expected.tolist() == certain.lower.tolist() == certain.upper.tolist() == [3, 1, 2]
    equal = expected_ranks([0.0, 0.0, 0.0], [0, 0, 0])
    assert (equal.expected.tolist(), equal.lower.tolist(), equal.upper.tolist()) == (
        [2] * 3,
        [1] * 3,
        [3] * 3,
    )
    some = expected_ranks([0.0, np.nan, 2.0], [0.1, 1.0, 0.1])
    np.testing.assert_array_equal(some.expected, [1, np.nan, 2])
    assert np.isnan([some.lower[1], some.upper[1], some.pcer[1]]).all()
    none = expected_ranks([np.nan], [1.0])
    assert np.isnan(none.expected).all()


def test_refusals():
    with pytest.raises(ValueError, match="sd: provider 1 has a negative one"):
        expected_ranks([0.0, 1.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="level: 95"):
        expected_ranks([0.0, 1.0], [1.0, 1.0], level=95)
