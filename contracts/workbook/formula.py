"""Formulas over named cells: evaluated exactly here, and spelled for a spreadsheet.

One formula has two readings. ``evaluate`` gives its exact value in fractions, by which a whole workbook is
held against the settlement that it comes with. ``spelled`` writes it for a spreadsheet, which counts in
binary numbers of some sixteen digits. There a comparison is of the difference rounded to the digits that the
formula states, so that a saving of exactly the threshold is not lost in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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


class Formula:
    """Ground of all formulas; arithmetic on them makes larger ones."""

    def __add__(self, other: Operand) -> Formula:
        return _Arithmetic("+", self, as_formula(other))

    def __radd__(self, other: Operand) -> Formula:
        return _Arithmetic("+", as_formula(other), self)

    def __sub__(self, other: Operand) -> Formula:
        return _Arithmetic("-", self, as_formula(other))

    def __rsub__(self, other: Operand) -> Formula:
        return _Arithmetic("-", as_formula(other), self)

    def __mul__(self, other: Operand) -> Formula:
        return _Arithmetic("*", self, as_formula(other))

    def __truediv__(self, other: Operand) -> Formula:
        return _Arithmetic("/", self, as_formula(other))

    def __neg__(self) -> Formula:
        return _Arithmetic("-", as_formula(0), self)


Operand = Formula | Fraction | Decimal | int | str


@dataclass(frozen=True, slots=True)
class Constant(Formula):
    """A number or a text that stands in the formula itself."""

    value: Fraction | str


@dataclass(frozen=True, slots=True)
class Cell(Formula):
    """What stands in the cell of this name."""

    key: str


@dataclass(frozen=True, slots=True)
class _Arithmetic(Formula):
    sign: str
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Power(Formula):
    """A base to a whole power."""

    base: Formula
    exponent: Formula


@dataclass(frozen=True, slots=True)
class _Extreme(Formula):
    name: str
    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Choice(Formula):
    """One value if a condition holds, else another; only the one that is chosen is computed."""

    when: Formula
    then: Formula
    otherwise: Formula


@dataclass(frozen=True, slots=True)
class _Compared(Formula):
    sign: str
    left: Formula
    right: Formula
    digits: int


@dataclass(frozen=True, slots=True)
class Same(Formula):
    """Whether a cell holds this text; a number is never the same as a text."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class _Logic(Formula):
    name: str
    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Whole(Formula):
    """The largest whole number of units, of ``10 ** -digits``, that is not above a value."""

    value: Formula
    digits: int


@dataclass(frozen=True, slots=True)
class Significance(Formula):
    """Smallest savings rate that is not luck, see ``contracts.terms.threshold.BySignificance``."""

    error: Formula
    cv: Formula
    records: Formula
    digits: int


def as_formula(value: Operand) -> Formula:
    """Take a number or a text as a formula."""
    if isinstance(value, Formula):
        return value
    return Constant(value if isinstance(value, str) else Fraction(value))


def total(items: Iterable[Formula]) -> Formula:
    """Sum of formulas; 0 of none."""
    first, *rest = list(items) or [as_formula(0)]
    for item in rest:
        first = first + item
    return first


def least(*items: Operand) -> Formula:
    """The smallest of some."""
    return _Extreme("MIN", tuple(map(as_formula, items)))


def most(*items: Operand) -> Formula:
    """The largest of some."""
    return _Extreme("MAX", tuple(map(as_formula, items)))


def within(value: Formula, low: Operand, high: Operand) -> Formula:
    """A value held between two bounds."""
    return least(most(value, low), high)


def choose(when: Formula, then: Operand, otherwise: Operand) -> Formula:
    """One value if a condition holds, else another."""
    return Choice(when, as_formula(then), as_formula(otherwise))


def at_least(left: Operand, right: Operand, digits: int) -> Formula:
    """Whether a number is at or above another."""
    return _Compared(">=", as_formula(left), as_formula(right), digits)


def above(left: Operand, right: Operand, digits: int) -> Formula:
    """Whether a number is above another."""
    return _Compared(">", as_formula(left), as_formula(right), digits)


def same(left: Formula, text: str) -> Formula:
    """Whether a cell holds this text."""
    return Same(left, Constant(text))


def every(*items: Formula) -> Formula:
    """Whether all conditions hold; true of none."""
    return items[0] if len(items) == 1 else _Logic("AND", items)


def some(*items: Formula) -> Formula:
    """Whether any condition holds; false of none."""
    return items[0] if len(items) == 1 else _Logic("OR", items)


def negated(item: Formula) -> Formula:
    """Whether a condition does not hold."""
    return _Logic("NOT", (item,))


def half_up(value: Formula, digits: int) -> Formula:
    """A value rounded to so many digits, a half upwards (-0.5 to 0)."""
    half = Fraction(1, 2 * 10**digits)
    return Whole(value + half, digits)


