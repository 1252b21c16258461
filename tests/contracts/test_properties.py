"""What holds for every contract and every set of facts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.contract import ByBand, Contract, parse_contract
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.ledger import Settlement, settle
from tests.contracts.test_recomputation import BANDS, generate, to_inputs

for_every_contract = settings(max_examples=150, deadline=None, derandomize=True)
seeds = st.integers(min_value=0, max_value=2**32)
portions = st.integers(min_value=0, max_value=1200).map(lambda thousandths: Decimal(thousandths) / 1000)


def _generated(seed: int, spent: Decimal) -> tuple[Contract, SettlementInputs]:
    """A generated contract; spending is a portion of the target."""
    terms, facts = generate(Random(seed))
    contract, inputs = parse_contract(terms), to_inputs(facts)
    return contract, _spend(contract, inputs, spent)


def _spend(contract: Contract, inputs: SettlementInputs, spent: Decimal) -> SettlementInputs:
    target = settle(contract, inputs).step("target").amount
    return replace(inputs, spending=round(target * spent, 2))


def _unit(contract: Contract) -> Decimal:
    return Decimal("0.01") if contract.rounding.unit == "cent" else Decimal(1)


@given(seed=seeds, spent=portions)
@for_every_contract
def test_payment_lies_between_nothing_and_the_saving(seed: int, spent: Decimal) -> None:
    settlement = settle(*_generated(seed, spent))
    assert 0 <= settlement.payment <= max(settlement.step("saving").amount, Decimal(0))


@given(seed=seeds, spent=portions)
@for_every_contract
def test_payment_stays_within_the_cap_to_the_unit(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    settlement = settle(contract, inputs)
    rate = contract.cap.rate or Decimal(1)
    assert settlement.payment <= rate * settlement.step("target").amount + _unit(contract) / 2


@given(seed=seeds, spent=portions)
@for_every_contract
def test_effects_sum_to_the_payment(seed: int, spent: Decimal) -> None:
    settlement = settle(*_generated(seed, spent))
    assert sum(step.effect for step in settlement.steps) == settlement.payment
    assert settlement.step("payment").amount == settlement.payment
    running = Decimal(0)
    for step in settlement.steps:
        running += step.effect
        if step.key in ("saving", "counted", "shared", "cap"):
            assert abs(running - step.amount) <= Decimal("1e-11")


@given(seed=seeds, spent=portions)
@for_every_contract
def test_payment_is_in_whole_units_and_within_one_of_the_exact_amount(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    settlement = settle(contract, inputs)
    assert settlement.payment % _unit(contract) == 0
    assert abs(settlement.payment - settlement.step("cap").amount) < _unit(contract)


@given(seed=seeds, spent=portions, less=portions)
@for_every_contract
def test_a_larger_saving_never_pays_less(seed: int, spent: Decimal, less: Decimal) -> None:
    contract, inputs = _generated(seed, max(spent, less))
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
    assert result.adjusted is not None
    return replace(result, adjusted=result.adjusted + (by if attain.better == "higher" else -by))


@given(seed=seeds, spent=portions, which=st.integers(0, 4), by=st.floats(0, 0.2))
@for_every_contract
def test_better_quality_never_pays_less(seed: int, spent: Decimal, which: int, by: float) -> None:
    contract, inputs = _generated(seed, spent)
    before, after = settle(contract, inputs), settle(contract, _improved(contract, inputs, which, by))
    assert after.quality.score >= before.quality.score
    assert after.payment >= before.payment


def _ten_times(inputs: SettlementInputs) -> SettlementInputs:
    baselines = tuple(replace(row, spending=row.spending * 10) for row in inputs.baselines)
    return replace(inputs, spending=inputs.spending * 10, baselines=baselines)


@given(seed=seeds, spent=portions)
@for_every_contract
def test_ten_times_the_money_pays_ten_times_as_much(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    once, tenfold = settle(contract, inputs), settle(contract, _ten_times(inputs))
    assert abs(tenfold.payment / 10 - once.payment) <= _unit(contract)
    assert tenfold.step("savings_rate") == replace(
        once.step("savings_rate"), inputs=tenfold.step("savings_rate").inputs
    )


@given(seed=seeds, spent=portions)
@for_every_contract
def test_the_same_facts_give_the_same_settlement(seed: int, spent: Decimal) -> None:
    contract, inputs = _generated(seed, spent)
    again: Settlement = settle(parse_contract(contract.model_dump(mode="json")), inputs)
    assert again == settle(contract, inputs)
    assert again.to_dict() == settle(contract, inputs).to_dict()


@given(seed=seeds, spent=portions)
@for_every_contract
def test_points_of_the_indicators_sum_to_the_score(seed: int, spent: Decimal) -> None:
    quality = settle(*_generated(seed, spent)).quality
    assert sum(line.points for line in quality.lines) == quality.score
    assert sum(line.weight for line in quality.lines) == 1
    assert 0 <= quality.score <= 1
