"""What cannot be fitted is said in words by every function that fits, and never becomes a number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import risk_models
from risk_models import (
    Term,
    beta_binomial,
    bootstrap_cox,
    bootstrap_expected,
    bootstrap_ratios,
    cross_validated,
    fit_cox,
    fit_firth,
    fit_fixed_effects,
    fit_imputed,
    fit_model,
    fit_negative_binomial,
    fit_random_intercept,
    gamma_poisson,
    impute,
    influence,
    influence_cox,
    smoothed_rates,
)

N, PROVIDERS = 240, 12
RNG = np.random.default_rng(1)
X, FLAG = RNG.normal(60, 10, N).round(1), np.arange(N) % 3 % 2 * 1.0
EVENT = (RNG.random(N) < 0.3) * 1.0
COUNT, VALUE = RNG.negative_binomial(1.5, 0.3, N) * 1.0, RNG.normal(0, 1, N) + X / 10


@dataclass(frozen=True)
class Cohort:
    """Two hundred and forty records of twelve providers, with an outcome of every kind."""

    columns: Mapping[str, NDArray[Any]] = field(default_factory=lambda: {"x": X, "f": FLAG})
    terms: tuple[Term, ...] = (Term("x", "number"), Term("f", "flag"))
    provider: NDArray[Any] = field(default_factory=lambda: np.repeat(np.arange(PROVIDERS), N // PROVIDERS))
    providers: int = PROVIDERS
    n: NDArray[Any] = field(default_factory=lambda: np.ones(N))
    event: NDArray[Any] = field(default_factory=lambda: EVENT)
    count: NDArray[Any] = field(default_factory=lambda: COUNT)
    value: NDArray[Any] = field(default_factory=lambda: VALUE)
    time: NDArray[Any] = field(default_factory=lambda: 1.0 + np.arange(N) % 30)

    def outcome(self, kind: str) -> NDArray[Any]:
        return {"logistic": self.event, "poisson": self.count, "linear": self.value}[kind]

    def squares(self, kind: str) -> dict[str, Any]:
        return {"sum_y2": self.value**2} if kind == "linear" else {}

    @property
    def who(self) -> dict[str, Any]:
        return {"provider": self.provider, "providers": self.providers}

    def sums(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.bincount(self.provider, weights=values, minlength=self.providers)


Fitter = Callable[[Cohort], Any]


def model(kind: Any, ridge: float = 0.0) -> Fitter:
    return lambda c: fit_model(
        kind, c.terms, c.columns, n=c.n, sum_y=c.outcome(kind), ridge=ridge, **c.squares(kind)
    )


def with_providers(fit: Any, kind: Any, **options: Any) -> Fitter:
    return lambda c: fit(
        kind, c.terms, c.columns, n=c.n, sum_y=c.outcome(kind), **c.who, **c.squares(kind), **options
    )


def cox(ties: Any, ridge: float = 0.0) -> Fitter:
    return lambda c: fit_cox(
        c.terms, c.columns, time=c.time, n=c.n, events=c.event, ties=ties, ridge=ridge, **c.who
    )


def cox_with_providers(fit: Any, **options: Any) -> Fitter:
    return lambda c: fit(c.terms, c.columns, time=c.time, n=c.n, events=c.event, **c.who, **options)


KINDS = ("logistic", "poisson", "linear")
MODELS: dict[str, Fitter] = {
    **{f"fit_model {kind}": model(kind) for kind in KINDS},
    **{f"fit_model {kind} ridge": model(kind, 1.0) for kind in KINDS},
    **{f"fit_random_intercept {kind}": with_providers(fit_random_intercept, kind) for kind in KINDS},
    "fit_random_intercept logistic 0": with_providers(fit_random_intercept, "logistic", nodes=0),
    "fit_random_intercept logistic mundlak": with_providers(
        fit_random_intercept, "logistic", correlated=True
    ),
    **{f"fit_fixed_effects {kind}": with_providers(fit_fixed_effects, kind) for kind in KINDS},
    **{f"fit_firth {kind}": with_providers(fit_firth, kind) for kind in KINDS[:2]},
    "fit_negative_binomial": lambda c: fit_negative_binomial(c.terms, c.columns, n=c.n, y=c.count),
    "fit_imputed": lambda c: fit_imputed(
        c.terms, impute(c.columns, ["x"], n=c.n, events=c.event, copies=2, seed=1)
    ),
    "fit_cox efron": cox("efron"),
    "fit_cox breslow": cox("breslow"),
    "fit_cox ridge": cox("efron", 1.0),
    "bootstrap_expected": lambda c: bootstrap_expected(
        "logistic", c.terms, c.columns, n=c.n, sum_y=c.event, replicates=20, seed=1, **c.who
    ),
    "bootstrap_ratios": with_providers(bootstrap_ratios, "logistic", draws=100),
    "bootstrap_cox": cox_with_providers(bootstrap_cox, replicates=20, seed=1),
    "cross_validated": lambda c: cross_validated(
        "logistic", c.terms, c.columns, c.provider % 3, n=c.n, sum_y=c.event
    ),
    "influence": lambda c: influence("logistic", c.terms, c.columns, n=c.n, sum_y=c.event, **c.who),
    "influence_cox": cox_with_providers(influence_cox),
}
# from sums per provider, without case mix
SUMS: dict[str, Fitter] = {
    "beta_binomial": lambda c: beta_binomial(c.sums(c.n), c.sums(c.event)),
    "gamma_poisson": lambda c: gamma_poisson(c.sums(c.count), c.sums(c.n) * COUNT.mean()),
    "smoothed_rates": lambda c: smoothed_rates(
        c.sums(c.event), c.sums(c.n) * 0.3, c.sums(c.n) * 0.21, reference=0.3
    ),
}
FITTERS = MODELS | SUMS
EVENTS = [name for name in FITTERS if "linear" not in name]
# where every record has the event, only what models a chance fails: counts and times go on
CHANCES = [
    name
    for name in MODELS
    if "logistic" in name or name in ("bootstrap_expected", "bootstrap_ratios", "cross_validated")
]
BETWEEN = [
    *(name for name in MODELS if name.startswith(("fit_random", "fit_fixed", "bootstrap", "fit_cox"))),
    *SUMS,
]
PLAIN = [name for name in MODELS if "ridge" not in name]
VALUES = [name for name in MODELS if "linear" in name]

GOOD = Cohort()
ZERO, ONES = np.zeros(N), np.ones(N)


def first(value: float, of: NDArray[Any]) -> NDArray[Any]:
    return np.append(value, of[1:])


WORDS: dict[str, tuple[Cohort, list[str], str]] = {
    "no events": (
        replace(GOOD, event=ZERO, count=ZERO),
        EVENTS,
        r"none of the ((240|160) )?records has (the|any|an) event|no provider has an event",
    ),
    "only events": (
        replace(GOOD, event=ONES),
        [*CHANCES, "influence", "beta_binomial"],
        "every one of the (240|160) records has the event",
    ),
    "one provider": (
        replace(GOOD, provider=np.zeros(N, dtype=int)),
        BETWEEN,
        "one provider has all records|fewer than two providers|records of 1 providers",
    ),
    "a column that another determines": (
        replace(
            GOOD,
            columns={"x": X, "f": FLAG, "g": 1 - FLAG},
            terms=(*GOOD.terms, Term("g", "flag")),
        ),
        PLAIN,
        "column 'g' follows exactly from 'f'|one of the columns 'x', 'f', 'g' follows exactly|"
        "cannot be told apart",
    ),
    "a constant number": (
        replace(GOOD, columns={"x": X * 0 + 60, "f": FLAG}),
        list(MODELS),
        "column '(mean of )?x' (is the same in every record|does not vary)",
    ),
    "a constant flag": (
        replace(GOOD, columns={"x": X, "f": ONES}),
        list(MODELS),
        "column '(mean of )?f' (is the same in every record|does not vary)",
    ),
    "a category of one level": (
        replace(
            GOOD,
            columns={"x": X, "f": np.full(N, "a", dtype=object)},
            terms=(GOOD.terms[0], Term("f", "category")),
        ),
        list(MODELS),
        "term 'f' is 'a' in every record",
    ),
    "no strata": (
        Cohort(
            columns={"x": X[:0], "f": FLAG[:0]},
            **dict.fromkeys(("provider", "n", "event", "count", "value", "time"), ZERO[:0].astype(int)),
        ),
        list(FITTERS),
        "the cohort is empty|fewer than two providers|all strata are in 0 fold",
    ),
    "strata without records": (
        replace(GOOD, n=ZERO, event=ZERO, count=ZERO, value=ZERO),
        list(FITTERS),
        "the cohort is empty|fewer than two providers",
    ),
    "an infinite weight": (replace(GOOD, n=first(np.inf, ONES)), list(FITTERS), "n: stratum 0 has inf"),
    "a weight that is no number": (
        replace(GOOD, n=first(np.nan, ONES)),
        list(FITTERS),
        "n: stratum 0 has nan",
    ),
    "a negative weight": (replace(GOOD, n=first(-1.0, ONES)), list(MODELS), "n: stratum 0 has -1"),
    "an outcome that is no number": (
        replace(GOOD, event=first(np.nan, EVENT), count=first(np.nan, COUNT), value=first(np.nan, VALUE)),
        list(FITTERS),
        "stratum 0 has nan, expected a finite number",
    ),
    "an infinite outcome": (
        replace(GOOD, event=first(np.inf, EVENT), count=first(np.inf, COUNT), value=first(np.inf, VALUE)),
        list(FITTERS),
        "stratum 0 has inf, expected a finite number",
    ),
    "more events than records": (
        replace(GOOD, event=first(2.0, EVENT)),
        [name for name in MODELS if "linear" not in name and "poisson" not in name and "nega" not in name],
        "events: stratum 0 has 2, expected a count between 0 and the n",
    ),
    "a case mix that is no number": (
        replace(GOOD, columns={"x": first(np.nan, X), "f": FLAG}),
        [name for name in MODELS if name != "fit_imputed"],
        "term 'x': 1 of (240|80) strata have no finite value",
    ),
    "an infinite case mix": (
        replace(GOOD, columns={"x": first(np.inf, X), "f": FLAG}),
        list(MODELS),
        "term 'x': 1 of (240|80) strata have no finite value",
    ),
    "an event that the case mix predicts": (
        replace(GOOD, columns={"x": np.where(EVENT > 0, X + 100, X), "f": FLAG}),
        [name for name in CHANCES if "ridge" not in name and "firth" not in name],
        "separates the (outcome|event)|bootstrap samples|draws",
    ),
    "an event that the case mix predicts but at one value": (
        replace(GOOD, columns={"x": np.where(FLAG > 0, 0.0, 2 * EVENT - 1), "f": FLAG}),
        [name for name in CHANCES if "ridge" not in name and "firth" not in name],
        "separates the (outcome|event)|bootstrap samples|draws|term 'x': is the same",
    ),
    "a level that no record has the event of, among very many": (
        Cohort(
            columns={"x": np.tile(X, 400), "f": np.append(np.ones(3), np.zeros(400 * N - 3))},
            **{
                name: np.append(np.zeros(3), np.tile(values, 400)[3:])
                for name, values in (("event", EVENT), ("count", COUNT), ("value", VALUE))
            },
            provider=np.tile(GOOD.provider, 400),
            n=np.ones(400 * N),
            time=np.tile(GOOD.time, 400),
        ),
        [
            name
            for name in MODELS
            if name.startswith(("fit_model", "fit_random", "fit_fixed", "fit_neg", "fit_cox"))
            and "linear" not in name
            and "ridge" not in name
        ],
        "column 'f' separates the outcome: none of the (3 )?records with f present",
    ),
    "a level of one record, of a rare event, among very many": (
        Cohort(
            columns={"x": np.tile(X, 400), "f": np.append(1.0, np.zeros(400 * N - 1))},
            provider=np.tile(GOOD.provider, 400),
            n=np.ones(400 * N),
            event=np.append(0.0, np.tile(EVENT, 400)[1:]) * (np.arange(400 * N) % 41 == 0),
            count=np.append(0.0, np.tile(EVENT, 400)[1:]) * (np.arange(400 * N) % 41 == 0),
        ),
        ["fit_random_intercept logistic", "fit_random_intercept poisson", "fit_model logistic"],
        "column 'f' separates the outcome: none of the (1 )?records with f present",
    ),
    "a level that always has the event": (
        replace(GOOD, event=np.maximum(EVENT, FLAG), columns={"x": X, "f": FLAG}),
        [name for name in CHANCES if "ridge" not in name and "firth" not in name and "bootstrap" not in name],
        "column 'f' separates the outcome: every one|within providers, the case mix separates",
    ),
    "a value that does not vary": (
        replace(GOOD, value=ONES * 3),
        VALUES,
        "the outcome is 3 in every one of the 240 records",
    ),
    "counts that spread less than chance": (
        replace(GOOD, count=ONES * 2),
        ["fit_negative_binomial"],
        "spread no more than a Poisson model allows",
    ),
}


@pytest.mark.parametrize(("case", "name"), [(case, name) for case in WORDS for name in WORDS[case][1]])
def test_says_why(case, name):
    cohort, _, words = WORDS[case]
    with pytest.raises(ValueError, match=words):
        FITTERS[name](cohort)


@pytest.mark.parametrize("name", FITTERS)
def test_the_cohort_itself_can_be_fitted(name):
    FITTERS[name](GOOD)


def test_no_function_that_fits_is_forgotten():
    fits = {
        name for name in risk_models.__all__ if name.startswith(("fit_", "bootstrap_", "cross_", "influence"))
    }
    # encoding, and what is there only together with a fit
    assert fits - {"fit_design"} == {name.split(" ")[0] for name in MODELS}
