"""The command line as an operator meets it: what is printed, where, and with which exit code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from app import cli
from registry_db.registry import Registry
from tests.registry_db.build import FALL, VISIT, make_registry, text, visit, visits, write

SCORE_FIELDS = {
    "indicator", "version", "period", "provider", "n", "observed", "expected", "adjusted", "lower", "upper",
    "band", "reliability",
}  # fmt: skip
BANDS = {"low998", "low95", "in", "high95", "high998", "not-assessable"}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in which everything was run. Copy it before writing in it."""
    files = tmp_path_factory.mktemp("made")
    folder = make_registry(files / "registry")
    with Registry(folder) as registry:
        lines = [*visits(), visit(1, clinic="[red]", clinic_name="[bold]:smile:"), visit(2, age="old")]
        registry.deliver("visit", write(files, text(lines)))
        registry.run()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "registry"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `meetlat` in this process: exit code, what it printed, what it said on the side."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["meetlat", *map(str, words)])
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


COMMANDS = sorted(command.callback.__name__ for command in cli.cli.registered_commands)


def test_the_commands(run: Run) -> None:
    assert COMMANDS == [
        "api", "app", "card", "check", "define", "deliver", "deliveries", "demo", "diff", "dummy", "fit",
        "guide", "init", "ledger", "luck", "models", "monitor", "publish", "run", "schema", "score",
        "scores", "settle", "settlements", "simulate", "states", "status",
    ]  # fmt: skip
    code, out, _ = run("--help")
    assert code == 0
    assert all(f" {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_in_the_help_can_be_typed(command: str) -> None:
    """It names the command, and options and arguments that the command has."""
    import typer.main

    described = typer.main.get_command(cli.cli)
    example = re.search(r"Example: `(.+?)`", described.commands[command].help)[1]  # type: ignore[attr-defined,index]
    for part in example.split(" && "):
        words = part.split()
        assert words.pop(0) == "meetlat"
        with described.make_context("meetlat", words, resilient_parsing=False) as context:
            name, chosen, rest = described.resolve_command(context, context._protected_args + context.args)  # type: ignore[attr-defined]
            chosen.make_context(name, rest, parent=context).close()
    assert f" {command} " in f" {example} "


def test_the_version(run: Run) -> None:
    code, out, err = run("--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"meetlat \d+\.\d+\.\d+\n", out)


def test_wrong_usage_is_exit_code_2(run: Run, folder: Path) -> None:
    for words in (
        ["scores"],
        ["nonsense"],
        ["--registry", folder, "scores", "visit-fall", "--out", "x.doc"],
        ["--registry", folder, "scores", "visit-fall", "--out", "gone/x.csv"],
        ["--registry", folder, "deliver", "visit", "a.csv", "b.csv", "--replaces", "visit-0001"],
        ["--registry", folder, "run", "--quickly"],
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert "Traceback" not in err


MISTAKES: dict[str, tuple[list[str], str]] = {
    "no registry": (
        ["--registry", "nowhere", "run"],
        "nowhere: this is not a registry: there is no registry.toml\n"
        "  make one with `meetlat init DIR`, or name one with --registry DIR\n",
    ),
    "an unknown indicator": (
        ["scores", "visit-fal"],
        "there is no indicator 'visit-fal' in this registry\n  did you mean 'visit-fall'?\n",
    ),
    "an unknown period": (
        ["scores", "visit-fall", "--period", "2042"],
        "visit-fall has no scores of period '2042'\n  did you mean '2024'?\n",
    ),
    "an unknown provider": (
        ["scores", "visit-fall", "--provider", "nort"],
        "visit-fall has no scores of provider 'nort'\n  did you mean 'north'?\n",
    ),
    "an unknown dataset": (
        ["deliver", "vist", "x.csv"],
        "there is no dataset 'vist' in this registry\n  did you mean 'visit'?\n",
    ),
    "an unknown contract": (["settle", "x"], "there is no contract 'x' in this registry\n"),
    "an unknown delivery": (
        ["deliveries", "--quarantine", "visit-0002"],
        "there is no delivery 'visit-0002'\n  did you mean 'visit-0001-{sha}'?\n",
    ),
    "a file that is not there": (["deliver", "visit", "x.csv"], "x.csv: there is no such file\n"),
    "a definition that is not there": (
        ["define", "x.yaml"],
        "1 fault in definitions:\n  x.yaml: there is no such file\n",
    ),
    "a folder that is taken": (
        ["init", "registry"],
        "registry: there is something here already\n  choose a new folder\n",
    ),
    "an unknown library set": (
        ["init", "new", "--with", "birht"],
        "there is no library set 'birht'\n  did you mean 'birth'?\n",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_message_and_exit_code_1(run: Run, folder: Path, mistake: str) -> None:
    words, message = MISTAKES[mistake]
    with Registry(folder) as registry:
        sha = registry.deliveries()["delivery"][0].split("-")[-1]
    at = [] if words[0] == "--registry" else ["--registry", "registry"]
    code, out, err = run(*at, *words)
    assert (code, out, err) == (1, "", message.replace("{sha}", sha))
    assert not (folder.parent / "new").exists()


def test_a_definition_with_typos(run: Run, folder: Path) -> None:
    wrong = FALL.replace("1.0.0", "1.1.0").replace("steward:", "stewart:").replace("fell,", "fel,")
    write(folder.parent, wrong, "fall.yaml")
    for command in ("check", "define"):
        code, out, err = run("--registry", folder, command, "fall.yaml")
        assert (code, out) == (1, "")
        assert err.startswith("2 faults in definitions:\n")
        assert "  fall.yaml:6: stewart: there is no such field (did you mean 'steward'?)\n" in err
        assert "  fall.yaml" in err
        assert "steward: this field is missing" in err


def test_a_delivery_and_its_faults(run: Run, folder: Path) -> None:
    write(folder.parent, text([visit(900), visit(901, age="[red]:x:")]), "new [1].csv")
    code, out, err = run("--registry", folder, "deliver", "visit", "new [1].csv")
    name = re.search(r"visit-0002-[0-9a-f]{8}", out)[0]  # type: ignore[index]
    assert (code, out) == (0, f"new [1].csv: 1 of 2 rows taken in as {name}\n")
    assert err == (
        "new [1].csv: 1 row quarantined:\n"
        "  new [1].csv:3: age is '[red]:x:'; expected a whole number\n"
        f"  all of them: meetlat deliveries --quarantine {name}\n"
    )
    code, out, err = run("--registry", folder, "deliver", "visit", "new [1].csv")
    assert (code, out) == (0, "")
    assert err == f"new [1].csv: taken in before as {name}; nothing changed\n"
    assert run("--registry", folder, "deliveries", "--quarantine", name)[1].split("\n")[1].split() == [
        "3", "age", "[red]:x:", "a", "whole", "number",
    ]  # fmt: skip


def test_what_was_taken_in_before_a_fault_is_told(run: Run, folder: Path) -> None:
    write(folder.parent, text([visit(900)]), "a.csv")
    code, out, err = run("--registry", folder, "deliver", "visit", "a.csv", "gone.csv", "--json")
    assert (code, err) == (1, "gone.csv: there is no such file\n")
    assert [(one["file_name"], one["accepted"]) for one in json.loads(out)] == [("a.csv", 1)]
    assert len(json.loads(run("--registry", folder, "deliveries", "--json")[1])) == 2


def test_scores_as_json(run: Run, folder: Path) -> None:
    code, out, err = run("--registry", folder, "scores", "visit-fall", "--period", "2024", "--json")
    rows = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert (code, err) == (0, "")
    assert {row["provider"] for row in rows} == {"north", "south", "east", "west", "island", "dike", "[red]"}
    assert all(row.keys() >= SCORE_FIELDS and row["band"] in BANDS for row in rows)


@pytest.mark.parametrize(
    "words",
    [
        ["scores", "visit-fall"], ["scores", "census-protocol"], ["models"], ["settlements"], ["deliveries"],
        ["run"], ["fit"], ["score"], ["settle"], ["publish"],
    ],
)  # fmt: skip
def test_everything_that_prints_results_prints_json(run: Run, folder: Path, words: list[str]) -> None:
    code, out, err = run("--registry", folder, *words, "--json")
    json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert (code, err) == (0, "")


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "xlsx"])
def test_files_of_each_kind(run: Run, folder: Path, kind: str) -> None:
    code, out, err = run("--registry", folder, "scores", "visit-fall", "--out", f"x.{kind}")
    assert (code, out, err) == (0, "", f"wrote 7 rows to x.{kind}\n")
    file = folder.parent / f"x.{kind}"
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet, "xlsx": pd.read_excel}
    read = pd.DataFrame(json.loads(file.read_text())) if kind == "json" else readers[kind](file)
    with Registry(folder) as registry:
        wanted = registry.scores("visit-fall")
    assert read["provider"].tolist() == wanted["provider"].tolist()
    assert read["adjusted"].tolist() == pytest.approx(wanted["adjusted"].tolist(), nan_ok=True, rel=1e-12)


def test_a_spreadsheet_calculates_nothing(run: Run, folder: Path) -> None:
    import openpyxl

    formula = '=HYPERLINK("http://x","y")'
    line = visit(900, age='"' + formula.replace('"', '""') + '"')
    write(folder.parent, text([line, visit(901)]), "new.csv")
    _, out, _ = run("--registry", folder, "deliver", "visit", "new.csv")
    name = re.search(r"visit-0002-[0-9a-f]{8}", out)[0]  # type: ignore[index]
    run("--registry", folder, "deliveries", "--quarantine", name, "--out", "q.xlsx")
    sheet = openpyxl.load_workbook(folder.parent / "q.xlsx").active
    assert [cell.value for cell in sheet[2]] == [2, "age", formula, "a whole number"]
    assert sheet["C2"].data_type == "s"


def test_a_table_prints_brackets_as_they_are(run: Run, folder: Path) -> None:
    code, out, _ = run("--registry", folder, "scores", "visit-home")
    assert code == 0
    rows = [line.split() for line in out.splitlines()[2:]]
    assert [row[1] for row in rows] == ["[red]", "dike", "east", "island", "north", "south", "west"]
    assert {len(row) for row in rows} == {10}


def test_nothing_outstanding(run: Run, folder: Path) -> None:
    code, out, err = run("--registry", folder, "run")
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first == "scored 0 indicators; 3 had nothing outstanding"
    assert re.fullmatch(
        r"unchanged [0-9a-f]{16}: 14 scores \(\d+ hidden: too few patients\), 0 settlements", second
    )


def test_from_nothing_to_scores(run: Run, tmp_path: Path) -> None:
    assert run("init", "new", "--name", "a [b]")[1] == (
        "made new with 0 definitions\nnext: meetlat --registry new deliver DATASET FILE\n"
    )
    assert run("--registry", "new", "run")[::2] == (
        1, "there are no deliveries in this registry yet\n  begin with `meetlat deliver DATASET FILE`\n",
    )  # fmt: skip
    write(tmp_path, VISIT, "visit.dataset.yaml")
    write(tmp_path, FALL, "visit-fall.indicator.yaml")
    code, out, _ = run("--registry", "new", "define", "visit.dataset.yaml", "visit-fall.indicator.yaml")
    assert (code, out) == (0, "defined dataset visit 1.0.0\ndefined indicator visit-fall 1.0.0\n")
    assert run("--registry", "new", "check")[1] == "2 definitions are right; 4 examples were run\n"
    assert run("--registry", "new", "scores", "visit-fall")[1] == "nothing yet\n"
    assert run("--registry", "new", "deliveries")[1] == "nothing yet\n"
    write(tmp_path, text(visits()))
    assert run("--registry", "new", "deliver", "visit", "visits.csv")[0] == 0
    assert run("--registry", "new", "run")[1].startswith("scored 1 indicators; 0 had nothing outstanding\n")
    assert run("--registry", "new", "guide", "--out", "gids")[1] == (
        "wrote gids/guide.nl.html\nwrote gids/guide.nl.pdf\n"
        "wrote gids/guide.en.html\nwrote gids/guide.en.pdf\n"
    )


def test_what_should_not_happen_has_no_traceback(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("[red]oops")

    monkeypatch.setattr(Registry, "publish", fail)
    assert run("--registry", folder, "publish") == (
        1,
        "",
        "this should not happen: KeyError: '[red]oops'\n"
        "nothing was published; MEETLAT_DEBUG=1 shows where it went wrong\n",
    )


def test_the_installed_program(folder: Path) -> None:
    """One real process: no progress bar where there is no terminal, and exit codes reach the shell."""
    program = [str(Path(sys.executable).parent / "meetlat"), "--registry", str(folder)]
    good = subprocess.run(
        [*program, "scores", "visit-fall", "--json"], capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert len(json.loads(good.stdout)) == 7
