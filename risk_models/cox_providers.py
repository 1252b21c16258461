"""What each provider does to a Cox model: clustered errors, influence, and the bootstrap by provider."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from risk_models.baseline_hazard import baselines_of, expected_events
from risk_models.bootstrap import ModelUncertainty, drawn_providers
from risk_models.clustered import sandwich
from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.encoding import column_of
from risk_models.likelihood import Maximum
from risk_models.partial_likelihood import Followed, checked_times, fit_followed, groups
from risk_models.regression import CannotFit
from risk_models.risk_sets import RiskSets, Ties
from risk_models.strata import (
    Columns,
    FloatArray,
    checked_events,
    checked_n,
    checked_provider,
    per_provider,
)
from risk_models.validation import Influence


def clustered_cox(
    model: CoxModel,
    strata: Columns,
    provider: ArrayLike,
    *,
    time: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    entry: ArrayLike | None = None,
    within: ArrayLike | None = None,
    providers: int,
) -> FloatArray:
    """Give the covariance of a Cox model's coefficients that holds whatever the dependence within providers.

    As `clustered_covariance`, with Lin and Wei's score residuals at the model's own coefficients, ties and
    ridge; `fit_cox` gives the same where it is told the providers.

    Parameters
    ----------
    model
        Fitted on these same records.
    strata, time, n, events, entry, within
        As for `fit_cox`; each stratum is of one provider.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers
        How many providers there are.

    Returns
    -------
    FloatArray
        Shape (columns - 1, columns - 1); the root of its diagonal has the clustered standard errors.

    Raises
    ------
    CannotFit
        With records of fewer than two providers.
    ValueError
        For columns, counts and times that cannot be.

    References
    ----------
    Lin DY, Wei LJ (1989). J Am Stat Assoc 84:1074-1078. doi:10.1080/01621459.1989.10478874
    """
    counts = checked_n(n)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    records = _followed(model, strata, time=time, n=counts, events=events, entry=entry, within=within)
    scores = records.sets(model.ties).score_residuals(records.X[:, 1:], model.coefficients)
    return sandwich(model.covariance, scores, index[counts > 0])


def influence_cox(
    terms: Sequence[Term],
    strata: Columns,
    provider: ArrayLike,
    *,
    time: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    entry: ArrayLike | None = None,
    within: ArrayLike | None = None,
    ties: Ties = "efron",
    ridge: float = 0.0,
    providers: int,
) -> Influence:
    """Fit a Cox model anew without each provider, and say what that changes; exact, not one step.

    Parameters
    ----------
    terms, strata, time, n, events, entry, within, ties, ridge
        As for `fit_cox`. The encoding stays that of all records.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers
        How many there are.

    Returns
    -------
    Influence
        Coefficients of shape (providers, columns - 1). Both expectations in the ratio are those of new
        records: without Efron's deduction, which only records of the fit have.

    Raises
    ------
    CannotFit
        When there is no model with all providers.
    ValueError
        For columns that cannot be.

    References
    ----------
    Cook RD (1977), on leaving observations out. Technometrics 19:15-18. doi:10.1080/00401706.1977.10489493
    Cain KC, Lange NT (1984). Approximate case influence for the proportional hazards regression model with
    censored data. Biometrics 40:493-499.
    """
    counts = checked_n(n)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    follow: dict[str, Any] = {"time": time, "n": counts, "events": events, "entry": entry, "within": within}
    model = fit_cox(terms, strata, ties=ties, ridge=ridge, **follow)
    records = _followed(model, strata, **follow)
    index = index[counts > 0]
    own = per_provider(index, _expected(model, records), providers)
    change = np.full((providers, len(model.coefficients)), np.nan)
    ratio = np.full(providers, np.nan)
    reasons = [""] * providers
    for which in range(providers):
        here, rest = index == which, index != which
        if not rest.any():
            reasons[which] = "there are no other providers"
            continue
        others, its = records.part(rest), records.part(here)
        try:
            fit, sets = _again(model, others)
            expected = _expected_of(fit, sets, others, its).sum()
        except ValueError as error:  # no model of the others, or a baseline stratum that they have not
            reasons[which] = str(error)
            continue
        change[which] = fit.coefficients - model.coefficients
        if own[which] > 0:
            ratio[which] = expected / own[which]
    return Influence(coefficients=change, ratio=ratio, reason=tuple(reasons))


def bootstrap_cox(
    terms: Sequence[Term],
    strata: Columns,
    provider: ArrayLike,
    *,
    time: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    entry: ArrayLike | None = None,
    within: ArrayLike | None = None,
    ties: Ties = "efron",
    ridge: float = 0.0,
    providers: int,
    replicates: int,
    seed: int,
) -> ModelUncertainty:
    """Fit a Cox model anew on providers drawn with replacement; see `bootstrap_expected`.

    Coefficients and baseline hazard are those of each draw. The encoding (knots, levels) stays.

    Parameters
    ----------
    terms, strata, time, n, events, entry, within, ties, ridge
        As for `fit_cox`.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers, replicates
        How many there are, and how many draws.
    seed
        The same seed gives the same.

    Returns
    -------
    ModelUncertainty
        All expectations are those of new records: without Efron's deduction, which only records of the fit
        have.

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
    follow: dict[str, Any] = {"time": time, "n": counts, "events": events, "entry": entry, "within": within}
    model = fit_cox(terms, strata, ties=ties, ridge=ridge, **follow)
    records = _followed(model, strata, **follow)
    index = index[counts > 0]
    draws, coefficients, failed = [], [], 0
    for drawn in drawn_providers(index, providers=providers, replicates=replicates, seed=seed):
        times = drawn[index]
        part = records.part(times > 0, times)
        try:
            fit, sets = _again(model, part)
            expected = _expected_of(fit, sets, part, records)
        except ValueError:  # no model of the draw, or none of a baseline stratum
            failed += 1
            continue
        coefficients.append(fit.coefficients)
        draws.append(per_provider(index, expected, providers))
    if failed * 2 > replicates or replicates - failed < 2:
        raise CannotFit(f"no model could be fitted on {failed} of {replicates} draws of providers")
    return ModelUncertainty(
        expected=per_provider(index, _expected(model, records), providers),
        draws=np.array(draws),
        coefficients=np.array(coefficients),
        failed=failed,
    )


