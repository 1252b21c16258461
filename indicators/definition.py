"""The definition of an indicator: whom it counts, what it counts, and how it is adjusted and shown."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from indicators.estimators import Estimators, check_estimators
from indicators.outcomes import BinaryOutcome, ChangeOutcome, Outcome, TopBoxOutcome
from indicators.periods import ReportingPeriod
from indicators.words import ColumnName, Day, ExpressionText, Id, Part, Status, Text, Version, fault_at

# A case-mix term is a column of the patterns, beside these (strata.patterns_select).
RESERVED_TERMS = ("n", "records", "sum_y", "sum_y2")
FEWEST_KNOTS, MOST_KNOTS = 3, 7
SHARES = ("binary", "structure", "top_box", "time_to_event")


class Exclusion(Part):
    """A rule that leaves records out, and why."""

    when: ExpressionText
    why: Text


class CaseMixTerm(Part):
    """One term of the case-mix model.

    Attributes
    ----------
    term : str
        Column of the dataset.
    kind : str
        ``number``, ``spline``, ``category`` or ``flag``.
    degree : int
        For a number: 2 adds its square.
    knots : int or list of number
        For a spline: how many (3 to 7), placed at fixed quantiles when the model is fitted and kept with
        it; or where they are.
    cuts : list of number
        For a category of a number: where one band ends and the next begins. ``cuts: [20, 35]`` makes
        ``<20``, ``20-<35`` and ``>=35``.
    missing : str
        ``report``: a record without a value is counted as missing. ``own-category``: no value is a
        category of its own (for ``category``), or has an effect of its own (for ``flag``).
        ``median-and-flag``: the median, with an effect of its own (for ``number`` and ``spline``).
    """

    term: ColumnName
    kind: Literal["number", "spline", "category", "flag"] = Field(alias="as")
    degree: int = Field(default=1, ge=1, le=3)
    knots: int | list[Decimal] | None = None
    cuts: list[Decimal] | None = Field(default=None, min_length=1)
    reference: str | None = None
    missing: Literal["report", "own-category", "median-and-flag"] = "report"

    @model_validator(mode="after")
    def _options_fit(self) -> CaseMixTerm:
        if self.degree != 1 and self.kind != "number":
            raise fault_at("a degree goes with 'as: number'", "degree")
        if (self.knots is not None) != (self.kind == "spline"):
            raise fault_at("knots go with 'as: spline', and a spline needs them", "knots")
        if self.reference is not None and self.kind != "category":
            raise fault_at("a reference goes with 'as: category'", "reference")
        if self.missing != "report" and self.missing not in _MISSING_RULES[self.kind]:
            raise fault_at(_no_rule(self.term, self.kind, self.missing), "missing")
        if self.term in RESERVED_TERMS:
            raise fault_at(f"'{self.term}' is the name of a sum of the model: rename it", "term")
        return self

    @model_validator(mode="after")
    def _places_fit(self) -> CaseMixTerm:
        if isinstance(self.knots, int) and not FEWEST_KNOTS <= self.knots <= MOST_KNOTS:
            raise fault_at(f"expected {FEWEST_KNOTS} to {MOST_KNOTS} knots, or their places", "knots")
        if isinstance(self.knots, list):
            _check_rising(self.knots, "knots", fewest=FEWEST_KNOTS)
        if self.cuts is None:
            return self
        if self.kind != "category":
            raise fault_at("cuts make bands of a number: write 'as: category'", "cuts")
        _check_rising(self.cuts, "cuts", fewest=1)
        if self.reference is not None and self.reference not in self.bands:
            raise fault_at(f"expected one of the bands {', '.join(self.bands)}", "reference")
        return self

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that the cuts make, from low to high; none without cuts."""
        if self.cuts is None:
            return ()
        between = (f"{low}-<{high}" for low, high in pairwise(self.cuts))
        return (f"<{self.cuts[0]}", *between, f">={self.cuts[-1]}")


