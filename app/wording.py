"""Words, numbers and dates in the language of the reader.

Sentences stand in `text/<language>/meetlat.po` under a key; no page holds a sentence of its own.
"""

from __future__ import annotations

import datetime as dt
import gettext
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    get_decimal_symbol,
    get_group_symbol,
)

from contracts.money import MINUS, Currency, Language, chance_text, money_text, number_text
from registry_db.names import Names
from registry_db.published import Indicator

LANGUAGES: tuple[Language, ...] = ("nl", "en")
TEXT = Path(__file__).parent / "text"

_LOCALES: Mapping[Language, str] = {"nl": "nl_NL", "en": "en_GB"}


def mark(key: str) -> str:
    """Mark a key that is looked up elsewhere, so that the test of the catalogues sees it."""
    return key


# levels that every category can have, and those of a column that is true or false
_LEVELS = {
    "(missing)": mark("effect.missing"),
    "(other)": mark("effect.other"),
    "true": mark("fact.yes"),
    "false": mark("fact.no"),
}
_TIMES = {
    "minutes": mark("time.minutes"),
    "hours": mark("time.hours"),
    "days": mark("time.days"),
    "weeks": mark("time.weeks"),
    "months": mark("time.months"),
    "years": mark("time.years"),
}
_CURRENCIES: Mapping[Currency, str] = {"EUR": mark("currency.eur"), "USD": mark("currency.usd")}


def catalogue_file(language: Language) -> Path:
    """Where the sentences of a language stand."""
    return TEXT / language / "meetlat.po"


@cache
def wording(language: Language) -> Wording:
    """Words of a language; read once."""
    return Wording(language)


