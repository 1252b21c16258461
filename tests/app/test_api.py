"""The API, by itself."""

from __future__ import annotations

import asyncio
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import httpx
import openpyxl
import pypdf
import pytest
import yaml

from app.api import api
from app.publication import REGISTRY_VARIABLE
from contracts.contract import parse_contract
from contracts.restatement import settle_again
from registry_db.hiding_settlements import _restatement
from tests.app.build import OTHER, OWN, PERIOD, SMALL, build_publication, point_at, settlement
from tests.app.test_pages import page, text


class Client:
    """Asks the API, without a network. Starlette's own test client wants a package that we do not use."""

    def get(self, address: str, params: dict[str, str] | None = None) -> httpx.Response:
        return self.ask("GET", address, params)

    def ask(self, method: str, address: str, params: dict[str, str] | None = None) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app=api)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, address, params=params)

        return asyncio.run(answer())


@pytest.fixture
def client(shown: Path) -> Client:
    return Client()


def test_about_tells_where_answers_come_from(client: Client) -> None:
    answer = client.get("/api/v1/about").json()
    assert answer["publication"]["id"] == "abcdef0123456789"
    assert answer["publication"]["small_cell"] == 10
    assert answer["publication"]["cut_off"] == "2025-12-31"
    assert [row["generated"] for row in answer["datasets"]] == [True, False]


def test_indicators_come_with_their_definitions(client: Client) -> None:
    found = {row["indicator"]: row for row in client.get("/api/v1/indicators").json()}
    assert len(found) == 7
    assert "plurality > 1" in found["birth-pph"]["definition"]
    assert found["birth-booking"]["norm"] == 0.8


def test_scores_can_be_narrowed_down(client: Client) -> None:
    query = {"indicator": "birth-pph", "period": PERIOD, "provider": OWN}
    answer = client.get("/api/v1/scores", params=query).json()
    assert answer["total"] == 1
    score = answer["scores"][0]
    assert (score["n"], score["observed"], score["expected"], score["band"]) == (568, 42, 34.6, "in")
    assert answer["publication"] == "abcdef0123456789"


def test_subgroups_of_one_indicator(client: Client) -> None:
    query = {"indicator": "birth-pph", "period": PERIOD, "stratifier": "parity"}
    rows = client.get("/api/v1/subgroups", params=query).json()["scores"]
    shown = [(row["provider"], row["subgroup"], row["n"], row["suppressed"]) for row in rows]
    assert shown == [
        ("(all)", "nulliparous", 1000, False), ("(all)", "multiparous", 1248, False),
        (OWN, "nulliparous", 250, False), (OWN, "multiparous", 318, False),
        (OTHER, "nulliparous", None, True), (OTHER, "multiparous", None, True),
    ]  # fmt: skip
    assert client.get("/api/v1/subgroups").json()["detail"].startswith("indicator: this parameter is needed")
    assert client.get("/api/v1/subgroups", params={"indicator": "nothing"}).status_code == 404
    wrong = client.get("/api/v1/subgroups", params=query | {"limit": "3"})
    assert "there are indicator, version, period, provider, stratifier" in wrong.json()["detail"]


def test_why_an_expectation_is_what_it_is(client: Client) -> None:
    query = {"indicator": "birth-pph", "period": PERIOD, "provider": OWN}
    found = client.get("/api/v1/explanation", params=query).json()
    assert (found["publication"], found["indicator"], found["version"]) == (
        "abcdef0123456789", "birth-pph", "1.0.0"
    )  # fmt: skip
    assert [(row["term"], row["part"]) for row in found["parts"]] == [("parity", 0.003), ("age", -0.001)]
    everyone, own = found["parts"][0]["everyone"], found["parts"][0]["own"]
    assert everyone + sum(row["part"] for row in found["parts"]) == pytest.approx(own, abs=1e-12)
    patients = {(row["term"], row["level"]): (row["own"], row["everyone"]) for row in found["patients"]}
    assert patients["parity", "nulli"] == (0.48, 0.44)
    assert patients["parity", "(missing)"] == (None, 0.0)  # of few patients
    assert client.get("/api/v1/explanation", params=query | {"provider": OTHER}).json()["parts"] == []
    every = client.get("/api/v1/explanation", params={"indicator": "birth-pph"}).json()
    assert every["parts"] == found["parts"]
    assert client.get("/api/v1/explanation", params={"indicator": "nothing"}).status_code == 404
    assert client.get("/api/v1/explanation").json()["detail"] == (
        "indicator: this parameter is needed; there are indicator, version, period, provider"
    )


