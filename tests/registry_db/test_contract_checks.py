"""A contract that cannot work is refused when it is checked, at the line of its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.contract import Contract
from indicators.faults import DefinitionError, Fault
from registry_db.catalogue import Catalogue, cross_check, merged, read_definition
from registry_db.contract_checks import case_mixes
from registry_db.registry import Registry
from tests.contracts import build
from tests.contracts.test_contract import CONTRADICTIONS


def _lines(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of a block-style YAML text, in the order of its lines; lists counted from 1 as faults do."""
    rows = data.items() if isinstance(data, dict) else ((str(n), x) for n, x in enumerate(data, start=1))
    for name, value in rows:
        if not isinstance(value, dict | list) or isinstance(data, dict):
            yield (*path, str(name))
        if isinstance(value, dict | list):
            yield from _lines(value, (*path, str(name)))


class _Plain(yaml.SafeDumper):
    """Writes an object that stands there twice out twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _written(terms: dict[str, Any]) -> str:
    return yaml.dump(terms, Dumper=_Plain, sort_keys=False, allow_unicode=True)


@pytest.mark.parametrize(("changes", "words"), CONTRADICTIONS)
def test_a_fault_points_at_the_line_of_its_field(changes: dict[str, Any], words: str) -> None:
    data = build.terms(**changes)
    text = _written(data)
    with pytest.raises(DefinitionError) as caught:
        read_definition(text, "wrong.contract.yaml")
    (fault,) = caught.value.faults
    # the second reader of the text counts lines by itself
    lines = list(_lines(data))
    assert len(lines) == len(text.splitlines())
    path = tuple(fault.field.split("."))
    if words.startswith("the year 2025/26"):  # a field that is missing: the text begins its contract
        assert (fault.field, fault.line) == ("year_starts", 1)
        return
    assert fault.line == min(place for place, at in enumerate(lines, start=1) if at[: len(path)] == path)


def test_a_year_that_stands_twice_is_pointed_at() -> None:
    text = _written(build.terms(years=["2024", "2025", "2024"]))
    with pytest.raises(DefinitionError) as caught:
        read_definition(text, "twice.contract.yaml")
    (fault,) = caught.value.faults
    assert text.splitlines()[fault.line - 1] == "- '2024'"
    assert text.splitlines()[fault.line - 2] == "- '2025'"
    assert str(fault).endswith("years.3: year '2024' stands there more than once")


@pytest.fixture(scope="module")
def known(demo_registry: Path) -> Iterator[tuple[Catalogue, str]]:
    with Registry(demo_registry) as registry:
        file = registry.folder / "definitions" / "birth-vsv.contract.yaml"
        yield registry.catalogue(), file.read_text(encoding="utf-8")


def _checked(catalogue: Catalogue, terms: dict[str, Any], kind: str) -> list[Fault]:
    text = _written(terms)
    return cross_check(catalogue, [read_definition(text, f"wrong.{kind}.yaml")])


def _changed(text: str, changes: dict[str, Any]) -> dict[str, Any]:
    terms: dict[str, Any] = yaml.safe_load(text)
    for path, value in changes.items():
        *sections, field = path.split("__")
        place: Any = terms
        for section in sections:
            place = place[int(section) if section.isdigit() else section]
        place[field] = value
    return terms


OWN = {"kind": "own-history", "basis": "total", "baseline": [{"period": "2023", "weight": 1}]}
RATE = {"rate": 0, "growth": "simple"}
TWO = {"payers": ["A", "B"], "judged": "pooled", "participant": {"network_set": "vsv", "network": "VSV-03"}}
INSURED = {"column": "parity", "codes": {"A": ["nulliparous"], "B": ["multi"]}, "other_codes": "left-out"}
IMPROVED = {
    "by": "improvement",
    "better": "lower",
    "baseline": "as-delivered",
    "measured": "relative",
    "path": {"2024": 0.1, "2025": 0.2},
    "partial": "proportional",
}
RULE = "quality__indicators__0"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"population__dataset": "visit"}, "population.dataset: 'visit', and the spending is of dataset"),
        ({"spending__column": "spending"}, "spending.column: no numeric column 'spending' (did you mean"),
        ({"spending__column": "parity"}, "spending.column: no numeric column 'parity'"),
        (
            {"spending__dataset": "vsv-structure", "population__dataset": "vsv-structure"},
            "spending.dataset: dataset vsv-structure has no date that says to which year a record belongs",
        ),
        ({"parties__participant__network_set": "town"}, "network_set: there is no network_set 'town'"),
        ({"parties__participant__network": "VSV-3"}, "network: there is no network 'VSV-3' (did you mean"),
        ({"parties": TWO}, "parties.insured: there are several payers, and nothing says which records"),
        ({"parties": {**TWO, "insured": {**INSURED, "column": "insurer"}}}, "no column 'insurer'"),
        ({"parties": {**TWO, "insured": INSURED}}, "codes.B.1: 'parity' is never 'multi', so that payer 'B'"),
        ({"target": {"kind": "comparison-group"}}, "target: it needs a comparison group, and"),
        (
            {"target": {**OWN, "trend": {"kind": "comparison-group"}}},
            "target: it needs a comparison group, and",
        ),
        (
            {"target": {**OWN, "trend": RATE, "case_mix": {"limit": "none", "limited": "growth"}}},
            "target.case_mix: nothing says what the risk of a record is",
        ),
        ({f"{RULE}__indicator": "birth-pphh"}, "indicators.1.indicator: there is no indicator 'birth-pphh'"),
        ({f"{RULE}__indicator": "birth-standard"}, "scores by 'provider', and the participant is a network"),
        ({f"{RULE}__version": "2.0.0"}, "indicators.1.version: there is no version 2.0.0 of birth-pph"),
        ({f"{RULE}__horizon": 1}, "indicators.1.horizon: 1, and birth-pph has horizon 2"),
        (
            {f"{RULE}__attain": {"by": "level", "better": "higher", "threshold": 0.05, "target": 0.06}},
            "attain.better: 'higher', and of birth-pph lower is better",
        ),
        ({f"{RULE}__attain": IMPROVED}, "attain.baseline: 'as-delivered', and a registry is not handed a"),
        (
            {
                "years": ["2024/25"],
                "year_starts": 7,
                "target__baseline": [{"period": "2022/23", "weight": 1}],
            },
            "birth-pph is scored by 'calendar-year', and the contract goes by years that start in month 7",
        ),
    ],
)
def test_what_does_not_fit_the_registry_is_told_by_check(
    known: tuple[Catalogue, str], changes: dict[str, Any], told: str
) -> None:
    catalogue, text = known
    faults = _checked(catalogue, _changed(text, changes), "contract")
    assert [str(fault) for fault in faults if told in str(fault)] != [], list(map(str, faults))
    assert all(fault.line > 1 for fault in faults)


def test_a_flag_may_tell_the_payers_apart(known: tuple[Catalogue, str]) -> None:
    """In the words of the engine, by which the records are found: true and false."""
    catalogue, text = known
    for codes, faults in ({"A": ["true"], "B": ["false"]}, 0), ({"A": ["True"], "B": ["false"]}, 1):
        insured = {"column": "deprived_area", "codes": codes, "other_codes": "left-out"}
        found = _checked(catalogue, _changed(text, {"parties": {**TWO, "insured": insured}}), "contract")
        assert sum("is never" in str(fault) for fault in found) == faults


def test_the_demo_contract_fits(known: tuple[Catalogue, str]) -> None:
    catalogue, text = known
    assert _checked(catalogue, yaml.safe_load(text), "contract") == []


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ({"2031": {}}, "years.2031: contract birth-vsv has no year 2031 (it has 2024, 2025)"),
        ({"2024": {"project_costs": 5}}, "years.2024.project_costs: no rule of contract birth-vsv uses it"),
        ({"2024": {"target": 5}}, "years.2024.target: no rule of contract birth-vsv uses it"),
        ({"2024": {"payers": {"Other": {}}}}, "payers.Other: there is no payer 'Other' (known: Zorgverz"),
        ({"2024": {"findings": {"storm": True}}}, "findings.storm: no rule of contract birth-vsv asks for"),
    ],
)
def test_facts_that_the_contract_does_not_ask_for(
    known: tuple[Catalogue, str], years: dict[str, Any], told: str
) -> None:
    facts = {
        "facts": "established",
        "version": "1.0.0",
        "status": "active",
        "title": {"nl": "Vastgesteld", "en": "Established"},
        "contract": "birth-vsv",
        "years": years,
    }
    (fault,) = _checked(known[0], facts, "facts")
    assert told in str(fault)
    assert fault.line > 7


SHIPPED = sorted((Path(__file__).parents[2] / "indicators" / "library").rglob("*.contract.yaml"))


def _around(contract: Contract) -> dict[str, str]:
    """Definitions that a contract can be of: its dataset, its networks, and its indicators."""
    parties, spending = contract.parties, contract.spending
    columns = {"id": "text", "provider": "text", "day": "date", "met": "boolean", spending.column: "decimal"}
    columns |= {mix.column: "decimal" for _, mix in case_mixes(contract.target) if mix.column}
    if parties.insured:
        columns[parties.insured.column] = "text"
    head = 'version: 1.0.0\ntitle: {nl: "x", en: "x"}\n'
    found = {
        "dataset": f"dataset: {spending.dataset}\n{head}source: made up\nkey: [id]\nprovider: provider\n"
        "period: {year_of: day}\nfile: {delimiter: ';'}\ncolumns:\n"
        + "".join(f"  {name}: {{type: {kind}, required: true}}\n" for name, kind in columns.items()),
        "networks": f"network_set: {parties.participant.network_set}\n{head}networks:\n"
        f"  {parties.participant.network}: {{name: N, members: [{{provider: P, since: 2020-01-01}}]}}\n",
    }
    for rule in contract.quality.indicators:
        better = getattr(rule.attain, "better", "higher")
        found[rule.indicator] = (
            f"indicator: {rule.indicator}\n{head}horizon: {rule.horizon or 2}\nwhy: {{nl: x, en: x}}\n"
            f"steward: x\nsources: [x]\ndataset: {spending.dataset}\n"
            f"unit: {parties.participant.network_set}\n"
            f"population: met or not met\noutcome: {{kind: binary, when: met, better: {better}}}\n"
            "show: {unit: percent, decimals: 1}\n"
            "examples:\n  - {given: {met: true}, expect: {state: met}}\n"
        )
    return found


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name.partition(".")[0])
def test_a_shipped_contract_is_right_beside_its_definitions(file: Path) -> None:
    item = read_definition(file.read_text("utf-8"), file.name)
    around = [read_definition(text, f"{name}.yaml") for name, text in _around(item.model).items()]
    catalogue = merged(Catalogue({}), [*around, item])
    assert [str(fault) for fault in cross_check(catalogue, [item])] == []
