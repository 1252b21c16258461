"""What each party gets as formulas, by largest remainder; see ``contracts.distribution``."""

from __future__ import annotations

from decimal import Decimal

from contracts.contract import Contract
from contracts.distribution import Portion
from contracts.ledger import Settlement
from contracts.rates import others
from contracts.terms.rates import Parts
from contracts.workbook.cells import Cells, Given
from contracts.workbook.formula import (
    EUROS,
    Formula,
    above,
    at_least,
    cell,
    choose,
    every,
    most,
    total,
    whole_units,
)
from contracts.workbook.ledger import NO_SETTLEMENT, rounded
from contracts.workbook.rates import part_of


def write_parties(
    cells: Cells, contract: Contract, settlement: Settlement, payment: Formula, refused: Formula | None
) -> None:
    """Write the portions of the participating providers, and of the other parties to a saving.

    Parameters
    ----------
    payment : Formula
        What is distributed.
    refused : Formula or None
        Condition that nothing is settled; None where the contract always settles.
    """
    payer = settlement.payer
    if refused is not None:
        payment = choose(refused, 0, payment)
    if settlement.portions:
        weights = {
            name: cells.give("parties", f"{payer}|{name}", "weight", weight, source=source)
            for name, weight, source in _weights(contract, settlement)
        }
        _split(cells, contract, payer, payment, dict(weights), settlement.portions, refused)
    if isinstance(contract.share, Parts) and others(contract.share):
        counted = cell(f"steps|{payer}|counted|amount")
        left = rounded(counted, contract, within=counted) - payment
        parts: dict[str, Formula] = {
            name: part_of(cells, "share", contract.share, name) for name in contract.share.others
        }
        settled = settlement.others or tuple(Portion(name, Decimal(0)) for name in parts)
        _split(cells, contract, payer, choose(above(counted, 0, EUROS), left, 0), parts, settled, refused)


def _weights(contract: Contract, settlement: Settlement) -> list[tuple[str, Given, str]]:
    assert contract.distribution is not None
    if contract.distribution.weights is not None:
        stated = contract.distribution.weights.items()
        return [(name, weight, f"contract:distribution.weights.{name}") for name, weight in stated]
    members = settlement.inputs.members
    return [(member.name, member.weight, f"inputs:members.{member.name}") for member in members]


def _split(
    cells: Cells,
    contract: Contract,
    payer: str,
    amount: Formula,
    weights: dict[str, Formula],
    settled: tuple[Portion, ...],
    refused: Formula | None,
) -> None:
    """Whole units down, and what is left one by one to the largest remainders."""
    digits = 2 if contract.rounding.unit == "cent" else 0
    size, whole = most(amount, -amount), total(weights.values())
    quotas, downs, rests = {}, {}, {}
    for name, weight in weights.items():
        row = f"{payer}|{name}"
        quotas[name] = cells.compute("parties", row, "quota", size * weight / whole, kind="number")
        downs[name] = cells.compute("parties", row, "down", whole_units(quotas[name], digits), kind="eur")
        rests[name] = cells.compute("parties", row, "rest", quotas[name] - downs[name], kind="number")
    left = (size - total(downs.values())) * 10**digits
    for place, (name, portion) in enumerate(zip(weights, settled, strict=True)):
        before = total(
            choose(_goes_first(rests[other], rests[name], earlier=number < place), 1, 0)
            for number, other in enumerate(weights)
            if other != name
        )
        extra = choose(at_least(left, before + 1, 3), 1, 0) / 10**digits
        part = downs[name] + extra
        signed = choose(above(0, amount, EUROS), -part, part)
        if refused is not None:
            signed = choose(refused, NO_SETTLEMENT, signed)
        row = f"{payer}|{name}"
        cells.compute("parties", row, "portion", signed, kind="eur", settled=portion.amount)


def _goes_first(rest: Formula, own: Formula, *, earlier: bool) -> Formula:
    """Whether a left-over unit goes to another party first."""
    if earlier:
        return at_least(rest, own, 9)
    return every(above(rest, own, 9))