def test_how_an_indicator_went_by_month(client: Client) -> None:
    query = {"indicator": "birth-pph", "period": PERIOD, "provider": OWN}
    parts = client.get("/api/v1/course", params=query).json()["parts"]
    assert [part["first_month"] for part in parts] == [f"{PERIOD}-{month:02d}" for month in range(1, 13)]
    assert next(part["first_month"] for part in parts if part["alarm"]) == f"{PERIOD}-07"
    assert (parts[0]["odds_ratio"], parts[0]["false_alarms"]) == (2.0, 0.05)
    assert client.get("/api/v1/course", params={"indicator": "birth-tear"}).json()["parts"] == []
    assert client.get("/api/v1/course", params={"indicator": "nothing"}).status_code == 404


def test_how_many_answered_of_those_who_were_asked(client: Client) -> None:
    query = {"indicator": "birth-experience", "period": PERIOD}
    found = client.get("/api/v1/response", params=query).json()["responses"]
    shown = {row["provider"]: (row["eligible"], row["responded"]) for row in found}
    # who answered and misses case mix counts; of the other network a number is hidden
    assert shown == {OWN: (225, 125), OTHER: (None, None)}
    assert client.get("/api/v1/response", params={"indicator": "birth-pph"}).json()["responses"] == []
    wrong = client.get("/api/v1/response", params=query | {"limit": "3"}).json()["detail"]
    assert wrong == "limit: there is no such parameter; there are indicator, version, period, provider"


