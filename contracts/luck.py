"""How much of a payment is luck: the chance of it if nothing had changed, its interval, its power.

First the formulas, for who designs a contract and knows only its size; then the same from draws, for who
holds a settlement and its evidence: every rule of the contract and the error of the scores count there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from math import exp, pi, sqrt
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from contracts.canonical import plain
from contracts.checks import check_inputs
from contracts.contract import Contract
from contracts.drawn_scores import AS_FOUND, NOTHING_CHANGED, Truth, judged, own_baseline
from contracts.evidence import Evidence, Moments, check_evidence
from contracts.inputs import SettlementInputs
from contracts.ledger import Settlement, settle_one
from contracts.many_payments import ManyPayments, check_sample, many_payments, many_targets
from contracts.resampling import FloatArray
from contracts.target import spending_target
from contracts.terms.quality import ByBand, ByBenchmark
from contracts.threshold import threshold_rate
from contracts.worlds import Worlds, draw_worlds, expected_spending

COVERAGE = 0.95


def savings_sd(records: int, *, cv: float, baseline_records: int | None = None) -> float:
    """Standard deviation of the savings rate of a group.

    ``cv / sqrt(records)`` against a target without error; ``cv sqrt(1/records + 1/baseline_records)`` against
    the own history, which is as uncertain.

    Parameters
    ----------
    records, baseline_records : int
        In the settled year, and in the baseline period; None for a target that has no error of its own.
    cv : float
        Standard deviation of spending between records over its mean, after truncation. Estimate it for each
        contract: that of one population says nothing about another.

    Returns
    -------
    float
        A part of the target: 0.03 is 3 %.
    """
    own = 0.0 if baseline_records is None else 1 / baseline_records
    return cv * sqrt(1 / records + own)


def chance_of_passing(threshold: float, *, sd: float, true_saving: float = 0.0) -> float:
    """Chance that the savings rate reaches the threshold: ``1 - Phi((m - mu) / sd)``.

    Without a true saving it is the chance of a false payment, with one it is the power.

    Parameters
    ----------
    threshold, true_saving : float
        ``m`` and ``mu``, parts of the target.
    sd : float
        Standard deviation of the savings rate, above 0; with an error ``tau`` of the target itself it is
        ``sqrt(tau^2 + sd^2)``.

    References
    ----------
    DeLia, Hoover and Cantor, Medicare & Medicaid Research Review 2012;2(4).
    """
    return NormalDist().cdf((true_saving - threshold) / sd)


def expected_payment(
    threshold: float,
    *,
    sd: float,
    share: float,
    target: float,
    true_saving: float = 0.0,
    mode: Literal["gate", "deductible"] = "gate",
) -> float:
    """Expected payment: ``r B (mu (1 - Phi(a)) + sd phi(a))`` with ``a = (m - mu) / sd``.

    Without a true saving that is ``r B sd phi(m / sd)``, what luck alone pays. With a deductible ``mu - m``
    stands in the place of the first ``mu``. Caps, losses and quality play no part.

    Parameters
    ----------
    threshold, sd, true_saving
        See ``chance_of_passing``; the threshold is at least 0.
    share : float
        ``r``, the participant's part of a saving.
    target : float
        ``B``, euros.

    Returns
    -------
    float
        Euros.
    """
    gain = true_saving if mode == "gate" else true_saving - threshold
    passing = chance_of_passing(threshold, sd=sd, true_saving=true_saving)
    way = (threshold - true_saving) / sd
    return share * target * (gain * passing + sd * exp(-(way**2) / 2) / sqrt(2 * pi))


def goals_by_luck(chances: Iterable[float]) -> FloatArray:
    """Chance of exactly 0, 1, 2, ... lucky goals (Poisson-binomial), given the chance of each.

    Returns
    -------
    array, (goals + 1,)
        Sums to 1.
    """
    spread = np.ones(1)
    for chance in chances:
        spread = np.convolve(spread, [1 - chance, chance])
    return spread


@dataclass(frozen=True, slots=True)
class Luck:
    """How sure a payment is.

    Attributes
    ----------
    payment : Decimal
        Of the settlement.
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
    savings_sd : float
        Standard deviation of the savings rate if nothing had changed, by formula.
    passes_by_luck, passes_by_saving : float
        Chance of passing the threshold without a true saving, and with ``true_saving``; by formula.
    held : tuple of str
        Indicators whose error is unknown: they count as they were found, in every draw.
    together : tuple of str
        Indicators that were drawn from the same records as the spending: their errors go together.
    without_earlier : tuple of str
        Indicators of which neither an earlier value nor a benchmark is known, so that "nothing changed" takes
        them to be truly as they were found; the chances of luck are then too high if they were good.
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
    savings_sd: float
    passes_by_luck: float
    passes_by_saving: float
    held: tuple[str, ...]
    together: tuple[str, ...]
    without_earlier: tuple[str, ...]
    draws: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Json-safe: the payment as text, chances and expected amounts as numbers."""
        return {**asdict(self), "payment": plain(self.payment)}


def luck(
    contract: Contract,
    inputs: SettlementInputs,
    evidence: Evidence,
    *,
    true_saving: float = 0.03,
    draws: int = 10_000,
    seed: int = 0,
) -> Luck:
    """Tell how much of a payment is luck.

    Every draw is settled by the rules of the contract. Three worlds are drawn: what was found, nothing
    changed, and so much truly saved.

    Parameters
    ----------
    contract, inputs
        As settled; of several payers that are judged apart, the facts of one.
    evidence : Evidence
        How sure spending and scores are.
    true_saving : float
        For the power: a part of what would have been spent.
    draws, seed : int
        The same seed gives the same answer, to the bit.

    Raises
    ------
    SettlementError
        If facts or evidence do not fit the contract, or payers are judged together.
    ArithmeticError
        If the contract has a rule that the quick settlement does not know.
    """
    check_inputs(contract, inputs)
    check_evidence(contract, inputs, evidence)
    settlement = settle_one(contract, inputs, payer=contract.parties.payers[0])
    found, worlds = _drawn(contract, inputs, evidence, AS_FOUND, draws=draws, seed=seed)
    same, _ = _drawn(contract, inputs, evidence, NOTHING_CHANGED, draws=draws, seed=seed)
    saved, _ = _drawn(contract, inputs, evidence, Truth(saving=true_saving), draws=draws, seed=seed)
    unit = 0.01 if contract.rounding.unit == "cent" else 1.0
    tail = (1 - COVERAGE) / 2
    lower, upper = np.quantile(found.payment, [tail, 1 - tail])
    target = float(settlement.step("target").amount)
    return Luck(
        payment=settlement.payment,
        expected=float(found.payment.mean()),
        lower=float(lower),
        upper=float(upper),
        chance_none=float(np.mean(np.abs(found.payment) < unit / 2)),
        chance_owed=float(np.mean(found.payment <= -unit / 2)),
        # drawn payments are not rounded, so that one of the same size may lie a unit lower
        by_luck=float(np.mean(same.payment >= float(settlement.payment) - unit)),
        any_by_luck=float(np.mean(same.payment >= unit / 2)),
        expected_by_luck=float(same.payment.mean()),
        true_saving=true_saving,
        power=float(np.mean(saved.payment >= unit / 2)),
        savings_sd=rate_sd(contract, inputs, evidence, target=target, truth=NOTHING_CHANGED),
        passes_by_luck=_passing(contract, inputs, evidence, settlement, truth=NOTHING_CHANGED),
        passes_by_saving=_passing(contract, inputs, evidence, settlement, truth=Truth(saving=true_saving)),
        held=worlds.held,
        together=worlds.together,
        without_earlier=_without_earlier(contract, inputs, evidence),
        draws=draws,
        seed=seed,
    )


def rate_sd(
    contract: Contract, inputs: SettlementInputs, evidence: Evidence, *, target: float, truth: Truth
) -> float:
    """Standard deviation of the savings rate, to first order.

    Parameters
    ----------
    contract, inputs, evidence
        See ``luck``.
    target : float
        Euros, after any discount; what the rate is a part of.
    truth : Truth
        Says what is truly spent.
    """
    spent = expected_spending(contract, inputs, truth)
    terms = [spent * evidence.spending.error, evidence.model_error * _benchmark(contract, inputs)]
    step, rows = 1e-4, (inputs.baselines, inputs.comparison)
    moments = (evidence.baselines, evidence.comparison)
    nudges = np.eye(len(rows[0]) + len(rows[1])) * step + 1
    split = len(rows[0])
    worlds = Worlds(np.full(len(nudges), spent), nudges[:, :split], nudges[:, split:])
    moved = many_targets(contract.target, contract, inputs, worlds) / _benchmark(contract, inputs) - 1
    errors = [_error(given, row.period) for group, given in zip(rows, moments, strict=True) for row in group]
    terms += [float(change) / step * spent * error for change, error in zip(moved, errors, strict=True)]
    return sqrt(sum(term**2 for term in terms)) / target


def _passing(
    contract: Contract, inputs: SettlementInputs, evidence: Evidence, settlement: Settlement, *, truth: Truth
) -> float:
    """Chance, by formula, that the saving passes the threshold and exceeds the project costs."""
    target = float(settlement.step("target").amount)
    rate = threshold_rate(contract.threshold.rate, records=inputs.records, chosen=inputs.chosen_threshold)
    hurdle, rules = float(rate), contract.project_costs
    if rules is not None:
        costs = float(settlement.step("project_costs").amount) / target
        hurdle = max(hurdle, costs) if rules.threshold_judges == "gross-saving" else hurdle + costs
    saving = 1 - expected_spending(contract, inputs, truth) / target
    sd = rate_sd(contract, inputs, evidence, target=target, truth=truth)
    # without any error it is certain, one way or the other
    return chance_of_passing(hurdle, sd=sd, true_saving=saving) if sd else float(saving >= hurdle)


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
    contract: Contract, inputs: SettlementInputs, evidence: Evidence, truth: Truth, *, draws: int, seed: int
) -> tuple[ManyPayments, Worlds]:
    worlds = draw_worlds(contract, inputs, evidence, truth=truth, draws=draws, seed=seed)
    many = many_payments(contract, inputs, worlds)
    check_sample(contract, inputs, worlds, payments=many.payment)
    return many, worlds


def _benchmark(contract: Contract, inputs: SettlementInputs) -> float:
    return float(spending_target(contract.target, contract.spending, inputs))


def _error(given: tuple[Moments, ...], period: str) -> float:
    return next((each.error for each in given if each.period == period), 0.0)