def _followed(
    model: CoxModel,
    strata: Columns,
    *,
    time: ArrayLike,
    n: FloatArray,
    events: ArrayLike,
    entry: ArrayLike | None,
    within: ArrayLike | None,
) -> Followed:
    """Strata that have records, in the columns of a model, with their follow-up."""
    _, times, entries = checked_times(n, time, entry)
    happened, group, some = checked_events(events, n), groups(within, len(n)), n > 0
    columns = {
        term.name: column_of(strata, term.name, rows=len(n))[some]
        for term in model.design.terms
        if term.kind != "interaction"
    }
    return Followed(
        X=model.design.matrix(columns, rows=int(some.sum())),
        time=times[some],
        entry=entries[some],
        n=n[some],
        events=happened[some],
        group=group[some],
    )


def _again(model: CoxModel, records: Followed) -> tuple[Maximum, RiskSets]:
    """Fit a model anew on part of its records, as it was fitted; its coefficients are where it starts."""
    fit, _, sets = fit_followed(
        model.design.columns, records, ties=model.ties, ridge=model.ridge, start=model.coefficients
    )
    return fit, sets


def _expected(model: CoxModel, records: Followed) -> FloatArray:
    """Events to be expected of each stratum, as of new records."""
    return expected_events(
        model.baselines,
        np.exp(records.X[:, 1:] @ model.coefficients),
        time=records.time,
        entry=records.entry,
        n=records.n,
        events=None,
        group=records.group,
    )


def _expected_of(fit: Maximum, sets: RiskSets, fitted_on: Followed, records: Followed) -> FloatArray:
    """Events to be expected of each stratum by a fit on others."""
    return expected_events(
        baselines_of(sets, np.exp(fitted_on.X[:, 1:] @ fit.coefficients)),
        np.exp(records.X[:, 1:] @ fit.coefficients),
        time=records.time,
        entry=records.entry,
        n=records.n,
        events=None,
        group=records.group,
    )
