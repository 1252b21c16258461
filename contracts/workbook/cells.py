"""The cells of a workbook: what is filled in, what is computed, and what the settlement has there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from contracts.terms.part import Text
from contracts.workbook.formula import Formula, Value, cell, evaluate

Table = Literal["steps", "quality", "history", "inputs", "terms", "parties"]
Kind = Literal["eur", "rate", "points", "number", "text"]
Given = Decimal | int | float | str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell.

    Attributes
    ----------
    table, row, column : str
        Where it stands; rows and columns in the order in which they were first used.
    kind : str
        How it is shown.
    given : Decimal, int, float, str or None
        What was filled in; None for what is computed, and for a value that is not there.
    formula : Formula or None
        How it is computed.
    settled : Decimal, str or None
        What the settlement has here; None where it has no such amount.
    source : str
        Where what was filled in comes from: ``contract:`` or ``inputs:`` and the field.
    """

    table: Table
    row: str
    column: str
    kind: Kind
    given: Given = None
    formula: Formula | None = None
    settled: Decimal | str | None = None
    source: str = ""


@dataclass(slots=True)
class Cells:
    """All cells of a workbook, and the words that stand beside their rows.

    Attributes
    ----------
    entries : dict of str to Entry
        By key.
    words : dict of (str, str) to (Text, Text)
        Name of a row, and what it says; by table and row.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    words: dict[tuple[Table, str], tuple[Text, Text]] = field(default_factory=dict)

    def give(
        self, table: Table, row: str, column: str, value: Given, *, kind: Kind = "number", source: str = ""
    ) -> Formula:
        """Fill a cell in, and give it."""
        return self._put(Entry(table, row, column, kind, given=value, source=source))

    def term(self, path: str, value: Given, *, kind: Kind = "rate") -> Formula:
        """Fill in what stands in the contract, and give the cell; the same term is one cell."""
        return self.give("terms", path, "value", value, kind=kind, source=f"contract:{path}")

    def compute(
        self,
        table: Table,
        row: str,
        column: str,
        formula: Formula,
        *,
        kind: Kind,
        settled: Decimal | str | None = None,
    ) -> Formula:
        """Compute a cell, and give it."""
        return self._put(Entry(table, row, column, kind, formula=formula, settled=settled))

    def _put(self, entry: Entry) -> Formula:
        key = key_of(entry.table, entry.row, entry.column)
        assert self.entries.get(key, entry) == entry, f"{key} would hold two things"
        self.entries[key] = entry
        return cell(key)


def key_of(table: Table, row: str, column: str) -> str:
    """Key of a cell."""
    return f"{table}|{row}|{column}"


def recalculated(cells: Cells, changed: Mapping[str, Given] | None = None) -> dict[str, Value]:
    """Exact value of every computed cell.

    Parameters
    ----------
    cells : Cells
    changed : mapping of str to value, optional
        What is filled in otherwise, by key.

    Raises
    ------
    ZeroDivisionError
        If a formula divides by nothing, as where no indicator is left to score.
    """
    known: dict[str, Value] = {}

    def look_up(key: str) -> Value:
        if key not in known:
            entry = cells.entries[key]
            if entry.formula is not None:
                known[key] = evaluate(entry.formula, look_up)
            else:
                known[key] = _exact((changed or {}).get(key, entry.given))
        return known[key]

    return {key: look_up(key) for key, entry in cells.entries.items() if entry.formula is not None}


def _exact(given: Given) -> Value:
    if given is None:
        return ""
    if isinstance(given, str):
        return given
    return Fraction(repr(given)) if isinstance(given, float) else Fraction(given)
