"""Every field of a contract and of its facts, broken in every way: refused with its path, or settled right.

The fields are walked, not listed: a field that is added to the language and stands in none of the contracts
here fails the first test.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import yaml

from contracts.contract import Contract, parse_contract
from contracts.inputs import Completion, Interim, SettlementError, SettlementInputs
from contracts.payers import settle_payers
from contracts.terms.facts import Facts
from contracts.terms.part import Part
from contracts.terms.threshold import ByChoice
from indicators.faults import DefinitionError
from registry_db.catalogue import read_definition
from tests.contracts import build, test_models
from tests.contracts.any_facts import any_facts
from tests.contracts.broken import Path, breakages, fields_at, paths
from tests.contracts.generate import generate

INSURED = {"column": "insurer", "codes": {"Payer": ["1"], "Other": ["2"]}, "other_codes": "left-out"}
BLEND = {
    "kind": "blend",
    "own_weight": 0.5,
    "own": {
        **build.PLAIN["target"],
        "trend": {"kind": "rate", "rate": 0, "growth": "compound"},
        "case_mix": {"limit": 0.03, "column": "risk", "limited": "growth"},
    },
    "group": {"kind": "comparison-group", "case_mix": {"limit": "none", "limited": "both-ways"}},
    "path": {"2024": 1, "2025": "0.98"},
    "discount": {"kind": "steps", "steps": [{"from_score": 0, "rate": 0.02}, {"from_score": 0.5, "rate": 0}]},
    "rates_of": "target-after-discount",
}
IMPROVED = {
    "by": "improvement",
    "better": "lower",
    "baseline": {"period": "2023", "model": "frozen"},
    "measured": "absolute",
    "path": {"2024": 0.1, "2025": 0.2},
    "partial": "proportional",
}
LOSSES = {
    "threshold": build.PLAIN["threshold"],
    "rate": {
        "kind": "cases",
        "cases": [{"when": "flood", "rate": {"base": 0, "at_full_quality": 0}}],
        "otherwise": 0.5,
    },
    "limits": [{"rate_of": "revenue", "rate": 0.1, "when": "small", "unless": "flood"}],
    "revenue_unknown": "no-settlement",
    "phase_in": {"2024": 0, "2025": 1},
    "phase": "after-limits",
    "relief": "as-established",
}
RARE = build.terms(
    parties__payers=["Payer", "Other"],
    parties__judged="pooled",
    parties__insured=INSURED,
    target=BLEND,
    comparison={"networks": ["VSV-02", "VSV-03"], "payers": "all"},
    quality__indicators=[
        {"indicator": "goal", "version": "1.0.0", "weight": 1, "horizon": 2, "attain": IMPROVED},
    ],
    losses=LOSSES,
    share={"kind": "linear", "base": 0.3, "at_full_quality": 0.5},
    spending__out_of_scope=[{"nl": "Tandzorg", "en": "Dental care"}],
)
SHIFTED = build.terms(
    years=["2024/25", "2025/26"],
    year_starts=4,
    target__baseline=[{"period": "2022/23", "weight": 1}],
    target__case_mix={"limit": 0.03, "indicator": "expected", "limited": "growth"},
    parties__payers=["Payer", "Other"],
    parties__judged="per-payer",
    parties__shares={"Payer": "0.4", "Other": "0.6"},
)
GROUPED = build.terms(
    target={"kind": "comparison-group", "path": {"2024": 1, "2025": 0.98}}, comparison={"networks": "others"}
)
ESTABLISHED = {
    "facts": "established",
    "version": "1.0.0",
    "status": "active",
    "title": {"nl": "Vastgesteld", "en": "Established"},
    "contract": "plain",
    "years": {
        "2025": {
            "target": 1000,
            "project_costs": 10,
            "revenue": 500,
            "loss_relief": 0,
            "chosen_threshold": 0.02,
            "findings": {"flood": True},
            "interim": {"paid_through": "2025-09-30", "complete": {"2025-01": 1, "2025-09": 0.8}},
            "payers": {"Payer": {"target": 900, "project_costs": 1, "revenue": 2, "loss_relief": 3}},
        }
    },
}


@cache
def _bases() -> dict[str, dict[str, Any]]:
    """Contracts that hold every field between them: by hand, the shipped ones, and generated ones."""
    bases = {"rare": RARE, "shifted": SHIFTED, "grouped": GROUPED, "established": ESTABLISHED}
    bases |= {name: yaml.safe_load(file.read_text("utf-8")) for name, file in test_models.FILES.items()}
    draw = random.Random(4)
    return bases | {f"generated-{number}": generate(draw)[0] for number in range(150)}


def _parsed(data: dict[str, Any]) -> Part:
    return Facts.model_validate(data) if "facts" in data else parse_contract(data)


def _filled(data: Any, path: Path) -> bool:
    for step in path:
        data = data[step]
    return data not in ([], {}, None)


@cache
def _places() -> dict[object, tuple[str, Path]]:
    """For each field the first base in which it holds something, and where; within a list or a table too."""
    found: dict[object, tuple[str, Path]] = {}
    for name, data in _bases().items():
        model = _parsed(data)
        for path in paths(data):
            kind = tuple("#" if isinstance(step, int) or str(step).isdigit() else step for step in path)
            key = fields_at(model, path) or kind
            if key not in found or not _filled(_bases()[found[key][0]], found[key][1]):
                found[key] = (name, path)
    return found


def _all_parts(of: type[Part] = Part) -> Iterator[type[Part]]:
    for part in of.__subclasses__():
        yield part
        yield from _all_parts(part)


def test_every_field_of_the_language_is_broken_here() -> None:
    parts = [part for part in _all_parts() if not part.__name__.startswith("_")]
    every = {(part.__name__, field) for part in parts for field in part.model_fields}
    assert sorted(every - set(_places())) == []


class _Plain(yaml.SafeDumper):
    """Writes what stands there twice twice: a definition has no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _ids() -> list[Any]:
    return [
        pytest.param(name, path, id=f"{name}:{'.'.join(map(str, path))}") for name, path in _places().values()
    ]


