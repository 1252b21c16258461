"""The tree of a checked expression, and the names that an expression may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, TypeAlias

Type = Literal["boolean", "number", "text", "date", "datetime", "null"]

COLUMN_TYPES: dict[str, Type] = {
    "text": "text",
    "category": "text",
    "integer": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}
# Beside the columns of a record stand the first and the last day of the period in which it is scored.
PERIOD_DAYS = {"period_start": "period.start", "period_end": "period.end"}
# The codes of a list by the system they are of; None for codes without one.
Codes: TypeAlias = Mapping[str | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a checked expression.

    Attributes
    ----------
    kind : str
        What the node is: ``column``, ``record`` (a column of the record that a row belongs to),
        ``period_start`` or ``period_end``, ``literal``, or the operator or helper.
    type : str
        ``boolean``, ``number``, ``text``, ``date``, ``datetime`` or ``null``.
    value : str, Decimal, bool or None
        Name of the column, the literal's value, the list of ``in_set`` or the time zone of ``date_of``;
        None for the others.
    children : tuple of Node
        The operands, in order.
    """

    kind: str
    type: Type
    value: str | Decimal | bool | None = None
    children: tuple[Node, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the expression reads, each once, in the order of first appearance."""
        return self._names("column")

    @property
    def record_columns(self) -> tuple[str, ...]:
        """Columns of the record that it reads with ``record(name)``."""
        return self._names("record")

    @property
    def code_lists(self) -> tuple[str, ...]:
        """Code lists that it holds codes against, as written in ``in_set``."""
        return self._names("in_set")

    @property
    def period_days(self) -> tuple[str, ...]:
        """Which of ``period_start`` and ``period_end`` it names."""
        return tuple(kind for kind in PERIOD_DAYS if self._has(kind))

    def _has(self, kind: str) -> bool:
        return self.kind == kind or any(child._has(kind) for child in self.children)

    def _names(self, kind: str) -> tuple[str, ...]:
        own = (str(self.value),) if self.kind == kind else ()
        return tuple(dict.fromkeys((*own, *(name for child in self.children for name in child._names(kind)))))


@dataclass(frozen=True, slots=True, eq=False)
class Scope(Mapping[str, str]):
    """What an expression may name: a mapping of columns to their dataset types, and more.

    Attributes
    ----------
    columns : mapping of str to str
        Columns and their types.
    record : mapping of str to str or None
        For an expression on rows of a child table, the columns of the record that a row belongs to.
    code_lists : mapping of str to Codes
        Lists that ``in_set`` may name.
    zone : str
        Time zone in which ``date_of`` takes a day.
    period : bool
        Whether there is a period with a first and a last day.
    """

    columns: Mapping[str, str]
    record: Mapping[str, str] | None = None
    code_lists: Mapping[str, Codes] = field(default_factory=dict)
    zone: str = "UTC"
    period: bool = False

    def __getitem__(self, name: str) -> str:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


def of_record(node: Node) -> Node:
    """Give an expression on a record as one on rows of a child table, which stand beside it."""
    kind = "record" if node.kind == "column" else node.kind
    return replace(node, kind=kind, children=tuple(map(of_record, node.children)))


def is_whole(node: Node, scope: Scope) -> bool:
    """Whether a number is whole whatever the row holds."""
    if node.kind == "column":
        return scope[str(node.value)] == "integer"
    if node.kind == "record":
        return (scope.record or {}).get(str(node.value)) == "integer"
    if isinstance(node.value, Decimal):
        return node.value == node.value.to_integral_value()
    if node.kind == "case":
        values = (*node.children[1:-1:2], node.children[-1])
        return all(value.type == "null" or is_whole(value, scope) for value in values)
    if node.kind in ("+", "-", "*", "coalesce", "least", "greatest"):
        return all(is_whole(child, scope) for child in node.children)
    return node.kind in ("age_years", "days_between", "floor")
