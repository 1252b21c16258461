"""A table of rows: its columns, those that are computed, and the tables whose rows belong to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, PrivateAttr, Tag, model_validator

from indicators.columns import Column, FileLayout
from indicators.derived import ROW_KINDS, DerivedColumn, RowsColumn, ValueColumn
from indicators.faults import did_you_mean
from indicators.instruments.blocks import InstrumentScore, ProfileChange, Responder, SumScore
from indicators.tree import COLUMN_TYPES, Codes, Scope
from indicators.words import ColumnName, ExpressionText, Part, TableName, Text, fault_at

# Kind of a block under ``derive``: the field that stands in no other.
_BLOCKS: dict[str, type[DerivedColumn]] = {
    "instrument": InstrumentScore,
    "sum_of": SumScore,
    "profile_change": ProfileChange,
    "responder": Responder,
    "value": ValueColumn,
    **dict.fromkeys(ROW_KINDS, RowsColumn),
}


def _kind_of_block(block: Any) -> str | None:
    if isinstance(block, DerivedColumn):
        return type(block).__name__
    found = next((kind for kind in _BLOCKS if kind in block), None) if isinstance(block, dict) else None
    return _BLOCKS[found].__name__ if found else None


Derived = Annotated[
    Annotated[InstrumentScore, Tag("InstrumentScore")]
    | Annotated[SumScore, Tag("SumScore")]
    | Annotated[ProfileChange, Tag("ProfileChange")]
    | Annotated[Responder, Tag("Responder")]
    | Annotated[ValueColumn, Tag("ValueColumn")]
    | Annotated[RowsColumn, Tag("RowsColumn")],
    Discriminator(
        _kind_of_block,
        custom_error_type="no_such_block",
        custom_error_message=f"one field says how it is computed: {', '.join(_BLOCKS)}",
    ),
]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a table knows around it.

    Attributes
    ----------
    name : str
        Name by which it is delivered.
    zone, code_lists
        Those of its dataset.
    tables : mapping of str to Table
        Every table that ``rows_of`` may name, by its full name.
    """

    name: str = ""
    zone: str = "UTC"
    code_lists: Mapping[str, Codes] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict, compare=False, repr=False)

    def __deepcopy__(self, memo: object) -> Self:
        """Give itself: a copy of a table is not to copy every other table with it."""
        return self


