"""Generated records of 24 providers, and what R makes of them (tests/golden/random_intercept.R)."""

import json
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risk_models.design import Term
from tests.risk_models.conftest import GOLDEN, collapse, read_records

PROVIDERS = 24
NO_DEATHS, ONLY_DEATHS, NO_FALLS = 10, 16, 4
TERMS = [Term("decades", "number"), Term("urgent", "flag")]


@cache
def golden() -> dict[str, Any]:
    return json.loads((GOLDEN / "random_intercept.json").read_text())


@cache
def records() -> dict[str, NDArray[Any]]:
    rows = read_records(GOLDEN / "random_intercept.csv")
    return rows | {"decades": (rows["age"] - 60) / 10}


def cohort(kind: str) -> dict[str, Any]:
    """Give the keyword arguments of a fit on single records."""
    rows = records()
    y = rows[{"logistic": "died", "poisson": "falls", "linear": "score"}[kind]]
    more = {"linear": {"sum_y2": y**2}, "poisson": {"exposure": rows["days"]}}.get(kind, {})
    return {"provider": rows["provider"], "providers": PROVIDERS, "n": np.ones(len(y)), "sum_y": y} | more


def stratified(kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Give strata, and the keyword arguments of a fit on them."""
    rows, args = records(), cohort(kind)
    strata = collapse(rows, ["provider", "decades", "urgent"], args["sum_y"])
    known = {
        "provider": strata.columns["provider"],
        "providers": PROVIDERS,
        "n": strata.n,
        "sum_y": strata.sum_y,
    }
    if kind == "linear":
        known["sum_y2"] = strata.sum_y2
    if kind == "poisson":
        known["exposure"] = collapse(rows, ["provider", "decades", "urgent"], rows["days"]).sum_y
    return strata.columns, known


def at_sixty(model: Any) -> NDArray[np.float64]:
    """Give the coefficients as R has them: the intercept that of a patient of sixty."""
    coefficients = model.coefficients.copy()
    coefficients[0] -= coefficients[1] * model.design.terms[0].centre
    return coefficients
