"""Scores of a time to an event against R's survival package and the exact Poisson test."""

import numpy as np
import pytest
from scipy.stats import poisson

from risk_models.cox import fit_cox
from risk_models.design import Term
from risk_models.survival import adjusted_survival
from risk_models.time_scores import score_time

TERMS = [Term("age", "number"), Term("diabetes", "flag")]
HORIZON = 12.0


@pytest.fixture(scope="module")
def followed(records):
    """The generated records with entry and end of follow-up, as risk_models_proofs.R derives them."""
    d = records
    entry = np.where(d["age"] % 3 == 0, d["before"] % 4, 0.0)
    return {**d, "entry": entry, "exit": entry + 1 + (np.round(7 * d["before"]) + 3 * d["age"]) % 30}


@pytest.fixture(scope="module")
def scored(followed):
    d, ones = followed, np.ones(600)
    model = fit_cox(TERMS, d, time=d["exit"], n=ones, events=d["died"], entry=d["entry"], ties="breslow")
    expected = model.expected(d, time=d["exit"], n=ones, entry=d["entry"])
    return score_time(
        d["provider"],
        ones,
        d["died"],
        expected,
        providers=9,
        chance=lambda ratio: 1 - adjusted_survival(model, d, ones, at=HORIZON, ratio=ratio),
    )


def test_scores_are_those_of_r(scored, proofs):
    known = proofs["time_scores"]
    for name in ("n", "observed", "expected", "ratio", "adjusted", "lower", "upper", "p_low", "p_high"):
        np.testing.assert_allclose(getattr(scored, name), known[name], rtol=1e-9, err_msg=name)
    assert scored.reference == pytest.approx(known["reference"], rel=1e-10)
    for name in ("low998", "low95", "high95", "high998"):
        found = np.array(known[name], dtype=float)
        np.testing.assert_allclose(getattr(scored.limits, name), found, rtol=1e-9, err_msg=name)


def test_verdict_interval_limits_and_p_agree(scored, proofs):
    known = np.array(proofs["time_scores"]["counts95"], dtype=float)
    low, high = np.nan_to_num(known[:, 0], nan=-1), known[:, 1]
    for which, band in enumerate(scored.band):
        assert band.startswith("low") == (scored.observed[which] <= low[which])
        assert band.startswith("high") == (scored.observed[which] >= high[which])
        assert band.startswith("low") == (scored.upper[which] <= scored.reference + 1e-12)
        assert band.startswith("high") == (scored.lower[which] >= scored.reference - 1e-12)
        assert (band != "in") == (scored.p[which] <= 0.05)
    assert {"in", "low95", "high998"} <= set(scored.band)
    assert (scored.test, scored.tau2, scored.norm) == ("poisson", 0.0, scored.reference)
    np.testing.assert_array_equal(scored.variance, scored.expected)


def test_observed_and_expected_of_the_fit_have_one_sum(scored):
    assert scored.expected.sum() == pytest.approx(scored.observed.sum(), rel=1e-10)


def double(ratio):
    """A chance of a tenth at ratio 1, that rises with it."""
    return 1 - 0.9**ratio


def test_strata_are_summed_and_small_providers_are_not_judged():
    scores = score_time(
        [0, 0, 1, 3],
        [10, 20, 4, 8],
        [1, 5, 0, 0],
        [0.1, 0.2, 0.3, 0.0],
        providers=4,
        chance=double,
        minimum_n=5,
        minimum_expected=1.0,
    )
    np.testing.assert_allclose(scores.expected, [5, 1.2, 0, 0])
    np.testing.assert_allclose(scores.ratio, [6 / 5, 0, np.nan, np.nan])
    np.testing.assert_allclose(scores.p_low[:2], poisson.cdf([6, 0], [5, 1.2]))
    np.testing.assert_allclose(scores.adjusted[:2], [1 - 0.9**1.2, 0])
    assert np.isnan(scores.adjusted[2:]).all()
    assert scores.reason.tolist() == [
        "",
        "fewer than 5 records",
        "no records",
        "fewer than 1 expected event",
    ]
    assert scores.band.tolist() == ["in", *["not-assessable"] * 3]


def test_records_that_were_not_followed_are_not_judged():
    scores = score_time([0, 1], [9, 9], [2, 0], [0.2, 0.0], providers=2, chance=double)
    assert scores.reason.tolist() == ["", "no follow-up"]
    assert np.isnan([scores.ratio[1], scores.lower[1], scores.p_low[1], scores.limits.low95[1]]).all()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"events": [10]}, "events: stratum 0 has 10, expected a count between 0 and the n"),
        ({"events": [0.5]}, "events: stratum 0 has 0.5, expected a whole number"),
        ({"expected": [-1.0]}, "a provider cannot have fewer than 0 expected events"),
        ({"expected": [np.nan]}, "expected: stratum 0 has nan, expected a finite number"),
        ({"n": [-1]}, "n: stratum 0 has -1"),
        ({"provider": [1]}, "provider: stratum 0 has 1, expected a whole number from 0 to 0"),
    ],
)
def test_columns_that_cannot_be(columns, message):
    args = {"provider": [0], "n": [9], "events": [2], "expected": [0.2]} | columns
    with pytest.raises(ValueError, match=message):
        score_time(*(args[k] for k in ("provider", "n", "events", "expected")), providers=1, chance=double)
