"""Formulas over named cells: evaluated exactly here, and spelled for a spreadsheet.

One formula has two readings. ``evaluate`` gives its exact value in fractions, by which a whole workbook is
held against the settlement that it comes with. ``spelled`` writes it for a spreadsheet, which counts in
binary numbers of some sixteen digits. There a comparison is of the difference rounded to the digits that the
formula states, so that a saving of exactly the threshold is not lost in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from statistics import NormalDist

Value = Fraction | str | bool
Lookup = Callable[[str], Value]

EUROS = 6
"""Digits to which amounts of euros are compared in a spreadsheet."""
POINTS = 12
"""Digits to which rates, points and positions are compared in a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A value, a cell, or something computed from other formulas; arithmetic on formulas makes larger ones.

    Attributes
    ----------
    name : str
        ``value`` or ``cell``, a sign of arithmetic or comparison, or the function of a spreadsheet that
        stands for it; ``FLOOR`` is to whole units, ``SIGNIFICANCE`` see
        ``contracts.terms.threshold.BySignificance``.
    items : tuple of Formula
        What it is computed from.
    digits : int
        Of a comparison those that count, of a rounding those that stay.
    given : Fraction or str
        The value, or the name of the cell.
    """

    name: str
    items: tuple[Formula, ...] = ()
    digits: int = 0
    given: Fraction | str = ""

    def __add__(self, other: Operand) -> Formula:
        return _made("+", self, other)

    def __radd__(self, other: Operand) -> Formula:
        return _made("+", other, self)

    def __sub__(self, other: Operand) -> Formula:
        return _made("-", self, other)

    def __rsub__(self, other: Operand) -> Formula:
        return _made("-", other, self)

    def __mul__(self, other: Operand) -> Formula:
        return _made("*", self, other)

    def __truediv__(self, other: Operand) -> Formula:
        return _made("/", self, other)

    def __neg__(self) -> Formula:
        return _made("-", 0, self)


Operand = Formula | Fraction | Decimal | int | str


def as_formula(value: Operand) -> Formula:
    """Take a number or a text as a formula."""
    if isinstance(value, Formula):
        return value
    return Formula("value", given=value if isinstance(value, str) else Fraction(value))


def _made(name: str, *items: Operand, digits: int = 0) -> Formula:
    return Formula(name, tuple(map(as_formula, items)), digits)


def cell(key: str) -> Formula:
    """What stands in the cell of this name."""
    return Formula("cell", given=key)


def total(items: Iterable[Formula]) -> Formula:
    """Sum of formulas; 0 of none."""
    first, *rest = list(items) or [as_formula(0)]
    for item in rest:
        first = first + item
    return first


def power(base: Operand, exponent: Operand) -> Formula:
    """A base to a whole power."""
    return _made("POWER", base, exponent)


def least(*items: Operand) -> Formula:
    """The smallest of some."""
    return _made("MIN", *items)


def most(*items: Operand) -> Formula:
    """The largest of some."""
    return _made("MAX", *items)


def within(value: Formula, low: Operand, high: Operand) -> Formula:
    """A value held between two bounds."""
    return least(most(value, low), high)


def choose(when: Formula, then: Operand, otherwise: Operand) -> Formula:
    """One value if a condition holds, else another; only the one that is chosen is computed."""
    return _made("IF", when, then, otherwise)


def at_least(left: Operand, right: Operand, digits: int) -> Formula:
    """Whether a number is at or above another."""
    return _made(">=", left, right, digits=digits)


def above(left: Operand, right: Operand, digits: int) -> Formula:
    """Whether a number is above another."""
    return _made(">", left, right, digits=digits)


def same(left: Formula, text: str) -> Formula:
    """Whether a cell holds this text; a number is never the same as a text."""
    return _made("=", left, text)


def every(*items: Formula) -> Formula:
    """Whether all conditions hold."""
    return items[0] if len(items) == 1 else _made("AND", *items)


def some(*items: Formula) -> Formula:
    """Whether any condition holds."""
    return items[0] if len(items) == 1 else _made("OR", *items)


def negated(item: Formula) -> Formula:
    """Whether a condition does not hold."""
    return _made("NOT", item)


def whole_units(value: Formula, digits: int) -> Formula:
    """The largest whole number of units, of ``10 ** -digits``, that is not above a value."""
    return _made("FLOOR", value, digits=digits)


def half_up(value: Formula, digits: int) -> Formula:
    """A value rounded to so many digits, a half upwards (-0.5 to 0)."""
    return whole_units(value + Fraction(1, 2 * 10**digits), digits)


def significance(error: Formula, cv: Formula, records: Formula, digits: int) -> Formula:
    """Smallest savings rate that is not luck, see ``contracts.terms.threshold.BySignificance``."""
    return _made("SIGNIFICANCE", error, cv, records, digits=digits)


def cells_in(formula: Formula) -> Iterator[str]:
    """Names of the cells that a formula looks at."""
    if formula.name == "cell":
        yield str(formula.given)
    for item in formula.items:
        yield from cells_in(item)


def evaluate(formula: Formula, lookup: Lookup) -> Value:
    """Exact value of a formula.

    Raises
    ------
    ZeroDivisionError
        If it divides by nothing.
    KeyError
        If a cell is not there.
    """
    name, items = formula.name, formula.items
    if name == "value":
        return formula.given
    if name == "cell":
        return lookup(str(formula.given))
    if name == "IF":
        return evaluate(items[1] if evaluate(items[0], lookup) else items[2], lookup)
    if name in _LOGIC:
        return _LOGIC[name](bool(evaluate(item, lookup)) for item in items)
    values = [evaluate(item, lookup) for item in items]
    if name == "=":
        return values[0] == values[1]
    numbers = [_number(value, item) for value, item in zip(values, items, strict=True)]
    if name in _ROUNDED:
        return _ROUNDED[name](*numbers, digits=formula.digits)
    return _NUMBERS[name](*numbers)


_LOGIC: Mapping[str, Callable[[Iterable[bool]], bool]] = {
    "AND": all,
    "OR": any,
    "NOT": lambda held: not any(held),
}
_NUMBERS: Mapping[str, Callable[..., Value]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "MIN": lambda *numbers: min(numbers),
    "MAX": lambda *numbers: max(numbers),
    "POWER": lambda base, exponent: base ** int(exponent),
}


def _number(value: Value, formula: Formula) -> Fraction:
    if not isinstance(value, Fraction):
        raise TypeError(f"{formula!r} is {value!r}, which is no number")
    return value


def _floor(value: Fraction, *, digits: int) -> Fraction:
    return Fraction((value * 10**digits).__floor__(), 10**digits)


def _significance(error: Fraction, cv: Fraction, records: Fraction, *, digits: int) -> Fraction:
    z = Decimal(repr(NormalDist().inv_cdf(1 - float(error))))
    with localcontext() as context:
        context.prec = 30
        spread = Decimal(cv.numerator) / cv.denominator / (Decimal(int(records)).sqrt())
        return Fraction((z * spread).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


_ROUNDED: Mapping[str, Callable[..., Fraction]] = {"FLOOR": _floor, "SIGNIFICANCE": _significance}


def spelled(formula: Formula, place: Callable[[str], str], say: Callable[[str], str] = str) -> str:
    """Write a formula for a spreadsheet, in English function names and without the ``=``.

    Parameters
    ----------
    formula : Formula
    place : callable
        Gives the address of a cell, such as ``Inputs!$C$4``.
    say : callable
        What a text in a formula says to people: different texts must stay different.
    """
    return _Speller(place, say).spell(formula)[0]


_ATOM, _PRODUCT, _SUM, _LOOSE = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class _Speller:
    place: Callable[[str], str]
    say: Callable[[str], str]

    def spell(self, formula: Formula) -> tuple[str, int]:
        """Spelling, and how strongly it binds."""
        name, items, digits = formula.name, formula.items, formula.digits
        if name == "value":
            return self._value(formula.given)
        if name == "cell":
            return self.place(str(formula.given)), _ATOM
        if name in ("+", "-", "*", "/"):
            return self._arithmetic(name, *items)
        if name in (">", ">="):
            return f"ROUND({self.spell(items[0] - items[1])[0]},{digits}){name}0", _LOOSE
        if name == "FLOOR":
            # five digits more: what is whole must not fall below it in the last bit
            units = self.spell(items[0] * 10**digits if digits else items[0])[0]
            return f"INT(ROUND({units},5))" + (f"/{10**digits}" if digits else ""), _PRODUCT
        spelled_items = [self.spell(item)[0] for item in items]
        if name == "=":
            return "=".join(spelled_items), _LOOSE
        if name == "SIGNIFICANCE":
            error, cv, records = spelled_items
            return f"ROUND(NORMSINV(1-{error})*{cv}/SQRT({records}),{digits})", _ATOM
        return f"{name}({','.join(spelled_items)})", _ATOM

    def _arithmetic(self, sign: str, left: Formula, right: Formula) -> tuple[str, int]:
        strength = _SUM if sign in "+-" else _PRODUCT
        first, bound = self.spell(left)
        second, tied = self.spell(right)
        if bound < strength:
            first = f"({first})"
        # a - (b - c) and a / (b * c) need theirs, and so does a sum in a product
        if tied < strength or (tied == strength and sign in "-/"):
            second = f"({second})"
        return f"{first}{sign}{second}", strength

    def _value(self, value: Fraction | str) -> tuple[str, int]:
        if isinstance(value, str):
            return '"' + self.say(value).replace('"', '""') + '"', _ATOM
        number = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(number) == value:
            return format(number, "f"), _ATOM if value >= 0 else _SUM
        return f"{value.numerator}/{value.denominator}", _PRODUCT
