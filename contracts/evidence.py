"""How sure the facts of a settlement are: what their sampling error follows from.

Patients stay in the engine. Of the spending it hands out count, sum and sum of squares per period; of an
indicator the events behind its rate; of the settled year the patterns of outcomes with their sums. That is
all that the draws of ``contracts.worlds`` need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite, sqrt

from contracts.contract import Contract
from contracts.inputs import IndicatorResult, SettlementError, SettlementInputs
from contracts.resampling import RecordPatterns
from contracts.terms.part import Period


@dataclass(frozen=True, slots=True)
class Moments:
    """Spending per record of one group in one period, as sums over its records.

    Attributes
    ----------
    period : str
        Which.
    records : float
        At least 2. Of records that count in part: so many whole ones as are as sure.
    total : float
        Sum of the euros per record as they count: truncated, with the part above that counts after all.
    squares : float
        Sum of their squares.
    """

    period: Period
    records: float
    total: float
    squares: float

    @classmethod
    def of(cls, period: Period, *, records: float, cv: float) -> Moments:
        """From a coefficient of variation, for a year that has no records yet; the mean is set to 1 euro."""
        return cls(period, records, float(records), records + (records - 1) * cv**2)

    @property
    def cv(self) -> float:
        """Standard deviation between records over their mean; 0 without spending."""
        mean = self.total / self.records
        variance = (self.squares - self.records * mean**2) / (self.records - 1)
        return sqrt(max(variance, 0.0)) / mean if mean else 0.0

    @property
    def error(self) -> float:
        """Standard error of the mean as a part of it: ``cv / sqrt(records)``."""
        return self.cv / sqrt(self.records)


@dataclass(frozen=True, slots=True)
class Counts:
    """The events behind an adjusted rate that is observed over expected times a reference rate.

    Attributes
    ----------
    events : int
        Records that met the outcome.
    records : int
        Records that could.
    expected : float
        Events expected from the case mix; above 0.
    reference : float
        Rate that observed over expected is multiplied by.
    """

    events: int
    records: int
    expected: float
    reference: float

    @property
    def of_one(self) -> float:
        """What one event more adds to the adjusted value."""
        return self.reference / self.expected

    @property
    def rate(self) -> float:
        """Chance of an event per record.

        Without any event, or with nothing but events, resampling the records would show no error at all; then
        it is ``(events + 1/2) / (records + 1)``.
        """
        if 0 < self.events < self.records:
            return self.events / self.records
        return (self.events + 0.5) / (self.records + 1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the error of a settlement follows from.

    Attributes
    ----------
    spending : Moments
        Of the settled year.
    baselines : tuple of Moments
        One for each baseline period.
    comparison : tuple of Moments
        One for each period of the comparison group; empty for a group so large that it has no error.
    counts : mapping of str to Counts
        By indicator, where they are known; others are drawn from their interval.
    ranges : mapping of str to (float, float)
        Lowest and highest value that an indicator can have, such as (0, 1) for a rate; without it
        there are no limits.
    level : float
        Of the intervals of the scores.
    model_error : float
        ``tau``: standard deviation of the error of the target itself (trend, case mix) as a part of it.
    records : RecordPatterns or None
        What spending and outcomes have in common in the settled year, of all payers in their order, so that
        they are drawn together; None where that is unknown: they are drawn independently.
    earlier : mapping of str to float
        Where an indicator stood before the contract, for what would be so if nothing had changed. The
        benchmark stands in for an indicator without.
    """

    spending: Moments
    baselines: tuple[Moments, ...] = ()
    comparison: tuple[Moments, ...] = ()
    counts: Mapping[str, Counts] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    level: float = 0.95
    model_error: float = 0.0
    records: RecordPatterns | None = None
    earlier: Mapping[str, float] = field(default_factory=dict)


