"""What each record was expected to come to: the expectation of its case-mix pattern, joined to it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.compile import text_literal
from indicators.definition import Indicator
from indicators.strata import COUNTED, with_patterns
from registry_db.cohorts import EXTERNAL, Patterns
from registry_db.connect import Connection
from registry_db.expectations import expectation, reference_model
from risk_models.expected import RiskModel

# what a record is known by
KEY = ("_delivery", "_line")
# Sums of exact decimals do not depend on the order in which threads add them.
EXACT = "decimal(18, 9)"


def expected_by_pattern(
    con: Connection, indicator: Indicator, version: str, period: str, taken: Patterns
) -> NDArray[np.float64] | None:
    """Expectation of one record of each case-mix pattern, as the scores of the period have it.

    Parameters
    ----------
    con : Connection
        The vault, with the cohort of the indicator.
    indicator, version, period
        Which score.
    taken : Patterns
        Of the period.

    Returns
    -------
    array, (patterns,), or None
        None where the score had no model.

    Raises
    ------
    ValueError
        For a level that a model of another period does not know.
    """
    if indicator.expectation:
        return taken.columns[EXTERNAL]
    reference = indicator.estimators.reference
    if indicator.imputed or (reference is not None and reference.recalibration != "none"):
        found = expectation(indicator, period, taken, reference_model(con, indicator))
        return None if found.fitted is None else found.expected
    rows = con.execute(
        "select model_json from model where indicator = ? and version = ? and period = ?",
        [indicator.indicator, version, reference.period if reference else period],
    ).fetchall()
    if not rows:
        return None
    return RiskModel.from_dict(json.loads(rows[0][0])).expected(taken.columns, rows=len(taken.n))


def keep_by_record(
    con: Connection,
    table: str,
    taken: Patterns,
    expected: NDArray[np.float64],
    columns: Sequence[str],
    *,
    where: str,
    parameters: Sequence[str],
) -> None:
    """Add the records that count for an indicator to a temporary table, made if it is not there.

    Parameters
    ----------
    con : Connection
        The vault, with the cohort of the indicator and its table ``pattern``.
    table : str
        Name of the table; it has ``KEY`` and the columns.
    taken, expected
        Patterns of one period, and the expectation of one record of each.
    columns : sequence of str
        SQL with a name each; ``_e`` is the expectation, beside the columns of the cohort.
    where, parameters
        Which records of the cohort, and what the condition is filled with.
    """
    of_pattern = pd.DataFrame({"_pattern": np.arange(len(expected)), "_e": expected})
    con.register("expected_of_pattern", of_pattern)
    counted = ", ".join(map(text_literal, COUNTED))
    records = with_patterns("cohort", "pattern", list(taken.columns))
    rows = (
        f"select {', '.join((*KEY, *columns))} from {records} join expected_of_pattern using (_pattern) "
        f"where _state in ({counted}) and {where}"
    )
    con.execute(f"create temp table if not exists {table} as {rows} limit 0", parameters)
    con.execute(f"insert into {table} {rows}", parameters)
    con.unregister("expected_of_pattern")
