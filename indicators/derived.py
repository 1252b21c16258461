"""What every block under ``derive`` has: a column of a record that is computed from others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, PrivateAttr, model_validator

from indicators.columns import Column
from indicators.helpers import QUOTIENT_DIGITS
from indicators.words import ColumnName, ColumnType, ExpressionText, Part, Text, fault_at

_QUOTED = re.compile(r"'[^']*'")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RECORD = re.compile(r"\brecord\s*\(\s*([a-z][a-z0-9_]*)")
# How the rows of a child table become one value of the record that they belong to.
ROW_KINDS = ("first", "last", "any", "count", "distinct", "days", "sum", "min", "max")


class DerivedColumn(Part):
    """A column that is computed; the first field of a block names its kind.

    Attributes
    ----------
    title : Text or None
        What the column holds, as people read it.
    """

    title: Text | None = None

    @property
    def type(self) -> ColumnType:
        """Type of the values."""
        return "decimal"

    @property
    def decimals(self) -> int:
        """Digits behind the point, for a decimal."""
        return 3

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that it is computed from."""
        raise NotImplementedError

    @property
    def labels(self) -> Mapping[str, Text]:
        """The texts that it can be, as people read them; none for other types, and for free text."""
        return {}


class ValueColumn(DerivedColumn):
    """A column that an expression gives; unknown where the expression is.

    Attributes
    ----------
    value : str
        The expression, over the columns of the record and the derived ones that stand before this.
    of_type : str
        ``number``, ``text``, ``boolean``, ``date`` or ``datetime``: what the expression has to be.
    """

    value: ExpressionText
    of_type: Literal["number", "text", "boolean", "date", "datetime"] = Field(alias="type")

    @property
    def type(self) -> ColumnType:
        """Type of the values."""
        return "decimal" if self.of_type == "number" else self.of_type

    @property
    def decimals(self) -> int:
        """Digits behind the point, for a number: as many as a quotient has."""
        return QUOTIENT_DIGITS

    @property
    def reads(self) -> tuple[str, ...]:
        """Every word of the expression, its columns among them."""
        return tuple(_NAME.findall(_QUOTED.sub("", self.value)))


class RowsColumn(DerivedColumn):
    """A column that is computed of the rows of a child table that belong to a record.

    One of ``first``, ``last``, ``sum``, ``min`` and ``max`` names a column of those rows, or ``any`` or
    ``count`` is true, or ``distinct`` or ``days`` give expressions. Of no rows at all ``count``,
    ``distinct``, ``days`` and ``sum`` are 0, ``any`` is false, and the others are unknown. ``first`` and
    ``last`` are the value of that row even where it is unknown; of rows with the same ``by`` the one
    delivered first or last. A sum with an unknown value is unknown, and so are days with an unknown end;
    ``distinct``, ``min`` and ``max`` are of the values that are known.

    Attributes
    ----------
    distinct : str
        Expression over the columns of a row and ``record(name)``, whose different values are counted.
    days : (str, str)
        First and last day of a row, as expressions over its columns and ``record(name)``: how many days lie
        within any of the rows, each counted once. A row that ends before it begins has none.
    of : str
        The child table.
    where : str or None
        Condition on its rows; ``record(name)`` is a column of the record. Rows for which it is unknown do
        not count.
    by : str or None
        Column that orders its rows; those without a value do not count.
    between : (str, str) or None
        First and last value of ``by`` that count, as expressions over the columns of the record.
    """

    first: ColumnName | None = None
    last: ColumnName | None = None
    any: Literal[True] | None = None
    count: Literal[True] | None = None
    distinct: ExpressionText | None = None
    days: tuple[ExpressionText, ExpressionText] | None = None
    sum: ColumnName | None = None
    min: ColumnName | None = None
    max: ColumnName | None = None
    of: ColumnName
    where: ExpressionText | None = None
    by: ColumnName | None = None
    between: tuple[ExpressionText, ExpressionText] | None = None

    _taken: Column | DerivedColumn | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _fields_fit(self) -> RowsColumn:
        given = [kind for kind in ROW_KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise fault_at(f"one field says how it is computed, not {' and '.join(given)}", *given[:1])
        if self.between is not None and self.by is None:
            raise fault_at("a window is one of a column: say 'by' which", "between")
        if self.by is not None and self.between is None and self.kind not in ("first", "last"):
            raise fault_at(f"'by' orders rows for 'first' and 'last'; a {self.kind} needs no order", "by")
        return self

    @property
    def kind(self) -> str:
        """One of `ROW_KINDS`."""
        return next(kind for kind in ROW_KINDS if getattr(self, kind) is not None)

    @property
    def taken(self) -> str | None:
        """Column of the rows that is taken; None where something is counted."""
        taken = getattr(self, self.kind)
        return taken if isinstance(taken, str) and self.kind != "distinct" else None

    @property
    def counted(self) -> tuple[str, ...]:
        """Expressions on the rows of which something is counted: one for ``distinct``, two for ``days``."""
        return self.days or ((self.distinct,) if self.distinct else ())

    def take(self, column: Column | DerivedColumn) -> None:
        """Know what the column that is taken is like: this one is like it."""
        self._taken = column

    @property
    def type(self) -> ColumnType:
        """Type of the column that is taken."""
        if self._taken is None:
            return "boolean" if self.any else "integer"
        return self._taken.type

    @property
    def decimals(self) -> int:
        """Digits behind the point of the column that is taken."""
        return 0 if self._taken is None else self._taken.decimals

    @property
    def labels(self) -> Mapping[str, Text]:
        """The texts that the column that is taken can be, as people read them."""
        if not isinstance(self._taken, Column):
            return self._taken.labels if self._taken else {}
        codes = self._taken.codes if self._taken.type in ("category", "text") else None
        meanings = map(str, (codes or {}).values())
        return {text: self._taken.labels.get(text, Text(nl=text, en=text)) for text in meanings}

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of the record that its condition and its window name."""
        window = _NAME.findall(_QUOTED.sub("", " ".join(self.between or ())))
        on_rows = " ".join((self.where or "", *self.counted))
        return (*_RECORD.findall(_QUOTED.sub("", on_rows)), *window)
