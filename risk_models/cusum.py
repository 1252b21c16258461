"""Risk-adjusted CUSUM: a running test of whether the odds of the event have changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, eye_array
from scipy.sparse.linalg import bicgstab

from risk_models.monitoring import checked_outcomes
from risk_models.strata import FloatArray, checked_n, checked_risk

SLOWEST = 1_000_000  # records after which a simulated run is cut off
PRECISE = 1e-4  # of a limit, as a share of it
PLACES = 2**18  # equally likely patients, laid out once: drawing one of them is eight times as fast


@dataclass(frozen=True, slots=True, eq=False)
class Cusum:
    """A CUSUM and its signals.

    Attributes
    ----------
    path
        The statistic after each record, shape (records,); after a signal it starts anew at 0.
    limit
        At which it signals.
    signals
        Positions of the records at which it did, in order; empty without a signal.
    """

    path: FloatArray
    limit: float
    signals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often a CUSUM gives a false alarm, by simulation.

    Attributes
    ----------
    limit
        The limit at which it signals.
    value
        Mean number of records up to a false alarm, or the chance of at least one; with its simulation error
        in `error`.
    error
        Standard error of `value`.
    """

    limit: float
    value: float
    error: float


def cusum_weights(y: ArrayLike, risk: ArrayLike, *, odds_ratio: float) -> FloatArray:
    """Give Steiner's weights: the log-likelihood ratio of changed against unchanged odds of each record.

    W = y log(R) - log(1 - p + R p) for odds that are R times those of the risk p.

    Parameters
    ----------
    y, risk
        Outcome (0 or 1) and expected risk of each record in order of time, shape (records,).
    odds_ratio
        R, the change to be detected: over 1 for more events, under 1 for fewer.

    Returns
    -------
    FloatArray
        Shape (records,).

    Raises
    ------
    ValueError
        For outcomes or risks that cannot be, or an odds ratio that is 1 or not above 0.

    References
    ----------
    Steiner SH et al. (2000). Biostatistics 1:441-452. doi:10.1093/biostatistics/1.4.441
    """
    outcomes, risks = checked_outcomes(y, risk)
    ratio = _checked_odds_ratio(odds_ratio)
    result: FloatArray = outcomes * np.log(ratio) - np.log1p((ratio - 1) * risks)
    return result


def cusum(
    y: ArrayLike, risk: ArrayLike, *, odds_ratio: float = 2.0, limit: float, restart: bool = True
) -> Cusum:
    """Give the risk-adjusted CUSUM C_t = max(0, C_(t-1) + W_t), which signals where C_t >= limit.

    Parameters
    ----------
    y, risk, odds_ratio
        As for `cusum_weights`.
    limit
        Over 0, for example from `limit_for_alarms`.
    restart
        Whether it starts anew at 0 after a signal, as Steiner does; without, `signals` has the first only.

    Returns
    -------
    Cusum

    Raises
    ------
    ValueError
        As `cusum_weights` does, or for a limit that is not above 0.

    References
    ----------
    Steiner SH et al. (2000). Biostatistics 1:441-452. doi:10.1093/biostatistics/1.4.441
    """
    if not limit > 0:
        raise ValueError(f"limit: {limit} would always signal; expected above 0")
    path: list[float] = []
    signals: list[int] = []
    at = 0.0
    for position, weight in enumerate(cusum_weights(y, risk, odds_ratio=odds_ratio).tolist()):
        at = max(0.0, at + weight)
        path.append(at)
        if at >= limit and (restart or not signals):
            signals.append(position)
            at = 0.0 if restart else at
    return Cusum(path=np.array(path), limit=limit, signals=tuple(signals))


