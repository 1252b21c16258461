"""Random contracts with facts that fit them, as plain data; amounts as text, the same to both engines."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, Completion, Interim, Member, SettlementInputs
from tests.contracts import build
from tests.contracts.second_engine import pool_again, quality_again, target_again, threshold_again

BANDS = ["low998", "low95", "in", "high95", "high998"]
YEARS = ["2024", "2025"]
FOUND = ("alpha", "beta", "gamma")


def generate(draw: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Contract and facts; about half the contracts have each of the rarer sections."""
    terms = build.terms(
        population__minimum_records=draw.choice([1, 1, 900]),
        quality=_quality(draw),
        share=_share(draw),
        threshold=_threshold(draw),
        rounding__unit=draw.choice(["cent", "euro"]),
        years=list(YEARS),
    )
    terms["target"] = _target(draw)
    _add_sections(draw, terms)
    facts = _facts(draw, terms)
    facts["spending"] = _spending(draw, terms, facts)
    return terms, facts


def generate_any(draw: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """As above, and now and then with what is not always settled, known in part, or counted in part."""
    terms, facts = generate(draw)
    if draw.random() < 0.25:
        terms["population"]["below_minimum"] = "no-settlement"
    if draw.random() < 0.15:
        for row in (facts, *facts["baselines"], *facts["comparison"]):
            row["records"] = f"{row['records']}.{draw.randint(1, 99):02}"
        facts["spending"] = _spending(draw, terms, facts)
    if terms["spending"]["payer_share_above"] == 1 and draw.random() < 0.15:
        facts |= _in_parts(draw, facts["spending"])
    return terms, facts


def generate_payers(draw: random.Random) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """A contract with two or three payers and the facts of each; the pool is often exactly at a threshold."""
    terms, first = generate_any(draw)
    names = ["Sun", "Moon", "Star"][: draw.randint(2, 3)]
    terms["parties"] |= {"payers": names, "judged": draw.choice(["per-payer", "pooled"])}
    if terms["target"]["kind"] in ("blend", "comparison-group") and draw.random() < 0.2:
        terms["comparison"] = {"networks": "others"}
    facts = {names[0]: first}
    for name in names[1:]:
        # quality, and what was found and chosen, are of all
        own = _facts(draw, terms, period=first["period"])
        own |= {key: first[key] for key in ("results", "findings", "chosen_threshold") if key in first}
        own["spending"] = _spending(draw, terms, own)
        facts[name] = own
    if draw.random() < 0.2:
        terms["parties"]["shares"] = dict(zip(names, ["0.5", "0.3", "0.2"], strict=False))
        if len(names) == 2:
            terms["parties"]["shares"][names[1]] = "0.5"
        for own in facts.values():
            own["records"] = first["records"]
    last = facts[names[-1]]
    if terms["parties"]["judged"] == "pooled" and draw.random() < 0.5 and "interim" not in last:
        _meet_the_pool(terms, facts, last)
    return terms, facts


def _meet_the_pool(terms: dict[str, Any], facts: dict[str, dict[str, Any]], last: dict[str, Any]) -> None:
    """Let the last payer spend so that all together lie exactly at the threshold, if a decimal can say so."""
    pool = pool_again(terms, facts.values(), Counter())
    rate = threshold_again(terms["threshold"], last, Counter(), pool.records)
    exact = Fraction(last["spending"]) + pool.saving - rate * pool.target
    if exact >= 0 and 10**30 % exact.denominator == 0:
        last["spending"] = _decimal(exact)


def generate_term(draw: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A rule for rebasing, and what each contract year came to."""
    rule = {
        "basis": draw.choice(["per-record", "total"]),
        "weights": [str(draw.randint(1, 5)) for _ in YEARS],
        "trend": {
            "rate": draw.choice(["0", "0.03", "-0.015"]),
            "growth": draw.choice(["compound", "simple"]),
        },
        "prices_of": draw.choice(["last-year", "year-after"]),
        "add_back": draw.choice(["0", "0.5", "1"]),
    }
    years = [
        {
            "period": year,
            "records": draw.randint(800, 1200),
            "spending": _cents(draw, 10**6),
            "payment": f"{draw.randint(-(10**6), 10**6) / 100:.2f}",
        }
        for year in YEARS
    ]
    return rule, years


def _in_parts(draw: random.Random, spending: str) -> dict[str, Any]:
    """The same final spending, known in part: three quarters in full, of the rest some."""
    whole, factor = Decimal(spending), draw.choice(["0.5", "0.8", "1"])
    with localcontext() as context:
        context.prec = 60
        rest = whole / 4
        known = rest * Decimal(factor)
        parts = [
            {"part": "first", "spending": format(whole - rest, "f"), "factor": "1"},
            {"part": "last", "spending": format(known, "f"), "factor": factor},
        ]
        return {"spending": format(whole - rest + known, "f"), "interim": parts}


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
            "rate": draw.choice(["0.02", {"2024": "0.01", "2025": "0.03"}]),
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
    if draw.random() < 0.4:
        by = draw.choice(["fixed-weights", "records", "spending", "equal"])
        terms["distribution"] = {"by": by, "remainder": "largest-remainder"}
        if by == "fixed-weights":
            terms["distribution"]["weights"] = {"West": "1", "East": "2.5", "North": "1"}


def _share(draw: random.Random) -> dict[str, Any]:
    kind = draw.choice(["any", "any", "any", "any", "sliding", "parts"])
    if kind == "parts":
        return {"kind": kind, "participant": draw.randint(1, 4), "others": {"patients": 1, "fund": "0.5"}}
    if kind == "sliding":
        low, high = sorted(draw.randint(0, 100) / 100 for _ in range(2))
        rates = {"from_rate": f"{low}", "to_rate": f"{high}"}
        return {"kind": kind, "from_savings_rate": "0.01", "to_savings_rate": "0.06", **rates}
    return _rate(draw, rising=True, slices=True)


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
        if draw.random() < 0.5:
            rate["otherwise"] = {"by": "population", "between": "linear", "table": table}
    elif draw.random() < 0.15:
        rate = {"by": "significance", "error": "0.05", "cv": "0.6", "digits": draw.choice([2, 4])}
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
        only = draw.choice([{"when": "beta"}, {"unless": "alpha"}])
        by_year = draw.choice(["0.02", {"2024": "0.01", "2025": "0.02"}])
        rule["limits"] = [*rule["limits"], {"rate_of": "revenue", "rate": by_year, **only}]
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
        rule["rates_of"] = "target-after-discount"
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
    if draw.random() < 0.3:
        for rule in rules:
            rule["horizon"] = draw.choice([1, 2, 3])
        quality["horizon_weights"] = {
            str(horizon): str(draw.randint(1, 5)) for horizon in {rule["horizon"] for rule in rules}
        }
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


def _facts(draw: random.Random, terms: dict[str, Any], period: str | None = None) -> dict[str, Any]:
    size = draw.choice([100, 10**7, 10**9])
    target = terms["target"]
    own = target.get("own", target)
    years = [part["period"] for part in own.get("baseline", ())]
    period = period or draw.choice(YEARS)
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


def _members(draw: random.Random, by: str) -> list[dict[str, str]]:
    weights = {
        "records": [str(draw.randint(0, 400)) for _ in range(3)],
        "spending": [_cents(draw, 1000) for _ in range(3)],
        "equal": ["1", "1", "1"],
    }[by]
    weights[0] = weights[0] if weights[0] != "0" else "1"
    return [{"name": f"P{n}", "weight": weight} for n, weight in enumerate(weights)]


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
        choices = [rate for rate in rates if isinstance(rate, dict) and rate["by"] == "choice"]
        if all("otherwise" in rate for rate in choices) and draw.random() < 0.5:
            del facts["chosen_threshold"]
    distribution = terms.get("distribution", {})
    if distribution.get("by", "fixed-weights") != "fixed-weights":
        facts["members"] = _members(draw, distribution["by"])
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
        return _decimal(exact)
    return f"{float(target) * draw.choice([0.2, 0.9, 0.97, 0.985, 0.995, 1.02, 1.005, 1.2]):.2f}"


def _decimal(exact: Fraction) -> str:
    """A fraction that 30 digits behind the point can say, as text."""
    return format(Decimal(f"{exact.numerator * 10**30 // exact.denominator}E-30"), "f")


def _records(size: int | str) -> int | Decimal:
    return Decimal(size) if isinstance(size, str) else size


def to_inputs(facts: dict[str, Any], contract: Contract) -> SettlementInputs:
    """The facts as the engine takes them: of the findings only those that the contract asks for."""
    names = ("above", "target", "risk", "project_costs", "revenue", "loss_relief", "chosen_threshold")
    more: dict[str, Any] = {name: Decimal(facts[name]) for name in names if facts.get(name) is not None}
    if "interim" in facts:
        parts = (
            Completion(part["part"], Decimal(part["spending"]), Decimal(part["factor"]))
            for part in facts["interim"]
        )
        more["interim"] = Interim(f"{facts['period']}-09-30", tuple(parts))
    if "members" in facts:
        more["members"] = tuple(Member(row["name"], Decimal(row["weight"])) for row in facts["members"])
    return SettlementInputs(
        period=facts["period"],
        records=_records(facts["records"]),
        spending=Decimal(facts["spending"]),
        baselines=tuple(map(_baseline, facts["baselines"])),
        comparison=tuple(map(_baseline, facts["comparison"])),
        results=tuple(build.result(period=facts["period"], **row) for row in facts["results"]),
        findings={name: facts["findings"][name] for name in contract.findings},
        **more,
    )


def _baseline(row: dict[str, Any]) -> BaselineSpending:
    money = {name: Decimal(row[name]) for name in ("spending", "above", "risk") if name in row}
    return BaselineSpending(period=row["period"], records=_records(row["records"]), **money)
