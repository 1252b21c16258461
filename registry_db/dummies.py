"""Files of generated records, in the layout that a dataset's suppliers use."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indicators.dataset import Dataset
from indicators.dummy import dummy_tables
from indicators.dummy_cells import CannotGenerate, Texts
from indicators.tables import Table
from registry_db.faults import RegistryError

MARK = "generated"


@dataclass(frozen=True, slots=True)
class Generated:
    """A file of generated rows, and the name by which it is delivered."""

    table: str
    file: Path
    rows: int


def write_dummy(
    dataset: Dataset,
    file: Path,
    *,
    rows: int,
    seed: int,
    year: int,
    missing: float,
    providers: Sequence[str] = (),
) -> list[Generated]:
    """Write a delivery of generated records, and one of each table of them; see `indicators.dummy`.

    Returns
    -------
    list of Generated
        The files, that of the records first: "generated-" stands before the name that was asked for, unless
        it says so already. Of a table its name stands before the ending: ``generated-births.visit.csv``.

    Raises
    ------
    RegistryError
        If no such file can be made, or its name does not say what the dataset reads from it.
    """
    named = file if MARK in file.name else file.with_name(f"{MARK}-{file.name}")
    tables = {table.name: table for table in dataset.delivered_tables()}
    files = {name: _file(named, name) for name in tables}
    for name, table in tables.items():
        _check_name(table, files[name])
    try:
        made = dummy_tables(dataset, rows, seed=seed, year=year, missing=missing, providers=providers)
    except CannotGenerate as error:
        raise RegistryError(str(error)) from None
    return [_write(tables[name], files[name], cells) for name, cells in made.items()]


def _file(named: Path, table: str) -> Path:
    _, _, inside = table.partition(".")
    return named.with_name(f"{named.stem}.{inside}{named.suffix}") if inside else named


def _check_name(table: Table, file: Path) -> None:
    for column, rule in table.file.from_name.items():
        if rule.read(file.name) is None:
            raise RegistryError(
                f"{file.name}: column '{column}' of {table.name} is read from the file's name, "
                f"which does not match '{rule.pattern}'",
                "give the file such a name as a supplier would",
            )


def _write(table: Table, file: Path, cells: dict[str, Texts]) -> Generated:
    with file.open("w", encoding=table.file.encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=table.file.delimiter, lineterminator="\n")
        writer.writerow(cells)
        writer.writerows(zip(*cells.values(), strict=True))
    return Generated(table.name, file, len(next(iter(cells.values()), ())))
