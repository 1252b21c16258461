"""Luck, slopes and cliffs of a settlement: computed when it is settled, and kept beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from threadpoolctl import threadpool_limits

from contracts.canonical import plain
from contracts.cliffs import Cliff, cliffs
from contracts.contract import Contract
from contracts.drawn_scores import goal_of, own_baseline
from contracts.evidence import Evidence
from contracts.inputs import IndicatorResult, SettlementError, SettlementInputs
from contracts.luck import luck_of_payers
from contracts.payers import JointSettlement
from contracts.slopes import Slope, slopes
from contracts.terms.quality import ByImprovement, ByLevel, QualityRule
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.evidence import evidence_of

_SEED_DIGITS = 8


def luck_of(
    contract: Contract, made: JointSettlement, evidence: Mapping[str, Evidence]
) -> dict[str, dict[str, Any]]:
    """How sure the settlement of a contract year is, json-safe.

    Parameters
    ----------
    contract : Contract
        As settled.
    made : JointSettlement
        Its period and the contract give the seed of the draws. Its hash would not do: a score that differs in
        the last digit, as it may between types of processor, would then give other draws.
    evidence : mapping of str to Evidence
        How sure its facts are, by payer.

    Returns
    -------
    dict of str to dict
        By payer: ``luck`` as `contracts.luck.Luck`; ``goals``, from where to where each indicator attains
        something; ``slopes`` and ``cliffs`` as in the modules of those names. With several payers also
        ``total``, how sure the payment of all together is, as `contracts.luck.Chances`; the same with each.
    """
    inputs = {settlement.payer: settlement.inputs for settlement in made.settlements}
    year = f"{contract.hash} {made.settlements[0].inputs.period}"
    seed = int(hashlib.sha256(year.encode()).hexdigest()[:_SEED_DIGITS], 16)
    # One thread: sums in another order would differ in the last bit from machine to machine.
    with threadpool_limits(limits=1):
        joint = luck_of_payers(contract, inputs, evidence, seed=seed)
        total = {"total": joint.total.to_dict()} if len(inputs) > 1 else {}
        return {
            payer: {
                "luck": joint.payers[payer].to_dict(),
                **total,
                **_of_payer(contract, inputs, evidence[payer], payer),
            }
            for payer in inputs
        }


def _of_payer(
    contract: Contract, inputs: Mapping[str, SettlementInputs], evidence: Evidence, payer: str
) -> dict[str, Any]:
    """Goals, slopes and cliffs of the payment of one payer."""
    own = inputs[payer]
    # payers with a part in all records save alike, so that each is judged as all are
    pooled = contract.parties.judged == "pooled" and contract.parties.shares is None
    others = {name: facts for name, facts in inputs.items() if pooled and name != payer}
    by_name = {result.indicator: result for result in own.results}
    sloping = slopes(contract, own, counts=evidence.counts, others=others)
    return {
        "goals": [_goal(rule, by_name[rule.indicator]) for rule in contract.quality.indicators],
        "slopes": [_slope(slope) for slope in sloping],
        "cliffs": [_cliff(cliff) for cliff in cliffs(contract, own, evidence, others=others)],
    }


def store_luck(con: Connection, catalogue: Catalogue, contract: Contract, made: JointSettlement) -> None:
    """Keep how sure each settlement of a contract year is, or ``unknown`` and why.

    A settlement stands also where its luck is not known.
    """
    found: Mapping[str, dict[str, Any]]
    payers = {settlement.payer: settlement.inputs for settlement in made.settlements}
    try:
        found = luck_of(contract, made, evidence_of(con, catalogue, contract, payers))
    except (SettlementError, ArithmeticError) as error:
        found = {payer: {"unknown": str(error)} for payer in payers}
    for settlement in made.settlements:
        con.execute(
            "insert or replace into luck values (?, ?)",
            [settlement.hash, json.dumps(found[settlement.payer], ensure_ascii=False, sort_keys=True)],
        )


def _goal(rule: QualityRule, result: IndicatorResult) -> dict[str, Any]:
    """Where an indicator begins to attain something, and where everything; None where it has no level."""
    attain = rule.attain
    start = own_baseline(rule, result) if isinstance(attain, ByImprovement) else None
    if isinstance(attain, ByLevel):
        start = float(attain.threshold)
    return {
        "indicator": rule.indicator,
        "by": attain.by,
        "better": getattr(attain, "better", None),
        "threshold": start,
        "target": goal_of(rule, result),
    }


def _slope(slope: Slope) -> dict[str, Any]:
    return {
        "what": slope.what,
        "kind": slope.kind,
        "step": plain(slope.step),
        "up": plain(slope.up),
        "down": plain(slope.down),
    }


def _cliff(cliff: Cliff) -> dict[str, Any]:
    return {
        "what": cliff.what,
        "kind": cliff.kind,
        "now": plain(cliff.now),
        "at": plain(cliff.at),
        "events": cliff.events,
        "errors": cliff.errors,
        "before": plain(cliff.before),
        "after": plain(cliff.after),
        "words": cliff.words.model_dump(),
    }
