"""A supplier's file to a raw table: text, headers, lines, and what makes a file unreadable."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from indicators.faults import did_you_mean
from indicators.tables import Table
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.identifiers import CitizenNumbers
from registry_db.plain_lines import NotPlain, plain_batches
from registry_db.unpack import Content

_BATCH_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class RawFile:
    """A delivered file with its header matched to the columns of a dataset.

    Attributes
    ----------
    content : Content
        The bytes.
    sha256 : str
        Hash of all that the records follow from: the table, and what the file's name says.
    titles : tuple of str
        The header, in the order of the file.
    headers : dict of str to str
        Column of the dataset to header in the file.
    from_name : dict of str to str
        Column of the dataset to the value that the file's name gives it.
    """

    content: Content
    sha256: str
    titles: tuple[str, ...]
    headers: dict[str, str]
    from_name: dict[str, str]

    @property
    def name(self) -> str:
        """Name of the file as delivered."""
        return self.content.name

    def cell(self, column: str) -> str:
        """Name in the table ``raw`` of a column of the dataset."""
        return _cell(self.titles.index(self.headers[column]))


def _cell(position: int) -> str:
    # Headers are the supplier's words; by position no word of theirs can upset the engine.
    return f"c{position}"


def open_raw(table: Table, content: Content) -> RawFile:
    """Read a file's header and match it with the dataset's columns.

    Raises
    ------
    RegistryError
        If it cannot be read as text, has no header or misses a column.
    """
    line, titles = _header(table, content)
    from_name = {}
    for column, rule in table.file.from_name.items():
        value = rule.read(content.name) or rule.read(content.member)
        if value is None:
            raise RegistryError(
                f"{content.name}: column '{column}' of {table.name} is read from the file's name, "
                f"which does not match '{rule.pattern}'",
                "give the file the name that the supplier gave it",
            )
        from_name[column] = value
    headers = _match_headers(table, titles, from_name, f"{content.name}:{line}")
    digest = content.sha256
    if from_name:
        digest = hashlib.sha256(repr((digest, sorted(from_name.items()))).encode()).hexdigest()
    return RawFile(content, digest, titles, headers, from_name)


def _header(table: Table, content: Content) -> tuple[int, tuple[str, ...]]:
    with content.open() as stream:
        if b"\0" in stream.read(4096):
            raise _not_text(table, content)
    found = next(_lines(table, content), None)
    if found is None:
        raise RegistryError(f"{content.name}: the file is empty; expected a header line and records")
    line, fields = found
    titles = tuple(title.strip() for title in fields)
    twice = sorted({title for title in titles if title and titles.count(title) > 1})
    if twice:
        raise RegistryError(f"{content.name}:{line}: the header names '{twice[0]}' more than once")
    return line, titles


def _match_headers(
    table: Table, titles: Sequence[str], from_name: dict[str, str], where: str
) -> dict[str, str]:
    matched: dict[str, str] = {}
    lost: list[str] = []
    for name, column in table.columns.items():
        if name in from_name:
            continue
        names = column.source or [name]
        present = [title for title in names if title in titles]
        if present:
            matched[name] = present[0]
        else:
            lost.append(names[0])
    if lost:
        unused = [title for title in titles if title and title not in matched.values()]
        hint = did_you_mean(lost[0], unused) if unused else ""
        if len(titles) == 1:
            hint = f"{table.name} expects '{table.file.delimiter}' between columns"
        listed = ", ".join(f"'{title}'" for title in lost[:5]) + (", ..." if len(lost) > 5 else "")
        columns = "column" if len(lost) == 1 else f"{len(lost)} columns:"
        raise RegistryError(f"{where}: the header misses {columns} {listed}", hint)
    return matched


def load_raw(con: Connection, table: Table, raw: RawFile) -> None:
    """Read a file as text into the temporary table ``raw``: ``line``, and each column that the dataset has.

    Values are stripped of the white space around them; ``line`` is where the record begins in the file.

    Raises
    ------
    RegistryError
        If a line does not have the header's number of fields, or holds what is not text; or if a column
        that is not declared an identifier holds citizen service numbers.
    """
    cells = ["line", *sorted({raw.cell(name) for name in raw.headers})]
    columns = ", ".join(f"{cell} varchar" for cell in cells[1:])
    con.execute(f"create or replace temp table raw (line bigint, {columns})")
    try:
        watched = _fill(con, table, raw, cells, _plain_tables(table, raw))
    except NotPlain:
        con.execute("delete from raw")
        watched = _fill(con, table, raw, cells, _strict_tables(table, raw))
    for place, numbers in watched.items():
        if numbers.recognised:
            raise RegistryError(
                f"{raw.name}: column '{raw.titles[place]}' looks like citizen service numbers (BSN): "
                f"{numbers.passed} of {numbers.numbers} numbers pass the eleven-test",
                f"declare it in {table.name} with 'identifier: true', or leave it out of the file",
            )


def _fill(
    con: Connection, table: Table, raw: RawFile, cells: Sequence[str], batches: Iterator[pa.Table]
) -> dict[int, CitizenNumbers]:
    """Put records into the table ``raw``; give what was seen of citizen service numbers."""
    watched = _undeclared(table, raw)
    for batch in batches:
        for place, numbers in watched.items():
            for chunk in batch.column(_cell(place)).chunks:
                numbers.add(chunk)
        con.register("batch", batch.select(list(cells)))
        con.execute("insert into raw select * from batch")
        con.unregister("batch")
    return watched


def _plain_tables(table: Table, raw: RawFile) -> Iterator[pa.Table]:
    width = len(raw.titles)
    for batch in plain_batches(
        raw.content, encoding=table.file.encoding, delimiter=table.file.delimiter, width=width
    ):
        yield _stripped(batch.column("line"), [batch.column(str(place)) for place in range(width)])


def _strict_tables(table: Table, raw: RawFile) -> Iterator[pa.Table]:
    records = itertools.islice(_lines(table, raw.content), 1, None)
    while batch := list(itertools.islice(records, _BATCH_ROWS)):
        yield _as_table(raw, batch)


def _undeclared(table: Table, raw: RawFile) -> dict[int, CitizenNumbers]:
    """Places in the file, of columns of the dataset or not, that are not declared identifiers."""
    declared = {raw.headers[name] for name in raw.headers if table.columns[name].identifier}
    return {place: CitizenNumbers() for place, title in enumerate(raw.titles) if title not in declared}


def _as_table(raw: RawFile, batch: list[tuple[int, list[str]]]) -> pa.Table:
    width = len(raw.titles)
    for line, fields in batch:
        if len(fields) != width:
            raise RegistryError(
                f"{raw.name}:{line}: expected {width} fields as in the header, found {len(fields)}"
            )
    lines, records = zip(*batch, strict=True)
    columns = [pa.array(column, pa.string()) for column in zip(*records, strict=True)]
    return _stripped(pa.array(lines, pa.int64()), columns)


def _stripped(lines: pa.Array | pa.ChunkedArray, columns: Sequence[pa.Array | pa.ChunkedArray]) -> pa.Table:
    values = [pc.utf8_trim_whitespace(column) for column in columns]
    return pa.Table.from_arrays([lines, *values], names=["line", *map(_cell, range(len(values)))])


def _lines(table: Table, content: Content) -> Iterator[tuple[int, list[str]]]:
    """Records of a CSV file, header first, each with the line on which it begins; blank lines are skipped."""
    encoding = "utf-8-sig" if table.file.encoding == "utf-8" else table.file.encoding
    with content.open() as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        reader = csv.reader(_without_nul(text, content), delimiter=table.file.delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader, None)
            except UnicodeDecodeError:
                raise _not_text(table, content) from None
            except csv.Error as error:
                raise RegistryError(f"{content.name}:{line}: {_in_words(error)}") from None
            if fields is None:
                return
            if fields:
                yield line, fields


def _without_nul(lines: Iterator[str] | io.TextIOWrapper, content: Content) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise RegistryError(f"{content.name}:{number}: this line holds a NUL character; it is not text")
        yield line


def _in_words(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quotation mark is opened here and never closed"
    if "field larger" in str(error):
        limit = csv.field_size_limit()
        return f"a field of more than {limit:,} characters; is a quotation mark not closed?"
    return "expected a delimiter or the end of the line after a closing quotation mark"


def _not_text(table: Table, content: Content) -> RegistryError:
    """Name the first line that is not text; when that is the first line, the file is something else."""
    with content.open() as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(table.file.encoding)
            except UnicodeDecodeError as error:
                if number == 1 or b"\0" in line:
                    break
                byte = line[error.start]
                return RegistryError(
                    f"{content.name}:{number}: byte 0x{byte:02x} is not {table.file.encoding} text",
                    f"save the file as {table.file.encoding}",
                )
    return RegistryError(
        f"{content.name}: this is not a text file in {table.file.encoding}",
        f"{table.name} expects CSV with '{table.file.delimiter}' between columns",
    )
