"""The sentences of the guide, and of what a version changes, in both languages: data, by subject.

Each is said under one key, and no sentence stands here twice. Which of them is said is chosen elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from indicators.guide.sentences import data, entry, models, networks, reading, versions
from indicators.words import Text

SENTENCES: Mapping[str, Text] = {
    **entry.WORDS,
    **models.WORDS,
    **data.WORDS,
    **networks.WORDS,
    **reading.WORDS,
    **versions.WORDS,
}
