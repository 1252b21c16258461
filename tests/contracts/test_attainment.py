"""Improvement, benchmark, reporting, reliability, minima: by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from contracts.inputs import SettlementError
from contracts.ledger import settle
from contracts.quality import QualityScore, quality_score
from contracts.terms.quality import Quality
from tests.contracts import build

HALF_IN_THREE_YEARS = {
    "by": "improvement",
    "better": "lower",
    "baseline": 0.06,
    "measured": "relative",
    "path": {"2023": 0.2, "2024": 0.35, "2025": 0.5},
    "partial": "proportional",
}


def _score(attain: dict[str, Any], *, quality: dict[str, Any] | None = None, **score: Any) -> QualityScore:
    """One indicator beside one of the same weight that attains nothing."""
    rules = Quality.model_validate(
        {
            "digits": 6,
            "value": "raw",
            "not_assessable": "leave-out",
            "not_ripe": "ripe-records",
            "indicators": [
                {"indicator": "own", "weight": 1, "attain": attain},
                {"indicator": "rest", "weight": 1, "attain": build.GOAL},
            ],
            **(quality or {}),
        }
    )
    return quality_score(rules, [build.result("own", **score), build.result("rest", 0.0)])


def _attained(attain: dict[str, Any], *, quality: dict[str, Any] | None = None, **score: Any) -> Fraction:
    return _score(attain, quality=quality, **score).lines[0].attained


@pytest.mark.parametrize(
    ("year", "adjusted", "attained"),
    [
        ("2025", 0.042, Fraction(3, 5)),  # 30 % fewer haemorrhages where half was asked
        ("2024", 0.042, Fraction(6, 7)),  # 30 % where 35 % was asked
        ("2023", 0.042, 1),  # 30 % where 20 % was asked
        ("2025", 0.03, 1),
        ("2025", 0.01, 1),
        ("2025", 0.06, 0),
        ("2025", 0.07, 0),  # worse than before
    ],
)
def test_half_the_haemorrhages_in_three_years(year: str, adjusted: float, attained: Fraction) -> None:
    assert _attained(HALF_IN_THREE_YEARS, adjusted=adjusted, period=year) == attained


def test_improvement_all_or_nothing_absolute_and_upwards() -> None:
    strict = HALF_IN_THREE_YEARS | {"partial": "all-or-nothing"}
    assert _attained(strict, adjusted=0.042) == 0
    assert _attained(strict, adjusted=0.03) == 1
    points = HALF_IN_THREE_YEARS | {"measured": "absolute", "path": {"2025": 0.02}}
    assert _attained(points, adjusted=0.045) == Fraction(3, 4)  # 1.5 points of the 2 that were asked
    upwards = {**points, "better": "higher", "baseline": 0.70, "path": {"2025": 0.1}}
    assert _attained(upwards, adjusted=0.75) == Fraction(1, 2)


def test_improvement_on_a_delivered_baseline() -> None:
    delivered = HALF_IN_THREE_YEARS | {"baseline": "as-delivered"}
    assert _attained(delivered, adjusted=0.04, baseline=0.08) == 1
    assert _attained(delivered, adjusted=0.06, baseline=0.08) == Fraction(1, 2)


POINTS = [{"from_position": 0.3, "attained": 0.55}, {"from_position": 0.9, "attained": 1}]


@pytest.mark.parametrize(
    ("between", "position", "attained"),
    [
        ("step", 0.29, 0),
        ("step", 0.3, Fraction(55, 100)),
        ("step", 0.89, Fraction(55, 100)),
        ("step", 0.9, 1),
        ("linear", 0.29, 0),
        ("linear", 0.6, Fraction(775, 1000)),  # half way between 0.55 and 1
        ("linear", 1.0, 1),
    ],
)
def test_by_position_in_the_benchmark(between: str, position: float, attained: Fraction) -> None:
    rule = {"by": "benchmark", "between": between, "points": POINTS}
    assert _attained(rule, adjusted=0.5, position=position) == attained


def test_by_reporting_whatever_it_shows() -> None:
    rule = {"by": "reporting"}
    assert _attained(rule, adjusted=0.5) == 1
    assert _attained(rule, adjusted=None) == 0
    assert _attained(rule, adjusted=None, reported=True) == 1
    assert _attained(rule, adjusted=0.5, reported=False) == 0


LEVEL = {"by": "level", "better": "higher", "threshold": 0.8, "target": 0.9}


def test_reliability_weighted_values_are_drawn_towards_the_benchmark() -> None:
    # 0.6 * 0.90 + 0.4 * 0.80 = 0.86
    own = build.result("own", 0.9, reliability=0.6, reference=0.8)
    rest = build.result("rest", 0.0, reliability=1, reference=0.5)
    weighted = quality_score(_rules({"value": "reliability-weighted"}), [own, rest])
    assert str(weighted.lines[0].adjusted) == "0.860000"
    assert weighted.lines[0].attained == Fraction(3, 5)
    assert quality_score(_rules({"value": "raw"}), [own, rest]).lines[0].attained == 1


@pytest.mark.parametrize(
    ("then", "weights", "attained"),
    [
        ("leave-out", [0, 1], 0),
        ("zero", [Fraction(1, 2)] * 2, 0),
        ("reporting", [Fraction(1, 2)] * 2, 1),
    ],
)
@pytest.mark.parametrize(
    ("field", "facts", "reason"),
    [
        ("too_small", {"n": 29}, "too-small"),
        ("reliability", {"reliability": 0.39}, "unreliable"),
        ("not_ripe", {"ripe": False}, "not-ripe"),
    ],
)
def test_what_is_not_judged(
    field: str, facts: dict[str, Any], reason: str, then: str, weights: list[Fraction], attained: int
) -> None:
    rule: dict[str, Any] = {
        "too_small": {"records": 30, "then": then},
        "reliability": {"floor": 0.4, "below_floor": then},
        "not_ripe": then,
    }
    rest = build.result("rest", 0.0, reliability=0.9)
    rules = _rules({field: rule[field]})
    score = quality_score(rules, [build.result("own", 0.85, **facts), rest])
    line = score.lines[0]
    assert (line.handled, line.reason, line.attained) == (then, reason, attained)
    assert [each.weight for each in score.lines] == weights
    enough = {"n": 30, "reliability": 0.4, "ripe": True}
    judged = quality_score(rules, [build.result("own", 0.85, **enough), rest]).lines[0]
    assert (judged.handled, judged.reason, judged.attained) == ("judged", None, Fraction(1, 2))


def _rules(changes: dict[str, Any], **rule: Any) -> Quality:
    data: dict[str, Any] = {
        "digits": 6,
        "value": "raw",
        "not_assessable": "leave-out",
        "not_ripe": "ripe-records",
        "indicators": [
            {"indicator": "own", "weight": 1, "attain": LEVEL, **rule},
            {"indicator": "rest", "weight": 1, "attain": build.GOAL},
        ],
    }
    return Quality.model_validate({**data, **changes})


def test_weights_within_horizons() -> None:
    # horizon 2 weighs 3 of 4: its indicators 1 and 2 of 3; horizon 3 weighs 1 of 4
    names = [("a", 1, 2, 1.0), ("b", 2, 2, 0.5), ("c", 9, 3, 1.0)]
    rules = Quality.model_validate(
        {
            "digits": 6,
            "value": "raw",
            "not_assessable": "leave-out",
            "not_ripe": "ripe-records",
            "horizon_weights": {2: 3, 3: 1},
            "indicators": [
                {"indicator": name, "weight": weight, "horizon": horizon, "attain": build.GOAL}
                for name, weight, horizon, _ in names
            ],
        }
    )
    results = [build.result(name, value) for name, _, _, value in names]
    score = quality_score(rules, results)
    assert [line.weight for line in score.lines] == [Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)]
    assert score.score == Fraction(3, 4)
    # a horizon of which nothing can be judged gives its weight to the others
    left = quality_score(rules, [*results[:2], build.result("c", None)])
    assert [line.weight for line in left.lines] == [Fraction(1, 3), Fraction(2, 3), 0]


@pytest.mark.parametrize(
    ("missed", "adjusted", "payment"),
    [
        ("score-zero", 0.849, 125000),  # share at score 0 is 0.25
        ("score-zero", 0.85, 218750),  # score (0.5 + 1) / 2: share 0.25 + 0.25 * 0.75
        ("no-payment", 0.849, 0),
    ],
)
def test_a_missed_minimum(missed: str, adjusted: float, payment: int) -> None:
    contract = build.contract(
        share={"base": 0.25, "at_full_quality": 0.5},
        quality__minimum_missed=missed,
        quality__indicators=[
            {"indicator": "own", "weight": 1, "attain": LEVEL, "minimum_attained": 0.5},
            {"indicator": "rest", "weight": 1, "attain": build.GOAL},
        ],
    )
    results = (build.result("own", adjusted), build.result("rest", 1.0))
    settlement = settle(contract, build.facts(target="1000000", spending="500000", results=results))
    assert settlement.payment == payment
    assert settlement.quality.missed == (("own",) if adjusted < 0.85 else ())


def test_a_minimum_score() -> None:
    rules = _rules({"minimum_score": 0.5, "minimum_missed": "score-zero"})
    low = quality_score(rules, [build.result("own", 0.89), build.result("rest", 0.0)])
    assert (low.score, low.missed) == (0, ("score",))
    assert quality_score(rules, [build.result("own", 0.9), build.result("rest", 0.0)]).score == Fraction(1, 2)


@pytest.mark.parametrize(
    ("quality", "score", "words"),
    [
        ({"value": "reliability-weighted"}, {"reference": 0.5}, "no reliability"),
        ({"value": "reliability-weighted"}, {"reliability": 0.5}, "no reference"),
        ({"reliability": {"floor": 0.5, "below_floor": "zero"}}, {}, "no reliability"),
        ({}, {"reliability": 1.2}, "from 0 to 1"),
        ({"attain": {"by": "benchmark", "between": "step", "points": POINTS}}, {}, "no position"),
        ({"attain": {**HALF_IN_THREE_YEARS, "baseline": "as-delivered"}}, {}, "no baseline"),
        (
            {"attain": {**HALF_IN_THREE_YEARS, "baseline": "as-delivered"}},
            {"baseline": 0},
            "needs one above 0",
        ),
    ],
)
def test_scores_that_lack_what_the_contract_needs(
    quality: dict[str, Any], score: dict[str, Any], words: str
) -> None:
    changes = {f"quality__{name}": value for name, value in quality.items() if name != "attain"}
    attain = quality.get("attain", build.GOAL)
    if "path" in attain:
        attain = {**attain, "path": {"2024": 0.2, "2025": 0.5}}
    changes["quality__indicators"] = [{"indicator": "goal", "weight": 1, "attain": attain}]
    facts = build.facts(target="10", spending="9", results=(build.result(adjusted=0.5, **score),))
    with pytest.raises(SettlementError, match=words) as caught:
        settle(build.contract(**changes), facts)
    assert "results goal" in str(caught.value)
