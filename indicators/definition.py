"""The definition of an indicator: whom it counts, what it counts, and how it is adjusted and shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from indicators.estimators import Estimators, check_estimators
from indicators.words import ColumnName, Day, ExpressionText, Id, Part, Status, Text, Version, fault_at

Better = Literal["lower", "higher"]
# A case-mix term is a column of the patterns, beside these (strata.patterns_select).
RESERVED_TERMS = ("n", "sum_y", "sum_y2")


class Exclusion(Part):
    """A rule that leaves records out, and why."""

    when: ExpressionText
    why: Text


class BinaryOutcome(Part):
    """A record has met the outcome or not.

    Attributes
    ----------
    when : str
        Condition that is true for a record that met the outcome.
    events, trials : str
        Columns with counts, for records that are already counted per provider: so many out of so many.
    """

    kind: Literal["binary"]
    when: ExpressionText | None = None
    events: ColumnName | None = None
    trials: ColumnName | None = None
    better: Better

    @model_validator(mode="after")
    def _condition_or_counts(self) -> BinaryOutcome:
        counts = (self.events is not None, self.trials is not None)
        if counts not in ((True, True), (False, False)) or (self.when is not None) == counts[0]:
            raise ValueError("give either 'when' (a condition) or both 'events' and 'trials' (counts)")
        return self


class ContinuousOutcome(Part):
    """A number per record; the score is its mean."""

    kind: Literal["continuous"]
    value: ExpressionText
    better: Better


class ChangeOutcome(Part):
    """A score after care given the score before; shown as the adjusted gain, never the raw change."""

    kind: Literal["change"]
    before: ColumnName
    after: ColumnName
    better: Better


class StructureOutcome(Part):
    """A fact about a provider in a period: true or false, not a sample."""

    kind: Literal["structure"]
    when: ExpressionText
    better: Better


Outcome = Annotated[
    BinaryOutcome | ContinuousOutcome | ChangeOutcome | StructureOutcome, Field(discriminator="kind")
]


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
    missing : str
        ``report``: a record without a value is counted as missing. ``own-category``: no value is a
        category of its own (for ``category``).
    """

    term: ColumnName
    kind: Literal["number", "spline", "category", "flag"] = Field(alias="as")
    degree: int = Field(default=1, ge=1, le=3)
    knots: int | None = Field(default=None, ge=3, le=7)
    reference: str | None = None
    missing: Literal["report", "own-category"] = "report"

    @model_validator(mode="after")
    def _options_fit(self) -> CaseMixTerm:
        if self.degree != 1 and self.kind != "number":
            raise fault_at("a degree goes with 'as: number'", "degree")
        if (self.knots is not None) != (self.kind == "spline"):
            raise fault_at("knots go with 'as: spline', and a spline needs them", "knots")
        if self.reference is not None and self.kind != "category":
            raise fault_at("a reference goes with 'as: category'", "reference")
        if self.missing == "own-category" and self.kind != "category":
            message = (
                f"a {self.kind} has no category of its own: use 'missing: report', or deliver '{self.term}' "
                "as a category and use 'as: category'"
            )
            raise fault_at(message, "missing")
        if self.term in RESERVED_TERMS:
            raise fault_at(f"'{self.term}' is the name of a sum of the model: rename it", "term")
        return self


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
    """How values are written: per hundred, or in points of a scale with so many decimals."""

    unit: Literal["percent", "points"]
    decimals: int = Field(ge=0, le=4)


class Norm(Part):
    """What the society asks of a provider, and whether that is a minimum, a target or an ambition."""

    value: Decimal
    kind: Literal["minimum", "target", "ambition"]


class Example(Part):
    """A record and what must become of it; run by ``meetlat check``.

    Attributes
    ----------
    cut_off : date or None
        Last day that the data hold, for an example that is still pending. None: every window has closed.
    """

    given: dict[ColumnName, str | bool | int | float | None]
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
        if self.exceptions and not (isinstance(self.outcome, BinaryOutcome) and self.outcome.when):
            message = f"an exception excuses a record that does not meet a condition; this outcome is {kind}"
            raise fault_at(message, "except")
        if kind == "structure" and self.case_mix:
            raise fault_at("a structure fact is not adjusted for case mix", "case_mix")
        if self.norm and kind in ("binary", "structure") and not 0 <= self.norm.value <= 1:
            raise fault_at("the norm of a share is a share: write 0.95 for 95 %", "norm", "value")
        return self

    @model_validator(mode="after")
    def _terms_fit(self) -> Indicator:
        names = [term.term for term in self.case_mix]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise fault_at(f"'{name}' stands here twice", "case_mix", number, "term")
        modelled = self.expectation is None and self.outcome.kind != "structure"
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
