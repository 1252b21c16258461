"""What the charts draw, read from their specifications."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import charts
from app.wording import wording
from registry_db.published import Result, Score
from registry_db.reader import PublicationReader, Publications
from tests.app.build import OWN, PERIOD, settlement

NL = wording("nl")


@pytest.fixture(scope="module")
def reader(registry: Path) -> PublicationReader:
    return Publications(registry).newest()


def result_of(reader: PublicationReader, name: str) -> Result:
    found = reader.results(provider=OWN, period=PERIOD)
    return next(result for result in found if result.indicator.indicator == name)


def funnel(reader: PublicationReader, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    scores: tuple[Score, ...] = reader.scores(name, period=PERIOD)
    spec = charts.funnel(NL, result_of(reader, name), scores, name="VSV De Linde").to_dict()
    return spec, [row for rows in spec["datasets"].values() for row in rows]


def test_the_own_organisation_is_named_and_the_others_are_not(reader: PublicationReader) -> None:
    spec, rows = funnel(reader, "birth-pph")
    assert {row["name"] for row in rows if "name" in row} == {"VSV De Linde"}
    assert "VSV nummer" not in str(spec)
    tips = [layer["encoding"]["tooltip"] for layer in spec["layer"] if "tooltip" in layer["encoding"]]
    assert {tip["field"] for group in tips for tip in group} == {"size", "shown", "verdict"}


def test_limits_are_those_of_each_score_in_order_of_size(reader: PublicationReader) -> None:
    spec, _ = funnel(reader, "birth-pph")
    rows = spec["datasets"][spec["layer"][0]["data"]["name"]]
    assert [row["n"] for row in rows] == [220, 310, 450, 568, 700]
    assert {row["high998"] for row in rows} == {10.4}
    assert all(row["value"] > 0 for row in rows)  # the suppressed one is left out


def test_a_limit_that_cannot_be_reached_is_not_drawn(reader: PublicationReader) -> None:
    _, rows = funnel(reader, "birth-tear")
    limits = [row for row in rows if "low998" in row]
    assert {row["low998"] for row in limits} == {None}
    assert all(row["floor998"] is not None for row in limits)


def test_charts_are_vector_graphics_with_the_numbers_of_the_language(reader: PublicationReader) -> None:
    spec, _ = funnel(reader, "birth-pph")
    assert spec["usermeta"]["embedOptions"]["renderer"] == "svg"
    assert spec["config"]["locale"]["number"]["decimal"] == ","


def test_the_alternative_text_states_the_finding(reader: PublicationReader) -> None:
    text = charts.funnel_alt(NL, result_of(reader, "birth-pph"), name="VSV De Linde", small_cell=10)
    assert "VSV De Linde" in text
    assert "42 van de 568" in text


def test_the_waterfall_goes_from_the_saving_to_the_payment(reader: PublicationReader) -> None:
    found = reader.settlements(OWN)[0]
    spec = charts.waterfall(NL, found.ledger, "EUR").to_dict()
    rows = max(spec["datasets"].values(), key=len)
    made = settlement()
    assert rows[0]["end"] == pytest.approx(float(made.step("saving").amount))
    assert rows[-1]["end"] == pytest.approx(float(made.payment))
    # each bar starts where the one before it ended, down to the payment
    assert [row["start"] for row in rows[1:4]] == pytest.approx([row["end"] for row in rows[:3]])
    assert rows[3]["end"] == pytest.approx(rows[4]["end"], abs=0.01)
    assert [row["step"] for row in rows[1:4]] == [
        "Telt niet mee (drempel)",
        "Deel van de betaler",
        "Boven het maximum",
    ]
    assert rows[1]["shown"] == "−€\N{NO-BREAK SPACE}24.104"
    # a long name takes two lines, so that there is room for the bars on a telephone
    assert rows[1]["name"] == "Telt niet mee\n(drempel)"
    # and behind the longest bar is room for its amount
    low, high = spec["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert (low, high) == pytest.approx((0, 1.5 * max(row["top"] for row in rows)))


def test_a_line_that_the_chart_does_not_know_gets_its_own_name_and_one_that_moves_nothing_no_bar(
    reader: PublicationReader,
) -> None:
    ledger = list(reader.settlements(OWN)[0].ledger)
    bonus = replace(ledger[-2], key="bonus", name_nl="Bonus", amount=Decimal(500), effect=Decimal(500))
    idle = replace(ledger[-2], key="relief", name_nl="Vrijstelling", effect=Decimal(0))
    spec = charts.waterfall(NL, [*ledger[:-1], bonus, idle, ledger[-1]], "EUR").to_dict()
    rows = max(spec["datasets"].values(), key=len)
    assert [(row["step"], row["kind"]) for row in rows[-2:]] == [
        ("Bonus", "more"),
        ("Uit te betalen", "level"),
    ]


def test_a_trend_has_a_point_and_an_interval_for_each_year(reader: PublicationReader) -> None:
    indicator = result_of(reader, "birth-pph").indicator
    scores = reader.scores("birth-pph", provider=OWN)
    years = [(score, reader.benchmark("birth-pph", version="1.0.0", period=score.period)) for score in scores]
    hidden = replace(scores[0], period="2023", adjusted=None, lower=None, upper=None, suppressed=True)
    spec = charts.trend(NL, indicator, [(hidden, None), *years]).to_dict()
    (rows,) = spec["datasets"].values()
    assert [row["period"] for row in rows] == ["2023", "2024", "2025"]
    assert [row["value"] for row in rows] == [None, pytest.approx(7.16), pytest.approx(7.16)]
    assert [row["average"] for row in rows] == [None, pytest.approx(5.9), pytest.approx(5.9)]
    assert (rows[1]["lower"], rows[1]["upper"]) == (pytest.approx(5.2), pytest.approx(9.7))
