"""Changes of the lists of an indicator: what was added, removed or moved, and what is said otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import TypeVar

from pydantic import BaseModel

from indicators.case_mix import CaseMixTerm
from indicators.changes.fields import plain_change
from indicators.changes.said import Said, Side, other_speaker, text_change
from indicators.dataset import Dataset
from indicators.definition import Example, Exclusion
from indicators.expression import parse
from indicators.guide.data import columns_needed
from indicators.guide.examples import ends_words, given_words
from indicators.guide.models import estimator_words, term_words
from indicators.guide.words import Speaker
from indicators.notation import to_text
from indicators.phrases import in_words
from indicators.stratifiers import Stratifier, stratifier_words
from indicators.versions import content, field_changes

Item = TypeVar("Item")
Part = TypeVar("Part", bound=BaseModel)


def list_tellers() -> Mapping[str, Callable[[str, Side, Side], Iterator[Said]]]:
    """Who tells the changes of a list, by its name in the file."""
    return {
        "exclude": _rules,
        "except": _rules,
        "case_mix": _terms,
        "estimators": _estimators,
        "stratify": _stratifiers,
        "sources": _sources,
        "examples": _examples,
    }


@dataclass(frozen=True, slots=True)
class Pair:
    """Places of what is the same item of two lists; None where a list does not have it.

    Attributes
    ----------
    moved : bool
        Whether it stands in another order to the other items that both have.
    """

    before: int | None
    after: int | None
    moved: bool = False


def pairs(old: Sequence[Item], new: Sequence[Item], *same: Callable[[Item, Item], bool]) -> list[Pair]:
    """Find the items of one list in another.

    Parameters
    ----------
    old, new : sequence
        The lists.
    *same : callable
        Whether two items are one; the first that finds a pair decides, the others are for what is left.

    Returns
    -------
    list of Pair
        Those that are gone first, then the others in the order of the new list.
    """
    found: dict[int, int] = {}
    for is_same in same:
        for place, item in enumerate(old):
            left = (n for n, other in enumerate(new) if n not in found.values() and is_same(item, other))
            if place not in found and (match := next(left, None)) is not None:
                found[place] = match
    stayed = _longest_rising([found[place] for place in sorted(found)])
    there = {after: before for before, after in found.items()}
    gone = [Pair(place, None) for place in range(len(old)) if place not in found]
    return gone + [
        Pair(there.get(place), place, moved=place in there and place not in stayed)
        for place in range(len(new))
    ]


def _longest_rising(places: Sequence[int]) -> set[int]:
    """A longest part of some places that rises: what did not move among them."""
    best: list[list[int]] = [[]]
    for place in places:
        before = [run for run in best if not run or run[-1] < place]
        best.append([*sorted(before, key=len)[-1], place])
    return set(sorted(best, key=len)[-1])


def _notes(pair: Pair, say: Speaker) -> list[str]:
    """What became of an item as a whole."""
    if pair.before is None:
        return [say("added")]
    if pair.after is None:
        return [say("removed")]
    return [say("moved", str(pair.after + 1), str(pair.before + 1))] if pair.moved else []


def _place(field: str, pair: Pair) -> str:
    place = pair.after if pair.after is not None else pair.before
    return f"{field}.{(place or 0) + 1}"


def _rules(field: str, old: Side, new: Side) -> Iterator[Said]:
    """Rules are the same by their condition; else by their reason."""
    before, after = ([_Rule.of(rule, side) for rule in _rules_of(field, side)] for side in (old, new))
    name = new.say("rule" if field == "exclude" else "exception")
    for pair in pairs(before, after, _Rule.is_as, _Rule.asks_as, _Rule.explains_as):
        notes, where = _notes(pair, new.say), _place(field, pair)
        one, other = _at(before, pair.before), _at(after, pair.after)
        if one and other:
            yield from _same_rule(where, name, one, other, notes, new.say)
        else:
            before_words, before_text = ("", "") if one is None else (one.words(new.say), one.text)
            after_words, after_text = ("", "") if other is None else (other.words(new.say), other.text)
            yield Said(where, name, before_words, after_words, before_text, after_text, notes[0])


def _rules_of(field: str, side: Side) -> list[Exclusion]:
    return side.indicator.exceptions if field == "except" else side.indicator.exclude


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of one version, and its condition as it is read."""

    rule: Exclusion
    text: str
    dataset: Dataset

    @classmethod
    def of(cls, rule: Exclusion, side: Side) -> _Rule:
        return cls(rule, to_text(parse(rule.when, side.dataset.types)), side.dataset)

    def asks_as(self, other: _Rule) -> bool:
        return self.text == other.text

    def explains_as(self, other: _Rule) -> bool:
        return self.rule.why == other.rule.why

    def is_as(self, other: _Rule) -> bool:
        return self.asks_as(other) and self.explains_as(other)

    def words(self, say: Speaker) -> str:
        condition = in_words(parse(self.rule.when, self.dataset.types), self.dataset, say.language)
        return f"{say.of(self.rule.why)} ({condition})"


