"""The named helpers of the expression language: what each takes and gives, and its SQL.

Their names are ours and so is their meaning: engines differ in what their own functions of these names do.
A helper gives null if any of what it is given is null; only ``coalesce`` does not. An expression that names
no helper of this table has none: `record` and `in_set` are read by the parser itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indicators.tree import Type

# A quotient is exact to so many digits behind the point, as many as a number may be written with.
QUOTIENT_DIGITS = 9
MICROSECONDS = {"hours_between": 3_600_000_000, "minutes_between": 60_000_000}


@dataclass(frozen=True, slots=True)
class Helper:
    """One helper.

    Attributes
    ----------
    takes : tuple of str or None
        Types of its arguments; None for two or more arguments of one type, which is also its own.
    gives : str or None
        Type of the result; None for the type of its arguments.
    sql : callable
        SQL of the helper, given that of its arguments.
    whole : bool
        Its last argument counts units, and so has to be a whole number.
    """

    takes: tuple[Type, ...] | None
    gives: Type | None
    sql: Callable[[list[str]], str]
    whole: bool = False


def _age_sql(parts: list[str]) -> str:
    # Written out: engines differ in what their own year difference counts.
    born, on = ((f"year({day})", f"(month({day}) * 100 + day({day}))") for day in parts)
    return f"({on[0]} - {born[0]} - case when {on[1]} < {born[1]} then 1 else 0 end)"


def _start_of_year_sql(parts: list[str]) -> str:
    return f"make_date(year({parts[0]}), 1, 1)"


def _quotient_sql(above: str, below: str) -> str:
    return f"cast(cast({above} as double) / {below} as decimal(28, {QUOTIENT_DIGITS}))"


def _elapsed_sql(unit: str) -> Callable[[list[str]], str]:
    def sql(parts: list[str]) -> str:
        return _quotient_sql(f"date_diff('microsecond', {parts[0]}, {parts[1]})", str(MICROSECONDS[unit]))

    return sql


def _add_months_sql(parts: list[str]) -> str:
    return f"cast({parts[0]} + to_months(cast({parts[1]} as integer)) as date)"


def _add_days_sql(parts: list[str]) -> str:
    return f"({parts[0]} + cast({parts[1]} as integer))"


def _add_sql(interval: str) -> Callable[[list[str]], str]:
    return lambda parts: f"({parts[0]} + {interval}(cast({parts[1]} as bigint)))"


def _outer_sql(order: str) -> Callable[[list[str]], str]:
    # The engine's own least and greatest pass over what is unknown; sorted this way it comes first.
    return lambda parts: f"list_sort([{', '.join(parts)}], '{order}', 'NULLS FIRST')[1]"


HELPERS: dict[str, Helper] = {
    "age_years": Helper(("date", "date"), "number", _age_sql),
    "days_between": Helper(("date", "date"), "number", lambda p: f"date_diff('day', {p[0]}, {p[1]})"),
    "hours_between": Helper(("datetime", "datetime"), "number", _elapsed_sql("hours_between")),
    "minutes_between": Helper(("datetime", "datetime"), "number", _elapsed_sql("minutes_between")),
    "add_months": Helper(("date", "number"), "date", _add_months_sql, whole=True),
    "add_days": Helper(("date", "number"), "date", _add_days_sql, whole=True),
    "add_hours": Helper(("datetime", "number"), "datetime", _add_sql("to_hours"), whole=True),
    "add_minutes": Helper(("datetime", "number"), "datetime", _add_sql("to_minutes"), whole=True),
    "start_of_year": Helper(("date",), "date", _start_of_year_sql),
    "date_of": Helper(("datetime",), "date", lambda p: f"cast({p[0]} as date)"),
    "ratio": Helper(("number", "number"), "number", lambda p: _quotient_sql(p[0], f"nullif({p[1]}, 0)")),
    # Times 1.0: of a whole number the engine's floor would be a binary fraction.
    "floor": Helper(("number",), "number", lambda p: f"floor({p[0]} * 1.0)"),
    "coalesce": Helper(None, None, lambda p: f"coalesce({', '.join(p)})"),
    "least": Helper(None, None, _outer_sql("ASC")),
    "greatest": Helper(None, None, _outer_sql("DESC")),
}
