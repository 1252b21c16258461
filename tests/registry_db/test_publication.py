"""What is published: no patients, no small cells, nothing that gives them away, the same again to the bit."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from registry_db.connect import SHUT_OFF
from registry_db.hiding import NUMBERS, hide_small
from registry_db.published_models import Model
from registry_db.reader import PublicationReader, current_publication
from registry_db.registry import Registry
from tests.registry_db.build import VISIT, make_registry, text, visits, write

SMALL = 10
# Clinics as large as this in a year, so that small cells come in many kinds: alone, in twos, none.
YEARS = {
    2021: {"north": 60, "south": 45, "dike": 3},
    2022: {"north": 60, "east": 12, "west": 11, "dike": 9, "island": 8},
    2023: {"dike": 4},
    2024: {"north": 60, "south": 45, "east": 30},
    2025: {"dike": 4, "island": 3},
}


def deliver_years(folder: Path, files: Path) -> None:
    with Registry(folder) as registry:
        for year, sizes in YEARS.items():
            name = f"visits-{year}.csv"
            registry.deliver("visit", write(files, text(visits(seed=year, sizes=sizes, year=year)), name))
        registry.deliver("census", write(files, "clinic,beds,protocol\nnorth,4,true\n", "census-2024.csv"))


@pytest.fixture(scope="module")
def published(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    files = tmp_path_factory.mktemp("published")
    folder = make_registry(files / "registry")
    deliver_years(folder, files)
    with Registry(folder) as registry:
        registry.run()
        yield registry


@pytest.fixture(scope="module")
def tables(published: Registry) -> dict[str, pd.DataFrame]:
    """Everything that is in the publication."""
    with duckdb.connect(str(current_publication(published.folder)), read_only=True) as con:
        names = [row[0] for row in con.execute("select table_name from information_schema.tables").fetchall()]
        return {name: con.execute(f"select * from {name}").df() for name in names}


def test_it_holds_aggregates_only(published: Registry, tables: dict[str, pd.DataFrame]) -> None:
    assert sorted(tables) == [
        "benchmark", "contract", "course", "dataset", "dataset_column", "dataset_level", "delivery",
        "estimate", "explanation", "indicator", "luck", "model", "organisation", "patient_mix",
        "publication", "score", "settlement", "state", "subgroup", "subgroup_score",
    ]  # fmt: skip
    persons = {row[0] for row in published.con.execute("select person from record_visit").fetchall()}
    visited = {row[0] for row in published.con.execute("select visit from record_visit").fetchall()}
    content = current_publication(published.folder).read_bytes()
    # a month is written as a visit is numbered here: 2024-10
    frames = [frame.drop(columns=["first_month", "last_month"], errors="ignore") for frame in tables.values()]
    values = {str(value) for frame in frames for value in frame.to_numpy().ravel()}
    assert not values & (persons | visited)
    assert not any(person.encode() in content for person in persons)


def test_no_small_cell_is_shown(tables: dict[str, pd.DataFrame]) -> None:
    scores = tables["score"][tables["score"]["indicator"] != "census-protocol"]
    shown = scores[~scores["suppressed"]]
    assert shown["n"].min() >= SMALL
    hidden = scores[scores["suppressed"]]
    assert len(hidden) > 5
    assert hidden[NUMBERS].isna().all(axis=None)
    assert set(hidden["band"]) == {"not-assessable"}
    assert set(hidden["reason"]) == {"suppressed"}
    assert tables["state"]["n"].dropna().min() >= SMALL
    assert tables["benchmark"].loc[lambda b: b["indicator"] != "census-protocol", "n"].min() >= SMALL


def test_a_fact_about_a_provider_is_not_a_small_cell(tables: dict[str, pd.DataFrame]) -> None:
    facts = tables["score"][tables["score"]["indicator"] == "census-protocol"]
    assert facts[["provider", "n", "adjusted"]].to_numpy().tolist() == [["north", 1.0, 1.0]]


def truth(registry: Registry) -> pd.DataFrame:
    """The true number of records behind every score."""
    frame = registry.con.execute("select indicator, period, provider, n from score").df()
    return frame[frame["indicator"] != "census-protocol"].set_index(["indicator", "period", "provider"])["n"]


def test_totals_do_not_give_a_score_away(published: Registry, tables: dict[str, pd.DataFrame]) -> None:
    """With the total of all providers, every hidden cell may still be anything from 1 to the threshold."""
    real = truth(published)
    tried = 0
    for (indicator, period), group in tables["score"].groupby(["indicator", "period"]):
        total = tables["benchmark"].query("indicator == @indicator and period == @period")["n"]
        lost = group[group["suppressed"]]["provider"].tolist()
        if not lost or total.empty:
            continue
        tried += 1
        rest = float(total.iloc[0]) - group["n"].sum()
        assert rest == real[indicator, period][lost].sum()  # what anybody can work out
        assert len(lost) >= 2
        assert rest - (len(lost) - 1) >= SMALL
    assert tried >= 2


def test_a_total_that_gives_away_is_not_shown(tables: dict[str, pd.DataFrame]) -> None:
    for name in ("benchmark", "model"):
        periods = tables[name].query("indicator == 'visit-home'")["period"]
        assert sorted(periods) == ["2021", "2022", "2024"], name


def test_states_do_not_give_a_score_away(published: Registry, tables: dict[str, pd.DataFrame]) -> None:
    """All indicators of a dataset share a provider's records: a total from one must not open another."""
    real = truth(published)
    states = tables["state"]
    hidden = tables["score"][tables["score"]["suppressed"]]
    keys = ["indicator", "period", "provider"]
    for _, here in states.merge(hidden[keys], on=keys).groupby(keys):
        assert (here["state"].tolist(), here["n"].isna().tolist()) == (["counted"], [True])
    assert len(real) == len(tables["score"]) - 1


