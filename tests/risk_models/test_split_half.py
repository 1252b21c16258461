import numpy as np
import pytest
from scipy.special import expit

from risk_models.split_half import split_half_reliability


def test_is_the_intraclass_correlation_of_halves():
    """One analysis of variance a split, by the textbook's sums of squares."""
    rng = np.random.default_rng(3)
    n, events = np.full(30, 20.0), rng.binomial(20, rng.beta(4, 12, 30)).astype(float)
    found = split_half_reliability(np.arange(30), n, events, providers=30, splits=4000, seed=1)
    values = []
    for _ in range(4000):
        first = rng.hypergeometric(events.astype(int), (n - events).astype(int), 10)
        halves = np.column_stack([first, events - first]) / 10
        rows = halves.mean(axis=1, keepdims=True)
        between = 2 * np.sum((rows - halves.mean()) ** 2) / 29
        within = np.sum((halves - rows) ** 2) / 30
        values.append((between - within) / between)
    assert found.value == pytest.approx(np.mean(values), abs=4 * np.sqrt(2) * found.error)
    assert found.error == pytest.approx(np.std(values) / np.sqrt(4000), rel=0.1)


def test_finds_the_reliability_that_the_records_were_drawn_with():
    # a beta-binomial with alpha + beta = 30 has reliability n/(n + 30)
    rng = np.random.default_rng(4)
    n = np.full(3000, 60.0)
    events = rng.binomial(60, rng.beta(6, 24, 3000)).astype(float)
    found = split_half_reliability(np.arange(3000), n, events, providers=3000, splits=20, seed=2)
    assert found.value == pytest.approx(60 / 90, abs=0.03)


def test_case_mix_is_no_difference_between_providers():
    # providers differ in patients only: the plain proportion is reliable, O/E is not
    rng = np.random.default_rng(5)
    eta = np.repeat(rng.normal(-1, 1, 3000), 2) + np.tile([-0.5, 0.5], 3000)
    provider, n = np.repeat(np.arange(3000), 2), np.full(6000, 100.0)
    events = rng.binomial(100, expit(eta)).astype(float)
    plain = split_half_reliability(provider, n, events, providers=3000, splits=10, seed=1)
    ratio = split_half_reliability(provider, n, events, providers=3000, risk=expit(eta), splits=10, seed=1)
    assert plain.value > 0.9
    assert abs(ratio.value) < 0.15


def test_same_seed_same_value_and_absent_providers_are_left_out():
    args = ([0, 1, 2, 4], [30, 40, 1, 50], [3, 9, 1, 20])
    some = split_half_reliability(*args, providers=6, splits=10, seed=1)
    assert some == split_half_reliability(*args, providers=6, splits=10, seed=1)
    others = split_half_reliability([0, 1, 2], [30, 40, 50], [3, 9, 20], providers=3, splits=10, seed=1)
    assert some == others


def test_without_two_providers_that_differ_there_is_none():
    assert np.isnan(split_half_reliability([0], [30], [3], providers=1, seed=1).value)
    assert np.isnan(split_half_reliability([0, 1], [30, 30], [0, 0], providers=2, seed=1).value)
    with pytest.raises(ValueError, match="splits: 1; expected 2 or more"):
        split_half_reliability([0], [30], [3], providers=1, splits=1, seed=1)
    with pytest.raises(ValueError, match=r"n: stratum 0 has 30\.5, expected a whole number"):
        split_half_reliability([0], [30.5], [3], providers=1, seed=1)
