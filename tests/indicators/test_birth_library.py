"""The shipped set for birth care: its definitions hold, and its records have the truth they claim."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from indicators.cohort import cohort_select
from indicators.compile import dataset_select, quote, text_literal
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import KINDS, dataset_faults, indicator_faults, kind_of, validate
from indicators.instruments import value_sets
from indicators.instruments.scores import index_sql
from indicators.library.birth.health import ITEMS, answers, skewed_below
from indicators.library.birth.simulate import Simulated, shipped, simulate
from indicators.library.birth.truth import MODELS
from indicators.library.birth.women import draw_places
from indicators.networks import NetworkSet
from indicators.source import read_source
from indicators.strata import COUNTED
from indicators.words import in_language
from tests.indicators.build import keep_shares, looked_up

LIBRARY = Path(str(files("indicators.library.birth")))
FILES = sorted(file for file in LIBRARY.glob("*.yaml") if not file.name.endswith(".contract.yaml"))
DATASETS = {
    "birth": shipped("birth.dataset.yaml", Dataset),
    "vsv-structure": shipped("vsv-structure.dataset.yaml", Dataset),
}
INDICATORS = {
    file.name.split(".")[0]: shipped(file.name, Indicator) for file in FILES if ".indicator." in file.name
}
NETWORKS = shipped("vsv.network.yaml", NetworkSet)
SQL_TYPES = {
    "text": "varchar",
    "category": "varchar",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    simulated: Simulated
    con: duckdb.DuckDBPyConnection
    truth: dict[str, Any]

    def counted(self, indicator: str) -> dict[str, np.ndarray]:
        self.make_cohort(indicator)
        return self.con.execute(f"select * from cohort where _state in {COUNTED}").fetchnumpy()

    def make_cohort(self, indicator: str) -> None:
        definition = INDICATORS[indicator]
        sql = cohort_select(
            definition,
            DATASETS[definition.dataset],
            f'"{definition.dataset}"',
            networks=looked_up(definition, NETWORKS),
            cut_off=self.simulated.cut_off,
        )
        self.con.execute(f"create or replace temp table cohort as {sql}")


def sql_type(dataset: Dataset, name: str) -> str:
    column = dataset.columns[name]
    return SQL_TYPES.get(column.type, f"decimal(18, {column.decimals})")


def is_wrong(dataset: Dataset, line: dict[str, str]) -> bool:
    """Whether a delivered line breaks a code list, a range or the calendar."""
    for name, column in dataset.columns.items():
        text = line[(column.source or [name])[0]]
        if text in (*column.missing, *dataset.file.missing):
            if column.required:
                return True
        elif column.codes:
            if text not in column.codes:
                return True
        elif column.range and not column.range[0] <= float(text) <= column.range[1]:
            return True
        elif column.type == "date":
            try:
                dt.date.fromisoformat(text)
            except ValueError:
                return True
    return False


def read_lines(dataset: Dataset, file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter=dataset.file.delimiter))


def load(con: duckdb.DuckDBPyConnection, dataset: Dataset, delivered: list[Path]) -> None:
    """Load what is right of the deliveries as typed columns, with the derived ones beside them."""
    casts = []
    for name, column in dataset.columns.items():
        header = quote((column.source or [name])[0])
        missing = ", ".join(text_literal(code) for code in (*column.missing, *dataset.file.missing))
        value = f"case when {header} not in ({missing}) then {header} end"
        if column.codes:
            known = " ".join(
                f"when {text_literal(code)} then {text_literal(str(meaning))}"
                for code, meaning in column.codes.items()
            )
            value = f"case {header} {known} end"
        casts.append(f"try_cast({value} as {sql_type(dataset, name)}) as {quote(name)}")
    paths = ", ".join(text_literal(str(path)) for path in delivered)
    source = f"read_csv([{paths}], delim=';', header=true, all_varchar=true)"
    con.execute(f"create table stored as select {', '.join(casts)} from {source}")
    if dataset.dataset == "birth":
        con.execute("delete from stored where age < 12 or mode_of_birth is null or birth_date is null")
    con.execute(f'create table "{dataset.dataset}" as {dataset_select(dataset, "stored")}')
    con.execute("drop table stored")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The records of the demo registry, at their own size and seed."""
    simulated = simulate(tmp_path_factory.mktemp("birth"))
    with duckdb.connect() as con:
        load(con, DATASETS["birth"], list(simulated.births))
        load(con, DATASETS["vsv-structure"], [simulated.structure])
        con.execute(
            "create table member (network_set text, network text, provider text, since date, until date)"
        )
        con.executemany(
            "insert into member values ('vsv', ?, ?, ?, ?)",
            [
                [code, member.provider, member.since, member.until]
                for code, network in NETWORKS.networks.items()
                for member in network.members
            ],
        )
        keep_shares(con, NETWORKS)
        yield Loaded(simulated, con, json.loads(simulated.truth.read_text()))


