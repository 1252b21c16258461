"""What a contract can say and a registry can supply: payers, members, comparison, own baseline, position."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.contract import Contract, parse_contract
from contracts.inputs import SettlementInputs
from contracts.payers import settle_payers
from indicators.faults import DefinitionError
from indicators.periods import ReportingPeriod
from registry_db.faults import RegistryError
from registry_db.registry import Registry
from registry_db.settling import settlement_inputs

VSV = "VSV-03"
MEMBERS = ["H03", "M008", "M009", "M010"]


@pytest.fixture(scope="module")
def demo(demo_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("terms") / "registry"
    with Registry(Path(shutil.copytree(demo_registry, folder))) as registry:
        yield registry


def _contract(demo: Registry, **changes: Any) -> Contract:
    text = (demo.folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    return parse_contract({**yaml.safe_load(text), **changes})


def _facts(demo: Registry, contract: Contract, period: str = "2025") -> dict[str, SettlementInputs]:
    return settlement_inputs(demo.con, demo.catalogue(), contract, period)


def _births(demo: Registry, what: str, where: str = "true", period: int = 2025) -> Any:
    """An aggregate over the births, by plain SQL that knows nothing of the contract."""
    return demo.con.execute(
        f"select {what} from record_birth r join delivery d on d.seq = r._delivery "
        f"where d.superseded_by is null and year(birth_date) = {period} and {where}"
    ).fetchall()


def test_payers_by_a_column_split_records_and_money_and_share_the_scores(demo: Registry) -> None:
    whole = _facts(demo, _contract(demo))["Zorgverzekeraar Demo"]
    insured = {
        "column": "parity",
        "codes": {"A": ["nulliparous"], "B": ["multiparous"]},
        "other_codes": "left-out",
    }
    parties = {
        "payers": ["A", "B"],
        "judged": "pooled",
        "insured": insured,
        "participant": {"network_set": "vsv", "network": VSV},
    }
    contract = _contract(demo, parties=parties)
    found = _facts(demo, contract)
    assert sum(facts.records for facts in found.values()) == whole.records
    assert sum(facts.spending for facts in found.values()) == whole.spending
    assert found["A"].results == found["B"].results == whole.results
    joint = settle_payers(contract, found)
    assert joint.payment == sum(each.payment for each in joint.settlements)
    other = {**insured, "codes": {"A": ["nulliparous"], "B": ["none such"]}}
    with pytest.raises(RegistryError, match=r"insured.codes.B.1: 'parity' is never 'none such'"):
        _facts(demo, _contract(demo, parties={**parties, "insured": other}))
    refused = {**insured, "column": "provider", "codes": {"A": ["M008"], "B": ["M009"]}}
    refused["other_codes"] = "refused"
    with pytest.raises(RegistryError, match=r"parties.insured.codes, and it says 'other_codes: refused'"):
        _facts(demo, _contract(demo, parties={**parties, "insured": refused}))
    with pytest.raises(RegistryError, match=r"parties.insured: there are several payers"):
        _facts(demo, _contract(demo, parties={**parties, "insured": None}))


@pytest.mark.parametrize("by", ["records", "spending", "equal"])
def test_the_payment_falls_to_the_members_of_the_network(demo: Registry, by: str) -> None:
    contract = _contract(demo, distribution={"by": by, "remainder": "largest-remainder"})
    facts = _facts(demo, contract)["Zorgverzekeraar Demo"]
    assert [member.name for member in facts.members] == MEMBERS
    weights = sum(member.weight for member in facts.members)
    assert weights == {"records": facts.records, "spending": facts.spending, "equal": 4}[by]
    settlement = settle_payers(contract, {"Zorgverzekeraar Demo": facts}).settlements[0]
    assert sum(portion.amount for portion in settlement.portions) == settlement.payment


def test_a_comparison_group_is_all_other_networks_or_those_named(demo: Registry) -> None:
    target = {"kind": "comparison-group"}
    everything = _births(demo, "count(*), sum(least(spending_eur, 25000))")[0]
    contract = _contract(demo, target=target, comparison={"networks": "others"})
    facts = _facts(demo, contract)["Zorgverzekeraar Demo"]
    (group,) = facts.comparison
    assert group.records + facts.records == everything[0]
    assert group.spending + facts.spending == Decimal(everything[1])
    named = _contract(demo, target=target, comparison={"networks": ["VSV-01", "VSV-02"]})
    (few,) = _facts(demo, named)["Zorgverzekeraar Demo"].comparison
    assert 0 < few.records < group.records
    with pytest.raises(RegistryError, match=r"target: it needs a comparison group"):
        _facts(demo, _contract(demo, target=target))


def test_risk_is_the_mean_of_the_column_that_the_contract_names(demo: Registry) -> None:
    target = {
        "kind": "own-history",
        "basis": "per-record",
        "baseline": [{"period": "2023", "weight": 1}],
        "trend": {"rate": 0.03, "growth": "compound"},
        "case_mix": {"limit": 0.03, "limited": "growth", "column": "age"},
    }
    facts = _facts(demo, _contract(demo, target=target))["Zorgverzekeraar Demo"]
    mean = _births(demo, "avg(age)", "provider in ('H03', 'M008', 'M009', 'M010')")[0][0]
    assert float(facts.risk or 0) == pytest.approx(mean, rel=1e-9)
    assert facts.baselines[0].risk is not None


def _quality(demo: Registry, attain: dict[str, Any]) -> Contract:
    rule = {"indicator": "birth-pph", "weight": 1, "attain": attain}
    quality = {"digits": 6, "value": "raw", "not_assessable": "zero", "not_ripe": "ripe-records"}
    return _contract(demo, quality={**quality, "indicators": [rule]})


@pytest.mark.parametrize(
    "period", [{"kind": "quarter"}, {"kind": "rolling", "years": 3}, {"kind": "fiscal-year", "start": 4}]
)
def test_an_indicator_of_other_periods_is_no_part_of_a_contract(
    demo: Registry, period: dict[str, Any]
) -> None:
    catalogue, contract = demo.catalogue(), _contract(demo)
    pph = catalogue.get("indicator", "birth-pph")
    other = pph.model.model_copy(update={"period": ReportingPeriod(**period)})
    changed = replace(
        catalogue,
        definitions={**catalogue.definitions, ("indicator", "birth-pph"): replace(pph, model=other)},
    )
    message = (
        rf"quality.indicators.1.indicator: birth-pph is scored by '{period['kind']}'.*, and the contract "
        "goes by calendar years"
    )
    with pytest.raises(RegistryError, match=message):
        settlement_inputs(demo.con, changed, contract, "2025")


def test_improvement_is_measured_from_the_own_score_of_an_earlier_period(demo: Registry) -> None:
    attain = {
        "by": "improvement",
        "better": "lower",
        "baseline": {"period": "2023", "model": "concurrent"},
        "measured": "relative",
        "path": {"2024": 0.1, "2025": 0.2},
        "partial": "proportional",
    }
    scores = demo.scores("birth-pph", provider=VSV).set_index("period")["adjusted"]
    (result,) = _facts(demo, _quality(demo, attain))["Zorgverzekeraar Demo"].results
    assert (result.baseline, result.adjusted) == (scores["2023"], scores["2025"])
    path = r"quality.indicators.1.attain.baseline"
    for baseline, words in (
        ({"period": "2023", "model": "frozen"}, f"{path}.model: 'frozen'"),
        ({"period": "2019", "model": "concurrent"}, f"{path}.period: birth-pph has no assessable score"),
        ("as-delivered", f"{path}: 'as-delivered'"),
    ):
        with pytest.raises(RegistryError, match=words):
            _facts(demo, _quality(demo, {**attain, "baseline": baseline}))


def test_position_is_the_part_of_the_others_that_do_worse(demo: Registry) -> None:
    attain = {"by": "benchmark", "between": "step", "points": [{"from_position": 0.5, "attained": 1}]}
    scores = demo.scores("birth-pph", period="2025").set_index("provider")
    values = scores.loc[scores["band"] != "not-assessable", "adjusted"]
    (result,) = _facts(demo, _quality(demo, attain))["Zorgverzekeraar Demo"].results
    # ranks from scipy's definition of a percentile rank: ties count for a half, and the own value not at all
    rank = values.rank(ascending=False, method="average")[VSV]
    assert result.position == pytest.approx((rank - 1) / (len(values) - 1))


def test_what_only_the_parties_can_establish_is_asked_for_by_its_field(demo: Registry) -> None:
    text = (demo.folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    terms = demo.folder / "definitions" / "costs.contract.yaml"
    terms.write_text(
        text.replace("contract: birth-vsv", "contract: costs")
        + "project_costs: {threshold_judges: net-saving}\n",
        encoding="utf-8",
    )
    demo.define([terms])
    contract = demo.catalogue().get("contract", "costs").model
    with pytest.raises(ValueError, match=r"project_costs: none; the contract needs it"):
        settle_payers(contract, _facts(demo, contract))
    file = demo.folder / "definitions" / "established.facts.yaml"
    file.write_text(
        "facts: birth-vsv-established\nversion: 1.0.0\nstatus: active\ncontract: costs\n"
        'title: {nl: Vastgesteld, en: Established}\nyears:\n  "2025": {project_costs: 1234.50}\n',
        encoding="utf-8",
    )
    (item,) = demo.define([file])
    facts = _facts(demo, contract)
    assert facts["Zorgverzekeraar Demo"].project_costs == Decimal("1234.50")
    assert facts["Zorgverzekeraar Demo"].sources["facts birth-vsv-established 1.0.0"] == item.hash
    assert settle_payers(contract, facts).settlements[0].step("project_costs").amount == Decimal("1234.50")


def test_names_of_the_dataset_and_the_networks_are_checked_when_a_contract_is_defined(
    demo: Registry, tmp_path: Path
) -> None:
    text = (demo.folder / "definitions" / "birth-vsv.contract.yaml").read_text(encoding="utf-8")
    changed = yaml.safe_load(text)
    changed["version"] = "0.2.0"
    changed["parties"] |= {
        "payers": ["A", "B"],
        "judged": "pooled",
        "insured": {"column": "partiy", "codes": {"A": ["x"], "B": ["y"]}, "other_codes": "left-out"},
    }
    risk = {"limit": "none", "limited": "growth", "column": "parity"}
    changed["target"] = {"kind": "comparison-group", "case_mix": risk}
    changed["comparison"] = {"networks": ["VSV-04", "VSV-99"], "payers": "all"}
    file = tmp_path / "wrong.contract.yaml"
    file.write_text(yaml.safe_dump(changed, sort_keys=False, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        demo.check([file])
    assert [(fault.field, fault.message) for fault in caught.value.faults] == [
        ("parties.insured.column", "there is no column 'partiy'"),
        ("target.case_mix.column", "no numeric column 'parity'"),
        ("comparison.networks.2", "there is no network 'VSV-99'"),
    ]
