"""A settlement, of one payer or of several, as the cells of a workbook."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.contract import Contract
from contracts.ledger import Settlement
from contracts.workbook.cells import Cells
from contracts.workbook.formula import total
from contracts.workbook.ledger import LedgerFormulas, pooled
from contracts.workbook.parties import write_parties
from contracts.workbook.quality import quality_formulas


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
    score, missed = quality_formulas(cells, contract.quality, first.inputs, first.quality)
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
        LedgerFormulas(cells, contract, settlement, quality=(score, missed), found=found)
        for settlement in settlements
    ]
    judged = [ledger.write_saving() for ledger in ledgers]
    together = pooled(judged) if contract.parties.judged == "pooled" else None
    payments = []
    for ledger, own, settlement in zip(ledgers, judged, settlements, strict=True):
        payments.append(ledger.write_sharing(together or own))
        write_parties(cells, contract, settlement, payments[-1])
    if len(settlements) > 1:
        settled = sum(settlement.payment for settlement in settlements)
        cells.compute(
            "parties", "all|payment", "portion", total(payments), kind="eur", settled=settled or None
        )
    return cells
