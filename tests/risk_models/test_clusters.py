import numpy as np
import pytest

from risk_models.clusters import PIECE, clustered, scaling


def made(seed, rows, providers):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(rows), rng.normal(50, 3, rows), rng.random(rows)])
    return X, rng.integers(0, providers, rows), rng.uniform(0.5, 2, rows), rng.random(rows)


@pytest.mark.parametrize(("rows", "providers"), [(50, 7), (3 * PIECE, 2), (3 * PIECE, 900), (300, 70_000)])
def test_sums_are_those_of_every_provider(rows, providers):
    X, provider, n, y = made(2, rows, providers)
    clusters = clustered(X, provider, n=n, y=y, scaled=scaling(X, n))
    assert clusters.present.tolist() == sorted(set(provider.tolist()))
    by = {j: provider == j for j in clusters.present}
    np.testing.assert_allclose(clusters.gather("sum_y"), [y[own].sum() for own in by.values()], rtol=1e-12)
    scaled = scaling(X, n)
    Z = (X - scaled.centre) / scaled.scale
    both = np.concatenate([piece.cross(np.stack([piece.n, piece.y])) for piece in clusters], axis=2)
    known = np.array([[Z[own].T @ n[own], Z[own].T @ y[own]] for own in by.values()])
    np.testing.assert_allclose(both, known.transpose(2, 1, 0), atol=1e-9)
    np.testing.assert_allclose(
        np.concatenate([piece.cross(piece.y) for piece in clusters], axis=1),
        clusters.gather("sum_zy"),
        atol=1e-9,
    )


def test_coefficients_turn_back():
    X, provider, n, y = made(3, 200, 5)
    scaled = scaling(X, n)
    clusters = clustered(X, provider, n=n, y=y, scaled=scaled)
    beta = np.array([0.4, -1.0, 2.0])
    np.testing.assert_allclose(
        X @ clusters.transform @ beta, (X - scaled.centre) / scaled.scale @ beta, rtol=1e-10
    )
    np.testing.assert_allclose(n @ ((X - scaled.centre) / scaled.scale)[:, 1:] / n.sum(), 0, atol=1e-10)


def test_constants_and_dependence_are_seen():
    X, _, n, _ = made(4, 100, 5)
    constant = scaling(np.column_stack([X, np.full(100, 1e7)]), n)
    assert constant.scale.tolist()[-1] == 0
    far = scaling(np.column_stack([X, 1e7 + X[:, 1]]), n)
    assert far.scale[-1] == pytest.approx(far.scale[1], rel=1e-6)
    twice = scaling(np.column_stack([X, X[:, 1] - 2 * X[:, 2]]), n)
    assert twice.left[-1] < 1e-10 < 0.5 < twice.left[1]
