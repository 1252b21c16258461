"""The births of some practices shared out over two networks, as docs/networks.md shows it."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from indicators.cohort import NO_NETWORK
from indicators.faults import DefinitionError
from indicators.networks import NetworkSet
from registry_db.attribution import make_attributed_view
from registry_db.cohorts import make_cohort, patterns
from registry_db.faults import RegistryError
from registry_db.publication import publish
from registry_db.reader import PublicationReader
from registry_db.registry import Registry
from risk_models.expected import RiskModel
from risk_models.reliability import ratio_reliability
from tests.indicators.test_attribution import by_class, by_members

CHAPTER = Path(__file__).resolve().parents[2] / "docs" / "networks.md"
EVENTS, MEAN = "birth-pph", "birth-experience"


def shared_text(registry: Path) -> str:
    """The network set of the demo as the chapter says to change it."""
    text = (registry / "definitions" / "vsv.network.yaml").read_text(encoding="utf-8")
    [block] = [
        part for part in re.findall(r"```yaml\n(.*?)```", CHAPTER.read_text(encoding="utf-8"), re.DOTALL)
        if part.startswith("attribution:\n") and "midwife-led" in part
    ]  # fmt: skip
    return text.replace("version: 1.0.0", "version: 1.1.0", 1) + block


@pytest.fixture(scope="module")
def whole(demo_registry: Path) -> dict[str, pd.DataFrame]:
    """Scores and states of the demo, in which every birth is of one network."""
    with duckdb.connect(str(demo_registry / "vault.duckdb"), read_only=True) as con:
        return {name: con.execute(f"select * from {name}").df() for name in ("score", "state", "model")}


@pytest.fixture(scope="module")
def shared_out(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("shared") / "registry"
    shutil.copytree(demo_registry, folder)
    file = folder.parent / "vsv.network.yaml"
    file.write_text(shared_text(folder), encoding="utf-8")
    by_practice = (folder / "definitions" / "birth-pph.indicator.yaml").read_text(encoding="utf-8")
    provider = folder.parent / "pph-practice.indicator.yaml"
    provider.write_text(
        by_practice.replace(f"indicator: {EVENTS}", "indicator: pph-practice").replace("unit: vsv\n", ""),
        encoding="utf-8",
    )
    with Registry(folder) as registry:
        registry.define([file, provider])
        notes = [
            note
            for name in (EVENTS, MEAN, "pph-practice")
            for one in registry.score(name)
            for note in one.notes
        ]
        (folder / "notes").write_text("\n".join(notes), encoding="utf-8")
        yield registry


def by_hand(of: NetworkSet, provider: str, day: dt.date, led: bool | None) -> dict[str | None, Decimal]:
    """For how much a birth counts for each network, and for none, by the one class of the file."""
    [entry] = of.attribution
    [one] = entry.classes
    assert one.when == "care_start = 'practice'"
    if led:
        shares = by_class(of, one, provider, day)
    else:
        shares = {} if led is None and one.unknown == "outside" else by_members(of, provider, day)
    outside = 1 - sum(shares.values())
    return {**shares, None: outside} if outside else {**shares}


def networks(registry: Registry) -> NetworkSet:
    found = registry.catalogue().get("network_set", "vsv").model
    assert isinstance(found, NetworkSet)
    return found


@pytest.mark.parametrize("indicator", [EVENTS, MEAN])
def test_every_state_adds_up_to_that_of_the_nation(
    shared_out: Registry, whole: dict[str, pd.DataFrame], indicator: str
) -> None:
    state = whole["state"]
    nation = state[state["indicator"] == indicator].groupby(["period", "state", "reason"])["n"].sum()
    rows = shared_out.con.execute(
        "select period, state, reason, sum(n) from state where indicator = ? group by all", [indicator]
    ).fetchall()
    assert {row[:3]: row[3] for row in rows} == {key: Decimal(int(n)) for key, n in nation.items()}
    parts = shared_out.con.execute(
        "select count(*) from state where indicator = ? and n <> floor(n)", [indicator]
    ).fetchall()[0][0]
    assert parts > 50


@pytest.mark.parametrize("indicator", [EVENTS, MEAN])
def test_scores_add_up_to_those_of_the_nation(
    shared_out: Registry, whole: dict[str, pd.DataFrame], indicator: str
) -> None:
    """From networks and what is outside; and the nation has the same model, fitted on each record once."""
    found = shared_out.con.execute("select * from score where indicator = ?", [indicator]).df()
    before = whole["score"][whole["score"]["indicator"] == indicator]
    for period, now in found.groupby("period"):
        old = before[before["period"] == period]
        assert set(now["provider"]) == {*old["provider"], NO_NETWORK}
        many = [frame["n"] if indicator == MEAN else 1.0 for frame in (now, old)]
        assert abs(now["n"].sum() - old["n"].sum()) < 1e-9
        for column in ("observed", "expected"):
            total, nation = ((frame[column] * by).sum() for frame, by in zip((now, old), many, strict=True))
            assert total == pytest.approx(nation, rel=1e-12), (period, column)
    models = shared_out.con.execute("select model from model where indicator = ?", [indicator]).fetchall()
    assert {row[0] for row in models} == set(
        whole["model"].loc[whole["model"]["indicator"] == indicator, "model"]
    )


def test_from_provider_to_network_to_nation(shared_out: Registry) -> None:
    """The records of a provider are those of its networks and outside; so is what they cost."""
    dataset = shared_out.catalogue().dataset("birth")
    view = make_attributed_view(shared_out.con, "vsv", dataset)
    rows = shared_out.con.execute(
        f"""select provider, count(*) filter (_once), sum(_share), sum(spending_eur) filter (_once),
            sum(_share * spending_eur), count(distinct birth_id), count(distinct _network)
        from {view} group by all"""
    ).fetchall()
    assert len(rows) > 100
    assert all(records == shares == births for _, records, shares, _, _, births, _ in rows)
    assert all(spent == shared for _, _, _, spent, shared, _, _ in rows)
    assert sorted({of_networks for *_, of_networks in rows}) == [1, 2]
    scores = shared_out.con.execute(
        """select period, indicator, sum(n), sum(observed), sum(expected) from score
        where indicator in ('birth-pph', 'pph-practice') group by all order by all"""
    ).fetchall()
    for network, practice in zip(scores[::2], scores[1::2], strict=True):
        assert network[:2] == (practice[0], EVENTS)
        assert network[2:] == pytest.approx(practice[2:], rel=1e-12)


def test_the_score_of_a_network_is_that_of_its_records(shared_out: Registry) -> None:
    """Record by record, by the rule as a reader takes it from the file; and its reliability."""
    con, of = shared_out.con, networks(shared_out)
    item = shared_out.catalogue().get("indicator", EVENTS)
    alone = item.model.model_copy(update={"unit": "provider"})
    carried = ("provider", "care_start", "birth_date")
    make_cohort(con, alone, shared_out.catalogue().dataset("birth"), carried=carried)
    taken = patterns(con, alone, "2025")
    text = con.execute(
        "select model_json from model where indicator = ? and period = '2025'", [EVENTS]
    ).fetchall()[0][0]
    risk = RiskModel.from_dict(json.loads(text)).expected(taken.columns, rows=len(taken.n))
    same = " and ".join(f'cohort."{name}" is not distinct from pattern."{name}"' for name in taken.columns)
    rows = con.execute(
        f"""select provider, care_start = 'practice', birth_date, _pattern, _y
        from cohort join pattern on {same} where _period = '2025' and _state in ('met', 'not-met')"""
    ).fetchall()
    sums: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3))
    codes = sorted(of.networks)
    chance = np.zeros((len(codes), len(codes)))
    parts: dict[tuple[object, ...], dict[str | None, Decimal]] = {}
    for provider, led, day, pattern, event in rows:
        key = (provider, day, led)
        if key not in parts:
            parts[key] = by_hand(of, *key)
        for network, part in parts[key].items():
            sums[network or NO_NETWORK] += float(part) * np.array([1.0, event, risk[pattern]])
            for other, also in parts[key].items():
                if network and other:
                    varies = float(part * also) * risk[pattern] * (1 - risk[pattern])
                    chance[codes.index(network), codes.index(other)] += varies
    found = con.execute(
        "select provider, n, observed, expected from score where indicator = ? and period = '2025'", [EVENTS]
    ).fetchall()
    assert {row[0] for row in found} == set(sums)
    for provider, *numbers in found:
        assert numbers == pytest.approx(sums[provider].tolist(), rel=1e-9), provider
    n, observed, expected = np.array([sums[code] for code in codes]).T
    reliable = ratio_reliability(observed, expected, np.diag(chance), n, shared=chance).reliability
    kept = shared_out.scores(EVENTS, period="2025").set_index("provider").loc[codes, "reliability"]
    np.testing.assert_allclose(kept, reliable, rtol=1e-9)
    assert (chance - np.diag(np.diag(chance))).max() > 1


def test_what_is_outside_is_shown_without_a_verdict(shared_out: Registry) -> None:
    scores = shared_out.scores(EVENTS, provider=NO_NETWORK)
    assert list(scores["period"]) == ["2023", "2024", "2025"]
    assert set(scores["band"]) == {"not-assessable"}
    assert set(scores["reason"]) == {"outside every network"}
    assert scores[["adjusted", "lower", "upper", "high95", "ratio", "reliability"]].isna().all(axis=None)
    assert (scores["n"] > 0).all()
    assert (scores["records"] > scores["n"]).all()
    states = shared_out.states(EVENTS, provider=NO_NETWORK)
    assert states["n"].sum() > scores["n"].sum()
    providers = shared_out.con.execute(
        "select distinct providers from benchmark where indicator = ?", [EVENTS]
    ).fetchall()
    assert providers == [(24,)]
    card = shared_out.model_card(EVENTS)
    assert card["fit"]["providers"] == 24
    assert NO_NETWORK not in {row["provider"] for row in card["influence"]}
    assert len(card["influence"]) == 5


def test_no_score_tells_what_became_of_few(shared_out: Registry) -> None:
    """The digits of a score tell how many of those that count alike had an event: these are to be many."""
    vault = shared_out.con.execute("select * from score where indicator = ?", [EVENTS]).df()
    few = vault[vault["fewest_alike"] < 60]
    assert (few["n"] >= 60).sum() > 5
    published = publish(
        shared_out.con, shared_out.catalogue(), shared_out.folder / "sixty", name="x", small_cell=60
    )
    with duckdb.connect(str(published.file), read_only=True) as con:
        shown = con.execute("select * from score where indicator = ?", [EVENTS]).df()
        states = con.execute("select n from state where indicator = ? and n is not null", [EVENTS]).fetchall()
    assert not {"records", "fewest_alike"} & set(shown)
    hidden = shown[shown["suppressed"]]
    places = [set(zip(frame["period"], frame["provider"], strict=True)) for frame in (few, hidden)]
    assert places[0] <= places[1]
    assert len(places[1]) < len(shown) / 2
    assert all(isinstance(n, int) for (n,) in states)
    reader = PublicationReader(published.file)
    assert NO_NETWORK not in {row.provider for row in reader.organisations()}


def test_what_rests_on_whole_records_is_left_out_with_its_reason(shared_out: Registry) -> None:
    notes = (shared_out.folder / "notes").read_text(encoding="utf-8").splitlines()
    why = "records count in part for networks, and it rests on records that are of one each"
    assert {f"{EVENTS} 2025: no '{name}' beside the score: {why}" for name in ("shrunken", "direct")} <= set(
        notes
    )
    assert not any(note.startswith("pph-practice") for note in notes)
    found = {row[0] for row in shared_out.con.execute(
        "select distinct estimator from estimate where indicator = ?", [EVENTS]).fetchall()}  # fmt: skip
    assert found == {"with-overdispersion"}


def test_a_course_is_of_whole_records(shared_out: Registry) -> None:
    with pytest.raises(RegistryError, match="its records count in part for the networks of vsv"):
        shared_out.monitor(EVENTS, odds_ratio=2.0, false_alarms=0.05)


def test_what_cannot_be_scored_in_part_is_found_when_either_is_defined(
    shared_out: Registry, tmp_path: Path
) -> None:
    folder = shared_out.folder / "definitions"
    text = (folder / "birth-pph.indicator.yaml").read_text(encoding="utf-8")
    file = tmp_path / "birth-pph.indicator.yaml"
    changed = re.sub(r"(?m)^version: .*$", "version: 9.0.0", text)
    changed = re.sub(r"(?m)^estimators:.*\n(?:[ ]+.*\n)*", "", changed)
    file.write_text(changed + "estimators: {test: byar}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="test 'byar' is of a whole number of events"):
        shared_out.check([file])
    networks = tmp_path / "vsv.network.yaml"
    whole = (folder / "vsv.network.yaml").read_text(encoding="utf-8")
    networks.write_text(whole.replace("version: 1.1.0", "version: 1.2.0", 1), encoding="utf-8")
    shared_out.check([networks])
    with pytest.raises(DefinitionError) as error:
        shared_out.check([file, networks])
    found = [str(fault) for fault in error.value.faults]
    assert any("vsv.network.yaml:1: network_set: indicator birth-pph 9.0.0: estimators.test" in one
               for one in found), found  # fmt: skip


def test_the_chapter_gives_the_numbers_that_come_out(
    shared_out: Registry, whole: dict[str, pd.DataFrame]
) -> None:
    """The table of the chapter: network, births and adjusted value without and with shares."""
    before = whole["score"].query("indicator == @EVENTS and period == '2025'").set_index("provider")
    after = shared_out.scores(EVENTS, period="2025").set_index("provider")
    cells = [" ".join((r"([\d,.]+)", "\\|"))] * 4
    line = rf"(?m)^\| (VSV-\d\d) [^|]*\| {' '.join(cells)} ([\d.]+) to ([\d.]+) \|$"
    rows = re.findall(line, CHAPTER.read_text(encoding="utf-8"))
    assert len(rows) == 6
    for network, n, adjusted, n_shared, adjusted_shared, lower, upper in rows:
        old, new = before.loc[network], after.loc[network]
        assert f"{old['n']:,.0f}" == n
        assert f"{new['n']:,.2f}" == n_shared
        shown = [
            f"{100 * value:.2f}" for value in (old["adjusted"], new["adjusted"], new["lower"], new["upper"])
        ]
        assert shown == [adjusted, adjusted_shared, lower, upper]
