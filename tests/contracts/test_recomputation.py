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
from fractions import Fraction

from contracts.contract import parse_contract
from contracts.ledger import settle
from tests.contracts import build
from tests.contracts.generate import generate, to_inputs
from tests.contracts.second_engine import payment_again, quality_again, target_again

CONTRACTS = 2000
SEEN = (
    *("at_threshold", "overspent", "below_threshold", "too_few", "paid", "owed", "capped", "limited"),
    *("partly_attained", "missed", "bonus", "bonus_limited", "deducted", "phased", "withheld", "discounted"),
    *("corridors", "steps", "cases", "table", "not_judged", "weighted", "improved", "relieved", "suspended"),
    *("reduced", "project_costs", "risk_limited", "blended", "above"),
)


def compare(contracts: int) -> Counter[str]:
    """Settle generated contracts by both engines; what was at work in how many of them."""
    draw = random.Random(20251122)
    seen: Counter[str] = Counter()
    for number in range(contracts):
        terms, facts = generate(draw)
        contract = parse_contract(terms)
        settlement = settle(contract, to_inputs(facts, contract))
        assert Fraction(settlement.payment) == payment_again(terms, facts, seen), (number, terms, facts)
        score, _ = quality_again(terms, facts, Counter())
        assert settlement.quality.score == score, (number, terms, facts)
        target = target_again(terms, facts, score, Counter())
        shown = Fraction(settlement.step("target").amount)
        assert abs(shown - target) <= Fraction(1, 10**12), (number, terms, facts)
    return seen


def test_two_engines_agree_on_generated_contracts() -> None:
    seen = compare(CONTRACTS)
    # the agreement means something only where every rule was at work
    assert {what: seen[what] for what in SEEN if seen[what] < 10} == {}


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
    compare(wanted)
    print(f"{wanted:,} contracts, the same to the cent, in {time.perf_counter() - start:.0f} s")
