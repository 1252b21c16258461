"""The design matrix that case-mix terms become: an encoding fitted once and kept with the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from risk_models.encoding import (
    MISSING,
    OTHER,
    FittedTerm,
    TermKind,
    UnseenLevel,
    codes,
    column_of,
    flags,
    labels,
    missing,
    numbers,
)
from risk_models.spline import KNOT_QUANTILES, weighted_quantile
from risk_models.strata import Columns, FloatArray, checked_n
from risk_models.terms import Term

__all__ = [
    "INTERCEPT",
    "MISSING",
    "OTHER",
    "Design",
    "FittedTerm",
    "Term",
    "TermKind",
    "UnseenLevel",
    "case_mix_columns",
    "column_of",
    "fit_design",
    "records_of",
]

INTERCEPT = "(intercept)"

DEFAULT_KNOTS = 4


@dataclass(frozen=True, slots=True)
class Design:
    """The fitted encoding of all terms: which columns, with which levels, knots and centres.

    Attributes
    ----------
    terms
        In the order of their columns; none for a model with an intercept only.
    """

    terms: tuple[FittedTerm, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, the intercept first."""
        return (INTERCEPT, *(column for term in self.terms for column in term.columns))

    def matrix(self, strata: Columns, *, rows: int | None = None) -> FloatArray:
        """Encode strata.

        Parameters
        ----------
        strata
            At least one array of equal length (strata,) for each term, under its name. Numbers may be
            masked arrays; in a category a masked value, None or NaN is the level "(missing)".
        rows
            How many strata there are; only needed where `strata` has no columns at all.

        Returns
        -------
        FloatArray
            Shape (strata, len(columns)); the first column is 1.

        Raises
        ------
        UnseenLevel
            For a level that was not there at fitting.
        ValueError
            For an absent column, arrays of unequal length, or a value that cannot be encoded.
        """
        rows = _length(strata) if rows is None else rows
        parts: dict[str, FloatArray] = {}
        for term in self.terms:
            if term.kind == "interaction":
                parts[term.name] = _products([parts[name] for name in term.of])
                continue
            values = column_of(strata, term.name, rows=rows)
            if term.missing_with:
                other = column_of(strata, term.missing_with, rows=rows)
                if np.any(missing(values) != missing(other)):
                    raise UnseenLevel(term.name, f"{MISSING} apart from {term.missing_with}", term.levels)
            parts[term.name] = term.encode(values)
        return np.hstack([np.ones((rows, 1)), *parts.values()])

    @property
    def slices(self) -> tuple[slice, ...]:
        """Which columns are of which term, in the order of the terms."""
        ends = np.cumsum([1, *(len(term.columns) for term in self.terms)]).tolist()
        return tuple(slice(first, last) for first, last in pairwise(ends))

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary of plain values, safe for JSON, that `from_dict` turns back exactly."""
        return {"terms": [term.to_dict() for term in self.terms]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Design":
        """Read what `to_dict` wrote."""
        return cls(terms=tuple(FittedTerm.from_dict(term) for term in stored["terms"]))


def fit_design(terms: Sequence[Term], strata: Columns, n: ArrayLike) -> Design:
    """Fix levels, references, knots and centres on the strata of a reference period.

    Parameters
    ----------
    terms
        The case-mix terms; their names must differ.
    strata
        One array of shape (strata,) for each term, under its name.
    n
        Records per stratum, shape (strata,). Strata without records have no say.

    Returns
    -------
    Design
        Its `matrix` encodes any strata in the same way from here on.

    Raises
    ------
    ValueError
        Without records, for two terms of one name, an absent column, a missing number, a reference that
        does not occur, or a spline on a variable with too few distinct values for its knots.

    References
    ----------
    Harrell FE (2015). Regression Modeling Strategies, 2nd ed., section 2.4. doi:10.1007/978-3-319-19425-7
    """
    names = [term.name for term in terms]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"term '{name}' is there {names.count(name)} times; expected once")
    weights = checked_n(n)
    seen = weights > 0
    if not seen.any():
        raise ValueError("no records to fit the design on")
    columns = records_of(case_mix_columns(terms, strata, rows=len(seen)), seen)
    fitted = [
        _fit_term(term, columns[term.name], weights[seen]) for term in terms if term.kind != "interaction"
    ]
    merged = {term.name: term for term in _merge_missing(fitted, columns)}
    for term in terms:
        if term.kind == "interaction":
            merged[term.name] = _fit_interaction(term, merged)
    return Design(terms=tuple(merged.values()))


def case_mix_columns(terms: Sequence[Term], strata: Columns, *, rows: int) -> dict[str, NDArray[Any]]:
    """Pick the columns that terms need; raise ValueError when one is absent or not `rows` long."""
    return {
        term.name: column_of(strata, term.name, rows=rows) for term in terms if term.kind != "interaction"
    }


def records_of(columns: Columns, keep: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Keep some rows of columns, without a copy where these are all."""
    everything = bool(keep.all())
    return {name: column if everything else column[keep] for name, column in columns.items()}