_MISSING_RULES = {
    "number": ("median-and-flag",),
    "spline": ("median-and-flag",),
    "category": ("own-category",),
    "flag": ("own-category",),
}


def _no_rule(term: str, kind: str, rule: str) -> str:
    if rule == "own-category":
        return (
            f"a {kind} has no category of its own: use 'missing: report' or 'median-and-flag', or make bands "
            f"of '{term}' with 'as: category' and 'cuts'"
        )
    return f"a {kind} has no median: use 'missing: report' or 'own-category'"


def _check_rising(places: list[Decimal], field: str, *, fewest: int) -> None:
    if len(places) < fewest:
        raise fault_at(f"expected at least {fewest} places", field)
    if any(high <= low for low, high in pairwise(places)):
        raise fault_at("expected places from low to high, each once", field)


class ExternalExpectation(Part):
    """An expectation that is delivered with the records instead of modelled here."""

    external: ColumnName
    source: Text


class FollowUp(Part):
    """Window after a date in which the outcome can still happen; until it has closed a record is pending.

    Attributes
    ----------
    until : str or None
        Column with the last day on which a record was followed, for those whose window did not close in
        sight. Such a record is lost to follow-up whatever its outcome was so far: to count those in whom it
        was seen already, and leave out the others, would overstate it.
    """

    days: int = Field(ge=0)
    after: ColumnName
    until: ColumnName | None = None


class Minimum(Part):
    """Volume below which a score is not assessed."""

    n: int = Field(default=1, ge=1)
    events_expected: float = Field(default=0.0, ge=0)


class Show(Part):
    """How values are written, with so many decimals.

    Attributes
    ----------
    unit : str
        ``percent``, ``points`` of a scale, or ``rate``: so many per so many units of exposure.
    per : int
        For a rate: per how many units, such as 1000.
    of : Text or None
        For a rate: what is counted per, such as bed days.
    """

    unit: Literal["percent", "points", "rate"]
    decimals: int = Field(ge=0, le=4)
    per: int = Field(default=1, ge=1)
    of: Text | None = None

    @model_validator(mode="after")
    def _rate_fits(self) -> Show:
        if (self.of is not None) != (self.unit == "rate"):
            raise fault_at("a rate says what it is counted per, and only a rate does", "of")
        if self.per != 1 and self.unit != "rate":
            raise fault_at("'per' goes with 'unit: rate'", "per")
        return self


class Norm(Part):
    """What the society asks of a provider, and whether that is a minimum, a target or an ambition."""

    value: Decimal
    kind: Literal["minimum", "target", "ambition"]


class Given(Part):
    """What an example says of a record, or of a row of a table that belongs to it: columns and their values.

    Attributes
    ----------
    tables : dict of str to list of Given
        Rows that belong to it, by table. What links them to it need not be said.
    """

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, str | bool | int | float | None] = Field(init=False)

    tables: dict[ColumnName, list[Given]] = Field(default_factory=dict)

    @property
    def columns(self) -> dict[str, str | bool | int | float | None]:
        """The values that are said, by column."""
        return self.__pydantic_extra__


class Example(Part):
    """A record and what must become of it; run by ``meetlat check``.

    Attributes
    ----------
    cut_off : date or None
        Last day that the data hold, for an example that is still pending. None: every window has closed.
    """

    given: Given
    cut_off: Day | None = None
    expect: Expectation


class Expectation(Part):
    """The state an example must end in; ``outcome`` is the value for numbers."""

    state: Literal[
        "not-eligible", "excluded", "pending", "lost", "missing", "excepted", "met", "not-met", "value"
    ]
    outcome: float | None = None


