"""What a settlement is computed from, besides the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any, cast

from contracts.canonical import plain
from contracts.terms.part import Text
from contracts.terms.quality import Band

# of records; not whole where they count in part
Size = int | Decimal
NUMBERS = ("n", "adjusted", "lower", "upper", "reliability", "reference", "baseline", "position")
# facts that only some contracts ask for; left out of the record where they were not given
_LATER = (
    *("above", "target", "risk", "comparison", "project_costs", "revenue", "loss_relief"),
    *("chosen_threshold", "findings", "members", "interim", "sources"),
)


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
        From 0 to 1. It changes the payment only where the contract weighs by it or sets a floor.
    reference : float or None
        Value of the benchmark, towards which a reliability-weighted value is drawn.
    baseline : float or None
        Own earlier value, for improvement that is measured from a delivered baseline.
    position : float or None
        Place among all who were scored, from 0 (the worst) to 1 (the best).
    ripe : bool
        Whether the follow-up of the records had ended.
    reported : bool or None
        Whether the records were handed in; None: they were if there is a value.
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
    reference: float | None = None
    baseline: float | None = None
    position: float | None = None
    ripe: bool = True
    reported: bool | None = None

    @property
    def assessable(self) -> bool:
        """Whether the score may move money."""
        return self.band != "not-assessable"

    @property
    def was_reported(self) -> bool:
        """Whether the records were handed in."""
        return self.adjusted is not None if self.reported is None else self.reported

    def to_dict(self) -> dict[str, Any]:
        """Json-safe; numbers as text, so that 300 and 300.0 are the same."""
        facts = asdict(self)
        for name in NUMBERS:
            facts[name] = None if facts[name] is None else repr(float(facts[name]))
        usual = {"reference": None, "baseline": None, "position": None, "ripe": True, "reported": None}
        return {name: value for name, value in facts.items() if name not in usual or value != usual[name]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> IndicatorResult:
        """Read back what ``to_dict`` gave."""
        numbers = {
            name: float(value) for name, value in data.items() if name in NUMBERS and value is not None
        }
        return cls(**{**data, **numbers})


@dataclass(frozen=True, slots=True)
class BaselineSpending:
    """Spending of a group in one period.

    Attributes
    ----------
    period : str
        Which.
    records : int or Decimal
        At least 1; a decimal where records count in part for the participant.
    spending : Decimal
        Euros, after truncation per record.
    above : Decimal or None
        Euros above the truncation, summed; for a contract by which part of it counts after all.
    risk : Decimal or None
        Mean case-mix risk of the records, for a target that follows it; any scale, the same in all periods.
    """

    period: str
    records: Size
    spending: Decimal
    above: Decimal | None = None
    risk: Decimal | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BaselineSpending:
        """Read back one row of ``SettlementInputs.to_dict``."""
        money = {name: Decimal(data[name]) for name in ("spending", "above", "risk") if data.get(name)}
        return cls(**{**data, **money, "records": _size_from(data["records"])})


@dataclass(frozen=True, slots=True)
class Member:
    """One participating provider and its records or spending, by which a payment is distributed."""

    name: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Completion:
    """Spending of a part of the year as far as it is known.

    Attributes
    ----------
    part : str
        Such as ``2025-10``.
    spending : Decimal
        Euros known so far, after truncation.
    factor : Decimal
        Part of the final spending that this is, above 0 and at most 1.
    """

    part: str
    spending: Decimal
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Interim:
    """What makes a settlement an interim one: the day up to which claims are paid, and how complete they are.

    The spending of all parts sums to the spending of the settlement.
    """

    paid_through: str
    parts: tuple[Completion, ...]


@dataclass(frozen=True, slots=True)
class SettlementInputs:
    """The facts of the settled period, of one payer.

    Attributes
    ----------
    period : str
        The settled one; one of the contract's years.
    records : int or Decimal
        Records of the population in the period; a decimal where they count in part for the participant.
    spending : Decimal
        Actual spending in euros, after truncation per record.
    baselines : tuple of BaselineSpending
        One for each baseline period of the contract, under the same truncation.
    results : tuple of IndicatorResult
        One for each indicator of the quality rules; others are not allowed, so that the hash of a settlement
        covers what it used and nothing else. The same holds for all that follows.
    above : Decimal or None
        Euros above the truncation, where part of them counts.
    target : Decimal or None
        Spending target that was drawn up elsewhere.
    risk : Decimal or None
        Mean case-mix risk of the records, where the target follows it.
    comparison : tuple of BaselineSpending
        The comparison group, in the settled period and, for its trend, in each baseline period.
    project_costs, revenue, loss_relief : Decimal or None
        Euros: what the project cost; the participant's revenue, on which its loss is limited (None also where
        it is unknown and the contract says what happens then); what is taken off a loss.
    chosen_threshold : Decimal or None
        The participant's choice; None is the choice for a threshold by population.
    findings : mapping of str to bool
        Whatever the contract asks to be found, yes or no.
    members : tuple of Member
        The participating providers, in the order in which left-over units go, where the contract distributes
        by their records or spending.
    interim : Interim or None
        None for a final settlement.
    sources : mapping of str to str
        Hash of whatever the facts were taken from (scores, spending, models), by name; it is kept, and no
        amount depends on it.
    """

    period: str
    records: Size
    spending: Decimal
    baselines: tuple[BaselineSpending, ...]
    results: tuple[IndicatorResult, ...]
    above: Decimal | None = None
    target: Decimal | None = None
    risk: Decimal | None = None
    comparison: tuple[BaselineSpending, ...] = ()
    project_costs: Decimal | None = None
    revenue: Decimal | None = None
    loss_relief: Decimal | None = None
    chosen_threshold: Decimal | None = None
    findings: Mapping[str, bool] = field(default_factory=dict)
    members: tuple[Member, ...] = ()
    interim: Interim | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, numbers with a point as text; the order in which facts were given does not matter."""
        facts = asdict(self)
        for name in ("baselines", "comparison"):
            rows = sorted(facts[name], key=itemgetter("period"))
            facts[name] = [{key: value for key, value in row.items() if value is not None} for row in rows]
        facts["results"] = [result.to_dict() for result in sorted(self.results, key=attrgetter("indicator"))]
        kept = {name: value for name, value in facts.items() if name not in _LATER or value not in _NONE}
        return cast(dict[str, Any], plain(kept))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SettlementInputs:
        """Read back what ``to_dict`` gave, so that a stored settlement can be computed again."""
        facts = {**data, "records": _size_from(data["records"])}
        for name in ("spending", "above", "target", "risk", "project_costs", "revenue", "loss_relief"):
            if name in facts:
                facts[name] = Decimal(facts[name])
        if "chosen_threshold" in facts:
            facts["chosen_threshold"] = Decimal(facts["chosen_threshold"])
        for name in ("baselines", "comparison"):
            facts[name] = tuple(BaselineSpending.from_dict(row) for row in facts.get(name, ()))
        facts["results"] = tuple(IndicatorResult.from_dict(row) for row in facts["results"])
        facts["members"] = tuple(
            Member(row["name"], Decimal(row["weight"])) for row in facts.get("members", ())
        )
        if "interim" in facts:
            facts["interim"] = _interim_from(facts["interim"])
        return cls(**facts)


def _size_from(stored: int | str) -> Size:
    return stored if isinstance(stored, int) else Decimal(stored)


_NONE: tuple[Any, ...] = (None, {}, [], ())


def _interim_from(data: Mapping[str, Any]) -> Interim:
    parts = (
        Completion(row["part"], Decimal(row["spending"]), Decimal(row["factor"])) for row in data["parts"]
    )
    return Interim(data["paid_through"], tuple(parts))


class SettlementError(ValueError):
    """The facts do not fit the contract, so that nothing can be settled.

    Parameters
    ----------
    faults : iterable of str or Text
        At least one; each names the field, the value and what was expected. A text is there in both
        languages, anything else in English.
    """

    def __init__(self, faults: Iterable[str | Text]) -> None:
        given = tuple(faults)
        self.faults = tuple(fault if isinstance(fault, str) else fault.en for fault in given)
        self.dutch = "\n".join(fault if isinstance(fault, str) else fault.nl for fault in given)
        super().__init__("\n".join(self.faults))
