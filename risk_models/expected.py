"""Risk models: what outcome a patient could be expected to have, given the case mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from risk_models.design import Design, Term
from risk_models.regression import CannotFit, Fit, checked_ridge, encoded, fit_events, fit_linear
from risk_models.strata import Columns, FloatArray, checked, checked_counts, checked_events, checked_n

__all__ = ["CannotFit", "ModelKind", "RiskModel", "checked_sums", "fit_matrix", "fit_model"]

ModelKind: TypeAlias = Literal["logistic", "linear", "poisson"]


@dataclass(frozen=True, slots=True, eq=False)
class RiskModel:
    """A fitted model of one outcome, enough to give expectations for any strata.

    Attributes
    ----------
    kind
        `logistic` (risk of an event), `linear` (mean of a value) or `poisson` (events per unit of exposure).
    design
        How case mix becomes columns.
    coefficients, standard_errors
        Shape (columns,), in the order of `design.columns`: log-odds, the unit of y, or the log of the rate,
        per unit of the column. Standard errors come from the information matrix.
    n
        Records (or weight) it was fitted on.
    log_likelihood
        Of the records, natural logarithm; of a Poisson model without what depends on the counts alone.
    residual_sd
        Standard deviation of the residuals of the records, in the unit of y, with the number of
        coefficients as lost degrees of freedom; NaN for events and counts.
    covariance
        Of the coefficients, from the information matrix, shape (columns, columns). NaN for a model that was
        stored without it.
    ridge
        The penalty it was fitted with; 0 is none.
    """

    kind: ModelKind
    design: Design
    coefficients: FloatArray
    standard_errors: FloatArray
    n: float
    log_likelihood: float
    residual_sd: float
    covariance: FloatArray
    ridge: float = 0.0

    def expected(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the expectation of one record of each stratum.

        A probability; a mean in the unit of y; or events per unit of exposure, to be multiplied by the
        exposure.

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
        return self.respond(self.design.matrix(strata, rows=rows) @ self.coefficients)

    def respond(self, eta: FloatArray) -> FloatArray:
        """Give the expectation that a linear predictor stands for, any one shape."""
        if self.kind == "linear":
            return eta
        result: FloatArray = expit(eta) if self.kind == "logistic" else np.exp(eta)
        return result

    def slope(self, eta: FloatArray) -> FloatArray:
        """Give the derivative of `respond` at a linear predictor, any one shape."""
        if self.kind == "linear":
            return np.ones_like(eta)
        result: FloatArray = expit(eta) * expit(-eta) if self.kind == "logistic" else np.exp(eta)
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
            "covariance": None if np.isnan(self.covariance).any() else self.covariance.tolist(),
            "ridge": self.ridge,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RiskModel":
        """Read what `to_dict` wrote."""
        coefficients = np.array(stored["coefficients"], dtype=np.float64)
        covariance = stored.get("covariance")
        if covariance is None:
            covariance = np.full((len(coefficients), len(coefficients)), np.nan)
        return cls(
            kind=stored["kind"],
            design=Design.from_dict(stored["design"]),
            coefficients=coefficients,
            standard_errors=np.array(stored["standard_errors"], dtype=np.float64),
            n=stored["n"],
            log_likelihood=stored["log_likelihood"],
            residual_sd=np.nan if stored["residual_sd"] is None else stored["residual_sd"],
            covariance=np.array(covariance, dtype=np.float64),
            ridge=stored.get("ridge", 0.0),
        )


def fit_model(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    *,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    ridge: float = 0.0,
) -> RiskModel:
    """Fit a risk model on strata; the result is that of the fit on the records themselves.

    The likelihood of records that share a case-mix pattern depends on them only through their number and
    the sum of their outcomes (and of the squares, for the residual variance), so nothing is approximated.

    Parameters
    ----------
    kind
        `logistic` for an event (y is 0 or 1), `linear` for a value, `poisson` for a count.
    terms
        Case mix; none gives a model with an intercept only.
    strata
        One array of shape (strata,) for each term, under its name.
    n, sum_y
        Records and sum of outcomes (events) per stratum, shape (strata,). Strata with n 0 have no say.
        Weights, such as those of shared attribution, may make both fractions.
    sum_y2
        Sum of squared outcomes per stratum; a linear model needs it, the others do not look at it.
    exposure
        Of a Poisson model: sum of the exposure (such as bed days) of the records of the stratum; None is
        one unit a record.
    ridge
        0 for the plain fit; otherwise ridge/2 times the squared coefficient, per standard deviation of its
        column, is taken off the log-likelihood for each column but the intercept (off minus half the sum of
        squares, for a linear model). Expectations are drawn together, standard errors are those of the
        penalised fit, and separation is no obstacle.

    Returns
    -------
    RiskModel
        For which observed and expected outcomes have the same sum, also with a ridge.

    Raises
    ------
    CannotFit
        For an empty cohort, no events or events only, a value that does not vary, a column that the others
        already determine, separation, no more records than coefficients (linear), or counts that are
        negative or not finite.
    ValueError
        For terms and strata that do not fit together, a linear model without `sum_y2`, or a negative ridge.

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
    if kind not in get_args(ModelKind):
        raise ValueError(f"kind '{kind}' is none of {', '.join(get_args(ModelKind))}")
    if kind == "linear" and sum_y2 is None:
        raise ValueError("a linear model needs sum_y2: the residual variance cannot be had without it")
    checked_ridge(ridge)
    try:
        counts = checked_n(n)
        sums, other = checked_sums(kind, counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    keep, design, X = encoded(terms, strata, counts)
    fit = fit_matrix(
        kind, design.columns, X, n=counts[keep], sum_y=sums[keep], other=other[keep], ridge=ridge
    )
    return RiskModel(
        kind=kind,
        design=design,
        coefficients=fit.coefficients,
        standard_errors=np.sqrt(np.diag(fit.covariance)),
        n=float(counts.sum()),
        log_likelihood=fit.log_likelihood,
        residual_sd=fit.residual_sd,
        covariance=fit.covariance,
        ridge=ridge,
    )


def fit_matrix(
    kind: ModelKind,
    names: tuple[str, ...],
    X: FloatArray,
    *,
    n: FloatArray,
    sum_y: FloatArray,
    other: FloatArray,
    ridge: float,
) -> Fit:
    """Fit a model of any kind on an encoded design, for fits that are repeated on parts of the records.

    Parameters
    ----------
    kind, n, sum_y, ridge
        As for `fit_model`, each n above 0.
    names, X
        Of the columns, the intercept first, and the columns, shape (strata, columns).
    other
        What else the kind looks at, from `checked_sums`.

    Raises
    ------
    CannotFit
        As `fit_model` does.
    """
    if kind == "linear":
        return fit_linear(names, X, n=n, sum_y=sum_y, sum_y2=other, ridge=ridge)
    if kind == "poisson":
        return fit_events(names, X, n=other, events=sum_y, family="poisson", ridge=ridge)
    return fit_events(names, X, n=n, events=sum_y, family="binomial", ridge=ridge)


def checked_sums(
    kind: ModelKind,
    n: FloatArray,
    *,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None,
    exposure: ArrayLike | None,
) -> tuple[FloatArray, FloatArray]:
    """Give sum_y, and what else the model of this kind looks at: sum_y2, or the exposure; both checked."""
    if kind == "logistic":
        events = checked_events(sum_y, n)
        return events, events
    sums = checked("sum_y", sum_y, rows=len(n))
    if kind == "linear":
        return sums, checked("sum_y2", [] if sum_y2 is None else sum_y2, rows=len(n))
    return checked_counts(sums, exposure, n)