@pytest.mark.parametrize(("base", "path"), _ids())
def test_a_broken_field_is_refused_with_its_place_and_rule_or_settled_right(base: str, path: Path) -> None:
    for what, broken in breakages(_bases()[base], path):
        text = yaml.dump(broken, Dumper=_Plain, sort_keys=False, allow_unicode=True)
        try:
            made = read_definition(text, "a.contract.yaml").model
        except DefinitionError as refused:
            for fault in refused.faults:
                assert fault.file == "a.contract.yaml"
                assert fault.line >= 1, (what, str(fault))
                assert len(fault.message) > 5, (what, str(fault))
                # a contract without its first line, or without its kind, has no field to point at
                assert fault.field or len(path) == 1, (what, str(fault))
            continue
        if isinstance(made, Contract):
            _settles_or_refuses(made, what)


def _settles_or_refuses(contract: Contract, what: str) -> None:
    try:
        facts = any_facts(contract, random.Random(1))
        made = settle_payers(contract, dict.fromkeys(contract.parties.payers, facts))
    except SettlementError as refused:
        _has_places(refused, what)
        return
    for settlement in made.settlements:
        amounts = [amount for step in settlement.steps for amount in (step.amount, step.effect)]
        assert all(amount.is_finite() and abs(amount) < 10**16 for amount in amounts), what
        assert sum(Fraction(step.effect) for step in settlement.steps) == Fraction(settlement.payment), what
        if settlement.portions:
            assert sum(portion.amount for portion in settlement.portions) == settlement.payment, what
        within = contract.bonus is None or contract.bonus.limit == "remaining-saving"
        if within and contract.withhold is None:
            saving = settlement.step("saving").amount
            assert min(saving, 0) <= settlement.payment <= max(saving, 0), what
        if contract.losses == "none" and contract.withhold is None:
            assert settlement.payment >= 0, what


def _has_places(refused: SettlementError, what: str) -> None:
    """Each fault names the field first."""
    assert all(": " in fault for fault in refused.faults), (what, refused.faults)


