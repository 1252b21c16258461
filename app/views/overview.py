"""All indicators of one organisation in one period."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from app import markup, sentences
from app.selection import View
from app.spine import spine
from app.views import frame
from app.wording import mark
from registry_db.published import Indicator, Result, StateCount
from registry_db.response import ENOUGH


def show(view: View) -> None:
    """Draw the page."""
    results = view.reader.results(provider=view.organisation.provider, period=view.period)
    frame.warn_if_generated(view)
    frame.heading(view.organisation.name, _lead(view, results))
    if not results:
        frame.empty(view.w.t("overview.empty", period=view.period))
        return
    for horizon in sorted({result.indicator.horizon for result in results}):
        title, about = sentences.HORIZON[horizon]
        frame.section(view.w.t(title), view.w.t(about))
        of_horizon = [result for result in results if result.indicator.horizon == horizon]
        st.html(_table(view, of_horizon, caption=view.w.t(title)))
    st.html(_legend(view))


def _lead(view: View, results: Sequence[Result]) -> str:
    """How many indicators stand out, and to which side."""
    w, judged = view.w, [result.score for result in results if result.score.assessable]
    counts = {
        side: sum(score.side == side for score in judged) for side in ("better", "worse", "as-expected")
    }
    if not judged:
        return w.t("overview.lead.none", period=view.period)
    return " ".join(
        (
            w.plural("overview.lead", len(judged), period=view.period),
            w.t(
                "overview.lead.sides",
                worse=counts["worse"],
                better=counts["better"],
                rest=counts["as-expected"],
            ),
        )
    )


def _table(view: View, results: Sequence[Result], *, caption: str) -> str:
    w = view.w
    head = (
        w.t("column.indicator"),
        w.t("column.value"),
        w.t("column.spine"),
        w.t("column.average"),
        w.t("column.verdict"),
        w.t("column.n"),
    )
    return markup.table(head, (_row(view, result) for result in results), caption=caption, kind="overview")


def _row(view: View, result: Result) -> tuple[str, ...]:
    w, indicator, score = view.w, result.indicator, result.score
    address = view.link("indicator", indicator=indicator.indicator)
    name = (
        f'<a href="{escape(address)}" target="_self">{escape(w.of(indicator, "title"))}</a>'
        f"{markup.status(w, indicator)}"
        f"<small>{escape(sentences.better(w, indicator))}</small>"
    )
    verdict = markup.verdict(w, indicator, score, small_cell=view.about.small_cell)
    return (
        name,
        _value(view, result),
        "" if indicator.is_fact or not score.assessable else spine(w, result),
        _average(view, result),
        verdict,
        _size(view, result),
    )


def _value(view: View, result: Result) -> str:
    w, indicator, score = view.w, result.indicator, result.score
    if indicator.is_fact:
        return f"<b>{escape(sentences.fact(w, score))}</b>"
    if score.adjusted is None:
        return f'<span class="quiet">{escape(w.t("value.none"))}</span>'
    interval = ""
    if score.lower is not None and score.upper is not None:
        interval = f"<small>{escape(w.interval(indicator, score.lower, score.upper))}</small>"
    return f"<b>{escape(w.value(indicator, score.adjusted))}</b>{interval}"


def _size(view: View, result: Result) -> str:
    """Records, and how much they are worth."""
    w, indicator, score = view.w, result.indicator, result.score
    if indicator.is_fact or score.n is None:
        return ""
    worth = sentences.reliability(w, score) if score.assessable else ""
    under = [w.t("overview.reliability", level=worth)] if worth else []
    under += _response(view, indicator)
    under += [sentences.provisional(w, pending) for pending in _pending(view, result)]
    return w.count(score.n) + "".join(f"<small>{escape(line)}</small>" for line in under)


def _response(view: View, indicator: Indicator) -> list[str]:
    """Which part of those asked answered, and whether that is little; nothing where nobody is asked."""
    w = view.w
    found = view.reader.responses(indicator, period=view.period, provider=view.organisation.provider)
    if not found:
        return []
    if found[0].share is None:
        return [w.t("overview.response.hidden")]
    key = mark("overview.response.low") if found[0].low else mark("overview.response")
    return [w.t(key, share=w.percent(found[0].share, 0))]


def _pending(view: View, result: Result) -> tuple[StateCount, ...]:
    """Records whose outcome can still happen; none where the period is ripe."""
    states = view.reader.states(
        result.indicator.indicator,
        version=result.indicator.version,
        period=view.period,
        provider=view.organisation.provider,
    )
    return tuple(state for state in states if state.state == "pending")


def _average(view: View, result: Result) -> str:
    if result.benchmark is None:
        return ""
    if result.indicator.is_fact:
        return escape(sentences.fact_benchmark(view.w, result.benchmark))
    return escape(view.w.value(result.indicator, result.benchmark.average(result.indicator)))


def _legend(view: View) -> str:
    w = view.w
    lines = [
        w.t("legend.value"),
        w.t("legend.spine"),
        w.t("legend.verdict"),
        w.t("legend.reliability"),
        w.t("legend.response", enough=w.percent(ENOUGH, 0)),
    ]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return (
        f'<details class="legend"><summary>{escape(w.t("legend.title"))}</summary><ul>{items}</ul></details>'
    )
