"""What a settlement is taken from: deliveries and definitions, each by name with its hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.contract import Contract
from indicators.attributed import attribution_of
from indicators.attribution import DatasetAttribution
from indicators.dataset import Dataset
from indicators.definitions import code_sets_in
from indicators.derived import RowsColumn
from indicators.expression import parse
from indicators.tables import ChildTable
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.contract_checks import case_mixes
from registry_db.contract_records import Records
from registry_db.records import derived_in


def sources_of(
    con: Connection,
    catalogue: Catalogue,
    contract: Contract,
    records: Records,
    *,
    years: Sequence[str],
    compared: Sequence[str],
) -> dict[str, str]:
    """Give what the records of a settlement are taken from; scores and models are not among it.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions in force.
    contract : Contract
    records : Records
        Of the contract.
    years, compared : sequence of str
        Years of which the participant's records are used, and those of its comparison group.

    Returns
    -------
    dict of str to str
        Content hash of each delivery that holds such a record, and of each delivery in force of a table that
        their attribution, or a column that the contract reads, is computed of: of these every row may
        matter, whatever its year. Hash of the definitions that say what all this means.
    """
    dataset = records.dataset
    entry = attribution_of(records.networks, dataset.dataset)
    derived = derived_in(dataset, records.reads)
    tables = set(_computed_of(catalogue, dataset, derived, entry))
    if any(mix.indicator is not None for _, mix in case_mixes(contract.target)):
        # the risk of a record may follow from all that its dataset is computed of
        tables |= {table.name for table in dataset.tables_to_read()} - {dataset.dataset}
    read = sorted({dataset.dataset, *(name.partition(".")[0] for name in tables)})
    definitions = [catalogue.get("dataset", id) for id in read]
    definitions.append(catalogue.get("network_set", contract.parties.participant.network_set))
    code_sets = set(code_sets_in(*(catalogue.dataset(id) for id in read))) if derived or tables else set()
    code_sets |= _code_sets_of_classes(dataset, entry)
    definitions += [catalogue.get("code_set", id) for id in sorted(code_sets)]
    return {
        **{item.label: item.hash for item in definitions},
        **_deliveries(con, records, sorted(tables), years=years, compared=compared),
    }


def _computed_of(
    catalogue: Catalogue, dataset: Dataset, derived: Sequence[str], entry: DatasetAttribution | None
) -> Iterator[str]:
    """Names of the delivered tables that derived columns and a plurality of care are computed of."""
    blocks = (dataset.derive[name] for name in derived)
    of = [block.of for block in blocks if isinstance(block, RowsColumn)]
    if entry is not None and entry.plurality is not None:
        of.append(entry.plurality.of)
    for table in (table for name in of for table in dataset.tables[name].all_tables()):
        if isinstance(table, ChildTable) and table.rows_of:
            linked = catalogue.dataset(table.rows_of.partition(".")[0])
            yield from (each.name for each in linked.tables_to_read())
        else:
            yield table.name


def _code_sets_of_classes(dataset: Dataset, entry: DatasetAttribution | None) -> set[str]:
    """Code sets by which records are put in a class that is shared out."""
    classes = entry.classes if entry is not None else []
    nodes = (parse(one.when, dataset.types) for one in classes)
    return {name.partition("/")[0] for node in nodes for name in node.code_lists}


def _deliveries(
    con: Connection, records: Records, tables: Sequence[str], *, years: Sequence[str], compared: Sequence[str]
) -> dict[str, str]:
    holds = [(f"select _delivery from {records.all} where _network = ?", [records.network], years)]
    if compared:
        where, networks = records.group_networks()
        holds.append((f"select _delivery from {records.all} where {where}", networks, compared))
    used = " or ".join(f"seq in ({sql} and list_contains(?, _year))" for sql, _, _ in holds)
    rows = con.execute(
        f"""select delivery, sha256 from delivery
        where {used} or (superseded_by is null and list_contains(?, dataset)) order by seq""",
        [*(value for _, given, of in holds for value in (*given, list(of))), list(tables)],
    ).fetchall()
    return {f"delivery {delivery}": sha256 for delivery, sha256 in rows}
