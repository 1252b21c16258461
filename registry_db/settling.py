"""The facts of a settlement, taken from the scores and spending in the vault."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contracts.contract import Contract
from contracts.inputs import (
    BaselineSpending,
    Completion,
    IndicatorResult,
    Interim,
    Member,
    SettlementInputs,
)
from contracts.terms.part import first_year
from contracts.terms.quality import ByBenchmark, ByImprovement, OwnBaseline
from contracts.terms.spending import Blend, GroupTrend, OwnHistory
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.periods import ReportingPeriod, day_sql, period_sql
from indicators.source import dotted
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.contract_checks import case_mixes, contract_faults
from registry_db.established import established
from registry_db.faults import RegistryError
from registry_db.records import make_current_view


def settlement_inputs(
    con: Connection, catalogue: Catalogue, contract: Contract, period: str
) -> dict[str, SettlementInputs]:
    """Take the facts of one contract year from the vault, as they are today, for each payer.

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
    _refuse_misfits(catalogue, contract)
    dataset = catalogue.dataset(contract.spending.dataset)
    records = Records(con, contract, dataset)
    wanted = [part.period for part in contract.target.baseline]
    newest = _newest(con, dataset)
    versions = {item.id: item.version for item in catalogue.indicators()}
    scored = [
        _result(con, catalogue, contract, period, number, versions)
        for number in range(len(contract.quality.indicators))
    ]
    results = tuple(result for result, _ in scored)
    sources = {
        **{f"scores {result.indicator}": hash for result, hash in scored if hash is not None},
        **_definitions(catalogue, contract),
        **_deliveries(con, records, [*wanted, period]),
    }
    found = {}
    for payer in contract.parties.payers:
        spent = {year: records.spending(payer, year) for year in (*wanted, period)}
        now, interim = spent[period], None
        if newest < last_day(contract, period):
            # The target goes by the records so far, so their spending stands for itself.
            interim = Interim(str(newest), (Completion(period, now.spending, Decimal(1)),))
        found[payer] = SettlementInputs(
            period,
            now.records,
            now.spending,
            tuple(spent[year] for year in wanted),
            results,
            above=now.above,
            risk=now.risk,
            comparison=tuple(records.compared(payer, year) for year in _compared_years(contract, period)),
            members=records.members(payer, period),
            interim=interim,
            sources=sources,
        )
    return established(catalogue, contract, found)


def _refuse_misfits(catalogue: Catalogue, contract: Contract) -> None:
    """Refuse a contract that does not fit the definitions of today; they may have changed since its check."""
    for path, message, hint in contract_faults(contract, catalogue.known):
        raise RegistryError(f"contract {contract.contract}: {dotted(path)}: {message}", hint)


def last_day(contract: Contract, period: str) -> dt.date:
    """Last day of a contract year."""
    next_year = dt.date(first_year(period) + 1, contract.year_starts or 1, 1)
    return next_year - dt.timedelta(days=1)


def _compared_years(contract: Contract, period: str) -> list[str]:
    if not contract.compares:
        return []
    own = contract.target.own if isinstance(contract.target, Blend) else contract.target
    by_trend = isinstance(own, OwnHistory) and isinstance(own.trend, GroupTrend)
    return [*((part.period for part in own.baseline) if by_trend else ()), period]


