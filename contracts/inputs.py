"""What a settlement is computed from, besides the contract, and the checks on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any, cast, get_args

from contracts.canonical import plain
from contracts.contract import Band, Contract, QualityRule

_NUMBERS = ("n", "adjusted", "lower", "upper", "reliability")


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    """The score of the participant on one indicator in one period.

    Attributes
    ----------
    indicator, version, period : str
        Which definition, and which period, it is of.
    n : float
        Records behind it; not whole where records are attributed with weights.
    adjusted : float or None
        Adjusted value in the unit of the indicator, a rate as a proportion. None only if not assessable.
    lower, upper : float or None
        Interval of the adjusted value.
    band : str
        Funnel class: ``low998``, ``low95``, ``in``, ``high95``, ``high998`` or ``not-assessable``.
    reliability : float or None
        From 0 to 1. Kept with the settlement; it does not change the payment.
    """

    indicator: str
    version: str
    period: str
    n: float
    adjusted: float | None
    lower: float | None
    upper: float | None
    band: Band
    reliability: float | None

    @property
    def assessable(self) -> bool:
        """Whether the score may move money."""
        return self.band != "not-assessable"

    def to_dict(self) -> dict[str, Any]:
        """Json-safe; numbers as text, so that 300 and 300.0 are the same."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        return asdict(self) | {
            name: None if number is None else repr(float(number)) for name, number in numbers.items()
        }


@dataclass(frozen=True, slots=True)
class BaselineSpending:
    """Spending of one baseline period: records, and euros after truncation."""

    period: str
    records: int
    spending: Decimal


@dataclass(frozen=True, slots=True)
class SettlementInputs:
    """The facts of the settled period.

    Attributes
    ----------
    period : str
        The settled one; one of the contract's years.
    records : int
        Records of the population in the period.
    spending : Decimal
        Actual spending in euros, after truncation per record.
    baselines : tuple of BaselineSpending
        One for each baseline period of the contract, under the same truncation.
    results : tuple of IndicatorResult
        One for each indicator of the quality rules; others are not allowed, so that the hash of a settlement
        covers what it used and nothing else.
    """

    period: str
    records: int
    spending: Decimal
    baselines: tuple[BaselineSpending, ...]
    results: tuple[IndicatorResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, numbers with a point as text; the order in which facts were given does not matter."""
        facts = asdict(self)
        facts["baselines"] = sorted(facts["baselines"], key=itemgetter("period"))
        facts["results"] = [result.to_dict() for result in sorted(self.results, key=attrgetter("indicator"))]
        return cast(dict[str, Any], plain(facts))


class SettlementError(ValueError):
    """The facts do not fit the contract, so that nothing can be settled.

    Parameters
    ----------
    faults : iterable of str
        At least one; each names the field, the value and what was expected.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def check_inputs(contract: Contract, inputs: SettlementInputs) -> None:
    """Hold the facts of a period against the contract.

    Raises
    ------
    SettlementError
        With every fault found.
    """
    faults = [
        *_period_faults(contract, inputs),
        *_money_faults("inputs", inputs.records, inputs.spending),
        *_baseline_faults(contract, inputs),
        *_result_faults(contract, inputs),
    ]
    if faults:
        raise SettlementError(faults)


def _period_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    if inputs.period not in contract.years:
        years = ", ".join(contract.years)
        yield f"period: '{inputs.period}' is not a year of contract {contract.contract}; expected {years}"
    population = contract.population
    if population.below_minimum == "no-settlement" and inputs.records < population.minimum_records:
        yield (
            f"records: {inputs.records} is fewer than the {population.minimum_records} that the contract "
            "asks for, and it says 'below_minimum: no-settlement'"
        )


def _money_faults(place: str, records: int, spending: Decimal) -> Iterator[str]:
    if isinstance(records, bool) or not isinstance(records, int) or records < 1:
        yield f"{place}.records: {records!r}; expected a whole number of at least 1"
    if not isinstance(spending, Decimal):
        yield f"{place}.spending: {spending!r} is {type(spending).__name__}; money is a decimal"
    elif not spending.is_finite() or spending < 0:
        yield f"{place}.spending: {spending}; expected an amount of euros of at least 0"


def _baseline_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    given = [baseline.period for baseline in inputs.baselines]
    agreed = [part.period for part in contract.target.baseline]
    if sorted(given) != sorted(agreed):
        yield (
            f"baselines: of the periods {', '.join(given) or 'none'}; expected exactly "
            f"{', '.join(agreed)}, each once"
        )
    for baseline in inputs.baselines:
        yield from _money_faults(f"baselines {baseline.period}", baseline.records, baseline.spending)
    if inputs.baselines and not any(baseline.spending for baseline in inputs.baselines):
        yield "baselines: no spending in any of them, so the target is 0 and no savings rate exists"


def _result_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    rules = {rule.indicator: rule for rule in contract.quality.indicators}
    given = [result.indicator for result in inputs.results]
    for name in rules:
        if given.count(name) != 1:
            yield f"results: {given.count(name)} of indicator {name} in {inputs.period}; expected 1"
    for result in inputs.results:
        if result.indicator not in rules:
            yield f"results: indicator {result.indicator} is not in the quality rules of the contract"
        else:
            yield from _one_result_faults(rules[result.indicator], result, inputs.period)


def _one_result_faults(rule: QualityRule, result: IndicatorResult, period: str) -> Iterator[str]:
    place = f"results {result.indicator}"
    if result.period != period:
        yield f"{place}: of period {result.period}; expected {period}"
    if rule.version not in (None, result.version):
        yield f"{place}: by version {result.version}; the contract says {rule.version}"
    if result.band not in get_args(Band):
        yield f"{place}: band '{result.band}' does not exist; expected one of {', '.join(get_args(Band))}"
    for name in _NUMBERS:
        number = getattr(result, name)
        if number is not None and not math.isfinite(number):
            yield f"{place}: {name} is {number}; expected a finite number, or none"
    if result.n < 0:
        yield f"{place}: n is {result.n}; expected at least 0"
    if result.adjusted is None and result.assessable:
        yield f"{place}: no adjusted value, yet its band is '{result.band}'; expected 'not-assessable'"
