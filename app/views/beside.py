"""What a definition asks for beside the score: shrunken values, chances and ranks, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.selection import View
from app.views import frame
from app.wording import mark
from registry_db.published import Estimate, Indicator, Score


def show(view: View, indicator: Indicator, scores: Sequence[Score]) -> None:
    """Draw the table; nothing if the definition asks for nothing."""
    found = view.reader.estimates(indicator.indicator, version=indicator.version, period=view.period)
    if not found:
        return
    w = view.w
    with st.expander(w.t("beside.title")):
        there = {row.estimator for row in found}
        for estimator, about in _about(indicator).items():
            if estimator in there:
                frame.note(w.t(about))
        st.table(_table(view, indicator, scores, found), hide_index=True)


def _about(indicator: Indicator) -> dict[str, str]:
    """What each estimator means, in the order of the columns."""
    shrunken = mark("beside.about") if indicator.norm is None else mark("beside.about.norm")
    return {
        "shrunken": shrunken,
        "direct": mark("beside.about.direct"),
        "model-uncertainty": mark("beside.about.model-uncertainty"),
        "with-overdispersion": mark("beside.about.with-overdispersion"),
        "without-overdispersion": mark("beside.about.without-overdispersion"),
    }


def _table(
    view: View, indicator: Indicator, scores: Sequence[Score], found: Sequence[Estimate]
) -> pd.DataFrame:
    """The own organisation first and by name, the others by size and without."""
    w, own = view.w, view.organisation.provider
    of = {(row.provider, row.estimator): row for row in found}
    shown = [score for score in scores if any(provider == score.provider for provider, _ in of)]
    ordered = sorted(shown, key=lambda score: (score.provider != own, -(score.n or 0.0)))
    columns = {
        w.t("column.organisation"): [
            view.organisation.name if score.provider == own else w.t("twin.other") for score in ordered
        ]
    }
    titles = {
        "shrunken": w.t("beside.shrunken"),
        "direct": w.t("beside.direct"),
        "predicted-expected": w.t("beside.predicted-expected"),
        "probability-worse": w.t("beside.probability-worse"),
        "rank": w.t("beside.rank"),
        "model-uncertainty": w.t("beside.model-uncertainty"),
        "with-overdispersion": w.t("beside.with-overdispersion"),
        "without-overdispersion": w.t("beside.without-overdispersion"),
    }
    for estimator, title in titles.items():
        if any(name == estimator for _, name in of):
            columns[title] = [_cell(view, indicator, of.get((s.provider, estimator))) for s in ordered]
    return pd.DataFrame(columns)


def _cell(view: View, indicator: Indicator, row: Estimate | None) -> str:
    w = view.w
    if row is None:
        return w.t("value.none")
    if row.estimator == "probability-worse":
        return w.percent(row.value, 0)
    if row.estimator in ("model-uncertainty", "with-overdispersion", "without-overdispersion"):
        if row.lower is None or row.upper is None:
            return w.t("value.none")
        return w.interval(indicator, row.lower, row.upper)
    if row.estimator in ("shrunken", "direct"):
        text = w.value(indicator, row.value)
        if row.lower is not None and row.upper is not None:
            text += f" ({w.interval(indicator, row.lower, row.upper)})"
        return text
    decimals = 0 if row.estimator == "rank" else 2
    text = w.number(row.value, decimals)
    if row.lower is not None and row.upper is not None:
        low, high = w.number(row.lower, decimals), w.number(row.upper, decimals)
        text += f" ({low} {w.t('interval.between')} {high})"
    return text
