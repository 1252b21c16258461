"""Random intercepts on real records against lme4: a count, a value and an event, with 0, 1 and 9 nodes.

The tolerances are tighter than asked: what lme4's own stop leaves undecided.
"""

from typing import Any

import numpy as np
import pytest

from risk_models.design import Term
from risk_models.random_intercept import RandomInterceptModel, fit_random_intercept
from tests.risk_models.conftest import collapse
from tests.risk_models.profiling_records import STAY, Profiling, uncentred
from tests.risk_models.provider_records import TERMS, at_sixty, cohort, records

NODES = [0, 1, 9]


@pytest.fixture(scope="module")
def profiling_records(shared):
    return Profiling(shared)


def assert_is_lme4(model: RandomInterceptModel, known: dict[str, Any], *, errors: float) -> None:
    """Standard errors of glmer are from differences of its deviance, which is rough."""
    T = uncentred(model)
    np.testing.assert_allclose(T @ model.coefficients, known["coef"], atol=2e-5)
    found = np.sqrt(np.diag(T @ model.covariance @ T.T))
    np.testing.assert_allclose(found, known["se"], rtol=errors)
    given_tau = np.sqrt(np.diag(T @ model.covariance_given_tau @ T.T))
    np.testing.assert_allclose(given_tau, known["se_given_tau"], rtol=1e-4)
    assert model.tau == pytest.approx(known["tau"], abs=2e-5)
    assert model.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-5)
    np.testing.assert_allclose(model.effect, known["effect"], atol=5e-5)
    np.testing.assert_allclose(model.effect_sd, known["effect_sd"], atol=2e-5)


@pytest.mark.data
@pytest.mark.parametrize("nodes", NODES)
def test_stay_in_medpar(proofs, profiling_records, nodes):
    d = profiling_records
    rows = d.medpar | {"provider": d.hospital[1]}
    model = fit_random_intercept(
        "poisson",
        STAY,
        rows,
        provider=rows["provider"],
        providers=54,
        n=np.ones(len(rows["los"])),
        sum_y=rows["los"],
        nodes=nodes,
    )
    assert_is_lme4(model, proofs["medpar_stay"][f"nodes{nodes}"], errors=2e-3)
    # the likelihood of summed counts lacks a constant, all else is the same
    strata = collapse(rows, ["provider", "hmo", "died", "age80", "type"], rows["los"])
    summed = fit_random_intercept(
        "poisson",
        STAY,
        strata.columns,
        provider=strata.columns["provider"],
        providers=54,
        n=strata.n,
        sum_y=strata.sum_y,
        nodes=nodes,
    )
    np.testing.assert_allclose(summed.coefficients, model.coefficients, atol=1e-8)
    np.testing.assert_allclose(summed.effect, model.effect, atol=1e-6)


@pytest.mark.data
@pytest.mark.parametrize("restricted", [False, True])
def test_logarithm_of_stay_in_medpar(proofs, profiling_records, restricted):
    d = profiling_records
    y = np.log(d.medpar["los"])
    model = fit_random_intercept(
        "linear",
        STAY,
        d.medpar,
        provider=d.hospital[1],
        providers=54,
        n=np.ones(len(y)),
        sum_y=y,
        sum_y2=y**2,
        restricted=restricted,
    )
    known = proofs["medpar_log_stay"]["reml" if restricted else "ml"]
    assert_is_lme4(model, known, errors=1e-4)
    assert model.residual_sd == pytest.approx(known["sigma"], abs=1e-6)


@pytest.mark.data
@pytest.mark.parametrize("nodes", NODES)
def test_deaths_after_cardiac_surgery(proofs, profiling_records, nodes):
    rows = profiling_records.cardiac
    names, surgeon = np.unique(rows["surgeon"].astype(str), return_inverse=True)
    d = {"score": (rows["Parsonnet"] - 10) / 10, "surgeon": surgeon}
    strata = collapse(d, ["surgeon", "score"], rows["dead"])
    model = fit_random_intercept(
        "logistic",
        [Term("score", "number")],
        strata.columns,
        provider=strata.columns["surgeon"],
        providers=len(names),
        n=strata.n,
        sum_y=strata.sum_y,
        nodes=nodes,
    )
    assert_is_lme4(model, proofs["cardiac"][f"nodes{nodes}"], errors=2e-3)


@pytest.mark.parametrize("kind", ["logistic", "poisson"])
def test_coefficients_at_their_joint_mode(proofs, kind):
    known = proofs["random_intercept0"][kind]
    model = fit_random_intercept(kind, TERMS, records(), **cohort(kind), nodes=0)
    np.testing.assert_allclose(at_sixty(model), known["coef"], atol=1e-5)
    assert model.tau == pytest.approx(known["tau"], abs=1e-5)
    assert model.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-6)
    np.testing.assert_allclose(model.effect, known["effect"], atol=1e-5)
    # Laplace's likelihood is highest elsewhere
    best = fit_random_intercept(kind, TERMS, records(), **cohort(kind), nodes=1)
    assert best.log_likelihood > model.log_likelihood + 1e-5
