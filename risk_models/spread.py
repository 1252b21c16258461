"""More spread between providers than chance and case mix explain: over-dispersion, and the empirical null."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr

from risk_models.intervals import normal_quantile
from risk_models.strata import FloatArray, checked

WINSORISED = 0.1
CENTRAL = 0.9  # share of a standard normal that the empirical null is fitted on
FEWEST_CENTRAL = 5


@dataclass(frozen=True, slots=True, eq=False)
class Overdispersion:
    """More spread than chance and case mix explain.

    Attributes
    ----------
    phi
        Mean of the winsorised squared z-scores; 1 when providers differ by chance only.
    tau2
        The additive variance between providers that phi stands for, in the squared unit of the estimates; 0
        when phi is not above what chance gives.
    z
        Score of each provider before outer ones were drawn in or left out, shape (providers,); NaN for one
        without expected events or variance.
    kept
        How many of these phi and tau2 rest on.
    """

    phi: float
    tau2: float
    z: FloatArray
    kept: int


@dataclass(frozen=True, slots=True)
class EmpiricalNull:
    """The normal distribution of the z-scores of ordinary providers.

    Attributes
    ----------
    centre, sd
        Its mean and standard deviation; 0 and 1 when ordinary providers differ by chance only.
    share
        Share of all providers that are ordinary, estimated; at most 1.
    """

    centre: float
    sd: float
    share: float

    def rescale(self, z: FloatArray) -> FloatArray:
        """Give z-scores against the ordinary providers, (z - centre)/sd, instead of against chance alone."""
        result: FloatArray = (z - self.centre) / self.sd
        return result


def overdispersion(
    observed: ArrayLike, expected: ArrayLike, variance: ArrayLike, *, winsorise: float = WINSORISED
) -> Overdispersion:
    """Measure over-dispersion of O/E about 1, on the case-mix variance.

    z = (O - E)/sqrt(V), winsorised at the 10 % and 90 % quantiles so that a few true outliers do not widen
    the limits of all; phi is the mean of z^2, and tau2 = max(0, (I phi - (I - 1))/(S1 - S2/S1)) for I
    providers and the sums S1, S2 of w and w^2, w = E^2/V. Finite for providers without events.

    Parameters
    ----------
    observed, expected, variance
        Events, expected events and sum of p(1 - p), shape (providers,); a provider without expected events
        or variance is left out.
    winsorise
        Share of the z-scores to be drawn in at either end, 0 to under 0.5.

    Returns
    -------
    Overdispersion
        tau2 on the scale of O/E; NaN with fewer than two providers.

    Raises
    ------
    ValueError
        When a number is negative or not finite, or `winsorise` is no such share.

    References
    ----------
    Spiegelhalter DJ (2005). Qual Saf Health Care 14:347-351. doi:10.1136/qshc.2005.013755
    Spiegelhalter DJ et al. (2012). J R Stat Soc A 175:1-47. doi:10.1111/j.1467-985X.2011.01010.x
    """
    o, e = _both(observed, expected)
    error = np.sqrt(_positive(checked("variance", variance, rows=len(o))))
    return _winsorised((o - e) / error, error / e, winsorise)


def cqc_overdispersion(
    observed: ArrayLike, expected: ArrayLike, *, winsorise: float = WINSORISED
) -> Overdispersion:
    """Measure over-dispersion as England's Care Quality Commission does: of sqrt(O/E), for counts.

    z = 2 sqrt(E) (sqrt(O/E) - 1), winsorised; the sampling standard deviation of sqrt(O/E) is 1/(2 sqrt(E)).

    Parameters
    ----------
    observed, expected
        Events and expected events, shape (providers,); a provider without expected events is left out.
    winsorise
        Share of the z-scores to be drawn in at either end, 0 to under 0.5.

    Returns
    -------
    Overdispersion
        tau2 on the scale of sqrt(O/E); NaN with fewer than two providers. It rests on the Poisson variance:
        with common events it sees too little spread.

    Raises
    ------
    ValueError
        When a number is negative or not finite, or `winsorise` is no such share.

    References
    ----------
    Spiegelhalter DJ et al. (2012). J R Stat Soc A 175:1-47. doi:10.1111/j.1467-985X.2011.01010.x
    """
    o, e = _both(observed, expected)
    s = 1 / (2 * np.sqrt(e))
    return _winsorised((np.sqrt(o / e) - 1) / s, s, winsorise)


def shmi_overdispersion(
    observed: ArrayLike, expected: ArrayLike, *, truncate: float = 0.1, decimals: int | None = 2
) -> Overdispersion:
    """Measure over-dispersion as England's hospital mortality indicator (SHMI) does: of log(O/E).

    z = sqrt(E) log(O/E), of which the outer tenths are left out altogether.

    Parameters
    ----------
    observed, expected
        Events and expected events, shape (providers,); a provider without expected events is left out.
    truncate
        Share of the providers left out at either end, by the rank of z.
    decimals
        To which `expected` is rounded first, as the SHMI does; None leaves it as it is.

    Returns
    -------
    Overdispersion
        tau2 on the scale of log(O/E); NaN with fewer than two providers left.

    Raises
    ------
    ValueError
        When a number is negative or not finite, or a provider that is not left out has no events: the log of
        0 would make all limits infinitely wide.

    References
    ----------
    NHS Digital, Summary Hospital-level Mortality Indicator, indicator specification.
    Spiegelhalter DJ (2005). Qual Saf Health Care 14:347-351. doi:10.1136/qshc.2005.013755
    """
    _check_share("truncate", truncate)
    o, e = _both(observed, expected)
    e = e if decimals is None else np.round(e, decimals)
    with np.errstate(divide="ignore"):
        z = np.sqrt(e) * np.log(o / e)
    known = np.flatnonzero(~np.isnan(z))
    groups = np.inf if truncate == 0 else 1 / truncate
    group = np.floor(_ranks(z[known]) * groups / (len(known) + 1)) if truncate > 0 else np.ones(len(known))
    kept = known[(group > 0) & (group < groups - 1)]
    if np.isneginf(z[kept]).any():
        raise ValueError(
            f"{int((o[known] == 0).sum())} of {len(known)} providers have no events: the log of O/E, which "
            "the SHMI method takes, does not exist; use the case-mix variance (overdispersion) instead"
        )
    return _phi_tau2(z[kept], 1 / np.sqrt(e[kept]), all_z=z)


def proportion_overdispersion(
    events: ArrayLike, n: ArrayLike, *, winsorise: float = WINSORISED
) -> Overdispersion:
    """Measure over-dispersion of plain proportions about their overall value, as arcsin(sqrt(p)).

    z = 2 sqrt(n) (arcsin(sqrt(p)) - arcsin(sqrt(target))), winsorised, with target = sum(events)/sum(n).

    Parameters
    ----------
    events, n
        Events and records, shape (providers,); a provider without records is left out.
    winsorise
        Share of the z-scores to be drawn in at either end, 0 to under 0.5.

    Returns
    -------
    Overdispersion
        tau2 on the scale of arcsin(sqrt(p)); NaN with fewer than two providers.

    Raises
    ------
    ValueError
        When a number is negative or not finite, or `winsorise` is no such share.

    References
    ----------
    Spiegelhalter DJ et al. (2012). J R Stat Soc A 175:1-47. doi:10.1111/j.1467-985X.2011.01010.x
    """
    x, size = _both(events, n)
    s = 1 / (2 * np.sqrt(size))
    some = size > 0
    target = np.arcsin(np.sqrt(x[some].sum() / size[some].sum())) if some.any() else 0.0
    return _winsorised((np.arcsin(np.sqrt(x / size)) - target) / s, s, winsorise)


def mean_overdispersion(
    adjusted: ArrayLike, n: ArrayLike, *, sd: float, reference: float, winsorise: float = WINSORISED
) -> Overdispersion:
    """Measure over-dispersion of adjusted means about their overall value.

    z = (adjusted - reference)/(sd/sqrt(n)), winsorised.

    Parameters
    ----------
    adjusted, n
        Adjusted means and records, shape (providers,); a provider without records is left out.
    sd
        Standard deviation of the residuals of records.
    reference
        What an average provider has.
    winsorise
        Share of the z-scores to be drawn in at either end, 0 to under 0.5.

    Returns
    -------
    Overdispersion
        tau2 in the squared unit of the means; NaN with fewer than two providers, or without spread.

    Raises
    ------
    ValueError
        When `winsorise` is no such share.

    References
    ----------
    Spiegelhalter DJ (2005). Qual Saf Health Care 14:347-351. doi:10.1136/qshc.2005.013755
    """
    means, size = np.asarray(adjusted, dtype=np.float64), np.asarray(n, dtype=np.float64)
    error = np.sqrt(np.where((size > 0) & (sd > 0), sd**2 / np.where(size > 0, size, 1.0), np.nan))
    return _winsorised((means - reference) / error, error, winsorise)


def empirical_null(z: ArrayLike) -> EmpiricalNull:
    """Fit the distribution of the z-scores of ordinary providers to the middle of all z-scores.

    The z-scores within median ± 1.645 robust standard deviations (1.4826 times the median absolute
    deviation) are taken to be of ordinary providers, so that theirs is a truncated normal distribution. Its
    centre and sd are by maximum likelihood; the share is the fraction of scores in the middle, over the
    normal probability of the middle.

    Parameters
    ----------
    z
        Such as (O - E)/sqrt(V), shape (providers,); NaN is left out.

    Returns
    -------
    EmpiricalNull

    Raises
    ------
    ValueError
        When too few scores lie in the middle, or these do not vary.

    References
    ----------
    Efron B (2007). J Am Stat Assoc 102:93-103, section 4. doi:10.1198/016214506000001211
    Kalbfleisch JD, Wolfe RA (2013), for providers of care. Stat Biosci 5:286-302.
    doi:10.1007/s12561-013-9093-x
    """
    scores = np.asarray(z, dtype=np.float64)
    scores = scores[np.isfinite(scores)]
    if len(scores) < FEWEST_CENTRAL:
        raise ValueError(f"an empirical null needs z-scores of {FEWEST_CENTRAL} providers, got {len(scores)}")
    middle = float(np.median(scores))
    reach = normal_quantile(CENTRAL) * 1.4826 * float(np.median(np.abs(scores - middle)))
    low, high = middle - reach, middle + reach
    inside = scores[(scores >= low) & (scores <= high)]
    if len(inside) < FEWEST_CENTRAL or not np.ptp(inside) > 0:
        raise ValueError(f"only {len(inside)} providers have an ordinary, varying z-score: no null to fit")

    def lack_of_fit(x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return _truncated_normal(inside, low, high, centre=float(x[0]), sd=float(np.exp(x[1])))

    fit = minimize(
        lack_of_fit,
        np.array([inside.mean(), np.log(inside.std() * 1.2)]),
        method="Nelder-Mead",
        tol=1e-12,
    )
    centre, sd = float(fit.x[0]), float(np.exp(fit.x[1]))
    within = float(ndtr((high - centre) / sd) - ndtr((low - centre) / sd))
    return EmpiricalNull(centre=centre, sd=sd, share=min(1.0, len(inside) / len(scores) / within))


def moment_tau2(q: float, weight: FloatArray) -> float:
    """Give the tau2 at which the weighted sum of squares q is what one expects; not below 0."""
    spread = weight.sum() - (weight @ weight) / weight.sum()
    return max(0.0, float((q - (len(weight) - 1)) / spread))


def _truncated_normal(x: FloatArray, low: float, high: float, *, centre: float, sd: float) -> float:
    """Give minus the log-likelihood of a normal distribution cut off at `low` and `high`, a constant left."""
    # log(ndtr(b) - ndtr(a)), without the difference of two numbers near 1
    a, b = (low - centre) / sd, (high - centre) / sd
    if a > 0:
        a, b = -b, -a
    mass = log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))
    return float(np.sum(((x - centre) / sd) ** 2) / 2 + len(x) * (np.log(sd) + mass))


def _both(first: ArrayLike, size: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give both columns, with NaN for a size that is 0."""
    e = checked("expected or n", size)
    o = checked("events", first, rows=len(e))
    if (o < 0).any() or (e < 0).any():
        raise ValueError("events and what they are set against: expected 0 or more for every provider")
    return o, _positive(e)


