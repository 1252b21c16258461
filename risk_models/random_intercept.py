"""Random-intercept models: providers differ by a normal amount on the scale of the linear predictor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, expit

from risk_models.design import Design, Term
from risk_models.expected import CannotFit, ModelKind
from risk_models.intercept_fits import InterceptFit, fit_integrated, fit_value
from risk_models.provider_rows import ProviderRows, provider_rows, with_provider_means
from risk_models.strata import Columns, FloatArray, IntArray

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
    covariance
        Of the coefficients, those of `between` last; from the information on all parameters.
    covariance_given_tau
        The same as though tau were known (what lme4 gives with `use.hessian = FALSE`): a little too small.
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
        Of quadrature; 1 is Laplace's approximation, 0 the joint mode. A linear model needs none and has 0.
    effect, effect_sd
        The most likely intercept of each provider (what lme4 calls `ranef`) and the standard deviation
        that the curvature there gives (`condVar`), shape (providers,). A provider without records has 0
        and tau.
    mean, sd
        Mean and standard deviation of the posterior distribution of each intercept, by quadrature.
    mean_total, sd_total
        The same with the uncertainty of coefficients and tau: averaged over tau when that was asked for,
        otherwise to first order, which with few events or little spread is too sure.
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
    covariance: FloatArray
    covariance_given_tau: FloatArray
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
        Of quadrature; 1 is Laplace's approximation. 0 leaves the integral out of the estimate of the
        coefficients, which are then at their joint mode with the intercepts (as lme4's nAGQ = 0): for those
        who must match it, since it draws coefficients of events to 0.
    correlated
        Whether to add the providers' means of the case mix (Mundlak), so that the coefficients of the
        patients are right also where providers with other patients are better or worse.
    restricted
        Of a linear model: restricted maximum likelihood, which does not underestimate tau with few
        providers.
    interval_level
        Coverage of the profile interval of tau, such as 0.95; None leaves it out.
    average_tau
        Whether `mean_total` and `sd_total` are averaged over the values tau may have: without that their
        intervals hold the truth too rarely where providers differ little. About doubles the time.

    Returns
    -------
    RandomInterceptModel
        The log-likelihood of events is that of single records, and of counts that of the strata's counts
        (it depends on how records are grouped; tests between models of the same strata do not).

    Raises
    ------
    CannotFit
        For an empty cohort, one provider, one record a provider, no events or events only, a value that does
        not vary, a column (or with `correlated` a mean of a provider) that the others determine, separation,
        a tau without bound, no more records than coefficients (linear), or sums that are negative or not
        finite.
    ValueError
        For terms and strata that do not fit together, an option its kind does not have, a negative number
        of nodes, or a profile or an average of tau with 0 nodes.

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
    if nodes < 0:
        raise ValueError(f"nodes: {nodes}; expected 0 or more")
    if nodes == 0 and kind != "linear" and (interval_level is not None or average_tau):
        raise ValueError("nodes: 0 has no profile of tau; expected 1 or more for its interval or average")
    if restricted and kind != "linear":
        raise ValueError(f"a {kind} model has no restricted likelihood; that belongs to kind 'linear'")
    rows = provider_rows(
        kind, terms, strata,
        provider=provider, providers=providers, n=n, sum_y=sum_y, sum_y2=sum_y2, exposure=exposure,
    )  # fmt: skip
    _refuse_single_records(rows)
    rows, means = with_provider_means(rows) if correlated else (rows, np.zeros((providers, 0)))
    clusters = rows.clusters()
    if kind == "linear":
        fitted = fit_value(
            rows, clusters, restricted=restricted, level=interval_level, average_tau=average_tau
        )
    else:
        fitted = fit_integrated(rows, clusters, nodes=nodes, level=interval_level, average_tau=average_tau)
    return _model(rows, fitted, means, nodes=0 if kind == "linear" else nodes)


def _refuse_single_records(rows: ProviderRows) -> None:
    records = np.bincount(rows.provider, weights=rows.n)
    if rows.kind != "poisson" and records.max() <= 1:
        raise CannotFit(
            f"every one of the {int((records > 0).sum())} providers has one record: differences between "
            "providers cannot be told from chance"
        )


def _model(
    rows: ProviderRows, fitted: InterceptFit, means: FloatArray, *, nodes: int
) -> RandomInterceptModel:
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
        covariance=fitted.covariance,
        covariance_given_tau=fitted.covariance_given_tau,
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
