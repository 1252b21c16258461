"""The payments of many drawn worlds at once, in floating point.

The ledger settles one world exactly, with every step shown, in a millisecond or two. Chances need thousands
of worlds, and a grid of thresholds some hundred thousands; here they are settled together, to within a unit
of rounding. The ledger stays the judge: ``check_sample`` settles some of the worlds in full and refuses to
go on if the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from contracts.contract import Contract
from contracts.gains import in_year
from contracts.inputs import SettlementInputs, Size
from contracts.many_quality import CLOSE, BoolArray, ManyScores, many_scores
from contracts.payers import settle_beside
from contracts.rates import rate_at
from contracts.resampling import FloatArray
from contracts.saving import stopped
from contracts.target import spending_target
from contracts.terms.rates import AnyRate, Cases, Corridors, Linear, Parts, Sliding, Steps
from contracts.terms.sharing import Losses
from contracts.terms.spending import Blend, ComparisonGroup, Delivered, GroupTrend, OwnHistory, Target
from contracts.terms.threshold import Threshold
from contracts.threshold import threshold_rate
from contracts.worlds import Worlds, inputs_of


@dataclass(frozen=True, slots=True)
class ManyPayments:
    """What many worlds come to; all (draws,), in euros and not rounded.

    Attributes
    ----------
    target : array
        After any discount.
    net : array
        Saving after project costs; negative if there was overspent.
    counted : array
        What of it counts; at most 0 for an overspending.
    payment : array
        Negative where the participant owes.
    """

    target: FloatArray
    net: FloatArray
    counted: FloatArray
    payment: FloatArray

    @property
    def savings_rate(self) -> FloatArray:
        """Net saving as a part of the target."""
        return self.net / self.target


def many_payments(
    contract: Contract, inputs: Mapping[str, SettlementInputs], worlds: Mapping[str, Worlds]
) -> dict[str, ManyPayments]:
    """Settle every drawn world with every payer; see ``contracts.payers.settle_payers`` for the rules.

    Parameters
    ----------
    contract, inputs
        As checked by ``check_inputs``; ``inputs`` gives all that is not drawn, by payer. Where payers are
        judged together all must be there; otherwise the facts of one are enough for that one.
    worlds : mapping of str to Worlds
        By payer.

    Returns
    -------
    dict of str to ManyPayments
        Each payment within one unit of rounding of what the ledger gives.
    """
    scores = {payer: many_scores(contract, facts, worlds[payer]) for payer, facts in inputs.items()}
    savings = {
        payer: _savings(contract, facts, worlds[payer], scores[payer]) for payer, facts in inputs.items()
    }
    pool = _pool(contract, savings.values()) if contract.parties.judged == "pooled" else None
    return {
        payer: _payments(contract, facts, scores[payer], savings[payer], judged=pool or savings[payer])
        for payer, facts in inputs.items()
    }


@dataclass(frozen=True, slots=True)
class _Savings:
    """What sharing starts from, as ``contracts.saving.Saving``; (draws,) each but the records."""

    target: FloatArray
    net: FloatArray
    judged: FloatArray
    records: Size


def _savings(contract: Contract, inputs: SettlementInputs, worlds: Worlds, scores: ManyScores) -> _Savings:
    target = many_targets(contract.target, contract, inputs, worlds)
    if contract.target.discount is not None:
        rate = many_rates(contract.target.discount, scores.score, np.zeros(1), inputs.findings)
        target = target * (1 - rate)
    gross = target - worlds.actual
    net = gross - project_costs(contract, inputs)
    rules = contract.project_costs
    by_gross = rules is not None and rules.threshold_judges == "gross-saving"
    return _Savings(target, net, gross if by_gross else net, inputs.records)


def _pool(contract: Contract, savings: Iterable[_Savings]) -> _Savings:
    """The savings of all payers added up."""
    each = list(savings)
    sums = (sum(getattr(one, name) for one in each) for name in ("target", "net", "judged"))
    target, net, judged = (np.asarray(amount, dtype=np.float64) for amount in sums)
    # payers with a part in all records have the same ones
    records = each[0].records if contract.parties.shares else sum(one.records for one in each)
    return _Savings(target, net, judged, records)


def _payments(
    contract: Contract, inputs: SettlementInputs, scores: ManyScores, saving: _Savings, *, judged: _Savings
) -> ManyPayments:
    counted, payment = _gains(contract, inputs, scores, saving=saving, judged=judged)
    if isinstance(contract.losses, Losses):
        lost, owed = _losses(contract, contract.losses, inputs, scores, saving=saving, judged=judged)
        counted, payment = np.where(saving.net < 0, lost, counted), np.where(saving.net < 0, owed, payment)
    if contract.withhold is not None:
        held = float(in_year(contract.withhold.rate, inputs.period)) * saving.target
        earned = many_rates(contract.withhold.earned, scores.score, np.zeros(1), inputs.findings)
        payment = payment + held * (earned if contract.withhold.settled_as == "returned" else earned - 1)
    return ManyPayments(saving.target, saving.net, counted, payment)


def many_targets(target: Target, contract: Contract, inputs: SettlementInputs, worlds: Worlds) -> FloatArray:
    """Spending target of each drawn world, before any discount.

    Each baseline period adds to the target in proportion to its spending, and the comparison group
    multiplies it, so the exact target of the facts is taken apart once and drawn from there.
    """
    draws = len(worlds.actual)
    if isinstance(target, Blend):
        weight = float(target.own_weight)
        own = many_targets(target.own, contract, inputs, worlds)
        group = many_targets(target.group, contract, inputs, worlds)
        path = 1.0 if target.path is None else float(target.path[inputs.period])
        return np.asarray((weight * own + (1 - weight) * group) * path, dtype=np.float64)
    if isinstance(target, Delivered) and worlds.target is not None:
        return worlds.target
    exact = float(spending_target(target, contract.spending, inputs))
    moved = dict(zip((row.period for row in inputs.comparison), worlds.comparison.T, strict=True))
    if isinstance(target, ComparisonGroup):
        return np.asarray(exact * moved[inputs.period], dtype=np.float64)
    if not isinstance(target, OwnHistory):
        return np.full(draws, exact)
    total = np.zeros(draws)
    for place, row in enumerate(inputs.baselines):
        alone = _only(inputs, row.period)
        part = float(spending_target(target, contract.spending, alone)) * worlds.baselines[:, place]
        if isinstance(target.trend, GroupTrend):
            part = part * moved[inputs.period] / moved[row.period]
        total += part
    return total


def many_rates(
    rate: AnyRate, quality: FloatArray, savings_rate: FloatArray, findings: Mapping[str, bool]
) -> FloatArray:
    """Rate in each world; see ``contracts.rates.rate_at``. The arrays broadcast."""
    if isinstance(rate, Cases):
        for case in rate.cases:
            if findings[case.when]:
                return many_rates(case.rate, quality, savings_rate, findings)
        return np.array([float(rate.otherwise)])
    if isinstance(rate, Linear):
        base, full = float(rate.base), float(rate.at_full_quality)
        low = 0.0 if rate.minimum is None else float(rate.minimum)
        high = 1.0 if rate.maximum is None else float(rate.maximum)
        return np.clip(base + (full - base) * quality, low, high)
    if isinstance(rate, Steps):
        starts = [float(step.from_score) for step in rate.steps]
        rates = np.array([float(step.rate) for step in rate.steps])
        return np.asarray(rates[np.searchsorted(starts, quality + CLOSE, side="right") - 1])
    if isinstance(rate, Corridors):
        return _corridors(rate, savings_rate)
    if isinstance(rate, Sliding):
        low, high = float(rate.from_savings_rate), float(rate.to_savings_rate)
        way = np.clip((savings_rate - low) / (high - low), 0.0, 1.0)
        return float(rate.from_rate) + (float(rate.to_rate) - float(rate.from_rate)) * way
    assert isinstance(rate, Parts)
    same = rate_at(rate, quality=Fraction(0), savings_rate=Fraction(0), findings=findings)
    return np.array([float(same)])


def check_sample(
    contract: Contract,
    inputs: Mapping[str, SettlementInputs],
    worlds: Mapping[str, Worlds],
    *,
    payments: Mapping[str, FloatArray],
    sample: int = 4,
) -> None:
    """Settle the first worlds in full and hold the payments against the ledger.

    Raises
    ------
    ArithmeticError
        If a payment differs by more than a unit of rounding: then the contract has a rule that is not known
        here, and no chance may be drawn from it.
    """
    unit = 0.01 if contract.rounding.unit == "cent" else 1.0
    for draw in range(min(sample, *map(len, payments.values()))):
        facts = {payer: inputs_of(contract, own, worlds[payer], draw) for payer, own in inputs.items()}
        for payer in inputs:
            exact = settle_beside(contract, facts, payer=payer).payment
            quick = payments[payer][draw]
            if abs(float(exact) - quick) > unit + 1e-9 * abs(float(exact)):
                raise ArithmeticError(
                    f"contract {contract.contract}: the ledger pays {exact} in drawn world {draw}, and the "
                    f"quick way {quick}; a rule of the contract is not known to contracts.many_payments"
                )


def _only(inputs: SettlementInputs, period: str) -> SettlementInputs:
    """The facts with spending in one baseline period only."""
    rows = tuple(
        row
        if row.period == period
        else replace(row, spending=Decimal(0), above=None if row.above is None else Decimal(0))
        for row in inputs.baselines
    )
    return replace(inputs, baselines=rows)


def project_costs(contract: Contract, inputs: SettlementInputs) -> float:
    """Project costs that count, in euros."""
    if contract.project_costs is None:
        return 0.0
    costs = inputs.project_costs or Decimal(0)
    limit = contract.project_costs.at_most
    return float(costs if limit is None else min(costs, limit))


def _passes(
    threshold: Threshold, inputs: SettlementInputs, judged: _Savings, *, overspent: bool
) -> tuple[float, BoolArray]:
    """Threshold as a rate, and in which worlds it is passed."""
    exact = threshold_rate(threshold.rate, records=judged.records, chosen=inputs.chosen_threshold)
    size, rate = -judged.judged if overspent else judged.judged, float(exact)
    minimum, slack = rate * judged.target, CLOSE * judged.target
    reached = size >= minimum - slack if threshold.passes_when == "at_or_above" else size > minimum + slack
    return rate, reached & (size > slack)


def _gains(
    contract: Contract,
    inputs: SettlementInputs,
    scores: ManyScores,
    *,
    saving: _Savings,
    judged: _Savings,
) -> tuple[FloatArray, FloatArray]:
    """Saving that counts, and what it pays."""
    target, net = saving.target, saving.net
    no_saving = stopped(contract, inputs, judged.records, overspent=False)
    minimum, passed = _passes(contract.threshold, inputs, judged, overspent=False)
    passed = passed & (not no_saving)
    below = contract.threshold.below
    reduced = np.zeros(len(net), dtype=np.bool_)
    if below is not None and not no_saving and judged.records >= below.minimum_records:
        found = below.when is None or inputs.findings[below.when]
        reduced = ~passed & (judged.judged > CLOSE * judged.target) & found
    taken = 0.0 if contract.threshold.mode == "gate" else minimum * target
    counted = np.where(passed, np.maximum(net - taken, 0.0), 0.0)
    counted = np.where(reduced, np.maximum(net, 0.0), counted)
    share = many_rates(contract.share, scores.score, counted / target, inputs.findings) * np.ones(len(net))
    if below is not None:
        share = np.where(reduced, share * float(below.share_times), share)
    if contract.quality.minimum_missed == "no-payment":
        share = np.where(scores.missed, 0.0, share)
    room = np.maximum(net, 0.0) - share * counted
    shared = share * counted * _left(contract, "before-bonus")
    bonus = _bonus(contract, inputs, scores, target=target, counted=counted, room=room)
    if no_saving:
        bonus = bonus * 0
    left = _left(contract, "before-cap")
    paid = _capped(contract, inputs, shared * left, bonus * left, target)
    return counted, paid * _left(contract, "after-cap")


def _left(contract: Contract, when: str) -> float:
    """What the deductions at one place leave."""
    left = 1.0
    for deduction in contract.deductions:
        if deduction.when == when:
            left *= 1 - float(deduction.rate)
    return left


def _bonus(
    contract: Contract,
    inputs: SettlementInputs,
    scores: ManyScores,
    *,
    target: FloatArray,
    counted: FloatArray,
    room: FloatArray,
) -> FloatArray:
    bonus = contract.bonus
    if bonus is None:
        return np.zeros(len(target))
    whole = float(bonus.size.euros or 0) if bonus.size.rate is None else float(bonus.size.rate) * target
    amount = (
        whole * many_rates(bonus.earned, scores.score, np.zeros(1), inputs.findings) * np.ones(len(target))
    )
    if bonus.limit == "remaining-saving":
        amount = np.minimum(amount, room)
    return np.where(counted > 0, amount, 0.0) if bonus.without_counted_saving == "lapses" else amount


def _capped(
    contract: Contract, inputs: SettlementInputs, share: FloatArray, bonus: FloatArray, target: FloatArray
) -> FloatArray:
    cap = contract.cap
    if cap.rate is None:
        return share + bonus
    limit = float(in_year(cap.rate, inputs.period)) * target
    return np.minimum(share, limit) + bonus if cap.covers == "share" else np.minimum(share + bonus, limit)


def _losses(
    contract: Contract,
    losses: Losses,
    inputs: SettlementInputs,
    scores: ManyScores,
    *,
    saving: _Savings,
    judged: _Savings,
) -> tuple[FloatArray, FloatArray]:
    """Overspending that counts, and what is owed for it; both at most 0."""
    target, net = saving.target, saving.net
    minimum, passed = _passes(losses.threshold, inputs, judged, overspent=True)
    if stopped(contract, inputs, judged.records, overspent=True):
        passed = passed & False
    taken = 0.0 if losses.threshold.mode == "gate" else minimum * target
    size = np.where(passed, np.maximum(-net - taken, 0.0), 0.0)
    owed = many_rates(losses.rate, scores.score, size / target, inputs.findings) * size
    phase = 1.0 if losses.phase_in is None else float(losses.phase_in[inputs.period])
    if losses.phase == "before-limits":
        owed = owed * phase
    for limit in losses.limits:
        held = (limit.when is None or inputs.findings[limit.when]) and not (
            limit.unless is not None and inputs.findings[limit.unless]
        )
        base = target if limit.rate_of == "target" else inputs.revenue
        if held and base is not None:
            most = float(in_year(limit.rate, inputs.period)) * np.asarray(base, dtype=np.float64)
            owed = np.minimum(owed, most)
    if losses.phase == "after-limits":
        owed = owed * phase
    if losses.relief == "as-established":
        owed = np.maximum(owed - float(inputs.loss_relief or 0), 0.0)
    return -size, -owed


def _corridors(rate: Corridors, savings_rate: FloatArray) -> FloatArray:
    """Mean rate over the slices of each saving; without one it is that of the first slice."""
    total, start = np.zeros(len(savings_rate)), 0.0
    for corridor in rate.corridors:
        end = np.inf if corridor.up_to is None else float(corridor.up_to)
        total += float(corridor.rate) * (np.clip(savings_rate, start, end) - start) * (savings_rate > start)
        start = end
    some = savings_rate > 0
    return np.where(some, total / np.where(some, savings_rate, 1.0), float(rate.corridors[0].rate))