LEVY = {"name": {"nl": "Afslag", "en": "Levy"}, "rate": 0.02, "when": "before-cap"}
FOUND = {"when": "flood", "rate": {"base": 0.1, "at_full_quality": 0.2}}
CHOICE = {"by": "choice", "among": [0.01, "0.010"]}


TWO_SUSPENSIONS = [{"when": "flood", "covers": covers} for covers in ("savings", "savings-and-losses")]
TWO_CASES = {"kind": "cases", "cases": [FOUND, FOUND], "otherwise": 0.1}
TWO_LIMITS = [{"rate_of": "revenue", "rate": rate} for rate in (0.05, 0.1)]
NO_LIMIT = [{"rate_of": "revenue", "rate": 0.1, "when": "flood", "unless": "flood"}]
FROM_NOTHING = {**IMPROVED, "baseline": 0, "measured": "relative"}
HEAVY = [{"period": "2023", "weight": 1e30}]


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"deductions": [LEVY, {**LEVY, "when": "after-cap"}]}, "deductions.2.name.nl", "more than once"),
        ({"suspended": TWO_SUSPENSIONS}, "suspended.2.when", "more than once"),
        ({"share": TWO_CASES}, "share.cases.2.when", "more than once"),
        ({"threshold__rate": CHOICE}, "threshold.rate.among.2", "more than once"),
        ({"losses": {**LOSSES, "limits": TWO_LIMITS}}, "losses.limits.2", "on the same conditions"),
        ({"losses": {**LOSSES, "limits": NO_LIMIT}}, "losses.limits.1.unless", "never holds"),
        (
            {"quality__indicators": [{"indicator": "goal", "weight": 1, "attain": FROM_NOTHING}]},
            "quality.indicators.1.attain.baseline",
            "needs one above 0",
        ),
        ({"target__baseline": HEAVY}, "target.baseline.1.weight", "expected 1000000 or less"),
        ({"spending__truncation": 1e13}, "spending.truncation", "expected 1000000000000 or less"),
        ({"population__minimum_records": True}, "population.minimum_records", "expected a whole number"),
        ({"share__base": "0." + "3" * 41}, "share.base", "expected at most 40 digits behind the point"),
    ],
)
def test_what_a_contract_says_twice_or_against_itself(changes: dict[str, Any], field: str, rule: str) -> None:
    text = yaml.dump(build.terms(**changes), Dumper=_Plain, sort_keys=False)
    with pytest.raises(DefinitionError) as refused:
        read_definition(text, "a.contract.yaml")
    (fault,) = refused.value.faults
    assert (fault.field, rule in fault.message) == (field, True), str(fault)
    # the line is the one on which it stands
    assert field.rpartition(".")[2].strip("0123456789") in text.splitlines()[fault.line - 1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lower": 0.9, "upper": 0.1}, "lower is 0.9, above upper, 0.1"),
        ({"n": 0}, "n is 0, yet its band is 'in'"),
        ({"n": 10**13}, "inputs.results.goal.n: 10000000000000; expected a number of at most"),
        ({"ripe": 1}, "inputs.results.goal.ripe: 1 is int; expected yes or no"),
    ],
)
def test_scores_that_contradict_themselves(changes: dict[str, Any], words: str) -> None:
    facts = build.facts(target="10", spending="9", results=(build.result(**changes),))
    with pytest.raises(SettlementError, match=re.escape(words)):
        settle_payers(build.contract(), {"Payer": facts})


def test_a_fault_in_the_facts_of_one_of_several_payers_names_the_payer() -> None:
    contract = build.contract(parties__payers=["One", "Two"], parties__judged="pooled")
    good = build.facts(target="10", spending="9")
    with pytest.raises(SettlementError, match=r"Two: inputs.records: 0; expected"):
        settle_payers(contract, {"One": good, "Two": replace(good, records=0)})
    with pytest.raises(SettlementError, match=r"Two: inputs.spending: nan is float"):
        settle_payers(contract, {"One": good, "Two": replace(good, spending=float("nan"))})


