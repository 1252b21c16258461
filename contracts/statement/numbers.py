"""Numbers of the document as the Dutch and the English write them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Language = Literal["nl", "en"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How numbers are written in one language.

    Attributes
    ----------
    language : str
        ``nl`` or ``en``.
    currency : str
        ``EUR`` or ``USD``.
    """

    language: Language
    currency: Literal["EUR", "USD"]

    def of_unit(self, amount: Decimal, unit: str) -> str:
        """Amount in its unit: ``eur``, ``rate``, ``count``, ``points`` or ``number``."""
        if unit == "eur":
            return self.money(amount)
        if unit == "rate":
            return self.percent(amount, 4, fixed=False)
        return self.number(amount, {"count": 0, "points": 4}.get(unit, 6))

    def money(self, amount: Decimal) -> str:
        """Amount to the cent."""
        sign = {"EUR": "€", "USD": "$"}[self.currency]
        minus = "\u2212" if amount < 0 else ""
        space = "\u00a0" if self.language == "nl" else ""
        return f"{minus}{sign}{space}{self._spelled(f'{abs(amount):,.2f}')}"

    def percent(self, amount: Decimal, digits: int, *, fixed: bool = True) -> str:
        """Write a proportion as a percentage, with at most, or exactly, so many digits."""
        space = "\u00a0" if self.language == "nl" else ""
        number = f"{amount * 100:,.{digits}f}"
        return f"{self._spelled(number if fixed else _short(number))}{space}%"

    def number(self, amount: Decimal, digits: int) -> str:
        """Number with at most so many digits."""
        return self._spelled(_short(f"{amount:,.{digits}f}"))

    def _spelled(self, number: str) -> str:
        if self.language == "nl":
            number = number.translate(str.maketrans(",.", ".,"))
        return number.replace("-", "\u2212")


def _short(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number
