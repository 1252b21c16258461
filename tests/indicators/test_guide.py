"""The guide: one valid page a language, in words, with nothing of an author's text taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from indicators.guide import guide_html
from indicators.words import Language
from tests.indicators.build import dataset, indicator

HOSTILE = "<script>alert('x')</script> & \"quotes\" {0} {title}"
VOID = {"meta", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.language = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert not {"src", "onload", "onclick", "style"} & set(values)
        self.seen.append(tag)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        if tag == "html":
            self.language = values["lang"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


SOURCE = {"nl": "elders", "en": "elsewhere"}
CHANGE = {"kind": "change", "before": "score_before", "after": "score_after", "better": "higher"}
ITEMS: list[dict[str, Any]] = [
    {
        "norm": {"value": 0.05, "kind": "ambition"},
        "unit": "vsv",
        "minimum": {"n": 30, "events_expected": 0.5},
        "follow_up": {"days": 42, "after": "discharge", "until": "born"},
        "denominator": "weight > 40",
        "except": [{"when": "events > 3", "why": {"nl": "te vaak", "en": "too often"}}],
    },
    {
        "indicator": "care-gain",
        "horizon": 3,
        "outcome": CHANGE,
        "case_mix": [{"term": "score_before", "as": "number"}],
    },
    {
        "indicator": "care-told",
        "horizon": 3,
        "outcome": CHANGE,
        "case_mix": None,
        "expectation": {"external": "expected_after", "source": SOURCE},
    },
    {
        "indicator": "care-days",
        "outcome": {"kind": "continuous", "value": "days_between(day, discharge)", "better": "lower"},
        "norm": {"value": 2.5, "kind": "target"},
        "show": {"unit": "points", "decimals": 1},
        "case_mix": None,
    },
    {
        "indicator": "care-count",
        "horizon": 1,
        "outcome": {"kind": "binary", "events": "events", "trials": "trials", "better": "higher"},
        "exclude": None,
    },
    {
        "indicator": "care-fact",
        "horizon": 1,
        "outcome": {"kind": "structure", "when": "smoker", "better": "lower"},
        "case_mix": None,
    },
]


def page(language: Language, *changes: dict[str, Any], of: dict[str, Any] | None = None) -> Page:
    items = [indicator(**change) for change in changes or ITEMS]
    return Page(guide_html(items, {"care": dataset(**(of or {}))}, name="Proef & co", language=language))


def sentences(language: Language) -> Iterator[str]:
    if language == "nl":
        yield from ("Indicatorengids Proef & co", "age is minstens 18", "meerling (twin is ja)")
        yield from ("overleden (alive is nee)", "loss is hoger dan 1000", "lager is beter", "hoger is beter")
        yield from ("5 % (ambitie)", "2,5 (streefwaarde)", "42 dagen na discharge", "netwerken (vsv)")
        yield from ("30 patiënten of metingen, en 0,5 verwachte uitkomst(en)", "events van de trials")
        yield from (
            "score after na de zorg, gegeven score before ervoor",
            "de meegeleverde verwachting: elders",
        )
        yield "Uitgangspopulatie age is minstens 18 Noemer: wie telt mee weight is hoger dan 40"
        yield "Niet meegeteld als de uitkomst uitblijft te vaak (events is hoger dan 3)"
        yield "42 dagen na discharge; wie korter gevolgd is (born), telt niet mee"
        yield from ("het gemiddelde van het aantal dagen van day tot discharge", "smoker is ja")
    else:
        yield from ("Indicator guide Proef & co", "age is at least 18", "multiple (twin is yes)")
        yield from ("died (alive is no)", "loss is above 1000", "lower is better", "higher is better")
        yield from ("5 % (ambition)", "2.5 (target)", "42 days after discharge", "networks (vsv)")
        yield from ("30 patients or measurements, and 0.5 expected event(s)", "events out of trials")
        yield from (
            "score after after care, given score before before",
            "the delivered expectation: elsewhere",
        )
        yield "Initial population age is at least 18 Denominator: who counts weight is above 40"
        yield "Left out if the outcome is not met too often (events is above 3)"
        yield "42 days after discharge; who was followed for less (born) is left out"
        yield from ("the mean of the days from day to discharge", "smoker is yes")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_page_in_words(language: Language) -> None:
    read = page(language)
    assert read.language == language
    assert read.seen.count("section") == len(ITEMS)
    text = read.text
    assert [sentence for sentence in sentences(language) if sentence not in text] == []
    # no word of the other language or of the machine is left
    other = ("Noemer", "is beter") if language == "en" else ("Denominator", "is better")
    assert not any(word in text for word in (*other, "None", "True", ">=", "case when", "{"))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_link_leads_to_a_place_on_the_page(language: Language) -> None:
    read = page(language)
    assert len(set(read.ids)) == len(read.ids) == len(ITEMS)
    assert sorted(read.links) == sorted(f"#{id_}" for id_ in read.ids)


def test_horizons_come_in_order() -> None:
    text = page("en").text
    places = [text.index(f"Horizon {number}:") for number in (1, 2, 3)]
    assert places == sorted(places)


def test_what_an_author_writes_is_text() -> None:
    both = {"nl": HOSTILE, "en": HOSTILE}
    named = dataset().model_dump(by_alias=True)["columns"]
    named["age"]["title"] = both
    change = {
        "title": both,
        "why": both,
        "steward": HOSTILE,
        "sources": [HOSTILE],
        "exclude": [{"when": "provider = '<b>&amp;'", "why": both}],
        "outcome": {"kind": "binary", "when": "age > 3", "better": "lower"},
    }
    told = {"indicator": "told", "outcome": CHANGE, "case_mix": None}
    told["expectation"] = {"external": "expected_after", "source": both}
    read = page("en", change, told, of={"columns": named, "title": both, "source": HOSTILE})
    assert "script" not in read.seen
    assert "b" not in read.seen
    assert read.text.count(HOSTILE) >= 9
    assert "‘<b>&amp;’" in read.text


def test_generated_records_are_announced() -> None:
    assert "Generated data: no real patients." in page("en", {}, of={"generated": True}).text
    assert "Generated data" not in page("en", {}).text
