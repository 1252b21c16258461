"""How sure a settlement is, as its document and workbook say it: what was kept, and nothing else."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pypdf
import pytest

from contracts.contract import Contract
from contracts.field_words import FieldWords
from contracts.kept_luck import KeptLuck, chance_rows
from contracts.ledger import Settlement
from contracts.luck_words import ROWS, SLOPES, TEXTS, WITHIN
from contracts.payers import settle_payers
from contracts.statement.document import statement
from contracts.statement.numbers import Language
from contracts.terms.part import Text
from contracts.workbook.file import workbook
from tests.contracts import build

TITLES = {"goal": Text(nl="Fluxus", en="Bleeding")}
CHANCES: dict[str, Any] = {
    "payment": "1500.00",
    "expected": 1400.0,
    "lower": -250.4,
    "upper": 3210.6,
    "chance_none": 0.2,
    "chance_owed": 0.0,
    "by_luck": 0.125,
    "any_by_luck": 0.31,
    "expected_by_luck": 612.7,
    "true_saving": 0.03,
    "power": 0.75,
    "draws": 10_000,
    "seed": 4711,
}
LUCK: dict[str, Any] = {
    **CHANCES,
    "savings_sd": 0.0194,
    "passes_by_luck": 0.3027,
    "passes_by_saving": 0.8567,
    "held": ["goal"],
    "together": [],
    "without_earlier": [],
}
STORED: dict[str, Any] = {
    "luck": LUCK,
    "goals": [],
    "slopes": [
        {"what": "spending", "kind": "euro", "step": "1", "up": "-0.50", "down": "0.50"},
        {"what": "goal", "kind": "value", "step": "0.01", "up": "-9.99", "down": "9.99"},
        {"what": "goal", "kind": "event", "step": "1", "up": "-72.25", "down": None},
    ],
    "cliffs": [
        {
            "what": "goal",
            "kind": "value",
            "now": "0.6",
            "at": "0.5",
            "events": 3,
            "errors": 1.26,
            "before": "1500.00",
            "after": "1000.00",
            "words": {
                "nl": "Als goal lager uitkomt, daalt het.",
                "en": "If goal is lower, it falls.",
            },
        }
    ],
}


def _kept(**changes: Any) -> KeptLuck:
    stored = json.loads(json.dumps(STORED))
    stored["luck"] |= changes
    found = KeptLuck.from_dict(stored)
    assert found is not None
    return found


def _settled(*payers: str) -> tuple[Contract, tuple[Settlement, ...]]:
    several = {"parties__judged": "pooled"} if len(payers) > 1 else {}
    contract = build.contract(parties__payers=list(payers), **several)
    facts = build.facts(target="10000", spending="7000")
    return contract, settle_payers(contract, dict.fromkeys(payers, facts)).settlements


def _document(luck: Mapping[str, KeptLuck], *payers: str, language: Language = "nl") -> str:
    contract, settled = _settled(*(payers or ("Payer",)))
    made = statement(contract, settled, titles=TITLES, luck=luck, language=language)
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace("\u2010\n", "").replace("-\n", "").replace("\u00a0", " ").split())


def _book(luck: Mapping[str, KeptLuck], *payers: str, language: Language = "nl") -> openpyxl.Workbook:
    contract, settled = _settled(*(payers or ("Payer",)))
    made = workbook(contract, settled, titles=TITLES, luck=luck, language=language)
    return openpyxl.load_workbook(io.BytesIO(made))


def test_the_document_says_what_was_kept() -> None:
    text = _document({"Payer": _kept()})
    for told in (
        "10.000 keer nagebootst",
        "(startgetal 4711)",
        "ze tellen mee zoals ze zijn gevonden: Fluxus.",
        "Kans op dit bedrag of meer als er niets was veranderd 12,5 %",
        "Kans op enige betaling aan het netwerk als er niets was veranderd 31,0 %",
        "Wat het netwerk gemiddeld had gekregen als er niets was veranderd € 613",
        "van \u2212€ 250",
        "tot € 3.211",
        "Kans dat er niets was betaald 20,0 %",
        "Kans op een betaling als er werkelijk 3 % was bespaard 75,0 %",
        "deel van het omzetdoel) 1,94 %",
        "zonder echte besparing, met de formule 30,27 %",
        "met de formule 85,67 %",
        "Uitgaven: € 1 +€ 0,50 \u2212€ 0,50",
        "Fluxus: één geval \u2013 \u2212€ 72,25",
        "Als Fluxus lager uitkomt, daalt het. Dat is 1,3 standaardfouten verderop: toeval kan",
    ):
        assert told in text, told
    # of an indicator with events the slope per hundredth says nothing more
    assert "uitkomst 0,01" not in text
    english = _document({"Payer": _kept()}, language="en")
    for told in (
        "simulated 10,000 times",
        "or more if nothing had changed 12.5%",
        "\u2212€250",
        "If Bleeding is lower",
    ):
        assert told in english, told


def test_the_workbook_has_the_same_in_a_sheet_of_fixed_values() -> None:
    sheet = _book({"Payer": _kept()})["Toeval"]
    assert "geen formules" in sheet["A3"].value
    assert sheet["A4"].value is None
    assert "10.000 keer nagebootst" in sheet["A5"].value
    assert "(startgetal 4711)" in sheet["A5"].value
    cells = {row[0].value: [cell.value for cell in row[1:3]] for row in sheet.iter_rows(min_row=7)}
    assert cells["Kans op dit bedrag of meer als er niets was veranderd"] == [0.125, None]
    assert cells["95%-interval van het bedrag: van"] == [-250.4, None]
    assert cells["Uitgaven: €\N{NO-BREAK SPACE}1"] == [0.5, -0.5]
    assert cells["Fluxus: één geval"] == ["\u2013", -72.25]
    assert any(str(name).startswith("Als Fluxus lager uitkomt") for name in cells)
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert "Luck" in _book({"Payer": _kept()}, language="en").sheetnames


def test_the_ledger_is_the_same_with_and_without_luck() -> None:
    told, silent = _book({"Payer": _kept()}), _book({})
    assert set(told.sheetnames) - set(silent.sheetnames) == {"Toeval"}
    for name in silent.sheetnames:
        cells = ([[cell.value for cell in row] for row in book[name].iter_rows()] for book in (told, silent))
        first, second = cells
        assert first == second, name
    assert TEXTS["title"][0] not in _document({})
    contract, settled = _settled("Payer")
    bare = statement(contract, settled, titles=TITLES, language="nl")
    assert bare == statement(contract, settled, titles=TITLES, luck={}, language="nl")


def test_payers_stand_beside_each_other_with_their_sum() -> None:
    total = {**CHANCES, "payment": "3000.00", "power": 0.875}
    both = {}
    for payer, power in (("A", 0.75), ("B", 0.625)):
        found = KeptLuck.from_dict({**STORED, "luck": {**LUCK, "power": power}, "total": total})
        assert found is not None
        both[payer] = found
    rows = list(_book(both, "A", "B")["Toeval"].iter_rows(min_row=7, values_only=True))
    assert rows[0][:4] == ("Onderdeel", "A", "B", "Alle zorgverzekeraars samen")
    powers = next(row for row in rows if row[0] and row[0].startswith("Kans op een betaling"))
    assert powers[1:4] == (0.75, 0.625, 0.875)
    # a formula for the threshold is of a payer and not of the sum
    formula = next(row for row in rows if row[0] and "zonder echte besparing" in row[0])
    assert formula[1:4] == (0.3027, 0.3027, None)
    text = _document(both, "A", "B")
    assert text.index("75,0 %") < text.index("62,5 %") < text.index("Alle zorgverzekeraars samen Onderdeel")
    assert "87,5 %" in text[text.index("Alle zorgverzekeraars samen Onderdeel") :]


def test_of_what_is_owed_the_chance_is_told_that_it_had_been_more() -> None:
    rows = {row.name.en: row.value for row in chance_rows(_kept(payment="-10", chance_owed=0.4).luck)}
    assert rows["Chance that the network had owed even more if nothing had changed"] == Decimal("0.875")
    assert rows["Chance that the network had owed something"] == Decimal("0.4")
    assert "Chance of this amount or more if nothing had changed" not in rows
    nothing = [row.name.en for row in chance_rows(_kept(payment="0.00").luck)]
    assert nothing[0] == "Chance of any payment to the network if nothing had changed"


@pytest.mark.parametrize(
    ("chance", "told"),
    [
        (0.0, "minder dan 0,1 %"),
        (0.0004, "minder dan 0,1 %"),
        (0.001, "veranderd 0,1 %"),
        (1.0, "meer dan 99,9 %"),
    ],
)
def test_from_draws_a_chance_is_never_nothing_or_everything(chance: float, told: str) -> None:
    assert told in _document({"Payer": _kept(by_luck=chance)})
    sheet = _book({"Payer": _kept(by_luck=chance)})["Toeval"]
    cells = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=7)}
    found = cells["Kans op dit bedrag of meer als er niets was veranderd"]
    assert found == (told.replace(" %", "\N{NO-BREAK SPACE}%") if "dan" in told else chance)


def test_a_minus_is_not_left_behind_at_the_end_of_a_line() -> None:
    """The typesetter may break a line between a minus and the sign of a currency, unless told not to."""
    contract, settled = _settled("Payer")
    for width in range(1, 60, 3):
        stored = json.loads(json.dumps(STORED))
        words = f"goal {'ook ' * 20}van \N{MINUS SIGN}€\N{NO-BREAK SPACE}93.267,72 naar nul."
        stored["cliffs"][0]["words"] = {"nl": words, "en": words}
        kept = KeptLuck.from_dict(stored)
        assert kept is not None
        titles = {"goal": Text(nl="x" * width, en="x" * width)}
        made = statement(contract, settled, titles=titles, luck={"Payer": kept}, language="nl")
        told = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)
        assert not re.search("\N{MINUS SIGN}\\s*\n", told), width


def test_a_jump_beyond_two_errors_is_hardly_chance() -> None:
    (cliff,) = _kept().cliffs
    words = FieldWords(build.contract(), TITLES)
    for errors, told in ((1.99, "toeval kan dit"), (2.0, "toeval alleen maakt dit"), (None, "daalt het.")):
        (sentence,) = replace(_kept(), cliffs=(replace(cliff, errors=errors),)).cliff_sentences(words)
        assert told in sentence.nl
    assert sentence.en == "If Bleeding is lower, it falls."


def test_without_luck_that_is_known_nothing_is_kept() -> None:
    assert KeptLuck.from_dict({"unknown": "too few records"}) is None


def test_every_word_is_there_in_both_languages() -> None:
    for words in (*ROWS.values(), *SLOPES.values(), *WITHIN.values(), *TEXTS.values()):
        assert len(words) == 2
        assert all(words)
