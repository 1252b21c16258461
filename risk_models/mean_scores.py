"""Scores of providers on a value: the adjusted mean, or the adjusted gain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from risk_models.intervals import normal_quantile
from risk_models.record_weights import HUNDREDTHS, checked_weight
from risk_models.strata import (
    FloatArray,
    checked,
    checked_n,
    checked_provider,
    overall,
    per_provider,
    within_squares,
)
from risk_models.verdict import LEVELS, Limits, bands, checked_levels, normal_limits, not_assessable


@dataclass(frozen=True, slots=True, eq=False)
class MeanScores:
    """Scores of a value, one a provider; all arrays have shape (providers,), in the unit of y.

    Attributes
    ----------
    n
        Records, each for its weight.
    effective
        Records that all count whole and tell as much: (sum w)^2 / sum w^2, with w the weights (Kish). It is n
        where all do, and what interval, limits and p-values go by.
    observed, expected
        Mean outcome, and the mean of the expectations; NaN without records.
    reference
        The mean outcome of all providers together; with a value before care, their mean gain.
    adjusted
        reference + (observed - expected) - the same difference over all providers together. The last is 0
        for a model fitted on these records; it re-centres an expectation from elsewhere.
    sd
        Standard deviation of the residuals of all records, about their mean, with denominator n - 1.
    lower, upper
        The interval of `adjusted` at the inner level, with that sd and tau2.
    limits
        Funnel limits of `adjusted`, of the normal test.
    band, reason
        The verdict, and why a provider is not assessable ("" where it is).
    norm
        The adjusted mean (or gain) that providers are tested against.
    tau2, phi
        Over-dispersion that the verdict allows for: a variance added, in the squared unit of y, or what
        multiplies the variance.
    p_low, p_high
        One-sided p-values of the normal test: the chance of a mean as low, or as high, under the norm.
    """

    n: FloatArray
    effective: FloatArray
    observed: FloatArray
    expected: FloatArray
    reference: float
    adjusted: FloatArray
    sd: float
    lower: FloatArray
    upper: FloatArray
    limits: Limits
    band: NDArray[np.str_]
    reason: NDArray[np.str_]
    norm: float
    tau2: float
    phi: float
    p_low: FloatArray
    p_high: FloatArray

    @property
    def p(self) -> FloatArray:
        """Two-sided p-values: twice the smaller tail; NaN where there is no test."""
        result: FloatArray = 2 * np.minimum(self.p_low, self.p_high)
        return result


def score_mean(
    provider: ArrayLike,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike,
    expected: ArrayLike,
    *,
    sum_before: ArrayLike | None = None,
    providers: int,
    minimum_n: float = 1,
    norm: float | None = None,
    levels: Sequence[float] = LEVELS,
    tau2: float = 0.0,
    phi: float = 1.0,
    weight: ArrayLike | None = None,
) -> MeanScores:
    """Score a value: the adjusted mean, or with a value before care the adjusted mean gain.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, sum_y, sum_y2
        Records, and sums of the outcome and its square, per stratum of one provider.
    expected
        Expected outcome of one record of the stratum, in the unit of y.
    sum_before
        Sum of the values before care; the outcome is still y itself, given the value before, and only the
        reference becomes a gain.
    providers
        How many providers there are; one without strata is scored NaN and not assessable.
    minimum_n
        Fewest records with which a provider is judged.
    norm
        Adjusted mean (or gain) to test against; None is the reference.
    levels
        Inner and outer level of limits and verdict; the interval is at the inner one.
    tau2
        Variance of the true means of ordinary providers to be allowed for, in the squared unit of y; 0
        leaves over-dispersion out.
    phi
        1 or more: multiplies sd^2 instead.
    weight
        For how much one record of each stratum counts, above 0 and at most 1 with two decimals at most; None
        is 1. The weights of a record over all providers are thought to be 1 together: then reference and sd
        are those of the records.

    Returns
    -------
    MeanScores

    Raises
    ------
    ValueError
        When a column or an option has a value that cannot be.

    References
    ----------
    NHS England, PROMs in England: a guide to the methodology, with the re-centring that the published
    figures have.
    Kish L (1965). Survey Sampling, section 11.7, on what weights cost.
    """
    counts = checked_n(n)
    sums, squares = checked("sum_y", sum_y, rows=len(counts)), checked("sum_y2", sum_y2, rows=len(counts))
    means = checked("expected", expected, rows=len(counts))
    index = checked_provider(provider, rows=len(counts), providers=providers)
    share = checked_weight(weight, rows=len(counts)) / HUNDREDTHS
    weighted = counts * share
    records = per_provider(index, weighted, providers)
    known = np.where(records > 0, records, np.nan)
    # Exactly the records where all count whole: then one is divided by the other, and is 1.
    effective = records / (per_provider(index, weighted * share, providers) / known)
    excess = sums - counts * means
    bias = overall(excess * share, weighted)
    reference = overall(sums * share, weighted)
    if sum_before is not None:
        before = checked("sum_before", sum_before, rows=len(counts))
        reference -= overall(before * share, weighted)
    sd = _residual_sd(counts, share, within_squares(counts, sums, squares), excess - counts * bias)
    adjusted = reference + per_provider(index, excess * share, providers) / known - bias
    at = reference if norm is None else norm
    pair = checked_levels(levels)
    if not 0 <= tau2 < np.inf:
        raise ValueError(f"tau2: {tau2} is no variance; expected 0 or more")
    if not 1 <= phi < np.inf:
        raise ValueError(f"phi: {phi} would narrow the limits; expected 1 or more")
    error = np.sqrt(phi * sd**2 / effective + tau2)
    margin = normal_quantile(pair[0]) * error
    limits = normal_limits(at, sd * np.sqrt(phi), effective, levels=pair, tau2=tau2)
    reason = not_assessable(records, minimum_n=minimum_n)
    if not sd > 0:
        reason[reason == ""] = "no variation between records"
    z = (adjusted - at) / (error if sd > 0 else np.nan)
    return MeanScores(
        n=records,
        effective=effective,
        observed=per_provider(index, sums * share, providers) / known,
        expected=per_provider(index, weighted * means, providers) / known,
        reference=reference,
        adjusted=adjusted,
        sd=sd,
        lower=adjusted - margin,
        upper=adjusted + margin,
        limits=limits,
        band=bands(adjusted, limits, reason),
        reason=reason,
        norm=at,
        tau2=tau2,
        phi=phi,
        p_low=ndtr(z),
        p_high=ndtr(-z),
    )


def _residual_sd(n: FloatArray, share: FloatArray, within: FloatArray, centred: FloatArray) -> float:
    """Standard deviation of the residuals of records, from the part within strata and the part between."""
    between = np.divide(centred**2, n, out=np.zeros_like(n), where=n > 0)
    freedom = float((n * share).sum()) - 1
    squares = (within * share).sum() + (between * share).sum()
    return float(np.sqrt(squares / freedom)) if freedom > 0 else np.nan
