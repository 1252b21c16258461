"""Everything that can be wrong with a contract or its facts, made field by field from what is right."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

Path = tuple[str | int, ...]
GONE = object()
WRONG: dict[str, Any] = {
    "missing": GONE,
    "null": None,
    "a text": "zomaar",
    "an empty text": "",
    "yes": True,
    "a list": [],
    "a list of a number": [1],
    "a section": {},
    "a section with an unknown field": {"unknown": 1},
    "minus one": -1,
    "zero": 0,
    "a half": 0.5,
    "one": 1,
    "two": 2,
    "NaN": float("nan"),
    "NaN as a text": "NaN",
    "sNaN as a text": "sNaN",
    "infinity": float("inf"),
    "minus infinity as a text": "-Infinity",
    "huge": 1e30,
    "huger than a number": "1e400",
    "tiny": "1e-400",
    "many digits": "0." + "3" * 60,
    "a year": 2025,
}
"""What a field may hold instead; the same for every field, whatever it means."""


def paths(data: Any, path: Path = ()) -> Iterator[Path]:
    """Give the path of everything in plain data, sections and lists included."""
    steps: list[Any] = []
    if isinstance(data, dict):
        steps = list(data)
    elif isinstance(data, list):
        steps = list(range(len(data)))
    for step in steps:
        yield (*path, step)
        yield from paths(data[step], (*path, step))


def at(data: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        data = data[step]
    return data


def changed(data: Any, path: Path, value: Any) -> Any:
    """The data with another value at a path; without it if the value is GONE."""
    made = copy.deepcopy(data)
    *before, last = path
    place = at(made, tuple(before))
    if value is GONE:
        del place[last]
    else:
        place[last] = copy.deepcopy(value)
    return made


def breakages(data: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """Everything that is tried at one path: a name for it, and the data as it then is."""
    for name, value in WRONG.items():
        yield name, changed(data, path, value)
    here = at(data, path)
    if isinstance(here, dict):
        yield "an unknown key", changed(data, (*path, "unknown_key"), 1)
    if isinstance(here, list) and here:
        yield "the first twice", changed(data, path, [here[0], *here])
        yield "the last twice", changed(data, path, [*here, here[-1]])
        yield "the other way round", changed(data, path, here[::-1])


def fields_at(model: BaseModel, path: Path) -> tuple[str, str] | None:
    """Model and field that a path of its plain data leads to; None within a mapping or a list."""
    here: Any = model
    found = None
    for step in path:
        if isinstance(here, BaseModel):
            found = (type(here).__name__, str(step))
            here = getattr(here, str(step), None)
        elif isinstance(here, dict):
            found = None
            here = here.get(step, here.get(str(step)))
        elif isinstance(here, list | tuple):
            found = None
            here = here[int(step)]
    return found
