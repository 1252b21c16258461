"""A contract before it is signed: simulated on the volumes, spending and scores of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pandas as pd
from threadpoolctl import threadpool_limits

from contracts.checks import lacking
from contracts.contract import Contract
from contracts.field_words import FieldWords
from contracts.inputs import SettlementInputs
from contracts.money import Language
from contracts.plan import already_saved, same_every_year
from contracts.simulation import Simulation, simulate
from contracts.terms.facts import Facts
from contracts.terms.part import Period, Text
from indicators.faults import did_you_mean
from registry_db.catalogue import Catalogue, Definition, file_text, read_definition
from registry_db.connect import Connection
from registry_db.contract_checks import span
from registry_db.contract_interim import newest
from registry_db.contract_records import Records
from registry_db.established import established
from registry_db.evidence import evidence_of
from registry_db.faults import RegistryError
from registry_db.settling import refuse_misfits, settlement_inputs

YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the participant expects of its improvement: one value for all contract years, or one for each.

    Attributes
    ----------
    reached : tuple of float
        Part of the improvement that is reached, from 0 to 1; empty: all of it, from the first year.
    costs : tuple of Decimal
        What the improvement costs the participant itself in a year; empty: nothing.
    revenue_lost : float
        Part of each euro saved that the participant misses as revenue, from 0 to 1.
    """

    reached: tuple[float, ...] = ()
    costs: tuple[Decimal, ...] = ()
    revenue_lost: float = 0.0


NOTHING_EXPECTED = Expected()


def contract_of(catalogue: Catalogue, contract: str) -> Contract:
    """Read a contract from a file, or take the one in force by its name.

    Raises
    ------
    RegistryError
        If it is neither, or the file holds another kind of definition.
    """
    file = Path(contract)
    if file.suffix not in YAML:
        known = catalogue.of_kind("contract")
        if contract not in known:
            raise RegistryError(
                Text(
                    nl=f"er is geen contract '{contract}' in dit register",
                    en=f"there is no contract '{contract}' in this registry",
                ),
                Text(nl=f"wel: {', '.join(known) or 'geen enkel'}", en=did_you_mean(contract, known)),
            )
        model = known[contract].model
        assert isinstance(model, Contract)
        return model
    item = _read(file)
    if not isinstance(item.model, Contract):
        raise RegistryError(
            Text(nl=f"{file}: dit is geen contract", en=f"{file}: this is no contract"),
            Text(nl="een contract begint met `contract:`", en="a contract begins with `contract:`"),
        )
    return item.model


def facts_of(file: Path, contract: Contract) -> Definition:
    """Read what no record can say about the years of a contract from a file.

    Raises
    ------
    RegistryError
        If there is no such file, or it holds something else or is about another contract.
    """
    item = _read(file)
    if not isinstance(item.model, Facts) or item.model.contract != contract.contract:
        raise RegistryError(
            Text(
                nl=f"{file}: dit zijn geen feiten over contract {contract.contract}",
                en=f"{file}: these are no facts about contract {contract.contract}",
            ),
            Text(
                nl=f"zo'n bestand begint met `facts:` en zegt `contract: {contract.contract}`",
                en=f"such a file begins with `facts:` and says `contract: {contract.contract}`",
            ),
        )
    return item


def _read(file: Path) -> Definition:
    if not file.is_file():
        raise RegistryError(Text(nl=f"{file}: dit bestand is er niet", en=f"{file}: there is no such file"))
    return read_definition(file_text(file), file.name)


def simulated(
    con: Connection,
    catalogue: Catalogue,
    contract: Contract,
    *,
    years: int | None = None,
    expected: Expected = NOTHING_EXPECTED,
    facts: Definition | None = None,
) -> Simulation:
    """Simulate a contract; each of its years gets the records and scores of one year that is known.

    That is the last baseline year; where the contract has none, the last whole year before it. What a year
    costs without improvement follows from the target, so from all baseline years with their weights; where
    spending as in the known year would come to something else, that is a scenario of its own.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions in force.
    contract : Contract
        Need not be in the registry.
    years : int or None
        From the first contract year on; None: the term.
    expected : Expected
        What the participant expects of its improvement.
    facts : Definition, optional
        What no record can say of the contract years; by default those in force.

    Returns
    -------
    Simulation
        The same for the same vault and contract, to the bit.

    Raises
    ------
    RegistryError
        If the registry has no records of a whole year to go by, or the contract needs what no record can say.
    SettlementError
        If the facts or expectations do not fit the contract.
    """
    found = settlement_inputs(con, catalogue, contract, _known_year(con, catalogue, contract))
    evidence = evidence_of(con, catalogue, contract, found)
    if not contract.target.baseline:
        earlier = _standing(found)
        evidence = {payer: replace(own, earlier=earlier) for payer, own in evidence.items()}
    plan = same_every_year(contract, found, evidence)
    told = tuple(established(catalogue, contract, each, given=facts) for each in plan.years)
    _refuse_lacking(contract, told)
    plan = replace(
        plan,
        years=told,
        ramp=_by_year(contract, expected.reached, "--reached"),
        costs=_by_year(contract, expected.costs, "--costs"),
        revenue_lost=expected.revenue_lost,
        already=already_saved(contract, found, told),
    )
    with threadpool_limits(limits=1):
        return simulate(contract, plan, years=years, seed=int(contract.hash[:8], 16))


