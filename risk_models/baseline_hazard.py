"""The hazard beneath a Cox model, and the events that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from risk_models.risk_sets import RiskSets
from risk_models.strata import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class BaselineHazard:
    """Hazard of a patient whose linear predictor is 0, in one baseline stratum.

    Attributes
    ----------
    times
        At which there were events, increasing, shape (times,).
    hazard
        Increment of the cumulative hazard at each, shape (times,).
    deduction
        By which Efron's method lessens the increment of a patient who has the event at that time; 0 with
        Breslow's.
    breslow
        The increment by Breslow's formula, also where ties are Efron's.
    """

    times: FloatArray
    hazard: FloatArray
    deduction: FloatArray
    breslow: FloatArray


def baselines_of(sets: RiskSets, risk: FloatArray) -> dict[str, BaselineHazard]:
    """Give the baseline hazard of each baseline stratum; `risk` is exp(predictor), shape (strata,)."""
    hazard, deduction, breslow = sets.hazards(risk)
    return {
        name: BaselineHazard(sets.times[part], hazard[part], deduction[part], breslow[part])
        for name, part in sets.parts.items()
    }


def expected_events(
    baselines: Mapping[str, BaselineHazard],
    risk: FloatArray,
    *,
    time: FloatArray,
    entry: FloatArray,
    n: FloatArray,
    events: FloatArray | None,
    group: NDArray[np.str_],
    breslow: bool = False,
) -> FloatArray:
    """Give the expected events of each stratum; see `cox.CoxModel.expected`.

    Parameters
    ----------
    baselines
        By name of the baseline stratum.
    risk
        exp(predictor), shape (strata,), as all arrays.
    time, entry, n, events, group
        End and start of follow-up, records, events (None: without Efron's deduction), baseline stratum.
    breslow
        Breslow's increments, also where ties are Efron's.

    Raises
    ------
    ValueError
        For a baseline stratum that is not there.
    """
    result = np.zeros(len(n))
    for name in sorted(set(group.tolist())):
        if name not in baselines:
            known = ", ".join(sorted(baselines))
            raise ValueError(f"baseline stratum '{name}' was not there at fitting (known: {known})")
        here, line = group == name, baselines[name]
        steps = line.breslow if breslow else line.hazard
        reached = np.append(0.0, np.cumsum(steps))
        span = reached[np.searchsorted(line.times, time[here], side="right")]
        span = span - reached[np.searchsorted(line.times, entry[here], side="right")]
        result[here] = n[here] * risk[here] * span
        if events is not None and not breslow:
            at = np.searchsorted(line.times, time[here])
            less = np.append(line.deduction, 0.0)[at]
            result[here] -= events[here] * risk[here] * less
    return result
