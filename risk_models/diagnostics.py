"""Is the model good: discrimination, calibration and explained variance, on strata."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from risk_models.likelihood import maximise
from risk_models.strata import FloatArray, checked, checked_events, checked_n, checked_risk, within_squares


@dataclass(frozen=True, slots=True)
class Calibration:
    """Agreement of risks with outcomes.

    Attributes
    ----------
    intercept
        Log-odds by which outcomes lie above the risks overall (calibration in the large); 0 is right.
    slope
        Of the outcomes on the log-odds of the risks; 1 is right, under 1 the risks are too extreme.
    """

    intercept: float
    slope: float


def c_statistic(n: ArrayLike, events: ArrayLike, risk: ArrayLike) -> float:
    """Give the chance that a record with the event had a higher risk than one without; ties count one half.

    P(p_i > p_j) + P(p_i = p_j)/2 over all pairs of a record i with and a record j without the event: the area
    under the ROC curve.

    Parameters
    ----------
    n, events, risk
        Records, events and risk of one record, per stratum, shape (strata,).

    Returns
    -------
    float
        0.5 for no discrimination, 1 for perfect; exact, with all ties. NaN when all or no records have the
        event.

    Raises
    ------
    ValueError
        For counts or risks that cannot be.

    References
    ----------
    Hanley JA, McNeil BJ (1982). Radiology 143:29-36. doi:10.1148/radiology.143.1.7063747
    """
    counts = checked_n(n)
    happened, risks = checked_events(events, counts), checked_risk(risk, counts)
    _, group = np.unique(risks, return_inverse=True)
    with_event = np.bincount(group, weights=happened)
    without = np.bincount(group, weights=counts - happened)
    pairs = with_event.sum() * without.sum()
    if pairs == 0:
        return np.nan
    lower = np.cumsum(without) - without
    return float(with_event @ (lower + without / 2) / pairs)


def brier(n: ArrayLike, events: ArrayLike, risk: ArrayLike) -> float:
    """Give the mean squared difference of outcome (0 or 1) and risk over records; NaN without records.

    Parameters
    ----------
    n, events, risk
        As for `c_statistic`.

    Returns
    -------
    float
        0 for perfect, at most 1. NaN without records.

    Raises
    ------
    ValueError
        For columns that cannot be.

    References
    ----------
    Brier GW (1950). Mon Weather Rev 78:1-3. doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    counts = checked_n(n)
    happened, risks = checked_events(events, counts), checked_risk(risk, counts)
    if counts.sum() == 0:
        return np.nan
    squares = happened * (1 - risks) ** 2 + (counts - happened) * risks**2
    return float(squares.sum() / counts.sum())


def scaled_brier(n: ArrayLike, events: ArrayLike, risk: ArrayLike) -> float:
    """Give 1 - Brier/(r(1 - r)), r the rate: the share of what giving everyone the rate leaves wrong.

    Parameters
    ----------
    n, events, risk
        As for `c_statistic`.

    Returns
    -------
    float
        1 for perfect, 0 for no better than the rate, negative for worse. NaN when all or no records have
        the event.

    Raises
    ------
    ValueError
        For counts or risks that cannot be.

    References
    ----------
    Steyerberg EW et al. (2010). Epidemiology 21:128-138. doi:10.1097/EDE.0b013e3181c30fb2
    """
    counts = checked_n(n)
    rate = float(checked_events(events, counts).sum() / counts.sum()) if counts.sum() > 0 else np.nan
    return 1 - brier(counts, events, risk) / (rate * (1 - rate)) if 0 < rate < 1 else np.nan


