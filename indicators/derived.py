"""What every block under ``derive`` has: a column of a record that is computed from others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from indicators.helpers import QUOTIENT_DIGITS
from indicators.words import ColumnType, ExpressionText, Part, Text

_QUOTED = re.compile(r"'[^']*'")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


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
