"""A second settlement engine, written from the reference text alone, against the first.

It reads the plain data of contract and facts, computes in fractions and shares no code with ``contracts``.
Formula: B own history, trended and weighted; D = B - C; s = D / B; G = D (gate) or D - m B (deductible) if s
passes m; rate = base + sum of w_k f_k(quality_k); pay = min(rate G, cap B); rounded once, half up.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import asdict, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.contract import parse_contract
from contracts.inputs import BaselineSpending, SettlementInputs
from contracts.ledger import settle
from tests.contracts import build

CONTRACTS = 500
BANDS = ["low998", "low95", "in", "high95", "high998"]


def target_again(terms: dict[str, Any], facts: dict[str, Any]) -> Fraction:
    history = {row["period"]: row for row in facts["baselines"]}
    rule = terms["target"]
    yearly = Fraction(rule["trend"]["rate"])
    total_weight = sum(Fraction(part["weight"]) for part in rule["baseline"])
    answer = Fraction(0)
    for part in rule["baseline"]:
        row = history[part["period"]]
        gap = int(facts["period"]) - int(part["period"])
        index = Fraction(1)
        for _ in range(gap):
            index = index * (1 + yearly) if rule["trend"]["growth"] == "compound" else index + yearly
        money = Fraction(row["spending"]) * index
        if rule["basis"] == "per-record":
            money = money * facts["records"] / row["records"]
        answer += money * Fraction(part["weight"]) / total_weight
    return answer


def attained_again(attain: dict[str, Any], score: dict[str, Any], digits: int) -> Fraction:
    if attain["by"] == "band":
        return Fraction(attain["attained"][score["band"]])
    value = Fraction(math.floor(Fraction(str(score["adjusted"])) * 10**digits + Fraction(1, 2)), 10**digits)
    worst, best = Fraction(attain["threshold"]), Fraction(attain["target"])
    if attain["better"] == "lower":
        value, worst, best = -value, -worst, -best
    if value <= worst:
        return Fraction(0)
    return Fraction(1) if value >= best else (value - worst) / (best - worst)


def quality_again(terms: dict[str, Any], facts: dict[str, Any]) -> Fraction:
    scores = {row["indicator"]: row for row in facts["results"]}
    earned, possible = Fraction(0), Fraction(0)
    for rule in terms["quality"]["indicators"]:
        score, weight = scores[rule["indicator"]], Fraction(rule["weight"])
        if score["band"] == "not-assessable":
            possible += weight if terms["quality"]["not_assessable"] == "zero" else 0
            continue
        possible += weight
        earned += weight * attained_again(rule["attain"], score, terms["quality"]["digits"])
    return earned / possible


def payment_again(terms: dict[str, Any], facts: dict[str, Any], seen: Counter[str]) -> Fraction:
    target = target_again(terms, facts)
    saving = target - Fraction(facts["spending"])
    minimum = Fraction(terms["threshold"]["rate"])
    rate = saving / target
    passes = rate > minimum or (rate == minimum and terms["threshold"]["passes_when"] == "at_or_above")
    counts = saving if terms["threshold"]["mode"] == "gate" else saving - minimum * target
    if not passes or facts["records"] < terms["population"]["minimum_records"]:
        counts = Fraction(0)
    low, high = Fraction(terms["share"]["base"]), Fraction(terms["share"]["at_full_quality"])
    quality = quality_again(terms, facts)
    pay = counts * (low * (1 - quality) + high * quality)
    cap = terms["cap"]
    limit = pay if cap["rate_of"] == "none" else Fraction(cap["rate"]) * target
    seen.update(
        at_threshold=rate == minimum,
        overspent=saving < 0,
        below_threshold=0 < rate < minimum,
        too_few=facts["records"] < terms["population"]["minimum_records"],
        paid=pay > 0,
        capped=pay > limit,
        partly_attained=0 < quality < 1,
    )
    unit = Fraction(1, 100) if terms["rounding"]["unit"] == "cent" else Fraction(1)
    rounded = math.floor(min(pay, limit) / unit + Fraction(1, 2)) * unit
    if rounded > max(saving, Fraction(0)):
        seen.update(rounded_down=1)
        rounded -= unit
    return rounded


def generate(draw: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Contract and facts as plain data; all numbers as text, so that both engines read the same."""
    rules, scores = [], []
    for number in range(draw.randint(1, 5)):
        rules.append(
            {"indicator": f"goal-{number}", "weight": str(draw.randint(1, 9)), "attain": _goal(draw)}
        )
        band = draw.choice([*BANDS, *BANDS, "not-assessable"] if number else BANDS)
        adjusted = draw.choice([0.05, 0.1, draw.random() / 5])
        scores.append({"indicator": f"goal-{number}", "adjusted": adjusted, "band": band})
    years = sorted(draw.sample(["2020", "2021", "2022", "2023"], draw.randint(1, 3)))
    base = draw.randint(0, 100)
    terms = build.terms(
        population__minimum_records=draw.choice([1, 900]),
        target={
            "kind": "own-history",
            "basis": draw.choice(["per-record", "total"]),
            "baseline": [{"period": year, "weight": str(draw.randint(1, 7))} for year in years],
            "trend": {
                "rate": draw.choice(["0", "0.03", "-0.015", "0.0275"]),
                "growth": draw.choice(["compound", "simple"]),
            },
        },
        threshold={
            "rate": draw.choice(["0", "0.01", "0.02", "0.05"]),
            "mode": draw.choice(["gate", "deductible"]),
            "passes_when": draw.choice(["at_or_above", "above"]),
        },
        quality__indicators=rules,
        quality__digits=draw.choice([2, 3, 6]),
        quality__not_assessable=draw.choice(["leave-out", "zero"]),
        share={"base": f"{base / 100}", "at_full_quality": f"{draw.randint(base, 100) / 100}"},
        cap=draw.choice([{"rate_of": "none"}, {"rate_of": "target", "rate": draw.choice(["0.01", "0.05"])}]),
        rounding__unit=draw.choice(["cent", "euro"]),
    )
    size = draw.choice([100, 10**7, 10**9])
    facts: dict[str, Any] = {
        "period": draw.choice(["2024", "2025"]),
        "records": draw.randint(800, 1200),
        "baselines": [
            {"period": year, "records": draw.randint(800, 1200), "spending": _cents(draw, size)}
            for year in years
        ],
        "results": scores,
    }
    return terms, facts | {"spending": _spending(draw, terms, facts)}


