"""An indicator by month: what the course of the own organisation says, in words, charts and a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import streamlit as st

from app import course_charts
from app.selection import View
from app.views import frame
from app.wording import Wording, mark
from registry_db.following import NEWEST
from registry_db.monitoring import FEWEST_EXPECTED
from registry_db.published import Indicator, Result
from registry_db.published_courses import CoursePart

# fewer make no line
FEWEST_PARTS = 3
_RULES = {
    "outside": mark("xmr.outside"),
    "shift": mark("xmr.shift"),
    "trend": mark("xmr.trend"),
    "two-of-three": mark("xmr.two-of-three"),
}
_IN_SHORT = {
    "outside": mark("xmr.outside.short"),
    "shift": mark("xmr.shift.short"),
    "trend": mark("xmr.trend.short"),
    "two-of-three": mark("xmr.two-of-three.short"),
}


def show(view: View, result: Result) -> None:
    """Draw the tab."""
    w, indicator = view.w, result.indicator
    every = view.reader.course(
        indicator.indicator, version=indicator.version, provider=view.organisation.provider
    )
    parts = [part for part in every if part.period == view.period]
    if not parts:
        hidden = not every or result.score.suppressed
        few = w.t("course.none", small_cell=view.about.small_cell)
        frame.empty(few if hidden else w.t("course.earlier", newest=NEWEST))
        return
    if len(parts) < FEWEST_PARTS:
        frame.section(w.t("course.title"), " ".join((alarm(w, parts), false_alarms(w, parts[0]))))
        frame.note(w.t("course.few", small_cell=view.about.small_cell))
        return
    name = view.organisation.name
    frame.section(w.t("vlad.title"), since_begin(w, indicator, parts))
    about = w.t("vlad.alt", name=name, period=view.period)
    st.altair_chart(course_charts.vlad(w, indicator, parts), theme=None, alt=about)
    expected = w.t("course.expected") if indicator.adjusted else w.t("course.average")
    frame.note(f"{w.t('vlad.about')} {expected}")
    frame.section(w.t("cusum.title"), alarm(w, parts))
    about = w.t("cusum.alt", name=name, finding=alarm(w, parts))
    st.altair_chart(course_charts.cusum(w, parts), theme=None, alt=about)
    frame.note(f"{w.t('cusum.about')} {false_alarms(w, parts[0])}")
    frame.section(w.t("xmr.title"), stands_out(w, every, view.period))
    st.altair_chart(course_charts.xmr(w, every), theme=None, alt=w.t("xmr.alt", name=name))
    if every[0].centre is None:
        frame.note(w.t("xmr.about.bare"))
    else:
        frame.note(w.t("xmr.about"))
        frame.note(w.t("xmr.false-alarms"))
    if any(part.first_month != part.last_month for part in every):
        frame.note(w.t("course.joined", small_cell=view.about.small_cell))
    with st.expander(w.t("funnel.table")):
        st.table(_twin(w, indicator, every), hide_index=True)


def since_begin(w: Wording, indicator: Indicator, parts: Sequence[CoursePart]) -> str:
    """How many events more or less than expected since the period began, and whether that is good."""
    last = parts[-1]
    months = w.months(parts[0].first_month, last.last_month)
    size = w.number(abs(last.vlad), 1)
    if last.vlad == 0:
        return w.t("vlad.same", months=months)
    side = w.t("side.better") if (last.vlad > 0) == (indicator.better == "lower") else w.t("side.worse")
    key = mark("vlad.fewer") if last.vlad > 0 else mark("vlad.more")
    return w.t(key, months=months, size=size, side=side)


def alarm(w: Wording, parts: Sequence[CoursePart]) -> str:
    """In which month the alarm first went off in a period, or that it did not."""
    first = next((part for part in parts if part.alarm), None)
    if first is None:
        return w.t("cusum.none", period=parts[0].period)
    return w.t("cusum.alarm", months=w.months(first.first_month, first.last_month))


def false_alarms(w: Wording, part: CoursePart) -> str:
    """What the alarm looks for, and how often it goes off where nothing changed."""
    change = w.t("cusum.double") if part.odds_ratio > 1 else w.t("cusum.half")
    return f"{change} {w.t('cusum.false-alarms', share=w.number(100 * part.false_alarms, 0))}"


def stands_out(w: Wording, parts: Sequence[CoursePart], period: str) -> str:
    """Which months stand out among the organisation's own, and by which rule; of runs that touch a period."""
    if parts[0].centre is None:
        return w.t("xmr.few", fewest=w.number(FEWEST_EXPECTED, 0))
    spans = {rule: _spans(w, rule, parts, period) for rule in _RULES}
    found = [w.t(key, months=", ".join(spans[rule])) for rule, key in _RULES.items() if spans[rule]]
    return " ".join(found) if found else w.t("xmr.none", period=period)


def _spans(w: Wording, rule: str, parts: Sequence[CoursePart], period: str) -> list[str]:
    """Months that meet a rule, those after each other as one span."""
    marked = [rule in part.rules for part in parts]
    edges = [at for at, (one, other) in enumerate(pairwise([False, *marked, False])) if one != other]
    runs = [parts[first:end] for first, end in zip(edges[::2], edges[1::2], strict=True)]
    return [
        w.months(run[0].first_month, run[-1].last_month)
        for run in runs
        if any(part.period == period for part in run)
    ]


def _twin(w: Wording, indicator: Indicator, parts: Sequence[CoursePart]) -> pd.DataFrame:
    """The charts as a table, newest month first."""
    sign = 1 if indicator.better == "lower" else -1
    title = w.t("vlad.y.fewer") if indicator.better == "lower" else w.t("vlad.y.more")
    newest = list(reversed(parts))
    return pd.DataFrame(
        {
            w.t("column.months"): [w.months(part.first_month, part.last_month) for part in newest],
            w.t("xmr.y"): [w.number(part.ratio, 2) for part in newest],
            title: [w.number(sign * part.vlad, 1) for part in newest],
            w.t("cusum.y"): [w.number(100 * part.cusum, 0) for part in newest],
            w.t("column.signal"): [_signal(w, part) for part in newest],
        }
    )


def _signal(w: Wording, part: CoursePart) -> str:
    rules = [w.t(_IN_SHORT[rule]) for rule in part.rules]
    return ", ".join([w.t("cusum.word"), *rules] if part.alarm else rules)