def test_other_states_hide_each_other(tables: dict[str, pd.DataFrame]) -> None:
    """The number that counted is known from the score, so it cannot hide another state."""
    states = tables["state"].merge(
        tables["score"][~tables["score"]["suppressed"]], on=["indicator", "period", "provider"]
    )
    seen = 0
    for _, group in states.groupby(["indicator", "period", "provider"]):
        others = group[group["state"] != "counted"]
        counted = group[group["state"] == "counted"]
        assert counted["n_x"].tolist() == counted["n_y"].tolist()
        lost = others["n_x"].isna()
        assert lost.sum() != 1 or len(others) == 1
        seen += int(lost.sum() > 1)
    assert seen


class Attack:
    """What somebody can work out of one period with everything that is published, by linear programming.

    Unknown are the hidden numbers and every provider's number of records. Known are: all indicators of a
    dataset are about the same records; the states of a provider add up to them; the scores add up to the
    benchmark; the files add up to all records; and a hidden number is at least 1.
    """

    def __init__(self, tables: dict[str, pd.DataFrame], period: str) -> None:
        self.names: list[tuple[str, ...]] = []
        self.equal: list[tuple[dict[tuple[str, ...], float], float]] = []
        self.at_most: list[tuple[dict[tuple[str, ...], float], float]] = []
        here = {name: frame for name, frame in tables.items() if "period" in frame}
        here = {
            name: frame[(frame["period"] == period) & (frame.get("indicator") != "census-protocol")]
            for name, frame in here.items()
        }
        self.score = here["score"].set_index(["indicator", "provider"])["n"]
        providers = sorted({provider for _, provider in self.score.index})
        for (indicator, provider), states in here["state"].groupby(["indicator", "provider"]):
            self._states(indicator, provider, states)
        for _, benchmark in here["benchmark"].iterrows():
            of_this = self.score[benchmark["indicator"]]
            terms = {
                ("n", benchmark["indicator"], provider): 1.0 for provider in of_this.index[of_this.isna()]
            }
            self.equal.append((terms, benchmark["n"] - of_this.sum()))
        file = tables["delivery"].set_index("file_name")["accepted"][f"visits-{period}.csv"]
        self.equal.append(({("all", provider): 1.0 for provider in providers}, float(file)))

    def _states(self, indicator: str, provider: str, states: pd.DataFrame) -> None:
        everyone = ("all", provider)
        if np.isnan(self.score[indicator, provider]):
            self.at_most.append(({("n", indicator, provider): 1.0, everyone: -1.0}, 0.0))
            return
        lost = states[states["n"].isna()]
        terms = {("state", indicator, provider, row.state, row.reason): 1.0 for row in lost.itertuples()}
        self.equal.append(({**terms, everyone: -1.0}, -float(states["n"].sum())))

    def range(self, wanted: tuple[str, ...]) -> tuple[float, float]:
        """Smallest and largest value that fits with everything that is known."""
        names = list(dict.fromkeys(name for terms, _ in self.equal + self.at_most for name in terms))

        def matrix(
            rows: list[tuple[dict[tuple[str, ...], float], float]],
        ) -> tuple[object, object] | tuple[None, None]:
            if not rows:
                return None, None
            return [[terms.get(name, 0.0) for name in names] for terms, _ in rows], [
                total for _, total in rows
            ]

        (A_eq, b_eq), (A_ub, b_ub) = matrix(self.equal), matrix(self.at_most)
        ends = []
        for sign in (1.0, -1.0):
            cost = [sign * (name == wanted) for name in names]
            found = linprog(cost, A_ub=A_ub, b_ub=b_ub, A_eq=A_eq, b_eq=b_eq, bounds=(1, 10_000))
            assert found.success
            ends.append(sign * found.fun)
        return ends[0], ends[1]

    def unknown(self, kind: str) -> list[tuple[str, ...]]:
        found = {name for terms, _ in self.equal + self.at_most for name in terms if name[0] == kind}
        return sorted(found)


