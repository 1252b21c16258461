"""Workbooks opened in LibreOffice, which computes every formula again."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needed = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not on this machine")

# compute on opening, whatever program wrote the file and whatever value it left in a cell
_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item
oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""

Cells = dict[tuple[str, str], Any]


def computed(books: Mapping[str, bytes], changed: Mapping[str, Cells], folder: Path) -> dict[str, Cells]:
    """Value of every cell, by sheet and address, of each workbook.

    Parameters
    ----------
    books : mapping of str to bytes
        Files by name.
    changed : mapping of str to dict
        Cells to fill in otherwise, by name of the file.
    folder : Path
        To work in.

    Notes
    -----
    openpyxl writes no last values of formulas, so that nothing but LibreOffice can have computed what comes
    back.
    """
    assert SOFFICE is not None
    given, made, profile = folder / "given", folder / "made", folder / "profile"
    for each in (given, profile / "user"):
        each.mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, "utf-8")
    for name, content in books.items():
        file = given / f"{name}.xlsx"
        file.write_bytes(content)
        book = openpyxl.load_workbook(file)
        for (sheet, place), value in changed.get(name, {}).items():
            book[sheet][place] = value
        book.save(file)
    command = [SOFFICE, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", "xlsx"]
    files = [str(file) for file in sorted(given.iterdir())]
    subprocess.run([*command, "--outdir", str(made), *files], check=True, capture_output=True, timeout=300)
    return {name: read(made / f"{name}.xlsx") for name in books}


def seen(book: bytes, folder: Path) -> list[list[str]]:
    """The first sheet of a workbook as a reader sees it: the text of each cell, as it is formatted."""
    assert SOFFICE is not None
    file, profile = folder / "book.xlsx", folder / "profile"
    file.write_bytes(book)
    # fields between ';', text in '"', UTF-8, from line 1, and cells as they are shown
    how = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true"
    command = [SOFFICE, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", how]
    made = [*command, "--outdir", str(folder), str(file)]
    subprocess.run(made, check=True, capture_output=True, timeout=300)
    with (folder / "book.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.reader(rows, delimiter=";"))


def read(file: Path) -> Cells:
    """Value of every cell of a file."""
    book = openpyxl.load_workbook(file, data_only=True)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