# --- definitions


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_definition_has_no_faults(file: Path) -> None:
    source = read_source(file.read_text(encoding="utf-8"), file.name)
    kind = kind_of(source, list(KINDS))
    model = validate(source, KINDS[kind])
    if isinstance(model, Dataset):
        assert list(dataset_faults(model, source)) == []
    if isinstance(model, Indicator):
        assert list(indicator_faults(model, DATASETS[model.dataset], source)) == []


def test_every_horizon_and_kind_is_there() -> None:
    assert {item.horizon for item in INDICATORS.values()} == {1, 2, 3}
    kinds = {item.outcome.kind for item in INDICATORS.values()}
    assert kinds == {"structure", "binary", "continuous", "change"}


def test_generated_is_said_wherever_a_reader_looks() -> None:
    for definition in (*DATASETS.values(), NETWORKS):
        assert definition.generated
        assert "gegenereerd" in definition.title.nl
        assert "generated" in definition.title.en
    for indicator in INDICATORS.values():
        for language, word in (("nl", "gegenereerd"), ("en", "generated")):
            assert any(word in in_language(source, language) for source in indicator.sources)


def run_example(indicator: Indicator, given: dict[str, Any]) -> tuple[str, str, float | None]:
    dataset = DATASETS[indicator.dataset]
    # Membership is not what the examples are about.
    alone = indicator.model_copy(update={"unit": "provider"})
    with duckdb.connect() as con:
        typed = ", ".join(
            f"cast(? as {sql_type(dataset, name)}) as {quote(name)}" for name in dataset.columns
        )
        con.execute(f"create table stored as select {typed}", [given.get(name) for name in dataset.columns])
        con.execute(f"create table example as {dataset_select(dataset, 'stored')}")
        cohort = cohort_select(alone, dataset, "example", networks=None, cut_off=dt.date.max)
        state, reason, value = con.execute(f"select _state, _reason, _y from ({cohort})").fetchall()[0]
    return state, reason, None if value is None else float(value)


@pytest.mark.parametrize("name", INDICATORS)
def test_examples_end_as_they_say_and_reach_every_clause(name: str) -> None:
    indicator = INDICATORS[name]
    reached = set()
    for example in indicator.examples:
        state, reason, value = run_example(indicator, example.given.columns)
        assert state == example.expect.state, (example.given.columns, reason)
        if example.expect.outcome is not None:
            assert value == example.expect.outcome
        reached.add((state, reason if state == "excluded" else ""))
    rules = {("excluded", f"rule {number}") for number in range(1, len(indicator.exclude) + 1)}
    ends = {"value"} if indicator.outcome.kind in ("change", "continuous") else {"met", "not-met"}
    assert reached == rules | {(state, "") for state in ends | {"not-eligible", "missing"}}


def test_truth_speaks_of_the_terms_of_the_indicators() -> None:
    assert set(MODELS) == set(INDICATORS) - {"birth-standard"}
    for name, model in MODELS.items():
        terms = {column.partition("=")[0].partition("^")[0] for column in model.coefficients}
        assert terms == {term.term for term in INDICATORS[name].case_mix}
        assert model.better == INDICATORS[name].outcome.better


# --- records


