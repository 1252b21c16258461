"""Settlements kept: the first stays, and one that replaces a final one says what it changes and why."""

from __future__ import annotations

import json
from typing import Any

from contracts.contract import Contract
from contracts.ledger import Settlement
from contracts.payers import JointSettlement
from contracts.restatement import Restatement, restate_payers, settle_parts_again
from registry_db.catalogue import read_definition
from registry_db.connect import Connection


def keep_settlement(con: Connection, contract: Contract, made: JointSettlement) -> bool:
    """Keep a settlement, unless the one in force is the same in all but the sources of its facts.

    An interim settlement is followed by the next without more. A final one is restated: the new one keeps the
    difference of each party and its causes. Nothing that was kept is changed. A delivery that changes no
    fact, such as one of a later year, is no correction: the settlement stands, with the sources that it had.

    Returns
    -------
    bool
        Whether this settlement is the one in force.

    Raises
    ------
    SettlementError
        If the final settlement in force does not come out again: then nothing says what changed.
    """
    first = made.settlements[0]
    rows = in_force(con, first.contract, first.period)
    if [_facts(row["stored"]) for row in rows] == [_facts(each.to_dict()) for each in made.settlements]:
        return [row["settlement"] for row in rows] == [each.hash for each in made.settlements]
    restated: dict[str, Restatement] = {}
    if rows and rows[0]["kind"] == "final":
        settled = as_settled(con, first.contract, rows[0]["version"])
        before = settle_parts_again(settled, [row["stored"] for row in rows])
        inputs = {each.payer: each.inputs for each in made.settlements}
        restated = restate_payers(settled, before, inputs, corrected=contract)
    number = rows[0]["number"] + 1 if rows else 1
    for settlement in made.settlements:
        _insert(con, settlement, number, restated.get(settlement.payer))
    return True


def _facts(stored: dict[str, Any]) -> Any:
    """A settlement without the sources of its facts, and the hash that they are part of."""
    inputs = {name: value for name, value in stored["inputs"].items() if name != "sources"}
    return json.loads(json.dumps(stored | {"inputs": inputs, "hash": None}))


def in_force(con: Connection, contract: str, period: str) -> list[dict[str, Any]]:
    """Give the settlements in force of a contract year, one for each payer in the order of the contract."""
    rows = con.execute(
        """select version, number, kind, payer, settlement, restatement_json, luck_json, settlement_json
        from settlement_in_force left join luck using (settlement)
        where contract = ? and period = ?""",
        [contract, period],
    ).fetchall()
    names = ("version", "number", "kind", "payer", "settlement", "restatement", "luck")
    found = [dict(zip(names, row[:-1], strict=True)) | {"stored": json.loads(row[-1])} for row in rows]
    if not found:
        return []
    payers = as_settled(con, contract, found[0]["version"]).parties.payers
    return sorted(found, key=lambda row: payers.index(row["payer"]))


def as_settled(con: Connection, id: str, version: str) -> Contract:
    """Give the contract in the version that was settled, which need not be in force any more."""
    rows = con.execute(
        "select text, file_name from definition where kind = 'contract' and id = ? and version = ?",
        [id, version],
    ).fetchall()
    model = read_definition(*rows[0]).model
    assert isinstance(model, Contract)
    return model


def _insert(con: Connection, made: Settlement, number: int, restated: Restatement | None) -> None:
    told = json.dumps(restated.to_dict(), ensure_ascii=False, sort_keys=True) if restated else None
    con.execute(
        "insert into settlement values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(made.contract, made.version, made.period, made.hash),
            *(made.participant.network, made.payer, made.kind, made.payment),
            json.dumps(made.to_dict(), ensure_ascii=False, sort_keys=True),
            *(number, told),
        ],
    )
