"""The definition of a dataset: a table of records of one population, and what belongs to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Self
from zoneinfo import available_timezones

from pydantic import field_validator, model_validator

from indicators.derived import ValueColumn
from indicators.faults import did_you_mean
from indicators.tables import Surroundings, Table
from indicators.tree import Codes, Scope
from indicators.words import ColumnName, Id, Part, Status, Text, Version, fault_at


class Period(Part):
    """To which period a record belongs: a column that says so, or the calendar year of a date or datetime.

    Attributes
    ----------
    column : str
        Column that holds the period, as it is delivered.
    year_of : str
        Column with a date or a moment, delivered or computed. A record for which it is computed and unknown
        is in the period ``unknown``, and counts as missing there.
    """

    column: ColumnName | None = None
    year_of: ColumnName | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Period:
        if (self.column is None) == (self.year_of is None):
            raise ValueError("give one of the two: 'column' (it holds the period) or 'year_of' (a date)")
        return self


class Dataset(Table):
    """A specified table of records of one population.

    Provider and period of a record are never missing: without them it would be counted nowhere.

    Attributes
    ----------
    provider : str
        Column with the code of the provider who is scored.
    zone : str
        Time zone of a datetime that is delivered without an offset, and of the day of any datetime.
    """

    dataset: Id
    version: Version
    status: Status = "active"
    title: Text
    description: Text | None = None
    source: str | Text
    generated: bool = False
    provider: ColumnName
    provider_name: ColumnName | None = None
    period: Period
    zone: str = "Europe/Amsterdam"

    @model_validator(mode="after")
    def _every_row_has_its_place(self) -> Self:
        year_of = self.period.year_of
        if year_of and (found := self.described[year_of].type) not in ("date", "datetime"):
            message = f"'{year_of}' is {found}; a year is taken of a date or a datetime"
            raise fault_at(message, "period", "year_of")
        if year_of in self.derive and not self.key:
            message = "without a key a record is told by its period, and that has to be delivered"
            raise fault_at(message, "period", "year_of")
        self._check_places()
        return self

    @model_validator(mode="after")
    def _tables_know_their_dataset(self) -> Self:
        _acquaint([self], {})
        return self

    def _named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from super()._named()
        yield ("provider",), self.provider
        if self.provider_name:
            yield ("provider_name",), self.provider_name
        for field in ("column", "year_of"):
            name = getattr(self.period, field)
            if name and not (field == "year_of" and isinstance(self.derive.get(name), ValueColumn)):
                yield ("period", field), name

    def _place(self, field: str | int) -> str:
        return f"record has no {field}" if field in ("key", "provider", "period") else ""

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        known = available_timezones()
        if zone not in known:
            raise ValueError(f"there is no time zone '{zone}' ({did_you_mean(zone, known)})")
        return zone

    def with_code_lists(self, code_lists: Mapping[str, Codes]) -> Self:
        """Give the dataset with the code lists that its expressions may name."""
        known = self.model_copy(deep=True)
        _acquaint([known], code_lists)
        return known

    @property
    def types(self) -> Scope:
        """What an expression of an indicator may name; what is computed in the dataset knows no period."""
        return replace(super().types, period=self.period.year_of is not None)

    @property
    def linked_datasets(self) -> tuple[str, ...]:
        """Other datasets whose rows its records are computed of, by whatever way, sorted."""
        found: set[str] = set()
        waiting = [self.dataset]
        while waiting:
            id = waiting.pop()
            found.add(id)
            table = self.known_tables.get(id)
            linked = table.linked_tables() if table else ()
            named = {(child.rows_of or "").partition(".")[0] for child in linked}
            waiting += named - found
        return tuple(sorted(found - {self.dataset}))

    def tables_to_read(self) -> Iterator[Table]:
        """Every delivered table that its records are computed of, those of linked datasets included."""
        for id in (self.dataset, *self.linked_datasets):
            yield from self.known_tables[id].delivered_tables()


def acquainted(datasets: Iterable[Dataset], code_lists: Mapping[str, Codes]) -> list[Dataset]:
    """Give datasets that know the code lists and each other's tables."""
    known = [dataset.model_copy(deep=True) for dataset in datasets]
    _acquaint(known, code_lists)
    return known


def _acquaint(datasets: Iterable[Dataset], code_lists: Mapping[str, Codes]) -> None:
    tables: dict[str, Table] = {}
    for dataset in datasets:
        dataset._surround(Surroundings(dataset.dataset, dataset.zone, code_lists, tables))
        tables.update((table.name, table) for table in dataset.all_tables())
