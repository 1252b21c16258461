"""A contract in dollars: no euro anywhere that a reader or a program looks."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from app import cli
from app.publication import REGISTRY_VARIABLE
from registry_db.registry import Registry
from tests.app.test_api import Client
from tests.app.test_pages import page, text
from tests.registry_db.build import deliver_cheaper_birth

EURO = re.compile(r"€|EUR|\beuros?\b|\beuro's\b|\beur\b")
# a contract says `rounding: {unit: euro}` for whole units, and a slope is of the kind `euro`, in any currency
WORDS = re.compile(r'"(value|kind)": ?"euro"')


@pytest.fixture(scope="module")
def dollars(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo registry, its contract in dollars and whole ones, and a correction after it was settled."""
    folder = Path(shutil.copytree(demo_registry, tmp_path_factory.mktemp("dollars") / "registry"))
    file = folder / "definitions" / "birth-vsv.contract.yaml"
    terms = file.read_text(encoding="utf-8")
    for old, new in (
        ("version: 0.1.0", "version: 1.0.0\ncurrency: USD"),
        ("rounding: {unit: cent,", "rounding: {unit: euro,"),
    ):
        assert terms.count(old) == 1
        terms = terms.replace(old, new)
    changed = folder / "birth-vsv.contract.yaml"
    changed.write_text(terms, encoding="utf-8")
    with Registry(folder) as registry:
        registry.define([changed])
        registry.settle("birth-vsv")
        deliver_cheaper_birth(registry)
        registry.settle("birth-vsv")
        deliver_cheaper_birth_again(registry)
        registry.publish()
    return folder


def deliver_cheaper_birth_again(registry: Registry) -> None:
    """Leave a correction that is not settled yet, so that `settle --again` has something to tell."""
    registry.con.execute("update record_birth set spending_eur = spending_eur - 1 where spending_eur > 2")


def _told(found: str) -> str:
    """What is printed, without the column that the spending stands in and the two words of the format."""
    return WORDS.sub("", found.replace("spending_eur", "spending"))


@pytest.fixture
def run(dollars: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["meetlat", "--registry", str(dollars), *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        return capsys.readouterr().out

    return run


COMMANDS = (
    ("settlements",),
    ("settlements", "--restatements"),
    ("luck",),
    ("settle", "--again"),
    ("simulate", "birth-vsv.contract.yaml"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("how", [("--language", "nl"), ("--language", "en"), ("--json",)])
def test_what_the_command_line_tells(
    dollars: Path, run: Any, words: tuple[str, ...], how: tuple[str, ...]
) -> None:
    command, *rest = (str(dollars / word) if word.endswith(".yaml") else word for word in words)
    found = run(command, *rest, *how)
    if how == ("--json",):
        assert '"USD"' in found or words[0] == "settle"
    elif words[0] == "simulate":
        assert {"nl": "in Amerikaanse dollar", "en": "in US dollars"}[how[1]] in found
    else:
        assert "$" in found
    assert EURO.findall(_told(found)) == []


def test_the_frame_of_cash_flows_names_the_currency(dollars: Path, run: Any, tmp_path: Path) -> None:
    run("simulate", dollars / "birth-vsv.contract.yaml", "--out", tmp_path / "flows.csv")
    head, *rows = (tmp_path / "flows.csv").read_text(encoding="utf-8").splitlines()
    place = head.split(",").index("currency")
    assert {row.split(",")[place] for row in rows} == {"USD"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_files(run: Any, tmp_path: Path, language: str) -> None:
    for kind in ("xlsx", "pdf", "json"):
        run(
            "ledger", "birth-vsv", "--period", "2025", "--language", language, "--out", tmp_path / f"x.{kind}"
        )
    pages = pypdf.PdfReader(tmp_path / "x.pdf").pages
    told = "".join(each.extract_text() for each in pages)
    assert "$" in told
    assert EURO.findall(told) == []
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert any("$" in cell.number_format for cell in cells)
    assert EURO.findall(_told(" ".join(f"{cell.value} {cell.number_format}" for cell in cells))) == []
    stored = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert {step["unit"] for step in json.loads(stored)[0]["steps"]} == {"usd", "rate", "points"}
    assert EURO.findall(_told(stored)) == []


@pytest.fixture
def shown(dollars: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(REGISTRY_VARIABLE, str(dollars))
    return dollars


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page(language: str) -> None:
    test = page("contract", lang=language, organisation="VSV-03", period="2025")
    charts = [each.proto for each in test.get("arrow_vega_lite_chart") or test.get("vega_lite_chart")]
    told = text(test) + " ".join(each.spec + str(each.datasets) for each in charts)
    assert len(charts) >= 1
    assert {"nl": "Amerikaanse dollar", "en": "US dollars"}[language] in told
    assert "$" in told
    assert EURO.findall(_told(told)) == []


@pytest.mark.usefixtures("shown")
def test_what_programs_get() -> None:
    client = Client()
    for path in ("settlements", "luck", "ledger?contract=birth-vsv&period=2025"):
        found = client.get(f"/api/v1/{path}").text
        assert "USD" in found
        assert EURO.findall(_told(found)) == []
    book = client.get("/api/v1/ledger?contract=birth-vsv&period=2025&kind=xlsx").content
    openpyxl.load_workbook(io.BytesIO(book))
