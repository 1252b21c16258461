"""The exact distribution of the number of events of one provider, given the risks of its patients."""

import heapq
from itertools import count

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from risk_models.strata import FloatArray

BLOCK = 64  # records merged side by side before whole distributions are convolved
NOTHING = 1e-300  # smaller probabilities become 0: below it numbers lose digits and arithmetic slows down


def pmf(n: ArrayLike, p: ArrayLike) -> FloatArray:
    """Give the probability of every possible number of events among independent records of unequal risk.

    Records are merged two by two, then pairs, and so on. Nothing is subtracted, so that also the
    smallest probabilities are right in nearly all their digits, which a Fourier transform does not give.

    Parameters
    ----------
    n
        Records per stratum, whole numbers, shape (strata,).
    p
        Risk of one record of each stratum, between 0 and 1 inclusive, shape (strata,).

    Returns
    -------
    FloatArray
        Shape (sum(n) + 1,): P(X = 0), ..., P(X = sum(n)). Probabilities under 1e-300 are given as 0.

    Raises
    ------
    ValueError
        When n is not whole (weighted records have no count distribution) or p is no probability.

    References
    ----------
    Poisson SD (1837); as a test of provider profiles: He K et al. (2013). Lifetime Data Anal 19:490-512.
    doi:10.1007/s10985-013-9264-6

    Examples
    --------
    Two patients at risk 0.1 and one at 0.5:

    >>> pmf([2, 1], [0.1, 0.5]).round(3).tolist()
    [0.405, 0.495, 0.095, 0.005]
    """
    counts = np.asarray(n, dtype=np.float64)
    risks = np.asarray(p, dtype=np.float64)
    if counts.shape != risks.shape or counts.ndim != 1:
        raise ValueError(f"n and p: expected two equally long columns, got {counts.shape} and {risks.shape}")
    if not np.all((counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts)):
        raise ValueError(
            "n: the exact distribution counts whole records; it cannot take fractions or weights"
        )
    if not np.all((risks >= 0) & (risks <= 1)):
        raise ValueError("p: expected probabilities between 0 and 1")
    record_risks = np.repeat(risks, counts.astype(np.int64))
    if len(record_risks) == 0:
        return np.ones(1)
    return _merge(_merge_blocks(np.column_stack([1 - record_risks, record_risks])))


def tilt(probabilities: FloatArray, theta: float) -> FloatArray:
    """Give the distribution that arises when the odds of every record are multiplied by exp(theta).

    These distributions are one exponential family, P_theta(k) proportional to P(k) exp(theta k), so that
    no convolution is needed again.

    Parameters
    ----------
    probabilities
        From `pmf`, shape (records + 1,).
    theta
        Shift of every record's log-odds.

    Returns
    -------
    FloatArray
        Same shape, summing to 1. A probability that was 0 remains 0.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(probabilities) + theta * np.arange(len(probabilities))
    weights = np.exp(logs - logs.max())
    result: FloatArray = weights / weights.sum()
    return result


def shift(p: FloatArray, theta: float) -> FloatArray:
    """Give risks `p` with their odds multiplied by exp(theta); what `tilt` does, on the risks themselves."""
    result: FloatArray = expit(logit(p) + theta)
    return result


def _merge_blocks(table: FloatArray) -> list[FloatArray]:
    """Merge rows of equal length, all pairs at once, until they span a block; rows left over stay apart."""
    apart = []
    while len(table) > 1 and table.shape[1] <= BLOCK:
        if len(table) % 2:
            apart.append(table[-1])
        half = len(table) // 2
        left, right = table[:half], table[half : 2 * half]
        width = table.shape[1]
        table = np.zeros((half, 2 * width - 1))
        for k in range(width):
            table[:, k : k + width] += left[:, k, None] * right
    return [*apart, *table]


def _merge(distributions: list[FloatArray]) -> FloatArray:
    """Convolve distributions into one, the shortest first."""
    ticket = count()
    queue = [(len(one), next(ticket), one) for one in distributions]
    heapq.heapify(queue)
    while len(queue) > 1:
        _, _, first = heapq.heappop(queue)
        _, _, second = heapq.heappop(queue)
        both = np.convolve(first, second)
        both[both < NOTHING] = 0.0
        heapq.heappush(queue, (len(both), next(ticket), both))
    return queue[0][2]
