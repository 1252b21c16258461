"""The facts of a settlement, taken from the scores and spending in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.contract import Contract
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.terms.quality import ByBenchmark, ByImprovement, OwnBaseline, QualityRule
from contracts.terms.spending import Blend, GroupTrend, OwnHistory
from indicators.source import dotted
from registry_db.catalogue import Catalogue
from registry_db.connect import Connection
from registry_db.contract_checks import contract_faults
from registry_db.contract_interim import Running
from registry_db.contract_records import Records
from registry_db.contract_risk import make_risk
from registry_db.established import established
from registry_db.faults import RegistryError
from registry_db.settlement_sources import sources_of


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
        Final when the records run to the last day of the year, else interim. Its sources are all that it was
        taken from (see `registry_db.settlement_sources`), and what each score and model follows from.

    Raises
    ------
    RegistryError
        If records of the participant lack their spending, or a period has no records.
    """
    refuse_misfits(catalogue, contract)
    dataset = catalogue.dataset(contract.spending.dataset)
    wanted = [part.period for part in contract.target.baseline]
    compared = _compared_years(contract, period)
    interim = Running(con, catalogue, contract, period)
    risk, of_risk = make_risk(con, catalogue, contract, [*wanted, period])
    records = Records(con, contract, dataset, until=interim.until, risk=risk)
    versions = {item.id: item.version for item in catalogue.indicators()}
    scored = [
        _result(con, catalogue, contract, period, number, versions)
        for number in range(len(contract.quality.indicators))
    ]
    results = tuple(result for result, _ in scored)
    sources = {
        **{f"scores {result.indicator}": hash for result, hash in scored if hash is not None},
        **sources_of(con, catalogue, contract, records, years=[*wanted, period], compared=compared),
        **of_risk,
    }
    found = {}
    for payer in contract.parties.payers:
        spent = {year: records.spending(payer, year) for year in (*wanted, period)}
        now = spent[period]
        group = [records.compared(payer, year) for year in compared]
        found[payer] = SettlementInputs(
            period,
            now.records,
            now.spending,
            tuple(spent[year] for year in wanted),
            results,
            above=now.above,
            risk=now.risk,
            comparison=tuple(interim.completed(records, payer, row) for row in group),
            members=records.members(payer, period),
            interim=interim.of(records, payer, now),
            sources=sources,
        )
    return established(catalogue, contract, found)


def refuse_misfits(catalogue: Catalogue, contract: Contract) -> None:
    """Refuse a contract that does not fit the definitions of today; they may have changed since its check."""
    for path, message, hint in contract_faults(contract, catalogue.known):
        raise RegistryError(f"contract {contract.contract}: {dotted(path)}: {message}", hint)


def _compared_years(contract: Contract, period: str) -> list[str]:
    if not contract.compares:
        return []
    own = contract.target.own if isinstance(contract.target, Blend) else contract.target
    by_trend = isinstance(own, OwnHistory) and isinstance(own.trend, GroupTrend)
    return [*((part.period for part in own.baseline) if by_trend else ()), period]


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
    return _at_baseline(con, catalogue, rule, result), inputs_hash


def _at_baseline(
    con: Connection, catalogue: Catalogue, rule: QualityRule, result: IndicatorResult
) -> IndicatorResult:
    """Bring a value that is adjusted by the model of the baseline period to the level of that period.

    A rate stands at the level that the frozen model expects of the patients of its own period, and a mean at
    what all had in it. Improvement is measured at the level of the baseline period, as the baseline is.
    """
    attain = rule.attain
    if not isinstance(attain, ByImprovement) or not isinstance(attain.baseline, OwnBaseline):
        return result
    if attain.baseline.model != "frozen" or result.reference is None:
        return result
    levels = {
        period: (reference, observed, expected)
        for period, reference, observed, expected in con.execute(
            "select period, reference, observed, expected from benchmark where indicator = ? and version = ?",
            [result.indicator, result.version],
        ).fetchall()
    }
    then = levels.get(attain.baseline.period, (None, None, None))[0]
    _, observed, expected = levels[result.period]
    if then is None or not expected:
        return result
    if catalogue.get("indicator", result.indicator).model.outcome.kind in ("continuous", "change"):
        shift = then - result.reference
        moved = [None if value is None else value + shift for value in _values(result)]
        reference = then + observed - expected
    else:
        factor = then / result.reference if result.reference else 1.0
        moved = [None if value is None else value * factor for value in _values(result)]
        reference = then * observed / expected
    adjusted, lower, upper = moved
    return replace(result, adjusted=adjusted, lower=lower, upper=upper, reference=reference)


def _values(result: IndicatorResult) -> tuple[float | None, float | None, float | None]:
    return result.adjusted, result.lower, result.upper


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
