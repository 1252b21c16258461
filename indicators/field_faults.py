"""From pydantic's errors to faults that an author of a definition can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from indicators.faults import Fault, did_you_mean
from indicators.source import Path, Source
from indicators.words import PATTERNS, PLACED

_EXPECTED = {
    "string": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "finite": "a number",
    "list": "a list",
    "tuple": "a list",
    "dict": "fields with a name and a value",
    "model": "fields with a name and a value",
}
_BOUNDS = {
    "greater_than_equal": "expected {ge} or more",
    "greater_than": "expected more than {gt}",
    "less_than_equal": "expected {le} or less",
    "less_than": "expected less than {lt}",
    "decimal_max_places": "expected at most {decimal_places} digits behind the point",
    "string_too_short": "expected at least {min_length} character(s)",
    "string_too_long": "expected at most {max_length} characters",
    "too_short": "expected at least {min_length} of them, found {actual_length}",
    "too_long": "expected at most {max_length} of them, found {actual_length}",
}
_SHOWN = 80
_MOST = 100


def field_faults(source: Source, model: type[BaseModel], error: ValidationError) -> list[Fault]:
    """Make one fault of each field that is missing, unknown or wrong.

    Parameters
    ----------
    source : Source
        The definition as read.
    model : type of BaseModel
        What it should have been.
    error : ValidationError
        What pydantic says of it. Where a value may be of several types it says one thing for each; these
        become one fault. Where fields were written it is told what is wrong in them, not that it is no text.
    """
    found: dict[Path, list[Fault]] = {}
    details = error.errors(include_url=False)
    for detail in details[:_MOST]:
        path, message, hint = _explained(source, model, dict(detail))
        found.setdefault(path, []).append(source.fault(path, message, hint))
    not_text = {
        _path_in(source, detail["loc"])
        for detail in details[:_MOST]
        if detail["type"] == "string_type" and isinstance(detail["input"], dict)
    }
    within = {path[:length] for path in found for length in range(len(path))}
    told = (faults for path, faults in found.items() if path not in not_text & within)
    listed = [fault for faults in told for fault in _merged(faults)]
    if len(details) > _MOST:
        listed.append(Fault(source.file, 0, "", "there are more faults", "mend these first"))
    return listed


def _merged(faults: list[Fault]) -> Iterator[Fault]:
    """Join "expected a" and "expected b" of one value; keep other faults as they are."""
    first, _, _ = faults[0].message.partition("expected ")
    wanted = [fault.message.removeprefix(f"{first}expected ") for fault in faults]
    if len(faults) == 1 or any(not fault.message.startswith(f"{first}expected ") for fault in faults):
        yield from faults
        return
    message = f"{first}expected {' or '.join(dict.fromkeys(wanted))}"
    yield Fault(faults[0].file, faults[0].line, faults[0].field, message, faults[0].hint)


def _explained(source: Source, model: type[BaseModel], detail: Mapping[str, Any]) -> tuple[Path, str, str]:
    """Path, message and hint of one of pydantic's errors."""
    kind, location, context = detail["type"], detail["loc"], detail.get("ctx", {})
    path = _path_in(source, location)
    if kind == PLACED:
        return (*path, *context["path"]), context["message"], ""
    if kind in ("missing", "left_open"):
        message = "this field is missing" if kind == "missing" else detail["msg"]
        return (*path, location[-1]), message, ""
    if kind == "extra_forbidden":
        hint = did_you_mean(str(path[-1]), _fields_at(model, path[:-1]))
        return path, "there is no such field", hint
    if kind == "union_tag_not_found":
        return (*path, context["discriminator"].strip("'")), "this field is missing", ""
    if kind == "union_tag_invalid":
        known = re.findall(r"'([^']+)'", context["expected_tags"])
        path = (*path, context["discriminator"].strip("'"))
        return path, f"there is no '{context['tag']}'", did_you_mean(context["tag"], known)
    return path, *_wrong_value(path, detail)


def _wrong_value(path: Path, detail: Mapping[str, Any]) -> tuple[str, str]:
    kind, value, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    shown = _shown(value)
    if kind == "string_pattern_mismatch" and context["pattern"] in PATTERNS:
        return f"{shown}expected {PATTERNS[context['pattern']]}", ""
    if kind == "literal_error":
        hint = did_you_mean(str(value), re.findall(r"'([^']+)'", context["expected"]))
        return f"{shown}expected {context['expected']}", hint if hint.startswith("did") else ""
    if kind in _BOUNDS:
        return shown + _BOUNDS[kind].format(**context), ""
    wanted = _EXPECTED.get(kind.partition("_")[0])
    if wanted is not None:
        hint = ""
        if kind == "string_type" and isinstance(value, bool | int | float):
            hint = "three numbers, such as 1.0.0" if path[-1] == "version" else "put it between quotes"
        return f"{shown}expected {wanted}", hint
    message = detail["msg"].removeprefix("Value error, ")
    return f"{shown}{message[:1].lower()}{message[1:]}", ""


def _shown(value: object) -> str:
    if value is None:
        return "this is empty: "
    if isinstance(value, bool):
        return f"'{str(value).lower()}': "
    short = isinstance(value, str | int | float) and 0 < len(str(value)) < _SHOWN
    return f"'{value}': " if short else ""


def _path_in(source: Source, location: Path) -> Path:
    """Keep the steps of a location that stand in the text: tags of unions and absent fields do not."""
    path: list[str | int] = []
    here: Any = source.data
    for step in location:
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if inside:
            path.append(step)
            here = here[step]
    return tuple(path)


def _fields_at(model: type[BaseModel], path: Path) -> list[str]:
    fields: list[str] = []
    for candidate in _models_at(model, path):
        fields += [field.alias or name for name, field in candidate.model_fields.items()]
    return fields


def _models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    found = [model]
    for step in path:
        inner: list[type[BaseModel]] = []
        for candidate in found:
            for name, field in candidate.model_fields.items():
                if (field.alias or name) == step:
                    inner += _models_in(field.annotation)
        found = inner or found
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
