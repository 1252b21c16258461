"""Random contracts with facts that fit them, as plain data; amounts as text, the same to both engines."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, SettlementInputs
from tests.contracts import build
from tests.contracts.second_engine import quality_again, target_again, threshold_again

BANDS = ["low998", "low95", "in", "high95", "high998"]
YEARS = ["2024", "2025"]
FOUND = ("alpha", "beta", "gamma")


def generate(draw: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Contract and facts; about half the contracts have each of the rarer sections."""
    terms = build.terms(
        population__minimum_records=draw.choice([1, 1, 900]),
        quality=_quality(draw),
        share=_rate(draw, rising=True, slices=True),
        threshold=_threshold(draw),
        rounding__unit=draw.choice(["cent", "euro"]),
        years=list(YEARS),
    )
    terms["target"] = _target(draw)
    _add_sections(draw, terms)
    facts = _facts(draw, terms)
    facts["spending"] = _spending(draw, terms, facts)
    return terms, facts


def _add_sections(draw: random.Random, terms: dict[str, Any]) -> None:
    if draw.random() < 0.3:
        terms["spending"]["payer_share_above"] = draw.choice(["0.8", "0.5"])
    if draw.random() < 0.5:
        terms["bonus"] = {
            "size": draw.choice(
                [{"rate_of": "none", "euros": "5000"}, {"rate_of": "target", "rate": "0.01"}]
            ),
            "earned": _rate(draw, rising=True),
            "limit": draw.choice(["remaining-saving", "none"]),
            "without_counted_saving": draw.choice(["paid", "lapses"]),
        }
    if draw.random() < 0.5:
        limit = draw.choice(["0.01", "0.05", {"2024": "0.02", "2025": "0.03"}])
        terms["cap"] = {"rate_of": "target", "rate": limit}
        if "bonus" in terms:
            terms["cap"]["covers"] = draw.choice(["share", "share-and-bonus"])
    places = ["before-cap", "after-cap", *(["before-bonus"] if "bonus" in terms else [])]
    if draw.random() < 0.4:
        picked = draw.sample(places, draw.randint(1, 2))
        terms["deductions"] = [
            {"name": {"nl": f"Afslag {when}", "en": f"Levy {when}"}, "rate": "0.02", "when": when}
            for when in picked
        ]
    if draw.random() < 0.6:
        terms["losses"] = _losses(draw)
    _add_rarer_sections(draw, terms)


def _add_rarer_sections(draw: random.Random, terms: dict[str, Any]) -> None:
    if draw.random() < 0.25:
        terms["withhold"] = {
            "rate": "0.02",
            "earned": _rate(draw, rising=True),
            "settled_as": draw.choice(["returned", "charged"]),
        }
    if draw.random() < 0.25:
        terms["project_costs"] = {"threshold_judges": draw.choice(["net-saving", "gross-saving"])}
        if draw.random() < 0.5:
            terms["project_costs"]["at_most"] = "1500"
    if draw.random() < 0.2:
        covers = draw.choice(["savings", "savings-and-losses"])
        terms["suspended"] = [{"when": "gamma", "covers": covers}]


def _rate(draw: random.Random, *, rising: bool, slices: bool = False) -> dict[str, Any]:
    kind = draw.choice(["linear", "linear", "steps", "cases", *(["corridors"] if slices else [])])
    if kind == "corridors":
        rates = [draw.randint(0, 100) for _ in range(3)]
        ends: list[dict[str, Any]] = [{"up_to": "0.01"}, {"up_to": "0.04"}, {}]
        return {
            "kind": kind,
            "corridors": [{**end, "rate": f"{rate / 100}"} for end, rate in zip(ends, rates, strict=True)],
        }
    if kind == "cases":
        cases = [{"when": name, "rate": _by_quality(draw, rising)} for name in draw.sample(FOUND[:2], 2)]
        return {"kind": kind, "cases": cases, "otherwise": f"{draw.randint(0, 50) / 100}"}
    return _by_quality(draw, rising, steps=kind == "steps")


