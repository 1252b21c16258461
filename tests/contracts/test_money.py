"""One rule for every amount that is shown: a half goes away from zero, and nothing is minus nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cliff_words import jump_words
from contracts.ledger import settle
from contracts.money import Currency, Language, chance_text, money_text, number_text, rounded
from contracts.statement.numbers import Numbers
from tests.contracts import build

NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"
AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=12) | st.integers(-(10**6), 10**6).map(
    lambda half_cents: Decimal(half_cents) * 5 / 1000
)


def _read(text: str, language: str) -> Fraction:
    """The number that a reader sees in an amount."""
    bare = text.replace(MINUS, "-").translate({ord(sign): None for sign in f"€${NBSP}"})
    swapped = bare.translate(str.maketrans(",.", ".,")) if language == "nl" else bare
    return Fraction(swapped.replace(",", ""))


@given(AMOUNTS, st.sampled_from([0, 2]))
def test_what_is_shown_is_the_nearest_and_a_half_goes_away_from_zero(amount: Decimal, digits: int) -> None:
    unit = Fraction(1, 10**digits)
    steps = abs(Fraction(amount)) / unit
    whole = steps.__floor__()
    expected = (whole + (steps - whole >= Fraction(1, 2))) * unit * (-1 if amount < 0 else 1)
    assert Fraction(rounded(amount, digits)) == expected
    for language in ("nl", "en"):
        for currency, sign in (("EUR", "€"), ("USD", "$")):
            text = money_text(amount, currency, language, digits=digits)
            assert _read(text, language) == expected
            assert (MINUS in text) == (expected < 0)
            assert "-" not in text
            assert sign in text


@given(AMOUNTS)
def test_the_document_a_cliff_and_a_rounded_payment_say_the_same(amount: Decimal) -> None:
    contract = build.contract()
    for language in ("nl", "en"):
        told = Numbers(language, "EUR").money(amount)
        words = jump_words(
            contract,
            what="spending",
            kind="spending",
            change=Decimal(1),
            at=Decimal(1),
            events=None,
            payments=(amount, None),
        )
        assert str(getattr(words, language)).endswith(f"{told}.")
        assert told == money_text(amount, "EUR", language)


@pytest.mark.parametrize("saved", ["0.01", "0.03", "0.05", "1.01", "20.13"])
def test_a_step_of_half_a_cent_is_shown_as_the_payment_is_rounded(saved: str) -> None:
    """Half of an odd number of cents: the step before rounding is shown as the payment that it becomes."""
    spent = Decimal(1000) - Decimal(saved)
    made = settle(build.contract(), build.facts(target="1000", spending=str(spent)))
    shared = made.step("shared").amount
    assert shared * 200 % 2 == 1  # it does end in half a cent
    assert money_text(shared, "EUR", "en") == money_text(made.payment, "EUR", "en")
    assert rounded(-shared, 2) == -made.payment


@pytest.mark.parametrize(
    ("amount", "currency", "nl", "en"),
    [
        ("-0.004", "EUR", f"€{NBSP}0,00", "€0.00"),
        ("-0.005", "EUR", f"{MINUS}€{NBSP}0,01", f"{MINUS}€0.01"),
        ("0.125", "USD", f"${NBSP}0,13", "$0.13"),
        ("-1234567.885", "USD", f"{MINUS}${NBSP}1.234.567,89", f"{MINUS}$1,234,567.89"),
    ],
)
def test_amounts_in_both_languages(amount: str, currency: Currency, nl: str, en: str) -> None:
    assert money_text(Decimal(amount), currency, "nl") == nl
    assert money_text(Decimal(amount), currency, "en") == en


@pytest.mark.parametrize(
    ("value", "language", "text"),
    [("-0.00004", "nl", "0"), ("0.125", "nl", "0,125"), ("10", "en", "10"), ("1234.50000", "en", "1,234.5")],
)
def test_a_number_of_at_most_so_many_digits(value: str, language: Language, text: str) -> None:
    assert number_text(Decimal(value), 4, language, fixed=False) == text


@given(AMOUNTS, st.sampled_from([0, 2]))
def test_a_sign_stands_before_what_is_shown_as_more_or_less(amount: Decimal, digits: int) -> None:
    text = money_text(amount, "EUR", "en", digits=digits, signed=True)
    seen = _read(text.removeprefix("+"), "en")
    assert text.startswith("+") == (seen > 0)
    assert text.startswith(MINUS) == (seen < 0)


@given(st.decimals(min_value=0, max_value=1, places=6))
def test_a_chance_is_told_as_it_is_but_near_nothing_and_everything(chance: Decimal) -> None:
    text = chance_text(chance, "en")
    assert text.startswith("less than 0.1%") == (chance < Decimal("0.001"))
    assert text.startswith("more than 99.9%") == (chance > Decimal("0.999"))
    if text[0].isdigit():
        assert abs(Decimal(text.removesuffix("%")) - chance * 100) <= Decimal("0.05")
