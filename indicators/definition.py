"""The definition of an indicator: whom it counts, what it counts, and how it is adjusted and shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from indicators.case_mix import CaseMixTerm, Imputation, check_case_mix, check_imputation
from indicators.estimators import Estimators, check_estimators
from indicators.outcomes import BinaryOutcome, ChangeOutcome, Outcome, TopBoxOutcome
from indicators.periods import ReportingPeriod
from indicators.stratifiers import Stratifier
from indicators.words import ColumnName, Day, ExpressionText, Id, Part, Status, Text, Version, fault_at

TIMES = ("minutes", "hours", "days", "weeks", "months", "years")
SHARES = ("binary", "structure", "top_box", "time_to_event")


class Exclusion(Part):
    """A rule that leaves records out, and why."""

    when: ExpressionText
    why: Text


class ExternalExpectation(Part):
    """An expectation that is delivered with the records instead of modelled here."""

    external: ColumnName
    source: Text


class FollowUp(Part):
    """Window after a date in which the outcome can still happen; until it has closed a record is pending.

    Attributes
    ----------
    days : int
        How long it is: it closes so many days after the day of ``after``.
    after : str
        Column with a date, or with a moment, of which the day counts; it may be a computed one.
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
        ``percent``, ``points`` of a scale, ``rate``: so many per so many units of exposure, or a time, for a
        mean of one: ``minutes``, ``hours``, ``days``, ``weeks``, ``months`` or ``years``.
    per : int
        For a rate: per how many units, such as 1000.
    of : Text or None
        For a rate: what is counted per, such as bed days.
    """

    unit: Literal["percent", "points", "rate", "minutes", "hours", "days", "weeks", "months", "years"]
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


class Expectation(Part):
    """The state an example must end in; ``outcome`` is the value for numbers."""

    state: Literal[
        "not-eligible", "excluded", "pending", "lost", "missing", "excepted", "met", "not-met", "value"
    ]
    outcome: float | None = None


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


class Indicator(Part):
    """A versioned indicator.

    Attributes
    ----------
    unit : str
        Who is scored: ``provider``, or the id of a network set.
    period : ReportingPeriod or None
        What a score is about; None: the period of the dataset.
    steward : str or Text
        Who is responsible for the definition: a name that is the same in both languages, or a text in each.
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
    response : str or None
        Indicator of which the value is the share who answered, where the dataset holds only those: then the
        records do not tell who did not. None: they do.
    stratify : list of Stratifier
        By what the scores are given once more for subgroups of the records; they change no score.
    """

    indicator: Id
    version: Version
    status: Status = "active"
    horizon: Literal[1, 2, 3]
    title: Text
    why: Text
    steward: str | Text
    sources: list[str | Text] = Field(min_length=1)
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
    imputation: Imputation | None = None
    expectation: ExternalExpectation | None = None
    response: Id | None = None
    estimators: Estimators = Estimators()
    stratify: list[Stratifier] = Field(default_factory=list)
    minimum: Minimum = Minimum()
    norm: Norm | None = None
    show: Show
    changes: Text | None = None
    examples: list[Example] = Field(min_length=1)

    @property
    def is_condition(self) -> bool:
        """Whether a record meets the outcome or does not, once."""
        conditional = isinstance(self.outcome, BinaryOutcome) and self.outcome.when is not None
        return conditional or isinstance(self.outcome, TopBoxOutcome)

    @property
    def imputed(self) -> tuple[str, ...]:
        """Case-mix terms whose missing values are imputed."""
        return tuple(term.term for term in self.case_mix if term.missing == "multiple-imputation")

    @property
    def case_mix_columns(self) -> tuple[str, ...]:
        """Columns of the dataset that the case mix is read from; an interaction has none of its own."""
        return tuple(term.term for term in self.case_mix if term.kind != "interaction")

    @model_validator(mode="after")
    def _parts_fit(self) -> Indicator:
        kind = self.outcome.kind
        if self.expectation and self.case_mix:
            raise fault_at("an external expectation and an own case mix exclude each other", "expectation")
        if self.expectation and kind not in ("change", "continuous"):
            raise fault_at(f"an external expectation does not go with a {kind} outcome", "expectation")
        if self.response == self.indicator:
            raise fault_at("the response to a questionnaire is another indicator", "response")
        if self.exceptions and not self.is_condition:
            message = f"an exception excuses a record that does not meet a condition; this outcome is {kind}"
            raise fault_at(message, "except")
        if kind == "structure" and self.case_mix:
            raise fault_at("a structure fact is not adjusted for case mix", "case_mix")
        if (self.show.unit == "rate") != (kind == "count"):
            raise fault_at(f"a count is shown as a rate, and only a count: this outcome is {kind}", "show")
        if self.show.unit in TIMES and kind not in ("continuous", "change"):
            raise fault_at(f"{self.show.unit} are of a mean; this outcome is {kind}", "show", "unit")
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
        check_case_mix(self.case_mix)
        check_imputation(self.case_mix, self.imputation, events=self.is_condition)
        names = list(self.case_mix_columns)
        modelled = self.expectation is None and self.outcome.kind != "structure"
        adjusted, imputed = bool(self.case_mix) or self.expectation is not None, bool(self.imputed)
        check_estimators(
            self.estimators, self.outcome.kind, modelled=modelled, adjusted=adjusted, imputed=imputed
        )
        if isinstance(self.outcome, ChangeOutcome):
            _check_change(self.outcome, adjusted=self.expectation is not None, terms=names)
        return self

    @model_validator(mode="after")
    def _stratifiers_fit(self) -> Indicator:
        names = [stratifier.name for stratifier in self.stratify]
        for number, name in enumerate(names):
            if name in names[:number]:
                message = f"there are two stratifiers of the name '{name}'"
                raise fault_at(message, "stratify", number, "name")
        if self.stratify and self.outcome.kind == "structure":
            raise fault_at("a structure fact counts no records: there are no subgroups", "stratify")
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
