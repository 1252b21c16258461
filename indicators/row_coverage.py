"""Which conditions on the rows of child tables the examples exercise: each true for some row, and false.

A dataset is shared by its indicators, and so are its examples: what the examples of one of them show of a
block under ``derive`` need not be shown again by another. As in `indicators.coverage` a *clause* is a whole
condition or one comparison in it, asked of the rows that come to it; the window of a block is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from indicators.clauses import Clause, clauses_of
from indicators.compile import conditions_on_rows
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.derived import RowsColumn
from indicators.expression import Node, parse
from indicators.guide.data import columns_needed
from indicators.never import Values, known_values
from indicators.notation import to_text
from indicators.source import Path
from indicators.tables import Table


@dataclass(frozen=True, slots=True, eq=False)
class AskedRows:
    """A block that is computed of rows, and the clauses of its conditions.

    Attributes
    ----------
    table : Table
        Where it stands.
    name : str
        The column.
    path : Path
        Its field in the file of the dataset.
    clauses : tuple of Clause
        On the rows of a child table.
    """

    table: Table
    name: str
    path: Path
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class UnexercisedRows:
    """A clause that no row in any example makes true, or false."""

    path: Path
    name: str
    clause: Node
    value: bool

    def __str__(self) -> str:
        said = str(self.value).lower()
        return f"no row in an example makes '{to_text(self.clause)}' {said}, which decides on '{self.name}'"


def asked_rows(indicator: Indicator, dataset: Dataset) -> list[AskedRows]:
    """Blocks of rows that an indicator reads, by whatever way, each once."""
    found: dict[tuple[str, str], AskedRows] = {}
    for name in columns_needed(indicator, dataset):
        _follow(dataset, name, (), found)
    return [asked for asked in found.values() if asked.clauses]


def _follow(table: Table, name: str, path: Path, found: dict[tuple[str, str], AskedRows]) -> None:
    block = table.derive.get(name)
    if block is None or (table.name, name) in found:
        return
    for read in block.reads:
        _follow(table, read, path, found)
    if not isinstance(block, RowsColumn):
        return
    conditions = conditions_on_rows(table, block)
    counted = [parse(text, table.types_of_rows(block.of), None) for text in block.counted]
    counts = tuple((node, True) for node in conditions)
    clauses = dict.fromkeys(clause for node in conditions for clause in clauses_of(node))
    clauses |= dict.fromkeys(clause for node in counted for clause in clauses_of(node, counts))
    found[table.name, name] = AskedRows(table, name, (*path, "derive", name), tuple(clauses))
    child = table.tables[block.of]
    read_there = dict.fromkeys(column for node in (*conditions, *counted) for column in node.columns)
    for column in (*child.link, *read_there, *([block.taken] if block.taken else ())):
        _follow(child, column, (*path, "tables", block.of), found)
        if not child.given_by_itself:  # its rows are given, and computed, where they are delivered
            _follow(child.target, column, _path_of(child.target), found)


def _path_of(table: Table) -> Path:
    return tuple(step for name in table.name.split(".")[1:] for step in ("tables", name))


def unexercised_rows(
    asked: Sequence[AskedRows], answers: Iterable[Sequence[Sequence[bool]]]
) -> list[UnexercisedRows]:
    """Clauses that no row makes true, or false, though some row could be so.

    Parameters
    ----------
    asked : sequence of AskedRows
        The blocks.
    answers : iterable
        For each example what `indicators.compile.rows_asked_select` gave: of each block, for each clause
        whether some row makes it true, and whether some row makes it false.
    """
    seen: set[tuple[int, int]] = set()
    for example in answers:
        for number, of_block in enumerate(example):
            seen.update((number, place) for place, shown in enumerate(of_block) if shown)
    return [gap for number, block in enumerate(asked) for gap in _lacking(block, number, seen)]


def _lacking(block: AskedRows, number: int, seen: set[tuple[int, int]]) -> Iterator[UnexercisedRows]:
    of = block.table.derive[block.name]
    assert isinstance(of, RowsColumn)
    known = _known(block.table.tables[of.of])
    lacking = [
        (clause, UnexercisedRows(block.path, block.name, clause.node, value))
        for place, clause in enumerate(block.clauses)
        for value in (True, False)
        if (number, 2 * place + (not value)) not in seen and clause.can_be(value, known)
    ]
    # A whole condition is named only when all its comparisons are exercised.
    parts = [gap for clause, gap in lacking if not clause.joins]
    yield from parts or [gap for _, gap in lacking]


def _known(table: Table) -> dict[str | Node, Values]:
    """What the columns of rows can hold; a computed flag of rows that there cannot be is false."""
    known = known_values(table)
    for name, block in table.derive.items():
        if isinstance(block, RowsColumn) and block.any:
            inner = _known(table.tables[block.of])
            if any(
                not Clause(condition).can_be(True, inner) for condition in conditions_on_rows(table, block)
            ):
                known[name] = Values(null=False, choices=frozenset({False}))
    return known
