"""Faults of a derived column that its fields alone do not show: instruments, value sets, items, scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from indicators.columns import Column
from indicators.faults import did_you_mean
from indicators.instruments.blocks import InstrumentScore, ProfileChange, Responder, SumScore
from indicators.instruments.crosswalks import crosswalks
from indicators.instruments.instrument import Instrument, instruments
from indicators.instruments.scores import Block
from indicators.instruments.value_sets import value_sets
from indicators.source import Path
from indicators.tables import Table

BlockFault: TypeAlias = tuple[Path, str, str]


def block_faults(table: Table, block: Block) -> Iterator[BlockFault]:
    """Path within the block, message and hint of each fault."""
    if isinstance(block, InstrumentScore):
        yield from _instrument_faults(table, block)
    elif isinstance(block, ProfileChange):
        yield from _profile_change_faults(table, block)
    elif isinstance(block, SumScore):
        for number, name in enumerate(block.sum_of):
            yield from _item_faults(table, ("sum_of", number), name, block.levels)
    else:
        yield from _responder_faults(table, block)


def _instrument_faults(table: Table, block: InstrumentScore) -> Iterator[BlockFault]:
    instrument = instruments().get(block.instrument)
    if instrument is None:
        yield _no_instrument(("instrument",), block.instrument)
        return
    yield from _score_faults(block, instrument)
    yield from _items_faults(table, ("items",), block.items, instrument)


def _no_instrument(path: Path, name: str) -> BlockFault:
    return path, f"there is no instrument '{name}'", did_you_mean(name, instruments())


def _score_faults(block: InstrumentScore, instrument: Instrument) -> Iterator[BlockFault]:
    """Whether the fields say, in one way, how this instrument is scored."""
    valued = instrument.score == "value-set"
    for field in ("value_set", "crosswalk", "score"):
        if getattr(block, field) is not None and (not valued or (block.score and field != "score")):
            why = "is a sum of its items" if not valued else "is scored as a level sum"
            yield (field,), f"{block.instrument} {why}: '{field}' does not go with that", ""
            return
    if not valued or block.score:
        return
    if block.value_set is None:
        known = ", ".join(name for of, name in value_sets() if of == block.instrument)
        yield ("instrument",), f"{block.instrument} needs a 'value_set'", f"there is {known}"
    elif block.crosswalk:
        yield from _crosswalk_faults(block, block.crosswalk, block.value_set)
    else:
        yield from _value_set_faults(block.instrument, block.value_set)


def _crosswalk_faults(block: InstrumentScore, name: str, value_set: str) -> Iterator[BlockFault]:
    crosswalk = crosswalks().get(name)
    if crosswalk is None:
        yield ("crosswalk",), f"there is no crosswalk '{name}'", did_you_mean(name, crosswalks())
    elif crosswalk.of != block.instrument:
        message = f"{name} is of answers to {crosswalk.of}, and these are to {block.instrument}"
        yield ("crosswalk",), message, ""
    else:
        yield from _value_set_faults(crosswalk.to, value_set)
        found = value_sets().get((crosswalk.to, value_set))
        if found and found.table is not None:
            yield ("value_set",), f"{value_set} is a table; a crosswalk needs a set with terms per level", ""


def _value_set_faults(instrument: str, name: str) -> Iterator[BlockFault]:
    if (instrument, name) not in value_sets():
        wanted, known = f"{instrument}/{name}", [f"{of}/{version}" for of, version in value_sets()]
        yield ("value_set",), f"there is no value set '{wanted}'", did_you_mean(wanted, known)


def _profile_change_faults(table: Table, block: ProfileChange) -> Iterator[BlockFault]:
    instrument = instruments().get(block.profile_change)
    if instrument is None:
        yield _no_instrument(("profile_change",), block.profile_change)
    elif instrument.score != "value-set":
        yield ("profile_change",), f"{block.profile_change} is a sum, and has no profile", ""
    else:
        yield from _items_faults(table, ("before",), block.before, instrument)
        yield from _items_faults(table, ("after",), block.after, instrument)


def _items_faults(
    table: Table, path: Path, items: Mapping[str, str], instrument: Instrument
) -> Iterator[BlockFault]:
    for item in sorted({*instrument.items} ^ {*items}):
        problem = "is missing" if item in instrument.items else f"is not one of {instrument.instrument}"
        yield path, f"item '{item}' {problem}", ""
    for item, column in items.items():
        if item in instrument.items:
            yield from _item_faults(table, (*path, item), column, instrument.levels)


def _item_faults(table: Table, path: Path, name: str, levels: tuple[int, int]) -> Iterator[BlockFault]:
    kind = table.types.get(name)
    if kind is None:
        hint = did_you_mean(name, table.types)
        yield path, f"dataset {table.name} has no column '{name}'", hint
    elif kind != "integer":
        yield path, f"'{name}' is {kind}; the answer to an item is an integer", ""
    elif name in table.columns:
        yield from _range_faults(path, name, table.columns[name], levels)


def _range_faults(path: Path, name: str, column: Column, levels: tuple[int, int]) -> Iterator[BlockFault]:
    low, high = levels
    if column.codes is not None:
        return
    if column.range is None:
        message = f"'{name}' has no range, so that an answer that does not exist would not be set apart"
        yield path, message, f"write 'range: [{low}, {high}]'"
    elif not (column.range[0] >= low and column.range[1] <= high):
        message = (
            f"'{name}' runs from {column.range[0]} to {column.range[1]}; "
            f"the answers of this item run from {low} to {high}"
        )
        yield path, message, "recode the column, so that its answers score as they were meant"


def _responder_faults(table: Table, block: Responder) -> Iterator[BlockFault]:
    for field in ("responder", "before"):
        name = getattr(block, field)
        kind = table.types.get(name)
        if kind is None:
            hint = did_you_mean(name, table.types)
            yield (field,), f"dataset {table.name} has no column '{name}'", hint
        elif kind not in ("integer", "decimal"):
            yield (field,), f"'{name}' is {kind}; a change is one of numbers", ""
    scored = table.derive.get(block.responder)
    if isinstance(scored, InstrumentScore) and scored.score is None:
        instrument = instruments().get(scored.instrument)
        if instrument and (instrument.best, instrument.better) != (block.best, block.better):
            of = f"the best score of {scored.instrument} is {instrument.best}"
            message = f"{of}, and {instrument.better} is better"
            yield ("best",), message, ""
