"""Tables for people: whole in a file, readable on a terminal of 80 columns."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal

import pandas as pd
import pytest
from rich.console import Console

from app import agreements, printing, report
from app.printing import print_table, printable, records
from app.wording import wording
from contracts.money import Language
from contracts.plan import Scenario
from contracts.simulation import simulate
from registry_db.again import SettledAgain
from tests.contracts import build
from tests.contracts.any_facts import evidence_of, plan_of
from tests.contracts.test_kept_luck import LUCK
from tests.contracts.test_simulation import REBASING, TWO_SIDED


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is seen on a terminal of 80 columns without colours."""
    seen = io.StringIO()
    console = Console(
        file=seen, force_terminal=True, width=80, no_color=True, color_system=None, markup=False, emoji=False
    )
    monkeypatch.setattr(printing, "console", console)
    monkeypatch.setattr(agreements, "console", console)
    return seen


SCORES = pd.DataFrame(
    {
        "period": ["2016/17"],
        "provider": ["RXY-with-a-very-long-code-0001"],
        "n": [12345.0],
        **{name: [1234.5678] for name in ("observed", "expected", "adjusted", "lower", "upper")},
        "band": ["not-assessable"],
        "reliability": [float("nan")],
    }
)
FORMATS = {
    "period": "", "provider": "", "n": ",.0f", **dict.fromkeys(("observed", "expected", "adjusted"), ".3f"),
    "lower": ".3f", "upper": ".3f", "band": "", "reliability": ".2f",
}  # fmt: skip


def test_a_wide_table_fits_and_says_what_it_leaves_out(terminal: io.StringIO) -> None:
    print_table(SCORES, FORMATS, title="[x]")
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].strip() == "[x]"
    assert "1234.568" in lines[2]
    assert "\u2026" not in terminal.getvalue()
    assert lines[-1] == "too narrow for: band, reliability (--json or --out FILE gives all)"


def test_a_long_name_is_folded_not_cut(terminal: io.StringIO) -> None:
    print_table(SCORES, FORMATS)
    _, first, second, *_ = terminal.getvalue().splitlines()
    assert first.split()[1] + second.strip() == "RXY-with-a-very-long-code-0001"


def test_in_a_file_a_table_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(SCORES, FORMATS)
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == list(FORMATS)
    assert line.split()[1] == "RXY-with-a-very-long-code-0001"


def test_many_rows_are_not_poured_out(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"a": range(100)})
    print_table(frame, {"a": ""})
    assert capsys.readouterr().out.splitlines()[-1] == "... and 60 more (--json or --out FILE gives all)"
    print_table(frame, {"a": ""}, all_rows=True)
    assert len(capsys.readouterr().out.splitlines()) == 101


def test_records_are_plain() -> None:
    frame = pd.DataFrame(
        {
            "x": [float("nan"), float("inf"), 1.5],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "when": pd.to_datetime(["2024-01-01", None, "2024-01-02"]),
            "text": ["[a]", None, "\x1b"],
            "model_json": ['{"a": [1]}'] * 3,
        }
    )
    rows = records(frame)
    assert [row["x"] for row in rows] == [None, None, 1.5]
    assert [row["n"] for row in rows] == [1, None, 3]
    assert [row["text"] for row in rows] == ["[a]", None, "\x1b"]
    assert rows[1]["when"] is None
    assert rows[0]["model_json"] == {"a": [1]}
    json.dumps(rows, allow_nan=False, default=str)


def test_a_terminal_is_not_steered() -> None:
    assert printable("a\x1b[2Jb\x07\n\x9bé") == "a\\x1b[2Jb\\x07\n\\x9bé"


@pytest.mark.parametrize(
    ("value", "unit", "nl", "en"),
    [
        ("1234567.885", "eur", "€\u00a01.234.567,89", "€1,234,567.89"),
        ("-485.25", "eur", "−€\u00a0485,25", "−€485.25"),
        ("0.4853", "rate", "48,53\u00a0%", "48.53%"),
        ("0.9412", "points", "0,941", "0.941"),
    ],
)
def test_amounts(value: str, unit: str, nl: str, en: str) -> None:
    assert agreements._amount(wording("nl"), value, unit, "EUR") == nl
    assert agreements._amount(wording("en"), value, unit, "EUR") == en


def test_how_well_a_model_fits() -> None:
    assert report.fit_in_words('{"c_statistic": 0.714, "brier": 0.1}') == "c 0.71"
    assert report.fit_in_words('{"r2": 0.234}') == "R2 0.23"
    assert report.fit_in_words('{"r2": null}') == "-"


def test_luck_that_is_not_known_is_told_with_its_reason(terminal: io.StringIO) -> None:
    agreements.print_luck(
        wording("en"), "birth-vsv 2025", json.dumps({"unknown": "payers are judged together"}), {}, "EUR"
    )
    told = " ".join(terminal.getvalue().split())
    assert told == "birth-vsv 2025: it is not known how sure this is: payers are judged together"