def evaluate(formula: Formula, lookup: Lookup) -> Value:
    """Exact value of a formula.

    Raises
    ------
    ZeroDivisionError
        If it divides by nothing.
    KeyError
        If a cell is not there.
    """
    match formula:
        case Constant(value):
            return value
        case Cell(key):
            return lookup(key)
        case Choice(when, then, otherwise):
            return evaluate(then if evaluate(when, lookup) else otherwise, lookup)
        case Same(left, right):
            return evaluate(left, lookup) == evaluate(right, lookup)
        case _Logic(name, items):
            held = (bool(evaluate(item, lookup)) for item in items)
            return all(held) if name == "AND" else any(held) if name == "OR" else not next(held)
        case _Compared(sign, left, right):
            first, second = _number(left, lookup), _number(right, lookup)
            return first > second or (sign == ">=" and first == second)
    return _evaluate_number(formula, lookup)


def _evaluate_number(formula: Formula, lookup: Lookup) -> Fraction:
    match formula:
        case _Arithmetic(sign, left, right):
            return _ARITHMETIC[sign](_number(left, lookup), _number(right, lookup))
        case Power(base, exponent):
            return _number(base, lookup) ** int(_number(exponent, lookup))
        case _Extreme(name, items):
            numbers = [_number(item, lookup) for item in items]
            return min(numbers) if name == "MIN" else max(numbers)
        case Whole(value, digits):
            return Fraction((_number(value, lookup) * 10**digits).__floor__(), 10**digits)
        case Significance(error, cv, records, digits):
            return _significance(*(_number(item, lookup) for item in (error, cv, records)), digits=digits)
    raise TypeError(f"{formula!r} is no formula")


_ARITHMETIC: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}


def _number(formula: Formula, lookup: Lookup) -> Fraction:
    value = evaluate(formula, lookup)
    if not isinstance(value, Fraction):
        raise TypeError(f"{formula!r} is {value!r}, which is no number")
    return value


def _significance(error: Fraction, cv: Fraction, records: Fraction, *, digits: int) -> Fraction:
    z = Decimal(repr(NormalDist().inv_cdf(1 - float(error))))
    with localcontext() as context:
        context.prec = 30
        spread = Decimal(cv.numerator) / cv.denominator / (Decimal(int(records)).sqrt())
        return Fraction((z * spread).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def spelled(formula: Formula, place: Callable[[str], str]) -> str:
    """Write a formula for a spreadsheet, in English function names and without the ``=``.

    Parameters
    ----------
    formula : Formula
    place : callable
        Gives the address of a cell, such as ``Inputs!$C$4``.
    """
    return _spell(formula, place)[0]


_ATOM, _PRODUCT, _SUM = 3, 2, 1


def _spell(formula: Formula, place: Callable[[str], str]) -> tuple[str, int]:
    """Spelling, and how strongly it binds."""
    match formula:
        case Constant(value):
            return _constant(value)
        case Cell(key):
            return place(key), _ATOM
        case _Arithmetic():
            return _spell_arithmetic(formula, place)
        case _Compared(sign, left, right, digits):
            return f"ROUND({spelled(left - right, place)},{digits}){sign}0", 0
        case Same(left, right):
            return f"{spelled(left, place)}={spelled(right, place)}", 0
        case Whole(value, digits):
            # five digits more: what is whole must not fall below it in the last bit
            units = spelled(value * 10**digits if digits else value, place)
            return f"INT(ROUND({units},5))" + (f"/{10**digits}" if digits else ""), _PRODUCT
        case Significance(error, cv, records, digits):
            z, spread = f"NORMSINV(1-{spelled(error, place)})", f"SQRT({spelled(records, place)})"
            return f"ROUND({z}*{spelled(cv, place)}/{spread},{digits})", _ATOM
    name, items = _call(formula)
    return f"{name}({','.join(spelled(item, place) for item in items)})", _ATOM


def _call(formula: Formula) -> tuple[str, tuple[Formula, ...]]:
    """Function of a spreadsheet and what it takes."""
    match formula:
        case Power(base, exponent):
            return "POWER", (base, exponent)
        case Choice(when, then, otherwise):
            return "IF", (when, then, otherwise)
        case _Extreme(name, items) | _Logic(name, items):
            return name, items
    raise TypeError(f"{formula!r} is no formula")


def _spell_arithmetic(formula: _Arithmetic, place: Callable[[str], str]) -> tuple[str, int]:
    strength = _SUM if formula.sign in "+-" else _PRODUCT
    left, bound = _spell(formula.left, place)
    right, tied = _spell(formula.right, place)
    if bound < strength:
        left = f"({left})"
    # a - (b - c) and a / (b * c) need theirs, and so does a sum in a product
    if tied < strength or (tied == strength and formula.sign in "-/"):
        right = f"({right})"
    return f"{left}{formula.sign}{right}", strength


def _constant(value: Fraction | str) -> tuple[str, int]:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"', _ATOM
    if value.denominator == 1:
        return str(value.numerator), _ATOM if value >= 0 else _SUM
    number = Fraction(Decimal(value.numerator) / Decimal(value.denominator))
    if number == value:
        text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
        return text, _ATOM if value >= 0 else _SUM
    return f"{value.numerator}/{value.denominator}", _PRODUCT