def test_a_response_may_be_told_by_another_indicator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the records hold only those who answered."""
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "elsewhere.duckdb"
    build_publication(file)
    with duckdb.connect(str(file)) as con:
        for indicator, by in (("hip-eq5d", "birth-booking"), ("birth-tear", "birth-apgar")):
            told = json.dumps({"indicator": by})
            con.execute("update indicator set response_json = ? where indicator = ?", [told, indicator])
    point_at(tmp_path, "elsewhere.duckdb")
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    (found,) = Client().get("/api/v1/response", params={"indicator": "hip-eq5d"}).json()["responses"]
    assert (found["indicator"], found["provider"]) == ("hip-eq5d", OWN)
    assert (found["eligible"], found["responded"]) == (600, 540)
    (hidden,) = Client().get("/api/v1/response", params={"indicator": "birth-tear"}).json()["responses"]
    assert (hidden["eligible"], hidden["responded"]) == (None, None)


def test_scores_come_in_pages_that_hold_each_once(client: Client) -> None:
    total = client.get("/api/v1/scores").json()["total"]
    pages = [client.get(f"/api/v1/scores?limit=5&offset={at}").json()["scores"] for at in range(0, total, 5)]
    keys = [
        (row["indicator"], row["version"], row["period"], row["provider"]) for page in pages for row in page
    ]
    assert len(keys) == len(set(keys)) == total == 13


def test_a_suppressed_score_has_no_number(client: Client) -> None:
    score = client.get("/api/v1/scores", params={"provider": SMALL}).json()["scores"][0]
    assert score["suppressed"]
    assert {value for value in score.values() if isinstance(value, int | float)} == {True}


def test_luck_comes_with_the_settlement_that_it_is_about(client: Client) -> None:
    (found,) = client.get("/api/v1/luck").json()
    (settlement,) = client.get("/api/v1/settlements").json()
    assert (found["settlement"], Decimal(found["payment"])) == (
        settlement["settlement"],
        Decimal(settlement["payment"]),
    )
    assert 0 < found["by_luck"] < found["any_by_luck"] < 0.5 < found["power"]
    assert found["lower"] <= found["expected"] <= found["upper"]
    assert found["held"] == []
    assert found["goals"][0] == {
        "indicator": "birth-pph", "by": "level", "better": "lower", "threshold": 0.09, "target": 0.05
    }  # fmt: skip
    event = next(slope for slope in found["slopes"] if slope["kind"] == "event")
    # the cap of 2 % binds, so that one event changes nothing
    assert (Decimal(event["up"]), Decimal(event["down"])) == (0, 0)


def test_settlements_come_with_a_ledger_that_adds_up(client: Client) -> None:
    found = client.get("/api/v1/settlements").json()[0]
    assert found["payment"] == "48207.30"
    assert sum(Decimal(line["effect"]) for line in found["ledger"]) == Decimal(found["payment"])
    assert found["kind"] == "interim"


def test_causes_of_a_restatement_are_told_by_field_and_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "corrected.duckdb"
    build_publication(file)
    causes = [
        {"what": "spending", "difference": "250"},
        {"what": "results birth-tear", "difference": "-42.7"},
        {"what": "Zon and Maan: sources", "difference": "0", "sources": ["delivery d2", "scores birth-tear"]},
    ]
    told = {"replaces": "a", "by": "b", "differences": {OWN: "207.30"}, "causes": causes}
    with duckdb.connect(str(file)) as con:
        con.execute("update settlement set restatement_json = ?", [json.dumps(told)])
    point_at(tmp_path, file.name)
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    (found,) = Client().get("/api/v1/settlements").json()
    assert found["restatement"] == {
        "replaces": "a",
        "by": "b",
        "differences": {OWN: "207.30"},
        "causes": [
            {
                "what": "spending",
                "words_nl": "Uitgaven na aftopping",
                "words_en": "Spending after truncation",
                "difference": "250",
                "sources": [],
            },
            {
                "what": "results birth-tear",
                "words_nl": "Ernstige ruptuur",
                "words_en": "Severe tear",
                "difference": "-42.7",
                "sources": [],
            },
            {
                "what": "Zon and Maan: sources",
                "words_nl": "Herkomst van de gegevens (Zon and Maan): aanlevering d2, "
                "scores van Ernstige ruptuur",
                "words_en": "Origin of the data (Zon and Maan): delivery d2, scores of Severe tear",
                "difference": "0",
                "sources": ["delivery d2", "scores birth-tear"],
            },
        ],
    }


def test_a_restatement_of_a_withheld_settlement_has_no_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hashes of what is hidden are left out of a publication; the differences of the two parties stay."""
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "withheld.duckdb"
    build_publication(file)
    stored = settlement().to_dict()
    both = {stored["payer"]: "-207.30", stored["participant"]["network"]: "207.30"}
    told = {"replaces": "a", "by": "b", "differences": {**both, "M025": "7"}, "causes": []}
    row = SimpleNamespace(restatement_json=json.dumps(told))
    with duckdb.connect(str(file)) as con:
        con.execute("update settlement set restatement_json = ?", [_restatement(row, stored, ("members",))])
    point_at(tmp_path, file.name)
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    (found,) = Client().get("/api/v1/settlements").json()
    assert found["restatement"] == {"replaces": None, "by": None, "differences": both, "causes": []}


LEDGER = {"contract": "vsv-contract", "period": "2025"}


@pytest.mark.parametrize(
    ("language", "sheet", "words"), [("nl", "Afrekening", "48.207,30"), ("en", "Settlement", "48,207.30")]
)
def test_a_ledger_can_be_had_as_a_workbook_and_a_document(
    client: Client, language: str, sheet: str, words: str
) -> None:
    book = client.get("/api/v1/ledger", params=LEDGER | {"kind": "xlsx", "language": language})
    assert book.headers["content-disposition"] == 'attachment; filename="vsv-contract-2025.xlsx"'
    found = openpyxl.load_workbook(io.BytesIO(book.content), data_only=True)
    assert found.sheetnames[0] == sheet
    assert 48207.30 in [cell.value for cell in found[sheet]["B"]]
    document = client.get("/api/v1/ledger", params=LEDGER | {"kind": "pdf", "language": language})
    assert document.headers["content-type"] == "application/pdf"
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document.content)).pages)
    assert words in text


