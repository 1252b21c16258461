"""How uncertain the model itself makes a score: the bootstrap by provider, beside the delta method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk_models.design import Term, case_mix_columns
from risk_models.expected import CannotFit, ModelKind, RiskModel, checked_sums, fit_matrix, fit_model
from risk_models.intervals import Interval, normal_quantile
from risk_models.strata import Columns, FloatArray, IntArray, checked_n, checked_provider, per_provider

FEWEST_PROVIDERS = 10


@dataclass(frozen=True, slots=True, eq=False)
class ModelUncertainty:
    """The expectations of providers when the model is fitted on other draws of providers.

    Attributes
    ----------
    expected
        Sum of each provider's own expectations with the model of all, shape (providers,).
    draws
        The same with the model of each draw, shape (replicates, providers).
    coefficients
        Of the model of each draw, shape (replicates, columns).
    failed
        Draws on which no model could be fitted, and which are left out of `draws`.
    """

    expected: FloatArray
    draws: FloatArray
    coefficients: FloatArray
    failed: int

    @property
    def error(self) -> FloatArray:
        """Standard error of `expected`, shape (providers,)."""
        result: FloatArray = self.draws.std(axis=0, ddof=1)
        return result


def bootstrap_expected(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    provider: ArrayLike,
    *,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    ridge: float = 0.0,
    providers: int,
    replicates: int,
    seed: int,
) -> ModelUncertainty:
    """Fit the model anew on providers drawn with replacement, and give each provider's expectation each time.

    Whole providers are drawn, so that the patients of one may be alike. The encoding (knots, levels) stays.

    Parameters
    ----------
    kind, terms, strata, n, sum_y, sum_y2, exposure, ridge
        As for `fit_model`.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers, replicates
        How many there are, and how many draws.
    seed
        The same seed gives the same.

    Returns
    -------
    ModelUncertainty

    Raises
    ------
    CannotFit
        When there is no model of all, fewer than ten providers with records, or on half of the draws no
        model.
    ValueError
        For columns that cannot be, or fewer than two replicates.

    References
    ----------
    Field CA, Welsh AH (2007). J R Stat Soc B 69:369-390. doi:10.1111/j.1467-9868.2007.00593.x
    """
    counts = checked_n(n)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    whole = fit_model(
        kind, terms, strata, n=counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure, ridge=ridge
    )
    sums, other = checked_sums(kind, counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure)
    X = whole.design.matrix(case_mix_columns(terms, strata, rows=len(counts)), rows=len(counts))
    exposed = other if kind == "poisson" else counts
    draws, coefficients, failed = [], [], 0
    for drawn_of in drawn_providers(index[counts > 0], providers=providers, replicates=replicates, seed=seed):
        drawn = drawn_of[index]
        use = (drawn > 0) & (counts > 0)
        times = drawn[use]
        try:
            fit = fit_matrix(
                kind,
                whole.design.columns,
                X[use],
                n=times * counts[use],
                sum_y=times * sums[use],
                other=times * other[use],
                ridge=ridge,
            )
        except CannotFit:
            failed += 1
            continue
        coefficients.append(fit.coefficients)
        draws.append(per_provider(index, exposed * whole.respond(X @ fit.coefficients), providers))
    if failed * 2 > replicates or replicates - failed < 2:
        raise CannotFit(f"no model could be fitted on {failed} of {replicates} draws of providers")
    expected = per_provider(index, exposed * whole.respond(X @ whole.coefficients), providers)
    return ModelUncertainty(
        expected=expected, draws=np.array(draws), coefficients=np.array(coefficients), failed=failed
    )


def drawn_providers(index: IntArray, *, providers: int, replicates: int, seed: int) -> Iterator[FloatArray]:
    """Draw providers with replacement, as many as have records.

    Parameters
    ----------
    index
        Index 0..providers-1 of the provider of each stratum with records, shape (strata,).
    providers, replicates, seed
        As for `bootstrap_expected`.

    Yields
    ------
    FloatArray
        How often each provider is drawn, shape (providers,).

    Raises
    ------
    CannotFit
        With fewer than ten providers.
    ValueError
        For fewer than two replicates.
    """
    if replicates < 2:
        raise ValueError(f"replicates: {replicates}; expected 2 or more, to see how they differ")
    present = np.unique(index)
    if len(present) < FEWEST_PROVIDERS:
        raise CannotFit(
            f"records of {len(present)} providers: a bootstrap by provider needs {FEWEST_PROVIDERS}"
        )
    random = np.random.default_rng(seed)
    for _ in range(replicates):
        drawn = np.bincount(random.choice(present, len(present)), minlength=providers)
        yield drawn.astype(np.float64)


def expected_error(
    model: RiskModel,
    strata: Columns,
    provider: ArrayLike,
    *,
    n: ArrayLike,
    providers: int,
    covariance: FloatArray | None = None,
) -> FloatArray:
    """Give the standard error of each provider's sum of expectations by the delta method.

    sqrt(g C g') with g the derivative of the sum to the coefficients.

    Parameters
    ----------
    model, strata, provider, providers
        As for `contribution.contributions`.
    n
        Records per stratum (of a Poisson model: exposure).
    covariance
        Of the coefficients, such as a clustered one; None is that of the model.

    Returns
    -------
    FloatArray
        Shape (providers,).

    Raises
    ------
    ValueError
        For a model that was stored without its covariance, or as `Design.matrix` does.
    """
    counts = checked_n(n)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    C = model.covariance if covariance is None else covariance
    if np.isnan(C).any():
        raise ValueError("this model was stored without its covariance; fit it anew")
    X = model.design.matrix(strata, rows=len(counts))
    gradient = np.zeros((providers, X.shape[1]))
    np.add.at(gradient, index, (counts * model.slope(X @ model.coefficients))[:, None] * X)
    result: FloatArray = np.sqrt(np.einsum("ij,jk,ik->i", gradient, C, gradient))
    return result


def with_model_error(
    ratio: ArrayLike, interval: Interval, *, expected: ArrayLike, error: ArrayLike, level: float = 0.95
) -> Interval:
    """Widen an interval of O/E, which takes E as known, by the uncertainty of E; to report beside it.

    On the log scale, each half-width becomes the root of its square plus (z error/E)^2. A lower end of 0
    stays 0.

    Parameters
    ----------
    ratio, interval
        O/E and its interval at `level`, shape (providers,).
    expected, error
        E and its standard error, from `bootstrap_expected` or `expected_error`.
    level
        Such as 0.95.

    Returns
    -------
    Interval
        NaN where the given one is; the upper end of no events is widened about that upper end.

    Raises
    ------
    ValueError
        For a level that is no coverage.
    """
    e, s = np.asarray(expected, dtype=np.float64), np.asarray(error, dtype=np.float64)
    extra = normal_quantile(level) * np.divide(s, e, out=np.full(e.shape, np.nan), where=e > 0)
    at = np.asarray(ratio, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(at)
        low = np.exp(centre - np.hypot(centre - np.log(interval.lower), extra))
        high = np.exp(centre + np.hypot(np.log(interval.upper) - centre, extra))
    none = at == 0
    return Interval(
        lower=np.where(interval.lower == 0, 0.0, low),
        upper=np.where(none, interval.upper * np.exp(extra), high),
    )
