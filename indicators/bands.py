"""Bands of a number: where one ends and the next begins, their names, and the SQL that finds them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from indicators.compile import quote, text_literal
from indicators.words import fault_at


def band_names(cuts: Sequence[Decimal]) -> tuple[str, ...]:
    """Names of the bands from low to high: ``<20``, ``20-<35`` and ``>=35`` for cuts at 20 and 35."""
    between = (f"{low}-<{high}" for low, high in pairwise(cuts))
    return (f"<{cuts[0]}", *between, f">={cuts[-1]}")


def band_sql(column: str, cuts: Sequence[Decimal]) -> str:
    """SQL of the name of the band that a column's value is in; null for no value."""
    name, bands = quote(column), band_names(cuts)
    branches = " ".join(
        f"when {name} < {cut} then {text_literal(band)}" for cut, band in zip(cuts, bands[:-1], strict=True)
    )
    return f"case when {name} is null then null {branches} else {text_literal(bands[-1])} end"


def check_rising(places: Sequence[Decimal], field: str, *, fewest: int) -> None:
    """Refuse places on a scale that do not run from low to high, or are too few."""
    if len(places) < fewest:
        raise fault_at(f"expected at least {fewest} places", field)
    if any(high <= low for low, high in pairwise(places)):
        raise fault_at("expected places from low to high, each once", field)
