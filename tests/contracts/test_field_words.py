"""Every field that a ledger or a workbook names has words in both languages."""

from __future__ import annotations

import random

import pytest

from contracts.contract import Contract, parse_contract
from contracts.field_words import FieldWords, cause_words, choice_words
from contracts.ledger import Settlement, settle
from contracts.terms.part import Text
from contracts.workbook.book import settlement_cells
from tests.contracts import build
from tests.contracts.generate import generate, to_inputs
from tests.contracts.test_workbook import WORKED

TITLES = {"haemorrhage": Text(nl="Fluxus", en="Bleeding")}


def _unnamed(contract: Contract, settled: list[Settlement]) -> list[str]:
    words, found = FieldWords(contract), []
    for settlement in settled:
        for step in settlement.steps:
            for what, given in step.inputs.items():
                kind, _, path = given.source.partition(":")
                if kind == "step" and path != "running":
                    continue  # an earlier step, which has a name of its own
                text = words.of(given.source, what=what)
                found += [given.source] if kind != "quality" and path in (text.nl, text.en) else []
                if (
                    isinstance(given.value, str)
                    and choice_words(given.value, contract.currency).nl == given.value
                ):
                    found.append(f"value {given.value}")
    for entry in settlement_cells(contract, settled).entries.values():
        if entry.table in ("inputs", "terms"):
            text = words.of(entry.source)
            found += [entry.source] if entry.source.partition(":")[2] in (text.nl, text.en) else []
    return found


@pytest.mark.parametrize(("name", "contract", "settled"), WORKED, ids=[name for name, *_ in WORKED])
def test_fields_of_every_worked_contract(name: str, contract: Contract, settled: list[Settlement]) -> None:
    assert _unnamed(contract, list(settled)) == []


def test_fields_of_generated_contracts() -> None:
    draw = random.Random(3)
    for _ in range(300):
        terms, facts = generate(draw)
        contract = parse_contract(terms)
        assert _unnamed(contract, [settle(contract, to_inputs(facts, contract))]) == []


@pytest.mark.parametrize(
    ("source", "nl", "en"),
    [
        (
            "contract:share.base",
            "Aandeel van het netwerk: bij kwaliteitsscore 0",
            "Share of the network: at quality score 0",
        ),
        (
            "contract:cap.rate.2025",
            "Plafond in 2025, als deel van het omzetdoel",
            "Cap in 2025, as part of the target",
        ),
        ("contract:target.own.trend.rate", "Eigen uitgaven: groei per jaar", "Own spending: growth per year"),
        ("inputs:baselines.2023.records", "Eigen records in 2023", "Own records in 2023"),
        ("inputs:members.123", "Verdeelsleutel van 123", "Weight of 123 in the distribution"),
        ("quality:haemorrhage", "Fluxus", "Bleeding"),
        (
            "contract:threshold.rate.table.0.to_rate",
            "Drempel: klasse 1, bij het grootste aantal",
            "Threshold: class 1, at the largest number",
        ),
    ],
)
def test_a_few_by_hand(source: str, nl: str, en: str) -> None:
    assert FieldWords(build.contract(), TITLES).of(source) == Text(nl=nl, en=en)


@pytest.mark.parametrize(
    ("what", "nl"),
    [
        ("spending", "Uitgaven na aftopping"),
        ("Payer B: spending", "Uitgaven na aftopping (Payer B)"),
        ("results haemorrhage", "Fluxus"),
        ("contract and baselines", "De contracttekst en Uitgaven in de basisjaren"),
        ("sources", "Herkomst van de gegevens"),
        ("contract and A and B: sources", "De contracttekst en Herkomst van de gegevens (A and B)"),
        ("A and B: results", "Kwaliteitsresultaten (A and B)"),
    ],
)
def test_causes_of_a_restatement(what: str, nl: str) -> None:
    assert cause_words(what, TITLES).nl == nl


def test_sources_that_differ_are_named_by_what_they_are() -> None:
    names = (
        *("code set c 1.0.0", "dataset d 1.0.0", "delivery d-1", "facts f 1.0.0", "indicator i 1.0.0"),
        *("model haemorrhage", "network set n 1.0.0", "scores haemorrhage", "scores other"),
    )
    told = cause_words("sources", TITLES, sources=names)
    assert told.nl == (
        "Herkomst van de gegevens: codelijst c 1.0.0, registratie d 1.0.0, aanlevering d-1, "
        "vastgestelde feiten f 1.0.0, indicator i 1.0.0, casemixmodel van Fluxus, netwerken n 1.0.0, "
        "scores van Fluxus, scores van other"
    )
    assert told.en == (
        "Origin of the data: code set c 1.0.0, dataset d 1.0.0, delivery d-1, established facts f 1.0.0, "
        "indicator i 1.0.0, case-mix model of Bleeding, networks n 1.0.0, scores of Bleeding, scores of other"
    )
