"""A contract year that is not complete yet: which records count, and how much of their spending is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, Completion, Interim
from contracts.terms.facts import EstablishedInterim
from contracts.terms.part import Period
from contracts.terms.spending import Blend, Delivered, OwnHistory, Stated
from indicators.periods import day_sql
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.contract_checks import span
from registry_db.contract_records import Records
from registry_db.established import of_year
from registry_db.faults import RegistryError
from registry_db.records import make_current_view

CENT = Decimal("0.01")


class Running:
    """How far a contract year has come.

    It is interim where that was established (``interim`` in the facts of the year: a day up to which is paid,
    and the part that is known of each month), or where the records end before the year does. In the second
    case their spending stands for itself.
    """

    def __init__(self, con: Connection, catalogue: Catalogue, contract: Contract, period: Period) -> None:
        self.contract, self.period = contract, period
        found = of_year(catalogue, contract, period)
        self.told: EstablishedInterim | None = None if found is None else found[1].interim
        self.ends = newest(con, catalogue, contract)
        self.running = self.told is not None or self.ends < span(contract, period)[1]

    @property
    def until(self) -> dt.date | None:
        """Last day whose records count; None: all do."""
        return None if self.told is None else self.told.paid_through

    def of(self, records: Records, payer: str, now: BaselineSpending) -> Interim | None:
        """What makes the settlement of a payer an interim one; None where it is final."""
        if not self.running:
            return None
        if self.told is None:
            self._refuse_a_target_for_the_year()
            # The target goes by the records so far, so their spending stands for itself.
            return Interim(str(self.ends), (Completion(self.period, now.spending, Decimal(1)),))
        parts = _parts(self.told.complete, self._spent(records, payer, now), self.contract, self.period)
        if self.period not in self.told.complete:
            self._refuse_a_target_for_the_year()
        return Interim(str(self.told.paid_through), parts)

    def completed(self, records: Records, payer: str, row: BaselineSpending) -> BaselineSpending:
        """Spending of the comparison group, completed as that of the participant; rounded to the cent."""
        if self.told is None or row.period != self.period:
            return row
        complete = self.told.complete
        spent = {self.period: row.spending}
        if self.period not in complete:
            spent = records.by_month(payer, self.period, group=True)
        parts = _parts(complete, spent, self.contract, self.period)
        whole = sum((part.spending / part.factor for part in parts), Decimal(0))
        return replace(row, spending=whole.quantize(CENT))

    def _spent(self, records: Records, payer: str, now: BaselineSpending) -> dict[str, Decimal]:
        assert self.told is not None
        if self.period in self.told.complete:
            return {self.period: now.spending}
        return records.by_month(payer, self.period)

    def _refuse_a_target_for_the_year(self) -> None:
        """A part of the year against the target of all of it would look like a saving."""
        target = self.contract.target
        parts = (target.own, target.group) if isinstance(target, Blend) else (target,)
        total = [part for part in parts if isinstance(part, OwnHistory | Stated) and part.basis == "total"]
        if total or isinstance(target, Delivered):
            raise RegistryError(
                f"contract {self.contract.contract}: the records of {self.period} end on {self.ends}, and "
                "the target is for the whole year, whatever the number of records",
                f"establish which part of its spending is known: 'interim: {{paid_through: ..., complete: "
                f'{{"{self.period}": ...}}}}\' in a file with `facts:`',
            )


def _parts(
    complete: Mapping[str, Decimal], spent: Mapping[str, Decimal], contract: Contract, period: Period
) -> tuple[Completion, ...]:
    unknown = sorted(set(spent) - set(complete))
    if unknown:
        raise RegistryError(
            f"contract {contract.contract}: years.{period}.interim.complete says nothing about "
            f"{', '.join(unknown)}, of which there are records",
            "give the part of the spending that is known of each month up to 'paid_through'",
        )
    return tuple(Completion(part, amount, complete[part]) for part, amount in spent.items())


def newest(con: Connection, catalogue: Catalogue, contract: Contract) -> dt.date:
    """Day of the newest record; the first of all days where there is none."""
    dataset = catalogue.dataset(contract.spending.dataset)
    sql = f"select max({day_sql(dataset)}) from {make_current_view(con, dataset)}"
    found = con.execute(sql).fetchall()[0][0]
    return found if isinstance(found, dt.date) else dt.date.min
