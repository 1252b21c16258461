"""The records that a contract is settled on: who they are of, and what they cost; counts and sums only."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, Member
from indicators.attributed import attributed_select
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.periods import ReportingPeriod, day_sql, period_sql
from indicators.shares import counts_in_part
from registry_db.attribution import make_attributed_view, networks_of
from registry_db.connect import Connection
from registry_db.contract_checks import case_mixes
from registry_db.faults import RegistryError
from registry_db.record_expectations import KEY


class Records:
    """The records of a contract in the vault: of the participant, and of those it is compared with.

    Which records count for which network, and for how much, is as for the scores: by membership on the day of
    the record, by the weights and shares of the network set, or by plurality of care.

    Parameters
    ----------
    con : Connection
        The vault.
    contract : Contract
    dataset : Dataset
        Of the spending.
    until : date or None
        Last day whose records count; None: all do.
    risk : str or None
        Temporary table with the risk of each record, where it is no column; see `registry_db.contract_risk`.
    """

    def __init__(
        self,
        con: Connection,
        contract: Contract,
        dataset: Dataset,
        *,
        until: dt.date | None = None,
        risk: str | None = None,
    ) -> None:
        self.con, self.contract, self.dataset, self.risk = con, contract, dataset, risk
        where = contract.parties.participant
        self.network = where.network
        networks = networks_of(con, where.network_set, dataset)
        self.networks = networks.network_set
        self.in_part = counts_in_part(self.networks, dataset.dataset)
        starts = contract.year_starts
        years = ReportingPeriod(kind="fiscal-year", start=starts) if starts else None
        view, day = make_attributed_view(con, where.network_set, dataset), day_sql(dataset)
        told = period_sql(years, dataset, view)
        year = told.label(told.key)
        self.reads = self._reads(f"{attributed_select(networks, dataset, view)} {year}")
        self.month = f"strftime({day}, '%Y-%m')"
        counts = "" if until is None else f" and {day} <= date '{until}'"
        member = f"cast({quote(dataset.provider)} as varchar)"
        # of a record that counts in part for several networks there is a row for each
        self.all = (
            f"(select *, {member} as _member, {year} as _year from {view} where _network is not null{counts})"
        )

    def _reads(self, attributed: str) -> str:
        """SQL that names every column that the contract reads of a record, and its attribution."""
        insured, mixes = self.contract.parties.insured, case_mixes(self.contract.target)
        columns = [self.contract.spending.column, self.dataset.provider]
        columns += [mix.column for _, mix in mixes if mix.column is not None]
        columns += [insured.column] if insured is not None else []
        return " ".join([attributed, *map(quote, columns)])

    def spending(self, payer: str, period: str) -> BaselineSpending:
        """Count the participant's records of one payer in a period, and sum their spending."""
        self._refuse_other_codes(period)
        return self._spending("_network = ?", [self.network], payer, period, self.network)

    def own(self, payer: str | None) -> tuple[str, list[Any]]:
        """SQL of the participant's records of one payer, or of all, with their ``_year``; its parameters."""
        where, parameters = self._of_payer(payer)
        return f"{self.all} where _network = ? {where}", [self.network, *parameters]

    def group(self, payer: str) -> tuple[str, list[Any]]:
        """SQL of the records of the comparison group of a payer, with their ``_year``; its parameters."""
        where, networks, of = self._compared(payer)
        of_payer, parameters = self._of_payer(of)
        return f"{self.all} where {where} {of_payer}", [*networks, *parameters]

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

    def group_networks(self) -> tuple[str, list[Any]]:
        """SQL of a condition on the networks of the comparison group; its parameters."""
        where, networks, _ = self._compared(self.contract.parties.payers[0])
        return where, networks

    def members(self, payer: str, period: str) -> tuple[Member, ...]:
        """Providers of the participant with records in the period, with what the payment falls by."""
        distribution = self.contract.distribution
        if distribution is None or distribution.by == "fixed-weights":
            return ()
        weight = {
            "records": self._sum("1") if self.in_part else "count(*)",
            "spending": self._sum(self._counted()),
            "equal": "1",
        }[distribution.by]
        where, parameters = self._of_payer(payer)
        rows = self.con.execute(
            f"""select _member, {weight} from {self.all} where _network = ? and _year = ? {where}
            group by _member order by _member""",
            [self.network, period, *parameters],
        ).fetchall()
        return tuple(Member(name, Decimal(weight)) for name, weight in rows)

    def few_of_a_member(self, payer: str, period: str, *, fewer_than: int) -> bool:
        """Whether a provider among the members has few records in the period, or some that count in part."""
        where, parameters = self._of_payer(payer)
        rows = self.con.execute(
            f"""select count(*) < ? or min(_share) < 1 from {self.all}
            where _network = ? and _year = ? {where} group by _member""",
            [fewer_than, self.network, period, *parameters],
        ).fetchall()
        return any(few for (few,) in rows)

    def _sum(self, amount: str) -> str:
        """SQL of a sum over records, each for the part that counts; exact."""
        return f"sum(_share * ({amount}))" if self.in_part else f"sum({amount})"

    def _mean(self, amount: str) -> str:
        """SQL of a mean over the records that have the amount."""
        if not self.in_part:
            return f"avg({amount})"
        return f"sum(_share * ({amount})) / sum(_share) filter (({amount}) is not null)"

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
            [self.network, period, known],
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
        joined, risk = self._risk()
        cost, (where, parameters) = self._cost(), self._of_payer(payer)
        rows = self.con.execute(
            f"""select {self._sum("1")}, count(*), count({cost}), {self._sum(self._counted())},
                {self._sum(cost)}, {self._mean(risk)}, count({risk})
            from {self.all}{joined} where {networks} and _year = ? {where}""",
            [*of, period, *parameters],
        ).fetchall()
        size, records, with_spending, counted, total, mean_risk, at_risk = rows[0]
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
        mixed = next(case_mixes(self.contract.target), None)
        if mixed is not None and (at_risk == 0 or (mixed[1].column is not None and at_risk < records)):
            raise RegistryError(
                f"contract {name}: {records - at_risk} of {records} records of {who} have no risk, and the "
                "target follows case mix"
            )
        above = Decimal(total) - Decimal(counted) if self.contract.spending.payer_share_above < 1 else None
        kept = None if mean_risk is None else Decimal(repr(round(float(mean_risk), 12)))
        size = Decimal(size).normalize() if self.in_part else int(size)
        found = BaselineSpending(period, size, Decimal(counted), above, kept)
        return found if payer is None else in_part(found, self.part(payer))

    def part(self, payer: str) -> Decimal:
        """Part of a payer in the spending of the records that count for it."""
        shares = self.contract.parties.shares
        return Decimal(1) if shares is None else shares[payer]

    def by_month(self, payer: str, period: str, *, group: bool = False) -> dict[str, Decimal]:
        """Spending that counts in each month with records of the participant, or of its comparison group."""
        records, parameters = self.group(payer) if group else self.own(payer)
        rows = self.con.execute(
            f"select {self.month} as part, {self._sum(self._counted())} from {records} and _year = ? "
            "group by part order by part",
            [*parameters, period],
        ).fetchall()
        return {part: Decimal(spent) * self.part(payer) for part, spent in rows}

    def _risk(self) -> tuple[str, str]:
        """SQL of a join to the risk of each record, and of that risk."""
        mixed = next(case_mixes(self.contract.target), None)
        if mixed is None:
            return "", "null"
        if self.risk is not None:
            return f" left join {self.risk} using ({', '.join(KEY)})", "_risk"
        return "", f"cast({quote(mixed[1].column or '')} as decimal(18, 6))"


def in_part(whole: BaselineSpending, part: Decimal) -> BaselineSpending:
    """Spending of a payer with a part in that of all records; the records are those of all."""
    if part == 1:
        return whole
    above = None if whole.above is None else whole.above * part
    return replace(whole, spending=whole.spending * part, above=above)
