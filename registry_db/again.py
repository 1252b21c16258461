"""Stored settlements computed again: as they were stored, and on what the vault holds today."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from contracts import restatement
from contracts.contract import Contract
from contracts.inputs import SettlementError
from contracts.ledger import Settlement
from registry_db.catalogue import Catalogue, read_definition
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.settling import settlement_inputs


@dataclass(frozen=True, slots=True)
class SettledAgain:
    """What came of computing a stored settlement again.

    Attributes
    ----------
    contract, version, period : str
        Which settlement.
    differs : tuple of str
        What does not come out as it was stored; empty if it is the same to the bit.
    restatement : Restatement or None
        The difference that the deliveries, scores and definitions of today would make. None if they are as
        they were, or if the stored settlement does not come out: there is nothing to hold them against.
    """

    contract: str
    version: str
    period: str
    differs: tuple[str, ...]
    restatement: restatement.Restatement | None

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, decimals as text."""
        return {
            "contract": self.contract,
            "version": self.version,
            "period": self.period,
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
        """select contract, version, period, settlement_json from settlement
        where contract = coalesce(?, contract) and period = coalesce(?, period)
        order by contract, version, period""",
        [chosen, period],
    ).fetchall()
    if not rows:
        which = " ".join(filter(None, ("settlement of", contract or "any contract", period)))
        raise RegistryError(
            f"there is no {which} in this registry", "`meetlat settlements` shows those it has"
        )
    return [
        _again(con, catalogue, as_settled(con, id, version), year, json.loads(text))
        for id, version, year, text in rows
    ]


def _again(
    con: Connection, catalogue: Catalogue, settled: Contract, period: str, stored: dict[str, Any]
) -> SettledAgain:
    which = (settled.contract, settled.version, period)
    try:
        before = restatement.settle_again(settled, stored)
    except SettlementError as error:
        return SettledAgain(*which, error.faults, None)
    return SettledAgain(*which, (), _today(con, catalogue, settled, before))


def as_settled(con: Connection, id: str, version: str) -> Contract:
    """Give the contract in the version that was settled, which need not be in force any more."""
    rows = con.execute(
        "select text, file_name from definition where kind = 'contract' and id = ? and version = ?",
        [id, version],
    ).fetchall()
    model = read_definition(*rows[0]).model
    assert isinstance(model, Contract)
    return model


def _today(
    con: Connection, catalogue: Catalogue, settled: Contract, before: Settlement
) -> restatement.Restatement | None:
    """Give what the facts and definitions of today change; None if they are as they were."""
    now = catalogue.get("contract", settled.contract).model
    # a newer version need not be about this year any more
    corrected = now if before.period in now.years else settled
    inputs = settlement_inputs(con, catalogue, corrected, before.period)
    found = restatement.restate(settled, before, inputs, corrected=corrected)
    return None if found.after.hash == before.hash else found
