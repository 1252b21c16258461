"""A second settlement engine, written from the reference text alone, against the first.

It reads the plain data of contract and facts, computes in fractions and shares no code with ``contracts``.
``python -m tests.contracts.test_recomputation 10000`` compares so many generated contracts.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from contracts.contract import parse_contract
from contracts.inputs import SettlementError
from contracts.ledger import Settlement, settle
from contracts.payers import settle_payers
from contracts.rebasing import YearOutcome, rebase
from tests.contracts import build
from tests.contracts.generate import generate_any, generate_payers, generate_term, to_inputs
from tests.contracts.second_engine import (
    Looked,
    others_again,
    payment_again,
    pool_again,
    portions_again,
    quality_again,
    rebased_again,
    target_again,
)

CONTRACTS = 2000
SEEN = (
    *("at_threshold", "overspent", "below_threshold", "too_few", "paid", "owed", "capped", "limited"),
    *("partly_attained", "missed", "bonus", "bonus_limited", "deducted", "phased", "withheld", "discounted"),
    *("corridors", "steps", "cases", "table", "not_judged", "weighted", "improved", "relieved", "suspended"),
    *("reduced", "project_costs", "risk_limited", "blended", "above", "parts", "sliding", "significance"),
    *("left_to_table", "limit_lifted", "horizons", "refused", "interim", "in_part", "distributed", "others"),
)
SEEN_OF_PAYERS = ("pooled", "apart", "shares", "at_threshold", "paid", "owed", "refused", "mixed")


def compare(contracts: int) -> Counter[str]:
    """Settle generated contracts by both engines; what was at work in how many of them."""
    draw = random.Random(20251122)
    seen: Counter[str] = Counter()
    for number in range(contracts):
        terms, facts = generate_any(draw)
        contract = parse_contract(terms)
        seen.update(interim="interim" in facts, in_part=isinstance(facts["records"], str))
        wanted = payment_again(terms, facts, seen)
        if wanted is None:
            with pytest.raises(SettlementError, match="below_minimum: no-settlement"):
                settle(contract, to_inputs(facts, contract))
            continue
        settlement = settle(contract, to_inputs(facts, contract))
        _hold(terms, facts, settlement, wanted, seen, (number, terms, facts))
        score, _ = quality_again(terms, facts, Counter())
        assert settlement.quality.score == score, (number, terms, facts)
        target = target_again(terms, facts, score, Counter())
        shown = Fraction(settlement.step("target").amount)
        assert abs(shown - target) <= Fraction(1, 10**12), (number, terms, facts)
    return seen


def _hold(
    terms: dict[str, Any],
    facts: dict[str, Any],
    settlement: Settlement,
    wanted: Fraction,
    seen: Counter[str],
    told: object,
    pool: Looked | None = None,
) -> None:
    """The same payment, and the same parts of it."""
    assert Fraction(settlement.payment) == wanted, told
    others = {each.name: Fraction(each.amount) for each in settlement.others}
    assert others == others_again(terms, facts, wanted, pool), told
    seen["others"] += any(others.values())
    rule = terms.get("distribution")
    weights = facts.get("members", ())
    if rule is not None:
        by = rule.get("weights", {row["name"]: row["weight"] for row in weights})
        portions = {each.name: Fraction(each.amount) for each in settlement.portions}
        assert portions == portions_again(wanted, by.items(), terms["rounding"]["unit"]), told
        seen["distributed"] += any(portions.values())


def compare_payers(contracts: int) -> Counter[str]:
    """Settle generated contracts with several payers by both engines."""
    draw = random.Random(20260218)
    seen: Counter[str] = Counter()
    for number in range(contracts):
        terms, facts = generate_payers(draw)
        told = (number, terms, facts)
        contract = parse_contract(terms)
        inputs = {payer: to_inputs(own, contract) for payer, own in facts.items()}
        pool = None
        if terms["parties"]["judged"] == "pooled":
            pool = pool_again(terms, facts.values(), Counter())
        wanted = {payer: payment_again(terms, own, seen, pool) for payer, own in facts.items()}
        seen.update(pooled=pool is not None, apart=pool is None, shares="shares" in terms["parties"])
        if None in wanted.values():
            with pytest.raises(SettlementError, match="below_minimum: no-settlement"):
                settle_payers(contract, inputs)
            continue
        joint = settle_payers(contract, inputs)
        amounts = {payer: amount for payer, amount in wanted.items() if amount is not None}
        for payer, amount in amounts.items():
            _hold(terms, facts[payer], joint.of(payer), amount, seen, told, pool)
        assert Fraction(joint.payment) == sum(amounts.values()), told
        seen["mixed"] += min(amounts.values()) <= 0 < max(amounts.values())
    return seen


def compare_terms(contracts: int) -> None:
    """Rebase generated terms by both engines, exactly."""
    draw = random.Random(20260301)
    for _ in range(contracts):
        rule, years = generate_term(draw)
        contract = build.contract(rebasing=rule)
        outcomes = [
            YearOutcome(year["period"], year["records"], Decimal(year["spending"]), Decimal(year["payment"]))
            for year in years
        ]
        assert rebase(contract, outcomes).target == rebased_again(rule, years), (rule, years)


def test_two_engines_agree_on_generated_contracts() -> None:
    seen = compare(CONTRACTS)
    # the agreement means something only where every rule was at work
    assert {what: seen[what] for what in SEEN if seen[what] < 10} == {}


def test_two_engines_agree_on_several_payers() -> None:
    seen = compare_payers(CONTRACTS // 4)
    assert {what: seen[what] for what in SEEN_OF_PAYERS if seen[what] < 10} == {}


def test_two_engines_agree_on_the_target_after_the_term() -> None:
    compare_terms(CONTRACTS // 4)


def test_the_second_engine_knows_the_reference_case() -> None:
    # 10 million, 9.6 million, 2 of 5 goals, 0.25 + 2 * 0.05 of 400 thousand
    goals = [{"indicator": f"goal-{n}", "weight": 1, "attain": build.GOAL} for n in range(5)]
    terms = build.terms(share={"base": "0.25", "at_full_quality": "0.5"}, quality__indicators=goals)
    results = tuple(build.result(f"goal-{n}", float(n < 2)) for n in range(5))
    facts = asdict(build.facts(target="10000000", spending="9600000", results=results))
    assert payment_again(terms, facts, Counter()) == 140000


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    start = time.perf_counter()
    alone, joint = compare(wanted), compare_payers(wanted // 4)
    compare_terms(wanted // 4)
    print(f"{wanted:,} contracts with one payer, {wanted // 4:,} with two or three and {wanted // 4:,} terms")
    print(f"are the same to the cent, in {time.perf_counter() - start:.0f} s; at work in how many:")
    for name in (*SEEN, *SEEN_OF_PAYERS[:4]):
        print(f"  {name:20} {max(alone[name], joint[name]):,}")
