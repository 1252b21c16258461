"""Strata give what records give: every model, over random designs, with weights of 0 and of fractions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from risk_models.cox import fit_cox
from risk_models.design import Term
from risk_models.expected import CannotFit, fit_model
from risk_models.firth import fit_firth
from risk_models.fixed_effects import fit_fixed_effects
from risk_models.negative_binomial import fit_negative_binomial
from risk_models.random_intercept import fit_random_intercept

N, PROVIDERS = 400, 8
KINDS = ("logistic", "poisson", "linear")

TERMS = {
    "age": [Term("age", "number"), Term("age", "number", degree=2), Term("age", "spline", knots=3)],
    "score": [
        Term("score", "number", missing="median-and-flag"),
        Term("score", "spline", knots=4, missing="median-and-flag"),
    ],
    "group": [Term("group", "category"), Term("group", "category", unseen="own-category", pool_below=40)],
    "urgent": [Term("urgent", "flag", missing="own-category")],
    "sex": [Term("sex", "flag")],
}
INTERACTIONS = [
    Term("age by sex", "interaction", of=("age", "sex")),
    Term("group by sex", "interaction", of=("group", "sex")),
]


@dataclass(frozen=True)
class Drawn:
    """Records, their weights, and the terms of a model."""

    terms: list[Term]
    columns: dict[str, NDArray[Any]]
    weight: NDArray[np.float64]
    outcome: dict[str, NDArray[np.float64]]
    exposure: NDArray[np.float64]
    time: NDArray[np.float64]
    provider: NDArray[np.int64]


@st.composite
def cohorts(draw: Any, *, whole: bool = False) -> Drawn:
    """Draw a cohort with dependent covariates of every kind, a design for it, and weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = draw(st.lists(st.sampled_from(list(TERMS)), min_size=1, unique=True))
    terms = [draw(st.sampled_from(TERMS[name])) for name in names]
    terms += [term for term in INTERACTIONS if set(term.of) <= set(names) and draw(st.booleans())]
    provider = rng.integers(0, PROVIDERS, N)
    age = np.round(rng.normal(60, 6, N) + provider, 0)
    score = np.where(rng.random(N) < 0.1, np.nan, rng.integers(0, 13, N))
    group = rng.choice(["a", "b", "c", "d"], N, p=[0.5, 0.3, 0.15, 0.05]).astype(object)
    group[rng.random(N) < 0.08] = None
    urgent = np.where(rng.random(N) < 0.1, np.nan, rng.integers(0, 2, N))
    sex = rng.integers(0, 2, N).astype(float)
    eta = 0.05 * (age - 60) + 0.1 * (np.nan_to_num(score) - 6) + 0.5 * (group == "b") - 0.4 * sex
    mean = rng.gamma(2, 0.5, N) * np.exp(0.3 * eta)
    weight = rng.choice(draw(st.sampled_from([[1.0], [0, 1, 2], [0, 0.25, 0.5, 1]])), N)
    if whole:
        weight = np.ceil(weight)
    exposure = rng.integers(1, 4, N).astype(float)
    return Drawn(
        terms=terms,
        columns={"age": age, "score": score, "group": group, "urgent": urgent, "sex": sex},
        weight=weight.astype(float),
        outcome={
            "logistic": (rng.random(N) < expit(eta - 0.5 + 0.3 * (provider % 3))).astype(float),
            "poisson": rng.poisson(mean * exposure).astype(float),
            "linear": np.round(eta + rng.normal(0, 2, N), 1),
        },
        exposure=exposure,
        time=rng.integers(1, 12, N).astype(float),
        provider=provider,
    )


def stratified(d: Drawn, *more: NDArray[Any]) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64]]:
    """Give the distinct patterns of case mix and `more`, and the stratum of each record."""
    index: dict[tuple[Any, ...], int] = {}
    rows = zip(*([str(v) for v in column] for column in (*d.columns.values(), *more)), strict=True)
    stratum = np.array([index.setdefault(row, len(index)) for row in rows])
    first = np.unique(stratum, return_index=True)[1]
    return {name: column[first] for name, column in d.columns.items()}, stratum


def sums(stratum: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(stratum, weights=values)


def first_of(stratum: NDArray[np.int64], values: NDArray[Any]) -> NDArray[Any]:
    return values[np.unique(stratum, return_index=True)[1]]


def fitted(fit: Any) -> Any:
    try:
        return fit()
    except ValueError as error:
        return error


def same(rows: Any, strata: Any, d: Drawn, *, coefficients: float = 1e-8) -> None:
    """Coefficients and expectations per provider are the same; what one cannot be fitted on, both cannot."""
    if isinstance(rows, ValueError) or isinstance(strata, ValueError):
        assert type(rows) is type(strata)
        assume(False)
    np.testing.assert_allclose(strata.coefficients, rows.coefficients, rtol=0, atol=coefficients)
    np.testing.assert_allclose(strata.standard_errors, rows.standard_errors, rtol=1e-6)
    per = [sums(d.provider, d.weight * one.expected(d.columns)) for one in (rows, strata)]
    np.testing.assert_allclose(per[1], per[0], rtol=1e-9, atol=1e-9)


EVERY = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])


