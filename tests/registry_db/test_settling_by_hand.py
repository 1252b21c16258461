"""A registry of a few records, settled on what it holds and what was established: every number by hand.

Region R1 is clinic A, and B from July 2024; R2 is B until then, and C; R3 is D.

| year | R1                          | R2                | R3       |
|------|-----------------------------|-------------------|----------|
| 2023 | A 100 200 300 400           | B 150 250 C 200 400 | D 100 300 |
| 2024 | A 100 200 240, B 260 (July) | B 500 (June) C 300 500 | D 200 200 |
| 2025 | A 100 100 (January) 50 (February) | C 300 (January) 60 (February) | |

So R1 has 4 records of 1,000 euros in 2023 (250 each) and 4 of 800 in 2024. Elsewhere there are 6 of 1,400 and
5 of 1,700 (340 each). Half of every saving is paid, and quality plays no part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from contracts.contract import Contract, parse_contract
from contracts.inputs import SettlementInputs
from contracts.payers import JointSettlement, settle_payers
from contracts.statement.document import statement
from contracts.workbook.book import settlement_cells
from contracts.workbook.cells import recalculated
from registry_db.catalogue import Catalogue, cross_check, read_definition
from registry_db.evidence import evidence_of
from registry_db.faults import RegistryError
from registry_db.luck import luck_of
from registry_db.registry import Registry
from registry_db.settling import settlement_inputs
from tests.contracts import build
from tests.contracts.test_workbook import _differences
from tests.registry_db.build import make_registry, text, write

CARE = """\
dataset: care
version: 1.0.0
title: {nl: Zorg, en: Care}
source: made up for the tests
key: [id]
provider: clinic
period: {year_of: day}
file: {delimiter: ";"}
columns:
  id: {type: text, required: true}
  clinic: {type: text, required: true}
  day: {type: date, required: true}
  cost: {type: decimal, decimals: 2, range: [0, 100000]}
  insurer: {type: category, codes: {"1": sun, "2": moon, "9": elsewhere}}
  weight: {type: decimal, decimals: 2, range: [0, 10]}
  old: {type: category, codes: {"0": young, "1": aged}}
  fell: {type: boolean, codes: {"1": true, "0": false}}
"""
INDICATOR = """\
indicator: {name}
version: 1.0.0
horizon: 2
title: {{nl: {name}, en: {name}}}
why: {{nl: Voor de test., en: For the test.}}
steward: the tests
sources: [made up for the tests]
dataset: care
unit: region
population: cost >= 0
{more}
"""
FELL = """\
outcome: {kind: binary, when: fell, better: lower}
show: {unit: percent, decimals: 1}
examples:
  - {given: {cost: 1, fell: true}, expect: {state: met}}
  - {given: {cost: 1, fell: false}, expect: {state: not-met}}
"""
COST = """\
outcome: {kind: continuous, value: cost, better: lower}
case_mix:
  - {term: old, as: category, reference: young}
estimators: {reference: {period: "2023"}}
show: {unit: points, decimals: 1}
examples:
  - {given: {cost: 1, old: young}, expect: {state: value, outcome: 1}}
