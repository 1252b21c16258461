"""Applying a frozen model to later records: as it is, or brought to their overall level."""

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from risk_models.expected import CannotFit, RiskModel
from risk_models.likelihood import maximise
from risk_models.strata import Columns, FloatArray, checked, checked_counts, checked_events, checked_n

Recalibration: TypeAlias = Literal["none", "in-the-large", "re-centre"]


def applied(
    model: RiskModel,
    strata: Columns,
    *,
    n: ArrayLike,
    sum_y: ArrayLike,
    exposure: ArrayLike | None = None,
    recalibration: Recalibration = "none",
) -> FloatArray:
    """Give the expectations of a frozen model for other records, such as those of a later year.

    - `none`: as the model has them. A score then also says how all providers together have changed.
    - `in-the-large`: the intercept is shifted (log-odds, log rate, or unit of y) so that observed and
      expected have the same sum; the odds ratios stay.
    - `re-centre`: for a value, NHS England's re-centring of PROMs: the mean difference between observed and
      expected is added to every expectation. For events and counts, every expectation is multiplied by
      sum(O)/sum(E), as yearly mortality ratios are rebased; a risk can then come out above 1, which is
      refused.

    For a value `in-the-large` and `re-centre` are the same, and so they are for a count.

    Parameters
    ----------
    model
        Fitted on another period or in other providers.
    strata
        One array of shape (strata,) for each term, under its name.
    n, sum_y, exposure
        Records, sum of outcomes, and exposure (of a count) per stratum, shape (strata,); looked at only to
        recalibrate.
    recalibration
        Which of the three.

    Returns
    -------
    FloatArray
        Expectation of one record (or unit of exposure) of each stratum, shape (strata,).

    Raises
    ------
    CannotFit
        When the records have no level to be brought to: none at all, or no events, or events only.
    ValueError
        For an unknown option, columns that cannot be, or a risk that re-centring brings to 1 or more.

    References
    ----------
    Steyerberg EW (2019). Clinical Prediction Models, 2nd ed., chapter 20. doi:10.1007/978-3-030-16399-0
    NHS England, PROMs in England: a guide to the methodology.

    Examples
    --------
    >>> from risk_models.design import Term
    >>> from risk_models.expected import fit_model
    >>> old = fit_model("logistic", [], {}, n=[100], sum_y=[20])
    >>> applied(old, {}, n=[50], sum_y=[15], recalibration="in-the-large").round(3).tolist()
    [0.3]
    """
    if recalibration not in get_args(Recalibration):
        raise ValueError(f"recalibration '{recalibration}' is none of {', '.join(get_args(Recalibration))}")
    counts = checked_n(n)
    eta = model.design.matrix(strata, rows=len(counts)) @ model.coefficients
    plain = model.respond(eta)
    if recalibration == "none":
        return plain
    if not counts.sum() > 0:
        raise CannotFit("the cohort is empty: no records to bring the model to")
    sums, weight = _checked_sums(model, counts, sum_y, exposure)
    total = float(sums.sum())
    if model.kind == "linear":
        result: FloatArray = plain + (total - float(weight @ plain)) / float(weight.sum())
        return result
    if total == 0 or (model.kind == "logistic" and total == weight.sum()):
        what = "none" if total == 0 else "every one"
        raise CannotFit(f"{what} of the records has the event: there is no level to bring the model to")
    if model.kind == "poisson" or recalibration == "re-centre":
        scaled: FloatArray = plain * (total / float(weight @ plain))
        if model.kind == "logistic" and (scaled >= 1).any():
            raise ValueError(
                f"re-centring brings {int((scaled >= 1).sum())} of {len(scaled)} strata to a risk of 1 or "
                "more; use 'in-the-large'"
            )
        return scaled
    some = weight > 0
    ones = np.ones((int(some.sum()), 1))
    shift = maximise(ones, n=weight[some], events=sums[some], start=np.zeros(1), offset=eta[some])
    return model.respond(eta + shift.coefficients[0])


def _checked_sums(
    model: RiskModel, n: FloatArray, sum_y: ArrayLike, exposure: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    if model.kind == "logistic":
        return checked_events(sum_y, n), n
    sums = checked("sum_y", sum_y, rows=len(n))
    return (sums, n) if model.kind == "linear" else checked_counts(sums, exposure, n)
