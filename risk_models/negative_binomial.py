"""Counts that spread more than a Poisson model allows: the negative binomial model, with its dispersion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import gammaln

from risk_models.clustered import sandwich
from risk_models.design import Design, Term
from risk_models.regression import CannotFit, encoded, fit_events
from risk_models.strata import Columns, FloatArray, checked, checked_counts, checked_n, checked_provider

MAX_STEPS = 100
SETTLED = 1e-9  # largest change of a linear predictor or of log(theta): the next step would be its square
FARTHEST = 3.0  # the most either may change in one step
SHORTEST = 1e-8
ROUNDING = 1e-12  # share of a log-likelihood that is rounding


@dataclass(frozen=True, slots=True, eq=False)
class NegativeBinomialModel:
    """A fitted negative binomial model: a count with mean mu and variance mu + mu^2/theta.

    Attributes
    ----------
    design
        How case mix becomes columns.
    coefficients, standard_errors
        Shape (columns,): log rate per unit of the column. Errors are from the expected information at the
        estimate of theta, to which the coefficients are orthogonal.
    covariance
        Of the coefficients, shape (columns, columns).
    clustered
        Covariance that allows for dependence within providers; NaN where no providers were given.
    theta, theta_se
        Dispersion, and its standard error from the observed information. The larger, the nearer to Poisson;
        1/theta is the squared coefficient of variation of what the case mix leaves unsaid.
    n
        Records (or weight) it was fitted on.
    log_likelihood
        Of the records' counts, natural logarithm.
    """

    design: Design
    coefficients: FloatArray
    standard_errors: FloatArray
    covariance: FloatArray
    clustered: FloatArray
    theta: float
    theta_se: float
    n: float
    log_likelihood: float

    def expected(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the expected count of one unit of exposure of each stratum, shape (strata,).

        Parameters and errors are those of `Design.matrix`.
        """
        result: FloatArray = np.exp(self.design.matrix(strata, rows=rows) @ self.coefficients)
        return result

    def variance(self, mean: FloatArray) -> FloatArray:
        """Give the variance of counts with these means: mean + mean^2/theta."""
        return mean + mean**2 / self.theta


