"""Records that count in part: the exact test of a weighted sum, held against enumeration and against R."""

import itertools
import json
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from risk_models.poisson_binomial import pmf, tilt
from risk_models.record_weights import checked_weight, lattice
from risk_models.reliability import mean_reliability, ratio_reliability
from risk_models.standardise import score_binary, score_mean
from tests.risk_models.conftest import GOLDEN


@pytest.fixture(scope="module")
def cases():
    """What the R package PoissonBinomial computes, see record_weights.R."""
    found = json.loads((GOLDEN / "record_weights.json").read_text())
    return {name: case for name, case in found.items() if name != "meta"}


def score(case, **options):
    """One record a stratum, of one provider; at a rate of all that makes the adjusted value O/E."""
    y = np.array(case["y"], dtype=float)
    return score_binary(
        np.zeros(len(y)), np.ones(len(y)), y, case["risk"], providers=1, weight=case["weight"], **options
    )


@pytest.mark.parametrize("name", ["few", "many", "uneven"])
def test_the_test_is_that_of_r(cases, name):
    case = cases[name]
    found = score(case)
    ratio = found.reference
    limits = [getattr(found.limits, side)[0] / ratio * found.expected[0] for side in
              ("low998", "low95", "high95", "high998")]  # fmt: skip
    wanted = [np.nan if limit == "-Inf" else limit for limit in case["limits"]]
    np.testing.assert_allclose(limits, wanted, rtol=1e-12)
    for what in ("observed", "expected", "variance"):
        np.testing.assert_allclose(getattr(found, what)[0], case[what], rtol=1e-12)
    np.testing.assert_allclose([found.p_low[0], found.p_high[0]], [case["p_low"], case["p_high"]], rtol=1e-10)
    interval = [found.lower[0] / ratio, found.upper[0] / ratio]
    np.testing.assert_allclose(interval, [case["lower"], case["upper"]], rtol=1e-8)


@pytest.mark.parametrize("name", ["few", "many", "uneven"])
def test_the_distribution_is_that_of_r(cases, name):
    case = cases[name]
    steps = lattice(checked_weight(case["weight"], rows=len(case["risk"])))
    f = pmf(np.ones(len(case["risk"])), case["risk"], steps.size)
    at = np.round(np.array(case["at"]) * 100)
    on = at % steps.step == 0
    got = f[(at[on] / steps.step).astype(int)]
    # R's far tail is lost where sums of 1e-16 are; what cannot be is 0 in both
    np.testing.assert_allclose(got, np.array(case["chance"])[on], rtol=1e-10, atol=1e-290)
    assert on.sum() > 10
    assert (np.array(case["chance"])[~on] == 0).all()


