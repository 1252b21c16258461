"""Strata against rows on the hip replacements of NHS England: every model, same answers."""

import numpy as np
import pytest

from risk_models.bootstrap import expected_error
from risk_models.contribution import contributions
from risk_models.cox import fit_cox
from risk_models.design import Term
from risk_models.diagnostics import c_statistic, scaled_brier
from risk_models.expected import fit_model
from risk_models.fixed_effects import fit_fixed_effects
from risk_models.negative_binomial import fit_negative_binomial
from risk_models.random_intercept import fit_random_intercept
from tests.risk_models.conftest import collapse
from tests.risk_models.proms import MEASURES, modelled, read_table

pytestmark = pytest.mark.data

BY = ("before", "Age Band", "Pre-Op Q Assisted", "Diabetes", "Depression")
TERMS = [
    Term("before", "spline", knots=4),
    *(Term(name, "category") for name in BY[1:]),
    Term("age by diabetes", "interaction", of=("before", "Diabetes")),
]


@pytest.fixture(scope="module")
def hips(shared):
    measure = MEASURES["hip-oxford"]
    rows = modelled(read_table(shared, "Hip Replacement Provider 1617"), measure)
    codes, provider = np.unique(rows["Provider Code"].astype(str), return_inverse=True)
    after = rows[measure.after]
    return {
        **{name: rows[name] for name in BY[1:]},
        "before": rows[measure.before],
        "after": after,
        "poor": (after < 30) * 1.0,
        # what is left to gain, as a count; and as a time, ended by a poor result
        "lost": 48 - after,
        "time": 1 + after % 12,
        "provider": provider.astype(float),
        "providers": len(codes),
    }


def same(rows, strata, hips, d):
    """Coefficients, and expectations per provider, of a model on rows and on strata."""
    np.testing.assert_allclose(strata.coefficients, rows.coefficients, atol=1e-8)
    np.testing.assert_allclose(strata.standard_errors, rows.standard_errors, rtol=1e-8)
    index = hips["provider"].astype(int)
    per = [np.bincount(index, weights=model.expected(d)) for model in (rows, strata)]
    np.testing.assert_allclose(per[1], per[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("kind", "outcome"), [("logistic", "poor"), ("linear", "after"), ("poisson", "lost")]
)
def test_strata_against_rows(hips, kind, outcome):
    y = hips[outcome]
    d = {name: hips[name] for name in BY}
    strata = collapse(hips, BY, y)
    assert len(strata.n) < len(y)
    rows = fit_model(kind, TERMS, d, n=np.ones(len(y)), sum_y=y, sum_y2=y**2)
    model = fit_model(kind, TERMS, strata.columns, n=strata.n, sum_y=strata.sum_y, sum_y2=strata.sum_y2)
    same(rows, model, hips, d)
    own = collapse(hips, (*BY, "provider"), y)
    index = own.columns["provider"].astype(int)
    count = {"providers": hips["providers"]}
    parts = [
        contributions(rows, d, hips["provider"], n=np.ones(len(y)), **count).parts,
        contributions(model, own.columns, index, n=own.n, **count).parts,
    ]
    np.testing.assert_allclose(parts[1], parts[0], atol=1e-9)
    errors = [
        expected_error(rows, d, hips["provider"], n=np.ones(len(y)), **count),
        expected_error(model, own.columns, index, n=own.n, **count),
    ]
    np.testing.assert_allclose(errors[1], errors[0], rtol=1e-7)
    if kind == "logistic":
        ones, risk = np.ones(len(y)), rows.expected(d)
        on_strata = model.expected(strata.columns)
        for measure in (c_statistic, scaled_brier):
            found = measure(strata.n, strata.sum_y, on_strata)
            assert found == pytest.approx(measure(ones, y, risk), abs=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_time_to_event_on_strata_against_rows(hips, ties):
    y, time = hips["poor"], hips["time"]
    terms, by = TERMS[:3], (*BY[:3], "time")
    d = {name: hips[name] for name in by}
    strata = collapse(hips, by, y)
    rows = fit_cox(terms, d, time=time, n=np.ones(len(y)), events=y, ties=ties)
    model = fit_cox(
        terms, strata.columns, time=strata.columns["time"], n=strata.n, events=strata.sum_y, ties=ties
    )
    np.testing.assert_allclose(model.coefficients, rows.coefficients, atol=1e-8)
    index = hips["provider"].astype(int)
    per = [
        np.bincount(index, weights=one.expected(d, time=time, n=np.ones(len(y)), events=y))
        for one in (rows, model)
    ]
    np.testing.assert_allclose(per[1], per[0], rtol=1e-9)


def test_negative_binomial_on_strata_against_rows(hips):
    y = hips["lost"]
    d = {name: hips[name] for name in BY}
    strata = collapse(hips, (*BY, "lost"), y)
    assert len(strata.n) < len(y)
    rows = fit_negative_binomial(TERMS, d, n=np.ones(len(y)), y=y)
    model = fit_negative_binomial(TERMS, strata.columns, n=strata.n, y=strata.columns["lost"])
    same(rows, model, hips, d)
    assert model.theta == pytest.approx(rows.theta, rel=1e-8)
    assert model.log_likelihood == pytest.approx(rows.log_likelihood, rel=1e-11)


@pytest.mark.parametrize(
    ("kind", "outcome", "nodes"), [("logistic", "poor", 9), ("linear", "after", 1), ("poisson", "lost", 1)]
)
def test_provider_effects_on_strata_against_rows(hips, kind, outcome, nodes):
    some = hips["provider"] < 50
    d = {name: column[some] for name, column in hips.items() if name != "providers"} | {"providers": 50}
    y, own = (
        d[outcome],
        collapse({name: d[name] for name in (*BY, "provider")}, (*BY, "provider"), d[outcome]),
    )
    assert len(own.n) < len(y)
    linear = kind == "linear"
    whole = {"provider": d["provider"], "providers": 50, "n": np.ones(len(y)), "sum_y": y}
    part = {"provider": own.columns["provider"], "providers": 50, "n": own.n, "sum_y": own.sum_y}
    if linear:
        whole, part = whole | {"sum_y2": y**2}, part | {"sum_y2": own.sum_y2}
    rows = fit_random_intercept(kind, TERMS, d, **whole, nodes=nodes)
    model = fit_random_intercept(kind, TERMS, own.columns, **part, nodes=nodes)
    same(rows, model, d, d)
    assert model.tau == pytest.approx(rows.tau, abs=1e-8)
    np.testing.assert_allclose(model.effect, rows.effect, atol=1e-7)
    rows, model = (
        fit_fixed_effects(kind, TERMS, columns, **args) for columns, args in ((d, whole), (own.columns, part))
    )
    np.testing.assert_allclose(model.coefficients, rows.coefficients, atol=1e-8)
    np.testing.assert_allclose(model.intercept, rows.intercept, atol=1e-8)
