"""Splitting without losing a cent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.distribution import split
from contracts.inputs import Member, SettlementError
from contracts.ledger import settle
from tests.contracts import build

CENT = Fraction(1, 100)
BY_RECORDS = {"by": "records", "remainder": "largest-remainder"}


def _amounts(amount: str, *weights: int) -> list[str]:
    rows = [(str(number), Fraction(weight)) for number, weight in enumerate(weights)]
    return [str(portion.amount) for portion in split(Fraction(amount), rows, unit=CENT)]


def test_by_hand() -> None:
    assert _amounts("100", 1, 1, 1) == ["33.34", "33.33", "33.33"]
    assert _amounts("0.05", 3, 3, 4) == ["0.02", "0.01", "0.02"]  # quotas 1.5, 1.5 and 2
    assert _amounts("10", 0, 1) == ["0.00", "10.00"]
    assert _amounts("-0.05", 3, 3, 4) == ["-0.02", "-0.01", "-0.02"]  # owed as it would be paid


def test_largest_remainder_as_in_the_apportionment_of_1792() -> None:
    # Balinski and Young, Fair Representation (1982): 120 seats over the states of the census of 1790
    people = {
        "Virginia": 630560,
        "Massachusetts": 475327,
        "Pennsylvania": 432879,
        "North Carolina": 353523,
        "New York": 331589,
        "Maryland": 278514,
        "Connecticut": 236841,
        "South Carolina": 206236,
        "New Jersey": 179570,
        "New Hampshire": 141822,
        "Vermont": 85533,
        "Georgia": 70835,
        "Kentucky": 68705,
        "Rhode Island": 68446,
        "Delaware": 55540,
    }
    rows = [(name, Fraction(number)) for name, number in people.items()]
    seats = {p.name: int(p.amount) for p in split(Fraction(120), rows, unit=Fraction(1))}
    assert list(seats.values()) == [21, 16, 14, 12, 11, 9, 8, 7, 6, 5, 3, 2, 2, 2, 2]


@given(
    cents=st.integers(-(10**9), 10**9),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_parts_sum_to_the_whole_and_stay_within_a_cent_of_their_share(
    cents: int, weights: list[int]
) -> None:
    amount = Fraction(cents, 100)
    rows = [(str(number), Fraction(weight)) for number, weight in enumerate(weights)]
    parts = split(amount, rows, unit=CENT)
    assert sum(Fraction(part.amount) for part in parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part.amount) - amount * weight / sum(weights)) < CENT


def test_by_records_of_the_members() -> None:
    contract = build.contract(distribution=BY_RECORDS)
    members = (Member("Hospital", Decimal(600)), Member("Midwives", Decimal(400)))
    facts = build.facts(target="100.01", spending="0", more={"members": members})
    settlement = settle(contract, facts)
    assert {p.name: str(p.amount) for p in settlement.portions} == {"Hospital": "30.01", "Midwives": "20.00"}
    assert sum(p.amount for p in settlement.portions) == settlement.payment


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ((), "members: none"),
        ((Member("A", Decimal(1)),) * 2, "each once"),
        ((Member("A", Decimal(0)),), "nothing says how to distribute"),
        ((Member("A", Decimal("NaN")),), "inputs.members.A.weight: NaN"),
        ((Member("A", Decimal(-1)), Member("B", Decimal(2))), "members A: -1"),
    ],
)
def test_members_that_cannot_be_distributed_over(members: tuple[Member, ...], words: str) -> None:
    contract = build.contract(distribution=BY_RECORDS)
    with pytest.raises(SettlementError, match=words):
        settle(contract, build.facts(target="10", spending="9", more={"members": members}))
