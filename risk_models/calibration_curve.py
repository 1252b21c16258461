"""Do risks come true: the calibration curve by risk band, and Hosmer and Lemeshow's test on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from risk_models.intervals import wilson_interval
from risk_models.strata import FloatArray, checked_events, checked_n, checked_risk

TENTHS = 10


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationCurve:
    """Observed against expected in bands of rising risk; all arrays have shape (bands,).

    Attributes
    ----------
    n, events
        Records and events.
    expected
        Mean risk.
    observed
        Share with the event.
    lower, upper
        Wilson's 95 % interval of `observed`.
    variance
        Sum of p(1 - p).
    """

    n: FloatArray
    events: FloatArray
    expected: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True)
class HosmerLemeshow:
    """Hosmer and Lemeshow's test of fit.

    Attributes
    ----------
    statistic
        Chi-square.
    freedom
        Degrees of freedom.
    p
        Its p-value. With many records small and harmless misfit gives a small one; with few, a large one
        proves nothing.
    """

    statistic: float
    freedom: int
    p: float


def calibration_curve(
    n: ArrayLike, events: ArrayLike, risk: ArrayLike, *, bands: int = TENTHS
) -> CalibrationCurve:
    """Group records by risk in bands of about equally many, and set events beside risks.

    Records of equal risk are never split, so that on strata the bands are those of the records themselves
    and there may be fewer of them.

    Parameters
    ----------
    n, events, risk
        Records, events and risk of one record, per stratum, shape (strata,).
    bands
        How many, 2 or more.

    Returns
    -------
    CalibrationCurve
        Without bands when there are no records.

    Raises
    ------
    ValueError
        For columns that cannot be, or fewer than 2 bands.

    References
    ----------
    Van Calster B et al. (2019). BMC Med 17:230. doi:10.1186/s12916-019-1466-7
    """
    if bands < 2:
        raise ValueError(f"bands: {bands}; expected 2 or more")
    counts = checked_n(n)
    happened, risks = checked_events(events, counts), checked_risk(risk, counts)
    some = counts > 0
    values, group = np.unique(risks[some], return_inverse=True)
    size = np.bincount(group, weights=counts[some], minlength=len(values))
    # a band is a tenth of the records, by the middle of those that share a risk
    middle = np.cumsum(size) - size / 2
    total = max(float(size.sum()), 1.0)
    band = np.unique(np.floor(middle / total * bands), return_inverse=True)[1][group]

    def summed(of: FloatArray) -> FloatArray:
        return np.bincount(band, weights=of[some]).astype(np.float64)

    records, occurred = summed(counts), summed(happened)
    interval = wilson_interval(occurred, records)
    return CalibrationCurve(
        n=records,
        events=occurred,
        expected=summed(counts * risks) / records,
        observed=occurred / records,
        lower=interval.lower,
        upper=interval.upper,
        variance=summed(counts * risks * (1 - risks)),
    )


def hosmer_lemeshow(curve: CalibrationCurve, *, fitted_here: bool) -> HosmerLemeshow:
    """Test a calibration curve: sum of (events - n p)^2/(n p (1 - p)), p the mean risk of the band.

    Parameters
    ----------
    curve
        From `calibration_curve`, usually of ten bands.
    fitted_here
        Whether the risks are from a model fitted on these records, which takes two degrees of freedom.

    Returns
    -------
    HosmerLemeshow

    Raises
    ------
    ValueError
        With fewer than three bands.

    References
    ----------
    Hosmer DW, Lemeshow S (1980). Commun Stat Theory Methods 9:1043-1069. doi:10.1080/03610928008827941
    """
    if len(curve.n) < 3:
        raise ValueError(f"the curve has {len(curve.n)} bands of risk; the test needs 3")
    mean = curve.n * curve.expected
    statistic = float(np.sum((curve.events - mean) ** 2 / (mean * (1 - curve.expected))))
    freedom = len(curve.n) - (2 if fitted_here else 0)
    return HosmerLemeshow(statistic=statistic, freedom=freedom, p=float(chdtrc(freedom, statistic)))
