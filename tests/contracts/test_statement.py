"""The document of a settlement says all that the ledger has, in both languages."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdf
import pytest

from contracts.contract import Contract
from contracts.ledger import Settlement
from contracts.statement.document import Language, statement
from contracts.statement.words import TEXTS
from contracts.terms.part import Text
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


def test_every_word_is_there_in_both_languages() -> None:
    assert all(nl and en for key, (nl, en) in TEXTS.items() if key != "judged")
