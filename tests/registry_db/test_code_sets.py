"""Code sets: written out or from a table, used in expressions, and part of what a score follows from."""

from __future__ import annotations

from pathlib import Path

import pytest

from indicators.code_sets import CodeSet
from indicators.faults import DefinitionError
from registry_db.catalogue import read_definition, read_files
from registry_db.records import make_current_view
from registry_db.registry import Registry
from tests.registry_db.build import DEFINITIONS, FALL, make_registry, text, visits, write

HEAD = "version: 1.0.0\ntitle: {nl: Lijst, en: List}\n"
TALL = f"code_set: tall\n{HEAD}codes: [male]\n"
TABLE = "set,name,system,code\n1,Cough & cold,s,A1\n1,Cough & cold,t,A2\n2,Fall,s,B1\n3,Nothing,,\n"


def read(tmp_path: Path, definition: str, table: str = TABLE) -> CodeSet:
    (tmp_path / "codes.csv").write_text(table, encoding="utf-8")
    file = tmp_path / "x.code-set.yaml"
    file.write_text(definition, encoding="utf-8")
    model = read_files([file])[0].model
    assert isinstance(model, CodeSet)
    return model


def test_written_out(tmp_path: Path) -> None:
    assert read(tmp_path, TALL).code_lists == {"tall": {None: ("male",)}}
    several = (
        f"code_set: s\n{HEAD}lists:\n  a: [{{system: x, code: '1'}}, {{system: y, code: '1'}}]\n  b: []\n"
    )
    assert read(tmp_path, several).code_lists == {"s/a": {"x": ("1",), "y": ("1",)}, "s/b": {}}


def test_from_a_table(tmp_path: Path) -> None:
    several = f"code_set: s\n{HEAD}file: {{name: codes.csv, list: name, system: system}}\n"
    assert read(tmp_path, several).code_lists == {
        "s/Cough & cold": {"s": ("A1",), "t": ("A2",)},
        "s/Fall": {"s": ("B1",)},
        "s/Nothing": {},
    }
    one = f"code_set: s\n{HEAD}file: {{name: codes.csv, rows: {{set: '1'}}}}\n"
    assert read(tmp_path, one).code_lists == {"s": {None: ("A1", "A2")}}


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("", ": give one of the three: 'codes', 'lists' (several, by name) or 'file'"),
        ("codes: [a, {system: x, code: b}]", ":4: codes: either all codes of a list have a system, or none"),
        (
            "file: {name: gone.csv}",
            ":4: file.name: there is no file 'gone.csv' beside this definition, or it is not text",
        ),
        (
            "file: {name: codes.csv, list: names}",
            ":4: file.list: the table has no column 'names' (did you mean 'name'?)",
        ),
        ("file: {name: codes.csv, rows: {set: '9'}}", ":4: file: no row of the table is taken"),
    ],
)
def test_faults(tmp_path: Path, field: str, fault: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(tmp_path, f"code_set: s\n{HEAD}{field}\n")
    assert str(caught.value).endswith(fault)


def test_no_other_folder(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        read(tmp_path, f"code_set: s\n{HEAD}file: {{name: ../codes.csv}}\n")


def test_scores_follow_from_its_codes(tmp_path: Path) -> None:
    """Another version of the codes, and the scores that use them are outstanding; others are not."""
    fall = FALL.replace("population: age >= 18", "population: in_set(sex, 'tall')")
    fall = fall.replace("{age: 17, weight: 70, fell: false, sex: male}", "{age: 17, sex: female}")
    definitions = DEFINITIONS | {"visit-fall.indicator.yaml": fall, "tall.code-set.yaml": TALL}
    folder = make_registry(tmp_path / "registry", definitions)
    with Registry(folder) as registry:
        registry.deliver("visit", write(tmp_path, text(visits())))
        assert all(done.periods for done in registry.score() if done.indicator.startswith("visit"))
        men = registry.con.execute(
            "select sum(n) from state where indicator = 'visit-fall' and state in ('met', 'not-met')"
        )
        of_men = men.fetchall()[0][0]
        assert not any(done.periods for done in registry.score())
        newer = tmp_path / "tall.code-set.yaml"
        newer.write_text(TALL.replace("1.0.0", "1.1.0").replace("[male]", "[male, female]"), encoding="utf-8")
        registry.define([newer])
        assert {done.indicator for done in registry.score() if done.periods} == {"visit-fall"}
        of_all = registry.con.execute(
            "select sum(n) from state where indicator = 'visit-fall' and state in ('met', 'not-met')"
        )
        assert of_all.fetchall()[0][0] > of_men


def test_a_computed_column_names_a_list(tmp_path: Path) -> None:
    visit = DEFINITIONS["visit.dataset.yaml"]
    assert "derive:" not in visit
    computed = visit + "derive:\n  is_tall: {value: \"in_set(sex, 'tall')\", type: boolean}\n"
    definitions = DEFINITIONS | {"visit.dataset.yaml": computed, "tall.code-set.yaml": TALL}
    with Registry(make_registry(tmp_path / "registry", definitions)) as registry:
        registry.deliver("visit", write(tmp_path, text(visits())))
        view = make_current_view(registry.con, registry.catalogue().dataset("visit"))
        rows = registry.con.execute(f"select distinct sex, is_tall from {view}").fetchall()
        assert set(rows) == {("female", False), ("male", True), (None, None)}


def test_an_unknown_list(tmp_path: Path) -> None:
    fall = FALL.replace("population: age >= 18", "population: in_set(sex, 'talll')")
    with pytest.raises(DefinitionError) as caught:
        make_registry(
            tmp_path / "r", DEFINITIONS | {"visit-fall.indicator.yaml": fall, "tall.code-set.yaml": TALL}
        )
    assert str(caught.value) == (
        "visit-fall.indicator.yaml:9: population: 'in_set(sex, 'talll')': "
        "there is no code list 'talll' (did you mean 'tall'?)"
    )


def test_what_the_registry_keeps_needs_no_table(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text(TABLE, encoding="utf-8")
    file = tmp_path / "s.code-set.yaml"
    file.write_text(f"code_set: s\n{HEAD}file: {{name: codes.csv, list: name}}\n", encoding="utf-8")
    folder = make_registry(tmp_path / "registry")
    with Registry(folder) as registry:
        registry.define([file])
        kept = (folder / "definitions" / "s.code-set.yaml").read_text(encoding="utf-8")
        again = read_definition(kept, "s.code-set.yaml")
        assert again.model == registry.catalogue().get("code_set", "s").model
        registry.check()
