"""Who says the guide's sentences: in one language, with values filled in."""

from __future__ import annotations

from indicators.guide.sentences import SENTENCES
from indicators.words import Language, Text, in_language


class Speaker:
    """Words of one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, *values: str) -> str:
        """The sentence of a key, with values filled in."""
        return self.of(SENTENCES[key]).format(*values)

    def of(self, text: str | Text) -> str:
        """A text in this language; one that is written once is the same in both."""
        return in_language(text, self.language)
