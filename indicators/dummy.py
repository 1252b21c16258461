"""Generated records of a dataset: files that fit its specification, to try a definition without patients.

Each column is drawn by itself and evenly, from what its type, range and codes allow. Nothing of how columns
go together is in it, so that no score of such a file says anything of care; only the texts that a condition
of the dataset asks for stand together in many rows, so that the condition is met at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indicators.columns import Column
from indicators.dataset import Dataset
from indicators.dummy_cells import CannotGenerate, Texts, drawn, key_cells, numbered, with_gaps
from indicators.dummy_shapes import Shape, asked_of_all, asked_of_rows, dates_of_birth
from indicators.dummy_times import Moments, born_before, moments_of, times_after, times_around
from indicators.tables import ChildTable, Table

PROVIDERS = 12
MOST_ROWS = 4  # of a child table that belong to one row above
_ASKED = 0.8  # of the rows: those that a condition of the dataset may pick out


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What rows are to be like.

    Attributes
    ----------
    asked : dict of str to list of Shape
        Texts that go together, by table.
    born : dict of str to set of str
        Columns with a date of birth, by table.
    """

    year: int
    missing: float
    asked: dict[str, list[Shape]]
    born: dict[str, set[str]]


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """Rows of one table: the cells by header, and when each took place."""

    table: Table
    cells: dict[str, Texts]
    at: Moments

    def of(self, name: str) -> Texts:
        """Cells of a column."""
        if name in self.table.file.from_name:
            raise CannotGenerate(
                f"'{name}' of {self.table.name} is read from the file's name: no rows can be linked to it"
            )
        return self.cells[_header(self.table, name)]


def dummy_tables(
    dataset: Dataset,
    rows: int,
    *,
    seed: int,
    year: int,
    missing: float,
    providers: Sequence[str] = (),
) -> dict[str, dict[str, Texts]]:
    """Draw the cells of a delivery of a dataset, and of each table that is delivered with it.

    A record has from 0 to `MOST_ROWS` rows of a table, on days around its own: from minutes to months before
    or after.

    Parameters
    ----------
    dataset : Dataset
        What the files are of.
    rows : int
        Number of records.
    seed : int
        The same seed gives the same files.
    year : int
        Year in which all days and moments of the records lie.
    missing : float
        Share of rows without a value in a column that allows it, from 0 to 1.
    providers : sequence of str
        Codes of providers to choose from; without them twelve are made up.

    Returns
    -------
    dict of str to dict of str to array of str
        By the full name of the table, header to cells, as the supplier would write them. A column that is
        read from the file's name is not in it.

    Raises
    ------
    CannotGenerate
        If there are fewer different keys than records, or columns under one header exclude each other.
    """
    draw = np.random.default_rng(seed)
    wanted = _Wanted(year, missing, asked_of_rows(dataset), dates_of_birth(dataset))
    codes = list(providers) or [f"G{number:02d}" for number in range(1, PROVIDERS + 1)]
    chosen = draw.integers(0, len(codes), rows)
    fixed = {dataset.provider: np.array(codes)[chosen]}
    if dataset.provider_name:
        fixed[dataset.provider_name] = np.array([f"Generated provider {code}" for code in codes])[chosen]
    if dataset.period.column:
        fixed[dataset.period.column] = np.full(rows, str(year))
    coded = {name for name in fixed if dataset.columns[name].codes}
    numbers = np.arange(rows)
    names = [name for name in dataset.key if name not in dataset.file.from_name]
    keys = key_cells(dataset, names, numbers, numbers, year, fixed=fixed)
    own = {name: cells for name, cells in fixed.items() if name not in coded} | keys
    made = _rows(dataset, own, rows, wanted, draw)
    found = {dataset.name: made.cells}
    _add_children(made, found, wanted, draw)
    return found


def _add_children(
    above: _Made, found: dict[str, dict[str, Texts]], wanted: _Wanted, draw: np.random.Generator
) -> None:
    """Draw the rows of the tables in a table, and of those in them."""
    for table in above.table.tables.values():
        if table.rows_of is None:
            made = _children(table, above, wanted, draw)
            found[table.name] = made.cells
            _add_children(made, found, wanted, draw)


def _children(table: ChildTable, above: _Made, wanted: _Wanted, draw: np.random.Generator) -> _Made:
    links = {own: above.of(name) for own, name in table.link.items()}
    lacking = {"", *above.table.file.missing}
    together = np.array(["\x1f".join(row) for row in zip(*links.values(), strict=True)], dtype=object)
    # Rows above that have the same values share their rows: one of them stands for all.
    _, firsts = np.unique(together.astype(str), return_index=True)
    known = [not lacking & {cells[place] for cells in links.values()} for place in firsts]
    parents = np.sort(firsts[np.array(known, dtype=bool)])
    most = 1 if table.one_row else MOST_ROWS
    each = np.repeat(parents, draw.integers(0, most + 1, len(parents)))
    within = np.arange(len(each)) - np.searchsorted(each, each)
    own = {name: _as_delivered(table, name, above, links[name][each]) for name in table.link}
    free = [name for name in table.key if name not in table.link and name not in table.file.from_name]
    keys = key_cells(table, free, np.arange(len(each)), within, wanted.year)
    return _rows(table, own | keys, len(each), wanted, draw, around=above.at[each])