def test_a_ledger_as_data_is_the_settlement_itself(client: Client) -> None:
    (data,) = client.get("/api/v1/ledger", params=LEDGER).json()
    assert data == json.loads(json.dumps(settlement().to_dict()))
    (text,) = client.get("/api/v1/contracts").json()
    assert text["hash"] == data["contract_hash"]
    again = settle_again(parse_contract(yaml.safe_load(text["definition"])), data)
    assert str(again.payment) == data["payment"]


@pytest.mark.parametrize(
    ("table", "column", "old", "new"),
    [
        ("settlement", "settlement_json", "Besparing", "Verschil"),
        ("contract", "definition", "threshold", "limen"),
    ],
)
def test_a_ledger_of_another_version_of_the_program_can_be_had_as_data_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, column: str, old: str, new: str
) -> None:
    (tmp_path / "publications").mkdir()
    file = tmp_path / "publications" / "older.duckdb"
    build_publication(file)
    with duckdb.connect(str(file)) as con:
        con.execute(f"update {table} set {column} = replace({column}, ?, ?)", [old, new])
    point_at(tmp_path, file.name)
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    answer = Client().get("/api/v1/ledger", params=LEDGER | {"kind": "pdf"})
    assert answer.status_code == 404
    assert "json only; it does not come out again" in answer.json()["detail"]
    assert Client().get("/api/v1/ledger", params=LEDGER).status_code == 200
    test = page("contract", lang="en", organisation=OWN, period=PERIOD)
    assert "48,207.30" in text(test)


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            {"period": "2019"},
            404,
            "there is no settlement of vsv-contract 2019 in this publication; it has: vsv-contract 2025",
        ),
        ({"kind": "doc"}, 422, "kind: 'doc'; input should be 'xlsx', 'pdf' or 'json'"),
        (
            {"format": "pdf"},
            422,
            "format: there is no such parameter; there are contract, period, kind, language",
        ),
    ],
)
def test_a_ledger_that_cannot_be_had(client: Client, query: dict[str, str], code: int, message: str) -> None:
    answer = client.get("/api/v1/ledger", params=LEDGER | query)
    assert (answer.status_code, answer.json()["detail"]) == (code, message)


def test_an_unknown_indicator_is_one_clear_message(client: Client) -> None:
    answer = client.get("/api/v1/scores", params={"indicator": "birth-xyz"})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("indicator 'birth-xyz' is not in this publication; it has: ")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "limit: '0'; input should be greater than or equal to 1"),
        ("limit=many", "limit: 'many'; input should be a valid integer"),
        ("offset=-1", "offset: '-1'; input should be greater than or equal to 0"),
        ("provder=x", "provder: there is no such parameter; there are indicator, period, provider"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, query: str, message: str) -> None:
    answer = client.get(f"/api/v1/scores?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(message)


def test_without_a_publication_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(tmp_path))
    answer = Client().get("/api/v1/about")
    assert answer.status_code == 503
    assert "no publication yet" in answer.json()["detail"]


ENDPOINTS = (
    "about", "contracts", "course", "explanation", "indicators", "ledger", "luck", "response", "scores",
    "settlements", "subgroups",
)  # fmt: skip


def test_the_description_names_every_endpoint_with_what_can_go_wrong(client: Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {f"/api/v1/{name}" for name in ENDPOINTS}
    assert set(paths["/api/v1/scores"]["get"]["responses"]) == {"200", "404", "422", "503"}


def test_the_description_says_what_comes_back_in_words(client: Client) -> None:
    told = client.get("/api/openapi.json").json()
    for path, methods in told["paths"].items():
        if path != "/api/v1/ledger":  # a file
            answer = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            assert "$ref" in (answer if "$ref" in answer else answer["items"]), path
    assert all(schema.get("description") for name, schema in told["components"]["schemas"].items())
    assert "What a case-mix term adds" in told["components"]["schemas"]["Part"]["description"]


def test_the_page_of_the_api_needs_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs").text
    assert "/api/v1/settlements" in page
    assert "Code of a provider or network" in page
    assert re.findall(r'(?:src|href)="(?!/api/|data:)', page) == []
    assert "<script" not in page


def test_the_api_only_reads(client: Client) -> None:
    assert client.ask("POST", "/api/v1/scores").status_code == 405
