"""Tables of rows that belong to a record: which an indicator needs, and what is computed of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indicators.compile import conditions_on_rows
from indicators.dataset import Dataset
from indicators.derived import RowsColumn, ValueColumn
from indicators.expression import Node, parse
from indicators.guide.words import Speaker
from indicators.phrases import column_title, in_words
from indicators.tables import ChildTable, Table
from indicators.words import Text

_WORDS: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("first", "eerste {0} uit {1}", "first {0} in {1}"),
        ("last", "laatste {0} uit {1}", "last {0} in {1}"),
        ("only", "{0} uit {1}", "{0} in {1}"),
        ("any", "of er een rij is in {1}", "whether there is a row in {1}"),
        ("count", "aantal rijen in {1}", "number of rows in {1}"),
        (
            "distinct",
            "aantal verschillende waarden van {0} in {1}",
            "number of different values of {0} in {1}",
        ),
        ("sum", "som van {0} in {1}", "sum of {0} in {1}"),
        ("min", "laagste {0} uit {1}", "lowest {0} in {1}"),
        ("max", "hoogste {0} uit {1}", "highest {0} in {1}"),
        (
            "days",
            "aantal dagen van {0} tot en met {2} in {1}, elke dag eenmaal geteld",
            "number of days from {0} up to and including {2} in {1}, each day counted once",
        ),
        ("days before", ", in de {0} dagen vóór {1}", ", in the {0} days before {1}"),
        ("days after", ", in de {0} dagen vanaf {1}", ", in the {0} days from {1} on"),
        ("hours before", ", in de {0} uur vóór {1}", ", in the {0} hours before {1}"),
        ("hours after", ", in de {0} uur vanaf {1}", ", in the {0} hours from {1} on"),
        ("months before", ", in de {0} maanden vóór {1}", ", in the {0} months before {1}"),
        ("months after", ", in de {0} maanden vanaf {1}", ", in the {0} months from {1} on"),
        ("minutes before", ", in de {0} minuten vóór {1}", ", in the {0} minutes before {1}"),
        ("minutes after", ", in de {0} minuten vanaf {1}", ", in the {0} minutes from {1} on"),
        ("by window", " (naar {0})", " (by {0})"),
        (
            "between",
            ", met {2} van {0} tot en met {1}",
            ", with {2} from {0} up to and including {1}",
        ),
        ("ordered", ", op volgorde van {0}", ", in the order of {0}"),
        ("where", ", waarvoor geldt: {0}", ", for which this holds: {0}"),
        ("table", "de tabel ‘{0}’", "the table ‘{0}’"),
        ("within", "{0} van {1}", "{0} of {1}"),
        ("many", " (geen, een of meer rijen per record)", " (no, one or more rows for a record)"),
        ("one", " (hoogstens een rij per record)", " (at most one row for a record)"),
        ("elsewhere", "; de rijen zijn die van ‘{0}’", "; the rows are those of ‘{0}’"),
        (
            "many within",
            " (geen, een of meer rijen bij een rij daarvan)",
            " (no, one or more rows for a row of it)",
        ),
        ("one within", " (hoogstens een rij bij een rij daarvan)", " (at most one row for a row of it)"),
        ("linked within", "; hoort bij een rij daarvan door: {0}", "; belongs to a row of it by: {0}"),
        ("linked", "; hoort bij een record door: {0}", "; belongs to a record by: {0}"),
    )
}


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


def tables_needed(names: list[str], dataset: Dataset) -> list[Needed]:
    """Tables that columns of a dataset are computed of, each once, those that it is computed of behind it."""
    read: dict[tuple[str, str], dict[str, None]] = {}
    tables: dict[tuple[str, str], tuple[Table, ChildTable]] = {}
    for name in names:
        _follow(dataset, name, read, tables)
    return [Needed(*tables[key], tuple(columns)) for key, columns in read.items()]


def _follow(
    table: Table,
    name: str,
    read: dict[tuple[str, str], dict[str, None]],
    tables: dict[tuple[str, str], tuple[Table, ChildTable]],
) -> None:
    block = table.derive.get(name)
    if block is None:
        return
    for other in block.reads:
        _follow(table, other, read, tables)
    if not isinstance(block, RowsColumn):
        return
    child = table.tables[block.of]
    key = (table.name, block.of)
    tables[key] = (table, child)
    known = read.setdefault(key, dict.fromkeys(child.link))
    for column in _read_there(table, block):
        known.update(dict.fromkeys(each for each in _delivered(child, column)))
        _follow(child, column, read, tables)


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
    for other in block.reads:
        if other in table.types:
            yield from _delivered(table, other)


def table_words(needed: Needed, say: Speaker) -> str:
    """Name a table, how many rows a record has, and by which columns they belong to it."""
    child = needed.table
    words, within = table_title(child, say), ""
    if isinstance(needed.above, ChildTable):
        words, within = _say(say, "within", words, table_title(needed.above, say)), " within"
    words = words[0].upper() + words[1:] + _say(say, f"{'one' if child.one_row else 'many'}{within}")
    words += _say(
        say, f"linked{within}", ", ".join(column_title(own, child, say.language) for own in child.link)
    )
    return words + (_say(say, "elsewhere", child.rows_of) if child.rows_of else "")


def table_title(table: ChildTable, say: Speaker) -> str:
    """A table by its title, or by its name."""
    name = say.of(table.title) if table.title else table.name.rpartition(".")[2].replace("_", " ")
    return _say(say, "table", name)


def computed_words(names: list[str], dataset: Dataset, say: Speaker) -> tuple[str, ...]:
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
    for column in _read_there(table, block):
        _add_words(table.tables[block.of], column, say, found)
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
    said = _say(say, kind, first, where, *last)
    said += _window(table, child, block, say)
    if block.where is None:
        return said
    condition = parse(block.where, table.types_of_rows(block.of))
    return said + _say(say, "where", in_words(condition, child, say.language, above=table))


def _window(table: Table, child: ChildTable, block: RowsColumn, say: Speaker) -> str:
    if block.by is None:
        return ""
    by = column_title(block.by, child, say.language)
    if block.between is None:
        return _say(say, "ordered", by)
    first, last = (parse(text, table.types, None) for text in block.between)
    for inner, outer, side in ((first, last, "before"), (last, first, "after")):
        step = _step(inner, outer, side)
        if step is not None:
            unit, size = step
            day = in_words(outer, table, say.language)
            return _say(say, f"{unit} {side}", size, day) + _say(say, "by window", by)
    ends = (in_words(node, table, say.language) for node in (first, last))
    return _say(say, "between", *ends, by)


def _step(inner: Node, outer: Node, side: str) -> tuple[str, str] | None:
    """How far one end of a window lies from the other, where that is so many days, hours or months."""
    unit = inner.kind.removeprefix("add_")
    if not inner.kind.startswith("add_") or inner.children[0] != outer or inner.children[1].kind != "literal":
        return None
    size = str(inner.children[1].value)
    if (side == "before") != size.startswith("-"):
        return None
    return unit, size.removeprefix("-")


def _say(say: Speaker, key: str, *values: str) -> str:
    return say.of(_WORDS[key]).format(*values)
