"""How the guide is to be read: what is asked of every record, in the order of asking."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.guide.sentences.reading import WORDS
from indicators.guide.words import Speaker


@dataclass(frozen=True, slots=True)
class Reading:
    """The chapter before the indicators: a paragraph, the questions in their order, and paragraphs after."""

    title: str
    before: str
    questions: tuple[str, ...]
    after: tuple[str, ...]


def reading(say: Speaker) -> Reading:
    """How to read a guide."""
    questions = tuple(say(key) for key in WORDS if key.startswith("question_"))
    after = tuple(say(key) for key in WORDS if key.startswith("after_"))
    return Reading(say("how"), say("how_text"), questions, after)
