"""Restricted cubic splines: their knots and their basis."""

from collections.abc import Mapping, Sequence

import numpy as np

from risk_models.strata import FloatArray

# Harrell (2015), Regression Modeling Strategies, table 2.3: quantiles at which the knots are put.
KNOT_QUANTILES: Mapping[int, tuple[float, ...]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}


def spline_basis(x: FloatArray, knots: Sequence[float]) -> FloatArray:
    """Give the non-linear columns of a restricted cubic spline: cubic between the knots, linear outside.

    Parameters
    ----------
    x
        Shape (strata,).
    knots
        k of them, increasing, in the unit of x.

    Returns
    -------
    FloatArray
        Shape (strata, k - 2), scaled by the squared distance of the outer knots so that its unit is that of
        x.

    References
    ----------
    Devlin TF, Weeks BJ (1986); in the form of Harrell (2015), equation 2.25.
    """
    t = np.asarray(knots, dtype=np.float64)
    last, before = t[-1], t[-2]

    def cube(at: float) -> FloatArray:
        result: FloatArray = np.maximum(x - at, 0.0) ** 3
        return result

    tail, tail_before = cube(last), cube(before)
    parts = [
        cube(knot) - (tail_before * (last - knot) - tail * (before - knot)) / (last - before)
        for knot in t[:-2]
    ]
    result: FloatArray = np.column_stack(parts) / (last - t[0]) ** 2
    return result


def weighted_quantile(x: FloatArray, weight: FloatArray, probability: Sequence[float]) -> FloatArray:
    """Give the quantiles x would have with each value there `weight` times (Hyndman and Fan's type 7)."""
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(weight[order])
    position = np.asarray(probability) * max(reached[-1] - 1.0, 0.0)
    # half a record of slack: cumulative weights of whole records are whole up to rounding
    below = np.searchsorted(reached, np.floor(position) + 0.5)
    above = np.searchsorted(reached, np.floor(position) + 1.5)
    low, high = (x[order][np.minimum(index, len(x) - 1)] for index in (below, above))
    result: FloatArray = low + (position - np.floor(position)) * (high - low)
    return result
