"""Numbers of the document in the language and currency of a contract."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from contracts.money import Currency, Language, money_text, number_text, percent_text


@dataclass(frozen=True, slots=True)
class Numbers:
    """How numbers are written in one language, by the rule of ``contracts.money``.

    Attributes
    ----------
    language : str
        ``nl`` or ``en``.
    currency : str
        ``EUR`` or ``USD``.
    """

    language: Language
    currency: Currency

    def of_unit(self, amount: Decimal, unit: str) -> str:
        """Amount in its unit: ``eur``, ``rate``, ``count``, ``points`` or ``number``."""
        if unit == "eur":
            return self.money(amount)
        if unit == "rate":
            return self.percent(amount, 4, fixed=False)
        return self.number(amount, {"count": 0, "points": 4}.get(unit, 6))

    def money(self, amount: Decimal, *, signed: bool = False) -> str:
        """Amount to the cent; ``signed``: with a plus too."""
        return money_text(amount, self.currency, self.language, signed=signed)

    def euros(self, amount: Decimal) -> str:
        """Amount in whole euros (or dollars)."""
        return money_text(amount, self.currency, self.language, digits=0)

    def percent(self, amount: Decimal, digits: int, *, fixed: bool = True) -> str:
        """Write a proportion as a percentage, with at most, or exactly, so many digits."""
        return percent_text(amount, digits, self.language, fixed=fixed)

    def number(self, amount: Decimal, digits: int) -> str:
        """Number with at most so many digits."""
        return number_text(amount, digits, self.language, fixed=False)