def check_evidence(
    contract: Contract, inputs: Mapping[str, SettlementInputs], evidence: Mapping[str, Evidence]
) -> None:
    """Hold the evidence of each payer against its facts.

    Raises
    ------
    SettlementError
        With every fault found; also where what the scores rest on differs between payers, since there is one
        score for all.
    """
    if sorted(inputs) != sorted(evidence):
        raise SettlementError([f"evidence: of {', '.join(evidence)}; expected of {', '.join(inputs)}"])
    faults = [fault for payer in inputs for fault in _spending_faults(inputs[payer], evidence[payer])]
    first = next(iter(inputs))
    faults += _quality_faults(inputs[first], evidence[first])
    faults += _pattern_faults(contract, inputs, evidence[first])
    for payer in inputs:
        for name in ("counts", "ranges", "level", "earlier", "records"):
            if getattr(evidence[payer], name) != getattr(evidence[first], name):
                faults.append(f"evidence.{name}: differs between {first} and {payer}; the scores are of all")
    if contract.parties.judged == "pooled" and sorted(inputs) != sorted(contract.parties.payers):
        faults.append(
            f"evidence: of {', '.join(inputs)}; the payers are judged together, so all of them are needed"
        )
    if faults:
        raise SettlementError(faults)


def _spending_faults(inputs: SettlementInputs, evidence: Evidence) -> Iterator[str]:
    groups = {
        "baselines": (evidence.baselines, [row.period for row in inputs.baselines]),
        "comparison": (evidence.comparison, [row.period for row in inputs.comparison]),
        "spending": ((evidence.spending,), [inputs.period]),
    }
    for place, (moments, periods) in groups.items():
        given = [each.period for each in moments]
        if sorted(given) != sorted(periods) and not (place == "comparison" and not given):
            yield (
                f"evidence.{place}: of {', '.join(given) or 'none'}; expected {', '.join(periods) or 'none'}"
            )
        for each in moments:
            sums_fit = isfinite(each.total) and isfinite(each.squares) and each.total >= 0
            if each.records < 2 or not sums_fit:
                yield (
                    f"evidence.{place} {each.period}: {each}; expected at least 2 records and finite sums "
                    "of at least 0"
                )
    if not (isfinite(evidence.model_error) and evidence.model_error >= 0):
        yield f"evidence.model_error: {evidence.model_error}; expected at least 0"
    if not 0 < evidence.level < 1:
        yield f"evidence.level: {evidence.level}; expected between 0 and 1, such as 0.95"


def _quality_faults(inputs: SettlementInputs, evidence: Evidence) -> Iterator[str]:
    results = {result.indicator: result for result in inputs.results}
    for name, counts in evidence.counts.items():
        if name not in results:
            yield f"evidence.counts: indicator {name} has no score in the facts"
            continue
        if not 0 <= counts.events <= counts.records or counts.expected <= 0 or counts.reference <= 0:
            yield (
                f"evidence.counts {name}: {counts}; expected from 0 to all records as events, and expected "
                "and reference above 0"
            )
        else:
            yield from _one_count_fault(results[name], counts)
    for name, (low, high) in evidence.ranges.items():
        if not low < high:
            yield f"evidence.ranges {name}: from {low} to {high}; expected the lowest first"


def _pattern_faults(
    contract: Contract, inputs: Mapping[str, SettlementInputs], evidence: Evidence
) -> Iterator[str]:
    patterns = evidence.records
    if patterns is None:
        return
    known = {result.indicator for result in next(iter(inputs.values())).results}
    for name in patterns.outcomes:
        if name not in known:
            yield f"evidence.records: indicator {name} has no score in the facts"
    apart = list(inputs.values())[: 1 if contract.parties.shares else None]
    if patterns.payer_count != len(apart):
        yield f"evidence.records: of {patterns.payer_count} payers; expected of {len(apart)}"
        return
    for place, facts in enumerate(apart):
        records = patterns.of_payer(place)
        if records != facts.records:
            yield f"evidence.records: of {records} records; expected all {facts.records} of the settled year"


def _one_count_fault(result: IndicatorResult, counts: Counts) -> Iterator[str]:
    value = counts.events * counts.of_one
    if result.adjusted is not None and abs(value - result.adjusted) > 1e-6 * max(1.0, abs(value)):
        yield (
            f"evidence.counts {result.indicator}: {counts.events} events make {value}, and the adjusted "
            f"value is {result.adjusted}; expected the counts that it was made from"
        )
