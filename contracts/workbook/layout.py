"""Where each cell of the workbook stands on its sheet, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.workbook.cells import Cells, Entry, Table
from contracts.workbook.formula import cells_in
from contracts.workbook.words import COLUMNS, SHEETS

HEAD = 5
"""Row of the heads of a table; above it stand the title and what the sheet is about."""
_FROM_REGISTRY = ("n", "adjusted", "band", "reliability", "reference", "baseline", "position")
_GIVEN = (*_FROM_REGISTRY, "ripe", "reported", "agreed")


@dataclass(slots=True)
class Layout:
    """The places of one table.

    Attributes
    ----------
    table : str
    rows, columns : list of str
        In order. The quality table is laid on its side: an indicator is a column of the sheet.
    headings : dict of int to str
        Lines between the rows, by row of the sheet: a payer, or ``given``, ``computed``, ``settled`` and
        ``difference``.
    lines, places : dict of str to int
        Row of the sheet of each row, and column of each column; on its side the other way round.
    checks : dict of str to (int, int)
        Where the amount of the settlement and the difference stand: columns of the sheet by column, on its
        side rows of the sheet.
    """

    table: Table
    rows: list[str]
    columns: list[str]
    headings: dict[int, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    checks: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def on_its_side(self) -> bool:
        """Whether columns of the table are rows of the sheet."""
        return self.table == "quality"

    def place(self, entry: Entry) -> tuple[int, int]:
        """Row and column on the sheet."""
        first, second = self.lines[entry.row], self.places[entry.column]
        return (second, first) if self.on_its_side else (first, second)

    def check(self, entry: Entry) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Where the settlement's amount of this cell stands, and the difference."""
        if entry.column not in self.checks or entry.settled is None:
            return None
        settled, difference = self.checks[entry.column]
        line = self.lines[entry.row]
        if self.on_its_side:
            return (settled, line), (difference, line)
        return (line, settled), (line, difference)

    @property
    def width(self) -> int:
        """Columns of the sheet that are in use, those of the names included."""
        used = list(self.lines.values()) if self.on_its_side else list(self.places.values())
        if not self.on_its_side:
            used += [place for check in self.checks.values() for place in check]
        return max(used) + 1


def layouts(cells: Cells, payers: Sequence[str]) -> dict[Table, Layout]:
    """Give every cell its place.

    A fact that is not there and that no formula looks at has none.
    """
    looked_at = {key for entry in cells.entries.values() if entry.formula for key in cells_in(entry.formula)}
    entries = [
        entry
        for key, entry in cells.entries.items()
        if entry.given is not None or entry.formula is not None or key in looked_at
    ]
    found = {}
    for table in SHEETS:
        own = [entry for entry in entries if entry.table == table]
        if own:
            found[table] = _layout(table, own, payers)
    return found


def _layout(table: Table, entries: Sequence[Entry], payers: Sequence[str]) -> Layout:
    columns = _once(entry.column for entry in entries)
    if COLUMNS.get(table):
        columns.sort(key=list(COLUMNS[table]).index)
    made = Layout(table, _once(entry.row for entry in entries), columns)
    checked = [
        name
        for name in columns
        if any(entry.column == name and isinstance(entry.settled, Decimal) for entry in entries)
    ]
    if made.on_its_side:
        _lay_on_its_side(made, checked)
    else:
        _lay(made, checked, payers if len(payers) > 1 else ())
    return made


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _payer(row: str) -> str:
    return row.partition("|")[0]


def _lay(made: Layout, checked: Sequence[str], payers: Sequence[str]) -> None:
    line = HEAD + 1
    grouped = bool(payers) and made.table in ("steps", "parties", "history")
    order = ["all", *payers]
    if grouped:
        made.rows.sort(key=lambda row: order.index(_payer(row)))
    before = ""
    for row in made.rows:
        if grouped and _payer(row) != before:
            before = _payer(row)
            made.headings[line] = before
            line += 1
        made.lines[row] = line
        line += 1
    after = 1 + len(made.columns)
    made.places = {column: place for place, column in enumerate(made.columns, start=1)}
    made.checks = {column: (after + 2 * n, after + 2 * n + 1) for n, column in enumerate(checked)}


def _lay_on_its_side(made: Layout, checked: Sequence[str]) -> None:
    line = HEAD + 1
    for heading, names in (
        ("given", [name for name in made.columns if name in _GIVEN]),
        ("computed", [name for name in made.columns if name not in _GIVEN]),
    ):
        made.headings[line] = heading
        for name in names:
            line += 1
            made.places[name] = line
        line += 1
    height = len(checked) + 1
    for heading, start in (("settled", line), ("difference", line + height)):
        made.headings[start] = heading
    made.checks = {name: (line + n, line + height + n) for n, name in enumerate(checked, start=1)}
    made.lines = {row: place for place, row in enumerate(made.rows, start=1)}
