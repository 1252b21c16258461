"""A stored case-mix model as effects that people can read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from registry_db.published_models import Model
from risk_models.design import Design, FittedTerm
from risk_models.strata import FloatArray
from risk_models.verdict import Z_95

Shape = Literal["per-unit", "power", "curve", "level", "flag", "missing", "interaction"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one case-mix term, or one level of it, does to the expectation.

    Attributes
    ----------
    term : str
        Column of the dataset.
    shape : str
        ``per-unit``: for each unit more. ``power``: of the number to the power in `level`. ``curve``: at the
        value in `level`, against the value in `against`. ``level``: of the level, against the reference in
        `against`. ``flag``: when it applies, against when it does not.
        ``missing``: of a value that is not known. ``interaction``: of the columns in `level` together, beside
        what each does by itself.
    level, against : str
        As `shape` says; empty where it does not say.
    estimate : float
        Odds ratio of a logistic model, rate ratio of a Poisson and hazard ratio of a Cox model; difference in
        the unit of the outcome of a linear one.
    lower, upper : float or None
        95 % interval. None for a curve: the covariance that it takes is not stored.
    """

    term: str
    shape: Shape
    level: str
    against: str
    estimate: float
    lower: float | None
    upper: float | None


def effects(model: Model) -> tuple[Effect, ...]:
    """Effects of all terms, in the order of the definition; none for a model without case mix.

    Of a term in `hidden_effects` there are none.
    """
    stored = json.loads(model.model_json)
    # intervals then rest on these
    errors = model.diagnostics.get("clustered_errors") or stored["standard_errors"]
    found: list[Effect] = []
    for term, columns in _columns(model, stored):
        beta = stored["coefficients"][columns]
        if None not in beta:
            found += _of_term(model.kind, term, np.array(beta), np.array(errors[columns]))
    return tuple(found)


def hidden_effects(model: Model) -> tuple[str, ...]:
    """Terms whose effects are not published: they would tell how few patients have one of the levels."""
    stored = json.loads(model.model_json)
    return tuple(
        term.name for term, columns in _columns(model, stored) if None in stored["coefficients"][columns]
    )


def _columns(model: Model, stored: Mapping[str, Any]) -> Iterator[tuple[FittedTerm, slice]]:
    first = 0 if model.kind == "cox" else 1  # after the intercept
    for term in Design.from_dict(stored["design"]).terms:
        yield term, slice(first, first + len(term.columns))
        first += len(term.columns)


def _of_term(kind: str, term: FittedTerm, beta: FloatArray, error: FloatArray) -> Iterator[Effect]:
    if term.kind == "spline":
        yield from _of_curve(kind, term, beta)
        return
    names: list[tuple[Shape, str, str]]
    if term.kind == "category":
        names = [("level", level, term.levels[0]) for level in term.levels[1:]]
    elif term.kind == "interaction":
        names = [("interaction", product, "") for product in term.products]
    elif term.kind == "flag":
        names = [("flag", "", "")]
    else:
        names = [("per-unit", "", ""), *(("power", str(power), "") for power in range(2, term.degree + 1))]
    if term.fill is not None and not term.missing_with:
        names.append(("missing", "", ""))
    for (shape, level, against), value, spread in zip(names, beta, error, strict=True):
        estimate, lower, upper = (_shown(kind, float(value + z * spread)) for z in (0.0, -Z_95, Z_95))
        yield Effect(term.name, shape, level, against, estimate, lower, upper)


def _of_curve(kind: str, term: FittedTerm, beta: FloatArray) -> Iterator[Effect]:
    """At each knot against the centre: the coefficients of a spline say nothing by themselves."""
    places = np.array([term.centre, *term.knots])
    encoded = term.encode(places)
    curve = encoded @ beta
    for knot, value in zip(term.knots, curve[1:] - curve[0], strict=True):
        estimate = _shown(kind, float(value))
        yield Effect(term.name, "curve", f"{knot:g}", f"{term.centre:g}", estimate, None, None)


def _shown(kind: str, value: float) -> float:
    return value if kind == "linear" else math.exp(value)
