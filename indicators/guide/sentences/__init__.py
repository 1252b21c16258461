"""The sentences of the guide in both languages: data, by subject. Which of them is said is chosen elsewhere.

Each is said under one key, and no sentence stands here twice: what means the same is worded the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from indicators.guide.sentences import data, entry, models, networks, reading
from indicators.words import Text

SENTENCES: Mapping[str, Text] = {
    **entry.WORDS,
    **models.WORDS,
    **data.WORDS,
    **networks.WORDS,
    **reading.WORDS,
}
