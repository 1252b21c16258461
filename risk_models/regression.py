"""Fitting a model to strata and a design matrix, and saying in words why it cannot be done."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from risk_models.design import INTERCEPT, Design, Term, case_mix_columns, fit_design, records_of
from risk_models.likelihood import Family, log_likelihood, maximise
from risk_models.strata import Columns, FloatArray, within_squares

DEPENDENT = 1e-9  # share of a column's length left after the columns before it: below this it adds nothing
NOTHING = 1e-15  # share of a sum of squares that is rounding
REFINEMENTS = 2  # the first solution loses digits; a second round, on its residuals, brings them back

EVENT = {"binomial": "has the event", "poisson": "has any event"}


class CannotFit(ValueError):
    """The model has no unique estimate on these records; the message says why and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Estimates of one fit.

    Attributes
    ----------
    coefficients
        Shape (columns,).
    covariance
        Of the coefficients, from the information matrix, shape (columns, columns).
    log_likelihood
        Of the records.
    residual_sd
        Of the residuals of records; NaN for events and counts.
    """

    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float
    residual_sd: float


def fit_events(
    names: tuple[str, ...], X: FloatArray, *, n: FloatArray, events: FloatArray, family: Family, ridge: float
) -> Fit:
    """Fit a logistic or a Poisson model.

    Parameters
    ----------
    names
        Of the columns, for messages; the first is the intercept.
    X
        Design matrix, shape (strata, columns).
    n, events
        Records (Poisson: exposure) and events, shape (strata,), each n above 0.
    family
        `binomial` or `poisson`.
    ridge
        Penalty on each coefficient but the intercept, per squared standard deviation of its column; 0 is
        none. Separation and dependent columns are no obstacle with one.

    Returns
    -------
    Fit

    Raises
    ------
    CannotFit
        Without events, with events only, for dependent columns, or for separation.
    """
    total, happened = float(n.sum()), float(events.sum())
    if happened == 0 or (family == "binomial" and happened == total):
        what = "none" if happened == 0 else "every one"
        records = f"{total:g} records" if family == "binomial" else "records"
        raise CannotFit(f"{what} of the {records} {EVENT[family]}: there is no risk to model")
    penalty = ridge_penalty(names, X, n, ridge)
    if ridge == 0:
        triangle(names, X, n)
        refuse_separated_groups(names, X, n=n, events=events, family=family)
    start = np.zeros(X.shape[1])
    start[0] = np.log(happened / (total - happened) if family == "binomial" else happened / total)
    fit = maximise(X, n=n, events=events, start=start, family=family, penalty=penalty)
    if not fit.converged:
        raise CannotFit(separation(names, fit.last_step))
    return Fit(
        coefficients=fit.coefficients,
        covariance=fit.covariance,
        log_likelihood=log_likelihood(X @ fit.coefficients, n, events, family=family),
        residual_sd=np.nan,
    )


def fit_linear(
    names: tuple[str, ...],
    X: FloatArray,
    *,
    n: FloatArray,
    sum_y: FloatArray,
    sum_y2: FloatArray,
    ridge: float,
) -> Fit:
    """Fit a linear model by least squares; parameters as for `fit_events`.

    With a ridge, residual_sd counts all coefficients as lost degrees of freedom, which is on the safe side.
    """
    total, k = float(n.sum()), X.shape[1]
    if total <= k:
        raise CannotFit(f"{total:g} records for {k} coefficients: no residual variance can be estimated")
    mean, weighted, target = sum_y / n, X, n
    refuse_constant_outcome(n, sum_y, sum_y2)
    penalty = ridge_penalty(names, X, n, ridge)
    if ridge > 0:
        # a penalty is like one more record for each column, with outcome 0 and no intercept
        weighted, target = np.vstack([X, np.eye(k)[1:]]), np.append(n, penalty[1:])
        mean = np.append(mean, np.zeros(k - 1))
    R, length = triangle(names, weighted, target)
    beta = np.zeros(k)
    beta[0] = sum_y.sum() / total
    for _ in range(REFINEMENTS):
        score = weighted.T @ (target * (mean - weighted @ beta)) / length
        beta += solve_triangular(R, solve_triangular(R, score, trans="T")) / length
    try:
        squares = float(within_squares(n, sum_y, sum_y2).sum() + n @ (sum_y / n - X @ beta) ** 2)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    variance = squares / (total - k)
    inverse = solve_triangular(R, np.eye(k)) / length[:, None]
    with np.errstate(divide="ignore"):
        likelihood = -0.5 * total * (np.log(2 * np.pi * squares / total) + 1)
    return Fit(
        coefficients=beta,
        covariance=variance * (inverse @ inverse.T),
        log_likelihood=float(likelihood),
        residual_sd=float(np.sqrt(variance)),
    )


def checked_ridge(ridge: float) -> float:
    """Return a penalty, 0 or more; raise ValueError otherwise."""
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge: {ridge} is no penalty; expected 0 (none) or more")
    return ridge


def ridge_penalty(names: tuple[str, ...], X: FloatArray, n: FloatArray, ridge: float) -> FloatArray:
    """Give the penalty on half of each squared coefficient: ridge times the variance of its column.

    0 for the intercept, shape (columns,). With a ridge, a constant column is refused.
    """
    penalty = np.zeros(X.shape[1])
    if ridge > 0:
        refuse_constant(names, X)
        share = n / n.sum()
        penalty[1:] = ridge * (share @ X[:, 1:] ** 2 - (share @ X[:, 1:]) ** 2)
    return penalty


def refuse_constant_outcome(n: FloatArray, sum_y: FloatArray, sum_y2: FloatArray) -> None:
    """Refuse a value that is the same in every record; each n above 0."""
    try:
        within = within_squares(n, sum_y, sum_y2)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    if float(within.sum()) <= NOTHING * float(sum_y2.sum()) and np.ptp(sum_y / n) == 0:
        raise CannotFit(
            f"the outcome is {sum_y[0] / n[0]:g} in every one of the {n.sum():g} records: there is no "
            "variation to model"
        )


def refuse_constant(names: tuple[str, ...], X: FloatArray) -> None:
    """Refuse a column besides the intercept that is the same in every row."""
    constant = np.flatnonzero(np.ptp(X[:, 1:], axis=0) == 0)
    if len(constant):
        raise CannotFit(
            f"column '{names[int(constant[0]) + 1]}' is the same in every record: leave the term out"
        )


def encoded(
    terms: Sequence[Term], strata: Columns, n: FloatArray
) -> tuple[NDArray[np.bool_], Design, FloatArray]:
    """Fix the encoding on the strata that have records.

    Parameters
    ----------
    terms, strata, n
        As for `fit_model`.

    Returns
    -------
    tuple[NDArray[np.bool_], Design, FloatArray]
        Which strata have records, the encoding, and the columns of these strata.

    Raises
    ------
    CannotFit
        For an empty cohort, or a category of which all records have one level.
    ValueError
        For terms and strata that do not fit together.
    """
    keep = n > 0
    if not keep.any():
        raise CannotFit("the cohort is empty: no records to fit the model on")
    columns = records_of(case_mix_columns(terms, strata, rows=len(n)), keep)
    design = fit_design(terms, columns, n[keep])
    _refuse_one_level(design)
    return keep, design, design.matrix(columns, rows=int(keep.sum()))


def _refuse_one_level(design: Design) -> None:
    """Refuse a category of which all records have one level, unless another term speaks for the rest."""
    for term in design.terms:
        if term.kind == "category" and not term.columns and not term.missing_with:
            raise CannotFit(f"term '{term.name}' is '{term.levels[0]}' in every record: leave the term out")


def triangle(names: tuple[str, ...], X: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the R of the QR decomposition of the weighted columns scaled to length 1, and their lengths.

    Raises
    ------
    CannotFit
        For a column that is 0, or that those before it determine.
    """
    weighted = np.sqrt(n)[:, None] * X
    length = np.sqrt(np.sum(weighted**2, axis=0))
    refuse_constant(names, X)
    R = np.asarray(np.linalg.qr(weighted / length, mode="r"), dtype=np.float64)
    # with fewer strata than columns, the columns beyond the last row have nothing left
    left = np.zeros(len(names))
    left[: len(R)] = np.abs(np.diag(R))
    if (left < DEPENDENT).any():
        raise CannotFit(_dependence(names, R, int(np.flatnonzero(left < DEPENDENT)[0])))
    return R, length


