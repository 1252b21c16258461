"""What one unit more or less of each input is worth: one euro, one percent, one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from contracts.contract import Contract
from contracts.drawn_scores import judged
from contracts.evidence import Counts
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.side import Side
from contracts.target import counted_spending
from contracts.worlds import with_spending

Kind = Literal["euro", "percent", "value", "event", "position"]


@dataclass(frozen=True, slots=True)
class Slope:
    """What one unit of one input does to the payment, before rounding.

    Attributes
    ----------
    what : str
        ``spending``, or the indicator.
    kind : str
        ``euro`` or ``percent`` of spending; of an indicator its adjusted ``value``, one ``event`` more among
        its records (with the same case mix), or its ``position`` in the benchmark.
    step : Decimal
        One unit, in the unit of the input.
    up, down : Decimal or None
        Euros that the payment changes when the input goes one step up, and down; None where it can not (more
        events than records).
    """

    what: str
    kind: Kind
    step: Decimal
    up: Decimal | None
    down: Decimal | None


def slopes(
    contract: Contract,
    inputs: SettlementInputs,
    *,
    counts: Mapping[str, Counts] | None = None,
    steps: Mapping[str, Decimal] | None = None,
    others: Mapping[str, SettlementInputs] | None = None,
) -> tuple[Slope, ...]:
    """Derivative of the payment to each input, both ways, each by settling again.

    Where the two sides differ the payment has a kink or a cliff there (a goal that is just reached, say).

    Parameters
    ----------
    contract, inputs
        As settled.
    counts : mapping of str to Counts, optional
        Events behind the indicators; without them an indicator has no slope per event.
    steps : mapping of str to Decimal, optional
        Size of one unit per indicator; 0.01 if not named. One below the digits to which the contract rounds
        may show nothing.
    others : mapping of str to SettlementInputs, optional
        Facts of the payers that are judged together with this one; their spending stays.

    Returns
    -------
    tuple of Slope
        Spending first, then the judged indicators in the order of the contract. An indicator that is judged
        by funnel class has no slope, see ``contracts.cliffs``.

    Raises
    ------
    SettlementError
        If the facts do not fit the contract.
    """
    side = Side(contract, inputs, others or {})
    actual = Decimal(repr(float(counted_spending(contract.spending, inputs))))
    units: dict[Kind, Decimal] = {"euro": Decimal(1), "percent": actual / 100}
    found = [
        _slope("spending", kind, step, side, _spent(contract, inputs, actual, step))
        for kind, step in units.items()
    ]
    for rule, result in judged(contract, inputs):
        step = (steps or {}).get(rule.indicator, Decimal("0.01"))
        if rule.attain.by == "benchmark":
            sides = _placed(inputs, result, step)
            found.append(_slope(rule.indicator, "position", step, side, sides))
        elif rule.attain.by != "band":
            sides = _valued(inputs, result, step)
            found.append(_slope(rule.indicator, "value", step, side, sides))
            if counts is not None and rule.indicator in counts:
                sides = _one_event(inputs, result, counts[rule.indicator])
                found.append(_slope(rule.indicator, "event", Decimal(1), side, sides))
    return tuple(found)


def with_result(inputs: SettlementInputs, result: IndicatorResult) -> SettlementInputs:
    """The facts with the score of one indicator replaced."""
    results = tuple(result if each.indicator == result.indicator else each for each in inputs.results)
    return replace(inputs, results=results)


_Sides = tuple[SettlementInputs | None, SettlementInputs | None]


def _slope(what: str, kind: Kind, step: Decimal, side: Side, sides: _Sides) -> Slope:
    now = side.exact(side.inputs)
    up, down = (None if facts is None else side.exact(facts) - now for facts in sides)
    return Slope(what, kind, step, up, down)


def _spent(contract: Contract, inputs: SettlementInputs, actual: Decimal, step: Decimal) -> _Sides:
    less = with_spending(contract, inputs, actual - step) if actual >= step else None
    return with_spending(contract, inputs, actual + step), less


def _valued(inputs: SettlementInputs, result: IndicatorResult, step: Decimal) -> _Sides:
    now = Decimal(repr(result.adjusted))
    up, down = (replace(result, adjusted=float(now + way * step)) for way in (1, -1))
    return with_result(inputs, up), with_result(inputs, down)


def _placed(inputs: SettlementInputs, result: IndicatorResult, step: Decimal) -> _Sides:
    now = Decimal(repr(result.position))
    up, down = (
        with_result(inputs, replace(result, position=float(place))) if 0 <= place <= 1 else None
        for place in (now + step, now - step)
    )
    return up, down


def _one_event(inputs: SettlementInputs, result: IndicatorResult, counts: Counts) -> _Sides:
    def with_events(events: int) -> SettlementInputs | None:
        if not 0 <= events <= counts.records:
            return None
        return with_result(inputs, replace(result, adjusted=events * counts.of_one))

    return with_events(counts.events + 1), with_events(counts.events - 1)
