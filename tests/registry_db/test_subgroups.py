"""Scores of subgroups: they add up, equal those of the subgroup scored by itself, and hide small cells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from registry_db.faults import RegistryError
from registry_db.reader import PublicationReader, current_publication
from registry_db.registry import Registry
from registry_db.subgroups import ALL
from tests.registry_db.build import DEFINITIONS, FALL, make_registry, text, visits, write
from tests.registry_db.test_table_disclosure import SMALL, attack

STRATIFY = """\
stratify:
  - {name: sex, column: sex, title: {nl: Geslacht, en: Sex}}
  - {name: age, column: age, cuts: [40, 65], title: {nl: Leeftijd, en: Age}}
  - name: old
    when: age >= 80
    title: {nl: Tachtig of ouder, en: Eighty or older}
    labels: {"true": {nl: oud, en: old}}
show:"""
STRATIFIED = FALL.replace("version: 1.0.0", "version: 1.1.0").replace("show:", STRATIFY).replace(
    "  - given: {age: 17,",
    "  - given: {age: 80, weight: 70, fell: false, sex: male}\n    expect: {state: not-met}\n"
    "  - given: {age: 17,",
)  # fmt: skip
SIZES = {"north": 260, "south": 145, "east": 130, "west": 84, "island": 12, "dike": 3}
KEY = ["period", "provider"]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    files = tmp_path_factory.mktemp("subgroups")
    definitions = DEFINITIONS | {"visit-fall.indicator.yaml": STRATIFIED}
    with Registry(make_registry(files / "registry", definitions)) as made:
        for year in (2023, 2024):
            lines = text(visits(seed=year, sizes=SIZES, year=year))
            made.deliver("visit", write(files, lines, f"visits-{year}.csv"))
        made.run()
        yield made


def scored(registry: Registry) -> pd.DataFrame:
    found = registry.subgroups("visit-fall")
    return found[found["n"] > 0]


def assert_they_add_up(registry: Registry) -> int:
    """For every indicator with stratifiers: scores and states of the subgroups against those of the whole."""
    seen = 0
    for item in registry.catalogue().indicators():
        if not item.model.stratify:
            continue
        sums = ["observed", "expected"] if item.model.outcome.kind not in ("change", "continuous") else []
        parts, whole = registry.subgroups(item.id), registry.scores(item.id).set_index(KEY)
        for name, part in parts[parts["provider"] != ALL].groupby("stratifier"):
            total = part.groupby(KEY)[["n", *sums]].sum()
            assert sorted(total.index) == sorted(whole.index), (item.id, name)
            for column in ("n", *sums):
                assert np.allclose(total[column], whole[column].reindex(total.index).fillna(0), atol=1e-6)
        nation = parts[parts["provider"] == ALL].groupby(["period", "stratifier"])[["n", *sums]].sum()
        for (period, _), row in nation.iterrows():
            assert np.allclose(row, whole.loc[period][["n", *sums]].sum(), atol=1e-6)
        keys = "indicator, version, period, provider, state, reason"
        differ = registry.con.execute(
            f"""with one as (select {keys}, stratifier, sum(n) as n from subgroup_state group by all),
                every as (select distinct indicator, version, stratifier from subgroup_state)
            select count(*) from (from state join every using (indicator, version)) s
            full join one using ({keys}, stratifier)
            where indicator = ? and s.n is distinct from one.n""",
            [item.id],
        ).fetchall()
        assert differ == [(0,)], item.id
        seen += len(parts)
    return seen


def test_they_add_up(registry: Registry) -> None:
    assert assert_they_add_up(registry) > 60


def test_they_add_up_in_the_demo(demo_registry: Path, tmp_path: Path) -> None:
    with Registry(Path(shutil.copytree(demo_registry, tmp_path / "demo"))) as demo:
        assert assert_they_add_up(demo) > 400


def test_a_subgroup_scores_as_if_it_were_a_provider(registry: Registry, tmp_path: Path) -> None:
    """The same records, but each clinic cut in two by sex before they are delivered."""
    lines = [
        line | {"clinic": f"{line['clinic']} {line['sex']}"}
        for line in visits(seed=2024, sizes=SIZES, year=2024)
    ]
    with Registry(make_registry(tmp_path / "cut")) as cut:
        cut.deliver("visit", write(tmp_path, text(lines)))
        cut.run()
        alone = cut.scores("visit-fall").set_index("provider")
    found = scored(registry).query("period == '2024' and stratifier == 'sex' and provider != @ALL")
    codes = found["subgroup"].map({"male": "1", "female": "2", "(unknown)": "9"})
    same = alone.loc[found["provider"] + " " + codes]
    assert len(same) == len(found) >= 11
    for column in ("n", "observed", "expected", "ratio", "adjusted", "lower", "upper"):
        np.testing.assert_allclose(found[column], same[column], rtol=1e-9, atol=1e-12)


def test_all_together_score_as_one_provider(registry: Registry, tmp_path: Path) -> None:
    """The same records of one clinic named after the subgroup; the interval of the nation is this one's."""
    lines = visits(seed=2024, sizes=SIZES, year=2024)
    band = ["<40", "40-<65", ">=65"]
    lines = [line | {"clinic": band[(int(line["age"]) >= 40) + (int(line["age"]) >= 65)]} for line in lines]
    with Registry(make_registry(tmp_path / "one")) as one:
        one.deliver("visit", write(tmp_path, text(lines)))
        one.run()
        alone = one.scores("visit-fall").set_index("provider")
    found = scored(registry).query("period == '2024' and stratifier == 'age' and provider == @ALL")
    assert found["subgroup"].tolist() == band  # from low to high, not by the alphabet
    for column in ("n", "observed", "expected", "adjusted", "lower", "upper"):
        np.testing.assert_allclose(found[column], alone.loc[found["subgroup"], column], rtol=1e-9)


