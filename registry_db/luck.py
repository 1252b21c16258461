"""Luck, slopes and cliffs of a settlement: computed when it is settled, and kept beside it."""

from __future__ import annotations

import json
from typing import Any

from threadpoolctl import threadpool_limits

from contracts.canonical import plain
from contracts.cliffs import Cliff, cliffs
from contracts.contract import Contract
from contracts.drawn_scores import goal_of, own_baseline
from contracts.evidence import Evidence
from contracts.inputs import IndicatorResult, SettlementError
from contracts.ledger import Settlement
from contracts.luck import luck
from contracts.slopes import Slope, slopes
from contracts.terms.quality import ByImprovement, ByLevel, QualityRule
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.evidence import evidence_of

# of the same settlement the same numbers, to the bit
_SEED_DIGITS = 8


def luck_of(contract: Contract, settlement: Settlement, evidence: Evidence) -> dict[str, Any]:
    """How sure a settlement is, json-safe.

    Parameters
    ----------
    contract : Contract
        As settled.
    settlement : Settlement
        Its hash gives the seed of the draws.
    evidence : Evidence
        How sure its facts are.

    Returns
    -------
    dict
        ``luck`` as `contracts.luck.Luck`; ``goals``, from where to where each indicator attains something;
        ``slopes`` and ``cliffs`` as in the modules of those names.
    """
    inputs, seed = settlement.inputs, int(settlement.hash[:_SEED_DIGITS], 16)
    by_name = {result.indicator: result for result in inputs.results}
    # One thread: sums in another order would differ in the last bit from machine to machine.
    with threadpool_limits(limits=1):
        return {
            "luck": luck(contract, inputs, evidence, seed=seed).to_dict(),
            "goals": [_goal(rule, by_name[rule.indicator]) for rule in contract.quality.indicators],
            "slopes": [_slope(slope) for slope in slopes(contract, inputs, counts=evidence.counts)],
            "cliffs": [_cliff(cliff) for cliff in cliffs(contract, inputs, evidence)],
        }


def store_luck(con: Connection, catalogue: Catalogue, contract: Contract, settlement: Settlement) -> None:
    """Keep how sure a settlement is, or ``unknown`` and why: of payers that are judged together, say.

    A settlement stands also where its luck is not known.
    """
    found: dict[str, Any]
    try:
        evidence = evidence_of(con, catalogue, contract, settlement.inputs, payer=settlement.payer)
        found = luck_of(contract, settlement, evidence)
    except (SettlementError, ArithmeticError) as error:
        found = {"unknown": str(error)}
    con.execute(
        "insert or replace into luck values (?, ?)",
        [settlement.hash, json.dumps(found, ensure_ascii=False, sort_keys=True)],
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
