"""Settling again: the same to the bit, or, after a correction, each party's difference with its cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from contracts.canonical import plain
from contracts.contract import Contract
from contracts.inputs import IndicatorResult, SettlementError, SettlementInputs
from contracts.ledger import Settlement, settle
from contracts.payers import JointSettlement, settle_payers


@dataclass(frozen=True, slots=True)
class Cause:
    """What one correction did to the payment.

    Attributes
    ----------
    what : str
        ``contract`` or the field of the facts, such as ``spending``, ``baselines`` or ``results birth-pph``.
    before, after : str
        How it was and is, as canonical JSON; hashes for the contract.
    difference : Decimal
        Euros that the participant gets more (negative: less) by it.
    """

    what: str
    before: str
    after: str
    difference: Decimal

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources that are new, gone or of another content; empty of any other correction."""
        if self.what.rpartition(": ")[2] != "sources":
            return ()
        before, after = (json.loads(side) or {} for side in (self.before, self.after))
        return tuple(sorted(name for name in {**before, **after} if before.get(name) != after.get(name)))


@dataclass(frozen=True, slots=True)
class Restatement:
    """The difference between a settlement and the one that replaces it.

    Attributes
    ----------
    before, after : Settlement
    differences : dict of str to Decimal
        Euros by party: the payer, the participant, and each participating provider. Payer and participant
        sum to 0.
    causes : tuple of Cause
        In the order in which the corrections were made one by one; their differences sum to that of the
        participant.
    """

    before: Settlement
    after: Settlement
    differences: Mapping[str, Decimal]
    causes: tuple[Cause, ...]

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, decimals as text."""
        return {
            "replaces": self.before.hash,
            "by": self.after.hash,
            "differences": {name: plain(amount) for name, amount in self.differences.items()},
            "causes": [
                {
                    "what": cause.what,
                    "before": cause.before,
                    "after": cause.after,
                    "difference": plain(cause.difference),
                }
                for cause in self.causes
            ],
        }


@dataclass(frozen=True, slots=True)
class RestatedCause:
    """What one correction did, as it was stored.

    Attributes
    ----------
    what : str
        As in ``Cause``.
    difference : Decimal
        Euros that the participant gets more by it.
    sources : tuple of str
        Names of the sources that differ, where they are what was corrected.
    """

    what: str
    difference: Decimal
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restated:
    """What a restatement changed, as it was stored.

    Attributes
    ----------
    payer : str
    differences : mapping of str to Decimal
        Euros by party.
    causes : tuple of RestatedCause
        In the order in which the corrections were made.
    """

    payer: str
    differences: Mapping[str, Decimal]
    causes: tuple[RestatedCause, ...]

    @classmethod
    def from_dict(cls, payer: str, data: Mapping[str, Any]) -> Restated:
        """Read back what ``Restatement.to_dict`` gave, or what of it was published."""
        stored = {name: Decimal(amount) for name, amount in data["differences"].items()}
        # stored by name; who pays stands before who receives
        differences = {payer: stored[payer], **stored} if payer in stored else stored
        causes = tuple(
            RestatedCause(cause["what"], Decimal(cause["difference"]), _sources(cause))
            for cause in data["causes"]
        )
        return cls(payer, differences, causes)


def _sources(cause: Mapping[str, Any]) -> tuple[str, ...]:
    if "before" not in cause:
        return tuple(cause.get("sources", ()))
    return Cause(cause["what"], cause["before"], cause["after"], Decimal(cause["difference"])).sources


def settle_again(contract: Contract, stored: Mapping[str, Any]) -> Settlement:
    """Recompute a stored settlement from what it stored, and hold every byte against it.

    Parameters
    ----------
    contract : Contract
        The version that was settled.
    stored : mapping
        What ``Settlement.to_dict`` gave, possibly through a file.

    Returns
    -------
    Settlement
        Equal to the stored one.

    Raises
    ------
    SettlementError
        If the contract is another one, or any field comes out differently; names the fields.
    """
    _same_contract(contract, stored)
    again = settle(contract, SettlementInputs.from_dict(stored["inputs"]))
    if faults := _differing(again.to_dict(), stored):
        raise SettlementError(faults)
    return again


def settle_parts_again(contract: Contract, stored: Sequence[Mapping[str, Any]]) -> JointSettlement:
    """Recompute the stored settlements of all payers of one period; see ``settle_again``.

    What does not come out is told of every payer, each by name where there are several.
    """
    inputs = {
        each["payer"]: SettlementInputs.from_dict(each["inputs"])
        for each in stored
        if _same_contract(contract, each)
    }
    again = settle_payers(contract, inputs)
    kept = {each["payer"]: each for each in stored}
    faults = [
        f"{settlement.payer}: {fault}" if len(kept) > 1 else fault
        for settlement in again.settlements
        for fault in _differing(settlement.to_dict(), kept[settlement.payer])
    ]
    if faults:
        raise SettlementError(faults)
    return again


def _differing(made: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    """Fields that do not come out, in words; empty if all do."""
    again = cast(dict[str, Any], json.loads(json.dumps(made)))
    kept = cast(dict[str, Any], json.loads(json.dumps(dict(stored))))
    fields = [name for name in {**again, **kept} if again.get(name) != kept.get(name)]
    return [f"{name}: does not come out again as it was stored" for name in fields]


def _same_contract(contract: Contract, stored: Mapping[str, Any]) -> bool:
    if contract.hash == stored["contract_hash"]:
        return True
    raise SettlementError(
        [
            f"contract: {contract.contract} {contract.version} has hash {contract.hash}, and the "
            f"settlement was made with {stored['contract_hash']}; what was settled may not change"
        ]
    )


def restate(
    contract: Contract,
    before: Settlement,
    inputs: SettlementInputs,
    *,
    corrected: Contract | None = None,
) -> Restatement:
    """Settle a period again on corrected facts or a corrected contract, and explain the difference.

    Parameters
    ----------
    contract : Contract
        As the settlement was made with.
    before : Settlement
        That is replaced; with one payer.
    inputs : SettlementInputs
        The corrected facts.
    corrected : Contract or None
        The corrected contract; None if it stayed.

    Returns
    -------
    Restatement
        Its causes follow the order: contract, then facts in the order of ``SettlementInputs``, then scores
        one by one. Corrections that only fit together are one cause.
    """
    joint = JointSettlement((before,), before.payment, before.portions, before.hash)
    return restate_payers(contract, joint, {before.payer: inputs}, corrected=corrected)[before.payer]


def restate_payers(
    contract: Contract,
    before: JointSettlement,
    inputs: Mapping[str, SettlementInputs],
    *,
    corrected: Contract | None = None,
) -> dict[str, Restatement]:
    """Settle a period again with all payers; give the restatement of each, see ``restate``.

    A correction of the contract or of a score is made for all payers at once, one of their facts by payer.
    With several payers a cause names the payer whose facts were corrected; a payer is told of another's only
    where that changed what it pays, as it can where all are judged together.

    Raises
    ------
    SettlementError
        If the corrected facts do not fit, or are of other payers: those made no settlement to be restated.
    """
    now = corrected or contract
    if sorted(now.parties.payers) != sorted(each.payer for each in before.settlements):
        settled = ", ".join(each.payer for each in before.settlements)
        raise SettlementError(
            [
                f"parties.payers: {', '.join(now.parties.payers)}; {before.settlements[0].period} was "
                f"settled with {settled}, and a correction is between the same payers. Give an "
                "agreement with other payers a name of its own ('contract:')"
            ]
        )
    after = settle_payers(now, inputs)
    terms: Contract = contract
    facts: _Facts = {each.payer: each.inputs for each in before.settlements}
    paid = {each.payer: each.payment for each in before.settlements}
    causes: dict[str, list[Cause]] = {payer: [] for payer in paid}
    waiting: list[_Correction] = []
    for correction in _corrections(contract, now, facts, inputs):
        terms, facts = correction.made(terms, facts)
        waiting.append(correction)
        try:
            found = settle_payers(terms, facts)
        except SettlementError:
            continue
        for settlement in found.settlements:
            payer, difference = settlement.payer, settlement.payment - paid[settlement.payer]
            own = any(each.payer in (None, payer) for each in waiting)
            if own or difference:
                causes[payer].append(_cause(waiting, difference))
            paid[payer] = settlement.payment
        waiting = []
    return {
        old.payer: Restatement(
            old, after.of(old.payer), _by_party(old, after.of(old.payer)), tuple(causes[old.payer])
        )
        for old in before.settlements
    }


def _cause(waiting: Sequence[_Correction], difference: Decimal) -> Cause:
    what, old, new = (
        " and ".join(getattr(each, name) for each in waiting) for name in ("what", "before", "after")
    )
    return Cause(what, old, new, difference)


_Facts = Mapping[str, SettlementInputs]


@dataclass(frozen=True, slots=True)
class _Correction:
    """One correction; ``payer`` is None where it is made for all."""

    what: str
    before: str
    after: str
    payer: str | None
    made: Callable[[Contract, _Facts], tuple[Contract, _Facts]]


def _corrections(contract: Contract, now: Contract, before: _Facts, after: _Facts) -> Iterator[_Correction]:
    if contract.hash != now.hash:
        yield _Correction("contract", contract.hash, now.hash, None, lambda _, facts: (now, facts))
    names = [name for name in SettlementInputs.__dataclass_fields__ if name != "results"]
    for payer, old in before.items():
        for name in names:
            if getattr(old, name) != getattr(after[payer], name):
                what = f"{payer}: {name}" if len(before) > 1 else name
                change = _replaced((payer,), name, getattr(after[payer], name))
                yield _Correction(what, _told(old, name), _told(after[payer], name), payer, change)
    payer = next(iter(before))
    for what, told, new, results in _score_corrections(before[payer], after[payer]):
        yield _Correction(what, told, new, None, _replaced(tuple(before), "results", results))


def _score_corrections(
    before: SettlementInputs, after: SettlementInputs
) -> Iterator[tuple[str, str, str, tuple[IndicatorResult, ...]]]:
    old = {result.indicator: result for result in before.results}
    new = {result.indicator: result for result in after.results}
    if set(old) != set(new):
        yield "results", _told(before, "results"), _told(after, "results"), after.results
        return
    current = dict(old)
    for name in old:
        if old[name] != new[name]:
            current[name] = new[name]
            before_it, after_it = json.dumps(old[name].to_dict()), json.dumps(new[name].to_dict())
            yield f"results {name}", before_it, after_it, tuple(current.values())


def _replaced(
    payers: tuple[str, ...], name: str, value: Any
) -> Callable[[Contract, _Facts], tuple[Contract, _Facts]]:
    return lambda contract, facts: (
        contract,
        {**facts, **{payer: replace(facts[payer], **{name: value}) for payer in payers}},
    )


def _told(facts: SettlementInputs, name: str) -> str:
    return json.dumps(facts.to_dict().get(name), sort_keys=True)


def _by_party(before: Settlement, after: Settlement) -> dict[str, Decimal]:
    change = after.payment - before.payment
    portions: dict[str, Decimal] = {}
    for settlement, sign in ((before, -1), (after, 1)):
        for portion in settlement.portions:
            portions[portion.name] = portions.get(portion.name, Decimal(0)) + sign * portion.amount
    return {before.payer: -change, before.participant.network: change, **portions}
