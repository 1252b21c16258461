"""Reading a publication: typed results, no patients, no way to write.

App and API know the registry through this module only. A publication is a file that never changes once it has
its name; a newer one is another file, to which the pointer `publications/current` then moves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import duckdb

from contracts.terms.part import Text
from indicators.periods import newest_first
from registry_db.faults import RegistryError
from registry_db.names import Names
from registry_db.published import (
    Benchmark,
    Dataset,
    Delivery,
    Estimate,
    Indicator,
    Organisation,
    Publication,
    Result,
    Score,
    StateCount,
)
from registry_db.published_courses import CoursePart
from registry_db.published_models import Model, Part, PatientMix
from registry_db.published_settlements import ContractText, Luck, Settlement
from registry_db.published_subgroups import Subgroup, SubgroupScore
from registry_db.response import Responded, response

Row = TypeVar("Row")

# given at opening, since readers of one file in one process share what is set, and the first one locks it
SHUT_OFF = {"enable_external_access": "false", "lock_configuration": "true"}
_SCORE_FROM = "score join indicator using (indicator, version)"
_SUBGROUPS_FROM = (
    "subgroup_score join indicator using (indicator, version) "
    "left join subgroup using (indicator, version, stratifier, subgroup)"
)


class NoPublication(RegistryError):
    """The registry has nothing to show yet."""


class NotPublished(RegistryError):
    """The publication has no indicator with the name that was asked for."""


def current_publication(registry_dir: Path) -> Path:
    """Path of the newest publication of a registry.

    Raises
    ------
    NoPublication
        If nothing was published yet, or the pointer names a file that is not there.
    """
    folder = registry_dir / "publications"
    pointer = folder / "current"
    hint = f"make one with: meetlat --registry {registry_dir} run"
    if not pointer.is_file():
        raise NoPublication(f"{registry_dir}: this registry has no publication yet", hint)
    name = pointer.read_text(encoding="utf-8").strip()
    path = folder / name
    if not name or Path(name).name != name or not path.is_file():
        raise NoPublication(f"{pointer}: names '{name}', and there is no such publication", hint)
    return path


class PublicationReader:
    """One publication, opened read-only and shut off from everything else on the machine.

    Safe to share between threads: each question uses a cursor of its own.

    Parameters
    ----------
    path : Path
        The file of the publication.

    Raises
    ------
    RegistryError
        If the file cannot be read as a publication.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = duckdb.connect(str(path), read_only=True, config=SHUT_OFF)
            self._about = self._rows(Publication, "publication")[0]
        except (duckdb.Error, IndexError) as error:
            raise RegistryError(f"{path}: this is not a publication that can be read ({error})") from None

    def about(self) -> Publication:
        """The publication itself."""
        return self._about

    def indicators(self) -> tuple[Indicator, ...]:
        """All versions of all indicators, by horizon and name, older versions first."""
        found = self._rows(Indicator, "indicator", order="horizon, indicator")
        return tuple(sorted(found, key=lambda row: (row.horizon, row.indicator, row.order)))

    def titles(self) -> dict[str, Text]:
        """Titles of the indicators, of each in its newest version."""
        return {row.indicator: Text(nl=row.title_nl, en=row.title_en) for row in self.indicators()}

    def indicator(self, name: str, *, version: str | None = None) -> Indicator:
        """One indicator, in its newest version unless another is asked for.

        Raises
        ------
        NotPublished
            If there is no such indicator or version; the message names those that there are.
        """
        every = self.indicators()
        found = [row for row in every if row.indicator == name and version in (None, row.version)]
        if not found:
            what = name if version is None else f"{name} {version}"
            known = ", ".join(sorted({row.indicator for row in every})) or "none"
            raise NotPublished(f"indicator '{what}' is not in this publication; it has: {known}")
        return found[-1]

    def organisations(self) -> tuple[Organisation, ...]:
        """Providers and networks that have a score or a settlement, by name."""
        seen = """where provider in (select provider from score union all select provider from settlement)"""
        return self._rows(Organisation, "organisation", where=seen, order="lower(name), provider")

    def periods(self, indicator: str | None = None, *, provider: str | None = None) -> tuple[str, ...]:
        """Periods with scores, newest first; of one indicator or organisation if named."""
        where, values = _where(indicator=indicator, provider=provider)
        found = self._query(f"select distinct period from score {where}", values)
        return newest_first(period for (period,) in found)

    def scores(
        self,
        indicator: str | None = None,
        *,
        version: str | None = None,
        period: str | None = None,
        provider: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[Score, ...]:
        """Scores, by indicator, version, period and provider; `limit` of them from the `offset`-th on."""
        where, values = _where(indicator=indicator, version=version, period=period, provider=provider)
        page = f" limit {int(limit)} offset {int(offset)}" if limit is not None else ""
        order = f"indicator, version, period, provider{page}"
        return self._rows(Score, _SCORE_FROM, where=where, values=values, order=order)

    def count_scores(
        self, indicator: str | None = None, *, period: str | None = None, provider: str | None = None
    ) -> int:
        """How many scores there are, whatever page of them is asked for."""
        where, values = _where(indicator=indicator, period=period, provider=provider)
        return int(self._query(f"select count(*) from {_SCORE_FROM} {where}", values)[0][0])

    def results(self, *, provider: str, period: str) -> tuple[Result, ...]:
        """What one organisation scored in one period: a line per indicator, in its newest scored version."""
        newest: dict[str, Result] = {}
        indicators = {(row.indicator, row.version): row for row in self.indicators()}
        scores = {
            (score.indicator, score.version): score for score in self.scores(period=period, provider=provider)
        }
        # the indicators come with older versions first, so the newest one that was scored stays
        for key, indicator in indicators.items():
            if key in scores:
                benchmark = self.benchmark(indicator.indicator, version=indicator.version, period=period)
                newest[indicator.indicator] = Result(indicator, scores[key], benchmark)
        return tuple(newest.values())

    def benchmark(self, indicator: str, *, version: str, period: str) -> Benchmark | None:
        """All providers together; None if the indicator was not scored in the period."""
        where, values = _where(indicator=indicator, version=version, period=period)
        found = self._rows(Benchmark, "benchmark", where=where, values=values)
        return found[0] if found else None

    def estimates(self, indicator: str, *, version: str, period: str) -> tuple[Estimate, ...]:
        """What is estimated beside the scores, by organisation and estimator."""
        where, values = _where(indicator=indicator, version=version, period=period)
        order = "provider, estimator"
        return self._rows(Estimate, "estimate", where=where, values=values, order=order)

    def subgroups(self, indicator: str, *, version: str) -> tuple[Subgroup, ...]:
        """Subgroups that the stratifiers of an indicator make, in the order of the definition."""
        where, values = _where(indicator=indicator, version=version)
        return self._rows(Subgroup, "subgroup", where=where, values=values, order="position")

    def subgroup_scores(
        self,
        indicator: str,
        *,
        version: str,
        period: str | None = None,
        provider: str | None = None,
        stratifier: str | None = None,
    ) -> tuple[SubgroupScore, ...]:
        """Scores of subgroups, by period, organisation and the order of the definition."""
        where, values = _where(
            indicator=indicator, version=version, period=period, provider=provider, stratifier=stratifier
        )
        order = "period, provider, position, stratifier, subgroup"
        return self._rows(SubgroupScore, _SUBGROUPS_FROM, where=where, values=values, order=order)

    def explanation(
        self, indicator: str, *, version: str, period: str | None = None, provider: str | None = None
    ) -> tuple[tuple[Part, ...], tuple[PatientMix, ...]]:
        """Why the expectation of an organisation is what it is, and who its patients are."""
        where, values = _where(indicator=indicator, version=version, period=period, provider=provider)
        order = "period, provider, abs(part) desc, term"
        parts = self._rows(Part, "explanation", where=where, values=values, order=order)
        order = "period, provider, term, level"
        mixes = self._rows(PatientMix, "patient_mix", where=where, values=values, order=order)
        return parts, mixes

    def followed(self, indicator: str, *, version: str) -> bool:
        """Whether any organisation has a course of this indicator."""
        where, values = _where(indicator=indicator, version=version)
        return bool(self._query(f"select 1 from course {where} limit 1", values))

    def course(
        self, indicator: str, *, version: str, period: str | None = None, provider: str | None = None
    ) -> tuple[CoursePart, ...]:
        """How an indicator went by month, by organisation and in order of time; none of other kinds."""
        where, values = _where(indicator=indicator, version=version, period=period, provider=provider)
        return self._rows(CoursePart, "course", where=where, values=values, order="provider, first_month")

    def states(self, indicator: str, *, version: str, period: str, provider: str) -> tuple[StateCount, ...]:
        """Where the records of one organisation went, for one indicator and period."""
        where, values = _where(indicator=indicator, version=version, period=period, provider=provider)
        order = "n desc nulls last, state, reason"
        return self._rows(StateCount, "state", where=where, values=values, order=order)

    def responses(
        self, indicator: Indicator, *, period: str | None = None, provider: str | None = None
    ) -> tuple[Responded, ...]:
        """How many patients answered, by period and organisation; none of an indicator that asks nobody."""
        if indicator.response_json is None:
            return ()
        key = {"indicator": indicator.indicator, "version": indicator.version}
        where, values = _where(**key, period=period, provider=provider)
        found = self._rows(StateCount, "state", where=where, values=values, order="period, provider")
        takes = json.loads(indicator.response_json)
        if "indicator" in takes:
            return self._told_elsewhere(indicator, takes["indicator"], period=period, provider=provider)
        rows = []
        for (period, provider), states in groupby(found, key=lambda row: (row.period, row.provider)):
            told = response([(row.state, row.reason, row.n) for row in states], **takes)
            numbers = (told.eligible, told.responded) if told else (None, None)
            rows.append(Responded(indicator.indicator, indicator.version, period, provider, *numbers))
        return tuple(rows)

    def _told_elsewhere(
        self, indicator: Indicator, by: str, *, period: str | None, provider: str | None
    ) -> tuple[Responded, ...]:
        """Response by another indicator, of which the records are those asked and the events the answers."""
        versions = [row.version for row in self.indicators() if row.indicator == by]
        found = self.scores(by, version=versions[-1], period=period, provider=provider) if versions else ()
        key = indicator.indicator, indicator.version
        return tuple(Responded(*key, row.period, row.provider, row.n, row.observed) for row in found)

    def settlements(self, provider: str | None = None) -> tuple[Settlement, ...]:
        """Settlements, newest period first; of one organisation if named."""
        where, values = _where(provider=provider)
        order = "period desc, contract, version, settlement"
        return self._rows(Settlement, "settlement", where=where, values=values, order=order)

    def contracts(self) -> tuple[ContractText, ...]:
        """Texts of the contracts that were settled."""
        return self._rows(ContractText, "contract", order="contract, version")

    def luck(self, settlement: str) -> Luck | None:
        """How sure a settlement is; None where that is not known."""
        found = self._query(
            "select luck_json, currency from luck join settlement using (settlement) where settlement = ?",
            [settlement],
        )
        return Luck.read(settlement, *found[0]) if found else None

    def luck_json(self, settlement: str) -> str | None:
        """The same as it is kept beside the settlement."""
        found = self._query("select luck_json from luck where settlement = ?", [settlement])
        return str(found[0][0]) if found else None

    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets that the scores come from."""
        return self._rows(Dataset, "dataset", order="dataset")

    def names(self, dataset: str) -> Names:
        """What the columns of a dataset, and the levels of its categories, are called."""
        columns = self._query(
            "select column_name, title_nl, title_en from dataset_column where dataset = ?", [dataset]
        )
        levels = self._query(
            """select column_name, level, title_nl, title_en from dataset_level where dataset = ?
            order by rowid""",
            [dataset],
        )
        return Names(
            {name: {"nl": nl, "en": en} for name, nl, en in columns},
            {(name, level): {"nl": nl, "en": en} for name, level, nl, en in levels},
        )

    def deliveries(self) -> tuple[Delivery, ...]:
        """What was handed in, newest first."""
        return self._rows(Delivery, "delivery", order="received_at desc, file_name, delivery")

    def models(
        self, indicator: str | None = None, *, version: str | None = None, model: str | None = None
    ) -> tuple[Model, ...]:
        """Case-mix models; of one indicator, version or hash if named."""
        where, values = _where(indicator=indicator, version=version, model=model)
        return self._rows(
            Model, "model", where=where, values=values, order="indicator, version, period, model"
        )

    def _rows(
        self,
        kind: type[Row],
        source: str,
        *,
        where: str = "",
        values: Sequence[Any] = (),
        order: str = "all",
    ) -> tuple[Row, ...]:
        names = [field.name for field in fields(kind) if field.init]  # type: ignore[arg-type]
        sql = f"select {', '.join(names)} from {source} {where} order by {order}"
        return tuple(kind(*map(_known, row)) for row in self._query(sql, values))

    def _query(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            return cursor.execute(sql, list(values)).fetchall()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


class Publications:
    """The publications of one registry, of which readers always get the newest.

    A reader that is in use keeps its file until its user lets go of it, so nobody sees half of a new one.
    """

    def __init__(self, registry_dir: Path) -> None:
        self.registry_dir = registry_dir
        self._lock = Lock()
        self._reader: PublicationReader | None = None

    def newest(self) -> PublicationReader:
        """Reader of the newest publication; the same one until the pointer moves.

        Raises
        ------
        NoPublication
            If there is none yet.
        """
        with self._lock:
            path = current_publication(self.registry_dir)
            if self._reader is None or self._reader.path != path:
                self._reader = PublicationReader(path)
            return self._reader


def _where(**wanted: str | None) -> tuple[str, list[str]]:
    """Condition on the columns that were named; the values go separately, never into the text."""
    given = {name: value for name, value in wanted.items() if value is not None}
    if not given:
        return "", []
    return "where " + " and ".join(f"{name} = ?" for name in given), list(given.values())


def _known(value: Any) -> Any:
    # a NaN that slipped into a number column is an absent number to a reader
    return None if isinstance(value, float) and math.isnan(value) else value