RECORDS = st.lists(
    st.tuples(
        st.integers(1, 39).map(lambda k: Fraction(k, 40)),
        st.sampled_from([100, 100, 50, 35, 65, 70, 1, 99]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


def enumerated(records, odds=lambda weight: 1):
    """Chance of every sum of weights, in hundredths, by going through all outcomes; fractions throughout."""
    found = {}
    for outcome in itertools.product((0, 1), repeat=len(records)):
        chance = Fraction(1)
        for happened, (risk, weight, _) in zip(outcome, records, strict=True):
            shifted = risk * odds(weight) / (1 - risk + risk * odds(weight))
            chance *= shifted if happened else 1 - shifted
        total = sum(h * w for h, (_, w, _) in zip(outcome, records, strict=True))
        found[total] = found.get(total, 0) + chance
    return found


@settings(deadline=None, max_examples=150)
@given(RECORDS)
def test_the_test_is_that_of_all_outcomes_enumerated(records):
    exact = enumerated(records)
    risk = [float(r) for r, _, _ in records]
    weight = np.array([w for _, w, _ in records]) / 100
    y = np.array([float(y) for _, _, y in records])
    steps = lattice(checked_weight(weight, rows=len(records)))
    f = pmf(np.ones(len(records)), risk, steps.size)
    by_sum = [float(exact.get(k * steps.step, 0)) for k in range(len(f))]
    np.testing.assert_allclose(f, by_sum, rtol=1e-12)
    found = score_binary(np.zeros(len(y)), np.ones(len(y)), y, risk, providers=1, weight=weight)
    observed = sum(w for _, w, y in records if y)
    assert found.observed[0] == observed / 100
    assert found.n[0] == sum(w for _, w, _ in records) / 100
    mean = sum(total * chance for total, chance in exact.items()) / 100
    spread = sum(total**2 * chance for total, chance in exact.items()) / 10000 - mean**2
    np.testing.assert_allclose(found.expected[0], float(mean), rtol=1e-12)
    np.testing.assert_allclose(found.variance[0], float(spread), rtol=1e-12)
    low = sum(chance for total, chance in exact.items() if total <= observed)
    high = sum(chance for total, chance in exact.items() if total >= observed)
    np.testing.assert_allclose([found.p_low[0], found.p_high[0]], [float(low), float(high)], rtol=1e-12)
    # a tail of exactly 1 in 40 is rounded to either side of it
    if found.n[0] >= 1 and all(abs(tail - Fraction(1, 40)) > Fraction(1, 10**12) for tail in (low, high)):
        assert found.band[0].startswith("low") == (low <= Fraction(1, 40))
        assert found.band[0].startswith("high") == (high <= Fraction(1, 40))


@settings(deadline=None, max_examples=40)
@given(RECORDS, st.sampled_from([Fraction(1, 2), Fraction(3), Fraction(1, 7)]))
def test_tilting_is_multiplying_odds_by_a_power_of_the_weight(records, base):
    """The odds of a record of so many steps are multiplied by that power of what one step multiplies by."""
    risk = np.array([float(r) for r, _, _ in records])
    steps = lattice(checked_weight([w / 100 for _, w, _ in records], rows=len(records)))
    f, one = pmf(np.ones(len(risk)), risk, steps.size), np.ones(len(risk))
    theta = float(np.log(float(base))) / steps.size.max()
    shifted = pmf(one, expit(logit(risk) + theta * steps.size), steps.size)
    np.testing.assert_allclose(tilt(f, theta), shifted, rtol=1e-10)
    if steps.size.max() <= 20:
        sizes = steps.size.astype(int).tolist()
        resized = [(r, size, y) for (r, _, y), size in zip(records, sizes, strict=True)]
        exact = enumerated(resized, odds=lambda size: base**size)
        wanted = [float(exact.get(k, 0)) for k in range(len(f))]
        np.testing.assert_allclose(tilt(f, float(np.log(float(base)))), wanted, rtol=1e-9)


def test_against_another_norm_the_test_is_that_of_r(cases):
    for case in cases.values():
        ratio = case["norm_ratio"]
        found = score(case, norm=ratio * score(case).reference)
        wanted = [case["norm_low"], case["norm_high"]]
        np.testing.assert_allclose([found.p_low[0], found.p_high[0]], wanted, rtol=1e-8)


@pytest.mark.parametrize("options", [{}, {"test": "exact-mid-p"}, {"tau2": 0.05}, {"norm": 0.1}])
def test_whole_weights_are_no_weights_to_the_bit(options):
    rng = np.random.default_rng(4)
    provider, risk = rng.integers(0, 5, 400), rng.uniform(0.01, 0.4, 400)
    n = rng.integers(1, 9, 400).astype(float)
    events = rng.binomial(n.astype(int), risk).astype(float)
    plain = score_binary(provider, n, events, risk, providers=5, **options)
    whole = score_binary(provider, n, events, risk, providers=5, weight=np.ones(400), **options)
    for name in ("n", "observed", "expected", "variance", "adjusted", "lower", "upper", "p_low", "p_high"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(plain, name), err_msg=name)
    for side in ("low998", "low95", "high95", "high998"):
        np.testing.assert_array_equal(getattr(whole.limits, side), getattr(plain.limits, side))


def test_where_all_count_for_a_half_everything_is_halved():
    """Their events are halves, and the test is that of whole ones: half of each says as much as all."""
    rng = np.random.default_rng(5)
    n, risk = rng.integers(1, 30, 20).astype(float), rng.uniform(0.02, 0.4, 20)
    events = rng.binomial(n.astype(int), risk).astype(float)
    whole = score_binary(np.zeros(20), n, events, risk, providers=1)
    half = score_binary(np.zeros(20), n, events, risk, providers=1, weight=np.full(20, 0.5))
    assert half.observed[0] * 2 == whole.observed[0]
    assert half.n[0] * 2 == whole.n[0]
    for name in ("p_low", "p_high", "lower", "upper", "adjusted", "ratio"):
        np.testing.assert_allclose(getattr(half, name), getattr(whole, name), rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(half.limits.high95, whole.limits.high95, rtol=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(["exact", "exact-mid-p"]), st.sampled_from([0.0, 0.04]))
def test_flag_interval_limit_and_p_value_agree(seed, test, tau2):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 60))
    weight, risk = rng.choice([1, 0.6, 0.4, 0.25], n), rng.uniform(0.01, 0.4, n)
    y = (rng.uniform(size=n) < np.minimum(risk * rng.choice([0.2, 1, 2.5]), 1)).astype(float)
    tau2 = 0.0 if test != "exact" else tau2
    big = (np.append(np.zeros(n), 1), np.append(np.ones(n), 4000), np.append(y, 400), np.append(risk, 0.1))
    found = score_binary(*big, providers=2, weight=np.append(weight, 1), test=test, tau2=tau2)
    low, high = (found.band[0].startswith(side) for side in ("low", "high"))
    if min(abs(found.p_low[0] - 0.025), abs(found.p_high[0] - 0.025)) < 1e-9:
        return  # rounding decides
    assert low == (found.p_low[0] <= 0.025) == (found.upper[0] <= found.norm)
    assert high == (found.p_high[0] <= 0.025) == (found.lower[0] >= found.norm)
    assert low == bool(found.adjusted[0] <= found.limits.low95[0] * (1 + 1e-12))
    assert high == bool(found.adjusted[0] >= found.limits.high95[0] * (1 - 1e-12))


def shared_out(rng, records, providers):
    """Records each shared over providers in whole hundredths that add up to 1, as strata of one record."""
    rows = [
        (i, j, w)
        for i in range(records)
        for j, w in enumerate(rng.multinomial(100, [1 / providers] * providers))
        if w
    ]
    return (np.array(part) for part in zip(*rows, strict=True))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 6))
