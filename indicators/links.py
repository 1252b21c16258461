"""Faults of tables whose rows are those of another table."""

from __future__ import annotations

from collections.abc import Iterator

from indicators.columns import Column
from indicators.dataset import Dataset
from indicators.derived import RowsColumn
from indicators.faults import did_you_mean
from indicators.source import Path
from indicators.tables import ChildTable, Table
from indicators.tree import COLUMN_TYPES


def link_faults(dataset: Dataset) -> Iterator[tuple[Path, str, str]]:
    """Field, message and hint of each fault; the dataset knows the others (`dataset.acquainted`)."""
    found = [*_faults(dataset, dataset, (), elsewhere=False)]
    yield from found
    if not found:
        yield from _circles(dataset)


def _faults(
    dataset: Dataset, table: Table, path: Path, *, elsewhere: bool
) -> Iterator[tuple[Path, str, str]]:
    for name, child in table.tables.items():
        place = (*path, "tables", name)
        if child.rows_of is not None:
            yield from _target_faults(dataset, table, child, place)
        elif elsewhere:
            message = f"its rows would belong to rows of another table, which are delivered as '{table.name}'"
            yield place, message, "say 'rows_of' which table holds them"
        yield from _faults(dataset, child, place, elsewhere=elsewhere or child.rows_of is not None)


def _target_faults(
    dataset: Dataset, table: Table, child: ChildTable, place: Path
) -> Iterator[tuple[Path, str, str]]:
    known, wanted = dataset.known_tables, child.rows_of or ""
    target = known.get(wanted)
    if target is None:
        yield (*place, "rows_of"), f"there is no dataset or table '{wanted}'", did_you_mean(wanted, known)
        return
    if isinstance(target, ChildTable) and target.rows_of:
        hint = "" if target is child else f"name '{target.rows_of}'"
        yield (*place, "rows_of"), f"'{wanted}' has no rows of its own", hint
        return
    for name, column in child.columns.items():
        fault = _column_fault(target, name, column)
        if fault:
            yield (*place, "columns", name), *fault
    if target.name == table.name:
        yield from _own_order(table, child, place)


def _column_fault(target: Table, name: str, column: Column) -> tuple[str, str] | None:
    there = target.described.get(name)
    if there is None:
        return f"{target.name} has no column '{name}'", did_you_mean(name, target.described)
    if COLUMN_TYPES[there.type] != COLUMN_TYPES[column.type]:
        return f"in {target.name} '{name}' is {there.type}", f"write 'type: {there.type}'"
    identifier = isinstance(there, Column) and there.identifier
    if identifier != column.identifier:
        return f"in {target.name} '{name}' is {'an' if identifier else 'no'} identifier", (
            f"write 'identifier: {str(identifier).lower()}'"
        )
    return None


def _own_order(table: Table, child: ChildTable, place: Path) -> Iterator[tuple[Path, str, str]]:
    """What is read of other rows of the same table must be there before what is computed of them."""
    names = list(table.derive)
    for number, (name, block) in enumerate(table.derive.items()):
        if isinstance(block, RowsColumn) and table.tables.get(block.of) is child:
            for read in child.columns:
                if read in names[number:]:
                    message = f"'{read}' must stand before '{name}', which is computed of it in other rows"
                    yield (*place, "columns", read), message, ""


def _circles(dataset: Dataset) -> Iterator[tuple[Path, str, str]]:
    """Tables that are computed of each other, without end."""
    for child in dataset.linked_tables():
        if way := _way_back(child):
            path = tuple(step for name in child.name.split(".")[1:] for step in ("tables", name))
            message = f"computed of each other, without end: {' of '.join(way)}"
            yield (*path, "rows_of"), message, "take delivered columns only, on one of the two sides"


def _way_back(child: ChildTable) -> tuple[str, ...]:
    """The tables by which a table is computed of itself; empty if it is not."""
    ways: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[Table, tuple[str, ...]]] = [(child, (child.name,))]
    while waiting:
        table, way = waiting.pop()
        for needed in _needed(table):
            if needed.name == child.name:
                return (*way, child.name)
            if needed.name not in ways:
                ways[needed.name] = (*way, needed.name)
                waiting.append((needed, ways[needed.name]))
    return ()


def _needed(table: Table) -> Iterator[Table]:
    """Tables without whose computed columns those of a table cannot be computed."""
    for block in table.derive.values():
        if isinstance(block, RowsColumn):
            yield table.tables[block.of]
    if not isinstance(table, ChildTable) or not table.rows_of:
        return
    # Other rows of the table that it stands in are read while that is computed, as far as it is.
    inside = table.rows_of == table.name.rpartition(".")[0]
    if not inside and not set(table.columns) <= set(table.target.columns):
        yield table.target
