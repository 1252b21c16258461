"""The course of a contract in one scenario: its years drawn, and years after it on a rebased target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from contracts.contract import Contract
from contracts.drawn_scores import Truth
from contracts.evidence import Evidence
from contracts.inputs import SettlementInputs
from contracts.many_payments import ManyPayments, check_sample, many_payments
from contracts.plan import Plan, Scenario, unchanged_spending
from contracts.rebasing import year_parts
from contracts.resampling import FloatArray
from contracts.target import growth
from contracts.terms.part import Period, first_year
from contracts.terms.sharing import Losses
from contracts.terms.spending import Delivered
from contracts.worlds import Worlds, draw_worlds


@dataclass(frozen=True, slots=True)
class DrawnYear:
    """One year of a course.

    Attributes
    ----------
    period : str
        Its name; a year after the term has one too.
    facts : mapping of str to SettlementInputs
        What it was drawn from, by payer.
    many : mapping of str to ManyPayments
        Payments, by payer.
    actual : mapping of str to array, (draws,)
        Spending that counts, by payer.
    unchanged : mapping of str to float
        Euros that it would cost if nothing changed, by payer.
    saved : float
        Part of that which is truly saved.
    """

    period: Period
    facts: Mapping[str, SettlementInputs]
    many: Mapping[str, ManyPayments]
    actual: Mapping[str, FloatArray]
    unchanged: Mapping[str, float]
    saved: float

    @property
    def payment(self) -> FloatArray:
        """Of all payers together; (draws,)."""
        return np.asarray(np.sum([many.payment for many in self.many.values()], axis=0), dtype=np.float64)

    @property
    def true_saving(self) -> float:
        """Euros truly saved with all payers."""
        return self.saved * sum(self.unchanged.values())


def course(
    contract: Contract, plan: Plan, scenario: Scenario, *, years: int, draws: int, seed: int
) -> tuple[DrawnYear, ...]:
    """Draw a contract year by year, and settle each draw by its rules.

    Each payer's baseline is drawn once for the whole course, so that luck in it is felt in every year, as it
    would be. After the term the contract goes on by the rules of its last year, on a target that is rebased
    as agreed from what each draw spent and was paid.

    Parameters
    ----------
    contract, plan, scenario
        As checked by ``check_plan``.
    years : int
        How many; fewer than the contract has: it ends earlier; more: it goes on, which needs ``rebasing``.
    draws, seed : int
        The same seed gives the same course, to the bit.
    """
    term = len(plan.years)
    drawn = [
        _year(contract, plan, place, scenario, draws=draws, seed=seed) for place in range(min(years, term))
    ]
    for later in range(1, years - term + 1):
        drawn.append(_year_after(contract, plan, scenario, drawn[:term], later, draws=draws, seed=seed))
    return tuple(drawn)


def without_phase_in(contract: Contract) -> Contract | None:
    """The contract with losses in full from the first year; None where they are so already."""
    losses = contract.losses
    if not isinstance(losses, Losses) or losses.phase_in is None:
        return None
    bare = losses.model_copy(update={"phase_in": None, "phase": None})
    return contract.model_copy(update={"losses": bare})


def _year(
    contract: Contract, plan: Plan, place: int, scenario: Scenario, *, draws: int, seed: int
) -> DrawnYear:
    facts = plan.years[place]
    period = next(iter(facts.values())).period
    reached = plan.ramp.get(period, 1.0)
    saved = plan.already.get(period, 0.0) if scenario.as_known else scenario.saving * reached
    truth = Truth(saving=saved, way=scenario.way * reached)
    worlds = draw_worlds(contract, facts, plan.evidence[place], truth=truth, draws=draws, seed=seed)
    unchanged = {payer: unchanged_spending(contract, own) for payer, own in facts.items()}
    return _settled(contract, period, facts, worlds, unchanged, saved)


def _year_after(
    contract: Contract,
    plan: Plan,
    scenario: Scenario,
    term: list[DrawnYear],
    later: int,
    *,
    draws: int,
    seed: int,
) -> DrawnYear:
    rule = contract.rebasing
    assert rule is not None
    last = term[-1]
    renewed = contract.model_copy(
        update={"target": Delivered(kind="delivered", discount=contract.target.discount)}
    )
    prices = float(growth(rule.trend, later))
    unchanged = {payer: amount * prices for payer, amount in last.unchanged.items()}
    facts = {
        payer: replace(own, target=Decimal(repr(unchanged[payer])), baselines=(), comparison=(), risk=None)
        for payer, own in last.facts.items()
    }
    truth = Truth(saving=last.saved, way=scenario.way * plan.ramp.get(last.period, 1.0))
    evidence = {payer: _without_target(own) for payer, own in plan.evidence[-1].items()}
    worlds = draw_worlds(renewed, facts, evidence, truth=truth, draws=draws, seed=seed, later=later)
    since = later - (1 if rule.prices_of == "year-after" else 0)
    worlds = {
        payer: replace(each, target=rebased(contract, term, payer) * float(growth(rule.trend, since)))
        for payer, each in worlds.items()
    }
    return _settled(renewed, _later(last.period, later), facts, worlds, unchanged, last.saved)


def rebased(contract: Contract, term: list[DrawnYear], payer: str) -> FloatArray:
    """Target after the term in each draw, for as many records as in the last contract year; (draws,)."""
    rule = contract.rebasing
    assert rule is not None
    parts = year_parts(contract, [year.facts[payer].records for year in term])
    size = float(term[-1].facts[payer].records) if rule.basis == "per-record" else 1.0
    amounts = [
        float(part.of_spending) * year.actual[payer] + float(part.of_payment) * year.many[payer].payment
        for part, year in zip(parts, term, strict=True)
    ]
    return np.asarray(size * np.sum(amounts, axis=0), dtype=np.float64)


def _settled(
    contract: Contract,
    period: Period,
    facts: Mapping[str, SettlementInputs],
    worlds: Mapping[str, Worlds],
    unchanged: Mapping[str, float],
    saved: float,
) -> DrawnYear:
    many = many_payments(contract, facts, worlds)
    payments = {payer: each.payment for payer, each in many.items()}
    check_sample(contract, facts, worlds, payments=payments, sample=1)
    actual = {payer: each.actual for payer, each in worlds.items()}
    return DrawnYear(period, facts, many, actual, unchanged, saved)


def _without_target(evidence: Evidence) -> Evidence:
    """How sure the facts of a year are whose target follows from earlier years."""
    return replace(evidence, baselines=(), comparison=(), model_error=0.0)


def _later(period: Period, years: int) -> Period:
    start = first_year(period) + years
    return f"{start}/{(start + 1) % 100:02}" if "/" in period else str(start)
