"""A supplier's file to a raw table: unpacking, headers, and what makes a file unreadable."""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from indicators.compile import quote, text_literal
from indicators.dataset import Dataset
from indicators.faults import did_you_mean
from registry_db.connect import Connection
from registry_db.faults import RegistryError

# A column is taken for citizen service numbers when this share of at least this many values passes
# the eleven-test; by chance nine per cent do.
BSN_SHARE = 0.8
BSN_VALUES = 20


@dataclass(frozen=True, slots=True)
class RawFile:
    """A delivered file, unpacked and with its headers matched.

    Attributes
    ----------
    name : str
        Name of the file as delivered.
    path : Path
        The CSV itself.
    sha256 : str
        Hash of the CSV's bytes, zipped or not.
    headers : dict of str to str
        Column of the dataset to header in the file.
    from_name : dict of str to str
        Column of the dataset to the value that the file's name gives it.
    """

    name: str
    path: Path
    sha256: str
    headers: dict[str, str]
    from_name: dict[str, str]


def unpack(file: Path, work: Path) -> Path:
    """Give the CSV inside a zip file, or the file itself.

    Raises
    ------
    RegistryError
        If there is no such file, or the zip does not hold exactly one file.
    """
    if not file.is_file():
        raise RegistryError(f"{file}: there is no such file")
    if not zipfile.is_zipfile(file):
        if file.suffix.lower() == ".zip":
            raise RegistryError(f"{file.name}: this zip file is damaged", "ask the supplier to send it again")
        return file
    with zipfile.ZipFile(file) as archive:
        names = [entry for entry in archive.infolist() if _is_content(entry)]
        if len(names) != 1:
            found = ", ".join(entry.filename for entry in names) or "nothing"
            raise RegistryError(f"{file.name}: expected one file in the zip, found {found}")
        target = work / Path(names[0].filename).name
        try:
            target.write_bytes(archive.read(names[0]))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise RegistryError(f"{file.name}: the zip cannot be unpacked: {error}") from None
    return target


def _is_content(entry: zipfile.ZipInfo) -> bool:
    return not entry.is_dir() and not entry.filename.startswith("__MACOSX/")


