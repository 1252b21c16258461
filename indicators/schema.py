"""JSON Schema of definition files, for editors that complete and check while one writes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FIELD = re.compile(r"^(\w[\w, ]*) : .*$")


class _AsWritten(GenerateJsonSchema):
    """Schemas of what stands in a file: a number is a number, or a text that spells one."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        limits = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        found = {name: float(schema[key]) for key, name in limits.items() if key in schema}  # type: ignore[literal-required]
        spelled = {"type": "string", "pattern": r"^[-+]?\d+(\.\d+)?$"}
        return {"anyOf": [{"type": "number", **found}, spelled]}


def json_schema(model: type[BaseModel], kind: str) -> dict[str, Any]:
    """Schema of one kind of definition file.

    Parameters
    ----------
    model : type of BaseModel
        What such a file is checked against.
    kind : str
        Name of the kind, which is also the file's first field.

    Returns
    -------
    dict
        JSON Schema 2020-12. It accepts every right definition; what it cannot say, such as which columns a
        dataset has, is left to ``meetlat check``. Descriptions are those of the code.
    """
    schema = model.model_json_schema(by_alias=True, schema_generator=_AsWritten)
    described = {part.__name__: part for part in _parts(model, set())}
    for name, block in [(model.__name__, schema), *schema.get("$defs", {}).items()]:
        if name in described:
            _describe(block, described[name])
    _one_or_more(schema)
    return {"$schema": DIALECT, **schema, "title": f"Meetlat {kind.replace('_', ' ')}"}


def _describe(block: dict[str, Any], part: type[BaseModel]) -> None:
    """Put the first paragraph of a docstring, and what it says of each field, in the place of the whole."""
    text = inspect.getdoc(part) or ""
    said = dict(_fields_said(text))
    block["description"] = " ".join(text.partition("\n\n")[0].split())
    for name, field in part.model_fields.items():
        written = field.alias or name
        properties = block.get("properties", {})
        if name in said and written in properties and "description" not in properties[written]:
            properties[written]["description"] = said[name]
        properties.get(written, {}).pop("title", None)


def _fields_said(text: str) -> Iterator[tuple[str, str]]:
    _, found, section = text.partition("Attributes\n----------\n")
    names: list[str] = []
    words: list[str] = []
    for line in [*section.splitlines(), "end : "] if found else []:
        if head := _FIELD.match(line):
            yield from ((name, " ".join(words)) for name in names)
            names, words = [name.strip() for name in head[1].split(",")], []
        elif line.startswith(" "):
            words.append(line.strip())


def _one_or_more(schema: dict[str, Any]) -> None:
    """``from`` of a column is a list of headers, or one of them."""
    column = schema.get("$defs", {}).get("Column", {}).get("properties", {})
    if "from" in column:
        several = {key: column["from"].pop(key) for key in ("type", "items")}
        column["from"]["anyOf"] = [{"type": "string"}, several]


def _parts(model: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    """The models that a model is made of, itself first."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if model in seen:
            return
        seen.add(model)
        yield model
        for field in model.model_fields.values():
            yield from _parts(field.annotation, seen)
        return
    for part in getattr(model, "__args__", ()):
        yield from _parts(part, seen)
