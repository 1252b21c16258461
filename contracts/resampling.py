"""The bootstrap over patients, from counts and sums: spending and outcomes drawn again together.

Spending and scores are of the same patients, so their errors go together: a haemorrhage costs money. A
bootstrap shows that by drawing the N records again with replacement, and it needs no record by itself. The
records fall in patterns (which outcomes they count for, and which they met). How many records of each
pattern are drawn is multinomial, so that events come out exactly as in the bootstrap; given those numbers,
sums of spending and of expectations are normal with the mean and covariance that they have within the
patterns. Means, variances and covariances of all sums are those of the bootstrap over records, exactly; only
the shape of the sums within patterns is approximated, by the central limit theorem.

With several payers the records of each are drawn by themselves (a stratified bootstrap), as many as there
are; the scores are of the records of all.

References
----------
Efron B (1979), Bootstrap methods. Ann Stat 7:1-26. doi:10.1214/aos/1176344552
Efron B (1981), Nonparametric standard errors and confidence intervals (tilting). Can J Stat 9:139-158.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NOT_COUNTED, NOT_MET, MET = -1, 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class RecordPatterns:
    """The records of the participant in the settled year, by payer and what they count for together.

    Attributes
    ----------
    outcomes : mapping of str to str
        How the value of an indicator follows from its records: ``ratio``, events over expected; or ``mean``
        of the outcome less its expectation.
    records : array of int, (patterns,)
        Each at least 1; together all records of the population.
    states : mapping of str to array of int, (patterns,)
        By indicator: ``NOT_COUNTED``, ``NOT_MET`` or ``MET``; of a mean every counted record is ``NOT_MET``.
    sums : array, (patterns, 1 + indicators)
        Sums of the euros that count, then for each indicator, in the order of ``outcomes``, of what is
        expected (ratio) or of the outcome less what is expected (mean); 0 where a record does not count.
    products : array, (patterns, 1 + indicators, 1 + indicators)
        Sums of the products of each pair of these.
    payers : array of int, (patterns,), or None
        Place of the payer of each pattern in the contract; one more than the last for records of other
        payers, whose spending does not count. None where all are of one payer.
    payer_count : int
        Payers of the contract.
    """

    outcomes: Mapping[str, Literal["ratio", "mean"]]
    records: IntArray
    states: Mapping[str, IntArray]
    sums: FloatArray
    products: FloatArray
    payers: IntArray | None = None
    payer_count: int = 1

    @property
    def strata(self) -> IntArray:
        """Payer of each pattern, counted from 0."""
        return np.zeros(len(self.records), dtype=np.int64) if self.payers is None else self.payers

    def of_payer(self, place: int) -> int:
        """Number of records of a payer."""
        return int(self.records[self.strata == place].sum())

    @property
    def parts(self) -> FloatArray:
        """Part of the records in each pattern."""
        return np.asarray(self.records / self.records.sum(), dtype=np.float64)

    def column(self, indicator: str) -> int:
        """Place of an indicator in ``sums``."""
        return 1 + list(self.outcomes).index(indicator)

    def can_be_at(self, indicator: str, value: float, *, found: float) -> bool:
        """Whether the records can be weighed so that the indicator truly stands at a value.

        A mean can always be moved; a ratio only between the outcomes that are there, so not without any
        event, nor with nothing but events.
        """
        if self.outcomes[indicator] == "mean":
            return True
        states = self.states[indicator]
        if not ((states == MET).any() and (states == NOT_MET).any()):
            return False
        gap = self._gap(indicator, value, found=found)
        # every payer keeps its part of the records, so that those of one pattern only cannot be moved
        ends = np.zeros(2)
        for payer in np.unique(self.strata):
            own = self.strata == payer
            ends += float(self.parts[own].sum()) * np.array([gap[own].min(), gap[own].max()])
        return bool(ends[0] < 0 < ends[1])

    def _gap(self, indicator: str, value: float, *, found: float) -> FloatArray:
        """Events less the expectation that belongs to a value, per record of each pattern."""
        met = (self.states[indicator] == MET).astype(np.float64)
        expected = self.sums[:, self.column(indicator)] / self.records
        ratio = value / found * float(self.parts @ met) / float(self.parts @ expected)
        return np.asarray(met - ratio * expected, dtype=np.float64)

    def tilted(self, truths: Mapping[str, float], *, found: Mapping[str, float]) -> FloatArray | None:
        """Parts of the patterns at which each ratio stands at its true value, and each payer keeps its part.

        Of all such parts those nearest to the parts that were found (Kullback-Leibler): proportional to
        ``records exp(lambda . gap)``. A pattern that costs more takes its spending along.

        Returns
        -------
        array, (patterns,), or None
            Sums to 1. None where no parts give all values together.
        """
        ratios = [name for name in truths if self.outcomes[name] == "ratio"]
        if not ratios:
            return self.parts
        gaps = np.stack([self._gap(name, truths[name], found=found[name]) for name in ratios], axis=1)
        return _tilted(self.parts, gaps, self.strata)


def _tilted(parts: FloatArray, gaps: FloatArray, strata: IntArray) -> FloatArray | None:
    """Newton's method on the dual, which is convex, with halved steps."""
    slope = np.zeros(gaps.shape[1])
    weights, height = _weights(parts, gaps, slope, strata)
    for _ in range(100):
        if np.abs(weights @ gaps).max() < 1e-11:
            return weights
        around = _around(weights, gaps, strata)
        mean, spread = weights @ gaps, around.T @ (around * weights[:, None])
        try:
            step = np.linalg.solve(spread, -mean)
        except np.linalg.LinAlgError:
            return None
        size = 1.0
        while size > 1e-6:
            nearer, lower = _weights(parts, gaps, slope + size * step, strata)
            if lower <= height + 1e-14:  # equal to within rounding
                break
            size /= 2
        else:
            return None
        slope, weights, height = slope + size * step, nearer, lower
    return None


