"""What the API answers with: the objects of the publication themselves, and what goes around them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel

from contracts.field_words import cause_words
from contracts.terms.part import Text
from registry_db.published import Dataset, Publication, Score
from registry_db.published_courses import CoursePart
from registry_db.published_models import Part, PatientMix
from registry_db.published_settlements import LedgerLine, QualityLine, Settlement
from registry_db.published_subgroups import SubgroupScore
from registry_db.response import Responded


class Problem(BaseModel):
    """What is wrong with a request, in one sentence."""

    detail: str


class About(BaseModel):
    """The publication and its datasets."""

    publication: Publication
    datasets: list[Dataset]


class Scores(BaseModel):
    """A page of scores, and how many there are in all."""

    publication: str
    total: int
    limit: int
    offset: int
    scores: list[Score]


class Subgroups(BaseModel):
    """Scores of the subgroups of one indicator."""

    publication: str
    scores: list[SubgroupScore]


class Explanation(BaseModel):
    """Why the expected values of one indicator are what they are.

    `parts` add up: the mean expectation of everyone, plus the parts of an organisation, is its own.
    `patients` tells who the patients of an organisation are beside everyone's: the share with a level, or
    where the level is empty the mean of a number and the share of a yes-or-no.
    """

    publication: str
    indicator: str
    version: str
    parts: list[Part]
    patients: list[PatientMix]


class Responses(BaseModel):
    """How many patients answered, of those who were asked; none of an indicator that asks nobody."""

    publication: str
    indicator: str
    version: str
    responses: list[Responded]


class Course(BaseModel):
    """How one indicator went by month: VLAD, CUSUM and XmR; none of an indicator that is not of events."""

    publication: str
    indicator: str
    version: str
    parts: list[CoursePart]


class PublishedCause(BaseModel):
    """What one correction did; `difference` is what the participant gets more by it.

    `what` is the field that was corrected, for programs; the words name it to people. `sources` are the names
    of the deliveries, definitions and scores that differ, where that is all that was corrected.
    """

    what: str
    words_nl: str
    words_en: str
    difference: Decimal
    sources: list[str]


class PublishedRestatement(BaseModel):
    """What a correction changed in the settlement before this one, by party and by cause.

    `replaces` and `by` are the hashes of both; null where part of the settlement is withheld, as they would
    give it away.
    """

    replaces: str | None
    by: str | None
    differences: dict[str, Decimal]
    causes: list[PublishedCause]

    @classmethod
    def of(cls, settlement: Settlement, titles: Mapping[str, Text]) -> PublishedRestatement | None:
        """Put the causes in words; None of a settlement that replaces none."""
        told, restated = settlement.restatement, settlement.restated
        if told is None or restated is None:
            return None
        causes = [
            (cause, cause_words(cause.what, titles, sources=cause.sources)) for cause in restated.causes
        ]
        return cls(
            replaces=told.get("replaces"),
            by=told.get("by"),
            differences=dict(restated.differences),
            causes=[
                PublishedCause(
                    what=cause.what,
                    words_nl=words.nl,
                    words_en=words.en,
                    difference=cause.difference,
                    sources=list(cause.sources),
                )
                for cause, words in causes
            ],
        )


class PublishedSettlement(BaseModel):
    """A settlement with its ledger; the effects of the lines add up to the payment.

    `withheld` says, by language, what rests on too few records to be shown; the ledger may then be empty.
    """

    settlement: str
    contract: str
    version: str
    title_nl: str
    title_en: str
    provider: str
    payer: str
    period: str
    kind: str
    generated: bool
    currency: str
    payment: Decimal
    number: int
    restatement: PublishedRestatement | None
    withheld: dict[str, str] | None
    quality_score: Decimal | None
    quality: list[QualityLine]
    ledger: list[LedgerLine]

    @classmethod
    def of(cls, settlement: Settlement, titles: Mapping[str, Text]) -> PublishedSettlement:
        """Give what is published of a settlement; `titles` are those of indicators."""
        restatement = PublishedRestatement.of(settlement, titles)
        same = {name: getattr(settlement, name) for name in cls.model_fields if name != "restatement"}
        return cls.model_validate({**same, "restatement": restatement})
