"""The ground of every part of a contract: frozen, nothing unknown, open words refused with their readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Period = Annotated[str, Field(pattern=r"^\d{4}(/\d{2})?$", coerce_numbers_to_str=True)]
MOST_EUROS = 10**12
"""No amount of money is larger, in a contract or its facts: that is a slip of the keyboard."""
MOST_RECORDS = 10**9
LEAST_KNOWN = Decimal("0.01")
"""Smallest part of a year's spending from which the whole may be told."""
MOST_DIGITS = 40
"""Behind the point: a number with more was computed, and cannot have been agreed."""
Number = Annotated[Decimal, Field(decimal_places=MOST_DIGITS)]
Rate = Annotated[Number, Field(ge=0, le=1)]
SomePart = Annotated[Number, Field(gt=0, le=1)]
Weight = Annotated[Number, Field(gt=0, le=10**6)]
Euros = Annotated[Number, Field(gt=0, le=MOST_EUROS)]
Level = Annotated[Number, Field(ge=-(10**9), le=10**9)]
"""A value of an indicator, in its own unit."""


def _whole(value: Any) -> Any:
    # yes and no are 1 and 0 to Python, and to nobody else
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[Whole, Field(ge=1, le=MOST_RECORDS)]

# which alternative of a field is meant is read off the value, so that a fault names that one only
AMOUNT, WORD = Tag("an amount"), Tag("a word")
AMOUNT_OR_WORD = Discriminator(lambda value: "a word" if value in ("none", "as-delivered") else "an amount")

ByYear = Annotated[
    Annotated[Rate, Tag("one rate")] | Annotated[dict[Period, Rate], Tag("rates by year")],
    Discriminator(lambda value: "rates by year" if isinstance(value, dict) else "one rate"),
]
"""A rate, or one for each contract year."""

LEFT_OPEN = "left_open"
NOT_A_READING = "not_a_reading"
PLACED = "placed"


def fault_at(message: str, *path: str | int) -> PydanticCustomError:
    """Make the error for a validator to raise: what is wrong, and in which field of this part it stands."""
    return PydanticCustomError(PLACED, "{message}", {"message": message, "path": path})


class Part(BaseModel):
    """Base of every part of a contract: frozen, unknown fields refused, open words spelled out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _spell_out(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            made = handler(data)
        except ValidationError as error:
            faults = [cls._with_readings(fault, data) for fault in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, faults) from None
        open_words = [_left_open(field, readings) for field, readings in made._open_words()]
        if open_words:
            raise ValidationError.from_exception_data(cls.__name__, open_words)
        return made

    def _open_words(self) -> Iterator[tuple[str, str]]:
        """Give field (with dots) and readings of words that only some contracts need, and this one lacks."""
        yield from ()

    @classmethod
    def _with_readings(cls, fault: ErrorDetails, data: Any) -> InitErrorDetails:
        """Put the readings of a field in the place of "field required" and "not a choice"."""
        kind, place = fault["type"], _in_the_file(fault["loc"], data)
        field = cls.model_fields.get(str(place[0])) if len(place) == 1 else None
        readings = field.description if field is not None else None
        if kind in (LEFT_OPEN, NOT_A_READING):
            return {"type": PydanticCustomError(kind, fault["msg"]), "loc": place, "input": fault["input"]}
        if kind == PLACED:
            place = (*place, *fault["ctx"]["path"])
            return {"type": fault_at(fault["ctx"]["message"]), "loc": place, "input": fault["input"]}
        if readings and kind == "missing":
            return _left_open(".".join(map(str, place)), readings)
        if readings and kind == "literal_error":
            text = f"not one of the readings: {readings}"
            return {"type": PydanticCustomError(NOT_A_READING, text), "loc": place, "input": fault["input"]}
        return {"type": kind, "loc": place, "input": fault["input"], "ctx": fault.get("ctx", {})}


def _left_open(field: str, readings: str) -> InitErrorDetails:
    text = f"left open, and it can be read in more ways: {readings}. Write what was agreed"
    return {"type": PydanticCustomError(LEFT_OPEN, text), "loc": tuple(field.split(".")), "input": None}


def _in_the_file(loc: tuple[int | str, ...], data: Any) -> tuple[int | str, ...]:
    """Leave out of a fault's path the names of alternatives, which do not stand in the file."""
    path: list[int | str] = []
    here = data
    for number, step in enumerate(loc):
        if _stands_in(here, step):
            here = here[step]
        elif number < len(loc) - 1 or not isinstance(here, Mapping):
            continue
        path.append(step)
    return tuple(path)


def _stands_in(here: Any, step: int | str) -> bool:
    if isinstance(here, list):
        return isinstance(step, int) and step < len(here)
    return isinstance(here, Mapping) and step in here


def once(names: Iterable[tuple[str, tuple[str | int, ...]]], what: str) -> None:
    """Refuse a name that stands there more than once; each comes with where it stands."""
    seen: set[str] = set()
    for name, path in names:
        if name in seen:
            raise fault_at(f"{what} '{name}' stands there more than once", *path)
        seen.add(name)


class Text(Part):
    """A text in both languages."""

    nl: str = Field(min_length=1)
    en: str = Field(min_length=1)


def first_year(period: str) -> int:
    """Calendar year in which a period such as ``2025`` or ``2016/17`` starts."""
    return int(period[:4])
