"""The columns of a table, and how a supplier's file maps onto them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from indicators.faults import did_you_mean
from indicators.words import ColumnName, ColumnType, Part, Text, fault_at

DECIMALS = 3
MAX_DECIMALS = 9
_MEANINGS: dict[str, tuple[type, str]] = {
    "category": (str, "a text"),
    "text": (str, "a text"),
    "integer": (int, "a whole number"),
    "boolean": (bool, "true or false"),
}
# A moment as it is delivered: with Z or an offset, or else as the clock in the dataset's zone shows it.
MOMENT = (
    "[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"
)
# Each can be repeated without end; three of them on a file's name is a matter of milliseconds.
_ENDLESS = re.compile(r"[*+]|\{\d*,\}")
_MAX_ENDLESS = 3


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
    labels : dict of str to Text
        How people read what a code means, such as ``third_fourth``; by default as it is.
    """

    type: ColumnType
    source: list[str] = Field(default_factory=list, alias="from")
    required: bool = False
    missing: list[str] = Field(default_factory=list)
    codes: dict[str, str | bool | int] | None = None
    range: tuple[Decimal, Decimal] | None = None
    decimals: int = Field(default=DECIMALS, ge=0, le=MAX_DECIMALS)
    unit: str | None = None
    identifier: bool = False
    title: Text | None = None
    labels: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _one_header_or_more(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("from"), str):
            return {**data, "from": [data["from"]]}
        return data

    @model_validator(mode="after")
    def _type_fits(self) -> Column:
        if self.range and self.type not in ("integer", "decimal"):
            raise fault_at("a range is for integer and decimal columns", "range")
        if self.range and self.range[0] > self.range[1]:
            raise fault_at("the range runs from high to low", "range")
        if self.decimals != DECIMALS and self.type != "decimal":
            raise fault_at(f"decimals are for a decimal column; this one is {self.type}", "decimals")
        if self.identifier and self.type != "text":
            raise fault_at("an identifier is a text column", "identifier")
        return self

    @model_validator(mode="after")
    def _labels_fit(self) -> Column:
        meanings = [] if self.codes is None else [str(meaning) for meaning in self.codes.values()]
        for label in self.labels:
            if label not in meanings:
                raise fault_at(f"no code means '{label}' ({did_you_mean(label, meanings)})", "labels", label)
        return self

    @model_validator(mode="after")
    def _codes_fit(self) -> Column:
        if self.type == "category" and not self.codes:
            raise fault_at("a category needs its 'codes'", "type")
        if self.codes is None:
            return self
        if self.type not in _MEANINGS:
            raise fault_at(f"codes do not go with a {self.type} column", "codes")
        kind, words = _MEANINGS[self.type]
        for code, meaning in self.codes.items():
            if type(meaning) is not kind:
                raise fault_at(f"in a {self.type} column a code means {words}", "codes", code)
            if code in self.missing:
                raise fault_at(f"'{code}' has a meaning and stands under 'missing' as well", "codes", code)
        return self


class FromFileName(Part):
    """A column whose value stands in the name of the file, not in its rows.

    Attributes
    ----------
    pattern : str
        Regular expression with groups, searched in the file's name.
    value : str
        The value, with ``{1}``, ``{2}`` for the groups.
    """

    pattern: str = Field(max_length=200)
    value: str

    @model_validator(mode="after")
    def _pattern_compiles(self) -> FromFileName:
        try:
            groups = re.compile(self.pattern).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise fault_at(f"this is not a regular expression: {error}", "pattern") from None
        # Such patterns can take hours on a name that almost fits.
        if re.search(r"\)[*+{]", self.pattern) or len(_ENDLESS.findall(self.pattern)) > _MAX_ENDLESS:
            raise fault_at(f"repeat no group, and at most {_MAX_ENDLESS} times with * or +", "pattern")
        for number in re.findall(r"\{(\d+)\}", self.value):
            if not 1 <= int(number) <= groups:
                raise fault_at(f"there is no group {{{number}}}; the pattern has {groups}", "value")
        return self

    def read(self, file_name: str) -> str | None:
        """Value that a file name carries, or None if the pattern is not in it."""
        match = re.search(self.pattern, file_name)
        return None if match is None else re.sub(r"\{(\d+)\}", lambda m: match[int(m[1])] or "", self.value)


class FileLayout(Part):
    """How a supplier writes the file."""

    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    missing: list[str] = Field(default_factory=lambda: [""])
    from_name: dict[ColumnName, FromFileName] = Field(default_factory=dict)
