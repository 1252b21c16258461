"""Scores of all providers on one indicator in one period, as rows of declared columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.definition import Indicator
from registry_db.allowances import Allowance, allowance
from registry_db.cohorts import Strata
from risk_models.event_scores import AnyTest
from risk_models.reliability import Reliability, mean_reliability, overdispersion, ratio_reliability
from risk_models.standardise import BinaryScores, MeanScores, score_binary, score_count, score_mean
from risk_models.time_scores import score_time
from risk_models.verdict import Limits, not_assessable

Chance: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]

SCORE_COLUMNS = (
    "provider",
    "n",
    "exposure",
    "observed",
    "expected",
    "ratio",
    "adjusted",
    "lower",
    "upper",
    "low998",
    "low95",
    "high95",
    "high998",
    "band",
    "reason",
    "reliability",
    "records",
    "fewest_alike",
)
FACT = "a fact, not a sample"
OUTSIDE = "outside every network"
# What is said of an organisation; what is outside every network is none.
_SAID = ("ratio", "adjusted", "lower", "upper", "low998", "low95", "high95", "high998", "reliability")


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scores of one period.

    Attributes
    ----------
    scores : DataFrame
        One row per provider, columns SCORE_COLUMNS. ``records`` is how many records count for it, in whole
        or in part, and ``fewest_alike`` how few of them count for one and the same part (NaN where all count
        whole, and of means: from the digits of a mean nobody can tell what became of few). Of networks one
        row more, for what is outside all of them, if there is any: with its numbers, and without a verdict.
    benchmark : dict of str to float, str or None
        All records together, those outside every network included: n, observed, expected, reference; of the
        providers tau, phi, n_reliable; and what the verdicts rest on: test, overdispersion, and the tau2 or
        phi that is allowed for.
    """

    scores: pd.DataFrame
    benchmark: dict[str, float | str | None]


def score(
    indicator: Indicator,
    strata: Strata,
    *,
    chance: Chance | None = None,
    allow: Allowance | None = None,
    shared: NDArray[np.float64] | None = None,
) -> Scored:
    """Score all providers on the strata of one period.

    Parameters
    ----------
    indicator, strata : Indicator, Strata
        The definition, and what is scored.
    chance : callable, optional
        As in `score_time`; a time to event needs it.
    allow : Allowance or None
        Over-dispersion that the verdict allows for; None: that of these providers, where the definition asks
        for it.

    shared : array or None
        Where records count in part: what each pair of providers shares, as in `ratio_reliability` (of events)
        or the sum of the products of weights (of values). Without it their reliability is not known.

    Raises
    ------
    ValueError
        If the test that the definition names cannot be applied to these records; the message says why.
    """
    kind = indicator.outcome.kind
    if kind == "structure":
        return _facts(strata)
    allowed = allowance(indicator, strata) if allow is None else allow
    if kind in ("continuous", "change"):
        found = _mean(indicator, strata, allowed, shared)
    else:
        result = _event_scores(indicator, strata, chance, allowed)
        found = _events(strata, result, shared, counted=kind == "count")
    return replace(found, benchmark=found.benchmark | _verdict(indicator, allowed))


def _verdict(indicator: Indicator, allowed: Allowance) -> dict[str, float | str | None]:
    """What the verdicts rest on: the test, and the over-dispersion that it allows for."""
    wanted = indicator.estimators.overdispersion
    value = {"none": None, "additive": allowed.tau2, "multiplicative": allowed.phi}[wanted]
    test = indicator.estimators.test_of(indicator.outcome.kind)
    return {"test": test, "overdispersion": wanted, "allowed": value}


def _event_scores(
    indicator: Indicator, strata: Strata, chance: Chance | None, allowed: Allowance
) -> BinaryScores:
    minimum, providers = indicator.minimum, len(strata.providers)
    test = cast(AnyTest, indicator.estimators.test_of(indicator.outcome.kind))
    if chance is not None:
        return score_time(
            strata.provider,
            strata.n,
            strata.sum_y,
            strata.expected,
            providers=providers,
            chance=chance,
            minimum_n=minimum.n,
            minimum_expected=minimum.events_expected,
            test=test,
            tau2=allowed.tau2,
            phi=allowed.phi,
        )
    if indicator.outcome.kind == "count":
        return _counts(indicator, strata, test, allowed)
    return score_binary(
        strata.provider,
        strata.n,
        strata.sum_y,
        strata.expected,
        providers=providers,
        minimum_n=minimum.n,
        minimum_expected=minimum.events_expected,
        test=test,
        tau2=allowed.tau2,
        phi=allowed.phi,
        weight=strata.share,
        reference=_level(indicator, strata),
    )


