"""Random-intercept models: providers differ by a normal amount on the scale of the linear predictor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, expit, gammaln

from risk_models.ascent import NOTHING, Peak, Slope, profile_interval
from risk_models.clusters import Clusters
from risk_models.design import Design, Term
from risk_models.expected import CannotFit, ModelKind
from risk_models.families import Family, Logistic, Poisson
from risk_models.marginal import Rule
from risk_models.mixed_linear import LinearPeak, linear_at, linear_interval, linear_peak, linear_sums
from risk_models.provider_rows import (
    ProviderRows,
    case_mix,
    provider_rows,
    with_provider_means,
)
from risk_models.strata import Columns, FloatArray, IntArray
from risk_models.tau_uncertainty import averaged_intercepts

DEFAULT_NODES = 9


@dataclass(frozen=True, slots=True, eq=False)
class RandomInterceptModel:
    """A fitted random-intercept model.

    Attributes
    ----------
    kind
        `logistic`, `poisson` or `linear`.
    design
        How case mix becomes columns.
    coefficients, standard_errors
        Shape (columns,), in the order of `design.columns`: log-odds, log rate or the unit of y, per unit of
        the column, for patients of one and the same provider.
    tau
        Standard deviation between providers, on the scale of the linear predictor; 0 where providers differ
        no more than by chance.
    tau_interval
        Profile-likelihood interval of tau, NaN when none was asked for; upper is infinite where the data
        set no bound.
    p_value
        Of the likelihood-ratio test of tau = 0 against tau > 0: half of chi-square with one degree of
        freedom, since 0 is on the edge; 1 where tau is 0.
    log_likelihood, log_likelihood_without
        With tau as estimated and with tau 0, natural logarithm. Of a linear model that is restricted, of the
        restricted likelihood.
    residual_sd
        Between records of one provider, in the unit of y; NaN unless linear.
    n
        Records.
    nodes
        Of quadrature; 1 is Laplace's approximation. A linear model needs none and has 0.
    effect, effect_sd
        The most likely intercept of each provider (what lme4 calls `ranef`) and the standard deviation
        that the curvature there gives (`condVar`), shape (providers,). A provider without records has 0
        and tau.
    mean, sd
        Mean and standard deviation of the posterior distribution of each intercept, by quadrature.
    mean_total, sd_total
        The same with the uncertainty of coefficients and tau: averaged over tau when that was asked for,
        otherwise to first order, which with few events is too sure.
    between
        With correlated effects: coefficients of the providers' means of the columns besides the intercept,
        beyond those of the patients' own values, shape (columns - 1,); otherwise empty.
    between_errors
        Their standard errors.
    context
        With correlated effects: what the means of its patients add to each provider's linear predictor,
        besides its own intercept, shape (providers,); otherwise 0.
    """

    kind: ModelKind
    design: Design
    coefficients: FloatArray
    standard_errors: FloatArray
    tau: float
    tau_interval: tuple[float, float]
    p_value: float
    log_likelihood: float
    log_likelihood_without: float
    residual_sd: float
    n: float
    nodes: int
    effect: FloatArray
    effect_sd: FloatArray
    mean: FloatArray
    sd: FloatArray
    mean_total: FloatArray
    sd_total: FloatArray
    between: FloatArray
    between_errors: FloatArray
    context: FloatArray

    def linear_predictor(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the linear predictor of strata at the average provider (intercept and context 0).

        Parameters
        ----------
        strata, rows
            As for `Design.matrix`.

        Returns
        -------
        FloatArray
            Shape (strata,): log-odds, log rate, or the unit of y.

        Raises
        ------
        UnseenLevel
            For a level that was not there at fitting.
        ValueError
            As `Design.matrix` does.
        """
        return self.design.matrix(strata, rows=rows) @ self.coefficients

    def expected(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the expectation of one record (or unit of exposure) at the average provider.

        Parameters, errors and shape are those of `linear_predictor`. It is the expectation at intercept 0,
        which for an event is not the mean over all providers.
        """
        return inverse_link(self.kind, self.linear_predictor(strata, rows=rows))

    def predicted(self, strata: Columns, provider: IntArray) -> FloatArray:
        """Give the expectation of one record (or unit of exposure) at its own provider, context included.

        `provider` holds the index of the provider of each stratum; the rest is as for `linear_predictor`.
        """
        own = (self.effect + self.context)[provider]
        return inverse_link(self.kind, self.linear_predictor(strata, rows=len(provider)) + own)


def inverse_link(kind: ModelKind, eta: FloatArray) -> FloatArray:
    """Turn a linear predictor into an expectation: a probability, a rate, or the value itself."""
    if kind == "linear":
        return eta
    result: FloatArray = expit(eta) if kind == "logistic" else np.exp(eta)
    return result


def fit_random_intercept(
    kind: ModelKind,
    terms: Sequence[Term],
    strata: Columns,
    *,
    provider: ArrayLike,
    providers: int,
    n: ArrayLike,
    sum_y: ArrayLike,
    sum_y2: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    nodes: int = DEFAULT_NODES,
    correlated: bool = False,
    restricted: bool = False,
    interval_level: float | None = None,
    average_tau: bool = False,
) -> RandomInterceptModel:
    r"""Fit a random-intercept model by maximum likelihood, on strata of one provider each.

    The linear predictor of patient i of provider j is :math:`\eta_{ij} = x_{ij}'\beta + u_j`, with
    :math:`u_j \sim N(0, \tau^2)`. The likelihood has the intercepts integrated out,
    :math:`L = \prod_j \int \prod_i f(y_{ij} | x_{ij}'\beta + u)\, \phi(u; 0, \tau^2)\, du`: exactly for
    a value, by adaptive Gauss-Hermite quadrature for events and counts.

    Parameters
    ----------
    kind
        `logistic` for an event (log-odds), `poisson` for a count (log rate), `linear` for a value.
    terms
        Case mix; none gives a model with an intercept only.
    strata
        One array of shape (strata,) for each term, under its name.
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    providers
        How many providers there are; one without records has effect 0 with standard deviation tau.
    n, sum_y
        Records and sum of outcomes per stratum, shape (strata,). Strata with n 0 have no say.
    sum_y2
        Sum of squared outcomes per stratum; only a linear model needs it.
    exposure
        Of a count, per stratum, in the unit the rate is per (such as patient days); None is n.
    nodes
        Of quadrature, 1 or more; 1 is Laplace's approximation.
    correlated
        Whether to add the providers' means of the case mix (Mundlak), so that the coefficients of the
        patients are right also where providers with other patients are better or worse.
    restricted
        Of a linear model: restricted maximum likelihood, which does not underestimate tau with few
        providers.
    interval_level
        Coverage of the profile interval of tau, such as 0.95; None leaves it out.
    average_tau
        Of events and counts: whether `mean_total` and `sd_total` are averaged over the values tau may have.
        About doubles the time.

    Returns
    -------
    RandomInterceptModel
        The log-likelihood of events is that of single records, and of counts that of the strata's counts
        (it depends on how records are grouped; tests between models of the same strata do not).

    Raises
    ------
    CannotFit
        For an empty cohort, one provider, one record a provider, no events or events only, a column that
        the others determine, separation, a tau without bound, or sums that are negative or not finite.
    ValueError
        For terms and strata that do not fit together, an option its kind does not have, or nodes below 1.

    References
    ----------
    Pinheiro JC, Bates DM (1995), on the quadrature. doi:10.1080/10618600.1995.10474663
    Self SG, Liang KY (1987), on the test of tau. doi:10.1080/01621459.1987.10478472
    Mundlak Y (1978), on correlated effects. Econometrica 46:69-85. doi:10.2307/1913646
    Kass RE, Steffey D (1989), on the total uncertainty. doi:10.1080/01621459.1989.10478825

    Examples
    --------
    Four providers of a hundred patients each:

    >>> model = fit_random_intercept(
    ...     "logistic", [], {}, provider=[0, 1, 2, 3], providers=4, n=[100] * 4, sum_y=[5, 9, 14, 24])
    >>> round(model.tau, 3), model.effect.round(2).tolist(), round(model.p_value, 4)
    (0.573, [-0.6, -0.22, 0.16, 0.74], 0.0025)
    """
    if nodes < 1:
        raise ValueError(f"nodes: {nodes}; expected 1 or more")
    if restricted and kind != "linear":
        raise ValueError(f"a {kind} model has no restricted likelihood; that belongs to kind 'linear'")
    if average_tau and kind == "linear":
        raise ValueError("averaging over tau is there for kinds 'logistic' and 'poisson' only")
    rows = provider_rows(
        kind, terms, strata,
        provider=provider, providers=providers, n=n, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure,
    )  # fmt: skip
    _refuse_single_records(rows)
    rows, means = with_provider_means(rows) if correlated else (rows, np.zeros((providers, 0)))
    clusters = rows.clusters()
    if kind == "linear":
        fitted = _fit_linear(rows, clusters, restricted=restricted, level=interval_level)
    else:
        fitted = _fit_integrated(rows, clusters, nodes=nodes, level=interval_level, average_tau=average_tau)
    return _model(rows, fitted, means, nodes=0 if kind == "linear" else nodes)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """What both ways of fitting give: coefficients of the design and intercepts of the providers present."""

    coefficients: FloatArray
    covariance: FloatArray
    tau: float
    interval: tuple[float, float]
    log_likelihood: float
    without: float
    residual_sd: float
    present: IntArray
    intercepts: FloatArray


def _fit_linear(rows: ProviderRows, clusters: Clusters, *, restricted: bool, level: float | None) -> _Fitted:
    if rows.n.sum() <= clusters.columns + 1:
        raise CannotFit(
            f"{rows.n.sum():g} records for {clusters.columns} coefficients: no residual variance is left"
        )
    try:
        sums = linear_sums(clusters, y2=rows.y2, n=rows.n, y=rows.y, restricted=restricted)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    peak = linear_peak(sums)
    return _Fitted(
        coefficients=clusters.transform @ peak.beta,
        covariance=clusters.transform @ peak.covariance @ clusters.transform.T,
        tau=peak.tau,
        interval=(np.nan, np.nan) if level is None else linear_interval(sums, peak, level=level),
        log_likelihood=peak.log_likelihood,
        without=linear_at(sums, 0.0).log_likelihood,
        residual_sd=peak.sigma,
        present=clusters.present,
        intercepts=_linear_intercepts(peak),
    )


def _linear_intercepts(peak: LinearPeak) -> FloatArray:
    more = np.einsum("aj,ab,bj->j", peak.effect_slope, peak.covariance, peak.effect_slope)
    total = np.sqrt(peak.effect_sd**2 + more)
    return np.vstack([peak.effect, peak.effect_sd, peak.effect, peak.effect_sd, peak.effect, total])


def _fit_integrated(
    rows: ProviderRows, clusters: Clusters, *, nodes: int, level: float | None, average_tau: bool
) -> _Fitted:
    slope = Slope(clusters, family_of(rows.kind), Rule.of(nodes))
    none, peak = integrated_peaks(rows, slope)
    constant = _constant(rows)
    interval = (np.nan, np.nan)
    if level is not None:
        interval = profile_interval(slope, peak, none=none.at.log_likelihood, level=level)
    covariance, more = _uncertainty(peak)
    at = peak.at
    total = averaged_intercepts(slope, peak) if average_tau else (at.mean, np.sqrt(at.sd**2 + more))
    return _Fitted(
        coefficients=clusters.transform @ peak.theta[:-1],
        covariance=clusters.transform @ covariance @ clusters.transform.T,
        tau=peak.tau,
        interval=interval,
        log_likelihood=at.log_likelihood + constant,
        without=none.at.log_likelihood + constant,
        residual_sd=np.nan,
        present=clusters.present,
        intercepts=np.vstack([at.mode, at.mode_sd, at.mean, at.sd, *total]),
    )


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
        _refuse_unbounded(peak, none)
        peak = none
    return none, peak


def family_of(kind: ModelKind) -> Family:
    """Give the likelihood of events or of counts."""
    return Logistic() if kind == "logistic" else Poisson()


def _without_intercepts(rows: ProviderRows, clusters: Clusters, family: Family) -> Peak:
    theta = np.zeros(clusters.columns + 1)
    rate = rows.y.sum() / rows.size.sum()
    theta[0] = np.log(rate / (1 - rate)) if rows.kind == "logistic" else np.log(rate)
    peak = Slope(clusters, family, Rule.of(1)).climb(theta, np.zeros(len(clusters.present)), fixed=True)
    if not peak.converged:
        rows.refuse_separation()
        raise CannotFit(
            f"the coefficients of {case_mix(rows.names)} have no finite estimate: some combination "
            "of them goes together with no events; merge levels, or leave a term out"
        )
    return peak


def _start(none: Peak) -> tuple[FloatArray, FloatArray]:
    """Start at the model without intercepts, with the tau that the spread of its residuals suggests."""
    residual = none.at.mode_slope[-1]
    weight = none.at.weight
    moments = (np.sum(residual**2 / weight) - (len(weight) - 1)) / weight.sum()
    tau2 = max(float(moments), 0.1 / float(weight.mean()))
    theta = np.append(none.theta[:-1], np.sqrt(tau2))
    return theta, residual * tau2 / (1 + weight * tau2)


def _refuse_unbounded(peak: Peak, none: Peak) -> None:
    """Refuse unless the climb ended because tau is 0."""
    if peak.tau < NOTHING or peak.at.log_likelihood < none.at.log_likelihood:
        return
    raise CannotFit(
        f"tau has no finite estimate (the likelihood still rises at {peak.tau:.3g}): almost every provider "
        "has either no events or only events; pool periods or providers, or leave case-mix terms out"
    )


def _uncertainty(peak: Peak) -> tuple[FloatArray, FloatArray]:
    """Give the covariance of the coefficients, and what all parameters add to the variance of each mode."""
    free = len(peak.theta) - (peak.tau == 0)
    covariance: FloatArray = np.asarray(np.linalg.inv(peak.at.information[:free, :free]), dtype=np.float64)
    slope = peak.at.mode_slope[:free] if peak.tau > 0 else np.zeros((free, len(peak.at.mode)))
    more: FloatArray = np.einsum("aj,ab,bj->j", slope, covariance, slope)
    return covariance[: len(peak.theta) - 1, : len(peak.theta) - 1], more


def _constant(rows: ProviderRows) -> float:
    """Give the part of the log-likelihood of counts that no parameter changes."""
    if rows.kind == "logistic":
        return 0.0
    return float(rows.y @ np.log(rows.size) - gammaln(rows.y + 1).sum())


def _refuse_single_records(rows: ProviderRows) -> None:
    records = np.bincount(rows.provider, weights=rows.n)
    if rows.kind != "poisson" and records.max() <= 1:
        raise CannotFit(
            f"every one of the {int((records > 0).sum())} providers has one record: differences between "
            "providers cannot be told from chance"
        )


def _model(rows: ProviderRows, fitted: _Fitted, means: FloatArray, *, nodes: int) -> RandomInterceptModel:
    errors = np.sqrt(np.diag(fitted.covariance))
    own = len(rows.design.columns)
    intercepts = np.zeros((6, rows.providers))
    intercepts[[1, 3, 5]] = fitted.tau
    intercepts[:, fitted.present] = fitted.intercepts
    effect, effect_sd, mean, sd, mean_total, sd_total = intercepts
    gain = 2 * (fitted.log_likelihood - fitted.without)
    return RandomInterceptModel(
        kind=rows.kind,
        design=rows.design,
        coefficients=fitted.coefficients[:own],
        standard_errors=errors[:own],
        tau=fitted.tau,
        tau_interval=fitted.interval,
        p_value=float(chdtrc(1, gain)) / 2 if fitted.tau > 0 else 1.0,
        log_likelihood=fitted.log_likelihood,
        log_likelihood_without=fitted.without,
        residual_sd=fitted.residual_sd,
        n=float(rows.n.sum()),
        nodes=nodes,
        effect=effect,
        effect_sd=effect_sd,
        mean=mean,
        sd=sd,
        mean_total=mean_total,
        sd_total=sd_total,
        between=fitted.coefficients[own:],
        between_errors=errors[own:],
        context=means @ fitted.coefficients[own:],
    )