def _by_quality(draw: random.Random, rising: bool, *, steps: bool = False) -> dict[str, Any]:
    rates = sorted((draw.randint(0, 100) / 100 for _ in range(3)), reverse=not rising)
    if steps:
        starts = ["0", "0.4", "0.75"]
        return {
            "kind": "steps",
            "steps": [{"from_score": s, "rate": f"{r}"} for s, r in zip(starts, rates, strict=True)],
        }
    rule: dict[str, Any] = {"base": f"{rates[0]}", "at_full_quality": f"{rates[2]}"}
    if draw.random() < 0.3:
        rule |= {"minimum": "0.2", "maximum": "0.6"}
    return rule


def _threshold(draw: random.Random, *, losses: bool = False) -> dict[str, Any]:
    table = [
        {"from_records": 500, "to_records": 999, "from_rate": "0.03", "to_rate": "0.02"},
        {"from_records": 1000, "from_rate": "0.01"},
    ]
    rate: Any = draw.choice(["0", "0.01", "0.02", "0.05"])
    if draw.random() < 0.3:
        rate = {"by": "population", "between": draw.choice(["linear", "step"]), "table": table}
    elif draw.random() < 0.15:
        rate = {"by": "choice", "among": ["0", "0.01", "0.02"]}
    rule = {
        "rate": rate,
        "mode": draw.choice(["gate", "deductible"]),
        "passes_when": draw.choice(["at_or_above", "above"]),
    }
    if not losses and draw.random() < 0.2:
        rule["below"] = {"share_times": "0.5", "minimum_records": 700, "when": "alpha"}
    return rule


def _losses(draw: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "threshold": _threshold(draw, losses=True),
        "rate": _rate(draw, rising=False, slices=True),
        "limits": draw.choice([[], [{"rate_of": "target", "rate": "0.01"}]]),
        "relief": draw.choice(["none", "as-established"]),
    }
    if draw.random() < 0.4:
        rule["limits"] = [*rule["limits"], {"rate_of": "revenue", "rate": "0.02", "when": "beta"}]
        rule["revenue_unknown"] = "other-limits-only"
    if draw.random() < 0.5:
        rule["phase_in"] = {"2024": "0.25", "2025": "0.75"}
        rule["phase"] = draw.choice(["before-limits", "after-limits"])
    return rule


def _target(draw: random.Random) -> dict[str, Any]:
    kind = draw.choice(["own-history", "own-history", "blend", "comparison-group", "stated", "delivered"])
    years = sorted(draw.sample(["2020", "2021", "2022", "2023"], draw.randint(1, 3)))
    rate = {
        "rate": draw.choice(["0", "0.03", "-0.015"]),
        "growth": draw.choice(["compound", "simple"]),
    }
    own: dict[str, Any] = {
        "kind": "own-history",
        "basis": draw.choice(["per-record", "total"]),
        "baseline": [{"period": year, "weight": str(draw.randint(1, 7))} for year in years],
        "trend": draw.choice([rate, rate, {"kind": "comparison-group"}]),
    }
    group: dict[str, Any] = {"kind": "comparison-group"}
    if draw.random() < 0.4:
        mix = {
            "limit": draw.choice(["0.03", "0.03", "none"]),
            "limited": draw.choice(["growth", "both-ways"]),
        }
        own["case_mix"], group["case_mix"] = mix, mix
    amounts = {"2024": "1000", "2025": "1100"}
    rule: dict[str, Any] = {
        "own-history": own,
        "comparison-group": group,
        "blend": {"kind": "blend", "own_weight": "0.7", "own": own, "group": group},
        "stated": {"kind": "stated", "basis": "per-record", "amounts": amounts},
        "delivered": {"kind": "delivered"},
    }[kind]
    if draw.random() < 0.2:
        rule = {**rule, "path": {"2024": "1", "2025": "0.98"}}
    if draw.random() < 0.2:
        rule = {**rule, "discount": _by_quality(draw, rising=False, steps=True)}
        for step in rule["discount"]["steps"]:
            step["rate"] = str(Decimal(step["rate"]) / 20)
    return rule


