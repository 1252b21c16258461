"""Versions of a definition: its identity, what two of them say differently, and its life cycle.

What a definition *says* is its checked content without its status: two files that say the same have the same
identity, however they are laid out. The status is not part of it: a version that is adopted is the version
that was consulted on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from indicators.words import Status

Plain = Any  # dict, list, str, int, float, bool or None
Place = tuple[str | int, ...]

# From each status the ones that may follow. There is no way back from active: what was decided stays decided.
TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    "draft": ("consultation",),
    "consultation": ("draft", "active"),
    "active": ("retired",),
    "retired": (),
}
ADOPTED: tuple[Status, ...] = ("active", "retired")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that two versions say differently.

    Attributes
    ----------
    place : tuple of str and int
        Path of the field; lists are counted from 0.
    before, after : plain data or None
        What each says; None where it says nothing.
    """

    place: Place
    before: Plain
    after: Plain

    @property
    def field(self) -> str:
        """The path with points, lists counted from 1."""
        return ".".join(str(step + 1) if isinstance(step, int) else step for step in self.place)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One step in the life of a version: who decided it, when and why."""

    status: Status
    by: str
    why: str
    at: dt.datetime
    hash: str


def content(model: BaseModel) -> dict[str, Plain]:
    """Give what a checked definition says, as plain data with one spelling for each value.

    A field that is left out and one that is written with its default say the same: a default is part of the
    language, and never changes. Numbers go without idle zeros, days as ``YYYY-MM-DD``; white space between
    the words of an expression says nothing (`indicators.words.ExpressionText`). The status is left out.
    """
    data = model.model_dump(mode="python", by_alias=True, exclude_defaults=True, exclude={"status"})
    plain: dict[str, Plain] = _plain(data)
    return plain


def identity(model: BaseModel) -> str:
    """SHA-256 of what a checked definition says; see `content`."""
    text = json.dumps(content(model), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Plain:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return _plain_number(value)
    if isinstance(value, float):
        return _plain_number(Decimal(repr(value)))
    return value.isoformat() if isinstance(value, dt.date) else value


def _plain_number(value: Decimal) -> int | str:
    """Write a whole number as one, and any other as text: 30, 30.0 and 3E1 are the same."""
    if value == value.to_integral_value():
        return int(value)
    return format(value, "f").rstrip("0")


def order(version: str) -> tuple[int, ...]:
    """By which versions sort: 1.10.0 after 1.9.0."""
    return tuple(map(int, version.split(".")))


def field_changes(before: BaseModel, after: BaseModel) -> list[FieldChange]:
    """List the fields that two versions of a definition say differently, in the order of the older one."""
    left, right = content(before), content(after)
    for data in (left, right):
        data.pop("version", None)
    return list(_differences(left, right, ()))


def _differences(before: Plain, after: Plain, place: Place) -> Iterator[FieldChange]:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            if before.get(name) is after.get(name) is None and (name in before) != (name in after):
                yield FieldChange(
                    (*place, name), None, None
                )  # an example says nothing of it, or that it is empty
            yield from _differences(before.get(name), after.get(name), (*place, name))
    elif isinstance(before, list) and isinstance(after, list) and _are_parts(before, after):
        for number in range(max(len(before), len(after))):
            left, right = (side[number] if number < len(side) else None for side in (before, after))
            yield from _differences(left, right, (*place, number))
    else:
        yield FieldChange(place, before, after)


def _are_parts(before: list[Plain], after: list[Plain]) -> bool:
    return all(isinstance(item, dict) for item in [*before, *after])


def next_statuses(status: Status) -> str:
    """Say what may follow a status: ``draft or active``, or ``nothing``."""
    return " or ".join(TRANSITIONS[status]) or "nothing"


_STATUS_LINE = re.compile(r"^status:.*$", re.MULTILINE)
_VERSION_LINE = re.compile(r"^(version:.*)$", re.MULTILINE)


def with_status(text: str, status: Status) -> str:
    """Write a status into the text of a definition, and leave all else as it is."""
    line = f"status: {status}"
    if _STATUS_LINE.search(text):
        return _STATUS_LINE.sub(line, text, count=1)
    return _VERSION_LINE.sub(rf"\1\n{line}", text, count=1)
