"""What people read about a score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app import sentences
from app.markup import mark_of
from app.spine import spine
from app.wording import wording
from registry_db.published import Result
from registry_db.reader import Publications
from tests.app.build import OWN, PERIOD

NL, EN = wording("nl"), wording("en")


@pytest.fixture(scope="module")
def results(registry: Path) -> dict[str, Result]:
    found = Publications(registry).newest().results(provider=OWN, period=PERIOD)
    return {result.indicator.indicator: result for result in found}


def say(result: Result) -> str:
    return sentences.finding(NL, result, small_cell=10).replace("\N{NO-BREAK SPACE}", " ")


def test_an_outcome_is_set_against_what_its_clients_led_to_expect(results: dict[str, Result]) -> None:
    # 42 of 568 is 7,4 %; 34,6 of 568 is 6,1 %
    assert say(results["birth-pph"]) == (
        "Dit is vastgelegd bij 42 van de 568 (7,4 %). Dat past bij wat op grond van de kenmerken van de "
        "cliënten te verwachten is (6,1 %)."
    )
    worse = results["birth-pph"]
    worse = replace(worse, score=replace(worse.score, band="high95"))
    assert "Dat is meer dan verwacht op grond van de kenmerken van de cliënten (6,1 %)." in say(worse)


def test_a_process_is_set_against_the_average(results: dict[str, Result]) -> None:
    assert say(results["birth-booking"]) == (
        "Dit is vastgelegd bij 540 van de 600 (90,0 %). Dat is duidelijk meer dan gemiddeld bij alle "
        "organisaties (83,0 %)."
    )


def test_a_mean_is_set_against_the_average(results: dict[str, Result]) -> None:
    assert say(results["birth-experience"]) == (
        "Het gemiddelde na correctie is 7,6 (bij 120 records). Dat is duidelijk lager dan gemiddeld bij alle "
        "organisaties (8,1)."
    )


def test_a_fact_has_no_chance(results: dict[str, Result]) -> None:
    assert say(results["vsv-standard"]) == "Antwoord: ja. Het geldt voor 92 % van alle organisaties."


def test_the_steward_is_told_in_the_language(results: dict[str, Result]) -> None:
    indicator = results["birth-apgar"].indicator
    assert (NL.of(indicator, "steward"), EN.of(indicator, "steward")) == ("NVOG", "NVOG")
    both = replace(
        indicator, steward="the society", definition="steward: {nl: de vereniging, en: the society}\n"
    )
    assert (NL.of(both, "steward"), EN.of(both, "steward")) == ("de vereniging", "the society")


def test_why_there_is_no_verdict(results: dict[str, Result]) -> None:
    assert "kleine aantallen (minder dan 10 cliënten)" in say(results["birth-apgar"])
    few = results["hip-eq5d"]
    assert "te weinig records (minder dan 30)" in say(few)
    for reason, words in {
        "no records": "geen records",
        "fewer than 1 expected event": "te zeldzaam (minder dan 1 verwacht)",
        "fewer than 0.5 expected events": "te zeldzaam (minder dan 0,5 verwacht)",
        "no model: the cohort is empty": "geen casemixmodel mogelijk (the cohort is empty)",
        "something new": "something new",
    }.items():
        score = replace(few.score, reason=reason)
        assert words in sentences.reason(NL, score, small_cell=10)


@pytest.mark.parametrize(
    ("better", "band", "side"),
    [
        ("lower", "low998", "gunstig, buiten de grens van 99,8 %"),
        ("lower", "high95", "ongunstig, buiten de grens van 95 %"),
        ("higher", "low95", "ongunstig, buiten de grens van 95 %"),
        ("higher", "high998", "gunstig, buiten de grens van 99,8 %"),
        ("higher", "in", ""),
    ],
)
def test_good_or_bad_depends_on_the_indicator(
    results: dict[str, Result], better: str, band: str, side: str
) -> None:
    score = replace(results["birth-pph"].score, better=better, band=band)
    assert sentences.side(NL, score).replace("\N{NO-BREAK SPACE}", " ") == side


def test_better_and_worse_differ_in_more_than_colour(results: dict[str, Result]) -> None:
    marks = {
        band: mark_of(replace(results["birth-pph"].score, band=band))
        for band in ("low998", "low95", "in", "high95", "high998")
    }
    assert len({mark.replace("12436D", "").replace("C2410C", "") for mark in marks.values()}) == 5


def test_the_line_of_a_score_is_read_out(results: dict[str, Result]) -> None:
    drawn = spine(EN, results["birth-tear"])  # of which the low 99.8 % limit cannot be reached
    assert 'alt="Value 1.2%, interval 0.4 to 2.8%; average of all organisations 2.7%."' in drawn
    assert "None" not in drawn
    assert "nan" not in drawn
    assert spine(EN, results["birth-apgar"]) == ""


def test_reasons_of_states_are_those_of_the_definition(registry: Path) -> None:
    reader = Publications(registry).newest()
    indicator = reader.indicator("birth-pph")
    states = reader.states("birth-pph", version="1.0.0", period=PERIOD, provider=OWN)
    names = reader.names("birth")
    said = {sentences.state_reason(NL, indicator, state, names) for state in states}
    assert said == {"", "meerling", "valt buiten de doelgroep", "geen waarde voor Bloedverlies (ml)"}
