"""One verdict: whatever the test, flag, interval, limit and p-value say the same."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import false_discovery_control

from risk_models.funnels import tails_of_average
from risk_models.intervals import Interval
from risk_models.multiple_testing import adjusted_p
from risk_models.poisson_binomial import pmf
from risk_models.spread import overdispersion
from risk_models.standardise import score_binary, score_count, score_mean

TESTS = ["exact", "exact-mid-p", "poisson", "poisson-mid-p", "byar"]


def agree(scores, which=0):
    """The inner band, the interval, the limit and the p-value of one provider agree."""
    if scores.reason[which]:
        return
    tail = (1 - scores.limits.levels[0]) / 2
    low, high = (scores.band[which].startswith(side) for side in ("low", "high"))
    edges = scores.lower[which], scores.upper[which]
    # a rejection so near the border that rounding decides is no test of the rule
    near = min(abs(scores.p_low[which] - tail), abs(scores.p_high[which] - tail))
    assume(near > 1e-9)
    assert low == (scores.p_low[which] <= tail)
    assert high == (scores.p_high[which] <= tail)
    assert low == (edges[1] <= scores.norm)
    assert high == (edges[0] >= scores.norm)
    value = scores.adjusted[which]
    assert low == bool(value <= scores.limits.low95[which] * (1 + 1e-12))
    assert high == bool(value >= scores.limits.high95[which] * (1 - 1e-12))


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 10**6),
    st.integers(1, 150),
    st.sampled_from(TESTS),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.sampled_from([None, 0.7, 1.4]),
    st.sampled_from([(0.95, 0.998), (0.8, 0.9), (0.6827, 0.9973)]),
)
def test_flag_interval_limit_and_p_value_agree(seed, n, test, tau2, norm, levels):
    rng = np.random.default_rng(seed)
    assume(tau2 == 0 or test in ("exact", "poisson"))
    risk = rng.uniform(0.001, 0.15, n)
    observed = min(n, rng.poisson(risk.sum() * rng.choice([0.3, 1, 2.5])))
    events = np.zeros(n)
    events[:observed] = 1
    more = (np.append(np.zeros(n), 1), np.append(np.ones(n), 4000), np.append(events, 200))
    reference = (observed + 200) / (n + 4000)
    options = {"test": test, "tau2": tau2, "levels": levels, "providers": 2}
    options["norm"] = None if norm is None else norm * reference
    scores = score_binary(*more, np.append(risk, 0.05), **options)
    assert scores.test == test
    agree(scores)
    if test not in ("exact", "exact-mid-p"):
        agree(score_count(*more, np.append(risk, 0.05), **options))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.floats(0, 3), st.floats(-5, 5), st.sampled_from([None, 0.5]))
def test_means_agree_too(seed, tau, shift, norm):
    rng = np.random.default_rng(seed)
    n = np.array([8.0, 20.0, 50.0])
    y = rng.normal([shift, 0, 0], 1)
    scores = score_mean(
        [0, 1, 2],
        n,
        n * y,
        n * (y**2 + 4),
        np.zeros(3),
        providers=3,
        norm=norm,
        tau2=tau**2,
        levels=(0.9, 0.99),
    )
    tail = 0.05
    z = (scores.adjusted - scores.norm) / np.sqrt(scores.sd**2 / n + tau**2)
    np.testing.assert_allclose(scores.p_low, stats.norm.cdf(z), rtol=1e-9)
    np.testing.assert_allclose(scores.p, 2 * stats.norm.sf(np.abs(z)), rtol=1e-9)
    for j in range(3):
        assert (
            scores.band[j].startswith("low") == (scores.p_low[j] <= tail) == (scores.upper[j] <= scores.norm)
        )
        assert (scores.band[j] == "high99") == (scores.p_high[j] <= 0.005)


def test_p_values_of_the_exact_test_are_sums_of_probabilities():
    risk, o = np.array([0.1, 0.2, 0.3, 0.05, 0.6]), 3
    f = pmf(np.ones(5), risk)
    events = (np.arange(5) < o) * 1.0
    plain, mid = (
        score_binary(np.zeros(5), np.ones(5), events, risk, providers=1, test=test)
        for test in ("exact", "exact-mid-p")
    )
    assert plain.p_high[0] == pytest.approx(f[3:].sum(), rel=1e-12)
    assert plain.p_low[0] == pytest.approx(f[:4].sum(), rel=1e-12)
    assert mid.p_high[0] == pytest.approx(f[4:].sum() + f[3] / 2, rel=1e-12)
    assert plain.p[0] == pytest.approx(2 * f[3:].sum(), rel=1e-12)


@settings(deadline=None)
@given(st.floats(0.2, 400), st.sampled_from([0.01, 0.1, 1.0]), st.integers(0, 500))
def test_overdispersed_counts_are_negative_binomial(e, tau2, o):
    scores = score_count([0], [1.0], [float(o)], [e], providers=1, tau2=tau2, norm=float(max(o, 1)))
    ratio = max(o, 1) / o if o else np.nan
    if o == 0:
        return
    peer = stats.nbinom(1 / tau2, 1 / (1 + tau2 * ratio * e))
    assert scores.p_low[0] == pytest.approx(peer.cdf(o), rel=1e-8)
    assert scores.p_high[0] == pytest.approx(peer.sf(o - 1), rel=1e-8)


def test_overdispersion_widens_the_exact_limits_by_tau():
    # a large provider with one risk: O/E has variance V/E^2 + tau2, and is nearly normal
    n, p, tau2 = 20000.0, 0.1, 0.01
    scores = score_binary([0], [n], [n * p], [p], providers=1, tau2=tau2)
    sd = np.sqrt((1 - p) / (n * p) + tau2)
    ratio = np.array([scores.limits.low95[0], scores.limits.high95[0]]) / scores.reference
    np.testing.assert_allclose(np.log(ratio), np.array([-1.96, 1.96]) * sd, rtol=0.06)
    plain = score_binary([0], [n], [n * p], [p], providers=1)
    assert plain.limits.high95[0] < scores.limits.high95[0]


def test_verdicts_with_and_without_overdispersion():
    rng = np.random.default_rng(8)
    providers, n, p = 60, 400.0, 0.1
    truth = p * np.exp(rng.normal(0, 0.35, providers))
    events = rng.binomial(int(n), truth).astype(float)
    rows = (np.arange(providers), np.full(providers, n), events, np.full(providers, events.mean() / n))
    plain = score_binary(*rows, providers=providers)
    spread = overdispersion(plain.observed, plain.expected, plain.variance)
    wide = score_binary(*rows, providers=providers, tau2=spread.tau2)
    assert spread.phi > 2
    assert np.sum(plain.band != "in") > 10 > np.sum(wide.band != "in")
    # nobody is flagged only when the spread is allowed for
    assert not np.any((plain.band == "in") & (wide.band != "in"))


def test_no_events_anywhere_is_no_obstacle_to_overdispersion():
    rows = (np.arange(4), np.full(4, 30.0), np.zeros(4), np.full(4, 0.1))
    scores = score_binary(*rows, providers=4, tau2=0.05)
    assert np.isfinite(scores.p_low).all()
    assert (scores.lower == 0).all()


@settings(deadline=None)
@given(st.floats(0.05, 300))
def test_false_alarms_of_the_poisson_test_are_at_most_nominal(e):
    scores = score_count([0], [1.0], [1.0], [e], providers=1)
    ratio = scores.limits.low95 / scores.reference, scores.limits.high95 / scores.reference
    # at a limit is beyond it: move the limits inward by less than half an event
    low = np.where(np.isnan(ratio[0]), -9 / e, ratio[0]) + 0.25 / e
    below, above = tails_of_average(Interval(low, ratio[1] - 0.25 / e), np.array([e]))
    assert below[0] <= 0.025
    assert above[0] <= 0.025


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": "wald"}, "test 'wald' is none of exact"),
        ({"test": "poisson"}, "average risk of 0.5 the event is not rare"),
        ({"tau2": -1.0}, "tau2: -1.0 is no variance"),
        ({"tau2": 0.1, "test": "byar"}, "no form with over-dispersion"),
        ({"norm": 0.0}, "norm: 0.0 is no rate"),
        ({"levels": (0.998, 0.95)}, "expected an inner and a wider outer"),
        ({"levels": (95, 99.8)}, "is no coverage"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        score_binary([0], [10.0], [5.0], [0.5], providers=1, **options)


def test_counts_that_cannot_be():
    with pytest.raises(ValueError, match="is of an event; a count takes"):
        score_count([0], [1.0], [1.0], [1.0], providers=1, test="exact")
    with pytest.raises(ValueError, match="rate: expected more than 0"):
        score_count([0], [1.0], [1.0], [0.0], providers=1)
    with pytest.raises(ValueError, match="a whole number"):
        score_count([0], [1.0], [1.5], [1.0], providers=1)


def test_a_norm_beyond_all_records_is_not_assessable():
    scores = score_binary([0, 1], [10.0, 100.0], [9.0, 10.0], [0.9, 0.1], providers=2, norm=0.3)
    assert scores.reason.tolist() == ["the norm expects an event in every record", ""]
    assert scores.band[0] == "not-assessable"


def test_absent_provider_has_no_p_value():
    scores = score_count([1], [5.0], [3.0], [0.5], providers=2)
    assert np.isnan([scores.p[0], scores.lower[0], scores.limits.high95[0]]).all()
    assert scores.reason.tolist() == ["no records", ""]


P = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528]


def test_adjusted_p_values():
    p = np.array([*P[5:], np.nan, *P[:5], 0.7590, 1.0])
    known = ~np.isnan(p)
    found = adjusted_p(p, "benjamini-hochberg")
    np.testing.assert_allclose(found[known], false_discovery_control(p[known]), rtol=1e-12)
    # Benjamini and Hochberg's own example: four of these fifteen at 0.05, three by Bonferroni
    assert np.sum(found <= 0.05) == 4
    assert np.sum(adjusted_p(p, "bonferroni") <= 0.05) == 3
    assert np.isnan(adjusted_p(p, "holm")[~known]).all()
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.005), "holm")
    np.testing.assert_allclose(adjusted_p([0.01, 0.02, 0.03, 0.005], "holm"), [0.03, 0.04, 0.04, 0.02])
    for wrong in ([1.2], [[0.1]]):
        with pytest.raises(ValueError, match="p: expected one probability"):
            adjusted_p(wrong, "holm")
    with pytest.raises(ValueError, match="method 'fdr' is none of"):
        adjusted_p([0.1], "fdr")
