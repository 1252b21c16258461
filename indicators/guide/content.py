"""What the guide says: chapters, entries and rows of plain text, before it is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from indicators.attributed import attribution_of
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.guide.data import columns_needed, data_parts, has_moments, instrument_words
from indicators.guide.examples import examples_table
from indicators.guide.fields import (
    condition_part,
    follow_up_words,
    minimum_words,
    norm_words,
    outcome_row,
    period_words,
    reason_rows,
    shown_words,
    unit_words,
)
from indicators.guide.models import case_mix_parts, estimator_words
from indicators.guide.networks import attribution_parts
from indicators.guide.parts import Items, Row
from indicators.guide.reading import Reading, reading
from indicators.guide.rows import computed_words
from indicators.guide.scoring import scoring_words
from indicators.guide.words import Speaker
from indicators.networks import NetworkSet
from indicators.stratifiers import stratifier_words
from indicators.versions import StatusChange
from indicators.words import Language, Text


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of an indicator in its history.

    Attributes
    ----------
    steps : tuple of StatusChange
        Who decided on its status, when and why, oldest first.
    """

    version: str
    status: str
    changes: Text | None
    steps: tuple[StatusChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """An indicator to describe, with what its file alone does not tell.

    Attributes
    ----------
    hash : str
        SHA-256 of its definition; empty if it is not known.
    history : tuple of Edition
        All its versions, newest first.
    networks : NetworkSet or None
        The networks that it compares; None for providers, or where they are not to be described.
    """

    indicator: Indicator
    hash: str = ""
    history: tuple[Edition, ...] = ()
    networks: NetworkSet | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The description of one indicator.

    Attributes
    ----------
    mark : str
        Name, version and code, for the head of a page.
    note : str
        Warns of an indicator that is not in force; else empty.
    """

    id: str
    title: str
    mark: str
    identity: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The indicators of one horizon."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """A whole guide in one language.

    Attributes
    ----------
    banner : str
        Warns of records that were generated; else empty.
    contents : str
        Title of the table of contents.
    """

    language: Language
    title: str
    banner: str
    reading: Reading
    contents: str
    chapters: tuple[Chapter, ...]


def guide(
    items: Iterable[Described], datasets: Mapping[str, Dataset], *, name: str, language: Language
) -> Guide:
    """Describe indicators, by horizon and name.

    Parameters
    ----------
    items : iterable of Described
        What to describe.
    datasets : mapping of str to Dataset
        The datasets that they are of.
    name : str
        Name of the registry.
    language : str
        ``nl`` or ``en``.
    """
    say = Speaker(language)
    ordered = sorted(items, key=lambda item: (item.indicator.horizon, item.indicator.indicator))
    generated = any(datasets[item.indicator.dataset].generated for item in ordered)
    chapters: dict[int, list[Entry]] = {}
    for place, item in enumerate(ordered, start=1):
        entry = _entry(place, item, datasets[item.indicator.dataset], say)
        chapters.setdefault(item.indicator.horizon, []).append(entry)
    return Guide(
        language,
        f"{say('guide')} {name}",
        say("generated") if generated else "",
        reading(say),
        say("contents"),
        tuple(Chapter(say(f"horizon{horizon}"), tuple(found)) for horizon, found in chapters.items()),
    )


def _entry(place: int, item: Described, dataset: Dataset, say: Speaker) -> Entry:
    indicator = item.indicator
    code = f" ({item.hash[:8]})" if item.hash else ""
    mark = f"{indicator.indicator} {indicator.version}{code}"
    identity = f"{indicator.indicator}, {say('version')} {indicator.version}{code}, {say(indicator.status)}"
    note = "" if indicator.status == "active" else say(f"{indicator.status}_note")
    title = f"{place}. {say.of(indicator.title)}"
    return Entry(indicator.indicator, title, mark, identity, note, tuple(_rows(item, dataset, say)))


def _rows(item: Described, dataset: Dataset, say: Speaker) -> Iterator[Row]:
    indicator = item.indicator
    yield Row(say("why"), (say.of(indicator.why),))
    yield from _populations(indicator, dataset, say)
    yield from reason_rows("exclude", indicator.exclude, dataset, say)
    yield outcome_row(indicator, dataset, say)
    yield from reason_rows("except", indicator.exceptions, dataset, say)
    if indicator.follow_up:
        yield Row(say("follow_up"), (follow_up_words(indicator.follow_up, dataset, say),))
    yield Row(say("case_mix"), case_mix_parts(indicator, dataset, say))
    yield Row(say("scoring"), (Items("", scoring_words(indicator, say)),))
    if tested := estimator_words(indicator, say):
        yield Row(say("estimators"), (Items("", tested),))
    if indicator.stratify:
        words = tuple(stratifier_words(by, dataset, say.language) for by in indicator.stratify)
        yield Row(say("stratify"), (Items(say("subgroups"), words),))
    yield Row(say("direction"), (say(indicator.outcome.better),))
    yield Row(say("norm"), (norm_words(indicator, say),))
    yield Row(say("shown"), (shown_words(indicator.show, say),))
    yield Row(say("unit"), (unit_words(indicator, say),))
    if item.networks:
        yield Row(say("attribution"), attribution_parts(item.networks, dataset, say))
    yield Row(say("period"), (period_words(indicator, dataset, say),))
    yield Row(say("minimum"), (minimum_words(indicator, say),))
    counted = attribution_of(item.networks, dataset.dataset) if item.networks else None
    names = columns_needed(indicator, dataset, counted)
    if words := (*instrument_words(names, dataset, say), *computed_words(names, dataset, say)):
        yield Row(say("instruments"), (Items("", words),))
    yield Row(say("data"), data_parts(names, dataset, counted.plurality if counted else None, say))
    named = say("dataset_source", say.of(dataset.title), say.of(dataset.source))
    yield Row(
        say("dataset"), (say("zoned", named.rstrip("."), dataset.zone) if has_moments(dataset) else named,)
    )
    yield Row(say("steward"), (say.of(indicator.steward),))
    yield Row(say("sources"), (Items("", tuple(map(say.of, indicator.sources))),))
    yield Row(say("history"), (Items("", tuple(_history(item, say))),))
    yield Row(say("examples"), (examples_table(indicator, dataset, say),))


def _populations(item: Indicator, dataset: Dataset, say: Speaker) -> Iterator[Row]:
    """Who counts: in one row, or in two where only a part of the population does."""
    if item.denominator is None:
        yield Row(say("population"), (condition_part(item.population, dataset, say),))
    else:
        yield Row(say("initial"), (condition_part(item.population, dataset, say),))
        yield Row(say("population"), (condition_part(item.denominator, dataset, say),))


def _history(item: Described, say: Speaker) -> Iterator[str]:
    indicator = item.indicator
    editions = item.history or (Edition(indicator.version, indicator.status, indicator.changes),)
    for edition in editions:
        nothing = say("first_version" if edition is editions[-1] else "no_explanation")
        changes = say.of(edition.changes) if edition.changes else nothing
        steps = "".join(
            f"; {say(step.status)} {step.at:%Y-%m-%d}{f': {step.why} ({step.by})' if step.why else ''}"
            for step in edition.steps
        )
        yield f"{edition.version} ({say(edition.status)}): {changes.rstrip('.') if steps else changes}{steps}"
