"""The workbook as a file: live formulas, what the settlement has beside them, and the sources."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

from contracts.contract import Contract
from contracts.field_words import FieldWords, cause_words, choice_words
from contracts.kept_luck import KeptLuck
from contracts.ledger import Settlement
from contracts.luck_words import TEXTS as TOLD
from contracts.money import Language, number_text
from contracts.restatement import Restated
from contracts.terms.part import Text
from contracts.terms.quality import FUNNEL_BANDS
from contracts.workbook.book import settlement_cells
from contracts.workbook.cells import Cells, Entry, Given, Table, key_of, recalculated
from contracts.workbook.formula import Value, spelled
from contracts.workbook.layout import HEAD, Layout, layouts
from contracts.workbook.luck import NAMES, LuckSheet
from contracts.workbook.style import Styles
from contracts.workbook.words import COLUMNS, ROWS, SAID, SHEETS, TEXTS

_NAMES, _FORMULA, _FIGURE = 52, 84, 19  # widths of columns, in characters
_Place = tuple[int, int]
_LINE = 15  # height of a line, in points
_TOTALS = ("saving", "payment")


def workbook(
    contract: Contract,
    settlements: Sequence[Settlement],
    *,
    language: Language,
    titles: Mapping[str, Text] | None = None,
    restated: Sequence[Restated] = (),
    luck: Mapping[str, KeptLuck] | None = None,
) -> bytes:
    """Write a settlement as an Excel workbook that recomputes it.

    Parameters
    ----------
    contract : Contract
        By which it was settled.
    settlements : sequence of Settlement
        Of each payer, in the order of the contract.
    language : str
        ``nl`` or ``en``.
    titles : mapping of str to Text, optional
        Titles of the indicators; one without goes by its name.
    restated : sequence of Restated
        What this settlement changed in the one before it, of each payer, if it replaced one.
    luck : mapping of str to KeptLuck, optional
        How sure the payment of each payer is: a sheet of fixed values. Without any there is no such sheet.

    Returns
    -------
    bytes
        The file. The same settlement gives the same cells; every amount is a formula over the cells that were
        filled in, and beside it stand the amount of the settlement and the difference.
    """
    words = FieldWords(contract, titles or {})
    return _Writer(contract, settlements, language, words, restated, luck or {}).write()


class _Writer:
    def __init__(
        self,
        contract: Contract,
        settlements: Sequence[Settlement],
        language: Language,
        words: FieldWords,
        restated: Sequence[Restated],
        luck: Mapping[str, KeptLuck],
    ) -> None:
        self.contract, self.settlements, self.language = contract, settlements, language
        self.words, self.restated, self.luck = words, restated, luck
        self.cells: Cells = settlement_cells(contract, settlements)
        self.values = recalculated(self.cells)
        self.payers = [settlement.payer for settlement in settlements]
        self.layouts = layouts(self.cells, self.payers)
        self.held: list[str] = []

    def write(self) -> bytes:
        file = io.BytesIO()
        as_text = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.file = xlsxwriter.Workbook(file, as_text)
        self.file.set_properties({"title": self._of(self.contract.title)})
        self.file.set_calc_mode("auto")
        self.styles = Styles(self.file, self.contract.currency)
        # the ledger is the first sheet, and points at all the others
        sheets = {table: self.file.add_worksheet(SHEETS[table][self.language]) for table in self.layouts}
        for table, layout in self.layouts.items():
            self._write_table(sheets[table], layout)
        self._write_verdict(sheets["steps"])
        if self.restated:
            self._write_restated()
        if self.luck:
            self._write_luck()
        self._write_sources()
        self.file.close()
        return file.getvalue()

    def _write_table(self, sheet: Any, layout: Layout) -> None:
        table = layout.table
        self._write_head(sheet, self._text(f"about {table}"))
        sheet.set_column(0, 0, _NAMES)
        sheet.set_column(1, layout.width - 1, _FIGURE)
        self._write_heads(sheet, layout)
        for line, heading in layout.headings.items():
            told = self._heading(heading)
            for place in range(layout.width):
                sheet.write(line, place, told if place == 0 else "", self.styles.text(section=True))
        if not layout.on_its_side:
            for row, line in layout.lines.items():
                self._write_name(sheet, layout, row, line)
        for entry in self._entries(table):
            if entry.row in layout.lines and entry.column in layout.places:
                self._write_cell(sheet, layout, entry)
        if layout.on_its_side:
            self._write_sums(sheet, layout)
        sheet.freeze_panes(HEAD + 1, 1)
        sheet.repeat_rows(HEAD)

    def _write_head(self, sheet: Any, about: str) -> None:
        first = self.settlements[0]
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{self.contract.contract} {self.contract.version}, {first.period}&R&P / &N")
        sheet.set_row(0, 24)
        sheet.write(0, 0, self._of(self.contract.title), self.styles.text(bold=True, font_size=14))
        joined = f" {self._text('and')} ".join(self.payers)
        between = self._text("between").format(network=first.participant.network, payers=joined)
        sheet.write(1, 0, f"{first.period}, {self._kind()}: {between}", self.styles.text(bold=True))
        sheet.write(2, 0, about, self.styles.text())
        sheet.write(3, 0, self._text("colours"), self.styles.text(font_color="#5B5300"))

    def _write_heads(self, sheet: Any, layout: Layout) -> None:
        heads = {0: self._text("row")}
        if layout.on_its_side:
            heads |= {place: self._of(self.words.title(row)) for row, place in layout.lines.items()}
            longest = max(map(len, heads.values()))
            sheet.set_row(HEAD, _LINE * -(-longest // (_FIGURE - 4)))
            for name, line in layout.places.items():
                sheet.write(line, 0, self._column(layout.table, name), self.styles.text())
            for name, lines in layout.checks.items():
                for line in lines:
                    sheet.write(line, 0, self._column(layout.table, name), self.styles.text())
        else:
            heads |= {place: self._column(layout.table, name) for name, place in layout.places.items()}
            for settled, difference in layout.checks.values():
                heads |= {settled: self._text("settled"), difference: self._text("difference")}
            sheet.set_row(HEAD, 2 * _LINE)
            beside = {"steps": "formula", "inputs": "source", "terms": "source"}.get(layout.table)
            if beside:
                heads[layout.width] = self._text(beside)
                sheet.set_column(layout.width, layout.width, _FORMULA if beside == "formula" else _NAMES)
        for place, head in heads.items():
            side = "left" if place == 0 or place == layout.width else "right"
            last = place == layout.width
            sheet.write(HEAD, place, head, self.styles.text(head=True, align=side, indent=int(last)))

    def _write_name(self, sheet: Any, layout: Layout, row: str, line: int) -> None:
        name, formula = self._row_words(layout.table, row)
        wide = _FORMULA if layout.table == "steps" else _NAMES
        lines = max(-(-len(name) // _NAMES), -(-len(formula) // wide), 1)
        sheet.set_row(line, _LINE * lines)
        bold = layout.table == "steps" and row.rpartition("|")[2] in _TOTALS
        sheet.write(line, 0, name, self.styles.text(wrap=True, bold=bold))
        if formula:
            told = self.styles.text(wrap=True, font_color="#444444", align="left", indent=1)
            sheet.write(line, layout.width, formula, told)

    def _row_words(self, table: Table, row: str) -> tuple[str, str]:
        """Name of a row, and what stands at its end: its formula in words, or its field."""
        if (table, row) in self.cells.words:
            name, formula = self.cells.words[table, row]
            return self._of(name), self._of(formula)
        if table in ("inputs", "terms"):
            entry = next(
                entry for entry in self.cells.entries.values() if (entry.table, entry.row) == (table, row)
            )
            return self._of(self.words.of(entry.source)), entry.source
        *_, kind, last = ["", *row.split("|")]
        if table == "history":
            return ROWS[kind][self.language].format(last), ""
        return ROWS.get(last, {}).get(self.language, last), ""

    def _write_cell(self, sheet: Any, layout: Layout, entry: Entry) -> None:
        row, column = layout.place(entry)
        bold = layout.table == "steps" and entry.row.rpartition("|")[2] in _TOTALS
        form = self._value_format(entry, given=entry.formula is None, bold=bold)
        if entry.kind == "eur" and entry.formula is not None:
            self.styles.keep_sign_off_zero(sheet, row, column)
        if entry.formula is not None:
            value = _plain(self.values[key_of(entry.table, entry.row, entry.column)])
            formula = f"={spelled(entry.formula, self._place, self._said)}"
            sheet.write_formula(
                row, column, formula, form, self._said(value) if isinstance(value, str) else value
            )
        else:
            self._write_given(sheet, row, column, entry.given, form)
            self._validate(sheet, row, column, entry)
        check = layout.check(entry)
        if check is not None and entry.settled is not None:
            self._write_check(sheet, (row, column), *check, entry)

    def _write_check(
        self,
        sheet: Any,
        own: tuple[int, int],
        settled: tuple[int, int],
        difference: tuple[int, int],
        entry: Entry,
    ) -> None:
        """Beside an amount: that of the settlement, and the difference in the digits that are shown."""
        form = self._value_format(entry, given=False)
        self._write_given(sheet, *settled, entry.settled, form)
        if entry.kind == "eur":
            self.styles.keep_sign_off_zero(sheet, *settled)
        digits = 2 if entry.kind == "eur" else 9
        here, there = xl_rowcol_to_cell(*own), xl_rowcol_to_cell(*settled)
        # a text, where there is no settlement, is no number to take a difference of
        formula = f'=IF(ISNUMBER({here}),ROUND({here}-{there},{digits}),"{self._said("no-settlement")}")'
        sheet.write_formula(*difference, formula, form, 0)
        held = f"'{SHEETS[entry.table][self.language]}'!{xl_rowcol_to_cell(*difference, True, True)}"
        self.held.append(f"IF(ISNUMBER({held}),ABS({held}),1)")

    def _write_sums(self, sheet: Any, layout: Layout) -> None:
        """The points add up to the score."""
        place = layout.width
        sheet.write(HEAD, place, self._text("sum"), self.styles.text(head=True, align="right"))
        sheet.set_column(place, place, _FIGURE)
        for name, kind in (("weight", "rate"), ("points", "points")):
            line = layout.places[name]
            ends = (xl_rowcol_to_cell(line, 1), xl_rowcol_to_cell(line, place - 1))
            entries = [
                entry
                for entry in self.cells.entries.values()
                if (entry.table, entry.column) == ("quality", name)
            ]
            whole = sum(float(_plain(self.values[key_of(e.table, e.row, e.column)])) for e in entries)
            sheet.write_formula(
                line, place, f"=SUM({':'.join(ends)})", self.styles.number(kind, bold=True), whole
            )

    def _write_verdict(self, sheet: Any) -> None:
        """Whether all is equal to the settlement; where there is none, why."""
        parts = [self.held[start : start + 40] for start in range(0, len(self.held), 40)]
        zero = "+".join(f"({'+'.join(part)})" for part in parts)
        yes, no = self._text("equal"), self._text("not equal")
        verdict = f'IF(ROUND({zero},2)=0,"{yes}","{no}")'
        refusal = key_of("steps", "all|settled", "amount")
        if refusal in self.cells.entries:
            place = self._place(refusal)
            verdict = f'IF({place}="{self._said("yes")}",{verdict},{place})'
        sheet.write_formula(4, 0, f"={verdict}", self.styles.text(bold=True, font_color="#12436D"), yes)
        alarm = self.file.add_format({"font_color": "#B00020"})
        rule = {"type": "cell", "criteria": "!=", "value": f'"{yes}"', "format": alarm}
        sheet.conditional_format(4, 0, 4, 0, rule)

    def _write_restated(self) -> None:
        sheet = self.file.add_worksheet(self._text("restated"))
        self._write_head(sheet, self._text("restated about"))
        sheet.write_blank(3, 0, None, self.styles.text())  # nothing is filled in here
        sheet.set_column(0, 0, _FORMULA)
        sheet.set_column(1, 1, _FIGURE)
        line = HEAD
        for each in self.restated:
            causes = [
                (
                    self._of(cause_words(cause.what, self.words.titles, sources=cause.sources)),
                    cause.difference,
                )
                for cause in each.causes
            ]
            for head, rows in (("party", each.differences.items()), ("cause", causes)):
                named = f"{self._text(head)} ({each.payer})" if len(self.restated) > 1 else self._text(head)
                sheet.write(line, 0, named, self.styles.text(head=True))
                sheet.write(line, 1, self._text("difference"), self.styles.text(head=True, align="right"))
                for number, (name, amount) in enumerate(rows, start=line + 1):
                    sheet.write(number, 0, name, self.styles.text(wrap=True))
                    sheet.write_number(number, 1, float(amount), self.styles.number("eur"))
                line += len(rows) + 2

    def _write_luck(self) -> None:
        number = 0 if self.language == "nl" else 1
        sheet = self.file.add_worksheet(TOLD["sheet"][number])
        first = next(iter(self.luck.values())).luck
        draws = number_text(Decimal(first.draws), 0, self.language)
        self._write_head(sheet, TOLD["static"][number])
        sheet.write_blank(3, 0, None, self.styles.text())  # nothing is filled in here
        about = TOLD["about"][number].format(draws=draws, seed=first.seed)
        if first.held:
            names = "; ".join(self._of(self.words.title(name)) for name in first.held)
            about = f"{about} {TOLD['held'][number].format(names)}"
        sheet.set_row(HEAD - 1, _LINE * -(-len(about) // NAMES))
        sheet.write(HEAD - 1, 0, about, self.styles.text(wrap=True))
        LuckSheet(sheet, self.styles, self.words, self.language).write(self.luck, self.payers, line=HEAD + 1)

    def _write_sources(self) -> None:
        sheet = self.file.add_worksheet(self._text("sources"))
        self._write_head(sheet, self._text("sources about"))
        sheet.write(3, 0, self._text("precision"), self.styles.text())
        sheet.set_column(0, 0, _NAMES)
        sheet.set_column(1, 1, 72)
        first = self.settlements[0]
        lines: Iterable[tuple[str, str]] = [
            (self._text("contract"), f"{first.contract} {first.version}"),
            (self._text("period"), f"{first.period} ({self._kind()})"),
            (self._text("participant"), first.participant.network),
            (self._text("contract hash"), first.contract_hash),
            *((f"{self._text('hash of')} {each.payer}", each.hash) for each in self.settlements),
            *sorted({source for each in self.settlements for source in each.inputs.sources.items()}),
            (self._text("recompute"), f"meetlat settle --again {first.contract} --period {first.period}"),
        ]
        for number, (name, value) in enumerate(lines, start=HEAD):
            sheet.write(number, 0, name, self.styles.text())
            sheet.write(number, 1, value, self.styles.text(font_name="Consolas"))

    def _write_given(self, sheet: Any, row: int, column: int, value: Given, form: Any) -> None:
        if value is None:
            sheet.write_blank(row, column, None, form)
        elif isinstance(value, str):
            sheet.write_string(row, column, self._said(value), form)
        else:
            sheet.write_number(row, column, float(value), form)

    def _validate(self, sheet: Any, row: int, column: int, entry: Entry) -> None:
        """Keep out what the settlement would refuse: another word, or money below zero."""
        if entry.given in ("yes", "no"):
            choices = ["yes", "no"]
        elif entry.column == "band":
            choices = [*FUNNEL_BANDS, "not-assessable"]
        elif entry.kind == "eur" and not isinstance(entry.given, str):
            rule = {"validate": "decimal", "criteria": ">=", "value": 0, "ignore_blank": False}
            sheet.data_validation(row, column, row, column, rule)
            return
        else:
            return
        told = {"validate": "list", "source": [self._said(choice) for choice in choices]}
        sheet.data_validation(row, column, row, column, told)

    def _value_format(self, entry: Entry, *, given: bool, bold: bool = False) -> Any:
        known = self.values.get(key_of(entry.table, entry.row, entry.column), entry.given)
        whole = isinstance(known, int | float | Decimal) and known == int(known)
        kind = "count" if entry.kind == "number" and given and whole else entry.kind
        return self.styles.number(kind, given=given, bold=bold)

    def _place(self, key: str) -> str:
        entry = self.cells.entries[key]
        row, column = self.layouts[entry.table].place(entry)
        return f"'{SHEETS[entry.table][self.language]}'!{xl_rowcol_to_cell(row, column, True, True)}"

    def _said(self, word: str) -> str:
        """What a text in a cell says to people."""
        if word in SAID:
            return SAID[word][self.language]
        return self._of(choice_words(word, self.contract.currency)) if word else word

    def _entries(self, table: Table) -> Iterable[Entry]:
        return (entry for entry in self.cells.entries.values() if entry.table == table)

    def _heading(self, name: str) -> str:
        if name == "all":
            return ROWS["payment"][self.language]
        return self._text(name) if name in TEXTS else name

    def _kind(self) -> str:
        first = self.settlements[0]
        through = first.inputs.interim.paid_through if first.inputs.interim else ""
        return self._text(first.kind).format(through)

    def _column(self, table: Table, name: str) -> str:
        words = COLUMNS[table].get(name)
        return words[self.language] if words else name

    def _text(self, key: str) -> str:
        return TEXTS[key][self.language]

    def _of(self, text: Text) -> str:
        return str(getattr(text, self.language))


def _plain(value: Value) -> float | str:
    return value if isinstance(value, str) else float(value)
