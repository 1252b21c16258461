"""A settlement, of one payer or of several, as the cells of a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contracts.contract import Contract
from contracts.ledger import Settlement
from contracts.terms.quality import Quality
from contracts.workbook.cells import Cells
from contracts.workbook.formula import Formula, above, as_formula, choose, negated, same, some, total
from contracts.workbook.ledger import NO_SETTLEMENT, Judged, LedgerFormulas, pooled
from contracts.workbook.parties import write_parties
from contracts.workbook.quality import QualityFormulas, quality_formulas


def settlement_cells(contract: Contract, settlements: Sequence[Settlement]) -> Cells:
    """Give all cells of a workbook that recomputes a settlement.

    Parameters
    ----------
    contract : Contract
        By which it was settled.
    settlements : sequence of Settlement
        Of each payer, in the order of the contract.

    Returns
    -------
    Cells
        The formulas depend on the contract and on which facts there are, not on their values: with other
        values filled in they give what ``settle`` gives on those.
    """
    cells, first = Cells(), settlements[0]
    quality = quality_formulas(cells, contract.quality, first.inputs, first.quality)
    found = {
        name: cells.give(
            "inputs",
            f"findings.{name}",
            first.payer,
            "yes" if value else "no",
            kind="text",
            source=f"inputs:findings.{name}",
        )
        for name, value in sorted(first.inputs.findings.items())
    }
    ledgers = [
        LedgerFormulas(cells, contract, settlement, quality=quality, found=found)
        for settlement in settlements
    ]
    judged = [ledger.write_saving() for ledger in ledgers]
    together = pooled(contract, judged) if contract.parties.judged == "pooled" else None
    looked_at = [together or own for own in judged]
    refused = _write_refusal(cells, contract, ledgers, quality, looked_at)
    payments = []
    for ledger, own, settlement in zip(ledgers, looked_at, settlements, strict=True):
        payments.append(ledger.write_sharing(own, refused))
        write_parties(cells, contract, settlement, payments[-1], refused)
    if len(settlements) > 1:
        settled = sum((settlement.payment for settlement in settlements), Decimal(0))
        whole = choose(refused, NO_SETTLEMENT, total(payments)) if refused else total(payments)
        cells.compute("parties", "all|payment", "portion", whole, kind="eur", settled=settled)
    return cells


def _write_refusal(
    cells: Cells,
    contract: Contract,
    ledgers: Sequence[LedgerFormulas],
    quality: QualityFormulas,
    judged: Sequence[Judged],
) -> Formula | None:
    """Write whether there is a settlement at all, or why not; give the condition that there is none."""
    reasons: dict[str, list[Formula]] = {name: [] for name in _REASONS}
    for ledger, own in zip(ledgers, judged, strict=True):
        for reason, condition in ledger.refusals(own):
            reasons[reason].append(condition)
    if contract.population.below_minimum == "no-settlement":
        least = cells.term("population.minimum_records", contract.population.minimum_records, kind="number")
        reasons["too few records"] = [above(least, each.records, 0) for each in judged]
    if _may_drop_out(contract.quality):
        reasons["no indicator left"] = [quality.nothing_left]
    formula = as_formula("yes")
    for reason, conditions in reversed(reasons.items()):
        if conditions:
            formula = choose(some(*conditions), reason, formula)
    if formula == as_formula("yes"):
        return None
    return negated(same(cells.compute("steps", "all|settled", "amount", formula, kind="text"), "yes"))


_REASONS = ("too few records", "no threshold", "revenue unknown", "no indicator left")


def _may_drop_out(quality: Quality) -> bool:
    rules = (
        quality.not_assessable,
        quality.not_ripe,
        quality.too_small and quality.too_small.then,
        quality.reliability and quality.reliability.below_floor,
    )
    return "leave-out" in rules
