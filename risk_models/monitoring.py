"""Charts of one provider over time: VLAD of single outcomes, and XmR of a figure per month or quarter."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from risk_models.strata import FloatArray, checked_n, checked_risk

Rule: TypeAlias = Literal["outside", "shift", "trend", "two-of-three"]

# 3/d2 for ranges of two, d2 = 1.128; and the limit of the moving range itself, D4
XMR_WIDTH = 2.66
RANGE_LIMIT = 3.267
IN_A_ROW = 7  # points on one side, or points each further than the last
FEWEST_POINTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class XmR:
    """An XmR chart; all arrays have shape (points,).

    Attributes
    ----------
    centre, lower, upper
        Mean of the baseline, and the natural process limits: one number each.
    range_limit
        Above which a moving range is itself remarkable.
    moving_range
        Absolute difference with the last known point; NaN for the first, and for a missing point.
    signals
        For each rule, which points belong to a run that meets it.
    """

    centre: float
    lower: float
    upper: float
    range_limit: float
    moving_range: FloatArray
    signals: dict[Rule, NDArray[np.bool_]]


def vlad(y: ArrayLike, risk: ArrayLike) -> FloatArray:
    """Give the variable life-adjusted display: the running sum of expected minus observed events.

    V_t = sum over i <= t of (p_i - y_i). It rises by p with every record without the event (of death: a
    life more than expected) and falls by 1 - p with every event. It shows, it does not test: see
    `cusum.cusum`.

    Parameters
    ----------
    y, risk
        Outcome (0 or 1) and expected risk of each record in order of time, shape (records,).

    Returns
    -------
    FloatArray
        Shape (records,).

    Raises
    ------
    ValueError
        For an outcome that is not 0 or 1, or a risk that is not strictly between them.

    References
    ----------
    Lovegrove J et al. (1997). Lancet 350:1128-1130. doi:10.1016/S0140-6736(97)06507-0
    """
    outcomes, risks = checked_outcomes(y, risk)
    result: FloatArray = np.cumsum(risks - outcomes)
    return result


def xmr(values: ArrayLike, *, baseline: int | None = None) -> XmR:
    """Give an XmR (individuals and moving range) chart with the rules of NHS England's Making Data Count.

    Centre x̄, limits x̄ ± 2.66 times the mean moving range. The rules:

    - `outside`: a point beyond a limit;
    - `shift`: at least 7 points in a row on one side of the centre; a point on the centre ends a row;
    - `trend`: at least 7 points in a row, each above (or each below) the one before;
    - `two-of-three`: two of three points in a row beyond two thirds of the way to one and the same limit.
      The one of the three that is not is no part of the signal.

    Parameters
    ----------
    values
        One figure per period in order of time, shape (points,); NaN for a period without one, which is
        passed over.
    baseline
        How many of the first periods fix centre and limits; None is all.

    Returns
    -------
    XmR

    Raises
    ------
    ValueError
        For fewer than two known points in the baseline, or infinite values.

    References
    ----------
    Shewhart WA (1931); Wheeler DJ (2000). Understanding Variation, 2nd ed. SPC Press.
    NHS England (2019). Making data count.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or np.isinf(x).any():
        raise ValueError("values: expected one finite number (or NaN) per period")
    known = np.flatnonzero(~np.isnan(x))
    y = x[known]
    first = y[known < (len(x) if baseline is None else baseline)]
    if len(first) < FEWEST_POINTS:
        raise ValueError(f"the baseline has {len(first)} known points; an XmR chart needs {FEWEST_POINTS}")
    moving = np.full(len(x), np.nan)
    moving[known[1:]] = np.abs(np.diff(y))
    mean_range = float(np.abs(np.diff(first)).mean())
    centre, width = float(first.mean()), XMR_WIDTH * mean_range
    met = {
        "outside": np.abs(y - centre) > width,
        "shift": _row(np.sign(y - centre), IN_A_ROW),
        "trend": _trend(y),
        "two-of-three": _two_of_three((y - centre) * 3 / 2, width),
    }
    signals: dict[Rule, NDArray[np.bool_]] = {}
    for rule in get_args(Rule):
        signals[rule] = np.zeros(len(x), dtype=bool)
        signals[rule][known] = met[rule]
    return XmR(
        centre=centre,
        lower=centre - width,
        upper=centre + width,
        range_limit=RANGE_LIMIT * mean_range,
        moving_range=moving,
        signals=signals,
    )


def checked_outcomes(y: ArrayLike, risk: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return outcomes of 0 and 1 and their risks as float arrays; raise ValueError otherwise."""
    outcomes = checked_n(y)
    if not np.isin(outcomes, (0.0, 1.0)).all():
        raise ValueError("y: expected the outcome of one record in each place, 0 or 1")
    return outcomes, checked_risk(risk, outcomes)


def _row(sign: FloatArray, length: int) -> NDArray[np.bool_]:
    """Mark the points of every row of at least `length` equal signs that are not 0."""
    change = np.flatnonzero(np.append(True, np.diff(sign) != 0))
    sizes = np.diff(np.append(change, len(sign)))
    result: NDArray[np.bool_] = np.repeat((sizes >= length) & (sign[change] != 0), sizes)
    return result


def _trend(y: FloatArray) -> NDArray[np.bool_]:
    """Mark the points of every row of at least seven of which each goes further than the last."""
    steps = _row(np.sign(np.diff(y)), IN_A_ROW - 1)
    result: NDArray[np.bool_] = np.append(steps, False) | np.append(False, steps)
    return result


def _two_of_three(reach: FloatArray, width: float) -> NDArray[np.bool_]:
    result = np.zeros(len(reach), dtype=bool)
    for side in (reach > width, -reach > width):
        for end in range(3, len(reach) + 1):
            three = slice(end - 3, end)
            if side[three].sum() >= 2:
                result[three] |= side[three]
    return result