def _goal(draw: random.Random) -> dict[str, Any]:
    if draw.random() < 0.3:
        amounts = sorted((draw.randint(0, 100) / 100 for _ in BANDS), reverse=draw.random() < 0.5)
        return {"by": "band", "attained": {band: str(x) for band, x in zip(BANDS, amounts, strict=True)}}
    low, high = draw.choice([("0.05", "0.1"), ("0.02", "0.15"), ("0.1", "0.11")])
    if draw.random() < 0.5:
        return {"by": "level", "better": "higher", "threshold": low, "target": high}
    return {"by": "level", "better": "lower", "threshold": high, "target": low}


def _cents(draw: random.Random, size: int) -> str:
    return f"{draw.randint(size * 90, size * 110) / 100:.2f}"


def _spending(draw: random.Random, terms: dict[str, Any], facts: dict[str, Any]) -> str:
    """Near the target; often exactly at the threshold, where an exact decimal can say so."""
    target = target_again(terms, facts)
    exact = target * (1 - Fraction(terms["threshold"]["rate"]))
    if draw.random() < 0.5 and 10**30 % exact.denominator == 0:
        return format(Decimal(f"{exact.numerator * 10**30 // exact.denominator}E-30"), "f")
    return f"{float(target) * draw.choice([0.2, 0.9, 0.97, 0.985, 0.995, 1.02]):.2f}"


def to_inputs(facts: dict[str, Any]) -> SettlementInputs:
    plain = build.facts(
        period=facts["period"],
        records=facts["records"],
        spending=facts["spending"],
        results=tuple(
            build.result(row["indicator"], row["adjusted"], band=row["band"], period=facts["period"])
            for row in facts["results"]
        ),
    )
    rows = (row | {"spending": Decimal(row["spending"])} for row in facts["baselines"])
    return replace(plain, baselines=tuple(BaselineSpending(**row) for row in rows))


def test_two_engines_agree_on_generated_contracts() -> None:
    draw = random.Random(20251122)
    seen: Counter[str] = Counter()
    for number in range(CONTRACTS):
        terms, facts = generate(draw)
        settlement = settle(parse_contract(terms), to_inputs(facts))
        assert Fraction(settlement.payment) == payment_again(terms, facts, seen), (number, terms, facts)
        assert settlement.quality.score == quality_again(terms, facts), number
        assert abs(Fraction(settlement.step("target").amount) - target_again(terms, facts)) <= Fraction(
            1, 10**12
        ), number
    # the agreement means something only where every rule was at work
    assert all(seen[what] >= 20 for what in seen if what != "rounded_down"), seen
    assert len(seen) == 8, seen


def test_the_second_engine_knows_the_reference_case() -> None:
    # 10 million, 9.6 million, 2 of 5 goals, 0.25 + 2 * 0.05 of 400 thousand
    goals = [{"indicator": f"goal-{n}", "weight": 1, "attain": build.GOAL} for n in range(5)]
    terms = build.terms(share={"base": "0.25", "at_full_quality": "0.5"}, quality__indicators=goals)
    results = tuple(build.result(f"goal-{n}", float(n < 2)) for n in range(5))
    facts = asdict(build.facts(target="10000000", spending="9600000", results=results))
    assert payment_again(terms, facts, Counter()) == 140000
