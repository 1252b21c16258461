"""How sure a savings rate is, to first order: the standard deviation that its parts give it together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import sqrt
from typing import TypeAlias

import numpy as np

from contracts.chance import chance_of_passing
from contracts.contract import Contract
from contracts.drawn_scores import Truth
from contracts.evidence import Evidence
from contracts.inputs import SettlementInputs
from contracts.many_payments import many_targets, project_costs
from contracts.quality import quality_score
from contracts.saving import write_saving
from contracts.steps import Book
from contracts.target import spending_target
from contracts.threshold import threshold_rate
from contracts.worlds import Worlds, compared_apart, expected_spending

_Facts: TypeAlias = Mapping[str, SettlementInputs]
_Sure: TypeAlias = Mapping[str, Evidence]


def rate_sd(contract: Contract, inputs: _Facts, evidence: _Sure, *, payer: str, truth: Truth) -> float:
    """Standard deviation of the savings rate that is judged, to first order.

    Errors of different records are independent and add up as squares; an error that payers share (of the
    target itself, or of a comparison group that is the same for all) adds up as it is.

    Parameters
    ----------
    contract, inputs, evidence
        See ``contracts.luck.luck_of_payers``.
    payer : str
        Whose saving; where payers are judged together, that of all.
    truth : Truth
        Says what is truly spent.

    Returns
    -------
    float
        A part of the target, after any discount.
    """
    summed: defaultdict[tuple[str, ...], float] = defaultdict(float)
    who = _judged(contract, inputs, payer)
    for name in who:
        for source, euros in _errors(contract, inputs[name], evidence[name], name, truth).items():
            summed[source] += euros
    return sqrt(sum(euros**2 for euros in summed.values())) / sum(
        _target(contract, inputs[name]) for name in who
    )


def passing(contract: Contract, inputs: _Facts, evidence: _Sure, *, payer: str, truth: Truth) -> float:
    """Chance, by formula, that the saving passes the threshold and exceeds the project costs.

    Parameters
    ----------
    contract, inputs, evidence, payer, truth
        See ``rate_sd``.

    Returns
    -------
    float
        From 0 to 1; 0 or 1 without any error.
    """
    who = [inputs[name] for name in _judged(contract, inputs, payer)]
    target = sum(_target(contract, facts) for facts in who)
    sizes, chosen = [facts.records for facts in who], who[0].chosen_threshold
    records = sizes[0] if contract.parties.shares else sum(sizes)
    hurdle = float(threshold_rate(contract.threshold.rate, records=records, chosen=chosen))
    rules = contract.project_costs
    if rules is not None:
        costs = sum(project_costs(contract, facts) for facts in who) / target
        hurdle = max(hurdle, costs) if rules.threshold_judges == "gross-saving" else hurdle + costs
    saving = 1 - sum(expected_spending(contract, facts, truth) for facts in who) / target
    sd = rate_sd(contract, inputs, evidence, payer=payer, truth=truth)
    # without any error it is certain, one way or the other
    return chance_of_passing(hurdle, sd=sd, true_saving=saving) if sd else float(saving >= hurdle)


def _judged(contract: Contract, inputs: _Facts, payer: str) -> list[str]:
    return list(inputs) if contract.parties.judged == "pooled" else [payer]


def _errors(
    contract: Contract, inputs: SettlementInputs, evidence: Evidence, payer: str, truth: Truth
) -> dict[tuple[str, ...], float]:
    """Euros of error of a saving, by what they come from; the same source is the same error."""
    benchmark = float(spending_target(contract.target, contract.spending, inputs))
    spent = expected_spending(contract, inputs, truth)
    of_group = payer if compared_apart(contract) else ""
    # a part in all records has the error of all records
    payer = "" if contract.parties.shares else payer
    found = {
        ("actual", payer): spent * evidence.spending.error,
        ("target",): evidence.model_error * benchmark,
    }
    rows = [
        *((row, evidence.baselines, ("baseline", payer, row.period)) for row in inputs.baselines),
        *((row, evidence.comparison, ("group", of_group, row.period)) for row in inputs.comparison),
    ]
    step, split = 1e-4, len(inputs.baselines)
    nudges = np.eye(len(rows)) * step + 1
    worlds = Worlds(np.full(len(rows), spent), nudges[:, :split], nudges[:, split:])
    moved = many_targets(contract.target, contract, inputs, worlds) / benchmark - 1
    for change, (row, moments, source) in zip(moved, rows, strict=True):
        error = next((each.error for each in moments if each.period == row.period), 0.0)
        found[source] = float(change) / step * spent * error
    return found


def _target(contract: Contract, inputs: SettlementInputs) -> float:
    """Target after any discount."""
    quality = quality_score(contract.quality, inputs.results)
    return float(write_saving(Book(), contract, inputs, quality).target)
