"""Fixed provider effects: an intercept of its own for every provider, with no assumption on their spread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from risk_models.block_newton import Blocks, BlockSlope
from risk_models.clusters import Clusters
from risk_models.design import Design, Term
from risk_models.expected import CannotFit, ModelKind
from risk_models.families import Logistic, Poisson
from risk_models.provider_rows import ProviderRows, case_mix, provider_rows
from risk_models.strata import Columns, FloatArray, within_squares

DEPENDENT = 1e-10  # squared share of a column that its provider means leave


@dataclass(frozen=True, slots=True, eq=False)
class FixedEffectsModel:
    """A model with an intercept for each provider.

    Attributes
    ----------
    kind
        `logistic`, `poisson` or `linear`.
    design
        How case mix becomes columns; its intercept column is not used.
    coefficients, standard_errors
        Of the columns besides the intercept, shape (columns - 1,).
    intercept, intercept_se
        Of each provider, for a patient in whom all columns are 0, shape (providers,). Exactly -inf or inf,
        with an infinite standard error, for a provider with no events or only events (unless Firth's);
        NaN for one without records.
    log_likelihood
        Natural logarithm, at the coefficients; the providers whose intercept is infinite add 0.
    penalised
        The same plus half the log determinant of the information, which is what Firth's estimate
        maximises; NaN otherwise.
    residual_sd
        Within providers, in the unit of y; NaN unless linear.
    n
        Records.
    """

    kind: ModelKind
    design: Design
    coefficients: FloatArray
    standard_errors: FloatArray
    intercept: FloatArray
    intercept_se: FloatArray
    log_likelihood: float
    penalised: float
    residual_sd: float
    n: float

    def case_mix(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the linear predictor of strata without the provider's intercept, shape (strata,).

        Parameters and errors are those of `Design.matrix`.
        """
        return self.design.matrix(strata, rows=rows)[:, 1:] @ self.coefficients


def fit_fixed_effects(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    *,
    provider: ArrayLike,
    providers: int,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
) -> FixedEffectsModel:
    r"""Fit provider intercepts and case mix together, on strata of one provider each.

    :math:`\eta_{ij} = \gamma_j + x_{ij}'\beta`. Newton's method on both at once; since the information on the
    intercepts is diagonal, a step costs no more than one without them. A provider with no events (or only
    events) has its maximum at an infinite intercept, where it tells nothing about :math:`\beta`: it is left
    out of the fit, which is exact.

    Parameters
    ----------
    kind, terms, strata, provider, providers, n, sum_y, sum_y2, exposure
        As for `fit_random_intercept`. Case mix must vary within providers.

    Returns
    -------
    FixedEffectsModel

    Raises
    ------
    CannotFit
        As `fit_random_intercept` does, and for a column that does not vary within any provider, or when no
        provider has both patients with and without an event.
    ValueError
        For terms and strata that do not fit together.

    References
    ----------
    He K et al. (2013), on fixed effects for profiling. Lifetime Data Anal 19:490-512.
    doi:10.1007/s10985-013-9264-6
    Wu W et al. (2022), on the block-diagonal Newton method. Stat Med 41:2840-2853. doi:10.1002/sim.9387

    Examples
    --------
    >>> model = fit_fixed_effects(
    ...     "logistic", [], {}, provider=[0, 1, 2], providers=3, n=[50, 50, 50], sum_y=[0, 10, 25])
    >>> model.intercept.round(3).tolist()
    [-inf, -1.386, 0.0]
    """
    rows = provider_rows(
        kind, terms, strata,
        provider=provider, providers=providers, n=n, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure,
    )  # fmt: skip
    if kind == "linear":
        return _fit_linear(rows)
    informative = _informative(rows)
    used = informative[rows.provider]
    if not used.any():
        raise CannotFit(
            f"each of the {len(np.unique(rows.provider))} providers has either no events or only events: "
            "nothing can be compared within a provider"
        )
    inner = replace(
        rows, X=rows.X[used], provider=rows.provider[used], n=rows.n[used], size=rows.size[used],
        y=rows.y[used], y2=rows.y2[used],
    )  # fmt: skip
    return climbed_model(inner, firth=False, infinite=_infinite(rows, informative), n=float(rows.n.sum()))


def clusters_of(rows: ProviderRows) -> Clusters:
    """Cluster the rows; refuse columns that do not vary within providers, or cannot be told apart there."""
    if rows.X.shape[1] == 1:
        return rows.clusters()
    sizes = np.bincount(rows.provider, weights=rows.size, minlength=rows.providers)
    within = rows.X[:, 1:].copy()
    for column in within.T:
        sums = np.bincount(rows.provider, weights=rows.size * column, minlength=rows.providers)
        column -= (sums / np.where(sizes > 0, sizes, 1.0))[rows.provider]
    spread = rows.size @ rows.X[:, 1:] ** 2
    constant = rows.size @ within**2 <= DEPENDENT * spread
    if constant.any():
        name = rows.names[1 + int(np.flatnonzero(constant)[0])]
        raise CannotFit(
            f"column '{name}' does not vary within any provider, so its effect is that of the providers: "
            "leave the term out, or use random intercepts"
        )
    clusters = rows.clusters()
    shares = within * np.sqrt(rows.size / np.sum(rows.size))[:, None]
    shares /= np.sqrt(np.sum(shares**2, axis=0))
    if np.linalg.eigvalsh(shares.T @ shares)[0] < DEPENDENT:
        raise CannotFit(
            f"within providers, one of the columns {case_mix(rows.names)} follows exactly from the "
            "others: leave a term out, or merge levels"
        )
    return clusters


def climbed_model(rows: ProviderRows, *, firth: bool, infinite: FloatArray, n: float) -> FixedEffectsModel:
    """Fit by block Newton.

    Parameters
    ----------
    rows
        Of the providers whose intercepts are finite.
    firth
        Whether to climb Firth's penalised likelihood.
    infinite
        What to report for the other providers, shape (providers,).
    n
        Records, of all providers.

    Raises
    ------
    CannotFit
        When there is no maximum: the case mix separates the events within providers.
    """
    clusters = clusters_of(rows)
    family = Logistic() if rows.kind == "logistic" else Poisson()
    top = BlockSlope(clusters, family, firth=firth).climb(
        np.zeros(clusters.columns - 1), _start(rows, clusters)
    )
    if top is None:
        rows.refuse_separation()
        raise CannotFit(
            f"within providers, the case mix separates the events: some combination of the columns "
            f"{case_mix(rows.names)} predicts them perfectly; merge levels, leave a term out, or "
            "use Firth's estimate"
        )
    beta, gamma, at = top
    scale, shift = np.diag(clusters.transform)[1:], clusters.transform[0, 1:]
    intercept, error = infinite.copy(), np.where(np.isinf(infinite), np.inf, np.nan)
    intercept[clusters.present] = gamma + shift @ beta
    error[clusters.present] = np.sqrt(1 / at.weight + _quadratic(at.centre - shift[:, None], at.inverse))
    log_likelihood = at.log_likelihood + _constant(rows)
    return FixedEffectsModel(
        kind=rows.kind,
        design=rows.design,
        coefficients=scale * beta,
        standard_errors=scale * np.sqrt(np.diag(at.inverse)),
        intercept=intercept,
        intercept_se=error,
        log_likelihood=log_likelihood,
        penalised=_penalised(log_likelihood, at, scale) if firth else np.nan,
        residual_sd=np.nan,
        n=n,
    )


def _penalised(log_likelihood: float, at: Blocks, scale: FloatArray) -> float:
    # the determinant is that of the scaled columns
    return log_likelihood + at.log_determinant / 2 - float(np.log(scale).sum())


def _constant(rows: ProviderRows) -> float:
    """Give the part of the log-likelihood of counts that no parameter changes."""
    return float(rows.y @ np.log(rows.size) - gammaln(rows.y + 1).sum()) if rows.kind == "poisson" else 0.0


def _quadratic(columns: FloatArray, matrix: FloatArray) -> FloatArray:
    result: FloatArray = np.einsum("aj,ab,bj->j", columns, matrix, columns)
    return result


def _start(rows: ProviderRows, clusters: Clusters) -> FloatArray:
    """Start at each provider's own rate, drawn half an event to the middle so that it is finite."""
    size = np.concatenate([piece.sum(piece.n) for piece in clusters])
    y = clusters.gather("sum_y")
    result: FloatArray
    if rows.kind == "logistic":
        result = np.log((y + 0.5) / (size - y + 0.5))
    else:
        result = np.log((y + 0.5) / (size + 0.5 * size.sum() / y.sum()))
    return result


def _informative(rows: ProviderRows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which providers have a finite intercept."""
    events = np.bincount(rows.provider, weights=rows.y, minlength=rows.providers)
    records = np.bincount(rows.provider, weights=rows.n, minlength=rows.providers)
    return (events > 0) & ((events < records) | (rows.kind == "poisson"))


def _infinite(rows: ProviderRows, informative: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> FloatArray:
    """Give -inf to providers with no events, inf to those with only events, NaN to those without records."""
    events = np.bincount(rows.provider, weights=rows.y, minlength=rows.providers)
    records = np.bincount(rows.provider, weights=rows.n, minlength=rows.providers)
    ends = np.where(events > 0, np.inf, -np.inf)
    return np.where(informative | (records == 0), np.nan, ends)


def _fit_linear(rows: ProviderRows) -> FixedEffectsModel:
    """Fit by least squares on what is left of y and of the columns once the provider means are taken off."""
    clusters = clusters_of(rows)
    k, present = clusters.columns - 1, len(clusters.present)
    freedom = float(rows.n.sum()) - k - present
    if freedom <= 0:
        raise CannotFit(
            f"{rows.n.sum():g} records for {k + present} coefficients: no residual variance is left"
        )
    n = np.concatenate([piece.sum(piece.n) for piece in clusters])
    centre = np.concatenate([piece.sum(piece.Z * piece.n)[1:] for piece in clusters], axis=1) / n
    y = clusters.gather("sum_y") / n
    gram, score = np.zeros((k, k)), np.zeros(k)
    for piece in clusters:
        own = slice(piece.first, piece.last)
        around = piece.Z[1:] - piece.spread(centre[:, own])
        gram += (around * piece.n) @ around.T
        score += around @ (piece.y - piece.n * piece.spread(y[own]))
    inverse: FloatArray = np.asarray(np.linalg.inv(gram), dtype=np.float64)
    beta = inverse @ score
    try:
        squares = float(within_squares(rows.n, rows.y, rows.y2).sum())
    except ValueError as error:
        raise CannotFit(str(error)) from error
    gamma = y - beta @ centre
    for piece in clusters:
        away = piece.y / piece.n - beta @ piece.Z[1:] - piece.spread(gamma[piece.first : piece.last])
        squares += float(piece.n @ away**2)
    return _linear_model(rows, clusters, beta, gamma, (inverse, centre, n), squares, freedom)


def _linear_model(
    rows: ProviderRows,
    clusters: Clusters,
    beta: FloatArray,
    gamma: FloatArray,
    parts: tuple[FloatArray, FloatArray, FloatArray],
    squares: float,
    freedom: float,
) -> FixedEffectsModel:
    inverse, centre, n = parts
    variance, total = squares / freedom, float(rows.n.sum())
    scale, shift = np.diag(clusters.transform)[1:], clusters.transform[0, 1:]
    intercept, error = np.full(rows.providers, np.nan), np.full(rows.providers, np.nan)
    intercept[clusters.present] = gamma + shift @ beta
    error[clusters.present] = np.sqrt(variance * (1 / n + _quadratic(centre - shift[:, None], inverse)))
    with np.errstate(divide="ignore"):
        log_likelihood = float(-0.5 * total * (np.log(2 * np.pi * squares / total) + 1))
    return FixedEffectsModel(
        kind="linear",
        design=rows.design,
        coefficients=scale * beta,
        standard_errors=scale * np.sqrt(variance * np.diag(inverse)),
        intercept=intercept,
        intercept_se=error,
        log_likelihood=log_likelihood,
        penalised=np.nan,
        residual_sd=float(np.sqrt(variance)),
        n=total,
    )
