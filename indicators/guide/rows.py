"""Tables of rows that belong to a record: which an indicator needs, and what is computed of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from indicators.attribution import Plurality
from indicators.compile import conditions_on_rows
from indicators.dataset import Dataset
from indicators.derived import RowsColumn, ValueColumn
from indicators.expression import parse
from indicators.guide.words import Speaker
from indicators.phrases import column_title, in_words
from indicators.tables import ChildTable, Table


@dataclass(frozen=True, slots=True)
class Needed:
    """A table that an indicator needs, and the delivered columns of it that are read.

    Attributes
    ----------
    above : Table
        The table that its rows belong to.
    """

    above: Table
    table: ChildTable
    columns: tuple[str, ...]


def tables_needed(names: Sequence[str], dataset: Dataset, care: Plurality | None = None) -> list[Needed]:
    """Tables that columns of a dataset are computed of, each once, those that it is computed of behind it.

    The table with the care that networks gave, if there is one, comes last.
    """
    found = _Found({}, {}, set())
    for name in names:
        _follow(dataset, name, found)
    if care is not None:
        named = (care.provider, care.by, *([care.sum] if care.sum else ()))
        _add_table(dataset, dataset.tables[care.of], named, found)
    return [Needed(*found.tables[key], tuple(columns)) for key, columns in found.read.items()]


@dataclass(frozen=True, slots=True)
class _Found:
    """Tables by their place, the columns of each that are read, and the computed ones that were followed."""

    tables: dict[tuple[str, str], tuple[Table, ChildTable]]
    read: dict[tuple[str, str], dict[str, None]]
    followed: set[tuple[str, str]]


def _follow(table: Table, name: str, found: _Found) -> None:
    block = table.derive.get(name)
    if block is None or (table.name, name) in found.followed:
        return
    found.followed.add((table.name, name))
    for other in block.reads:
        _follow(table, other, found)
    if not isinstance(block, RowsColumn):
        return
    child = table.tables[block.of]
    columns = tuple(_read_there(table, block))
    rows = rows_of(child)
    if isinstance(rows, ChildTable) and not child.given_by_itself:  # it is another table of the same record
        _add_table(table, child, (), found)
        _add_table(_above(rows), rows, (*child.link, *columns), found)
    else:
        _add_table(table, child, columns, found)
    for column in (*child.link, *columns):
        _follow(rows, column, found)


def _add_table(above: Table, child: ChildTable, columns: Iterable[str], found: _Found) -> None:
    """Add a table with what is delivered of it for columns, and the tables that it stands in."""
    key = (above.name, child.name.rpartition(".")[2])
    if isinstance(above, ChildTable) and key not in found.tables:
        _add_table(_above(above), above, (), found)
    found.tables[key] = (above, child)
    known = found.read.setdefault(key, {})
    for column in (*child.link, *columns):
        known.update(dict.fromkeys(_delivered(rows_of(child), column)))


def rows_of(table: ChildTable) -> Table:
    """The table that holds its rows."""
    return table.target if table.rows_of else table


def _above(table: ChildTable) -> Table:
    return table.known_tables[table.name.rpartition(".")[0]]


def _read_there(table: Table, block: RowsColumn) -> Iterator[str]:
    """Columns of its rows that a block reads."""
    for node in conditions_on_rows(table, block):
        yield from node.columns
    for text in block.counted:
        yield from parse(text, table.types_of_rows(block.of), None).columns
    yield from (name for name in (block.by, block.taken) if name)


def _delivered(table: Table, name: str) -> Iterator[str]:
    """A delivered column itself, or those that a computed one is made of."""
    block = table.derive.get(name)
    if block is None:
        yield name
        return
    links = table.tables[block.of].link.values() if isinstance(block, RowsColumn) else ()
    for other in (*links, *block.reads):
        if other in table.types:
            yield from _delivered(table, other)


def table_words(needed: Needed, say: Speaker) -> str:
    """Name a table, how many rows a record has, and by which columns they belong to it."""
    child = needed.table
    words, within = table_title(child, say), ""
    if isinstance(needed.above, ChildTable):
        words, within = say("rows_within", words, table_title(needed.above, say)), "_within"
    words = words[0].upper() + words[1:] + say(f"rows_{'one' if child.one_row else 'many'}{within}")
    words += say(
        f"rows_linked{within}", ", ".join(column_title(own, child, say.language) for own in child.link)
    )
    return words + (say("rows_elsewhere", child.rows_of) if child.rows_of else "")


def table_title(table: ChildTable, say: Speaker) -> str:
    """A table by its title, or by its name."""
    name = say.of(table.title) if table.title else table.name.rpartition(".")[2].replace("_", " ")
    return say("rows_table", name)


def computed_words(names: Sequence[str], dataset: Dataset, say: Speaker) -> tuple[str, ...]:
    """What each computed column of an indicator is, those of its tables included."""
    found: dict[tuple[str, str], str] = {}
    for name in names:
        _add_words(dataset, name, say, found)
    return tuple(found.values())


def _add_words(table: Table, name: str, say: Speaker, found: dict[tuple[str, str], str]) -> None:
    block = table.derive.get(name)
    if (table.name, name) in found or not isinstance(block, ValueColumn | RowsColumn):
        return
    for other in block.reads:
        _add_words(table, other, say, found)
    title = column_title(name, table, say.language)
    if isinstance(table, ChildTable):
        title = f"{title} ({table_title(table, say)})"
    if isinstance(block, ValueColumn):
        node = parse(block.value, table.types, None)
        found[table.name, name] = f"{title}: {in_words(node, table, say.language)}"
        return
    child = table.tables[block.of]
    for column in (*child.link, *_read_there(table, block)):
        _add_words(rows_of(child), column, say, found)
    found[table.name, name] = f"{title}: {rows_words(table, block, say)}"


def rows_words(table: Table, block: RowsColumn, say: Speaker) -> str:
    """What is taken of the rows of a table, from which of them, in one sentence."""
    child = table.tables[block.of]
    where = table_title(child, say)
    kind = "only" if block.kind in ("first", "last") and block.by is None else block.kind
    nodes = [parse(text, table.types_of_rows(block.of), None) for text in block.counted]
    taken = [in_words(node, child, say.language, above=table) for node in nodes]
    if block.taken is not None:
        taken.append(column_title(block.taken, child, say.language))
    first, *last = taken or [""]
    said = say(f"rows_{kind}", first, where, *last)
    said += _window(table, child, block, say)
    if block.where is None:
        return said
    condition = parse(block.where, table.types_of_rows(block.of))
    return said + say("rows_where", in_words(condition, child, say.language, above=table))


def _window(table: Table, child: ChildTable, block: RowsColumn, say: Speaker) -> str:
    if block.by is None:
        return ""
    by = column_title(block.by, child, say.language)
    if block.between is None:
        return say("rows_ordered", by)
    ends = (in_words(parse(text, table.types, None), table, say.language) for text in block.between)
    return say("rows_between", *ends, by)
