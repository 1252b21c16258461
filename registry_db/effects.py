"""A stored case-mix model as effects that people can read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from registry_db.published_models import Model
from risk_models.cox import CoxModel
from risk_models.design import FittedTerm
from risk_models.expected import RiskModel
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
    """Effects of all terms, in the order of the definition; none for a model without case mix."""
    stored = json.loads(model.model_json)
    # intervals then rest on these
    if clustered := model.diagnostics.get("clustered_errors"):
        stored |= {"standard_errors": clustered}
    fitted = CoxModel.from_dict(stored) if model.kind == "cox" else RiskModel.from_dict(stored)
    found: list[Effect] = []
    first = 0 if isinstance(fitted, CoxModel) else 1  # after the intercept
    for term in fitted.design.terms:
        columns = slice(first, first + len(term.columns))
        first = columns.stop
        found += _of_term(fitted, term, columns)
    return tuple(found)


def _of_term(fitted: RiskModel | CoxModel, term: FittedTerm, columns: slice) -> Iterator[Effect]:
    if term.kind == "spline":
        yield from _of_curve(fitted, term, columns)
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
    beta, error = fitted.coefficients[columns], fitted.standard_errors[columns]
    for (shape, level, against), value, spread in zip(names, beta, error, strict=True):
        estimate, lower, upper = (_shown(fitted, float(value + z * spread)) for z in (0.0, -Z_95, Z_95))
        yield Effect(term.name, shape, level, against, estimate, lower, upper)


def _of_curve(fitted: RiskModel | CoxModel, term: FittedTerm, columns: slice) -> Iterator[Effect]:
    """At each knot against the centre: the coefficients of a spline say nothing by themselves."""
    places = np.array([term.centre, *term.knots])
    encoded = term.encode(places)
    curve = encoded @ fitted.coefficients[columns]
    for knot, value in zip(term.knots, curve[1:] - curve[0], strict=True):
        estimate = _shown(fitted, float(value))
        yield Effect(term.name, "curve", f"{knot:g}", f"{term.centre:g}", estimate, None, None)


def _shown(fitted: RiskModel | CoxModel, value: float) -> float:
    linear = isinstance(fitted, RiskModel) and fitted.kind == "linear"
    return value if linear else math.exp(value)
