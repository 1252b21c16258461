"""Where a payment jumps: for each input the smallest change at which it does, and the euros at stake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import floor
from typing import Literal

import numpy as np

from contracts.attainment import used_value
from contracts.checks import check_inputs
from contracts.cliff_words import band_words, jump_words
from contracts.contract import Contract
from contracts.drawn_scores import goal_of, judged, own_baseline, spread_of
from contracts.evidence import Evidence
from contracts.inputs import IndicatorResult, SettlementError, SettlementInputs
from contracts.jumps import Line, nearest_jump
from contracts.side import Side
from contracts.slopes import with_result
from contracts.target import counted_spending, spending_target
from contracts.terms.part import Text
from contracts.terms.quality import (
    FUNNEL_BANDS,
    ByBand,
    ByBenchmark,
    ByLevel,
    QualityRule,
)
from contracts.terms.threshold import ByChoice, ByPopulation
from contracts.worlds import Worlds, with_spending, worlds_at

Kind = Literal["spending", "records", "value", "position", "band", "reliability"]

# a payment that changes by this part of the target or more over the finest step of an input jumps
JUMP = Decimal("0.0001")
# finest steps: of spending, and of values, positions and reliabilities
CENT, FINEST = Decimal("0.01"), Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Cliff:
    """One place where the payment jumps.

    Attributes
    ----------
    what : str
        ``spending``, ``records`` (of the population), or the indicator.
    kind : str
        Which input of it: ``spending``, ``records``, ``value``, ``position``, ``band`` or ``reliability``.
    now, at : Decimal or str
        The input as it is, and the first value past the cliff; names for a funnel class.
    events : int or None
        Whole events more (negative: fewer) that bring the value past the cliff, where events are known.
    errors : float or None
        The change in standard errors of the input, where these are known: under 2 it is within luck.
    before : Decimal
    after : Decimal or None
        Payment just before and just past the cliff, in euros before rounding; None where the contract then
        leaves nothing to settle (too few records, say).
    words : Text
        The same as a sentence in Dutch and English.
    """

    what: str
    kind: Kind
    now: Decimal | str
    at: Decimal | str
    events: int | None
    errors: float | None
    before: Decimal
    after: Decimal | None
    words: Text

    @property
    def stake(self) -> Decimal:
        """Euros that the payment changes there; negative where it falls."""
        return (self.after or Decimal(0)) - self.before


def cliffs(
    contract: Contract,
    inputs: SettlementInputs,
    evidence: Evidence | None = None,
    *,
    least: Decimal | None = None,
    reach: Decimal = Decimal("0.25"),
    others: Mapping[str, SettlementInputs] | None = None,
) -> tuple[Cliff, ...]:
    """Find the nearest cliffs, each input by itself.

    For spending, and for each indicator that is judged by value or position, the nearest jump on either side;
    for a funnel class its neighbours; for records and reliability the nearest minima and steps that the
    contract has. What is given is settled exactly on both sides of the finest step: a cent, a millionth of a
    value, one record.

    Parameters
    ----------
    contract, inputs
        As settled.
    evidence : Evidence, optional
        Adds events, and the distance in standard errors.
    least : Decimal or None
        Smallest change of the payment, in euros, that is a jump; None: a ten-thousandth of the target.
    reach : Decimal
        How far spending is sought to either side, as a part of the target. Values are sought as far as the
        contract distinguishes them.
    others : mapping of str to SettlementInputs, optional
        Facts of the payers that are judged together with this one; their spending and records stay.

    Returns
    -------
    tuple of Cliff
        Those within the fewest standard errors first, then those of which these are not known.

    Raises
    ------
    SettlementError
        If the facts do not fit the contract.
    """
    check_inputs(contract, inputs)
    target = Decimal(repr(float(spending_target(contract.target, contract.spending, inputs))))
    side = Side(contract, inputs, others or {})
    search = _Search(side, evidence, JUMP * target if least is None else least)
    found = [*search.of_spending(reach * target), *search.of_population()]
    for rule, result in judged(contract, inputs):
        found += search.of_indicator(rule, result)
    for result in inputs.results:
        found += search.of_minima(result)
    return tuple(sorted(found, key=lambda cliff: (cliff.errors is None, cliff.errors or 0.0)))


@dataclass(frozen=True, slots=True)
class _Search:
    side: Side
    evidence: Evidence | None
    least: Decimal

    @property
    def contract(self) -> Contract:
        return self.side.contract

    @property
    def inputs(self) -> SettlementInputs:
        return self.side.inputs

    def of_spending(self, reach: Decimal) -> Iterator[Cliff]:
        now = Decimal(repr(float(counted_spending(self.contract.spending, self.inputs))))
        line = Line(
            now,
            CENT,
            facts=partial(with_spending, self.contract, self.inputs),
            worlds=lambda actual: replace(self._same(len(actual)), actual=actual),
        )
        error = float(now) * self.evidence.spending.error if self.evidence else None
        for until in (max(now - reach, Decimal(0)), now + reach):
            yield from self._along("spending", "spending", line, until=until, error=error)

    def of_indicator(self, rule: QualityRule, result: IndicatorResult) -> Iterator[Cliff]:
        """By class, position or value, whichever the rule looks at."""
        name, level = result.indicator, self.evidence.level if self.evidence else 0.95
        spread = spread_of(result, level)
        if isinstance(rule.attain, ByBand):
            yield from self._classes(result)
        elif isinstance(rule.attain, ByBenchmark):
            line = Line(
                Decimal(repr(result.position)),
                FINEST,
                facts=lambda place: with_result(self.inputs, replace(result, position=float(place))),
                worlds=lambda places: replace(self._same(len(places)), positions={name: places}),
            )
            for until in (Decimal(0), Decimal(1)):
                yield from self._along(name, "position", line, until=until, error=None)
        else:
            line = Line(
                Decimal(repr(result.adjusted)),
                FINEST,
                facts=lambda value: with_result(self.inputs, replace(result, adjusted=float(value))),
                worlds=lambda values: replace(self._same(len(values)), values={name: values}),
            )
            for until in _ends(self.contract, rule, result):
                yield from self._along(name, "value", line, until=until, error=spread)

    def of_population(self) -> Iterator[Cliff]:
        """Minima and steps by size of the population; spending goes along with the records."""
        beside = sum(int(facts.records) for facts in self.side.others.values())
        sizes = {size - beside for size in _sizes(self.contract) if size - beside > 1}
        yield from self._steps("records", "records", int(self.inputs.records), sizes, facts=self._of_size)

    def of_minima(self, result: IndicatorResult) -> Iterator[Cliff]:
        """Fewest records and lowest reliability with which an indicator is judged."""
        quality = self.contract.quality
        if quality.too_small is not None:
            yield from self._steps(
                result.indicator,
                "records",
                int(result.n),
                [quality.too_small.records],
                facts=lambda size: with_result(self.inputs, replace(result, n=float(size))),
            )
        if quality.reliability is not None and result.reliability is not None:
            lowest = quality.reliability.floor
            now = Decimal(repr(result.reliability))
            under = max(lowest - FINEST, Decimal(0))
            pays = [
                self._pays(with_result(self.inputs, replace(result, reliability=float(value))))
                for value in (lowest, under)
            ]
            before, after = pays if now >= lowest else reversed(pays)
            at = under if now >= lowest else lowest
            yield from self._told(result.indicator, "reliability", now, at=at, pays=(before, after))

    def _along(
        self, what: str, kind: Kind, line: Line, *, until: Decimal, error: float | None
    ) -> Iterator[Cliff]:
        jump = nearest_jump(self.side, line, until=until, least=self.least)
        if jump is not None:
            pays = (jump.before, jump.after)
            yield from self._told(what, kind, line.now, at=jump.at, pays=pays, error=error)

    def _steps(
        self,
        what: str,
        kind: Kind,
        now: int,
        sizes: Iterable[int],
        *,
        facts: Callable[[int], SettlementInputs],
    ) -> Iterator[Cliff]:
        """The nearest size below and above now from which on the payment is another."""
        down = sorted((size for size in sizes if size <= now), reverse=True)
        up = sorted(size for size in sizes if size > now)
        for side, way in ((down, -1), (up, 1)):
            for size in side:
                near, far = (size, size - 1) if way < 0 else (size - 1, size)
                pays = (self._pays(facts(near)), self._pays(facts(far)))
                told = list(self._told(what, kind, Decimal(now), at=Decimal(far), pays=pays))
                yield from told
                if told:
                    break

    def _classes(self, result: IndicatorResult) -> Iterator[Cliff]:
        before = self.side.exact(self.inputs)
        place = FUNNEL_BANDS.index(result.band)
        for other in (place - 1, place + 1):
            if not 0 <= other < len(FUNNEL_BANDS):
                continue
            name, band = result.indicator, FUNNEL_BANDS[other]
            after = self.side.exact(with_result(self.inputs, replace(result, band=band)))
            if abs(after - before) >= self.least:
                words = band_words(self.contract, what=name, band=band, payments=(before, after))
                yield Cliff(name, "band", result.band, band, None, None, before, after, words)

    def _told(
        self,
        what: str,
        kind: Kind,
        now: Decimal,
        *,
        at: Decimal,
        pays: tuple[Decimal | None, Decimal | None],
        error: float | None = None,
    ) -> Iterator[Cliff]:
        before, after = pays
        if before is None or abs((after or Decimal(0)) - before) < self.least:
            return
        named = [result for result in self.inputs.results if result.indicator == what]
        events = self._events(named[0], at) if named and kind == "value" else None
        words = jump_words(
            self.contract,
            what=what,
            kind=kind,
            change=at - now,
            at=at,
            events=events,
            payments=(before, after),
        )
        errors = abs(float(at - now)) / error if error else None
        yield Cliff(what, kind, now, at, events, errors, before, after, words)

    def _pays(self, facts: SettlementInputs) -> Decimal | None:
        """Payment before rounding; None where the contract then leaves nothing to settle."""
        try:
            return self.side.exact(facts)
        except SettlementError:
            # the facts as they are were settled, so that only a minimum of the contract can stand in the way
            return None

    def _of_size(self, records: int) -> SettlementInputs:
        counted = counted_spending(self.contract.spending, self.inputs) * records
        counted /= Fraction(self.inputs.records)
        moved = with_spending(self.contract, self.inputs, Decimal(repr(float(counted))))
        return replace(moved, records=records)

    def _same(self, worlds: int) -> Worlds:
        actual = float(counted_spending(self.contract.spending, self.inputs))
        return worlds_at(self.inputs, np.full(worlds, actual))

    def _events(self, result: IndicatorResult, at: Decimal) -> int | None:
        """Fewest events that bring the value, as the contract rounds it, to the other side."""
        counts = self.evidence.counts.get(result.indicator) if self.evidence else None
        if counts is None or result.adjusted is None:
            return None
        quality, way = self.contract.quality, 1 if at > Decimal(repr(result.adjusted)) else -1
        past = used_value(quality, replace(result, adjusted=float(at)))
        assert past is not None
        # one fewer than it seems, since the place was found to a millionth only
        events = max(floor(abs(float(at) - result.adjusted) / counts.of_one) - 1, 0)
        while 0 <= counts.events + way * events <= counts.records:
            value = (counts.events + way * events) * counts.of_one
            reached = used_value(quality, replace(result, adjusted=value))
            if reached is not None and way * (reached - past) >= 0:
                return way * events
            events += 1
        return None


def _ends(contract: Contract, rule: QualityRule, result: IndicatorResult) -> tuple[Decimal, Decimal]:
    """Lowest and highest adjusted value that the rule can tell from a further one."""
    assert result.adjusted is not None
    points = [goal_of(rule, result), own_baseline(rule, result)]
    if isinstance(rule.attain, ByLevel):
        points = [float(rule.attain.target), float(rule.attain.threshold)]
    known = [point for point in points if point is not None]
    if contract.quality.value == "reliability-weighted":
        assert result.reliability is not None
        assert result.reference is not None
        # the value that, drawn towards the benchmark, comes out at the point
        weight = max(result.reliability, 0.01)
        known = [(point - (1 - weight) * result.reference) / weight for point in known]
    margin = 10.0**-contract.quality.digits
    low, high = min(*known, result.adjusted) - margin, max(*known, result.adjusted) + margin
    return Decimal(repr(low)), Decimal(repr(high))


def _sizes(contract: Contract) -> set[int]:
    """Sizes of the population from which on another rule holds."""
    sizes = {contract.population.minimum_records}
    if contract.threshold.below is not None:
        sizes.add(contract.threshold.below.minimum_records)
    table = _table(contract)
    if table is not None:
        sizes |= {bracket.from_records for bracket in table.table}
    return {size for size in sizes if size > 1}


def _table(contract: Contract) -> ByPopulation | None:
    rate = contract.threshold.rate
    if isinstance(rate, ByChoice):
        return rate.otherwise
    return rate if isinstance(rate, ByPopulation) else None
