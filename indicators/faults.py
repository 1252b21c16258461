"""What is wrong with a definition, where, and what to do about it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a definition file.

    Attributes
    ----------
    file : str
        Name of the file as the author knows it.
    line : int
        Line in that file, counted from 1; 0 if the fault belongs to the whole file.
    field : str
        Dotted path of the field, such as ``outcome.when``; empty for the whole file.
    message : str
        What is wrong and what was expected.
    hint : str
        What to do, or empty.
    """

    file: str
    line: int
    field: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """One line a person can act on: ``file:line: field: message (hint)``."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        field = f"{self.field}: " if self.field else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {field}{self.message}{hint}"


class DefinitionError(ValueError):
    """One or more faults in definitions.

    Parameters
    ----------
    faults : iterable of Fault
        At least one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Hint at the nearest known word, or list the known ones when none is near.

    Returns
    -------
    str
        ``did you mean 'x'?``, or ``known: a, b, ...`` (at most eight), or empty when nothing is known. Of a
        word that looks like a known one the letter is named that is not of its alphabet.
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    if near:
        odd = next((character for character in word if not character.isascii()), "")
        told = unicodedata.name(odd, "not a letter").lower() if odd and near[0].isascii() else ""
        return f"did you mean '{near[0]}'?" + (f" '{odd}' is {told}" if told else "")
    if not names:
        return ""
    return "known: " + ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
