"""An open registry: its folder, its settings, its vault and the definitions in force."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from registry_db.catalogue import Catalogue, in_force, stored_definitions
from registry_db.connect import Connection, open_vault
from registry_db.settings import read_settings


class OpenRegistry:
    """A registry in a folder, its vault opened when it is first asked for.

    Parameters
    ----------
    folder : Path
        The folder, with a ``registry.toml``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = read_settings(folder)
        self._con: Connection | None = None
        self._catalogue: Catalogue | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the vault."""
        if self._con is not None:
            self._con.close()
            self._con = None

    @property
    def con(self) -> Connection:
        """The open vault."""
        if self._con is None:
            self._con = open_vault(self.folder / "vault.duckdb")
        return self._con

    def catalogue(self) -> Catalogue:
        """The definitions in force."""
        if self._catalogue is None:
            self._catalogue = in_force(stored_definitions(self.con))
        return self._catalogue
