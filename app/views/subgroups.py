"""The subgroups of an indicator: the own values beside those of all organisations together, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pandas as pd
import streamlit as st

from app.selection import View
from app.views import frame
from registry_db.published import Indicator, Result
from registry_db.published_subgroups import Subgroup, SubgroupScore
from registry_db.subgroups import ALL


def show(view: View, result: Result) -> None:
    """Draw the part of the page on subgroups: a table for each stratifier."""
    w, indicator = view.w, result.indicator
    key = {"version": indicator.version, "period": view.period}
    own = view.reader.subgroup_scores(indicator.indicator, provider=view.organisation.provider, **key)
    every = view.reader.subgroup_scores(indicator.indicator, provider=ALL, **key)
    if not every:
        frame.empty(w.t("subgroups.empty", small_cell=view.about.small_cell))
        return
    frame.section(w.t("tab.subgroups"), w.t("subgroups.about"))
    titles = view.reader.subgroups(indicator.indicator, version=indicator.version)
    for _, group in groupby(titles, key=lambda row: row.stratifier):
        of_this = tuple(group)
        table = _table(view, indicator, of_this, own, every)
        frame.section(w.of(of_this[0], "stratifier"))
        if len(table):
            st.table(table, hide_index=True, border="horizontal")
        else:
            frame.empty(w.t("subgroups.empty", small_cell=view.about.small_cell))
    if any(row.suppressed for row in (*own, *every)):
        frame.note(w.t("records.hidden", small_cell=view.about.small_cell))


def _table(
    view: View,
    indicator: Indicator,
    titles: Sequence[Subgroup],
    own: Sequence[SubgroupScore],
    every: Sequence[SubgroupScore],
) -> pd.DataFrame:
    """A row for each subgroup with records that count, here or elsewhere."""
    w = view.w
    here, all_of_them = ({(row.stratifier, row.subgroup): row for row in rows} for rows in (own, every))
    keys = [(row.stratifier, row.subgroup) for row in titles]
    shown = {key: row for key, row in zip(keys, titles, strict=True) if key in all_of_them}
    columns = {
        w.t("column.subgroup"): [w.of(row, "subgroup") for row in shown.values()],
        w.t("column.n"): [_count(view, here.get(key)) for key in shown],
        w.t("column.observed"): [_value(view, indicator, here.get(key), "observed_value") for key in shown],
    }
    if indicator.adjusted:
        expected = [_value(view, indicator, here.get(key), "expected_value") for key in shown]
        adjusted = [_value(view, indicator, here.get(key), "adjusted") for key in shown]
        columns |= {w.t("column.expected"): expected, w.t("card.adjusted"): adjusted}
    columns[w.t("column.interval")] = [_interval(view, indicator, here.get(key)) for key in shown]
    columns[w.t("column.observed-all")] = [
        _value(view, indicator, all_of_them[key], "observed_value") for key in shown
    ]
    return pd.DataFrame(columns)


def _count(view: View, score: SubgroupScore | None) -> str:
    if score is None:
        return view.w.count(0)
    return view.w.t("value.hidden") if score.n is None else view.w.count(score.n)


def _value(view: View, indicator: Indicator, score: SubgroupScore | None, what: str) -> str:
    value = None if score is None else getattr(score, what)
    return view.w.t("value.none") if value is None else view.w.value(indicator, value)


def _interval(view: View, indicator: Indicator, score: SubgroupScore | None) -> str:
    if score is None or score.lower is None or score.upper is None:
        return view.w.t("value.none")
    return view.w.interval(indicator, score.lower, score.upper)
