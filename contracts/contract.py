"""What the parties agreed: the contract file as a checked, frozen object.

Every word of a contract that can be read in two ways is a required field here. A contract that leaves one
open is refused, and the message spells both readings out (the ``description`` of the field, which editors
show too, since it is part of the JSON Schema). A section that is absent was not agreed: without ``bonus``
there is no bonus, without ``deductions`` nothing is taken off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from contracts.canonical import sha256_of
from contracts.money import Currency
from contracts.terms.part import (
    LEFT_OPEN,
    NOT_A_READING,
    Id,
    Part,
    Period,
    Text,
    Version,
    Whole,
    fault_at,
    first_year,
    once,
)
from contracts.terms.parties import COMPARED, Comparison, Distribution, Participant, Parties, Population
from contracts.terms.quality import Band, ByImprovement, Quality, QualityRule
from contracts.terms.rates import AnyRate, Cases, Share
from contracts.terms.sharing import COVERS, Bonus, Cap, Deduction, Losses, Rounding, Suspension, Withhold
from contracts.terms.spending import (
    Blend,
    ComparisonGroup,
    GroupTrend,
    OwnHistory,
    ProjectCosts,
    Rebasing,
    Spending,
    Target,
    Trend,
)
from contracts.terms.threshold import Threshold

__all__ = [
    "LEFT_OPEN",
    "NOT_A_READING",
    "Band",
    "Contract",
    "Participant",
    "Quality",
    "QualityRule",
    "Text",
    "first_year",
    "parse_contract",
]


_STARTS = (
    "4: the year 2025/26 starts in April 2025; 7: it starts in July; any month from 2 to 12 makes it another "
    "year. Calendar years, such as 2025, have none"
)


def _sided(value: Any) -> str:
    return "section" if isinstance(value, dict | Losses) else "none"


class Contract(Part):
    """A contract of one or more payers with one network.

    Attributes
    ----------
    year_starts : int or None
        Month in which the years start, where they are written 2025/26; calendar years have none.
    """

    contract: Id
    version: Version
    status: Literal["draft", "consultation", "active", "retired"]
    currency: Currency = "EUR"
    title: Text
    parties: Parties
    population: Population
    years: list[Period] = Field(min_length=1)
    year_starts: Whole | None = Field(default=None, ge=2, le=12, description=_STARTS)
    spending: Spending
    target: Target
    comparison: Comparison | None = None
    project_costs: ProjectCosts | None = None
    threshold: Threshold = Field(
        description="'rate: 0': every saving counts; a higher rate: a smaller saving pays nothing"
    )
    quality: Quality
    share: Share
    bonus: Bonus | None = None
    deductions: tuple[Deduction, ...] = ()
    cap: Cap = Field(
        description="'{rate_of: target, rate: ...}': the payment is at most that part of the "
        "target, after any discount; '{rate_of: none}': only the saving itself limits the payment"
    )
    losses: Annotated[
        Annotated[Literal["none"], Tag("none")] | Annotated[Losses, Tag("section")], Discriminator(_sided)
    ] = Field(
        description="'none': overspending costs the participant nothing (one-sided); a section with "
        "threshold, rate, limits and relief: the participant bears part of it (two-sided)"
    )
    withhold: Withhold | None = None
    suspended: tuple[Suspension, ...] = ()
    rounding: Rounding = Field(
        description="to the cent or the euro, a half upwards or to the even unit, once at the end or at "
        "every step: these give different payments. Offered: 'unit: cent' or 'unit: euro', 'mode: half-up', "
        "'when: once-at-the-end'"
    )
    distribution: Distribution | None = None
    rebasing: Rebasing | None = None

    @model_validator(mode="after")
    def _periods_fit(self) -> Self:
        years = [(year, ("years", number)) for number, year in enumerate(self.years)]
        once(years, "year")
        baseline = list(_baseline_periods(self.target))
        for period, path in (*years, *baseline):
            if len(period) != len(self.years[0]):
                message = f"'{period}' and '{self.years[0]}' are periods of different kinds"
                raise fault_at(f"{message}, which cannot be compared", *path)
        if self.year_starts is not None and "/" not in self.years[0]:
            raise fault_at("the years are calendar years, which start in January", "year_starts")
        start = min(map(first_year, self.years))
        for period, path in baseline:
            if first_year(period) >= start:
                message = (
                    f"{period} is in the baseline; expected a year before the first contract year ({start})"
                )
                raise fault_at(message, *path)
        return self

    @model_validator(mode="after")
    def _target_stays_above_zero(self) -> Self:
        own = self.target.own if isinstance(self.target, Blend) else self.target
        if not isinstance(own, OwnHistory) or not isinstance(own.trend, Trend):
            return self
        oldest = min(first_year(part.period) for part in own.baseline)
        span = max(map(first_year, self.years)) - oldest
        if own.trend.growth == "simple" and 1 + own.trend.rate * span <= 0:
            raise fault_at(
                f"a trend of {own.trend.rate} per year, simple, leaves no target after {span} years",
                *(("target",) if own is self.target else ("target", "own")),
                *("trend", "rate"),
            )
        return self

    @model_validator(mode="after")
    def _by_year_means_every_year(self) -> Self:
        for where, table in _year_tables(self):
            if sorted(table) != sorted(self.years):
                raise fault_at(
                    f"of {', '.join(sorted(table))}; expected one for each contract year: "
                    f"{', '.join(self.years)}",
                    *where,
                )
        if self.rebasing is not None and len(self.rebasing.weights) != len(self.years):
            raise fault_at(
                f"{len(self.rebasing.weights)} weights; expected one for each of the "
                f"{len(self.years)} contract years, oldest first",
                *("rebasing", "weights"),
            )
        return self

    def _open_words(self) -> Iterator[tuple[str, str]]:
        if self.year_starts is None and "/" in self.years[0]:
            yield "year_starts", _STARTS
        if self.bonus is not None and self.cap.rate_of == "target" and self.cap.covers is None:
            yield "cap.covers", COVERS
        apart = self.parties.insured is not None
        if self.comparison is not None and self.comparison.payers is None and apart:
            yield "comparison.payers", COMPARED

    @model_validator(mode="after")
    def _each_deduction_and_suspension_once(self) -> Self:
        for language in ("nl", "en"):
            names = (getattr(deduction.name, language) for deduction in self.deductions)
            once(((name, ("deductions", n, "name", language)) for n, name in enumerate(names)), "deduction")
        found = enumerate(suspension.when for suspension in self.suspended)
        once(((when, ("suspended", number, "when")) for number, when in found), "suspension")
        return self

    @model_validator(mode="after")
    def _bonus_and_cap_fit(self) -> Self:
        if self.bonus is None:
            if self.cap.covers is not None:
                raise fault_at("there is no bonus that the cap could cover or not", "cap", "covers")
            for number, deduction in enumerate(self.deductions):
                if deduction.when == "before-bonus":
                    message = "'before-bonus', and there is no bonus; say 'before-cap'"
                    raise fault_at(message, "deductions", number, "when")
        return self

    @model_validator(mode="after")
    def _comparison_is_used(self) -> Self:
        if self.comparison is None:
            return self
        if not self.compares:
            raise fault_at("no target or trend uses a comparison group; leave it out", "comparison")
        if self.comparison.payers is not None and self.parties.insured is None:
            message = "'parties.insured' does not tell the records of payers apart"
            raise fault_at(message, "comparison", "payers")
        if self.parties.participant.network in self.comparison.networks:
            raise fault_at("the participant cannot be compared with itself", "comparison", "networks")
        return self

    @property
    def compares(self) -> bool:
        """Whether the target, or its trend, follows a comparison group."""
        own = self.target.own if isinstance(self.target, Blend) else self.target
        return isinstance(self.target, Blend | ComparisonGroup) or (
            isinstance(own, OwnHistory) and isinstance(own.trend, GroupTrend)
        )

    @property
    def findings(self) -> list[str]:
        """Names of what must be found, yes or no, before the contract can be settled; sorted."""
        return sorted(set(_findings(self)))

    @property
    def hash(self) -> str:
        """SHA-256 of what the contract says, the same however numbers are spelled (0.3 or 0.30).

        Sections that were not agreed are left out, so that the hash of a contract stays the same when the
        language learns new words.
        """
        return sha256_of(self.model_dump(mode="python", exclude_defaults=True, exclude_none=True))


def _baseline_periods(target: Target) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Baseline periods of the spending, and where each stands."""
    within = ("target", "own") if isinstance(target, Blend) else ("target",)
    for number, part in enumerate(target.baseline):
        yield part.period, (*within, "baseline", number, "period")