def _quality(draw: random.Random) -> dict[str, Any]:
    rules = []
    for number in range(draw.randint(1, 5)):
        rule = {"indicator": f"goal-{number}", "weight": str(draw.randint(1, 9)), "attain": _goal(draw)}
        if draw.random() < 0.1:
            rule["minimum_attained"] = "0.3"
        rules.append(rule)
    quality: dict[str, Any] = {
        "digits": draw.choice([2, 3, 6]),
        "value": draw.choice(["raw", "raw", "reliability-weighted"]),
        "not_assessable": draw.choice(["leave-out", "zero"]),
        "not_ripe": draw.choice(["ripe-records", "leave-out", "zero", "reporting"]),
        "indicators": rules,
    }
    if draw.random() < 0.4:
        quality["too_small"] = {"records": 100, "then": draw.choice(["leave-out", "zero", "reporting"])}
    if draw.random() < 0.4:
        how = draw.choice(["leave-out", "zero", "reporting"])
        quality["reliability"] = {"floor": "0.4", "below_floor": how}
    if draw.random() < 0.15:
        quality["minimum_score"] = "0.2"
    if "minimum_score" in quality or any("minimum_attained" in rule for rule in rules):
        quality["minimum_missed"] = draw.choice(["score-zero", "no-payment"])
    return quality


def _goal(draw: random.Random) -> dict[str, Any]:
    kind = draw.choice(["level", "level", "level", "band", "improvement", "benchmark", "reporting"])
    if kind == "band":
        amounts = sorted((draw.randint(0, 100) / 100 for _ in BANDS), reverse=draw.random() < 0.5)
        return {"by": kind, "attained": {band: str(x) for band, x in zip(BANDS, amounts, strict=True)}}
    if kind == "improvement":
        return {
            "by": kind,
            "better": draw.choice(["lower", "higher"]),
            "baseline": draw.choice(["0.1", "as-delivered"]),
            "measured": draw.choice(["relative", "absolute"]),
            "path": draw.choice([{"2024": "0.2", "2025": "0.5"}, {"2024": "0.02", "2025": "0.02"}]),
            "partial": draw.choice(["proportional", "all-or-nothing"]),
        }
    if kind == "benchmark":
        points = [{"from_position": "0.3", "attained": "0.5"}, {"from_position": "0.8", "attained": "1"}]
        return {"by": kind, "between": draw.choice(["step", "linear"]), "points": points}
    if kind == "reporting":
        return {"by": kind}
    low, high = draw.choice([("0.05", "0.1"), ("0.02", "0.15"), ("0.1", "0.11")])
    if draw.random() < 0.5:
        return {"by": kind, "better": "higher", "threshold": low, "target": high}
    return {"by": kind, "better": "lower", "threshold": high, "target": low}


