"""What a definition asks for beside the score: shrunken values, ranks, other rates and intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logit

from indicators.definition import Indicator
from registry_db.allowances import Allowance, additive_allowance
from registry_db.cohorts import TIME, Patterns, Strata
from registry_db.fits import SEED, case_mix_terms, model_kind
from registry_db.scoring import Chance, score
from risk_models.between import effect_at_ratio, predicted_expected, probability_above
from risk_models.bootstrap import ModelUncertainty, bootstrap_expected, with_model_error
from risk_models.cox_providers import bootstrap_cox
from risk_models.direct import marginal_rate
from risk_models.expected import ModelKind
from risk_models.intervals import Interval
from risk_models.random_intercept import RandomInterceptModel, fit_random_intercept
from risk_models.ranks import expected_ranks
from risk_models.verdict import Z_95

ESTIMATE_COLUMNS = ("provider", "estimator", "value", "lower", "upper")
REPLICATES = 200
# With a prior that is flat on the variance between providers, the variance is not finite with fewer.
FEWEST_SHRUNKEN = 6
# What rests on a model in which a record is of one provider.
OF_WHOLE_RECORDS = ("shrunken", "direct", "model-uncertainty")

Numbers = NDArray[np.float64]
Estimates = dict[str, tuple[Numbers, Numbers, Numbers]]


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What estimates beside the scores of one period are made of.

    Attributes
    ----------
    indicator : Indicator
        The definition.
    patterns, strata : Patterns, Strata
        Of the period; the strata with the expectation that is scored with.
    scores : DataFrame
        The scores, one row for each provider of the strata.
    reference : float
        What a provider that is exactly as expected has, on the scale of the adjusted value.
    average : float
        What all have together on that scale: another value where a model of another period expects.
    chance : callable or None
        Of a time to event: the chance by the horizon when every hazard is multiplied by a ratio.
    """

    indicator: Indicator
    patterns: Patterns
    strata: Strata
    scores: pd.DataFrame
    reference: float
    average: float
    chance: Chance | None

    def total(self, values: Numbers) -> Numbers:
        """Sum over the strata of each provider."""
        providers = len(self.strata.providers)
        return np.bincount(self.strata.provider, weights=values, minlength=providers)

    def at_ratio(self, ratio: Numbers) -> Numbers:
        """The adjusted value of a provider with this ratio of events to those of an average one."""
        return ratio * self.average if self.chance is None else self.chance(ratio)


