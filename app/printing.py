"""How results are printed: tables for people, JSON for machines, files for both."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

# What is printed comes from files and definitions: brackets and colons in it are text, not markup.
console = Console(highlight=False, markup=False, emoji=False)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)

MANY_ROWS = 40


def print_json(value: Any) -> None:
    """Print plain data as JSON; no value is ``null``."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str, allow_nan=False))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as dictionaries of plain values, None for no value."""
    return [{key: _plain_value(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain_value(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return format(value, "f") if isinstance(value, Decimal) else value


def print_table(
    frame: pd.DataFrame, columns: Mapping[str, str], *, title: str = "", all_rows: bool = False
) -> None:
    """Print a frame as a table.

    Parameters
    ----------
    frame : DataFrame
        What to print.
    columns : mapping of str to str
        Columns to show, each with a format such as ``.3f``, or empty.
    title : str
        Above the table.
    all_rows : bool
        Print every row, however many there are.
    """
    if frame.empty:
        console.print("nothing yet")
        return
    shown = frame if all_rows else frame.head(MANY_ROWS)
    table = plain_table(title)
    for name, form in columns.items():
        right = bool(form) or pd.api.types.is_numeric_dtype(frame[name])
        table.add_column(
            name.replace("_", " "), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for row in shown[list(columns)].itertuples(index=False):
        table.add_row(*(_cell(value, form) for value, form in zip(row, columns.values(), strict=True)))
    print_whole(table)
    if len(shown) < len(frame):
        console.print(f"... and {len(frame) - len(shown)} more (--json or --out FILE gives all)")


def plain_table(title: str = "") -> Table:
    """Give an empty table in the house style."""
    return Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)


def print_whole(table: Table) -> None:
    """Print a table so that nothing is cut: folded on a terminal, as wide as it needs to be in a file."""
    width = console.width
    if not console.is_terminal:
        width = max(width, Measurement.get(console, console.options.update(width=10_000), table).maximum)
    console.print(table, width=width, crop=False, soft_wrap=False)


def _cell(value: Any, form: str) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return format(value, form) if form else printable(str(value))


def printable(text: str) -> str:
    """Escape what would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def write_file(frame: pd.DataFrame, file: Path) -> None:
    """Write a frame to a file of the kind that its name says.

    Raises
    ------
    typer.BadParameter
        If the name ends in none of .csv, .json, .parquet, .xlsx.
    """
    writers = {".csv": _csv, ".json": _json, ".parquet": _parquet, ".xlsx": _xlsx}
    if file.suffix not in writers:
        raise typer.BadParameter(f"{file}: expected a name that ends in {', '.join(writers)}")
    writers[file.suffix](frame, file)
    errors.print(f"wrote {len(frame)} rows to {file}", soft_wrap=True)


def _csv(frame: pd.DataFrame, file: Path) -> None:
    frame.to_csv(file, index=False)


def _json(frame: pd.DataFrame, file: Path) -> None:
    file.write_text(
        json.dumps(records(frame), ensure_ascii=False, indent=2, default=str, allow_nan=False),
        encoding="utf-8",
    )


def _parquet(frame: pd.DataFrame, file: Path) -> None:
    frame.to_parquet(file, index=False)


def _xlsx(frame: pd.DataFrame, file: Path) -> None:
    # A text that begins with = came from a supplier: a spreadsheet must not calculate it.
    as_text = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
    frame.to_excel(file, index=False, engine="xlsxwriter", engine_kwargs=as_text)


def lines(items: Sequence[object], *, at_most: int = 12) -> None:
    """Print items one a line, the first so many."""
    for item in items[:at_most]:
        errors.print(f"  {printable(str(item))}", soft_wrap=True)
    if len(items) > at_most:
        errors.print(f"  ... and {len(items) - at_most} more")
