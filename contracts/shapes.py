"""The facts held against the types that they are declared with, before anything is computed from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from contracts.terms.part import MOST_DIGITS, MOST_EUROS, MOST_RECORDS

_SAID = {
    str: "a text",
    bool: "yes or no",
    int: "a whole number",
    float: "a number",
    Decimal: "a decimal number",
}


def shape_faults(facts: Any, place: str = "inputs") -> Iterator[str]:
    """Name every value that is not of the type its field is declared with, or no finite number.

    Parameters
    ----------
    facts : dataclass
        Such as ``SettlementInputs``.
    place : str
        How its fields are named: ``inputs`` gives ``inputs.spending``.
    """
    kind: Any = type(facts)
    for name, hint in _hints(kind).items():
        yield from _faults(getattr(facts, name), hint, f"{place}.{name}")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _faults(value: Any, hint: Any, place: str) -> Iterator[str]:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is UnionType:
        if value is None and type(None) in parts:
            return
        wanted = [part for part in parts if part is not type(None)]
        own = [part for part in wanted if isinstance(part, type) and isinstance(value, part)]
        yield from _faults(value, (own or wanted)[0], place)
    elif origin is tuple:
        yield from _tuple_faults(value, parts[0], place)
    elif origin is Mapping:
        yield from _mapping_faults(value, parts, place)
    elif origin is Literal:
        if value not in parts:
            yield f"{place}: {value!r} does not exist; expected one of {', '.join(map(str, parts))}"
    elif is_dataclass(hint):
        assert isinstance(hint, type)
        if isinstance(value, hint):
            yield from shape_faults(value, place)
        else:
            yield f"{place}: {value!r}; expected a {hint.__name__}"
    else:
        yield from _single_faults(value, hint, place)


def _tuple_faults(value: Any, part: Any, place: str) -> Iterator[str]:
    if not isinstance(value, tuple | list):
        yield f"{place}: {value!r}; expected a list"
        return
    for number, each in enumerate(value):
        # a part that has a name goes by it
        names = (getattr(each, name, None) for name in ("indicator", "period", "name", "part"))
        name = next((name for name in names if isinstance(name, str)), str(number))
        yield from _faults(each, part, f"{place}.{name}")


def _mapping_faults(value: Any, parts: tuple[Any, ...], place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{place}: {value!r}; expected names with a value each"
        return
    for name, each in value.items():
        yield from _single_faults(name, parts[0], place)
        yield from _faults(each, parts[1], f"{place}.{name}")


def _single_faults(value: Any, kind: type, place: str) -> Iterator[str]:
    # in Python yes and no are whole numbers, and a whole number does as a number
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (kind in (int, float) and isinstance(value, bool)):
        yield f"{place}: {value!r} is {type(value).__name__}; expected {_SAID[kind]}"
    elif kind in (float, Decimal) and not _finite(value):
        yield f"{place}: {value}; expected a finite number"
    elif kind is Decimal and abs(value) > MOST_EUROS:
        yield f"{place}: {value}; expected at most {MOST_EUROS:,}"
    elif kind is Decimal and int(value.as_tuple().exponent) < -MOST_DIGITS:
        yield f"{place}: {value}; expected at most {MOST_DIGITS} digits behind the point"
    elif kind is int and abs(value) > MOST_RECORDS:
        yield f"{place}: {value}; expected at most {MOST_RECORDS:,}"
    elif kind is float and abs(value) > MOST_EUROS:
        yield f"{place}: {value}; expected a number of at most {MOST_EUROS:,}"


def _finite(value: Decimal | float) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
