"""What an operator sets per registry: ``registry.toml``, and the key of its pseudonyms."""

from __future__ import annotations

import secrets
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from registry_db.faults import RegistryError

SETTINGS_FILE = "registry.toml"
KEY_FILE = "pseudonym.key"


class Settings(BaseModel):
    """The settings of a registry.

    Attributes
    ----------
    name : str
        Shown on every page.
    languages : list of str
        Languages of the pages, the first by default.
    small_cell : int
        Scores and counts of fewer patients are hidden at publication.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    languages: list[str] = ["nl", "en"]
    small_cell: int = Field(default=10, ge=1)


def read_settings(folder: Path) -> Settings:
    """Read the settings of a registry.

    Raises
    ------
    RegistryError
        If the folder is not a registry, or a setting is wrong.
    """
    file = folder / SETTINGS_FILE
    if not file.is_file():
        raise RegistryError(
            f"{folder}: this is not a registry: there is no {SETTINGS_FILE}",
            "make one with `meetlat init DIR`, or name one with --registry DIR",
        )
    try:
        return Settings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{file}: this is not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RegistryError(f"{file}: {where}: {first['msg'].lower()}") from None


def write_settings(folder: Path, settings: Settings) -> None:
    """Write the settings of a new registry, and make its key."""
    quoted = settings.name.replace("\\", "\\\\").replace('"', '\\"')
    languages = ", ".join(f'"{language}"' for language in settings.languages)
    text = (
        f'name = "{quoted}"\n'
        f"languages = [{languages}]\n"
        "# Scores and counts of fewer patients than this are hidden at publication.\n"
        f"small_cell = {settings.small_cell}\n"
    )
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    key = folder / KEY_FILE
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32) + "\n", encoding="ascii")


def read_key(folder: Path) -> bytes:
    """Read the key under which identifiers become pseudonyms.

    Raises
    ------
    RegistryError
        If it is lost: a new key would give the same person another pseudonym.
    """
    try:
        return bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise RegistryError(
            f"{folder / KEY_FILE}: the key of the pseudonyms is missing or damaged",
            "put it back from its backup: a new key would give the same person another pseudonym",
        ) from None