def _facts(draw: random.Random, terms: dict[str, Any]) -> dict[str, Any]:
    size = draw.choice([100, 10**7, 10**9])
    target = terms["target"]
    own = target.get("own", target)
    years = [part["period"] for part in own.get("baseline", ())]
    period = draw.choice(YEARS)
    compared = set()
    if target["kind"] in ("blend", "comparison-group"):
        compared.add(period)
    if own.get("trend", {}).get("kind") == "comparison-group":
        compared |= {period, *years}
    at_risk = "case_mix" in own or "case_mix" in target.get("group", {})
    partly = terms["spending"]["payer_share_above"] != 1

    def row(when: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "period": when,
            "records": draw.randint(800, 1200),
            "spending": _cents(draw, size),
        }
        if at_risk:
            made["risk"] = draw.choice(["1", "1.02", "0.95", "1.1"])
        if partly:
            made["above"] = _cents(draw, max(size // 100, 1))
        return made

    facts = {
        **row(period),
        "results": [_score(draw, number) for number in range(len(terms["quality"]["indicators"]))],
        "baselines": [row(year) for year in years],
        "comparison": [row(year) for year in sorted(compared)],
        "findings": {name: draw.random() < 0.4 for name in FOUND},
        "revenue": None,
    }
    return facts | _amounts(draw, terms, size)


def _amounts(draw: random.Random, terms: dict[str, Any], size: int) -> dict[str, Any]:
    """Amounts that only some contracts ask for."""
    losses = terms["losses"] if terms["losses"] != "none" else {}
    facts: dict[str, Any] = {}
    if terms["target"]["kind"] == "delivered":
        facts["target"] = _cents(draw, size)
    if "project_costs" in terms:
        facts["project_costs"] = draw.choice(["0", "1000", "2500.50"])
    if "revenue_unknown" in losses and draw.random() < 0.7:
        facts["revenue"] = _cents(draw, size)
    if losses.get("relief") == "as-established":
        facts["loss_relief"] = draw.choice(["0", "100.10", "2000"])
    rates = [terms["threshold"]["rate"], losses.get("threshold", {}).get("rate")]
    if any(isinstance(rate, dict) and rate["by"] == "choice" for rate in rates):
        facts["chosen_threshold"] = draw.choice(["0", "0.01", "0.02"])
    return facts


def _score(draw: random.Random, number: int) -> dict[str, Any]:
    band = draw.choice([*BANDS, *BANDS, "not-assessable"] if number else BANDS)
    return {
        "indicator": f"goal-{number}",
        "adjusted": draw.choice([0.05, 0.1, draw.random() / 5]),
        "band": band,
        # the first one can always be judged, so that something is left to score
        "n": draw.choice([50, 100, 300]) if number else 300,
        "reliability": draw.choice([0.3, 0.4, 0.9]) if number else 0.9,
        "ripe": draw.random() < 0.9 or not number,
        "reported": draw.choice([None, True, False]),
        "reference": 0.08,
        "baseline": 0.12,
        "position": draw.choice([0.1, 0.3, 0.55, 0.9]),
    }


def _cents(draw: random.Random, size: int) -> str:
    return f"{draw.randint(size * 90, size * 110) / 100:.2f}"


def _spending(draw: random.Random, terms: dict[str, Any], facts: dict[str, Any]) -> str:
    """Near the target; often exactly at a threshold, where an exact decimal can say so."""
    score, _ = quality_again(terms, facts, Counter())
    target = target_again(terms, facts, score, Counter())
    exact = target * (1 - threshold_again(terms["threshold"], facts, Counter()))
    exact -= Fraction(facts.get("project_costs", 0))
    if terms["losses"] != "none" and draw.random() < 0.4:
        exact = target * (1 + threshold_again(terms["losses"]["threshold"], facts, Counter()))
    rest = 1 - Fraction(terms["spending"]["payer_share_above"])
    exact -= rest * Fraction(facts.get("above", 0))
    if draw.random() < 0.5 and 10**30 % exact.denominator == 0 and exact >= 0:
        return format(Decimal(f"{exact.numerator * 10**30 // exact.denominator}E-30"), "f")
    return f"{float(target) * draw.choice([0.2, 0.9, 0.97, 0.985, 0.995, 1.02, 1.005, 1.2]):.2f}"


def to_inputs(facts: dict[str, Any], contract: Contract) -> SettlementInputs:
    """The facts as the engine takes them: of the findings only those that the contract asks for."""
    names = ("above", "target", "risk", "project_costs", "revenue", "loss_relief", "chosen_threshold")
    more: dict[str, Any] = {name: Decimal(facts[name]) for name in names if facts.get(name) is not None}
    return SettlementInputs(
        period=facts["period"],
        records=facts["records"],
        spending=Decimal(facts["spending"]),
        baselines=tuple(map(_baseline, facts["baselines"])),
        comparison=tuple(map(_baseline, facts["comparison"])),
        results=tuple(build.result(period=facts["period"], **row) for row in facts["results"]),
        findings={name: facts["findings"][name] for name in contract.findings},
        **more,
    )


def _baseline(row: dict[str, Any]) -> BaselineSpending:
    money = {name: Decimal(row[name]) for name in ("spending", "above", "risk") if name in row}
    return BaselineSpending(period=row["period"], records=row["records"], **money)
