"""How few records or events stand behind the effect of a case-mix term; counts over all providers."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from registry_db.cohorts import Patterns
from registry_db.fits import Fitted
from risk_models.encoding import FittedTerm
from risk_models.strata import Columns

Cells = NDArray[np.int64]


def fewest_of_terms(fitted: Fitted, patterns: Patterns) -> dict[str, float]:
    """Give for each term the fewest records, events or non-events that one of its levels has.

    An effect and its standard error follow from these counts, and tell them where they are small. The levels
    of a flag are yes and no; a value that is missing is a level; so is each value of a number that has two.
    The levels of an interaction are those of its terms together, and it counts for each of them too, since
    beside it the effect of one term is that among the reference of the others.

    Parameters
    ----------
    fitted : Fitted
        The model.
    patterns : Patterns
        What it was fitted on.

    Returns
    -------
    dict of str to float
        By name of the term. A level without any counts for nothing; a term is not there where it has no
        levels, or none with a count.
    """
    columns, n, records, events = patterns.columns, patterns.n, patterns.records, patterns.sum_y
    if fitted.stack is not None:
        columns, n, events = fitted.stack.columns, fitted.stack.n, fitted.stack.events
        records = n
    counts = [np.nan_to_num(records)]
    if fitted.kind != "linear":
        counts.append(np.nan_to_num(events))
    if fitted.kind in ("logistic", "cox"):
        counts.append(np.nan_to_num(n - events))
    cells: dict[str, Cells] = {}
    found: dict[str, float] = {}
    for term in fitted.model.design.terms:
        of = term.of if term.kind == "interaction" else (term.name,)
        if term.kind != "interaction":
            cells[term.name] = _cells(term, columns)
        together = reduce(_crossed, (cells[name] for name in of))
        sums = np.concatenate([np.bincount(together, weights=each) for each in counts])
        fewest = float(np.round(sums[sums > 0.5e-6].min(initial=np.inf), 6))
        if together.max(initial=0) > 0 and np.isfinite(fewest):
            for name in {term.name, *of}:
                found[name] = min(fewest, found.get(name, np.inf))
    return found


def _cells(term: FittedTerm, columns: Columns) -> Cells:
    """Number of the level that each pattern has of a term; all 0 where it has no levels."""
    shown = term.shown(np.asanyarray(columns[term.name]))
    parts = [np.zeros(len(columns[term.name]), dtype=np.int64)]
    for level, values in shown.items():
        known = np.nan_to_num(values, nan=-1.0)
        different = np.unique(known[~np.isnan(values)])
        if level or len(different) <= 2:
            parts.append(np.unique(known, return_inverse=True)[1].astype(np.int64))
    return reduce(_crossed, parts)


def _crossed(one: Cells, other: Cells) -> Cells:
    pairs = np.stack([one, other])
    return np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1).astype(np.int64)
