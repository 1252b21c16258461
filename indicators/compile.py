"""A dataset to SQL: its records with their derived columns, and how names and texts are written in SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from indicators.derived import RowsColumn, ValueColumn
from indicators.emit import record_column
from indicators.expression import parse, to_sql
from indicators.instruments.scores import score_sql
from indicators.tables import ChildTable, Table
from indicators.tree import Node, of_record

# What identifies a row, and orders the rows of a table by when they were delivered.
IDENTITY = ("_delivery", "_line")


def dataset_select(
    table: Table, stored: str, *, given: Collection[str] = (), child_rows: Mapping[str, str] | None = None
) -> str:
    """SQL of a table's rows with its derived columns added.

    Parameters
    ----------
    table : Table
        The definition: a dataset, or a table in it.
    stored : str
        Name of the table or view that holds the stored columns.
    given : collection of str
        Derived columns that it holds already.
    child_rows : mapping of str to str, optional
        For each of the tables in it that is delivered, by its full name, what holds its stored columns; and
        so for the tables of other datasets that it is linked to. These and ``stored`` then have `IDENTITY`
        as well. A linked table for which there is something has its rows from that, not from its target.
    """
    known: dict[str, str] = {}
    selected = _with_derived(table, {**(child_rows or {}), table.name: stored}, known, given)
    steps = ", ".join(f"{name} as ({sql})" for name, sql in known.items())
    return f"with {steps} select * from {selected}" if known else f"select * from {selected}"


def rows_select(table: Table, of: str, rows: str, stored: Mapping[str, str]) -> str:
    """SQL of the rows of a child table with its derived columns added, for all rows of the table above.

    Parameters
    ----------
    table : Table
        The table above.
    of : str
        Name of the child table.
    rows : str
        What holds the rows of the table above, derived columns included.
    stored : mapping of str to str
        As ``child_rows`` of `dataset_select`.
    """
    child = table.tables[of]
    known: dict[str, str] = {}
    held = dict(stored)
    if child.name not in held:
        held[child.name] = _elsewhere(table, child, rows, held, known)
    selected = _with_derived(child, held, known)
    steps = ", ".join(f"{name} as ({sql})" for name, sql in known.items())
    return f"with {steps} select * from {selected}" if known else f"select * from {selected}"


def rows_asked_select(
    table: Table,
    stored: str,
    asked: Sequence[tuple[Table, str, Sequence[Node]]],
    *,
    given: Collection[str],
    child_rows: Mapping[str, str],
) -> str:
    """SQL of what the rows of child tables answer: one row, with two columns for each condition.

    Parameters
    ----------
    table, stored, given, child_rows
        As for `dataset_select`.
    asked : sequence of (Table, str, sequence of Node)
        A block that is computed of rows, by the table it stands in and its name, and conditions on the rows
        that it is computed of.

    Returns
    -------
    str
        A select of booleans: for each condition of each block whether some row makes it true, and whether
        some row makes it false.
    """
    known: dict[str, str] = {}
    _with_derived(table, {**child_rows, table.name: stored}, known, given)
    parts = []
    for of, name, conditions in asked:
        block = of.derive[name]
        assert isinstance(block, RowsColumn)
        stages = enumerate(_stages(of, given if of is table else ()))
        stage = next((number for number, names in stages if name in names), None)
        here, rows = quote(f"{of.name}/{stage}"), quote(of.tables[block.of].name)
        if here not in known or rows not in known:  # the column is given, or its table is no part of this
            parts.append(f"row({', '.join(['false, false'] * len(conditions))})")
            continue
        read = dict.fromkeys(name for node in conditions for name in node.record_columns)
        child = of.tables[block.of]
        others = child.rows_of == of.name and child.name not in child_rows
        counts = ", ".join(
            f"count(*) filter (where {to_sql(node)}) > 0, count(*) filter (where not {to_sql(node)}) > 0"
            for node in conditions
        )
        parts.append(f"(select row({counts}) from {_joined(of, block.of, here, rows, read, others=others)})")
    steps = ", ".join(f"{name} as ({sql})" for name, sql in known.items())
    return f"with {steps} select {', '.join(parts)}" if known else f"select {', '.join(parts)}"


def _with_derived(
    table: Table, stored: Mapping[str, str], known: dict[str, str], given: Collection[str] = ()
) -> str:
    """SQL of a table's rows with derived columns, a stage at a time; what it selects from goes in `known`."""
    selected = stored[table.name]
    for number, stage in enumerate(_stages(table, given)):
        own = [name for name in stage if not isinstance(table.derive[name], RowsColumn)]
        if own:
            columns = ", ".join(f"{derived_sql(table, name)} as {quote(name)}" for name in own)
            selected = f"(select *, {columns} from {selected})"
        if of_rows := _by_table(table, stage):
            here = quote(f"{table.name}/{number}")
            known[here] = f"select * from {selected}"
            selected = _with_rows(table, here, of_rows, stored, known)
    return selected


