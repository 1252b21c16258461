"""From a checked tree to SQL of the engine."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from indicators.helpers import HELPERS
from indicators.tree import PERIOD_DAYS, Node


def record_column(name: str) -> str:
    """Quoted name of a column of the record that stands beside a row of a child table."""
    return f'"record.{name}"'


def to_sql(node: Node) -> str:
    """Emit DuckDB SQL for a checked expression, fully parenthesised.

    ``age_years`` is completed years: who is born on 29 February turns a year older on 1 March in a year
    without that day. ``ratio`` is null for a denominator of 0, and is rounded to 9 digits behind the point:
    a quotient that has a short decimal form equals it, as in 0.3 / 0.1 = 3. So are ``hours_between`` and
    ``minutes_between``, which count what has elapsed, fractions included, whatever clocks did meanwhile.
    ``add_months`` stays within the month that it comes to: 31 January plus one is 28 or 29 February.
    ``date_of`` is the day in the time zone of the dataset; ``least`` and ``greatest`` of anything unknown
    are unknown.
    """
    if node.kind == "column":
        return f'"{node.value}"'
    if node.kind == "record":
        return record_column(str(node.value))
    if node.kind in PERIOD_DAYS:
        return f'"{PERIOD_DAYS[node.kind]}"'
    if node.kind == "literal":
        return _literal_sql(node)
    parts = [to_sql(child) for child in node.children]
    if node.kind == "date_of":
        return HELPERS["date_of"].sql([_local_sql(parts[0], str(node.value))])
    if node.kind in HELPERS:
        return HELPERS[node.kind].sql(parts)
    return _EMIT[node.kind](parts) if node.kind in _EMIT else f"({f' {node.kind} '.join(parts)})"


def _local_sql(moment: str, zone: str) -> str:
    """SQL of what the clock in a time zone shows at a moment, which is stored in UTC."""
    return moment if zone == "UTC" else f"timezone('{zone}', timezone('UTC', {moment}))"


def _literal_sql(node: Node) -> str:
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, Decimal):
        return _number_sql(node.value)
    quoted = "'" + node.value.replace("'", "''") + "'"
    return f"date {quoted}" if node.type == "date" else quoted


def _number_sql(value: Decimal) -> str:
    written = f"({value:f})" if value < 0 else f"{value:f}"
    # A whole number alone is to the engine one of 32 bits, and two of them would soon be too much.
    return written if "." in written else f"cast({written} as bigint)"


def _case_sql(parts: list[str]) -> str:
    pairs = zip(parts[:-1:2], parts[1:-1:2], strict=True)
    branches = " ".join(f"when {condition} then {value}" for condition, value in pairs)
    return f"(case {branches} else {parts[-1]} end)"


def _in_sql(parts: list[str]) -> str:
    # A code list may be empty, and the engine knows no empty list.
    if len(parts) == 1:
        return f"(case when {parts[0]} is not null then false end)"
    return f"({parts[0]} in ({', '.join(parts[1:])}))"


_EMIT: dict[str, Callable[[list[str]], str]] = {
    "not": lambda p: f"(not {p[0]})",
    "is null": lambda p: f"({p[0]} is null)",
    "in": _in_sql,
    "in_set": lambda p: p[0],
    "between": lambda p: f"({p[0]} between {p[1]} and {p[2]})",
    "case": _case_sql,
}