def pearson_dispersion(
    n: ArrayLike, sum_y: ArrayLike, sum_y2: ArrayLike, mean: ArrayLike, *, coefficients: int
) -> float:
    """Give the Pearson dispersion of a count model: the mean of (y - mean)^2/mean over records.

    Parameters
    ----------
    n, sum_y, sum_y2
        Records, and sums of the count and its square, per stratum, shape (strata,).
    mean
        Expected count of one record of the stratum, above 0.
    coefficients
        Of the model, taken off the records in the denominator.

    Returns
    -------
    float
        1 when counts vary as Poisson counts do, more when they are over-dispersed. NaN when there are no
        more records than coefficients.

    Raises
    ------
    ValueError
        For columns that cannot be, or a mean that is not above 0.

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., section 6.2.
    doi:10.1201/9780203753736
    """
    counts = checked_n(n)
    sums, squares, means = (
        checked(name, values, rows=len(counts))
        for name, values in (("sum_y", sum_y), ("sum_y2", sum_y2), ("mean", mean))
    )
    if not (means > 0).all():
        raise ValueError("mean: expected an expected count above 0 in every stratum")
    freedom = counts.sum() - coefficients
    total = np.sum((squares - 2 * means * sums + counts * means**2) / means)
    return float(total / freedom) if freedom > 0 else np.nan


def calibration(n: ArrayLike, events: ArrayLike, risk: ArrayLike) -> Calibration:
    """Give the calibration intercept (at slope 1) and the calibration slope of risks.

    a of the logistic model with log-odds a + logit(p), and b of that with a + b logit(p).

    Parameters
    ----------
    n, events, risk
        As for `c_statistic`.

    Returns
    -------
    Calibration
        NaN where there is no estimate: no or only events; for the slope, also equal risks or perfect
        separation.

    Raises
    ------
    ValueError
        For counts or risks that cannot be.

    References
    ----------
    Cox DR (1958). Biometrika 45:562-565. doi:10.1093/biomet/45.3-4.562
    Van Calster B et al. (2019). BMC Med 17:230. doi:10.1186/s12916-019-1466-7
    """
    counts = checked_n(n)
    happened, risks = checked_events(events, counts), checked_risk(risk, counts)
    some = counts > 0
    counts, happened, odds = counts[some], happened[some], logit(risks[some])
    if not 0 < happened.sum() < counts.sum():
        return Calibration(intercept=np.nan, slope=np.nan)
    ones = np.ones((len(odds), 1))
    large = maximise(ones, n=counts, events=happened, start=np.zeros(1), offset=odds)
    slope = np.nan
    if np.ptp(odds) > 0:
        centred = odds - np.average(odds, weights=counts)
        fit = maximise(np.column_stack([ones, centred]), n=counts, events=happened, start=np.zeros(2))
        slope = float(fit.coefficients[1]) if fit.converged else np.nan
    return Calibration(intercept=float(large.coefficients[0]) if large.converged else np.nan, slope=slope)


def r_squared(n: ArrayLike, sum_y: ArrayLike, sum_y2: ArrayLike, expected: ArrayLike) -> float:
    """Give the share of the variance of the outcomes of records that the expectations explain.

    Parameters
    ----------
    n, sum_y, sum_y2, expected
        Records, sums of the outcome and its square, and expectation of one record, per stratum, shape
        (strata,).

    Returns
    -------
    float
        1 - residual/total sum of squares of records; negative when the expectations do worse than the mean.
        NaN when the outcome does not vary.

    Raises
    ------
    ValueError
        For columns that cannot be.

    References
    ----------
    Kvalseth TO (1985). Am Stat 39:279-285. doi:10.1080/00031305.1985.10479448
    """
    counts = checked_n(n)
    sums, squares, means = (
        checked(name, values, rows=len(counts))
        for name, values in (("sum_y", sum_y), ("sum_y2", sum_y2), ("expected", expected))
    )
    some = counts > 0
    counts, sums, means = counts[some], sums[some], means[some]
    within = float(within_squares(counts, sums, squares[some]).sum())
    centre = sums.sum() / counts.sum() if counts.sum() > 0 else np.nan

    def about(values: FloatArray | float) -> float:
        return within + float(counts @ (sums / counts - values) ** 2)

    total = about(float(centre))
    return 1 - about(means) / total if total > 0 else np.nan
