"""How random-intercept models are fitted: exactly for a value, else with the intercepts integrated out."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigvalsh
from scipy.special import gammaln

from risk_models.ascent import ENORMOUS, NOTHING, Peak, Slope, profile_interval
from risk_models.clusters import Clusters
from risk_models.expected import CannotFit, ModelKind
from risk_models.families import Family, Logistic, Poisson
from risk_models.joint_mode import covariance_given_tau, joint_peak
from risk_models.marginal import Rule
from risk_models.mixed_linear import LARGEST, linear_at, linear_interval, linear_peak, linear_sums
from risk_models.provider_rows import ProviderRows, case_mix
from risk_models.strata import FloatArray, IntArray
from risk_models.tau_uncertainty import averaged_effects, averaged_intercepts, total_variance

SEPARATED = 1e-5  # share of the information that is left of it on a combination of columns


@dataclass(frozen=True, slots=True, eq=False)
class InterceptFit:
    """What every way of fitting gives.

    Attributes
    ----------
    coefficients, covariance, covariance_given_tau
        Of the columns of the rows; the last as though tau were known.
    tau, interval, log_likelihood, without, residual_sd
        As in `RandomInterceptModel`.
    present
        The providers that have rows.
    intercepts
        Their effect, effect_sd, mean, sd, mean_total and sd_total, shape (6, providers present).
    """

    coefficients: FloatArray
    covariance: FloatArray
    covariance_given_tau: FloatArray
    tau: float
    interval: tuple[float, float]
    log_likelihood: float
    without: float
    residual_sd: float
    present: IntArray
    intercepts: FloatArray


def fit_value(
    rows: ProviderRows, clusters: Clusters, *, restricted: bool, level: float | None, average_tau: bool
) -> InterceptFit:
    """Fit the model of a value; options as for `fit_random_intercept`, errors too."""
    if rows.n.sum() <= clusters.columns + 1:
        raise CannotFit(
            f"{rows.n.sum():g} records for {clusters.columns} coefficients: no residual variance is left"
        )
    try:
        sums = linear_sums(clusters, y2=rows.y2, n=rows.n, y=rows.y, restricted=restricted)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    peak = linear_peak(sums)
    if peak.tau > peak.sigma * np.exp(LARGEST - 1):
        raise CannotFit(
            "tau has no bound beside the variation within providers: the outcome of each record follows from "
            "its provider and case mix"
        )
    total = averaged_effects(sums) if average_tau else (peak.effect, np.sqrt(total_variance(peak)))
    covariance = clusters.transform @ peak.covariance @ clusters.transform.T
    return InterceptFit(
        coefficients=clusters.transform @ peak.beta,
        covariance=covariance,
        covariance_given_tau=covariance,
        tau=peak.tau,
        interval=(np.nan, np.nan) if level is None else linear_interval(sums, peak, level=level),
        log_likelihood=peak.log_likelihood,
        without=linear_at(sums, 0.0).log_likelihood,
        residual_sd=peak.sigma,
        present=clusters.present,
        intercepts=np.vstack([peak.effect, peak.effect_sd, peak.effect, peak.effect_sd, *total]),
    )


def fit_integrated(
    rows: ProviderRows, clusters: Clusters, *, nodes: int, level: float | None, average_tau: bool
) -> InterceptFit:
    """Fit the model of an event or a count; options as for `fit_random_intercept`, errors too."""
    slope = Slope(clusters, family_of(rows.kind), Rule.of(max(nodes, 1)))
    none, peak = (joint_peaks if nodes == 0 else integrated_peaks)(rows, slope)
    constant = _constant(rows)
    interval = (np.nan, np.nan)
    if level is not None:
        interval = profile_interval(slope, peak, none=none.at.log_likelihood, level=level)
    at = peak.at
    given_tau = covariance_given_tau(
        clusters, slope.family, tau=peak.tau, beta=peak.theta[:-1], u=at.mode if peak.tau > 0 else 0 * at.mode
    )
    covariance, more = _uncertainty(peak) if nodes else (given_tau, _of_coefficients(peak, given_tau))
    total = averaged_intercepts(slope, peak) if average_tau else (at.mean, np.sqrt(at.sd**2 + more))
    return InterceptFit(
        coefficients=clusters.transform @ peak.theta[:-1],
        covariance=clusters.transform @ covariance @ clusters.transform.T,
        covariance_given_tau=clusters.transform @ given_tau @ clusters.transform.T,
        tau=peak.tau,
        interval=interval,
        log_likelihood=at.log_likelihood + constant,
        without=none.at.log_likelihood + constant,
        residual_sd=np.nan,
        present=clusters.present,
        intercepts=np.vstack([at.mode, at.mode_sd, at.mean, at.sd, *total]),
    )


def joint_peaks(rows: ProviderRows, slope: Slope) -> tuple[Peak, Peak]:
    """Do as `integrated_peaks`, with the coefficients at their joint mode with the intercepts."""
    none = _without_intercepts(rows, slope.clusters, slope.family)
    peak = joint_peak(slope, none, tau=float(_start(none)[0][-1]))
    if not peak.converged:
        _refuse_unbounded(rows, peak, none)
    return none, peak


def integrated_peaks(rows: ProviderRows, slope: Slope) -> tuple[Peak, Peak]:
    """Climb without intercepts and with; the second is the first where tau is 0.

    Raises
    ------
    CannotFit
        For separation, or a tau without bound.
    """
    none = _without_intercepts(rows, slope.clusters, slope.family)
    peak = slope.climb(*_start(none))
    if not peak.converged or peak.at.log_likelihood < none.at.log_likelihood:
        _refuse_unbounded(rows, peak, none)
        peak = none
    return none, peak


def family_of(kind: ModelKind) -> Family:
    """Give the likelihood of events or of counts."""
    return Logistic() if kind == "logistic" else Poisson()


def _without_intercepts(rows: ProviderRows, clusters: Clusters, family: Family) -> Peak:
    rows.refuse_separated_groups()
    theta = np.zeros(clusters.columns + 1)
    rate = rows.y.sum() / rows.size.sum()
    events = rows.kind == "logistic"
    theta[0] = np.log(rate / (1 - rate)) if events else np.log(rate)
    peak = Slope(clusters, family, Rule.of(1)).climb(theta, np.zeros(len(clusters.present)), fixed=True)
    if not peak.converged or _uninformed(peak, clusters, variance=rate * (1 - rate) if events else rate):
        rows.refuse_separation()
        raise CannotFit(
            f"the coefficients of {case_mix(rows.names)} have no finite estimate: some combination "
            "of them goes together with no events; merge levels, or leave a term out"
        )
    return peak


def _uninformed(peak: Peak, clusters: Clusters, *, variance: float) -> bool:
    """Tell whether some combination of the columns has next to none of the information of the start.

    On the way to infinity, where events are separated, steps can gain too little to go on.
    """
    gram = sum(((piece.Z * piece.n) @ piece.Z.T for piece in clusters), np.zeros((clusters.columns,) * 2))
    least = eigvalsh(peak.at.information[:-1, :-1], variance * gram, subset_by_index=[0, 0])
    return bool(least[0] < SEPARATED)


def _start(none: Peak) -> tuple[FloatArray, FloatArray]:
    """Start at the model without intercepts, with the tau that the spread of its residuals suggests."""
    residual = none.at.mode_slope[-1]
    weight = none.at.weight
    moments = (np.sum(residual**2 / weight) - (len(weight) - 1)) / weight.sum()
    tau2 = max(float(moments), 0.1 / float(weight.mean()))
    theta = np.append(none.theta[:-1], np.sqrt(tau2))
    return theta, residual * tau2 / (1 + weight * tau2)


def _refuse_unbounded(rows: ProviderRows, peak: Peak, none: Peak) -> None:
    """Refuse unless the climb ended because tau is 0."""
    if peak.tau < NOTHING or peak.at.log_likelihood < none.at.log_likelihood:
        return
    events, records = (np.bincount(rows.provider, weights=x) for x in (rows.y, rows.size))
    mixed = (events > 0) & ((events < records) | (rows.kind == "poisson"))
    away = peak.tau > ENORMOUS or not mixed.any()
    raise CannotFit(
        f"tau {'has no finite estimate' if away else 'does not settle'} (the likelihood still rises at "
        f"{peak.tau:.3g}): almost every provider has either no events or only events; "
        f"{'' if away else 'use more nodes, '}pool periods or providers, or leave case-mix terms out"
    )


def _uncertainty(peak: Peak) -> tuple[FloatArray, FloatArray]:
    """Give the covariance of the coefficients, and what all parameters add to the variance of each mode."""
    free = len(peak.theta) - (peak.tau == 0)
    covariance: FloatArray = np.asarray(np.linalg.inv(peak.at.information[:free, :free]), dtype=np.float64)
    return covariance[: len(peak.theta) - 1, : len(peak.theta) - 1], _of_coefficients(peak, covariance)


def _of_coefficients(peak: Peak, covariance: FloatArray) -> FloatArray:
    """Give what the first parameters, of this covariance, add to the variance of each mode."""
    if peak.tau == 0:
        return np.zeros(len(peak.at.mode))
    slope = peak.at.mode_slope[: len(covariance)]
    more: FloatArray = np.einsum("aj,ab,bj->j", slope, covariance, slope)
    return more


def _constant(rows: ProviderRows) -> float:
    """Give the part of the log-likelihood of counts that no parameter changes."""
    if rows.kind == "logistic":
        return 0.0
    return float(rows.y @ np.log(rows.size) - gammaln(rows.y + 1).sum())
