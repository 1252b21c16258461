"""Faults of a table, and of those in it, that its fields alone do not show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from indicators.derived import RowsColumn, ValueColumn
from indicators.expression import ExpressionError, Scope, Type, parse
from indicators.instruments.faults import block_faults
from indicators.source import Path
from indicators.tables import Table
from indicators.tree import COLUMN_TYPES
from indicators.value_faults import value_faults


@dataclass(frozen=True, slots=True)
class TableExpression:
    """An expression in the definition of a table.

    Attributes
    ----------
    path : tuple of str and int
        Its field.
    text : str
        What the author wrote.
    scope : Scope
        What it may name.
    wanted : str or None
        Its type; None for any.
    of : Table
        The table whose columns its bare names are.
    above : Table or None
        The table whose columns it names with ``record(name)``.
    """

    path: Path
    text: str
    scope: Scope
    wanted: Type | None
    of: Table
    above: Table | None = None


def table_expressions(table: Table, path: Path = ()) -> Iterator[TableExpression]:
    """Every expression of a table and of those in it."""
    if table.rows is not None:
        yield TableExpression((*path, "rows"), table.rows, table.delivered_types, "boolean", table)
    for name, block in table.derive.items():
        place = (*path, "derive", name)
        if isinstance(block, ValueColumn):
            yield TableExpression((*place, "value"), block.value, table.own_types, block.of_type, table)
        elif isinstance(block, RowsColumn):
            yield from _of_rows(table, block, place)
    for name, child in table.tables.items():
        yield from table_expressions(child, (*path, "tables", name))


def _of_rows(table: Table, block: RowsColumn, place: Path) -> Iterator[TableExpression]:
    child, scope = table.tables[block.of], table.types_of_rows(block.of)
    if block.where is not None:
        yield TableExpression((*place, "where"), block.where, scope, "boolean", child, table)
    if block.distinct is not None:
        yield TableExpression((*place, "distinct"), block.distinct, scope, None, child, table)
    for number, end in enumerate(block.days or ()):
        yield TableExpression((*place, "days", number), end, scope, "date", child, table)
    for number, limit in enumerate(block.between or ()):
        wanted = COLUMN_TYPES[child.types[block.by or ""]]
        yield TableExpression((*place, "between", number), limit, table.own_types, wanted, table)


def table_faults(table: Table) -> Iterator[tuple[Path, str, str]]:
    """Field, message and hint of each fault."""
    yield from _own_faults(table, ())
    for one in table_expressions(table):
        try:
            node = parse(one.text, one.scope, one.wanted)
        except ExpressionError as error:
            yield one.path, str(error), ""
        else:
            for message, hint in value_faults(node, one.of, one.above):
                yield one.path, message, hint


def _own_faults(table: Table, path: Path) -> Iterator[tuple[Path, str, str]]:
    for field, names in (("columns", table.columns), ("derive", table.derive)):
        for name in names:
            if not _can_be_written(name):
                message = "this word means something else in expressions: give the column another name"
                yield (*path, field, name), message, ""
    for name, block in table.derive.items():
        if not isinstance(block, ValueColumn | RowsColumn):
            for place, message, hint in block_faults(table, block):
                yield (*path, "derive", name, *place), message, hint
    for name, child in table.tables.items():
        yield from _own_faults(child, (*path, "tables", name))


@cache
def _can_be_written(name: str) -> bool:
    try:
        # Once alone and once in a sentence: some words are names in the one place and not in the other.
        parse(f"case when {name} is null then {name} else {name} end", {name: "text"}, "text")
        return parse(f"{name} = {name}", {name: "text"}).columns == (name,)
    except ExpressionError:
        return False
