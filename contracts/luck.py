"""How much of a payment is luck: the chance of it if nothing had changed, its interval, its power.

Every rule of the contract and the error of the scores count here; for who designs a contract and knows only
its size there are the formulas of ``contracts.chance``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from contracts.canonical import plain
from contracts.checks import check_inputs
from contracts.contract import Contract
from contracts.drawn_scores import AS_FOUND, NOTHING_CHANGED, Truth, judged, own_baseline
from contracts.evidence import Evidence, check_evidence
from contracts.inputs import SettlementError, SettlementInputs
from contracts.many_payments import check_sample, many_payments
from contracts.payers import settle_beside
from contracts.rate_error import passing, rate_sd
from contracts.resampling import FloatArray
from contracts.terms.quality import ByBand, ByBenchmark
from contracts.worlds import Worlds, draw_worlds

COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Chances:
    """How sure an amount is, from draws.

    Attributes
    ----------
    payment : Decimal
        As settled.
    expected : float
        Euros; mean over draws around what was found.
    lower, upper : float
        Euros; 95 % of the payments lie between, from the joint error of spending and scores.
    chance_none, chance_owed : float
        Chance that nothing is paid or owed, and that something is owed, around what was found.
    by_luck : float
        Chance of this payment or a larger one if nothing had changed: no true saving, and the indicators
        where they stood before (the own baseline or an earlier score, or else the benchmark).
    any_by_luck : float
        Chance of any payment at all if nothing had changed.
    expected_by_luck : float
        Euros; mean payment if nothing had changed.
    true_saving, power : float
        Chance of any payment if so much was truly saved, with the quality that was found.
    draws, seed : int
        A chance of p has a standard error of ``sqrt(p (1 - p) / draws)``.
    """

    payment: Decimal
    expected: float
    lower: float
    upper: float
    chance_none: float
    chance_owed: float
    by_luck: float
    any_by_luck: float
    expected_by_luck: float
    true_saving: float
    power: float
    draws: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Json-safe: the payment as text, chances and expected amounts as numbers."""
        return {**asdict(self), "payment": plain(self.payment)}


@dataclass(frozen=True, slots=True)
class Luck(Chances):
    """How sure the payment of one payer is.

    Attributes
    ----------
    savings_sd : float
        Standard deviation of the savings rate that is judged if nothing had changed, by formula.
    passes_by_luck, passes_by_saving : float
        Chance of passing the threshold without a true saving, and with ``true_saving``; by formula.
    held : tuple of str
        Indicators whose error is unknown: they count as they were found, in every draw.
    together : tuple of str
        Indicators that were drawn from the same records as the spending: their errors go together.
    without_earlier : tuple of str
        Indicators of which neither an earlier value nor a benchmark is known, so that "nothing changed" takes
        them to be truly as they were found; the chances of luck are then too high if they were good.
    """

    savings_sd: float
    passes_by_luck: float
    passes_by_saving: float
    held: tuple[str, ...]
    together: tuple[str, ...]
    without_earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JointLuck:
    """Luck of a contract year with all its payers.

    Attributes
    ----------
    payers : mapping of str to Luck
        Of the payment of each.
    total : Chances
        Of what they pay together. In each draw it is the sum of their payments, with the same scores for all.
    """

    payers: Mapping[str, Luck]
    total: Chances


def luck(
    contract: Contract,
    inputs: SettlementInputs,
    evidence: Evidence,
    *,
    true_saving: float = 0.03,
    draws: int = 10_000,
    seed: int = 0,
) -> Luck:
    """Tell how much of the payment of the only payer is luck; see ``luck_of_payers``."""
    (payer, *others) = contract.parties.payers
    if others:
        raise SettlementError([f"payers: {payer}, {', '.join(others)}; see luck_of_payers"])
    facts, sure = {payer: inputs}, {payer: evidence}
    return luck_of_payers(contract, facts, sure, true_saving=true_saving, draws=draws, seed=seed).payers[
        payer
    ]


