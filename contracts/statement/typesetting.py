"""Texts and tables of the document, as the typesetter takes them."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(words: str) -> str:
    """A string of the typesetter: nothing in it is taken for markup."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def table(
    heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, columns: str, right: tuple[int, ...]
) -> str:
    """A table with widths as in ``columns``; those columns in ``right`` stand to the right."""
    sides = ", ".join("right" if place in right else "left" for place in range(len(heads)))
    head = f"table.header({', '.join(f'strong({quoted(head)})' for head in heads)})," if any(heads) else ""
    cells = ",\n  ".join(", ".join(map(quoted, row)) for row in rows)
    stroke = "" if any(heads) else "stroke: none,"
    return f"#table(columns: {columns}, align: ({sides}), {stroke} {head}\n  {cells})"
