"""Which data an indicator needs, and by which instruments they are scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from indicators.attribution import DatasetAttribution, Plurality
from indicators.columns import Column
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.derived import RowsColumn, ValueColumn
from indicators.expression import parse
from indicators.guide.parts import Part, Table
from indicators.guide.rows import rows_of, table_words, tables_needed
from indicators.guide.words import Speaker
from indicators.instruments.blocks import InstrumentScore, ProfileChange, Responder, SumScore
from indicators.instruments.crosswalks import crosswalks
from indicators.instruments.instrument import instruments
from indicators.instruments.value_sets import value_sets
from indicators.outcomes import (
    BinaryOutcome,
    ChangeOutcome,
    ContinuousOutcome,
    CountOutcome,
    Outcome,
    TimeToEventOutcome,
    TopBoxOutcome,
)
from indicators.phrases import column_title, number, value_label
from indicators.tables import Table as TableOfRows
from indicators.units import unit_name
from indicators.words import NO, NOT_KNOWN, YES

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def columns_needed(
    indicator: Indicator, dataset: Dataset, attribution: DatasetAttribution | None = None
) -> list[str]:
    """Columns that a supplier delivers for an indicator, each once, and the derived ones made of them.

    With an ``attribution`` also those that tell which networks a record counts for.
    """
    named = [
        dataset.provider,
        dataset.period.column or dataset.period.year_of or "",
        *_read(indicator, dataset),
        *(_of_attribution(attribution, dataset) if attribution else ()),
    ]
    found: dict[str, None] = {}
    for name in named:
        _follow(name, dataset, found)
    return list(found)


def _follow(name: str, dataset: Dataset, found: dict[str, None]) -> None:
    if name in dataset.derive:
        block = dataset.derive[name]
        links = dataset.tables[block.of].link.values() if isinstance(block, RowsColumn) else ()
        for read in (*links, *block.reads):
            _follow(read, dataset, found)
    found.setdefault(name)


def _read(indicator: Indicator, dataset: Dataset) -> Iterator[str]:
    """Columns that the definition names."""
    conditions = [indicator.population, indicator.denominator]
    conditions += [rule.when for rule in (*indicator.exclude, *indicator.exceptions)]
    conditions += [by.when for by in indicator.stratify]
    computed, named = _of_outcome(indicator.outcome)
    for text in (*conditions, *computed):
        if text:
            yield from parse(text, dataset.types, None).columns
    if indicator.follow_up:
        named += [indicator.follow_up.after, indicator.follow_up.until]
    named += indicator.case_mix_columns
    named += [by.column for by in indicator.stratify]
    named += [indicator.expectation.external] if indicator.expectation else []
    yield from (name for name in named if name)


def _of_attribution(attribution: DatasetAttribution, dataset: Dataset) -> Iterator[str]:
    """Columns that put a record into a class, or that say which care is its own and when that counts."""
    care = attribution.plurality
    for text in (*(one.when for one in attribution.classes), *(care.between if care else ())):
        yield from parse(text, dataset.types, None).columns
    yield from dataset.tables[care.of].link.values() if care else ()


def _of_outcome(outcome: Outcome) -> tuple[list[str | None], list[str | None]]:
    """Expressions and columns that an outcome reads."""
    if isinstance(outcome, ChangeOutcome):
        return [], [outcome.before, outcome.after]
    if isinstance(outcome, ContinuousOutcome):
        return [outcome.value], []
    if isinstance(outcome, CountOutcome):
        return [outcome.events, outcome.exposure], []
    if isinstance(outcome, TopBoxOutcome):
        return [], [outcome.answer]
    if isinstance(outcome, TimeToEventOutcome):
        competing = outcome.competing.on if outcome.competing else None
        return [], [outcome.start, outcome.event, outcome.censored, competing]
    counts: list[str | None] = []
    if isinstance(outcome, BinaryOutcome):
        counts = [outcome.events, outcome.trials]
    return [outcome.when], counts


def data_parts(
    names: Sequence[str], dataset: Dataset, care: Plurality | None, say: Speaker
) -> tuple[Part, ...]:
    """How the file is written, its columns with their values, and whether they are required; so each table.

    The key comes first: no indicator reads it, but no row can do without. Of the file of a table it is said
    where it differs from that of the records.
    """
    columns = [*dataset.key, *names]
    written = _file_words(dataset, columns, say)
    parts: list[Part] = ["; ".join(written), _data_table(dataset, columns, say)]
    for needed in tables_needed(names, dataset, care):
        table = rows_of(needed.table)
        own = _file_words(table, needed.columns, say)
        parts.append(table_words(needed, say))
        if not set(own) <= set(written):
            parts.append("; ".join(own))
        parts.append(_data_table(table, needed.columns, say))
    return tuple(parts)


def _file_words(table: TableOfRows, names: Sequence[str], say: Speaker) -> list[str]:
    """How a file with these columns is written: what is between fields, and numbers, days and answers."""
    columns = (table.columns[name] for name in names if name in table.columns)
    # what is delivered in codes is told with the codes
    types = {column.type for column in columns if column.codes is None}
    kinds = [kind for kind in ("decimal", "date", "datetime", "boolean") if kind in types]
    fields = say("file", table.file.encoding, say(_DELIMITERS[table.file.delimiter]))
    return [fields, *(say(f"file_{kind}") for kind in kinds)]


def has_moments(table: TableOfRows) -> bool:
    """Whether a table, or a table in it, is delivered with moments, of which the day depends on the zone."""
    delivered = any(column.type == "datetime" for column in table.columns.values())
    return delivered or any(map(has_moments, table.tables.values()))


def _data_table(of: TableOfRows, names: Sequence[str], say: Speaker) -> Table:
    """The answers to one questionnaire are one row: only their subjects differ, not their values."""
    rows: list[tuple[str, ...]] = []
    told: set[str] = set()
    for name in names:
        if name not in of.columns or name in told:
            continue
        group = answers_with(name, of)
        told.update(group.columns)
        title = say("answers", column_title(group.score, of, say.language)) if group.score else None
        headers = [(of.columns[each].source or [each])[0] for each in group.columns]
        required = say.of(YES if of.columns[name].required else NO)
        said = title or column_title(name, of, say.language)
        rows.append((said, ", ".join(headers), _values(name, of, say), required))
    head = tuple(say(key) for key in ("column", "name", "values", "required"))
    return Table(head, tuple(rows), (5, 4, 6, 2))


@dataclass(frozen=True, slots=True)
class Answers:
    """The columns with the answers to one questionnaire, or one column by itself.

    Attributes
    ----------
    score : str
        The derived column that they are scored in; empty for a column by itself.
    """

    score: str
    columns: tuple[str, ...]


def answers_with(name: str, table: TableOfRows) -> Answers:
    """The questionnaire that a column belongs to: the first score that is made of several, alike."""
    for score, block in table.derive.items():
        if isinstance(block, InstrumentScore | SumScore) and name in block.reads and len(block.reads) > 1:
            columns = [table.columns.get(each) for each in block.reads]
            alike = {
                (c.type, c.range, c.required, bool(c.codes), tuple(c.missing)) if c else None for c in columns
            }
            if len(alike) == 1 and None not in alike:
                return Answers(score, block.reads)
    return Answers("", (name,))


def _values(name: str, table: TableOfRows, say: Speaker) -> str:
    column = table.columns[name]
    unknown = (code for code in dict.fromkeys((*column.missing, *table.file.missing)) if code)
    said = [f"{code} = {_meaning(name, means, table, say)}" for code, means in (column.codes or {}).items()]
    return "; ".join(
        [*(said or [_kind(column, say)]), *(f"{code} = {say.of(NOT_KNOWN)}" for code in unknown)]
    )


def _kind(column: Column, say: Speaker) -> str:
    words = say("text" if column.type == "category" else column.type)
    if column.range:
        low, high = (number(limit, say.language) for limit in column.range)
        words = f"{words}, {say('range', low, high)}"
    return f"{words} ({unit_name(column.unit, say.language)})" if column.unit else words


def _meaning(name: str, meaning: str | bool | int, table: TableOfRows, say: Speaker) -> str:
    if isinstance(meaning, bool):
        return say.of(YES if meaning else NO)
    return value_label(name, str(meaning), table, say.language)


def instrument_words(names: Sequence[str], dataset: Dataset, say: Speaker) -> tuple[str, ...]:
    """How each answer sheet among columns is scored: instrument, value set, source, missing answers."""
    derived = [name for name in names if name in dataset.derive]
    of_answers = [name for name in derived if not isinstance(dataset.derive[name], RowsColumn | ValueColumn)]
    return tuple(_scored(name, dataset, say) for name in of_answers)


def _scored(name: str, dataset: Dataset, say: Speaker) -> str:
    block = dataset.derive[name]
    title = column_title(name, dataset, say.language)
    if isinstance(block, InstrumentScore):
        return _by_instrument(title, block, say)
    if isinstance(block, SumScore):
        low, high = map(str, block.levels)
        words = f"{say('sum_of', title, str(len(block.sum_of)), low, high)}; {_missing(block.may_miss, say)}"
        if block.scale is None:
            return words
        return f"{words}; {say('scaled', *(number(end, say.language) for end in block.scale))}"
    if isinstance(block, ProfileChange):
        return say("profile_change", title, say.of(instruments()[block.profile_change].title))
    assert isinstance(block, Responder)
    least, best = (number(value.normalize(), say.language) for value in (block.at_least, block.best))
    return say("responder", title, least, best)


def _by_instrument(title: str, block: InstrumentScore, say: Speaker) -> str:
    instrument = instruments()[block.instrument]
    whole = f"{say.of(instrument.title)}, {_cited(instrument.source, instrument.doi)}"
    licence = say.of(instrument.licence)
    if instrument.score == "sum":
        return f"{say('summed', title, whole)}; {_missing(instrument.may_miss, say)}. {licence}"
    if block.score == "level-sum":
        return f"{say('level_sum', title, whole)}; {say('no_sum')}. {licence}"
    crosswalk = crosswalks()[block.crosswalk] if block.crosswalk else None
    chosen = value_sets()[crosswalk.to if crosswalk else block.instrument, block.value_set or ""]
    by = f"{chosen.value_set}: {_cited(say.of(chosen.source), chosen.doi)}"
    if crosswalk:
        by = say("by_crosswalk", by, say.of(crosswalk.title), _cited(say.of(crosswalk.source), crosswalk.doi))
    words = say("value_set", title, by, say.of(instrument.title))
    healthy = "1" * len(instrument.items)
    best = chosen.table[healthy] if chosen.table else Decimal(1)
    index = say("best_index", healthy, number(best.normalize(), say.language))
    return f"{words}; {index}; {say('no_index')}. {licence}"


def _missing(may_miss: int, say: Speaker) -> str:
    if may_miss == 1:
        return say("may_miss_one")
    return say("may_miss", str(may_miss)) if may_miss else say("no_sum")


def _cited(source: str, doi: str | None) -> str:
    return f"{source}, doi:{doi}" if doi else source
