"""The guide: one valid page a language, in words, with nothing of an author's text taken for markup."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from pypdf import PdfReader

from indicators.guide import Described, Edition, guide, guide_html, guide_pdf
from indicators.guide.content import Guide
from indicators.versions import StatusChange
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


def made(language: Language, *changes: dict[str, Any], of: dict[str, Any] | None = None) -> Guide:
    items = [Described(indicator(**change), "0123456789" * 6) for change in changes or ITEMS]
    return guide(items, {"care": dataset(**(of or {}))}, name="Proef & co", language=language)


def page(language: Language, *changes: dict[str, Any], of: dict[str, Any] | None = None) -> Page:
    return Page(guide_html(made(language, *changes, of=of)))


def document(language: Language, *changes: dict[str, Any]) -> list[str]:
    """Text of each page of the printed guide."""
    pdf = guide_pdf(made(language, *changes), on=dt.date(2026, 3, 1))
    return [re.sub(r"[\s•]+", " ", sheet.extract_text()) for sheet in PdfReader(io.BytesIO(pdf)).pages]


def sentences(language: Language) -> Iterator[str]:
    if language == "nl":
        yield from ("Indicatorengids Proef & co", "age is minstens 18", "meerling (twin: ja)")
        yield from ("overleden (alive: nee)", "loss is hoger dan 1000", "lager is beter", "hoger is beter")
        yield from (
            "hoogstens 5 % (ambitie)",
            "hoogstens 2,5 (streefwaarde)",
            "42 dagen na discharge",
            "netwerken (vsv)",
        )
        yield from (
            "30 patiënten of metingen, en een verwacht aantal uitkomsten van 0,5",
            "events van de trials",
        )
        yield from (
            "score after, gegeven score before (gecorrigeerde winst)",
            "de meegeleverde verwachting: elders",
        )
        yield "Uitgangspopulatie age is minstens 18 jaar Noemer: wie telt mee weight is hoger dan 40"
        yield "Niet meegeteld als de uitkomst uitblijft te vaak (events is hoger dan 3)"
        yield "nog niet mee; wie korter gevolgd is (born), telt niet mee, wat de uitkomst ook was; is die"
        yield from ("het gemiddelde van: het aantal dagen van day tot discharge", "smoker: ja")
    else:
        yield from ("Indicator guide Proef & co", "age is at least 18", "multiple (twin: yes)")
        yield from ("died (alive: no)", "loss is above 1000", "lower is better", "higher is better")
        yield from (
            "at most 5 % (ambition)",
            "at most 2.5 (target)",
            "42 days after discharge",
            "networks (vsv)",
        )
        yield from (
            "30 patients or measurements, and an expected number of events of 0.5",
            "events out of trials",
        )
        yield from (
            "score after, given score before (adjusted gain)",
            "the delivered expectation: elsewhere",
        )
        yield "Initial population age is at least 18 years Denominator: who counts weight is above 40"
        yield "Left out if the outcome is not met too often (events is above 3)"
        yield "does not count yet; who was followed for less (born) is left out, whatever the outcome; if"
        yield from ("the mean of: the days from day to discharge", "smoker: yes")


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


def test_the_questions_stand_in_the_order_of_asking() -> None:
    text = page("en").text
    asked = ("in the denominator, and", "Does a rule", "Has its follow-up", "Is the outcome known")
    places = [text.index(words) for words in (*asked, "does an exception apply", "Is everything else known")]
    assert places == sorted(places)


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


# --- what the page tells besides


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_data_to_deliver_stand_in_a_table(language: Language) -> None:
    text = page(language, {}).text
    assert {"nl": "id id geheel getal ja", "en": "id id whole number yes"}[language] in text, "the key"
    ranged = {
        "nl": "age age geheel getal, 0 tot en met 110 (jaar) nee",
        "en": "age age whole number, 0 to 110",
    }
    coded = {"nl": "smoker smoker J = ja; N = nee nee", "en": "smoker smoker J = yes; N = no no"}
    assert ranged[language] in text
    assert coded[language] in text
    assert "discharge" not in text, "this indicator does not read it"


@pytest.mark.parametrize(
    ("delimiter", "nl", "en"),
    [
        (",", "een komma (,)", "a comma (,)"),
        (";", "een puntkomma (;)", "a semicolon (;)"),
        ("\t", "een tab", "a tab"),
        ("|", "een verticale streep (|)", "a vertical bar (|)"),
    ],
)
def test_how_the_file_is_written_is_told(delimiter: str, nl: str, en: str) -> None:
    columns = dataset().model_dump(by_alias=True)["columns"]
    columns["age"]["type"] = "decimal"
    of = {"file": {"delimiter": delimiter, "encoding": "latin-1"}, "columns": columns}
    text = page("nl", {}, of=of).text
    assert "Een tekstbestand (CSV, latin-1) met de namen op de eerste regel; tussen de velden" in text
    assert (
        f" staat {nl}; decimalen komen na een punt (0.5); een datum is JJJJ-MM-DD; ja is true en nee" in text
    )
    text = page("en", {}, of=of).text
    assert "A text file (CSV, latin-1) with the names on the first line; between the fields" in text
    assert f" stands {en}; decimals come after a point (0.5); a date is YYYY-MM-DD; yes is true" in text


def test_what_no_column_holds_is_not_told_of_the_file() -> None:
    columns = dataset().model_dump(by_alias=True)["columns"]
    of = {"columns": columns}
    assert "; een datum is JJJJ-MM-DD; ja is true en nee is false Gegeven" in page("nl", {}, of=of).text
    for name in ("twin", "alive"):  # what is delivered in codes is told with the codes
        columns[name]["codes"] = {"J": True, "N": False}
    columns["smoker"] = {"type": "datetime"}
    told = page("nl", {}, of=of).text
    assert "; een datum is JJJJ-MM-DD; een datum en tijd is JJJJ-MM-DDTUU:MM Gegeven" in told


def test_the_zone_of_moments_is_told() -> None:
    assert "tijdzone" not in page("nl", {}).text
    columns = dataset().model_dump(by_alias=True)["columns"] | {"seen": {"type": "datetime"}}
    text = page("nl", {}, of={"columns": columns, "zone": "America/Aruba"}).text
    assert (
        "Zorg. Bron: made for a test; een tijdstip zonder tijdzone, en de dag van een tijdstip, zijn die"
        in text
    )
    assert "zijn die van America/Aruba" in text


def test_codes_that_mean_no_value_are_told() -> None:
    columns = dataset().model_dump(by_alias=True)["columns"]
    columns["smoker"]["missing"] = ["9"]
    text = page("nl", {}, of={"columns": columns, "file": {"missing": ["", "*"]}}).text
    assert "smoker smoker J = ja; N = nee; 9 = onbekend; * = onbekend nee" in text
    assert "age age geheel getal, 0 tot en met 110 (jaar); * = onbekend nee" in text


def test_a_score_names_its_value_set_and_its_items_are_needed() -> None:
    change = {"outcome": CHANGE | {"before": "score_before", "after": "eq5d"}}
    change["case_mix"] = [{"term": "score_before", "as": "number", "degree": 2}]
    text = page("en", change).text
    assert (
        "eq5d: index by value set nl-2006: Lamers 2006, time trade-off, Netherlands, doi:10.1002/hec.1124"
        in text
    )
    assert "no problems (11111) = 1; a missing answer gives no index" in text
    answers = "mobility, self_care, activity, discomfort, anxiety whole number, 1 to 3 no"
    assert f"answers for: eq5d {answers}" in text
    assert "score before (as a number, up to power 2)" in text
    text = page("nl", change).text
    assert "waarderingstarief nl-2006: Lamers 2006, time trade-off, Nederland, doi:10.1002/hec.1124" in text
    assert "Netherlands" not in text


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ({"levels": ["female", "male"]}, "sex (in groups: female, male)"),
        (
            {"reference": "female", "unseen": "reference"},
            "sex (in groups, against female); any other value counts as the group that is compared against",
        ),
        (
            {"unseen": "own-category", "pool_below": 30, "missing": "own-category"},
            "sex (in groups); values with fewer than 30 records together are a group, with values that the "
            "model does not know yet; unknown is a group of its own",
        ),
    ],
)
def test_what_becomes_of_levels_is_told(term: dict[str, Any], said: str) -> None:
    mix = [{"term": "sex", "as": "category", **term}, {"term": "age", "as": "number"}]
    mix.append({"term": "sex_by_age", "as": "interaction", "of": ["sex", "age"]})
    text = page("en", {"case_mix": mix}).text
    assert said in text
    assert "sex and age together (the effect of one depends on the other)" in text


def test_the_level_of_a_score_by_a_model_that_is_left_as_it_was_is_what_it_expects() -> None:
    expected = "times how often it was to be expected of all together"
    happened = "times how often it happened to all together"
    for recalibration, here, not_here in (
        ("none", expected, happened),
        ("in-the-large", happened, expected),
        ("re-centre", happened, expected),
    ):
        reference = {"period": "2024", "recalibration": recalibration}
        text = page("en", {"estimators": {"reference": reference}}).text
        assert here in text
        assert not_here not in text
    days = {"kind": "time_to_event", "start": "day", "event": "discharge", "horizon": 90, "better": "lower"}
    timed = {"outcome": days, "estimators": {"reference": {"period": "2024"}}}
    assert "the one to be expected of all together" in page("en", timed).text
    assert "die voor iedereen samen te verwachten was" in page("nl", timed).text
    assert "that of all together" in page("en", timed | {"estimators": {}}).text


@pytest.mark.parametrize(
    ("language", "days", "followed", "within"),
    [
        ("nl", 1, "1 dag na day; zolang", "discharge valt hoogstens 1 dag na day (dezelfde"),
        ("nl", 2, "2 dagen na day; zolang", "discharge valt hoogstens 2 dagen na day (dezelfde"),
        ("en", 1, "1 day after day; as long", "discharge falls at most 1 day after day (the same"),
        ("en", 2, "2 days after day; as long", "discharge falls at most 2 days after day (the same"),
    ],
)
def test_one_day_is_a_day(language: Language, days: int, followed: str, within: str) -> None:
    assert followed in page(language, {"follow_up": {"days": days, "after": "day"}}).text
    timed = {"kind": "time_to_event", "start": "day", "event": "discharge", "better": "lower"}
    assert within in page(language, {"outcome": timed | {"horizon": days}}).text


@pytest.mark.parametrize(
    ("most", "nl", "en"),
    [
        (0, "een ontbrekend antwoord geeft geen score", "a missing answer gives no score"),
        (1, "hoogstens één ontbrekend antwoord telt als", "one missing answer at most counts as"),
        (2, "hoogstens 2 ontbrekende antwoorden tellen als", "up to 2 missing answers count as"),
    ],
)
def test_one_missing_answer_is_one(most: int, nl: str, en: str) -> None:
    items = ["mobility", "self_care", "activity"]
    derive = dataset().model_dump(by_alias=True, exclude_defaults=True)["derive"]
    derive |= {"summed": {"sum_of": items, "levels": [1, 3], "may_miss": most}}
    change = {"outcome": {"kind": "continuous", "value": "summed", "better": "higher"}}
    change["show"] = {"unit": "points", "decimals": 1}
    for language, words in (("nl", nl), ("en", en)):
        assert words in page(language, change, of={"derive": derive}).text


def test_imputation_is_told() -> None:
    age = {"term": "age", "as": "number", "missing": "multiple-imputation"}
    mix = [{"term": "sex", "as": "category"}, age]
    text = page("en", {"case_mix": mix, "imputation": {"copies": 5, "within": ["sex"]}}).text
    assert "age (as a number); unknown is filled in (multiple imputation)" in text
    assert "drawn at random from those with the same outcome and alike in: sex, 5 times over" in text


def test_examples_and_versions_are_told() -> None:
    text = page("nl", {}).text
    example = "age: 30; twin: nee; alive: ja; loss: 1200; smoker: nee noemer en teller"
    assert example in text
    assert "1.0.0 (van kracht): eerste versie" in text
    unknown = {"given": {"day": None, "smoker": None}, "expect": {"state": "missing"}}
    assert "day: leeg; smoker: onbekend ontbrekend" in page("nl", {"examples": [unknown]}).text
    step = StatusChange("active", "NVOG", "adopted", dt.datetime(2025, 3, 1, tzinfo=dt.UTC), "")
    history = (Edition("1.1.0", "consultation", indicator().why), Edition("1.0.0", "active", None, (step,)))
    draft = Described(indicator(status="consultation", version="1.1.0"), "", history)
    told = Page(guide_html(guide([draft], {"care": dataset()}, name="x", language="en"))).text
    assert "1.1.0 (in consultation): Because it counts. 1.0.0 (in force): first version" in told
    assert "first version; in force 2025-03-01: adopted (NVOG)" in told
    assert "In consultation: this indicator has not been adopted yet." in told


def test_codes_are_read_as_people_say_them() -> None:
    named = dataset().model_dump(by_alias=True)["columns"]
    named["sex"]["labels"] = {"female": {"nl": "vrouw", "en": "woman"}}
    change = {"population": "sex = 'female' and sex <> 'male'", "case_mix": None}
    change["examples"] = [{"given": {"sex": "female", "age": 30}, "expect": {"state": "missing"}}]
    text = page("nl", change, of={"columns": named}).text
    assert "sex is ‘vrouw’ sex is niet ‘male’" in text, "without a label a code stands as it is"
    assert "1 = vrouw; 2 = male" in text
    assert "sex: vrouw ontbrekend" in text, "an indicator's examples tell what it reads, and nothing else"
    with pytest.raises(ValueError, match="no code means 'fenale'"):
        dataset(columns=named | {"sex": named["sex"] | {"labels": {"fenale": {"nl": "x", "en": "x"}}}})


def test_a_response_is_explained() -> None:
    block = {
        "responder": "score_after",
        "before": "score_before",
        "at_least": 8,
        "best": 48,
        "better": "higher",
    }
    change = {
        "outcome": {"kind": "binary", "when": "gain = 'improved'", "better": "higher"},
        "case_mix": None,
    }
    text = page("nl", change, of={"derive": {"gain": block}}).text
    assert "gain is ‘duidelijk vooruitgegaan’" in text
    assert (
        "‘vooruitgang niet meer mogelijk’ als de score vooraf minder dan 8 punten van de beste score (48)"
        in text
    )


# --- the printed guide


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_document_says_what_the_page_says(language: Language) -> None:
    sheets = document(language)
    whole = " ".join(sheets)
    lost = [
        sentence
        for sentence in sentences(language)
        if sentence.replace(" ", "") not in whole.replace(" ", "")
    ]
    assert lost == []


def test_pages_are_numbered_and_say_which_version_they_describe() -> None:
    sheets = document("nl")
    for place, sheet in enumerate(sheets, start=1):
        assert f"pagina {place} van {len(sheets)}" in sheet
        assert "2026-03-01" in sheet
    assert "Inhoud" in sheets[0]
    assert "3. Bloedverlies" in sheets[0], "the contents name every indicator"
    (fact,) = (sheet for sheet in sheets if sheet.count("care-fact 1.0.0 (01234567)") == 1)
    assert "smoker: ja" in fact


def test_a_document_is_the_same_each_time_and_takes_nothing_for_markup() -> None:
    change = {"steward": '#panic("x") $a$ \\ [b] ' + HOSTILE}
    assert "#panic(" in " ".join(document("en", change))
    one, two = (guide_pdf(made("en", change), on=dt.date(2026, 3, 1)) for _ in range(2))
    assert one == two
    assert b"pdfuaid" in one