class Wording:
    """Words, numbers and dates of one language.

    Parameters
    ----------
    language : str
        ``nl`` or ``en``.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.locale = _LOCALES[language]
        with catalogue_file(language).open("rb") as source:
            catalogue = read_po(source, locale=language, abort_invalid=True)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        self._translations = gettext.GNUTranslations(compiled)

    def t(self, key: str, **values: object) -> str:
        """Sentence under a key, with values in its places."""
        return self._translations.gettext(key).format(**values)

    def plural(self, key: str, n: float, **values: object) -> str:
        """Sentence under a key in the form that goes with n; ``{n}`` is n, written out."""
        # the catalogue keeps both forms under the key itself
        text = self._translations.ngettext(key, key, 1 if n == 1 else 2)
        return text.format(n=self.count(n), **values)

    def column(self, name: str, names: Names) -> str:
        """Title of a column, or its name with spaces where it has none."""
        return names.columns[name][self.language] if name in names.columns else name.replace("_", " ")

    def level(self, column: str, level: str, names: Names) -> str:
        """Level of a category, or its code with spaces where it has no name."""
        if level in _LEVELS:
            return self.t(_LEVELS[level])
        known = names.levels.get((column, level))
        return level.replace("_", " ") if known is None else known[self.language]

    def product(self, text: str, names: Names) -> str:
        """Columns that are multiplied, as a model names them: ``age:sex=female``."""
        return " × ".join(self._factor(part, names) for part in text.split(":"))

    def _factor(self, text: str, names: Names) -> str:
        name, is_level, level = text.partition("=")
        if is_level:
            return f"{self.column(name, names)} ({self.level(name, level, names)})"
        # a power, or a part of a curve: "age^2", "age'"
        bare = re.split(r"[\^']", name)[0]
        return self.column(bare, names) + name.removeprefix(bare)

    def of(self, thing: object, what: str) -> str:
        """Text of a published thing that has one per language: ``title`` gives ``title_nl``."""
        return cast(str, getattr(thing, f"{what}_{self.language}"))

    def number(self, value: float | Decimal, decimals: int) -> str:
        """Number with a fixed number of decimals, rounded by the rule of `contracts.money`."""
        exact = _exact(value)
        if exact.is_infinite():
            return "∞" if exact > 0 else f"{MINUS}∞"
        return number_text(exact, decimals, self.language)

    def count(self, n: float) -> str:
        """Whole number; one decimal where records are shared out by weight."""
        return self.number(n, 0 if float(n).is_integer() else 1)

    def percent(self, proportion: float | Decimal, decimals: int = 1) -> str:
        """Write a proportion as a percentage: 0.074 is 7,4 %."""
        # Dutch writes the sign apart; a hard space keeps the two together
        sign = "\N{NO-BREAK SPACE}%" if self.language == "nl" else "%"
        return self.number(_exact(proportion) * 100, decimals) + sign

    def value(self, indicator: Indicator, value: float | Decimal) -> str:
        """Value of an indicator, with its unit where that is a percentage, a rate or a time."""
        if indicator.show_unit == "percent":
            return self.percent(value, indicator.show_decimals)
        if indicator.show_unit == "rate":
            rate = self.number(value * indicator.show_per, indicator.show_decimals)
            per = self.count(indicator.show_per)
            return self.t("value.rate", rate=rate, per=per, of=self.of(indicator, "show_of"))
        text = self.number(value, indicator.show_decimals)
        if indicator.show_unit not in _TIMES:
            return text
        key = _TIMES[indicator.show_unit]
        return self._translations.ngettext(key, key, 1 if text.lstrip(MINUS) == "1" else 2).format(n=text)

    def interval(self, indicator: Indicator, lower: float, upper: float) -> str:
        """Lower and upper limit, with the unit once, at the end."""
        if indicator.show_unit == "percent":
            first = self.number(lower * 100, indicator.show_decimals)
        else:
            first = self.number(lower * indicator.show_per, indicator.show_decimals)
        between = self.t("interval.between")
        return f"{first} {between} {self.value(indicator, upper)}"

    def money(self, amount: Decimal, currency: Currency, *, cents: bool = False) -> str:
        """Amount of money; in whole euros or dollars unless cents are asked for."""
        return money_text(amount, currency, self.language, digits=2 if cents else 0)

    def signed_money(self, amount: Decimal, currency: Currency, *, cents: bool = False) -> str:
        """Amount of money with its sign; what rounds to zero has none."""
        return money_text(amount, currency, self.language, digits=2 if cents else 0, signed=True)

    def currency(self, currency: Currency) -> str:
        """Name of a currency, for more than one of it."""
        return self.t(_CURRENCIES[currency])

    def chance(self, chance: float) -> str:
        """Chance as a percentage; what is found by draws is never exactly nothing or everything."""
        return chance_text(Decimal(str(chance)), self.language)

    def date(self, day: dt.date) -> str:
        """Day, month in words, year."""
        return format_date(day, format="long", locale=self.locale)

    def months(self, first: str, last: str, *, short: bool = False) -> str:
        """Month such as 2025-01, or the first and last of several, in words."""
        one, other = (dt.date.fromisoformat(f"{month}-01") for month in (first, last))
        form, to = ("LLL", "–") if short else ("LLLL", f" {self.t('months.to')} ")
        ends = format_date(other, format=f"{form} y", locale=self.locale)
        if one == other:
            return ends
        start = format_date(one, format=form if one.year == other.year else f"{form} y", locale=self.locale)
        return f"{start}{to}{ends}"

    def moment(self, at: dt.datetime) -> str:
        """Day and time (UTC)."""
        return format_datetime(at, format="d MMM y HH:mm", locale=self.locale) + " UTC"

    def vega_locale(self) -> dict[str, Any]:
        """How a chart writes the numbers on its axes."""
        return {
            "number": {
                "decimal": get_decimal_symbol(self.locale),
                "thousands": get_group_symbol(self.locale),
                "grouping": [3],
                "currency": ["", ""],  # asked for by the library; amounts are written by `money`
            }
        }


def _exact(value: float | Decimal) -> Decimal:
    """The number that is meant: of a float the shortest that reads as it, so that 0.145 is 14.5 %."""
    return value if isinstance(value, Decimal) else Decimal(str(value))
