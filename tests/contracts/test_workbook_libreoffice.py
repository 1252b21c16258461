"""LibreOffice computes from the workbook what the engine settled: every amount of it, to the cent."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from openpyxl.utils import get_column_letter

from contracts.contract import Contract, parse_contract
from contracts.inputs import SettlementError
from contracts.ledger import Settlement, settle
from contracts.money import Language
from contracts.workbook.book import settlement_cells
from contracts.workbook.cells import Entry, Table
from contracts.workbook.file import workbook
from contracts.workbook.layout import Layout, layouts
from contracts.workbook.words import SAID, SHEETS, TEXTS
from tests.contracts import build, test_models
from tests.contracts.any_facts import any_facts
from tests.contracts.generate import generate, to_inputs
from tests.contracts.libreoffice import Cells, computed, needed, seen
from tests.contracts.test_workbook import WORKED

pytestmark = needed

Book = tuple[Contract, Sequence[Settlement]]
GENERATED = 60


def _books() -> dict[str, Book]:
    """Every shipped model as worked by hand, every public track, and generated contracts."""
    books: dict[str, Book] = {name: (contract, settled) for name, contract, settled in WORKED}
    draw = random.Random(20261125)
    for name in test_models.FILES:
        if name.startswith("mssp-"):
            contract = test_models._contract(name)
            books[name] = (contract, [settle(contract, any_facts(contract, draw))])
    for number in range(GENERATED):
        terms, facts = generate(draw)
        contract = parse_contract(terms)
        books[f"generated-{number}"] = (contract, [settle(contract, to_inputs(facts, contract))])
    return books


BOOKS = _books()


def _language(name: str) -> Language:
    return "nl" if sum(map(ord, name)) % 2 else "en"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cells]:
    """All books, computed by LibreOffice."""
    files = {
        name: workbook(contract, settled, language=_language(name))
        for name, (contract, settled) in BOOKS.items()
    }
    return computed(files, {}, tmp_path_factory.mktemp("books"))


def _place(name: str, entry: Entry) -> tuple[str, str]:
    """Sheet and address of a cell."""
    row, column = _laid_out(name)[entry.table].place(entry)
    return SHEETS[entry.table][_language(name)], f"{get_column_letter(column + 1)}{row + 1}"


@cache
def _laid_out(name: str) -> dict[Table, Layout]:
    contract, settled = BOOKS[name]
    return layouts(settlement_cells(contract, settled), [each.payer for each in settled])


@pytest.mark.parametrize("name", BOOKS)
def test_every_amount_is_that_of_the_settlement(opened: dict[str, Cells], name: str) -> None:
    contract, settled = BOOKS[name]
    cells, compared = settlement_cells(contract, settled), 0
    for entry in cells.entries.values():
        if entry.formula is None or not isinstance(entry.settled, Decimal):
            continue
        value = opened[name][_place(name, entry)]
        assert value == pytest.approx(float(entry.settled), rel=1e-12, abs=1e-9), entry
        if entry.settled == round(entry.settled, 2):
            assert round(Decimal(repr(float(value))), 2) == round(entry.settled, 2), entry
        compared += 1
    assert compared > sum(len(each.steps) for each in settled) - 1
    payments = [entry for key, entry in cells.entries.items() if key.endswith("|payment|amount")]
    for entry, settlement in zip(payments, settled, strict=True):
        assert round(float(opened[name][_place(name, entry)]), 2) == float(settlement.payment)
    assert opened[name][SHEETS["steps"][_language(name)], "A5"] == TEXTS["equal"][_language(name)]


@pytest.mark.parametrize("name", BOOKS)
def test_no_cell_holds_an_error(opened: dict[str, Cells], name: str) -> None:
    wrong = {place: value for place, value in opened[name].items() if str(value).startswith("#")}
    assert wrong == {}


REFUSING = {"minimum_records": 50, "below_minimum": "no-settlement"}


def test_a_changed_fact_gives_what_the_engine_gives_or_why_it_settles_nothing(tmp_path: Path) -> None:
    draw, books, changed, expected = random.Random(7), {}, {}, {}
    for number in range(40):
        terms, facts = generate(draw)
        terms["population"] |= REFUSING if number % 4 else {}
        contract = parse_contract(terms)
        books[f"changed-{number}"] = (contract, [settle(contract, to_inputs(facts, contract))])
    BOOKS.update(books)
    for name, (contract, [settled]) in books.items():
        more = {"records": draw.choice([3, 49, 50, 2000]), "spending": settled.inputs.spending * 2}
        entries = settlement_cells(contract, [settled]).entries
        changed[name] = {
            _place(name, entries[f"inputs|{what}|Payer"]): float(value) for what, value in more.items()
        }
        try:
            expected[name] = settle(contract, replace(settled.inputs, **more))
        except SettlementError as refused:
            expected[name] = refused
    files = {name: workbook(*book, language=_language(name)) for name, book in books.items()}
    found = computed(files, changed, tmp_path)
    for name, made in expected.items():
        entries, language = settlement_cells(*books[name]).entries, _language(name)
        value = found[name][_place(name, entries["steps|Payer|payment|amount"])]
        if isinstance(made, SettlementError):
            portions = [entry for key, entry in entries.items() if key.endswith("|portion")]
            assert {value, *(found[name][_place(name, entry)] for entry in portions)} == {
                SAID["no-settlement"][language]
            }
            small = "fewer than the" in str(made)
            reason = SAID["too few records" if small else "no threshold"][language]
            assert found[name][SHEETS["steps"][language], "A5"] == reason
        else:
            assert round(float(value), 2) == float(made.payment), name
    refused = sum(isinstance(made, SettlementError) for made in expected.values())
    assert 5 <= refused <= 35


@needed
def test_what_rounds_to_zero_is_seen_without_a_minus(tmp_path: Path) -> None:
    """A tenth of a cent too much, and a cent too much: only that is less than nothing."""
    for spent, saving in (("1000.001", "€ 0.00"), ("1000.004", "€ 0.00"), ("1000.005", "-€ 0.01")):
        contract = build.contract()
        settled = settle(contract, build.facts(target="1000", spending=spent))
        folder = tmp_path / spent
        folder.mkdir()
        rows = {row[0]: row[1:3] for row in seen(workbook(contract, [settled], language="en"), folder)}
        assert rows["Saving"] == [saving, saving]
        assert rows["Spending target"] == ["€ 1,000.00", "€ 1,000.00"]
