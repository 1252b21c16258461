"""The workbook of a settlement recomputes it: exactly by its formulas, to the cent in a spreadsheet."""

from __future__ import annotations

import io
import json
import random
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contracts.canonical import shown
from contracts.contract import Contract, parse_contract
from contracts.field_words import _CHOICES, choice_words
from contracts.inputs import SettlementError
from contracts.ledger import Settlement, settle
from contracts.money import Language
from contracts.restatement import Restated, restate
from contracts.terms.part import Text
from contracts.workbook.book import settlement_cells
from contracts.workbook.cells import Cells, recalculated
from contracts.workbook.file import workbook
from contracts.workbook.ledger import NO_SETTLEMENT
from contracts.workbook.words import SAID
from tests.contracts import build, test_golden, test_models
from tests.contracts.generate import generate, to_inputs


def _differences(cells: Cells, values: dict[str, object]) -> dict[str, tuple[object, object]]:
    """Cells that do not hold what the settlement has, exactly."""
    found: dict[str, tuple[object, object]] = {}
    for key, entry in cells.entries.items():
        if entry.settled is None or entry.formula is None:
            continue
        value = values[key]
        told = shown(value) if isinstance(value, Fraction) else value
        if told != entry.settled:
            found[key] = (told, entry.settled)
    return found


def _worked() -> list[tuple[str, Contract, Sequence[Settlement]]]:
    worked: list[tuple[str, Contract, Sequence[Settlement]]] = []
    for name, number in test_models.WORKED:
        contract = test_models._contract(name)
        settled = test_models._settled(contract, test_models.CASES[name][number])[0]
        worked.append((f"{name}-{number}", contract, settled))
    for name, case in test_golden.CASES.items():
        if {"rebase", "chance", "goal"} & set(case):
            continue
        for number, run in enumerate(case.get("runs", [case])):
            changes = {**case.get("contract", {}), **run.get("contract", {})}
            contract = test_golden.build.contract(**changes)
            settled = [settle(contract, test_golden._given(contract, run["facts"]))]
            worked.append((f"{name}-{number}", contract, settled))
    return worked


WORKED = _worked()


@pytest.mark.parametrize(("name", "contract", "settled"), WORKED, ids=[name for name, *_ in WORKED])
def test_formulas_give_every_amount_of_the_settlement(
    name: str, contract: Contract, settled: Sequence[Settlement]
) -> None:
    cells = settlement_cells(contract, settled)
    assert _differences(cells, dict(recalculated(cells))) == {}
    steps = {step.key for settlement in settled for step in settlement.steps}
    shown_steps = {entry.row.split("|")[1] for entry in cells.entries.values() if entry.table == "steps"}
    assert steps <= shown_steps, name


def test_generated_contracts_and_other_inputs_in_the_same_formulas() -> None:
    draw, held = random.Random(20260101), 0
    for _ in range(600):
        terms, facts = generate(draw)
        contract = parse_contract(terms)
        settled = settle(contract, to_inputs(facts, contract))
        cells = settlement_cells(contract, [settled])
        assert _differences(cells, dict(recalculated(cells))) == {}, terms
        # other facts do not change a formula, so a changed input gives what `settle` gives on it
        changed = {**facts, "spending": str(Decimal(facts["spending"]) * Decimal("1.07"))}
        again = settlement_cells(contract, [settle(contract, to_inputs(changed, contract))])
        assert {key: entry.formula for key, entry in again.entries.items()} == {
            key: entry.formula for key, entry in cells.entries.items()
        }
        held += len(again.entries)
    assert held > 10_000


