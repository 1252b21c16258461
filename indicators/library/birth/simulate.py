"""Generated birth-care records with a known truth, to show a registry and to hold estimates against.

The same seed gives the same bytes. Each purpose (women, births, reports, spending, ...) of each year has
its own stream of chance, so that a change in one leaves the others as they were.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indicators.columns import Column
from indicators.dataset import Dataset
from indicators.definitions import Model, validate
from indicators.library.birth.outcomes import Births, add_birth, add_provider, add_reports, add_spending
from indicators.library.birth.truth import CONTRACT_NETWORK, NO_VALUE, Streams, draw_truth
from indicators.library.birth.women import Places, draw_places, draw_women, provider_names
from indicators.networks import NetworkSet
from indicators.source import read_source

DEFAULT_SEED = 20231
YEARS = (2023, 2024, 2025)

# Chance that a supplier leaves a value out, whatever the value is.
_LEFT_OUT = {
    "bmi": 0.07,
    "previous_caesarean": 0.004,
    "pre_eclampsia": 0.003,
    "first_visit_week": 0.015,
    "blood_loss_ml": 0.012,
    "perineal_tear": 0.008,
    "apgar5": 0.003,
}
# One line each in every year, to be refused: column and what it holds.
_WRONG = {"age": "7", "mode_of_birth": "8", "birth_date": "{year}-02-30"}


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulation wrote.

    Attributes
    ----------
    births : tuple of Path
        A delivery of dataset ``birth`` for each year, in order.
    structure : Path
        The delivery of dataset ``vsv-structure``, all years.
    truth : Path
        ``truth.json``: models, effects of each network, levels of spending.
    wrong_rows : mapping of str to int
        Lines that a registry must refuse, by file name.
    cut_off : date
        Day on which these records end, the last of the last year. Questionnaires that are sent later are
        not in, so for the last births of that year the follow-up is still open.
    """

    births: tuple[Path, ...]
    structure: Path
    truth: Path
    wrong_rows: Mapping[str, int]
    cut_off: dt.date


def simulate(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    births_per_year: int = 17_000,
    years: Sequence[int] = YEARS,
) -> Simulated:
    """Generate birth-care records of the networks in ``vsv.network.yaml``.

    Parameters
    ----------
    folder : Path
        Where the files go; made if it is not there.
    seed : int
        At least 0. The same seed and sizes give the same bytes.
    births_per_year : int
        Births of each year, besides the lines that are wrong on purpose. At least 100.
    years : sequence of int
        Consecutive, at least one. Spending falls below the trend from the second year on.

    Raises
    ------
    ValueError
        For fewer than 100 births, or years that are not consecutive.
    """
    years = tuple(years)
    if births_per_year < 100:
        raise ValueError(f"births_per_year is {births_per_year}; expected 100 or more")
    if not years or years != tuple(range(years[0], years[0] + len(years))):
        raise ValueError(f"years are {years}; expected consecutive years, such as (2023, 2024)")

    def streams(purpose: str) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(purpose.encode())])

    folder.mkdir(parents=True, exist_ok=True)
    dataset = shipped("birth.dataset.yaml", Dataset)
    places = draw_places(shipped("vsv.network.yaml", NetworkSet), streams)
    truth = draw_truth(places.networks, years, streams)
    written = []
    for year in years:
        births: Births = draw_women(places, year, births_per_year, streams)
        add_birth(births, truth, year, streams)
        add_provider(births, places, year, streams)
        add_reports(births, places, truth, year, streams)
        add_spending(births, truth, year, streams)
        _number(births, places, year)
        lines = _delivered(dataset, births, year, streams)
        written.append(_write(folder / f"births-{year}.csv", dataset, lines))
    sizes = {"seed": seed, "births_per_year": births_per_year, "years": list(years)}
    truth_file = folder / "truth.json"
    truth_file.write_text(json.dumps(sizes | truth.to_dict(), indent=2) + "\n", encoding="utf-8")
    return Simulated(
        births=tuple(written),
        structure=_write_structure(folder / "vsv-structure.csv", places, years, streams),
        truth=truth_file,
        wrong_rows={file.name: len(_WRONG) for file in written},
        cut_off=truth.cut_off,
    )