class Records:
    """The records of a contract in the vault: of the participant, and of those it is compared with."""

    def __init__(self, con: Connection, contract: Contract, dataset: Dataset) -> None:
        self.con, self.contract, self.dataset = con, contract, dataset
        day, self.provider = day_sql(dataset), quote(dataset.provider)
        members = (
            "(select network as _network, provider as _member, since as _since, "
            "coalesce(until, date '9999-12-31') as _until from member where network_set = ?)"
        )
        starts = contract.year_starts
        years = ReportingPeriod(kind="fiscal-year", start=starts) if starts else None
        view = make_current_view(con, dataset)
        year, _ = period_sql(years, dataset, view)
        dated = f"(select *, {year} as _year from {view})"
        self.all = (
            f"{dated} join {members} on _member = cast({self.provider} as varchar) "
            f"and {day} between _since and _until"
        )
        self.set = contract.parties.participant.network_set
        self.network = contract.parties.participant.network

    def spending(self, payer: str, period: str) -> BaselineSpending:
        """Count the participant's records of one payer in a period, and sum their spending."""
        self._refuse_other_codes(period)
        return self._spending("_network = ?", [self.network], payer, period, self.network)

    def own(self, payer: str | None) -> tuple[str, list[Any]]:
        """SQL of the participant's records of one payer, or of all, with their ``_year``; its parameters."""
        where, parameters = self._of_payer(payer)
        return f"{self.all} where _network = ? {where}", [self.set, self.network, *parameters]

    def group(self, payer: str) -> tuple[str, list[Any]]:
        """SQL of the records of the comparison group of a payer, with their ``_year``; its parameters."""
        where, networks, of = self._compared(payer)
        of_payer, parameters = self._of_payer(of)
        return f"{self.all} where {where} {of_payer}", [self.set, *networks, *parameters]

    def payer_sql(self) -> tuple[str, list[Any]]:
        """SQL of the place of a record's payer in the contract, one past the last for others; parameters."""
        insured, payers = self.contract.parties.insured, self.contract.parties.payers
        if insured is None:
            return "0", []
        code = f"cast({quote(insured.column)} as varchar)"
        cases = " ".join(f"when list_contains(?, {code}) then {place}" for place in range(len(payers)))
        return f"case {cases} else {len(payers)} end", [list(insured.codes[payer]) for payer in payers]

    def compared(self, payer: str, period: str) -> BaselineSpending:
        """Count and sum the records of the comparison group."""
        where, networks, of = self._compared(payer)
        return self._spending(where, networks, of, period, "the comparison group")

    def _compared(self, payer: str) -> tuple[str, list[Any], str | None]:
        """Condition on the networks of the comparison group, its parameters, and whose insured are in it."""
        comparison = self.contract.comparison
        assert comparison is not None
        of = None if comparison.payers == "all" else payer
        if comparison.networks == "others":
            return "_network <> ?", [self.network], of
        return "list_contains(?, _network)", [list(comparison.networks)], of

    def members(self, payer: str, period: str) -> tuple[Member, ...]:
        """Providers of the participant with records in the period, with what the payment falls by."""
        distribution = self.contract.distribution
        if distribution is None or distribution.by == "fixed-weights":
            return ()
        weight = {"records": "count(*)", "spending": f"sum({self._counted()})", "equal": "1"}[distribution.by]
        where, parameters = self._of_payer(payer)
        rows = self.con.execute(
            f"""select _member, {weight} from {self.all} where _network = ? and _year = ? {where}
            group by _member order by _member""",
            [self.set, self.network, period, *parameters],
        ).fetchall()
        return tuple(Member(name, Decimal(weight)) for name, weight in rows)

    def _cost(self) -> str:
        return f"cast({quote(self.contract.spending.column)} as decimal(18, 2))"

    def _counted(self) -> str:
        truncation = self.contract.spending.truncation
        limit = "1e15" if truncation == "none" else str(truncation)
        return f"least({self._cost()}, cast({limit} as decimal(18, 2)))"

    def _of_payer(self, payer: str | None) -> tuple[str, list[Any]]:
        insured = self.contract.parties.insured
        if insured is None or payer is None:
            return "", []
        return f"and list_contains(?, cast({quote(insured.column)} as varchar))", [list(insured.codes[payer])]

    def _refuse_other_codes(self, period: str) -> None:
        insured = self.contract.parties.insured
        if insured is None or insured.other_codes == "left-out":
            return
        known = [code for codes in insured.codes.values() for code in codes]
        code = f"cast({quote(insured.column)} as varchar)"
        others = self.con.execute(
            f"""select count(*) from {self.all} where _network = ? and _year = ?
            and not coalesce(list_contains(?, {code}), false)""",
            [self.set, self.network, period, known],
        ).fetchall()[0][0]
        if others:
            raise RegistryError(
                f"contract {self.contract.contract}: {others} records of {self.network} in {period} have "
                f"another '{insured.column}' than parties.insured.codes, and it says 'other_codes: refused'"
            )

    def _spending(
        self, networks: str, of: list[Any], payer: str | None, period: str, who: str
    ) -> BaselineSpending:
        """Sum the spending of records, each truncated as agreed, and take their mean risk."""
        column = _risk_column(self.contract)
        risk = f"avg(cast({quote(column)} as decimal(18, 6)))" if column else "null"
        cost, (where, parameters) = self._cost(), self._of_payer(payer)
        rows = self.con.execute(
            f"""select count(*), count({cost}), sum({self._counted()}), sum({cost}), {risk}
            from {self.all} where {networks} and _year = ? {where}""",
            [self.set, *of, period, *parameters],
        ).fetchall()
        records, with_spending, counted, total, mean_risk = rows[0]
        who = f"{who} in {period}" + (f", insured by {payer}" if where else "")
        name = self.contract.contract
        if records == 0:
            raise RegistryError(
                f"contract {name}: there are no records of {who}",
                f"deliver {self.dataset.dataset} of {period}",
            )
        if with_spending < records:
            raise RegistryError(
                f"contract {name}: {records - with_spending} of {records} records of {who} have no "
                f"'{self.contract.spending.column}'; they would count as free"
            )
        above = Decimal(total) - Decimal(counted) if self.contract.spending.payer_share_above < 1 else None
        kept = None if mean_risk is None else Decimal(repr(round(float(mean_risk), 12)))
        return BaselineSpending(period, int(records), Decimal(counted), above, kept)


