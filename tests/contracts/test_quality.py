"""Quality scores by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from contracts.contract import Quality
from contracts.inputs import SettlementError
from contracts.quality import quality_score
from tests.contracts import build


def _quality(*rules: dict[str, Any], digits: int = 6, not_assessable: str = "leave-out") -> Quality:
    return Quality.model_validate(
        {
            "digits": digits,
            "value": "raw",
            "not_assessable": not_assessable,
            "not_ripe": "ripe-records",
            "indicators": list(rules),
        }
    )


def _rule(indicator: str, weight: float, **attain: Any) -> dict[str, Any]:
    return {"indicator": indicator, "weight": weight, "attain": attain}


def _pph(weight: float = 1) -> dict[str, Any]:
    return _rule("pph", weight, by="level", better="lower", threshold=0.065, target=0.05)


def _booking(weight: float = 1) -> dict[str, Any]:
    return _rule("booking", weight, by="level", better="higher", threshold=0.8, target=0.9)


@pytest.mark.parametrize(
    ("adjusted", "attained"),
    [
        (0.065, Fraction(0)),  # at the threshold
        (0.070, Fraction(0)),  # worse
        (0.060, Fraction(1, 3)),  # 0.005 of the 0.015 between them
        (0.0575, Fraction(1, 2)),  # half way
        (0.050, Fraction(1)),  # at the target
        (0.0, Fraction(1)),  # better
    ],
)
def test_by_level_lower_is_better(adjusted: float, attained: Fraction) -> None:
    assert quality_score(_quality(_pph()), [build.result("pph", adjusted)]).score == attained


@pytest.mark.parametrize(
    ("adjusted", "attained"), [(0.79, 0), (0.80, 0), (0.85, Fraction(1, 2)), (0.9, 1), (0.95, 1)]
)
def test_by_level_higher_is_better(adjusted: float, attained: Fraction) -> None:
    assert quality_score(_quality(_booking()), [build.result("booking", adjusted)]).score == attained


@pytest.mark.parametrize(
    ("band", "attained"), [("low998", 1), ("low95", 1), ("in", Fraction(3, 4)), ("high95", 0), ("high998", 0)]
)
def test_by_band(band: str, attained: Fraction) -> None:
    table = {"low998": 1, "low95": 1, "in": 0.75, "high95": 0, "high998": 0}
    rules = _quality(_rule("apgar", 1, by="band", attained=table))
    assert quality_score(rules, [build.result("apgar", 0.01, band=band)]).score == attained


def test_weighted_mean_of_attained() -> None:
    # 3/4 of the weight attains 1/3, 1/4 attains 1/2
    score = quality_score(
        _quality(_pph(3), _booking(1)), [build.result("booking", 0.85), build.result("pph", 0.06)]
    )
    assert [line.indicator for line in score.lines] == ["pph", "booking"]
    assert [line.points for line in score.lines] == [Fraction(1, 4), Fraction(1, 8)]
    assert score.score == Fraction(3, 8)


def test_not_assessable_is_left_out_or_counts_as_nothing() -> None:
    results = [build.result("pph", None), build.result("booking", 0.85)]
    left_out = quality_score(_quality(_pph(3), _booking(1)), results)
    zero = quality_score(_quality(_pph(3), _booking(1), not_assessable="zero"), results)
    assert left_out.score == Fraction(1, 2)
    assert [line.weight for line in left_out.lines] == [0, 1]
    assert zero.score == Fraction(1, 8)
    assert [line.weight for line in zero.lines] == [Fraction(3, 4), Fraction(1, 4)]


def test_a_value_in_a_class_that_cannot_be_assessed_does_not_count() -> None:
    results = [build.result("pph", 0.05, band="not-assessable"), build.result("booking", 0.8)]
    score = quality_score(_quality(_pph(), _booking()), results)
    assert score.score == 0
    assert score.lines[0].adjusted is None


def test_nothing_left_to_score_is_refused_unless_it_counts_as_nothing() -> None:
    results = [build.result("pph", None)]
    with pytest.raises(SettlementError, match="nothing is left to score"):
        quality_score(_quality(_pph()), results)
    assert quality_score(_quality(_pph(), not_assessable="zero"), results).score == 0


@pytest.mark.parametrize(("digits", "attained"), [(2, 1), (3, Fraction(1, 2)), (4, Fraction(49, 100))])
def test_values_are_rounded_to_the_stated_digits_first(digits: int, attained: Fraction) -> None:
    # 0.8548 counts as 0.85, 0.855 or 0.8548
    low, high = ("0.84", "0.85") if digits == 2 else ("0.845", "0.865")
    rule = _rule("x", 1, by="level", better="higher", threshold=low, target=high)
    score = quality_score(_quality(rule, digits=digits), [build.result("x", 0.8548)])
    assert score.score == attained


def test_half_goes_up_as_the_number_is_written() -> None:
    # in binary 0.145 lies below 0.145, which would make it 0.14
    rule = _rule("x", 1, by="level", better="higher", threshold=0.14, target=0.15)
    assert quality_score(_quality(rule, digits=2), [build.result("x", 0.145)]).score == 1


def test_lines_are_json_safe() -> None:
    line = quality_score(_quality(_pph()), [build.result("pph", 0.06)]).to_dict()["lines"][0]
    assert line["adjusted"] == "0.06"
    assert line["attained"] == "0.333333333333"
