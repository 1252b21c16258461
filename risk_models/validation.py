"""Does a model hold where it was not fitted: cross-validation, and the influence of each provider."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk_models.design import Term, case_mix_columns
from risk_models.expected import CannotFit, ModelKind, checked_sums, fit_matrix, fit_model
from risk_models.strata import (
    Columns,
    FloatArray,
    IntArray,
    checked,
    checked_n,
    checked_provider,
    per_provider,
)


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What a model would be without each provider.

    Attributes
    ----------
    coefficients
        Coefficients without the provider, minus those with it, shape (providers, columns).
    ratio
        Sum of the provider's own expectations, without it over with it; over 1 when the provider pulls the
        expectation down. Shape (providers,).
    reason
        Why there is no model without the provider, "" where there is; its rows are then NaN.
    """

    coefficients: FloatArray
    ratio: FloatArray
    reason: tuple[str, ...]


def provider_folds(provider: ArrayLike, *, providers: int, folds: int, seed: int) -> IntArray:
    """Deal providers over folds, at random and as evenly as can be.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers, folds
        How many there are; at least 2 folds, and no more than providers.
    seed
        The same seed deals the same.

    Returns
    -------
    IntArray
        Fold 0..folds-1 of each stratum, shape (strata,): all strata of a provider are in one.

    Raises
    ------
    ValueError
        For a number of folds that cannot be.
    """
    index = checked_provider(provider, rows=np.size(provider), providers=providers)
    if not 2 <= folds <= providers:
        raise ValueError(f"folds: {folds} with {providers} providers; expected 2 to {providers}")
    fold = np.random.default_rng(seed).permutation(np.arange(providers) % folds)
    result: IntArray = fold[index]
    return result


def cross_validated(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    fold: ArrayLike,
    *,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    ridge: float = 0.0,
    forward: bool = False,
) -> FloatArray:
    """Give expectations from models that have not seen the records they are for.

    The diagnostics (`c_statistic`, `calibration`, `scaled_brier`, `r_squared`) of these are those of new
    providers, or of a next year.

    Parameters
    ----------
    kind, terms, strata, n, sum_y, sum_y2, exposure, ridge
        As for `fit_model`. Encoding (knots, levels) is fixed anew on each part that is fitted.
    fold
        Whole number of each stratum, shape (strata,): from `provider_folds`, or a period such as the year.
    forward
        False: each fold is predicted from all others. True, for periods: each from all earlier ones.

    Returns
    -------
    FloatArray
        Expectation of one record of each stratum, shape (strata,); with `forward` NaN for the first period.

    Raises
    ------
    CannotFit
        When a model cannot be fitted; the message says without which fold.
    UnseenLevel
        For a level that occurs in one fold only, when the term says no other.
    ValueError
        For fewer than two folds, or columns that cannot be.

    References
    ----------
    Steyerberg EW, Harrell FE (2016). J Clin Epidemiol 69:245-247. doi:10.1016/j.jclinepi.2015.04.005
    """
    counts = checked_n(n)
    folds = checked("fold", fold, rows=len(counts))
    values = np.unique(folds)
    if len(values) < 2:
        raise ValueError(f"fold: all strata are in {len(values)} fold; expected 2 or more")
    sums, other = checked_sums(kind, counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure)
    columns = case_mix_columns(terms, strata, rows=len(counts))
    result = np.full(len(counts), np.nan)
    for value in values[1:] if forward else values:
        out = folds == value
        use = folds < value if forward else ~out
        try:
            model = fit_model(
                kind,
                terms,
                {name: column[use] for name, column in columns.items()},
                n=counts[use],
                sum_y=sums[use],
                sum_y2=other[use] if kind == "linear" else None,
                exposure=other[use] if kind == "poisson" else None,
                ridge=ridge,
            )
        except CannotFit as error:
            before = "before" if forward else "without"
            raise CannotFit(f"{before} fold {value:g}: {error}") from error
        result[out] = model.expected(
            {name: column[out] for name, column in columns.items()}, rows=int(out.sum())
        )
    return result


def influence(
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
) -> Influence:
    """Fit the model anew without each provider, and say what that changes.

    Parameters
    ----------
    kind, terms, strata, n, sum_y, sum_y2, exposure, ridge
        As for `fit_model`. The encoding stays that of all records.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers
        How many there are.

    Returns
    -------
    Influence

    Raises
    ------
    CannotFit
        When there is no model with all providers.
    ValueError
        For columns that cannot be.

    References
    ----------
    Cook RD (1977), on leaving observations out. Technometrics 19:15-18. doi:10.1080/00401706.1977.10489493
    """
    counts = checked_n(n)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    whole = fit_model(
        kind, terms, strata, n=counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure, ridge=ridge
    )
    sums, other = checked_sums(kind, counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure)
    some = counts > 0
    columns = {
        name: column[some] for name, column in case_mix_columns(terms, strata, rows=len(counts)).items()
    }
    X = whole.design.matrix(columns, rows=int(some.sum()))
    index, size, sums, other = index[some], counts[some], sums[some], other[some]
    exposed = other if kind == "poisson" else size
    own = per_provider(index, exposed * whole.respond(X @ whole.coefficients), providers)
    change = np.full((providers, X.shape[1]), np.nan)
    ratio = np.full(providers, np.nan)
    reasons = [""] * providers
    for which in range(providers):
        here, rest = index == which, index != which
        if not rest.any():
            reasons[which] = "there are no other providers"
            continue
        try:
            part = fit_matrix(
                kind,
                whole.design.columns,
                X[rest],
                n=size[rest],
                sum_y=sums[rest],
                other=other[rest],
                ridge=ridge,
            )
        except CannotFit as error:
            reasons[which] = str(error)
            continue
        change[which] = part.coefficients - whole.coefficients
        if own[which] != 0:
            ratio[which] = float(exposed[here] @ whole.respond(X[here] @ part.coefficients)) / own[which]
    return Influence(coefficients=change, ratio=ratio, reason=tuple(reasons))
