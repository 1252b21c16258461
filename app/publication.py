"""The publications of the registry that this process shows."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from registry_db.faults import RegistryError
from registry_db.reader import PublicationReader, Publications

REGISTRY_VARIABLE = "MEETLAT_REGISTRY"


@cache
def _publications(registry: Path) -> Publications:
    return Publications(registry)


def newest() -> PublicationReader:
    """Reader of the newest publication of the registry that ``MEETLAT_REGISTRY`` names.

    Raises
    ------
    RegistryError
        If the variable is not set, or the registry has no publication yet.
    """
    registry = os.environ.get(REGISTRY_VARIABLE)
    if not registry:
        raise RegistryError(
            f"the environment variable {REGISTRY_VARIABLE} is not set",
            "set it to the folder of a registry, or start with: meetlat --registry DIR app",
        )
    return _publications(Path(registry)).newest()