def test_the_counts_are_those_of_the_records(registry: Registry) -> None:
    wanted = registry.con.execute(
        """select clinic, case when age >= 80 then 'true' else 'false' end as old, count(*), sum(fell::int)
        from record_visit where year(day) = 2024 and age >= 18 and weight <= 150 and fell is not null
            and sex is not null group by all order by all"""
    ).fetchall()
    found = scored(registry).query("period == '2024' and stratifier == 'old' and provider != @ALL")
    rows = found.sort_values(["provider", "subgroup"])[["provider", "subgroup", "n", "observed"]]
    assert [tuple(row) for row in rows.to_numpy()] == wanted


def test_a_record_without_a_value_is_in_a_subgroup_of_its_own(registry: Registry) -> None:
    found = registry.subgroups("visit-fall", period="2024", provider="north")
    unknown = found.query("stratifier == 'sex' and subgroup == '(unknown)'").iloc[0]
    [(records,)] = registry.con.execute(
        "select count(*) from record_visit where year(day) = 2024 and clinic = 'north' and sex is null"
    ).fetchall()
    states = json.loads(unknown["states_json"])
    assert sum(state["n"] for state in states) == records > 0
    assert unknown["n"] == 0  # sex is case mix: without it nothing is expected
    assert ("missing", "sex") in {(state["state"], state["reason"]) for state in states}


def test_an_indicator_without_stratifiers_says_so(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="has no stratifiers"):
        registry.subgroups("visit-home")


@pytest.fixture(scope="module")
def published(registry: Registry) -> dict[str, pd.DataFrame]:
    with duckdb.connect(str(current_publication(registry.folder)), read_only=True) as con:
        names = ("score", "subgroup", "subgroup_score")
        return {name: con.execute(f"select * from {name}").df() for name in names}


def test_no_small_subgroup_is_shown(published: dict[str, pd.DataFrame]) -> None:
    found = published["subgroup_score"]
    shown = found[~found["suppressed"]]
    assert len(shown) > 40
    assert shown["n"].min() >= SMALL
    hidden = found[found["suppressed"]]
    assert len(hidden) > 5
    numbers = ["n", "observed", "expected", "ratio", "adjusted", "lower", "upper"]
    assert hidden[numbers].isna().all(axis=None)
    assert set(hidden["reason"]) == {"suppressed"}


@pytest.mark.parametrize("stratifier", ["sex", "age", "old"])
@pytest.mark.parametrize("period", ["2023", "2024"])
def test_totals_do_not_give_a_subgroup_away(
    registry: Registry, published: dict[str, pd.DataFrame], stratifier: str, period: str
) -> None:
    """By linear programming, from all that is published: scores of providers, and the subgroups of all."""
    of_this = f"period == '{period}' and stratifier == '{stratifier}'"
    true = scored(registry).query(of_this).pivot(index="provider", columns="subgroup", values="n").fillna(0.0)
    shown = published["subgroup_score"].query(of_this)
    gone = shown.assign(gone=shown["suppressed"]).pivot(index="provider", columns="subgroup", values="gone")
    scores = published["score"].query(f"indicator == 'visit-fall' and period == '{period}'")
    lost = scores.set_index("provider")["suppressed"]
    cells = true.drop(index=ALL)
    # what has no row is known to be 0, but of a provider whose score is hidden everything is unknown
    hide = gone.reindex(index=cells.index, columns=cells.columns).eq(True).to_numpy(dtype=bool)
    rows = lost[cells.index].to_numpy(dtype=bool)
    hide |= rows[:, None]
    columns = gone.loc[ALL].eq(True).to_numpy(dtype=bool)
    small = attack(cells.to_numpy(), hide, rows, columns)
    assert small
    assert all(low <= 1 + 1e-6 and high >= SMALL - 1e-6 for _, low, high in small)


