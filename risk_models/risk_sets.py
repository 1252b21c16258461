"""Who is at risk at each moment of an event: the sums that Cox's partial likelihood is made of."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from risk_models.strata import FloatArray, IntArray

Ties: TypeAlias = Literal["efron", "breslow"]


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Strata arranged by the moments of an event, those of all baseline strata one after the other.

    A moment with d tied events is taken in `d` parts by Efron's method, in part l with the share l/d of
    those who have the event already gone; by Breslow's method it is one part that counts d times.

    Attributes
    ----------
    n, events
        Records and events, shape (strata,).
    times
        Of the moments, shape (moments,).
    parts
        Which moments are of which baseline stratum.
    first, last
        A stratum is at risk at the moments first..last-1, shape (strata,).
    own
        The moment of the stratum's own events; -1 where it has none.
    moment, share, times_counted
        Of each part: its moment, the share gone, and how often it counts; shape (parts,).
    """

    n: FloatArray
    events: FloatArray
    times: FloatArray
    parts: dict[str, slice]
    first: IntArray
    last: IntArray
    own: IntArray
    moment: IntArray
    share: FloatArray
    times_counted: FloatArray

    def derivatives(self, X: FloatArray, beta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Give the partial log-likelihood, its gradient and the information at coefficients.

        Parameters
        ----------
        X
            Shape (strata, columns), without an intercept.
        beta
            Shape (columns,).

        Returns
        -------
        tuple[float, FloatArray, FloatArray]
            The last two of shapes (columns,) and (columns, columns).
        """
        eta = X @ beta
        # a constant in eta cancels, so that exp stays within its range
        risk = np.exp(eta - eta.max(initial=-np.inf)) if len(eta) else eta
        denominator, mean = self._at_parts(X, risk)
        parts = self.times_counted / denominator
        hazard, deduction = self._per_moment(parts), self._per_moment(parts * self.share)
        weight = risk * (self.n * self._span(hazard) - self._of_own(deduction))
        value = float(self.events @ (eta - eta.max(initial=-np.inf)))
        value -= float(self.times_counted @ np.log(denominator))
        information: FloatArray = X.T @ (weight[:, None] * X)
        information -= mean.T @ (self.times_counted[:, None] * mean)
        score: FloatArray = X.T @ (self.events - weight)
        return value, score, information

    def hazards(self, risk: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give, at each moment, the hazard of risk 1, Efron's deduction for who has the event, and Breslow's.

        Each of shape (moments,); `risk` is exp(predictor), shape (strata,).
        """
        denominator, _ = self._at_parts(np.zeros((len(risk), 0)), risk)
        parts = self.times_counted / denominator
        total = self.at_risk(self.n * risk)
        breslow = self._per_moment(self.times_counted) / total
        return self._per_moment(parts), self._per_moment(parts * self.share), breslow

    def score_residuals(self, X: FloatArray, beta: FloatArray) -> FloatArray:
        """Give the part of each stratum in the gradient, shape (strata, columns); they sum to it."""
        eta = X @ beta
        risk = np.exp(eta - eta.max(initial=-np.inf))
        denominator, mean = self._at_parts(X, risk)
        parts = self.times_counted / denominator
        hazard, deduction = self._per_moment(parts), self._per_moment(parts * self.share)
        left = self.events - risk * (self.n * self._span(hazard) - self._of_own(deduction))
        result: FloatArray = left[:, None] * X
        total = self._per_moment(self.times_counted)
        for column in range(X.shape[1]):
            here = mean[:, column]
            seen = self._per_moment(here * self.times_counted) / total
            result[:, column] -= self._of_own(seen)
            result[:, column] += risk * self.n * self._span(self._per_moment(parts * here))
            result[:, column] -= risk * self._of_own(self._per_moment(parts * self.share * here))
        return result

    def _at_parts(self, X: FloatArray, risk: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the sum of risks at each part, and the mean of X weighted by risk, shape (parts, columns)."""
        here, going = self.n * risk, self.events * risk

        def left(values: FloatArray, gone: FloatArray) -> FloatArray:
            at = self.at_risk(values)[self.moment]
            result: FloatArray = at - self.share * self._at_own(gone)[self.moment]
            return result

        denominator = left(here, going)
        mean = np.empty((len(self.moment), X.shape[1]))
        for column in range(X.shape[1]):
            mean[:, column] = left(here * X[:, column], going * X[:, column]) / denominator
        return denominator, mean

    def at_risk(self, values: FloatArray) -> FloatArray:
        """Sum values of shape (strata,) over the strata at risk at each moment, shape (moments,)."""
        moments = len(self.times)
        ever = self.first < self.last
        entering = np.bincount(self.first[ever], weights=values[ever], minlength=moments + 1)
        leaving = np.bincount(self.last[ever], weights=values[ever], minlength=moments + 1)
        # each baseline stratum is summed by itself, from its end, where nobody is left: no digits are lost
        result = np.zeros(moments)
        for part in self.parts.values():
            stays = leaving[part.start + 1 : part.stop + 1] - np.append(
                entering[part.start + 1 : part.stop], 0
            )
            result[part] = np.cumsum(stays[::-1])[::-1]
        return result

    def _at_own(self, values: FloatArray) -> FloatArray:
        has = self.own >= 0
        summed = np.bincount(self.own[has], weights=values[has], minlength=len(self.times))
        return summed.astype(np.float64)

    def _per_moment(self, values: FloatArray) -> FloatArray:
        summed = np.bincount(self.moment, weights=values, minlength=len(self.times))
        return summed.astype(np.float64)

    def _span(self, values: FloatArray) -> FloatArray:
        """Sum over the moments at which each stratum is at risk."""
        reached = np.append(0.0, np.cumsum(values))
        result: FloatArray = reached[self.last] - reached[self.first]
        return result

    def _of_own(self, values: FloatArray) -> FloatArray:
        """Give the value at the moment of the stratum's own events, times these events; 0 without any."""
        result: FloatArray = np.where(self.own >= 0, values[self.own], 0.0) * self.events
        return result


def risk_sets(
    time: FloatArray,
    entry: FloatArray,
    *,
    n: FloatArray,
    events: FloatArray,
    group: NDArray[np.str_],
    ties: Ties,
) -> RiskSets:
    """Arrange strata by the moments of an event.

    Parameters
    ----------
    time, entry
        End and start of follow-up, shape (strata,).
    n, events
        Records, and events at `time`, shape (strata,).
    group
        Baseline stratum of each stratum.
    ties
        `efron` or `breslow`.

    Returns
    -------
    RiskSets
    """
    first, last, own = (np.zeros(len(time), dtype=np.int64) for _ in range(3))
    times: list[FloatArray] = []
    parts: dict[str, slice] = {}
    begin = 0
    for name in sorted(set(group.tolist())):
        here = group == name
        moments = np.unique(time[here & (events > 0)])
        first[here] = begin + np.searchsorted(moments, entry[here], side="right")
        last[here] = begin + np.searchsorted(moments, time[here], side="right")
        own[here] = begin + np.searchsorted(moments, time[here])
        times.append(moments.astype(np.float64))
        parts[name] = slice(begin, begin + len(moments))
        begin += len(moments)
    own[events == 0] = -1
    tied = np.bincount(own[events > 0], weights=events[events > 0], minlength=begin)
    counted: FloatArray
    if ties == "breslow":
        moment, share, counted = np.arange(begin), np.zeros(begin), tied.astype(np.float64)
    else:
        size = np.round(tied).astype(np.int64)
        moment = np.repeat(np.arange(begin), size)
        place = np.arange(len(moment)) - np.repeat(np.cumsum(size) - size, size)
        share, counted = place / size[moment], np.ones(len(moment))
    return RiskSets(
        n=n,
        events=events,
        times=np.concatenate(times),
        parts=parts,
        first=first,
        last=last,
        own=own,
        moment=moment,
        share=share,
        times_counted=counted,
    )
