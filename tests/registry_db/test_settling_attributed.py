"""Settled on records that are shared out by class, or go by plurality of care: every number by hand.

The records are those of test_settling_by_hand; half of every saving is paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from registry_db.evidence import evidence_of
from registry_db.faults import RegistryError
from registry_db.luck import luck_of
from registry_db.registry import Registry
from tests.registry_db import test_settling_by_hand as by_hand
from tests.registry_db.build import make_registry, text, write

# of the aged at A half counts for R1 and 0.3 for R2; of those at B in 2023 a quarter for R1, and nothing else
CLASSES = """\
attribution:
  - dataset: care
    classes:
      - class: aged
        title: {nl: Ouderen, en: The aged}
        when: old = 'aged'
        unknown: outside
        other_providers: as-members
        shares:
          - {provider: A, since: 2020-01-01, networks: {R1: 0.5, R2: 0.3}}
          - {provider: B, since: 2020-01-01, until: 2023-12-31, networks: {R1: 0.25}}
"""
CONTACTS = """\
tables:
  contact:
    link: {id: id}
    columns:
      id: {type: text, required: true}
      giver: {type: text, required: true}
      on_day: {type: date, required: true}
"""
MOST_CARE = """\
attribution:
  - dataset: care
    plurality:
      of: contact
      provider: giver
      by: on_day
      between: ["add_days(day, -30)", "day"]
      count: true
      counted_per: network
      ties: latest-care-then-lowest-code
"""
# care of others than the clinic of the record; r18 had none
ELSEWHERE = {
    "r0": [("B", "2023-01-20"), ("B", "2023-01-21"), ("A", "2023-02-01")],
    "r14": [("B", "2024-06-20"), ("C", "2024-06-25")],
    "r16": [("A", "2024-05-10"), ("A", "2024-05-11"), ("C", "2024-06-01")],
    "r18": [],
}
OTHERS = {"target": {"kind": "comparison-group"}, "comparison": by_hand.OTHERS}


def _delivered(registry: Registry, folder: Path) -> list[dict[str, str]]:
    lines = [
        {"id": f"r{number}", **dict(zip(by_hand.NAMES, row.split(), strict=True))}
        for number, row in enumerate(by_hand.RECORDS.splitlines())
    ]
    registry.deliver("care", write(folder, text(lines, ("id", *by_hand.NAMES)), "care.csv"))
    return lines


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("shared")
    definitions = {**by_hand.DEFINITIONS, "region.network.yaml": by_hand.REGION + CLASSES}
    with Registry(make_registry(folder / "registry", definitions)) as registry:
        _delivered(registry, folder)
        registry.score("care-fell")
        yield registry


@pytest.fixture(scope="module")
def most_care(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("most")
    definitions = {
        **by_hand.DEFINITIONS,
        "care.dataset.yaml": by_hand.CARE + CONTACTS,
        "region.network.yaml": by_hand.REGION + MOST_CARE,
    }
    with Registry(make_registry(folder / "registry", definitions)) as registry:
        lines = _delivered(registry, folder)
        care = ["id,giver,on_day"]
        for line in lines:
            given = ELSEWHERE.get(line["id"], [(line["clinic"], line["day"])])
            care += [f"{line['id']},{giver},{day}" for giver, day in given]
        registry.deliver("care.contact", write(folder, "\n".join(care) + "\n", "contacts.csv"))
        registry.score("care-fell")
        yield registry


def test_a_class_is_shared_out(shared: Registry) -> None:
    """R1 in 2023: A 100, half of 200 300 400, and a quarter of B's 250: 2.75 records of 612.50.

    In 2024: A 100 200 and half of 240, and B 260 of July, whose shares have ended: 3.5 records of 680. So the
    target is 612.50 / 2.75 * 3.5 = 779.55, and half of 99.55 is paid.
    """
    made = by_hand._settle(shared, by_hand._contract())
    facts = made.settlements[0].inputs
    assert (facts.baselines[0].records, facts.baselines[0].spending) == (Decimal("2.75"), Decimal("612.5"))
    assert (facts.records, facts.spending) == (Decimal("3.5"), 680)
    target = Fraction("612.5") / Fraction("2.75") * Fraction("3.5")
    assert abs(Fraction(by_hand._target(made)) - target) < Fraction(1, 10**9)
    assert str(made.payment) == "49.77"


def test_what_is_shared_out_counts_in_the_comparison_group(shared: Registry) -> None:
    """R2 in 2024: 0.3 of A's 240, B 500 of June, C 300 500; R3 200 200: 5.3 records of 1,772."""
    made = by_hand._settle(shared, by_hand._contract(**OTHERS))
    (group,) = made.settlements[0].inputs.comparison
    assert (group.records, group.spending) == (Decimal("5.3"), 1772)
    # 1,772 / 5.3 * 3.5 = 1,170.19 against 680
    assert str(made.payment) == "245.09"


