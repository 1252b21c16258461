"""Generated records of a dataset: a file that fits its specification, to try a definition without patients.

Each column is drawn by itself and evenly, from what its type, range and codes allow. Nothing of how columns
go together is in it, so that no score of such a file says anything of care.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indicators.columns import Column
from indicators.dataset import Dataset

Texts: TypeAlias = NDArray[np.str_]
PROVIDERS = 12
_PERSONS = 0.9  # of the records: some persons come back
_ANY_NUMBER = (Decimal(0), Decimal(1000))


class CannotGenerate(ValueError):
    """A dataset of which no such file can be made; the message says why."""


def dummy_columns(
    dataset: Dataset,
    rows: int,
    *,
    seed: int,
    year: int,
    missing: float,
    providers: Sequence[str] = (),
) -> dict[str, Texts]:
    """Draw the cells of a delivery.

    Parameters
    ----------
    dataset : Dataset
        What the file is of.
    rows : int
        Number of records.
    seed : int
        The same seed gives the same file.
    year : int
        Year in which all days and moments lie.
    missing : float
        Share of records without a value in a column that allows it, from 0 to 1.
    providers : sequence of str
        Codes of providers to choose from; without them twelve are made up.

    Returns
    -------
    dict of str to array of str
        Header to cells, as the supplier would write them. A column that is read from the file's name is not
        in it.

    Raises
    ------
    CannotGenerate
        If there are fewer different keys than records, or columns under one header exclude each other.
    """
    draw = np.random.default_rng(seed)
    codes = list(providers) or [f"G{number:02d}" for number in range(1, PROVIDERS + 1)]
    chosen = draw.integers(0, len(codes), rows)
    keys = _key_cells(dataset, rows, year)
    cells: dict[str, Texts] = {}
    for header, names in _headers(dataset).items():
        columns = [dataset.columns[name] for name in names]
        key = next((name for name in names if name in keys), None)
        if key is not None:
            cells[header] = keys[key]
        elif dataset.provider in names and not any(column.codes for column in columns):
            cells[header] = np.array(codes)[chosen]
        elif dataset.provider_name in names and not any(column.codes for column in columns):
            cells[header] = np.array([f"Generated provider {code}" for code in codes])[chosen]
        elif dataset.period.column in names and not any(column.codes for column in columns):
            cells[header] = np.full(rows, str(year))
        else:
            cells[header] = _drawn(header, columns, rows, year, draw)
        if not any(column.required for column in columns) and key is None:
            cells[header] = _with_gaps(dataset, columns, cells[header], missing, draw)
    return cells


def _headers(dataset: Dataset) -> dict[str, list[str]]:
    """Headers of the file, each with the columns that are read from it."""
    found: dict[str, list[str]] = {}
    for name, column in dataset.columns.items():
        if name not in dataset.file.from_name:
            found.setdefault((column.source or [name])[0], []).append(name)
    return found


def _drawn(header: str, columns: Sequence[Column], rows: int, year: int, draw: np.random.Generator) -> Texts:
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
        return _days(year, draw.integers(0, 365, rows))
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


def _days(year: int, offset: NDArray[np.int64]) -> Texts:
    return np.datetime_as_string(np.datetime64(dt.date(year, 1, 1)) + offset, unit="D")


def _with_gaps(
    dataset: Dataset, columns: Sequence[Column], cells: Texts, share: float, draw: np.random.Generator
) -> Texts:
    """Put codes for "no value" in the place of some: those of the file and those of the column."""
    known = [{"", *dataset.file.missing, *column.missing} for column in columns]
    meant = {code for column in columns for code in column.codes or ()}
    codes = sorted(set.intersection(*known) - meant) or [""]
    gap = draw.random(len(cells)) < share
    filler = np.array(codes)[draw.integers(0, len(codes), len(cells))]
    return np.where(gap, filler, cells)


def _key_cells(dataset: Dataset, rows: int, year: int) -> dict[str, Texts]:
    """Cells of the key's columns, no two records alike: the record's number written out over the columns."""
    free = [name for name in dataset.key if name not in dataset.file.from_name]
    choices = {name: _choices(name, dataset.columns[name], year) for name in free}
    left = np.arange(rows)
    cells: dict[str, Texts] = {}
    for name, listed in choices.items():
        if listed is not None:
            cells[name] = np.array(listed)[left % len(listed)]
            left = left // len(listed)
    endless = [name for name, listed in choices.items() if listed is None]
    for place, name in enumerate(endless):
        column = dataset.columns[name]
        low, high = (int(limit) for limit in column.range or (1, 10**9))
        numbers = low + (left if place == 0 else np.zeros_like(left))
        if column.type == "integer":
            if rows and numbers.max() > high:
                raise CannotGenerate(
                    f"the key of {dataset.dataset} tells at most {high - low + 1} records apart"
                )
            cells[name] = numbers.astype(str)
        else:
            cells[name] = np.char.add("g", np.char.zfill(numbers.astype(str), 6))
    if free and not endless and rows and left.max() > 0:
        room = math.prod(len(listed) for listed in choices.values() if listed is not None)
        raise CannotGenerate(f"the key of {dataset.dataset} tells at most {room} records apart")
    return cells


def _choices(name: str, column: Column, year: int) -> list[Any] | None:
    """The values that a column of the key can have, None if they do not end."""
    del name
    if column.codes:
        return list(column.codes)
    if column.type == "boolean":
        return ["true", "false"]
    if column.type in ("date", "datetime"):
        days = _days(year, np.arange(365)).tolist()
        return days if column.type == "date" else [f"{day}T12:00:00Z" for day in days]
    return None
