"""What the API answers with: the objects of the publication themselves, and what goes around them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from registry_db.published import Dataset, Publication, Score
from registry_db.published_courses import CoursePart
from registry_db.published_models import Part, PatientMix
from registry_db.published_settlements import LedgerLine, QualityLine
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


class PublishedSettlement(BaseModel):
    """A settlement with its ledger; the effects of the lines add up to the payment.

    `withheld` says, by language, what rests on too few records to be shown; the ledger may then be empty.
    """

    model_config = ConfigDict(from_attributes=True)

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
    restatement: dict[str, Any] | None
    withheld: dict[str, str] | None
    quality_score: Decimal | None
    quality: list[QualityLine]
    ledger: list[LedgerLine]
