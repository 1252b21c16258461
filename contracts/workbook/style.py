"""How cells of the workbook look: formats of numbers, and what marks a head or a filled-in cell."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

from contracts.money import SIGNS, Currency

_NUMBERS = {
    "rate": "0.00##%",
    "points": "0.0000##",
    "number": "#,##0.0#######",
    "count": "#,##0",
    "chance": "0.0%",
    "text": "@",
}
_MARKS: dict[str, dict[str, object]] = {
    "given": {"bg_color": "#FFF6D6", "border": 1, "border_color": "#E3D9AE"},
    "head": {"bold": True, "text_wrap": True, "bottom": 2, "valign": "bottom"},
    "section": {"bold": True, "bg_color": "#E8EEF3", "font_color": "#12436D"},
    "wrap": {"text_wrap": True},
}


class Styles:
    """Formats of one file; the same one is made once.

    Parameters
    ----------
    file : xlsxwriter.Workbook
    currency : str
        ``EUR`` or ``USD``.
    """

    def __init__(self, file: Any, currency: Currency) -> None:
        self.file = file
        sign = SIGNS[currency]
        self.numbers = {
            **_NUMBERS,
            "eur": _money_format(sign, "0.00", "0.005"),
            "euros": _money_format(sign, "0", "0.5"),
        }
        self.unsigned = file.add_format({"num_format": f'"{sign}" 0.00;"{sign}" 0.00'})
        self.made: dict[tuple[tuple[str, object], ...], Any] = {}

    def text(self, **wanted: object) -> Any:
        """Format of a text: ``given``, ``head``, ``section`` and ``wrap`` are marks, the rest is its own."""
        key = tuple(sorted((name, value) for name, value in wanted.items() if value))
        if key not in self.made:
            own = dict(key)
            looks: dict[str, object] = {"valign": "top", "font_name": "Calibri", "font_size": 11}
            for mark, look in _MARKS.items():
                if own.pop(mark, False):
                    looks |= look
            self.made[key] = self.file.add_format(looks | own)
        return self.made[key]

    def keep_sign_off_zero(self, sheet: Any, row: int, column: int) -> None:
        """Show an amount that rounds to zero without a minus; Excel does not do so by the format alone."""
        cell = xl_rowcol_to_cell(row, column)
        rule = {"type": "formula", "criteria": f"=AND({cell}>-0.005,{cell}<0)", "format": self.unsigned}
        sheet.conditional_format(row, column, row, column, rule)

    def number(self, kind: str, *, given: bool = False, bold: bool = False) -> Any:
        """Format of a number of a kind: ``eur``, ``rate``, ``points``, ``number``, ``count`` or ``text``.

        Of what comes from draws: ``euros``, whole, and ``chance``.
        """
        spelled = self.numbers[kind]
        return self.text(num_format=spelled, given=given, bold=bold, align="right", wrap=kind == "text")


def _money_format(sign: str, digits: str, half: str) -> str:
    """Format of money; what is nearer to zero than half a unit has no minus."""
    number = f'"{sign}" #,##{digits}'
    return f'[>={half}]{number};[<=-{half}]-{number};"{sign}" {digits}'
