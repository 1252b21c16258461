"""The sheet about luck: fixed values from draws, that follow no cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from contracts.field_words import FieldWords
from contracts.kept_luck import KeptLuck, Row, chance_rows
from contracts.luck import Chances
from contracts.luck_words import TEXTS
from contracts.money import RARE, Language, chance_text
from contracts.terms.part import Text
from contracts.workbook.style import Styles

NAMES, FIGURE, LINE = 84, 24, 15  # widths of columns in characters; height of a line in points


class LuckSheet:
    """Writes the sheet, from a line on.

    Parameters
    ----------
    sheet : xlsxwriter.Worksheet
    styles : Styles
    words : FieldWords
    language : str
        ``nl`` or ``en``.
    """

    def __init__(self, sheet: Any, styles: Styles, words: FieldWords, language: Language) -> None:
        self.sheet, self.styles, self.words, self.language = sheet, styles, words, language

    def write(self, luck: Mapping[str, KeptLuck], payers: Sequence[str], *, line: int) -> None:
        """Write chances of each payer beside each other, then what differences and cliffs do by payer."""
        known = [payer for payer in payers if payer in luck]
        self.sheet.set_column(0, 0, NAMES)
        self.sheet.set_column(1, max(2, len(known) + 1), FIGURE)
        columns: dict[str, Chances] = {payer: luck[payer].luck for payer in known}
        total = luck[known[0]].total
        if total is not None:
            columns[self._t("all")] = total
        line = self._write_chances(columns, line)
        for payer in known:
            named = f": {payer}" if len(payers) > 1 else ""
            line = self._write_differences(luck[payer], named, line + 1)

    def _write_chances(self, columns: Mapping[str, Chances], line: int) -> int:
        several = len(columns) > 1
        heads = [self._t("figure"), *(columns if several else (self._t("amount"),))]
        for place, head in enumerate(heads):
            side = "right" if place else "left"
            self.sheet.write(line, place, head, self.styles.text(head=True, align=side))
        names: dict[str, int] = {}
        for place, found in enumerate(columns.values(), start=1):
            for row in chance_rows(found):
                name = self._of(row.name)
                if name not in names:
                    names[name] = line + 1 + len(names)
                    self.sheet.write(names[name], 0, name, self.styles.text(wrap=True))
                self._write_figure(names[name], place, row)
        return line + 1 + len(names)

    def _write_figure(self, line: int, place: int, row: Row) -> None:
        """A figure; a chance that was not found exactly is told in words, as in the document."""
        if row.kind == "chance" and not RARE <= row.value <= 1 - RARE:
            told = chance_text(row.value, self.language)
            self.sheet.write_string(line, place, told, self.styles.text(align="right"))
        else:
            self.sheet.write_number(line, place, float(row.value), self.styles.number(row.kind))

    def _write_differences(self, kept: KeptLuck, named: str, line: int) -> int:
        for place, key in enumerate(("slopes", "down", "up")):
            head = self._t(key) + (named if place == 0 else "")
            side = "right" if place else "left"
            self.sheet.write(line, place, head, self.styles.text(head=True, align=side))
        for row in kept.slope_rows(self.words):
            line += 1
            self.sheet.write(line, 0, self._of(row.name), self.styles.text(wrap=True))
            self._write_change(line, 1, row.down)
            self._write_change(line, 2, row.up)
        line += 2
        self.sheet.write(line, 0, self._t("cliffs") + named, self.styles.text(head=True))
        told = [self._of(sentence) for sentence in kept.cliff_sentences(self.words)]
        for sentence in told or [self._t("no cliffs")]:
            line += 1
            self.sheet.set_row(line, LINE * -(-len(sentence) // NAMES))
            self.sheet.write(line, 0, sentence, self.styles.text(wrap=True))
        return line + 1

    def _write_change(self, line: int, place: int, amount: Decimal | None) -> None:
        if amount is None:
            self.sheet.write_string(line, place, "\u2013", self.styles.text(align="right"))
        else:
            self.sheet.write_number(line, place, float(amount), self.styles.number("eur"))
            self.styles.keep_sign_off_zero(self.sheet, line, place)

    def _t(self, key: str) -> str:
        return TEXTS[key][0 if self.language == "nl" else 1]

    def _of(self, text: Text) -> str:
        return str(getattr(text, self.language))