class Indicator(Part):
    """A versioned indicator.

    Attributes
    ----------
    unit : str
        Who is scored: ``provider``, or the id of a network set.
    period : ReportingPeriod or None
        What a score is about; None: the period of the dataset.
    horizon : int
        1 structure and process, 2 outcome of the provider, 3 what the patient reports.
    population : str
        Condition a record must meet to be of the initial population.
    denominator : str or None
        Condition within the population that it must meet to be counted; None: all of it.
    exclude : list of Exclusion
        Rules that leave records out, whatever their outcome; the first that holds is the reason.
    exceptions : list of Exclusion
        Rules that excuse a record that did not meet the outcome, under ``except`` in the file. Where the
        outcome was met it counts.
    """

    indicator: Id
    version: Version
    status: Status = "active"
    horizon: Literal[1, 2, 3]
    title: Text
    why: Text
    steward: str
    sources: list[str] = Field(min_length=1)
    dataset: Id
    unit: Id = "provider"
    period: ReportingPeriod | None = None
    population: ExpressionText
    denominator: ExpressionText | None = None
    exclude: list[Exclusion] = Field(default_factory=list)
    exceptions: list[Exclusion] = Field(default_factory=list, alias="except")
    outcome: Outcome
    follow_up: FollowUp | None = None
    case_mix: list[CaseMixTerm] = Field(default_factory=list)
    expectation: ExternalExpectation | None = None
    estimators: Estimators = Estimators()
    minimum: Minimum = Minimum()
    norm: Norm | None = None
    show: Show
    changes: Text | None = None
    examples: list[Example] = Field(min_length=1)

    @model_validator(mode="after")
    def _parts_fit(self) -> Indicator:
        kind = self.outcome.kind
        if self.expectation and self.case_mix:
            raise fault_at("an external expectation and an own case mix exclude each other", "expectation")
        if self.expectation and kind not in ("change", "continuous"):
            raise fault_at(f"an external expectation does not go with a {kind} outcome", "expectation")
        conditional = isinstance(self.outcome, BinaryOutcome) and self.outcome.when
        if self.exceptions and not (conditional or isinstance(self.outcome, TopBoxOutcome)):
            message = f"an exception excuses a record that does not meet a condition; this outcome is {kind}"
            raise fault_at(message, "except")
        if kind == "structure" and self.case_mix:
            raise fault_at("a structure fact is not adjusted for case mix", "case_mix")
        if (self.show.unit == "rate") != (kind == "count"):
            raise fault_at(f"a count is shown as a rate, and only a count: this outcome is {kind}", "show")
        if self.norm and kind in SHARES and not 0 <= self.norm.value <= 1:
            raise fault_at("the norm of a share is a share: write 0.95 for 95 %", "norm", "value")
        return self

    @model_validator(mode="after")
    def _follow_up_fits(self) -> Indicator:
        if self.follow_up and self.outcome.kind == "time_to_event":
            message = "a time to event has its window in 'horizon', and a record counts while it is open"
            raise fault_at(message, "follow_up")
        return self

    @model_validator(mode="after")
    def _terms_fit(self) -> Indicator:
        names = [term.term for term in self.case_mix]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise fault_at(f"'{name}' stands here twice", "case_mix", number, "term")
        modelled = self.expectation is None and self.outcome.kind != "structure"
        if self.outcome.kind in ("count", "time_to_event") and self.estimators != Estimators():
            raise fault_at(f"a {self.outcome.kind} outcome has no choice of estimators yet", "estimators")
        check_estimators(self.estimators, self.outcome.kind, modelled=modelled)
        if isinstance(self.outcome, ChangeOutcome):
            _check_change(self.outcome, adjusted=self.expectation is not None, terms=names)
        return self


def _check_change(outcome: ChangeOutcome, *, adjusted: bool, terms: list[str]) -> None:
    if outcome.after in terms:
        raise fault_at(f"'{outcome.after}' is the outcome; it cannot be a case-mix term as well", "case_mix")
    if outcome.before == outcome.after:
        raise fault_at("before and after are one and the same column", "outcome", "after")
    if not adjusted and outcome.before not in terms:
        message = (
            "a change is scored as the score after given the score before: make "
            f"'{outcome.before}' a case-mix term"
        )
        raise fault_at(message, "case_mix")