def _dependence(names: tuple[str, ...], R: FloatArray, column: int) -> str:
    share = solve_triangular(R[:column, :column], R[:column, column])
    parts = [name for name, part in zip(names, share, strict=False) if abs(part) > 1e-6]
    # every centred column has a bit of intercept in it, which says nothing
    others = [f"'{name}'" for name in parts if name != INTERCEPT or len(parts) == 1]
    return (
        f"column '{names[column]}' follows exactly from {', '.join(others)}, so the effects cannot be told "
        "apart: leave one of these terms out, or merge levels"
    )


def refuse_separated_groups(
    names: tuple[str, ...], X: FloatArray, *, n: FloatArray, events: FloatArray, family: Family
) -> None:
    """Refuse a 0/1 column with a side on which all or none of the records have the event."""
    for name, column in zip(names[1:], X.T[1:], strict=True):
        if not np.isin(column, (0.0, 1.0)).all():
            continue
        for side in (1.0, 0.0):
            here = column == side
            size, happened = float(n[here].sum()), float(events[here].sum())
            if happened == 0 or (family == "binomial" and happened == size):
                what = "none" if happened == 0 else "every one"
                records = f"{size:g} records" if family == "binomial" else "records"
                raise CannotFit(
                    f"column '{name}' separates the outcome: {what} of the {records} with {name} "
                    f"{'present' if side else 'absent'} {EVENT[family]}, so its effect has no finite "
                    "estimate; merge it with another level, or leave the term out"
                )


def separation(names: tuple[str, ...], last_step: FloatArray) -> str:
    """Say which columns separate the outcome, from where a fit that did not converge was going.

    `last_step` is its last change of the coefficients times the root mean square of their columns.
    """
    size = np.abs(last_step)
    guilty = [
        f"'{name}'"
        for name, part in zip(names[1:], size[1:], strict=True)
        if part > 0.01 * max(size.max(), np.finfo(float).tiny)
    ]
    return (
        f"the case mix separates the outcome (columns {', '.join(guilty) or 'unknown'}): some combination of "
        "them predicts the event perfectly, so the effects have no finite estimate; merge levels, or leave a "
        "term out"
    )
