"""What an operator sets per registry: ``registry.toml``, and the key of its pseudonyms."""

from __future__ import annotations

import json
import secrets
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from indicators.faults import did_you_mean
from indicators.words import Language
from registry_db.faults import RegistryError

SETTINGS_FILE = "registry.toml"
KEY_FILE = "pseudonym.key"
KEY_BYTES = 32


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
    languages: list[Language] = Field(default=["nl", "en"], min_length=1)
    small_cell: int = Field(default=10, ge=1, strict=True)


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
    except UnicodeDecodeError:
        raise RegistryError(f"{file}: this is not a text file in utf-8") from None
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
        raise RegistryError(f"{file}: this is not valid TOML: {problem[0].lower()}{problem[1:]}") from None
    except ValidationError as error:
        raise _wrong_setting(file, dict(error.errors()[0])) from None


def _wrong_setting(file: Path, fault: dict[str, Any]) -> RegistryError:
    where = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        hint = did_you_mean(str(fault["loc"][-1]), Settings.model_fields)
        return RegistryError(f"{file}: {where}: there is no such setting", hint)
    if fault["type"] == "missing":
        return RegistryError(f"{file}: {where}: this setting is missing")
    return RegistryError(f"{file}: {where}: '{fault['input']}': {fault['msg'].lower()}")


def write_settings(folder: Path, settings: Settings) -> None:
    """Write the settings of a new registry, and make its key."""
    # A JSON text is a TOML text, line breaks escaped and all.
    text = (
        f"name = {json.dumps(settings.name, ensure_ascii=False)}\n"
        f"languages = {json.dumps(settings.languages)}\n"
        "# Scores and counts of fewer patients than this are hidden at publication.\n"
        f"small_cell = {settings.small_cell}\n"
    )
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    key = folder / KEY_FILE
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(KEY_BYTES) + "\n", encoding="ascii")


def read_key(folder: Path) -> bytes:
    """Read the key under which identifiers become pseudonyms.

    Raises
    ------
    RegistryError
        If it is lost: a new key would give the same person another pseudonym.
    """
    try:
        key = bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) < KEY_BYTES:
        raise RegistryError(
            f"{folder / KEY_FILE}: the key of the pseudonyms is missing or damaged",
            "put it back from its backup: a new key would give the same person another pseudonym",
        )
    return key
