"""What holds for every contract and every set of facts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.contract import Contract, parse_contract
from contracts.inputs import (
    BaselineSpending,
    Completion,
    IndicatorResult,
    Interim,
    Member,
    SettlementInputs,
)
from contracts.ledger import Settlement, settle
from contracts.restatement import settle_again
from contracts.terms.quality import ByBand, ByBenchmark, ByImprovement, ByLevel
from tests.contracts.generate import BANDS, generate, to_inputs

for_every_contract = settings(max_examples=150, deadline=None, derandomize=True)
seeds = st.integers(min_value=0, max_value=2**32)
portions = st.integers(min_value=0, max_value=1500).map(lambda thousandths: Decimal(thousandths) / 1000)


def _terms(seed: int, **changes: Any) -> tuple[Contract, SettlementInputs]:
    """A generated contract, of which sections may be taken out (None) or replaced."""
    terms, facts = generate(Random(seed))
    dropped = {name for name, value in changes.items() if value is None}
    kept = {name: value for name, value in terms.items() if name not in dropped}
    contract = parse_contract(kept | {name: value for name, value in changes.items() if value is not None})
    inputs = to_inputs(facts, contract)
    if contract.project_costs is None:
        inputs = replace(inputs, project_costs=None)
    if contract.losses == "none":
        inputs = replace(inputs, revenue=None, loss_relief=None)
        if not isinstance(terms["threshold"]["rate"], dict) or terms["threshold"]["rate"]["by"] != "choice":
            inputs = replace(inputs, chosen_threshold=None)
    return contract, inputs


def _spend(contract: Contract, inputs: SettlementInputs, spent: Decimal) -> SettlementInputs:
    """Spending is a portion of the target."""
    target = settle(contract, inputs).step("target").amount
    return replace(inputs, spending=round(target * spent, 2))


def _generated(seed: int, spent: Decimal, **changes: Any) -> tuple[Contract, SettlementInputs]:
    contract, inputs = _terms(seed, **changes)
    return contract, _spend(contract, inputs, spent)


def _unit(contract: Contract) -> Decimal:
    return Decimal("0.01") if contract.rounding.unit == "cent" else Decimal(1)


def _bonus_within(seed: int) -> dict[str, Any]:
    """Without withhold, and with a bonus (if any) that stays within the saving."""
    terms, _ = generate(Random(seed))
    bonus = terms.get("bonus")
    return {"withhold": None, "bonus": bonus and {**bonus, "limit": "remaining-saving"}}


def _capped_alone(seed: int) -> dict[str, Any]:
    """A contract without a bonus says nothing about what the cap covers."""
    cap = generate(Random(seed))[0]["cap"]
    deductions = [
        each for each in generate(Random(seed))[0].get("deductions", ()) if each["when"] != "before-bonus"
    ]
    return {
        "bonus": None,
        "cap": {name: value for name, value in cap.items() if name != "covers"},
        "deductions": deductions or None,
    }


@given(seed=seeds, spent=portions)
@for_every_contract
def test_payment_never_exceeds_the_saving_nor_the_debt_the_overspending(seed: int, spent: Decimal) -> None:
    changes = _bonus_within(seed)
    if changes["bonus"] is None:
        changes |= _capped_alone(seed)
    settlement = settle(*_generated(seed, spent, **changes))
    saving = settlement.step("saving").amount
    assert min(saving, Decimal(0)) <= settlement.payment <= max(saving, Decimal(0))


@given(seed=seeds, spent=portions)
@for_every_contract
def test_one_sided_is_never_negative(seed: int, spent: Decimal) -> None:
    settlement = settle(*_generated(seed, spent, losses="none", withhold=None))
    assert settlement.payment >= 0


@given(seed=seeds, spent=st.integers(0, 999).map(lambda portion: Decimal(portion) / 1000))
@for_every_contract
def test_one_sided_and_two_sided_pay_the_same_on_a_saving(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent, project_costs=None)
    two_sided = settle(contract, inputs)
    assume(two_sided.step("saving").amount >= 0)
    one_sided = contract.model_dump(mode="json", exclude_none=True) | {"losses": "none"}
    alone = parse_contract(one_sided)
    facts = replace(inputs, revenue=None, loss_relief=None)
    facts = replace(facts, findings={name: inputs.findings[name] for name in alone.findings})
    if "choice" not in str(one_sided["threshold"]["rate"]):
        facts = replace(facts, chosen_threshold=None)
    assert settle(alone, facts).payment == two_sided.payment


@given(seed=seeds, spent=portions)
@for_every_contract
def test_effects_sum_to_the_payment(seed: int, spent: Decimal) -> None:
    settlement = settle(*_generated(seed, spent))
    assert sum(step.effect for step in settlement.steps) == settlement.payment
    assert settlement.step("payment").amount == settlement.payment
    running = Decimal(0)
    for step in settlement.steps:
        running += step.effect
        if step.key in ("target", "saving", "counted", "shared", "cap", "payment"):
            assert running == step.amount, step.key


@given(seed=seeds, spent=portions)
@for_every_contract
def test_payment_is_in_whole_units_and_within_one_of_the_exact_amount(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    settlement = settle(contract, inputs)
    exact = settlement.step("payment").inputs["before rounding"].value
    assert isinstance(exact, Decimal)
    assert settlement.payment % _unit(contract) == 0
    assert abs(settlement.payment - exact) < _unit(contract)


@given(seed=seeds, spent=portions, less=portions)
@for_every_contract
def test_a_larger_saving_never_pays_less(seed: int, spent: Decimal, less: Decimal) -> None:
    contract, inputs = _generated(seed, max(spent, less))
    # a share for what lies below a deductible falls back to nothing just above it
    assume(contract.threshold.below is None)
    saved_more = _spend(contract, inputs, min(spent, less))
    assert settle(contract, saved_more).payment >= settle(contract, inputs).payment


def _improved(contract: Contract, inputs: SettlementInputs, which: int, by: float) -> SettlementInputs:
    """One indicator that can be assessed gets better by its own measure."""
    able = [number for number, result in enumerate(inputs.results) if result.assessable]
    number = able[which % len(able)]
    results = list(inputs.results)
    results[number] = _better(contract, results[number], by)
    return replace(inputs, results=tuple(results))


def _better(contract: Contract, result: IndicatorResult, by: float) -> IndicatorResult:
    attain = next(rule for rule in contract.quality.indicators if rule.indicator == result.indicator).attain
    if isinstance(attain, ByBand):
        upward = attain.attained["high998"] >= attain.attained["low998"]
        place = BANDS.index(result.band) + (1 if upward else -1)
        return replace(result, band=BANDS[min(max(place, 0), 4)])
    if isinstance(attain, ByBenchmark):
        return replace(result, position=min((result.position or 0) + by, 1.0))
    if not isinstance(attain, ByLevel | ByImprovement):
        return replace(result, reported=True)
    assert result.adjusted is not None
    return replace(result, adjusted=result.adjusted + (by if attain.better == "higher" else -by))


@given(seed=seeds, spent=portions, which=st.integers(0, 4), by=st.floats(0, 0.2))
@for_every_contract
def test_better_quality_never_pays_less(seed: int, spent: Decimal, which: int, by: float) -> None:
    contract, inputs = _generated(seed, spent)
    better = _improved(contract, inputs, which, by)
    before, after = settle(contract, inputs), settle(contract, better)
    assert after.quality.score >= before.quality.score
    if contract.target.discount is None:
        assert after.payment >= before.payment


def _ten_times(inputs: SettlementInputs) -> SettlementInputs:
    def row(each: BaselineSpending) -> BaselineSpending:
        above = None if each.above is None else each.above * 10
        return replace(each, spending=each.spending * 10, above=above)

    names = ("above", "target", "project_costs", "revenue", "loss_relief")
    money = {name: getattr(inputs, name) for name in names}
    return replace(
        inputs,
        spending=inputs.spending * 10,
        baselines=tuple(map(row, inputs.baselines)),
        comparison=tuple(map(row, inputs.comparison)),
        **{name: amount * 10 for name, amount in money.items() if amount is not None},
    )


def _stated_amounts(contract: Contract) -> bool:
    """Whether euros stand in the contract itself, which do not grow with the facts."""
    bonus = contract.bonus is not None and contract.bonus.size.euros is not None
    costs = contract.project_costs is not None and contract.project_costs.at_most is not None
    return bonus or costs or contract.target.kind == "stated"


@given(seed=seeds, spent=portions)
@for_every_contract
def test_ten_times_the_money_pays_ten_times_as_much(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    assume(not _stated_amounts(contract))
    once, tenfold = settle(contract, inputs), settle(contract, _ten_times(inputs))
    assert abs(tenfold.payment / 10 - once.payment) <= _unit(contract)
    assert tenfold.step("savings_rate").amount == once.step("savings_rate").amount


@given(seed=seeds, spent=portions)
@for_every_contract
def test_the_same_facts_give_the_same_settlement(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    settlement = settle(contract, inputs)
    again: Settlement = settle(parse_contract(contract.model_dump(mode="json")), inputs)
    assert again == settlement
    assert settle_again(contract, settlement.to_dict()).to_dict() == settlement.to_dict()


@given(seed=seeds, spent=portions, first=st.integers(0, 100))
@for_every_contract
def test_interim_equals_final_at_completion_1(seed: int, spent: Decimal, first: int) -> None:
    contract, inputs = _generated(seed, spent)
    assume(contract.spending.payer_share_above == 1)
    early = round(inputs.spending * first / 100, 2)
    parts = (
        Completion("first", early, Decimal(1)),
        Completion("rest", inputs.spending - early, Decimal(1)),
    )
    interim = settle(contract, replace(inputs, interim=Interim("2026-06-30", parts)))
    assert interim.payment == settle(contract, inputs).payment
    assert interim.kind == "interim"


@given(seed=seeds, spent=portions, weights=st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any))
@for_every_contract
def test_portions_sum_to_the_payment(seed: int, spent: Decimal, weights: list[int]) -> None:
    rule = {"by": "records", "remainder": "largest-remainder"}
    contract, inputs = _terms(seed, distribution=rule)
    members = tuple(Member(f"m{number}", Decimal(weight)) for number, weight in enumerate(weights))
    inputs = _spend(contract, replace(inputs, members=members), spent)
    settlement = settle(contract, inputs)
    assert sum(portion.amount for portion in settlement.portions) == settlement.payment


@given(seed=seeds, spent=portions)
@for_every_contract
def test_points_of_the_indicators_sum_to_the_score(seed: int, spent: Decimal) -> None:
    quality = settle(*_generated(seed, spent)).quality
    points = sum((line.points for line in quality.lines), Fraction(0))
    assert quality.score == (0 if quality.missed else points)
    assert sum(line.weight for line in quality.lines) == 1
    assert 0 <= quality.score <= 1
