"""The pages, run by Streamlit's own test harness."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from app import publication
from app.publication import REGISTRY_VARIABLE
from app.views import contract
from app.views import luck as luck_view
from app.wording import wording
from contracts.inputs import Completion, Interim
from contracts.ledger import settle
from contracts.luck import Chances
from registry_db.ledgers import published_file
from registry_db.reader import NotPublished
from tests.app.build import OTHER, OWN, PERIOD, SMALL, build_publication, luck_row, point_at, settlement
from tests.app.build import contract as contract_of_test

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")
PAGES = ("overview", "indicator", "contract", "data")


def page(name: str, **address: str) -> AppTest:
    """A page as it is after opening an address."""
    test = AppTest.from_file(MAIN, default_timeout=30)
    test.query_params.update(address)
    test.run()
    return test if name == "overview" else turn_to(test, name)


def turn_to(test: AppTest, name: str) -> AppTest:
    """Another page, by the menu."""
    # `switch_page` knows pages by their file only, and these are functions
    hashes = {info["url_pathname"]: code for code, info in test._registered_pages.items()}
    test._page_hash = hashes[name]
    test.run()
    assert not test.exception
    return test


def text(test: AppTest) -> str:
    """Everything that is written on a page."""
    parts = [element.proto.body for element in test.get("html")]
    parts += [table.value.to_csv() for table in test.table]
    return "\n".join(parts).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("lang", "word", "other"),
    [("nl", "Gegenereerde gegevens", "Generated"), ("en", "Generated data", "Gegenereerd")],
)
def test_every_page_is_in_the_language_and_says_that_data_are_generated(
    name: str, lang: str, word: str, other: str
) -> None:
    body = text(page(name, lang=lang))
    assert word in body
    assert other not in body
    assert "abcdef0123456789" in body  # the publication it comes from


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize(
    ("lang", "row"),
    [
        ("nl", "eerste bevalling,250,"),
        ("en", "first delivery,250,8.4%,6.0%,8.4%,5.9 to 11.8%,8.4%"),
    ],
)
def test_subgroups_stand_beside_those_of_all_together(lang: str, row: str) -> None:
    body = text(page("indicator", lang=lang, organisation=OWN, period=PERIOD, indicator="birth-pph"))
    assert row in body
    other = text(page("indicator", lang=lang, organisation=OWN, period=PERIOD, indicator="birth-tear"))
    assert row not in other


@pytest.mark.usefixtures("shown")
def test_overview_shows_every_kind_of_score() -> None:
    body = text(page("overview", lang="nl"))
    assert "<h1>VSV De Linde</h1>" in body  # the one with a contract comes first
    assert "In 2025 zijn 4 indicatoren beoordeeld. Daarvan 2 gunstig, 1 ongunstig en 1 binnen" in body
    for piece in (
        "<b>7,2 %</b>",
        "5,2 tot 9,7 %",
        "5,9 %",
        "zoals verwacht",
        "duidelijk hoger dan gemiddeld",
        "gunstig, buiten de grens van 99,8 %",
        "lager dan verwacht",
        "ongunstig, buiten de grens van 99,8 %",
        "niet getoond: kleine aantallen (minder dan 10 cliënten)",
        "niet te beoordelen: te weinig records (minder dan 30)",
        "<b>ja</b>",
        "92 % van de organisaties",
        "betrouwbaarheid matig",
    ):
        assert piece in body
    assert "Fluxus postpartum &lt;1000 ml &amp; meer&gt;" in body
    address = "indicator?lang=nl&amp;organisation=VSV-01&amp;period=2025&amp;indicator=birth-pph"
    assert f'href="{address}"' in body


@pytest.mark.usefixtures("shown")
def test_names_from_outside_are_escaped() -> None:
    body = text(page("overview", lang="nl", organisation=OTHER))
    assert "VSV &lt;Ander&gt;" in body
    assert "<Ander>" not in body


@pytest.mark.usefixtures("shown")
def test_a_suppressed_score_shows_no_number() -> None:
    body = text(page("overview", lang="en", organisation=SMALL))
    assert "not shown: small numbers (fewer than 10 clients)" in body
    assert "No indicator was assessed in 2025." in body
    assert "<b>" not in body


@pytest.mark.usefixtures("shown")
def test_the_address_decides_and_nonsense_in_it_is_ignored() -> None:
    test = page("overview", lang="en", organisation=SMALL, period="2024'; drop table score")
    assert test.sidebar.selectbox[0].value == SMALL
    assert test.sidebar.selectbox[1].value == PERIOD
    assert test.query_params == {"lang": "en", "organisation": SMALL, "period": PERIOD}
    nonsense = page("overview", lang="../../etc", organisation="nobody")
    assert nonsense.query_params["lang"] == "nl"
    assert nonsense.query_params["organisation"] == OWN


@pytest.mark.usefixtures("shown")
def test_a_choice_goes_into_the_address_and_stays_on_the_next_page() -> None:
    test = page("overview", lang="nl")
    test.sidebar.selectbox[0].set_value(OTHER).run()
    assert test.query_params["organisation"] == OTHER
    test.query_params.clear()  # as the menu does
    test.run()
    assert test.sidebar.selectbox[0].value == OTHER
    assert test.query_params["organisation"] == OTHER


@pytest.mark.usefixtures("shown")
def test_the_indicator_that_was_looked_at_is_there_again_after_another_page() -> None:
    test = page("indicator", lang="nl", indicator="birth-tear")
    turn_to(test, "")  # the overview is the root
    test.query_params.clear()
    assert "Ernstige ruptuur</h1>" in text(turn_to(test, "indicator"))


@pytest.mark.usefixtures("shown")
def test_an_indicator_is_set_against_the_others_without_their_names() -> None:
    test = page("indicator", lang="nl", indicator="birth-pph")
    body = text(test)
    assert "Dit is vastgelegd bij 42 van de 568 (7,4 %). Dat past bij" in body
    assert "42 waargenomen, 34,6 verwacht" in body
    assert "1 organisatie staat er niet in" in body
    assert len(test.get("arrow_vega_lite_chart") or test.get("vega_lite_chart")) == 5  # funnel, trend, months
    twin = test.table[0].value
    assert list(twin.iloc[:, 0]) == ["VSV De Linde", *["andere organisatie"] * 5]
    assert list(twin.iloc[:, 1])[-1] == "–"  # the suppressed one


@pytest.mark.usefixtures("shown")
def test_an_indicator_is_shown_over_the_years() -> None:
    body = text(page("indicator", lang="nl", indicator="birth-pph"))
    assert "De eigen waarde door de jaren heen" in body
    assert '2024,568,"7,2 %","5,2 tot 9,7 %","5,9 %"' in body
    single = text(page("indicator", lang="nl", indicator="birth-tear"))
    assert "nog geen tweede periode" in single


@pytest.mark.usefixtures("shown")
def test_an_indicator_is_followed_by_month_in_words_charts_and_a_table() -> None:
    test = page("indicator", lang="nl", indicator="birth-pph")
    body = text(test)
    assert "Van januari tot en met december 2025 zijn er 6,0 gevallen meer vastgelegd dan verwacht" in body
    assert "Het alarm ging af in juli 2025" in body
    assert "verdubbeling van de kans" in body
    assert "krijgen er hooguit ongeveer 5 in zo'n periode toch een alarm" in body.replace("&#x27;", "'")
    assert "Buiten wat gewoon is: september 2025." in body
    assert "één kant van het eigen gemiddelde: juni tot en met augustus 2025, oktober tot en met dec" in body
    assert 'december 2025,"1,40","−6,0",120,"alarm, aan één kant"' in body
    charts = test.get("arrow_vega_lite_chart") or test.get("vega_lite_chart")
    assert len(charts) == 5  # the funnel and the years as well
    english = text(page("indicator", lang="en", indicator="birth-pph"))
    assert "The alarm went off in July 2025" in english
    assert "Per maand" not in [tab.label for tab in page("indicator", lang="nl", indicator="birth-tear").tabs]


@pytest.mark.usefixtures("shown")
def test_who_cannot_be_followed_by_month_is_told_why() -> None:
    other = text(page("indicator", lang="nl", organisation=OTHER, indicator="birth-pph"))
    assert "In 2025 ging het alarm niet af." in other
    assert "De maanden zijn niet apart te tonen" in other
    small = text(page("indicator", lang="en", organisation=SMALL, indicator="birth-pph"))
    assert "Nothing of this organisation can be shown by month" in small
    before = text(page("indicator", lang="en", organisation=OWN, period="2024", indicator="birth-pph"))
    assert "Only the newest 3 periods are followed by month" in before


@pytest.mark.usefixtures("shown")
def test_where_the_records_went_adds_up_where_it_can_be_shown() -> None:
    tear = text(page("indicator", lang="nl", indicator="birth-tear"))
    assert "Telt mee,,410" in tear
    assert "Samen,,568" in tear
    pph = text(page("indicator", lang="nl", indicator="birth-pph"))
    assert "Uitgesloten,meerling,14" in pph
    assert "Gegeven ontbreekt,geen waarde voor Bloedverlies (ml),niet getoond" in pph
    assert "Samen," not in pph  # a total would give the hidden numbers away


@pytest.mark.usefixtures("shown")
def test_an_unripe_value_is_called_provisional() -> None:
    assert "voorlopig: er volgen er nog" in text(page("overview", lang="nl"))
    assert "provisional: more to come" in text(page("overview", lang="en"))


@pytest.mark.usefixtures("shown")
def test_the_response_stands_beside_the_score_with_a_warning_where_it_is_low() -> None:
    overview = text(page("overview", lang="nl"))
    assert "<small>respons 56 %: laag</small>" in overview
    assert "Respons: welk deel van de gevraagde cliënten antwoordde. Onder 60 % is dat laag" in overview
    body = text(page("indicator", lang="nl", indicator="birth-experience"))
    assert "Lage respons: 56 % van de gevraagde cliënten vulde de vragenlijst in, minder dan 60 %." in body
    assert "<dd>56 %<small>125 van de 225 antwoordden" in body
    assert "Low response: 56% of the clients who were asked" in text(
        page("indicator", lang="en", indicator="birth-experience")
    )
    assert "respons" not in text(page("indicator", lang="nl", indicator="birth-pph"))


@pytest.mark.usefixtures("shown")
def test_the_case_mix_model_is_readable() -> None:
    body = text(page("indicator", lang="nl", indicator="birth-pph"))
    assert 'Eerste bevalling of niet,eerste bevalling tegenover multi,"1,56","1,02 tot 2,40"' in body
    assert "Eerste bevalling of niet: eerste bevalling,48 %,44 %" in body
    assert "Eerste bevalling of niet: onbekend,niet getoond," in body
    english = text(page("indicator", lang="en", indicator="birth-pph"))
    assert "First delivery or not,first delivery compared with multi,1.56" in english
    assert '"22 tegenover 31,5","0,70",–' in body
    assert 'C-statistiek,"0,612"' in body
    assert "meegeleverd" in text(page("indicator", lang="nl", indicator="hip-eq5d"))
    assert "niet gecorrigeerd" in text(page("indicator", lang="nl", indicator="birth-booking"))


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("name", ["vsv-standard", "birth-apgar", "birth-experience", "hip-eq5d"])
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_kind_of_indicator_has_a_page(name: str, lang: str) -> None:
    test = page("indicator", lang=lang, indicator=name)
    assert "<h1>" in text(test)
    assert test.code[0].value == "indicator: x\nsteward: NVOG"


@pytest.mark.usefixtures("shown")
def test_a_contract_shows_how_the_payment_came_about() -> None:
    test = page("contract", lang="nl")
    body = text(test)
    assert "<strong>€ 48.207,30</strong>" in body
    assert "Tussenstand: de periode is nog niet compleet" in body
    assert "Omzetdoel min werkelijke uitgaven" in body
    assert "Besparing<small>Omzetdoel min werkelijke uitgaven.</small>" in body
    assert "€ 300.364,25" in body
    assert "niet te beoordelen: valt weg" in body
    # the year has not ended
    assert "Zoals het nu staat, uit te betalen" in body
    assert "Geteld zijn de records tot en met 30 november 2025" in body
    # the chart as a table
    assert '<th scope="row">Telt niet mee (drempel)</th>' in body
    assert len(test.get("arrow_vega_lite_chart") or test.get("vega_lite_chart")) == 1


@pytest.mark.usefixtures("shown")
def test_a_contract_shows_how_sure_the_payment_is() -> None:
    body = text(page("contract", lang="nl"))
    found = publication.newest().luck(publication.newest().settlements(OWN)[0].settlement)
    assert found is not None
    w = wording("nl")
    any_payment = w.number(found.any_by_luck * 100, 0)
    assert f"was er door toeval in {any_payment} van de 100 zulke jaren iets uitbetaald" in body
    assert w.percent(found.by_luck).replace("\N{NO-BREAK SPACE}", " ") in body
    assert "van 9,0 % naar 5,0 %" in body
    assert "5,2 tot 9,7 %" in body
    assert "Eén minder" in body
    assert "Even if nothing had changed" in text(page("contract", lang="en"))


@pytest.mark.usefixtures("shown")
def test_each_line_says_from_what_it_was_computed() -> None:
    """1 % of the target, and 2,200,000 euros of 550 records at 3 % growth upon growth for 568 records."""
    body = text(page("contract", lang="nl"))
    target = wording("nl").money(settlement().step("target").amount, "EUR", cents=True).replace("\u00a0", " ")
    assert f'<small class="from">Drempel: 1 %; Omzetdoel: {target}</small>' in body
    assert "Eigen records in 2023: 550; Eigen uitgaven in 2023, na aftopping: € 2.200.000,00" in body
    assert "Groei per jaar: 3 %; Aantal records: 568</small>" in body
    assert "Threshold: 1%; Spending target: €" in text(page("contract", lang="en"))


@pytest.mark.usefixtures("shown")
def test_a_settlement_can_be_taken_along() -> None:
    test = page("contract", lang="en")
    buttons = test.get("download_button")
    assert [button.proto.label for button in buttons] == ["Workbook (Excel)", "Document (PDF)", "Data (JSON)"]
    assert "contract: vsv-contract" in test.code[0].value


def test_a_settlement_with_a_hidden_score_can_be_had_as_data_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "hidden.duckdb"
    build_publication(file)
    with duckdb.connect(str(file)) as con:
        (kept,) = con.execute("select settlement_json from settlement").fetchone()
        stored = json.loads(kept)
        stored["inputs"]["results"][0] |= {"n": None, "adjusted": None, "lower": None, "upper": None}
        stored["withheld"] = {"nl": "Dit is van te weinig patiënten om te tonen.", "en": "Too few patients."}
        con.execute("update settlement set settlement_json = ?", [json.dumps(stored)])
        con.execute("delete from contract")
    point_at(tmp_path, "hidden.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    test = page("contract", lang="nl")
    assert [button.proto.label for button in test.get("download_button")] == ["Gegevens (JSON)"]
    assert 'class="from"' not in text(test)
    assert "van te weinig patiënten om te tonen" in text(test)
    with pytest.raises(NotPublished, match="json only"):
        published_file(publication.newest(), "vsv-contract", period="2025", kind="pdf", language="nl")
    assert published_file(publication.newest(), "vsv-contract", period="2025", kind="json", language="nl")


def test_a_score_without_what_all_have_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the total would tell a small number, expectation, limits and reliability go with it."""
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "alone.duckdb"
    build_publication(file)
    gone = ("expected", "ratio", "low998", "low95", "high95", "high998", "reliability")
    with duckdb.connect(str(file)) as con:
        con.execute(f"update score set {', '.join(f'{name} = null' for name in gone)}")
        con.execute("delete from benchmark")
    point_at(tmp_path, "alone.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    body = text(page("indicator", lang="nl", indicator="birth-pph"))
    assert "te verwachten is (niet getoond)" in body
    assert "zou het een klein aantal verraden" in body
    overview = page("overview", lang="nl")
    assert not overview.exception
    assert "7,2 %" in text(overview)


def test_a_settlement_without_evidence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "publications").mkdir()
    build_publication(tmp_path / "publications" / "bare.duckdb", luck=False)
    point_at(tmp_path, "bare.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    assert "niet bekend hoe groot de rol van toeval is" in text(page("contract", lang="nl"))


def test_years_stand_side_by_side_and_payers_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "more.duckdb"
    build_publication(file)
    with duckdb.connect(str(file)) as con:
        for hash, column, value in (("a", "period", "2024"), ("b", "payer", "Andere verzekeraar")):
            con.execute(
                f"insert into settlement select * replace (? as settlement, ? as {column}) from settlement "
                "where length(settlement) > 1",
                [hash, value],
            )
    point_at(tmp_path, "more.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    test = page("contract", lang="nl")
    (payers,) = (box for box in test.main.selectbox if box.label == "Contract")
    assert sorted(payers.options) == [
        "Andere verzekeraar: Contract geboortezorg",
        "Zorgverzekeraar: Contract geboortezorg",
    ]
    payers.set_value("vsv-contract Zorgverzekeraar").run()
    body = text(test)
    assert "Door de jaren heen" in body
    assert 'period=2024" target="_self">2024</a>' in body
    payers.set_value("vsv-contract Andere verzekeraar").run()
    assert "Door de jaren heen" not in text(test)
    assert "Zorgverzekeraar met" not in text(test)


def _with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, values: list[Any]) -> None:
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "other.duckdb"
    build_publication(file)
    with duckdb.connect(str(file)) as con:
        con.execute(change, values)
    point_at(tmp_path, "other.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))


def test_a_correction_says_what_it_changed_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "differences": {"Zorgverzekeraar": "-207.30", OWN: "207.30"},
        "causes": [
            {"what": "spending", "difference": "250.00"},
            {"what": "results birth-tear", "difference": "-42.70"},
        ],
    }
    _with(tmp_path, monkeypatch, "update settlement set restatement_json = ?", [json.dumps(told)])
    body = text(page("contract", lang="nl"))
    assert "die uitkwam op € 48.000,00. Nu is het € 48.207,30" in body
    assert '<th scope="row">VSV De Linde</th><td data-label="Verschil">+€ 207,30' in body
    assert (
        '<th scope="row">Uitgaven na aftopping</th><td data-label="Verschil voor het netwerk">+€ 250,00'
        in body
    )
    assert '<th scope="row">Ernstige ruptuur</th>' in body
    assert "What the correction changes" in text(page("contract", lang="en"))


def test_the_money_of_several_payers_stands_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "replace ('b' as settlement, ? as payer, 1000.50 as payment)"
    double = f"insert into settlement select * {other} from settlement"
    _with(tmp_path, monkeypatch, double, ["Andere verzekeraar"])
    body = text(page("contract", lang="nl"))
    assert "Per zorgverzekeraar" in body
    # both have the settlement of the one, so that twice as much was saved
    twice = wording("nl").money(2 * settlement().step("saving").amount, "EUR").replace("\u00a0", " ")
    assert (
        f'<th scope="row">Samen</th><td data-label="Besparing">{twice}</td>'
        '<td data-label="Uitbetaling">€ 49.207,80'
    ) in body


def test_spending_that_is_brought_up_says_from_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = settlement()
    parts = (Completion(PERIOD, made.inputs.spending, Decimal("0.5")),)
    results = (replace(made.inputs.results[0], ripe=False), made.inputs.results[1])
    facts = replace(made.inputs, interim=Interim("2025-06-30", parts), results=results)
    stored = json.dumps(settle(contract_of_test(), facts).to_dict())
    _with(tmp_path, monkeypatch, "update settlement set settlement_json = ?", [stored])
    body = text(page("contract", lang="nl"))
    assert "verwerkt: € 2.110.001, naar verwachting 50,0 % van het eindbedrag" in body
    assert "opgehoogd tot € 4.220.001" in body
    assert "Nog niet alle uitkomsten zijn bekend bij: Fluxus postpartum" in body


@pytest.mark.parametrize(
    ("payment", "sums"),
    [
        ("49207.80", ("betalen de zorgverzekeraars € 49.207,80.", "Kans op dit bedrag of meer", "12,5 %")),
        ("-2000.00", ("samen betaalt het netwerk € 2.000,00.", "Kans dat het netwerk nog meer", "87,5 %")),
    ],
)
def test_how_sure_all_payers_together_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, payment: str, sums: tuple[str, ...]
) -> None:
    stored = json.loads(luck_row()[1])
    stored["total"] = {name: stored["luck"][name] for name in Chances.__slots__} | {
        "payment": payment,
        "by_luck": 0.125,
        "chance_owed": 0.07,
    }
    _with(tmp_path, monkeypatch, "update luck set luck_json = ?", [json.dumps(stored)])
    body = text(page("contract", lang="nl"))
    told = body[body.index("Alle zorgverzekeraars samen") :]
    for words in (*sums, "Kans dat het netwerk had moeten betalen", "7,0 %"):
        assert words in told
    assert "Kans dat het netwerk had moeten betalen" not in body[: body.index("Alle zorgverzekeraars samen")]
    assert "All payers together" in text(page("contract", lang="en"))


