"""A contract before signing, on the demo's records: held against formulas that know its size only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.chance import chance_of_passing
from contracts.simulation import Simulation
from registry_db.before_signing import flows
from registry_db.faults import RegistryError
from registry_db.registry import Registry


@pytest.fixture(scope="module")
def demo(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    copy = tmp_path_factory.mktemp("copy") / "registry"
    shutil.copytree(demo_registry, copy)
    with Registry(copy) as registry:
        yield registry


@pytest.fixture(scope="module")
def found(demo: Registry) -> Simulation:
    return demo.simulate("birth-vsv")


def test_false_payments_are_those_of_the_formula(demo: Registry, found: Simulation) -> None:
    spread, mean, records = demo.con.execute(
        """select stddev(least(spending_eur, 25000)), avg(least(spending_eur, 25000)), count(*)
        from record_birth join member on record_birth.provider = member.provider
            and birth_date between since and coalesce(until, date '9999-12-31')
        where network = 'VSV-03' and year(birth_date) = 2023"""
    ).fetchall()[0]
    sd = spread / mean * (2 / records) ** 0.5
    for row in found.thresholds:
        formula = chance_of_passing(float(row.threshold), sd=sd)
        assert row.false_payment == pytest.approx(formula, abs=0.03)


def test_a_file_is_simulated_as_the_contract_in_force(demo: Registry, found: Simulation) -> None:
    file = demo.folder / "definitions" / "birth-vsv.contract.yaml"
    again = demo.simulate(str(file))
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())


def test_what_is_saved_is_shared_between_the_parties(found: Simulation) -> None:
    frame = flows(found)
    assert list(frame["year"].unique()) == ["2024", "2025"]
    assert (frame["participant"] + frame["payer"]).tolist() == pytest.approx(frame["saved"].tolist())
    paid = frame.groupby(["saving", "way"])["payment"].sum()
    assert paid[0.03, 1.0] > paid[0.03, 0.0] > paid[0.01, 0.0] > paid[0.0, 0.0] > 0


def test_what_is_no_contract_is_refused(demo: Registry) -> None:
    with pytest.raises(RegistryError, match="there is no such file"):
        demo.simulate("nowhere.yaml")
    with pytest.raises(RegistryError, match="this is no contract"):
        demo.simulate(str(demo.folder / "definitions" / "birth-pph.indicator.yaml"))
