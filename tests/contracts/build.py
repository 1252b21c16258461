"""A plain contract and plain facts, of which a test changes only what it is about."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from contracts.contract import Contract, parse_contract
from contracts.inputs import BaselineSpending, IndicatorResult, SettlementInputs

GOAL = {"by": "level", "better": "higher", "threshold": 0, "target": 1}

# target = spending of 2023; half of every saving; quality plays no part
PLAIN: dict[str, Any] = {
    "contract": "plain",
    "version": "1.0.0",
    "status": "active",
    "title": {"nl": "Eenvoudig", "en": "Plain"},
    "parties": {"payers": ["Payer"], "participant": {"network_set": "vsv", "network": "VSV-01"}},
    "population": {"dataset": "birth", "minimum_records": 1, "below_minimum": "no-payment"},
    "years": ["2024", "2025"],
    "spending": {"dataset": "birth", "column": "spending", "truncation": 25000, "payer_share_above": 1},
    "target": {
        "kind": "own-history",
        "basis": "total",
        "baseline": [{"period": "2023", "weight": 1}],
        "trend": {"rate": 0, "growth": "compound"},
    },
    "threshold": {"rate": 0, "mode": "gate", "passes_when": "at_or_above"},
    "quality": {
        "digits": 6,
        "value": "raw",
        "not_assessable": "leave-out",
        "not_ripe": "ripe-records",
        "indicators": [{"indicator": "goal", "weight": 1, "attain": GOAL}],
    },
    "share": {"base": 0.5, "at_full_quality": 0.5},
    "cap": {"rate_of": "none"},
    "losses": "none",
    "rounding": {"unit": "cent", "mode": "half-up", "when": "once-at-the-end"},
}


def terms(**changes: Any) -> dict[str, Any]:
    """Plain data of the plain contract; ``threshold__rate=0.02`` changes a field within a section."""
    data = copy.deepcopy(PLAIN)
    for path, value in changes.items():
        *sections, field = path.split("__")
        place = data
        for section in sections:
            place = place[section]
        place[field] = value
    return data


def without(path: str) -> dict[str, Any]:
    """Plain data of the plain contract that leaves one field open."""
    data = copy.deepcopy(PLAIN)
    *sections, field = path.split(".")
    place: Any = data
    for section in sections:
        place = place[int(section) if section.isdigit() else section]
    del place[field]
    return data


def contract(**changes: Any) -> Contract:
    """The plain contract with changes."""
    return parse_contract(terms(**changes))


def result(indicator: str = "goal", adjusted: float | None = 1.0, **changes: Any) -> IndicatorResult:
    """A score in 2025 that can be assessed unless ``adjusted`` is None."""
    fields: dict[str, Any] = {
        "indicator": indicator,
        "version": "1.0.0",
        "period": "2025",
        "n": 300,
        "adjusted": adjusted,
        "lower": None,
        "upper": None,
        "band": "in" if adjusted is not None else "not-assessable",
        "reliability": None,
    }
    return IndicatorResult(**{**fields, **changes})


def facts(
    *,
    target: str | None = None,
    spending: str = "0",
    records: int = 1000,
    period: str = "2025",
    baselines: tuple[tuple[str, int, str], ...] = (),
    results: tuple[IndicatorResult, ...] | None = None,
    more: dict[str, Any] | None = None,
) -> SettlementInputs:
    """Facts of a period; ``target`` is short for the spending of 2023, ``more`` is what few contracts ask."""
    if target is not None:
        baselines = (("2023", 1000, target),)
    return SettlementInputs(
        period=period,
        records=records,
        spending=Decimal(spending),
        baselines=tuple(BaselineSpending(when, n, Decimal(euros)) for when, n, euros in baselines),
        results=(result(period=period),) if results is None else results,
        **(more or {}),
    )