def _level(indicator: Indicator, strata: Strata) -> float | None:
    """The rate that a provider with as many events as expected has; None: that of all records of the period.

    By a model of another period that nothing is done to, a change of all providers together is in their
    ratios. At today's rate it would be in their adjusted rates twice.
    """
    if not _left_as_it_was(indicator):
        return None
    size = strata.n * strata.share
    return float((size * strata.expected).sum() / size.sum()) if size.sum() else None


def _left_as_it_was(indicator: Indicator) -> bool:
    """Whether a model of another period expects events, and nothing brings it up to date."""
    reference = indicator.estimators.reference
    events = indicator.outcome.kind in ("binary", "top_box", "count")
    return events and reference is not None and reference.recalibration == "none"


def average_of(indicator: Indicator, benchmark: dict[str, float | str | None]) -> float | None:
    """What all have together on the scale of the adjusted value.

    That is the reference, except by a model of another period that nothing is done to: the reference is then
    what it expects of the patients of today.
    """
    reference, observed, expected = (benchmark[name] for name in ("reference", "observed", "expected"))
    if not _left_as_it_was(indicator) or not reference or not expected:
        return cast("float | None", reference)
    return float(reference) * float(observed or 0.0) / float(expected)


def _counts(indicator: Indicator, strata: Strata, test: AnyTest, allowed: Allowance) -> BinaryScores:
    result = score_count(
        strata.provider,
        strata.records,
        strata.sum_y,
        strata.expected,
        exposure=strata.n,
        providers=len(strata.providers),
        minimum_expected=indicator.minimum.events_expected,
        test=test,
        tau2=allowed.tau2,
        phi=allowed.phi,
        reference=_level(indicator, strata),
    )
    # The minimum volume is one of records; what a count is scored on is exposure.
    few = not_assessable(_sums(strata, strata.records), minimum_n=indicator.minimum.n)
    reason = np.where(few != "", few, result.reason)
    return replace(result, reason=reason, band=np.where(reason != "", "not-assessable", result.band))


def unscored(strata: Strata, reason: str) -> Scored:
    """Give rows without a value, for a period in which no model can be fitted."""
    n = _sums(strata, strata.n * strata.share)
    scores = _frame(strata, n, {}, np.nan, None, "not-assessable", reason)
    return Scored(scores, _benchmark(n.sum(), np.nan, np.nan, np.nan))


def _facts(strata: Strata) -> Scored:
    n, true = (_sums(strata, sums * strata.share) for sums in (strata.n, strata.sum_y))
    with np.errstate(invalid="ignore"):
        share = true / n
    scores = _frame(strata, n, {"observed": true, "adjusted": share}, np.nan, None, "not-assessable", FACT)
    reference = float(true.sum() / n.sum()) if n.sum() else np.nan
    return Scored(scores, _benchmark(n.sum(), true.sum(), np.nan, reference))


def _events(
    strata: Strata, result: BinaryScores, shared: NDArray[np.float64] | None, *, counted: bool
) -> Scored:
    """Rows of events; the n of a count is its exposure, and its records stand beside that."""
    n = _sums(strata, strata.records) if counted else result.n
    exposure = {"exposure": result.n} if counted else {}
    inside = ~strata.outside
    about = [part[inside] for part in (result.observed, result.expected, result.variance, result.n)]
    pairs = None if shared is None else shared[np.ix_(inside, inside)]
    reliability = _beside_rows(strata, ratio_reliability(*about, shared=pairs), known=pairs is not None)
    spread = overdispersion(*about[:3])
    scores = _frame(
        strata,
        n,
        _values(result) | {"ratio": result.ratio} | exposure,
        reliability.reliability,
        result.limits,
        result.band,
        result.reason,
    )
    benchmark = _benchmark(n.sum(), result.observed.sum(), result.expected.sum(), result.reference)
    tau = np.sqrt(reliability.tau2) * result.reference
    return Scored(scores, benchmark | _spread(reliability, tau, spread.phi))


