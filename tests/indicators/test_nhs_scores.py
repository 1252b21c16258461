"""Scores of 160,000 real records of NHS England, against figures worked out without this project."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from indicators.compile import dataset_select, quote, text_literal
from indicators.dataset import Dataset
from indicators.source import read_source
from registry_db.library import library_files

pytestmark = pytest.mark.data

ITEMS = ("mobility", "self_care", "activity", "discomfort", "anxiety")
YEARS = {"2016/17": "1617", "2018/19": "1819"}
BEFORE, AFTER = ({item: f"{when}_{item}" for item in ITEMS} for when in ("pre", "post"))
SETS = {"UK": "uk-1997", "Netherlands_2006": "nl-2006", "Netherlands_2026": "nl-2026"}
SCALES = {"oxford": (48, {"Hip": 8, "Knee": 7}), "eq": (1, {"Hip": 0.074, "Knee": 0.074})}


def with_scores(joint: str) -> Dataset:
    """The shipped dataset, with every score of the golden file derived beside its own."""
    (file,) = (
        each for each in library_files("nhs-proms") if each.name == f"nhs-{joint.lower()}.dataset.yaml"
    )
    data: dict[str, Any] = read_source(file.read_text(encoding="utf-8"), file.name).data
    derive: dict[str, Any] = {"change": {"profile_change": "eq-5d-3l", "before": BEFORE, "after": AFTER}}
    for when, items in (("pre", BEFORE), ("post", AFTER)):
        derive[f"{when}_lss"] = {"instrument": "eq-5d-3l", "score": "level-sum", "items": items}
        for name, value_set in SETS.items():
            block = {"instrument": "eq-5d-3l", "value_set": value_set, "items": items}
            derive[f"{when}_{name.lower()}"] = block
        subjects = [
            name.removeprefix("pre_oxford_") for name in data["columns"] if name.startswith("pre_oxford_")
        ]
        block = {"instrument": f"oxford-{joint.lower()}"}
        derive[f"{when}_ox"] = block | {"items": {each: f"{when}_oxford_{each}" for each in subjects}}
    for name, columns in (("oxford", ("pre_ox", "post_ox")), ("eq", ("pre_uk", "post_uk"))):
        best, least = SCALES[name]
        block = {"before": columns[0], "responder": columns[1], "best": best, "better": "higher"}
        derive[f"{name}_response"] = block | {"at_least": least[joint]}
    return Dataset.model_validate(data | {"derive": derive})


@pytest.fixture(scope="module", params=[(joint, year) for joint in ("Hip", "Knee") for year in YEARS])
def records(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Any]]]:
    joint, year = request.param
    dataset = with_scores(joint)
    archive = shared / "data" / "nhs_proms" / f"{joint} Replacement Provider {YEARS[year]}.csv.zip"
    with zipfile.ZipFile(archive) as content:
        csv = content.extract(archive.name.removesuffix(".zip"), tmp_path_factory.mktemp("nhs"))
    with duckdb.connect() as con:
        con.execute(f"create table raw as select * from read_csv({text_literal(csv)}, all_varchar=true)")
        delivered = {row[0] for row in con.execute("describe raw").fetchall()}
        answers = [
            name for name, column in dataset.columns.items() if column.range and column.type == "integer"
        ]
        read = []
        for name in answers:
            header = next(each for each in dataset.columns[name].source if each in delivered)
            missing = ", ".join(map(text_literal, ["", *dataset.columns[name].missing]))
            value = f"case when {quote(header)} not in ({missing}) then {quote(header)} end"
            read.append(f"cast({value} as bigint) as {quote(name)}")
        con.execute(f"create table stored as select {', '.join(read)} from raw where \"Revision Flag\" = '0'")
        con.execute(f"create table scored as {dataset_select(dataset, 'stored')}")
        golden = json.loads((shared / "golden" / "proms_cases.json").read_text(encoding="utf-8"))
        yield con, golden["nhs_population"][f"{joint} {year} primary"]


def test_classes_of_change(records: tuple[duckdb.DuckDBPyConnection, dict[str, Any]]) -> None:
    con, golden = records
    found = dict(
        con.execute("select change, count(*) from scored where change is not null group by 1").fetchall()
    )
    wanted = golden["pchc"]
    assert sum(found.values()) == wanted["n"]
    assert {name: found[name] for name in ("improve", "worsen")} == {
        name: wanted[name] for name in ("improve", "worsen")
    }
    assert found["mixed change"] == wanted["mixed"]
    assert found["no problems"] == wanted["of_which_11111_both"]
    assert found["no problems"] + found["no change"] == wanted["no_change_incl_11111_both"]


def test_means(records: tuple[duckdb.DuckDBPyConnection, dict[str, Any]]) -> None:
    con, golden = records
    pairs = "from scored where change is not null"
    for when in ("pre", "post"):
        [row] = con.execute(
            f"select avg({when}_lss), {', '.join(f'avg({when}_{name.lower()})' for name in SETS)} {pairs}"
        ).fetchall()
        assert float(row[0]) == pytest.approx(golden[f"mean_lss_{when}"], abs=6e-5)
        for name, mean in zip(SETS, row[1:], strict=True):
            assert float(mean) == pytest.approx(golden[f"mean_index_{when}_{name}"], abs=6e-6)
        [(mean,)] = con.execute(
            f"select avg({when}_ox) from scored where pre_ox is not null and post_ox is not null"
        ).fetchall()
        assert float(mean) == pytest.approx(golden[f"oxford_mean_{when}"], abs=6e-5)


def test_responders(records: tuple[duckdb.DuckDBPyConnection, dict[str, Any]]) -> None:
    """The golden shares are of all with both scores; those out of reach are none of the improved."""
    con, golden = records
    for name, columns, share in (
        ("oxford", ("pre_ox", "post_ox"), golden["oxford_change_ge_mic"]),
        ("eq", ("pre_uk", "post_uk"), golden["eq_change_ge_0074"]),
    ):
        both = f"{columns[0]} is not null and {columns[1]} is not null"
        [(improved, asked, pairs)] = con.execute(
            f"""select count(*) filter ({name}_response = 'improved'),
                count(*) filter ({name}_response <> 'out of reach'), count(*) from scored where {both}"""
        ).fetchall()
        assert improved / pairs == pytest.approx(share, abs=6e-5)
        assert asked < pairs, "some start so well that they cannot gain as much"
