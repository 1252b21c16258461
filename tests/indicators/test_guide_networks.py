"""What the guide says of networks, held against what the engine does with the same file."""

from __future__ import annotations

import re

import pytest

from indicators.dataset import Dataset
from indicators.guide import Described, guide, guide_html
from indicators.guide.parts import Table
from indicators.words import Language
from tests.indicators.build import dataset, indicator
from tests.indicators.test_attribution import CARE, CONTACTS, PLURALITY, SHARED, network_set

SAID = {
    ("shared", "en"): [
        "Which network a record counts for the network that the provider is a member of on that day",
        "a provider may belong to several networks in part; the parts are in the file vsv",
        "Smokers: by the table below, if smoker: yes",
        "if that cannot be told: as a member; providers that are not in the table: as members",
        "Heavy: by the table below, if weight is above 100",
        "if that cannot be told: outside every network; providers that are not in the table: outside every",
        "what no network gets counts in the total, outside every network",
        "Smokers: provider Days Networks P1 from 2024-01-01 north 65 %, south 30 %",
        "P2 2020-01-01 up to and including 2024-03-31 south 100 %",
    ],
    ("shared", "nl"): [
        "Voor welk netwerk een record telt het netwerk waar de zorgaanbieder op die dag lid van is",
        "Rokers: verdeeld volgens de tabel hieronder, als smoker: ja",
        "wat geen netwerk krijgt, telt in het totaal, buiten alle netwerken",
        "P2 2020-01-01 tot en met 2024-03-31 south 100 %",
    ],
    ("plurality", "en"): [
        "the network that gave most of the care: the number of rows of the table ‘contacts’, from 100 days "
        "before day up to and including 1 day before day",
        "the care of the members of a network is taken together",
        "of as much care: the one whose last care is latest, and then the lowest code",
        "without care, or with most care by a provider in no network: outside every network",
    ],
    ("plurality", "nl"): [
        "het netwerk dat de meeste zorg gaf: het aantal rijen van",
        "bij evenveel zorg: wie het laatst zorg gaf, en dan de laagste code",
    ],
}


def told(text: str, language: Language) -> str:
    item = Described(indicator(unit="vsv"), networks=network_set(text))
    page = guide_html(guide([item], {"care": CARE}, name="x", language=language))
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&nbsp;", " ").split())


@pytest.mark.parametrize(("kind", "language"), SAID)
def test_the_guide_says_which_network_a_record_counts_for(kind: str, language: Language) -> None:
    page = told({"shared": SHARED, "plurality": PLURALITY}[kind], language)
    for words in SAID[kind, language]:
        assert words in page, page[page.find("network") - 20 :][:2500]


def test_of_providers_there_is_nothing_to_say() -> None:
    page = guide_html(guide([Described(indicator())], {"care": CARE}, name="x", language="en"))
    assert "Which network a record counts for" not in page


def data_needed(text: str, *, unit: str = "vsv", on: Dataset = CARE) -> list[Table]:
    item = Described(indicator(unit=unit), networks=network_set(text) if unit == "vsv" else None)
    [chapter] = guide([item], {"care": on}, name="x", language="en").chapters
    [entry] = chapter.entries
    [row] = [row for row in entry.rows if row.term == "Data needed"]
    return [part for part in row.parts if isinstance(part, Table)]


def test_what_only_puts_a_record_into_a_class_is_data_needed() -> None:
    [without] = data_needed(SHARED, unit="provider")
    [needed] = data_needed(SHARED)
    # Smokers are told by a column that the case mix reads too, the heavy by one that nothing else reads.
    assert [row for row in needed.rows if row not in without.rows] == [("weight", "weight", "number", "no")]
    assert set(without.rows) < set(needed.rows)


def test_what_a_class_is_computed_of_is_data_needed_and_how_is_said() -> None:
    on = dataset(derive={"heavy": {"value": "weight > 100 or events > 2", "type": "boolean"}})
    by_flag = SHARED.replace("when: weight > 100", "when: heavy")
    [needed] = data_needed(by_flag, on=on)
    assert {"weight", "events"} <= {row[1] for row in needed.rows}
    item = Described(indicator(unit="vsv"), networks=network_set(by_flag))
    page = guide_html(guide([item], {"care": on}, name="x", language="en"))
    assert "heavy: weight is above 100 or events is above 2" in page


def test_the_care_that_networks_gave_is_data_needed() -> None:
    on = dataset(tables={"contacts": CONTACTS | {"link": {"patient": "events"}}})
    of_record, of_care = data_needed(PLURALITY, on=on)
    assert [row[1] for row in of_care.rows] == ["patient", "giver", "on_day"]
    assert "events" in [row[1] for row in of_record.rows]
    _, summed = data_needed(PLURALITY.replace("count: true", "sum: minutes"), on=on)
    assert [row[1] for row in summed.rows] == ["patient", "giver", "on_day", "minutes"]