class Table(Part):
    """Columns, and how they are delivered and computed.

    Attributes
    ----------
    key : list of str
        Columns that tell rows apart; a later row with the same key corrects an earlier one. Without a key
        a row is a line of its delivery. A key is never missing.
    rows : str or None
        Condition on the delivered columns: which rows of a file are of this table. The others are passed
        over, and counted.
    derive : dict of str to DerivedColumn
        Columns that are computed, each of those that stand before it.
    tables : dict of str to ChildTable
        Tables whose rows belong to rows of this one.
    """

    _surroundings: Surroundings = PrivateAttr(default_factory=Surroundings)

    key: list[ColumnName] = Field(default_factory=list)
    rows: ExpressionText | None = None
    file: FileLayout = FileLayout()
    columns: dict[ColumnName, Column]
    derive: dict[ColumnName, Derived] = Field(default_factory=dict)
    tables: dict[ColumnName, ChildTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _columns_are_there(self) -> Self:
        for path, name in self._named():
            if name not in self.columns:
                raise fault_at(f"there is no column '{name}' ({did_you_mean(name, self.columns)})", *path)
        for name in self.derive:
            if name in self.columns:
                raise fault_at(f"'{name}' is a column already", "derive", name)
        return self

    @model_validator(mode="after")
    def _derived_of_earlier_ones(self) -> Self:
        known = set(self.columns)
        for name, block in self.derive.items():
            for read in block.reads:
                if read in self.derive and read not in known:
                    raise fault_at(
                        f"'{read}' must stand before '{name}', which is computed of it", "derive", name
                    )
            known.add(name)
        return self

    @model_validator(mode="after")
    def _every_row_has_its_place(self) -> Self:
        self._check_places()
        return self

    def _check_places(self) -> None:
        for path, name in self._named():
            lacks = self._place(path[0])
            if lacks and name not in self.file.from_name and not self.columns[name].required:
                message = f"without '{name}' a {lacks}: write 'required: true'"
                raise fault_at(message, "columns", name)

    @model_validator(mode="after")
    def _links_fit(self) -> Self:
        for name, table in self.tables.items():
            for own, above in table.link.items():
                path = ("tables", name, "link", own)
                if above not in self.columns:
                    hint = did_you_mean(above, self.columns)
                    raise fault_at(f"the table above has no column '{above}' ({hint})", *path)
                here, there = table.columns[own], self.columns[above]
                if COLUMN_TYPES[here.type] != COLUMN_TYPES[there.type]:
                    raise fault_at(f"'{own}' is {here.type}, and '{above}' is {there.type}", *path)
                if here.identifier != there.identifier:
                    raise fault_at("both columns are identifiers, or neither", *path)
        return self

    @model_validator(mode="after")
    def _blocks_fit(self) -> Self:
        for name, block in self.derive.items():
            if isinstance(block, RowsColumn):
                if block.of not in self.tables:
                    hint = did_you_mean(block.of, self.tables) or "there are none"
                    raise fault_at(f"there is no table '{block.of}' here ({hint})", "derive", name, "of")
                self._fit(name, block, self.tables[block.of])
        return self

    def _fit(self, name: str, block: RowsColumn, table: ChildTable) -> None:
        for part, column in (("by", block.by), (block.kind, block.taken)):
            if column is None:
                continue
            if column not in table.types:
                hint = did_you_mean(column, table.types)
                message = f"table '{block.of}' has no column '{column}' ({hint})"
                raise fault_at(message, "derive", name, part)
            column_type = table.types[column]
            if column_type not in _FITTING.get(part, (column_type,)):
                wanted = ", ".join(_FITTING[part])
                message = f"'{column}' is {column_type}; expected one of {wanted}"
                raise fault_at(message, "derive", name, part)
        if block.kind in ("first", "last") and block.by is None and not table.one_row:
            message = (
                f"a record may have several rows of '{block.of}': say 'by' which column they are ordered, or "
                "give the table a key of linked columns, so that there is one"
            )
            raise fault_at(message, "derive", name)
        if block.taken is not None:
            block.take(table.described[block.taken])

    def _named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Columns that the table names, each with the field that names it."""
        for number, name in enumerate(self.key):
            yield ("key", number), name
        for name in self.file.from_name:
            yield ("file", "from_name", name), name

    def _place(self, field: str | int) -> str:
        """What a row lacks without a column that a field names; empty if the column may be missing."""
        return "row has no key" if field == "key" else ""

    @property
    def name(self) -> str:
        """Name by which it is delivered: ``dataset.table``, and so on for the tables in it."""
        return self._surroundings.name

    @property
    def known_tables(self) -> Mapping[str, Table]:
        """Every table that ``rows_of`` may name, by its full name."""
        return self._surroundings.tables

    @property
    def described(self) -> Mapping[str, Column | DerivedColumn]:
        """Every column by name, derived ones included."""
        return {**self.columns, **self.derive}

    @property
    def types(self) -> Scope:
        """What an expression on a row may name: every column with its type, derived ones included."""
        types = {name: column.type for name, column in self.described.items()}
        return Scope(types, code_lists=self._surroundings.code_lists, zone=self._surroundings.zone)

    @property
    def own_types(self) -> Scope:
        """What an expression of the table itself may name: no indicator has a say in it, nor its period."""
        return replace(self.types, period=False)

    @property
    def delivered_types(self) -> Scope:
        """What an expression on a delivered row may name: its columns."""
        return replace(self.own_types, columns={name: column.type for name, column in self.columns.items()})

    def reads_of(self, name: str) -> tuple[str, ...]:
        """Columns that a derived one is computed of, in other rows of this table as well as in its own."""
        block = self.derive[name]
        child = self.tables.get(block.of) if isinstance(block, RowsColumn) else None
        return (*block.reads, *(child.columns if child is not None and child.rows_of == self.name else ()))

    def types_of_rows(self, of: str) -> Scope:
        """What an expression on rows of a child table may name, ``record(name)`` of this one included."""
        return replace(self.tables[of].types, record=self.types.columns)

    def all_tables(self) -> Iterator[Table]:
        """The table itself, and all those in it."""
        yield self
        for table in self.tables.values():
            yield from table.all_tables()

    def delivered_tables(self) -> Iterator[Table]:
        """The table itself, and those in it that are delivered: not those whose rows are of another table."""
        return (
            table for table in self.all_tables() if not isinstance(table, ChildTable) or not table.rows_of
        )

    def linked_tables(self) -> Iterator[ChildTable]:
        """Those in it whose rows are of another table."""
        return (table for table in self.all_tables() if isinstance(table, ChildTable) and table.rows_of)

    def _surround(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        for name, table in self.tables.items():
            table._surround(replace(surroundings, name=f"{surroundings.name}.{name}"))


# What the columns of rows that stand in another table say of themselves.
_READ_ELSEWHERE = ("type", "identifier", "title", "labels")
_ORDERED = ("integer", "decimal", "date", "datetime")
_FITTING = {
    "by": _ORDERED,
    "sum": ("integer", "decimal"),
    "min": _ORDERED,
    "max": _ORDERED,
}


class ChildTable(Table):
    """A table whose rows belong to rows of the one above it; it is delivered in files of its own.

    Attributes
    ----------
    link : dict of str to str
        Column of this table to column of the one above: a row belongs to every row above that has the same
        values. A linked column is never missing.
    rows_of : str or None
        The table is not delivered: its rows are those of another one, a dataset (``stay``) or a table of one
        (``stay.visit``), of which ``columns`` says what is read. Of the table that it stands in, a row does
        not belong to itself.
    """

    title: Text | None = None
    link: dict[ColumnName, ColumnName] = Field(min_length=1)
    rows_of: TableName | None = None

    @model_validator(mode="after")
    def _rows_stand_elsewhere(self) -> Self:
        if self.rows_of is None:
            return self
        for part in ("key", "rows", "file"):
            if part in self.model_fields_set:
                raise fault_at(f"the rows are those of '{self.rows_of}', and so is their '{part}'", part)
        for name, column in self.columns.items():
            told = sorted(column.model_fields_set - set(_READ_ELSEWHERE))
            if told:
                written = {"source": "from"}.get(told[0], told[0])
                message = f"'{written}' of this column is said in '{self.rows_of}'"
                raise fault_at(message, "columns", name, written)
        return self

    @property
    def one_row(self) -> bool:
        """Whether a row above has at most one row of this table: its key is in the link."""
        return bool(self.key) and set(self.key) <= set(self.link)

    @property
    def target(self) -> Table:
        """The table that its rows are of."""
        return self.known_tables[self.rows_of or ""]

    @property
    def given_by_itself(self) -> bool:
        """Whether an example gives its rows: those of another table in the record are given there."""
        dataset, *above = self.name.split(".")[:-1]
        of, *inside = (self.rows_of or self.name).split(".")
        return not self.rows_of or of != dataset or not (above or inside)

    def _named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from super()._named()
        for name in self.link:
            yield ("link", name), name

    def _place(self, field: str | int) -> str:
        if field == "link":
            return "" if self.rows_of else "row belongs to no record"
        return super()._place(field)


Table.model_rebuild()