def _same_rule(
    where: str, name: str, old: _Rule, new: _Rule, notes: list[str], say: Speaker
) -> Iterator[Said]:
    """A rule that both have: where it stands, what it asks, how it is explained."""
    texts, speaker = (old.text, new.text), say
    if old.text != new.text:
        notes.append(say("other_condition"))
    elif content(old.rule)["when"] != content(new.rule)["when"]:
        notes.append(say("rewritten"))
        texts = old.rule.when, new.rule.when
    for told in text_change(where, name, old.rule.why, new.rule.why, say):
        notes.append(say("reworded") + (f" ({told.note})" if told.note else ""))
        if say.of(old.rule.why) == say.of(new.rule.why):
            speaker = other_speaker(say)
    if notes:
        words = old.words(speaker), new.words(speaker)
        yield Said(where, name, *words, *texts, "; ".join(notes))


def _items(
    name: str,
    place: tuple[str, Side, Side],
    lists: tuple[Sequence[Part], Sequence[Part]],
    words: Callable[[Part, Side], str],
    *same: Callable[[Part, Part], bool],
) -> Iterator[Said]:
    """Items with words of their own; where these are the same, the fields that differ."""
    field, old, new = place
    for pair in pairs(*lists, *same):
        notes, where = _notes(pair, new.say), _place(field, pair)
        one, other = _at(lists[0], pair.before), _at(lists[1], pair.after)
        before = "" if one is None else words(one, old)
        after = "" if other is None else words(other, new)
        if notes or before != after:
            yield Said(where, name, before, after, note="; ".join(notes))
        if one and other and before == after:
            above = (field, pair.after or 0)
            yield from (plain_change(change, new.say, above) for change in field_changes(one, other))


def _terms(field: str, old: Side, new: Side) -> Iterator[Said]:
    lists = old.indicator.case_mix, new.indicator.case_mix
    yield from _items(
        new.say("case_mix"), (field, old, new), lists, _term, lambda one, other: one.term == other.term
    )


def _term(term: CaseMixTerm, side: Side) -> str:
    return term_words(term, side.dataset, side.say)


def _stratifiers(field: str, old: Side, new: Side) -> Iterator[Said]:
    lists = old.indicator.stratify, new.indicator.stratify
    yield from _items(
        new.say("subgroup"), (field, old, new), lists, _stratifier, lambda one, other: one.name == other.name
    )


def _stratifier(stratifier: Stratifier, side: Side) -> str:
    return stratifier_words(stratifier, side.dataset, side.say.language)


def _examples(field: str, old: Side, new: Side) -> Iterator[Said]:
    lists = old.indicator.examples, new.indicator.examples
    yield from _items(new.say("example"), (field, old, new), lists, _example, eq, _is_left)


def _example(example: Example, side: Side) -> str:
    read = columns_needed(side.indicator, side.dataset)
    given = given_words(example, read, side.dataset, side.say)
    return side.say("example_ends", given, ends_words(example, side.say))


def _sources(field: str, old: Side, new: Side) -> Iterator[Said]:
    before, after = old.indicator.sources, new.indicator.sources
    for pair in pairs(before, after, eq, _is_left):
        where, notes = _place(field, pair), _notes(pair, new.say)
        one, other = _at(before, pair.before), _at(after, pair.after)
        same = Said(where, new.say("source"), *(new.say.of(each or "") for each in (one, other)))
        told = next(text_change(where, same.name, one, other, new.say), same if notes else None)
        if told:
            yield replace(told, note="; ".join([*notes, *filter(None, [told.note])]))


def _estimators(field: str, old: Side, new: Side) -> Iterator[Said]:
    """The sentences that only one of the two says."""
    before, after = (estimator_words(side.indicator, side.say) for side in (old, new))
    name = new.say("estimators")
    yield from (Said(field, name, one, "", note=new.say("removed")) for one in before if one not in after)
    yield from (Said(field, name, "", one, note=new.say("added")) for one in after if one not in before)


def _is_left(*_: object) -> bool:
    """What is only in the old list has become what is only in the new one, in their order."""
    return True


def _at(items: Sequence[Item], place: int | None) -> Item | None:
    return None if place is None else items[place]