@pytest.mark.parametrize("ridge", [0.0, 2.5])
@pytest.mark.parametrize("kind", KINDS)
@EVERY
@given(d=cohorts())
def test_logistic_poisson_and_linear(kind, ridge, d):
    y, w = d.outcome[kind], d.weight
    exposed = w * d.exposure if kind == "poisson" else None
    rows = fitted(
        lambda: fit_model(
            kind, d.terms, d.columns, n=w, sum_y=w * y, sum_y2=w * y**2, exposure=exposed, ridge=ridge
        )
    )
    columns, stratum = stratified(d)
    strata = fitted(
        lambda: fit_model(
            kind,
            d.terms,
            columns,
            n=sums(stratum, w),
            sum_y=sums(stratum, w * y),
            sum_y2=sums(stratum, w * y**2),
            exposure=None if exposed is None else sums(stratum, exposed),
            ridge=ridge,
        )
    )
    same(rows, strata, d)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@EVERY
@given(data=st.data())
def test_time_to_event(ties, data):
    # Efron's ties are counted in whole events
    d = data.draw(cohorts(whole=ties == "efron"))
    y, w, within = d.outcome["logistic"], d.weight, (d.provider % 2).astype(str)
    entry = d.time - 1 - d.provider % 3
    options = {"ties": ties, "within": within}
    rows = fitted(lambda: fit_cox(d.terms, d.columns, time=d.time, n=w, events=w * y, entry=entry, **options))
    columns, stratum = stratified(d, d.time, entry, within)
    strata = fitted(
        lambda: fit_cox(
            d.terms,
            columns,
            time=first_of(stratum, d.time),
            n=sums(stratum, w),
            events=sums(stratum, w * y),
            entry=first_of(stratum, entry),
            within=first_of(stratum, within),
            ties=ties,
        )
    )
    if isinstance(rows, ValueError) or isinstance(strata, ValueError):
        assert type(rows) is type(strata)
        assume(False)
    np.testing.assert_allclose(strata.coefficients, rows.coefficients, rtol=0, atol=1e-8)
    followed = {"time": d.time, "n": w, "entry": entry, "events": w * y, "within": within}
    per = [sums(d.provider, model.expected(d.columns, **followed)) for model in (rows, strata)]
    np.testing.assert_allclose(per[1], per[0], rtol=1e-9, atol=1e-9)
    assert per[1].sum() == pytest.approx((w * y).sum(), rel=1e-9)


@EVERY
@given(d=cohorts())
def test_negative_binomial(d):
    y, w = d.outcome["poisson"], d.weight
    rows = fitted(lambda: fit_negative_binomial(d.terms, d.columns, n=w, y=y, exposure=d.exposure))
    columns, stratum = stratified(d, y, d.exposure)
    strata = fitted(
        lambda: fit_negative_binomial(
            d.terms,
            columns,
            n=sums(stratum, w),
            y=first_of(stratum, y),
            exposure=first_of(stratum, d.exposure),
        )
    )
    same(rows, strata, d)
    assert strata.theta == pytest.approx(rows.theta, rel=1e-7)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.filter_too_much])
@given(d=cohorts())
def test_random_and_fixed_provider_effects(kind, d):
    y, w = d.outcome[kind], d.weight
    columns, stratum = stratified(d, d.provider)

    def args(index: NDArray[np.int64] | None) -> dict[str, Any]:
        def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return values if index is None else sums(index, values)

        more = {
            "linear": {"sum_y2": total(w * y**2)},
            "poisson": {"exposure": total(w * d.exposure)},
        }.get(kind, {})
        who = d.provider if index is None else first_of(index, d.provider)
        return {"provider": who, "providers": PROVIDERS, "n": total(w), "sum_y": total(w * y)} | more

    fits = [fit_random_intercept, fit_fixed_effects, *([] if kind == "linear" else [fit_firth])]
    for fit in fits:
        rows = fitted(lambda fit=fit: fit(kind, d.terms, d.columns, **args(None)))
        strata = fitted(lambda fit=fit: fit(kind, d.terms, columns, **args(stratum)))
        if isinstance(rows, ValueError) or isinstance(strata, ValueError):
            assert isinstance(rows, CannotFit) == isinstance(strata, CannotFit)
            continue
        np.testing.assert_allclose(strata.coefficients, rows.coefficients, rtol=0, atol=1e-8)
        effects = "effect" if fit is fit_random_intercept else "intercept"
        np.testing.assert_allclose(getattr(strata, effects), getattr(rows, effects), rtol=0, atol=1e-6)
