"""The document of a settlement says all that the ledger has, in both languages."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pypdf
import pytest

from contracts.contract import Contract
from contracts.field_words import FieldWords
from contracts.inputs import Completion, Interim
from contracts.ledger import Settlement, settle
from contracts.money import Language
from contracts.restatement import Restated, restate
from contracts.statement.document import statement
from contracts.statement.inputs import input_text
from contracts.statement.numbers import Numbers
from contracts.statement.words import TEXTS
from contracts.terms.part import Text
from tests.contracts import build
from tests.contracts.test_workbook import WORKED

MODELS = [each for each in WORKED if each[0] in ("growth-path-0", "population-budget-0", "reach-global-0")]


def _read(contract: Contract, settled: Sequence[Settlement], language: Language) -> str:
    made = statement(
        contract, settled, titles={"haemorrhage": Text(nl="Fluxus", en="Bleeding")}, language=language
    )
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in pages} == {(595, 842)}
    # a word that is broken over two lines is one word
    text = " ".join(page.extract_text() for page in pages)
    return "".join(text.replace("\u2010\n", "").replace("-\n", "").split())


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("name", "contract", "settled"), MODELS, ids=[name for name, *_ in MODELS])
def test_every_step_amount_party_and_hash_is_there(
    name: str, contract: Contract, settled: Sequence[Settlement], language: Language
) -> None:
    text = _read(contract, settled, language)
    for settlement in settled:
        for step in settlement.steps:
            assert getattr(step.name, language).replace(" ", "") in text, (name, step.key)
        amount = f"{abs(settlement.payment):,.2f}"
        if language == "nl":
            amount = amount.translate(str.maketrans(",.", ".,"))
        assert amount in text
        assert settlement.hash in text
        assert settlement.payer.replace(" ", "") in text
        for portion in settlement.portions:
            assert portion.name.replace(" ", "") in text
    assert contract.hash in text
    assert TEXTS["signature"][language == "en"] in text


def test_titles_and_markup_are_text() -> None:
    _, contract, settled = next(each for each in MODELS if each[0] == "growth-path-0")
    assert "Fluxus" in _read(contract, settled, "nl")
    hostile = Text(nl='#panic("x") \\ "$', en="x")
    made = statement(contract, settled, titles={"haemorrhage": hostile}, language="nl")
    assert b"%PDF" in made[:8]


def test_the_same_settlement_gives_the_same_document() -> None:
    _, contract, settled = MODELS[0]
    first, second = (statement(contract, settled, titles={}, language="nl") for _ in range(2))
    assert first == second


def _two(
    language: Language, restated: Sequence[Restated], settled: Sequence[Settlement], contract: Contract
) -> str:
    made = statement(
        contract,
        settled,
        titles={"goal": Text(nl="Fluxus", en="Bleeding")},
        percentages={"goal"},
        restated=restated,
        language=language,
    )
    return " ".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages).split())


def test_a_restatement_says_what_changed_for_each_party_and_why() -> None:
    contract = build.contract()
    before = settle(contract, build.facts(target="1000", spending="700"))
    found = restate(contract, before, build.facts(target="1000", spending="600"))
    after, kept = found.after, Restated.from_dict("Payer", json.loads(json.dumps(found.to_dict())))
    change = after.payment - before.payment
    assert change > 0
    text = _two("nl", [kept], [after], contract)
    amounts = [f"{amount:.2f}".replace(".", ",") for amount in (before.payment, after.payment, change)]
    assert f"Die kwam uit op € {amounts[0]}; nu is het € {amounts[1]}." in text
    assert f"Payer \u2212€ {amounts[2]}" in text
    assert f"Uitgaven na aftopping € {amounts[2]}" in text
    assert "What this correction changes" in _two("en", [kept], [after], contract)


def test_an_interim_settlement_says_where_the_network_stands() -> None:
    contract = build.contract()
    facts = build.facts(target="1000", spending="700")
    interim = Interim("2025-09-30", (Completion("2025", Decimal(700), Decimal("0.8")),))
    results = tuple(replace(result, ripe=False) for result in facts.results)
    settled = settle(contract, replace(facts, interim=interim, results=results))
    text = _two("nl", [], [settled], contract)
    assert "Voorlopige afrekening 2025, betaald tot en met 2025-09-30" in text
    assert "€ 700,00, naar verwachting 80,0 % van het eindbedrag" in text
    assert "opgehoogd tot € 875,00" in text
    assert "Nog niet alle uitkomsten zijn bekend bij: Fluxus." in text
    assert "Zoals het nu staat" in text
    assert "Te betalen aan het netwerk €" not in text
    final = _two("nl", [], [settle(contract, facts)], contract)
    assert "tussenstand" not in final
    assert "Te betalen aan het netwerk €" in final


@pytest.mark.parametrize(
    ("amount", "unit", "nl", "en"),
    [
        ("-1234.5", "eur", "\u2212€\u00a01.234,50", "\u2212€1,234.50"),
        ("0.485251", "rate", "48,5251\u00a0%", "48.5251%"),
        ("0.25", "rate", "25\u00a0%", "25%"),
        ("1261", "count", "1.261", "1,261"),
        ("0.941005", "points", "0,941", "0.941"),
        ("1.5", "number", "1,5", "1.5"),
    ],
)
def test_numbers_as_each_language_writes_them(amount: str, unit: str, nl: str, en: str) -> None:
    assert Numbers("nl", "EUR").of_unit(Decimal(amount), unit) == nl
    assert Numbers("en", "EUR").of_unit(Decimal(amount), unit) == en


@pytest.mark.parametrize(("name", "contract", "settled"), WORKED, ids=[name for name, *_ in WORKED])
def test_no_identifier_among_what_a_step_was_computed_from(
    name: str, contract: Contract, settled: Sequence[Settlement]
) -> None:
    titles = {rule.indicator: Text(nl="Uitkomst", en="Outcome") for rule in contract.quality.indicators}
    words, numbers = FieldWords(contract, titles), Numbers("nl", contract.currency)
    for settlement in settled:
        for step in settlement.steps:
            for what, given in step.inputs.items():
                told = input_text(settlement, what, given, words, numbers)
                assert not re.search(r"_|\b[a-z]+-[a-z]+$", told), told


def test_every_word_is_there_in_both_languages() -> None:
    assert all(nl and en for nl, en in TEXTS.values())