def estimates(beside: Beside) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Estimate what the definition asks for beside the score.

    Returns
    -------
    DataFrame
        Columns ESTIMATE_COLUMNS, one row for each estimator and provider with records: ``shrunken`` and
        ``direct`` on the scale of the adjusted value; ``predicted-expected``, a ratio; ``probability-worse``,
        without an interval; ``rank``, 1 the best; ``model-uncertainty``, ``with-overdispersion`` and
        ``without-overdispersion``, the adjusted value with another interval.
    tuple of str
        What could not be estimated, and why: no unique estimate, too few providers, or records that count in
        part for networks.
    """
    strata = beside.strata
    found: Estimates = {}
    reasons: list[str] = []
    for name in beside.indicator.estimators.beside:
        try:
            _refuse_in_part(name, strata)
            found |= _ESTIMATORS[name](beside)
        except ValueError as error:
            reasons.append(f"no '{name}' beside the score: {error}")
    some = beside.total(strata.n) > 0
    codes = np.array(strata.providers, dtype=object)[some]
    frames = [
        pd.DataFrame({"provider": codes, "estimator": name, "value": value, "lower": low, "upper": high})
        for name, (value, low, high) in (
            (name, [part[some] for part in parts]) for name, parts in found.items()
        )
    ]
    # a provider without a value, such as one that nobody followed, has none beside it either
    empty = pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
    return pd.concat(frames, ignore_index=True).dropna(subset="value") if frames else empty, tuple(reasons)


def _refuse_in_part(name: str, strata: Strata) -> None:
    if name in OF_WHOLE_RECORDS and (strata.share < 1).any():
        raise ValueError("records count in part for networks, and it rests on records that are of one each")


def _shrunken(beside: Beside) -> Estimates:
    present = int((beside.total(beside.strata.n) > 0).sum())
    if present < FEWEST_SHRUNKEN:
        raise ValueError(
            f"{present} providers have records; how much providers differ, and with it the interval, "
            f"can be told from {FEWEST_SHRUNKEN} on"
        )
    indicator, reference = beside.indicator, beside.average
    kind, model, size, eta = _random_intercept(beside)
    effect, sd = model.mean_total, model.sd_total
    found: Estimates = {}
    if kind == "linear":
        centre = reference + effect
        found["shrunken"] = centre, centre - Z_95 * sd, centre + Z_95 * sd
    else:
        ratio = predicted_expected(kind, eta, size, provider=beside.strata.provider, effect=effect, sd=sd)
        parts = ratio.ratio, ratio.lower, ratio.upper
        found["predicted-expected"] = parts
        value, lower, upper = (beside.at_ratio(part) for part in parts)
        found["shrunken"] = value, lower, upper
    worse = probability_above(effect, sd, _norm(beside, kind, eta, size))
    lower_is_better = indicator.outcome.better == "lower"
    nothing = np.full(len(effect), np.nan)
    found["probability-worse"] = (worse if lower_is_better else 1 - worse), nothing, nothing
    ranks = expected_ranks(effect if lower_is_better else -effect, sd)
    found["rank"] = ranks.expected, ranks.lower, ranks.upper
    return found


def _random_intercept(beside: Beside) -> tuple[ModelKind, RandomInterceptModel, Numbers, Numbers]:
    """Fit a random-intercept model of the period; give also the size and linear predictor of each stratum.

    Of a time to event, the events of a provider are a count in an exposure of the events expected of it.
    """
    indicator, patterns, strata = beside.indicator, beside.patterns, beside.strata
    timed = beside.chance is not None
    kind: ModelKind = "poisson" if timed else model_kind(indicator)
    counted = kind == "poisson"
    columns = {} if timed else {name: values[strata.pattern] for name, values in patterns.columns.items()}
    size = strata.n * strata.expected if timed else strata.n
    model = fit_random_intercept(
        kind,
        [] if timed else case_mix_terms(indicator),
        columns,
        provider=strata.provider,
        providers=len(strata.providers),
        n=strata.records if counted else strata.n,
        sum_y=strata.sum_y,
        sum_y2=strata.sum_y2,
        exposure=np.maximum(size, 0.0) if counted else None,
        average_tau=True,
    )
    return kind, model, size, model.linear_predictor(columns, rows=len(strata.n))


def _norm(beside: Beside, kind: ModelKind, eta: Numbers, size: Numbers) -> Numbers | float:
    """The intercept of a provider that meets the norm exactly; of the average one without a norm."""
    indicator, average, strata = beside.indicator, beside.average, beside.strata
    if indicator.norm is None:
        return 0.0
    norm = float(indicator.norm.value)
    if kind == "linear":
        return norm - average
    if norm == 0:
        return -np.inf
    ratio = norm / average if beside.chance is None else _ratio_at(beside.chance, norm)
    return effect_at_ratio(
        kind, eta, size, provider=strata.provider, providers=len(strata.providers), ratio=ratio
    )


def _ratio_at(chance: Chance, norm: float) -> float:
    """By what every hazard is multiplied where the chance is the norm; infinite for one that none reaches."""
    if norm >= 1:
        return np.inf
    high = 1.0
    while chance(np.array([high]))[0] < norm:
        high *= 2
    return float(brentq(lambda ratio: chance(np.array([ratio]))[0] - norm, 0.0, high, xtol=1e-12))


def _direct(beside: Beside) -> Estimates:
    """The rate that all patients would have, cared for by each provider."""
    strata = beside.strata
    found = marginal_rate(
        strata.provider, strata.n, strata.sum_y, logit(strata.expected), providers=len(strata.providers)
    )
    return {"direct": (found.rate, found.lower, found.upper)}


def _model_uncertainty(beside: Beside) -> Estimates:
    """The adjusted value with an interval that also holds the uncertainty of the model."""
    indicator, strata = beside.indicator, beside.strata
    spread = _bootstrap(beside)
    names = ("adjusted", "lower", "upper", "ratio")
    adjusted, lower, upper, ratio = (beside.scores[name].to_numpy(np.float64) for name in names)
    if indicator.outcome.kind in ("continuous", "change"):
        n = beside.total(strata.n)
        # an adjusted mean is re-centred, so that an error that all share is none
        own = spread.draws / np.where(n > 0, n, np.nan) - spread.draws.sum(axis=1, keepdims=True) / n.sum()
        error = Z_95 * own.std(axis=0, ddof=1)
        low = adjusted - np.hypot(adjusted - lower, error)
        high = adjusted + np.hypot(upper - adjusted, error)
        return {"model-uncertainty": (adjusted, low, high)}
    if beside.chance is None:
        ends, value = (lower / beside.reference, upper / beside.reference), _times(beside.reference)
    else:
        # the interval of O/E, whose ends the chances by the horizon are of
        of_ratio = score(indicator, strata, chance=_times(1.0)).scores
        low, high = (of_ratio[name].to_numpy(np.float64) for name in ("lower", "upper"))
        ends, value = (low, high), beside.chance
    wide = with_model_error(ratio, Interval(*ends), expected=spread.expected, error=spread.error)
    return {"model-uncertainty": (adjusted, value(wide.lower), value(wide.upper))}


def _times(factor: float) -> Chance:
    def scaled(ratio: Numbers) -> Numbers:
        return ratio * factor

    return scaled


def _bootstrap(beside: Beside) -> ModelUncertainty:
    indicator, strata, patterns = beside.indicator, beside.strata, beside.patterns
    columns = {name: values[strata.pattern] for name, values in patterns.columns.items()}
    drawn: dict[str, Any] = {
        "providers": len(strata.providers),
        "replicates": REPLICATES,
        "seed": SEED,
    }
    terms = case_mix_terms(indicator)
    if beside.chance is not None:
        follow = {"time": columns[TIME], "n": strata.n, "events": strata.sum_y}
        return bootstrap_cox(terms, columns, strata.provider, **follow, **drawn)
    kind = model_kind(indicator)
    return bootstrap_expected(
        kind,
        terms,
        columns,
        strata.provider,
        n=strata.records if kind == "poisson" else strata.n,
        sum_y=strata.sum_y,
        sum_y2=strata.sum_y2,
        exposure=strata.n if kind == "poisson" else None,
        **drawn,
    )


def _other_verdict(beside: Beside) -> Estimates:
    """The interval when over-dispersion is allowed for, or when it is not where the verdict allows for it."""
    plain = beside.indicator.estimators.overdispersion == "none"
    allow = additive_allowance(beside.indicator, beside.strata) if plain else Allowance()
    scored = score(beside.indicator, beside.strata, chance=beside.chance, allow=allow).scores
    parts = [scored[name].to_numpy(np.float64) for name in ("adjusted", "lower", "upper")]
    return {f"{'with' if plain else 'without'}-overdispersion": (parts[0], parts[1], parts[2])}


_ESTIMATORS: Mapping[str, Callable[[Beside], Estimates]] = {
    "shrunken": _shrunken,
    "direct": _direct,
    "model-uncertainty": _model_uncertainty,
    "overdispersion": _other_verdict,
}
