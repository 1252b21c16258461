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
    """

    actual: FloatArray
    baselines: FloatArray
    comparison: FloatArray
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    bands: Mapping[str, IntArray] = field(default_factory=dict)
    positions: Mapping[str, FloatArray] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    together: tuple[str, ...] = ()


def draw_worlds(
    contract: Contract,
    inputs: SettlementInputs,
    evidence: Evidence,
    *,
    truth: Truth,
    draws: int,
    seed: int,
) -> Worlds:
    """Draw facts that could have come out if ``truth`` is so.

    Where the evidence has the records of the settled year as patterns, spending and scores are drawn together
    by a bootstrap over patients (``contracts.resampling``). What is not in the patterns is drawn by itself:
    the mean spending per record is normal around its true value with the standard error of its records, each
    period by itself; the number of records is given. Scores with counts are binomial, others normal with the
    width of their interval, cut off at their range; a funnel class follows from the distance to the benchmark
    in standard errors, a position from that and the reliability. With the same seed a baseline period comes
    out the same in every settled year, and so does the error of the target itself: luck in a baseline lasts
    for the whole term. The scores are the same for every payer.

    Parameters
    ----------
    contract, inputs, evidence
        As checked by ``check_inputs`` and ``check_evidence``.
    truth : Truth
        What is really so.
    draws : int
        At least 1.
    seed : int
        The same seed gives the same worlds.
    """
    year = first_year(inputs.period)
    baselines = _factors(inputs.baselines, evidence.baselines, stream=(seed, _OWN), draws=draws)
    comparison = _factors(inputs.comparison, evidence.comparison, stream=(seed, _GROUP), draws=draws)
    of_target = _noise(seed, _TARGET, 0, draws)
    of_scores = np.random.default_rng([seed, _SCORES, year])
    expected = expected_spending(contract, inputs, truth)
    benchmark = float(spending_target(contract.target, contract.spending, inputs))
    indicators = [DrawnScore(rule, result, evidence, truth) for rule, result in judged(contract, inputs)]
    again = _together(indicators, evidence, stream=np.random.default_rng([seed, _RECORDS, year]), draws=draws)
    if again is None:
        factor = 1 + evidence.spending.error * _noise(seed, _OWN, year, draws)
    else:
        factor = again.spending
    actual = expected * factor + evidence.model_error * benchmark * of_target
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
    return Worlds(
        np.maximum(actual, 0.0),
        baselines,
        comparison,
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
    rows: Sequence[BaselineSpending], moments: Sequence[Moments], *, stream: tuple[int, int], draws: int
) -> FloatArray:
    errors = {each.period: each.error for each in moments}
    factors = [
        1 + errors.get(row.period, 0.0) * _noise(*stream, first_year(row.period), draws) for row in rows
    ]
    # a mean of spending is not below 0, and a baseline of nothing would leave no target
    return np.maximum(np.array(factors).reshape(len(rows), draws).T, 1e-6)


def _noise(seed: int, stream: int, year: int, draws: int) -> FloatArray:
    return np.random.default_rng([seed, stream, year]).standard_normal(draws)


def _times(amount: Decimal, factor: float) -> Decimal:
    return Decimal(repr(float(amount) * float(factor)))


def _times_any(amount: Decimal | None, factor: float) -> Decimal | None:
    return None if amount is None else _times(amount, factor)
