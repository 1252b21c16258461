"""The small registry that deliveries are tried out on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_db.registry import Registry
from tests.registry_db.build import make_registry


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a registry with definitions only. Copy it before writing in it."""
    return make_registry(tmp_path_factory.mktemp("empty") / "registry")


@pytest.fixture
def folder(empty_registry: Path, tmp_path: Path) -> Path:
    """Folder of a registry of one's own."""
    return Path(shutil.copytree(empty_registry, tmp_path / "registry"))


@pytest.fixture
def registry(folder: Path) -> Iterator[Registry]:
    """A registry of one's own, open."""
    with Registry(folder) as opened:
        yield opened
