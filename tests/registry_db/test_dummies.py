"""Generated deliveries: taken in whole, the same for the same seed, and marked as generated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry_db.faults import RegistryError
from registry_db.library import library_files
from registry_db.records import make_current_view
from registry_db.registry import Registry
from tests.registry_db.build import CENSUS, write

SHIPPED = [
    (name, file.name.removesuffix(".dataset.yaml"))
    for name in ("birth", "nhs-proms")
    for file in library_files(name)
    if file.name.endswith(".dataset.yaml")
]
DRAWS = [(1, 400, 0.05), (2, 57, 0.5), (3, 1, 0.0), (4, 200, 1.0)]
NAMES = {"nhs-participation": "participation 1617.csv"}


def records(registry: Registry, dataset: str, out: Path, **options: Any) -> Path:
    """The file of a dataset without tables."""
    [made] = registry.dummy(dataset, out, **options)
    assert (made.table, made.rows) == (dataset, options["rows"])
    return made.file


@pytest.mark.parametrize(("library", "dataset"), SHIPPED)
@pytest.mark.parametrize(
    ("seed", "rows", "missing"), [(1, 400, 0.05), (2, 57, 0.5), (3, 1, 0.0), (4, 200, 1.0)]
)
def test_every_row_is_taken_in(
    tmp_path: Path, library: str, dataset: str, seed: int, rows: int, missing: float
) -> None:
    with Registry.create(tmp_path / "registry", library=library) as registry:
        out = tmp_path / NAMES.get(dataset, "records.csv")
        file = records(registry, dataset, out, rows=rows, seed=seed, missing=missing)
        other_name = tmp_path / f"generated-x{out.name}"
        again = records(registry, dataset, other_name, rows=rows, seed=seed, missing=missing)
        assert file.name == f"generated-{out.name}"
        assert file.read_bytes() == again.read_bytes()
        done = registry.deliver(dataset, file)
        assert (done.accepted, done.quarantined) == (rows, 0)
        other = records(registry, dataset, tmp_path / f"generated-y{out.name}", rows=rows, seed=seed + 1)
        assert other.read_bytes() != file.read_bytes()


def test_a_registry_of_generated_births_can_be_run(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "registry", library="birth") as registry:
        registry.deliver("birth", records(registry, "birth", tmp_path / "births.csv", rows=2000))
        scores = registry.score("birth-pph")
        assert scores[0].periods == ("2025",)
        assert "(no network)" not in set(registry.scores("birth-pph")["provider"])


def test_a_name_that_says_too_little(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        registry.dummy("census", tmp_path / "census.csv", rows=3)
    assert str(caught.value) == (
        "generated-census.csv: column 'year' of census is read from the file's name, which does not match "
        "'(20\\d\\d)'\n  give the file such a name as a supplier would"
    )


def test_more_records_than_keys(registry: Registry, tmp_path: Path) -> None:
    keyed = CENSUS.replace("census", "ward").replace("provider: clinic", "key: [beds]\nprovider: clinic", 1)
    keyed = keyed.replace("beds: {type: integer}", "beds: {type: integer, required: true, range: [1, 3]}")
    registry.define([write(tmp_path, keyed, "ward.dataset.yaml")])
    registry.deliver("ward", records(registry, "ward", tmp_path / "ward-2024.csv", rows=3))
    with pytest.raises(RegistryError, match="the key of ward tells at most 3 records apart"):
        registry.dummy("ward", tmp_path / "ward-2024.csv", rows=4)


STAY = """\
dataset: stay
version: 1.0.0
title: {nl: Opnames, en: Stays}
source: made up for the tests
key: [stay]
provider: ward
period: {year_of: day}
columns:
  stay: {type: integer, required: true}
  person: {type: text, identifier: true, required: true}
  ward: {type: text, required: true}
  day: {type: date, required: true}
  kind: {type: category, from: soort, codes: {"1": planned, "2": urgent}, required: true}
