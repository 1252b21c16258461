"""What the conditions of a dataset ask of the texts in a row: codes and words that go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TypeAlias

from indicators.derived import RowsColumn
from indicators.expression import Node, parse
from indicators.table_faults import table_expressions
from indicators.tables import Table

# Texts that columns may have, together: {"system": ("loinc",), "code": ("11778-8", "11996-6")}.
Shape: TypeAlias = Mapping[str, tuple[str, ...]]
_MOST = 64


def asked_of_rows(table: Table) -> dict[str, list[Shape]]:
    """Shapes that the conditions of a dataset and its tables ask for, by the full name of the table.

    Returns
    -------
    dict of str to list of Shape
        For each condition, the texts with which what it says of texts is met; what it says of numbers, days
        and other rows is left to chance.
    """
    found: dict[str, list[Shape]] = {each.name: [] for each in table.all_tables()}
    for one in table_expressions(table):
        node = parse(one.text, one.scope, one.wanted)
        shapes = (_delivered(shape, one.of) for shape in _shapes(node))
        found.setdefault(one.of.name, []).extend(shape for shape in shapes if shape)
    return found


def asked_of_all(table: Table) -> list[Shape]:
    """Shapes that every row of a table has one of, by its condition on ``rows``; none without."""
    if table.rows is None:
        return []
    return [shape for shape in _shapes(parse(table.rows, table.delivered_types, "boolean")) if shape]


def dates_of_birth(table: Table) -> dict[str, set[str]]:
    """Delivered columns from which an age is counted, by the full name of their table."""
    found: dict[str, set[str]] = {each.name: set() for each in table.all_tables()}
    for one in table_expressions(table):
        for name in _born(parse(one.text, one.scope, one.wanted)):
            block = one.of.derive.get(name)
            if isinstance(block, RowsColumn) and block.taken:
                found[one.of.tables[block.of].name].add(block.taken)
            elif name in one.of.columns:
                found[one.of.name].add(name)
    return found


def _born(node: Node) -> Iterator[str]:
    if node.kind == "age_years":
        yield from node.children[0].columns
    for child in node.children:
        yield from _born(child)


def _delivered(shape: Shape, table: Table) -> Shape:
    return {name: texts for name, texts in shape.items() if name in table.columns}


def _shapes(node: Node) -> list[Shape]:
    if node.kind in ("=", "in") and node.children[0].kind == "column":
        texts = tuple(str(each.value) for each in node.children[1:] if _is_text(each))
        return [{str(node.children[0].value): texts}] if texts else [{}]
    if node.kind == "or":
        return _first(shape for child in node.children for shape in _shapes(child))
    if node.kind in ("and", "in_set", "coalesce"):
        parts = product(*(_shapes(child) for child in node.children))
        return _first(joined for part in parts if (joined := _joined(part)) is not None)
    return [{}]


def _first(shapes: Iterable[Shape]) -> list[Shape]:
    return [shape for shape, _ in zip(shapes, range(_MOST), strict=False)]


def _is_text(node: Node) -> bool:
    return node.kind == "literal" and node.type == "text"


def _joined(parts: Sequence[Shape]) -> Shape | None:
    """Give a shape that is all of these; None if they exclude each other."""
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for name, texts in part.items():
            both = tuple(text for text in found.get(name, texts) if text in texts)
            if not both:
                return None
            found[name] = both
    return found
