"""Risk models: what outcome a patient could be expected to have, given the case mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular
from scipy.special import expit

from risk_models.design import INTERCEPT, Design, Term, column_of, fit_design
from risk_models.likelihood import Maximum, log_likelihood, maximise
from risk_models.strata import Columns, FloatArray, checked, checked_events, checked_n, within_squares

ModelKind: TypeAlias = Literal["logistic", "linear"]

DEPENDENT = 1e-9  # share of a column's length left after the columns before it: below this it adds nothing
REFINEMENTS = 2  # the first solution loses digits; a second round, on its residuals, brings them back


class CannotFit(ValueError):
    """The model has no unique estimate on these records; the message says why and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class RiskModel:
    """A fitted model of one outcome, enough to give expectations for any strata.

    Attributes
    ----------
    kind
        `logistic` (risk of an event) or `linear` (mean of a value).
    design
        How case mix becomes columns.
    coefficients, standard_errors
        Shape (columns,), in the order of `design.columns`: log-odds, or the unit of y, per unit of the
        column. Standard errors come from the information matrix.
    n
        Records (or weight) it was fitted on.
    log_likelihood
        Of the records, natural logarithm.
    residual_sd
        Standard deviation of the residuals of the records, in the unit of y, with the number of
        coefficients as lost degrees of freedom; NaN for a logistic model.
    """

    kind: ModelKind
    design: Design
    coefficients: FloatArray
    standard_errors: FloatArray
    n: float
    log_likelihood: float
    residual_sd: float

    def expected(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the expectation of one record of each stratum: a probability, or a mean in the unit of y.

        Parameters
        ----------
        strata, rows
            As for `Design.matrix`.

        Returns
        -------
        FloatArray
            Shape (strata,).

        Raises
        ------
        UnseenLevel
            For a level that was not there at fitting.
        ValueError
            As `Design.matrix` does.
        """
        eta = self.design.matrix(strata, rows=rows) @ self.coefficients
        result: FloatArray = expit(eta) if self.kind == "logistic" else eta
        return result

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary of plain values, safe for JSON, that `from_dict` turns back exactly."""
        return {
            "kind": self.kind,
            "design": self.design.to_dict(),
            "coefficients": self.coefficients.tolist(),
            "standard_errors": self.standard_errors.tolist(),
            "n": self.n,
            "log_likelihood": self.log_likelihood,
            "residual_sd": None if np.isnan(self.residual_sd) else self.residual_sd,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RiskModel":
        """Read what `to_dict` wrote."""
        return cls(
            kind=stored["kind"],
            design=Design.from_dict(stored["design"]),
            coefficients=np.array(stored["coefficients"], dtype=np.float64),
            standard_errors=np.array(stored["standard_errors"], dtype=np.float64),
            n=stored["n"],
            log_likelihood=stored["log_likelihood"],
            residual_sd=np.nan if stored["residual_sd"] is None else stored["residual_sd"],
        )


def fit_model(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    *,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None = None,
) -> RiskModel:
    """Fit a risk model on strata; the result is that of the fit on the records themselves.

    The likelihood of records that share a case-mix pattern depends on them only through their number and
    the sum of their outcomes (and of the squares, for the residual variance), so nothing is approximated.

    Parameters
    ----------
    kind
        `logistic` for an event (y is 0 or 1), `linear` for a value.
    terms
        Case mix; none gives a model with an intercept only.
    strata
        One array of shape (strata,) for each term, under its name.
    n, sum_y
        Records and sum of outcomes (events) per stratum, shape (strata,). Strata with n 0 have no say.
    sum_y2
        Sum of squared outcomes per stratum; a linear model needs it, a logistic model does not look at it.

    Returns
    -------
    RiskModel
        For which observed and expected outcomes have the same sum.

    Raises
    ------
    CannotFit
        For an empty cohort, no events or events only, a column that the others already determine,
        separation, or counts that are negative or not finite.
    ValueError
        For terms and strata that do not fit together, or a linear model without `sum_y2`.

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed. doi:10.1201/9780203753736
    Albert A, Anderson JA (1984), on separation. Biometrika 71:1-10. doi:10.1093/biomet/71.1.1

    Examples
    --------
    >>> strata = {"smoker": np.array([0, 1])}
    >>> model = fit_model("logistic", [Term("smoker", "flag")], strata, n=[400, 100], sum_y=[40, 20])
    >>> model.expected(strata).round(6).tolist()
    [0.1, 0.2]
    """
    if kind not in ("logistic", "linear"):
        raise ValueError(f"kind '{kind}' is none of logistic, linear")
    if kind == "linear" and sum_y2 is None:
        raise ValueError("a linear model needs sum_y2: the residual variance cannot be had without it")
    try:
        counts = checked_n(n)
        sums = (
            checked_events(sum_y, counts) if kind == "logistic" else checked("sum_y", sum_y, rows=len(counts))
        )
        squares = (
            checked("sum_y2", sum_y2, rows=len(counts)) if kind == "linear" and sum_y2 is not None else sums
        )
    except ValueError as error:
        raise CannotFit(str(error)) from error
    keep = counts > 0
    if not keep.any():
        raise CannotFit("the cohort is empty: no records to fit the model on")
    columns = {term.name: column_of(strata, term.name, rows=len(keep))[keep] for term in terms}
    design = fit_design(terms, columns, counts[keep])
    X = design.matrix(columns, rows=int(keep.sum()))
    if kind == "logistic":
        return _fit_logistic(design, X, n=counts[keep], events=sums[keep])
    return _fit_linear(design, X, n=counts[keep], sum_y=sums[keep], sum_y2=squares[keep])


def _fit_logistic(design: Design, X: FloatArray, *, n: FloatArray, events: FloatArray) -> RiskModel:
    total, happened = float(n.sum()), float(events.sum())
    if happened in (0.0, total):
        what = "none" if happened == 0 else "every one"
        raise CannotFit(f"{what} of the {total:g} records has the event: there is no risk to model")
    _triangle(design, X, n)
    _refuse_separated_groups(design, X, n=n, events=events)
    start = np.zeros(X.shape[1])
    start[0] = np.log(happened / (total - happened))
    fit = maximise(X, n=n, events=events, start=start)
    if not fit.converged:
        raise CannotFit(_separation(design, fit))
    return RiskModel(
        kind="logistic",
        design=design,
        coefficients=fit.coefficients,
        standard_errors=np.sqrt(np.diag(fit.covariance)),
        n=total,
        log_likelihood=log_likelihood(X @ fit.coefficients, n, events),
        residual_sd=np.nan,
    )


def _fit_linear(
    design: Design, X: FloatArray, *, n: FloatArray, sum_y: FloatArray, sum_y2: FloatArray
) -> RiskModel:
    total, k = float(n.sum()), X.shape[1]
    if total <= k:
        raise CannotFit(f"{total:g} records for {k} coefficients: no residual variance can be estimated")
    R, length = _triangle(design, X, n)
    mean = sum_y / n
    beta = np.zeros(k)
    beta[0] = sum_y.sum() / total
    for _ in range(REFINEMENTS):
        score = X.T @ (n * (mean - X @ beta)) / length
        beta += solve_triangular(R, solve_triangular(R, score, trans="T")) / length
    try:
        squares = float(within_squares(n, sum_y, sum_y2).sum() + n @ (mean - X @ beta) ** 2)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    variance = squares / (total - k)
    inverse = solve_triangular(R, np.eye(k)) / length[:, None]
    with np.errstate(divide="ignore"):
        likelihood = -0.5 * total * (np.log(2 * np.pi * squares / total) + 1)
    return RiskModel(
        kind="linear",
        design=design,
        coefficients=beta,
        standard_errors=np.sqrt(variance * np.sum(inverse**2, axis=1)),
        n=total,
        log_likelihood=float(likelihood),
        residual_sd=float(np.sqrt(variance)),
    )


def _triangle(design: Design, X: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the R of the QR decomposition of the weighted columns scaled to length 1, and their lengths.

    Refuse a column that is 0, or that those before it determine.
    """
    weighted = np.sqrt(n)[:, None] * X
    length = np.sqrt(np.sum(weighted**2, axis=0))
    names = design.columns
    if (length == 0).any():
        column = names[int(np.flatnonzero(length == 0)[0])]
        raise CannotFit(f"column '{column}' is the same in every record: leave the term out")
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


def _refuse_separated_groups(design: Design, X: FloatArray, *, n: FloatArray, events: FloatArray) -> None:
    """Refuse a 0/1 column with a side on which all or none of the records have the event."""
    for name, column in zip(design.columns[1:], X.T[1:], strict=True):
        if not np.isin(column, (0.0, 1.0)).all():
            continue
        for side in (1.0, 0.0):
            here = column == side
            size, happened = float(n[here].sum()), float(events[here].sum())
            if happened in (0.0, size):
                what = "none" if happened == 0 else "every one"
                raise CannotFit(
                    f"column '{name}' separates the outcome: {what} of the {size:g} records with {name} "
                    f"{'present' if side else 'absent'} has the event, so its effect has no finite estimate; "
                    "merge it with another level, or leave the term out"
                )


def _separation(design: Design, fit: Maximum) -> str:
    size = np.abs(fit.last_step)
    guilty = [
        f"'{name}'"
        for name, part in zip(design.columns[1:], size[1:], strict=True)
        if part > 0.01 * max(size.max(), np.finfo(float).tiny)
    ]
    return (
        f"the case mix separates the outcome (columns {', '.join(guilty) or 'unknown'}): some combination of "
        "them predicts the event perfectly, so the effects have no finite estimate; merge levels, or leave a "
        "term out"
    )
