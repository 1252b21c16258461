"""The shipped set nhs-proms: its definitions fit together, and explain every value of the files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from indicators.columns import Column
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import KINDS, dataset_faults, indicator_faults, kind_of, validate
from indicators.source import Source, read_source

SET = Path(str(files("indicators") / "library" / "nhs-proms"))
DATASETS = ("nhs-hip", "nhs-knee", "nhs-participation")
JOINTS = ("hip", "knee")
OWN_MODEL = ("readmission", "wound", "eq5d", "oxford")
MEASURES = ("response", *OWN_MODEL, "eq5d-published", "oxford-published")
COMORBIDITIES = (
    "heart_disease",
    "high_blood_pressure",
    "stroke",
    "circulation",
    "lung_disease",
    "diabetes",
    "kidney_disease",
    "nervous_system",
    "liver_disease",
    "cancer",
    "depression",
    "arthritis",
)


def source_of(name: str) -> Source:
    (file,) = SET.glob(f"{name}.*.yaml")
    return read_source(file.read_text(encoding="utf-8"), file.name)


def dataset_of(name: str) -> Dataset:
    return validate(source_of(name), Dataset)


def indicator_of(name: str) -> Indicator:
    return validate(source_of(name), Indicator)


def test_the_set_holds_what_it_should():
    kinds = {}
    for file in SET.iterdir():
        source = read_source(file.read_text(encoding="utf-8"), file.name)
        kind = kind_of(source, tuple(KINDS))
        assert file.name == f"{source.data[kind]}.{kind}.yaml"
        kinds[source.data[kind]] = kind
    wanted = dict.fromkeys(DATASETS, "dataset")
    wanted |= {f"nhs-{joint}-{measure}": "indicator" for joint in JOINTS for measure in MEASURES}
    assert kinds == wanted


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_is_whole_and_names_its_licence(name: str):
    source = source_of(name)
    dataset = validate(source, Dataset)
    assert list(dataset_faults(dataset, source)) == []
    assert (
        "Contains information from NHS Digital, licensed under the current version of the" in dataset.source
    )


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("joint", JOINTS)
class TestIndicator:
    def test_fits_its_dataset(self, joint: str, measure: str):
        source = source_of(f"nhs-{joint}-{measure}")
        indicator = validate(source, Indicator)
        assert list(indicator_faults(indicator, dataset_of(indicator.dataset), source)) == []

    def test_its_examples_show_every_way_out(self, joint: str, measure: str):
        indicator = indicator_of(f"nhs-{joint}-{measure}")
        states = [example.expect.state for example in indicator.examples]
        assert {"not-eligible", "missing"} < set(states)
        if measure in ("readmission", "wound"):
            assert {"met", "not-met"} < set(states)
        else:
            values = {e.expect.outcome for e in indicator.examples if e.expect.state == "value"}
            assert len(values) >= 2
            assert None not in values

    def test_means_the_same_for_hip_and_knee(self, joint: str, measure: str):
        other = {"hip": "knee", "knee": "hip"}[joint]
        here, there = indicator_of(f"nhs-{joint}-{measure}"), indicator_of(f"nhs-{other}-{measure}")
        assert here.case_mix == there.case_mix
        assert (here.minimum, here.show, here.horizon) == (there.minimum, there.show, there.horizon)
        assert here.population.replace(joint, other) == there.population


@pytest.mark.parametrize("measure", OWN_MODEL)
def test_the_case_mix_is_that_of_the_reference_page(measure: str):
    terms = indicator_of(f"nhs-hip-{measure}").case_mix
    before = {"eq5d": ["pre_eq5d"], "oxford": ["pre_oxford"]}.get(measure, [])
    circumstances = ["symptom_period", "previous_surgery", "living_group", "pre_disability", "pre_assisted"]
    assert [term.term for term in terms] == [*before, "age_group", "sex", *COMORBIDITIES, *circumstances]
    assert all(term.missing == "own-category" for term in terms if term.kind == "category")


def test_hip_and_knee_have_the_same_columns_but_for_oxford_items():
    hip, knee = dataset_of("nhs-hip"), dataset_of("nhs-knee")
    only_hip = {f"{when}_oxford_{item}" for when in ("pre", "post") for item in ("sudden_pain", "dressing")}
    only_knee = {f"{when}_oxford_{item}" for when in ("pre", "post") for item in ("kneeling", "confidence")}
    assert hip.columns.keys() - knee.columns.keys() == only_hip
    assert knee.columns.keys() - hip.columns.keys() == only_knee
    for name in (hip.columns.keys() & knee.columns.keys()) - {"procedure"}:
        one, other = (d.columns[name].model_dump(exclude={"source", "title"}) for d in (hip, knee))
        assert one == other, name
    assert hip.derive == knee.derive


@pytest.mark.parametrize("name", DATASETS[:2])
def test_the_meanings_of_nine(name: str):
    columns = dataset_of(name).columns
    for comorbidity in COMORBIDITIES:
        assert columns[comorbidity].codes == {"1": True, "9": False}, "a box that is not ticked is no"
        assert columns[comorbidity].missing == []
    assert columns["pre_disability"].missing == ["9"], "no answer"
    assert columns["post_assisted_by"].missing == ["0", "9"], "not applicable"
    assert columns["pre_profile"].type == "text", "a digit of a profile"
    assert columns["pre_profile"].missing == []
    assert columns["pre_vas"].missing == ["999"]


# -- the files themselves -------------------------------------------------------------------------

FILES = {
    "nhs-hip": "Hip Replacement Provider",
    "nhs-knee": "Knee Replacement Provider",
    "nhs-participation": "PartLink Hip and Knee Replacement",
}
HEADERS_USED = {"nhs-hip": 81, "nhs-knee": 81, "nhs-participation": 12}
YEARS = {"1617": "2016/17", "1819": "2018/19"}


@pytest.fixture(scope="module")
def delivered(
    shared: Path, tmp_path_factory: pytest.TempPathFactory, name: str, year: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file of a dataset and year as text, in the table `file`."""
    archive = shared / "data" / "nhs_proms" / f"{FILES[name]} {year}.csv.zip"
    if not archive.is_file():
        pytest.skip(f"the real records are not here: no {archive.name}")
    with zipfile.ZipFile(archive) as content:
        csv = content.extract(archive.name.removesuffix(".zip"), tmp_path_factory.mktemp("nhs"))
    with duckdb.connect() as con:
        con.execute("create table file as from read_csv(?, all_varchar = true, header = true)", [csv])
        yield con


