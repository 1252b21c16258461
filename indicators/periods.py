"""The periods that an indicator is scored by: years, quarters, or years taken together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field, model_validator

from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.expression import parse, to_sql
from indicators.tree import PERIOD_DAYS
from indicators.words import Part, fault_at

# The period of a record of which it cannot be computed.
UNKNOWN = "unknown"


class ReportingPeriod(Part):
    """What a score is about, where that is not the period of the dataset.

    Attributes
    ----------
    kind : str
        ``calendar-year``: 2025. ``fiscal-year``: 2024/25, a year that starts in another month than January.
        ``quarter``: 2025-Q1. ``rolling``: 2023-2025, so many calendar years taken together, ending at each
        year; a record then counts in several periods.
    start : int or None
        For a fiscal year: the month in which it starts, 2 to 12.
    years : int or None
        For a rolling period: how many years, 2 to 10.
    """

    kind: Literal["calendar-year", "fiscal-year", "quarter", "rolling"]
    start: int | None = Field(default=None, ge=1, le=12)
    years: int | None = Field(default=None, ge=1, le=10)

    @model_validator(mode="after")
    def _parts_fit(self) -> ReportingPeriod:
        if (self.start is not None) != (self.kind == "fiscal-year"):
            raise fault_at("a start month goes with 'kind: fiscal-year', and that needs one", "start")
        if (self.years is not None) != (self.kind == "rolling"):
            raise fault_at("a number of years goes with 'kind: rolling', and that needs one", "years")
        if self.start == 1:
            raise fault_at("a year that starts in January is a calendar year: 'kind: calendar-year'", "start")
        if self.years == 1:
            raise fault_at("one year is not taken together: write 'kind: calendar-year'", "years")
        return self


@dataclass(frozen=True, slots=True)
class PeriodSQL:
    """SQL of the period of a record.

    Attributes
    ----------
    key : str
        What tells periods apart; a number where there is one, which the engine groups by faster than by
        labels.
    join : str
        A join for behind the records, or empty. It repeats a record for each rolling period that it is in.
        A rolling period lies within the years of the records, so that it is as long as it says; while they
        span fewer years there is one, which ends at their last year. No record is in no period.
    _of_key : str
        The label, with ``{0}`` for the key.
    """

    key: str
    join: str
    _of_key: str

    def label(self, key: str) -> str:
        """SQL of the label that SQL of a key stands for."""
        return self._of_key.format(key)


def period_sql(period: ReportingPeriod | None, dataset: Dataset, view: str) -> PeriodSQL:
    """SQL of the period of a record.

    Parameters
    ----------
    period : ReportingPeriod or None
        That of the indicator; None for the period of the dataset.
    dataset : Dataset
        The definition; it has a date where the indicator has a period.
    view : str
        View with the dataset's records. The first and the last year of these bound the rolling periods.
    """
    if period is None and dataset.period.column:
        return PeriodSQL(f"cast({quote(dataset.period.column)} as varchar)", "", "{0}")
    day = day_sql(dataset)
    found = _of_day(period, day, view)
    if dataset.period.year_of in dataset.derive:
        label = f"case when {{0}} is null then '{UNKNOWN}' else {found._of_key} end"
        return replace(found, _of_key=label)
    return found


def _of_day(period: ReportingPeriod | None, day: str, view: str) -> PeriodSQL:
    year = f"year({day})"
    if period is None or period.kind == "calendar-year":
        return PeriodSQL(year, "", "cast({0} as varchar)")
    if period.kind == "quarter":
        return PeriodSQL(f"({year} * 4 + quarter({day}) - 1)", "", "concat({0} // 4, '-Q', {0} % 4 + 1)")
    if period.start is not None:
        label = "concat({0}, '/', lpad(cast(({0} + 1) % 100 as varchar), 2, '0'))"
        return PeriodSQL(_began_sql(period.start, day), "", label)
    assert period.years is not None
    before = period.years - 1
    windows = (
        f"select unnest(range(least(_from + {before}, _to), _to + 1)) as _end"
        f" from (select min({year}) as _from, max({year}) as _to from {view})"
    )
    join = f" left join ({windows}) on {year} between _end - {before} and _end"
    return PeriodSQL("_end", join, f"concat({{0}} - {before}, '-', {{0}})")


def with_period_days(source: str, period: ReportingPeriod | None, dataset: Dataset) -> str:
    """SQL of records with the first and the last day of the period of each, for behind a ``from``.

    Parameters
    ----------
    source : str
        The records, and what is joined to them.
    period : ReportingPeriod or None
        That of the indicator. Of a rolling one no expression names the days (`definitions`): a record is in
        several, and ends in the same state in all.
    dataset : Dataset
        The definition. Where it delivers its period the source is given back: such a period has no days.
    """
    if dataset.period.year_of is None:
        return source
    day = day_sql(dataset)
    first, months = f"make_date(year({day}), 1, 1)", 12
    if period is not None and period.kind == "quarter":
        first, months = f"cast(date_trunc('quarter', {day}) as date)", 3
    elif period is not None and period.start is not None:
        first = f"make_date({_began_sql(period.start, day)}, {period.start}, 1)"
    last = f"cast({first} + to_months({months}) as date) - 1"
    start, end = map(quote, PERIOD_DAYS.values())
    return f"(select *, {first} as {start}, {last} as {end} from {source})"


def _began_sql(month: int, day: str) -> str:
    """SQL of the calendar year in which the fiscal year of a day began."""
    return f"(year({day}) - case when month({day}) < {month} then 1 else 0 end)"


def day_sql(dataset: Dataset) -> str:
    """SQL of the day that tells in which year a record is, for a dataset whose period is a ``year_of``."""
    return day_of_sql(dataset.period.year_of or "", dataset)


def day_of_sql(name: str, dataset: Dataset) -> str:
    """SQL of the day in a column of dates, or of moments: the day in the zone of the dataset."""
    moment = dataset.types.get(name) == "datetime"
    return to_sql(parse(f"date_of({name})" if moment else name, dataset.types, "date"))


def newest_first(periods: Iterable[str]) -> tuple[str, ...]:
    """Sort labels of periods, the one that ends last first; of those that end together the shortest.

    So ``2025`` comes before ``2025-Q4`` and ``2023-2025``, and ``2024/25`` after these: it ends during 2025.
    A label that is none of these, as a dataset may deliver it, comes by its text after all others.
    """
    return tuple(sorted(periods, key=lambda label: (_ends(label), -len(label), label), reverse=True))


def months_of(label: str, period: ReportingPeriod | None) -> tuple[int, int] | None:
    """First month of a period, counted from the year 0, and the month after its last.

    None for a label that is not one of this kind of period, as a dataset may deliver it.
    """
    if found := re.fullmatch(r"(\d{4})(?:-(\d{4}))?", label):
        return 12 * int(found[1]), 12 * int(found[2] or found[1]) + 12
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", label):
        first = 12 * int(found[1]) + 3 * int(found[2]) - 3
        return first, first + 3
    if period is not None and period.start and (found := re.fullmatch(r"(\d{4})/\d{2}", label)):
        first = 12 * int(found[1]) + period.start - 1
        return first, first + 12
    return None


def _ends(label: str) -> tuple[int, int]:
    """Year and month in which a period ends; the middle of the year where the label does not tell."""
    if found := re.fullmatch(r"(?:\d{4}-)?(\d{4})", label):
        return int(found[1]), 12
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", label):
        return int(found[1]), 3 * int(found[2])
    if found := re.fullmatch(r"(\d{4})/\d{2}", label):
        return int(found[1]) + 1, 6
    return 0, 0
