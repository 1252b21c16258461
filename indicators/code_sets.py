"""Code sets: named lists of codes, written out in the definition or taken from a table beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import Field, model_validator

from indicators.faults import DefinitionError, did_you_mean
from indicators.source import Source, read_source
from indicators.tree import Codes
from indicators.words import Id, Part, Status, Text, Version, fault_at


class Coded(Part):
    """A code with the system that it is of."""

    system: str = Field(min_length=1)
    code: str = Field(min_length=1)


class CodeTable(Part):
    """A CSV file, beside the definition, in which the codes stand.

    Attributes
    ----------
    name : str
        The file.
    code, system, list : str
        Headers of the code, of its system, and of the name of the list that it is in.
    rows : dict of str to str
        Which rows are taken: those that have these values under these headers.
    """

    name: str = Field(pattern=r"^[^/\\]+$")
    code: str = "code"
    system: str | None = None
    list: str | None = None
    rows: dict[str, str] = Field(default_factory=dict)


class CodeSet(Part):
    """A versioned list of codes, or several named ones.

    In an expression ``in_set(code, 'id')`` holds a code against the list of a code set, and ``in_set(code,
    'id/name')`` against one of several.

    Attributes
    ----------
    codes : list of str or Coded
        The codes, if there is one list.
    lists : dict of str to list
        The lists by name, if there are several. A list may be empty: nothing is in it.
    file : CodeTable
        Where the codes stand, until the definition is put into a registry: that keeps the codes themselves.
    """

    code_set: Id
    version: Version
    status: Status = "active"
    title: Text
    source: str | None = None
    codes: list[str | Coded] | None = None
    lists: dict[str, list[str | Coded]] | None = None
    file: CodeTable | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> CodeSet:
        if sum(given is not None for given in (self.codes, self.lists, self.file)) != 1:
            raise ValueError("give one of the three: 'codes', 'lists' (several, by name) or 'file'")
        for path, codes in self._listed():
            if len({isinstance(code, Coded) for code in codes}) > 1:
                raise fault_at("either all codes of a list have a system, or none", *path)
        return self

    def _listed(self) -> Iterator[tuple[tuple[str, ...], list[str | Coded]]]:
        if self.codes is not None:
            yield ("codes",), self.codes
        for name, codes in (self.lists or {}).items():
            yield ("lists", name), codes

    @property
    def code_lists(self) -> dict[str, Codes]:
        """Each list by the name that ``in_set`` has for it."""
        return {"/".join((self.code_set, *path[1:])): _by_system(codes) for path, codes in self._listed()}


def _by_system(codes: list[str | Coded]) -> Codes:
    found: dict[str | None, list[str]] = {}
    for item in codes:
        system, code = (item.system, item.code) if isinstance(item, Coded) else (None, item)
        found.setdefault(system, []).append(code)
    return {system: tuple(listed) for system, listed in found.items()}


def written_out(source: Source, table: CodeTable, text: str) -> Source:
    """Give a code set with the codes of its table in place of ``file``, so that it needs nothing beside it.

    Parameters
    ----------
    source : Source
        The definition as its author wrote it.
    table : CodeTable
        Its ``file``.
    text : str
        The text of that file. A row with a list and no code says that there is such a list.

    Raises
    ------
    DefinitionError
        If the table misses a header, or no row of it is taken.
    """
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        headers = list(reader.fieldnames or [])
    except csv.Error as error:
        raise _unreadable(source, error) from None
    for field, header in [("code", table.code), ("system", table.system), ("list", table.list)]:
        _need(source, ("file", field), header, headers)
    for header in table.rows:
        _need(source, ("file", "rows", header), header, headers)
    try:
        taken = [row for row in reader if all(row[header] == value for header, value in table.rows.items())]
    except csv.Error as error:
        raise _unreadable(source, error) from None
    if not taken:
        raise DefinitionError([source.fault(("file",), "no row of the table is taken")])
    lists: dict[str, list[Any]] = {}
    for row in taken:
        listed = lists.setdefault(row[table.list] if table.list else "", [])
        if code := row[table.code]:
            listed.append({"system": row[table.system], "code": code} if table.system else code)
    data = {field: value for field, value in source.data.items() if field != "file"}
    data |= {"lists": lists} if table.list else {"codes": lists[""]}
    return read_source(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), source.file)


def _unreadable(source: Source, error: csv.Error) -> DefinitionError:
    return DefinitionError([source.fault(("file", "name"), f"this table cannot be read: {error}")])


def _need(source: Source, path: tuple[str, ...], header: str | None, headers: list[str]) -> None:
    if header is not None and header not in headers:
        message = f"the table has no column '{header}'"
        raise DefinitionError([source.fault(path, message, did_you_mean(header, headers))])
