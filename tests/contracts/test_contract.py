"""What a contract must say, and what it is refused for."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from contracts.contract import LEFT_OPEN, NOT_A_READING, Contract, parse_contract
from contracts.terms.part import Part
from tests.contracts import build

DEMO = Path(__file__).parents[2] / "indicators" / "library" / "birth" / "birth-vsv.contract.yaml"


BONUS = {
    "size": {"rate_of": "none", "euros": 100},
    "earned": {"base": 0, "at_full_quality": 1},
    "limit": "none",
    "without_counted_saving": "paid",
}
LOSSES = {
    "threshold": build.PLAIN["threshold"],
    "rate": {"base": 0.5, "at_full_quality": 0.5},
    "limits": [],
    "relief": "none",
}


def _only_fault(data: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ValidationError) as caught:
        parse_contract(data)
    faults = caught.value.errors()
    assert len(faults) == 1, faults
    return dict(faults[0])


OPEN_WORDS = {
    "threshold.mode": ("from the first euro", "only the part of the saving above"),
    "threshold.passes_when": ("exactly at the threshold passes", "does not pass"),
    "target.basis": ("spending per record", "total spending"),
    "target.trend.growth": ("6.09 %", "6 %"),
    "population.below_minimum": ("nothing is paid", "the parties decide"),
    "quality.not_assessable": ("weights of the rest are scaled up", "nothing attained"),
    "quality.not_ripe": ("on the records whose outcomes are known", "it drops out", "if it was reported"),
    "quality.digits": ("0.05,", "0.0549"),
    "quality.value": ("counts as it is", "drawn towards the benchmark"),
    "spending.truncation": ("a record that cost more counts as this much", "every euro"),
    "spending.payer_share_above": ("does not count at all", "counts as spending after all"),
    "cap": ("rate_of: target", "rate_of: none"),
    "cap.rate_of": ("times the spending target", "only the saving itself"),
    "losses": ("costs the participant nothing", "two-sided"),
    "rounding": ("the cent or the euro", "at every step"),
    "rounding.unit": ("whole cents", "whole euros"),
    "rounding.mode": ("goes up", "even"),
    "rounding.when": ("only the payment", "every step"),
}


@pytest.mark.parametrize(("path", "readings"), OPEN_WORDS.items())
def test_a_word_left_open_is_refused_with_its_readings(path: str, readings: tuple[str, ...]) -> None:
    fault = _only_fault(build.without(path))
    assert fault["type"] == LEFT_OPEN
    assert fault["loc"] == tuple(path.split("."))
    assert all(reading in fault["msg"] for reading in readings)


def test_of_which_target_rates_are_is_open_where_there_is_a_discount() -> None:
    discount = {"discount": {"kind": "steps", "steps": [{"from_score": 0, "rate": 0.02}]}}
    target = {**build.PLAIN["target"], **discount}
    fault = _only_fault(build.terms(target=target))
    assert (fault["type"], fault["loc"]) == (LEFT_OPEN, ("target", "rates_of"))
    assert "a part of what the discount leaves of it" in fault["msg"]
    assert "before the discount, which is another amount, is not offered" in fault["msg"]
    other = _only_fault(build.terms(target={**target, "rates_of": "target-before-discount"}))
    assert other["loc"] == ("target", "rates_of")
    assert "is not offered" in other["msg"]
    idle = _only_fault(build.terms(target__rates_of="target-after-discount"))
    assert "there is no 'discount'" in idle["msg"]


def _parts(of: type[Part] = Part) -> list[type[Part]]:
    return [of, *(each for part in of.__subclasses__() for each in _parts(part))]


@pytest.mark.parametrize("part", _parts(), ids=lambda part: part.__name__)
def test_every_section_refuses_its_open_words_with_their_readings(part: type[Part]) -> None:
    words = {name: field.description for name, field in part.model_fields.items() if field.is_required()}
    with pytest.raises(ValidationError) if words else contextlib.nullcontext() as caught:
        part.model_validate({})
    found = {fault["loc"]: fault for fault in caught.value.errors()} if caught else {}
    for name, readings in words.items():
        fault = found[name,]
        assert fault["type"] == ("missing" if readings is None else LEFT_OPEN)
        assert readings is None or readings in fault["msg"]


INSURED = {"column": "insurer", "codes": {"Payer": ["1"], "Other": ["2", "3"]}, "other_codes": "left-out"}
BLEND = {
    "kind": "blend",
    "own_weight": 0.5,
    "own": build.PLAIN["target"],
    "group": {"kind": "comparison-group"},
}
SHARED = {"parties__payers": ["Payer", "Other"], "parties__judged": "pooled", "parties__insured": INSURED}


@pytest.mark.parametrize(
    ("changes", "path", "readings"),
    [
        ({"parties__payers": ["One", "Two"]}, "parties.judged", ("each payer by itself", "together")),
        (
            {**SHARED, "target": BLEND, "comparison": {"networks": "others"}},
            "comparison.payers",
            ("its own insured elsewhere", "whoever insured them"),
        ),
        (
            {"cap": {"rate_of": "target", "rate": 0.1}, "bonus": BONUS},
            "cap.covers",
            ("not for the bonus", "the two together"),
        ),
        (
            {"losses": {**LOSSES, "phase_in": {"2024": 0, "2025": 1}}},
            "losses.phase",
            ("after the phase-in", "what the limits left"),
        ),
        (
            {"losses": {**LOSSES, "limits": [{"rate_of": "revenue", "rate": 0.1}]}},
            "losses.revenue_unknown",
            ("nothing is settled", "passed over"),
        ),
        ({"quality__minimum_score": 0.5}, "quality.minimum_missed", ("the share follows", "at all")),
    ],
)
def test_a_word_that_only_some_contracts_need(
    changes: dict[str, Any], path: str, readings: tuple[str, ...]
) -> None:
    fault = _only_fault(build.terms(**changes))
    assert fault["type"] == LEFT_OPEN
    assert ".".join(map(str, fault["loc"])) == path
    assert all(reading in fault["msg"] for reading in readings)


def _choices(field: dict[str, Any]) -> int:
    alternatives = [field, *field.get("anyOf", ()), *field.get("oneOf", ())]
    return sum(len(each.get("enum", ())) for each in alternatives)


def test_every_choice_says_what_each_reading_means() -> None:
    schema = Contract.model_json_schema()
    parts = {"Contract": schema, **schema["$defs"]}
    bare = {
        f"{part}.{name}"
        for part, model in parts.items()
        for name, field in model.get("properties", {}).items()
        if _choices(field) > 1 and "description" not in field
    }
    # no amount depends on the stage of a contract or on the name of its money, and the horizon of an
    # indicator is a number of the registry
    assert bare == {"Contract.status", "Contract.currency", "QualityRule.horizon"}
    for part, model in parts.items():
        for name, field in model.get("properties", {}).items():
            choices = field.get("enum", [])
            if "description" in field and f"{part}.{name}" not in bare:
                unsaid = [choice for choice in choices if f"'{choice}'" not in field["description"]]
                assert unsaid == [], (part, name)


@pytest.mark.parametrize("path", [path for path in OPEN_WORDS if "." in path])
def test_null_or_an_unknown_choice_leaves_it_open_too(path: str) -> None:
    for value in (None, "both"):
        data = build.terms(**{path.replace(".", "__"): value})
        if path in ("quality.digits", "spending.payer_share_above", "spending.truncation"):  # numbers
            assert _only_fault(data)["loc"] == tuple(path.split("."))
        else:
            fault = _only_fault(data)
            assert fault["type"] == NOT_A_READING
            assert all(reading in fault["msg"] for reading in OPEN_WORDS[path])


@pytest.mark.parametrize(
    "path",
    [
        *["contract", "version", "status", "title", "parties", "population", "years", "spending", "target"],
        *["threshold.rate", "quality.indicators", "share", "share.base", "share.at_full_quality"],
        *["target.trend", "target.baseline", "population.minimum_records"],
        *["quality.indicators.0.weight", "quality.indicators.0.attain"],
    ],
)
def test_no_field_is_filled_in_silently(path: str) -> None:
    fault = _only_fault(build.without(path))
    assert fault["type"] == "missing"
    assert ".".join(map(str, fault["loc"])) == path


def _level(**changes: Any) -> list[dict[str, Any]]:
    return [{"indicator": "goal", "weight": 1, "attain": {**build.GOAL, **changes}}]


def _bands(*amounts: float) -> list[dict[str, Any]]:
    names = ["low998", "low95", "in", "high95", "high998"]
    attained = dict(zip(names, amounts, strict=False))
    return [{"indicator": "goal", "weight": 1, "attain": {"by": "band", "attained": attained}}]


TWICE = [{"indicator": "goal", "weight": 1, "attain": build.GOAL}] * 2


FIXED = {"by": "fixed-weights", "remainder": "largest-remainder"}
GATE, BELOW = build.PLAIN["threshold"], {"share_times": 0.5, "minimum_records": 1}
LEVY = {"name": {"nl": "Afslag", "en": "Levy"}, "rate": 0.02}
OTHERS = {"comparison": {"networks": "others"}}
REBASING = {
    "basis": "total",
    "trend": {"rate": 0, "growth": "simple"},
    "prices_of": "last-year",
    "add_back": 0,
}


def _improvement(path: dict[str, float]) -> list[dict[str, Any]]:
    rule = {"by": "improvement", "better": "lower", "baseline": 0.1, "measured": "relative"}
    return [{"indicator": "goal", "weight": 1, "attain": {**rule, "path": path, "partial": "proportional"}}]


def _places(*points: tuple[float, float]) -> list[dict[str, Any]]:
    listed = [{"from_position": place, "attained": amount} for place, amount in points]
    attain = {"by": "benchmark", "between": "step", "points": listed}
    return [{"indicator": "goal", "weight": 1, "attain": attain}]


def _slices(*ends: float) -> list[dict[str, Any]]:
    return [*({"up_to": end, "rate": 0.1} for end in ends), {"rate": 0.2}]


def _sliding(start: float, low: float, end: float, high: float) -> dict[str, Any]:
    rates = {"from_rate": low, "to_rate": high}
    return {"kind": "sliding", "from_savings_rate": start, "to_savings_rate": end, **rates}


def _table(*rows: tuple[Any, ...]) -> dict[str, Any]:
    names = ("from_records", "to_records", "to_rate")
    table = [
        {"from_rate": 0.02} | {name: value for name, value in zip(names, row, strict=False) if value}
        for row in rows
    ]
    return {"by": "population", "between": "step", "table": table}


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"share": {"base": 0.5, "at_full_quality": 0.4}}, "better quality would pay less"),
    ({"share": {"base": 0.5, "at_full_quality": 1.01}}, "less than or equal to 1"),
    ({"share": {"base": -0.1, "at_full_quality": 0.5}}, "greater than or equal to 0"),
    ({"cap": {"rate_of": "target"}}, "needs a 'rate'"),
    ({"cap": {"rate_of": "none", "rate": 0.1}}, "has none"),
    ({"threshold__rate": "nan"}, "finite"),
    ({"threshold__rate": 1}, "less than 1"),
    ({"threshold__rate": -0.01}, "greater than or equal to 0"),
    ({"threshold__note": "x"}, "Extra inputs"),
    ({"losses": "half"}, "not one of the readings"),
    ({"quality__indicators": []}, "at least 1"),
    ({"quality__indicators": TWICE}, "more than once"),
    ({"quality__indicators": _level(threshold=1)}, "nothing lies between"),
    ({"quality__indicators": _level(better="lower")}, "worse side"),
    ({"quality__indicators": _bands(1, 1, 0.5, 0)}, "exactly the classes"),
    ({"quality__indicators": _bands(1, 0.5, 1, 0, 0)}, "up and down"),
    ({"years": []}, "at least 1"),
    ({"years": ["2025", "2025"]}, "more than once"),
    ({"years": ["2025/26"]}, "the year 2025/26 starts in April 2025"),
    ({"years": ["2022"]}, "before the first contract year"),
    ({"years": ["2023", "2024"]}, "before the first contract year"),
    ({"years": ["last year"]}, "pattern"),
    ({"target__trend": {"rate": -0.5, "growth": "simple"}}, "leaves no target after 2 years"),
    ({"parties__insured": INSURED}, "expected of Payer"),
    ({**SHARED, "parties__insured": {**INSURED, "codes": {"Payer": ["1"], "Other": ["1"]}}}, "more than"),
    ({**SHARED, "parties__insured": {**INSURED, "codes": {"Payer": ["1"], "Other": []}}}, "no record is"),
    ({"comparison": {"networks": "others"}}, "no target or trend uses"),
    ({"target": BLEND, "comparison": {"networks": ["VSV-01"]}}, "compared with itself"),
    ({"target": BLEND, "comparison": {"networks": "others", "payers": "own"}}, "does not tell"),
    ({"spending__truncation": 0}, "greater than 0"),
    ({"years": ["2025/26"], "year_starts": 7}, "different kinds"),
    ({"year_starts": 7}, "start in January"),
    ({"parties__judged": "pooled"}, "there is one"),
    ({"distribution": {"by": "equal", "weights": {"A": 1}, "remainder": "largest-remainder"}}, "have none"),
    ({"distribution": {**FIXED, "weights": {}}}, "names no provider"),
    ({"bonus": {**BONUS, "size": {"rate_of": "target", "euros": 5}}}, "needs 'euros'"),
    ({"cap": {"rate_of": "none", "covers": "share"}}, "no bonus that the cap"),
    ({"deductions": [{**LEVY, "when": "before-bonus"}]}, "there is no bonus"),
    ({"losses": {**LOSSES, "phase": "before-limits"}}, "no 'phase_in'"),
    ({"losses": {**LOSSES, "revenue_unknown": "no-settlement"}}, "there is none"),
    ({"losses": {**LOSSES, "threshold": {**GATE, "below": BELOW}}}, "this is for savings"),
    ({"losses": {**LOSSES, "rate": {"base": 0.1, "at_full_quality": 0.2}}}, "would cost more"),
    ({"losses": {**LOSSES, "phase_in": {"2024": 0}, "phase": "before-limits"}}, "one for each contract year"),
    ({"quality__minimum_missed": "score-zero"}, "no minimum was agreed"),
    ({"quality__horizon_weights": {"1": 1}}, "exactly the horizons"),
    ({"quality__indicators": _improvement({"2024": 0.5, "2025": 0.4})}, "the path goes back"),
    ({"quality__indicators": _improvement({"2024": 0.5, "2025": 1.5})}, "more than all of it"),
    ({"quality__indicators": _places((0.5, 1), (0.8, 0.5))}, "the points must rise"),
    ({"share": {"base": 0.5, "at_full_quality": 0.5, "minimum": 0.6, "maximum": 0.4}}, "above the maximum"),
    ({"share": {"kind": "steps", "steps": [{"from_score": 0.5, "rate": 0.1}]}}, "start at"),
    ({"share": {"kind": "corridors", "corridors": [{"up_to": 0.1, "rate": 0.1}]}}, "the last corridor"),
    ({"share": {"kind": "corridors", "corridors": _slices(0.2, 0.1)}}, "overlap"),
    ({"share": _sliding(0.1, 0.2, 0.1, 0.3)}, "must rise"),
    ({"share": _sliding(0.1, 0.3, 0.2, 0.2)}, "must rise"),
    ({"threshold__rate": _table((100, 50))}, "at or before it starts"),
    ({"threshold__rate": _table((100, None, 0.1))}, "no 'to_rate'"),
    ({"threshold__rate": _table((100, 200), (150, None))}, "overlap"),
    ({"threshold__rate": _table((100, 200))}, "needs no upper end"),
    (
        {"target": {**BLEND, "own": {**build.PLAIN["target"], "path": {"2024": 1, "2025": 1}}}, **OTHERS},
        "whole target",
    ),
    ({"target__baseline": [{"period": "2023", "weight": 1}] * 2}, "more than once"),
    ({"rebasing": {**REBASING, "weights": [1]}}, "2 contract years, oldest first"),
]


@pytest.mark.parametrize(("changes", "words"), CONTRADICTIONS)
def test_contradictions_are_refused(changes: dict[str, Any], words: str) -> None:
    assert words in _only_fault(build.terms(**changes))["msg"]


def test_a_contract_cannot_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        build.contract().losses = "half"  # type: ignore[assignment]


def test_hash_is_of_the_meaning_and_not_of_the_spelling() -> None:
    plain = build.contract(threshold__rate=0.3).hash
    assert build.contract(threshold__rate="0.30").hash == plain
    assert parse_contract(dict(reversed(build.terms(threshold__rate=0.3).items()))).hash == plain
    assert build.contract(threshold__rate=0.31).hash != plain


def test_years_may_be_written_as_numbers() -> None:
    assert build.contract(years=[2024, 2025]).years == ["2024", "2025"]


def test_shipped_demo_contract() -> None:
    demo = parse_contract(yaml.safe_load(DEMO.read_text("utf-8")))
    assert demo.contract == DEMO.name.removesuffix(".contract.yaml")
    assert "gegenereerde" in demo.title.nl
    assert "generated" in demo.title.en
    assert {rule.attain.by for rule in demo.quality.indicators} == {"level", "band"}
