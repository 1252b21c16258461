"""JSON Schema for editors: every shipped definition is right by it, and a mistake is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from indicators.source import read_source
from registry_db.catalogue import ALL_KINDS
from registry_db.library import library_files
from registry_db.schemas import write_schemas

FILES = [file for name in ("birth", "nhs-proms") for file in library_files(name)]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("schema")
    write_schemas(folder)
    return {kind: json.loads((folder / f"{kind}.schema.json").read_text("utf-8")) for kind in ALL_KINDS}


def faults(schemas: dict[str, Any], data: dict[str, Any]) -> list[str]:
    schema = schemas[next(iter(data))]
    jsonschema.Draft202012Validator.check_schema(schema)
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_shipped_definition_is_right(file: Path, schemas: dict[str, Any]) -> None:
    assert faults(schemas, read_source(file.read_text("utf-8"), file.name).data) == []


@pytest.mark.parametrize(
    "mistake",
    [
        lambda data: data.pop("population"),
        lambda data: data.update(poplation="x"),
        lambda data: data.update(status="actif"),
        lambda data: data.update(version="1.0"),
        lambda data: data["outcome"].update(kind="binry"),
        lambda data: data["title"].pop("nl"),
        lambda data: data["case_mix"][0].update({"as": "splines"}),
        lambda data: data["show"].update(decimals="one"),
        lambda data: data.update(examples=[]),
    ],
)
def test_a_mistake_is_seen(mistake: Callable[[dict[str, Any]], Any], schemas: dict[str, Any]) -> None:
    [file] = [file for file in FILES if file.name == "birth-pph.indicator.yaml"]
    data = read_source(file.read_text("utf-8"), file.name).data
    mistake(data)
    assert faults(schemas, data)


def test_what_an_editor_shows(schemas: dict[str, Any]) -> None:
    properties = schemas["indicator"]["properties"]
    assert properties["horizon"]["enum"] == [1, 2, 3]
    assert properties["unit"]["description"].startswith("Who is scored")
    assert schemas["indicator"]["description"] == "A versioned indicator."
