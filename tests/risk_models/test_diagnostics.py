import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score

from risk_models.diagnostics import brier, c_statistic, calibration, r_squared
from tests.risk_models.conftest import collapse


@pytest.fixture
def strata(golden, records):
    with_risk = {"risk": np.array(golden["diagnostics"]["risk"])}
    return collapse(with_risk, ["risk"], records["died"])


def test_c_statistic_is_that_of_all_pairs(golden, records, strata):
    result = c_statistic(strata.n, strata.sum_y, strata.columns["risk"])
    assert result == pytest.approx(golden["diagnostics"]["c"], rel=1e-13)
    assert result == pytest.approx(roc_auc_score(records["died"], golden["diagnostics"]["risk"]), rel=1e-13)


def test_brier(golden, records, strata):
    result = brier(strata.n, strata.sum_y, strata.columns["risk"])
    assert result == pytest.approx(golden["diagnostics"]["brier"], rel=1e-13)
    assert result == pytest.approx(
        brier_score_loss(records["died"], golden["diagnostics"]["risk"]), rel=1e-13
    )


def test_calibration_is_that_of_glm(golden, strata):
    result = calibration(strata.n, strata.sum_y, strata.columns["risk"])
    assert result.intercept == pytest.approx(golden["diagnostics"]["intercept"], rel=1e-10)
    assert result.slope == pytest.approx(golden["diagnostics"]["slope"], rel=1e-10)


def test_r_squared_is_that_of_lm_and_of_records(golden, records):
    fitted = np.array(golden["linear"]["fitted"])
    strata = collapse({"fitted": fitted}, ["fitted"], records["after"])
    result = r_squared(strata.n, strata.sum_y, strata.sum_y2, strata.columns["fitted"])
    assert result == pytest.approx(golden["linear"]["r_squared"], rel=1e-11)
    worse = r_squared(strata.n, strata.sum_y, strata.sum_y2, strata.columns["fitted"] + 20)
    assert worse == pytest.approx(r2_score(records["after"], fitted + 20), rel=1e-12)
    assert worse < 0


def test_nothing_to_tell_gives_nan():
    n, risk = np.array([3.0, 2.0]), np.array([0.2, 0.4])
    for events in (np.zeros(2), n):
        assert np.isnan(c_statistic(n, events, risk))
        assert np.isnan(calibration(n, events, risk).intercept)
    assert np.isnan(brier([], [], []))
    assert np.isnan(r_squared(n, n, n, risk))
    assert np.isnan(r_squared([], [], [], []))
    flat = calibration(n, np.array([1.0, 1.0]), np.array([0.3, 0.3]))
    assert np.isnan(flat.slope)
    assert flat.intercept == pytest.approx(np.log(2 / 3) - np.log(3 / 7))
    perfect = calibration(n, np.array([0.0, 2.0]), risk)
    assert np.isnan(perfect.slope)


def test_risks_that_are_utterly_wrong_still_have_an_intercept():
    # a full Newton step from the risks would land 10,000 log-odds away
    result = calibration([1000, 1000], [1, 1], [0.9999, 0.9999])
    assert result.intercept == pytest.approx(np.log(1 / 999) - np.log(9999), rel=1e-9)


def test_an_overshooting_step_is_halved():
    # from 2.5 log-odds too high, capped steps of 5 would go to and fro for ever
    assert calibration([100], [50], [1 / (1 + np.exp(-2.5))]).intercept == pytest.approx(-2.5, rel=1e-12)


def test_equal_risks_do_not_discriminate():
    assert c_statistic([5, 9], [2, 3], [0.3, 0.3]) == 0.5
