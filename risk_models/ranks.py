"""Ranks of providers with what chance leaves of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from risk_models.intervals import checked_level
from risk_models.strata import FloatArray

FINE = 0.25  # spacing of the grid of effects, in standard deviations of the surest provider
FEWEST_STEPS, MOST_STEPS = 50, 8000
WIDE = 8.0  # standard deviations beyond which nothing is left
ROUNDING = 1e-9  # share of a probability that the sums of many leave out


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Ranks from 1 (the lowest effect) to the number of providers, each of shape (providers,).

    Attributes
    ----------
    expected
        Posterior mean of the rank; they draw to the middle as effects are less certain.
    lower, upper
        Quantiles of the rank's posterior distribution, whole numbers.
    pcer
        Percentile of the expected rank, 100 (expected - 1/2)/providers: the chance in percent that the
        provider is above a random one.
    """

    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    pcer: FloatArray


def expected_ranks(effect: ArrayLike, sd: ArrayLike, *, level: float = 0.95) -> Ranks:
    r"""Give expected ranks and their intervals from the posterior of the effects.

    :math:`1 + \sum_{k \ne j} \Phi((u_j - u_k)/\sqrt{s_j^2 + s_k^2})`. Given a provider's own effect, the
    number of others below it is a sum of independent yes and no's (Poisson-binomial); integrated over that
    effect, this gives the distribution of the rank without simulation.

    Parameters
    ----------
    effect, sd
        Posterior means and standard deviations, taken as independent and normal, shape (providers,).
        Equal effects with sd 0 share their ranks.
    level
        Coverage at least, such as 0.95.

    Returns
    -------
    Ranks
        NaN for a provider whose effect is NaN; the others are ranked without it.

    Raises
    ------
    ValueError
        When a sd is negative, the columns are of unequal length, or level is no coverage.

    References
    ----------
    Laird NM, Louis TA (1989). J Educ Stat 14:29-46. doi:10.3102/10769986014001029
    Lingsma HF et al. (2010), on the percentile. QJM 103:99-108. doi:10.1093/qjmed/hcp169

    Examples
    --------
    >>> ranks = expected_ranks([-1.0, 0.0, 1.0], [0.5, 0.5, 0.5])
    >>> ranks.expected.round(2).tolist(), ranks.lower.tolist(), ranks.upper.tolist()
    ([1.08, 2.0, 2.92], [1.0, 1.0, 2.0], [2.0, 3.0, 3.0])
    """
    tail = (1 - checked_level(level)) / 2
    means, errors = np.asarray(effect, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    if means.ndim != 1 or means.shape != errors.shape:
        raise ValueError(f"effect and sd: expected two equal columns, got {means.shape} and {errors.shape}")
    if (errors < 0).any():
        raise ValueError(f"sd: provider {int(np.flatnonzero(errors < 0)[0])} has a negative one")
    known = np.flatnonzero(np.isfinite(means) & np.isfinite(errors))
    means, errors = means[known], errors[known]
    apart = np.hypot(errors[:, None], errors)
    # each provider counts half when set against itself, which makes up for the half in 1/2 + ...
    expected = 0.5 + below(means[:, None] - means, apart).sum(axis=1)
    cumulative = np.cumsum(rank_probabilities(means, errors), axis=1)
    result = np.full((4, len(np.atleast_1d(effect))), np.nan)
    result[0, known] = expected
    result[1, known] = 1 + np.sum(cumulative <= tail + ROUNDING, axis=1)
    result[2, known] = 1 + np.sum(cumulative <= 1 - tail - ROUNDING, axis=1)
    result[3, known] = 100 * (expected - 0.5) / max(len(known), 1)
    return Ranks(*result)


def below(away: FloatArray, sd: FloatArray) -> FloatArray:
    """Give the chance that a normal with mean -`away` is below 0; a half where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(away == 0, 0.0, away / sd)
    result: FloatArray = ndtr(z)
    return result


def rank_probabilities(effect: FloatArray, sd: FloatArray) -> FloatArray:
    """Give the chance that each provider has rank 1, 2, ...

    Parameters
    ----------
    effect, sd
        Posterior means and standard deviations, finite, shape (providers,). A standard deviation below
        a two-thousandth of the whole range counts as that.

    Returns
    -------
    FloatArray
        Shape (providers, ranks); each row adds up to 1.
    """
    if not len(effect):
        return np.zeros((0, 0))
    width = float(np.ptp(effect) + 2 * WIDE * sd.max())
    spread = np.maximum(sd, width / (FINE * MOST_STEPS)) if width > 0 else np.ones(len(sd))
    low, high = float(np.min(effect - WIDE * spread)), float(np.max(effect + WIDE * spread))
    steps = int(np.clip((high - low) / (FINE * spread.min()), FEWEST_STEPS, MOST_STEPS))
    z = (np.linspace(low, high, steps)[:, None] - effect) / spread
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum(axis=0)
    return _leave_one_out(ndtr(z), weight).T


def _leave_one_out(q: FloatArray, weight: FloatArray) -> FloatArray:
    """Average the distributions of how many others are below; shape (ranks, providers).

    `q` has the chance that each provider is below each grid value, `weight` how likely that value is to be
    the provider's own, both of shape (grid, providers). The distribution of all counts is made once; a
    provider's own chance is then divided out of it, from the end at which that loses no digits.
    """
    steps, providers = q.shape
    counts = np.zeros((steps, providers + 1))
    counts[:, 0] = 1
    for k in range(providers):
        up = counts[:, : k + 1] * q[:, k, None]
        counts[:, : k + 1] -= up
        counts[:, 1 : k + 2] += up
    result = np.zeros((providers, providers))
    from_low = q <= 0.5
    small = np.where(from_low, q, 0.0)
    weight_low, others = np.where(from_low, weight, 0.0), np.zeros_like(q)
    for rank in range(providers):
        others = (counts[:, rank, None] - small * others) / (1 - small)
        result[rank] += np.sum(weight_low * others, axis=0)
    large = np.where(from_low, 1.0, q)
    weight_high, others = weight - weight_low, np.zeros_like(q)
    for rank in range(providers - 1, -1, -1):
        others = (counts[:, rank + 1, None] - (1 - large) * others) / large
        result[rank] += np.sum(weight_high * others, axis=0)
    return result
