"""Scores of providers: what was observed against what their case mix led to expect."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from risk_models.intervals import exact_ratio_interval, mean_interval
from risk_models.poisson_binomial import pmf, shift
from risk_models.strata import (
    FloatArray,
    IntArray,
    checked,
    checked_events,
    checked_n,
    checked_provider,
    checked_risk,
    checked_whole,
    per_provider,
    within_squares,
)
from risk_models.verdict import LEVEL_95, Limits, bands, exact_limits, normal_limits, not_assessable

# Where the probability of what was observed is below this, the distribution is laid around the observation.
FAR_OUT = 1e-100


@dataclass(frozen=True, slots=True, eq=False)
class BinaryScores:
    """Scores of an event, one a provider; all arrays have shape (providers,).

    Attributes
    ----------
    n, observed, expected
        Records, events, and the sum of the expected risks.
    variance
        Of the number of events given the case mix: the sum of p(1 - p).
    ratio
        O/E; NaN without records.
    reference
        The rate of all providers together, a proportion.
    adjusted
        Indirectly standardised rate, ratio times reference, a proportion. It can exceed 1.
    lower, upper
        The exact 95 % interval of `adjusted`.
    limits
        Funnel limits of `adjusted`, of the exact case-mix test.
    band, reason
        The verdict, and why a provider is not assessable ("" where it is).
    """

    n: FloatArray
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    ratio: FloatArray
    reference: float
    adjusted: FloatArray
    lower: FloatArray
    upper: FloatArray
    limits: Limits
    band: NDArray[np.str_]
    reason: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class MeanScores:
    """Scores of a value, one a provider; all arrays have shape (providers,), in the unit of y.

    Attributes
    ----------
    n
        Records.
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
        The 95 % interval of `adjusted`, with that sd.
    limits
        Funnel limits of `adjusted`, of the normal test.
    band, reason
        The verdict, and why a provider is not assessable ("" where it is).
    """

    n: FloatArray
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


def score_binary(
    provider: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    risk: ArrayLike,
    *,
    providers: int,
    minimum_n: float = 1,
    minimum_expected: float = 0.0,
) -> BinaryScores:
    """Score an event: O/E, the indirectly standardised rate, and the exact case-mix verdict.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, events
        Records and events per stratum of one provider; whole numbers.
    risk
        Expected risk of one record of the stratum, strictly between 0 and 1.
    providers
        How many providers there are; one without strata is scored NaN and not assessable.
    minimum_n, minimum_expected
        Fewest records and expected events with which a provider is judged.

    Returns
    -------
    BinaryScores

    Raises
    ------
    ValueError
        When a column has a value that cannot be.

    References
    ----------
    Spiegelhalter DJ (2005), funnel plots. Stat Med 24:1185-1202. doi:10.1002/sim.1970

    Examples
    --------
    Two providers with patients of low and of high risk:

    >>> scores = score_binary(
    ...     [0, 0, 1, 1], [300, 100, 100, 300], [18, 30, 2, 60], [0.05, 0.2, 0.05, 0.2], providers=2
    ... )
    >>> scores.ratio.round(2).tolist(), scores.band.tolist()
    ([1.37, 0.95], ['high95', 'in'])
    """
    counts = checked_whole("n", checked_n(n))
    happened = checked_whole("events", checked_events(events, counts))
    risks = checked_risk(risk, counts)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    records = per_provider(index, counts, providers)
    observed = per_provider(index, happened, providers)
    expected = per_provider(index, counts * risks, providers)
    reference = _overall(happened, counts)
    # rows: lower and upper ratio, then the counts at low998, low95, high95, high998
    edges = np.full((6, providers), np.nan)
    for which, strata in _strata_of(index):
        edges[:, which] = _exact_edges(counts[strata], risks[strata], int(observed[which]))
    lower, upper, *counts_at_limits = edges
    known = np.where(records > 0, expected, np.nan)
    ratio = observed / known
    reason = not_assessable(
        records, minimum_n=minimum_n, expected=expected, minimum_expected=minimum_expected
    )
    return BinaryScores(
        n=records,
        observed=observed,
        expected=expected,
        variance=per_provider(index, counts * risks * (1 - risks), providers),
        ratio=ratio,
        reference=reference,
        adjusted=ratio * reference,
        lower=lower * reference,
        upper=upper * reference,
        limits=Limits(*(count / known * reference for count in counts_at_limits)),
        band=bands(observed, Limits(*counts_at_limits), reason),
        reason=reason,
    )


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

    Returns
    -------
    MeanScores

    Raises
    ------
    ValueError
        When a column has a value that cannot be.

    References
    ----------
    NHS England, PROMs in England: a guide to the methodology, with the re-centring that the published
    figures have.
    """
    counts = checked_n(n)
    sums, squares = checked("sum_y", sum_y, rows=len(counts)), checked("sum_y2", sum_y2, rows=len(counts))
    means = checked("expected", expected, rows=len(counts))
    index = checked_provider(provider, rows=len(counts), providers=providers)
    records = per_provider(index, counts, providers)
    known = np.where(records > 0, records, np.nan)
    excess = sums - counts * means
    bias = _overall(excess, counts)
    reference = _overall(sums, counts)
    if sum_before is not None:
        reference -= _overall(checked("sum_before", sum_before, rows=len(counts)), counts)
    sd = _residual_sd(counts, within_squares(counts, sums, squares), excess - counts * bias)
    adjusted = reference + per_provider(index, excess, providers) / known - bias
    interval = mean_interval(adjusted, sd, records, level=LEVEL_95)
    limits = normal_limits(reference, sd, records)
    reason = not_assessable(records, minimum_n=minimum_n)
    if not sd > 0:
        reason[reason == ""] = "no variation between records"
    return MeanScores(
        n=records,
        observed=per_provider(index, sums, providers) / known,
        expected=per_provider(index, counts * means, providers) / known,
        reference=reference,
        adjusted=adjusted,
        sd=sd,
        lower=interval.lower,
        upper=interval.upper,
        limits=limits,
        band=bands(adjusted, limits, reason),
        reason=reason,
    )


