"""The charts of an indicator by month: VLAD, CUSUM and XmR."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from app.charts import dressed
from app.markup import COLOURS, INK, NAVY, PLUM
from app.wording import Wording
from registry_db.published import Indicator
from registry_db.published_courses import CoursePart

HEIGHT = 240
_SIGNAL = COLOURS["worse"]
_GRID = "#EEF0F2"


def vlad(w: Wording, indicator: Indicator, parts: Sequence[CoursePart]) -> alt.LayerChart:
    """Draw what is better than expected since the period began: the line goes up where it goes well."""
    lower = indicator.better == "lower"
    frame = _frame(w, parts, [part.vlad if lower else -part.vlad for part in parts], decimals=1)
    title = w.t("vlad.y.fewer") if lower else w.t("vlad.y.more")
    y = alt.Y("value:Q", title=title, scale=alt.Scale(padding=10), axis=_axis(".1~f"))
    base = alt.Chart(frame).encode(x=_x(frame), tooltip=_tooltip(w, w.t("column.vlad")))
    line = base.mark_line(color=PLUM, strokeWidth=2).encode(y=y)
    points = base.mark_point(filled=True, size=60, color=PLUM, opacity=1).encode(y=y)
    return dressed(w, _rule(0.0), line, points, height=HEIGHT)


def cusum(w: Wording, parts: Sequence[CoursePart]) -> alt.LayerChart:
    """Draw how near the alarm came in each month, with the limit at 100 %."""
    frame = _frame(w, parts, [100 * part.cusum for part in parts], decimals=0)
    frame["alarm"] = [part.alarm for part in parts]
    top = max(110.0, float(frame["value"].max()) * 1.08)
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = _axis(".0f")
    bars = (
        alt.Chart(frame)
        .mark_bar(size=18)
        .encode(
            x=_x(frame),
            y=alt.Y("value:Q", title=w.t("cusum.y"), scale=scale, axis=axis),
            color=alt.condition("datum.alarm", alt.value(_SIGNAL), alt.value(NAVY)),
            tooltip=_tooltip(w, w.t("cusum.y")),
        )
    )
    limit = _rule(100.0, colour=_SIGNAL, dash=[6, 4])
    return dressed(w, bars, limit, height=HEIGHT)


def xmr(w: Wording, parts: Sequence[CoursePart]) -> alt.LayerChart:
    """Draw observed over expected of each month, within what is usual for the organisation itself."""
    frame = _frame(w, parts, [part.ratio for part in parts], decimals=2)
    frame["signal"] = [bool(part.signals) for part in parts]
    y = alt.Y("value:Q", title=w.t("xmr.y"), axis=_axis(".1f"), scale=alt.Scale(zero=False, padding=6))
    base = alt.Chart(frame).encode(x=_x(frame), y=y, tooltip=_tooltip(w, w.t("xmr.y")))
    line = base.mark_line(color=NAVY, strokeWidth=1.2, opacity=0.6)
    points = base.mark_point(filled=True, opacity=1).encode(
        color=alt.condition("datum.signal", alt.value(_SIGNAL), alt.value(NAVY)),
        size=alt.condition("datum.signal", alt.value(110), alt.value(45)),
        shape=alt.condition("datum.signal", alt.value("diamond"), alt.value("circle")),
    )
    usual = [
        _rule(at, colour=INK if number == 0 else "#5B7C99", dash=[1, 0] if number == 0 else [6, 4])
        for number, at in enumerate((parts[0].centre, parts[0].lower, parts[0].upper))
        if at  # a limit at 0 is none: nothing can be below it
    ]
    return dressed(w, *usual, line, points, height=HEIGHT)


def _frame(
    w: Wording, parts: Sequence[CoursePart], values: Sequence[float], *, decimals: int
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "months": [w.months(part.first_month, part.last_month, short=True) for part in parts],
            "value": values,
            "shown": [w.number(value, decimals) for value in values],
        }
    )


def _axis(form: str) -> alt.Axis:
    return alt.Axis(tickCount=5, gridColor=_GRID, format=form)


def _x(frame: pd.DataFrame) -> alt.X:
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=6, labelPadding=8, ticks=False)
    return alt.X("months:O", sort=list(frame["months"]), title=None, axis=axis)


def _tooltip(w: Wording, title: str) -> list[alt.Tooltip]:
    return [alt.Tooltip("months:O", title=w.t("column.months")), alt.Tooltip("shown:N", title=title)]


def _rule(at: float, *, colour: str = INK, dash: Sequence[int] = (1, 0)) -> alt.Chart:
    frame = pd.DataFrame({"value": [at]})
    return (
        alt.Chart(frame).mark_rule(color=colour, strokeWidth=1.2, strokeDash=list(dash)).encode(y="value:Q")
    )
