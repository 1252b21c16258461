"""The definition of a dataset: its columns, and how a supplier's file maps onto them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from indicators.words import ColumnName, Id, Part, Status, Text, Version

ColumnType = Literal["text", "category", "integer", "decimal", "boolean", "date"]
MAX_DECIMALS = 9


class Column(Part):
    """One typed column of a dataset.

    Attributes
    ----------
    type : str
        ``category`` is text from a code list.
    source : list of str
        Headers under which suppliers deliver it, first match wins; by default its own name.
    required : bool
        A record without a value is quarantined.
    missing : list of str
        Codes that mean "no value" in this column, besides those of the file.
    codes : dict
        What a delivered code means. With codes, any other value is a fault.
    range : (low, high) or None
        Smallest and largest value allowed, both included.
    decimals : int
        Digits behind the point that are kept, for ``decimal``.
    identifier : bool
        Identifies a person: replaced by a keyed hash before it is stored.
    """

    type: ColumnType
    source: list[str] = Field(default_factory=list, alias="from")
    required: bool = False
    missing: list[str] = Field(default_factory=list)
    codes: dict[str, str | bool | int] | None = None
    range: tuple[Decimal, Decimal] | None = None
    decimals: int = Field(default=3, ge=0, le=MAX_DECIMALS)
    unit: str | None = None
    identifier: bool = False
    title: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_header_or_more(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("from"), str):
            return {**data, "from": [data["from"]]}
        return data

    @model_validator(mode="after")
    def _type_fits(self) -> Column:
        if self.type == "category" and not self.codes:
            raise ValueError("a category needs its 'codes'")
        if self.range and self.type not in ("integer", "decimal"):
            raise ValueError("a 'range' is for integer and decimal columns")
        if self.range and self.range[0] > self.range[1]:
            raise ValueError("the range runs from high to low")
        if self.codes and self.type in ("decimal", "date"):
            raise ValueError(f"'codes' do not go with a {self.type} column")
        if self.identifier and self.type != "text":
            raise ValueError("an identifier is a text column")
        return self


class Derived(Part):
    """A column computed from items by an instrument and, where it has one, a value set.

    Attributes
    ----------
    instrument : str
        Such as ``eq-5d-3l``.
    value_set : str
        Such as ``uk-1997``; pinned here and stored with every score.
    items : dict of str to str
        Item of the instrument to column of the dataset.
    """

    instrument: Id
    value_set: str
    items: dict[str, ColumnName]
    title: Text | None = None


class FromFileName(Part):
    """A column whose value stands in the name of the file, not in its rows.

    Attributes
    ----------
    pattern : str
        Regular expression with groups, searched in the file's name.
    value : str
        The value, with ``{1}``, ``{2}`` for the groups.
    """

    pattern: str
    value: str

    @model_validator(mode="after")
    def _pattern_compiles(self) -> FromFileName:
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"the pattern is not a regular expression: {error}") from None
        for number in re.findall(r"\{(\d+)\}", self.value):
            if not 1 <= int(number) <= groups:
                raise ValueError(f"the value names group {{{number}}}; the pattern has {groups}")
        return self

    def read(self, file_name: str) -> str | None:
        """Value that a file name carries, or None if the pattern is not in it."""
        match = re.search(self.pattern, file_name)
        return None if match is None else re.sub(r"\{(\d+)\}", lambda m: match[int(m[1])], self.value)


class FileLayout(Part):
    """How a supplier writes the file."""

    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    missing: list[str] = Field(default_factory=lambda: [""])
    from_name: dict[ColumnName, FromFileName] = Field(default_factory=dict)


class Period(Part):
    """To which period a record belongs: a column that says so, or the calendar year of a date."""

    column: ColumnName | None = None
    year_of: ColumnName | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Period:
        if (self.column is None) == (self.year_of is None):
            raise ValueError("give either 'column' (it holds the period) or 'year_of' (a date)")
        return self


class Dataset(Part):
    """A specified table of records of one population.

    Attributes
    ----------
    key : list of str
        Columns that tell records apart; a later record with the same key corrects an earlier one.
        Without a key a record is a line of its delivery.
    provider : str
        Column with the code of the provider who is scored.
    """

    dataset: Id
    version: Version
    status: Status = "active"
    title: Text
    description: Text | None = None
    source: str
    generated: bool = False
    key: list[ColumnName] = Field(default_factory=list)
    provider: ColumnName
    provider_name: ColumnName | None = None
    period: Period
    file: FileLayout = FileLayout()
    columns: dict[ColumnName, Column]
    derive: dict[ColumnName, Derived] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _columns_are_there(self) -> Dataset:
        named = [*self.key, self.provider, self.provider_name, self.period.column, self.period.year_of]
        for name in (*named, *self.file.from_name):
            if name is not None and name not in self.columns:
                raise ValueError(f"there is no column '{name}'")
        for name in self.derive:
            if name in self.columns:
                raise ValueError(f"'{name}' is both a column and derived")
        for name in (*self.key, self.provider):
            if not self.columns[name].required:
                raise ValueError(f"column '{name}' identifies the record or its provider: make it required")
        year_of = self.period.year_of
        if year_of and self.columns[year_of].type != "date":
            raise ValueError(f"'year_of' needs a date column; '{year_of}' is {self.columns[year_of].type}")
        return self

    @property
    def types(self) -> dict[str, ColumnType]:
        """Type of every column, derived ones included."""
        derived: dict[str, ColumnType] = dict.fromkeys(self.derive, "decimal")
        return {name: column.type for name, column in self.columns.items()} | derived
