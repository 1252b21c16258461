"""What columns, and the levels of categories, are called by people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indicators.bands import band_names
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.phrases import column_title, value_label
from indicators.stratifiers import band_label
from indicators.words import LANGUAGES

InLanguages = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Names by language (`nl`, `en`) of the columns of one dataset, and of the levels of its categories.

    Attributes
    ----------
    columns : mapping of str to mapping
        By column; derived ones too.
    levels : mapping of (str, str) to mapping
        By column and level. Bands of a number are levels; a level without a label is not there.
    """

    columns: Mapping[str, InLanguages] = field(default_factory=dict)
    levels: Mapping[tuple[str, str], InLanguages] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that are safe for JSON: levels by column."""
        levels: dict[str, dict[str, InLanguages]] = {}
        for (column, level), called in self.levels.items():
            levels.setdefault(column, {})[level] = called
        return {"columns": dict(self.columns), "levels": levels}


def names_of(dataset: Dataset, indicators: Sequence[Indicator]) -> Names:
    """Names of a dataset's columns and levels, with bands and interactions of the indicators' case mix."""
    columns = {
        name: {language: column_title(name, dataset, language) for language in LANGUAGES}
        for name in dataset.types
    }
    together = {
        term.term: {
            language: " × ".join(column_title(name, dataset, language) for name in term.of or ())
            for language in LANGUAGES
        }
        for indicator in indicators
        for term in indicator.case_mix
        if term.kind == "interaction"
    }
    labelled = {
        (name, level): {language: value_label(name, level, dataset, language) for language in LANGUAGES}
        for part in (dataset.columns, dataset.derive)
        for name, block in part.items()
        for level in block.labels
    }
    return Names(together | columns, labelled | dict(_bands(indicators)))


def _bands(indicators: Iterable[Indicator]) -> Iterator[tuple[tuple[str, str], InLanguages]]:
    for indicator in indicators:
        for term in indicator.case_mix:
            for band in band_names(term.cuts) if term.cuts else ():
                called = {language: band_label(term.cuts or [], band, language) for language in LANGUAGES}
                yield (term.term, band), called
