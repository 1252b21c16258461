"""The real settlements of the Medicare Shared Savings Program, and what they catch.

Published by the US Centers for Medicare & Medicaid Services (public domain). The tracks are contract files;
the second half of this file breaks one rule of them at a time, and each time the published payments say so.
"""

from __future__ import annotations

import copy
import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.mssp import CLASSES, TRACKS, Checked, Row, check, read_years, tracks
from contracts.contract import Contract, parse_contract
from contracts.inputs import SettlementInputs
from contracts.ledger import Settlement, settle
from contracts.threshold import threshold_rate
from tests.conftest import SHARED

pytestmark = pytest.mark.data
FOLDER = SHARED / "data" / "mssp"
PAID = {"2014": 86, "2016": 134, "2018": 205, "2022": 304, "2024": 359}
ROWS = {"2014": 333, "2016": 432, "2018": 548, "2022": 482, "2024": 476}
Terms = dict[str, Any]


@cache
def _rows() -> tuple[Row, ...]:
    return tuple(read_years(FOLDER, tracks()))


@cache
def _checked() -> tuple[Checked, ...]:
    contracts = tracks()
    return tuple(check(row, contracts[row.contract]) for row in _rows())


@pytest.mark.parametrize("year", ROWS)
def test_every_published_settlement(shared: Path, year: str) -> None:
    checked = [item for item in _checked() if item.row.year == year]
    assert len(checked) == ROWS[year]
    assert sum(item.row.payment > 0 for item in checked) == PAID[year]
    assert all(item.counted_agrees for item in checked)
    wrong = {item.row.id: item.found for item in checked if item.found not in CLASSES[:2]}
    # its loss is limited by the revenue of its participants, which is not published
    assert wrong == ({"A1070": "limited by revenue"} if year == "2022" else {})
    if year >= "2022":
        paid = [item for item in checked if item.row.payment > 0]
        assert all(item.found == "to the dollar" for item in paid)


def test_money_paid_in_2024_is_the_published_total(shared: Path) -> None:
    paid = [item.payment for item in _checked() if item.row.year == "2024" and item.payment > 0]
    assert len(paid) == 359
    assert abs(sum(paid) - Decimal("4124206556")) <= len(paid)


def test_thresholds_by_population_to_the_ten_published_digits(shared: Path) -> None:
    contract = tracks()["mssp-track-1-overspending-shown"]
    seen = 0
    with (FOLDER / "mssp_puf_2018.csv").open(encoding="utf-8-sig", newline="") as file:
        for cells in csv.DictReader(file):
            if cells["Current_Track_1"] == "1":
                rate = threshold_rate(contract.threshold.rate, records=int(cells["N_AB"]), chosen=None)
                assert abs(rate - Fraction(cells["MinSavPerc"])) <= Fraction(6, 10**10), cells["ACO_ID"]
                seen += 1
    assert seen == 453


def _files() -> dict[str, Terms]:
    read = (yaml.safe_load(file.read_text("utf-8")) for file in sorted(TRACKS.glob("*.yaml")))
    return {terms["contract"]: terms for terms in read}


def _found_with(
    change: Callable[[Terms], None], settled_by: Callable[..., Settlement] = settle
) -> tuple[Counter[str], list[str]]:
    """What the published payments say of changed contracts: newly wrong settlements by year, and which."""
    contracts = {}
    for name, terms in _files().items():
        changed = copy.deepcopy(terms)
        change(changed)
        contracts[name] = parse_contract(changed)
    wrong = [
        f"{item.row.year} {item.row.id}"
        for row, before in zip(_rows(), _checked(), strict=True)
        if (item := check(row, contracts[row.contract], settled_by)).found == "not reproduced"
        or (before.found == "to the dollar" and item.payment != before.payment and _farther(item, before))
        or item.counted_agrees != before.counted_agrees
    ]
    return Counter(name[:4] for name in wrong), wrong


def _farther(item: Checked, before: Checked) -> bool:
    return abs(item.payment - item.row.payment) > abs(before.payment - before.row.payment) + 1


def _nothing(terms: Terms) -> None:
    pass


def test_the_contracts_as_they_are_make_no_new_mistake(shared: Path) -> None:
    assert _found_with(_nothing)[1] == []


def _no_sequestration(terms: Terms) -> None:
    del terms["deductions"]


def test_no_sequestration(shared: Path) -> None:
    # everyone who is paid, but for the two whose cap binds
    found, _ = _found_with(_no_sequestration)
    assert found == {**PAID, "2016": PAID["2016"] - 1, "2018": PAID["2018"] - 1}


def _after_the_cap(terms: Terms) -> None:
    terms["deductions"][0]["when"] = "after-cap"


