import numpy as np
import pytest

from risk_models.between import direct_rates, predicted_expected
from risk_models.design import Term
from risk_models.expected import CannotFit, fit_model
from risk_models.fixed_effects import fit_fixed_effects
from tests.risk_models.provider_records import (
    NO_DEATHS,
    NO_FALLS,
    ONLY_DEATHS,
    PROVIDERS,
    TERMS,
    cohort,
    golden,
    records,
    stratified,
)


def intercept_at_sixty(model):
    return model.intercept - model.coefficients[0] * model.design.terms[0].centre


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
def test_fixed_effects_are_those_of_glm_and_lm(kind):
    model, known = fit_fixed_effects(kind, TERMS, records(), **cohort(kind)), golden()[f"fixed_{kind}"]
    kept = np.array(known.get("kept", range(PROVIDERS)))
    np.testing.assert_allclose(model.coefficients, known["coef"], rtol=1e-9)
    np.testing.assert_allclose(model.standard_errors, known["se"], rtol=1e-6)
    np.testing.assert_allclose(intercept_at_sixty(model)[kept], known["intercept"], rtol=1e-9)
    np.testing.assert_allclose(model.intercept_se[kept], known["intercept_se"], rtol=1e-5)
    assert model.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-9)
    if kind == "linear":
        assert model.residual_sd == pytest.approx(known["sigma"], rel=1e-12)


def test_providers_with_no_or_only_events_are_infinite_and_change_nothing():
    model = fit_fixed_effects("logistic", TERMS, records(), **cohort("logistic"))
    assert (model.intercept[NO_DEATHS], model.intercept[ONLY_DEATHS]) == (-np.inf, np.inf)
    assert np.isinf(model.intercept_se[[NO_DEATHS, ONLY_DEATHS]]).all()
    assert np.isfinite(model.intercept).sum() == PROVIDERS - 2
    assert model.n == len(records()["age"])
    falls = fit_fixed_effects("poisson", TERMS, records(), **cohort("poisson"))
    assert falls.intercept[NO_FALLS] == -np.inf
    eta = model.case_mix(records())
    rates = direct_rates("logistic", eta, np.ones(len(eta)), intercept=model.intercept)
    assert (rates[NO_DEATHS], rates[ONLY_DEATHS]) == (0, 1)


def test_direct_and_indirect_ratios_are_those_of_r():
    known = golden()["fixed_logistic"]
    model, y = fit_fixed_effects("logistic", TERMS, records(), **cohort("logistic")), records()["died"]
    provider, ones = records()["provider"].astype(int), np.ones(len(y))
    median = np.median(model.intercept)
    eta = model.case_mix(records()) + median
    direct = direct_rates("logistic", eta, ones, intercept=model.intercept - median) / y.mean()
    np.testing.assert_allclose(direct, known["direct"], rtol=1e-9)
    ratio = predicted_expected(
        "logistic", eta, ones, provider=provider, effect=model.intercept - median, sd=np.zeros(PROVIDERS)
    )
    # the intercepts reproduce each provider's own events, so predicted is observed
    np.testing.assert_allclose(ratio.ratio, known["indirect"], atol=1e-9)


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
def test_strata_give_what_records_give(kind):
    columns, args = stratified(kind)
    on_strata = fit_fixed_effects(kind, TERMS, columns, **args)
    on_records = fit_fixed_effects(kind, TERMS, records(), **cohort(kind))
    np.testing.assert_allclose(on_strata.coefficients, on_records.coefficients, atol=1e-9)
    np.testing.assert_allclose(on_strata.intercept, on_records.intercept, atol=1e-8)


def test_dummies_give_the_same():
    rows = records() | {"who": records()["provider"].astype(int)}
    some = ~np.isin(rows["who"], [NO_DEATHS, ONLY_DEATHS])
    rows = {name: column[some] for name, column in rows.items()}
    ones, died = np.ones(len(rows["who"])), rows["died"]
    dummies = fit_model("logistic", [*TERMS, Term("who", "category")], rows, n=ones, sum_y=died)
    model = fit_fixed_effects(
        "logistic", TERMS, rows, provider=rows["provider"], providers=PROVIDERS, n=ones, sum_y=died
    )
    np.testing.assert_allclose(model.coefficients, dummies.coefficients[1:3], rtol=1e-8)
    assert model.log_likelihood == pytest.approx(dummies.log_likelihood, abs=1e-9)


def test_a_provider_without_records_has_no_intercept():
    model = fit_fixed_effects("linear", TERMS, records(), **cohort("linear") | {"providers": PROVIDERS + 1})
    assert np.isnan([model.intercept[-1], model.intercept_se[-1]]).all()
    assert np.isfinite(model.intercept[:-1]).all()


PROVIDER = np.repeat(np.arange(4), 5)
X = np.tile([0.0, 1.0, 2.0, 3.0, 4.0], 4)
ONES = np.ones(20)
Y = np.tile([0.0, 1.0, 0.0, 1.0], 5)


@pytest.mark.parametrize(
    ("kind", "columns", "y", "message"),
    [
        ("logistic", {"x": X}, PROVIDER > 1, "each of the 4 providers has either no events or only events"),
        ("logistic", {"x": X}, X > 1, "the case mix separates the outcome"),
        ("logistic", {"x": X - 5 * PROVIDER}, X > 1, "within providers, the case mix separates the events"),
        ("logistic", {"x": PROVIDER * 2.0}, Y, "column 'x' does not vary within any provider"),
        ("linear", {"x": PROVIDER * 2.0}, Y, "column 'x' does not vary within any provider"),
        (
            "linear",
            {"x": X, "z": X + PROVIDER},
            Y,
            "within providers, one of the columns 'x', 'z' follows exactly",
        ),
        ("poisson", {"x": X}, 0 * Y, "none of the 20 records has an event"),
    ],
)
def test_what_cannot_be_fitted_is_said_in_words(kind, columns, y, message):
    terms = [Term(name, "number") for name in columns]
    with pytest.raises(CannotFit, match=message):
        fit_fixed_effects(
            kind, terms, columns, provider=PROVIDER, providers=4, n=ONES, sum_y=y, sum_y2=np.asarray(y, float)
        )


def test_as_many_coefficients_as_records_leave_no_variance():
    with pytest.raises(CannotFit, match="4 records for 4 coefficients"):
        fit_fixed_effects(
            "linear",
            [],
            {},
            provider=range(4),
            providers=4,
            n=np.ones(4),
            sum_y=range(4),
            sum_y2=np.arange(4) ** 2,
        )
