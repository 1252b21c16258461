"""Scores of a time to an event: survival curves, and the survival of a provider adjusted for case mix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk_models.cox import CoxModel
from risk_models.risk_sets import risk_sets
from risk_models.strata import Columns, FloatArray, checked, checked_events, checked_n


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A Kaplan-Meier curve; all arrays have shape (moments,).

    Attributes
    ----------
    times
        Of the events, increasing.
    at_risk, events
        Records at risk at each moment, and events then.
    chance
        Of being without the event just after each moment, a proportion.
    """

    times: FloatArray
    at_risk: FloatArray
    events: FloatArray
    chance: FloatArray

    def at(self, time: float) -> float:
        """Give the chance of being without the event at a time; 1 before the first event."""
        reached = int(np.searchsorted(self.times, time, side="right"))
        return float(self.chance[reached - 1]) if reached else 1.0

    def error_at(self, time: float) -> float:
        """Give the standard error of `at` by Greenwood's formula; NaN once nobody is left."""
        reached = int(np.searchsorted(self.times, time, side="right"))
        return self.at(time) * float(np.sqrt(self._greenwood()[:reached].sum()))

    def restricted_mean(self, until: float) -> tuple[float, float]:
        """Give the mean time without the event up to a time, and its standard error, in the unit of time.

        The area under the curve; the follow-up is taken to reach that far.
        """
        early = self.times < until
        edges = np.concatenate([[0.0], self.times[early], [until]])
        areas = np.concatenate([[1.0], self.chance[early]]) * np.diff(edges)
        later = np.cumsum(areas[::-1])[::-1][1:]
        return float(areas.sum()), float(np.sqrt(np.sum(later**2 * self._greenwood()[early])))

    def _greenwood(self) -> FloatArray:
        left = self.at_risk - self.events
        with np.errstate(divide="ignore", invalid="ignore"):
            result: FloatArray = np.where(left > 0, self.events / (self.at_risk * left), np.nan)
        return result


def kaplan_meier(
    time: ArrayLike, n: ArrayLike, events: ArrayLike, *, entry: ArrayLike | None = None
) -> SurvivalCurve:
    """Give the Kaplan-Meier curve of strata: the product over moments of 1 - events/at risk.

    Parameters
    ----------
    time
        End of follow-up of the records of the stratum, shape (strata,).
    n, events
        Records per stratum, and how many of them have the event at `time`.
    entry
        From when they are followed; None is from the start.

    Returns
    -------
    SurvivalCurve
        Without moments when there are no events.

    Raises
    ------
    ValueError
        For counts or times that cannot be.

    References
    ----------
    Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481. doi:10.1080/01621459.1958.10501452
    """
    counts = checked_n(n)
    happened = checked_events(events, counts)
    times = checked("time", time, rows=len(counts))
    entries = np.full(len(counts), -np.inf) if entry is None else checked("entry", entry, rows=len(counts))
    sets = risk_sets(
        times, entries, n=counts, events=happened, group=np.full(len(counts), ""), ties="breslow"
    )
    at_risk = sets.at_risk(counts)
    chance: FloatArray = np.cumprod(1 - sets.times_counted / at_risk, dtype=np.float64)
    return SurvivalCurve(
        times=sets.times,
        at_risk=at_risk,
        events=sets.times_counted,
        chance=chance,
    )


def adjusted_survival(
    model: CoxModel, strata: Columns, n: ArrayLike, *, at: float, ratio: ArrayLike
) -> FloatArray:
    """Give the chance that the patients of the benchmark would be without the event with a provider's hazard.

    The mean over all patients of exp(-ratio H0(at) exp(predictor)): with ratio 1, that of the benchmark.

    Parameters
    ----------
    model
        With one baseline.
    strata, n
        All patients of the benchmark: their case mix, and records per stratum, shape (strata,).
    at
        Time, in the unit of the fit.
    ratio
        O/E of each provider, or an end of its interval, shape (providers,).

    Returns
    -------
    FloatArray
        Shape (providers,), proportions; NaN where the ratio is.

    Raises
    ------
    ValueError
        Without records, or for a model with several baselines.

    References
    ----------
    Makuch RW (1982), on directly adjusted survival. J Chronic Dis 35:437-443.
    doi:10.1016/0021-9681(82)90058-3
    """
    counts = checked_n(n)
    if not counts.sum() > 0:
        raise ValueError("n: no records to adjust to")
    chance = model.survival(strata, at, rows=len(counts))
    ratios = np.asarray(ratio, dtype=np.float64)
    return np.array([counts @ chance**one / counts.sum() for one in ratios])