def _no_cap(terms: Terms) -> None:
    terms["cap"] = {"rate_of": "none"}


@pytest.mark.parametrize("change", [_after_the_cap, _no_cap])
def test_sequestration_after_the_cap_or_no_cap(shared: Path, change: Callable[[Terms], None]) -> None:
    # the third that the reference names is of 2017, which is not among these files
    assert _found_with(change)[1] == ["2016 A00755", "2018 A1409"]


def _deductible(terms: Terms) -> None:
    terms["threshold"]["mode"] = "deductible"


def test_threshold_as_deductible(shared: Path) -> None:
    found, wrong = _found_with(_deductible)
    # all who are paid, but for those with a threshold of 0 and those whose cap binds
    assert len(wrong) > 900
    assert set(found) == set(PAID)


def _step_table(terms: Terms) -> None:
    for section in (terms["threshold"], terms["losses"]["threshold"] if terms["losses"] != "none" else {}):
        rate = section.get("rate", {})
        table = rate.get("otherwise", rate)
        if table:
            table["between"] = "step"


def test_threshold_table_without_interpolation(shared: Path) -> None:
    found, _ = _found_with(_step_table)
    assert sum(found.values()) >= 10
    assert len(found) >= 4


def _always_times_quality(terms: Terms) -> None:
    if terms["years"][0] == "2021":
        rate = terms["share"]["cases"][0]["rate"]
        rate["base"] = 0


def test_quality_as_multiplier_after_2021(shared: Path) -> None:
    found, _ = _found_with(_always_times_quality)
    # every paid one of 2022; in 2024 but for the 13 that were scaled or paid by the alternative, or scored 1
    assert found["2022"] == 304
    assert 340 <= found["2024"] <= 359
    assert set(found) == {"2022", "2024"}


def _never_times_quality(terms: Terms) -> None:
    if terms["years"][0] != "2021":
        for case in terms["share"]["cases"]:
            case["rate"]["base"] = case["rate"]["at_full_quality"]


def test_no_quality_multiplier_until_2018(shared: Path) -> None:
    found, _ = _found_with(_never_times_quality)
    assert set(found) == {"2014", "2016", "2018"}
    assert sum(found.values()) > 250


def _settled_with_losses_reduced(contract: Contract, inputs: SettlementInputs) -> Settlement:
    settlement = settle(contract, inputs)
    relief = inputs.loss_relief or Decimal(0)
    owed = settlement.payment - relief if settlement.payment < 0 else settlement.payment
    return replace(settlement, payment=owed * Decimal("0.98") + relief if owed < 0 else owed)


def test_sequestration_on_losses(shared: Path) -> None:
    # the language has no word for it: deductions never touch what is owed
    found, wrong = _found_with(_nothing, _settled_with_losses_reduced)
    owed = [item for item in _checked() if item.row.payment < 0]
    assert {f"{item.row.year} {item.row.id}" for item in owed} <= set(wrong)
    assert set(found) == {"2016", "2018", "2022", "2024"}


def _wide_brackets(terms: Terms) -> None:
    rate = terms["threshold"]["rate"]
    for bracket in rate.get("otherwise", rate)["table"][:-1]:
        low, high = Fraction(str(bracket["from_rate"])), Fraction(str(bracket["to_rate"]))
        size = bracket["to_records"] - bracket["from_records"]
        # as if the denominator were high + 1 - low
        bracket["to_rate"] = float(low + (high - low) * Fraction(size, size + 1))


def test_denominator_of_the_table_is_caught_by_the_digits_of_2018_only(shared: Path) -> None:
    assert _found_with(_wide_brackets)[1] == []
    terms = _files()["mssp-track-1-overspending-shown"]
    _wide_brackets(terms)
    rate = parse_contract(terms).threshold.rate
    (row,) = [row for row in _rows() if row.year == "2018" and row.inputs.records == 9817]
    assert abs(
        threshold_rate(rate, records=row.inputs.records, chosen=None) - Fraction("0.030182182")
    ) > Fraction(1, 10**8)


def test_rounded_savings_rate_would_pay_who_is_below(shared: Path) -> None:
    # A1488 of 2021 saved 1.9955 % and chose 2 %; its published rate shows 2.00 %
    contract = tracks()["mssp-enhanced"]
    (like,) = [row for row in _rows() if row.year == "2022" and row.id == "A1001"]
    target = Decimal(109130873)
    inputs = replace(
        like.inputs, target=target, spending=Decimal(106953158), chosen_threshold=Decimal("0.02")
    )
    assert settle(contract, inputs).payment == 0
    rounded = replace(inputs, spending=target - target * Decimal("0.0200"))
    assert settle(contract, rounded).payment > 1_600_000
