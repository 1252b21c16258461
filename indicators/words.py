"""The small parts that definitions share: names, versions, texts in two languages."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "en")
ColumnType = Literal["text", "category", "integer", "decimal", "boolean", "date", "datetime"]
Status = Literal["draft", "consultation", "active", "retired"]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
TableName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9_]*)*$", max_length=200)
]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
PATTERNS = {
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "small letters and digits, with hyphens between, such as birth-pph",
    r"^[a-z][a-z0-9_]*$": "small letters, digits and underscores, such as birth_weight_g",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9_]*)*$": "a dataset or a table of one, such as stay.visit",
    r"^\d+\.\d+\.\d+$": "three numbers, such as 1.0.0",
}


def _spaced_once(text: str) -> str:
    """White space between the words of an expression, not within its quotes, as single spaces."""
    pieces = re.split(r"('(?:[^']|'')*')", text)
    return "".join(piece if piece.startswith("'") else re.sub(r"\s+", " ", piece) for piece in pieces).strip()


# What is written out of a definition, as for its identity, does not depend on how the author broke the lines.
ExpressionText = Annotated[
    str, StringConstraints(min_length=1, max_length=2000), PlainSerializer(_spaced_once)
]


def _only_a_day(value: object) -> object:
    # Left alone, pydantic reads a number as seconds since 1970.
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("expected a day, written YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such day") from None


Day = Annotated[dt.date, BeforeValidator(_only_a_day)]

PLACED = "placed"


def fault_at(message: str, *path: str | int) -> PydanticCustomError:
    """Make the error for a validator to raise: what is wrong, and in which field of this part.

    Parameters
    ----------
    message : str
        What is wrong and what was expected.
    *path : str or int
        The field within the part that is validated, by its names in the file.
    """
    return PydanticCustomError(PLACED, "{message}", {"message": message, "path": path})


class Part(BaseModel):
    """Base of every part of a definition: frozen, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Text(Part):
    """A text in both languages."""

    nl: str = Field(min_length=1)
    en: str = Field(min_length=1)


YES, NO, NOT_KNOWN = Text(nl="ja", en="yes"), Text(nl="nee", en="no"), Text(nl="onbekend", en="unknown")


def in_language(text: str | Text, language: Language) -> str:
    """A text in a language; one that is written once is the same in both."""
    if isinstance(text, str):
        return text
    return text.nl if language == "nl" else text.en
