"""A payment falls to several parties, and no cent is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.canonical import plain, shown
from contracts.inputs import SettlementInputs
from contracts.terms.parties import Distribution
from contracts.terms.sharing import Rounding

UNITS = {"cent": Fraction(1, 100), "euro": Fraction(1)}


@dataclass(frozen=True, slots=True)
class Portion:
    """What one party gets, or owes where negative."""

    name: str
    amount: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, the amount as decimal text."""
        return {"name": self.name, "amount": plain(self.amount)}


def split(
    amount: Fraction, weights: Iterable[tuple[str, Fraction]], *, unit: Fraction
) -> tuple[Portion, ...]:
    """Split an amount in whole units by weight, by largest remainder (Hare's quota).

    Every part is rounded down to the unit; the units that are left go one by one to the largest remainders,
    at equal remainders to the first in the order given. An amount that is owed is split as if it were paid.

    Parameters
    ----------
    amount : Fraction
        A whole number of units; negative where it is owed.
    weights : iterable of (str, Fraction)
        Party and weight, at least 0 and not all 0.
    unit : Fraction
        Smallest amount, in euros.

    Returns
    -------
    tuple of Portion
        In the order given; they sum exactly to the amount.

    References
    ----------
    Balinski and Young, *Fair Representation* (1982), the method of Hamilton.
    """
    rows = list(weights)
    whole = sum((weight for _, weight in rows), Fraction(0))
    units = abs(amount) / unit
    quotas = [units * weight / whole for _, weight in rows]
    parts = [quota.__floor__() for quota in quotas]
    left = int(units) - sum(parts)
    by_remainder = sorted(range(len(rows)), key=lambda place: parts[place] - quotas[place])
    for place in by_remainder[:left]:
        parts[place] += 1
    sign = -1 if amount < 0 else 1
    digits = 2 if unit < 1 else 0
    return tuple(
        Portion(name, shown(sign * part * unit, digits)) for (name, _), part in zip(rows, parts, strict=True)
    )


def distribute(
    payment: Decimal, distribution: Distribution | None, inputs: SettlementInputs, rounding: Rounding
) -> tuple[Portion, ...]:
    """Portion of each participating provider; none where the contract does not distribute."""
    if distribution is None:
        return ()
    if distribution.weights is not None:
        weights = [(name, Fraction(weight)) for name, weight in distribution.weights.items()]
    else:
        weights = [(member.name, Fraction(member.weight)) for member in inputs.members]
    return split(Fraction(payment), weights, unit=UNITS[rounding.unit])
