"""A supplier's file as bytes: zipped or not, exactly one, and whole."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from registry_db.faults import RegistryError

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)
_ASK_AGAIN = "ask the supplier to send it again"


@dataclass(frozen=True, slots=True)
class Content:
    """The one table in a delivered file.

    Attributes
    ----------
    file : Path
        The file as delivered.
    member : str
        Name of the table: of the file itself, or of the file inside the zip.
    sha256 : str
        Hash of the table's bytes, the same zipped or not.
    """

    file: Path
    member: str
    sha256: str

    @property
    def name(self) -> str:
        """Name of the file as delivered, for messages."""
        return self.file.name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Read the bytes; a zip is read as it is, nothing of it is written to disk."""
        if not zipfile.is_zipfile(self.file):
            with self.file.open("rb") as stream:
                yield stream
            return
        with zipfile.ZipFile(self.file) as archive, archive.open(self.member) as stream:
            yield stream


def unpack(file: Path) -> Content:
    """Find the table in a file and read it through once.

    Raises
    ------
    RegistryError
        If there is no such file, it is empty, or it is a zip that does not hold exactly one readable file.
    """
    if file.is_dir():
        raise RegistryError(f"{file}: this is a folder; expected a file")
    if not file.is_file():
        raise RegistryError(f"{file}: there is no such file")
    if zipfile.is_zipfile(file):
        member = _only_member(file)
    elif file.suffix.lower() == ".zip":
        raise RegistryError(f"{file.name}: this zip file is damaged", _ASK_AGAIN)
    else:
        member = file.name
    try:
        with Content(file, member, "").open() as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except _DAMAGE as error:
        if not zipfile.is_zipfile(file):
            raise RegistryError(f"{file}: this file cannot be read: {error}") from None
        raise RegistryError(f"{file.name}: this zip file is damaged", _ASK_AGAIN) from None
    return Content(file, member, digest)


def _only_member(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if _is_content(entry)]
    except _DAMAGE:
        raise RegistryError(f"{file.name}: this zip file is damaged", _ASK_AGAIN) from None
    if len(entries) != 1:
        found = ", ".join(entry.filename for entry in entries[:5]) or "nothing"
        more = ", ..." if len(entries) > 5 else ""
        raise RegistryError(f"{file.name}: expected one file in the zip, found {found}{more}")
    if entries[0].flag_bits & 1:
        raise RegistryError(
            f"{file.name}: this zip file asks for a password", "unpack it, and deliver the file inside"
        )
    return entries[0].filename


def _is_content(entry: zipfile.ZipInfo) -> bool:
    return not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