def test_totals_of_shares_are_those_of_the_records(seed, records, providers):
    rng = np.random.default_rng(seed)
    record, provider, weight = shared_out(rng, records, providers)
    risk = rng.uniform(0.01, 0.9, records)
    y = (rng.uniform(size=records) < risk).astype(float)
    one = np.ones(len(record))
    found = score_binary(provider, one, y[record], risk[record], providers=providers, weight=weight / 100)
    assert round(found.n.sum() * 100) == 100 * records
    assert round(found.observed.sum() * 100) == 100 * int(y.sum())
    np.testing.assert_allclose(found.expected.sum(), risk.sum(), rtol=1e-12)
    assert found.reference == y.sum() / records
    value = rng.normal(50, 9, records)
    expected = value + rng.normal(0, 3, records)
    means = score_mean(
        provider, one, value[record], value[record] ** 2, expected[record], providers=providers,
        weight=weight / 100,
    )  # fmt: skip
    nation = score_mean(np.zeros(records), np.ones(records), value, value**2, expected, providers=1)
    some = means.n > 0
    np.testing.assert_allclose(means.n[some] @ means.observed[some], value.sum(), rtol=1e-12)
    np.testing.assert_allclose(means.n[some] @ means.expected[some], expected.sum(), rtol=1e-12)
    np.testing.assert_allclose(means.reference, nation.reference, rtol=1e-12)
    np.testing.assert_allclose(means.sd, nation.sd, rtol=1e-9, equal_nan=True)


@pytest.mark.parametrize("weight", [[1, 1, 1], [0.5, 0.5, 0.5], [1, 0.3, 0.25], [0.01, 0.99, 1]])
def test_a_weighted_mean_varies_as_one_of_its_effective_number(weight):
    """By enumeration: a fair coin a record, whose variance is a quarter."""
    outcomes = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    variance = (outcomes @ np.array(weight) / sum(weight)).var()
    y, w = np.array([0.0, 1.0, 0.0]), np.array(weight)
    found = score_mean(np.zeros(3), np.ones(3), y, y, np.full(3, 0.5), providers=1, weight=w)
    assert 0.25 / found.effective[0] == pytest.approx(variance, rel=1e-12)
    assert found.upper[0] - found.adjusted[0] == pytest.approx(1.959964 * found.sd / np.sqrt(0.25 / variance))