def _year_tables(contract: Contract) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    target, losses = contract.target, contract.losses
    tables: dict[tuple[str | int, ...], Any] = {
        ("target", "path"): target.path,
        ("target", "amounts"): getattr(target, "amounts", None),
        ("cap", "rate"): contract.cap.rate,
        ("withhold", "rate"): contract.withhold.rate if contract.withhold else None,
    }
    if isinstance(losses, Losses):
        tables["losses", "phase_in"] = losses.phase_in
        tables |= {("losses", "limits", n, "rate"): limit.rate for n, limit in enumerate(losses.limits)}
    for number, rule in enumerate(contract.quality.indicators):
        if isinstance(rule.attain, ByImprovement):
            tables["quality", "indicators", number, "attain", "path"] = rule.attain.path
    return ((where, table) for where, table in tables.items() if isinstance(table, dict))


def _findings(contract: Contract) -> Iterator[str]:
    yield from (suspension.when for suspension in contract.suspended)
    below = contract.threshold.below
    if below is not None and below.when is not None:
        yield below.when
    rates: list[AnyRate | None] = [contract.share, contract.target.discount]
    rates.append(contract.bonus.earned if contract.bonus else None)
    rates.append(contract.withhold.earned if contract.withhold else None)
    if isinstance(contract.losses, Losses):
        rates.append(contract.losses.rate)
        for limit in contract.losses.limits:
            yield from (name for name in (limit.when, limit.unless) if name is not None)
    for rate in rates:
        if isinstance(rate, Cases):
            yield from (case.when for case in rate.cases)


def parse_contract(data: dict[str, Any]) -> Contract:
    """Check the plain data of a contract file.

    Parameters
    ----------
    data : dict
        As read from YAML.

    Returns
    -------
    Contract

    Raises
    ------
    pydantic.ValidationError
        With a fault per field. Type ``left_open`` is a word that the contract leaves open, type
        ``not_a_reading`` a choice that does not exist; both messages spell the readings out.
    """
    return Contract.model_validate(data)