def fit_negative_binomial(
    terms: Sequence[Term],
    strata: Columns,
    *,
    n: ArrayLike,
    y: ArrayLike,
    exposure: ArrayLike | None = None,
    provider: ArrayLike | None = None,
    providers: int = 0,
) -> NegativeBinomialModel:
    r"""Fit a negative binomial model by maximum likelihood; the result is that of the fit on the records.

    :math:`\Pr(y) = \frac{\Gamma(\theta + y)}{\Gamma(\theta)\, y!}
    \frac{\mu^y \theta^\theta}{(\mu + \theta)^{\theta + y}}`, with :math:`\log \mu = x'\beta + \log t`
    for exposure t. The likelihood is no function of sums of counts, so the count (and the exposure) of a
    record belong to its stratum, like the time in Cox's model. Newton's method on beta and log theta
    together.

    Parameters
    ----------
    terms
        Case mix; none gives a model with an intercept only.
    strata
        One array of shape (strata,) for each term, under its name.
    n
        Records with the same case mix, count and exposure, shape (strata,). Weights may make it a fraction.
    y
        Count of each of these records, a whole number, shape (strata,).
    exposure
        Of each of these records, above 0; None is one unit.
    provider, providers
        Index 0..providers-1 of the provider of each stratum, and how many there are, for clustered standard
        errors; None leaves these out.

    Returns
    -------
    NegativeBinomialModel

    Raises
    ------
    CannotFit
        For an empty cohort, no events, a column that the others determine, separation, counts that spread
        no more than Poisson's, counts that are negative, not whole or not finite, or where providers are
        given records of fewer than two.
    ValueError
        For terms, strata and providers that do not fit together.

    References
    ----------
    Lawless JF (1987). Can J Stat 15:209-225. doi:10.2307/3314912
    Venables WN, Ripley BD (2002). Modern Applied Statistics with S, section 7.4 (`glm.nb`).
    doi:10.1007/978-0-387-21706-2

    Examples
    --------
    Falls in a hundred patients, most without any:

    >>> model = fit_negative_binomial([], {}, n=[70, 15, 8, 4, 3], y=[0, 1, 2, 3, 5])
    >>> round(float(model.expected({}, rows=1)[0]), 2), round(model.theta, 2)
    (0.58, 0.41)
    """
    try:
        counts = checked_n(n)
        each = checked("y", y, rows=len(counts))
        if ((each < 0) | (each != np.floor(each))).any():
            raise ValueError(f"y: {each[(each < 0) | (each != np.floor(each))][0]:g}; expected whole counts")
        each, exposed = checked_counts(each, np.ones(len(counts)) if exposure is None else exposure, counts)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    keep, design, X = encoded(terms, strata, counts)
    records = _Counts.of(X, n=counts[keep], y=each[keep], exposure=exposed[keep])
    start = fit_events(
        design.columns,
        X,
        n=counts[keep] * exposed[keep],
        events=counts[keep] * each[keep],
        family="poisson",
        ridge=0.0,
    ).coefficients
    beta, alpha = _maximise(records, start)
    at = records.at(beta, alpha)
    mean = records.mean(beta)
    weighted = X * (records.n * mean / (1 + alpha * mean))[:, None]
    covariance: FloatArray = cho_solve(cho_factor(X.T @ weighted), np.eye(X.shape[1]))
    clustered = np.full(covariance.shape, np.nan)
    if provider is not None:
        index = checked_provider(provider, rows=len(keep), providers=providers)[keep]
        residual = records.n * (records.y - mean) / (1 + alpha * mean)
        clustered = sandwich(covariance, residual[:, None] * X, index)
    return NegativeBinomialModel(
        design=design,
        coefficients=beta,
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        clustered=clustered,
        theta=1 / alpha,
        # the information on log(alpha) is also that on log(theta)
        theta_se=float(1 / alpha / np.sqrt(at.information[-1, -1])),
        n=float(counts.sum()),
        log_likelihood=at.log_likelihood - float(records.n @ gammaln(records.y + 1)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """What the likelihood is at (beta, log alpha), without log y!: value, gradient, minus the curvature."""

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """The records, and for each whole number up to the largest count where it stands in its sums."""

    X: FloatArray
    n: FloatArray
    y: FloatArray
    exposure: FloatArray
    whole: FloatArray

    @classmethod
    def of(cls, X: FloatArray, *, n: FloatArray, y: FloatArray, exposure: FloatArray) -> "_Counts":
        return cls(X=X, n=n, y=y, exposure=exposure, whole=np.arange(y.max(), dtype=np.float64))

    def mean(self, beta: FloatArray) -> FloatArray:
        """Expected count of one record."""
        result: FloatArray = self.exposure * np.exp(self.X @ beta)
        return result

    def at(self, beta: FloatArray, alpha: float) -> _Point:
        """Evaluate; alpha is 1/theta. Gamma(theta + y)/Gamma(theta) is a product of 1 + alpha k, k < y."""
        n, y, whole = self.n, self.y, self.whole
        with np.errstate(over="ignore", invalid="ignore"):
            mu = self.mean(beta)
            grown = 1 + alpha * mu
            logs = np.log1p(alpha * mu)
            terms = self._below(np.log1p(alpha * whole)) + y * np.log(mu) - (y + 1 / alpha) * logs
            residual = n * (y - mu) / grown
            weight = n * mu * (1 + alpha * y) / grown**2
            first = self._below(whole / (1 + alpha * whole)) + logs / alpha**2 - (y + 1 / alpha) * mu / grown
            second = (
                -self._below((whole / (1 + alpha * whole)) ** 2)
                - 2 * logs / alpha**3
                + 2 * mu / (alpha**2 * grown)
                + (y + 1 / alpha) * (mu / grown) ** 2
            )
            of_alpha = float(n @ first)
            crossed = alpha * ((residual * mu / grown) @ self.X)
            own = -(alpha**2) * float(n @ second) - alpha * of_alpha
            information = np.block(
                [
                    [self.X.T @ (weight[:, None] * self.X), crossed[:, None]],
                    [crossed[None], np.array([[own]])],
                ]
            )
            return _Point(
                log_likelihood=float(n @ terms),
                gradient=np.append(residual @ self.X, alpha * of_alpha),
                information=information,
            )

    def _below(self, values: FloatArray) -> FloatArray:
        """Sum the values of the whole numbers below each count."""
        return np.append(0.0, np.cumsum(values))[self.y.astype(np.int64)]


def _maximise(records: _Counts, beta: FloatArray) -> tuple[FloatArray, float]:
    """Climb from Poisson's coefficients on beta and log alpha; refuse where the best alpha is 0."""
    mean = records.mean(beta)
    excess = float(records.n @ ((records.y - mean) ** 2 - records.y))
    if not excess > 0:
        raise CannotFit(
            "the counts spread no more than a Poisson model allows: the dispersion has no finite estimate; "
            "use a Poisson model"
        )
    theta = np.append(beta, np.log(excess / float(records.n @ mean**2)))
    here = records.at(theta[:-1], float(np.exp(theta[-1])))
    for _ in range(MAX_STEPS):
        step = _step(here)
        change = max(float(np.abs(records.X @ step[:-1]).max()), abs(float(step[-1])))
        length = min(1.0, FARTHEST / max(change, FARTHEST))
        while True:
            moved = theta + length * step
            there = records.at(moved[:-1], float(np.exp(moved[-1])))
            if there.log_likelihood >= here.log_likelihood - ROUNDING * abs(here.log_likelihood):
                break
            length /= 2
            if length < SHORTEST:
                raise CannotFit("the dispersion of the counts does not settle: leave case-mix terms out")
        theta, here = moved, there
        if change < SETTLED:
            return theta[:-1], float(np.exp(theta[-1]))
    raise CannotFit("the dispersion of the counts does not settle: leave case-mix terms out")


def _step(here: _Point) -> FloatArray:
    """Solve for Newton's step; where the likelihood is not concave, for the coefficients and alpha apart."""
    try:
        result: FloatArray = cho_solve(cho_factor(here.information), here.gradient)
    except LinAlgError:
        of_beta = cho_solve(cho_factor(here.information[:-1, :-1]), here.gradient[:-1])
        result = np.append(of_beta, np.sign(here.gradient[-1]))
    return result
