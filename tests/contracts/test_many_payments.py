"""The quick way against the ledger: thousands of worlds, each settled in full as well."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
import yaml

from contracts.contract import Contract, parse_contract
from contracts.drawn_scores import AS_FOUND, NOTHING_CHANGED, Truth
from contracts.evidence import Evidence
from contracts.inputs import Completion, Interim, SettlementInputs
from contracts.ledger import settle_one
from contracts.many_payments import ManyPayments, check_sample
from contracts.many_quality import many_scores
from contracts.worlds import Worlds, inputs_of
from tests.contracts import build
from tests.contracts.any_facts import any_facts, draw_one, evidence_of, pay_one
from tests.contracts.generate import generate, to_inputs

LIBRARY = sorted((Path(__file__).parents[2] / "indicators" / "library").rglob("*.contract.yaml"))
UNITS = {"cent": 0.01, "euro": 1.0}


def read(path: Path) -> Contract:
    return parse_contract(yaml.safe_load(path.read_text("utf-8")))


def _hold(contract: Contract, inputs: SettlementInputs, worlds: Worlds, seen: Counter[str]) -> None:
    """Every world settled in full: the same score, saving and payment."""
    many = pay_one(contract, inputs, worlds)
    scores = many_scores(contract, inputs, worlds)
    for draw in range(len(worlds.actual)):
        facts = inputs_of(contract, inputs, worlds, draw)
        exact = settle_one(contract, facts, payer=contract.parties.payers[0])
        assert float(exact.quality.score) == pytest.approx(scores.score[draw], abs=1e-9)
        assert bool(exact.quality.missed) == scores.missed[draw]
        size = float(exact.step("target").amount)
        assert float(exact.step("target").amount) == pytest.approx(many.target[draw], rel=1e-9)
        assert float(exact.step("saving").amount) == pytest.approx(many.net[draw], abs=1e-9 * size)
        assert float(exact.step("counted").amount) == pytest.approx(many.counted[draw], abs=1e-9 * size)
        unit = UNITS[contract.rounding.unit]
        assert float(exact.payment) == pytest.approx(many.payment[draw], abs=unit + 1e-9 * size)
        seen.update(paid=exact.payment > 0, owed=exact.payment < 0, nothing=exact.payment == 0)
        seen.update(score_between=0 < exact.quality.score < 1)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name.partition(".")[0])
def test_every_shipped_contract(path: Path) -> None:
    contract = read(path)
    seen: Counter[str] = Counter()
    for seed in range(6):
        inputs = any_facts(contract, Random(seed))
        evidence = evidence_of(inputs, cv=3.0)
        for truth in (AS_FOUND, NOTHING_CHANGED, Truth(saving=0.1, way=0.5), Truth(saving=-0.1)):
            worlds = draw_one(contract, inputs, evidence, truth=truth, draws=3, seed=seed)
            _hold(contract, inputs, worlds, seen)
    assert seen["paid"] > 3
    assert seen["owed"] + seen["nothing"] > 3


def test_generated_contracts() -> None:
    seen: Counter[str] = Counter()
    for seed in range(150):
        terms, facts = generate(Random(seed))
        contract = parse_contract(terms)
        inputs = to_inputs(facts, contract)
        worlds = draw_one(
            contract, inputs, evidence_of(inputs, cv=2.0), truth=NOTHING_CHANGED, draws=3, seed=seed
        )
        _hold(contract, inputs, worlds, seen)
    assert min(seen["paid"], seen["nothing"]) > 10


@pytest.mark.parametrize("passes_when", ["at_or_above", "above"])
@pytest.mark.parametrize("spending", ["980.00", "979.99", "980.01", "1000.00"])
def test_exactly_at_the_threshold_without_any_error(passes_when: str, spending: str) -> None:
    contract = build.contract(threshold__rate="0.02", threshold__passes_when=passes_when)
    inputs = build.facts(target="1000", spending=spending)
    worlds = draw_one(contract, inputs, evidence_of(inputs, cv=0.0), truth=AS_FOUND, draws=2, seed=1)
    _hold(contract, inputs, worlds, Counter())


def test_a_rule_that_the_quick_way_does_not_know_is_caught() -> None:
    contract, inputs = build.contract(), build.facts(target="1000", spending="900")
    worlds = draw_one(contract, inputs, evidence_of(inputs), truth=AS_FOUND, draws=5, seed=1)
    payments = pay_one(contract, inputs, worlds).payment
    facts, drawn = {"Payer": inputs}, {"Payer": worlds}
    check_sample(contract, facts, drawn, payments={"Payer": payments})
    with pytest.raises(ArithmeticError, match="not known"):
        check_sample(contract, facts, drawn, payments={"Payer": payments + 0.02})


def _interim() -> tuple[Contract, SettlementInputs, Evidence]:
    contract = build.contract()
    parts = (
        Completion("first", Decimal(400), Decimal("1")),
        Completion("second", Decimal(300), Decimal("0.75")),
    )
    inputs = replace(
        build.facts(target="1000", spending="700"), interim=Interim(paid_through="2025-09-30", parts=parts)
    )
    return contract, inputs, evidence_of(inputs)


def test_an_interim_settlement_is_drawn_at_its_expected_final_spending() -> None:
    contract, inputs, evidence = _interim()
    worlds = draw_one(contract, inputs, evidence, truth=AS_FOUND, draws=20, seed=2)
    assert worlds.actual.mean() == pytest.approx(800, rel=0.05)
    _hold(contract, inputs, worlds, Counter())


def test_the_draws_have_the_spread_that_was_asked_for() -> None:
    contract = build.contract()
    inputs = build.facts(target="1000000", spending="950000", records=2000)
    worlds = draw_one(
        contract, inputs, evidence_of(inputs, cv=0.6), truth=NOTHING_CHANGED, draws=40_000, seed=3
    )
    many: ManyPayments = pay_one(contract, inputs, worlds)
    # own history of 1,000 records, settled year of 2,000: cv sqrt(1/1000 + 1/2000)
    assert many.savings_rate.std() == pytest.approx(0.6 * np.sqrt(1 / 1000 + 1 / 2000), rel=0.02)
    assert many.savings_rate.mean() == pytest.approx(0, abs=0.001)
