"""Values in a definition that its dataset can never hold: a code that does not exist, a number out of range.

Such a comparison runs without complaint and is never true, or always: the quietest way to get a score wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from indicators.columns import MOMENT, Column
from indicators.expression import Node
from indicators.faults import did_you_mean
from indicators.tables import Table

FaultText: TypeAlias = tuple[str, str]
_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "in")


def value_faults(node: Node, table: Table, above: Table | None = None) -> Iterator[FaultText]:
    """Messages and hints for each comparison of a column with a value that it cannot have.

    Parameters
    ----------
    node : Node
        The expression.
    table : Table
        Its columns.
    above : Table, optional
        The table whose columns it names with ``record(name)``.
    """
    tables = {"column": table, "record": above}
    if node.kind in _COMPARISONS:
        for child in node.children:
            if of := tables.get(child.kind):
                yield from _against(of, str(child.value), node.children)
    if node.kind == "between" and (of := tables.get(node.children[0].kind)):
        yield from _between(of, node)
    # A code list is of all datasets: not every code of it has to be one of this column.
    for child in () if node.kind == "in_set" else node.children:
        yield from value_faults(child, table, above)


def _against(table: Table, name: str, others: tuple[Node, ...]) -> Iterator[FaultText]:
    for other in others:
        fault = None
        if other.kind == "literal" and other.type == "text":
            fault = code_fault(table, name, str(other.value))
        elif isinstance(other.value, Decimal):
            fault = range_fault(table, name, other.value)
        if fault:
            yield fault


def _between(table: Table, node: Node) -> Iterator[FaultText]:
    """A fault if the whole of ``between`` lies outside the column's range; one limit may."""
    column, low, high = node.children
    known = table.columns.get(str(column.value))
    if known is None or known.range is None:
        return
    if isinstance(low.value, Decimal) and isinstance(high.value, Decimal):
        if high.value < known.range[0]:
            yield _out_of_range(str(column.value), known, high.value)
        if low.value > known.range[1]:
            yield _out_of_range(str(column.value), known, low.value)


def code_fault(table: Table, name: str, value: str) -> FaultText | None:
    """What is wrong with a text as a value of a column with codes; None if nothing is."""
    derived = table.derive.get(name)
    if derived is not None:
        unknown = derived.labels and value not in derived.labels
        return (f"'{name}' has no value '{value}'", did_you_mean(value, derived.labels)) if unknown else None
    column = table.columns.get(name)
    if column is None or not column.codes or column.type not in ("category", "text"):
        return None
    meanings = {str(meaning) for meaning in column.codes.values()}
    if value in meanings:
        return None
    if value in column.codes:
        hint = f"that is how it is delivered; here it is '{column.codes[value]}'"
        return f"'{name}' has no value '{value}'", hint
    return f"'{name}' has no value '{value}'", did_you_mean(value, meanings)


def range_fault(table: Table, name: str, value: Decimal) -> FaultText | None:
    """What is wrong with a number as a value of a column with a range; None if nothing is.

    One beyond the range is allowed: "below 61" is a fair way to say "at most 60".
    """
    column = table.columns.get(name)
    if column is None or column.range is None or column.range[0] - 1 <= value <= column.range[1] + 1:
        return None
    return _out_of_range(name, column, value)


def _out_of_range(name: str, column: Column, value: Decimal) -> FaultText:
    assert column.range
    unit = f" {column.unit}" if column.unit else ""
    message = f"'{name}' runs from {column.range[0]} to {column.range[1]}{unit}; it never comes to {value}"
    return message, "is this in another unit?"


def given_fault(table: Table, name: str, value: str | bool | float) -> FaultText | None:
    """What is wrong with a value that an example gives to a column; None if nothing is."""
    column_type = table.types[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "text": not isinstance(value, bool),
        "category": isinstance(value, str),
        "integer": is_number and float(value) == int(value),
        "decimal": is_number,
        "boolean": isinstance(value, bool),
        "datetime": isinstance(value, str) and re.fullmatch(MOMENT, value) is not None,
        "date": isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None,
    }
    if not fits[column_type]:
        shown = str(value).lower() if isinstance(value, bool) else value
        return f"'{name}' is {column_type}; '{shown}' is not", ""
    if isinstance(value, str):
        return code_fault(table, name, value)
    return range_fault(table, name, Decimal(str(value))) if is_number else None
