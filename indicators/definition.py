"""The definition of an indicator: whom it counts, what it counts, and how it is adjusted and shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from indicators.words import ColumnName, ExpressionText, Id, Part, Status, Text, Version

Better = Literal["lower", "higher"]


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
        category of its own (for ``category`` and ``flag``).
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
            raise ValueError("'degree' goes with 'as: number'")
        if (self.knots is not None) != (self.kind == "spline"):
            raise ValueError("'knots' goes with 'as: spline', and a spline needs them")
        if self.reference is not None and self.kind != "category":
            raise ValueError("'reference' goes with 'as: category'")
        if self.missing == "own-category" and self.kind in ("number", "spline"):
            raise ValueError("a number has no category of its own: use 'missing: report'")
        return self


class ExternalExpectation(Part):
    """An expectation that is delivered with the records instead of modelled here."""

    external: ColumnName
    source: Text


class FollowUp(Part):
    """Window after a date in which the outcome can still happen; until it has closed a record is pending."""

    days: int = Field(ge=0)
    after: ColumnName


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
    """A record and what must become of it; run by ``meetlat check``."""

    given: dict[ColumnName, str | bool | int | float | None]
    expect: Expectation


class Expectation(Part):
    """The state an example must end in; ``outcome`` is the value for numbers."""

    state: Literal["not-eligible", "excluded", "missing", "met", "not-met", "value"]
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
        Condition a record must meet to be counted.
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
    exclude: list[Exclusion] = Field(default_factory=list)
    outcome: Outcome
    follow_up: FollowUp | None = None
    case_mix: list[CaseMixTerm] = Field(default_factory=list)
    expectation: ExternalExpectation | None = None
    minimum: Minimum = Minimum()
    norm: Norm | None = None
    show: Show
    changes: Text | None = None
    examples: list[Example] = Field(min_length=1)

    @model_validator(mode="after")
    def _parts_fit(self) -> Indicator:
        if self.expectation and self.case_mix:
            raise ValueError("an external expectation and an own case mix exclude each other")
        if self.expectation and self.outcome.kind not in ("change", "continuous"):
            raise ValueError(f"an external expectation does not go with a {self.outcome.kind} outcome")
        if self.outcome.kind == "structure" and self.case_mix:
            raise ValueError("a structure fact is not adjusted for case mix")
        names = [term.term for term in self.case_mix]
        if self.outcome.kind == "change" and not self.expectation and self.outcome.before not in names:
            raise ValueError(
                f"a change is scored as the score after given the score before: make '{self.outcome.before}' "
                "a case-mix term"
            )
        if len(set(names)) != len(names):
            raise ValueError("a case-mix term stands here twice")
        return self