@pytest.mark.data
@pytest.mark.parametrize("year", YEARS, scope="module")
@pytest.mark.parametrize("name", DATASETS, scope="module")
class TestFiles:
    def test_every_column_is_found(self, delivered: duckdb.DuckDBPyConnection, name: str, year: str):
        headers = {row[0] for row in delivered.execute("describe file").fetchall()}
        dataset = dataset_of(name)
        named = [c.source for column, c in dataset.columns.items() if column not in dataset.file.from_name]
        found = [[header for header in source if header in headers] for source in named]
        assert all(len(hits) == 1 for hits in found)
        assert len({hits[0] for hits in found}) == HEADERS_USED[name]

    def test_every_value_is_explained(self, delivered: duckdb.DuckDBPyConnection, name: str, year: str):
        headers = {row[0] for row in delivered.execute("describe file").fetchall()}
        dataset = dataset_of(name)
        for column_name, column in dataset.columns.items():
            for header in headers.intersection(column.source):
                rows = delivered.execute(f"select distinct coalesce(\"{header}\", '') from file").fetchall()
                unexplained = [v for (v,) in rows if not explained(dataset, column, v)]
                assert unexplained == [], f"{column_name} from '{header}'"

    def test_the_year_is_known(self, delivered: duckdb.DuckDBPyConnection, name: str, year: str):
        dataset = dataset_of(name)
        rule = dataset.file.from_name.get("year")
        if rule is None:
            assert delivered.execute("select distinct Year from file").fetchall() == [(YEARS[year],)]
        else:
            assert rule.read(f"{FILES[name]} {year}.csv.zip") == YEARS[year]


def explained(dataset: Dataset, column: Column, value: str) -> bool:
    """Whether a delivered text is a missing code, a code, or a number in range with no digit too many."""
    if value in (*dataset.file.missing, *column.missing):
        return not column.required
    if column.codes is not None:
        return value in column.codes
    if column.type == "text":
        return True
    try:
        number = Decimal(value)
    except InvalidOperation:
        return False
    low, high = column.range or (number, number)
    decimals = column.decimals if column.type == "decimal" else 0
    return low <= number <= high and number == round(number, decimals)
