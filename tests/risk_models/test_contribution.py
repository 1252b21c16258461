import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from risk_models.contribution import contributions, profile
from risk_models.design import Term
from risk_models.expected import fit_model
from tests.risk_models.conftest import collapse

TERMS = [
    Term("age", "spline", knots=3),
    Term("parity", "category", reference="one"),
    Term("diabetes", "flag"),
    Term("age-diabetes", "interaction", of=("age", "diabetes")),
]


@pytest.mark.parametrize("kind", ["logistic", "linear", "poisson"])
def test_parts_add_up_and_are_integrals(records, kind):
    y = {
        "logistic": records["died"],
        "poisson": records["died"] + records["diabetes"],
        "linear": records["after"],
    }
    y, provider = y[kind], records["provider"].astype(int)
    model = fit_model(kind, TERMS, records, n=np.ones(600), sum_y=y, sum_y2=y**2)
    found = contributions(model, records, provider, n=np.ones(600), providers=10)
    expected = model.expected(records)
    own = np.array([expected[provider == p].mean() for p in range(9)])
    np.testing.assert_allclose(found.expected[:9], own, rtol=1e-12)
    np.testing.assert_allclose(found.benchmark + found.parts[:9].sum(axis=1), own, rtol=1e-12)
    assert found.benchmark == pytest.approx(y.mean(), rel=1e-9)
    assert found.terms == ("age", "parity", "diabetes", "age-diabetes")
    assert np.isnan(found.parts[9]).all()
    # the effect of a term along the straight line from the mean patient to each record
    X = model.design.matrix(records)
    added = np.column_stack([X[:, part] @ model.coefficients[part] for part in model.design.slices])
    centred = added - added.mean(axis=0)
    middle = (X @ model.coefficients).mean()
    slopes = [
        quad(lambda u, far=far: float(model.slope(np.array(middle + u * far))), 0, 1)[0]
        for far in centred.sum(axis=1)
    ]
    parts = centred * np.array(slopes)[:, None]
    known = parts[provider == 3].mean(axis=0) - parts.mean(axis=0)
    np.testing.assert_allclose(found.parts[3], known, rtol=1e-8, atol=1e-12)


def test_parts_of_a_linear_model_are_coefficients_times_differences(records):
    y, provider = records["after"], records["provider"].astype(int)
    terms = [Term("before", "number"), Term("diabetes", "flag")]
    model = fit_model("linear", terms, records, n=np.ones(600), sum_y=y, sum_y2=y**2)
    found = contributions(model, records, provider, n=np.ones(600), providers=9)
    for place, name in enumerate(("before", "diabetes")):
        means = np.array([records[name][provider == p].mean() for p in range(9)])
        difference = (means - records[name].mean()) * model.coefficients[place + 1]
        np.testing.assert_allclose(found.parts[:, place], difference, rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_strata_give_what_records_give(records, seed):
    provider = np.random.default_rng(seed).integers(0, 5, 600)
    y = records["died"]
    strata = collapse({**records, "provider": provider}, ["age", "parity", "diabetes", "provider"], y)
    model = fit_model("logistic", TERMS[:3], records, n=np.ones(600), sum_y=y)
    rows = contributions(model, records, provider, n=np.ones(600), providers=5)
    ours = contributions(model, strata.columns, strata.columns["provider"], n=strata.n, providers=5)
    np.testing.assert_allclose(ours.parts, rows.parts, atol=1e-12)


def test_patients_beside_everyones(records):
    provider = records["provider"].astype(int)
    y = records["died"]
    model = fit_model("logistic", TERMS, records, n=np.ones(600), sum_y=y)
    found = {(p.term, p.level): p for p in profile(model, records, provider, n=np.ones(600), providers=10)}
    assert [key for key in found if key[0] == "parity"] == [
        ("parity", level) for level in ("one", "(missing)", "more", "none")
    ]
    age = found["age", ""]
    assert age.all == pytest.approx(records["age"].mean())
    assert age.own[4] == pytest.approx(records["age"][provider == 4].mean())
    assert np.isnan(age.own[9])
    known = np.mean([p is None for p in records["parity"][provider == 2]])
    assert found["parity", "(missing)"].own[2] == pytest.approx(known)
    assert found["diabetes", ""].all == pytest.approx(records["diabetes"].mean())
    assert not any(term == "age-diabetes" for term, _ in found)


def test_a_mean_is_over_the_records_that_have_a_value():
    x = np.ma.masked_array([1.0, 2.0, 9.0, 4.0], mask=[False, True, False, False])
    model = fit_model(
        "logistic", [Term("x", "number", missing="median-and-flag")], {"x": x}, n=[10] * 4, sum_y=[1, 2, 3, 2]
    )
    value, gone = profile(model, {"x": x}, [0, 0, 1, 1], n=[10, 30, 10, 10], providers=2)
    np.testing.assert_allclose(value.own, [1, 6.5])
    np.testing.assert_allclose(gone.own, [0.75, 0])
    assert (gone.level, gone.all) == ("(missing)", 0.5)


def test_no_records_no_comparison(records):
    model = fit_model("logistic", [], {}, n=[10], sum_y=[2])
    for ask in (contributions, profile):
        with pytest.raises(ValueError, match="no records to compare"):
            ask(model, {}, [0], n=[0], providers=1)
