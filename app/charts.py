"""The charts: a funnel, and the waterfall of a settlement.

Both are drawn as vector graphics, so that marks can be read out; numbers are written out before they go in.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any, cast

import altair as alt
import pandas as pd

from app import sentences
from app.markup import INK, LILAC, NAVY, PLUM, TEAL
from app.wording import Wording, mark
from contracts.money import SIGNS, Currency
from registry_db.published import Benchmark, Indicator, Result, Score
from registry_db.published_settlements import LedgerLine

FONT = "Source Sans, Source Sans 3, system-ui, sans-serif"
_LIMITS = ("low998", "low95", "high95", "high998")
# what a line of the ledger does to the money, where its name says what it leaves
_EFFECTS = {
    "counted": mark("waterfall.counted"),
    "shared": mark("waterfall.shared"),
    "cap": mark("waterfall.cap"),
}


def funnel(w: Wording, result: Result, scores: Sequence[Score], *, name: str) -> alt.LayerChart:
    """Plot all organisations by size, within the limits of chance, with the own one marked.

    Parameters
    ----------
    w : Wording
        Language of labels and numbers.
    result : Result
        Of the own organisation.
    scores : sequence of Score
        Of all organisations; those without a value or limits are left out.
    name : str
        Of the own organisation; the others stay anonymous.
    """
    indicator, own = result.indicator, result.score
    frame = _funnel_frame(w, indicator, scores)
    low, high = _value_domain(frame, own, result.benchmark, factor=_factor(indicator))
    frame = frame.assign(**{column: frame[column].clip(low, high) for column in ("floor998", "floor95")})
    x = alt.X(
        "n:Q",
        title=w.t("funnel.x"),
        scale=alt.Scale(domain=[0, float(frame["n"].max()) * 1.06], nice=False),
        axis=alt.Axis(format=",d", tickCount=6, grid=False),
    )
    scale = alt.Scale(domain=[low, high], zero=False, nice=False)
    layers = [*_limit_layers(w, indicator, frame, x=x, scale=scale)]
    if result.benchmark:
        layers.append(_reference_layer(result.benchmark, factor=_factor(indicator), scale=scale))
    layers.append(_peers_layer(w, frame[frame["provider"] != own.provider], x=x, scale=scale))
    mine = frame[frame["provider"] == own.provider]
    layers += _own_layers(mine, name=name, x=x, scale=scale, widest=float(frame["n"].max()))
    return dressed(w, *layers, height=420)


def funnel_alt(w: Wording, result: Result, *, name: str, small_cell: int) -> str:
    """What the funnel shows, for who cannot see it."""
    return w.t("funnel.alt", name=name, finding=sentences.finding(w, result, small_cell=small_cell))


def waterfall(w: Wording, ledger: Sequence[LedgerLine], currency: Currency) -> alt.LayerChart:
    """Draw how the saving becomes the payment: a bar for each line of the ledger that moves the money."""
    frame, unit = waterfall_frame(w, ledger, currency), w.currency(currency)
    # The steps stand below each other, as in the ledger, so that their names have room on a telephone too.
    names = {step: "\n".join(textwrap.wrap(step, _NAME)) for step in frame["step"]}
    frame = frame.assign(name=frame["step"].map(names))
    lowest, highest = min(frame[["start", "end"]].min()), max(frame["top"])
    # room behind the longest bar for its amount
    ends = alt.Scale(domain=[lowest, highest + _AMOUNT * (highest - lowest)], nice=False)
    y = alt.Y(
        "name:N",
        sort=list(frame["name"]),
        title=None,
        axis=alt.Axis(
            labelExpr="split(datum.label, '\\n')",
            labelLimit=200,
            labelFontSize=13,
            domain=False,
            ticks=False,
            labelPadding=10,
        ),
    )
    bars = (
        alt.Chart(frame)
        .mark_bar(height=alt.RelativeBandSize(band=0.62), cornerRadius=2)
        .encode(
            y=y,
            x=alt.X(
                "start:Q",
                title=unit[0].upper() + unit[1:],
                scale=ends,
                axis=alt.Axis(format=",.0f", tickCount=4, labelOverlap=True, labelBound=True),
            ),
            x2="end:Q",
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=["level", "less", "more"], range=[NAVY, LILAC, TEAL]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("step:N", title=w.t("waterfall.step")),
                alt.Tooltip("shown:N", title=SIGNS[currency]),
            ],
        )
    )
    labels = (
        alt.Chart(frame)
        .mark_text(dx=7, align="left", fontSize=13, fontWeight=600, color=INK)
        .encode(y=y, x=alt.X("top:Q", scale=ends), text="shown:N")
    )
    # links the bars, so that the eye sees where each starts
    links = (
        alt.Chart(frame.assign(next=frame["name"].shift(-1)).iloc[:-1])
        .mark_rule(color="#9A9A9A", strokeDash=[3, 3])
        .encode(y=y, y2="next:N", x=alt.X("end:Q", scale=ends))
    )
    return dressed(w, links, bars, labels, height=70 + 52 * len(frame))


# characters of a line of a name; part of the width that an amount takes
_NAME, _AMOUNT = 20, 0.5


def trend(
    w: Wording, indicator: Indicator, years: Sequence[tuple[Score, Benchmark | None]]
) -> alt.LayerChart:
    """Draw the own values over the years with their intervals, and the average of everybody as a dashed line.

    A period without a value leaves a gap.
    """
    factor = _factor(indicator)
    frame = pd.DataFrame(
        {
            "period": score.period,
            "value": _times(score.adjusted, factor),
            "lower": _times(score.lower, factor),
            "upper": _times(score.upper, factor),
            "average": _times(benchmark.average(indicator) if benchmark else None, factor),
            "shown": "" if score.adjusted is None else w.value(indicator, score.adjusted),
        }
        for score, benchmark in years
    )
    x = alt.X("period:O", title=None, axis=alt.Axis(labelAngle=0, labelFontSize=13))
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(tickCount=6, gridColor="#EEF0F2", format=f",.{indicator.show_decimals}f")
    y = alt.Y("value:Q", title=_axis_title(w, indicator), scale=scale, axis=axis)
    base = alt.Chart(frame)
    average = base.mark_line(color=INK, strokeWidth=1.2, strokeDash=[5, 4]).encode(
        x=x, y=alt.Y("average:Q", scale=scale)
    )
    spread = base.mark_rule(color=PLUM, strokeWidth=2).encode(
        x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q"
    )
    line = base.mark_line(color=PLUM, strokeWidth=1.5, opacity=0.5).encode(x=x, y=y)
    tips = [
        alt.Tooltip("period:O", title=w.t("choose.period")),
        alt.Tooltip("shown:N", title=w.t("column.value")),
    ]
    points = base.mark_point(shape="diamond", size=160, filled=True, color=PLUM, opacity=1).encode(
        x=x, y=y, tooltip=tips
    )
    return dressed(w, average, spread, line, points, height=320)


def _factor(indicator: Indicator) -> float:
    return 100.0 if indicator.show_unit == "percent" else float(indicator.show_per)


def _funnel_frame(w: Wording, indicator: Indicator, scores: Sequence[Score]) -> pd.DataFrame:
    """Assessable organisations by size, on the scale that is shown; a limit that does not exist is NaN."""
    factor = _factor(indicator)
    rows = [
        {
            "provider": score.provider,
            "n": score.n,
            "value": score.adjusted * factor,
            "lower": _times(score.lower, factor),
            "upper": _times(score.upper, factor),
            **{limit: _times(getattr(score, limit), factor) for limit in _LIMITS},
            "shown": w.value(indicator, score.adjusted),
            "size": w.count(score.n),
            "verdict": sentences.band(w, indicator, score),
            "beyond": score.certainty is not None,
        }
        for score in scores
        if score.assessable and score.adjusted is not None and score.n is not None
    ]
    frame = pd.DataFrame(rows).sort_values("n", kind="stable").reset_index(drop=True)
    # an area must end somewhere: below a limit that cannot be reached it runs off the chart
    return frame.assign(floor998=frame["low998"].fillna(-math.inf), floor95=frame["low95"].fillna(-math.inf))


def _value_domain(
    frame: pd.DataFrame, own: Score, benchmark: Benchmark | None, *, factor: float
) -> tuple[float, float]:
    """Range that holds every value, and the limits of all but the smallest organisations."""
    larger = frame[frame["n"] >= frame["n"].quantile(0.2)]
    shown = [*frame["value"], *(value for limit in _LIMITS for value in larger[limit].dropna())]
    shown += [edge * factor for edge in (own.lower, own.upper) if edge is not None and own.assessable]
    if benchmark:
        shown.append(benchmark.reference * factor)
    low, high = min(shown), max(shown)
    margin = (high - low or 1.0) * 0.06
    floor = low - margin
    return (max(floor, 0.0) if low >= 0 else floor), high + margin


def _limit_layers(
    w: Wording, indicator: Indicator, frame: pd.DataFrame, *, x: alt.X, scale: alt.Scale
) -> list[alt.Chart]:
    base = alt.Chart(frame)
    title = _axis_title(w, indicator)
    axis = alt.Axis(tickCount=6, gridColor="#EEF0F2", format=f",.{indicator.show_decimals}f")
    layers = [
        base.mark_area(color=NAVY, opacity=opacity, clip=True).encode(
            x=x, y=alt.Y(f"floor{level}:Q", title=title, scale=scale, axis=axis), y2=f"high{level}:Q"
        )
        for level, opacity in (("998", 0.06), ("95", 0.09))
    ]
    for level, dash in (("998", [1, 0]), ("95", [5, 4])):
        for end in ("low", "high"):
            line = base.mark_line(color="#5B7C99", strokeWidth=1.2, strokeDash=dash, clip=True)
            layers.append(line.encode(x=x, y=alt.Y(f"{end}{level}:Q", scale=scale)))
    last = frame.tail(1).assign(l95=w.percent(0.95, 0), l998=w.percent(0.998, 1))
    for level in ("95", "998"):
        text = alt.Chart(last).mark_text(align="left", dx=6, fontSize=12, color="#3F6484", clip=False)
        layers.append(text.encode(x=x, y=alt.Y(f"high{level}:Q", scale=scale), text=f"l{level}:N"))
    return layers


def _reference_layer(benchmark: Benchmark, *, factor: float, scale: alt.Scale) -> alt.Chart:
    at = pd.DataFrame({"value": [benchmark.reference * factor]})
    return alt.Chart(at).mark_rule(color=INK, strokeWidth=1.2).encode(y=alt.Y("value:Q", scale=scale))


def _peers_layer(w: Wording, frame: pd.DataFrame, *, x: alt.X, scale: alt.Scale) -> alt.Chart:
    circles = alt.Chart(frame).mark_point(size=55, strokeWidth=1.5, color="#4A5560", opacity=0.85)
    return circles.encode(
        x=x,
        y=alt.Y("value:Q", scale=scale),
        fill=alt.condition("datum.beyond", alt.value("#4A5560"), alt.value("#FFFFFF")),
        tooltip=_tooltip(w),
    )


def _own_layers(
    frame: pd.DataFrame, *, name: str, x: alt.X, scale: alt.Scale, widest: float
) -> list[alt.Chart]:
    if frame.empty:
        return []
    # the name goes to the side where there is room for it
    left = float(frame["n"].iloc[0]) > 0.6 * widest
    text: dict[str, Any] = {"dx": -13 if left else 13, "align": "right" if left else "left"}
    text |= {"fontSize": 14, "fontWeight": 700}
    base = alt.Chart(frame.assign(name=name))
    y = alt.Y("value:Q", scale=scale)
    return [
        base.mark_rule(color=PLUM, strokeWidth=2, clip=True).encode(
            x=x, y=alt.Y("lower:Q", scale=scale), y2="upper:Q"
        ),
        base.mark_point(
            shape="diamond", size=260, filled=True, color=PLUM, opacity=1, stroke="#FFFFFF", strokeWidth=1.5
        ).encode(x=x, y=y),
        # a white edge keeps the name readable on top of other marks
        base.mark_text(**text, stroke="#FFFFFF", strokeWidth=4).encode(x=x, y=y, text="name:N"),
        base.mark_text(**text, color=PLUM).encode(x=x, y=y, text="name:N"),
    ]


def _tooltip(w: Wording) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("size:N", title=w.t("funnel.x")),
        alt.Tooltip("shown:N", title=w.t("column.value")),
        alt.Tooltip("verdict:N", title=w.t("column.verdict")),
    ]


_TIMES = {
    "minutes": mark("axis.minutes"),
    "hours": mark("axis.hours"),
    "days": mark("axis.days"),
    "weeks": mark("axis.weeks"),
    "months": mark("axis.months"),
    "years": mark("axis.years"),
}


def _axis_title(w: Wording, indicator: Indicator) -> str:
    """What stands along the values of an indicator."""
    if indicator.show_unit == "percent":
        return w.t("axis.percent.adjusted") if indicator.adjusted else w.t("axis.percent")
    if indicator.show_unit == "rate":
        return w.t("axis.rate", per=w.count(indicator.show_per), of=w.of(indicator, "show_of"))
    if indicator.kind == "change":
        return w.t("axis.gain")
    return w.t(_TIMES.get(indicator.show_unit, mark("axis.points")))


def waterfall_frame(w: Wording, ledger: Sequence[LedgerLine], currency: Currency) -> pd.DataFrame:
    """One bar per line from the saving on, in words; lines that move nothing are left out."""
    keys = [line.key for line in ledger]
    rows, running = [], 0.0
    for line in ledger[keys.index("saving") :]:
        level = line.key in ("saving", "payment")
        if not level and line.effect == 0:
            continue
        start = 0.0 if level else running
        running = float(line.amount) if level else running + float(line.effect)
        change = "more" if line.effect > 0 else "less"
        rows.append(
            {
                "step": w.t(_EFFECTS[line.key]) if line.key in _EFFECTS else w.of(line, "name"),
                "start": start,
                "end": running,
                "top": max(start, running, 0.0),
                "shown": w.money(line.amount if level else line.effect, currency),
                "kind": "level" if level else change,
            }
        )
    return pd.DataFrame(rows)


def _times(value: float | None, factor: float) -> float:
    return math.nan if value is None else value * factor


def dressed(w: Wording, *layers: alt.Chart, height: int) -> alt.LayerChart:
    """Lay the layers over each other, in the look and the language of the pages."""
    axis: dict[str, Any] = {"labelColor": INK, "labelFontSize": 12, "titleColor": INK}
    axis |= {"titleFontSize": 13, "titleFontWeight": "normal"}
    chart = alt.layer(*layers).properties(height=height, width="container")
    chart = chart.configure(font=FONT, locale=w.vega_locale(), background="transparent")
    chart = chart.configure_view(stroke=None).configure_axis(**axis)
    # vector graphics instead of a picture: marks get labels, and the page scales
    chart.usermeta = {"embedOptions": {"renderer": "svg"}}
    return cast(alt.LayerChart, chart)
