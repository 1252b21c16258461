"""What the error of a settlement follows from, taken out of the vault as counts and sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from contracts.contract import Contract
from contracts.evidence import Counts, Evidence, Moments
from contracts.inputs import IndicatorResult, SettlementInputs
from contracts.resampling import MET, NOT_COUNTED, NOT_MET, RecordPatterns, patterns_of
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.definition import Indicator
from registry_db.catalogue import Catalogue
from registry_db.cohorts import make_cohort, patterns
from registry_db.connect import Connection
from registry_db.contract_records import Records
from registry_db.record_expectations import EXACT, KEY, expected_by_pattern, keep_by_record

# SQL of the participant's records of one payer, and its parameters
Own = tuple[str, list[Any]]


def evidence_of(
    con: Connection, catalogue: Catalogue, contract: Contract, inputs: Mapping[str, SettlementInputs]
) -> dict[str, Evidence]:
    """How sure the facts of a contract year are.

    Parameters
    ----------
    con : Connection
        The vault, with the deliveries and scores that the facts were taken from.
    catalogue : Catalogue
        The definitions in force.
    contract : Contract
        The contract.
    inputs : mapping of str to SettlementInputs
        As settled, of all payers in the order of the contract.

    Returns
    -------
    dict of str to Evidence
        By payer. Spending, also of the comparison group, by its sums; events behind each rate; patterns of
        the records of the settled year, for the indicators of the same dataset and network set; and the score
        that the participant had in the last baseline period, drawn towards the benchmark by its
        unreliability: of all earlier values the best guess of where it truly stood.
    """
    dataset = catalogue.dataset(contract.spending.dataset)
    first = next(iter(inputs.values()))
    until = dt.date.fromisoformat(first.interim.paid_through) if first.interim else None
    records = Records(con, contract, dataset, until=until)
    of_scores: dict[str, Any] = {
        "counts": {
            result.indicator: counts
            for result in first.results
            if (counts := _counts(con, contract, catalogue, result)) is not None and not records.in_part
        },
        "ranges": {
            result.indicator: (0.0, 1.0)
            for result in first.results
            if _kind(catalogue, result.indicator) == "binary"
        },
        # a record that counts in part is not one that can be drawn as a whole
        "records": None
        if records.in_part
        else _patterns(con, catalogue, contract, dataset, first, records=records),
        "earlier": _earlier(con, contract, first),
    }
    found = {}
    for payer, facts in inputs.items():
        own = records.own(payer)
        group = records.group(payer) if facts.comparison else own
        found[payer] = Evidence(
            spending=_moments(con, records, own, facts.period),
            baselines=tuple(_moments(con, records, own, row.period) for row in facts.baselines),
            comparison=tuple(_moments(con, records, group, row.period) for row in facts.comparison),
            **of_scores,
        )
    return found


def _counting(contract: Contract) -> str:
    """SQL of the euros of a record that count."""
    terms = contract.spending
    cost = f"cast({quote(terms.column)} as decimal(18, 2))"
    if terms.truncation == "none":
        return f"cast({cost} as {EXACT})"
    below = f"least({cost}, cast({terms.truncation} as decimal(18, 2)))"
    part = f"cast({1 - terms.payer_share_above} as decimal(9, 6))"
    return f"cast({below} + {part} * ({cost} - {below}) as {EXACT})"


def _moments(con: Connection, records: Records, own: Own, period: str) -> Moments:
    """Spending per record of a period, from exact sums over the records that count for the same part."""
    records_of, parameters = own
    counting = _counting(records.contract)
    rows = con.execute(
        f"""select cast(_share as double), count(*), cast(sum(x) as double), cast(sum(x * x) as double)
        from (select {counting} as x, _share from {records_of} and _year = ?)
        group by _share order by _share""",
        [*parameters, period],
    ).fetchall()
    part, number, spent, squares = np.array(rows, dtype=np.float64).T
    if not records.in_part:
        return Moments(period, int(number[0]), float(spent[0]), float(squares[0]))
    size, mean = float(part @ number), float(part @ spent) / float(part @ number)
    variance = max(float(part @ squares) / size - mean**2, 0.0)
    # that of a weighted mean is sum w^2 (x - mean)^2 / (sum w)^2; so many whole records have the same
    around = squares - 2 * mean * spent + mean**2 * number
    of_mean = max(float(part**2 @ around), 0.0) / size**2
    alike = variance / of_mean if of_mean else size**2 / float(part**2 @ number)
    return Moments(period, alike, mean * alike, alike * mean**2 + (alike - 1) * variance)


def _kind(catalogue: Catalogue, indicator: str) -> str:
    known = {item.id: item.model for item in catalogue.indicators()}
    return str(known[indicator].outcome.kind) if indicator in known else ""


def _counts(
    con: Connection, contract: Contract, catalogue: Catalogue, result: IndicatorResult
) -> Counts | None:
    """Events behind a rate; None for anything else, and where the records are shared out by weight."""
    if _kind(catalogue, result.indicator) != "binary" or result.adjusted is None or not result.reference:
        return None
    rows = con.execute(
        """select n, observed, expected from score
        where indicator = ? and version = ? and period = ? and provider = ?""",
        [result.indicator, result.version, result.period, contract.parties.participant.network],
    ).fetchall()
    n, observed, expected = rows[0] if rows else (None, None, None)
    if not n or observed is None or not expected or n % 1 or observed % 1:
        return None
    counts = Counts(int(observed), int(n), float(expected), result.reference)
    made = counts.events * counts.of_one
    return counts if abs(made - result.adjusted) < 1e-9 * max(1.0, made) else None


def _earlier(con: Connection, contract: Contract, inputs: SettlementInputs) -> dict[str, float]:
    """Where the participant stood in the last baseline period, drawn towards the benchmark."""
    found: dict[str, float] = {}
    if not inputs.baselines:
        return found
    before = max(row.period for row in inputs.baselines)
    for result in inputs.results:
        rows = con.execute(
            """select adjusted, reliability, reference from score
            join benchmark using (indicator, version, period)
            where indicator = ? and version = ? and period = ? and provider = ?
                and band <> 'not-assessable'""",
            [result.indicator, result.version, before, contract.parties.participant.network],
        ).fetchall()
        for adjusted, reliability, reference in rows:
            if None not in (adjusted, reliability, reference):
                found[result.indicator] = reliability * adjusted + (1 - reliability) * reference
    return found


@dataclass(frozen=True, slots=True)
class _Joined:
    """An indicator whose records are those of the spending."""

    name: str
    outcome: Literal["ratio", "mean"]
    result: IndicatorResult
    table: str


def _patterns(
    con: Connection,
    catalogue: Catalogue,
    contract: Contract,
    dataset: Dataset,
    inputs: SettlementInputs,
    *,
    records: Records,
) -> RecordPatterns | None:
    """Patterns of the records of the settled year; None if no indicator is of the same records."""
    joined = _joined(con, catalogue, contract, dataset, inputs)
    while joined:
        found = _grouped(con, contract, records, inputs.period, joined)
        # a score that these records do not give was made in a way that is not known here: it stays out
        kept = [each for each in joined if _gives(con, contract, found, each)]
        if len(kept) == len(joined):
            return found
        joined = kept
    return None


def _joined(
    con: Connection, catalogue: Catalogue, contract: Contract, dataset: Dataset, inputs: SettlementInputs
) -> list[_Joined]:
    known = {item.id: item.model for item in catalogue.indicators()}
    joined = []
    for result in inputs.results:
        indicator = known.get(result.indicator)
        if not isinstance(indicator, Indicator) or not result.assessable or result.adjusted is None:
            continue
        same = indicator.dataset == dataset.dataset
        if not same or indicator.unit != contract.parties.participant.network_set:
            continue
        if indicator.outcome.kind not in ("binary", "continuous", "change"):
            continue
        outcome: Literal["ratio", "mean"] = "ratio" if indicator.outcome.kind == "binary" else "mean"
        each = _Joined(result.indicator, outcome, result, f"outcome_{len(joined)}")
        if _make_outcomes(con, contract, indicator, dataset, each):
            joined.append(each)
    return joined


def _make_outcomes(
    con: Connection, contract: Contract, indicator: Indicator, dataset: Dataset, each: _Joined
) -> bool:
    """Make the temporary table of the records that count for an indicator; False where it has no model.

    Of each its state and what is summed: the expectation (ratio), or the outcome less that (mean).
    """
    make_cohort(con, indicator, dataset, carried=KEY, only=each.result.period)
    period = each.result.period
    taken = patterns(con, indicator, period)
    try:
        expected = expected_by_pattern(con, indicator, each.result.version, period, taken)
    except ValueError:  # then there is no score of these records either
        expected = None
    if expected is None:
        return False
    state, summed = f"case when _state = 'met' then {MET} else {NOT_MET} end", f"cast(_e as {EXACT})"
    if each.outcome == "mean":
        state, summed = str(NOT_MET), f"cast(_y - cast(_e as {EXACT}) as {EXACT})"
    con.execute(f"drop table if exists {each.table}")
    keep_by_record(
        con,
        each.table,
        taken,
        expected,
        (f"{state} as state", f"{summed} as summed"),
        where="_period = ? and _provider = ?",
        parameters=[period, contract.parties.participant.network],
    )
    return True


def _grouped(
    con: Connection, contract: Contract, records: Records, period: str, joined: Sequence[_Joined]
) -> RecordPatterns:
    """Group the records by payer and states, and sum what each counts for; all of it in the engine."""
    records_of, parameters = records.own(None)
    payer, codes = records.payer_sql()
    places = range(len(joined))
    columns = ["_spent", *(f"_x{place}" for place in places)]
    states = [f"_s{place}" for place in places]
    pairs = [(a, b) for place, a in enumerate(columns) for b in columns[place:]]
    joins = "".join(
        f" left join {each.table} as i{place} using ({', '.join(KEY)})" for place, each in enumerate(joined)
    )
    shown = ", ".join(
        f"coalesce(i{place}.state, {NOT_COUNTED}) as _s{place}, coalesce(i{place}.summed, 0) as _x{place}"
        for place in places
    )
    sums = ", ".join(f"cast(sum({column}) as double)" for column in columns)
    products = ", ".join(f"cast(sum({a} * {b}) as double)" for a, b in pairs)
    rows = con.execute(
        f"""select _payer, {", ".join(states)}, count(*), {sums}, {products} from (
            select _payer, _spent, {shown} from (
                select {", ".join(KEY)}, {payer} as _payer, {_counting(contract)} as _spent
                from {records_of} and _year = ?
            ){joins}) group by all order by all""",
        [*codes, *parameters, period],
    ).fetchall()
    width = len(joined)
    found = patterns_of(
        {each.name: each.outcome for each in joined},
        [(row[:width], row[width], row[width + 1 : 2 * width + 2], row[2 * width + 2 :]) for _, *row in rows],
    )
    if contract.parties.insured is None:
        return found
    payers = np.array([row[0] for row in rows], dtype=np.int64)
    return replace(found, payers=payers, payer_count=len(contract.parties.payers))


def _gives(con: Connection, contract: Contract, found: RecordPatterns, each: _Joined) -> bool:
    """Whether the records give the score that was settled on."""
    states = found.states[each.name]
    counted = int(found.records[states != NOT_COUNTED].sum())
    if counted != each.result.n:
        return False
    if each.outcome == "mean":
        return True
    total = float(found.sums[:, found.column(each.name)].sum())
    rows = con.execute(
        """select observed, expected from score
        where indicator = ? and version = ? and period = ? and provider = ?""",
        [each.name, each.result.version, each.result.period, contract.parties.participant.network],
    ).fetchall()
    observed, expected = rows[0]
    events = int(found.records[states == MET].sum())
    return events == observed and expected is not None and abs(total - expected) < 1e-6 * max(1.0, expected)
