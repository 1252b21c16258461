"""The commands of the chapter on contracts, run on the demo as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from app.cli import cli, main

CHAPTER = Path(__file__).parents[2] / "docs" / "contracts.md"


@pytest.fixture(scope="module")
def folder(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(demo_registry, folder / "demo-registry")
    return folder


def test_the_commands_of_the_chapter_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (block,) = re.findall(r"```sh\n(.*?)```", CHAPTER.read_text(encoding="utf-8"), re.DOTALL)
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert [words[3] for words in lines] == ["check", "simulate", "settle", "settlements", "luck", "ledger"]
    for words in lines:
        result = CliRunner().invoke(cli, words[1:])
        assert (result.exit_code, result.exception) == (0, None), words


def test_cash_flows_go_to_a_spreadsheet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    words = ["--registry", "demo-registry", "simulate", "birth-vsv", "--out", "flows.csv"]
    assert CliRunner().invoke(cli, words).exit_code == 0
    frame = pd.read_csv(folder / "flows.csv")
    assert len(frame) == 18  # nine scenarios of two years
    assert frame.loc[frame["saving"] == 0, "saved"].eq(0).all()


SAID = {
    "settlements": ("VSV-03 met Zorgverzekeraar Demo", "Uit te betalen", "€\u00a0180.485,03"),
    "luck birth-vsv": (
        "kans op enige betaling als er niets was veranderd",
        "Fluxus postpartum",
        "10.000 trekkingen",
    ),
    "simulate birth-vsv --years 1": (
        "weg naar doel",
        "wat een andere drempel zou doen",
        "over 1 jaar, vanaf 2024",
    ),
    "settle birth-vsv": ("afgerekend: birth-vsv 2025",),
    "settle --again": ("komt opnieuw uit zoals opgeslagen, tot op de bit",),
    "settlements --restatements": ("nog niets",),
}


@pytest.mark.parametrize("command", SAID)
def test_what_is_said_of_a_contract_is_said_in_dutch_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, ["--registry", "demo-registry", *command.split(), "--language", "nl"])
    assert (result.exit_code, result.exception) == (0, None)
    for words in SAID[command]:
        assert words in result.output
    for english in ("payment", "saving", "nothing yet", "settled", "draws"):
        assert english not in result.output
    wrong = CliRunner().invoke(cli, ["--registry", "demo-registry", *command.split(), "--language", "fr"])
    assert wrong.exit_code == 2


REFUSED = {
    "simulate nothing": ("er is geen contract 'nothing' in dit register", "there is no contract 'nothing'"),
    "simulate nothing.yaml": ("nothing.yaml: dit bestand is er niet", "there is no such file"),
    "simulate birth-vsv --years 9": ("aantal jaren: 9; verwacht van 1 tot 4", "years: 9; expected from 1"),
    "simulate birth-vsv --years 3": ("het heeft geen 'rebasing'", "it has no 'rebasing'"),
    "simulate birth-vsv --reached 2": ("in 2024 is bereikt: 2.0; verwacht", "is reached in 2024: 2.0"),
    "simulate birth-vsv --costs=-1": ("eigen kosten in 2024: -1.0; verwacht", "own costs in 2024: -1.0"),
    "simulate birth-vsv --revenue-lost nan": ("gemiste omzet per bespaarde euro: nan", "revenue missed of"),
    "simulate birth-vsv --facts no.yaml": ("no.yaml: dit bestand is er niet", "there is no such file"),
}


@pytest.mark.parametrize("command", REFUSED)
def test_a_simulation_is_refused_in_the_language_that_was_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(folder)
    for language, words in zip(("nl", "en"), REFUSED[command], strict=True):
        typed = ["meetlat", "--registry", "demo-registry", *command.split(), "--language", language]
        monkeypatch.setattr(sys, "argv", typed)
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert ended.value.code == 1
        assert words in told.err
        assert told.out == ""


def test_the_business_case_is_printed_where_it_was_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    asked = ["--registry", "demo-registry", "simulate", "birth-vsv", "--language", "nl"]
    costs = ["--costs", "80000", "--costs", "0", "--reached", "0.5", "--reached", "1"]
    told = CliRunner().invoke(cli, [*asked, *costs]).output
    assert "wat het netwerk overhoudt, na eigen kosten en gemiste omzet" in told
    table = told[told.index("wat het netwerk overhoudt") : told.index("wat een andere drempel")].splitlines()
    assert table[1].split("  ")[-1].strip().endswith("uit de kosten in")
    # nothing saved leaves the costs, and the last scenario earns them back
    assert table[2].endswith("niet")
    assert table[-1].endswith("2025")
    assert "overhoudt" not in CliRunner().invoke(cli, [*asked, "--years", "1"]).output
