"""The library sets that are shipped: definitions ready to copy into a registry."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from indicators.faults import did_you_mean
from registry_db.faults import RegistryError


def library_sets() -> list[str]:
    """Names of the shipped sets."""
    folder = Path(str(files("indicators") / "library"))
    found = (entry for entry in folder.iterdir() if entry.is_dir() and any(entry.glob("*.yaml")))
    return sorted(entry.name for entry in found)


def library_files(name: str) -> list[Path]:
    """Definition files of a shipped set.

    Raises
    ------
    RegistryError
        If there is no such set.
    """
    if name not in library_sets():
        raise RegistryError(f"there is no library set '{name}'", did_you_mean(name, library_sets()))
    return sorted(Path(str(files("indicators") / "library" / name)).glob("*.yaml"))