tables:
  patient:
    link: {person: person}
    key: [person]
    columns:
      person: {type: text, identifier: true, required: true}
      born: {type: date}
  measurement:
    link: {stay: stay, soort: kind}
    key: [stay, number]
    file: {delimiter: ";"}
    columns:
      stay: {type: integer, required: true}
      soort: {type: category, codes: {P: planned, U: urgent}, required: true}
      number: {type: integer, range: [1, 9], required: true}
      id: {type: text, required: true}
      seen: {type: date}
      began: {type: datetime}
      until: {type: datetime}
      system: {type: text}
      code: {type: text}
      value: {type: integer, range: [60, 200], required: true}
    tables:
      remark:
        link: {id: id}
        columns:
          id: {type: text, required: true}
          text: {type: text}
    derive:
      remarked: {any: true, of: remark, where: text = 'high'}
derive:
  born: {first: born, of: patient}
  age: {value: "age_years(born, day)", type: number}
  pressures: {count: true, of: measurement, where: "in_set(code, system, 'pressure')"}
  first_pressure:
    first: value
    of: measurement
    where: in_set(code, system, 'pressure') and remarked
    by: seen
    between: ["add_days(day, -90)", day]
"""
PRESSURE = """\
code_set: pressure
version: 1.0.0
title: {nl: Bloeddruk, en: Blood pressure}
codes: [{system: loinc, code: 8480-6}, {system: loinc, code: 8462-4}, {system: snomed, code: "271649006"}]
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_of_tables_come_with_the_records(registry: Registry, tmp_path: Path, seed: int) -> None:
    files = [write(tmp_path, PRESSURE, "pressure.yaml"), write(tmp_path, STAY, "stay.yaml")]
    registry.define(files)
    made = registry.dummy("stay", tmp_path / "stays.csv", rows=600, seed=seed, missing=0.1)
    names = {each.table: each.file.name for each in made}
    assert names == {
        "stay": "generated-stays.csv",
        "stay.patient": "generated-stays.patient.csv",
        "stay.measurement": "generated-stays.measurement.csv",
        "stay.measurement.remark": "generated-stays.measurement.remark.csv",
    }
    for each in made:
        done = registry.deliver(each.table, each.file)
        assert (done.accepted, done.quarantined) == (each.rows, 0), each.table
    assert registry.deliveries()["orphans"].sum() == 0
    con = registry.con
    view = make_current_view(con, registry.catalogue().dataset("stay"))

    def one(sql: str) -> tuple[Any, ...]:
        [row] = con.execute(sql).fetchall()
        return row

    # none, one and several rows of a record; of a patient at most one
    rows = 'select count(m.stay) as n from record_stay s left join "record_stay.measurement" m using (stay)'
    assert one(f"select min(n), max(n), count(distinct n) from ({rows} group by s.stay)") == (0, 4, 5)
    assert one('select count(*) - count(distinct person) from "record_stay.patient"') == (0,)
    # days on either side of the record's, on every scale
    days = '(m.seen - s.day) from record_stay s join "record_stay.measurement" m using (stay)'
    low, high, same, near, far = one(
        "select min(d), max(d), count(*) filter (d = 0), count(*) filter (d between -6 and 6),"
        f" count(*) filter (abs(d) > 90) from (select {days.replace(' from', ' as d from', 1)})"
    )
    assert low < -150 < 150 < high
    assert min(same, near - same, far) > 50
    assert one('select count(*) from "record_stay.measurement" where until < began') == (0,)
    # codes with their systems, of the code set; what is derived of them is true of some and not of others
    pairs = con.execute(
        "select distinct system, code from \"record_stay.measurement\" where system in ('loinc', 'snomed')"
    ).fetchall()
    assert {("loinc", "8480-6"), ("loinc", "8462-4"), ("snomed", "271649006")} <= set(pairs)
    assert ("snomed", "8480-6") not in pairs
    with_pressure, without, first, ages = one(
        f"select count(*) filter (pressures > 0), count(*) filter (pressures = 0),"
        f" count(first_pressure), count(distinct age) from {view}"
    )
    assert min(with_pressure, without) > 100
    assert first > 10
    assert ages > 60
    again = registry.dummy("stay", tmp_path / "again.csv", rows=600, seed=seed, missing=0.1)
    assert [each.file.read_bytes() for each in again] == [each.file.read_bytes() for each in made]
