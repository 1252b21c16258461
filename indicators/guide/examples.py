"""The examples of an indicator in words: what is given of a record, and what must become of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from indicators.dataset import Dataset
from indicators.definition import Example, Given, Indicator
from indicators.guide.data import answers_with, columns_needed
from indicators.guide.parts import Table
from indicators.guide.rows import table_title, tables_needed
from indicators.guide.words import Speaker
from indicators.phrases import column_title, number, value_label
from indicators.tables import ChildTable
from indicators.tables import Table as TableOfRows
from indicators.words import NO, NOT_KNOWN, YES


def examples_table(item: Indicator, dataset: Dataset, say: Speaker) -> Table:
    """Every example, with what it counts as."""
    read = columns_needed(item, dataset)
    rows = tuple(
        (given_words(example, read, dataset, say), ends_words(example, say)) for example in item.examples
    )
    return Table((say("given"), say("ends")), rows, (3, 1))


def given_words(example: Example, read: Sequence[str], dataset: Dataset, say: Speaker) -> str:
    """The values of an example in words: those that its indicator reads."""
    said, told, given = [], set[str](), example.given.columns
    for name, value in given.items():
        group = answers_with(name, dataset)
        if name in told or name not in read:
            continue
        if len(group.columns) > 1 and set(group.columns) <= given.keys():
            told.update(group.columns)
            answered = (_value(each, given[each], dataset, say) for each in group.columns)
            title = say("answers", column_title(group.score, dataset, say.language))
            said.append(f"{title}: {', '.join(answered)}")
        else:
            said.append(f"{column_title(name, dataset, say.language)}: {_value(name, value, dataset, say)}")
    said += _rows_given(example.given, dataset, [each.table for each in tables_needed(read, dataset)], say)
    if example.cut_off:
        said.append(say("cut_off", str(example.cut_off)))
    return "; ".join(said)


def _rows_given(
    given: Given, table: TableOfRows, needed: Sequence[ChildTable], say: Speaker
) -> Iterator[str]:
    """The rows of tables in words, each between brackets, those that belong to them within."""
    for name, rows in given.tables.items():
        child = table.tables[name]
        if child not in needed:
            continue
        told = []
        for row in rows:
            values = row.columns.items()
            cells = [
                f"{column_title(each, child, say.language)}: {_value(each, v, child, say)}"
                for each, v in values
            ]
            told.append(f"({'; '.join([*cells, *_rows_given(row, child, needed, say)])})")
        yield f"{table_title(child, say)}: {', '.join(told)}"


def _value(name: str, value: str | bool | float | None, table: TableOfRows, say: Speaker) -> str:
    """A delivered value in words."""
    if value is None:
        return say("empty") if table.types.get(name) == "date" else say.of(NOT_KNOWN)
    if isinstance(value, bool):
        return say.of(YES if value else NO)
    if isinstance(value, str):
        return value_label(name, value, table, say.language)
    return number(Decimal(str(value)), say.language)


def ends_words(example: Example, say: Speaker) -> str:
    """What an example counts as."""
    wanted = example.expect
    if wanted.state != "value":
        return say(wanted.state)
    if wanted.outcome is None:
        return say("value_state")
    return say("value_of", number(Decimal(str(wanted.outcome)).normalize(), say.language))