def _as_delivered(table: ChildTable, name: str, above: _Made, cells: Texts) -> Texts:
    """What a row above holds, as the supplier of this table writes it."""
    here, there = table.columns[name].codes, above.table.columns[table.link[name]].codes
    means = {code: str(meaning) for code, meaning in (there or {}).items()}
    written = {str(meaning): code for code, meaning in (here or {}).items()}
    return np.array([written.get(means.get(cell, cell), means.get(cell, cell)) for cell in cells], dtype=str)


def _rows(
    table: Table,
    own: dict[str, Texts],
    rows: int,
    wanted: _Wanted,
    draw: np.random.Generator,
    around: Moments | None = None,
) -> _Made:
    """Draw the rows of one table; ``own`` are the columns that are settled already."""
    linked_to = {above for child in table.tables.values() for above in child.link.values()}
    cells: dict[str, Texts] = {}
    times: list[Moments] = []
    for header, names in _headers(table).items():
        columns = [table.columns[name] for name in names]
        settled = next((name for name in names if name in own), None)
        kind = columns[0].type
        if settled is not None:
            cells[header] = own[settled]
        elif _tells_apart(columns) and linked_to.intersection(names):
            cells[header] = numbered(np.arange(rows))
        elif wanted.born[table.name].intersection(names):
            cells[header] = moments_of(born_before(wanted.year, rows, draw), kind)
        elif around is not None and len(columns) == 1 and kind in ("date", "datetime"):
            times.append(times_after(times[-1], kind, draw) if times else times_around(around, kind, draw))
            cells[header] = moments_of(times[-1], kind)
        else:
            cells[header] = drawn(header, columns, rows, wanted.year, draw)
    free = [name for name in table.columns if name not in own and name not in linked_to]
    _ask(table, cells, wanted.asked[table.name], draw.random(rows) < _ASKED, free, draw)
    _ask(table, cells, asked_of_all(table), np.ones(rows, dtype=bool), free, draw)
    at = _when(table, cells, rows, wanted.year) if around is None else times[0] if times else around
    _leave_gaps(table, cells, wanted.missing, draw)
    return _Made(table, cells, at)


def _tells_apart(columns: Sequence[Column]) -> bool:
    return all(column.type == "text" and not column.codes and not column.identifier for column in columns)


def _ask(
    table: Table,
    cells: dict[str, Texts],
    shapes: list[Shape],
    where: NDArray[np.bool_],
    free: Sequence[str],
    draw: np.random.Generator,
) -> None:
    """Write texts that conditions ask for into some of the rows, in place."""
    if not shapes:
        return
    which = np.where(where, draw.integers(0, len(shapes), len(where)), -1)
    for number, shape in enumerate(shapes):
        rows = np.flatnonzero(which == number)
        for name, texts in shape.items():
            codes = table.columns[name].codes
            written = {str(meaning): code for code, meaning in (codes or {}).items()}
            usable = [written[text] if codes else text for text in texts if not codes or text in written]
            if name in free and usable and len(rows):
                header = _header(table, name)
                chosen = np.array(usable)[draw.integers(0, len(usable), len(rows))]
                changed = cells[header].astype(object)
                changed[rows] = chosen
                cells[header] = changed.astype(str)


def _when(table: Table, cells: dict[str, Texts], rows: int, year: int) -> Moments:
    """Day of each record: of the column that its period follows from, or else the first date it has."""
    period = table.period.year_of if isinstance(table, Dataset) else None
    dates = [name for name, column in table.columns.items() if column.type in ("date", "datetime")]
    name = next((each for each in (period, *dates) if each and _header(table, each) in cells), None)
    if name is None:
        return np.full(rows, np.datetime64(f"{year}-07-01T12:00:00"))
    return np.array([cell.removesuffix("Z") for cell in cells[_header(table, name)]], dtype="datetime64[s]")


def _leave_gaps(table: Table, cells: dict[str, Texts], missing: float, draw: np.random.Generator) -> None:
    """Leave cells empty, in place; not of a column that a row needs, or that decides whether it is one."""
    kept = {name for shape in asked_of_all(table) for name in shape} | set(table.key)
    for header, names in _headers(table).items():
        columns = [table.columns[name] for name in names]
        if not any(column.required for column in columns) and not kept.intersection(names):
            cells[header] = with_gaps(table, columns, cells[header], missing, draw)


def _headers(table: Table) -> dict[str, list[str]]:
    """Headers of the file, each with the columns that are read from it."""
    found: dict[str, list[str]] = {}
    for name in table.columns:
        if name not in table.file.from_name:
            found.setdefault(_header(table, name), []).append(name)
    return found


def _header(table: Table, name: str) -> str:
    return (table.columns[name].source or [name])[0]