@pytest.mark.parametrize("year", YEARS)
def test_a_hidden_score_cannot_be_worked_out(
    published: Registry, tables: dict[str, pd.DataFrame], year: int
) -> None:
    attack, real = Attack(tables, str(year)), truth(published)
    for name in attack.unknown("n"):
        low, high = attack.range(name)
        assert low <= real[name[1], str(year), name[2]] <= high
        assert high - low >= 3


def test_what_can_still_be_worked_out(tables: dict[str, pd.DataFrame]) -> None:
    """Known and accepted: a lone reason why a few records do not count, where another counts all."""
    opened = []
    for year in YEARS:
        attack = Attack(tables, str(year))
        for name in attack.unknown("state"):
            low, high = attack.range(name)
            if high - low < 1:
                opened.append((year, *name[1:]))
    assert opened == [(2022, "visit-fall", "east", "missing", "fell")]


def make_and_run(folder: Path, monkeypatch: pytest.MonkeyPatch, *, threads: int) -> tuple[str, pd.DataFrame]:
    monkeypatch.setitem(SHUT_OFF, "threads", threads)
    folder.mkdir()
    registry = make_registry(folder / "registry")
    deliver_years(registry, folder)
    with Registry(registry) as opened:
        id = opened.run().published.id
        return id, opened.con.execute("select * from score order by all").df()


