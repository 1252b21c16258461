import numpy as np

from risk_models.spline import spline_basis, weighted_quantile


def test_spline_basis_is_that_of_hmisc(golden):
    spline = golden["spline"]
    basis = spline_basis(np.array(spline["at"], dtype=float), spline["knots"])
    np.testing.assert_allclose(basis, spline["basis"], rtol=1e-12, atol=1e-12)


def test_weighted_quantiles_are_those_of_the_repeated_values():
    rng = np.random.default_rng(3)
    x, n = rng.normal(size=40), rng.integers(0, 9, 40)
    wanted = [0, 0.013, 0.25, 0.5, 0.77, 1]
    kept = n > 0
    result = weighted_quantile(x[kept], n[kept].astype(float), wanted)
    np.testing.assert_allclose(result, np.quantile(np.repeat(x, n), wanted), rtol=1e-13)


def test_spline_is_linear_outside_its_knots_and_smooth_at_them():
    knots = (1.0, 2.0, 4.0, 5.0)
    outside = spline_basis(np.array([-3.0, 0.0, 6.0, 7.0, 8.0]), knots)
    np.testing.assert_allclose(outside[:2], 0)
    np.testing.assert_allclose(outside[4] - outside[3], outside[3] - outside[2], rtol=1e-12)
    step = 1e-4
    for knot in knots:
        around = spline_basis(
            np.array([knot - 2 * step, knot - step, knot, knot + step, knot + 2 * step]), knots
        )
        curvature = np.diff(around, n=2, axis=0) / step**2
        np.testing.assert_allclose(curvature[0], curvature[2], atol=20 * step)