_NUMBERS: tuple[Any, ...] = (-1, 0, 0.5, 1, 2, float("nan"), float("inf"), 10**30, 1e30)
_DECIMALS = ("-1", "0", "1", "NaN", "sNaN", "Infinity", "1e30", "1e-400")
VALUES: dict[str, Any] = {
    **{repr(value): value for value in (None, "zomaar", "", True, [1], (), {"a": 1}, *_NUMBERS)},
    **{f"Decimal {text}": Decimal(text) for text in _DECIMALS},
}
NEVER_RIGHT = ("nan", "inf", "NaN", "Infinity", "1e", "1000000000000000000000000000000", "[1]", "twice")


def _variants(facts: Any) -> Iterator[tuple[tuple[str, str], str, Any]]:
    """Facts with one field, of themselves or of what stands in them, broken."""
    for field in fields(facts):
        key, own = (type(facts).__name__, field.name), getattr(facts, field.name)
        for what, value in VALUES.items():
            yield key, what, replace(facts, **{field.name: value})
        for within, what, broken in _broken_within(own, key):
            yield within, what, replace(facts, **{field.name: broken})


def _broken_within(own: Any, key: tuple[str, str]) -> Iterator[tuple[tuple[str, str], str, Any]]:
    if is_dataclass(own):
        yield from _variants(own)
    elif isinstance(own, dict) and own:
        first, *rest = own
        yield key, "one too many", {**own, "other": True}
        yield key, "one too few", {name: own[name] for name in rest}
        yield from ((key, f"the first {what}", {**own, first: value}) for what, value in VALUES.items())
    elif isinstance(own, tuple) and own:
        yield key, "the first twice", (own[0], *own)
        yield key, "without the first", own[1:]
        yield from ((key, f"the first {what}", (value, *own[1:])) for what, value in VALUES.items())
        for within, what, broken in _broken_within(own[0], key):
            yield within, what, (broken, *own[1:])


@cache
def _facts() -> list[tuple[Contract, SettlementInputs]]:
    found = []
    for data in _bases().values():
        if "facts" in data:
            continue
        contract = parse_contract(data)
        facts = any_facts(contract, random.Random(1))
        choices = [contract.threshold.rate, getattr(contract.losses, "threshold", contract.threshold).rate]
        choice = next((rate for rate in choices if isinstance(rate, ByChoice)), None)
        if choice is not None:
            facts = replace(facts, chosen_threshold=choice.among[-1])
        facts = replace(facts, sources={"scores goal": "0f"})
        found.append((contract, facts))
        if contract.spending.payer_share_above == 1:
            parts = (Completion("first", facts.spending, Decimal("0.9")),)
            found.append((contract, replace(facts, interim=Interim(f"{facts.period[:4]}-12-31", parts))))
    return found


def test_broken_facts_are_refused_with_their_place_or_settled_right() -> None:
    seen: set[object] = set()
    tried: set[tuple[str, str]] = set()
    refused: set[tuple[str, str]] = set()
    for contract, facts in _facts():
        settle_payers(contract, dict.fromkeys(contract.parties.payers, facts))
        for key, what, broken in _variants(facts):
            used = (
                getattr(facts, key[1], None) not in (None, (), {}) if key[0] == "SettlementInputs" else True
            )
            if (key, what, used) in seen:
                continue
            seen.add((key, what, used))
            tried.add(key)
            try:
                made = settle_payers(contract, dict.fromkeys(contract.parties.payers, broken))
            except SettlementError as refusal:
                refused.add(key)
                _has_places(refusal, what)
                continue
            assert not any(word in what for word in NEVER_RIGHT), (key, what)
            for settlement in made.settlements:
                assert all(step.amount.is_finite() for step in settlement.steps), (key, what)
                effects = sum(Fraction(step.effect) for step in settlement.steps)
                assert effects == Fraction(settlement.payment), (key, what)
    every = _fields_of(SettlementInputs)
    assert tried == every
    assert refused == every


def _fields_of(kind: Any) -> set[tuple[str, str]]:
    from contracts.shapes import _hints

    found = set()
    for name, hint in _hints(kind).items():
        found.add((kind.__name__, name))
        for part in (hint, *getattr(hint, "__args__", ())):
            if is_dataclass(part):
                found |= _fields_of(part)
    return found
