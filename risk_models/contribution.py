"""Why a provider's expectation is what it is: the part of each case-mix term, and who its patients are."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from risk_models.cox import CoxModel
from risk_models.design import Design, column_of
from risk_models.encoding import FittedTerm
from risk_models.partial_likelihood import ONE
from risk_models.strata import Columns, FloatArray, IntArray, checked_n, checked_provider, per_provider

# below this, two linear predictors are one: the ratio of differences is then the slope
EQUAL = 1e-6


class Explained(Protocol):
    """A model whose expectation follows from a linear predictor: a `RiskModel`, or a `ChanceByHorizon`."""

    @property
    def design(self) -> Design:
        """How case mix becomes columns."""

    @property
    def coefficients(self) -> FloatArray:
        """One for each column of the design."""

    def respond(self, eta: FloatArray) -> FloatArray:
        """Give the expectation that a linear predictor stands for."""

    def slope(self, eta: FloatArray) -> FloatArray:
        """Give the derivative of `respond`."""


@dataclass(frozen=True, slots=True, eq=False)
class ChanceByHorizon:
    """The chance of an event by a time, by Cox's model: 1 - exp(-H0 exp(predictor)).

    Attributes
    ----------
    model
        The model.
    at
        The time, in the unit of the fit.
    within
        Baseline stratum.
    """

    model: CoxModel
    at: float
    within: str = ONE

    @property
    def design(self) -> Design:
        """How case mix becomes columns."""
        return self.model.design

    @property
    def coefficients(self) -> FloatArray:
        """One for each column of the design; the intercept is in the baseline."""
        return np.append(0.0, self.model.coefficients)

    @property
    def hazard(self) -> float:
        """H0, the cumulative hazard at the time for a predictor of 0."""
        line = self.model.baselines[self.within]
        return float(line.hazard[line.times <= self.at].sum())

    def respond(self, eta: FloatArray) -> FloatArray:
        """Give the chance that a linear predictor stands for, any one shape."""
        result: FloatArray = -np.expm1(-self.hazard * np.exp(eta))
        return result

    def slope(self, eta: FloatArray) -> FloatArray:
        """Give the derivative of `respond` at a linear predictor, any one shape."""
        total = self.hazard * np.exp(eta)
        result: FloatArray = total * np.exp(-total)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What each case-mix term adds to a provider's mean expectation.

    Attributes
    ----------
    terms
        Names of the case-mix terms.
    benchmark
        Mean expectation of a record over all providers, in the unit of the expectation.
    parts
        Added to the benchmark by each term, shape (providers, terms); NaN without records.
    expected
        Mean expectation of a record of each provider, shape (providers,): benchmark plus its parts.
    """

    terms: tuple[str, ...]
    benchmark: float
    parts: FloatArray
    expected: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The patients of each provider beside everyone's, on one level or number.

    Attributes
    ----------
    term, level
        Case-mix term, and the level of a category; "" for the mean of a number or the share of a flag, and
        "(missing)" for the share without a value.
    own
        Share of records (or mean) of each provider, shape (providers,); NaN without records.
    all
        The same of all providers together.
    """

    term: str
    level: str
    own: FloatArray
    all: float


def contributions(
    model: Explained, strata: Columns, provider: ArrayLike, *, n: ArrayLike, providers: int
) -> Contributions:
    """Give the part of every case-mix term in a provider's mean expectation; the parts add up exactly.

    A record's expectation differs from that at the mean predictor m of all records by g(eta) - g(m), which
    is divided over the terms in proportion to what each adds to eta - m: the Aumann-Shapley value (the
    effect of each term along the straight line from the mean patient to this one). The part of a term is
    its mean over the provider's records, minus that over all records. For a linear model it is the
    coefficient times the difference of means.

    Parameters
    ----------
    model
        Any, also of another period; of a time to event, its chance by a horizon.
    strata
        One array of shape (strata,) for each term, under its name.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n
        Records per stratum (of a Poisson model: exposure).
    providers
        How many there are.

    Returns
    -------
    Contributions

    Raises
    ------
    ValueError
        Without records, or as `Design.matrix` does.

    References
    ----------
    Aumann RJ, Shapley LS (1974). Values of Non-Atomic Games. Princeton.
    Sundararajan M et al. (2017), for models. arXiv:1703.01365
    """
    counts = checked_n(n)
    if not counts.sum() > 0:
        raise ValueError("n: no records to compare")
    index = checked_provider(provider, rows=len(counts), providers=providers)
    X = model.design.matrix(strata, rows=len(counts))
    share = counts / counts.sum()
    eta = X @ model.coefficients
    middle = float(share @ eta)
    gain = model.respond(eta) - model.respond(np.array(middle))
    far = np.abs(eta - middle) > EQUAL
    slope = np.where(far, gain / np.where(far, eta - middle, 1.0), model.slope((eta + middle) / 2))
    size = per_provider(index, counts, providers)
    known = np.where(size > 0, size, np.nan)
    parts = np.empty((providers, len(model.design.terms)))
    for place, columns in enumerate(model.design.slices):
        added = X[:, columns] @ model.coefficients[columns]
        part = (added - share @ added) * slope
        parts[:, place] = per_provider(index, counts * part, providers) / known - share @ part
    expected = model.respond(eta)
    return Contributions(
        terms=tuple(term.name for term in model.design.terms),
        benchmark=float(share @ expected),
        parts=parts,
        expected=per_provider(index, counts * expected, providers) / known,
    )


def profile(
    model: Explained, strata: Columns, provider: ArrayLike, *, n: ArrayLike, providers: int
) -> tuple[Profile, ...]:
    """Give who each provider's patients are beside everyone's: shares of levels and flags, means of numbers.

    Parameters
    ----------
    model, strata, provider, n, providers
        As for `contributions`.

    Returns
    -------
    tuple[Profile, ...]
        In the order of the terms; for a category one for each level, the reference first. A mean is over
        the records that have a value; interactions have none of their own.

    Raises
    ------
    ValueError
        Without records, or for columns that cannot be.
    """
    counts = checked_n(n)
    if not counts.sum() > 0:
        raise ValueError("n: no records to compare")
    index = checked_provider(provider, rows=len(counts), providers=providers)
    found = []
    for term in model.design.terms:
        if term.kind == "interaction":
            continue
        values = column_of(strata, term.name, rows=len(counts))
        for level, value in term.shown(values).items():
            weight = counts if level else np.where(np.isnan(value), 0.0, counts)
            found.append(
                _compare(term, level, np.nan_to_num(value), index=index, n=weight, providers=providers)
            )
    return tuple(found)


def _compare(
    term: FittedTerm, level: str, value: FloatArray, *, index: IntArray, n: FloatArray, providers: int
) -> Profile:
    size = per_provider(index, n, providers)
    own = per_provider(index, n * value, providers) / np.where(size > 0, size, np.nan)
    total = float(n.sum())
    return Profile(
        term=term.name, level=level, own=own, all=float(n @ value) / total if total > 0 else np.nan
    )
