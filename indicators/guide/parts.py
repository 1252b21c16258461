"""The parts that the guide's rows are made of: paragraphs, lists and tables of plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Items:
    """A list, with a line above it or none."""

    lead: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a head; ``widths`` are the shares of its columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


Part: TypeAlias = str | Items | Table


def shown(part: Part) -> Part:
    """A part as it is printed: a list of one without a line above it is a paragraph."""
    return part.items[0] if isinstance(part, Items) and not part.lead and len(part.items) == 1 else part


def as_text(part: Part) -> str:
    """A paragraph or a list on one line."""
    if isinstance(part, Items):
        return f"{part.lead} {'; '.join(part.items)}".strip()
    assert isinstance(part, str)
    return part


@dataclass(frozen=True, slots=True)
class Row:
    """One subject of an entry, and what is said of it."""

    term: str
    parts: tuple[Part, ...]
