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
    assert [words[3] for words in lines] == ["check", "simulate", "settle", "settlements", "luck"]
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
