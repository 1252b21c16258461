"""The exact distribution of the number of events of one provider, given the risks of its patients."""

import heapq
from collections.abc import Mapping
from itertools import count

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from risk_models.strata import FloatArray

BLOCK = 64  # records merged side by side before whole distributions are convolved
NOTHING = 1e-300  # smaller probabilities become 0: below it numbers lose digits and arithmetic slows down

NEGLIGIBLE = 1e-18  # chance under which the far end of a mixture is left out
TABLE = 500_000  # numbers worked on at once
REACH = 8.0  # standard deviations to either side over which a normal density is summed


def pmf(n: ArrayLike, p: ArrayLike, size: ArrayLike | None = None) -> FloatArray:
    """Give the probability of every possible number of events among independent records of unequal risk.

    Records are merged two by two, then pairs, and so on. Nothing is subtracted, so that also the
    smallest probabilities are right in nearly all their digits, which a Fourier transform does not give.
    Records that count in part are counted in steps: of records of one size the number of events is as
    without sizes, and what the sizes add up to is convolved.

    Parameters
    ----------
    n
        Records per stratum, whole numbers, shape (strata,).
    p
        Risk of one record of each stratum, between 0 and 1 inclusive, shape (strata,).
    size
        Steps that an event in one record of each stratum counts for, whole and 1 or more, shape (strata,),
        as `record_weights.lattice` gives them; None is 1.

    Returns
    -------
    FloatArray
        Shape (steps + 1,) with steps = sum(n size): P(X = 0), ..., P(X = steps) of the sum X of the sizes of
        the events. Probabilities under 1e-300 are given as 0, and a sum that cannot be has 0.

    Raises
    ------
    ValueError
        When n or size is not whole, or p is no probability.

    References
    ----------
    Poisson SD (1837); as a test of provider profiles: He K et al. (2013). Lifetime Data Anal 19:490-512.
    doi:10.1007/s10985-013-9264-6

    Examples
    --------
    Two patients at risk 0.1 and one at 0.5:

    >>> pmf([2, 1], [0.1, 0.5]).round(3).tolist()
    [0.405, 0.495, 0.095, 0.005]

    The last one counting double, as beside two that count for a half:

    >>> pmf([2, 1], [0.1, 0.5], [1, 2]).round(3).tolist()
    [0.405, 0.09, 0.41, 0.09, 0.005]
    """
    counts = np.asarray(n, dtype=np.float64)
    risks = np.asarray(p, dtype=np.float64)
    if counts.shape != risks.shape or counts.ndim != 1:
        raise ValueError(f"n and p: expected two equally long columns, got {counts.shape} and {risks.shape}")
    if not np.all((counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts)):
        raise ValueError("n: the exact distribution counts whole records; one that counts in part has a size")
    if not np.all((risks >= 0) & (risks <= 1)):
        raise ValueError("p: expected probabilities between 0 and 1")
    if size is None:
        return _whole(counts, risks)
    steps = np.asarray(size, dtype=np.float64)
    if steps.shape != counts.shape or not np.all((steps >= 1) & (steps == np.floor(steps))):
        raise ValueError("size: expected a whole number of steps, 1 or more, for every stratum")
    sizes = np.unique(steps).astype(np.int64)
    if (sizes == 1).all():
        return _whole(counts, risks)
    return _stepped({int(one): _whole(counts[steps == one], risks[steps == one]) for one in sizes})


def _whole(counts: FloatArray, risks: FloatArray) -> FloatArray:
    """Distribution of a number of events."""
    record_risks = np.repeat(risks, counts.astype(np.int64))
    if len(record_risks) == 0:
        return np.ones(1)
    return _merge(_merge_blocks(np.column_stack([1 - record_risks, record_risks])))


def _stepped(by_size: Mapping[int, FloatArray]) -> FloatArray:
    """Distribution of the sum of sizes, from that of the number of events of each size.

    Each event of a size moves what there is by that many steps, so that one addition a possible number of
    events is enough. The longest goes first; only what is not 0 of the others is gone through.
    """
    first, *others = sorted(by_size, key=lambda size: len(by_size[size]), reverse=True)
    steps = sum(size * (len(events) - 1) for size, events in by_size.items())
    start, events = _support(by_size[first])
    total = np.zeros(first * (len(events) - 1) + 1)
    total[::first] = events
    start *= first
    for size in others:
        fewest, events = _support(by_size[size])
        moved = np.zeros(len(total) + size * (len(events) - 1))
        for number, chance in enumerate(events.tolist()):
            moved[number * size : number * size + len(total)] += chance * total
        moved[moved < NOTHING] = 0.0
        gone, total = _support(moved)
        start += fewest * size + gone
    result = np.zeros(steps + 1)
    result[start : start + len(total)] = total
    return result


def _support(probabilities: FloatArray) -> tuple[int, FloatArray]:
    """Give where the first probability above 0 is, and from there what goes up to the last."""
    some = np.flatnonzero(probabilities)
    first, last = int(some[0]), int(some[-1])
    return first, probabilities[first : last + 1]


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


def mixture(probabilities: FloatArray, theta: float, *, spread: float = 0.0) -> FloatArray:
    """Give the distribution when theta itself varies between providers: normal about `theta`.

    The integral over theta is a sum over a fine even grid, which for a normal density is right to about
    1e-10. A count whose probability was 0 remains at 0, so that far shifts of wide spread lose some digits.

    Parameters
    ----------
    probabilities
        From `pmf`, shape (records + 1,).
    theta
        Mean shift of every record's log-odds.
    spread
        Standard deviation of the shift; with 0 it is `tilt`.

    Returns
    -------
    FloatArray
        Same shape, summing to 1.

    Raises
    ------
    ValueError
        When `spread` is negative or not finite.
    """
    if not 0 <= spread < np.inf:
        raise ValueError(f"spread: {spread} is no standard deviation")
    centre = tilt(probabilities, theta)
    if spread == 0:
        return centre
    counts = np.arange(len(centre))
    sides = [tilt(probabilities, theta + side * spread) for side in (-4.0, 4.0)]
    sd = max(float(np.sqrt(one @ (counts - one @ counts) ** 2)) for one in (centre, *sides))
    # two nodes per standard deviation of whichever is narrower
    nodes = np.arange(-REACH, REACH + 1e-9, 0.5 / max(1.0, spread * sd))
    weights = np.exp(-(nodes**2) / 2)
    weights /= weights.sum()
    # counts that no tilt within reach makes likely are left out
    low, high = (tilt(probabilities, theta + side * REACH * spread) for side in (-1, 1))
    last = len(high) - int(np.searchsorted(np.cumsum(high[::-1]), NEGLIGIBLE))
    first = int(np.searchsorted(np.cumsum(low), NEGLIGIBLE))
    kept = slice(first, last)
    with np.errstate(divide="ignore"):
        base = np.log(probabilities[kept]) + theta * counts[kept]
    total = np.zeros(len(centre))
    for block in np.array_split(np.arange(len(nodes)), 1 + len(nodes) * (last - first) // TABLE):
        logs = base + spread * nodes[block, None] * (counts[kept] - counts[first])
        table = np.exp(logs - logs.max(axis=1, keepdims=True))
        total[kept] += (weights[block] / table.sum(axis=1)) @ table
    return total


def shift(p: FloatArray, theta: float | FloatArray) -> FloatArray:
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