def _spreadsheet(file: Path, changed: dict[str, float] | None = None) -> dict[str, Any]:
    """Every cell, computed by an independent spreadsheet engine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import formulas

        model = formulas.ExcelModel().loads(str(file)).finish()
        inputs = {f"'[{file.name}]{place}": value for place, value in (changed or {}).items()}
        solution = model.calculate(inputs=inputs)
    cells = {key: cell for key, cell in solution.items() if "!" in key and ":" not in key}
    return {key.partition("]")[2]: cell.value[0, 0] for key, cell in cells.items()}


def _amounts(values: dict[str, Any], file: Path, payers: Sequence[str]) -> dict[tuple[str, str], float]:
    """Amount by payer and name of its step; with several payers each stands under its own heading."""
    sheet = openpyxl.load_workbook(file)["Settlement"]
    found, payer = {}, payers[0]
    for row in range(7, sheet.max_row + 1):
        name = str(sheet.cell(row, 1).value)
        payer = name if name in payers else payer
        found[payer, name] = values.get(f"SETTLEMENT'!B{row}")
    return found


@pytest.mark.parametrize(("name", "contract", "settled"), WORKED, ids=[name for name, *_ in WORKED])
def test_a_spreadsheet_computes_the_settlement_to_the_cent(
    name: str, contract: Contract, settled: Sequence[Settlement], tmp_path: Path
) -> None:
    file = tmp_path / f"{name}.xlsx"
    file.write_bytes(workbook(contract, settled, language="en"))
    values = _spreadsheet(file)
    assert values["SETTLEMENT'!A5"] == "Equal to the settlement."
    amounts = _amounts(values, file, [settlement.payer for settlement in settled])
    for settlement in settled:
        for step in settlement.steps:
            amount = amounts[settlement.payer, step.name.en]
            assert float(amount) == pytest.approx(float(step.amount), rel=1e-12, abs=1e-9), step.key
        assert round(float(amounts[settlement.payer, _last(settlement)]), 2) == float(settlement.payment)


def test_a_changed_input_gives_what_the_engine_gives_on_it(tmp_path: Path) -> None:
    name, contract, settled = next(each for each in WORKED if each[0] == "shared-savings-two-sided-0")
    file = tmp_path / f"{name}.xlsx"
    file.write_bytes(workbook(contract, settled, language="en"))
    sheet = openpyxl.load_workbook(file)["Facts"]
    place = next(f"B{row}" for row in range(6, 40) if sheet.cell(row, 3).value == "inputs:spending")
    for spending in ("2000000", "2100000.01", "2164554.27", "2500000"):
        changed = settle(contract, replace(settled[0].inputs, spending=Decimal(spending)))
        values = _spreadsheet(file, {f"FACTS'!{place}": float(spending)})
        payment = _amounts(values, file, ["Payer"])["Payer", _last(settled[0])]
        assert round(float(payment), 2) == float(changed.payment), spending
        assert values["SETTLEMENT'!A5"] == "Differs from the settlement: something was changed."


def _last(settlement: Settlement) -> str:
    return settlement.steps[-1].name.en


def test_where_the_engine_settles_nothing_the_workbook_says_so_and_why() -> None:
    draw, refused = random.Random(5), 0
    for _ in range(150):
        terms, facts = generate(draw)
        terms["population"] |= {"minimum_records": 20, "below_minimum": "no-settlement"}
        contract = parse_contract(terms)
        settled = settle(contract, to_inputs(facts, contract))
        cells = settlement_cells(contract, [settled])
        for records in (19, 20):
            try:
                made = settle(contract, replace(settled.inputs, records=records)).payment
            except SettlementError:
                made = None
            values = recalculated(cells, {"inputs|records|Payer": records})
            assert values["steps|Payer|payment|amount"] == (NO_SETTLEMENT if made is None else made)
            reason = values["steps|all|settled|amount"]
            assert (reason == "yes") == (made is not None)
            refused += reason == "too few records"
    assert refused == 150


def test_all_indicators_dropped_out_is_no_settlement() -> None:
    contract = build.contract(quality__not_assessable="leave-out")
    settled = settle(contract, build.facts(target="1000", spending="700"))
    cells = settlement_cells(contract, [settled])
    bands = {key: "not-assessable" for key in cells.entries if key.endswith("|band")}
    values = recalculated(cells, bands)
    assert values["steps|all|settled|amount"] == "no indicator left"
    assert values["steps|Payer|payment|amount"] == NO_SETTLEMENT


@pytest.mark.parametrize(("name", "contract", "settled"), WORKED, ids=[name for name, *_ in WORKED])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_reader_meets_an_identifier(
    name: str, contract: Contract, settled: Sequence[Settlement], language: Language
) -> None:
    titles = {rule.indicator: Text(nl="Uitkomst", en="Outcome") for rule in contract.quality.indicators}
    book = openpyxl.load_workbook(io.BytesIO(workbook(contract, settled, language=language, titles=titles)))
    *sheets, sources = book.worksheets
    texts = [
        str(cell.value)
        for sheet in sheets
        for row in sheet.iter_rows(max_col=2)
        for cell in row
        if isinstance(cell.value, str) and not cell.value.startswith(("=", "inputs:", "contract:"))
    ]
    # what people named themselves may look like anything: findings, parties
    own = {*contract.findings, *(portion.name for each in settled for portion in each.others)}
    told = [text for text in texts if not any(word in text for word in own)]
    assert [
        text for text in told if re.search(r"[a-z]_[a-z]|[a-z]-[a-z]+-|\.[a-z]|\b\d\.[a-z]", text)
    ] == [], name
    assert sources.title in ("Bronnen", "Sources")


def test_beside_each_amount_stand_that_of_the_settlement_and_the_difference() -> None:
    _, contract, settled = next(each for each in WORKED if each[0] == "shared-savings-two-sided-0")
    content = io.BytesIO(workbook(contract, settled, language="en"))
    sheet = openpyxl.load_workbook(content, data_only=True)["Settlement"]
    rows = list(sheet.iter_rows(min_row=6, max_col=4, values_only=True))
    assert rows[0] == ("Item", "Amount or value", "By the settlement", "Difference")
    settled_as = {name: (own, there, apart) for name, own, there, apart in rows[1:]}
    for step in settled[0].steps:
        own, there, apart = settled_as[step.name.en]
        assert (own, there, apart) == pytest.approx((float(step.amount), float(step.amount), 0))


def test_a_correction_has_a_sheet_of_its_own_by_party_and_cause() -> None:
    contract = build.contract()
    before = settle(contract, build.facts(target="1000", spending="700"))
    found = restate(contract, before, build.facts(target="1000", spending="600"))
    kept = Restated.from_dict("Payer", json.loads(json.dumps(found.to_dict())))
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(contract, [found.after], language="nl", restated=[kept]))
    )
    rows = [(row[0].value, row[1].value) for row in book["Correctie"].iter_rows(min_row=6, max_col=2)]
    change = float(found.after.payment - before.payment)
    assert rows == [
        ("Partij", "Verschil"),
        ("Payer", -change),
        ("VSV-01", change),
        (None, None),
        ("Oorzaak", "Verschil"),
        ("Uitgaven na aftopping", change),
    ]
    assert book["Correctie"]["A4"].value is None
    without = openpyxl.load_workbook(io.BytesIO(workbook(contract, [before], language="nl")))
    assert "Correctie" not in without.sheetnames


def test_different_texts_in_a_formula_stay_different_to_people() -> None:
    for language, currency in product(("nl", "en"), ("EUR", "USD")):
        said = [getattr(choice_words(word, currency), language) for word in _CHOICES]
        said += [words[language] for words in SAID.values()]
        assert len(set(said)) == len(said)


def test_both_languages_and_the_same_cells_again() -> None:
    _, contract, settled = WORKED[0]
    books = {
        language: openpyxl.load_workbook(io.BytesIO(workbook(contract, settled, language=language)))
        for language in ("nl", "en")
    }
    assert books["nl"].sheetnames == [
        "Afrekening",
        "Kwaliteit",
        "Basisjaren",
        "Feiten",
        "Contract",
        "Bronnen",
    ]
    assert books["en"].sheetnames[0] == "Settlement"
    hashes = {str(row[1].value) for row in books["nl"]["Bronnen"].iter_rows(min_row=3)}
    assert {settled[0].hash, contract.hash} <= hashes


def test_excel_is_told_to_show_no_minus_before_zero() -> None:
    """By its format alone a tenth of a cent too much is -€ 0.00 in Excel: each amount has a rule."""
    _, contract, settled = WORKED[0]
    (sheet, *_) = openpyxl.load_workbook(io.BytesIO(workbook(contract, settled, language="en")))
    rules = {str(place.sqref): rules for place, rules in sheet.conditional_formatting._cf_rules.items()}
    amounts = [
        cell
        for row in sheet.iter_rows(min_row=6, min_col=2, max_col=2)
        for cell in row
        if str(cell.value).startswith("=") and "€" in cell.number_format
    ]
    assert len(amounts) > 5
    for cell in amounts:
        (rule,) = rules[cell.coordinate]
        assert rule.formula == [f"AND({cell.coordinate}>-0.005,{cell.coordinate}<0)"]
        assert rule.dxf.numFmt.formatCode == '"€" 0.00;"€" 0.00'
        assert cell.number_format == '[>=0.005]"€" #,##0.00;[<=-0.005]-"€" #,##0.00;"€" 0.00'
