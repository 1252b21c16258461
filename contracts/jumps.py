"""The nearest place along one input where the payment jumps, found quickly and then settled exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from contracts.inputs import SettlementInputs
from contracts.resampling import FloatArray
from contracts.side import Side
from contracts.worlds import Worlds

PLACES = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One input that can be varied in steps.

    Attributes
    ----------
    now, step : Decimal
        Where it stands, and its finest step.
    facts : callable
        The facts with the input at a value, for the ledger.
    worlds : callable
        The facts with it at each of many values, for the quick way.
    """

    now: Decimal
    step: Decimal
    facts: Callable[[Decimal], SettlementInputs]
    worlds: Callable[[FloatArray], Worlds]


@dataclass(frozen=True, slots=True)
class Jump:
    """The payment one step before (nearer to now) and at the value ``at``; euros before rounding."""

    at: Decimal
    before: Decimal
    after: Decimal


def nearest_jump(side: Side, line: Line, *, until: Decimal, least: Decimal) -> Jump | None:
    """Find the first step from now towards ``until`` that changes the payment by ``least`` or more.

    The way is divided in 10,000 cells; a cell over which the payment changes enough is divided again, the
    nearest first, down to single steps. The ledger then settles both sides of the step. None if there is no
    such step; two jumps that undo each other within one cell are not seen.
    """
    steps = int(abs(until - line.now) / line.step)
    way = 1 if until > line.now else -1
    seen = set()
    for place in _candidates(side, line, low=0, high=steps, way=way, least=float(least)):
        # the quick way may be a step off where the exact place lies on the step itself
        for step in (place - 1, place, place + 1):
            if step in seen or not 1 <= step <= steps:
                continue
            seen.add(step)
            at = line.now + way * step * line.step
            before, after = (side.exact(line.facts(value)) for value in (at - way * line.step, at))
            if abs(after - before) >= least:
                return Jump(at, before, after)
    return None


def _candidates(
    side: Side,
    line: Line,
    *,
    low: int,
    high: int,
    way: int,
    least: float,
) -> Iterator[int]:
    """Steps at which the payment seems to jump, nearest first."""
    if high <= low:
        return
    edges = np.unique(np.linspace(low, high, PLACES + 1).round().astype(np.int64))
    values = np.asarray(float(line.now) + way * float(line.step) * edges, dtype=np.float64)
    change = np.abs(np.diff(side.many(line.worlds(values))))
    for cell in np.flatnonzero(change >= least * (1 - 1e-6)):
        start, end = int(edges[cell]), int(edges[cell + 1])
        if end - start == 1:
            yield end
        else:
            yield from _candidates(side, line, low=start, high=end, way=way, least=least)
