"""The chance that luck alone passes a threshold or a goal, in closed form."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt

from contracts.contract import Contract
from contracts.luck import chance_of_passing
from contracts.terms.quality import ByLevel
from contracts.threshold import threshold_rate


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
