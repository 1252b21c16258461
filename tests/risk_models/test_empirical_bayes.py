import numpy as np
import pytest
from scipy.stats import beta, gamma

from risk_models.empirical_bayes import beta_binomial, gamma_poisson, smoothed_rates
from risk_models.expected import CannotFit
from tests.risk_models.provider_records import golden, records


def test_beta_binomial_is_that_of_r():
    known, provider = golden()["beta_binomial"], records()["provider"].astype(int)
    n, y = np.bincount(provider), np.bincount(provider, weights=records()["died"])
    result = beta_binomial(n, y)
    np.testing.assert_allclose(result.prior, [known["alpha"], known["beta"]], rtol=1e-5)
    assert result.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-8)
    np.testing.assert_allclose(result.shrunken, known["mean"], rtol=1e-5)
    np.testing.assert_allclose(result.lower, known["lower"], rtol=1e-4)
    np.testing.assert_allclose(result.upper, known["upper"], rtol=1e-5)
    own, usual = y / n, result.prior[0] / sum(result.prior)
    np.testing.assert_allclose(result.shrunken, result.reliability * own + (1 - result.reliability) * usual)


def test_gamma_poisson_is_that_of_r():
    known = golden()["gamma_poisson"]
    result = gamma_poisson(known["observed"], known["expected"])
    np.testing.assert_allclose(result.prior, [known["shape"], known["rate"]], rtol=1e-5)
    assert result.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-8)
    for ours, theirs in (("shrunken", "ratio"), ("lower", "lower"), ("upper", "upper")):
        np.testing.assert_allclose(getattr(result, ours), known[theirs], rtol=1e-5)


def test_smoothed_rates_are_the_fixed_point_of_morris():
    known = golden()["morris"]
    result = smoothed_rates(
        known["observed"], known["expected"], known["variance"], reference=known["reference"]
    )
    assert result.tau2 == pytest.approx(known["tau2"], rel=1e-10)
    assert result.mean == pytest.approx(known["mean"], rel=1e-10)
    for name in ("reliability", "smoothed", "smoothed_sd"):
        np.testing.assert_allclose(getattr(result, name), known[name], rtol=1e-9)


def test_no_more_than_chance_draws_all_the_way():
    n, y = np.array([50.0, 100.0, 0.0, 200.0]), np.array([10.0, 20.0, 0.0, 40.0])
    rates, ratios = beta_binomial(n, y), gamma_poisson(y, n / 4)
    assert rates.prior == ratios.prior == (np.inf, np.inf)
    np.testing.assert_allclose(rates.shrunken, 0.2)
    np.testing.assert_allclose(rates.upper, 0.2)
    np.testing.assert_allclose(ratios.shrunken, 0.8)
    np.testing.assert_array_equal(rates.reliability, 0)
    smooth = smoothed_rates(y, n / 4, n * 0.15, reference=0.25)
    assert smooth.tau2 == 0
    np.testing.assert_allclose(smooth.smoothed[[0, 1, 3]], 0.25)
    assert np.isnan(smooth.smoothed[2])


def test_a_provider_without_records_gets_the_prior():
    n, y = np.array([50.0, 100.0, 0.0, 200.0]), np.array([1.0, 40.0, 0.0, 30.0])
    rates, ratios = beta_binomial(n, y, level=0.9), gamma_poisson(y, n / 5, level=0.9)
    assert rates.lower[2] == pytest.approx(beta.ppf(0.05, *rates.prior), rel=1e-9)
    assert ratios.upper[2] == pytest.approx(
        gamma.ppf(0.95, ratios.prior[0], scale=1 / ratios.prior[1]), rel=1e-9
    )
    assert rates.reliability[2] == ratios.reliability[2] == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: beta_binomial([10, 0], [1, 0]), CannotFit, "fewer than two providers have records"),
        (lambda: beta_binomial([10, 10], [0, 0]), CannotFit, "no provider has an event"),
        (lambda: beta_binomial([10, 10], [10, 10]), CannotFit, "every one of the 20 records has the event"),
        (lambda: beta_binomial([10, np.nan], [1, 1]), ValueError, "n: stratum 1 has nan"),
        (lambda: gamma_poisson([1, 2], [0, 3]), ValueError, "observed: provider 0 has 1 where 0 is expected"),
        (lambda: gamma_poisson([0, 0], [2, 3]), CannotFit, "no provider has an event"),
        (
            lambda: smoothed_rates([1, 0], [2, 0], [1, 0], reference=0.1),
            CannotFit,
            "fewer than two providers",
        ),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
