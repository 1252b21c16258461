"""What an expression means, read from its tree one node at a time, on one row.

The reference that the SQL of an expression is held against. It knows nothing of an engine: three-valued
logic, exact decimals, days and moments of Python's own `datetime`.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from indicators.helpers import MICROSECONDS, QUOTIENT_DIGITS
from indicators.tree import PERIOD_DAYS, Node

Value: TypeAlias = Decimal | int | str | bool | dt.date | dt.datetime | None
# More digits than a value of an engine can have: nothing is rounded on the way.
_EXACT = Context(prec=200)
_STEP = Decimal(1).scaleb(-QUOTIENT_DIGITS)


def evaluate(node: Node, row: Mapping[str, Value], record: Mapping[str, Value] | None = None) -> Value:
    """Evaluate a checked expression on a row.

    Parameters
    ----------
    node : Node
        The expression.
    row : mapping of str to value
        A value for each column: a Decimal or int, a text, a bool, a date, a datetime in UTC without a time
        zone, or None; and under ``period.start`` and ``period.end`` the days of the period.
    record : mapping of str to value, optional
        For a row of a child table, the columns of the record it belongs to.

    Returns
    -------
    value
        None for unknown.

    Raises
    ------
    OverflowError
        If a date comes before year 1 or after year 9999.
    """
    if node.kind == "column":
        return row[str(node.value)]
    if node.kind in PERIOD_DAYS:
        return row[PERIOD_DAYS[node.kind]]
    if node.kind == "record":
        return (record or {})[str(node.value)]
    if node.kind == "literal":
        return dt.date.fromisoformat(str(node.value)) if node.type == "date" else node.value
    if node.kind == "case":
        *branches, default = node.children
        pairs = zip(branches[::2], branches[1::2], strict=True)
        chosen = next((then for when, then in pairs if evaluate(when, row, record) is True), default)
        return evaluate(chosen, row, record)
    values = [evaluate(child, row, record) for child in node.children]
    if node.kind in _OF_UNKNOWN:
        return _OF_UNKNOWN[node.kind](values)
    if None in values:
        return None
    if node.kind == "date_of":
        return _local(values[0], str(node.value)).date()
    with localcontext(_EXACT):
        return _OF_KNOWN[node.kind](*values)


def _and(values: list[Any]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _not(value: Any) -> bool | None:
    return None if value is None else not value


def _or(values: list[Any]) -> bool | None:
    return _not(_and([_not(value) for value in values]))


def _compare(sign: str, left: Any, right: Any) -> bool | None:
    return None if left is None or right is None else _COMPARE[sign](left, right)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda p, q: p == q,
    "<>": lambda p, q: p != q,
    "<": lambda p, q: p < q,
    "<=": lambda p, q: p <= q,
    ">": lambda p, q: p > q,
    ">=": lambda p, q: p >= q,
}


def _in(values: list[Any]) -> bool | None:
    value, *listed = values
    if not listed:
        return None if value is None else False
    return _or([_compare("=", value, item) for item in listed])


# Operators that can be known while something they are given is not.
_OF_UNKNOWN: dict[str, Callable[[list[Any]], Value]] = {
    "and": _and,
    "or": _or,
    "not": lambda values: _not(values[0]),
    "is null": lambda values: values[0] is None,
    "in": _in,
    "in_set": lambda values: values[0],
    "between": lambda v: _and([_compare(">=", v[0], v[1]), _compare("<=", v[0], v[2])]),
    "coalesce": lambda values: next((value for value in values if value is not None), None),
}


def _age_years(born: dt.date, on: dt.date) -> int:
    """Count birthdays: 29 February comes on 1 March in a year without it."""
    try:
        birthday = born.replace(year=on.year)
    except ValueError:
        birthday = dt.date(on.year, 3, 1)
    return on.year - born.year - (on < birthday)


def _add_months(day: dt.date, months: Any) -> dt.date:
    years, month = divmod(day.year * 12 + day.month - 1 + int(months), 12)
    if not dt.MINYEAR <= years <= dt.MAXYEAR:
        raise OverflowError("this day is not between the years 1 and 9999")
    return day.replace(
        year=years, month=month + 1, day=min(day.day, calendar.monthrange(years, month + 1)[1])
    )


def _quotient(above: Any, below: Any) -> Decimal | None:
    if below == 0:
        return None
    return Decimal(float(above) / float(below)).quantize(_STEP, ROUND_HALF_UP)


def _elapsed(unit: str) -> Callable[[dt.datetime, dt.datetime], Decimal | None]:
    return lambda start, end: _quotient((end - start) // dt.timedelta(microseconds=1), MICROSECONDS[unit])


def _local(moment: Any, zone: str) -> dt.datetime:
    utc: dt.datetime = moment.replace(tzinfo=dt.UTC)
    return utc.astimezone(ZoneInfo(zone))


_OF_KNOWN: dict[str, Callable[..., Value]] = {
    **_COMPARE,
    "+": lambda p, q: p + q,
    "-": lambda p, q: p - q,
    "*": lambda p, q: p * q,
    "age_years": _age_years,
    "days_between": lambda p, q: (q - p).days,
    "hours_between": _elapsed("hours_between"),
    "minutes_between": _elapsed("minutes_between"),
    "add_months": _add_months,
    "add_days": lambda p, n: p + dt.timedelta(days=int(n)),
    "start_of_year": lambda p: p.replace(month=1, day=1),
    "add_hours": lambda p, n: p + dt.timedelta(hours=int(n)),
    "add_minutes": lambda p, n: p + dt.timedelta(minutes=int(n)),
    "ratio": _quotient,
    "floor": lambda p: Decimal(p).to_integral_value(ROUND_FLOOR),
    "least": lambda *values: min(values),
    "greatest": lambda *values: max(values),
}