def open_raw(dataset: Dataset, file: Path, work: Path) -> RawFile:
    """Unpack a file and match its headers with the dataset's columns.

    Raises
    ------
    RegistryError
        If it cannot be read as text, has no header or misses a column.
    """
    path = unpack(file, work)
    header = _read_header(dataset, path, file.name)
    from_name = {}
    for column, rule in dataset.file.from_name.items():
        value = rule.read(file.name) or rule.read(path.name)
        if value is None:
            raise RegistryError(
                f"{file.name}: column '{column}' of {dataset.dataset} is read from the file's name, "
                f"which does not match '{rule.pattern}'",
                "give the file the name that the supplier gave it",
            )
        from_name[column] = value
    headers = _match_headers(dataset, header, from_name, file.name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return RawFile(file.name, path, digest, headers, from_name)


def _read_header(dataset: Dataset, path: Path, name: str) -> list[str]:
    encoding = "utf-8-sig" if dataset.file.encoding == "utf-8" else dataset.file.encoding
    try:
        with path.open(encoding=encoding, newline="") as stream:
            header = next(csv.reader(stream, delimiter=dataset.file.delimiter), None)
    except UnicodeDecodeError:
        raise RegistryError(
            f"{name}: this is not a text file in {dataset.file.encoding}",
            f"{dataset.dataset} expects CSV with '{dataset.file.delimiter}' between columns",
        ) from None
    except csv.Error as error:
        raise RegistryError(f"{name}:1: the header cannot be read: {error}") from None
    if not header:
        raise RegistryError(f"{name}: the file is empty; expected a header line and records")
    header = [title.strip() for title in header]
    twice = {title for title in header if header.count(title) > 1}
    if twice:
        raise RegistryError(f"{name}:1: the header names '{sorted(twice)[0]}' more than once")
    return header


def _match_headers(
    dataset: Dataset, header: list[str], from_name: dict[str, str], file: str
) -> dict[str, str]:
    matched: dict[str, str] = {}
    lost: list[str] = []
    for name, column in dataset.columns.items():
        if name in from_name:
            continue
        names = column.source or [name]
        present = [title for title in names if title in header]
        if present:
            matched[name] = present[0]
        else:
            lost.append(names[0])
    if lost:
        unused = [title for title in header if title not in matched.values()]
        hint = did_you_mean(lost[0], unused) if unused else ""
        if len(header) == 1:
            hint = f"{dataset.dataset} expects '{dataset.file.delimiter}' between columns"
        listed = ", ".join(f"'{title}'" for title in lost[:5]) + (", ..." if len(lost) > 5 else "")
        columns = "column" if len(lost) == 1 else f"{len(lost)} columns:"
        raise RegistryError(f"{file}:1: the header misses {columns} {listed}", hint)
    return matched


def load_raw(con: Connection, dataset: Dataset, raw: RawFile) -> None:
    """Read a file as text into the temporary table ``raw``, one row a line, ``rowid`` in file order.

    Raises
    ------
    RegistryError
        If a line does not have the header's number of fields, or holds what is not text; or if a column
        that is not declared an identifier holds citizen service numbers.
    """
    header = _read_header(dataset, raw.path, raw.name)
    columns = ", ".join(f"{text_literal(title)}: 'VARCHAR'" for title in header)
    # Small files need no parallel scan, and one thread keeps the order of lines certain.
    try:
        con.execute("drop table if exists raw")
        con.execute(
            f"""create temp table raw as select * from read_csv({text_literal(str(raw.path))},
            auto_detect = false, header = true, columns = {{{columns}}}, quote = '"', escape = '"',
            delim = {text_literal(dataset.file.delimiter)}, strict_mode = true, null_padding = false,
            encoding = {text_literal(dataset.file.encoding)}, parallel = false)"""
        )
    except duckdb.Error as error:
        raise _unreadable(error, raw.name, len(header)) from None
    _refuse_citizen_numbers(con, dataset, raw, header)


def _unreadable(error: duckdb.Error, name: str, fields: int) -> RegistryError:
    text = str(error)
    line = re.search(r"Line: (\d+)", text)
    found = re.search(r"Found: (\d+)", text)
    where = f"{name}:{line[1]}" if line else name
    if found:
        return RegistryError(f"{where}: expected {fields} fields as in the header, found {found[1]}")
    if "unterminated quote" in text.lower():
        return RegistryError(f"{where}: a quotation mark is opened and not closed")
    if "unicode" in text.lower() or "utf-8" in text.lower():
        return RegistryError(f"{where}: this line holds bytes that are not text")
    return RegistryError(f"{where}: the file cannot be read as CSV with {fields} fields a line")


def _refuse_citizen_numbers(con: Connection, dataset: Dataset, raw: RawFile, header: list[str]) -> None:
    declared = {raw.headers[name] for name, column in dataset.columns.items() if column.identifier}
    for title in header:
        if title in declared:
            continue
        value = quote(title)
        digits = " + ".join(f"{9 - i} * cast({value}[{i + 1}] as integer)" for i in range(8))
        passes = f"({digits} - cast({value}[9] as integer)) % 11 = 0"
        row = con.execute(
            f"""select count(*), count(*) filter (where case when regexp_full_match({value}, '[0-9]{{9}}')
            then {passes} else false end) from raw where {value} is not null"""
        ).fetchall()[0]
        if row[0] >= BSN_VALUES and row[1] >= BSN_SHARE * row[0]:
            raise RegistryError(
                f"{raw.name}: column '{title}' looks like citizen service numbers (BSN): "
                f"{row[1]} of {row[0]} values pass the eleven-test",
                f"declare it in {dataset.dataset} with 'identifier: true', or leave it out of the file",
            )
