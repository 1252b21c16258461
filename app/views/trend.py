"""One indicator over the years: the own values with their intervals, beside the average of everybody."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import charts, sentences
from app.selection import View
from app.views import frame
from registry_db.published import Benchmark, Result, Score

Year = tuple[Score, Benchmark | None]


def show(view: View, result: Result) -> None:
    """Draw the part of the page on earlier periods."""
    _this_version(view, result)
    _earlier(view, result)


def _earlier(view: View, result: Result) -> None:
    """The scores of versions that were in force before, as they were published then."""
    w, indicator = view.w, result.indicator
    found = [
        (version, score)
        for version in reversed(view.reader.indicators())
        if version.indicator == indicator.indicator and version.order < indicator.order
        for score in view.reader.scores(
            version.indicator, version=version.version, provider=view.organisation.provider
        )
    ]
    if not found:
        return
    frame.section(w.t("earlier.title"), w.t("earlier.about", version=indicator.version))
    none = w.t("value.none")
    table = {
        w.t("column.version"): [version.version for version, _ in found],
        w.t("choose.period"): [score.period for _, score in found],
        w.t("column.n"): [none if score.n is None else w.count(score.n) for _, score in found],
        w.t("column.value"): [_value(view, Result(version, score, None), score) for version, score in found],
        w.t("column.interval"): [
            none
            if score.lower is None or score.upper is None
            else w.interval(version, score.lower, score.upper)
            for version, score in found
        ],
    }
    st.table(pd.DataFrame(table), hide_index=True, border="horizontal")
    if any(score.suppressed for _, score in found):
        frame.note(w.t("earlier.hidden", small_cell=view.about.small_cell))


def _this_version(view: View, result: Result) -> None:
    w, indicator = view.w, result.indicator
    years = _years(view, result)
    if len([score for score, _ in years if score.adjusted is not None]) < 2:
        frame.empty(w.t("trend.empty"))
        return
    frame.section(w.t("trend.title"), "" if indicator.is_fact else w.t("trend.about"))
    if not indicator.is_fact:
        st.altair_chart(
            charts.trend(w, indicator, years),
            theme=None,
            alt=w.t("trend.alt", name=view.organisation.name, indicator=w.of(indicator, "title")),
        )
    st.table(_twin(view, result, years), hide_index=True, border="horizontal")
    if any(score.suppressed for score, _ in years):
        frame.note(w.t("trend.hidden", small_cell=view.about.small_cell))


def _years(view: View, result: Result) -> list[Year]:
    """Scores of this version, oldest period first, each with its benchmark."""
    indicator, version = result.indicator.indicator, result.indicator.version
    scores = view.reader.scores(indicator, version=version, provider=view.organisation.provider)
    return [
        (score, view.reader.benchmark(indicator, version=version, period=score.period)) for score in scores
    ]


def _value(view: View, result: Result, score: Score) -> str:
    if score.adjusted is None:
        return view.w.t("value.none")
    if result.indicator.is_fact:
        return sentences.fact(view.w, score)
    return view.w.value(result.indicator, score.adjusted)


def _twin(view: View, result: Result, years: Sequence[Year]) -> pd.DataFrame:
    """The chart as a table."""
    w, indicator, none = view.w, result.indicator, view.w.t("value.none")
    return pd.DataFrame(
        {
            w.t("choose.period"): [score.period for score, _ in years],
            w.t("column.n"): [none if score.n is None else w.count(score.n) for score, _ in years],
            w.t("column.value"): [_value(view, result, score) for score, _ in years],
            w.t("column.interval"): [
                none
                if score.lower is None or score.upper is None
                else w.interval(indicator, score.lower, score.upper)
                for score, _ in years
            ],
            w.t("column.average"): [
                none if benchmark is None else w.value(indicator, benchmark.average(indicator))
                for _, benchmark in years
            ],
        }
    )