def _known_year(con: Connection, catalogue: Catalogue, contract: Contract) -> Period:
    """Give the last baseline year, or else the last whole year before the contract that has records of it."""
    refuse_misfits(catalogue, contract)
    ends = newest(con, catalogue, contract)
    name, network = contract.contract, contract.parties.participant.network
    baseline = [part.period for part in contract.target.baseline]
    if baseline:
        last = max(baseline)
        starts, final = span(contract, last)
        if starts <= ends < final:
            raise RegistryError(
                Text(
                    nl=f"contract {name}: de records van {last} gaan tot en met {ends}; elk contractjaar "
                    "krijgt de records van dat jaar, dus het moet heel zijn",
                    en=f"contract {name}: the records of {last} end on {ends}; each contract year gets the "
                    "records of that year, so it must be whole",
                ),
                Text(
                    nl="lever de rest van het jaar aan, of neem een eerder jaar als laatste basisjaar",
                    en="deliver the rest of the year, or take an earlier one as the last baseline year",
                ),
            )
        return last
    own, parameters = Records(con, contract, catalogue.dataset(contract.spending.dataset)).own(None)
    rows = con.execute(f"select distinct _year from {own}", parameters).fetchall()
    first = min(contract.years)
    periods = [str(period) for (period,) in rows]
    whole = [period for period in periods if period < first and span(contract, period)[1] <= ends]
    if not whole:
        raise RegistryError(
            Text(
                nl=f"contract {name}: het heeft geen basisjaar, en van {network} zijn er geen records van "
                f"een heel jaar vóór {first}; niets zegt dus hoe de jaren zullen zijn",
                en=f"contract {name}: it has no baseline year, and there are no records of {network} of a "
                f"whole year before {first}; so nothing says what its years will be like",
            )
        )
    return max(whole)


def _standing(found: Mapping[str, SettlementInputs]) -> dict[str, float]:
    """Where each indicator stands in the known year: its score, drawn towards the benchmark."""
    standing = {}
    for result in next(iter(found.values())).results:
        value, weight, centre = result.adjusted, result.reliability, result.reference
        if result.assessable and value is not None and weight is not None and centre is not None:
            standing[result.indicator] = weight * value + (1 - weight) * centre
    return standing


def _refuse_lacking(contract: Contract, years: Sequence[Mapping[str, SettlementInputs]]) -> None:
    """Refuse a contract that needs what no record can say, where nobody told it."""
    words = FieldWords(contract, {})
    missing: dict[str, list[Period]] = {}
    for found in years:
        for field in dict.fromkeys(field for facts in found.values() for field in lacking(contract, facts)):
            missing.setdefault(field, []).append(next(iter(found.values())).period)
    if not missing:
        return

    def listed(language: Language) -> str:
        told = ((getattr(words.of(f"inputs:{field}"), language), field, of) for field, of in missing.items())
        return "; ".join(f"{name} ({field}) {', '.join(of)}" for name, field, of in told)

    raise RegistryError(
        Text(
            nl=f"contract {contract.contract} heeft nodig wat geen record zegt: {listed('nl')}",
            en=f"contract {contract.contract} needs what no record can say: {listed('en')}",
        ),
        Text(
            nl="schrijf wat u verwacht in een bestand dat begint met `facts:`, en geef dat met --facts",
            en="write what you expect in a file that begins with `facts:`, and give it with --facts",
        ),
    )


_Value = TypeVar("_Value", float, Decimal)


def _by_year(contract: Contract, values: tuple[_Value, ...], option: str) -> dict[Period, _Value]:
    """One value for all contract years, or one for each, by year."""
    years = sorted(contract.years)
    if len(values) not in (0, 1, len(years)):
        named = ", ".join(years)
        raise RegistryError(
            Text(
                nl=f"{option}: {len(values)} keer gegeven; verwacht één keer voor alle jaren, of "
                f"{len(years)} keer: voor {named}",
                en=f"{option}: given {len(values)} times; expected once for all years, or {len(years)} "
                f"times: for {named}",
            )
        )
    return dict(zip(years, values * len(years), strict=False))


def flows(simulation: Simulation) -> pd.DataFrame:
    """Cash flows as a frame: a row for each scenario and year; of several payers a column each."""
    several = any(len(year.payers) > 1 for each in simulation.scenarios for year in each.years)
    known = any(each.scenario.as_known for each in simulation.scenarios)
    return pd.DataFrame(
        [
            {
                "saving": scenario.scenario.saving,
                "way": scenario.scenario.way,
                **({"as_known": scenario.scenario.as_known} if known else {}),
                "year": year.period,
                "currency": simulation.currency,
                "saved": year.saving,
                "payment": year.payment,
                "lower": year.lower,
                "upper": year.upper,
                "chance_paid": year.chance_paid,
                "chance_owed": year.chance_owed,
                "participant": year.participant,
                "payer": year.payer,
                **({f"payer {name}": own for name, own in year.payers.items()} if several else {}),
                "phase_in": year.phase_in,
                **{f"to {name}": amount for name, amount in {**year.others, **year.portions}.items()},
            }
            for scenario in simulation.scenarios
            for year in scenario.years
        ]
    )
