"""A small registry of visits to clinics, and the files that are delivered to it."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from registry_db.registry import Registry

VISIT = """\
dataset: visit
version: 1.0.0
title: {nl: Bezoeken, en: Visits}
source: made up for the tests
key: [visit]
provider: clinic
provider_name: clinic_name
period: {year_of: day}
file: {delimiter: ";"}
columns:
  visit: {type: text, from: id, required: true}
  clinic: {type: text, required: true}
  clinic_name: {type: text}
  person: {type: text, identifier: true}
  day: {type: date, required: true}
  sex: {type: category, codes: {"1": male, "2": female}, missing: ["9"]}
  age: {type: integer, range: [0, 120]}
  weight: {type: decimal, decimals: 1, range: [1, 400]}
  fell: {type: boolean, codes: {"1": true, "0": false}, missing: ["9"]}
  at_home: {type: boolean}
"""

# Records without a key: a line is a record. The year stands in the name of the file.
CENSUS = """\
dataset: census
version: 1.0.0
title: {nl: Telling, en: Census}
source: made up for the tests
provider: clinic
period: {column: year}
file:
  from_name:
    year: {pattern: '(20\\d\\d)', value: '{1}'}
columns:
  clinic: {type: text, required: true}
  year: {type: text}
  beds: {type: integer}
  protocol: {type: boolean}
"""

FALL = """\
indicator: visit-fall
version: 1.0.0
horizon: 2
title: {nl: Gevallen, en: Fell}
why: {nl: Vallen schaadt., en: Falls do harm.}
steward: the tests
sources: [made up for the tests]
dataset: visit
population: age >= 18
exclude:
  - {when: weight > 150, why: {nl: te zwaar, en: too heavy}}
outcome: {kind: binary, when: fell, better: lower}
case_mix:
  - {term: sex, as: category, reference: male}
  - {term: age, as: number}
show: {unit: percent, decimals: 1}
examples:
  - given: {age: 40, weight: 70, fell: true, sex: male}
    expect: {state: met}
  - given: {age: 40, weight: 70, fell: false, sex: male}
    expect: {state: not-met}
  - given: {age: 40, weight: 151, fell: false, sex: male}
    expect: {state: excluded}
  - given: {age: 17, weight: 70, fell: false, sex: male}
    expect: {state: not-eligible}
"""

HOME = """\
indicator: visit-home
version: 1.0.0
horizon: 1
title: {nl: Thuis, en: At home}
why: {nl: Thuis is prettig., en: Home is pleasant.}
steward: the tests
sources: [made up for the tests]
dataset: visit
population: age >= 0
outcome: {kind: binary, when: at_home, better: higher}
show: {unit: percent, decimals: 1}
examples:
  - given: {age: 40, at_home: false}
    expect: {state: not-met}
  - given: {age: 40, at_home: true}
    expect: {state: met}
"""

PROTOCOL = """\
indicator: census-protocol
version: 1.0.0
horizon: 1
title: {nl: Protocol, en: Protocol}
why: {nl: Goed geregeld., en: Well arranged.}
steward: the tests
sources: [made up for the tests]
dataset: census
population: beds > 0
outcome: {kind: structure, when: protocol, better: higher}
show: {unit: percent, decimals: 0}
examples:
  - given: {beds: 4, protocol: true}
    expect: {state: met}
  - given: {beds: 4, protocol: false}
    expect: {state: not-met}
  - given: {beds: 0, protocol: true}
    expect: {state: not-eligible}
"""

DEFINITIONS = {
    "visit.dataset.yaml": VISIT,
    "census.dataset.yaml": CENSUS,
    "visit-fall.indicator.yaml": FALL,
    "visit-home.indicator.yaml": HOME,
    "census-protocol.indicator.yaml": PROTOCOL,
}
HEADER = ("id", "clinic", "clinic_name", "person", "day", "sex", "age", "weight", "fell", "at_home")
# Visits of each clinic in 2024; the last two have too few to be shown.
VISITS = {"north": 60, "south": 45, "east": 30, "west": 24, "island": 12, "dike": 3}


def visit(number: int = 1, **values: str) -> dict[str, str]:
    """One correct line, with what is given in place."""
    line = {
        "id": f"v{number}",
        "clinic": "north",
        "clinic_name": "Clinic North",
        "person": f"person-{number}",
        "day": "2024-03-01",
        "sex": "1",
        "age": "50",
        "weight": "70.5",
        "fell": "0",
        "at_home": "true",
    }
    return line | values


def visits(seed: int = 1, sizes: Mapping[str, int] = VISITS, year: int = 2024) -> list[dict[str, str]]:
    """Lines of correct visits, drawn at random."""
    draw = np.random.default_rng(seed)
    lines = []
    for clinic, size in sizes.items():
        for _ in range(size):
            line = visit(
                len(lines) + 1,
                clinic=clinic,
                clinic_name=f"Clinic {clinic.capitalize()}",
                day=f"{year}-{draw.integers(1, 13):02d}-{draw.integers(1, 29):02d}",
                sex=str(draw.choice(["1", "2", "9"], p=[0.48, 0.48, 0.04])),
                age=str(draw.integers(10, 95)),
                weight=f"{draw.normal(80, 25):.1f}",
                fell=str(draw.choice(["0", "1", "9"], p=[0.7, 0.25, 0.05])),
                at_home=str(draw.choice(["true", "false", ""], p=[0.6, 0.35, 0.05])),
            )
            lines.append(line | {"id": f"{year}-{len(lines) + 1}"})
    return lines


def text(lines: Iterable[Mapping[str, str]], header: Iterable[str] = HEADER) -> str:
    """Lines as a file's text."""
    names = list(header)
    rows = [names, *([line[name] for name in names] for line in lines)]
    return "".join(";".join(row) + "\n" for row in rows)


def write(folder: Path, content: str | bytes, name: str = "visits.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def zipped(folder: Path, members: Mapping[str, str | bytes], name: str = "visits.zip") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def make_registry(folder: Path, definitions: Mapping[str, str] = DEFINITIONS) -> Path:
    """Make a registry with definitions and no deliveries."""
    drafts = folder.parent / f"{folder.name}-drafts"
    drafts.mkdir()
    for name, content in definitions.items():
        (drafts / name).write_text(content, encoding="utf-8")
    with Registry.create(folder, name="Visits") as registry:
        registry.define(sorted(drafts.iterdir()))
    shutil.rmtree(drafts)
    return folder


def everything(registry: Registry) -> str:
    """Every value in every table of the vault, as one text to search in."""
    tables = registry.con.execute("select table_name from information_schema.tables").fetchall()
    return "\n".join(str(registry.con.execute(f'select * from "{name}"').fetchall()) for (name,) in tables)


def deliver_cheaper_birth(demo: Registry) -> None:
    """Deliver the births of 2025 of a demo registry again, one of VSV-03 cheaper by 1000 euros."""
    file = demo.folder / "deliveries" / "births-2025.csv"
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    names = header.split(";")
    provider, cost = names.index("zorgaanbieder"), names.index("kosten")
    rows = [line.split(";") for line in lines]
    changed = next(row for row in rows if row[provider] == "M008" and 2000 < float(row[cost]) < 25000)
    changed[cost] = f"{float(changed[cost]) - 1000:.2f}"
    corrected = demo.folder / "corrected.csv"
    corrected.write_text("\n".join([header, *map(";".join, rows)]) + "\n", encoding="utf-8")
    known = demo.deliveries().set_index("file_name")["delivery"]
    demo.deliver("birth", corrected, replaces=known["births-2025.csv"])
