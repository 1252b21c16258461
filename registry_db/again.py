"""Stored settlements computed again: as they were stored, and on what the vault holds today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts import restatement
from contracts.contract import Contract
from contracts.inputs import SettlementError
from contracts.payers import JointSettlement
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.keeping import as_settled, in_force
from registry_db.settling import settlement_inputs


@dataclass(frozen=True, slots=True)
class SettledAgain:
    """What came of computing a stored settlement again.

    Attributes
    ----------
    contract, version, period : str
        Which settlement.
    payer : str or None
        With which of several payers; None with one, and where the settlements with all do not come out.
    differs : tuple of str
        What does not come out as it was stored; empty if it is the same to the bit.
    restatement : Restatement or None
        The difference that the deliveries, scores and definitions of today would make. None if they are as
        they were, or if the stored settlement does not come out: there is nothing to hold them against.
    """

    contract: str
    version: str
    period: str
    payer: str | None
    differs: tuple[str, ...]
    restatement: restatement.Restatement | None

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, decimals as text."""
        return {
            "contract": self.contract,
            "version": self.version,
            "period": self.period,
            "payer": self.payer,
            "same": not self.differs,
            "differs": list(self.differs),
            "restatement": self.restatement.to_dict() if self.restatement else None,
        }


def settle_again(
    con: Connection, catalogue: Catalogue, contract: str | None, *, period: str | None
) -> list[SettledAgain]:
    """Compute stored settlements again, and hold them against the facts of today; nothing is stored.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions in force.
    contract, period : str or None
        Only this contract, only this year.

    Raises
    ------
    RegistryError
        If there is no such settlement, or the facts of today lack records or spending.
    SettlementError
        If the facts of today do not fit the contract.
    """
    chosen = catalogue.get("contract", contract).id if contract else None
    rows = con.execute(
        """select distinct contract, period from settlement_in_force
        where contract = coalesce(?, contract) and period = coalesce(?, period) order by all""",
        [chosen, period],
    ).fetchall()
    if not rows:
        which = " ".join(filter(None, ("settlement of", contract or "any contract", period)))
        raise RegistryError(
            f"there is no {which} in this registry", "`meetlat settlements` shows those it has"
        )
    return [again for id, year in rows for again in _again(con, catalogue, id, year)]


def _again(con: Connection, catalogue: Catalogue, id: str, period: str) -> list[SettledAgain]:
    """Compute the settlements of all payers of one contract year again."""
    kept = in_force(con, id, period)
    settled = as_settled(con, id, kept[0]["version"])
    which = (settled.contract, settled.version, period)
    try:
        before = restatement.settle_parts_again(settled, [row["stored"] for row in kept])
    except SettlementError as error:
        return [SettledAgain(*which, None, error.faults, None)]
    today, several = _today(con, catalogue, settled, before), len(before.settlements) > 1
    return [
        SettledAgain(*which, each.payer if several else None, (), today.get(each.payer))
        for each in before.settlements
    ]


def _today(
    con: Connection, catalogue: Catalogue, settled: Contract, before: JointSettlement
) -> dict[str, restatement.Restatement]:
    """Give what the facts and definitions of today change, by payer; empty if they are as they were."""
    period = before.settlements[0].period
    now = catalogue.get("contract", settled.contract).model
    # a newer version need not be about this year any more
    corrected = now if period in now.years else settled
    inputs = settlement_inputs(con, catalogue, corrected, period)
    found = restatement.restate_payers(settled, before, inputs, corrected=corrected)
    return {payer: each for payer, each in found.items() if each.after.hash != each.before.hash}
