import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from risk_models.calibration_curve import calibration_curve, hosmer_lemeshow
from risk_models.design import Term, UnseenLevel
from risk_models.diagnostics import pearson_dispersion, scaled_brier
from risk_models.expected import CannotFit, fit_model
from risk_models.validation import cross_validated, influence, provider_folds
from tests.risk_models.conftest import collapse

TERMS = [Term("age", "number"), Term("parity", "category", reference="one"), Term("diabetes", "flag")]


def test_curve_of_distinct_risks_is_of_tenths(records, golden):
    rng = np.random.default_rng(3)
    risk = np.array(golden["logistic"]["fitted"]) + rng.uniform(0, 1e-6, 600)
    y = records["died"]
    curve = calibration_curve(np.ones(600), y, risk)
    parts = np.array_split(np.argsort(risk), 10)
    np.testing.assert_array_equal(curve.n, [60] * 10)
    np.testing.assert_array_equal(curve.events, [y[p].sum() for p in parts])
    np.testing.assert_allclose(curve.expected, [risk[p].mean() for p in parts], rtol=1e-12)
    np.testing.assert_allclose(curve.variance, [(risk * (1 - risk))[p].sum() for p in parts], rtol=1e-12)
    wilson = stats.binomtest(int(curve.events[4]), 60).proportion_ci(method="wilson")
    assert (curve.lower[4], curve.upper[4]) == pytest.approx((wilson.low, wilson.high))
    test = hosmer_lemeshow(curve, fitted_here=True)
    mean = np.array([risk[p].mean() for p in parts])
    statistic = sum(
        stats.chisquare([o, 60 - o], [60 * m, 60 * (1 - m)]).statistic
        for o, m in zip(curve.events, mean, strict=True)
    )
    assert test.statistic == pytest.approx(statistic, rel=1e-9)
    assert (test.freedom, test.p) == (8, pytest.approx(stats.chi2.sf(statistic, 8)))
    assert hosmer_lemeshow(curve, fitted_here=False).freedom == 10


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 12))
def test_curve_on_strata_is_that_on_records(seed, bands):
    rng = np.random.default_rng(seed)
    levels = rng.uniform(0.01, 0.6, rng.integers(1, 30))
    n = rng.integers(0, 40, len(levels)).astype(float)
    y = rng.binomial(n.astype(int), levels).astype(float)
    one = calibration_curve(n, y, levels, bands=bands)
    rows = np.repeat(levels, n.astype(int))
    events = np.concatenate([np.arange(int(k)) < e for k, e in zip(n, y, strict=True)]) if n.sum() else n[:0]
    two = calibration_curve(np.ones(len(rows)), events.astype(float), rows, bands=bands)
    np.testing.assert_allclose(one.n, two.n)
    np.testing.assert_allclose(one.events, two.events)
    np.testing.assert_allclose(one.expected, two.expected)
    assert len(one.n) <= bands
    assert one.n.sum() == n.sum()


def test_curves_that_cannot_be():
    with pytest.raises(ValueError, match="bands: 1; expected 2"):
        calibration_curve([1.0], [0.0], [0.5], bands=1)
    with pytest.raises(ValueError, match="2 bands of risk; the test needs 3"):
        hosmer_lemeshow(calibration_curve([9.0, 9.0], [1.0, 2.0], [0.1, 0.2]), fitted_here=True)


def test_scaled_brier(records, golden):
    y, risk = records["died"], np.array(golden["diagnostics"]["risk"])
    known = 1 - brier_score_loss(y, risk) / (y.mean() * (1 - y.mean()))
    assert scaled_brier(np.ones(600), y, risk) == pytest.approx(known, rel=1e-12)
    assert scaled_brier([10.0], [3.0], [0.3]) == pytest.approx(0)
    assert np.isnan(scaled_brier([10.0], [0.0], [0.3]))
    assert np.isnan(scaled_brier([], [], []))


def test_pearson_dispersion():
    y = np.array([0.0, 2.0, 5.0, 1.0])
    mean = np.array([1.0, 1.0, 3.0, 3.0])
    known = np.sum((y - mean) ** 2 / mean) / 2
    found = pearson_dispersion([2, 2], [2, 6], [4, 26], [1.0, 3.0], coefficients=2)
    assert found == pytest.approx(known)
    assert np.isnan(pearson_dispersion([1], [1], [1], [1.0], coefficients=1))
    with pytest.raises(ValueError, match="mean: expected"):
        pearson_dispersion([1], [1], [1], [0.0], coefficients=0)