def _risk_column(contract: Contract) -> str | None:
    return next((mix.column for _, mix in case_mixes(contract.target)), None)


def _deliveries(con: Connection, records: Records, years: list[str]) -> dict[str, str]:
    """Give the content hash of each delivery that holds spending of the participant in these years."""
    rows = con.execute(
        f"""select delivery, sha256 from delivery where seq in (select _delivery from {records.all}
        where _network = ? and list_contains(?, _year)) order by seq""",
        [records.set, records.network, years],
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
    con: Connection,
    catalogue: Catalogue,
    contract: Contract,
    period: str,
    number: int,
    versions: Mapping[str, str],
) -> tuple[IndicatorResult, str | None]:
    """Give the participant's score, and the hash of what it follows from; None if nothing was scored."""
    rule = contract.quality.indicators[number]
    indicator, version = rule.indicator, rule.version or versions.get(rule.indicator, "")
    network, scored = contract.parties.participant.network, [rule.indicator, version, period]
    about_all = con.execute(
        "select reference, inputs_hash from benchmark where indicator = ? and version = ? and period = ?",
        scored,
    ).fetchall()
    rows = con.execute(
        """select n, adjusted, lower, upper, band, reliability from score
        where indicator = ? and version = ? and period = ? and provider = ?""",
        [*scored, network],
    ).fetchall()
    pending = con.execute(
        """select count(*) from state where indicator = ? and version = ? and period = ? and provider = ?
        and state = 'pending' and n > 0""",
        [*scored, network],
    ).fetchall()[0][0]
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
        baseline=_baseline(con, contract, number, version),
        position=_position(con, catalogue, scored, network) if isinstance(rule.attain, ByBenchmark) else None,
        ripe=not pending,
    )
    return result, inputs_hash


def _baseline(con: Connection, contract: Contract, number: int, version: str) -> float | None:
    """Give the participant's own value of the baseline period, where improvement is measured from it."""
    rule = contract.quality.indicators[number]
    if not isinstance(rule.attain, ByImprovement) or not isinstance(rule.attain.baseline, OwnBaseline):
        return None
    rows = con.execute(
        """select adjusted from score where indicator = ? and version = ? and period = ? and provider = ?
        and band <> 'not-assessable'""",
        [rule.indicator, version, rule.attain.baseline.period, contract.parties.participant.network],
    ).fetchall()
    if not rows or rows[0][0] is None:
        raise RegistryError(
            f"contract {contract.contract}: quality.indicators.{number + 1}.attain.baseline.period: "
            f"{rule.indicator} has no assessable score of "
            f"{contract.parties.participant.network} in {rule.attain.baseline.period}"
        )
    return float(rows[0][0])


def _position(con: Connection, catalogue: Catalogue, scored: list[str], network: str) -> float | None:
    """Give the part of the others with a worse value, from 0 to 1; an equal one counts for a half."""
    better = catalogue.get("indicator", scored[0]).model.outcome.better
    rows = con.execute(
        """select provider, adjusted from score where indicator = ? and version = ? and period = ?
        and band <> 'not-assessable'""",
        scored,
    ).fetchall()
    values = {provider: value if better == "higher" else -value for provider, value in rows}
    if network not in values or len(values) < 2:
        return None
    own = values.pop(network)
    return sum((value < own) + (value == own) / 2 for value in values.values()) / len(values)


_NOT_SCORED: tuple[Any, ...] = (0.0, None, None, None, "not-assessable", None)


def _newest(con: Connection, dataset: Dataset) -> dt.date:
    found = con.execute(f"select max({day_sql(dataset)}) from {make_current_view(con, dataset)}").fetchall()[
        0
    ][0]
    assert isinstance(found, dt.date)
    return found
