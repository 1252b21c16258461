"""What is said of a change, and the two versions that it is between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.guide.words import Speaker
from indicators.levels import Level
from indicators.words import Text


@dataclass(frozen=True, slots=True)
class Said:
    """One change in words.

    Attributes
    ----------
    field : str
        Field in the file; lists are counted from 1.
    name : str
        What it is, in the language.
    before, after : str
        What each version says, in words; empty where it says nothing.
    text_before, text_after : str
        The expressions themselves, where it is one; else empty.
    note : str
        Such as "added"; or empty.
    """

    field: str
    name: str
    before: str
    after: str
    text_before: str = ""
    text_after: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes between two versions, and which number of the version they must raise."""

    level: Level
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions with its dataset, and who speaks of them."""

    indicator: Indicator
    dataset: Dataset
    say: Speaker


def other_speaker(say: Speaker) -> Speaker:
    """Who speaks the other language."""
    return Speaker("en" if say.language == "nl" else "nl")


def text_change(
    field: str, name: str, before: str | Text | None, after: str | Text | None, say: Speaker
) -> Iterator[Said]:
    """Say how a text for people changed: in the reader's language, or in the other if only that did."""
    other = other_speaker(say)
    own, others = (
        tuple("" if text is None else speaker.of(text) for text in (before, after))
        for speaker in (say, other)
    )
    if own[0] != own[1]:
        both = others[0] != others[1] and "" not in own and isinstance(after, Text)
        yield Said(field, name, own[0], own[1], note=say("both_languages") if both else "")
    elif others[0] != others[1]:
        yield Said(field, name, others[0], others[1], note=say("other_language"))