def _weights(
    parts: FloatArray, gaps: FloatArray, slope: FloatArray, strata: IntArray
) -> tuple[FloatArray, float]:
    """Weights at a slope, and the dual there: the mean over strata of the logarithm of their totals."""
    power = gaps @ slope
    weights, height = np.zeros(len(parts)), 0.0
    for stratum in np.unique(strata):
        own = strata == stratum
        whole = float(parts[own].sum())
        highest = float(power[own].max())
        raw = parts[own] * np.exp(power[own] - highest)
        total = float(raw.sum())
        weights[own] = raw / total * whole
        height += whole * (highest + float(np.log(total)))
    return weights, height


def _around(weights: FloatArray, gaps: FloatArray, strata: IntArray) -> FloatArray:
    """Gaps less their mean within the stratum."""
    around = gaps.copy()
    for stratum in np.unique(strata):
        own = strata == stratum
        around[own] -= weights[own] @ gaps[own] / weights[own].sum()
    return around


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Drawn again: spending as a multiple of its true value, and adjusted values, (draws,).

    Spending has a column for each payer, (draws, payers).
    """

    spending: FloatArray
    values: Mapping[str, FloatArray]


def resample(
    patterns: RecordPatterns,
    truths: Mapping[str, float],
    *,
    found: Mapping[str, float],
    stream: np.random.Generator,
    draws: int,
) -> Resampled | None:
    """Draw the records again, as many as there are, from a population in which ``truths`` are so.

    Parameters
    ----------
    patterns : RecordPatterns
    truths : mapping of str to float
        True adjusted value of each indicator that is drawn; each ``can_be_at`` it.
    found : mapping of str to float
        Adjusted values that the records gave.
    stream : Generator
    draws : int

    Returns
    -------
    Resampled or None
        None where no population has all these values together.
    """
    parts = patterns.tilted(truths, found=found)
    if parts is None:
        return None
    strata, whole = patterns.strata, int(patterns.records.sum())
    counts = np.zeros((draws, len(parts)))
    for stratum in np.unique(strata):
        own = strata == stratum
        of_payer = patterns.of_payer(stratum)
        counts[:, own] = stream.multinomial(of_payer, parts[own] / parts[own].sum(), size=draws)
    means, squares = _by_payer(patterns)
    sums = counts @ means
    within = _within(means, squares, parts=parts, records=whole)
    sums += stream.standard_normal((draws, means.shape[1])) @ _root(within).T
    payers = patterns.payer_count
    true = whole * (parts @ means[:, :payers])
    spending = np.where(true > 0, sums[:, :payers] / np.where(true > 0, true, 1.0), 1.0)
    values = {
        name: _values(
            patterns, name, truth, counts=counts, sums=sums[:, payers - 1 :], parts=parts, found=found[name]
        )
        for name, truth in truths.items()
    }
    return Resampled(np.asarray(spending, dtype=np.float64), values)


def _by_payer(patterns: RecordPatterns) -> tuple[FloatArray, FloatArray]:
    """Means and mean products of each pattern, with a column of spending for each payer."""
    means = patterns.sums / patterns.records[:, None]
    squares = patterns.products / patterns.records[:, None, None]
    if patterns.payers is None:
        return means, squares
    payers = patterns.payer_count
    width, rows = payers + len(patterns.outcomes), len(means)
    spread, pairs = np.zeros((rows, width)), np.zeros((rows, width, width))
    spread[:, payers:], pairs[:, payers:, payers:] = means[:, 1:], squares[:, 1:, 1:]
    for row, payer in enumerate(patterns.payers):
        if payer < payers:
            spread[row, payer], pairs[row, payer, payer] = means[row, 0], squares[row, 0, 0]
            pairs[row, payer, payers:] = pairs[row, payers:, payer] = squares[row, 0, 1:]
    return spread, pairs


def _values(
    patterns: RecordPatterns,
    name: str,
    truth: float,
    *,
    counts: FloatArray,
    sums: FloatArray,
    parts: FloatArray,
    found: float,
) -> FloatArray:
    """Adjusted values of an indicator; at its true value in a draw without any of its records."""
    column, states = patterns.column(name), patterns.states[name]
    if patterns.outcomes[name] == "ratio":
        whole = patterns.sums[:, column].sum()
        of_one = found * whole / patterns.records[states == MET].sum()
        events, expected = counts @ (states == MET), sums[:, column]
        return np.where(expected > 0, of_one * events / np.where(expected > 0, expected, 1.0), truth)
    counted = (states != NOT_COUNTED).astype(np.float64)
    centre = float(parts @ (patterns.sums[:, column] / patterns.records)) / float(parts @ counted)
    number = counts @ counted
    gain = sums[:, column] / np.where(number > 0, number, 1.0)
    return np.where(number > 0, truth + gain - centre, truth)


def _within(means: FloatArray, squares: FloatArray, *, parts: FloatArray, records: int) -> FloatArray:
    """Expected covariance of the sums given how many records of each pattern are drawn."""
    each = squares - means[:, :, None] * means[:, None, :]
    return np.asarray(records * np.tensordot(parts, each, axes=1), dtype=np.float64)


def _root(covariance: FloatArray) -> FloatArray:
    """Cholesky factor; a column that does not vary, or only with earlier ones, adds nothing of its own."""
    size = len(covariance)
    root = np.zeros((size, size))
    for column in range(size):
        rest = covariance[column, column] - float(sum(root[column, :column] ** 2))
        if rest <= 1e-12 * abs(float(covariance[column, column])):
            continue
        root[column, column] = np.sqrt(rest)
        for row in range(column + 1, size):
            shared = float(sum(root[row, :column] * root[column, :column]))
            root[row, column] = (covariance[row, column] - shared) / root[column, column]
    return root


def patterns_of(
    outcomes: Mapping[str, Literal["ratio", "mean"]],
    rows: Iterable[tuple[tuple[int, ...], int, tuple[float, ...], tuple[float, ...]]],
) -> RecordPatterns:
    """Collect patterns from rows of states, records, sums, and products (the upper triangle, by row)."""
    read = list(rows)
    width = 1 + len(outcomes)
    upper = np.triu_indices(width)
    products = np.zeros((len(read), width, width))
    for place, (_, _, _, given) in enumerate(read):
        products[place][upper] = given
        products[place].T[upper] = given
    return RecordPatterns(
        outcomes=dict(outcomes),
        records=np.array([records for _, records, _, _ in read], dtype=np.int64),
        states={
            name: np.array([states[place] for states, _, _, _ in read], dtype=np.int64)
            for place, name in enumerate(outcomes)
        },
        sums=np.array([sums for _, _, sums, _ in read], dtype=np.float64),
        products=products,
    )