@pytest.mark.parametrize(
    ("payment", "told", "other"),
    [
        ("-165.00", "chance that the network had owed more if nothing", "this payment"),
        ("165.00", "chance of this payment or more if nothing", "owed more"),
    ],
)
def test_luck_of_what_is_owed(terminal: io.StringIO, payment: str, told: str, other: str) -> None:
    """As on the page and in the document: of what is owed, how often chance had cost the network more."""
    numbers = {**LUCK, "payment": payment, "by_luck": 0.991, "chance_owed": 0.0004}
    found = {"luck": numbers, "slopes": [], "cliffs": []}
    agreements.print_luck(wording("en"), "loss 2025", json.dumps(found), {}, "EUR")
    shown = " ".join(terminal.getvalue().split())
    assert told in shown
    assert other not in shown
    assert ("0.9%" in shown, "99.1%" in shown) == (payment == "-165.00", payment == "165.00")
    assert "chance that the network had owed something less than 0.1%" in shown
    # the payment is to the cent, what is found by draws is not
    assert len(re.findall(r"€[\d,]+\.\d\d\b", shown)) == 1
    assert len(re.findall(r"€[\d,]+(?![\d,.])", shown)) == 3


def test_a_simulation_shows_phase_in_and_rebasing_where_a_contract_has_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts = build.facts(baselines=(("2023", 2000, "10000000"),), records=2000)
    bare = build.contract()
    two_sided = build.contract(losses=TWO_SIDED, rebasing=REBASING)
    for contract, shown in ((bare, False), (two_sided, True)):
        plan = plan_of(contract, facts, evidence_of(facts, cv=0.6))
        agreements.print_simulation(wording("en"), simulate(contract, plan, draws=50))
        told = capsys.readouterr().out
        assert ("spared by phase-in" in told) is shown
        assert ("room a year after" in told) is shown
        assert "missed 3%/100%" in told
    # a saving that leaves nothing to be spared has the column too
    certain = plan_of(two_sided, facts, evidence_of(facts, cv=0.0))
    scenarios = [Scenario(-0.01, 0.0), Scenario(0.03, 0.0)]
    agreements.print_simulation(
        wording("en"), simulate(two_sided, certain, scenarios=scenarios, thresholds=[], draws=4)
    )
    lines = capsys.readouterr().out.splitlines()
    spared = [line.split()[-2] for line in lines if line.strip()[:2] in ("−1", "3%")]
    assert spared[0] != "0"
    assert spared[1] == "0"


def test_settlements_with_several_payers_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    for payer in ("Sun", "Moon", None):
        item = SettledAgain("care", "1.0.0", "2024", payer, (), None)
        agreements.print_again(wording("en"), item, {})
    told = capsys.readouterr().out.splitlines()[::2]
    assert told == [
        "care 1.0.0, 2024: the settlement with Sun comes out again as it was stored, to the bit",
        "care 1.0.0, 2024: the settlement with Moon comes out again as it was stored, to the bit",
        "care 1.0.0, 2024 comes out again as it was stored, to the bit",
    ]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_simulation_is_whole_on_a_narrow_terminal(terminal: io.StringIO, language: Language) -> None:
    w, facts = wording(language), build.facts(baselines=(("2023", 2000, "10000000"),), records=2000)
    plan = plan_of(build.contract(), facts, evidence_of(facts, cv=0.6))
    found = simulate(build.contract(), plan, draws=50)
    agreements.print_simulation(w, found)
    told = terminal.getvalue()
    assert "\u2026" not in told
    for row in found.thresholds:
        assert f"{w.percent(row.threshold)} " in told
        assert w.number(row.paid_falsely, 0) in told


@pytest.mark.parametrize(
    ("language", "less", "more"),
    [
        ("nl", "minder dan 0,1\u00a0%", "meer dan 99,9\u00a0%"),
        ("en", "less than 0.1%", "more than 99.9%"),
    ],
)
def test_a_chance_of_a_simulation_is_never_none_and_never_all(
    capsys: pytest.CaptureFixture[str], language: Language, less: str, more: str
) -> None:
    facts = build.facts(baselines=(("2023", 2000, "10000000"),), records=2000)
    plan = plan_of(build.contract(), facts, evidence_of(facts, cv=0.0))
    scenarios = [Scenario(0.0, 0.0), Scenario(0.005, 1.0)]
    found = simulate(build.contract(), plan, scenarios=scenarios, thresholds=[Decimal("0.01")], draws=50)
    assert [each.chance_of_loss for each in found.scenarios] == [0.0, 0.0]
    (row,) = found.thresholds
    assert (row.false_payment, row.false_in_term, row.missed) == (0.0, 0.0, (1.0,))
    agreements.print_simulation(wording(language), found)
    lines = capsys.readouterr().out.splitlines()
    assert [line.count(less) for line in lines[-5:]] == [2, 1, 0, 0, 2]  # paid, and lost; in a year, in all
    assert more in lines[-4]
    assert lines[-1].endswith(more)
