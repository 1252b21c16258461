"""What models with provider effects are fitted on: checked rows, each of one provider, and their design."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from risk_models.clusters import Clusters, clustered, scaling
from risk_models.design import INTERCEPT, Design, Term
from risk_models.expected import CannotFit, ModelKind, checked_sums
from risk_models.regression import (
    encoded,
    fit_events,
    refuse_constant,
    refuse_constant_outcome,
    refuse_separated_groups,
    triangle,
)
from risk_models.strata import Columns, FloatArray, IntArray, checked_n, checked_provider

# Squared share of a column that those before it leave, at which only a slower method can tell it from 0.
NEARLY_DEPENDENT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class ProviderRows:
    """Rows with records, each of one provider, and what a fit needs of them.

    Attributes
    ----------
    kind
        `logistic`, `poisson` or `linear`.
    design
        The fitted encoding.
    names, X
        Of the columns, and the columns, shape (rows, columns); more than the design has, with provider means.
    provider
        Index of the provider of each row, shape (rows,).
    n, size
        Records of each row; and what its outcome is set against: the exposure of a count, else n.
    y, y2
        Sum of outcomes, and of their squares (used by a linear model only).
    providers
        How many there are, with those that have no rows.
    """

    kind: ModelKind
    design: Design
    names: tuple[str, ...]
    X: FloatArray
    provider: IntArray
    n: FloatArray
    size: FloatArray
    y: FloatArray
    y2: FloatArray
    providers: int

    def clusters(self) -> Clusters:
        """Sort the rows by provider and scale their columns; refuse columns that cannot be told apart."""
        scaled = scaling(self.X, self.size)
        if not scaled.scale.all():
            name = self.names[int(np.flatnonzero(scaled.scale == 0)[0])]
            raise CannotFit(f"column '{name}' is the same in every record: leave the term out")
        if scaled.left.min() < NEARLY_DEPENDENT:
            triangle(self.names, self.X, self.size)
        return clustered(self.X, self.provider, n=self.size, y=self.y, scaled=scaled)

    @property
    def family(self) -> Literal["binomial", "poisson"]:
        """Of events or of counts."""
        return "binomial" if self.kind == "logistic" else "poisson"

    def refuse_separated_groups(self) -> None:
        """Raise CannotFit when one side of a 0/1 column has no events, or events only."""
        refuse_separated_groups(self.names, self.X, n=self.size, events=self.y, family=self.family)

    def refuse_separation(self) -> None:
        """Raise CannotFit when the case mix alone already separates the events."""
        triangle(self.names, self.X, self.size)
        fit_events(self.names, self.X, n=self.size, events=self.y, family=self.family, ridge=0.0)


def provider_rows(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    *,
    provider: ArrayLike,
    providers: int,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None,
    exposure: ArrayLike | None,
    alone: bool = False,
) -> ProviderRows:
    """Check what a model with provider effects is to be fitted on, and encode it.

    Parameters
    ----------
    kind, terms, strata, provider, providers, n, sum_y, sum_y2, exposure
        As for `fit_random_intercept`.
    alone
        Whether one provider is enough.

    Returns
    -------
    ProviderRows
        Of the strata with records only.

    Raises
    ------
    CannotFit
        For an empty cohort, one provider, no events or only events, or sums that are negative or not finite.
    ValueError
        For terms and strata that do not fit together, or a sum that this kind needs or cannot have.
    """
    _refuse_options(kind, sum_y2=sum_y2, exposure=exposure)
    try:
        counts = checked_n(n)
        y, other = checked_sums(kind, counts, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure)
        index = checked_provider(provider, rows=len(counts), providers=providers)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    keep = counts > 0
    _refuse_nothing_to_compare(kind, counts[keep], y[keep], index[keep], alone=alone)
    if kind == "linear":
        refuse_constant_outcome(counts[keep], y[keep], other[keep])
    _, design, X = encoded(terms, strata, counts)
    return ProviderRows(
        kind=kind,
        design=design,
        names=design.columns,
        X=X,
        provider=index[keep],
        n=counts[keep],
        size=other[keep] if kind == "poisson" else counts[keep],
        y=y[keep],
        y2=other[keep],
        providers=providers,
    )


def with_provider_means(rows: ProviderRows) -> tuple[ProviderRows, FloatArray]:
    """Add to the design the mean of each column among the records of the provider.

    Returns
    -------
    tuple[ProviderRows, FloatArray]
        The rows with twice the columns less the intercept, and the means about their overall mean, shape
        (providers, columns - 1), 0 for a provider without records.

    Raises
    ------
    CannotFit
        With no case mix, or too few providers to tell their means apart.
    """
    within = rows.X[:, 1:]
    if not within.shape[1]:
        raise CannotFit("no case mix: there are no provider means for the effects to be correlated with")
    refuse_constant(rows.names, rows.X)
    records = np.bincount(rows.provider, weights=rows.n, minlength=rows.providers)
    sums = np.column_stack(
        [np.bincount(rows.provider, weights=rows.n * x, minlength=rows.providers) for x in within.T]
    )
    overall = sums.sum(axis=0) / records.sum()
    means = np.where(
        records[:, None] > 0, sums / np.maximum(records, np.finfo(float).tiny)[:, None] - overall, 0.0
    )
    some = np.column_stack([np.ones(int((records > 0).sum())), means[records > 0]])
    if np.linalg.matrix_rank(some) < some.shape[1]:
        raise CannotFit(
            f"the means of {within.shape[1]} case-mix columns cannot be told apart between {len(some)} "
            "providers: use fewer terms, or effects that are not correlated with case mix"
        )
    names = (*rows.names, *(f"mean of {name}" for name in rows.names[1:]))
    return replace(rows, names=names, X=np.hstack([rows.X, means[rows.provider]])), means


def case_mix(names: Sequence[str]) -> str:
    """Give the names of the columns besides the intercept, quoted."""
    return ", ".join(f"'{name}'" for name in names if name != INTERCEPT)


def _refuse_options(kind: ModelKind, *, sum_y2: ArrayLike | None, exposure: ArrayLike | None) -> None:
    if kind not in get_args(ModelKind):
        raise ValueError(f"kind '{kind}' is none of {', '.join(get_args(ModelKind))}")
    if kind == "linear" and sum_y2 is None:
        raise ValueError("a linear model needs sum_y2: the residual variance cannot be had without it")
    if kind != "poisson" and exposure is not None:
        raise ValueError(f"a {kind} model has no exposure; that belongs to a count (kind 'poisson')")


def _refuse_nothing_to_compare(
    kind: ModelKind, n: FloatArray, y: FloatArray, index: IntArray, *, alone: bool
) -> None:
    if not len(n):
        raise CannotFit("the cohort is empty: no records to fit the model on")
    total, happened = float(n.sum()), float(y.sum())
    if kind != "linear" and happened == 0:
        raise CannotFit(f"none of the {total:g} records has an event: there is no risk to model")
    if kind == "logistic" and happened == total:
        raise CannotFit(f"every one of the {total:g} records has the event: there is no risk to model")
    if not alone and np.all(index == index[0]):
        raise CannotFit("one provider has all records: there are no differences between providers to model")
