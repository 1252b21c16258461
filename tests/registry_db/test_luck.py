"""Luck of the demo's settlements: against the records themselves, drawn again one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from contracts.contract import Contract, parse_contract
from contracts.evidence import Evidence
from contracts.inputs import SettlementInputs
from contracts.payers import settle_payers
from contracts.resampling import MET, NOT_COUNTED, resample
from registry_db.evidence import evidence_of
from registry_db.faults import RegistryError
from registry_db.hiding import hide_small
from registry_db.luck import store_luck
from registry_db.publication import _tables
from registry_db.reader import Publications
from registry_db.registry import Registry
from registry_db.settling import settlement_inputs

PAYER = "Zorgverzekeraar Demo"


@pytest.fixture(scope="module")
def demo(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    copy = tmp_path_factory.mktemp("copy") / "registry"
    shutil.copytree(demo_registry, copy)
    with Registry(copy) as registry:
        yield registry


@pytest.fixture(scope="module")
def settled(demo: Registry) -> tuple[Contract, SettlementInputs]:
    stored = json.loads(demo.settlements().set_index("period").loc["2025", "settlement_json"])
    return demo.catalogue().get("contract", "birth-vsv").model, SettlementInputs.from_dict(stored["inputs"])


@pytest.fixture(scope="module")
def women(demo: Registry) -> pd.DataFrame:
    """The records of the participant in 2025, by an SQL of its own."""
    return demo.con.execute(
        """select cast(spending_eur as double) as spent, plurality = 1 and gestation_weeks >= 22
            and blood_loss_ml is not null and age is not null and parity is not null
            and previous_caesarean is not null and pre_eclampsia is not null as counts,
            blood_loss_ml > 1000 as bled
        from record_birth join member on record_birth.provider = member.provider
            and birth_date between since and coalesce(until, date '9999-12-31')
        where network = 'VSV-03' and year(birth_date) = 2025"""
    ).df()


def _evidence(demo: Registry, contract: Contract, inputs: SettlementInputs) -> Evidence:
    return evidence_of(demo.con, demo.catalogue(), contract, {PAYER: inputs})[PAYER]


def test_the_sums_are_those_of_the_records(
    demo: Registry, settled: tuple[Contract, SettlementInputs], women: pd.DataFrame
) -> None:
    evidence = _evidence(demo, *settled)
    spent = np.minimum(women["spent"], 25_000)
    assert evidence.spending.records == len(women)
    assert evidence.spending.cv == pytest.approx(spent.std() / spent.mean(), rel=1e-9)
    patterns = evidence.records
    assert patterns is not None
    assert set(patterns.outcomes) == {result.indicator for result in settled[1].results}
    assert patterns.records.sum() == len(women)
    assert patterns.sums[:, 0].sum() == pytest.approx(spent.sum(), rel=1e-12)
    assert patterns.products[:, 0, 0].sum() == pytest.approx((spent**2).sum(), rel=1e-12)
    for result in settled[1].results:
        counted = patterns.records[patterns.states[result.indicator] != NOT_COUNTED].sum()
        assert counted == result.n
    # what women with a haemorrhage cost, which only patterns of both together can tell
    bled = patterns.states["birth-pph"] == MET
    cost = patterns.sums[bled, 0].sum() / patterns.records[bled].sum()
    single = women[women["counts"].astype(bool) & women["bled"].fillna(False).astype(bool)]
    assert patterns.records[bled].sum() == len(single)
    assert cost == pytest.approx(np.minimum(single["spent"], 25_000).mean(), rel=1e-9)


def test_spending_and_events_go_together_as_in_the_records(
    demo: Registry, settled: tuple[Contract, SettlementInputs], women: pd.DataFrame
) -> None:
    evidence = _evidence(demo, *settled)
    assert evidence.records is not None
    found = {
        result.indicator: result.adjusted for result in settled[1].results if result.adjusted is not None
    }
    again = resample(evidence.records, found, found=found, stream=np.random.default_rng(1), draws=20_000)
    assert again is not None
    spent = np.minimum(women["spent"].to_numpy(), 25_000)
    counted = women["counts"].to_numpy(bool)
    bled = counted & women["bled"].fillna(False).to_numpy(bool)
    rng = np.random.default_rng(2)
    drawn = rng.integers(0, len(women), (3000, len(women)))
    mean, rate = spent[drawn].mean(axis=1), bled[drawn].sum(axis=1) / counted[drawn].sum(axis=1)
    by_record = float(np.corrcoef(mean, rate)[0, 1])
    ours = float(np.corrcoef(again.spending[:, 0], again.values["birth-pph"])[0, 1])
    assert ours == pytest.approx(by_record, abs=0.06)
    assert again.spending[:, 0].std() == pytest.approx(mean.std() / mean.mean(), rel=0.05)


def test_earlier_scores_are_drawn_towards_the_benchmark(
    demo: Registry, settled: tuple[Contract, SettlementInputs]
) -> None:
    earlier = _evidence(demo, *settled).earlier
    before = demo.scores("birth-pph", period="2023", provider="VSV-03").iloc[0]
    (reference,) = demo.con.execute(
        "select reference from benchmark where indicator = 'birth-pph' and period = '2023'"
    ).fetchall()[0]
    low, high = sorted((before["adjusted"], reference))
    assert low < earlier["birth-pph"] < high


def test_the_same_settlement_has_the_same_luck_to_the_bit(demo: Registry) -> None:
    first = demo.luck("birth-vsv")["luck_json"].tolist()
    demo.settle("birth-vsv")
    assert demo.luck("birth-vsv")["luck_json"].tolist() == first
    assert len(first) == 2


def test_draws_agree_with_the_formula_where_quality_cannot_stop_a_payment(demo: Registry) -> None:
    """The demo pays at least a quarter of any saving past 1 %, so a payment is a matter of spending alone."""
    for text in demo.luck()["luck_json"]:
        found = json.loads(text)["luck"]
        error = np.sqrt(0.25 / found["draws"])
        assert found["any_by_luck"] == pytest.approx(found["passes_by_luck"], abs=4 * error)
        assert found["power"] == pytest.approx(found["passes_by_saving"], abs=4 * error)
        assert len(found["together"]) == 5


def test_an_unknown_contract_or_period_is_refused(demo: Registry) -> None:
    with pytest.raises(RegistryError, match="how sure a settlement of birth-vsv 2031 is"):
        demo.luck("birth-vsv", period="2031")


def test_what_is_published_is_what_was_stored(demo: Registry) -> None:
    reader = Publications(demo.folder).newest()
    (newest, _) = reader.settlements("VSV-03")
    found = reader.luck(newest.settlement)
    assert found is not None
    assert found.payment == newest.payment
    assert found.together == ("birth-pph", "birth-tear", "birth-apgar", "birth-booking", "birth-experience")
    assert reader.luck("no such settlement") is None


def test_a_hidden_score_takes_its_slopes_and_cliffs_with_it(demo: Registry) -> None:
    tables, _ = _tables(demo.con, demo.catalogue(), small_cell=10)
    facts = {item.id for item in demo.catalogue().indicators() if item.model.outcome.kind == "structure"}
    tables["score"] = demo.con.execute("select * from score").df()
    tables["state"] = demo.con.execute("select * from state").df()
    for name in ("subgroup_score", "explanation", "patient_mix", "course"):
        tables[name] = demo.con.execute(f"select * from {name}").df()
    own = (tables["score"]["provider"] == "VSV-03") & (tables["score"]["indicator"] == "birth-pph")
    tables["score"].loc[own, "n"] = 5.0
    tables["settlement"]["settlement_json"] = [
        _unjudged(text, "birth-pph") for text in tables["settlement"]["settlement_json"]
    ]
    hide_small(tables, facts=facts, populations={}, small_cell=10)
    assert len(tables["luck"]) == 2
    for text in tables["luck"]["luck_json"]:
        found = json.loads(text)
        assert "birth-pph" not in json.dumps([found["slopes"], found["cliffs"], found["goals"]])
        assert "birth-tear" in json.dumps(found["slopes"])


def _unjudged(text: str, indicator: str) -> str:
    settlement = json.loads(text)
    for line in settlement["quality"]["lines"]:
        if line["indicator"] == indicator:
            line["adjusted"] = None
    return json.dumps(settlement)


def _of_two_payers(demo: Registry, judged: str) -> list[dict[str, Any]]:
    """Settle the demo's contract with two payers, by parity; give what was kept of the luck of each."""
    text = (demo.folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    parties = {
        "payers": ["A", "B"],
        "judged": judged,
        "insured": {
            "column": "parity",
            "codes": {"A": ["nulliparous"], "B": ["multiparous"]},
            "other_codes": "left-out",
        },
        "participant": {"network_set": "vsv", "network": "VSV-03"},
    }
    terms = yaml.safe_load(text)
    population = {**terms["population"], "minimum_records": 100}
    contract = parse_contract({**terms, "parties": parties, "population": population})
    made = settle_payers(contract, settlement_inputs(demo.con, demo.catalogue(), contract, "2025"))
    store_luck(demo.con, demo.catalogue(), contract, made)
    found = []
    for settlement in made.settlements:
        (row,) = demo.con.execute(
            "select luck_json from luck where settlement = ?", [settlement.hash]
        ).fetchall()
        found.append(json.loads(row[0]) | {"paid": str(settlement.payment)})
    return found


@pytest.mark.parametrize("judged", ["per-payer", "pooled"])
def test_each_payer_has_its_own_luck(demo: Registry, judged: str) -> None:
    both = _of_two_payers(demo, judged)
    first, second = (each["luck"] for each in both)
    # the women of both payers make the scores, and each payer pays for its own women
    assert len(first["together"]) == len(second["together"]) == 5
    whole = json.loads(demo.luck(period="2025")["luck_json"].iloc[0])["luck"]
    total = both[0]["total"]
    assert total == both[1]["total"]
    assert float(total["payment"]) == pytest.approx(float(first["payment"]) + float(second["payment"]))
    for name in ("expected", "expected_by_luck"):
        assert total[name] == pytest.approx(first[name] + second[name])
    if judged == "pooled":
        # judged is the saving of all, which is as sure as when one payer has them all
        assert first["savings_sd"] == pytest.approx(second["savings_sd"])
        assert first["savings_sd"] == pytest.approx(whole["savings_sd"], rel=0.05)
        return
    assert min(first["savings_sd"], second["savings_sd"]) > whole["savings_sd"]
    for found in (first, second):
        assert found["any_by_luck"] == pytest.approx(found["passes_by_luck"], abs=0.02)


def test_luck_that_is_not_known_says_why_and_is_not_published(demo: Registry) -> None:
    in_force = demo.settlements().set_index("period")["settlement"]
    demo.con.execute(
        """update luck set luck_json = '{"unknown": "why"}' where settlement = ?""", [in_force["2024"]]
    )
    published = _tables(demo.con, demo.catalogue(), small_cell=10)[0]["luck"]
    assert published["settlement"].tolist() == [in_force["2025"]]
    demo.settle("birth-vsv")
    assert len(_tables(demo.con, demo.catalogue(), small_cell=10)[0]["luck"]) == 2
