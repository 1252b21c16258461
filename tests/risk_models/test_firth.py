import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_models.design import Term
from risk_models.expected import CannotFit
from risk_models.firth import fit_firth
from tests.risk_models.provider_records import (
    NO_DEATHS,
    PROVIDERS,
    TERMS,
    cohort,
    golden,
    records,
    stratified,
)
from tests.risk_models.test_fixed_effects import intercept_at_sixty


@pytest.mark.parametrize("kind", ["logistic", "poisson"])
def test_firth_is_brglm2(kind):
    model, known = fit_firth(kind, TERMS, records(), **cohort(kind)), golden()[f"firth_{kind}"]
    np.testing.assert_allclose(model.coefficients, known["coef"][PROVIDERS:], atol=1e-8)
    np.testing.assert_allclose(model.standard_errors, known["se"][PROVIDERS:], rtol=1e-6)
    np.testing.assert_allclose(intercept_at_sixty(model), known["coef"][:PROVIDERS], atol=1e-6)
    np.testing.assert_allclose(model.intercept_se, known["se"][:PROVIDERS], rtol=1e-5)
    assert model.penalised == pytest.approx(known["penalised"], abs=1e-8)


def test_all_records_together_are_one_provider():
    columns = {"x": np.array([0, 0, 1, 1, 2, 3.0]), "s": np.array([0, 1, 0, 1, 1, 0])}
    model = fit_firth(
        "logistic", [Term("x", "number"), Term("s", "flag")], columns,
        provider=np.zeros(6), providers=1, n=[5, 4, 6, 3, 2, 4], sum_y=[0, 0, 2, 3, 2, 4],
    )  # fmt: skip
    known = golden()["firth_pooled"]
    np.testing.assert_allclose(model.coefficients, known["coef"][1:], atol=1e-8)
    np.testing.assert_allclose(model.standard_errors, known["se"][1:], rtol=1e-6)
    assert model.intercept[0] - model.coefficients[0] * model.design.terms[0].centre == pytest.approx(
        known["coef"][0], abs=1e-8
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), min_size=2, max_size=8))
def test_without_case_mix_half_an_event_is_added_to_each_side(drawn):
    n = np.array([size for size, _ in drawn], dtype=float)
    y = np.round(n * np.array([share for _, share in drawn]))
    if y.sum() in (0, n.sum()):
        y[0] = 1 - y[0] if n[0] == 1 else n[0] // 2
    if y.sum() in (0, n.sum()):
        return
    model = fit_firth("logistic", [], {}, provider=range(len(n)), providers=len(n), n=n, sum_y=y)
    np.testing.assert_allclose(model.intercept, np.log((y + 0.5) / (n - y + 0.5)), atol=1e-8)
    counts = fit_firth("poisson", [], {}, provider=range(len(n)), providers=len(n), n=n, sum_y=y)
    np.testing.assert_allclose(counts.intercept, np.log((y + 0.5) / n), atol=1e-8)


def test_separation_has_a_finite_answer():
    x, ones = np.tile([0.0, 1.0, 2.0, 3.0], 5), np.ones(20)
    model = fit_firth(
        "logistic",
        [Term("x", "number")],
        {"x": x},
        provider=np.arange(20) // 4,
        providers=5,
        n=ones,
        sum_y=x > 1,
    )
    assert 1 < model.coefficients[0] < 10
    assert np.isfinite(model.intercept).all()


def test_a_provider_without_events_has_a_finite_intercept():
    model = fit_firth("logistic", TERMS, records(), **cohort("logistic"))
    assert model.intercept[NO_DEATHS] == model.intercept.min()
    columns, args = stratified("logistic")
    on_strata = fit_firth("logistic", TERMS, columns, **args)
    np.testing.assert_allclose(on_strata.intercept, model.intercept, atol=1e-7)


def test_what_firth_cannot_do():
    with pytest.raises(ValueError, match="kind 'linear' is none of logistic, poisson"):
        fit_firth("linear", [], {}, provider=[0, 1], providers=2, n=[5, 5], sum_y=[1, 2])
    with pytest.raises(CannotFit, match="none of the 10 records has an event"):
        fit_firth("logistic", [], {}, provider=[0, 1], providers=2, n=[5, 5], sum_y=[0, 0])
