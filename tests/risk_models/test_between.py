import numpy as np
import pytest
from scipy.special import expit

from risk_models.between import (
    direct_rates,
    effect_at_ratio,
    latent_icc,
    latent_reliability,
    median_odds_ratio,
    outcome_reliability,
    predicted_expected,
    probability_above,
    rankability,
)
from risk_models.random_intercept import fit_random_intercept
from tests.risk_models.provider_records import PROVIDERS, TERMS, cohort, golden, records


@pytest.fixture(scope="module")
def fitted():
    model = fit_random_intercept("logistic", TERMS, records(), **cohort("logistic"), nodes=1)
    provider = records()["provider"].astype(int)
    return model, model.linear_predictor(records()), np.ones(len(provider)), provider


def test_predicted_over_expected_is_that_of_r(fitted):
    model, eta, ones, provider = fitted
    known = golden()["between"]
    result = predicted_expected(
        "logistic", eta, ones, provider=provider, effect=model.effect, sd=model.effect_sd
    )
    for name in ("predicted", "expected", "ratio", "lower", "upper"):
        np.testing.assert_allclose(getattr(result, name), known[name], rtol=1e-4)
    np.testing.assert_allclose(result.ratio * records()["died"].mean(), known["rsrr"], rtol=1e-4)
    own = np.bincount(provider, weights=model.predicted(records(), provider))
    np.testing.assert_allclose(result.predicted, own, rtol=1e-12)


def test_direct_rates_are_those_of_r(fitted, monkeypatch):
    model, eta, ones, _ = fitted
    rates = direct_rates("logistic", eta, ones, intercept=model.effect)
    np.testing.assert_allclose(rates, golden()["between"]["direct"], rtol=1e-4)
    # in as many blocks as there are providers, nothing changes
    monkeypatch.setattr("risk_models.between.BLOCK", 1)
    np.testing.assert_allclose(direct_rates("logistic", eta, ones, intercept=model.effect), rates, rtol=1e-13)


def test_norms(fitted):
    model, eta, ones, provider = fitted
    known = golden()["between"]
    above = probability_above(model.effect, model.effect_sd, 0.2)
    np.testing.assert_allclose(above, known["above_0.2"], atol=1e-4)
    assert probability_above([0.0, 1.0, -1.0, np.nan], [0.0, 0.0, 0.0, 1.0], 0.0)[:3].tolist() == [0.5, 1, 0]
    at = effect_at_ratio("logistic", eta, ones, provider=provider, providers=PROVIDERS + 1, ratio=1.2)
    np.testing.assert_allclose(at[:-1], np.array(known["effect_at_ratio_1.2"], dtype=float), atol=1e-4)
    assert np.isnan(at[-1])
    again = predicted_expected(
        "logistic", eta, ones, provider=provider, effect=at[:-1], sd=np.zeros(PROVIDERS)
    )
    np.testing.assert_allclose(again.ratio, 1.2, rtol=1e-10)


def test_a_ratio_out_of_reach():
    eta, zero = np.array([2.0, 2.0, -6.0, -6.0]), np.array([0, 0, 1, 1])
    reach = {"provider": zero, "providers": 2}
    at = effect_at_ratio("logistic", eta, np.ones(4), **reach, ratio=2.0)
    assert at[0] == np.inf
    assert expit(-6 + at[1]) == pytest.approx(2 * expit(-6), rel=1e-10)
    np.testing.assert_allclose(
        effect_at_ratio("poisson", eta, np.ones(4), **reach, ratio=2.0), np.log(2), rtol=1e-12
    )
    # far down, where nearly nobody has an event
    low = effect_at_ratio("logistic", eta, np.ones(4), **reach, ratio=1e-6)
    np.testing.assert_allclose(expit(eta + low[zero]), 1e-6 * expit(eta), rtol=1e-9)
    with pytest.raises(ValueError, match="a linear model has no ratio"):
        effect_at_ratio("linear", eta, np.ones(4), **reach, ratio=2.0)
    with pytest.raises(ValueError, match="ratio: 0"):
        effect_at_ratio("logistic", eta, np.ones(4), **reach, ratio=0)


def test_how_much_providers_differ(fitted):
    model, eta, _, provider = fitted
    known, n = golden()["between"], np.bincount(provider)
    assert median_odds_ratio(model.tau) == pytest.approx(known["median_odds_ratio"], rel=1e-4)
    assert latent_icc(model.tau) == pytest.approx(known["icc_latent"], rel=1e-4)
    np.testing.assert_allclose(latent_reliability(model.tau, n), known["reliability_latent"], rtol=1e-4)
    variance = np.bincount(provider, weights=expit(eta) * expit(-eta))
    np.testing.assert_allclose(
        outcome_reliability(model.tau, variance, n), known["reliability_outcome"], rtol=1e-4
    )
    assert median_odds_ratio(0) == 1
    assert np.isnan(latent_reliability(1, [0.0]))[0]
    assert np.isnan(outcome_reliability(1, [0.0], [0.0]))[0]


def test_rankability_takes_the_middle_provider():
    assert rankability(0.5, [0.1, 0.5, np.inf, np.nan]) == 0.5
    assert np.isnan(rankability(0.5, [np.nan]))
