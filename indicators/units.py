"""Units of columns in words: those of time in a language, any other as it is written."""

from __future__ import annotations

import re

from indicators.words import Language, Text, in_language

TIME_UNITS = {
    "minutes": Text(nl="minuten", en="minutes"),
    "hours": Text(nl="uur", en="hours"),
    "days": Text(nl="dagen", en="days"),
    "weeks": Text(nl="weken", en="weeks"),
    "months": Text(nl="maanden", en="months"),
    "years": Text(nl="jaar", en="years"),
}
_SINGLE = {
    "minutes": Text(nl="minuut", en="minute"),
    "hours": Text(nl="uur", en="hour"),
    "days": Text(nl="dag", en="day"),
    "weeks": Text(nl="week", en="week"),
    "months": Text(nl="maand", en="month"),
    "years": Text(nl="jaar", en="year"),
}
# Of more than one where no number stands before it.
_MORE = {"hours": ("uren",), "years": ("jaren",)}


def unit_name(unit: str, language: Language, *, single: bool = False) -> str:
    """A unit of a column: one of time in a language, any other as it is written."""
    return in_language((_SINGLE if single else TIME_UNITS).get(unit, unit), language)


def names_unit(text: str, unit: str) -> bool:
    """Whether a text, such as a column's title, names a unit in either language: "age in years"."""
    named = [table[unit] for table in (TIME_UNITS, _SINGLE) if unit in table]
    forms = {unit, *(word for each in named for word in (each.nl, each.en)), *_MORE.get(unit, ())}
    words = _words(text)
    return any(
        words[place : place + len(form)] == form for form in map(_words, forms) for place in range(len(words))
    )


def _words(text: str) -> list[str]:
    """Words of a text, and each sign between them."""
    return re.findall(r"\w+|[^\w\s]", text.lower())