def _stages(table: Table, given: Collection[str]) -> Iterator[list[str]]:
    """Derived columns that can be computed at one time, each stage of those before it."""
    level: dict[str, int] = {}
    for name in table.derive:
        if name not in given:
            level[name] = max((level[read] + 1 for read in table.reads_of(name) if read in level), default=0)
    for number in range(max(level.values(), default=-1) + 1):
        yield [name for name in level if level[name] == number]


def _by_table(table: Table, stage: list[str]) -> dict[str, dict[str, RowsColumn]]:
    """Blocks of a stage that are computed of child rows, by the table of these."""
    found: dict[str, dict[str, RowsColumn]] = {}
    for name in stage:
        block = table.derive[name]
        if isinstance(block, RowsColumn):
            found.setdefault(block.of, {})[name] = block
    return found


def _with_rows(
    table: Table,
    here: str,
    of_rows: Mapping[str, Mapping[str, RowsColumn]],
    stored: Mapping[str, str],
    known: dict[str, str],
) -> str:
    """SQL of rows with what child rows give them: one join and one grouping for each table."""
    columns, joins = [], []
    for of, blocks in of_rows.items():
        child = table.tables[of]
        rows, grouped = quote(child.name), quote(f"{here[1:-1]}/{of}")
        others = child.rows_of == table.name and child.name not in stored
        if rows not in known:
            held = {
                **stored,
                child.name: stored.get(child.name) or _elsewhere(table, child, here, stored, known),
            }
            known[rows] = f"select * from {_with_derived(child, held, known)}"
        known[grouped] = _grouped(table, here, rows, blocks, others=others)
        same = " and ".join(f"{here}.{part} = {grouped}.{record_column(part)}" for part in IDENTITY)
        joins.append(f"left join {grouped} on {same}")
        for name, block in blocks.items():
            value, alone = f"{grouped}.{quote(name)}", f"{grouped}.{record_column('_line')} is null"
            if block.kind in _NOTHING:
                value = f"case when {alone} then {_NOTHING[block.kind]} else {value} end"
            columns.append(f"{value} as {quote(name)}")
    return f"(select {here}.*, {', '.join(columns)} from {here} {' '.join(joins)})"


def _elsewhere(
    table: Table, child: ChildTable, here: str, stored: Mapping[str, str], known: dict[str, str]
) -> str:
    """SQL of the rows of a table that are those of another one."""
    target = child.target
    if target.name == table.name:
        source = here
    elif set(child.columns) <= set(target.columns):
        source = stored[target.name]
    else:
        source = quote(target.name)
        if source not in known:
            known[source] = f"select * from {_with_derived(target, stored, known)}"
    return f"(select {', '.join([*IDENTITY, *map(quote, child.columns)])} from {source})"


# What a block is for a record without child rows, where that is known.
_NOTHING = {"count": "0", "any": "false", "distinct": "0", "days": "0", "sum": "0"}


def _grouped(table: Table, here: str, rows: str, blocks: Mapping[str, RowsColumn], *, others: bool) -> str:
    """SQL of blocks of one child table, one row for each row of ``here`` that has any of its rows.

    Where the rows are ``others`` of the same table, none belongs to itself.
    """
    of = next(iter(blocks.values())).of
    identity = [record_column(part) for part in IDENTITY]
    values: list[str] = []
    read: dict[str, None] = {}
    for name, block in blocks.items():
        conditions = conditions_on_rows(table, block)
        read.update(dict.fromkeys(name for node in conditions for name in node.record_columns))
        counted = " and ".join(map(to_sql, conditions))
        if block.days is not None:
            first, last = (parse(text, table.types_of_rows(block.of), "date") for text in block.days)
            read.update(dict.fromkeys((*first.record_columns, *last.record_columns)))
            value = _days_sql(to_sql(first), to_sql(last), counted)
        elif block.distinct is not None:
            different = parse(block.distinct, table.types_of_rows(block.of), None)
            read.update(dict.fromkeys(different.record_columns))
            value = f"count(distinct {to_sql(different)}) {f'filter (where {counted})' if counted else ''}"
        else:
            value = _VALUE[block.kind](block, f"filter (where {counted})" if counted else "")
        values.append(f"{value} as {quote(name)}")
    joined = _joined(table, of, here, rows, read, others=others)
    return f"select {', '.join([*identity, *values])} from {joined} group by {', '.join(identity)}"


