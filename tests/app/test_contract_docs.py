"""The commands of the chapter on contracts, run on the demo as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from app.cli import cli

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