"""
REGION = """\
network_set: region
version: 1.0.0
title: {nl: Regio's, en: Regions}
networks:
  R1: {name: One, members: [{provider: A, since: 2020-01-01}, {provider: B, since: 2024-07-01}]}
  R2:
    name: Two
    members: [{provider: B, since: 2020-01-01, until: 2024-06-30}, {provider: C, since: 2020-01-01}]
  R3: {name: Three, members: [{provider: D, since: 2020-01-01}]}
"""
DEFINITIONS = {
    "care.dataset.yaml": CARE,
    "region.network.yaml": REGION,
    "care-fell.indicator.yaml": INDICATOR.format(name="care-fell", more=FELL),
    "care-frozen.indicator.yaml": INDICATOR.format(
        name="care-frozen", more=FELL + 'estimators: {reference: {period: "2023"}}\n'
    ),
    "care-cost.indicator.yaml": INDICATOR.format(name="care-cost", more=COST),
}
# clinic, day, cost, insurer, weight, old, fell
RECORDS = """\
A 2023-02-01 100 1 1.0 0 0
A 2023-07-01 200 1 1.0 1 1
A 2023-08-01 300 2 1.0 1 1
A 2023-09-01 400 2 1.0 1 0
B 2023-03-01 150 1 1.0 0 0
B 2023-04-01 250 2 1.0 1 0
C 2023-05-01 200 1 1.0 0 1
C 2023-06-01 400 2 1.0 1 0
D 2023-07-01 100 1 1.0 0 0
D 2023-08-01 300 2 1.0 1 0
A 2024-02-01 100 1 1.2 0 1
A 2024-07-01 200 2 1.2 0 0
A 2024-08-01 240 2 1.0 1 0
B 2024-06-30 500 1 1.0 1 0
B 2024-07-01 260 1 1.2 1 0
C 2024-05-01 300 1 1.0 1 0
C 2024-06-01 500 2 1.0 1 1
D 2024-07-01 200 1 1.0 0 1
D 2024-08-01 200 2 1.0 0 0
A 2025-01-10 100 1 1.0 0 0
A 2025-01-20 100 1 1.0 0 0
A 2025-02-10 50 1 1.0 0 0
C 2025-01-10 300 1 1.0 0 0
C 2025-02-10 60 1 1.0 0 1
"""
NAMES = ("clinic", "day", "cost", "insurer", "weight", "old", "fell")
OWN = {
    "kind": "own-history",
    "basis": "per-record",
    "baseline": [{"period": "2023", "weight": 1}],
    "trend": {"rate": 0, "growth": "compound"},
}
OTHERS = {"networks": "others"}


# B counts for a quarter in R1 and for the rest in R2; half of C is outside every network
IN_PART = """\
network_set: region
version: 1.0.0
title: {nl: Regio's, en: Regions}
networks:
  R1: {name: One, members: [{provider: A, since: 2020-01-01}, {provider: B, since: 2020-01-01, weight: 0.25}]}
  R2:
    name: Two
    members: [{provider: B, since: 2020-01-01, weight: 0.75}, {provider: C, since: 2020-01-01, weight: 0.5}]
  R3: {name: Three, members: [{provider: D, since: 2020-01-01}]}
"""


@pytest.fixture(scope="module")
def care(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    yield from _registry(tmp_path_factory.mktemp("care"), DEFINITIONS)


@pytest.fixture(scope="module")
def in_part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    yield from _registry(tmp_path_factory.mktemp("part"), {**DEFINITIONS, "region.network.yaml": IN_PART})


def _registry(folder: Path, definitions: dict[str, str]) -> Iterator[Registry]:
    lines = [
        {"id": f"r{number}", **dict(zip(NAMES, row.split(), strict=True))}
        for number, row in enumerate(RECORDS.splitlines())
    ]
    file = write(folder, text(lines, ("id", *NAMES)), "care.csv")
    with Registry(make_registry(folder / "registry", definitions)) as registry:
        registry.deliver("care", file)
        registry.score()
        yield registry


def _contract(**changes: Any) -> Contract:
    """The plain contract, on this registry."""
    rule = {"indicator": "care-fell", "weight": 1, "attain": {"by": "reporting"}}
    fields: dict[str, Any] = {
        "contract": "care",
        "parties": {"payers": ["Sun"], "participant": {"network_set": "region", "network": "R1"}},
        "population": {"dataset": "care", "minimum_records": 1, "below_minimum": "no-payment"},
        "spending": {"dataset": "care", "column": "cost", "truncation": "none", "payer_share_above": 1},
        "target": OWN,
        "quality__indicators": [rule],
    }
    return parse_contract(build.terms(**{**fields, **changes}))


def _catalogue(care: Registry, contract: Contract, year: dict[str, Any] | None, period: str) -> Catalogue:
    """The definitions of the registry, with what was established about one year."""
    known = care.catalogue()
    if year is None:
        return known
    facts = {
        "facts": "established",
        "version": "1.0.0",
        "status": "active",
        "title": {"nl": "Vastgesteld", "en": "Established"},
        "contract": contract.contract,
        "years": {period: year},
    }
    item = read_definition(yaml.safe_dump(facts, sort_keys=False), "established.facts.yaml")
    return replace(known, definitions={**known.definitions, ("facts", "established"): item})


def _facts(
    care: Registry, contract: Contract, year: dict[str, Any] | None = None, period: str = "2024"
) -> dict[str, SettlementInputs]:
    return settlement_inputs(care.con, _catalogue(care, contract, year, period), contract, period)


def _settle(
    care: Registry, contract: Contract, year: dict[str, Any] | None = None, period: str = "2024"
) -> JointSettlement:
    return settle_payers(contract, _facts(care, contract, year, period))


def _target(made: JointSettlement) -> Decimal:
    return made.settlements[0].step("target").amount


def test_records_follow_the_membership_of_their_day(care: Registry) -> None:
    """B's record of 30 June is of R2, that of 1 July of R1."""
    (facts,) = _facts(care, _contract()).values()
    assert (facts.records, facts.spending) == (4, 800)
    assert (facts.baselines[0].records, facts.baselines[0].spending) == (4, 1000)
    by_spending = _contract(distribution={"by": "spending", "remainder": "largest-remainder"})
    (made,) = _settle(care, by_spending).settlements
    # 100 over 540 of A and 260 of B
    assert {portion.name: portion.amount for portion in made.portions} == {
        "A": Decimal("67.50"),
        "B": Decimal("32.50"),
    }


@pytest.mark.parametrize(
    ("changes", "target", "payment"),
    [
        ({}, "1000", "100.00"),
        # 1,000 as the others grew: 340 over 1,400 / 6
        (
            {"target": {**OWN, "trend": {"kind": "comparison-group"}}, "comparison": OTHERS},
            "10200/7",
            "328.57",
        ),
        ({"target": {"kind": "comparison-group"}, "comparison": OTHERS}, "1360", "280.00"),
        ({"target": {"kind": "comparison-group"}, "comparison": {"networks": ["R3"]}}, "800", "0.00"),
        # a quarter of 1,000 and three quarters of 1,360
        (
            {
                "target": {
                    "kind": "blend",
                    "own_weight": "0.25",
                    "own": OWN,
                    "group": {"kind": "comparison-group"},
                },
                "comparison": OTHERS,
            },
            "1270",
            "235.00",
        ),
        # risk 1.15 over 1, at most 3 % more; and in full
        (
            {"target": {**OWN, "case_mix": {"limit": "0.03", "limited": "growth", "column": "weight"}}},
            "1030",
            "115.00",
        ),
        (
            {"target": {**OWN, "case_mix": {"limit": "none", "limited": "growth", "column": "weight"}}},
            "1150",
            "175.00",
        ),
        # at most 220 a record: 100 200 220 220 then, 100 200 220 220 now
        (
            {
                "spending": {
                    "dataset": "care",
                    "column": "cost",
                    "truncation": 220,
                    "payer_share_above": "0.5",
                }
            },
            # and half of 80 + 180 above it then
            "870",
            # less 740 and half of 20 + 40 now: 100, of which half
            "50.00",
        ),
    ],
)
def test_the_target_by_hand(care: Registry, changes: dict[str, Any], target: str, payment: str) -> None:
    made = _settle(care, _contract(**changes))
    assert abs(Fraction(_target(made)) - Fraction(target)) < Fraction(1, 10**9)
    assert str(made.payment) == payment


LOSSES = {
    "threshold": {"rate": 0, "mode": "gate", "passes_when": "above"},
    "rate": {"base": 1, "at_full_quality": 1},
    "limits": [{"rate_of": "revenue", "rate": "0.1"}],
    "revenue_unknown": "no-settlement",
    "relief": "as-established",
}
LOW = {"kind": "stated", "basis": "total", "amounts": {"2024": 700, "2025": 700}}
CHOICE = {"by": "choice", "among": ["0.1", "0.3"]}


@pytest.mark.parametrize(
    ("changes", "year", "payment"),
    [
        ({"target": {"kind": "delivered"}}, {"target": 900}, "50.00"),
        ({"project_costs": {"threshold_judges": "net-saving"}}, {"project_costs": 50}, "75.00"),
        # 100 too much is spent, of which a tenth of the revenue of 500 is borne, less 20
        ({"target": LOW, "losses": LOSSES}, {"revenue": 500, "loss_relief": 20}, "-30.00"),
        ({"target": LOW, "losses": LOSSES}, {"revenue": 2000, "loss_relief": 0}, "-100.00"),
        ({"threshold__rate": CHOICE}, {"chosen_threshold": "0.1"}, "100.00"),
        ({"threshold__rate": CHOICE}, {"chosen_threshold": "0.3"}, "0.00"),
        ({"suspended": [{"when": "storm", "covers": "savings"}]}, {"findings": {"storm": False}}, "100.00"),
        ({"suspended": [{"when": "storm", "covers": "savings"}]}, {"findings": {"storm": True}}, "0.00"),
    ],
)
def test_what_was_established_by_hand(
    care: Registry, changes: dict[str, Any], year: dict[str, Any], payment: str
) -> None:
    contract = _contract(**changes)
    made = _settle(care, contract, year)
    assert str(made.payment) == payment
    assert any(name.startswith("facts established") for name in made.settlements[0].inputs.sources)
    # without it nothing is settled, and the field is named
    with pytest.raises(ValueError, match=next(iter(year))):
        _settle(care, contract)


INSURED = {"column": "insurer", "codes": {"Sun": ["sun"], "Moon": ["moon"]}, "other_codes": "left-out"}


def _two(**more: Any) -> dict[str, Any]:
    participant = {"network_set": "region", "network": "R1"}
    return {"payers": ["Sun", "Moon"], "judged": "per-payer", "participant": participant, **more}


def test_each_payer_by_its_own_records(care: Registry) -> None:
    """Sun: 2 of 300 then, 2 of 360 now: nothing saved. Moon: 2 of 700 then, 2 of 440 now: half of 260."""
    contract = _contract(parties=_two(insured=INSURED))
    made = _settle(care, contract)
    assert {each.payer: str(each.payment) for each in made.settlements} == {"Sun": "0.00", "Moon": "130.00"}
    # together 1,000 and 800: the pool saves 200, of which Moon pays on its own 260
    pooled = _settle(care, _contract(parties=_two(insured=INSURED, judged="pooled"), threshold__rate="0.21"))
    assert pooled.payment == 0
    costs = _contract(parties=_two(insured=INSURED), project_costs={"threshold_judges": "net-saving"})
    year = {"payers": {"Sun": {"project_costs": 10}, "Moon": {"project_costs": 60}}}
    assert str(_settle(care, costs, year).of("Moon").payment) == "100.00"


@pytest.mark.parametrize("judged", ["per-payer", "pooled"])
def test_payers_with_a_stated_part_in_all_records(care: Registry, judged: str) -> None:
    """Of the saving of 200 Sun has 0.7: half of 140; Moon half of 60. Each has all four records."""
    shares = {"Sun": "0.7", "Moon": "0.3"}
    minimum = {"dataset": "care", "minimum_records": 4, "below_minimum": "no-settlement"}
    contract = _contract(parties=_two(shares=shares, judged=judged), population=minimum)
    made = _settle(care, contract)
    assert {each.payer: str(each.payment) for each in made.settlements} == {"Sun": "70.00", "Moon": "30.00"}
    assert [each.inputs.records for each in made.settlements] == [4, 4]
    too_many = {**minimum, "minimum_records": 5}
    with pytest.raises(ValueError, match="records: 4 is fewer than the 5"):
        _settle(care, _contract(parties=_two(shares=shares, judged=judged), population=too_many))
    # a part in all records is as sure as all are
    facts = {each.payer: each.inputs for each in made.settlements}
    evidence = evidence_of(care.con, care.catalogue(), contract, facts)
    told = luck_of(contract, made, evidence)
    one = _settle(care, _contract())
    alone = evidence_of(care.con, care.catalogue(), _contract(), {"Sun": one.settlements[0].inputs})
    whole = luck_of(_contract(), one, alone)["Sun"]["luck"]
    for payer, part in (("Sun", 0.7), ("Moon", 0.3)):
        found = told[payer]["luck"]
        assert found["savings_sd"] == pytest.approx(whole["savings_sd"], rel=1e-9)
        assert found["passes_by_luck"] == pytest.approx(whole["passes_by_luck"], rel=1e-9)
        assert found["expected_by_luck"] == pytest.approx(part * whole["expected_by_luck"], rel=0.05)
    # both are paid in the same worlds, and in no others; less than half a cent of each may be one together
    every = told["Sun"]["luck"]["any_by_luck"]
    assert told["Sun"]["total"]["any_by_luck"] == pytest.approx(every, abs=2e-4)
    # draws follow from contract and year: another last digit somewhere, and so another hash, gives no other
    renamed = tuple(replace(each, hash="0" * 64) for each in made.settlements)
    assert luck_of(contract, replace(made, settlements=renamed), evidence) == told


def test_the_risk_is_what_a_model_of_the_baseline_year_expects(care: Registry) -> None:
    """In 2023 the young cost 100, 150, 200 and 100, in the mean 137.50; the others 308.33.

    R1 then had one young of four, and has two of four now: 222.9167 over 265.625 lowers the target.
    """
    young, aged = Fraction(550, 4), Fraction(200 + 300 + 400 + 250 + 400 + 300, 6)
    then, now = (young + 3 * aged) / 4, (2 * young + 2 * aged) / 4
    mix = {"limit": "none", "limited": "growth", "indicator": "care-cost"}
    contract = _contract(target={**OWN, "case_mix": mix})
    made = _settle(care, contract)
    facts = made.settlements[0].inputs
    assert float(facts.baselines[0].risk or 0) == pytest.approx(float(then), rel=1e-9)
    assert float(facts.risk or 0) == pytest.approx(float(now), rel=1e-9)
    assert float(_target(made)) == pytest.approx(float(1000 * now / then), rel=1e-9)
    assert facts.sources["indicator care-cost 1.0.0"]
    assert len(facts.sources["model care-cost"]) == 64
    # of a payer the risk is that of its own records: Sun has the young of February and the other B now
    two = _contract(target={**OWN, "case_mix": mix}, parties=_two(insured=INSURED))
    sun = _facts(care, two)["Sun"]
    assert float(sun.risk or 0) == pytest.approx(float((young + aged) / 2), rel=1e-9)


def test_improvement_by_a_frozen_model_is_at_the_level_of_its_baseline(care: Registry) -> None:
    """Without case mix the value is R1's own rate: 2 of 4 in 2023, 1 of 4 in 2024.

    The frozen score itself stands at the level of 2024: observed over expected times the rate of all then.
    """
    attain = {
        "by": "improvement",
        "better": "lower",
        "baseline": {"period": "2023", "model": "frozen"},
        "measured": "relative",
        "path": {"2024": 0.5, "2025": 0.5},
        "partial": "proportional",
    }
    rule = {"indicator": "care-frozen", "weight": 1, "attain": attain}
    (facts,) = _facts(care, _contract(quality__indicators=[rule])).values()
    (result,) = facts.results
    assert (result.baseline, result.adjusted) == pytest.approx((0.5, 0.25))
    # all records: 3 of 10 then, 3 of 9 now
    assert result.reference == pytest.approx(3 / 9)
    scored = care.scores("care-frozen", period="2024", provider="R1")["adjusted"].iloc[0]
    assert scored == pytest.approx(0.25)  # what all gained is not in it a second time
    (made,) = _settle(care, _contract(quality__indicators=[rule])).settlements
    assert made.quality.score == 1
    concurrent = {**attain, "baseline": {"period": "2023", "model": "concurrent"}}
    with pytest.raises(RegistryError, match="'concurrent', and care-frozen is adjusted by the model of 2023"):
        _facts(care, _contract(quality__indicators=[{**rule, "attain": concurrent}]))


def test_an_interim_year_goes_by_what_is_known_of_each_month(care: Registry) -> None:
    """January is complete, of February half is known: 200 + 50 / 0.5 = 300, against 3 records of 250."""
    year = {"interim": {"paid_through": "2025-02-28", "complete": {"2025-01": 1, "2025-02": "0.5"}}}
    (made,) = _settle(care, _contract(), year, "2025").settlements
    assert (made.kind, str(made.payment)) == ("interim", "225.00")
    assert made.step("actual").amount == 300
    # only records up to the day: 2 of 100
    early = {"interim": {"paid_through": "2025-01-31", "complete": {"2025-01": "0.8"}}}
    (made,) = _settle(care, _contract(), early, "2025").settlements
    assert (made.inputs.records, str(made.payment)) == (2, "125.00")
    # the comparison group is completed alike: 300 + 60 / 0.5 = 420 of 2 records
    group = _contract(target={"kind": "comparison-group"}, comparison=OTHERS)
    made = _settle(care, group, year, "2025").settlements[0]
    assert made.step("target").amount == 630
    assert str(made.payment) == "165.00"
    missing = {"interim": {"paid_through": "2025-02-28", "complete": {"2025-01": 1}}}
    with pytest.raises(RegistryError, match="says nothing about 2025-02, of which there are records"):
        _settle(care, _contract(), missing, "2025")


def test_a_part_of_the_year_is_not_held_against_the_target_of_all_of_it(care: Registry) -> None:
    """Two months cost 250; of the whole year an eighth is known, so it will cost 2,000."""
    total = _contract(target={**OWN, "basis": "total"})
    with pytest.raises(
        RegistryError, match="the target is for the whole year, whatever the number of records"
    ):
        _settle(care, total, period="2025")
    year = {"interim": {"paid_through": "2025-02-28", "complete": {"2025": "0.125"}}}
    (made,) = _settle(care, total, year, "2025").settlements
    assert (made.step("actual").amount, made.payment) == (2000, 0)
    # with a target for each record the months that are there stand for themselves
    (made,) = _settle(care, _contract(), period="2025").settlements
    assert (made.kind, made.step("actual").amount) == ("interim", 250)


def test_an_interim_settlement_has_luck(care: Registry) -> None:
    contract = _contract()
    year = {"interim": {"paid_through": "2025-02-28", "complete": {"2025-01": 1, "2025-02": "0.5"}}}
    made = _settle(care, contract, year, "2025")
    facts = {each.payer: each.inputs for each in made.settlements}
    evidence = evidence_of(care.con, _catalogue(care, contract, year, "2025"), contract, facts)
    found = luck_of(contract, made, evidence)["Sun"]["luck"]
    assert Decimal(found["payment"]) == 225
    assert found["lower"] < 225 < found["upper"]
    json.dumps(found)


def test_contract_years_that_start_in_july(care: Registry) -> None:
    """R1 in 2023/24: A 200 300 400 and 100 of February 2024; in 2024/25 A 200 240 B 260 and 100 100 50."""
    rule = {"indicator": "care-july", "weight": 1, "attain": {"by": "reporting"}}
    contract = _contract(
        years=["2024/25"],
        year_starts=7,
        target={**OWN, "baseline": [{"period": "2023/24", "weight": 1}]},
        quality__indicators=[rule],
    )
    known = care.catalogue()
    july = INDICATOR.format(name="care-july", more=FELL + "period: {kind: fiscal-year, start: 7}\n")
    item = read_definition(july, "care-july.indicator.yaml")
    catalogue = replace(known, definitions={**known.definitions, ("indicator", "care-july"): item})
    (facts,) = settlement_inputs(care.con, catalogue, contract, "2024/25").values()
    assert (facts.baselines[0].records, facts.baselines[0].spending) == (4, 1000)
    assert (facts.records, facts.spending) == (6, 950)
    assert facts.interim is not None  # the records end in February
    terms = yaml.safe_dump(contract.model_dump(mode="json", exclude_none=True), sort_keys=False)
    checked = read_definition(terms, "care.contract.yaml")
    assert cross_check(catalogue, [checked]) == []
    other = replace(
        catalogue,
        definitions={
            **catalogue.definitions,
            ("indicator", "care-july"): replace(
                item,
                model=item.model.model_copy(
                    update={"period": item.model.period.model_copy(update={"start": 4})}
                ),
            ),
        },
    )
    (fault,) = cross_check(other, [checked])
    assert (
        "scored by 'fiscal-year' from month 4, and the contract goes by years that start in month 7"
        in str(fault)
    )


@pytest.mark.parametrize(
    ("interim", "told"),
    [
        ({"paid_through": "2026-01-31", "complete": {"2025": 1}}, "2026-01-31 is not in 2025"),
        (
            {"paid_through": "2025-01-31", "complete": {"2025-02": 1}},
            "'2025-02' is no month from 2025-01 to 2025-01",
        ),
        ({"paid_through": "2025-01-31", "complete": {"January": 1}}, "'January' is no month"),
        (
            {"paid_through": "2025-01-31", "complete": {"2025": 1, "2025-01": 1}},
            "'2025' is the whole period, and there are months beside it",
        ),
    ],
)
def test_completion_that_is_not_of_the_year_is_refused(
    care: Registry, interim: dict[str, Any], told: str
) -> None:
    with pytest.raises(RegistryError, match=told):
        _settle(care, _contract(), {"interim": interim}, "2025")


@pytest.mark.parametrize(
    ("mix", "told"),
    [
        ({"indicator": "care-risk"}, "there is no indicator 'care-risk'"),
        (
            {"indicator": "care-fell"},
            "care-fell has no case mix, so that it expects the same of every record",
        ),
        ({}, "nothing says what the risk of a record is"),
    ],
)
def test_a_risk_that_cannot_be_known_is_refused(care: Registry, mix: dict[str, Any], told: str) -> None:
    target = {**OWN, "case_mix": {"limit": "none", "limited": "growth", **mix}}
    with pytest.raises(RegistryError, match=told):
        _settle(care, _contract(target=target))


def test_everything_is_settled_from_files(care: Registry, tmp_path: Path) -> None:
    """As an operator does it: contract and facts in files, check, define, settle."""
    contract = _contract(
        parties=_two(shares={"Sun": "0.7", "Moon": "0.3"}),
        target={**OWN, "case_mix": {"limit": "none", "limited": "growth", "indicator": "care-cost"}},
        project_costs={"threshold_judges": "net-saving"},
        years=["2024"],
    )
    data = contract.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    terms = write(tmp_path, yaml.safe_dump(data, sort_keys=False), "care.contract.yaml")
    facts = {
        "facts": "established",
        "version": "1.0.0",
        "status": "active",
        "title": {"nl": "Vastgesteld", "en": "Established"},
        "contract": "care",
        "years": {"2024": {"payers": {"Sun": {"project_costs": 7}, "Moon": {"project_costs": 3}}}},
    }
    care.define([terms])
    care.define([write(tmp_path, yaml.safe_dump(facts, sort_keys=False), "established.facts.yaml")])
    assert care.settle("care") == ["care 2024"]
    young, aged = Fraction(550, 4), Fraction(1850, 6)
    saving = 1000 * (2 * young + 2 * aged) / (young + 3 * aged) - 800
    payments = care.settlements().set_index("payer")["payment"]
    assert float(payments["Sun"]) == pytest.approx(float((saving * 7 / 10 - 7) / 2), abs=0.005)
    assert float(payments["Moon"]) == pytest.approx(float((saving * 3 / 10 - 3) / 2), abs=0.005)
    assert all("unknown" not in json.loads(row) for row in care.luck("care")["luck_json"])
    assert all(not again.differs for again in care.settle_again("care"))


def test_records_that_count_in_part_by_hand(in_part: Registry) -> None:
    """2023: 4 of 1,000 and a quarter of 2 of 400: 4.5 of 1,100. 2024: 3 of 540 and of 2 of 760: 3.5 of 730.

    Target 1,100 / 4.5 * 3.5 = 855.56: half of 125.56 is 62.78. Elsewhere in 2024 R2 has three quarters of B's
    760 and half of C's 800, and R3 400: 1,370 of 4.5, so that the target would be 1,065.56.
    """
    (made,) = _settle(in_part, _contract()).settlements
    facts = made.inputs
    assert (facts.records, facts.spending) == (Decimal("3.5"), 730)
    assert (facts.baselines[0].records, facts.baselines[0].spending) == (Decimal("4.5"), 1100)
    assert str(made.payment) == "62.78"
    group = _contract(target={"kind": "comparison-group"}, comparison=OTHERS)
    made = _settle(in_part, group).settlements[0]
    assert (made.inputs.comparison[0].records, made.inputs.comparison[0].spending) == (Decimal("4.5"), 1370)
    assert str(made.payment) == "167.78"
    four = {"dataset": "care", "minimum_records": 4, "below_minimum": "no-payment"}
    assert _settle(in_part, _contract(population=four)).payment == 0
    by_records = _contract(distribution={"by": "records", "remainder": "largest-remainder"})
    (made,) = _settle(in_part, by_records).settlements
    # 3 of A over half a record of B
    assert {each.name: str(each.amount) for each in made.portions} == {"A": "53.81", "B": "8.97"}


def test_the_risk_of_records_that_count_in_part(in_part: Registry) -> None:
    """Weights 1, 1, 1 of A and twice a quarter of B, with risks 1.2 1.2 1 1 1.2 in 2024."""
    target = {**OWN, "case_mix": {"limit": "none", "limited": "growth", "column": "weight"}}
    (facts,) = _facts(in_part, _contract(target=target)).values()
    assert float(facts.risk or 0) == pytest.approx((1.2 + 1.2 + 1 + 0.25 * 2.2) / 3.5)
    mix = {"limit": "none", "limited": "growth", "indicator": "care-cost"}
    (facts,) = _facts(in_part, _contract(target={**OWN, "case_mix": mix})).values()
    young, aged = 550 / 4, 1850 / 6
    assert float(facts.risk or 0) == pytest.approx((2 * young + aged + 0.25 * 2 * aged) / 3.5)


def test_luck_and_files_of_records_that_count_in_part(in_part: Registry) -> None:
    contract = _contract()
    made = _settle(in_part, contract)
    facts = {each.payer: each.inputs for each in made.settlements}
    evidence = evidence_of(in_part.con, in_part.catalogue(), contract, facts)
    # the error of a weighted mean, from the records themselves
    w, x = np.array([1, 1, 1, 0.25, 0.25]), np.array([100, 200, 240, 500, 260])
    mean = (w * x).sum() / w.sum()
    error = np.sqrt((w**2 * (x - mean) ** 2).sum()) / w.sum() / mean
    assert evidence["Sun"].spending.error == pytest.approx(error, rel=1e-9)
    assert evidence["Sun"].records is None
    found = luck_of(contract, made, evidence)["Sun"]["luck"]
    assert found["lower"] < 62.78 < found["upper"]
    again = SettlementInputs.from_dict(json.loads(json.dumps(facts["Sun"].to_dict())))
    assert again == facts["Sun"]
    cells = settlement_cells(contract, made.settlements)
    assert _differences(cells, dict(recalculated(cells))) == {}
    document = statement(contract, made.settlements, titles={}, language="nl")
    assert document.startswith(b"%PDF")


def test_what_has_no_meaning_for_records_in_part_is_refused(in_part: Registry) -> None:
    table = [{"from_records": 1, "from_rate": "0.01"}]
    rate = {"by": "population", "between": "step", "table": table}
    with pytest.raises(RegistryError, match=r"threshold.rate: a table by whole records"):
        _settle(in_part, _contract(threshold__rate=rate))