def _positive(values: FloatArray) -> FloatArray:
    """Put NaN for what is not above 0."""
    result: FloatArray = np.where(values > 0, values, np.nan)
    return result


def _winsorised(z: FloatArray, s: FloatArray, share: float) -> Overdispersion:
    _check_share("winsorise", share)
    known = ~np.isnan(z)
    low, high = np.quantile(z[known], [share, 1 - share]) if known.any() else (np.nan, np.nan)
    return _phi_tau2(np.clip(z[known], low, high), s[known], all_z=z)


def _phi_tau2(z: FloatArray, s: FloatArray, *, all_z: FloatArray) -> Overdispersion:
    if len(z) < 2:
        return Overdispersion(phi=np.nan, tau2=np.nan, z=all_z, kept=len(z))
    squares = z**2
    tau2 = moment_tau2(float(squares.sum()), s**-2.0)
    return Overdispersion(phi=float(squares.mean()), tau2=tau2, z=all_z, kept=len(z))


def _ranks(z: FloatArray) -> FloatArray:
    """Give ranks from 1, equal values sharing the mean of theirs."""
    _, group, size = np.unique(z, return_inverse=True, return_counts=True)
    result: FloatArray = (np.cumsum(size) - (size - 1) / 2)[group]
    return result


def _check_share(name: str, share: float) -> None:
    if not 0 <= share < 0.5:
        raise ValueError(f"{name}: {share} is not a share of providers from 0 to under 0.5")
