"""The workbook as a file: live formulas, what the settlement has beside them, and the sources."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

from contracts.contract import Contract
from contracts.ledger import Settlement
from contracts.workbook.book import settlement_cells
from contracts.workbook.cells import Cells, Entry, Given, Table, key_of, recalculated
from contracts.workbook.formula import Value, spelled
from contracts.workbook.words import COLUMNS, ROWS, SHEETS, TEXTS

Language = Literal["nl", "en"]
_HEAD = 4  # rows above a table: title, what it is, what the colours say, and an empty one
_FORMATS = {
    "eur": "#,##0.00",
    "rate": "0.0000%",
    "points": "0.000000",
    "number": "#,##0.########",
    "text": "@",
}


def workbook(contract: Contract, settlements: Sequence[Settlement], *, language: Language) -> bytes:
    """Write a settlement as an Excel workbook that recomputes it.

    Parameters
    ----------
    contract : Contract
        By which it was settled.
    settlements : sequence of Settlement
        Of each payer, in the order of the contract.
    language : str
        ``nl`` or ``en``.

    Returns
    -------
    bytes
        The file. The same settlement gives the same cells; every amount is a formula over the cells that were
        filled in, and beside it stand the amount of the settlement and the difference.
    """
    return _Writer(contract, settlements, language).write()


class _Writer:
    def __init__(self, contract: Contract, settlements: Sequence[Settlement], language: Language) -> None:
        self.contract, self.settlements, self.language = contract, settlements, language
        self.cells: Cells = settlement_cells(contract, settlements)
        self.values = recalculated(self.cells)
        self.held: list[str] = []
        self.several = len(settlements) > 1

    def write(self) -> bytes:
        file = io.BytesIO()
        as_text = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.file = xlsxwriter.Workbook(file, as_text)
        self.file.set_properties({"title": self._of(self.contract.title)})
        self.file.set_calc_mode("auto")
        self.formats: dict[tuple[str, bool], Any] = {}
        self.bold = self.file.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.wrap = self.file.add_format({"text_wrap": True, "valign": "top"})
        self._lay_out()
        for table in self.tables:
            self._write_table(table)
        self._write_verdict()
        self._write_sources()
        self.file.close()
        return file.getvalue()

    def _lay_out(self) -> None:
        """Give every cell its place before any formula is written: formulas point forwards too."""
        self.tables: dict[Table, tuple[list[str], list[str]]] = {name: ([], []) for name in SHEETS}
        for entry in self.cells.entries.values():
            rows, columns = self.tables[entry.table]
            rows += [entry.row] if entry.row not in rows else []
            columns += [entry.column] if entry.column not in columns else []
        self.tables = {name: table for name, table in self.tables.items() if table[0]}
        for name, order in COLUMNS.items():
            self.tables.get(name, ([], []))[1].sort(key=list(order).index)

    def _place(self, key: str) -> str:
        entry = self.cells.entries[key]
        return f"'{self._sheet(entry.table)}'!{self._address(entry)}"

    def _address(self, entry: Entry) -> str:
        rows, columns = self.tables[entry.table]
        row, column = _HEAD + 1 + rows.index(entry.row), self._first(entry.table)
        return str(xl_rowcol_to_cell(row, column + columns.index(entry.column), row_abs=True, col_abs=True))

    def _first(self, table: Table) -> int:
        """Column of the first value: before it stand the name of the row and, in the ledger, its formula."""
        return 2 if table == "steps" else 1

    def _write_table(self, table: Table) -> None:
        rows, columns = self.tables[table]
        sheet = self.file.add_worksheet(self._sheet(table))
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 12, 18)
        if table == "steps":
            sheet.set_column(1, 1, 70)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write(0, 0, self._title(), self.bold)
        sheet.write(1, 0, self._text(f"about {table}"))
        sheet.write(2, 0, self._text("colours"))
        checked = [name for name in columns if self._is_checked(table, name)]
        heads = [self._column(table, name) for name in columns]
        heads += [
            f"{self._text(what)} {self._column(table, name)}"
            for name in checked
            for what in ("settled", "difference")
        ]
        if table in ("inputs", "terms"):
            heads.append(self._text("source"))
        names = [self._text("row"), *([self._text("formula")] if table == "steps" else [])]
        for number, head in enumerate([*names, *heads]):
            sheet.write(_HEAD, number, head, self.bold)
        for number, row in enumerate(rows, start=_HEAD + 1):
            self._write_row(sheet, number, table, row, checked)
        sheet.freeze_panes(_HEAD + 1, self._first(table))

    def _write_row(self, sheet: Any, number: int, table: Table, row: str, checked: list[str]) -> None:
        columns, first = self.tables[table][1], self._first(table)
        name, formula = self._row_words(table, row)
        sheet.write(number, 0, name, self.wrap)
        if table == "steps":
            sheet.write(number, 1, formula, self.wrap)
        after = first + len(columns)
        source = ""
        for place, column in enumerate(columns, start=first):
            entry = self.cells.entries.get(key_of(table, row, column))
            if entry is None:
                continue
            source = source or entry.source
            self._write_cell(sheet, number, place, entry)
            if column in checked and entry.settled is not None:
                beside = after + 2 * checked.index(column)
                self._write_check(sheet, number, place, beside, entry)
        if table in ("inputs", "terms"):
            sheet.write(number, after, source)

    def _write_cell(self, sheet: Any, row: int, column: int, entry: Entry) -> None:
        form = self._format(entry.kind, given=entry.formula is None)
        if entry.formula is not None:
            value = _plain(self.values[key_of(entry.table, entry.row, entry.column)])
            sheet.write_formula(row, column, f"={spelled(entry.formula, self._place)}", form, value)
        else:
            _write_given(sheet, row, column, entry.given, form)

    def _write_check(self, sheet: Any, row: int, column: int, beside: int, entry: Entry) -> None:
        """Beside an amount: that of the settlement, and the difference in the digits that are shown."""
        _write_given(sheet, row, beside, entry.settled, self._format(entry.kind, given=False))
        digits = 2 if entry.kind == "eur" else 9
        own, settled = xl_rowcol_to_cell(row, column), xl_rowcol_to_cell(row, beside)
        form = self._format(entry.kind, given=False)
        sheet.write_formula(row, beside + 1, f"=ROUND({own}-{settled},{digits})", form, 0)
        self.held.append(f"'{self._sheet(entry.table)}'!{xl_rowcol_to_cell(row, beside + 1)}")

    def _write_verdict(self) -> None:
        sheet = self.file.get_worksheet_by_name(self._sheet("steps"))
        zero = "+".join(f"ABS({place})" for place in self.held)
        yes, no = self._text("equal"), self._text("not equal")
        sheet.write_formula(3, 0, f'=IF({zero}=0,"{yes}","{no}")', self.bold, yes)

    def _write_sources(self) -> None:
        sheet = self.file.add_worksheet(self._text("sources"))
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 70)
        sheet.write(0, 0, self._title(), self.bold)
        first = self.settlements[0]
        kind = self._text(first.kind)
        lines = [
            (self._text("contract"), f"{first.contract} {first.version}"),
            (self._text("period"), f"{first.period} ({kind})"),
            (self._text("participant"), first.participant.network),
            (self._text("contract hash"), first.contract_hash),
            *((f"{self._text('hash of')} {each.payer}", each.hash) for each in self.settlements),
            *sorted(source for each in self.settlements for source in each.inputs.sources.items()),
        ]
        for number, (name, value) in enumerate(dict(lines).items(), start=2):
            sheet.write(number, 0, name)
            sheet.write(number, 1, value)
        sheet.write(len(lines) + 3, 0, self._text("recompute"), self.wrap)

    def _format(self, kind: str, *, given: bool) -> Any:
        if (kind, given) not in self.formats:
            colour = {"bg_color": "#FFF6D6", "locked": False} if given else {}
            self.formats[kind, given] = self.file.add_format(
                {"num_format": _FORMATS[kind], "valign": "top", **colour}
            )
        return self.formats[kind, given]

    def _is_checked(self, table: Table, column: str) -> bool:
        entries = self.cells.entries.values()
        return any(
            entry.table == table and entry.column == column and isinstance(entry.settled, Decimal)
            for entry in entries
        )

    def _row_words(self, table: Table, row: str) -> tuple[str, str]:
        if (table, row) in self.cells.words:
            name, formula = (self._of(text) for text in self.cells.words[table, row])
        else:
            name, formula = ROWS.get(row.rpartition("|")[2], {}).get(self.language, ""), ""
        payer, _, rest = row.partition("|")
        if not name:
            name = (
                f"{payer} {rest.replace('|', ' ')}".strip()
                if self.several or table == "history"
                else (rest or payer)
            )
        elif self.several:
            name = f"{payer}: {name}"
        return name, formula

    def _title(self) -> str:
        first = self.settlements[0]
        return f"{self._of(self.contract.title)}: {first.period} ({self._text(first.kind)})"

    def _column(self, table: Table, name: str) -> str:
        words = COLUMNS.get(table, {}).get(name)
        return words[self.language] if words else name

    def _sheet(self, table: Table) -> str:
        return SHEETS[table][self.language]

    def _text(self, key: str) -> str:
        return TEXTS[key][self.language]

    def _of(self, text: Any) -> str:
        return str(getattr(text, self.language))


def _write_given(sheet: Any, row: int, column: int, value: Given, form: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None, form)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, form)
    else:
        sheet.write_number(row, column, float(value), form)


def _plain(value: Value) -> float | str:
    return value if isinstance(value, str) else float(value)
