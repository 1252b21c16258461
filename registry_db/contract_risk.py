"""The risk of each record, for a target that follows case mix: what an indicator expected of it."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.contract import Contract
from registry_db.catalogue import Catalogue
from registry_db.cohorts import make_cohort, patterns
from registry_db.connect import Connection
from registry_db.contract_checks import case_mixes
from registry_db.faults import RegistryError
from registry_db.record_expectations import EXACT, KEY, expected_by_pattern, keep_by_record

TABLE = "contract_risk"


def make_risk(
    con: Connection, catalogue: Catalogue, contract: Contract, periods: Sequence[str]
) -> tuple[str | None, dict[str, str]]:
    """Make the temporary table with the risk of each record, where an indicator gives it.

    The model is that of one fixed period, whatever the year of the record, so that a higher risk is a
    population of another make-up and not another model.

    Parameters
    ----------
    con : Connection
        The vault, with the models.
    catalogue : Catalogue
        The definitions in force.
    contract : Contract
    periods : sequence of str
        Years of the records.

    Returns
    -------
    str or None
        Name of the table, with ``_risk`` by delivery and line; None where the contract has no such rule.
    dict of str to str
        What it was taken from, by name, with its hash.

    Raises
    ------
    RegistryError
        If the indicator has no model of its reference period, or that does not know these records.
    """
    mixed = next(case_mixes(contract.target), None)
    if mixed is None or mixed[1].indicator is None:
        return None, {}
    item = catalogue.get("indicator", mixed[1].indicator)
    indicator = item.model
    place = f"contract {contract.contract}: case_mix.indicator: {item.id}"
    make_cohort(con, indicator, catalogue.dataset(indicator.dataset), carried=KEY)
    con.execute(f"drop table if exists {TABLE}")
    for period in periods:
        taken = patterns(con, indicator, period)
        try:
            expected = expected_by_pattern(con, indicator, item.version, period, taken)
        except ValueError as error:
            raise RegistryError(
                f"{place}: its model does not know the records of {period}: {error}"
            ) from None
        if expected is None:
            raise RegistryError(
                f"{place}: it has no model of {indicator.estimators.reference.period}", "run `meetlat score`"
            )
        risk = (f"cast(_e as {EXACT}) as _risk",)
        keep_by_record(con, TABLE, taken, expected, risk, where="_period = ? and _once", parameters=[period])
    hashes = con.execute(
        "select distinct inputs_hash from model where indicator = ? and version = ? and period = ?",
        [item.id, item.version, indicator.estimators.reference.period],
    ).fetchall()
    return TABLE, {item.label: item.hash, **{f"model {item.id}": row[0] for row in hashes}}
