"""Every sentence is there in both languages, and numbers are written as the reader writes them."""

from __future__ import annotations

import ast
import datetime as dt
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.wording import LANGUAGES, Language, catalogue_file, wording
from registry_db.published import Indicator

APP = Path(__file__).parents[2] / "app"
KEYWORDS = {"t", "mark", "plural"}
NBSP = "\N{NO-BREAK SPACE}"


def keys_in_code() -> set[str]:
    """Keys written out in a call of `t`, `plural` or `mark`, within formatted strings too."""

    def keys(file: Path) -> Iterator[str]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in KEYWORDS:
                    yield str(node.args[0].value)

    return {key for file in APP.rglob("*.py") for key in keys(file)}


def catalogue(language: Language) -> Catalog:
    with catalogue_file(language).open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def sentences(language: Language) -> dict[str, tuple[str, ...]]:
    return {
        (message.id if isinstance(message.id, str) else message.id[0]): (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in catalogue(language)
        if message.id
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_in_the_code_has_a_sentence_and_no_sentence_is_unused(language: Language) -> None:
    have, need = set(sentences(language)), keys_in_code()
    assert len(need) > 150
    assert need - have == set(), "keys without a sentence"
    assert have - need == set(), "sentences that nothing uses"
    assert [key for key, forms in sentences(language).items() if not all(forms)] == []


def test_both_languages_fill_in_the_same_values() -> None:
    def places(language: Language) -> dict[str, list[set[str | None]]]:
        return {
            key: [{name for _, name, _, _ in string.Formatter().parse(form) if name} for form in forms]
            for key, forms in sentences(language).items()
        }

    assert places("nl") == places("en")


def test_dutch_is_not_english_left_untranslated() -> None:
    nl, en = sentences("nl"), sentences("en")
    same = {key for key in nl if nl[key] == en[key] and any(" " in form for form in nl[key])}
    assert same == {
        "case-mix.hash",
        "contract.take.pdf",
        "case-mix.odds-ratio",
        "definition.records",
        "value.rate",
        "axis.rate",
    }


@pytest.mark.parametrize(
    ("language", "percent", "number", "money", "date"),
    [
        ("nl", f"7,4{NBSP}%", "−1.234,5", f"€{NBSP}48.207,30", "31 december 2025"),
        ("en", "7.4%", "−1,234.5", "€48,207.30", "31 December 2025"),
    ],
)
def test_numbers_are_written_in_the_language(
    language: Language, percent: str, number: str, money: str, date: str
) -> None:
    w = wording(language)
    assert w.percent(0.0739) == percent
    assert w.number(-1234.5, 1) == number
    assert w.money(Decimal("48207.3"), "EUR", cents=True) == money
    assert w.date(dt.date(2025, 12, 31)) == date


def test_what_rounds_to_zero_has_no_sign() -> None:
    w = wording("nl")
    assert w.number(-0.04, 1) == "0,0"
    assert w.percent(-0.0001) == f"0,0{NBSP}%"
    assert w.money(Decimal("-0.3"), "EUR") == f"€{NBSP}0"
    assert w.money(Decimal("-24103.648"), "EUR") == f"−€{NBSP}24.104"
    assert w.signed_money(Decimal("0.4"), "EUR") == f"€{NBSP}0"
    assert w.signed_money(Decimal("0.5"), "EUR") == f"+€{NBSP}1"


@pytest.mark.parametrize(
    ("chance", "nl", "en"),
    [
        (0.0, f"minder dan 0,1{NBSP}%", "less than 0.1%"),
        (0.0009, f"minder dan 0,1{NBSP}%", "less than 0.1%"),
        (0.001, f"0,1{NBSP}%", "0.1%"),
        (0.2434, f"24,3{NBSP}%", "24.3%"),
        (0.9995, f"meer dan 99,9{NBSP}%", "more than 99.9%"),
        (1.0, f"meer dan 99,9{NBSP}%", "more than 99.9%"),
    ],
)
def test_a_chance_from_draws_is_never_nothing_or_everything(chance: float, nl: str, en: str) -> None:
    assert (wording("nl").chance(chance), wording("en").chance(chance)) == (nl, en)


def test_the_limits_of_what_can_be_written() -> None:
    assert wording("nl").number(float("inf"), 1) == "∞"
    assert wording("nl").number(float("-inf"), 1) == "−∞"
    assert wording("en").number(float("nan"), 2) == "NaN"
    assert wording("en").percent(0.145, 0) == "15%"  # 0.145 * 100 is a little less than 14.5 to a computer
    assert wording("en").number(1e30, 0) == "1" + ",000" * 10


def test_records_shared_out_by_weight_keep_a_decimal() -> None:
    assert wording("nl").count(1208.0) == "1.208"
    assert wording("nl").count(1208.5) == "1.208,5"


def test_one_is_singular() -> None:
    assert wording("nl").plural("definition.records", 1) == "1 record"
    assert wording("en").plural("definition.records", 30) == "30 records"
    assert wording("nl").plural("overview.lead", 1, period="2025") == "In 2025 is 1 indicator beoordeeld."


@pytest.mark.parametrize(
    ("unit", "decimals", "value", "nl", "en"),
    [
        ("minutes", 1, 25.04, "25,0 minuten", "25.0 minutes"),
        ("minutes", 0, 1.2, "1 minuut", "1 minute"),
        ("minutes", 1, 1.0, "1,0 minuten", "1.0 minutes"),
        ("hours", 1, 36.25, "36,3 uur", "36.3 hours"),
        ("days", 0, -1, "−1 dag", "−1 day"),
        ("days", 0, 1400, "1.400 dagen", "1,400 days"),
        ("weeks", 2, 6.5, "6,50 weken", "6.50 weeks"),
        ("months", 0, 2, "2 maanden", "2 months"),
        ("years", 0, 70, "70 jaar", "70 years"),
    ],
)
def test_a_time_has_its_unit(unit: str, decimals: int, value: float, nl: str, en: str) -> None:
    shown = cast(Indicator, SimpleNamespace(show_unit=unit, show_decimals=decimals, show_per=1))
    assert (wording("nl").value(shown, value), wording("en").value(shown, value)) == (nl, en)
    low = wording("nl").interval(shown, value, value)
    assert low == f"{wording('nl').number(value, decimals)} tot {nl}"