def shipped(name: str, model: type[Model]) -> Model:
    """Read one of the definitions in this folder."""
    text = (files("indicators.library.birth") / name).read_text(encoding="utf-8")
    return validate(read_source(text, name), model)


def _number(births: Births, places: Places, year: int) -> None:
    """Number births and mothers, and put the provider's name beside its code."""
    count = len(births["age"])
    serial = np.arange(1, count + 1)
    births["birth_id"] = np.char.mod(f"{year}-%06d", serial)
    births["mother"] = np.char.mod(f"DEMO-{year}-%06d", serial)
    names = provider_names(places)
    codes, place = np.unique(births["provider"], return_inverse=True)
    births["provider_name"] = np.array([names[code] for code in codes.tolist()])[place]


def _delivered(dataset: Dataset, births: Births, year: int, streams: Streams) -> dict[str, list[str]]:
    """Write every column as the supplier does, and add the lines that are wrong."""
    rng = streams(f"{year} left out")
    lines: dict[str, list[str]] = {}
    for name, column in dataset.columns.items():
        texts = _texts(column, births[name])
        if name in _LEFT_OUT:
            absent = rng.random(len(texts)) < _LEFT_OUT[name]
            # A caesarean has no tear to leave out.
            texts = np.where(absent & (texts != ""), _missing_code(column), texts)
        lines[name] = texts.tolist()
    count = len(lines["birth_id"])
    for place, (name, wrong) in enumerate(_WRONG.items()):
        for column_texts in lines.values():
            column_texts.append(column_texts[place])
        lines["birth_id"][-1] = f"{year}-{count + place + 1:06d}"
        lines["mother"][-1] = f"DEMO-{year}-{count + place + 1:06d}"
        lines[name][-1] = wrong.format(year=year)
    return lines


def _missing_code(column: Column) -> str:
    return column.missing[0] if column.missing else ""


def _texts(column: Column, values: NDArray[Any]) -> NDArray[np.str_]:
    """Texts of a column: codes for meanings, empty for NaN and for what does not apply."""
    if column.codes:
        code_of = {meaning: code for code, meaning in column.codes.items()}
        code_of |= {NO_VALUE: _missing_code(column), "": ""}
        distinct, place = np.unique(values, return_inverse=True)
        return np.array([code_of[meaning] for meaning in distinct.tolist()])[place]
    if values.dtype.kind == "f":
        digits = column.decimals if column.type == "decimal" else 0
        return np.where(np.isnan(values), "", np.char.mod(f"%.{digits}f", values))
    return values.astype(np.str_)


def _write(file: Path, dataset: Dataset, lines: Mapping[str, Sequence[str]]) -> Path:
    headers = [(column.source or [name])[0] for name, column in dataset.columns.items()]
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=dataset.file.delimiter, lineterminator="\n")
        writer.writerow(headers)
        writer.writerows(zip(*(lines[name] for name in dataset.columns), strict=True))
    return file


def _write_structure(file: Path, places: Places, years: Sequence[int], streams: Streams) -> Path:
    """Write the facts: more networks meet them every year, and a network that met one keeps meeting it."""
    dataset = shipped("vsv-structure.dataset.yaml", Dataset)
    rng = streams("structure")
    count, span = len(places.networks), np.arange(len(years))
    standard = rng.random(count)[:, None] < np.minimum(0.55 + 0.15 * span, 0.95)
    record = rng.random(count)[:, None] < np.minimum(0.25 + 0.12 * span, 0.90)
    # The contract network joins in its second year; the last network began during the first.
    standard[places.networks.index(CONTRACT_NETWORK)] = span > 0
    months = np.full((count, len(years)), 12)
    months[-1, 0] = 5
    names = [places.network_set.networks[code].name for code in places.networks]
    lines = {
        "vsv": np.repeat(places.networks, len(years)).tolist(),
        "vsv_name": np.repeat(names, len(years)).tolist(),
        "year": np.tile(years, count).astype(np.str_).tolist(),
        "active_months": months.ravel().astype(np.str_).tolist(),
        "integrated_care_standard": _texts(
            dataset.columns["integrated_care_standard"], standard.ravel()
        ).tolist(),
        "joint_record": _texts(dataset.columns["joint_record"], record.ravel()).tolist(),
    }
    # One network could not say in the first year.
    lines["integrated_care_standard"][7 * len(years)] = "onbekend"
    return _write(file, dataset, lines)