def _joined(table: Table, of: str, here: str, rows: str, read: Iterable[str], *, others: bool) -> str:
    """SQL of rows of a child table beside what is read of the row that each belongs to."""
    link = table.tables[of].link
    names = dict.fromkeys((*IDENTITY, *link.values(), *read))
    beside = ", ".join(f"{quote(name)} as {record_column(name)}" for name in names)
    linked = " and ".join(f"{quote(own)} = {record_column(above)}" for own, above in link.items())
    if others:
        same = " and ".join(f"{part} = {record_column(part)}" for part in IDENTITY)
        linked = f"{linked} and not ({same})"
    return f"(select {beside} from {here}) join {rows} on {linked}"


def conditions_on_rows(table: Table, block: RowsColumn) -> list[Node]:
    """Conditions that a child row meets to count for a block."""
    scope = table.types_of_rows(block.of)
    conditions = [parse(block.where, scope)] if block.where else []
    if block.by is not None and block.between is None:
        conditions.append(parse(f"{block.by} is not null", scope))
    elif block.by is not None and block.between is not None:
        by = parse(block.by, scope, None)
        limits = (of_record(parse(text, table.types, by.type)) for text in block.between)
        conditions.append(Node("between", "boolean", None, (by, *limits)))
    return conditions


def _picked(function: str, block: RowsColumn, counted: str) -> str:
    # The engine leaves out rows whose value is null, but not structures that hold a null.
    value = f"{{'value': {quote(block.taken or '')}}}"
    order = ", ".join([*([quote(block.by)] if block.by else []), *IDENTITY])
    return f"({function}({value}, ({order})) {counted}).value"


def _summed(block: RowsColumn, counted: str) -> str:
    column = quote(block.taken or "")
    total = f"sum({column}) {counted}"
    if block.type == "integer":
        total = f"cast({total} as bigint)"
    all_known = f"count(*) {counted} = count({column}) {counted}"
    return f"case when {all_known} then coalesce({total}, 0) end"


def _days_sql(first: str, last: str, counted: str) -> str:
    """SQL of how many days lie within any of the rows: in order of their beginning, what each adds."""
    which = f"filter (where {counted})" if counted else ""
    known = f"count(*) {which} = count({last} - {first}) {which}"
    within = " and ".join(filter(None, [counted, f"{first} <= {last}"]))
    spans = (
        f"list_sort(list({{'a': {first}, 'b': {last}, 'n': {last} - {first} + 1}}) filter (where {within}))"
    )
    joined = (
        f"list_reduce({spans}, lambda s, t: {{'a': s.a, 'b': greatest(s.b, t.b), "
        "'n': s.n + greatest(t.b - greatest(t.a - 1, s.b), 0)})"
    )
    return f"case when {known} then coalesce({joined}.n, 0) end"


_VALUE: dict[str, Callable[[RowsColumn, str], str]] = {
    "first": lambda block, counted: _picked("arg_min", block, counted),
    "last": lambda block, counted: _picked("arg_max", block, counted),
    "any": lambda _, counted: f"count(*) {counted} > 0",
    "count": lambda _, counted: f"count(*) {counted}",
    "sum": _summed,
    "min": lambda block, counted: f"min({quote(block.taken or '')}) {counted}",
    "max": lambda block, counted: f"max({quote(block.taken or '')}) {counted}",
}


def derived_sql(table: Table, name: str) -> str:
    """SQL of one derived column, of those that other columns of the row give."""
    block = table.derive[name]
    assert not isinstance(block, RowsColumn)
    if isinstance(block, ValueColumn):
        return to_sql(parse(block.value, table.types, block.of_type))
    return score_sql(block, quote)


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