def run_length(
    n: ArrayLike, risk: ArrayLike, *, odds_ratio: float = 2.0, limit: float, runs: int, seed: int
) -> FalseAlarms:
    """Simulate the mean number of records up to a false alarm (ARL0), patients drawn from a case mix.

    Parameters
    ----------
    n, risk
        Records and expected risk per stratum, shape (strata,): each next patient is of a stratum with
        probability n/sum(n), and has the event with that stratum's risk.
    odds_ratio, limit
        As for `cusum`.
    runs, seed
        How many runs are simulated, each up to its first signal, and the seed: the same gives the same.

    Returns
    -------
    FalseAlarms
        `value` in records.

    Raises
    ------
    ValueError
        For strata that cannot be, or a limit that some run does not reach in a million records.

    References
    ----------
    Steiner SH et al. (2000). Biostatistics 1:441-452. doi:10.1093/biostatistics/1.4.441
    """
    lengths = _lengths(n, risk, odds_ratio=odds_ratio, limit=limit, runs=runs, seed=seed)
    return FalseAlarms(
        limit=limit, value=float(lengths.mean()), error=float(lengths.std(ddof=1) / np.sqrt(runs))
    )


def run_length_by_chain(
    n: ArrayLike, risk: ArrayLike, *, odds_ratio: float = 2.0, limit: float, steps: int = 6000
) -> float:
    """Give the mean number of records up to a false alarm (ARL0) without chance, by a Markov chain on a grid.

    The way from 0 to the limit is cut into equal steps; in each the statistic counts as at its middle, and
    in the first as at 0. The mean run lengths L from all steps solve L = 1 + T L, with T the chances of going
    from one to another without a signal.

    Parameters
    ----------
    n, risk, odds_ratio, limit
        As for `run_length`.
    steps
        Of the grid, 2 or more. What the grid leaves wrong goes down slowly and not evenly: with the cardiac
        surgery data of Steiner it is 1 % with 500 steps, and 0.1 % with 4000.

    Returns
    -------
    float
        In records.

    Raises
    ------
    ValueError
        For strata, an odds ratio or a limit that cannot be, or fewer than 2 steps.

    References
    ----------
    Brook D, Evans DA (1972). Biometrika 59:539-549. doi:10.1093/biomet/59.3.539
    """
    if not (steps >= 2 and 0 < limit < np.inf):
        raise ValueError(f"limit: {limit} with {steps} steps; expected a limit above 0 and 2 steps or more")
    draw = _Draw(n, risk, odds_ratio=odds_ratio, seed=0)
    width = limit / steps
    place = (np.arange(steps) + 0.5) * width
    place[0] = 0.0
    reached = np.floor(np.maximum(place[:, None] + draw.values, 0.0) / width).astype(np.int64)
    start, which = np.nonzero(reached < steps)
    chance = coo_array((draw.chances[which], (start, reached[start, which])), shape=(steps, steps))
    lengths, failed = bicgstab(eye_array(steps, format="csr") - chance.tocsr(), np.ones(steps), rtol=1e-12)
    if failed:
        raise ValueError(f"limit: {limit} is so far that its mean run length has no digits; try a lower one")
    return float(lengths[0])


def limit_for_alarms(
    n: ArrayLike,
    risk: ArrayLike,
    *,
    odds_ratio: float = 2.0,
    records: int,
    chance: float,
    runs: int = 10_000,
    seed: int = 1,
) -> FalseAlarms:
    """Find the limit at which a provider that is as expected has at most a given chance of a false alarm.

    In each simulated series the limit that would just not have signalled is its highest point; the answer
    is the quantile 1 - chance of these.

    Parameters
    ----------
    n, risk
        As for `run_length`: the case mix of the provider.
    odds_ratio
        R, as for `cusum`.
    records
        How many patients the series has, such as the provider's volume in a year.
    chance
        Of at least one false alarm in these, such as 0.05.
    runs, seed
        Series simulated, and the seed: the same gives the same.

    Returns
    -------
    FalseAlarms
        `value` is the share of series with a false alarm at `limit`, never above `chance`.

    Raises
    ------
    ValueError
        For strata that cannot be, or a chance with which no limit can be told from this many runs.

    References
    ----------
    Tian W et al. (2015), on limits for a provider's own case mix. Int J Qual Health Care 27:31-36.
    doi:10.1093/intqhc/mzu092
    """
    if not 1 / runs <= chance < 1:
        raise ValueError(
            f"chance: {chance} cannot be told from {runs} runs; expected {1 / runs:g} to under 1"
        )
    draw = _Draw(n, risk, odds_ratio=odds_ratio, seed=seed)
    at, highest = np.zeros(runs), np.zeros(runs)
    for _ in range(records):
        at += draw.weights(runs)
        np.maximum(at, 0.0, out=at)
        np.maximum(highest, at, out=highest)
    highest.sort()
    # at most this many series may reach the limit, so it lies just above the next lower highest point
    allowed = int(np.floor(chance * runs))
    limit = float(np.nextafter(highest[runs - allowed - 1], np.inf))
    value = float(np.mean(highest >= limit))
    return FalseAlarms(limit=limit, value=value, error=float(np.sqrt(value * (1 - value) / runs)))


