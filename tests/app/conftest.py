"""The made-up registry that the pages and the API are tested on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.publication import REGISTRY_VARIABLE
from tests.app.build import build_publication, point_at


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one publication."""
    folder = tmp_path_factory.mktemp("registry")
    (folder / "publications").mkdir()
    build_publication(folder / "publications" / "first.duckdb")
    point_at(folder, "first.duckdb")
    return folder


@pytest.fixture
def shown(registry: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The registry, as the one that the process shows."""
    monkeypatch.setenv(REGISTRY_VARIABLE, str(registry))
    return registry
