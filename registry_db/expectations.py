"""The expectation of every pattern of a period: from a model of its own, a frozen one, or delivered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from indicators.definition import Indicator
from registry_db.cohorts import EVENT, EXTERNAL, TIME, Patterns, patterns, periods
from registry_db.connect import Connection
from registry_db.fits import Fitted, fit, imputed_copies, needs_model
from risk_models.cox import CoxModel
from risk_models.imputed import over_copies, stacked
from risk_models.recalibrate import applied


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What the records of one period are held against.

    Attributes
    ----------
    fitted : Fitted or None
        The model; None where there is none.
    expected : array of float
        Expectation of one record of each pattern; NaN for none.
    reason : str
        Why there is no model where there ought to be one; else empty.
    """

    fitted: Fitted | None
    expected: NDArray[np.float64]
    reason: str = ""


def reference_model(con: Connection, indicator: Indicator) -> Fitted | str | None:
    """Fit the model of the reference period: the model, or why there is none; None if none is asked for."""
    reference = indicator.estimators.reference
    if reference is None:
        return None
    if reference.period not in periods(con):
        return f"there are no records of {reference.period}, the period of the reference model"
    found = _fitted(indicator, patterns(con, indicator, reference.period))
    return found if isinstance(found, Fitted) else f"reference model of {reference.period}: {found}"


def expectation(
    indicator: Indicator, period: str, patterns: Patterns, reference: Fitted | str | None
) -> Expectation:
    """Give the expectations of a period.

    Parameters
    ----------
    indicator : Indicator
        The definition.
    period : str
        The period.
    patterns : Patterns
        Its case-mix patterns.
    reference : Fitted, str or None
        What `reference_model` gave.
    """
    nothing = np.full(len(patterns.n), np.nan)
    if not needs_model(indicator):
        return Expectation(None, patterns.columns[EXTERNAL] if indicator.expectation else nothing)
    found = _fitted(indicator, patterns) if reference is None else reference
    if isinstance(found, str):
        return Expectation(None, nothing, found)
    try:
        return Expectation(found, _applied(indicator, period, patterns, found))
    except ValueError as error:  # nothing to bring it to, or a level that the model does not know
        return Expectation(None, nothing, f"the reference model does not go with these records: {error}")


def _fitted(indicator: Indicator, patterns: Patterns) -> Fitted | str:
    try:
        # One thread: sums in another order would differ in the last bit from machine to machine.
        with threadpool_limits(limits=1):
            return fit(indicator, patterns)
    except ValueError as error:  # no unique estimate, or terms that these records do not fill
        return str(error)


def _applied(indicator: Indicator, period: str, patterns: Patterns, fitted: Fitted) -> NDArray[np.float64]:
    reference = indicator.estimators.reference
    own = reference is None or reference.period == period
    if isinstance(fitted.model, CoxModel):
        time, event = patterns.columns[TIME], patterns.columns[EVENT] if own else None
        return fitted.model.expected(patterns.columns, time=time, n=np.ones(len(time)), events=event)
    columns, n, sum_y = patterns.columns, patterns.n, patterns.sum_y
    stack = fitted.stack if own else None
    if indicator.imputed:
        stack = stack or stacked(imputed_copies(indicator, patterns))
        columns, n, sum_y = stack.columns, stack.n, stack.events
    found = applied(
        fitted.model,
        columns,
        n=np.nan_to_num(patterns.records if fitted.kind == "poisson" else n),
        exposure=np.nan_to_num(n) if fitted.kind == "poisson" else None,
        sum_y=np.nan_to_num(sum_y),
        recalibration="none" if own or reference is None else reference.recalibration,
    )
    return over_copies(found, stack, rows=len(patterns.n)) if stack else found
