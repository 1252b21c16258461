"""What a new version of an indicator changes, field by field, in words of either language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from indicators.case_mix import CaseMixTerm
from indicators.dataset import Dataset
from indicators.definition import Exclusion, Indicator
from indicators.expression import parse
from indicators.levels import Level, level_needed
from indicators.notation import to_text
from indicators.phrases import column_title, in_words
from indicators.stratifiers import stratifier_words
from indicators.versions import FieldChange, field_changes
from indicators.words import Language, Text

_WORDS: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("population", "populatie", "population"),
        ("denominator", "noemer", "denominator"),
        ("exclude", "uitsluiting", "exclusion"),
        ("except", "uitzondering", "exception"),
        ("outcome", "uitkomst", "outcome"),
        ("case_mix", "casemix", "case mix"),
        ("stratify", "deelgroepen", "subgroups"),
        ("follow_up", "volgduur", "follow-up"),
        ("minimum", "minimaal aantal", "minimum volume"),
        ("norm", "norm", "norm"),
        ("unit", "wie wordt vergeleken", "who is compared"),
        ("dataset", "registratie", "dataset"),
        ("period", "periode", "period"),
        ("title", "titel", "title"),
        ("why", "waarom", "why"),
        ("sources", "bronnen", "sources"),
        ("steward", "beheerder", "steward"),
        ("examples", "voorbeelden", "examples"),
        ("added", "toegevoegd", "added"),
        ("removed", "vervallen", "removed"),
        ("moved", "staat nu op plaats {0} (was {1})", "is now number {0} (was {1})"),
        ("reworded", "de uitleg is anders", "its explanation is different"),
        ("nothing", "niets", "nothing"),
        ("same", "andere waarden", "other values"),
    )
}


_EXPRESSIONS = (("population",), ("denominator",), ("outcome", "when"), ("outcome", "value"))


@dataclass(frozen=True, slots=True)
class Said:
    """One change in words.

    Attributes
    ----------
    field : str
        Field in the file.
    name : str
        What it is, in the language.
    before, after : str
        What each version says, in words; ``after`` alone for what was added.
    text_before, text_after : str
        The expressions themselves, where it is one; else empty.
    note : str
        Such as "added"; or empty.
    """

    field: str
    name: str
    before: str
    after: str
    text_before: str = ""
    text_after: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes between two versions, and which number of the version they must raise."""

    level: Level
    said: tuple[Said, ...]


def changes_in_words(
    before: Indicator, after: Indicator, datasets: tuple[Dataset, Dataset], language: Language
) -> Changes:
    """Say what changed between two versions of an indicator.

    Parameters
    ----------
    before, after : Indicator
        The versions, older first.
    datasets : (Dataset, Dataset)
        The datasets of each.
    language : str
        ``nl`` or ``en``.
    """
    found = field_changes(before, after)
    teller = _Teller(before, after, datasets, language)
    return Changes(level_needed("indicator", found), tuple(teller.all(found)))


