import numpy as np
import pytest

from risk_models.between import predicted_expected
from risk_models.expected import CannotFit
from risk_models.random_intercept import fit_random_intercept
from risk_models.risk_standardised import bootstrap_ratios
from tests.risk_models.provider_records import PROVIDERS, TERMS, cohort, records


def test_bootstrap_goes_around_the_ratio_and_is_wider_than_the_conditional_interval():
    args = cohort("logistic") | {"providers": PROVIDERS + 1}
    result = bootstrap_ratios("logistic", TERMS, records(), **args, draws=300, seed=4)
    model = fit_random_intercept("logistic", TERMS, records(), **args, nodes=1)
    given_the_model = predicted_expected(
        "logistic", model.linear_predictor(records()), args["n"],
        provider=args["provider"].astype(int), effect=model.effect, sd=model.effect_sd,
    )  # fmt: skip
    lower, upper = result.interval.lower[:-1], result.interval.upper[:-1]
    assert np.all((lower < given_the_model.ratio[:-1]) & (given_the_model.ratio[:-1] < upper))
    width = (upper - lower) / (given_the_model.upper - given_the_model.lower)[:-1]
    # the norm moves with the providers that are drawn, which counts most for those that are sure
    assert 1.04 < np.median(width) < 1.5
    assert np.isnan([result.interval.lower[-1], result.interval.upper[-1]]).all()
    assert result.fitted == 300
    again = bootstrap_ratios("logistic", TERMS, records(), **args, draws=300, seed=4)
    np.testing.assert_array_equal(again.interval.lower, result.interval.lower)


def test_counts_without_spread_have_a_narrow_interval():
    n = np.full(10, 200.0)
    result = bootstrap_ratios(
        "poisson",
        [],
        {},
        provider=range(10),
        providers=10,
        n=n,
        sum_y=[30, 31, 29, 30, 30, 28, 32, 30, 30, 30],
        draws=100,
    )
    np.testing.assert_array_equal(result.interval.lower, 1)
    np.testing.assert_array_equal(result.interval.upper, 1)


def test_refusals():
    args = {"provider": [0, 1], "providers": 2, "n": [10, 10], "sum_y": [0, 0]}
    with pytest.raises(CannotFit, match="none of the 20 records has an event"):
        bootstrap_ratios("logistic", [], {}, **args)
    with pytest.raises(ValueError, match="draws: 5; expected 100 or more"):
        bootstrap_ratios("logistic", [], {}, **args, draws=5)