def digests(simulated: Simulated) -> list[str]:
    written = (*simulated.births, simulated.structure, simulated.truth)
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in written]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    first = digests(simulate(tmp_path / "a", seed=5, births_per_year=3_000))
    again = digests(simulate(tmp_path / "b", seed=5, births_per_year=3_000))
    other = digests(simulate(tmp_path / "c", seed=6, births_per_year=3_000))
    assert first == again
    assert not set(first) & set(other)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"births_per_year": 99}, "births_per_year is 99; expected 100 or more"),
        ({"years": (2023, 2025)}, "expected consecutive years"),
        ({"years": ()}, "expected consecutive years"),
        ({"years": (2014,), "births_per_year": 100}, r"practice M\d{3} is in no network on 2014-01-0"),
    ],
)
def test_impossible_sizes_are_refused(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []


def test_as_many_wrong_rows_as_announced(loaded: Loaded) -> None:
    dataset = DATASETS["birth"]
    assert len(loaded.simulated.births) == 3
    for file in loaded.simulated.births:
        lines = read_lines(dataset, file)
        wrong = sum(is_wrong(dataset, line) for line in lines)
        assert wrong == loaded.simulated.wrong_rows[file.name] == 3
        assert len(lines) == loaded.truth["births_per_year"] + wrong
        assert len({line["bevalling"] for line in lines}) == len(lines)
    structure = DATASETS["vsv-structure"]
    assert not any(is_wrong(structure, line) for line in read_lines(structure, loaded.simulated.structure))


def test_every_birth_is_in_one_network_and_every_provider_has_one_name(loaded: Loaded) -> None:
    networks_per_birth = loaded.con.execute("""
        select distinct count(m.network) from birth as b left join member as m on m.provider = b.provider
            and b.birth_date between m.since and coalesce(m.until, date '9999-12-31')
        group by b.birth_id""").fetchall()
    assert networks_per_birth == [(1,)]
    names = loaded.con.execute("select distinct provider, provider_name from birth").fetchall()
    members = {member.provider for network in NETWORKS.networks.values() for member in network.members}
    assert {provider for provider, _ in names} <= members
    assert len(names) == len({provider for provider, _ in names}) == len({name for _, name in names})
    structure = loaded.con.execute('select distinct vsv, vsv_name from "vsv-structure"').fetchall()
    assert dict(structure) == {code: network.name for code, network in NETWORKS.networks.items()}


def test_practices_that_move_change_network_on_the_day() -> None:
    places = draw_places(NETWORKS, lambda purpose: np.random.default_rng(len(purpose)))
    last, first = dt.date(2024, 6, 30), dt.date(2024, 7, 1)
    moved = {}
    for number, practice in enumerate(places.practices):
        days = np.array([last, first], dtype="datetime64[D]")
        before, after = places.network_of(np.array([number, number]), days)
        if before != after:
            moved[practice] = (places.networks[before], places.networks[after])
    assert moved == {"M017": ("VSV-05", "VSV-06"), "M045": ("VSV-11", "VSV-12")}


@pytest.mark.parametrize(
    ("indicator", "low", "high"),
    [
        ("birth-booking", 0.80, 0.84),
        ("birth-pph", 0.060, 0.070),
        ("birth-tear", 0.020, 0.030),
        ("birth-apgar", 0.010, 0.016),
        ("birth-recovery", 0.86, 0.91),
        ("birth-experience", 8.0, 8.3),
    ],
)
def test_rates_are_those_of_the_country(loaded: Loaded, indicator: str, low: float, high: float) -> None:
    counted = loaded.counted(indicator)
    for year in loaded.truth["years"]:
        assert low < counted["_y"][counted["_period"] == str(year)].mean() < high


def test_population_looks_like_the_country(loaded: Loaded) -> None:
    shares = loaded.con.execute("""
        select avg((mode_of_birth = 'caesarean')::int), avg((parity = 'nulliparous')::int),
            avg((gestation_weeks < 37)::int), avg((provider like 'M%')::int), avg(age), avg(spending_eur),
            avg((experience_score is not null)::int) filter (year(birth_date) = 2023),
            count(eq5d_after) filter (year(birth_date) = 2023) / count(*) filter (year(birth_date) = 2023)
        from birth""").fetchall()[0]
    bands = [
        (0.14, 0.18), (0.40, 0.46), (0.05, 0.08), (0.25, 0.31), (30.5, 32.0), (5600, 6400),
        (0.32, 0.37), (0.24, 0.30),
    ]  # fmt: skip
    assert [low < share < high for share, (low, high) in zip(shares, bands, strict=True)] == [True] * 8


def true_effects(loaded: Loaded, indicator: str, counted: dict[str, np.ndarray]) -> np.ndarray:
    effects = loaded.truth["indicators"][indicator]["effects"]
    pairs = zip(counted["_provider"], counted["_period"], strict=True)
    return np.array([effects[provider][period] for provider, period in pairs])


def true_design(loaded: Loaded, indicator: str, counted: dict[str, np.ndarray]) -> tuple[Any, Any]:
    """Columns of the true model and their coefficients; the network's effect is a column that gets 1."""
    model = loaded.truth["indicators"][indicator]
    columns, wanted = [np.ones(len(counted["_y"]))], [model["intercept"]]
    for name, coefficient in model["coefficients"].items():
        term, _, level = name.partition("=")
        term, _, power = term.partition("^")
        values = np.ma.filled(counted[term], "(missing)" if level else np.nan)
        if level:
            columns.append((values == level).astype(float))
        else:
            centre = model["centre"].get(term, 0.0)
            columns.append((values.astype(float) - centre) ** int(power or 1))
        wanted.append(coefficient)
    columns.append(true_effects(loaded, indicator, counted))
    return np.column_stack(columns), np.array([*wanted, 1.0])


def logistic_fit(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors; the first column is the intercept."""
    scale = np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", fit_intercept=False, tol=1e-8)
    fitted = model.fit(X / scale, y)
    p = fitted.predict_proba(X / scale)[:, 1]
    information = (X / scale).T @ ((X / scale) * (p * (1 - p))[:, None])
    return fitted.coef_[0] / scale, np.sqrt(np.diag(np.linalg.inv(information))) / scale


def linear_fit(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors that hold where the spread differs between records (White 1980)."""
    bread = np.linalg.inv(X.T @ X)
    coefficients = bread @ X.T @ y
    meat = X.T @ (X * ((y - X @ coefficients) ** 2)[:, None])
    return coefficients, np.sqrt(np.diag(bread @ meat @ bread))


@pytest.mark.parametrize("indicator", MODELS)
def test_records_have_the_truth_they_claim(loaded: Loaded, indicator: str) -> None:
    counted = loaded.counted(indicator)
    X, wanted = true_design(loaded, indicator, counted)
    fit = logistic_fit if loaded.truth["indicators"][indicator]["scale"] == "logit" else linear_fit
    found, error = fit(X, counted["_y"].astype(float))
    off = (found - wanted) / error
    assert np.abs(off).max() < 4, off
    # The effects of the networks are there, not merely compatible with what was found.
    assert found[-1] / error[-1] > 4


def test_networks_differ_in_the_women_they_see(loaded: Loaded) -> None:
    """Without differences in case mix an adjusted score would equal the observed one."""
    low, high = loaded.con.execute("""
        select min(share), max(share) from (
            select m.network, avg((b.ses = 'low')::int) as share, count(*) as n
            from birth as b join member as m on m.provider = b.provider
                and b.birth_date between m.since and coalesce(m.until, date '9999-12-31')
            group by 1) where n > 900""").fetchall()[0]
    assert high - low > 0.2


def test_contract_network_saves_and_improves(loaded: Loaded) -> None:
    level = loaded.truth["spending"]["level"]
    for network, by_year in level.items():
        kept = 0.96 if network == "VSV-03" else 1.0
        assert by_year["2024"] / by_year["2023"] == pytest.approx(1.03 * kept, abs=1e-5)
        assert by_year["2025"] / by_year["2024"] == pytest.approx(1.03, abs=1e-5)
    for model in loaded.truth["indicators"].values():
        toward_better = 1 if model["better"] == "higher" else -1
        effects = [toward_better * value for value in model["effects"]["VSV-03"].values()]
        assert effects == sorted(effects)
        assert effects[0] < 0 < effects[1]
        assert model["effects"]["VSV-01"]["2023"] == model["effects"]["VSV-01"]["2025"]


def test_spending_follows_the_levels(loaded: Loaded) -> None:
    """Spending per birth, at the level of its network and year, is the same in all years."""
    network, year, spending = (
        loaded.con.execute("""
        select m.network, cast(year(b.birth_date) as varchar), cast(b.spending_eur as double)
        from birth as b join member as m on m.provider = b.provider
            and b.birth_date between m.since and coalesce(m.until, date '9999-12-31')""")
        .fetchnumpy()
        .values()
    )
    level = loaded.truth["spending"]["level"]
    plain = spending / np.array([level[code][when] for code, when in zip(network, year, strict=True)])
    by_year = [plain[year == when] for when in ("2023", "2024", "2025")]
    mean = np.array([values.mean() for values in by_year])
    error = np.array([values.std() / np.sqrt(len(values)) for values in by_year])
    assert (np.abs(mean[1:] - mean[0]) < 4 * np.hypot(error[1:], error[0])).all()
    # Without the levels the same test would see the trend.
    assert abs(spending[year == "2025"].mean() - spending[year == "2023"].mean()) > 150


def test_one_network_has_cells_too_small_to_show(loaded: Loaded) -> None:
    for indicator in ("birth-recovery", "birth-experience"):
        counted = loaded.counted(indicator)
        sizes = np.array([
            ((counted["_provider"] == "VSV-24") & (counted["_period"] == year)).sum()
            for year in ("2023", "2024", "2025")
        ])  # fmt: skip
        assert ((sizes > 0) & (sizes < 10)).all()


def test_facts_of_the_networks_are_as_told(loaded: Loaded) -> None:
    facts = loaded.con.execute(
        'select vsv, list(integrated_care_standard order by year) from "vsv-structure" group by vsv'
    ).fetchall()
    by_network = dict(facts)
    assert by_network["VSV-03"] == [False, True, True]
    assert [code for code, kept in facts if None in kept] == ["VSV-08"]
    assert all(kept[1] <= kept[2] for kept in by_network.values())
    loaded.make_cohort("birth-standard")
    states = loaded.con.execute(
        "select _state, count(*) from cohort where _period = '2023' group by 1 order by 1"
    ).fetchall()
    assert dict(states).keys() == {"excluded", "met", "missing", "not-met"}


def test_no_answer_before_its_question_was_asked(loaded: Loaded) -> None:
    cut_off = loaded.simulated.cut_off
    assert cut_off == dt.date(2025, 12, 31)
    early = loaded.con.execute(
        "select count(experience_score) filter (birth_date + 42 > $1),"
        " count(after_mobility) filter (birth_date + 183 > $1), count(*) filter (birth_date + 42 > $1)"
        " from birth",
        [cut_off],
    ).fetchall()
    assert early[0][:2] == (0, 0)
    assert early[0][2] > 1000
    loaded.make_cohort("birth-recovery")
    pending = loaded.con.execute(
        "select _period, count(*) from cohort where _state = 'pending' group by 1"
    ).fetchall()
    assert [period for period, _ in pending] == ["2025"]


# --- answers to the EQ-5D-5L


def test_answers_have_the_index_of_the_value_set() -> None:
    rng = np.random.default_rng(1)
    profiles, index = answers(rng.uniform(-0.5, 1.1, 400), rng)
    sql = index_sql(value_sets()["eq-5d-5l", "nl-2016"], ITEMS)
    with duckdb.connect() as con:
        con.execute(f"create table answer (place integer, {', '.join(f'{item} integer' for item in ITEMS)})")
        con.executemany(
            "insert into answer values (?, ?, ?, ?, ?, ?)",
            [[place, *profile] for place, profile in enumerate(profiles.tolist())],
        )
        scored = con.execute(f"select cast({sql} as double) from answer order by place").fetchall()
    assert [value for (value,) in scored] == index.tolist()


def test_published_profiles_have_their_published_index() -> None:
    """Ends of the scale and 21232 in Versteegh 2016: -0.446, 1 and 0.717."""
    rng = np.random.default_rng(2)
    profiles, index = answers(np.array([-9.0, 9.0, 0.717]), rng)
    assert index.tolist() == [-0.446, 1.0, 0.717]
    assert profiles[1].tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("wanted", [0.30, 0.88, 0.96])
def test_mean_index_is_the_wanted_one(wanted: float) -> None:
    rng = np.random.default_rng(3)
    _, index = answers(np.full(20_000, wanted), rng)
    assert abs(index.mean() - wanted) <= 4 * index.std() / np.sqrt(len(index)) + 1e-12
    drawn = skewed_below(np.full(20_000, wanted), 1.0, 1.6, rng)
    assert abs(drawn.mean() - wanted) < 4 * drawn.std() / np.sqrt(len(drawn))
    assert drawn.max() <= 1.0
