"""Taking a delivery in: every row checked, bad ones quarantined with their reasons, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from indicators.compile import quote, text_literal
from indicators.dataset import Dataset
from indicators.tables import ChildTable, Table
from registry_db.checks import stage
from registry_db.connect import Connection, transaction
from registry_db.faults import RegistryError
from registry_db.intake import RawFile, load_raw, open_raw
from registry_db.records import make_record_table, record_table
from registry_db.unpack import unpack

SHOWN_FAULTS = 20
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row was quarantined.

    Attributes
    ----------
    line : int
        Line in the file; the header is line 1.
    column : str
        Header of the column in the file.
    value : str or None
        What the file holds there.
    expected : str
        What was expected.
    """

    line: int
    column: str
    value: str | None
    expected: str

    def __str__(self) -> str:
        """One line: ``12: Gender is '7'; expected one of 1, 2``; what cannot be printed is escaped."""
        value = "empty" if self.value is None else f"'{_printable(self.value)}'"
        return f"{self.line}: {_printable(self.column)} is {value}; expected {self.expected}"


def _printable(text: str) -> str:
    short = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a delivered file.

    Attributes
    ----------
    delivery : str
        Its id.
    already : bool
        The same content had been taken in before; nothing was changed.
    rows, accepted, quarantined, passed_over : int
        Rows in the file; rows taken in; rows set apart; rows that are not of this table.
    faults : tuple of RowFault
        The first faults, by line.
    """

    delivery: str
    dataset: str
    file_name: str
    already: bool
    rows: int
    accepted: int
    quarantined: int
    passed_over: int = 0
    faults: tuple[RowFault, ...] = ()


def deliver(
    con: Connection,
    table: Table,
    file: Path,
    *,
    dataset_hash: str,
    key: bytes,
    replaces: str | None = None,
) -> Delivered:
    """Take one file in.

    Parameters
    ----------
    con : Connection
        The vault.
    table : Dataset or ChildTable
        Its definition.
    file : Path
        CSV, or a zip that holds one CSV.
    dataset_hash : str
        Hash of the definition that the rows are checked against.
    key : bytes
        Key for the pseudonyms of identifier columns.
    replaces : str, optional
        Id of the earlier delivery that this one corrects; it stays, but counts no longer.

    Raises
    ------
    RegistryError
        If the file cannot be read, misses a column, or holds no row that can be taken in (of a table that
        belongs to records it may be a header alone: nothing happened); or if it was taken in before, and
        what `replaces` asks does not fit that. Nothing is changed then.
    """
    raw = open_raw(table, unpack(file))
    known = _known(con, table, raw, dataset_hash=dataset_hash, replaces=replaces)
    if known is not None:
        return known
    try:
        load_raw(con, table, raw)
        stage(con, table, raw, key)
        return _take_in(con, table, raw, dataset_hash=dataset_hash, replaces=replaces)
    finally:
        # The raw text holds identifiers: it does not outlive the delivery.
        for kind, name in (("view", "said"), ("table", "raw"), ("table", "typed"), ("table", "fault")):
            con.execute(f"drop {kind} if exists temp.{name}")


def _known(
    con: Connection, table: Table, raw: RawFile, *, dataset_hash: str, replaces: str | None
) -> Delivered | None:
    """Give the delivery that held this content before, or None if the file is to be taken in.

    A delivery that was replaced no longer counts. To go back to it, or to have a file checked again after
    its dataset got a new version, the operator says which delivery it replaces.
    """
    found = con.execute(
        "select delivery, file_name, rows, accepted, quarantined, passed_over, dataset_hash, superseded_by "
        "from delivery where dataset = ? and sha256 = ? "
        "order by superseded_by is null desc, seq desc limit 1",
        [table.name, raw.sha256],
    ).fetchall()
    if not found:
        return None
    delivery, name, rows, accepted, quarantined, passed_over, hash_then, superseded_by = found[0]
    if superseded_by is not None:
        if replaces is not None:
            return None
        raise RegistryError(
            f"{raw.name}: taken in before as {delivery}, which was replaced by {superseded_by}",
            f"to go back to it, deliver it with --replaces {superseded_by}",
        )
    if replaces not in (None, delivery):
        raise RegistryError(f"{raw.name}: taken in before as {delivery}; it cannot replace {replaces}")
    if replaces is not None and hash_then != dataset_hash:
        return None
    return Delivered(delivery, table.name, name, True, rows, accepted, quarantined, passed_over)


def _take_in(
    con: Connection, table: Table, raw: RawFile, *, dataset_hash: str, replaces: str | None
) -> Delivered:
    rows, belonging = _count(con, "raw"), _count(con, "typed")
    quarantined = _count(con, "(select distinct line from fault)")
    # A file of a table with a header alone says that nothing of the kind happened; one of records, nothing.
    if belonging == quarantined and (rows or isinstance(table, Dataset)):
        raise RegistryError(_nothing_accepted(con, table, raw, rows))
    seq = con.execute("select coalesce(max(seq), 0) + 1 from delivery").fetchall()[0][0]
    delivery = f"{table.name}-{seq:04d}-{raw.sha256[:8]}"
    done = Delivered(
        delivery,
        table.name,
        raw.name,
        False,
        rows,
        belonging - quarantined,
        quarantined,
        rows - belonging,
        _faults(con),
    )
    with transaction(con):
        _supersede(con, table, delivery, replaces)
        _insert(con, table, done, raw, seq=seq, dataset_hash=dataset_hash, replaces=replaces)
    return done


def _count(con: Connection, source: str) -> int:
    return int(con.execute(f"select count(*) from {source}").fetchall()[0][0])


def _faults(con: Connection) -> tuple[RowFault, ...]:
    rows = con.execute(
        "select line, column_name, value, expected from fault "
        f"order by line, column_name limit {SHOWN_FAULTS}"
    )
    return tuple(RowFault(*row) for row in rows.fetchall())


def _nothing_accepted(con: Connection, table: Table, raw: RawFile, rows: int) -> str:
    if rows == 0:
        return f"{raw.name}: the file has a header and no records"
    first = next(iter(_faults(con)), None)
    if first is None:
        return f"{raw.name}: none of the {rows} rows is of {table.name}, which takes those with {table.rows}"
    return f"{raw.name}: none of the {rows} rows can be taken in; the first fault is\n  {raw.name}:{first}"


def _supersede(con: Connection, table: Table, delivery: str, replaces: str | None) -> None:
    if replaces is not None:
        found = con.execute(
            "select superseded_by from delivery where delivery = ? and dataset = ?",
            [replaces, table.name],
        ).fetchall()
        if not found:
            raise RegistryError(
                f"there is no delivery '{replaces}' of {table.name}", "see `meetlat deliveries`"
            )
        if found[0][0] is not None:
            raise RegistryError(f"delivery {replaces} is already replaced by {found[0][0]}")
        con.execute("update delivery set superseded_by = ? where delivery = ?", [delivery, replaces])
    if not table.key:
        _refuse_second_count(con, table)


def _refuse_second_count(con: Connection, table: Table) -> None:
    """Without a key nobody can tell a new row from one taken in before: refuse the same ground twice."""
    cover = _ground(table)
    found = con.execute(
        f"""select d.delivery, o.period, count(*) from
            (select distinct {cover} from typed where _line not in (select line from fault)) n
            join (select distinct {cover}, _delivery from {record_table(table.name)}) o
                using (provider, period)
            join delivery d on d.seq = o._delivery
        where d.superseded_by is null group by all order by all limit 1"""
    ).fetchall()
    if found:
        delivery, period, number = found[0]
        covered = f"records of {number} of these providers in {period}"
        if not isinstance(table, Dataset):
            covered = f"rows of {number} of these records"
        raise RegistryError(
            f"{table.name} has no key, and delivery {delivery} already holds {covered}: they would be "
            "counted twice",
            f"if this file corrects it, deliver it with --replaces {delivery}",
        )


def _ground(table: Table) -> str:
    """SQL of what a row without a key is about: a provider and a period, or the record it belongs to."""
    if isinstance(table, Dataset):
        period = table.period.column or table.period.year_of
        return f"{quote(table.provider)} as provider, {quote(period or '')} as period"
    link = table.link if isinstance(table, ChildTable) else {}
    return f"row({', '.join(map(quote, link))}) as provider, '' as period"


def _insert(
    con: Connection,
    table: Table,
    done: Delivered,
    raw: RawFile,
    *,
    seq: int,
    dataset_hash: str,
    replaces: str | None,
) -> None:
    make_record_table(con, table)
    columns = ", ".join(map(quote, table.columns))
    good = "_line not in (select line from fault)"
    con.execute(
        f"insert into {record_table(table.name)} (_delivery, _line, {columns}) "
        f"select {seq}, _line, {columns} from typed where {good} order by _line"
    )
    held = ", ".join(
        f"{text_literal(name)}, raw.{raw.cell(name)}"
        for name in raw.headers
        if not table.columns[name].identifier
    )
    con.execute(
        f"insert into quarantine select ?, line, column_name, value, expected, json_object({held}) "
        "from fault join raw using (line) order by line, column_name",
        [done.delivery],
    )
    counts = [done.rows, done.accepted, done.quarantined, done.passed_over]
    con.execute(
        "insert into delivery values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, now()::timestamp)",
        [done.delivery, seq, table.name, dataset_hash, raw.name, raw.sha256, *counts, replaces],
    )
