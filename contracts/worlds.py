"""Facts as they could have come out: draws of spending and scores from their sampling error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import numpy as np

from contracts.contract import Contract
from contracts.drawn_scores import DrawnScore, Truth, judged
from contracts.evidence import Evidence, Moments
from contracts.inputs import BaselineSpending, Interim, SettlementInputs
from contracts.resampling import FloatArray, IntArray, Resampled, resample
from contracts.target import counted_spending, spending_target
from contracts.terms.part import first_year
from contracts.terms.quality import (
    FUNNEL_BANDS,
    ByBand,
    ByBenchmark,
)

_Array = TypeVar("_Array", FloatArray, IntArray)

# streams of random numbers; within one, each year has its own
_OWN, _GROUP, _TARGET, _SCORES, _RECORDS = range(5)


@dataclass(frozen=True, slots=True)
class Worlds:
    """Drawn facts; arrays have one row per draw.

    Attributes
    ----------
    actual : array, (draws,)
        Euros that count in the settled year.
    baselines, comparison : array, (draws, periods)
        Spending of each period as a multiple of that in the facts, in the order of the facts.
    values : mapping of str to array, (draws,)
        Adjusted values of the indicators that are judged by value.
    bands : mapping of str to array of int, (draws,)
        Place in ``FUNNEL_BANDS`` of the indicators that are judged by funnel class.
    positions : mapping of str to array, (draws,)
        Place in the benchmark, from 0 to 1.
    held : tuple of str
        Indicators that are judged and were kept as they are, since nothing says how sure they are.
    together : tuple of str
        Indicators that were drawn together with the spending, from the same records.
    target : array, (draws,), or None
        Euros; drawn target of a contract by which it is delivered. None: as in the facts.
    """

    actual: FloatArray
    baselines: FloatArray
    comparison: FloatArray
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    bands: Mapping[str, IntArray] = field(default_factory=dict)
    positions: Mapping[str, FloatArray] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    target: FloatArray | None = None


def draw_worlds(
    contract: Contract,
    inputs: Mapping[str, SettlementInputs],
    evidence: Mapping[str, Evidence],
    *,
    truth: Truth,
    draws: int,
    seed: int,
    later: int = 0,
) -> dict[str, Worlds]:
    """Draw facts that could have come out if ``truth`` is so, those of each payer.

    Where the evidence has the records of the settled year as patterns, spending and scores are drawn together
    by a bootstrap over patients (``contracts.resampling``). What is not in the patterns is drawn by itself:
    the mean spending per record is normal around its true value with the standard error of its records, each
    period by itself; the number of records is given. Scores with counts are binomial, others normal with the
    width of their interval, cut off at their range; a funnel class follows from the distance to the benchmark
    in standard errors, a position from that and the reliability. With the same seed a baseline period comes
    out the same in every settled year, and so does the error of the target itself: luck in a baseline lasts
    for the whole term.

    In each draw the scores are the same for every payer, and so is the error of the target itself. Spending
    is drawn for each payer by itself, since their records are not the same; only a comparison with all
    records elsewhere, whoever insured them, is the same for all.

    Parameters
    ----------
    contract, inputs, evidence
        As checked by ``check_inputs`` and ``check_evidence``; by payer.
    truth : Truth
        What is really so.
    draws : int
        At least 1.
    seed : int
        The same seed gives the same worlds.
    later : int
        So many years later than the period of the facts, for a year after the term that is like it.
    """
    # quality is pooled, so that the scores and what they rest on are the same for all
    first = next(iter(inputs))
    year = first_year(inputs[first].period) + later
    indicators = [
        DrawnScore(rule, result, evidence[first], truth) for rule, result in judged(contract, inputs[first])
    ]
    of_records = np.random.default_rng([seed, _RECORDS, year])
    again = _together(indicators, evidence[first], stream=of_records, draws=draws)
    of_scores = np.random.default_rng([seed, _SCORES, year])
    scores = _scores(indicators, again, of_scores, draws=draws)
    worlds = {}
    for number, (payer, facts) in enumerate(inputs.items()):
        # payers with a part in all records share their error
        place = 0 if contract.parties.shares else number
        sure = evidence[payer]
        factor = None if again is None else again.spending[:, place]
        if factor is None:
            factor = 1 + sure.spending.error * _noise(seed, _OWN, year, draws, place=place)
        of_target = sure.model_error * _noise(seed, _TARGET, 0, draws)
        benchmark = float(spending_target(contract.target, contract.spending, facts))
        actual = expected_spending(contract, facts, truth) * factor + benchmark * of_target
        group = place if compared_apart(contract) else 0
        worlds[payer] = replace(
            scores,
            actual=np.maximum(actual, 0.0),
            baselines=_factors(facts.baselines, sure.baselines, (seed, _OWN), draws, place=place),
            comparison=_factors(facts.comparison, sure.comparison, (seed, _GROUP), draws, place=group),
        )
    return worlds


def compared_apart(contract: Contract) -> bool:
    """Whether each payer is compared with its own insured elsewhere."""
    if contract.parties.shares:
        return False
    return contract.comparison is None or contract.comparison.payers != "all"


def _scores(
    indicators: Sequence[DrawnScore], again: Resampled | None, of_scores: np.random.Generator, *, draws: int
) -> Worlds:
    """Worlds in which the scores are drawn and the spending is not yet."""
    values: dict[str, FloatArray | None] = {}
    bands: dict[str, IntArray | None] = {}
    positions: dict[str, FloatArray | None] = {}
    for drawn in indicators:
        name = drawn.rule.indicator
        stream = np.random.default_rng(of_scores.integers(2**63))
        value = again.values.get(name) if again else None
        if isinstance(drawn.rule.attain, ByBand):
            bands[name] = drawn.bands(stream, draws) if value is None else drawn.bands_of(value)
        elif isinstance(drawn.rule.attain, ByBenchmark):
            positions[name] = drawn.positions(stream, draws)
        else:
            values[name] = drawn.values(stream, draws) if value is None else value
    held = tuple(
        name for drawn_so in (values, bands, positions) for name, found in drawn_so.items() if found is None
    )
    none = np.zeros((draws, 0))
    return Worlds(
        np.zeros(draws),
        none,
        none,
        _known(values),
        _known(bands),
        _known(positions),
        held,
        tuple(again.values) if again else (),
    )


def worlds_at(inputs: SettlementInputs, actual: FloatArray) -> Worlds:
    """Worlds that differ in their spending only; (worlds,), euros that count."""
    ones = np.ones((len(actual), 1))
    return Worlds(actual, ones.repeat(len(inputs.baselines), 1), ones.repeat(len(inputs.comparison), 1))


def expected_spending(contract: Contract, inputs: SettlementInputs, truth: Truth) -> float:
    """Euros that the settled year truly costs.

    Without the contract that is the target, before any growth path and discount, which ask for less.
    """
    if truth.saving is None:
        return float(counted_spending(contract.spending, inputs))
    target = spending_target(contract.target, contract.spending, inputs)
    path = Fraction(1) if contract.target.path is None else Fraction(contract.target.path[inputs.period])
    return float(target / path) * (1 - truth.saving)


def inputs_of(contract: Contract, inputs: SettlementInputs, worlds: Worlds, draw: int) -> SettlementInputs:
    """The facts of one draw, as ``settle`` takes them."""
    results = []
    for result in inputs.results:
        name, moved = result.indicator, result
        if name in worlds.values:
            moved = replace(moved, adjusted=float(worlds.values[name][draw]))
        if name in worlds.positions:
            moved = replace(moved, position=float(worlds.positions[name][draw]))
        if name in worlds.bands:
            moved = replace(moved, band=FUNNEL_BANDS[worlds.bands[name][draw]])
        results.append(moved)
    baselines, comparison = (
        tuple(
            replace(row, spending=_times(row.spending, factor), above=_times_any(row.above, factor))
            for row, factor in zip(rows, factors[draw], strict=True)
        )
        for rows, factors in ((inputs.baselines, worlds.baselines), (inputs.comparison, worlds.comparison))
    )
    facts = replace(inputs, baselines=baselines, comparison=comparison, results=tuple(results))
    if worlds.target is not None:
        facts = replace(facts, target=Decimal(repr(float(worlds.target[draw]))))
    return with_spending(contract, facts, Decimal(repr(float(worlds.actual[draw]))))


def with_spending(contract: Contract, inputs: SettlementInputs, actual: Decimal) -> SettlementInputs:
    """The facts with so many euros that count, spread as in the facts over what lies below and above."""
    counted = counted_spending(contract.spending, inputs)
    if not counted or (inputs.above is None and inputs.interim is None):
        return replace(inputs, spending=actual)
    factor = float(actual) / float(counted)
    if inputs.interim is None:
        return replace(
            inputs, spending=_times(inputs.spending, factor), above=_times_any(inputs.above, factor)
        )
    parts = tuple(replace(part, spending=_times(part.spending, factor)) for part in inputs.interim.parts)
    spent = sum((part.spending for part in parts), Decimal(0))
    return replace(inputs, spending=spent, interim=Interim(inputs.interim.paid_through, parts))


def _together(
    indicators: Sequence[DrawnScore], evidence: Evidence, *, stream: np.random.Generator, draws: int
) -> Resampled | None:
    """Spending and scores from the same records; None without patterns, or where these do not allow it."""
    records = evidence.records
    if records is None:
        return None
    truths, found = {}, {}
    for each in indicators:
        name, truth, now = each.rule.indicator, each.true_value(), each.result.adjusted
        if name not in records.outcomes or truth is None or now is None:
            continue
        if records.can_be_at(name, truth, found=now):
            truths[name], found[name] = truth, now
    return resample(records, truths, found=found, stream=stream, draws=draws)


def _known(drawn: Mapping[str, _Array | None]) -> dict[str, _Array]:
    return {name: found for name, found in drawn.items() if found is not None}


def _factors(
    rows: Sequence[BaselineSpending],
    moments: Sequence[Moments],
    stream: tuple[int, int],
    draws: int,
    *,
    place: int,
) -> FloatArray:
    errors = {each.period: each.error for each in moments}
    factors = [
        1 + errors.get(row.period, 0.0) * _noise(*stream, first_year(row.period), draws, place=place)
        for row in rows
    ]
    # a mean of spending is not below 0, and a baseline of nothing would leave no target
    return np.maximum(np.array(factors).reshape(len(rows), draws).T, 1e-6)


def _noise(seed: int, stream: int, year: int, draws: int, *, place: int = 0) -> FloatArray:
    # a sequence that ends in a zero is that without it: the first payer is drawn as if it were the only one
    return np.random.default_rng([seed, stream, year, place]).standard_normal(draws)


def _times(amount: Decimal, factor: float) -> Decimal:
    return Decimal(repr(float(amount) * float(factor)))


def _times_any(amount: Decimal | None, factor: float) -> Decimal | None:
    return None if amount is None else _times(amount, factor)
