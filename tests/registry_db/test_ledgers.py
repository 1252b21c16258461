"""The ledger of the demo's contract, taken out of the registry and out of its publication."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry_db.ledgers import LEDGER_KINDS, Language, published_file
from registry_db.reader import PublicationReader, current_publication
from registry_db.registry import Registry
from tests.contracts.libreoffice import computed, needed

PAYMENTS = {"2024": "140882.03", "2025": "180485.03"}


@pytest.fixture(scope="module")
def reader(demo_registry: Path) -> PublicationReader:
    return PublicationReader(current_publication(demo_registry))


@needed
def test_libreoffice_computes_the_payments_of_the_demo(demo_registry: Path, tmp_path: Path) -> None:
    books: dict[str, bytes] = {}
    languages: tuple[Language, ...] = ("nl", "en")
    with Registry(demo_registry) as registry:
        for period in PAYMENTS:
            for language in languages:
                ledger = registry.ledger("birth-vsv", period, language=language)
                books[f"{period}-{language}"] = ledger.to_xlsx()
    found = computed(books, {}, tmp_path)
    for name, cells in found.items():
        period, _, language = name.partition("-")
        sheet, last = ("Afrekening", "Uit te betalen") if language == "nl" else ("Settlement", "Payment")
        (row,) = (place[1:] for (where, place), value in cells.items() if (where, value) == (sheet, last))
        assert f"{cells[sheet, f'B{row}']:.2f}" == f"{cells[sheet, f'C{row}']:.2f}" == PAYMENTS[period]
        assert cells[sheet, "A5"] in ("Gelijk aan de afrekening.", "Equal to the settlement.")
        assert not [value for value in cells.values() if str(value).startswith("#")]


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_publication_gives_the_same_file_as_the_registry(
    demo_registry: Path, reader: PublicationReader, kind: str, language: Language
) -> None:
    published = published_file(reader, "birth-vsv", period="2025", kind=kind, language=language)
    with Registry(demo_registry) as registry:
        own = LEDGER_KINDS[f".{kind}"](registry.ledger("birth-vsv", "2025", language=language))
    if kind == "pdf":
        assert published == own
    else:
        # the file says when it was made
        assert len(published) == pytest.approx(len(own), abs=50)


def test_the_text_of_the_contract_is_the_one_that_was_settled(reader: PublicationReader) -> None:
    (text,) = reader.contracts()
    (data,) = json.loads(published_file(reader, "birth-vsv", period="2024", kind="json", language="nl"))
    assert (text.hash, data["payment"]) == (data["contract_hash"], PAYMENTS["2024"])