def _overall(sums: FloatArray, n: FloatArray) -> float:
    """Mean of a record over all strata; NaN without records."""
    return float(sums.sum() / n.sum()) if n.sum() > 0 else np.nan


def _residual_sd(n: FloatArray, within: FloatArray, centred: FloatArray) -> float:
    """Standard deviation of the residuals of records, from the part within strata and the part between."""
    between = np.divide(centred**2, n, out=np.zeros_like(n), where=n > 0)
    freedom = float(n.sum()) - 1
    return float(np.sqrt((within.sum() + between.sum()) / freedom)) if freedom > 0 else np.nan


def _strata_of(provider: IntArray) -> list[tuple[int, IntArray]]:
    """Pair each provider that has strata with the positions of those."""
    order = np.argsort(provider, kind="stable")
    present, sizes = np.unique(provider, return_counts=True)
    ends = np.cumsum(sizes)
    return [
        (int(which), order[end - size : end]) for which, size, end in zip(present, sizes, ends, strict=True)
    ]


def _exact_edges(n: FloatArray, risk: FloatArray, observed: int) -> tuple[float, ...]:
    """Interval of O/E and limit counts of one provider, from one distribution."""
    probabilities = pmf(n, risk)
    around = probabilities
    if probabilities[observed] < FAR_OUT:
        around = pmf(n, shift(risk, _theta_of(n, risk, observed)))
    expected = float(n @ risk)
    return (
        *exact_ratio_interval(around, observed, expected, level=LEVEL_95),
        *exact_limits(probabilities),
    )


def _theta_of(n: FloatArray, risk: FloatArray, observed: int) -> float:
    """Find the shift of log-odds at which about the observed number is expected."""
    target = min(max(float(observed), 0.5), float(n.sum()) - 0.5)

    def excess(theta: float) -> float:
        return float(n @ shift(risk, theta)) - target

    return float(brentq(excess, -745.0, 745.0))
