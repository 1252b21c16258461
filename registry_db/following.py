"""Keeping the course of indicators in the vault, for the publication."""

from __future__ import annotations

from indicators.definition import Indicator
from registry_db.catalogue import Catalogue, Definition
from registry_db.connect import Connection, transaction
from registry_db.monitoring import CannotFollow, course

# The change that is looked for, twice the odds of a bad outcome, and the chance of an alarm in a period at a
# provider that is as expected.
ODDS_RATIO = 2.0
FALSE_ALARMS = 0.05
# What is followed is the present: the limit of each provider and period takes a simulation of its own.
NEWEST = 3


def follow(con: Connection, catalogue: Catalogue, item: Definition, *, inputs_hash: str) -> bool:
    """Follow an indicator in its newest periods, if what that follows from has changed.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions.
    item : Definition
        The indicator.
    inputs_hash : str
        Hash of all that its scores follow from.

    Returns
    -------
    bool
        Whether it has a course. An indicator that cannot be followed by month has none, nor has one of which
        the scores are still outstanding.
    """
    indicator = item.model
    assert isinstance(indicator, Indicator)
    key = [item.id, item.version]
    of_item = "where indicator = ? and version = ?"
    scored = con.execute(f"select 1 from benchmark {of_item} and inputs_hash = ?", [*key, inputs_hash])
    if not scored.fetchall():
        return False
    kept = con.execute(f"select distinct inputs_hash from course {of_item}", key).fetchall()
    if kept == [(inputs_hash,)]:
        return True
    try:
        ratio = ODDS_RATIO if indicator.outcome.better == "lower" else 1 / ODDS_RATIO
        found = course(con, catalogue, item, odds_ratio=ratio, false_alarms=FALSE_ALARMS, newest=NEWEST)
    except CannotFollow:
        found = None
    with transaction(con):
        con.execute(f"delete from course {of_item}", key)
        if found is not None and len(found):
            told = {"indicator": item.id, "version": item.version, "inputs_hash": inputs_hash}
            told |= {"odds_ratio": ratio, "false_alarms": FALSE_ALARMS}
            con.register("course_to_keep", found.drop(columns="signals").assign(**told))
            con.execute("insert into course by name select * from course_to_keep")
            con.unregister("course_to_keep")
    return found is not None and len(found) > 0