def test_by_chance_alone_scores_that_share_records_differ_by_what_they_are_held_against():
    """By enumeration: the mean, over all outcomes, of what the estimate of tau2 takes off is all of it."""
    risk = np.array([0.1, 0.3, 0.5, 0.2, 0.4, 0.25, 0.35])
    weight = np.array(
        [[1, 0, 0], [0.6, 0.4, 0], [0, 1, 0], [0, 0.25, 0.7], [0.35, 0.3, 0.35], [0, 0, 1], [0.5, 0, 0.5]]
    )
    outcomes = np.array(list(itertools.product((0.0, 1.0), repeat=len(risk))))
    chance = np.prod(np.where(outcomes == 1, risk, 1 - risk), axis=1)
    ratio = (outcomes @ weight) / (risk @ weight)
    covariance = (weight.T * (risk * (1 - risk))) @ weight / np.outer(risk @ weight, risk @ weight)
    inverse = 1 / np.diag(covariance)
    centre = ratio @ inverse / inverse.sum()
    squares = ((ratio - centre[:, None]) ** 2) @ inverse
    overlap = inverse @ (covariance - np.diag(np.diag(covariance))) @ inverse / inverse.sum()
    assert overlap > 0.2
    assert chance @ squares + overlap == pytest.approx(3 - 1, rel=1e-12)
    for y, q in zip(outcomes[::9], squares[::9], strict=True):
        found = ratio_reliability(
            y @ weight,
            risk @ weight,
            (risk * (1 - risk)) @ weight**2,
            weight.sum(axis=0),
            shared=(weight.T * (risk * (1 - risk))) @ weight,
        )
        spread = inverse.sum() - (inverse @ inverse) / inverse.sum()
        assert found.tau2 == pytest.approx(max(0.0, (q + overlap - 2) / spread), rel=1e-9)
    means = mean_reliability(
        np.array([1.0, 3.0, 8.0]),
        2.0,
        weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0),
        shared=weight.T @ weight / np.outer(weight.sum(axis=0), weight.sum(axis=0)),
    )
    total = 4 * weight.T @ weight / np.outer(weight.sum(axis=0), weight.sum(axis=0))
    a = 1 / np.diag(total)
    q = a @ (np.array([1.0, 3.0, 8.0]) - np.average([1.0, 3.0, 8.0], weights=a)) ** 2
    q += (a @ (total - np.diag(np.diag(total))) @ a) / a.sum()
    assert means.tau2 == pytest.approx((q - 2) / (a.sum() - a @ a / a.sum()), rel=1e-12)


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ([1, 0], "weight: stratum 1 has 0, expected above 0 and at most 1 with two decimals at most (1 of 2"),
        ([1.01, 1], "weight: stratum 0 has 1.01"),
        ([1, 0.333], "weight: stratum 1 has 0.333"),
        ([1, np.nan], "weight: stratum 1 has nan"),
        ([-0.5, 1], "weight: stratum 0 has -0.5"),
    ],
)  # fmt: skip
def test_a_weight_that_cannot_be_is_refused(weight, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        score_binary([0, 0], [1.0, 1.0], [0.0, 1.0], [0.1, 0.2], providers=1, weight=weight)


def test_a_poisson_test_takes_no_weights():
    with pytest.raises(ValueError, match="where records count in part use 'exact'"):
        score_binary(
            [0, 0], [90.0, 90.0], [1.0, 1.0], [0.01, 0.02], providers=1, weight=[1, 0.5], test="poisson"
        )


@pytest.mark.parametrize("size", [[0.5, 1], [0, 1], [1]])
def test_a_size_that_is_no_number_of_steps_is_refused(size):
    with pytest.raises(ValueError, match="size: expected a whole number of steps"):
        pmf([1, 1], [0.1, 0.2], size)


@pytest.mark.parametrize("events", [[0, 0], [1, 1], [0, 3]])
def test_an_interval_of_one_far_from_expected(events):
    """Also where the chance of what was observed is lost to rounding, the tails at its ends are right."""
    n, risk, weight, size = (
        np.array([400, 300]),
        np.array([0.9, 0.95]),
        np.array([1, 0.35]),
        np.array([20, 7]),
    )
    found = score_binary(
        [0, 0, 1], [*n, 9000], [*events, 900], [*risk, 0.1], providers=2, weight=[*weight, 1]
    )
    expected, steps = n @ (weight * risk), int(size @ events)

    def shifted_to(ratio):
        low, high = -60.0, 60.0
        for _ in range(200):
            middle = (low + high) / 2
            above = n @ (weight * expit(logit(risk) + middle * weight)) > ratio * expected
            low, high = (low, middle) if above else (middle, high)
        return pmf(n, expit(logit(risk) + low * weight), size)

    assert found.band[0] == "low998"
    upper = shifted_to(found.upper[0] / found.reference)
    assert upper[: steps + 1].sum() == pytest.approx(0.025, rel=1e-7)
    if steps:
        lower = shifted_to(found.lower[0] / found.reference)
        assert lower[steps:].sum() == pytest.approx(0.025, rel=1e-7)
    else:
        assert found.lower[0] == 0