def luck_of_payers(
    contract: Contract,
    inputs: Mapping[str, SettlementInputs],
    evidence: Mapping[str, Evidence],
    *,
    true_saving: float = 0.03,
    draws: int = 10_000,
    seed: int = 0,
) -> JointLuck:
    """Tell how much of each payer's payment, and of all together, is luck.

    Every draw is settled by the rules of the contract. Three worlds are drawn: what was found, nothing
    changed, and so much truly saved.

    Parameters
    ----------
    contract : Contract
    inputs, evidence : mapping
        The facts as settled and how sure spending and scores are, of all payers.
    true_saving : float
        For the power: a part of what would have been spent with each payer.
    draws, seed : int
        The same seed gives the same answer, to the bit.

    Raises
    ------
    SettlementError
        If facts or evidence do not fit the contract.
    ArithmeticError
        If the contract has a rule that the quick settlement does not know.
    """
    for facts in inputs.values():
        check_inputs(contract, facts)
    check_evidence(contract, inputs, evidence)
    saving = Truth(saving=true_saving)
    found, worlds = _drawn(contract, inputs, evidence, AS_FOUND, draws=draws, seed=seed)
    same, _ = _drawn(contract, inputs, evidence, NOTHING_CHANGED, draws=draws, seed=seed)
    saved, _ = _drawn(contract, inputs, evidence, saving, draws=draws, seed=seed)
    unit = Decimal("0.01") if contract.rounding.unit == "cent" else Decimal(1)
    payments = {payer: settle_beside(contract, inputs, payer=payer).payment for payer in inputs}
    given: dict[str, Any] = {"true_saving": true_saving, "draws": draws, "seed": seed}
    payers = {
        payer: Luck(
            **_chances(payments[payer], found[payer], same[payer], saved[payer], unit=unit, slack=unit),
            savings_sd=rate_sd(contract, inputs, evidence, payer=payer, truth=NOTHING_CHANGED),
            passes_by_luck=passing(contract, inputs, evidence, payer=payer, truth=NOTHING_CHANGED),
            passes_by_saving=passing(contract, inputs, evidence, payer=payer, truth=saving),
            held=worlds[payer].held,
            together=worlds[payer].together,
            without_earlier=_without_earlier(contract, inputs[payer], evidence[payer]),
            **given,
        )
        for payer in inputs
    }
    total = Chances(
        **_chances(
            sum(payments.values(), Decimal(0)),
            *(np.sum(list(each.values()), axis=0) for each in (found, same, saved)),
            unit=unit,
            slack=unit * len(inputs),
        ),
        **given,
    )
    return JointLuck(payers, total)


def _chances(
    payment: Decimal,
    found: FloatArray,
    same: FloatArray,
    saved: FloatArray,
    *,
    unit: Decimal,
    slack: Decimal,
) -> dict[str, Any]:
    """Chances from the payments as found, with nothing changed, and with a true saving."""
    tail, half = (1 - COVERAGE) / 2, float(unit) / 2
    lower, upper = np.quantile(found, [tail, 1 - tail])
    return {
        "payment": payment,
        "expected": float(found.mean()),
        "lower": float(lower),
        "upper": float(upper),
        "chance_none": float(np.mean(np.abs(found) < half)),
        "chance_owed": float(np.mean(found <= -half)),
        # drawn payments are not rounded, so that one of the same size may lie a unit lower
        "by_luck": float(np.mean(same >= float(payment) - float(slack))),
        "any_by_luck": float(np.mean(same >= half)),
        "expected_by_luck": float(same.mean()),
        "power": float(np.mean(saved >= half)),
    }


def _without_earlier(contract: Contract, inputs: SettlementInputs, evidence: Evidence) -> tuple[str, ...]:
    return tuple(
        rule.indicator
        for rule, result in judged(contract, inputs)
        if not isinstance(rule.attain, ByBand | ByBenchmark)
        and own_baseline(rule, result) is None
        and rule.indicator not in evidence.earlier
        and result.reference is None
    )


def _drawn(
    contract: Contract,
    inputs: Mapping[str, SettlementInputs],
    evidence: Mapping[str, Evidence],
    truth: Truth,
    *,
    draws: int,
    seed: int,
) -> tuple[dict[str, FloatArray], dict[str, Worlds]]:
    """Payments of each payer, (draws,) each, and the worlds they are of."""
    worlds = draw_worlds(contract, inputs, evidence, truth=truth, draws=draws, seed=seed)
    payments = {payer: many.payment for payer, many in many_payments(contract, inputs, worlds).items()}
    check_sample(contract, inputs, worlds, payments=payments)
    return payments, worlds
