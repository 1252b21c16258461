import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import norm, poisson

from risk_models.clusters import PIECE, clustered, scaling
from risk_models.families import Logistic, Poisson
from risk_models.marginal import Rule, marginal


def made(seed=1, *, rows=400, providers=9, weighted=False):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(rows), rng.normal(3, 2, rows), rng.integers(0, 2, rows)])
    provider = np.sort(rng.integers(0, providers, rows))
    n = rng.integers(1, 5, rows).astype(float) if weighted else np.ones(rows)
    y = rng.binomial(n.astype(int), expit(-1 + rng.normal(0, 0.7, providers)[provider])).astype(float)
    return X, provider, n, y


def evaluate(parts, family, theta, *, nodes, times=None):
    X, provider, n, y = parts
    clusters = clustered(X, provider, n=n, y=y, scaled=scaling(X, n))
    start = np.zeros(len(clusters.present))
    return marginal(
        clusters, family, beta=theta[:-1], tau=theta[-1], rule=Rule.of(nodes), start=start, times=times
    )


THETA = np.array([-1.0, 0.3, -0.2, 0.6])


@pytest.mark.parametrize("family", [Logistic(), Poisson()])
@pytest.mark.parametrize("weighted", [False, True])
def test_likelihood_is_that_of_brute_force(family, weighted):
    X, provider, n, y = made(weighted=weighted)
    scaled = scaling(X, n)
    eta = (X - scaled.centre) / scaled.scale @ THETA[:-1]
    grid = np.linspace(-6, 6, 4001) * THETA[-1]
    total = 0.0
    for j in np.unique(provider):
        own = provider == j
        if isinstance(family, Logistic):
            p = expit(eta[own, None] + grid)
            rows = y[own, None] * np.log(p) + (n - y)[own, None] * np.log1p(-p)
        else:
            mean = n[own, None] * np.exp(eta[own, None] + grid)
            rows = poisson.logpmf(y[own, None], mean) - poisson.logpmf(y[own], n[own])[:, None] - n[own, None]
        total += logsumexp(rows.sum(axis=0) + norm.logpdf(grid, 0, THETA[-1])) + np.log(grid[1] - grid[0])
    at = evaluate((X, provider, n, y), family, THETA, nodes=25)
    assert at.log_likelihood == pytest.approx(total, abs=1e-7)


@pytest.mark.parametrize("family", [Logistic(), Poisson()])
@pytest.mark.parametrize("nodes", [1, 2, 3, 9])
def test_gradient_is_that_of_the_approximation_itself(family, nodes):
    parts = made(weighted=True)
    at = evaluate(parts, family, THETA, nodes=nodes)
    steps = 1e-5 * np.eye(len(THETA))
    numeric = [
        (
            evaluate(parts, family, THETA + step, nodes=nodes).log_likelihood
            - evaluate(parts, family, THETA - step, nodes=nodes).log_likelihood
        )
        / 2e-5
        for step in steps
    ]
    np.testing.assert_allclose(at.gradient, numeric, atol=2e-5)
    slope = [
        (
            evaluate(parts, family, THETA + step, nodes=nodes).mode
            - evaluate(parts, family, THETA - step, nodes=nodes).mode
        )
        / 2e-5
        for step in steps
    ]
    np.testing.assert_allclose(at.mode_slope, slope, atol=1e-5)


@pytest.mark.parametrize("family", [Logistic(), Poisson()])
@pytest.mark.parametrize("tau", [0.6, 0.0])
def test_information_is_the_curvature(family, tau):
    parts, theta = made(), np.append(THETA[:-1], tau)
    at = evaluate(parts, family, theta, nodes=25)
    numeric = [
        (
            evaluate(parts, family, theta - step, nodes=25).gradient
            - evaluate(parts, family, theta + step, nodes=25).gradient
        )
        / 2e-4
        for step in 1e-4 * np.eye(len(theta))
    ]
    np.testing.assert_allclose(at.information, numeric, rtol=1e-4, atol=1e-3)


def test_a_provider_that_counts_twice_is_two_providers():
    X, provider, n, y = made()
    times = np.array([2.0, 0, 1, 1, 3, 0, 1, 1, 1])
    again = np.concatenate([np.flatnonzero(provider == j) for j in range(9) for _ in range(int(times[j]))])
    copy = np.repeat(np.arange(int(times.sum())), np.repeat(np.bincount(provider), times.astype(int)))
    weighted = evaluate((X, provider, n, y), Logistic(), THETA, nodes=5, times=times)
    clusters = clustered(X[again], copy, n=n[again], y=y[again], scaled=scaling(X, n))
    copied = marginal(
        clusters,
        Logistic(),
        beta=THETA[:-1],
        tau=THETA[-1],
        rule=Rule.of(5),
        start=np.zeros(len(clusters.present)),
    )
    assert weighted.log_likelihood == pytest.approx(copied.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(weighted.gradient, copied.gradient, rtol=1e-10)
    np.testing.assert_allclose(weighted.information, copied.information, rtol=1e-10)
    assert weighted.tau_scores == pytest.approx(copied.tau_scores, rel=1e-12)


def test_large_and_small_providers_are_summed_alike():
    # one provider that fills a piece by itself, and many that share one
    X, _, n, y = made(rows=3 * PIECE)
    provider = np.concatenate([np.zeros(2 * PIECE, int), 1 + np.arange(PIECE) // 7])
    whole = evaluate((X, provider, n, y), Logistic(), THETA, nodes=9)
    parts = [provider == 0, provider > 0]
    scaled = scaling(X, n)
    apart = []
    for own in parts:
        clusters = clustered(X[own], provider[own], n=n[own], y=y[own], scaled=scaled)
        start = np.zeros(len(clusters.present))
        apart.append(
            marginal(clusters, Logistic(), beta=THETA[:-1], tau=THETA[-1], rule=Rule.of(9), start=start)
        )
    assert whole.log_likelihood == pytest.approx(sum(at.log_likelihood for at in apart), rel=1e-13)
    np.testing.assert_allclose(whole.gradient, sum(at.gradient for at in apart), rtol=1e-9)
    np.testing.assert_allclose(whole.mode, np.concatenate([at.mode for at in apart]), atol=1e-8)


def test_far_starts_find_the_same_modes():
    X, provider, n, y = made()
    clusters = clustered(X, provider, n=n, y=y, scaled=scaling(X, n))
    modes = [
        marginal(clusters, family, beta=THETA[:-1], tau=4.0, rule=Rule.of(1), start=np.full(9, start)).mode
        for family in (Logistic(), Poisson())
        for start in (0.0, 30.0, -30.0)
    ]
    for other in (1, 2):
        np.testing.assert_allclose(modes[other], modes[0], atol=1e-7)
        np.testing.assert_allclose(modes[3 + other], modes[3], atol=1e-7)


def test_linear_predictors_beyond_floating_point_give_no_number():
    parts = made()
    at = evaluate(parts, Poisson(), np.array([2000.0, 0, 0, 0.5]), nodes=3)
    assert not np.isfinite(at.log_likelihood)
