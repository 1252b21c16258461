"""One indicator from records to scores: cohort, strata, model, scores, kept in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from indicators.definition import Indicator
from registry_db.catalogue import Catalogue, Definition
from registry_db.cohorts import EXTERNAL, Patterns, make_cohort, patterns, periods, states, strata
from registry_db.connect import Connection, transaction
from registry_db.fits import Fitted, fit, needs_model
from registry_db.scoring import Scored, score, unscored
from risk_models.expected import CannotFit


@dataclass(frozen=True, slots=True)
class Assessed:
    """What was done for an indicator.

    Attributes
    ----------
    indicator : str
        Its id.
    periods : tuple of str
        Periods that were worked on; empty when nothing was outstanding.
    notes : tuple of str
        What could not be fitted, and why.
    """

    indicator: str
    periods: tuple[str, ...]
    notes: tuple[str, ...] = ()


def assess(
    con: Connection, catalogue: Catalogue, item: Definition, *, inputs_hash: str, score: bool
) -> Assessed:
    """Fit and score an indicator in all its periods, if what it follows from has changed.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions.
    item : Definition
        The indicator.
    inputs_hash : str
        Hash of all that the scores follow from.
    score : bool
        Score as well; else only fit.
    """
    indicator = item.model
    assert isinstance(indicator, Indicator)
    table = "benchmark" if score or not needs_model(indicator) else "model"
    if _done(con, item, table, inputs_hash):
        return Assessed(item.id, ())
    make_cohort(con, indicator, catalogue.dataset(indicator.dataset))
    worked: list[str] = []
    notes: list[str] = []
    with transaction(con):
        _forget(con, item)
        for period in periods(con):
            taken = patterns(con, indicator, period)
            fitted, reason = _fit(indicator, taken)
            if reason:
                notes.append(f"{item.id} {period}: {reason}")
            if fitted:
                _keep_model(con, item, period, fitted, inputs_hash)
            if score:
                scored = _score(con, indicator, period, taken, fitted, reason)
                _keep_scores(con, item, period, scored, fitted, inputs_hash)
            worked.append(period)
        if score:
            _keep_states(con, item)
    return Assessed(item.id, tuple(worked), tuple(notes))


def _fit(indicator: Indicator, patterns: Patterns) -> tuple[Fitted | None, str]:
    if not needs_model(indicator):
        return None, ""
    try:
        # One thread: sums in another order would differ in the last bit from machine to machine.
        with threadpool_limits(limits=1):
            return fit(indicator, patterns), ""
    except CannotFit as error:
        return None, str(error)


def _score(
    con: Connection,
    indicator: Indicator,
    period: str,
    patterns: Patterns,
    fitted: Fitted | None,
    reason: str,
) -> Scored:
    taken = strata(con, period, patterns, _expected(indicator, patterns, fitted))
    return unscored(taken, f"no model: {reason}") if reason else score(indicator, taken)


def _expected(indicator: Indicator, patterns: Patterns, fitted: Fitted | None) -> NDArray[np.float64]:
    if fitted:
        return fitted.model.expected(patterns.columns, rows=len(patterns.n))
    return patterns.columns[EXTERNAL] if indicator.expectation else np.full(len(patterns.n), np.nan)


def _done(con: Connection, item: Definition, table: str, inputs_hash: str) -> bool:
    found = con.execute(
        f"select distinct inputs_hash from {table} where indicator = ? and version = ?",
        [item.id, item.version],
    ).fetchall()
    return found == [(inputs_hash,)]


def _forget(con: Connection, item: Definition) -> None:
    for table in ("model", "benchmark", "score", "state"):
        con.execute(f"delete from {table} where indicator = ? and version = ?", [item.id, item.version])


def _keep_model(con: Connection, item: Definition, period: str, fitted: Fitted, inputs_hash: str) -> None:
    diagnostics = json.dumps(fitted.diagnostics, sort_keys=True)
    model = [fitted.id, fitted.model.kind, fitted.model.n, fitted.model_json(), diagnostics]
    con.execute(
        "insert into model values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [item.id, item.version, period, *model, inputs_hash],
    )


def _keep_scores(
    con: Connection, item: Definition, period: str, scored: Scored, fitted: Fitted | None, inputs_hash: str
) -> None:
    key = {"indicator": item.id, "version": item.version, "period": period}
    assessable = int((scored.scores["band"] != "not-assessable").sum())
    counts = {"providers": len(scored.scores), "assessable": assessable}
    row = {**key, **counts, **scored.benchmark, "model": fitted.id if fitted else None}
    _insert(con, "benchmark", pd.DataFrame([row | {"inputs_hash": inputs_hash}]))
    _insert(con, "score", scored.scores.assign(**key))


def _keep_states(con: Connection, item: Definition) -> None:
    _insert(con, "state", states(con).assign(indicator=item.id, version=item.version))


def _insert(con: Connection, table: str, frame: pd.DataFrame) -> None:
    con.register("frame_to_keep", frame)
    con.execute(f"insert into {table} by name select * from frame_to_keep")
    con.unregister("frame_to_keep")
