"""How much of the difference between providers is real: reliability."""

from dataclasses import dataclass

import numpy as np

from risk_models.spread import Overdispersion, moment_tau2, overdispersion
from risk_models.strata import FloatArray

__all__ = [
    "Overdispersion",
    "Reliability",
    "between_variance",
    "mean_reliability",
    "overdispersion",
    "ratio_reliability",
]

WANTED = 0.7  # the reliability generally asked of a measure that compares providers


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How far scores can be told from chance.

    Attributes
    ----------
    tau2
        Variance between providers of the true scores, in the squared unit of the estimates
        (DerSimonian-Laird).
    reliability
        Share of the variance of a provider's score that is real, 0 to 1, shape (providers,).
    n_wanted
        Records with which an average provider has the wanted reliability; infinite when tau2 is 0.
    """

    tau2: float
    reliability: FloatArray
    n_wanted: float


def mean_reliability(
    adjusted: FloatArray,
    sd: float,
    n: FloatArray,
    *,
    wanted: float = WANTED,
    shared: FloatArray | None = None,
) -> Reliability:
    """Give the reliability of adjusted means.

    Parameters
    ----------
    adjusted, n
        Adjusted means and records, shape (providers,); where records count in part, their effective number.
    sd
        Standard deviation of the residuals of all records.
    wanted
        The reliability that `n_wanted` is for, between 0 and 1.
    shared
        Of each pair of providers the sum of w v over the records that they share, over the sums of w and of
        v, with w and v the weights of a record for the one and for the other; shape (providers, providers),
        symmetric, its diagonal not read. None: they share none.

    Returns
    -------
    Reliability
        tau2/(tau2 + sd^2/n) for each provider: 0 where tau2 is 0, NaN for a provider without records, and
        all NaN with fewer than two providers.

    Raises
    ------
    ValueError
        For a wanted reliability that is none.

    References
    ----------
    DerSimonian R, Laird N (1986), on tau2. Control Clin Trials 7:177-188.
    doi:10.1016/0197-2456(86)90046-2
    Adams JL (2009), on the reliability. RAND TR-653. doi:10.7249/TR653
    """
    variance = np.divide(sd**2, n, out=np.full(len(n), np.nan), where=n > 0)
    together = None if shared is None else sd**2 * shared
    return _reliability(adjusted, variance, sd**2, together, wanted=wanted)


def ratio_reliability(
    observed: FloatArray,
    expected: FloatArray,
    variance: FloatArray,
    n: FloatArray,
    *,
    wanted: float = WANTED,
    shared: FloatArray | None = None,
) -> Reliability:
    """Give the reliability of O/E, with the case-mix variance.

    Parameters
    ----------
    observed, expected, variance, n
        Events, expected events, sum of p(1 - p), and records, shape (providers,), as in `BinaryScores`.
    wanted
        The reliability that `n_wanted` is for, between 0 and 1.
    shared
        Of each pair of providers the covariance of their events by chance: the sum of w v p(1 - p) over the
        records that they share, with w and v the weights of a record for the one and for the other; shape
        (providers, providers), symmetric, its diagonal not read. None: they share none.

    Returns
    -------
    Reliability
        On the scale of O/E, where the sampling variance is variance/expected^2; tau2 times the squared
        reference is that of adjusted rates, with the same reliability. NaN as for `mean_reliability`.

    Raises
    ------
    ValueError
        For a wanted reliability that is none.

    References
    ----------
    DerSimonian R, Laird N (1986), on tau2. Control Clin Trials 7:177-188.
    doi:10.1016/0197-2456(86)90046-2
    Adams JL (2009), on the reliability. RAND TR-653. doi:10.7249/TR653
    """
    some = n > 0
    ratio, sampling = (np.full(len(n), np.nan) for _ in range(2))
    ratio[some] = observed[some] / expected[some]
    sampling[some] = variance[some] / expected[some] ** 2
    per_record = variance.sum() * n.sum() / expected.sum() ** 2 if some.any() else np.nan
    together = None
    if shared is not None:
        known = np.where(some, expected, np.nan)
        together = shared / np.outer(known, known)
    return _reliability(ratio, sampling, float(per_record), together, wanted=wanted)


def between_variance(
    estimate: FloatArray, variance: FloatArray, covariance: FloatArray | None = None
) -> float:
    """Estimate the variance between providers by the moments of DerSimonian and Laird.

    max(0, (Q - (J - 1))/(S1 - S2/S1)) for J providers, with Q = sum(w (y - m)^2), w = 1/variance, m the mean
    with weights w, and S1 and S2 the sums of w and w^2. Where scores move together, chance gives Q less than
    J - 1: sum(w v c)/S1 over all ordered pairs is added to it, with w and v their weights and c their
    covariance.

    Parameters
    ----------
    estimate, variance
        Scores and their sampling variances, shape (providers,); a provider with a NaN is left out.
    covariance
        Sampling covariance of each pair, shape (providers, providers), its diagonal not read; None is 0.

    Returns
    -------
    float
        tau squared, 0 when the scores differ no more than by chance; NaN with fewer than two providers.

    References
    ----------
    DerSimonian R, Laird N (1986). Control Clin Trials 7:177-188. doi:10.1016/0197-2456(86)90046-2
    """
    known = np.isfinite(estimate) & np.isfinite(variance)
    y, w = estimate[known], 1 / variance[known]
    if len(y) < 2:
        return np.nan
    centre = np.average(y, weights=w)
    q = float(w @ (y - centre) ** 2)
    if covariance is not None:
        pairs = covariance[np.ix_(known, known)]
        np.fill_diagonal(pairs, 0.0)
        q += float(w @ pairs @ w) / float(w.sum())
    return moment_tau2(q, w)


def _reliability(
    estimate: FloatArray,
    variance: FloatArray,
    per_record: float,
    covariance: FloatArray | None,
    *,
    wanted: float,
) -> Reliability:
    if not 0 < wanted < 1:
        raise ValueError(f"wanted: {wanted} is no reliability; expected between 0 and 1")
    tau2 = between_variance(estimate, variance, covariance)
    n_wanted = np.inf if tau2 == 0 else wanted / (1 - wanted) * per_record / tau2
    return Reliability(tau2=tau2, reliability=tau2 / (tau2 + variance), n_wanted=float(n_wanted))
