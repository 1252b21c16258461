"""Which case-mix values are missing, in how many records, and what is done about it."""

from __future__ import annotations

import numpy as np

from indicators.definition import Indicator
from registry_db.cohorts import Patterns
from registry_db.connect import Connection
from risk_models.encoding import missing
from risk_models.missing import MissingNote

COMPLETE_CASE = "complete-case"


def missing_values(
    con: Connection, indicator: Indicator, period: str, patterns: Patterns
) -> tuple[MissingNote, ...]:
    """Say of each case-mix term how many records have no value, and what becomes of these.

    Parameters
    ----------
    con : Connection
        The vault, after `make_cohort`.
    indicator : Indicator
        The definition.
    period : str
        The period.
    patterns : Patterns
        Its case-mix patterns, of the records that count.

    Returns
    -------
    tuple of MissingNote
        In the order of the terms, only those that are missing somewhere. With the rule ``complete-case``,
        records were left out for the first value that they miss; shares are of the records that count and
        those left out so.
    """
    rules = {term.term: term.missing for term in indicator.case_mix if term.kind != "interaction"}
    found = con.execute(
        "select _reason, cast(sum(records) as bigint) from cell "
        "where _period = ? and _state = 'missing' and _once group by all",
        [period],
    ).fetchall()
    left_out = {reason: n for reason, n in found if rules.get(reason) == "report"}
    total = float(patterns.records.sum()) + sum(left_out.values())
    notes = []
    for name, rule in rules.items():
        if rule == "report":
            records = float(left_out.get(name, 0))
        else:
            records = float(np.sum(patterns.records[missing(patterns.columns[name])]))
        if records > 0:
            called = COMPLETE_CASE if rule == "report" else rule
            notes.append(MissingNote(term=name, records=records, share=records / total, rule=called))
    return tuple(notes)
