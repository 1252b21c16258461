"""Reading the shipped data files of instruments."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import TypeVar

from pydantic import BaseModel

from indicators.source import read_source

Model = TypeVar("Model", bound=BaseModel)


def shipped(folder: str, model: type[Model]) -> Iterator[Model]:
    """Read all data files of one folder, in the order of their names."""
    entries = (files("indicators.instruments.data") / folder).iterdir()
    for file in sorted(entries, key=lambda entry: entry.name):
        yield model.model_validate(read_source(file.read_text(encoding="utf-8"), file.name).data)
