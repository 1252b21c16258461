"""What the guide says: chapters, entries and rows of plain text, before it is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from indicators.dataset import Dataset
from indicators.definition import TIMES, Example, Exclusion, FollowUp, Given, Indicator, Show
from indicators.expression import parse
from indicators.guide.data import answers_with, columns_needed, data_parts, instrument_words
from indicators.guide.models import case_mix_parts, estimator_words
from indicators.guide.networks import attribution_parts
from indicators.guide.parts import Items, Part, Row, Table
from indicators.guide.rows import computed_words, table_title, tables_needed
from indicators.guide.scoring import scoring_words
from indicators.guide.words import Speaker
from indicators.networks import NetworkSet
from indicators.outcomes import (
    BinaryOutcome,
    ChangeOutcome,
    ContinuousOutcome,
    CountOutcome,
    StructureOutcome,
    TimeToEventOutcome,
    TopBoxOutcome,
)
from indicators.phrases import column_title, in_words, number, value_label
from indicators.states import exposure_node, outcome_node
from indicators.stratifiers import stratifier_words
from indicators.tables import ChildTable
from indicators.tables import Table as TableOfRows
from indicators.versions import StatusChange
from indicators.words import Language, Text, in_language


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
    """A whole guide in one language."""

    language: Language
    title: str
    banner: str
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
    yield from _reasons("exclude", indicator.exclude, dataset, say)
    yield _outcome(indicator, dataset, say)
    yield from _reasons("except", indicator.exceptions, dataset, say)
    if indicator.follow_up:
        yield Row(say("follow_up"), (_follow_up(indicator.follow_up, dataset, say),))
    yield Row(say("case_mix"), case_mix_parts(indicator, dataset, say))
    yield Row(say("scoring"), (Items("", scoring_words(indicator, say)),))
    if tested := estimator_words(indicator, say):
        yield Row(say("estimators"), (Items("", tested),))
    if indicator.stratify:
        words = tuple(stratifier_words(by, dataset, say.language) for by in indicator.stratify)
        yield Row(say("stratify"), (Items(say("subgroups"), words),))
    yield Row(say("direction"), (say(indicator.outcome.better),))
    yield Row(say("norm"), (_norm(indicator, say),))
    yield Row(say("shown"), (_shown(indicator.show, say),))
    yield Row(say("unit"), (_unit(indicator, say),))
    if item.networks:
        yield Row(say("attribution"), attribution_parts(item.networks, dataset, say))
    yield Row(say("period"), (_period(indicator, dataset, say),))
    yield Row(say("minimum"), (_minimum(indicator, say),))
    computed = computed_words(columns_needed(indicator, dataset), dataset, say)
    if words := (*instrument_words(indicator, dataset, say), *computed):
        yield Row(say("instruments"), (Items("", words),))
    yield Row(say("data"), data_parts(indicator, dataset, say))
    yield Row(say("dataset"), (f"{say.of(dataset.title)} ({in_language(dataset.source, say.language)})",))
    yield Row(say("steward"), (indicator.steward,))
    yield Row(
        say("sources"), (Items("", tuple(in_language(source, say.language) for source in indicator.sources)),)
    )
    yield Row(say("history"), (Items("", tuple(_history(item, say))),))
    yield Row(say("examples"), (_examples(indicator, dataset, say),))


def _populations(item: Indicator, dataset: Dataset, say: Speaker) -> Iterator[Row]:
    """Who counts: in one row, or in two where only a part of the population does."""
    if item.denominator is None:
        yield Row(say("population"), (_condition(item.population, dataset, say),))
    else:
        yield Row(say("initial"), (_condition(item.population, dataset, say),))
        yield Row(say("population"), (_condition(item.denominator, dataset, say),))


def _condition(text: str, dataset: Dataset, say: Speaker) -> Part:
    """A condition; what is joined by one "and" or one "or" as a list."""
    node = parse(text, dataset.types)
    if node.kind not in ("and", "or"):
        return in_words(node, dataset, say.language)
    parts = tuple(in_words(child, dataset, say.language) for child in node.children)
    return Items(say("all_of" if node.kind == "and" else "any_of"), parts)


def _reasons(key: str, rules: Sequence[Exclusion], dataset: Dataset, say: Speaker) -> Iterator[Row]:
    if rules:
        words = tuple(
            f"{say.of(rule.why)} ({in_words(parse(rule.when, dataset.types), dataset, say.language)})"
            for rule in rules
        )
        yield Row(say(key), (Items(say("first_rule") if len(words) > 1 else "", words),))


def _outcome(item: Indicator, dataset: Dataset, say: Speaker) -> Row:
    outcome = item.outcome

    def title(column: str | None) -> str:
        return column_title(column or "", dataset, say.language)

    if isinstance(outcome, ChangeOutcome):
        return Row(say("value"), (say("change", title(outcome.after), title(outcome.before)),))
    if isinstance(outcome, ContinuousOutcome):
        value = in_words(parse(outcome.value, dataset.types, "number"), dataset, say.language)
        return Row(say("value"), (f"{say('mean')} {value}",))
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return Row(say("outcome"), (say("counts", title(outcome.events), title(outcome.trials)),))
    if isinstance(outcome, BinaryOutcome | StructureOutcome):
        return Row(say("outcome"), (_condition(outcome.when or "", dataset, say),))
    return Row(say("outcome"), (_other_outcome(outcome, item, dataset, say),))


def _other_outcome(
    outcome: CountOutcome | TimeToEventOutcome | TopBoxOutcome,
    item: Indicator,
    dataset: Dataset,
    say: Speaker,
) -> str:
    if isinstance(outcome, TopBoxOutcome):
        return say("top_box", in_words(outcome_node(item, dataset), dataset, say.language))
    if isinstance(outcome, CountOutcome):
        events = say("events", in_words(outcome_node(item, dataset), dataset, say.language))
        exposure = exposure_node(outcome, dataset)
        return say("exposure", events, in_words(exposure, dataset, say.language)) if exposure else events

    def title(column: str) -> str:
        return column_title(column, dataset, say.language)

    said = [say("time_to_event", title(outcome.event), str(outcome.horizon), title(outcome.start))]
    if outcome.censored:
        said.append(say("last_seen", title(outcome.censored)))
    if outcome.competing:
        said.append(say(outcome.competing.counts_as, title(outcome.competing.on)))
    return "; ".join(said)


def _follow_up(follow_up: FollowUp, dataset: Dataset, say: Speaker) -> str:
    words = say("days", str(follow_up.days), column_title(follow_up.after, dataset, say.language))
    words = say("ripens", words)
    if follow_up.until is None:
        return words
    return say("followed", words, column_title(follow_up.until, dataset, say.language))


def _norm(item: Indicator, say: Speaker) -> str:
    if item.norm is None:
        return say("no_norm")
    value = item.norm.value * 100 if item.show.unit == "percent" else item.norm.value
    sign = " %" if item.show.unit == "percent" else ""
    if item.show.unit in TIMES:
        sign = f" {say(f'time_{item.show.unit}')}"
    if item.show.of:
        value, sign = value * item.show.per, f" per {item.show.per} {say.of(item.show.of)}"
    limit = "at_most" if item.outcome.better == "lower" else "at_least"
    return say(limit, f"{number(value.normalize(), say.language)}{sign}", say(f"{item.norm.kind}_kind"))


def _shown(show: Show, say: Speaker) -> str:
    if show.of:
        return say("rate", say.of(show.of) if show.per == 1 else f"{show.per} {say.of(show.of)}")
    if show.unit in TIMES:
        return say("shown_time", say(f"time_{show.unit}"), str(show.decimals))
    return say(show.unit, str(show.decimals))


def _unit(item: Indicator, say: Speaker) -> str:
    return say("provider") if item.unit == "provider" else say("networks", item.unit)


def _period(item: Indicator, dataset: Dataset, say: Speaker) -> str:
    own, period = item.period, dataset.period
    if period.column:
        return say("period_column", column_title(period.column, dataset, say.language))
    day = column_title(period.year_of or "", dataset, say.language)
    if own is None or own.kind == "calendar-year":
        return say("year_of", day)
    if own.start:
        return say(own.kind, day, say(f"month_{own.start}"))
    return say(own.kind, day, str(own.years))


def _minimum(item: Indicator, say: Speaker) -> str:
    words = say("minimum_n", str(item.minimum.n)) if item.minimum.n > 1 else say("minimum_one")
    if not item.minimum.events_expected:
        return words
    events = number(Decimal(str(item.minimum.events_expected)).normalize(), say.language)
    return say("minimum_events", words, events)


def _history(item: Described, say: Speaker) -> Iterator[str]:
    indicator = item.indicator
    for edition in item.history or (Edition(indicator.version, indicator.status, indicator.changes),):
        changes = say.of(edition.changes) if edition.changes else say("first_version")
        steps = "".join(
            f"; {say(step.status)} {step.at:%Y-%m-%d}{f': {step.why} ({step.by})' if step.why else ''}"
            for step in edition.steps
        )
        yield f"{edition.version} ({say(edition.status)}): {changes.rstrip('.') if steps else changes}{steps}"


def _examples(item: Indicator, dataset: Dataset, say: Speaker) -> Table:
    read = columns_needed(item, dataset)
    rows = tuple((_given(example, read, dataset, say), _ends(example, say)) for example in item.examples)
    return Table((say("given"), say("ends")), rows, (3, 1))


def _given(example: Example, read: Sequence[str], dataset: Dataset, say: Speaker) -> str:
    """The values of an example in words: those that its indicator reads."""
    said, told, given = [], set[str](), example.given.columns
    for name, value in given.items():
        group = answers_with(name, dataset)
        if name in told or name not in read:
            continue
        if len(group.columns) > 1 and set(group.columns) <= given.keys():
            told.update(group.columns)
            answered = (_value(each, given[each], dataset, say) for each in group.columns)
            title = say("answers", column_title(group.score, dataset, say.language))
            said.append(f"{title}: {', '.join(answered)}")
        else:
            said.append(f"{column_title(name, dataset, say.language)}: {_value(name, value, dataset, say)}")
    said += _rows_given(
        example.given, dataset, [each.table for each in tables_needed(list(read), dataset)], say
    )
    if example.cut_off:
        said.append(say("cut_off", str(example.cut_off)))
    return "; ".join(said)


def _rows_given(
    given: Given, table: TableOfRows, needed: Sequence[ChildTable], say: Speaker
) -> Iterator[str]:
    """The rows of tables in words, each between brackets, those that belong to them within."""
    for name, rows in given.tables.items():
        child = table.tables[name]
        if child not in needed:
            continue
        told = []
        for row in rows:
            values = row.columns.items()
            cells = [
                f"{column_title(each, child, say.language)}: {_value(each, v, child, say)}"
                for each, v in values
            ]
            told.append(f"({'; '.join([*cells, *_rows_given(row, child, needed, say)])})")
        yield f"{table_title(child, say)}: {', '.join(told)}"


def _value(name: str, value: str | bool | float | None, table: TableOfRows, say: Speaker) -> str:
    """A delivered value in words."""
    if value is None:
        return say("empty" if table.types.get(name) == "date" else "unknown")
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if isinstance(value, str):
        return value_label(name, value, table, say.language)
    return number(Decimal(str(value)), say.language)


def _ends(example: Example, say: Speaker) -> str:
    wanted = example.expect
    if wanted.state != "value":
        return say(wanted.state)
    if wanted.outcome is None:
        return say("value_state")
    return say("value_of", number(Decimal(str(wanted.outcome)).normalize(), say.language))
