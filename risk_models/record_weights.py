"""Weights of records that count in part: what they may be, and the lattice that their sums lie on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk_models.strata import FloatArray, IntArray, checked

HUNDREDTHS = 100
ROUNDING = 1e-9  # of a hundredth: what decimal weights lose as floating point numbers


def checked_weight(weight: ArrayLike | None, *, rows: int) -> IntArray:
    """Return weights in hundredths, exactly.

    Weights have two decimals at most, so that every sum of weights is a whole number of hundredths: the
    distribution of such a sum is then a finite list, and a test on it is exact instead of an approximation.

    Parameters
    ----------
    weight
        For how much one record of each stratum counts, above 0 and at most 1, shape (strata,); None is 1.
    rows
        How many strata there are.

    Returns
    -------
    IntArray
        Shape (strata,), 1 to 100.

    Raises
    ------
    ValueError
        For a weight that is not above 0 and at most 1, or has more than two decimals.
    """
    if weight is None:
        return np.full(rows, HUNDREDTHS, dtype=np.int64)
    scaled = HUNDREDTHS * checked("weight", weight, rows=rows)
    whole = np.round(scaled)
    wrong = (whole < 1) | (whole > HUNDREDTHS) | (np.abs(scaled - whole) > ROUNDING)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"weight: stratum {first} has {scaled[first] / HUNDREDTHS:g}, expected above 0 and at most 1 "
            f"with two decimals at most ({int(wrong.sum())} of {rows} strata are wrong)"
        )
    return whole.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """The steps that the weighted sums of one provider are counted in.

    Attributes
    ----------
    step
        The widest step, in hundredths, that all its weights are whole numbers of; 100 where all count whole.
    size
        Steps that one record of each stratum counts for, shape (strata,); 1 where all count whole.
    """

    step: int
    size: FloatArray

    def value(self, steps: ArrayLike) -> FloatArray:
        """Give weighted sums of so many steps; two that are equal are equal to the bit."""
        result: FloatArray = np.asarray(steps, dtype=np.float64) * self.step / HUNDREDTHS
        return result


def lattice(hundredths: IntArray) -> Lattice:
    """Give the widest lattice that weights in hundredths lie on; of no strata, that of whole records."""
    step = int(np.gcd.reduce(hundredths)) if len(hundredths) else HUNDREDTHS
    return Lattice(step, (hundredths // step).astype(np.float64))
