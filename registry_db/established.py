"""What the parties established about a contract year, put beside what the records say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.contract import Contract
from contracts.inputs import SettlementInputs
from contracts.terms.facts import EstablishedYear, Facts
from contracts.terms.part import Period
from indicators.source import dotted
from registry_db.catalogue import Catalogue, Definition
from registry_db.contract_checks import facts_faults
from registry_db.faults import RegistryError

AMOUNTS = ("target", "project_costs", "revenue", "loss_relief")


def of_year(
    catalogue: Catalogue, contract: Contract, period: Period, *, given: Definition | None = None
) -> tuple[Definition, EstablishedYear] | None:
    """Give what was established about a contract year, and the definition it stands in; None if nothing was.

    Parameters
    ----------
    catalogue : Catalogue
    contract : Contract
    period : str
    given : Definition, optional
        Facts to be taken instead of those in force.

    Raises
    ------
    RegistryError
        If two definitions are about the same contract, or that of the year does not fit the contract.
    """
    about = [
        item
        for item in catalogue.of_kind("facts").values()
        if item.model.contract == contract.contract and item.status == "active"
    ]
    about = about if given is None else [given]
    if len(about) > 1:
        names = ", ".join(item.label for item in about)
        raise RegistryError(
            f"contract {contract.contract}: established twice, by {names}", "keep one of them"
        )
    if not about or period not in about[0].model.years:
        return None
    (item,) = about
    assert isinstance(item.model, Facts)
    for path, message, hint in facts_faults(item.model, contract):
        if path[1] == period:
            raise RegistryError(f"{item.label}: {dotted(path)}: {message}", hint)
    return item, item.model.years[period]


def established(
    catalogue: Catalogue,
    contract: Contract,
    found: Mapping[str, SettlementInputs],
    *,
    given: Definition | None = None,
) -> dict[str, SettlementInputs]:
    """Add the established facts of the settled year to those of each payer, and their definition as a source.

    ``given`` as for `of_year`.

    Raises
    ------
    RegistryError
        As `of_year` does.
    """
    told = of_year(catalogue, contract, next(iter(found.values())).period, given=given)
    if told is None:
        return dict(found)
    item, year = told
    added = {}
    for payer, facts in found.items():
        own: Any = year.payers.get(payer, year)
        amounts = {name: getattr(own, name) for name in AMOUNTS if getattr(own, name) is not None}
        added[payer] = replace(
            facts,
            **amounts,
            chosen_threshold=year.chosen_threshold,
            findings=year.findings,
            sources={**facts.sources, item.label: item.hash},
        )
    return added
