"""Cox's proportional hazards on strata: time to event with censoring, late entry and baseline strata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from risk_models.baseline_hazard import BaselineHazard, baselines_of, expected_events
from risk_models.clustered import sandwich
from risk_models.design import Design, Term
from risk_models.partial_likelihood import ONE, Followed, checked_times, fit_followed, groups
from risk_models.regression import CannotFit, checked_ridge, encoded
from risk_models.risk_sets import Ties
from risk_models.strata import Columns, FloatArray, checked_events, checked_provider, checked_whole

Baseline: TypeAlias = Ties


@dataclass(frozen=True, slots=True, eq=False)
class CoxModel:
    """A fitted model of the time to an event.

    Attributes
    ----------
    design
        How case mix becomes columns; the intercept is in the baseline and has no coefficient.
    ties
        `efron` or `breslow`.
    coefficients, standard_errors
        Shape (columns - 1,): log hazard ratio per unit of the column.
    covariance
        From the information matrix, shape (columns - 1, columns - 1).
    clustered
        Covariance that allows for dependence within providers; NaN where no providers were given.
    baselines
        By name of the baseline stratum.
    n, events
        Records and events it was fitted on.
    log_likelihood
        Partial log-likelihood.
    ridge
        The penalty it was fitted with; 0 is none.
    """

    design: Design
    ties: Ties
    coefficients: FloatArray
    standard_errors: FloatArray
    covariance: FloatArray
    clustered: FloatArray
    baselines: Mapping[str, BaselineHazard]
    n: float
    events: float
    log_likelihood: float
    ridge: float = 0.0

    def predictor(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Give the linear predictor of each stratum, shape (strata,); errors as `Design.matrix`."""
        result: FloatArray = self.design.matrix(strata, rows=rows)[:, 1:] @ self.coefficients
        return result

    def expected(
        self,
        strata: Columns,
        *,
        time: ArrayLike,
        n: ArrayLike,
        entry: ArrayLike | None = None,
        events: ArrayLike | None = None,
        within: ArrayLike | None = None,
        baseline: Baseline | None = None,
    ) -> FloatArray:
        """Give the number of events to be expected in each stratum, given how long its records were followed.

        n (H0(time) - H0(entry)) exp(predictor); the sum over a provider is the E of its O/E.

        Parameters
        ----------
        strata, time, n, entry, within
            As for `fit_cox`.
        events
            Events per stratum. With Efron's ties, those who have the event are at risk for part of their
            own moment only; given the events of the records it was fitted on, observed and expected have
            the same sum. None leaves that out, as for any new records.
        baseline
            `breslow` for Breslow's increments with Efron's coefficients, as lifelines predicts; None is
            that of the fit.

        Returns
        -------
        FloatArray
            Shape (strata,).

        Raises
        ------
        ValueError
            For columns that cannot be, or a baseline stratum that was not there at fitting.
        """
        counts, times, entries = checked_times(n, time, entry)
        happened = None if events is None else checked_events(events, counts)
        result = expected_events(
            self.baselines,
            np.exp(self.predictor(strata, rows=len(counts))),
            time=times,
            entry=entries,
            n=counts,
            events=happened,
            group=groups(within, len(counts)),
            breslow=baseline == "breslow",
        )
        return result

    def survival(
        self, strata: Columns, at: float, *, within: str = ONE, rows: int | None = None
    ) -> FloatArray:
        """Give the chance of each stratum's patients to be without the event at a time, shape (strata,).

        exp(-H0(at) exp(predictor)); `at` is in the unit of time of the fit, `within` the baseline stratum.
        """
        if within not in self.baselines:
            known = ", ".join(sorted(self.baselines))
            raise ValueError(f"baseline stratum '{within}' was not there at fitting (known: {known})")
        line = self.baselines[within]
        reached = float(line.hazard[line.times <= at].sum())
        result: FloatArray = np.exp(-reached * np.exp(self.predictor(strata, rows=rows)))
        return result

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary of plain values, safe for JSON, that `from_dict` turns back exactly."""
        arrays = ("coefficients", "standard_errors", "covariance", "clustered")
        return {
            "design": self.design.to_dict(),
            "ties": self.ties,
            **{name: _plain(getattr(self, name)) for name in arrays},
            "baselines": {
                name: {part: getattr(line, part).tolist() for part in BaselineHazard.__slots__}
                for name, line in self.baselines.items()
            },
            "n": self.n,
            "events": self.events,
            "log_likelihood": self.log_likelihood,
            "ridge": self.ridge,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "CoxModel":
        """Read what `to_dict` wrote."""
        k = len(stored["coefficients"])
        clustered = stored["clustered"]
        return cls(
            design=Design.from_dict(stored["design"]),
            ties=stored["ties"],
            coefficients=np.array(stored["coefficients"], dtype=np.float64),
            standard_errors=np.array(stored["standard_errors"], dtype=np.float64),
            covariance=np.array(stored["covariance"], dtype=np.float64).reshape(k, k),
            clustered=np.full((k, k), np.nan) if clustered is None else np.array(clustered).reshape(k, k),
            baselines={
                name: BaselineHazard(**{part: np.array(values) for part, values in line.items()})
                for name, line in stored["baselines"].items()
            },
            n=stored["n"],
            events=stored["events"],
            log_likelihood=stored["log_likelihood"],
            ridge=stored.get("ridge", 0.0),
        )


def fit_cox(
    terms: Sequence[Term],
    strata: Columns,
    *,
    time: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    entry: ArrayLike | None = None,
    within: ArrayLike | None = None,
    ties: Ties = "efron",
    ridge: float = 0.0,
    provider: ArrayLike | None = None,
    providers: int = 0,
) -> CoxModel:
    """Fit Cox's model on strata; the result is that of the fit on the records themselves.

    The partial likelihood is a product over the moments of an event of exp(predictor) of who had it, over
    the sum of exp(predictor) of those at risk: records with entry < moment <= time.

    Parameters
    ----------
    terms
        Case mix.
    strata
        One array of shape (strata,) for each term, under its name.
    time
        End of follow-up of the records of the stratum, shape (strata,), in any unit: part of the pattern.
    n, events
        Records per stratum, and how many of them have the event at `time`; the others are censored then.
    entry
        From when they are followed, before `time`, shape (strata,); None is from the start.
    within
        Baseline stratum of each stratum, text, shape (strata,): each has its own baseline hazard. None is
        one for all.
    ties
        `efron`, which counts in whole events, or `breslow`, which also takes weights.
    ridge
        0 for the plain fit; otherwise, as for `fit_model`, ridge/2 times each squared coefficient, per
        standard deviation of its column, is taken off the partial log-likelihood.
    provider, providers
        Index 0..providers-1 of the provider of each stratum, and how many there are, for clustered standard
        errors; None leaves these out.

    Returns
    -------
    CoxModel

    Raises
    ------
    CannotFit
        For an empty cohort, no events, a column that the others determine, separation, counts and times
        that cannot be, or where providers are given records of fewer than two.
    ValueError
        For terms and strata that do not fit together, an unknown way with ties, or a negative ridge.

    References
    ----------
    Cox DR (1972). J R Stat Soc B 34:187-220. doi:10.1111/j.2517-6161.1972.tb00899.x
    Efron B (1977), on ties. J Am Stat Assoc 72:557-565. doi:10.1080/01621459.1977.10480613
    Lin DY, Wei LJ (1989), on clustered errors. J Am Stat Assoc 84:1074-1078.
    doi:10.1080/01621459.1989.10478874

    Examples
    --------
    Four patients followed for 1 to 4 months, of whom the smoker goes first:

    >>> strata = {"smoker": np.array([1, 0, 1, 0])}
    >>> model = fit_cox([Term("smoker", "flag")], strata, time=[1, 2, 3, 4], n=[1] * 4, events=[1, 1, 1, 0])
    >>> model.coefficients.round(3).tolist()
    [0.941]
    """
    if ties not in get_args(Ties):
        raise ValueError(f"ties '{ties}' is none of {', '.join(get_args(Ties))}")
    checked_ridge(ridge)
    try:
        counts, times, entries = checked_times(n, time, entry)
        happened = checked_events(events, counts)
        if ties == "efron":
            checked_whole("events", happened)
    except ValueError as error:
        raise CannotFit(str(error)) from error
    keep, design, X = encoded(terms, strata, counts)
    records = Followed(
        X=X,
        time=times[keep],
        entry=entries[keep],
        n=counts[keep],
        events=happened[keep],
        group=groups(within, len(keep))[keep],
    )
    fit, reached, sets = fit_followed(design.columns, records, ties=ties, ridge=ridge)
    clustered = np.full(fit.covariance.shape, np.nan)
    if provider is not None:
        index = checked_provider(provider, rows=len(keep), providers=providers)[keep]
        clustered = sandwich(fit.covariance, sets.score_residuals(X[:, 1:], fit.coefficients), index)
    return CoxModel(
        design=design,
        ties=ties,
        coefficients=fit.coefficients,
        standard_errors=np.sqrt(np.diag(fit.covariance)),
        covariance=fit.covariance,
        clustered=clustered,
        baselines=baselines_of(sets, np.exp(X[:, 1:] @ fit.coefficients)),
        n=float(counts.sum()),
        events=float(happened.sum()),
        log_likelihood=reached,
        ridge=ridge,
    )


def _plain(values: FloatArray) -> list[Any] | None:
    plain: list[Any] = values.tolist()
    return None if np.isnan(values).any() else plain
