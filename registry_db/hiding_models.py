"""Hiding in published case-mix models what would tell how few patients have a level of the case mix."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from registry_db.effects import hidden_effects
from registry_db.published_models import Model
from risk_models.design import Design

# Where two effects stand beside the totals, their exact digits tell the counts behind them.
_DECIMALS, _DIGITS, _DIGITS_OF_ERRORS = 3, 3, 2
_DIGITS_OF_NUMBERS = 6  # of effects per unit of a number or along a curve, which no count stands behind


def hide_models(models: pd.DataFrame, *, small_cell: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Give models as they may be seen.

    The covariance, the log-likelihood and the baseline hazards are left out: together with the coefficients
    they give back how many records and events each level, each pair of levels and each moment has. Effects
    and measures of fit are rounded. Of a term with a level of few records, events or non-events no effect is
    shown, nor is the standard error of the intercept.

    Parameters
    ----------
    models : DataFrame
        The table ``model`` of the vault, of shown indicators.
    small_cell : int
        Fewest records that may be told.

    Returns
    -------
    DataFrame
        The table. A model of which an effect is left out goes by the hash of what is shown: who tries each
        small number could find the one that gives the hash of the whole.
    dict of str to str
        New hash by hash.
    """
    found, names = models.copy(), dict[str, str]()
    for row in models.itertuples():
        model, told = json.loads(str(row.model_json)), json.loads(str(row.diagnostics_json))
        terms = Design.from_dict(model["design"]).terms
        fewest = told.pop("fewest", None)
        rare = {term.name for term in terms if fewest is None or fewest.get(term.name, math.inf) < small_cell}
        gone = [term.name in rare for term in terms for _ in term.columns]
        plain = [fewest is not None and term.name not in fewest for term in terms for _ in term.columns]
        if row.kind != "cox":  # the intercept comes first
            gone, plain = [False, *gone], [False, *plain]
        shown = {name: value for name, value in model.items() if name not in _WHOLE}
        shown["coefficients"] = [
            None if hide else _significant(value, _DIGITS_OF_NUMBERS) if of_number else _rounded(value)
            for hide, of_number, value in zip(gone, plain, model["coefficients"], strict=True)
        ]
        if row.kind != "cox":
            gone[0] = bool(rare)
        shown["standard_errors"] = _errors(model["standard_errors"], gone)
        if model.get("residual_sd") is not None:
            shown["residual_sd"] = _significant(model["residual_sd"], _DIGITS)
        if "clustered_errors" in told:
            told["clustered_errors"] = _errors(told["clustered_errors"], gone)
        told["missing"] = [_missing(note, float(row.n), small_cell) for note in told.get("missing", ())]
        # what is lost by filling in is about those who miss a value
        told.pop("imputation", None)
        text = json.dumps(shown, sort_keys=True)
        if rare:
            names[str(row.model)] = hashlib.sha256(text.encode()).hexdigest()[:16]
        found.loc[row.Index, "model_json"] = text
        found.loc[row.Index, "diagnostics_json"] = json.dumps(_fit(told), sort_keys=True)
    found["model"] = found["model"].replace(names)
    return found, names


def rare_terms(models: pd.DataFrame, benchmarks: pd.DataFrame) -> pd.DataFrame:
    """Indicators and periods with the terms of which the model that they are held against shows no effect.

    Parameters
    ----------
    models, benchmarks : DataFrame
        The tables as they are published; a benchmark names its model.
    """
    rows = [
        (row.model, term)
        for row in models.drop_duplicates("model").itertuples()
        for term in hidden_effects(Model(*(getattr(row, name) for name in Model.__slots__)))
    ]
    of_model = pd.DataFrame(rows, columns=["model", "term"], dtype=object)
    keys = ["indicator", "version", "period"]
    return benchmarks[[*keys, "model"]].merge(of_model, on="model")[[*keys, "term"]]


_WHOLE = ("covariance", "clustered", "log_likelihood", "baselines")
_MEASURES = ("c_statistic", "brier", "r2")


def _rounded(value: float) -> float:
    """To three decimals, and to three digits where those are fewer."""
    size = math.floor(math.log10(abs(value))) if value else 0
    return round(value, max(_DECIMALS, _DIGITS - 1 - size))


def _significant(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _errors(errors: Sequence[float], gone: Sequence[bool]) -> list[float | None]:
    return [
        None if hide else _significant(error, _DIGITS_OF_ERRORS)
        for hide, error in zip(gone, errors, strict=True)
    ]


def _fit(told: dict[str, Any]) -> dict[str, Any]:
    """Measures of fit to three decimals, as the pages show them."""
    found = dict(told)
    for name in _MEASURES:
        if found.get(name) is not None:
            found[name] = round(found[name], _DECIMALS)
    if "calibration" in found:
        found["calibration"] = {
            name: value if value is None else round(value, _DECIMALS) + 0.0
            for name, value in found["calibration"].items()
        }
    return found


def _missing(note: dict[str, Any], n: float, small_cell: int) -> dict[str, Any]:
    """Note of a term with missing values; no share where whole per cents would tell how few they are."""
    few = (note["share"] - 0.005) * n < small_cell and 0.01 * n < small_cell
    return note | {"share": None} if few else note
