"""Changes of single fields of an indicator, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from indicators.changes.said import Said, Side, text_change
from indicators.definitions import expressions
from indicators.expression import parse
from indicators.guide.fields import (
    follow_up_words,
    minimum_words,
    norm_words,
    outcome_row,
    period_words,
    shown_words,
    unit_words,
)
from indicators.guide.models import imputation_words
from indicators.guide.parts import as_text
from indicators.guide.sentences import SENTENCES
from indicators.guide.words import Speaker
from indicators.notation import to_text
from indicators.outcomes import CountOutcome
from indicators.phrases import column_title, in_words
from indicators.versions import FieldChange, Place
from indicators.words import NO, YES


def tellers() -> Mapping[str, Callable[[Sequence[FieldChange], Side, Side], Iterator[Said]]]:
    """Who tells the changes of a field, by its name in the file; those of lists are told elsewhere."""
    return {
        **dict.fromkeys(("title", "why", "steward", "changes"), _texts),
        **dict.fromkeys(_WORDS, _words),
        "population": _population,
        "denominator": _population,
        "outcome": _outcome,
    }


def _texts(changes: Sequence[FieldChange], old: Side, new: Side) -> Iterator[Said]:
    field = str(changes[0].place[0])
    before, after = (getattr(side.indicator, field) for side in (old, new))
    if field == "changes" and after is not None:  # what the older version says is of the one before it
        before = None
    yield from text_change(field, new.say(field), before, after, new.say)


def _follow_up(side: Side) -> str:
    given = side.indicator.follow_up
    return follow_up_words(given, side.dataset, side.say) if given else side.say("none")


def _expectation(side: Side) -> str:
    given = side.indicator.expectation
    if given is None:
        return side.say("none")
    title = column_title(given.external, side.dataset, side.say.language)
    return side.say("delivered", title, side.say.of(given.source))


def _dataset(side: Side) -> str:
    return f"{side.say.of(side.dataset.title)} ({side.indicator.dataset})"


_WORDS: Mapping[str, Callable[[Side], str]] = {
    "horizon": lambda side: side.say(f"horizon{side.indicator.horizon}"),
    "dataset": _dataset,
    "unit": lambda side: unit_words(side.indicator, side.say),
    "period": lambda side: period_words(side.indicator, side.dataset, side.say),
    "follow_up": _follow_up,
    "imputation": lambda side: imputation_words(side.indicator, side.dataset, side.say),
    "expectation": _expectation,
    "response": lambda side: side.indicator.response or side.say("none"),
    "minimum": lambda side: minimum_words(side.indicator, side.say),
    "norm": lambda side: norm_words(side.indicator, side.say),
    "show": lambda side: shown_words(side.indicator.show, side.say),
}
# What a field is called, where that is not its own name.
_NAMES = {"show": "shown", "imputation": "filled_in"}


def _words(changes: Sequence[FieldChange], old: Side, new: Side) -> Iterator[Said]:
    """What the guide says of the field; nothing if it says the same of both."""
    field = str(changes[0].place[0])
    before, after = (_WORDS[field](side) for side in (old, new))
    if before != after:
        where = changes[0].field if len(changes) == 1 else field
        yield Said(where, new.say(_NAMES.get(field, field)), before, after)


def _population(changes: Sequence[FieldChange], old: Side, new: Side) -> Iterator[Said]:
    """Who is of the population; without a denominator of its own that is whom the indicator counts."""
    parted = any(side.indicator.denominator is not None for side in (old, new))
    for change in changes:
        key = "initial" if change.place == ("population",) and parted else "population"
        yield _expression(change, new.say(key), old, new)


def _expression(change: FieldChange, name: str, old: Side, new: Side) -> Said:
    (before, text_before), (after, text_after) = (
        _expression_words(change.place, side) for side in (old, new)
    )
    if text_before != text_after:
        return Said(change.field, name, before, after, text_before, text_after)
    note = new.say("rewritten")
    return Said(change.field, name, before, after, str(change.before), str(change.after), note)


def _expression_words(place: Place, side: Side) -> tuple[str, str]:
    """An expression in words and as it is written; what holds where there is none."""
    for path, text, wanted in expressions(side.indicator):
        if path == place:
            node = parse(text, side.dataset.types, wanted)
            return in_words(node, side.dataset, side.say.language), to_text(node)
    return side.say("a_record" if place[-1] == "exposure" else "whole_population"), ""


def _outcome(changes: Sequence[FieldChange], old: Side, new: Side) -> Iterator[Said]:
    """What is counted, and apart from it what is better."""
    counted = [change for change in changes if change.place[-1] != "better"]
    formulas = {path for side in (old, new) for path, *_ in expressions(side.indicator)}
    row_before, row = (outcome_row(side.indicator, side.dataset, side.say) for side in (old, new))
    if old.indicator.outcome.kind == new.indicator.outcome.kind and all(c.place in formulas for c in counted):
        for change in counted:
            exposure = isinstance(new.indicator.outcome, CountOutcome) and change.place[-1] == "exposure"
            yield _expression(change, new.say("per_what", row.term) if exposure else row.term, old, new)
    elif counted:
        before, after = (" ".join(map(as_text, each.parts)) for each in (row_before, row))
        if before != after:
            yield Said("outcome", row.term, before, after)
        else:
            yield from (plain_change(change, new.say) for change in counted)
    if len(counted) < len(changes):
        before, after = (side.say(side.indicator.outcome.better) for side in (old, new))
        if before != after:  # only some kinds of outcome have a direction without a word
            yield Said("outcome.better", new.say("direction"), before, after)


def plain_change(change: FieldChange, say: Speaker, above: Place = ()) -> Said:
    """Say a change by the names and values of its fields, where the guide has no words for what differs."""
    whole = FieldChange((*above, *change.place), change.before, change.after)
    first, *others = [step for step in whole.place if isinstance(step, str)]
    row = _NAMES.get(first, first)
    told = [say(row) if row in SENTENCES else first, *(_name(step, say) for step in others[-1:])]
    before, after = (_plain(value, say) for value in (change.before, change.after))
    return Said(whole.field, ": ".join(told), before, after, note=say("rewritten") if before == after else "")


def _name(step: str, say: Speaker) -> str:
    """What a field within another is called."""
    return say(f"field_{step}") if f"field_{step}" in SENTENCES else step.replace("_", " ")


def _plain(value: Any, say: Speaker) -> str:
    if value is None:
        return say("none")
    if isinstance(value, bool):
        return say.of(YES if value else NO)
    if isinstance(value, dict):
        return ", ".join(f"{_name(key, say)} {_plain(item, say)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(_plain(item, say) for item in value)
    is_number = str(value).replace(".", "", 1).lstrip("-").isdigit()
    return str(value).replace(".", ",") if say.language == "nl" and is_number else str(value)