class _Teller:
    """Words of one language for the changes between two versions."""

    def __init__(
        self, before: Indicator, after: Indicator, datasets: tuple[Dataset, Dataset], language: Language
    ) -> None:
        self.sides = (before, after)
        self.datasets = datasets
        self.language: Language = language

    def say(self, key: str, *values: str) -> str:
        text = _WORDS.get(key)
        words: str = key.replace("_", " ") if text is None else getattr(text, self.language)
        return words.format(*values)

    def all(self, found: list[FieldChange]) -> Iterator[Said]:
        told: set[str] = set()
        for change in found:
            block = str(change.place[0])
            if block in ("exclude", "except", "case_mix", "stratify", "examples", "sources"):
                if block not in told:
                    told.add(block)
                    yield from self._list(block)
            elif change.place in (
                ("population",),
                ("denominator",),
                ("outcome", "when"),
                ("outcome", "value"),
            ):
                yield self._expression(change)
            else:
                before, after = (self._plain(value) for value in (change.before, change.after))
                yield Said(change.field, self._name(change.place), before, after)

    def _name(self, place: tuple[str | int, ...]) -> str:
        return " ".join(self.say(step) if isinstance(step, str) else str(step + 1) for step in place)

    def _plain(self, value: Any) -> str:
        if value is None:
            return self.say("nothing")
        if isinstance(value, dict):
            return ", ".join(f"{self.say(key)} {self._plain(item)}" for key, item in value.items())
        if isinstance(value, list):
            return "; ".join(self._plain(item) for item in value)
        return str(value).replace(".", ",") if self.language == "nl" and _is_number(value) else str(value)

    def _expression(self, change: FieldChange) -> Said:
        words, texts = [], []
        for text, dataset in zip((change.before, change.after), self.datasets, strict=True):
            node = None if text is None else parse(text, dataset.types, None)
            words.append(self.say("nothing") if node is None else in_words(node, dataset, self.language))
            texts.append("" if node is None else to_text(node))
        return Said(change.field, self.say(str(change.place[0])), *words, *texts)

    def _list(self, block: str) -> Iterator[Said]:
        if block in ("examples", "sources"):
            before, after = (str(len(getattr(side, block))) for side in self.sides)
            note = self.say("same") if before == after else ""
            yield Said(block, self.say(block), before, after, note=note)
        elif block == "case_mix":
            yield from self._terms()
        elif block == "stratify":
            yield from self._stratifiers()
        else:
            yield from self._rules(block)

    def _rules(self, block: str) -> Iterator[Said]:
        """Rules are the same if their conditions are; what is left is added, removed, moved or reworded."""
        old, new = self._by_condition(block, 0), self._by_condition(block, 1)
        name = self.say(block)
        for text, (number, rule) in old.items():
            if text not in new:
                said = self._rule(rule, 0)
                yield Said(f"{block}.{number}", name, said, "", text, "", self.say("removed"))
        kept = [text for text in old if text in new]
        places = {text: place for place, text in enumerate(text for text in new if text in old)}
        for text, (number, rule) in new.items():
            if text not in old:
                said = self._rule(rule, 1)
                yield Said(f"{block}.{number}", name, "", said, "", text, self.say("added"))
            elif kept.index(text) != places[text]:
                note = self.say("moved", str(number), str(old[text][0]))
                said = self._rule(rule, 1)
                yield Said(f"{block}.{number}", name, said, said, text, text, note)
            elif old[text][1].why != rule.why:
                before, after = self._rule(old[text][1], 0), self._rule(rule, 1)
                yield Said(f"{block}.{number}", name, before, after, text, text, self.say("reworded"))

    def _by_condition(self, block: str, side: int) -> dict[str, tuple[int, Exclusion]]:
        rules = getattr(self.sides[side], "exceptions" if block == "except" else block)
        types = self.datasets[side].types
        return {to_text(parse(rule.when, types)): (number, rule) for number, rule in enumerate(rules, 1)}

    def _rule(self, rule: Exclusion, side: int) -> str:
        dataset = self.datasets[side]
        words = in_words(parse(rule.when, dataset.types), dataset, self.language)
        return f"{getattr(rule.why, self.language)} ({words})"

    def _terms(self) -> Iterator[Said]:
        old, new = ({term.term: term for term in side.case_mix} for side in self.sides)
        name = self.say("case_mix")
        for term in dict.fromkeys([*old, *new]):
            title = column_title(term, self.datasets[int(term in new)], self.language)
            if term not in new:
                yield Said("case_mix", name, title, "", note=self.say("removed"))
            elif term not in old:
                yield Said("case_mix", name, "", title, note=self.say("added"))
            elif old[term] != new[term]:
                before, after = (f"{title} ({self._options(side[term])})" for side in (old, new))
                yield Said("case_mix", name, before, after)

    def _stratifiers(self) -> Iterator[Said]:
        old, new = ({each.name: each for each in side.stratify} for side in self.sides)
        for name in dict.fromkeys([*old, *new]):
            before, after = (
                stratifier_words(side[name], dataset, self.language) if name in side else ""
                for side, dataset in zip((old, new), self.datasets, strict=True)
            )
            note = "" if before and after else self.say("removed" if before else "added")
            if name not in old or name not in new or old[name] != new[name]:
                yield Said("stratify", self.say("stratify"), before, after, note=note)

    def _options(self, term: CaseMixTerm) -> str:
        return self._plain(term.model_dump(by_alias=True, exclude_defaults=True, exclude={"term"}))


def _is_number(value: Any) -> bool:
    return str(value).replace(".", "", 1).lstrip("-").isdigit()
