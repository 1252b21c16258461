"""Reliability of an event's scores by halves: how well one half of the patients repeats the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk_models.strata import (
    FloatArray,
    IntArray,
    checked_events,
    checked_n,
    checked_provider,
    checked_risk,
    checked_whole,
    per_provider,
)

AT_ONCE = 2**22  # numbers held at once


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """Reliability of the scores of whole providers, by splitting.

    Attributes
    ----------
    value
        Mean over the splits; below 0 where halves of one provider differ more than providers do.
    error
        Standard error of `value` by the splits drawn. How few providers there are is not in it.
    """

    value: float
    error: float


def split_half_reliability(
    provider: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    *,
    providers: int,
    risk: ArrayLike | None = None,
    splits: int = 100,
    seed: int,
) -> SplitHalf:
    r"""Give the reliability of proportions, or of O/E, from random halves of each provider's records.

    With :math:`a_j, b_j` the scores of the halves of provider j, the reliability of a whole provider is
    :math:`1 - \mathrm{MSW}/\mathrm{MSB}`, :math:`\mathrm{MSW} = \overline{(a_j - b_j)^2}/2` and
    :math:`\mathrm{MSB}` twice the variance of :math:`(a_j + b_j)/2`: the intraclass correlation of the mean
    of two, ICC(1, 2). It needs no model of how providers differ.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, events
        Records and events per stratum of one provider; whole numbers.
    providers
        How many there are; one with fewer than two records is left out.
    risk
        Expected risk of one record of the stratum: the score is then O/E. None is the plain proportion.
    splits, seed
        How many times the records are split, 2 or more, and the seed: the same gives the same.

    Returns
    -------
    SplitHalf
        NaN with fewer than two providers, or where these do not differ.

    Raises
    ------
    ValueError
        For columns that cannot be, or fewer than two splits.

    References
    ----------
    Shrout PE, Fleiss JL (1979), on the correlation. Psychol Bull 86:420-428.
    doi:10.1037/0033-2909.86.2.420
    Nieser KJ, Harris AHS (2024), for quality measures. Stat Med 43:4575-4594. doi:10.1002/sim.10197
    """
    if splits < 2:
        raise ValueError(f"splits: {splits}; expected 2 or more")
    counts = checked_whole("n", checked_n(n))
    happened = checked_whole("events", checked_events(events, counts))
    risks = np.ones(len(counts)) if risk is None else checked_risk(risk, counts)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    random = np.random.default_rng(seed)
    halves = [
        _halves(np.flatnonzero(index == which), counts, happened, risks, splits=splits, random=random)
        for which in np.flatnonzero(per_provider(index, counts, providers) >= 2)
    ]
    if len(halves) < 2:
        return SplitHalf(value=np.nan, error=np.nan)
    first, second = np.moveaxis(np.array(halves), 0, -1)  # each (splits, providers)
    within = np.mean((first - second) ** 2, axis=1) / 2
    between = 2 * np.var((first + second) / 2, axis=1, ddof=1)
    found = 1 - within / np.where(between > 0, between, np.nan)
    return SplitHalf(value=float(found.mean()), error=float(found.std(ddof=1) / np.sqrt(splits)))


def _halves(
    own: IntArray,
    n: FloatArray,
    events: FloatArray,
    risk: FloatArray,
    *,
    splits: int,
    random: np.random.Generator,
) -> FloatArray:
    """Split one provider's records; give the scores of both halves, shape (2, splits)."""
    kinds = np.concatenate([events[own], n[own] - events[own]]).astype(np.int64)
    half = int(kinds.sum()) // 2
    size = max(1, AT_ONCE // len(kinds))
    ends = [min(size, splits - start) for start in range(0, splits, size)]
    drawn = np.concatenate([random.multivariate_hypergeometric(kinds, half, size=end) for end in ends])
    parts = np.stack([kinds - drawn, drawn])
    observed = parts[..., : len(own)].sum(axis=-1)
    expected = (parts[..., : len(own)] + parts[..., len(own) :]) @ risk[own]
    result: FloatArray = observed / expected
    return result