def test_folds_keep_providers_together_and_are_even():
    provider = np.repeat(np.arange(11), 4)
    fold = provider_folds(provider, providers=11, folds=3, seed=5)
    assert all(len(set(fold[provider == p])) == 1 for p in range(11))
    assert sorted(np.bincount(fold[::4])) == [3, 4, 4]
    np.testing.assert_array_equal(fold, provider_folds(provider, providers=11, folds=3, seed=5))
    with pytest.raises(ValueError, match="folds: 12 with 11 providers"):
        provider_folds(provider, providers=11, folds=12, seed=1)


def split_peer(records, fold, value, use):
    X = np.column_stack(
        [
            (records["age"] - 60) / 13,
            records["diabetes"],
            *(np.array([p == level for p in records["parity"]]) for level in (None, "more", "none")),
        ]
    )
    peer = LogisticRegression(C=np.inf, tol=1e-10, solver="newton-cholesky").fit(X[use], records["died"][use])
    return peer.predict_proba(X[fold == value])[:, 1]


@pytest.mark.parametrize("forward", [False, True])
def test_cross_validation_is_scikit_learn_on_the_rest(records, forward):
    fold = records["provider"] % 3
    strata = collapse({**records, "fold": fold}, ["age", "parity", "diabetes", "fold"], records["died"])
    found = cross_validated(
        "logistic",
        TERMS,
        strata.columns,
        strata.columns["fold"],
        n=strata.n,
        sum_y=strata.sum_y,
        forward=forward,
    )
    places = {key: i for i, key in enumerate(zip(*strata.columns.values(), strict=True))}
    keys = zip(records["age"], records["parity"], records["diabetes"], fold, strict=True)
    of_record = found[[places[key] for key in keys]]
    for value in (0, 1, 2):
        if forward and value == 0:
            assert np.isnan(of_record[fold == 0]).all()
            continue
        use = fold < value if forward else fold != value
        np.testing.assert_allclose(of_record[fold == value], split_peer(records, fold, value, use), rtol=1e-5)


def test_cross_validation_says_which_fold_fails():
    x, y = np.arange(8.0), np.array([0, 1, 0, 1, 0, 0, 0, 0.0])
    with pytest.raises(CannotFit, match="without fold 0: none of the 4 records"):
        cross_validated("logistic", [], {}, x // 4, n=np.ones(8), sum_y=y)
    with pytest.raises(CannotFit, match="before fold 2: none of the 4 records"):
        cross_validated("logistic", [], {}, [1] * 4 + [2] * 4, n=np.ones(8), sum_y=y[::-1], forward=True)
    with pytest.raises(ValueError, match="fold: all strata are in 1 fold"):
        cross_validated("logistic", [], {}, np.ones(8), n=np.ones(8), sum_y=y)
    strata = {"l": np.array(["a", "b", "a", "b", "a", "c", "b", "a"])}
    events = np.tile([1.0, 2.0], 4)
    with pytest.raises(UnseenLevel, match="level 'c' was not seen"):
        cross_validated("logistic", [Term("l", "category")], strata, x // 4, n=np.ones(8) * 4, sum_y=events)


def test_influence_is_a_fit_without_the_provider(records):
    y, ones, provider = records["died"], np.ones(600), records["provider"].astype(int)
    found = influence("logistic", TERMS, records, provider, n=ones, sum_y=y, providers=10)
    whole = fit_model("logistic", TERMS, records, n=ones, sum_y=y)
    for which in (0, 8):
        rest = (provider != which) * 1.0
        part = fit_model("logistic", TERMS, records, n=rest, sum_y=y * rest)
        ratio = (
            part.expected(records)[provider == which].sum() / whole.expected(records)[provider == which].sum()
        )
        assert found.ratio[which] == pytest.approx(ratio, rel=1e-9)
        moved = found.coefficients[which] + whole.coefficients
        np.testing.assert_allclose(moved[1:], part.coefficients[1:], atol=1e-9)
    # provider 9 has no records
    np.testing.assert_allclose(found.coefficients[9], 0, atol=1e-12)
    assert np.isnan(found.ratio[9])
    assert set(found.reason) == {""}


def test_influence_says_where_there_is_no_model():
    only = np.array([1.0, 0.0, 0.0, 0.0])
    found = influence(
        "linear",
        [Term("x", "flag")],
        {"x": only},
        [0, 1, 1, 1],
        n=[5.0] * 4,
        sum_y=[1.0] * 4,
        sum_y2=[9.0] * 4,
        providers=2,
    )
    assert "column 'x' is the same in every record" in found.reason[0]
    assert np.isnan(found.coefficients[0]).all()
    alone = influence("linear", [], {}, [0], n=[5.0], sum_y=[1.0], sum_y2=[9.0], providers=1)
    assert alone.reason == ("there are no other providers",)