def test_the_same_files_give_the_same_publication(
    published: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, scores = make_and_run(tmp_path / "one", monkeypatch, threads=1)
    other, more = make_and_run(tmp_path / "four", monkeypatch, threads=4)
    assert id == other == current_publication(published.folder).stem
    pd.testing.assert_frame_equal(scores, more, check_exact=True)


def test_publishing_again_changes_nothing(published: Registry) -> None:
    before = current_publication(published.folder)
    stamp = before.stat().st_mtime_ns
    again = published.run()
    assert (again.published.unchanged, again.published.file) == (True, before)
    assert before.stat().st_mtime_ns == stamp
    assert not any(item.periods for item in again.assessed)


def test_half_a_draft_is_cleared_away(published: Registry) -> None:
    folder = published.folder / "publications"
    for name in (".0123.99.tmp", ".0123.99.tmp.wal", ".current.99.tmp"):
        (folder / name).write_bytes(b"half")
    published.publish()
    assert not list(folder.glob(".*"))


def test_a_registry_without_scores_is_published_empty(tmp_path: Path) -> None:
    folder = make_registry(tmp_path / "registry", {"visit.dataset.yaml": VISIT})
    with Registry(folder) as registry:
        registry.deliver("visit", write(tmp_path, text(visits())))
        done = registry.run().published
        assert (done.scores, done.settlements) == (0, 0)
        reader = PublicationReader(done.file)
        assert [row.accepted for row in reader.deliveries()] == [174]
        assert list(itertools.chain(reader.indicators(), reader.scores())) == []


def test_a_settlement_does_not_tell_what_a_hidden_score_does_not() -> None:
    result = {
        "indicator": "pph",
        "version": "1.0.0",
        "period": "2025",
        "n": 7,
        "adjusted": None,
        "band": "not-assessable",
        "handled": "leave-out",
        "reason": "not-assessable",
    }
    other = result | {"indicator": "tear", "n": 300}
    about = dict.fromkeys(("version", "period", "currency", "payer", "kind", "payment", "contract_hash"), "1")
    about |= {"contract": "small", "hash": "s", "participant": {"network": "VSV-03"}}

    def settled(*lines: dict[str, object]) -> dict[str, object]:
        inputs = {"records": 400, "results": list(lines)}
        return {**about, "quality": {"lines": list(lines)}, "inputs": inputs}

    text = json.dumps(settled(result, other))
    large = json.dumps({**settled(other), "contract": "large", "hash": "t"})
    judged = json.dumps({**settled({**result, "adjusted": "0.14"}), "contract": "judged", "hash": "u"})
    steps = [{"what": "pph", "up": "140"}, {"what": "tear", "up": "9"}, {"what": "spending", "up": "-1"}]
    goals = [{"indicator": "pph"}, {"indicator": "tear"}]
    luck = json.dumps({"luck": {}, "slopes": steps, "cliffs": steps, "goals": goals})
    key = {"indicator": ["pph", "tear"], "version": "1.0.0", "period": "2025", "provider": "VSV-03"}
    scores = pd.DataFrame(key | {"n": [7.0, 300.0], "records": [7.0, 300.0], "fewest_alike": np.nan})
    tables = {
        "score": pd.DataFrame(
            {**{name: scores[name] for name in scores}, "band": "in", "reason": ""}
        ).reindex(columns=[*scores.columns, *(name for name in NUMBERS if name != "n"), "band", "reason"]),
        "state": pd.DataFrame(columns=["indicator", "version", "period", "provider", "state", "reason", "n"]),
        "settlement": pd.DataFrame(
            {
                "settlement": ["s", "t", "u"],
                "provider": ["VSV-03"] * 3,
                "contract": ["small", "large", "judged"],
                "settlement_json": [text, large, judged],
                "restatement_json": None,
            }
        ),
        # its goal, with the payment, tells of the score
        "contract": pd.DataFrame({"contract": ["small", "large", "judged"], "definition": "target: 0.1"}),
        "luck": pd.DataFrame({"settlement": ["s", "u"], "luck_json": [luck, luck]}),
        "benchmark": scores[["indicator", "version", "period"]].assign(model=None),
        "model": pd.DataFrame(columns=list(Model.__slots__)),
        "estimate": scores[["indicator", "version", "period", "provider"]],
        "subgroup_score": scores.assign(stratifier="sex", subgroup="male").iloc[:0],
        "course": scores.assign(month="2025-01").iloc[:0],
        "explanation": scores.assign(term="", part=0.0, own=0.0, everyone=0.0).iloc[:0],
        "patient_mix": scores.assign(term="", level="", own=0.0, everyone=0.0, total=0.0).iloc[:0],
        "indicator": scores.iloc[:0],
    }
    hide_small(tables, facts=set(), populations={}, small_cell=10)
    shown = json.loads(tables["settlement"]["settlement_json"].iloc[0])
    hidden = {**result, "n": None, "band": None, "handled": None, "reason": None}
    assert shown["quality"]["lines"] == shown["inputs"]["results"] == [hidden, other]
    assert tables["settlement"]["settlement_json"].iloc[1] == large
    assert set(json.loads(tables["settlement"]["settlement_json"].iloc[2])) == {
        *(set(about) - {"hash"}),
        "withheld",
    }
    assert list(tables["contract"]["contract"]) == ["small", "large"]
    assert len(tables["luck"]) == 1
    sure = json.loads(tables["luck"]["luck_json"].iloc[0])
    assert sure == {"luck": {}, "slopes": steps[1:], "cliffs": steps[1:], "goals": goals[1:]}
    assert list(tables["estimate"]["indicator"]) == ["tear"]
