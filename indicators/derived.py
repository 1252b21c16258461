"""What every block under ``derive`` has: a column of a record that is computed from others."""

from __future__ import annotations

from indicators.words import ColumnType, Part, Text


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
    def values(self) -> tuple[str, ...]:
        """The texts that it can be; none for other types, and for free text."""
        return ()
