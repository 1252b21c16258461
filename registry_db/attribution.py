"""Which records count for which networks, and for how much: what the engine looks up, and a view."""

from __future__ import annotations

from indicators.attributed import Networks, attributed_select, attribution_of
from indicators.compile import quote, rows_select
from indicators.dataset import Dataset
from indicators.networks import NetworkSet
from registry_db.catalogue import read_definition
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.records import current_rows, make_current_view


def networks_of(con: Connection, network_set: str, dataset: Dataset) -> Networks:
    """Give a set of networks in force, as `indicators.cohort.cohort_select` takes it.

    Raises
    ------
    RegistryError
        If there is no such set.
    """
    rows = con.execute(
        """select text, file_name from definition join network_set_in_force
        on kind = 'network_set' and id = network_set and definition.version = network_set_in_force.version
        where network_set = ?""",
        [network_set],
    ).fetchall()
    if not rows:
        raise RegistryError(f"there is no network set '{network_set}' in this registry")
    model = read_definition(*rows[0]).model
    assert isinstance(model, NetworkSet)
    entry = attribution_of(model, dataset.dataset)
    care = ""
    if entry and entry.plurality:
        care = quote(f"care_of_{dataset.dataset}")
        view = make_current_view(con, dataset)
        sql = rows_select(dataset, entry.plurality.of, view, current_rows(con, dataset))
        con.execute(f"create or replace temp view {care} as {sql}")
    return Networks(model, "share", care)


def make_attributed_view(con: Connection, network_set: str, dataset: Dataset) -> str:
    """Make the temporary view of a dataset's current records beside the networks that they count for.

    It is what everything that adds up over networks is to read from: the scores follow the same rows.

    Parameters
    ----------
    con : Connection
        The vault.
    network_set : str
        The set of networks; the version in force.
    dataset : Dataset
        The dataset; it has a date.

    Returns
    -------
    str
        Name of the view, quoted. It has every column of the record and ``_network`` (null for what is outside
        every network), ``_share`` (decimal(3, 2), above 0 and at most 1) and ``_once``. A record that counts
        for several networks has a row for each, and one for what is outside; the shares of a record add up to
        exactly 1, and ``_once`` is true in one of its rows. So ``sum(_share)`` counts records,
        ``sum(_share * amount)`` sums an amount, and over networks and outside both are the national total.

    Raises
    ------
    RegistryError
        If there is no such set.
    """
    view = make_current_view(con, dataset)
    made = quote(f"attributed_{dataset.dataset}_{network_set}")
    sql = attributed_select(networks_of(con, network_set, dataset), dataset, view)
    con.execute(f"create or replace temp view {made} as {sql}")
    return made
