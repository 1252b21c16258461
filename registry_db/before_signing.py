"""A contract before it is signed: simulated on the volumes, spending and scores of the registry."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from contracts.contract import Contract
from contracts.plan import same_every_year
from contracts.simulation import Simulation, simulate
from registry_db.catalogue import Catalogue, file_text, read_definition
from registry_db.connect import Connection
from registry_db.evidence import evidence_of
from registry_db.faults import RegistryError
from registry_db.settling import settlement_inputs


def contract_of(catalogue: Catalogue, contract: str) -> Contract:
    """Read a contract from a file, or take the one in force by its name.

    Raises
    ------
    RegistryError
        If it is neither, or the file holds another kind of definition.
    """
    file = Path(contract)
    if file.suffix not in (".yaml", ".yml"):
        model = catalogue.get("contract", contract).model
        assert isinstance(model, Contract)
        return model
    if not file.is_file():
        raise RegistryError(f"{file}: there is no such file")
    model = read_definition(file_text(file), file.name).model
    if not isinstance(model, Contract):
        raise RegistryError(f"{file}: this is no contract", "a contract begins with `contract:`")
    return model


def simulated(
    con: Connection, catalogue: Catalogue, contract: Contract, *, years: int | None = None
) -> Simulation:
    """Simulate a contract; each of its years is expected to be like the last baseline year.

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

    Returns
    -------
    Simulation
        The same for the same vault and contract, to the bit.

    Raises
    ------
    RegistryError
        If the contract has no baseline, or the registry no records of it.
    SettlementError
        If the facts do not fit the contract.
    """
    periods = [part.period for part in contract.target.baseline]
    if not periods:
        raise RegistryError(
            f"contract {contract.contract}: it has no baseline year, so that nothing says what its years "
            "will be like"
        )
    facts = settlement_inputs(con, catalogue, contract, max(periods))
    evidence = evidence_of(con, catalogue, contract, facts)
    plan = same_every_year(contract, facts, evidence)
    with threadpool_limits(limits=1):
        return simulate(contract, plan, years=years, seed=int(contract.hash[:8], 16))


def flows(simulation: Simulation) -> pd.DataFrame:
    """Cash flows as a frame: a row for each scenario and year; of several payers a column each."""
    several = any(len(year.payers) > 1 for each in simulation.scenarios for year in each.years)
    return pd.DataFrame(
        [
            {
                "saving": scenario.scenario.saving,
                "way": scenario.scenario.way,
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
