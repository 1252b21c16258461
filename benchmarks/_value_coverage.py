"""How often intervals of adjusted values, and of shrunken values, hold the truth, by simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indicators.library.birth.health import skewed_below
from registry_db.cohorts import Patterns, Strata
from risk_models.design import Term
from risk_models.expected import fit_model
from risk_models.random_intercept import fit_random_intercept
from risk_models.standardise import score_mean
from risk_models.verdict import Z_95

Array = NDArray[np.float64]
Draw = Callable[[Array, np.random.Generator], Array]

# of what women report: the marks and the index lie below their best value, with a long tail
BIRTH_VALUES: Mapping[str, Draw] = {
    "birth-experience": lambda mean, rng: skewed_below(np.minimum(mean, 9.9), 10.0, 2.2, rng),
    "birth-recovery": lambda mean, rng: skewed_below(np.minimum(mean, 0.99), 1.0, 1.6, rng),
}


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Records whose values are drawn; arrays have shape (records,).

    Attributes
    ----------
    provider, providers
        Index of the provider of each record, and how many there are.
    columns, terms
        Case mix.
    mean
        True mean at a provider without an effect.
    before
        Value before care of a gain; None of a value.
    """

    provider: NDArray[np.int64]
    providers: int
    columns: Mapping[str, NDArray[Any]]
    terms: list[Term]
    mean: Array
    before: Array | None = None


def records_of(of: Strata, taken: Patterns, terms: list[Term]) -> Records:
    """Give strata, whose expectation is the true mean, as records."""
    row = np.repeat(np.arange(len(of.n)), of.n.astype(np.int64))
    before = of.sum_before / of.n
    return Records(
        provider=of.provider[row],
        providers=len(of.providers),
        columns={name: values[of.pattern[row]] for name, values in taken.columns.items()},
        terms=terms,
        mean=of.expected[row],
        before=None if np.isnan(before).all() else before[row],
    )


def invented(providers: int, *, seed: int) -> Records:
    """Patients of providers of 40 to 600, with a value before care and an age."""
    rng = np.random.default_rng(seed)
    provider = np.repeat(np.arange(providers), rng.integers(40, 600, providers))
    age = rng.integers(20, 90, len(provider)).astype(float)
    before = np.round(rng.normal(50, 10, len(provider)))
    terms = [Term("age", "number"), Term("before", "number")]
    mean = 40 - 0.1 * age + 0.6 * before
    return Records(provider, providers, {"age": age, "before": before}, terms, mean, before)


def value_coverage(of: Records, draw: Draw, *, spread: float, rounds: int, seed: int) -> tuple[float, float]:
    """Share of 95 % intervals of adjusted values, and of shrunken effects, that hold the truth.

    The truth of an adjusted value is as its interval takes it: given the model, that of the patients of the
    provider. Providers' effects are normal with standard deviation `spread`; `draw` draws values of a mean.
    """
    rng = np.random.default_rng(seed)
    ones, n = np.ones(len(of.mean)), np.bincount(of.provider, minlength=of.providers)
    held = np.zeros(2)
    for _ in range(rounds):
        effect = rng.normal(0, spread, of.providers)
        mean = of.mean + effect[of.provider]
        y = draw(mean, rng)
        model = fit_model("linear", of.terms, of.columns, n=ones, sum_y=y, sum_y2=y**2)
        expected = model.expected(of.columns, rows=len(y))
        scores = score_mean(
            of.provider, ones, y, y**2, expected, providers=of.providers, sum_before=of.before
        )
        away = np.bincount(of.provider, weights=mean - expected, minlength=of.providers) / n
        truth = scores.reference + away
        held[0] += np.mean((scores.lower <= truth) & (truth <= scores.upper))
        mixed = fit_random_intercept(
            "linear", of.terms, of.columns, provider=of.provider, providers=of.providers,
            n=ones, sum_y=y, sum_y2=y**2, average_tau=True,
        )  # fmt: skip
        held[1] += np.mean(np.abs(mixed.mean_total - effect) <= Z_95 * mixed.sd_total)
    adjusted, shrunken = (held / rounds).tolist()
    return adjusted, shrunken
