"""Numbers and money as the Dutch and the English write them: one rule, wherever they are shown.

A half goes away from zero, as where a contract rounds a payment; what rounds to zero has no minus; a minus is
a minus sign and no hyphen.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

Currency = Literal["EUR", "USD"]
Language = Literal["nl", "en"]

MINUS = "\N{MINUS SIGN}"
SIGNS: Mapping[Currency, str] = {"EUR": "€", "USD": "$"}
RARE = Decimal("0.001")
"""A chance below it, or that of the opposite, is not told exactly: it comes from some thousands of draws."""

# wide enough for any amount that a contract may hold, with all digits of a step
_WIDE = Context(prec=80, rounding=ROUND_HALF_UP)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Round to so many digits behind the point, a half away from zero; zero has no sign."""
    found = value.quantize(Decimal(1).scaleb(-digits), context=_WIDE)
    return found if found else abs(found)


def number_text(value: Decimal, digits: int, language: Language, *, fixed: bool = True) -> str:
    """Write a number with exactly so many digits behind the point; ``fixed=False``: at most."""
    text = f"{rounded(value, digits):,f}"
    if not fixed and "." in text:
        text = text.rstrip("0").rstrip(".")
    if language == "nl":
        text = text.translate(str.maketrans(",.", ".,"))
    return text.replace("-", MINUS)


def percent_text(proportion: Decimal, digits: int, language: Language, *, fixed: bool = True) -> str:
    """Write a proportion as a percentage: 0.074 is 7,4 % to the Dutch; digits as for ``number_text``."""
    # Dutch writes the sign apart; a hard space keeps the two together
    space = "\N{NO-BREAK SPACE}" if language == "nl" else ""
    return f"{number_text(_WIDE.multiply(proportion, Decimal(100)), digits, language, fixed=fixed)}{space}%"


def chance_text(chance: Decimal, language: Language) -> str:
    """Write a chance as a percentage; what is found by draws is never exactly nothing or everything."""
    less, more = ("minder dan", "meer dan") if language == "nl" else ("less than", "more than")
    if chance < RARE:
        return f"{less} {percent_text(RARE, 1, language)}"
    if chance > 1 - RARE:
        return f"{more} {percent_text(1 - RARE, 1, language)}"
    return percent_text(chance, 1, language)


def money_text(
    amount: Decimal, currency: Currency, language: Language, *, digits: int = 2, signed: bool = False
) -> str:
    """Write an amount with the sign of its currency, by default to the cent.

    Parameters
    ----------
    amount : Decimal
    currency : str
        ``EUR`` or ``USD``: that of the contract.
    language : str
        ``nl`` or ``en``.
    digits : int
        2 for cents, 0 for whole euros or dollars.
    signed : bool
        Whether what is above zero has a plus.
    """
    space = "\N{NO-BREAK SPACE}" if language == "nl" else ""
    number = number_text(amount, digits, language)
    plus = "+" if signed and rounded(amount, digits) > 0 else ""
    minus = MINUS if number.startswith(MINUS) else plus
    return f"{minus}{SIGNS[currency]}{space}{number.removeprefix(MINUS)}"
