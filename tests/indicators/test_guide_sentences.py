"""The sentences of the guide: each is there once, is used, and is filled in alike in both languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import indicators.guide
from indicators.dataset import Dataset
from indicators.definition import Expectation, Indicator
from indicators.guide.sentences import SENTENCES, data, entry, models, networks, reading, versions

ROOMS = (entry, models, data, networks, reading, versions)
FOLDER = Path(indicators.guide.__file__).parent


def test_no_key_and_no_sentence_stands_in_two_places() -> None:
    keys = Counter(key for room in ROOMS for key in room.WORDS)
    texts = Counter((text.nl, text.en) for text in SENTENCES.values())
    assert [each for times in (keys, texts) for each, number in times.items() if number > 1] == []


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_are_filled_in_with_the_same(key: str) -> None:
    text = SENTENCES[key]
    assert set(re.findall(r"\{\d\}", text.nl)) == set(re.findall(r"\{\d\}", text.en))
    assert text.nl[0].isupper() == text.en[0].isupper() or key.startswith("month_")


def _choices(part: Any, seen: set[Any]) -> Iterator[str]:
    """The words between which the fields of a definition choose."""
    for field in part.model_fields.values() if hasattr(part, "model_fields") and part not in seen else ():
        yield from _choices(field.annotation, seen | {part})
    for each in get_args(part):
        yield from [each] if isinstance(each, str) else _choices(each, seen)


def test_every_sentence_can_be_said() -> None:
    """Its key stands in the code, is a word of the language, or begins as the code begins one."""
    files = [*FOLDER.glob("*.py"), *(FOLDER.parent / "changes").glob("*.py")]
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    written = set(re.findall(r"""["']([a-z_]+)["']""", code))
    begun = tuple(re.findall(r"""f["']([a-z]+_?)\{|startswith\("([a-z]+_)"\)""", code))
    starts = tuple(start for found in begun for start in found if start)
    known = written | {word for part in (Indicator, Dataset, Expectation) for word in _choices(part, set())}
    known |= {f"{choice}_{ending}" for choice in known for ending in ("kind", "note")}
    assert [key for key in SENTENCES if key not in known and not key.startswith(starts)] == []
