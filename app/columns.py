"""Tables of results on the command line: what their columns are called, and their cells, in a language.

In English a column and a code go by what they are called in files; in Dutch both have a word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.wording import Wording, mark

_HEADS = {
    "period": mark("cli.column.period"),
    "provider": mark("cli.column.provider"),
    "observed": mark("cli.column.observed"),
    "expected": mark("cli.column.expected"),
    "ratio": mark("cli.column.ratio"),
    "adjusted": mark("cli.column.adjusted"),
    "lower": mark("cli.column.lower"),
    "upper": mark("cli.column.upper"),
    "band": mark("cli.column.band"),
    "reliability": mark("cli.column.reliability"),
    "response": mark("cli.column.response"),
    "state": mark("cli.column.state"),
    "reason": mark("cli.column.reason"),
    "stratifier": mark("cli.column.stratifier"),
    "subgroup": mark("cli.column.subgroup"),
    "estimator": mark("cli.column.estimator"),
    "value": mark("cli.column.value"),
    "month": mark("cli.column.month"),
    "limit": mark("cli.column.limit"),
    "signals": mark("cli.column.signals"),
}
_SIDES = {"before": mark("cli.column.before"), "after": mark("cli.column.after")}
# codes that stand in a column, by what it is called
_CODES: Mapping[str, Mapping[str, str]] = {
    "state": {
        "not-eligible": mark("cli.state.not-eligible"),
        "excluded": mark("cli.state.excluded"),
        "pending": mark("cli.state.pending"),
        "lost": mark("cli.state.lost"),
        "missing": mark("cli.state.missing"),
        "excepted": mark("cli.state.excepted"),
        "met": mark("cli.state.met"),
        "not-met": mark("cli.state.not-met"),
        "value": mark("cli.state.value"),
    },
    "reason": {
        "population": mark("cli.reason.population"),
        "denominator": mark("cli.reason.denominator"),
        "the expression": mark("cli.reason.expression"),
    },
    "band": {
        "low998": mark("cli.band.low998"),
        "low95": mark("cli.band.low95"),
        "in": mark("cli.band.in"),
        "high95": mark("cli.band.high95"),
        "high998": mark("cli.band.high998"),
        "not-assessable": mark("cli.band.not-assessable"),
    },
    "signals": {
        "outside": mark("cli.signal.outside"),
        "shift": mark("cli.signal.shift"),
        "trend": mark("cli.signal.trend"),
        "two-of-three": mark("cli.signal.two-of-three"),
    },
}
_RULES = {"rule": mark("cli.reason.rule"), "exception": mark("cli.reason.exception")}


def head(w: Wording, name: str) -> str:
    """What a column is called; ``band_after`` is that of the later of two versions."""
    first, _, last = name.rpartition("_")
    if first and last in _SIDES:
        return w.t(_SIDES[last], what=head(w, first))
    return w.t(_HEADS[name]) if name in _HEADS else name.replace("_", " ")


def cell(w: Wording, name: str, value: Any, form: str) -> str:
    """Write a value of a column: a number by its form, a code in words, ``-`` for none."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if form:
        text = format(value, form)
        return text.translate(str.maketrans(",.", ".,")) if w.language == "nl" else text
    column = re.sub("_(before|after)$", "", name)
    if column == "signals":
        return ", ".join(_code(w, column, code) for code in str(value).split(", "))
    return _code(w, column, str(value))


def _code(w: Wording, column: str, code: str) -> str:
    known = _CODES.get(column, {})
    if code in known:
        return w.t(known[code])
    rule = re.fullmatch(r"(rule|exception) (\d+)(?: of (\S+))?", code) if column == "reason" else None
    if rule is None:
        return code
    told = w.t(_RULES[rule[1]], n=rule[2])
    return w.t("cli.reason.of", rule=told, version=rule[3]) if rule[3] else told
