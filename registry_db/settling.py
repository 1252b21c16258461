"""The facts of a settlement, taken from the scores and spending in the vault, and its keeping."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, Completion, IndicatorResult, Interim, SettlementInputs
from contracts.ledger import Settlement
from indicators.compile import quote
from indicators.dataset import Dataset
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.records import make_current_view


def settlement_inputs(
    con: Connection, catalogue: Catalogue, contract: Contract, period: str
) -> SettlementInputs:
    """Take the facts of one contract year from the vault, as they are today.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions in force.
    contract : Contract
        The contract.
    period : str
        The year.

    Returns
    -------
    SettlementInputs
        Final when the records run to the last day of the year, else interim. Its sources are the deliveries
        that hold the participant's spending, the definitions that say what they mean, and what each score
        follows from.

    Raises
    ------
    RegistryError
        If records of the participant lack their spending, or a period has no records.
    """
    dataset = catalogue.dataset(contract.spending.dataset)
    if dataset.period.year_of is None:
        raise RegistryError(
            f"contract {contract.contract}: dataset {dataset.dataset} has no date that says to which year a "
            "record belongs",
            "give it 'period: {year_of: ...}'",
        )
    wanted = [part.period for part in contract.target.baseline]
    spent = {year: _spending(con, contract, dataset, year) for year in (*wanted, period)}
    newest = _newest(con, dataset)
    now = spent[period]
    interim = None
    if newest < dt.date(int(period), 12, 31):
        # The target goes by the records so far, so their spending stands for itself.
        interim = Interim(str(newest), (Completion(period, now.spending, Decimal(1)),))
    versions = {item.id: item.version for item in catalogue.indicators()}
    scored = [
        _result(con, contract, period, rule.indicator, rule.version or versions.get(rule.indicator, ""))
        for rule in contract.quality.indicators
    ]
    return SettlementInputs(
        period,
        now.records,
        now.spending,
        tuple(spent[year] for year in wanted),
        tuple(result for result, _ in scored),
        above=now.above,
        interim=interim,
        sources={
            **{f"scores {result.indicator}": hash for result, hash in scored if hash is not None},
            **_definitions(catalogue, contract),
            **_deliveries(con, contract, dataset, [*wanted, period]),
        },
    )


def _spending(con: Connection, contract: Contract, dataset: Dataset, period: str) -> BaselineSpending:
    """Count the participant's records of a period and sum their spending, each truncated as agreed."""
    terms = contract.spending
    cost = f"cast({quote(terms.column)} as decimal(18, 2))"
    limit = "1e15" if terms.truncation == "none" else str(terms.truncation)
    of_participant, parameters = _of_participant(con, contract, dataset)
    rows = con.execute(
        f"""select count(*), count({cost}), sum(least({cost}, cast({limit} as decimal(18, 2)))), sum({cost})
        from {of_participant} and _year = ?""",
        [*parameters, period],
    ).fetchall()
    records, with_spending, counted, total = rows[0]
    who = f"{contract.parties.participant.network} in {period}"
    if records == 0:
        raise RegistryError(
            f"contract {contract.contract}: there are no records of {who}",
            f"deliver {dataset.dataset} of {period}",
        )
    if with_spending < records:
        raise RegistryError(
            f"contract {contract.contract}: {records - with_spending} of {records} records of {who} have no "
            f"'{terms.column}'; they would count as free"
        )
    above = Decimal(total) - Decimal(counted) if terms.payer_share_above < 1 else None
    return BaselineSpending(period, int(records), Decimal(counted), above)


def _of_participant(con: Connection, contract: Contract, dataset: Dataset) -> tuple[str, list[str]]:
    """SQL of the participant's records, each with its ``_year``, and the parameters it takes."""
    day = quote(dataset.period.year_of or "")
    participant = contract.parties.participant
    members = (
        "(select network as _network, provider as _member, since as _since, "
        "coalesce(until, date '9999-12-31') as _until from member where network_set = ?)"
    )
    dated = f"(select *, cast(year({day}) as varchar) as _year from {make_current_view(con, dataset)})"
    return (
        f"""{dated} join {members}
            on _member = cast({quote(dataset.provider)} as varchar) and {day} between _since and _until
        where _network = ?""",
        [participant.network_set, participant.network],
    )


def _deliveries(con: Connection, contract: Contract, dataset: Dataset, years: list[str]) -> dict[str, str]:
    """Give the content hash of each delivery that holds spending of the participant in these years."""
    of_participant, parameters = _of_participant(con, contract, dataset)
    rows = con.execute(
        f"""select delivery, sha256 from delivery where seq in
        (select _delivery from {of_participant} and list_contains(?, _year)) order by seq""",
        [*parameters, years],
    ).fetchall()
    return {f"delivery {delivery}": sha256 for delivery, sha256 in rows}


def _definitions(catalogue: Catalogue, contract: Contract) -> dict[str, str]:
    """Give the hash of the definitions that say which records and columns the spending is."""
    used = (
        catalogue.get("dataset", contract.spending.dataset),
        catalogue.get("network_set", contract.parties.participant.network_set),
    )
    return {item.label: item.hash for item in used}


def _result(
    con: Connection, contract: Contract, period: str, indicator: str, version: str
) -> tuple[IndicatorResult, str | None]:
    """Give the participant's score, and the hash of what it follows from; None if nothing was scored."""
    scored = [indicator, version, period]
    about_all = con.execute(
        "select reference, inputs_hash from benchmark where indicator = ? and version = ? and period = ?",
        scored,
    ).fetchall()
    rows = con.execute(
        """select n, adjusted, lower, upper, band, reliability from score
        where indicator = ? and version = ? and period = ? and provider = ?""",
        [*scored, contract.parties.participant.network],
    ).fetchall()
    reference, inputs_hash = about_all[0] if about_all else (None, None)
    n, adjusted, lower, upper, band, reliability = rows[0] if rows else _NOT_SCORED
    result = IndicatorResult(
        indicator,
        version,
        period,
        n,
        adjusted,
        lower,
        upper,
        band=band,
        reliability=reliability,
        reference=reference,
    )
    return result, inputs_hash


_NOT_SCORED: tuple[Any, ...] = (0.0, None, None, None, "not-assessable", None)


def _newest(con: Connection, dataset: Dataset) -> dt.date:
    day = quote(dataset.period.year_of or "")
    found = con.execute(f"select max({day}) from {make_current_view(con, dataset)}").fetchall()[0][0]
    assert isinstance(found, dt.date)
    return found


def store_settlement(con: Connection, settlement: Settlement) -> None:
    """Keep a settlement, in place of the earlier one of the same contract version and period."""
    key: Sequence[str] = (settlement.contract, settlement.version, settlement.period)
    con.execute("delete from settlement where contract = ? and version = ? and period = ?", list(key))
    con.execute(
        "insert into settlement values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *key,
            settlement.hash,
            settlement.participant.network,
            settlement.payer,
            settlement.kind,
            settlement.payment,
            json.dumps(settlement.to_dict(), ensure_ascii=False, sort_keys=True),
        ],
    )
