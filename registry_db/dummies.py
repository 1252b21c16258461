"""Files of generated records, in the layout that a dataset's suppliers use."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from indicators.dataset import Dataset
from indicators.dummy import CannotGenerate, dummy_columns
from registry_db.faults import RegistryError

MARK = "generated"


def write_dummy(
    dataset: Dataset,
    file: Path,
    *,
    rows: int,
    seed: int,
    year: int,
    missing: float,
    providers: Sequence[str] = (),
) -> Path:
    """Write a delivery of generated records; see `indicators.dummy.dummy_columns` for what is in it.

    Returns
    -------
    Path
        The file: "generated-" stands before the name that was asked for, unless it says so already.

    Raises
    ------
    RegistryError
        If no such file can be made, or its name does not say what the dataset reads from it.
    """
    named = file if MARK in file.name else file.with_name(f"{MARK}-{file.name}")
    for column, rule in dataset.file.from_name.items():
        if rule.read(named.name) is None:
            raise RegistryError(
                f"{named.name}: column '{column}' of {dataset.dataset} is read from the file's name, "
                f"which does not match '{rule.pattern}'",
                "give the file such a name as a supplier would",
            )
    try:
        cells = dummy_columns(dataset, rows, seed=seed, year=year, missing=missing, providers=providers)
    except CannotGenerate as error:
        raise RegistryError(str(error)) from None
    with named.open("w", encoding=dataset.file.encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=dataset.file.delimiter, lineterminator="\n")
        writer.writerow(cells)
        writer.writerows(zip(*cells.values(), strict=True))
    return named
