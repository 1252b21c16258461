"""Why the expectation of the own organisation is what it is, and who its patients are."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.selection import View
from app.views import frame
from app.wording import Wording, mark
from registry_db.effects import Effect
from registry_db.names import Names
from registry_db.published import Indicator, Result
from registry_db.published_models import Part, PatientMix

_TOGETHER = "(together)"
# What a difference in expectation is a difference of.
_UNIT = {"percent": mark("explanation.points-percent")}


def show(view: View, result: Result, found: Sequence[Effect], names: Names) -> None:
    """Draw both tables; nothing where nothing of them is published."""
    w, indicator = view.w, result.indicator
    parts, mixes = view.reader.explanation(
        indicator.indicator,
        version=indicator.version,
        period=view.period,
        provider=view.organisation.provider,
    )
    if parts:
        frame.section(w.t("explanation.title"), w.t("explanation.about", name=view.organisation.name))
        st.table(_parts(view, indicator, parts, names), hide_index=True, border="horizontal")
    if mixes:
        frame.section(w.t("explanation.who"), w.t("explanation.who.about"))
        st.table(_mixes(view, mixes, found, names), hide_index=True, border="horizontal")
        if any(row.own is None for row in mixes):
            frame.note(w.t("explanation.hidden", small_cell=view.about.small_cell))


def _parts(view: View, indicator: Indicator, parts: Sequence[Part], names: Names) -> pd.DataFrame:
    w = view.w
    rows = [(w.t("explanation.everyone"), _precise(w, indicator, parts[0].everyone))]
    for part in parts:
        name = w.t("explanation.together") if part.term == _TOGETHER else w.column(part.term, names)
        rows.append((name, _signed(w, indicator, part.part)))
    rows.append((w.t("explanation.own", name=view.organisation.name), _precise(w, indicator, parts[0].own)))
    return pd.DataFrame(rows, columns=[w.t("case-mix.term"), w.t("explanation.adds")])


def _precise(w: Wording, indicator: Indicator, value: float) -> str:
    """An expectation with one digit more than a score, so that the column adds up to the eye."""
    if indicator.show_unit == "percent":
        return w.percent(value, indicator.show_decimals + 1)
    if indicator.show_unit == "rate":
        value *= indicator.show_per
    return w.number(value, indicator.show_decimals + 1)


def _signed(w: Wording, indicator: Indicator, part: float) -> str:
    """A difference with its sign, to as many digits."""
    sign = "+" if part >= 0 else "\N{MINUS SIGN}"
    size, decimals = abs(part), indicator.show_decimals + 1
    if indicator.show_unit == "percent":
        return w.t(_UNIT["percent"], number=f"{sign}{w.number(100 * size, decimals)}")
    if indicator.show_unit == "rate":
        size *= indicator.show_per
    return f"{sign}{w.number(size, decimals)}"


def _mixes(
    view: View,
    mixes: Sequence[PatientMix],
    found: Sequence[Effect],
    names: Names,
) -> pd.DataFrame:
    w = view.w
    flags = {effect.term for effect in found if effect.shape == "flag"}
    rows = [
        (_who(w, row, names), *(_amount(w, row, value, flags) for value in (row.own, row.everyone)))
        for row in sorted(mixes, key=lambda row: _place(row, names))
    ]
    return pd.DataFrame(
        rows, columns=[w.t("explanation.patients"), view.organisation.name, w.t("explanation.all")]
    )


def _place(row: PatientMix, names: Names) -> tuple[str, int, str]:
    """By which the rows of a term stand: levels as the dataset names them, what is not known last."""
    named = [level for term, level in names.levels if term == row.term]
    last = len(named) + (row.level == "(missing)")
    return row.term, named.index(row.level) if row.level in named else last, row.level


def _who(w: Wording, row: PatientMix, names: Names) -> str:
    title = w.column(row.term, names)
    if not row.level:
        return title
    return f"{title}: {w.level(row.term, row.level, names)}"


def _amount(w: Wording, row: PatientMix, value: float | None, flags: set[str]) -> str:
    """A share of patients, or a mean; hidden where it is of few."""
    if value is None:
        return w.t("value.hidden")
    if row.level or row.term in flags:
        return w.percent(value, 0)
    return w.number(value, 1 if abs(value) >= 10 else 2)
