"""The chance that luck alone passes a threshold or a goal, and what it then pays, in closed form."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import exp, pi, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np

from contracts.contract import Contract
from contracts.resampling import FloatArray
from contracts.terms.quality import ByLevel
from contracts.threshold import threshold_rate


def savings_sd(records: int, *, cv: float, baseline_records: int | None = None) -> float:
    """Standard deviation of the savings rate of a group.

    ``cv / sqrt(records)`` against a target without error; ``cv sqrt(1/records + 1/baseline_records)`` against
    the own history, which is as uncertain.

    Parameters
    ----------
    records, baseline_records : int
        In the settled year, and in the baseline period; None for a target that has no error of its own.
    cv : float
        Standard deviation of spending between records over its mean, after truncation. Estimate it for each
        contract: that of one population says nothing about another.

    Returns
    -------
    float
        A part of the target: 0.03 is 3 %.
    """
    own = 0.0 if baseline_records is None else 1 / baseline_records
    return cv * sqrt(1 / records + own)


def chance_of_passing(threshold: float, *, sd: float, true_saving: float = 0.0) -> float:
    """Chance that the savings rate reaches the threshold: ``1 - Phi((m - mu) / sd)``.

    Without a true saving it is the chance of a false payment, with one it is the power.

    Parameters
    ----------
    threshold, true_saving : float
        ``m`` and ``mu``, parts of the target.
    sd : float
        Standard deviation of the savings rate, above 0; with an error ``tau`` of the target itself it is
        ``sqrt(tau^2 + sd^2)``.

    References
    ----------
    DeLia, Hoover and Cantor, Medicare & Medicaid Research Review 2012;2(4).
    """
    return NormalDist().cdf((true_saving - threshold) / sd)


def expected_payment(
    threshold: float,
    *,
    sd: float,
    share: float,
    target: float,
    true_saving: float = 0.0,
    mode: Literal["gate", "deductible"] = "gate",
) -> float:
    """Expected payment: ``r B (mu (1 - Phi(a)) + sd phi(a))`` with ``a = (m - mu) / sd``.

    Without a true saving that is ``r B sd phi(m / sd)``, what luck alone pays. With a deductible ``mu - m``
    stands in the place of the first ``mu``. Caps, losses and quality play no part.

    Parameters
    ----------
    threshold, sd, true_saving
        See ``chance_of_passing``; the threshold is at least 0.
    share : float
        ``r``, the participant's part of a saving.
    target : float
        ``B``, euros.

    Returns
    -------
    float
        Euros.
    """
    gain = true_saving if mode == "gate" else true_saving - threshold
    passing = chance_of_passing(threshold, sd=sd, true_saving=true_saving)
    way = (threshold - true_saving) / sd
    return share * target * (gain * passing + sd * exp(-(way**2) / 2) / sqrt(2 * pi))


def goals_by_luck(chances: Iterable[float]) -> FloatArray:
    """Chance of exactly 0, 1, 2, ... lucky goals (Poisson-binomial), given the chance of each.

    Returns
    -------
    array, (goals + 1,)
        Sums to 1.
    """
    spread = np.ones(1)
    for chance in chances:
        spread = np.convolve(spread, [1 - chance, chance])
    return spread


def chance_of_false_payment(
    contract: Contract,
    *,
    records: int,
    cv: float,
    chosen: Decimal | None = None,
    model_error: float = 0.0,
) -> float:
    """Chance that the saving passes the threshold without any real saving.

    ``1 - Phi(m / sqrt(tau^2 + s^2 / N))``: the savings rate is normal, with standard deviation
    ``s / sqrt(N)``.

    Parameters
    ----------
    contract : Contract
        Its threshold ``m`` is used, also where it depends on the population.
    records : int
        ``N``, at least 1.
    cv : float
        ``s``, standard deviation of the savings rate of one record, above 0.
    chosen : Decimal or None
        The threshold that the participant chose, where it may choose.
    model_error : float
        ``tau``, standard deviation of the error of the target itself, as a part of it; at least 0.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    DeLia, Hoover and Cantor, Medicare & Medicaid Research Review 2012;2(4).
    """
    rate = float(threshold_rate(contract.threshold.rate, records=records, chosen=chosen))
    return chance_of_passing(rate, sd=sqrt(model_error**2 + cv**2 / records))


def chance_of_lucky_goal(attain: ByLevel, *, true_value: float, n: float) -> float:
    """Chance that an observed proportion reaches its target though the true one does not.

    ``1 - Phi(|target - p| / sqrt(p (1 - p) / n))``, the normal approximation.

    Parameters
    ----------
    attain : ByLevel
        The goal.
    true_value : float
        ``p``, a proportion strictly between 0 and 1.
    n : float
        Records behind it.
    """
    way = float(attain.target) - true_value
    gap = way if attain.better == "higher" else -way
    return chance_of_passing(gap, sd=sqrt(true_value * (1 - true_value) / n))
