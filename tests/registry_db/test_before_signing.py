"""A contract before signing, on the demo's records: held against formulas that know its size only."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.chance import chance_of_passing, expected_payment
from contracts.simulation import Simulation
from registry_db import before_signing
from registry_db.before_signing import Expected, flows
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


def _written(demo: Registry, folder: Path, **changes: Any) -> str:
    """A file with the demo's contract, changed, for the years after the last that is known."""
    text = (demo.folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    terms = {**yaml.safe_load(text), "years": ["2025", "2026"], **changes}
    file = folder / "other.contract.yaml"
    file.write_text(yaml.safe_dump(terms, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(file)


def _per_birth(demo: Registry, year: int, network: str = "= 'VSV-03'") -> tuple[float, int]:
    """Truncated spending per birth, and births; by plain SQL that knows nothing of contracts."""
    mean, records = demo.con.execute(
        f"""select avg(least(spending_eur, 25000)), count(*)
        from record_birth join member on record_birth.provider = member.provider
            and birth_date between since and coalesce(until, date '9999-12-31')
        where network {network} and year(birth_date) = {year}"""
    ).fetchall()[0]
    return float(mean), records


OWN = {
    "kind": "own-history",
    "basis": "per-record",
    "baseline": [{"period": "2023", "weight": 1}, {"period": "2024", "weight": 3}],
    "trend": {"rate": 0.03, "growth": "compound"},
}


def test_two_baseline_years_with_weights(demo: Registry, tmp_path: Path) -> None:
    first, (second, births) = _per_birth(demo, 2023)[0], _per_birth(demo, 2024)
    found = demo.simulate(_written(demo, tmp_path, target=OWN), years=1)
    assert found.known == "2024"
    known, nothing = found.scenarios[:2]
    target = births * (first * 1.03**2 + 3 * second * 1.03) / 4
    assert (known.scenario.as_known, nothing.scenario.as_known) == (True, False)
    assert known.years[0].saving == pytest.approx(target - births * second * 1.03)
    assert nothing.years[0].saving == 0
    frame = flows(found)
    assert frame["as_known"].tolist() == [True, *[False] * 9]


def test_a_trend_of_the_other_networks(demo: Registry, tmp_path: Path) -> None:
    target = {**OWN, "trend": {"kind": "comparison-group"}}
    file = _written(demo, tmp_path, target=target, comparison={"networks": "others"})
    first, (second, births) = _per_birth(demo, 2023)[0], _per_birth(demo, 2024)
    before, after = (_per_birth(demo, year, "<> 'VSV-03'")[0] for year in (2023, 2024))
    known = demo.simulate(file, years=1).scenarios[0]
    by_hand = births * (first * after / before + 3 * second) / 4
    assert known.years[0].saving == pytest.approx(by_hand - births * second)


def test_without_a_baseline_it_goes_by_the_last_whole_year_before(demo: Registry, tmp_path: Path) -> None:
    target = {"kind": "stated", "basis": "per-record", "amounts": {"2025": 6000, "2026": 6100}}
    found = demo.simulate(_written(demo, tmp_path, target=target), years=1)
    mean, births = _per_birth(demo, 2024)
    assert found.known == "2024"
    assert found.scenarios[0].years[0].saving == pytest.approx(births * (6000 - mean))
    early = {"target": {**target, "amounts": {"2023": 6000}}, "years": ["2023"]}
    with pytest.raises(RegistryError, match="no records of VSV-03 of a whole year before 2023") as caught:
        demo.simulate(_written(demo, tmp_path, **early))
    assert "geen basisjaar" in caught.value.dutch


def test_a_last_baseline_year_that_has_not_ended_is_refused(
    demo: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _written(demo, tmp_path, target=OWN)
    monkeypatch.setattr(before_signing, "newest", lambda *_: dt.date(2024, 9, 30))
    with pytest.raises(RegistryError, match="the records of 2024 end on 2024-09-30") as caught:
        demo.simulate(file)
    assert "de records van 2024 gaan tot en met 2024-09-30" in caught.value.dutch
    monkeypatch.setattr(before_signing, "newest", lambda *_: dt.date(2024, 12, 31))
    assert demo.simulate(file, years=1).known == "2024"


def test_what_no_record_can_say_is_told_in_a_file(demo: Registry, tmp_path: Path) -> None:
    file = _written(demo, tmp_path, target=OWN, project_costs={"threshold_judges": "net-saving"})
    lacks = r"no record can say: Project costs \(project_costs\) 2025, 2026"
    with pytest.raises(RegistryError, match=lacks) as caught:
        demo.simulate(file)
    assert "heeft nodig wat geen record zegt: Projectkosten" in caught.value.dutch
    told = {
        "facts": "other-told",
        "version": "1.0.0",
        "status": "draft",
        "title": {"nl": "Verwacht", "en": "Expected"},
        "contract": "birth-vsv",
        "years": {"2025": {"project_costs": 200_000}, "2026": {"project_costs": 100_000}},
    }
    facts = tmp_path / "told.facts.yaml"
    facts.write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    without = demo.simulate(_written(demo, tmp_path, target=OWN)).scenarios[-1]
    file = _written(demo, tmp_path, target=OWN, project_costs={"threshold_judges": "net-saving"})
    found = demo.simulate(file, facts=facts).scenarios[-1]
    mean, births = _per_birth(demo, 2024)
    spread = demo.con.execute("select stddev(least(spending_eur, 25000)) from record_birth").fetchall()[0][0]
    sd = spread / mean * ((1 + 0.25**2 + 0.75**2) / births) ** 0.5
    for place, costs in enumerate((200_000, 100_000)):
        # of a saving of 3 % the costs come off first, and what is left must pass the threshold
        target = births * mean * 1.03 ** (place + 1)
        left, whole = (
            expected_payment(0.01, sd=sd, share=1, target=target, true_saving=0.03 - part)
            for part in (costs / target, 0.0)
        )
        ratio = found.years[place].payment / without.years[place].payment
        assert ratio == pytest.approx(left / whole, abs=0.05)
    facts.write_text(yaml.safe_dump({**told, "contract": "another"}, sort_keys=False), encoding="utf-8")
    with pytest.raises(RegistryError, match="these are no facts about contract birth-vsv"):
        demo.simulate(file, facts=facts)


def test_own_costs_speed_and_missed_revenue_make_the_business_case(demo: Registry, found: Simulation) -> None:
    expected = Expected((0.5, 1.0), (Decimal(80_000), Decimal(10_000)), 0.2)
    case = demo.simulate("birth-vsv", expected=expected)
    for before, after in zip(found.scenarios, case.scenarios, strict=True):
        first, second = after.years
        assert first.saving == pytest.approx(before.years[0].saving / 2)
        assert first.participant == pytest.approx(first.payment - 80_000 - 0.2 * first.saving)
        assert second.participant == pytest.approx(second.payment - 10_000 - 0.2 * second.saving)
        assert (after.pays_back == "2025") is (after.participant[-1] >= 0)
    assert {each.pays_back for each in case.scenarios} == {None, "2025"}
    once = demo.simulate("birth-vsv", expected=Expected(costs=(Decimal(1000),)), years=1)
    assert once.scenarios[0].participant[0] == pytest.approx(found.scenarios[0].participant[0] - 1000)
    with pytest.raises(RegistryError, match="--costs: given 3 times; expected once for all years"):
        demo.simulate("birth-vsv", expected=Expected(costs=(Decimal(1),) * 3))
