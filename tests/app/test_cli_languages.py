"""What the command line says of results, in the language that was asked for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app import cli
from app.columns import cell, head
from app.wording import wording
from registry_db.comparing import MOVES, SCORES
from registry_db.registry import Registry

Say = Callable[..., str]
CODES = {
    "not-eligible", "excluded", "pending", "lost", "missing", "excepted", "met", "not-met", "population",
    "rule", "low998", "low95", "in", "high95", "high998", "not-assessable", "before", "after", "records",
    "scores", "state", "reason", "period", "provider", "band", "change", "reliability", "signals", "shift",
    "observed", "expected", "adjusted", "month",
}  # fmt: skip
SAME = {"records", "scores", "in"}  # words of both languages


@pytest.fixture
def say(demo_registry: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """What a command prints on the demo registry."""

    def say(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["meetlat", "--registry", str(demo_registry), *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        return capsys.readouterr().out

    return say


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[\w-]+", text))


@pytest.mark.parametrize(
    ("command", "dutch", "english"),
    [
        (
            "states birth-pph --period 2025 --provider VSV-03",
            ("telt als", "hoort er niet bij", "buiten de doelgroep", "regel 1", "1.152"),
            ("state", "not-eligible", "population", "rule 1", "1,152"),
        ),
        (
            "scores birth-pph",
            ("gecorrigeerd", "binnen de grenzen", "0,067", "... en nog ", "--out BESTAND geeft alles"),
            ("adjusted", "low95", "0.067", "... and ", "--out FILE gives all"),
        ),
        (
            "monitor birth-pph --period 2025 --provider VSV-03",
            ("maand", "verschuiving, trend", "+5,9"),
            ("month", "shift, trend", "+5.9"),
        ),
        ("scores birth-pph --strata", ("deelgroep", "7.200"), ("subgroup", "7,200")),
        ("scores birth-pph --estimates", ("waarde", "ondergrens"), ("value", "lower")),
    ],
)
def test_results_are_told_in_either_language(
    say: Say, command: str, dutch: tuple[str, ...], english: tuple[str, ...]
) -> None:
    for language, told, other in (("nl", dutch, english), ("en", english, dutch)):
        said = say(*command.split(), "--language", language)
        assert all(words in said for words in told), said
        assert not any(words in said for words in other)
    assert say(*command.split()) == said
    assert not (CODES - SAME) & words_of(say(*command.split(), "--language", "nl"))


def test_a_difference_is_told_whole_in_either_language(say: Say, demo_registry: Path, tmp_path: Path) -> None:
    text = (demo_registry / "definitions" / "birth-pph.indicator.yaml").read_text(encoding="utf-8")
    later = re.sub(r"^version: .*$", "version: 9.0.0", text, flags=re.M)
    later = re.sub(r"^population: .*$", "population: gestation_weeks >= 30", later, flags=re.M)
    file = tmp_path / "later.indicator.yaml"
    file.write_text(later, encoding="utf-8")
    said = say("diff", file, "--language", "nl")
    for words in ("(uitkomsten kunnen veranderen: minor)", "records tellen anders", "telt als (was)",
                  "reden (wordt)", "regel 1", "oordeel (was)", "geeft alles"):  # fmt: skip
        assert words in said
    assert not (CODES - SAME) & words_of(re.sub(r"\[\w+\]", "", said))
    assert "--out" not in said  # which this command does not have
    in_english = say("diff", file, "--language", "en")
    for words in ("(minor)", "records change state or reason", "state before", "rule 1", "band after"):
        assert words in in_english
    assert "--out" not in in_english
    # the same numbers, each as the language writes them
    dutch_n, english_n = (re.findall(r"(?<![a-z\d.,])[\d.,]*\d{3}\b", each) for each in (said, in_english))
    assert [n.translate(str.maketrans(",.", ".,")) for n in dutch_n] == english_n


def test_every_column_and_code_of_a_difference_has_a_dutch_word() -> None:
    w = wording("nl")
    for name in {*MOVES, *SCORES} - {"n"}:
        assert head(w, name) != head(wording("en"), name), name
    for state in (
        "not-eligible",
        "excluded",
        "pending",
        "lost",
        "missing",
        "excepted",
        "met",
        "not-met",
        "value",
    ):
        assert cell(w, "state_before", state, "") not in (state, "")
    for reason in ("population", "denominator", "the expression", "exception 2", "rule 3 of 1.0.0"):
        assert cell(w, "reason_after", reason, "") != reason
    assert cell(w, "reason_before", "rule 3 of 1.0.0", "") == "regel 3 van 1.0.0"
    # a column is called as it is in the file, and a code of another column is none of this one
    assert cell(w, "reason", "met", "") == "met"
    assert cell(w, "provider", "in", "") == "in"
    assert [cell(w, "n", each, ",.1f") for each in (1234.56, float("nan"), None)] == ["1.234,6", "-", "-"]


def test_what_is_not_in_force_is_told_in_either_language(monkeypatch: pytest.MonkeyPatch, say: Say) -> None:
    monkeypatch.setattr(Registry, "status", lambda *_: "retired")
    assert say("scores", "birth-pph", "--language", "nl").startswith(
        "birth-pph: deze versie is ingetrokken\n"
    )
    assert say("scores", "birth-pph").startswith("birth-pph: this version is retired\n")


def test_a_card_is_in_the_language(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "card.html"
    assert (
        say("card", "birth-pph", "--period", "2025", "--language", "nl", "--out", file)
        == f"geschreven: {file}\n"
    )
    assert '<html lang="nl"' in file.read_text(encoding="utf-8")
