"""How results are printed: tables for people, JSON for machines, files for both."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from app.columns import cell, head
from app.wording import wording
from contracts.money import Language

# What is printed comes from files and definitions: brackets and colons in it are text, not markup.
# A line is never broken for a narrow terminal: a program that reads it would break too.
console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

MANY_ROWS = 40
READABLE = 14


def print_json(value: Any) -> None:
    """Print plain data as JSON; no value is ``null``."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str, allow_nan=False))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as dictionaries of plain values, None for no value; stored JSON is taken apart."""
    return [dict(map(_plain_item, row.items())) for row in frame.to_dict("records")]


def _plain_item(item: tuple[Hashable, Any]) -> tuple[str, Any]:
    name, value = str(item[0]), item[1]
    return name, json.loads(value) if name.endswith("_json") else _plain_value(value)


def _plain_value(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return format(value, "f") if isinstance(value, Decimal) else value


def print_table(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    title: str = "",
    all_rows: bool = False,
    empty: str = "",
    to_file: bool = True,
    language: Language = "en",
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
    empty : str
        What to say when there is no row; without one, that there is nothing yet.
    to_file : bool
        Whether the command also has ``--out``, to name it where not all is printed.
    language : str
        Of heads, codes and numbers.
    """
    w = wording(language)
    if frame.empty:
        console.print(empty or w.t("cli.none"))
        return
    shown = frame if all_rows else frame.head(MANY_ROWS)
    heads = {name: head(w, name) for name in columns}
    cells = {
        name: [printable(cell(w, name, value, form)) for value in shown[name]]
        for name, form in columns.items()
    }
    right = {name: bool(form) or pd.api.types.is_numeric_dtype(frame[name]) for name, form in columns.items()}
    least = {name: _narrowest(heads[name], cells[name], right=right[name]) for name in cells}
    kept = _that_fit(least, console.width) if console.is_terminal else list(cells)
    table = plain_table(title)
    for name in kept:
        table.add_column(
            heads[name],
            justify="right" if right[name] else "left",
            no_wrap=right[name],
            overflow="fold",
            min_width=least[name],
        )
    for row in zip(*(cells[name] for name in kept), strict=True):
        table.add_row(*row)
    print_whole(table)
    gives_all = w.t("cli.table.all-or-file") if to_file else w.t("cli.table.all")
    if len(kept) < len(cells):
        left_out = ", ".join(heads[name] for name in cells if name not in kept)
        console.print(w.t("cli.table.narrow", columns=left_out, all=gives_all))
    if len(shown) < len(frame):
        console.print(w.t("cli.table.more", n=len(frame) - len(shown), all=gives_all))


def _narrowest(head: str, cells: Sequence[str], *, right: bool) -> int:
    """Width below which a column cannot be read: a number is never folded, a text not to less than this."""
    widest = max(len(head), *map(len, cells))
    return widest if right else min(widest, READABLE)


def _that_fit(least: Mapping[str, int], width: int) -> list[str]:
    """Leave out columns from the end until a line is no wider than the terminal."""
    kept = list(least)
    while len(kept) > 2:
        needed = sum(least[name] + 1 for name in kept) - 1
        if needed <= width:
            break
        kept.pop()
    return kept


def plain_table(title: str = "") -> Table:
    """Give an empty table in the house style."""
    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=None,
        pad_edge=False,
        collapse_padding=True,
    )


def print_whole(table: Table) -> None:
    """Print a table so that nothing is cut: folded on a terminal, as wide as it needs to be in a file."""
    if not console.is_terminal:
        table.width = Measurement.get(console, console.options.update(width=10_000), table).maximum
    console.print(table, crop=False, soft_wrap=False)


def printable(text: str) -> str:
    """Escape what would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def write_file(frame: pd.DataFrame, file: Path) -> None:
    """Write a frame to a file of the kind that its name says, one of FILE_KINDS."""
    FILE_KINDS[file.suffix](frame, file)
    errors.print(f"wrote {len(frame)} rows to {file}")


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


FILE_KINDS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _csv,
    ".json": _json,
    ".parquet": _parquet,
    ".xlsx": _xlsx,
}


def lines(items: Sequence[object], *, at_most: int = 12) -> None:
    """Print items one a line, the first so many."""
    for item in items[:at_most]:
        errors.print(f"  {printable(str(item))}")
    if len(items) > at_most:
        errors.print(f"  ... and {len(items) - at_most} more")
