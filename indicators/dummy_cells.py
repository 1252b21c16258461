"""Drawing the cells of one column: from its codes, its range, its type."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indicators.columns import Column
from indicators.tables import Table

Texts: TypeAlias = NDArray[np.str_]
_PERSONS = 0.9  # of the records: some persons come back
_ANY_NUMBER = (Decimal(0), Decimal(1000))


class CannotGenerate(ValueError):
    """A dataset of which no such file can be made; the message says why."""


def drawn(header: str, columns: Sequence[Column], rows: int, year: int, draw: np.random.Generator) -> Texts:
    """Draw the cells under a header, which suit all columns that are read from it.

    Raises
    ------
    CannotGenerate
        If nothing does.
    """
    coded = [column.codes for column in columns if column.codes]
    if coded:
        every = [code for code in coded[0] if all(_fits(code, column) for column in columns)]
        if not every:
            raise CannotGenerate(f"no value suits all columns under the header '{header}'")
        return np.array(every)[draw.integers(0, len(every), rows)]
    narrowest = min(columns, key=lambda column: _BREADTH[column.type])
    if narrowest.type in ("integer", "decimal"):
        return _numbers(header, columns, narrowest, rows, draw)
    if narrowest.type == "date":
        return days_of(year, draw.integers(0, 365, rows))
    if narrowest.type == "datetime":
        moments = np.datetime64(f"{year}-01-01T00:00:00") + draw.integers(0, 365 * 86400, rows)
        return np.char.add(np.datetime_as_string(moments, unit="s"), "Z")
    if narrowest.type == "boolean":
        return np.array(["true", "false"])[draw.integers(0, 2, rows)]
    if narrowest.identifier:
        persons = max(1, math.ceil(rows * _PERSONS))
        return np.char.add("person-", draw.integers(0, persons, rows).astype(str))
    return np.char.add("generated ", draw.integers(1, 100, rows).astype(str))


_BREADTH = {
    "boolean": 0, "datetime": 1, "date": 1, "integer": 2, "decimal": 3, "category": 4, "text": 5,
}  # fmt: skip


def _fits(code: str, column: Column) -> bool:
    if column.codes is not None:
        return code in column.codes
    if column.type in ("integer", "decimal"):
        return code.isdecimal() and (
            column.range is None or column.range[0] <= Decimal(code) <= column.range[1]
        )
    return column.type == "text"


def _numbers(
    header: str, columns: Sequence[Column], narrowest: Column, rows: int, draw: np.random.Generator
) -> Texts:
    ranges = [column.range for column in columns if column.range] or [_ANY_NUMBER]
    digits = narrowest.decimals if narrowest.type == "decimal" else 0
    low = math.ceil(max(limits[0] for limits in ranges).scaleb(digits))
    high = math.floor(min(limits[1] for limits in ranges).scaleb(digits))
    if low > high:
        raise CannotGenerate(f"no number lies within the ranges of all columns under the header '{header}'")
    steps = draw.integers(low, high, rows, endpoint=True)
    if not digits:
        return steps.astype(str)
    size, behind = np.divmod(np.abs(steps), 10**digits)
    sign = np.where(steps < 0, "-", "")
    whole = np.char.add(np.char.add(sign, size.astype(str)), ".")
    return np.char.add(whole, np.char.zfill(behind.astype(str), digits))


def days_of(year: int, offset: NDArray[np.int64]) -> Texts:
    """Days of a year, counted from 0."""
    return np.datetime_as_string(np.datetime64(dt.date(year, 1, 1)) + offset, unit="D")


def with_gaps(
    table: Table, columns: Sequence[Column], cells: Texts, share: float, draw: np.random.Generator
) -> Texts:
    """Put codes for "no value" in the place of some: those of the file and those of the column."""
    known = [{"", *table.file.missing, *column.missing} for column in columns]
    meant = {code for column in columns for code in column.codes or ()}
    codes = sorted(set.intersection(*known) - meant) or [""]
    gap = draw.random(len(cells)) < share
    filler = np.array(codes)[draw.integers(0, len(codes), len(cells))]
    return np.where(gap, filler, cells)


def choices(column: Column, year: int) -> list[Any] | None:
    """The values that a column of the key can have, None if they do not end."""
    if column.codes:
        return list(column.codes)
    if column.type == "boolean":
        return ["true", "false"]
    if column.type in ("date", "datetime"):
        days = days_of(year, np.arange(365)).tolist()
        return days if column.type == "date" else [f"{day}T12:00:00Z" for day in days]
    return None


def numbered(numbers: NDArray[np.int64]) -> Texts:
    """Texts that tell rows apart."""
    return np.char.add("g", np.char.zfill(numbers.astype(str), 6))


def key_cells(
    table: Table,
    names: Sequence[str],
    numbers: NDArray[np.int64],
    within: NDArray[np.int64],
    year: int,
    *,
    fixed: Collection[str] = (),
) -> dict[str, Texts]:
    """Cells of columns of a key, no two rows alike: the number of a row written out over the columns.

    Parameters
    ----------
    table : Table
        What they are of.
    names : sequence of str
        The columns.
    numbers : array of int
        Number of each row; it is written where there is room for it.
    within : array of int
        Number of each row among those that the rest of the key does not tell apart.
    year : int
        As for `drawn`.
    fixed : collection of str
        Columns that are settled elsewhere: left alone if the others suffice.

    Raises
    ------
    CannotGenerate
        If there are fewer different keys than rows.
    """
    lists = {name: choices(table.columns[name], year) for name in names}
    roomy = [name for name in names if lists[name] is None and table.columns[name].range is None]
    others = [name for name in roomy if name not in fixed]
    if roomy:  # any one of them tells all rows apart
        told = others or roomy[:1]
        listed = {
            name: np.array(list_)[numbers % len(list_)]
            for name, list_ in lists.items()
            if list_ is not None and name not in fixed
        }
        limited = {
            name: np.full(len(numbers), str(_lowest(table.columns[name])))
            for name in names
            if lists[name] is None and name not in roomy
        }
        return listed | limited | {name: _written(table.columns[name], numbers) for name in told}
    return _counted_out(table, lists, within)


def _counted_out(
    table: Table, lists: dict[str, list[Any] | None], within: NDArray[np.int64]
) -> dict[str, Texts]:
    """Cells of columns that have an end: the number counted out over all of them."""
    left, room = within, 1
    cells: dict[str, Texts] = {}
    for name, listed in lists.items():
        low = _lowest(table.columns[name])
        size = len(listed) if listed is not None else _highest(table.columns[name]) - low + 1
        place = left % size
        cells[name] = np.array(listed)[place] if listed is not None else (place + low).astype(str)
        left, room = left // size, room * size
    if lists and len(left) and left.max() > 0:
        raise CannotGenerate(f"the key of {table.name} tells at most {room} records apart")
    return cells


def _lowest(column: Column) -> int:
    return math.ceil(column.range[0]) if column.range else 1


def _highest(column: Column) -> int:
    return math.floor(column.range[1]) if column.range else 10**9


def _written(column: Column, numbers: NDArray[np.int64]) -> Texts:
    return (numbers + 1).astype(str) if column.type in ("integer", "decimal") else numbered(numbers)
