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