def _merge_missing(terms: Sequence[FittedTerm], columns: Columns) -> tuple[FittedTerm, ...]:
    """Let one "(missing)" column stand for all terms that are missing together, such as age and sex."""
    merged: list[FittedTerm] = []
    owners: dict[bytes, str] = {}
    for term in terms:
        if MISSING in term.levels[1:] or term.fill is not None:
            owner = owners.setdefault(missing(columns[term.name]).tobytes(), term.name)
            if owner != term.name:
                levels = tuple(level for level in term.levels if level != MISSING)
                term = replace(term, levels=levels, missing_with=owner)
        merged.append(term)
    return tuple(merged)


def _fit_interaction(term: Term, fitted: Mapping[str, FittedTerm]) -> FittedTerm:
    for name in term.of:
        if name not in fitted or fitted[name].kind == "interaction":
            raise ValueError(
                f"term '{term.name}': interacts '{name}', which is no term here; give each of its terms too"
            )
    names = product(*(fitted[name].columns for name in term.of))
    return FittedTerm(term.name, term.kind, of=term.of, products=tuple(":".join(parts) for parts in names))


def _products(parts: Sequence[FloatArray]) -> FloatArray:
    """Multiply every column of the first with every one of the next, and so on."""
    result = parts[0]
    for part in parts[1:]:
        result = (result[:, :, None] * part[:, None, :]).reshape(len(result), -1)
    return result


def _fit_term(term: Term, values: NDArray[Any], n: FloatArray) -> FittedTerm:
    if term.kind == "category":
        return FittedTerm(term.name, term.kind, levels=_fit_levels(term, values, n), unseen=term.unseen)
    gone = missing(values)
    fills = term.missing in ("median-and-flag", "own-category") and gone.any()
    if fills and gone.all():
        raise ValueError(f"term '{term.name}': is missing in every record; leave the term out")
    values, n = (values[~gone], n[~gone]) if fills else (values, n)
    if term.kind == "flag":
        flags(term.name, values)
        return FittedTerm(term.name, term.kind, fill=0.0 if fills else None)
    x = numbers(term.name, values)
    knots = _fit_knots(term, x, n) if term.kind == "spline" else ()
    fill = float(weighted_quantile(x, n, (0.5,))[0]) if fills else None
    return FittedTerm(term.name, term.kind, degree=term.degree, centre=_centre(x, n), knots=knots, fill=fill)


def _centre(x: FloatArray, n: FloatArray) -> float:
    """Mean, rounded to about a tenth of the standard deviation."""
    mean = float(np.average(x, weights=n))
    spread = float(np.sqrt(np.average((x - mean) ** 2, weights=n)))
    return round(mean, 1 - int(np.floor(np.log10(spread)))) if spread > 0 else mean


def _fit_knots(term: Term, x: FloatArray, n: FloatArray) -> tuple[float, ...]:
    count = DEFAULT_KNOTS if term.knots is None else term.knots
    if not isinstance(count, int):
        return tuple(float(knot) for knot in count)
    knots = weighted_quantile(x, n, KNOT_QUANTILES[count])
    if np.any(np.diff(knots) <= 0):
        raise ValueError(
            f"term '{term.name}': {count} knots fall on {', '.join(f'{knot:g}' for knot in knots)}, "
            "which are not distinct; give fewer knots, give their places, or make it a number or a category"
        )
    return tuple(float(knot) for knot in knots)


def _fit_levels(term: Term, values: NDArray[Any], n: FloatArray) -> tuple[str, ...]:
    found = labels(term.name, values)
    if term.missing == "refuse" and MISSING in found:
        raise ValueError(
            f"term '{term.name}': is missing in {found.count(MISSING)} of {len(found)} strata; leave these "
            "records out, or say what a missing value becomes"
        )
    found, n = _named(term, found, n)
    totals = _totals(found, n)
    few = {level for level, total in totals.items() if total < term.pool_below and level != MISSING}
    if few:
        totals = _totals([OTHER if label in few else label for label in found], n)
    levels = sorted(totals)
    known = [level for level in levels if level != MISSING] or levels
    if term.reference is None:
        reference = max(known, key=lambda level: totals[level])
    elif term.reference in totals:
        reference = term.reference
    else:
        raise ValueError(
            f"term '{term.name}': reference '{term.reference}' does not occur; levels are {', '.join(levels)}"
        )
    return (reference, *(level for level in levels if level != reference))


def _named(term: Term, found: list[str], n: FloatArray) -> tuple[list[str], FloatArray]:
    """Give the labels with those that the term does not name as it says: an error, an own one, or no say."""
    strange = set(found) - {*term.levels, MISSING}
    if not term.levels or not strange:
        return found, n
    if term.unseen == "error":
        raise ValueError(
            f"term '{term.name}': level '{min(strange)}' is none of those that it names "
            f"({', '.join(term.levels)}); name it too, or say what an unseen level becomes"
        )
    if term.unseen == "own-category":
        return [OTHER if label in strange else label for label in found], n
    kept = [place for place, label in enumerate(found) if label not in strange]
    return [found[place] for place in kept], n[kept]


def _totals(found: Sequence[str], n: FloatArray) -> dict[str, float]:
    levels = sorted(set(found))
    return dict(zip(levels, np.bincount(codes(found, levels), weights=n).tolist(), strict=True))


def _length(strata: Columns) -> int:
    if not strata:
        raise ValueError("strata without columns have no length; give `rows`")
    return len(next(iter(strata.values())))
