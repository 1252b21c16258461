"""The kinds of outcome that an indicator can have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from indicators.words import ColumnName, ExpressionText, Part, fault_at

Better = Literal["lower", "higher"]


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


class CountOutcome(Part):
    """Events that can happen more than once, set against the exposure in which they could.

    Attributes
    ----------
    events : str
        Number of events of a record, a whole number.
    exposure : str or None
        What they are counted per, above 0, such as the days in hospital; None is one unit a record.
    """

    kind: Literal["count"]
    events: ExpressionText
    exposure: ExpressionText | None = None
    better: Better


class TopBoxOutcome(Part):
    """An answer that is in the top boxes of its scale, or not; the score is the share of the answers.

    A record without an answer is missing, and the share that did answer is shown as the response.

    Attributes
    ----------
    answer : str
        Column with the answer.
    top : list of str or int
        The answers that count.
    """

    kind: Literal["top_box"]
    answer: ColumnName
    top: list[str | int] = Field(min_length=1)
    better: Better = "higher"


class Competing(Part):
    """An event after which the outcome can no longer happen, such as death before a revision.

    Attributes
    ----------
    on : str
        Column with its date.
    counts_as : str
        ``censored``: the record is followed up to that day (the hazard of those who are still there).
        ``event-free``: it stays in view, without the outcome, to the end of the window (what happens to
        the patients in the end). Either way an outcome on a later day does not count; one on the same day
        does.
    """

    on: ColumnName
    counts_as: Literal["censored", "event-free"] = Field(alias="as")


class TimeToEventOutcome(Part):
    """Whether and when an event happened within a window, for records that are not all followed as long.

    A record counts for as long as it was followed: to the event, the end of the window, its last day, or the
    last day of the data.

    Attributes
    ----------
    start, event : str
        Columns with the dates on which following starts and on which the event happened; no date is no event.
    horizon : int
        Days from the start in which an event counts; the score is the chance of one by then.
    censored : str or None
        Column with the last day on which a record was in view, for those that left it.
    """

    kind: Literal["time_to_event"]
    start: ColumnName
    event: ColumnName
    horizon: int = Field(ge=1, le=36_525)
    censored: ColumnName | None = None
    competing: Competing | None = None
    better: Better

    @model_validator(mode="after")
    def _dates_differ(self) -> TimeToEventOutcome:
        if self.start == self.event:
            raise fault_at("the start and the event are one and the same column", "event")
        return self


Outcome = Annotated[
    BinaryOutcome
    | ContinuousOutcome
    | ChangeOutcome
    | StructureOutcome
    | CountOutcome
    | TopBoxOutcome
    | TimeToEventOutcome,
    Field(discriminator="kind"),
]
