"""Rows grouped by provider, in pieces that fit the processor's cache."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from risk_models.strata import FloatArray, IntArray

PIECE = 4096  # rows that, with their columns and some copies of them, stay in the processor's cache
FAR_FROM_0 = 1e-6  # variance over squared mean below which a sum of squares has too few digits left


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """All rows of some providers that follow one another.

    Attributes
    ----------
    first, last
        The providers are first..last-1 of those present.
    starts, sizes
        Where the rows of each provider start, and how many they are; shape (last - first,).
    Z
        Scaled columns of the design, shape (columns, rows).
    n, y
        Records (or exposure) and sum of outcomes of each row, shape (rows,).
    sum_y
        Sum of y of each provider, shape (last - first,).
    sum_zy
        Sum of y times each column, of each provider, shape (columns, last - first).
    single_records
        Whether n is 1 throughout, which spares a multiplication.
    """

    first: int
    last: int
    starts: IntArray
    sizes: IntArray
    Z: FloatArray
    n: FloatArray
    y: FloatArray
    sum_y: FloatArray
    sum_zy: FloatArray
    single_records: bool

    def sum(self, values: FloatArray) -> FloatArray:
        """Sum over the rows of each provider: (..., rows) becomes (..., providers)."""
        result: FloatArray
        if len(self.starts) == 1:
            result = values.sum(axis=-1, keepdims=True)
        else:
            result = np.add.reduceat(values, self.starts, axis=-1)
        return result

    def cross(self, values: FloatArray) -> FloatArray:
        """Sum the columns times `values` over the rows of each provider.

        (rows,) becomes (columns, providers), and (k, rows) becomes (columns, k, providers).
        """
        if len(self.starts) == 1:
            result: FloatArray = (self.Z @ values.T)[..., None]
            return result
        return np.stack([self.sum(column * values) for column in self.Z])

    def spread(self, values: FloatArray) -> FloatArray:
        """Give each row the value of its provider: (..., providers) becomes (..., rows), or broadcasts so."""
        return values if len(self.starts) == 1 else np.repeat(values, self.sizes, axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """All rows, sorted by provider, with columns of mean 0 and standard deviation 1 besides the intercept.

    Attributes
    ----------
    pieces
        Together all rows.
    present
        The providers that have rows, in order; everything in `pieces` counts these from 0.
    transform
        Matrix that turns coefficients of the scaled columns into those of the design itself, shape
        (columns, columns).
    """

    pieces: tuple[Cluster, ...]
    present: IntArray
    transform: FloatArray

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self.pieces)

    @property
    def columns(self) -> int:
        """How many columns the design has, with the intercept."""
        return len(self.transform)

    def gather(self, name: str) -> FloatArray:
        """Put an attribute of the pieces, such as `sum_y`, together for all providers that are present."""
        return np.concatenate([getattr(piece, name) for piece in self.pieces], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """How columns are scaled: (x - centre)/scale, the first left as it is; each of shape (columns,).

    Attributes
    ----------
    centre, scale
        Mean and standard deviation of the records; a column that is constant has scale 0.
    left
        Squared share of each column that those before it leave, 0 to 1, from its products with them; not
        exact below about 1e-10.
    """

    centre: FloatArray
    scale: FloatArray
    left: FloatArray

    @property
    def transform(self) -> FloatArray:
        """Matrix that turns coefficients of the scaled columns into those of the columns themselves."""
        result = np.diag(1 / self.scale)
        result[0, 1:] = -(self.centre / self.scale)[1:]
        return result


def scaling(X: FloatArray, n: FloatArray) -> Scaling:
    """Find mean, standard deviation and dependence of columns.

    Parameters
    ----------
    X
        Design matrix, shape (rows, columns), the first column 1.
    n
        Weight of each row, above 0, shape (rows,).
    """
    gram = X.T @ (X if np.all(n == 1) else n[:, None] * X) / n.sum()
    centre = gram[0].copy()
    # the digits lost here are missed only where the mean is far from 0
    variance = np.diag(gram) - centre**2
    if (variance[1:] <= FAR_FROM_0 * centre[1:] ** 2).any():
        variance = n @ (X - centre) ** 2 / n.sum()
        variance[np.ptp(X, axis=0) == 0] = 0.0
    centre[0], variance[0] = 0.0, 1.0
    scale = np.sqrt(variance)
    left = np.zeros(len(scale))
    if scale.all():
        covariance = gram - np.outer(centre, centre)
        covariance[0, 1:] = covariance[1:, 0] = 0.0
        left = _pivots(covariance / np.outer(scale, scale))
    return Scaling(centre=centre, scale=scale, left=left)


def _pivots(correlation: FloatArray) -> FloatArray:
    rest, result = correlation, np.zeros(len(correlation))
    for k in range(len(rest)):
        result[k] = rest[k, k]
        if not rest[k, k] > 0:
            break
        rest = rest - np.outer(rest[:, k], rest[k]) / rest[k, k]
    return result


def clustered(
    X: FloatArray, provider: IntArray, *, n: FloatArray, y: FloatArray, scaled: Scaling
) -> Clusters:
    """Sort rows by provider and scale their columns.

    Parameters
    ----------
    X
        Design matrix, shape (rows, columns), the first column 1.
    provider
        Index of the provider of each row, shape (rows,).
    n, y
        Records (or exposure), above 0, and sum of outcomes of each row, shape (rows,).
    scaled
        Means and standard deviations, none of these 0.
    """
    order = _order(provider)
    present, sizes = np.unique(provider, return_counts=True)
    pieces, start = [], 0
    for first, last in _bounds(sizes):
        rows = order[start : start + int(sizes[first:last].sum())]
        start += len(rows)
        Z = (X[rows] - scaled.centre) / scaled.scale
        pieces.append(_cluster(Z, (first, last), sizes[first:last], n[rows], y[rows]))
    return Clusters(pieces=tuple(pieces), present=present, transform=scaled.transform)


def _order(provider: IntArray) -> IntArray:
    if np.all(provider[1:] >= provider[:-1]):
        return np.arange(len(provider))
    # numpy sorts 16-bit integers in linear time
    narrow = provider.astype(np.uint16) if provider.max() < 2**16 else provider
    return np.argsort(narrow, kind="stable")


def _bounds(sizes: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Cut the providers where their rows would no longer fit a piece; a large provider is a piece."""
    first, filled = 0, 0
    for which, size in enumerate(sizes.tolist()):
        if filled and filled + size > PIECE:
            yield first, which
            first, filled = which, 0
        filled += size
    yield first, len(sizes)


def _cluster(
    X: FloatArray, bounds: tuple[int, int], sizes: NDArray[np.intp], n: FloatArray, y: FloatArray
) -> Cluster:
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    Z = np.ascontiguousarray(X.T)
    return Cluster(
        first=bounds[0],
        last=bounds[1],
        starts=starts,
        sizes=sizes.astype(np.int64),
        Z=Z,
        n=n,
        y=y,
        sum_y=np.add.reduceat(y, starts),
        sum_zy=np.add.reduceat(Z * y, starts, axis=1),
        single_records=bool(np.all(n == 1)),
    )