def _mean(
    indicator: Indicator, strata: Strata, allowed: Allowance, shared: NDArray[np.float64] | None
) -> Scored:
    result = score_mean(
        strata.provider,
        strata.n,
        strata.sum_y,
        strata.sum_y2,
        strata.expected,
        sum_before=strata.sum_before if indicator.outcome.kind == "change" else None,
        providers=len(strata.providers),
        minimum_n=indicator.minimum.n,
        tau2=allowed.tau2,
        phi=allowed.phi,
        weight=strata.share,
    )
    inside = ~strata.outside
    pairs = None
    if shared is not None:
        n = np.where(result.n > 0, result.n, np.nan)
        pairs = (shared / np.outer(n, n))[np.ix_(inside, inside)]
    spread = mean_reliability(result.adjusted[inside], result.sd, result.effective[inside], shared=pairs)
    reliability = _beside_rows(strata, spread, known=pairs is not None)
    scores = _frame(
        strata,
        result.n,
        _values(result),
        reliability.reliability,
        result.limits,
        result.band,
        result.reason,
    )
    scores["fewest_alike"] = np.nan
    total = result.n.sum()
    share = strata.share
    observed = float((strata.sum_y * share).sum() / total) if total else np.nan
    modelled = float((strata.n * share * strata.expected).sum() / total) if total else np.nan
    benchmark = _benchmark(total, observed, modelled, result.reference)
    return Scored(scores, benchmark | _spread(reliability, np.sqrt(reliability.tau2), None))


def _beside_rows(strata: Strata, found: Reliability, *, known: bool) -> Reliability:
    """Lay the reliability of the providers beside the rows.

    It compares the spread of scores with what chance gives. Scores of networks that share records move
    together: unless it is ``known`` how much, their reliability is not.
    """
    reliability = np.full(len(strata.providers), np.nan)
    if not known and (strata.share < 1).any():
        return Reliability(np.nan, reliability, np.nan)
    reliability[~strata.outside] = found.reliability
    return replace(found, reliability=reliability)


def _values(result: BinaryScores | MeanScores) -> dict[str, NDArray[np.float64]]:
    return {name: getattr(result, name) for name in ("observed", "expected", "adjusted", "lower", "upper")}


def _sums(strata: Strata, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(strata.provider, weights=values, minlength=len(strata.providers))


def _fewest_alike(strata: Strata) -> NDArray[np.float64]:
    """The fewest records of each provider that count for one and the same part; NaN where all count whole."""
    in_part = strata.share < 1
    fewest = np.full(len(strata.providers), np.nan)
    parts = pd.DataFrame({"provider": strata.provider, "share": strata.share, "records": strata.records})
    alike = parts[in_part].groupby(["provider", "share"])["records"].sum().groupby("provider").min()
    fewest[alike.index.to_numpy(np.int64)] = alike.to_numpy()
    return fewest


def _frame(
    strata: Strata,
    n: NDArray[np.float64],
    values: dict[str, NDArray[np.float64]],
    reliability: NDArray[np.float64] | float,
    limits: Limits | None,
    band: NDArray[np.str_] | str,
    reason: NDArray[np.str_] | str,
) -> pd.DataFrame:
    lines = ("low998", "low95", "high95", "high998")
    drawn = {name: getattr(limits, name) if limits else np.nan for name in lines}
    columns = {"provider": list(strata.providers), "n": n, **values, **drawn}
    frame = pd.DataFrame(columns).assign(band=band, reason=reason, reliability=reliability)
    frame["records"] = _sums(strata, strata.records)
    frame["fewest_alike"] = _fewest_alike(strata)
    if strata.outside.any():
        frame.loc[strata.outside, [name for name in _SAID if name in frame]] = np.nan
        frame.loc[strata.outside, ["band", "reason"]] = ["not-assessable", OUTSIDE]
    return frame.reindex(columns=list(SCORE_COLUMNS))


def _benchmark(n: float, observed: float, expected: float, reference: float) -> dict[str, float | str | None]:
    known = {"observed": observed, "expected": expected, "reference": reference}
    values = {name: float(value) if np.isfinite(value) else None for name, value in known.items()}
    nothing = dict.fromkeys(("tau", "phi", "n_reliable", "test", "overdispersion", "allowed"))
    return {"n": float(n), **values, **nothing}


def _spread(reliability: Reliability, tau: float, phi: float | None) -> dict[str, float | None]:
    wanted = reliability.n_wanted
    return {
        "tau": float(tau) if np.isfinite(tau) else None,
        "phi": phi if phi is not None and np.isfinite(phi) else None,
        "n_reliable": float(wanted) if np.isfinite(wanted) else None,
    }
