"""Strata: distinct case-mix patterns with their counts and outcome sums, and the checks they must pass."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
Columns: TypeAlias = Mapping[str, NDArray[Any]]

# Sums of squares carry the rounding of their additions; beyond this share of sum_y2 they contradict sum_y.
ROUNDING = 1e-9


def checked(name: str, values: ArrayLike, *, rows: int | None = None) -> FloatArray:
    """Turn one column of sums into a float array, or say what is wrong with it.

    Parameters
    ----------
    name
        What the error calls the column.
    values
        Shape (strata,).
    rows
        The length it must have; None takes any.

    Returns
    -------
    FloatArray
        Shape (strata,), all finite.

    Raises
    ------
    ValueError
        When not one-dimensional, of another length, or with a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one number per stratum, got an array of shape {array.shape}")
    if rows is not None and len(array) != rows:
        raise ValueError(f"{name}: expected {rows} strata, got {len(array)}")
    _refuse(name, array, ~np.isfinite(array), "a finite number")
    return array


def checked_n(values: ArrayLike) -> FloatArray:
    """Return the counts of records per stratum, finite and not negative; raise ValueError otherwise."""
    n = checked("n", values)
    _refuse("n", n, n < 0, "a count of zero or more")
    return n


def checked_events(values: ArrayLike, n: FloatArray) -> FloatArray:
    """Return the counts of events per stratum, each between 0 and its n; raise ValueError otherwise."""
    events = checked("events", values, rows=len(n))
    _refuse("events", events, (events < 0) | (events > n), "a count between 0 and the n of its stratum")
    return events


def checked_risk(values: ArrayLike, n: FloatArray) -> FloatArray:
    """Return the risks per stratum, each strictly between 0 and 1; raise ValueError otherwise.

    A risk of exactly 0 or 1 says that an outcome cannot happen; no observation can be weighed against that.
    """
    risk = checked("risk", values, rows=len(n))
    _refuse("risk", risk, (risk <= 0) | (risk >= 1), "a probability strictly between 0 and 1")
    return risk


def checked_counts(
    sum_y: FloatArray, exposure: ArrayLike | None, n: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return counts and exposure per stratum, each zero or more, exposure above 0 where there are records.

    Without an exposure it is n: one unit a record. Raises ValueError otherwise.
    """
    _refuse("sum_y", sum_y, sum_y < 0, "a count of zero or more")
    exposed = n if exposure is None else checked("exposure", exposure, rows=len(n))
    _refuse("exposure", exposed, (exposed < 0) | ((exposed == 0) & (n > 0)), "an exposure above 0")
    return sum_y, exposed


def checked_whole(name: str, values: FloatArray) -> FloatArray:
    """Return `values` when all are whole numbers; raise ValueError otherwise."""
    _refuse(name, values, values != np.floor(values), "a whole number, which the exact test counts in")
    return values


def within_squares(n: FloatArray, sum_y: FloatArray, sum_y2: FloatArray) -> FloatArray:
    """Give the sum of squares of the records of each stratum about the mean of that stratum.

    Parameters
    ----------
    n, sum_y, sum_y2
        Records, sum of y and sum of y squared; shape (strata,). A stratum without records counts 0.

    Returns
    -------
    FloatArray
        Shape (strata,), never negative. Its rounding error is that of `sum_y2`: sums of a y whose mean is
        over a million times its standard deviation should be of y minus a constant.

    Raises
    ------
    ValueError
        When a sum of squares is smaller than its sum allows.
    """
    mean = np.divide(sum_y, n, out=np.zeros_like(sum_y), where=n > 0)
    squares = sum_y2 - sum_y * mean
    _refuse("sum_y2", sum_y2, squares < -ROUNDING * sum_y2, "at least the square of sum_y over n")
    result: FloatArray = np.maximum(squares, 0.0)
    return result


def per_provider(provider: IntArray, values: FloatArray, providers: int) -> FloatArray:
    """Sum `values` of the strata of each provider; shape (providers,), 0 for one without strata."""
    result: FloatArray = np.bincount(provider, weights=values, minlength=providers).astype(np.float64)
    return result


def overall(sums: FloatArray, n: FloatArray) -> float:
    """Give the mean of a record over all strata; NaN without records."""
    return float(sums.sum() / n.sum()) if n.sum() > 0 else np.nan


def checked_provider(values: ArrayLike, *, rows: int, providers: int) -> IntArray:
    """Return the provider index per stratum, whole and within 0..providers-1; raise ValueError otherwise."""
    numbers = checked("provider", values, rows=rows)
    wrong = (numbers < 0) | (numbers >= providers) | (numbers != np.floor(numbers))
    _refuse("provider", numbers, wrong, f"a whole number from 0 to {providers - 1}")
    return numbers.astype(np.int64)


def _refuse(name: str, values: FloatArray, wrong: NDArray[np.bool_], expected: str) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{name}: stratum {first} has {values[first]:g}, expected {expected} "
            f"({int(wrong.sum())} of {len(values)} strata are wrong)"
        )
