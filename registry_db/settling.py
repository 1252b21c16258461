"""A contract's settlement from the scores and spending in the vault."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, IndicatorResult, SettlementInputs
from contracts.ledger import Settlement, settle
from indicators.compile import quote
from indicators.dataset import Dataset
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.records import make_current_view


def settle_period(
    con: Connection, contract: Contract, dataset: Dataset, period: str, *, indicators: dict[str, str]
) -> tuple[Settlement, str]:
    """Settle one year of a contract.

    Parameters
    ----------
    con : Connection
        The vault.
    contract : Contract
        The contract.
    dataset : Dataset
        The dataset that holds the spending.
    period : str
        The year.
    indicators : dict of str to str
        Version in force of each indicator.

    Returns
    -------
    settlement : Settlement
        The ledger.
    kind : str
        ``final`` when the records run to the last day of the year, else ``interim``.

    Raises
    ------
    RegistryError
        If records of the participant lack their spending, or a period has no records.
    SettlementError
        If the facts do not fit the contract.
    """
    wanted = [part.period for part in contract.target.baseline]
    spent = {year: _spending(con, contract, dataset, year) for year in (*wanted, period)}
    records, spending = spent[period]
    inputs = SettlementInputs(
        period,
        records,
        spending,
        tuple(BaselineSpending(year, *spent[year]) for year in wanted),
        tuple(_results(con, contract, period, indicators)),
    )
    return settle(contract, inputs), _kind(con, dataset, period)


def _spending(con: Connection, contract: Contract, dataset: Dataset, period: str) -> tuple[int, Decimal]:
    """Count the participant's records of a period and sum their spending, each truncated as agreed."""
    column = quote(contract.spending.column)
    day = quote(dataset.period.year_of or "")
    participant = contract.parties.participant
    view = make_current_view(con, dataset)
    rows = con.execute(
        f"""select count(*), count({column}),
            sum(least(cast({column} as decimal(18, 2)), cast(? as decimal(18, 2))))
        from {view} as r join member as m on m.provider = r.{quote(dataset.provider)}
            and {day} between m.since and coalesce(m.until, date '9999-12-31')
        where m.network_set = ? and m.network = ? and cast(year({day}) as varchar) = ?""",
        [contract.spending.truncation, participant.network_set, participant.network, period],
    ).fetchall()
    records, with_spending, total = rows[0]
    who = f"{participant.network} in {period}"
    if records == 0:
        raise RegistryError(
            f"contract {contract.contract}: there are no records of {who}",
            f"deliver {dataset.dataset} of {period}",
        )
    if with_spending < records:
        raise RegistryError(
            f"contract {contract.contract}: {records - with_spending} of {records} records of {who} have no "
            f"'{contract.spending.column}'; they would count as free"
        )
    return int(records), Decimal(total)


def _results(
    con: Connection, contract: Contract, period: str, indicators: dict[str, str]
) -> Iterable[IndicatorResult]:
    for rule in contract.quality.indicators:
        version = rule.version or indicators.get(rule.indicator, "")
        rows = con.execute(
            """select n, adjusted, lower, upper, band, reliability from score
            where indicator = ? and version = ? and period = ? and provider = ?""",
            [rule.indicator, version, period, contract.parties.participant.network],
        ).fetchall()
        n, adjusted, lower, upper, band, reliability = rows[0] if rows else _NOT_SCORED
        yield IndicatorResult(
            rule.indicator, version, period, n, adjusted, lower, upper, band=band, reliability=reliability
        )


_NOT_SCORED: tuple[Any, ...] = (0.0, None, None, None, "not-assessable", None)


def _kind(con: Connection, dataset: Dataset, period: str) -> str:
    newest = con.execute(
        f"select max({quote(dataset.period.year_of or '')}) from {make_current_view(con, dataset)}"
    ).fetchall()[0][0]
    return "final" if newest >= dt.date(int(period), 12, 31) else "interim"


def store_settlement(con: Connection, settlement: Settlement, kind: str) -> None:
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
            kind,
            settlement.payment,
            json.dumps(settlement.to_dict(), ensure_ascii=False, sort_keys=True),
        ],
    )