def test_a_provider_that_is_hidden_has_no_subgroups(published: dict[str, pd.DataFrame]) -> None:
    scores, found = published["score"], published["subgroup_score"]
    lost = scores.query("indicator == 'visit-fall' and suppressed")[["period", "provider"]]
    assert len(lost) >= 2
    assert found.merge(lost, on=["period", "provider"]).empty


def test_readers_get_them_with_their_titles(registry: Registry) -> None:
    reader = PublicationReader(current_publication(registry.folder))
    labels = {
        (row.stratifier, row.subgroup): (row.subgroup_nl, row.subgroup_en)
        for row in reader.subgroups("visit-fall", version="1.1.0")
    }
    assert labels["age", "<40"] == ("onder 40", "below 40")
    assert labels["age", "40-<65"] == ("40 tot 65", "40 to below 65")
    assert labels["age", ">=65"] == ("65 of meer", "65 or more")
    assert labels["old", "true"] == ("oud", "old")
    assert labels["old", "false"] == ("nee", "no")
    assert labels["sex", "(unknown)"] == ("onbekend", "unknown")
    found = reader.subgroup_scores("visit-fall", version="1.1.0", period="2024", provider=ALL)
    assert [row.subgroup for row in found if row.stratifier == "age"] == ["<40", "40-<65", ">=65"]
    row = found[0]
    assert row.observed_value == pytest.approx(row.observed / row.n)  # type: ignore[operator]


def mended(part: str, other: str) -> str:
    assert part in STRATIFIED
    return STRATIFIED.replace(part, other)


@pytest.mark.parametrize(
    ("definition", "place", "message", "hint"),
    [
        (mended("column: sex,", "column: sexe,"), "stratify.1.column",
         "dataset visit has no column 'sexe'", "did you mean 'sex'?"),
        (mended("name: age,", "name: sex,"), "stratify.2.name", "two stratifiers of the name 'sex'", ""),
        (mended("cuts: [40, 65], ", ""), "stratify.2.column", "'age' is a number", "cuts: [20, 35]"),
        (mended("column: sex,", "column: clinic,"), "stratify.1.column", "can be any text", "'codes'"),
        (mended("column: sex,", "column: day,"), "stratify.1.column", "'day' is date", ""),
        (mended("cuts: [40, 65]", "cuts: [65, 40]"), "stratify.2.cuts", "from low to high", ""),
        (mended("when: age >= 80", "when: age >= '80'"), "stratify.3.when", "number", ""),
        (mended("when: age >= 80", "when: age >= 800"), "stratify.3.when", "never comes to 800", "unit"),
        (mended("    when: age >= 80\n", ""), "stratify.3.name", "'column', or 'when'", ""),
        (mended('"true":', '"yes":'), "stratify.3.labels.yes", "there is no subgroup 'yes'", "true"),
        (mended("cuts: [40, 65]", f"cuts: {list(range(20, 40))}"), "stratify.2.cuts", "at most 19", ""),
    ],
)  # fmt: skip
def test_a_wrong_stratifier_is_refused(
    registry: Registry, tmp_path: Path, definition: str, place: str, message: str, hint: str
) -> None:
    file = write(tmp_path, definition.replace("version: 1.1.0", "version: 1.2.0"), "wrong.yaml")
    with pytest.raises(Exception, match=r"wrong\.yaml") as caught:
        registry.check([file])
    faults: Any = caught.value
    [fault] = faults.faults
    assert fault.field == place
    assert message in fault.message
    assert hint in fault.hint
    line = definition.splitlines()[fault.line - 1]
    assert place.rpartition(".")[2] in line or "stratify" in place


def test_a_condition_that_no_example_exercises_is_refused(registry: Registry, tmp_path: Path) -> None:
    younger = STRATIFIED.replace("given: {age: 80,", "given: {age: 79,")
    file = write(tmp_path, younger.replace("version: 1.1.0", "version: 1.2.0"), "wrong.yaml")
    with pytest.raises(Exception, match="no example makes 'age >= 80' true"):
        registry.check([file])


def test_stratifiers_change_no_score(registry: Registry, tmp_path: Path) -> None:
    file = write(tmp_path, FALL.replace("version: 1.0.0", "version: 1.2.0"), "plain.yaml")
    found = registry.diff_file(file, language="en")
    assert found.moved == 0
    assert found.scores["adjusted_before"].equals(found.scores["adjusted_after"])
    assert [(said.name, said.before, said.note) for said in found.changes.said][:3] == [
        ("Subgroups by", "Sex: male, female", "removed"),
        ("Subgroups by", "Age: below 40, 40 to below 65, 65 or more", "removed"),
        ("Subgroups by", "Eighty or older: old, no (age is at least 80)", "removed"),
    ]
    assert found.changes.level == "minor"
