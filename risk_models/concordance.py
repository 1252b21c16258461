"""How well a score ranks times to an event, and observed beside expected in groups of rising risk."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from risk_models.strata import checked, checked_events, checked_n

GROUPS = 10


def c_index(score: ArrayLike, time: ArrayLike, *, n: ArrayLike, events: ArrayLike) -> float:
    """Give Harrell's C: how often, of two records, the one that had the event first has the higher score.

    A pair counts if one had the event while the other was still followed; censored at that very time is
    later. Equal scores count half.

    Parameters
    ----------
    score, time
        Risk score and end of follow-up of the records of each stratum, shape (strata,).
    n, events
        Records, and how many of them have the event at that time, shape (strata,).

    Returns
    -------
    float
        0.5 is chance, 1 perfect; NaN without such a pair.

    References
    ----------
    Harrell FE et al. (1996). Stat Med 15:361-387.
    doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4
    """
    counts = checked_n(n)
    happened = checked_events(events, counts)
    times = checked("time", time, rows=len(counts))
    values = checked("score", score, rows=len(counts))
    rank = np.unique(values, return_inverse=True)[1]
    ranks = int(rank.max()) + 1 if len(rank) else 0
    order = np.argsort(-times, kind="stable")
    later = np.zeros(ranks)
    right = pairs = 0.0
    start = 0
    while start < len(order):
        end = start + int(np.searchsorted(-times[order[start:]], -times[order[start]], side="right"))
        here = order[start:end]
        later += np.bincount(rank[here], weights=counts[here] - happened[here], minlength=ranks)
        first = np.bincount(rank[here], weights=happened[here], minlength=ranks)
        if first.any():
            below = np.cumsum(later) - later
            right += float(first @ (below + later / 2))
            pairs += float(first.sum() * later.sum())
        later += first
        start = end
    return right / pairs if pairs > 0 else np.nan


def risk_groups(
    score: ArrayLike, *, n: ArrayLike, observed: ArrayLike, expected: ArrayLike, groups: int = GROUPS
) -> list[dict[str, Any]]:
    """Set observed beside expected in groups of about as many records, from the lowest score to the highest.

    Parameters
    ----------
    score
        What strata are ordered by, shape (strata,); those of one score are never split.
    n
        Records of each stratum.
    observed, expected
        Sums of outcomes and of expectations of each stratum.
    groups
        At most so many.

    Returns
    -------
    list of dict
        ``n``, ``observed`` and ``expected`` of each group that has records.
    """
    counts = checked_n(n)
    values, o, e = (np.asarray(part, dtype=np.float64) for part in (score, observed, expected))
    distinct, place = np.unique(values, return_inverse=True)
    size = np.bincount(place, weights=counts, minlength=len(distinct))
    middle = np.cumsum(size) - size / 2
    group = np.minimum((groups * middle / max(counts.sum(), 1e-300)).astype(np.int64), groups - 1)[place]
    sums = [np.bincount(group, weights=part, minlength=groups).tolist() for part in (counts, o, e)]
    return [{"n": a, "observed": b, "expected": c} for a, b, c in zip(*sums, strict=True) if a > 0]
