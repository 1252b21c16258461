"""How an expectation was made: the effects of the case mix, and how well they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.selection import View
from app.views import explanation, frame
from app.wording import Wording, mark
from registry_db.effects import Effect, effects, hidden_effects
from registry_db.names import Names
from registry_db.published import Indicator, Result
from registry_db.published_models import Model

_DIAGNOSTICS = {
    "c_statistic": (mark("diagnostic.c"), mark("diagnostic.c.about")),
    "brier": (mark("diagnostic.brier"), mark("diagnostic.brier.about")),
    "intercept": (mark("diagnostic.intercept"), mark("diagnostic.intercept.about")),
    "slope": (mark("diagnostic.slope"), mark("diagnostic.slope.about")),
    "r2": (mark("diagnostic.r2"), mark("diagnostic.r2.about")),
}

_NOT_A_MEASURE = ("missing", "imputation", "clustered_errors")
_RULE = {
    "complete-case": mark("missing.complete-case"),
    "own-category": mark("missing.own-category"),
    "median-and-flag": mark("missing.median-and-flag"),
    "multiple-imputation": mark("missing.multiple-imputation"),
}

_ABOUT = {
    "logistic": mark("case-mix.odds"),
    "linear": mark("case-mix.points"),
    "poisson": mark("case-mix.rates"),
    "cox": mark("case-mix.hazards"),
}
_EFFECT = {
    "logistic": mark("case-mix.odds-ratio"),
    "linear": mark("case-mix.difference"),
    "poisson": mark("case-mix.rate-ratio"),
    "cox": mark("case-mix.hazard-ratio"),
}


def show(view: View, result: Result) -> None:
    """Draw the tab."""
    w, indicator, benchmark = view.w, result.indicator, result.benchmark
    if indicator.expectation == "external":
        frame.empty(w.t("case-mix.external"))
        return
    models = view.reader.models(model=benchmark.model) if benchmark and benchmark.model else ()
    found = effects(models[0]) if models else ()
    few = hidden_effects(models[0]) if models else ()
    if not found and not few:
        hidden = indicator.adjusted and benchmark is None
        frame.empty(w.t("case-mix.hidden") if hidden else w.t("case-mix.none"))
        return
    model = models[0]
    about = w.t("case-mix.about", n=w.count(model.n), period=model.period)
    frame.section(w.t("case-mix.title"), about)
    names = view.reader.names(indicator.dataset)
    if found:
        st.table(_effects(w, indicator, model, found, names), hide_index=True, border="horizontal")
        frame.note(w.t(_ABOUT[model.kind]))
    if few:
        terms = ", ".join(w.column(name, names) for name in few)
        frame.note(w.t("case-mix.few", terms=terms, small_cell=view.about.small_cell))
    if "clustered_errors" in model.diagnostics:
        frame.note(w.t("case-mix.clustered"))
    known = {name: value for name, value in model.diagnostics.items() if name not in _NOT_A_MEASURE}
    if known:
        frame.section(w.t("diagnostics.title"))
        st.table(_diagnostics(w, known), hide_index=True, border="horizontal")
    explanation.show(view, result, found, names)
    if missing := model.diagnostics.get("missing"):
        frame.section(w.t("missing.title"), w.t("missing.about"))
        st.table(_missing(w, missing, names), hide_index=True, border="horizontal")
    frame.note(w.t("case-mix.hash", model=model.model))


def _effects(
    w: Wording,
    indicator: Indicator,
    model: Model,
    found: tuple[Effect, ...],
    names: Names,
) -> pd.DataFrame:
    name = w.t(_EFFECT[model.kind])
    decimals = indicator.show_decimals + 1 if model.kind == "linear" else 2
    return pd.DataFrame(
        {
            w.t("case-mix.term"): [w.column(effect.term, names) for effect in found],
            w.t("case-mix.compared"): [_compared(w, effect, names) for effect in found],
            name: [w.number(effect.estimate, decimals) for effect in found],
            w.t("column.interval"): [
                w.t("value.none")
                if effect.lower is None or effect.upper is None
                else f"{w.number(effect.lower, decimals)} {w.t('interval.between')} "
                f"{w.number(effect.upper, decimals)}"
                for effect in found
            ],
        }
    )


def _compared(w: Wording, effect: Effect, names: Names) -> str:
    """What an effect is the effect of."""
    level, against = effect.level, effect.against
    if effect.shape == "flag":
        return w.t("effect.flag")
    if effect.shape == "missing":
        return w.t("effect.unknown")
    if effect.shape == "per-unit":
        return w.t("effect.per-unit")
    if effect.shape == "power":
        return w.t("effect.power", power=level)
    if effect.shape == "interaction":
        return w.t("effect.interaction", columns=w.product(level, names))
    if effect.shape == "curve":
        return w.t("effect.curve", level=_localised(w, level), against=_localised(w, against))
    level, against = (w.level(effect.term, code, names) for code in (level, against))
    return w.t("effect.level", level=level, against=against)


def _missing(w: Wording, notes: Sequence[Mapping[str, Any]], names: Names) -> pd.DataFrame:
    """Terms with missing values, how many, and what is done about them."""
    shares = [_share(w, note["share"]) for note in notes]
    return pd.DataFrame(
        {
            w.t("case-mix.term"): [w.column(note["term"], names) for note in notes],
            w.t("column.missing"): shares,
            w.t("column.rule"): [w.t(_RULE[note["rule"]]) for note in notes],
        }
    )


def _share(w: Wording, share: float | None) -> str:
    if share is None:
        return w.t("value.hidden")
    return w.t("missing.few") if share < 0.01 else w.percent(share, 0)


def _localised(w: Wording, number: str) -> str:
    return w.number(float(number), len(number.partition(".")[2]))


def _diagnostics(w: Wording, diagnostics: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers by name, those within a group too; a name that has no words yet is shown as it is."""
    flat: dict[str, float] = {}
    for name, value in diagnostics.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    rows = []
    for name, value in flat.items():
        title, about = _DIAGNOSTICS.get(name, (name, ""))
        shown = w.t("value.none") if value is None else w.number(value, 3)
        rows.append((w.t(title), shown, w.t(about) if about else ""))
    return pd.DataFrame(rows, columns=[w.t("column.diagnostic"), w.t("column.value"), w.t("column.meaning")])