@pytest.mark.usefixtures("shown")
def test_one_payer_has_no_sum() -> None:
    assert "Alle zorgverzekeraars samen" not in text(page("contract", lang="nl"))


@pytest.mark.usefixtures("shown")
def test_chances_are_told_as_years_in_a_hundred() -> None:
    found = publication.newest().luck(publication.newest().settlements(OWN)[0].settlement)
    assert found is not None
    rare = luck_view.told(
        wording("nl"), replace(found, any_by_luck=0.3, by_luck=0.004, payment=Decimal(5)), "EUR"
    )
    assert "in 30 van de 100 zulke jaren" in rare
    assert "in minder dan 1 van de 100" in rare
    nothing = luck_view.told(wording("en"), replace(found, payment=Decimal(0)), "EUR")
    assert "as high as this" not in nothing


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize(("owed", "mean"), [(0.4, 120.0), (0.0, -9207.2)])
def test_a_mean_that_counts_what_is_owed_is_not_told_as_what_is_paid(owed: float, mean: float) -> None:
    found = publication.newest().luck(publication.newest().settlements(OWN)[0].settlement)
    assert found is not None
    both = replace(found, payment=Decimal(-5), chance_owed=owed, expected_by_luck=mean)
    told = luck_view.told(wording("en"), both, "USD")
    amount = "$120" if mean > 0 else "\N{MINUS SIGN}$9,207"
    assert f"received less what it owed would have been {amount} on average" in told
    one_sided = replace(found, chance_owed=0.0, expected_by_luck=120.0)
    assert "less what it owed" not in luck_view.told(wording("en"), one_sided, "USD")


