"""What every test may use: the real records, where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the real records; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the real records are not here: no folder {SHARED.name} beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def demo_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a demo registry, built once (about fifteen seconds). Copy it before writing in it."""
    from registry_db.registry import Registry

    folder = tmp_path_factory.mktemp("demo") / "registry"
    Registry.demo(folder)
    return folder
