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


def money_text(amount: Decimal, currency: Currency, language: Language, *, digits: int = 2) -> str:
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
    """
    space = "\N{NO-BREAK SPACE}" if language == "nl" else ""
    number = number_text(amount, digits, language)
    minus = MINUS if number.startswith(MINUS) else ""
    return f"{minus}{SIGNS[currency]}{space}{number.removeprefix(MINUS)}"