@pytest.mark.parametrize("by", ["records", "spending", "equal"])
@pytest.mark.parametrize("how", ["shared", "most_care"])
def test_no_payment_falls_to_providers_by_records_that_are_not_theirs_alone(
    how: str, by: str, request: pytest.FixtureRequest
) -> None:
    rule = {"by": by, "remainder": "largest-remainder"}
    with pytest.raises(RegistryError, match="do not go to networks by their provider alone"):
        by_hand._settle(request.getfixturevalue(how), by_hand._contract(distribution=rule))


def test_payers_have_what_is_shared_out_of_their_own(shared: Registry) -> None:
    """Sun: 1.5 records of 200 then, 2 of 360 now. Moon: 1.25 of 412.50 then, 1.5 of 320 now: half of 175."""
    contract = by_hand._contract(parties=by_hand._two(insured=by_hand.INSURED))
    made = by_hand._settle(shared, contract)
    assert {each.payer: str(each.payment) for each in made.settlements} == {"Sun": "0.00", "Moon": "87.50"}
    assert made.of("Moon").step("target").amount == 495


def test_luck_of_what_is_shared_out(shared: Registry) -> None:
    contract = by_hand._contract()
    made = by_hand._settle(shared, contract)
    facts = {each.payer: each.inputs for each in made.settlements}
    found = luck_of(contract, made, evidence_of(shared.con, shared.catalogue(), contract, facts))["Sun"][
        "luck"
    ]
    assert found["lower"] < 49.77 < found["upper"]


def test_records_go_to_who_gave_most_care(most_care: Registry) -> None:
    """In 2023 B gave most of the care of A's 100: R1 has A 200 300 400.

    In 2024 R1 has A 100 200 240, and C's 500, for which A gave most; not B's 260, for which C gave as much
    as B and later. So 4 records of 1,040 against 300 each: half of 160 is paid.
    """
    made = by_hand._settle(most_care, by_hand._contract())
    facts = made.settlements[0].inputs
    assert (facts.baselines[0].records, facts.baselines[0].spending) == (3, 900)
    assert (facts.records, facts.spending) == (4, 1040)
    assert str(made.payment) == "80.00"


def test_the_comparison_group_by_most_care(most_care: Registry) -> None:
    """R2: B 500 260 and C 300; R3: D 200, since the other had no care: 4 records of 1,260."""
    made = by_hand._settle(most_care, by_hand._contract(**OTHERS))
    (group,) = made.settlements[0].inputs.comparison
    assert (group.records, group.spending) == (4, 1260)
    assert str(made.payment) == "110.00"


def test_payers_by_most_care(most_care: Registry) -> None:
    """Sun: a record of 200 then, one of 100 now: half of 100. Moon: 2 of 700, then 3 of 940: half of 110."""
    contract = by_hand._contract(parties=by_hand._two(insured=by_hand.INSURED))
    made = by_hand._settle(most_care, contract)
    assert {each.payer: str(each.payment) for each in made.settlements} == {"Sun": "50.00", "Moon": "55.00"}