@pytest.mark.usefixtures("shown")
def test_without_a_contract_the_page_says_so() -> None:
    assert "geen contract" in text(page("contract", lang="nl", organisation=OTHER))
    other = text(page("contract", lang="en", organisation=OWN, period="2024"))
    assert "There is no settlement of 2024. There is one of: 2025." in other


@pytest.mark.usefixtures("shown")
def test_about_the_data_says_where_numbers_come_from() -> None:
    body = text(page("data", lang="en"))
    for piece in ("Made up for a test", "31 December 2025", 'births.csv,birth,4 Jan 2026 09:30 UTC,"4,100"'):
        assert piece in body


def test_a_registry_without_a_publication_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    test = page("overview", lang="nl")
    assert "Nog niets te zien" in text(test)
    assert "run" in text(test)
    monkeypatch.delenv(REGISTRY_VARIABLE)
    assert REGISTRY_VARIABLE in text(page("overview", lang="en"))


def test_an_empty_publication_has_nothing_to_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "publications").mkdir()
    build_publication(tmp_path / "publications" / "empty.duckdb", rows=False)
    point_at(tmp_path, "empty.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    assert "holds no scores and no settlements" in text(page("overview", lang="en"))


def test_a_new_publication_is_shown_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "publications").mkdir()
    build_publication(tmp_path / "publications" / "one.duckdb", generated=True)
    build_publication(tmp_path / "publications" / "two.duckdb", generated=False)
    point_at(tmp_path, "one.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    test = page("overview", lang="nl")
    assert "Gegenereerde gegevens" in text(test)
    point_at(tmp_path, "two.duckdb")
    test.run()
    assert "Gegenereerde gegevens" not in text(test)


def test_a_page_on_generated_data_says_so_even_where_the_rest_is_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "publications").mkdir()
    build_publication(tmp_path / "publications" / "real.duckdb", generated=False)
    point_at(tmp_path, "real.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    # the settlement is of generated records, the scores are not
    assert "Gegenereerde gegevens" in text(page("contract", lang="nl"))
    assert "Gegenereerde gegevens" not in text(page("indicator", lang="nl"))


@pytest.mark.usefixtures("shown")
def test_what_is_owed_is_not_called_a_payment() -> None:
    found = replace(publication.newest().settlements(OWN)[0], kind="final")
    w = wording("nl")
    saving = next(line for line in found.ledger if line.key == "saving")
    owed = contract._payment(w, replace(found, payment=Decimal(-1200)), saving)
    assert "Te betalen door het netwerk" in owed
    assert "1.200,00" in owed
    interim = contract._payment(w, replace(found, payment=Decimal(-1200), kind="interim"), saving)
    assert "Zoals het nu staat, te betalen door het netwerk" in interim
    none = contract._payment(w, replace(found, payment=Decimal(0)), replace(saving, amount=Decimal(-5)))
    assert "niets te verdelen" in none