def limit_for_run_length(
    n: ArrayLike,
    risk: ArrayLike,
    *,
    odds_ratio: float = 2.0,
    records: float,
    runs: int = 10_000,
    seed: int = 1,
) -> FalseAlarms:
    """Find the limit at which a false alarm comes once in a given number of records on average.

    Parameters
    ----------
    n, risk, odds_ratio, runs, seed
        As for `run_length`; every limit that is tried meets the same patients.
    records
        Wanted mean number of records up to a false alarm (ARL0).

    Returns
    -------
    FalseAlarms
        `value` is the mean that the limit gives, in records.

    Raises
    ------
    ValueError
        For strata that cannot be, or fewer than two records wanted.

    References
    ----------
    Steiner SH et al. (2000). Biostatistics 1:441-452. doi:10.1093/biostatistics/1.4.441
    """
    if not 2 <= records <= SLOWEST / 20:
        raise ValueError(f"records: {records} wanted up to a false alarm; expected 2 to {SLOWEST // 20}")

    def at(limit: float) -> FalseAlarms:
        return run_length(n, risk, odds_ratio=odds_ratio, limit=limit, runs=runs, seed=seed)

    low, high = 0.0, 1.0
    while at(high).value < records:
        low, high = high, 2 * high
    while high - low > PRECISE * high:
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).value < records else (low, middle)
    return at(high)


class _Draw:
    """Weights of patients drawn from a case mix that is as expected.

    They come from 2^18 equally likely places, so that chances are right to some 4 in a million.
    """

    def __init__(self, n: ArrayLike, risk: ArrayLike, *, odds_ratio: float, seed: int) -> None:
        counts = checked_n(n)
        risks = checked_risk(risk, counts)
        if not counts.sum() > 0:
            raise ValueError("n: no records to draw patients from")
        self._random = np.random.default_rng(seed)
        ratio = _checked_odds_ratio(odds_ratio)
        without = -np.log1p((ratio - 1) * risks)
        # one draw decides on stratum and outcome together
        share = counts / counts.sum()
        self.chances = np.concatenate([share * risks, share * (1 - risks)])
        self.values = np.concatenate([without + np.log(ratio), without])
        reached = np.cumsum(self.chances)
        middle = (np.arange(PLACES) + 0.5) / PLACES * reached[-1]
        self._patients: FloatArray = self.values[np.searchsorted(reached, middle, side="right")]

    def weights(self, size: int) -> FloatArray:
        result: FloatArray = self._patients[self._random.integers(0, PLACES, size, dtype=np.uint32)]
        return result


def _lengths(
    n: ArrayLike, risk: ArrayLike, *, odds_ratio: float, limit: float, runs: int, seed: int
) -> FloatArray:
    if not limit > 0:
        raise ValueError(f"limit: {limit} would always signal; expected above 0")
    draw = _Draw(n, risk, odds_ratio=odds_ratio, seed=seed)
    at, lengths, running = np.zeros(runs), np.zeros(runs), np.arange(runs)
    for record in range(1, SLOWEST + 1):
        at = np.maximum(0.0, at + draw.weights(len(running)))
        hit = at >= limit
        if hit.any():
            lengths[running[hit]] = record
            at, running = at[~hit], running[~hit]
        if not len(running):
            return lengths
    raise ValueError(f"limit: {limit} is not reached in {SLOWEST} records; expected a lower one")


def _checked_odds_ratio(odds_ratio: float) -> float:
    if not (0 < odds_ratio < np.inf and odds_ratio != 1):
        raise ValueError(f"odds_ratio: {odds_ratio} is no change to detect; expected above 0, and not 1")
    return odds_ratio
