"""Several payers: one quality score for all, and the money of each kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.canonical import sha256_of
from contracts.checks import check_inputs, check_shape
from contracts.contract import Contract
from contracts.distribution import Portion
from contracts.inputs import SettlementError, SettlementInputs, Size
from contracts.ledger import Settlement, settle_one
from contracts.quality import quality_score
from contracts.saving import Saving, write_saving
from contracts.steps import Book


@dataclass(frozen=True, slots=True)
class JointSettlement:
    """The ledgers of all payers of one contract and one period.

    Attributes
    ----------
    settlements : tuple of Settlement
        One per payer, in the order of the contract.
    payment : Decimal
        Of all payers together: the exact sum.
    portions : tuple of Portion
        By participating provider, over all payers; they sum to the payment.
    hash : str
        SHA-256 of the hashes of the settlements.
    """

    settlements: tuple[Settlement, ...]
    payment: Decimal
    portions: tuple[Portion, ...]
    hash: str

    def of(self, payer: str) -> Settlement:
        """Settlement of one payer; ``KeyError`` if it is not in the contract."""
        return {settlement.payer: settlement for settlement in self.settlements}[payer]

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, decimals as text."""
        return {
            "payment": format(self.payment, "f"),
            "portions": [portion.to_dict() for portion in self.portions],
            "settlements": [settlement.to_dict() for settlement in self.settlements],
            "hash": self.hash,
        }


def settle_payers(contract: Contract, inputs: Mapping[str, SettlementInputs]) -> JointSettlement:
    """Settle one period with every payer.

    The threshold and the minimum size are held against each payer's own saving, or against the saving of all
    together (``parties.judged``). With pooled judgement each payer still pays on its own saving: one that
    overspent pays nothing, and nobody pays for another.

    Parameters
    ----------
    contract : Contract
    inputs : mapping of str to SettlementInputs
        Facts by payer; the scores, the period and what was found must be the same for all.

    Raises
    ------
    SettlementError
        If the payers are not those of the contract, their scores differ, or the facts of one do not fit.
    """
    payers = contract.parties.payers
    _check_payers(payers, inputs)
    if len(payers) > 1:
        _check_facts(contract, inputs)
    pool = _pool(contract, inputs) if contract.parties.judged == "pooled" else None
    settlements = tuple(settle_one(contract, inputs[payer], payer=payer, pool=pool) for payer in payers)
    return JointSettlement(
        settlements=settlements,
        payment=sum((settlement.payment for settlement in settlements), Decimal(0)),
        portions=_together(settlements),
        hash=sha256_of([settlement.hash for settlement in settlements]),
    )


def settle_beside(contract: Contract, inputs: Mapping[str, SettlementInputs], *, payer: str) -> Settlement:
    """Settle with one payer of those whose facts are given.

    Where payers are judged together the saving of all that are given is judged; otherwise the facts of the
    others do not matter.
    """
    pool = _pool(contract, inputs) if contract.parties.judged == "pooled" else None
    return settle_one(contract, inputs[payer], payer=payer, pool=pool)


def _check_payers(payers: list[str], inputs: Mapping[str, SettlementInputs]) -> None:
    faults = []
    if sorted(payers) != sorted(inputs):
        given = ", ".join(inputs) or "none"
        faults.append(f"payers: facts of {given}; expected exactly {', '.join(payers)}")
    for payer, own in inputs.items():
        check_shape(own, f"{payer}: inputs" if len(inputs) > 1 else "inputs")
    shared = [
        (facts.period, dict(facts.findings), sorted(result.indicator for result in facts.results))
        for facts in inputs.values()
    ]
    if any(each != shared[0] for each in shared):
        faults.append("payers: period, findings or indicators differ between payers; expected the same")
    scores = [{result.indicator: result for result in facts.results} for facts in inputs.values()]
    if any(each != scores[0] for each in scores):
        faults.append("payers: the scores differ between payers; quality is pooled, so there is one for all")
    if faults:
        raise SettlementError(faults)


def _check_facts(contract: Contract, inputs: Mapping[str, SettlementInputs]) -> None:
    """Hold the facts of each payer against the contract, before they are added up; faults name the payer."""
    faults = []
    for payer, facts in inputs.items():
        try:
            check_inputs(contract, facts)
        except SettlementError as error:
            faults += [f"{payer}: {fault}" for fault in error.faults]
    if faults:
        raise SettlementError(faults)


def _pool(contract: Contract, inputs: Mapping[str, SettlementInputs]) -> Saving:
    """The savings of all payers added up."""
    savings = [
        write_saving(Book(), contract, facts, quality_score(contract.quality, facts.results))
        for facts in inputs.values()
    ]
    return Saving(
        target=sum((saving.target for saving in savings), Fraction(0)),
        net=sum((saving.net for saving in savings), Fraction(0)),
        judged=sum((saving.judged for saving in savings), Fraction(0)),
        records=_records(contract, [saving.records for saving in savings]),
    )


def _records(contract: Contract, each: list[Size]) -> Size:
    """Records of all payers; those of payers with a part in all records are the same ones."""
    return each[0] if contract.parties.shares else sum(each)


def _together(settlements: tuple[Settlement, ...]) -> tuple[Portion, ...]:
    totals: dict[str, Decimal] = {}
    for settlement in settlements:
        for portion in settlement.portions:
            totals[portion.name] = totals.get(portion.name, Decimal(0)) + portion.amount
    return tuple(Portion(name, amount) for name, amount in totals.items())
