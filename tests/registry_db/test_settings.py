"""registry.toml and the key: what an operator is told when they are wrong."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.registry import Registry
from registry_db.settings import Settings, read_key, read_settings, write_settings
from tests.registry_db.build import text, visit, write

WRONG = {
    'name = "x': "this is not valid TOML: illegal character '\\n' (at line 1, column 10)",
    "": "name: this setting is missing",
    'name = ""\n': "name: '': string should have at least 1 character",
    'name = "x"\nsmal_cell = 3\n': "smal_cell: there is no such setting\n  did you mean 'small_cell'?",
    'name = "x"\nsmall_cell = 0\n': "small_cell: '0': input should be greater than or equal to 1",
    'name = "x"\nsmall_cell = "ten"\n': "small_cell: 'ten': input should be a valid integer",
    'name = "x"\nsmall_cell = true\n': "small_cell: 'True': input should be a valid integer",
    'name = "x"\nlanguages = ["fr"]\n': "languages.0: 'fr': input should be 'nl' or 'en'",
}


@pytest.mark.parametrize("content", WRONG)
def test_wrong_settings(tmp_path: Path, content: str) -> None:
    file = write(
        tmp_path, content if content.endswith("\n") or not content else content + "\n", "registry.toml"
    )
    with pytest.raises(RegistryError) as caught:
        read_settings(tmp_path)
    assert str(caught.value) == f"{file}: {WRONG[content]}"


def test_settings_that_are_not_text(tmp_path: Path) -> None:
    file = write(tmp_path, b'name = "\xe9"', "registry.toml")
    with pytest.raises(RegistryError) as caught:
        read_settings(tmp_path)
    assert str(caught.value) == f"{file}: this is not a text file in utf-8"


def test_a_folder_that_is_no_registry(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        Registry(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: this is not a registry: there is no registry.toml\n"
        "  make one with `meetlat init DIR`, or name one with --registry DIR"
    )


@pytest.mark.parametrize("name", ["Kluis", 'a "b" \\ c', "two\nlines\ttab", "Ø é 数 🙂", "]# = ["])
def test_any_name_is_kept(tmp_path: Path, name: str) -> None:
    write_settings(tmp_path, Settings(name=name, small_cell=5))
    assert read_settings(tmp_path) == Settings(name=name, small_cell=5)


def test_the_key_is_the_operators_alone(tmp_path: Path) -> None:
    write_settings(tmp_path, Settings(name="x"))
    assert stat.S_IMODE((tmp_path / "pseudonym.key").stat().st_mode) == 0o600
    assert len(read_key(tmp_path)) == 32


@pytest.mark.parametrize("content", [None, b"", b"abc", b"ab" * 31, b"\xff" * 64, b"zz" * 32])
def test_without_its_key_nothing_is_delivered(
    registry: Registry, tmp_path: Path, content: bytes | None
) -> None:
    key = registry.folder / "pseudonym.key"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
    with pytest.raises(RegistryError) as caught:
        registry.deliver("visit", write(tmp_path, text([visit()])))
    assert str(caught.value) == (
        f"{key}: the key of the pseudonyms is missing or damaged\n"
        "  put it back from its backup: a new key would give the same person another pseudonym"
    )
    assert registry.deliveries().empty
