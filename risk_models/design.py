"""Case-mix terms and the design matrix they become: an encoding fitted once and kept with the model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from risk_models.spline import KNOT_QUANTILES, spline_basis, weighted_quantile
from risk_models.strata import Columns, FloatArray, IntArray, checked_n

TermKind: TypeAlias = Literal["number", "spline", "category", "flag"]

MISSING = "(missing)"
INTERCEPT = "(intercept)"

DEFAULT_KNOTS = 4


class UnseenLevel(ValueError):
    """A category has a level that was not there when the design was fitted.

    Attributes
    ----------
    term, level
        Which term, and the first such level.
    """

    def __init__(self, term: str, level: str, known: Sequence[str]) -> None:
        self.term = term
        self.level = level
        super().__init__(
            f"term '{term}': level '{level}' was not seen when the model was fitted (known: "
            f"{', '.join(known)}); recode it to one of these, or fit the model anew"
        )


@dataclass(frozen=True, slots=True)
class Term:
    """One case-mix variable and the form in which it enters the model.

    Parameters
    ----------
    name
        The column of the strata that holds it.
    kind
        `number` (a polynomial), `spline` (restricted cubic), `category` (one column for each level but the
        reference) or `flag` (0 or 1).
    degree
        Highest power of a number.
    knots
        Of a spline: how many (3 to 7, at Harrell's quantiles), or where. None is 4.
    reference
        Of a category: the level the others are set against. None is the most frequent known level.

    Raises
    ------
    ValueError
        For an unknown kind, or an option that its kind does not have.
    """

    name: str
    kind: TermKind
    degree: int = 1
    knots: int | Sequence[float] | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(TermKind):
            raise ValueError(
                f"term '{self.name}': kind '{self.kind}' is none of {', '.join(get_args(TermKind))}"
            )
        if self.degree < 1 or (self.degree > 1 and self.kind != "number"):
            raise ValueError(
                f"term '{self.name}': degree {self.degree} with kind '{self.kind}'; "
                "expected 1 or more, and only a number has powers"
            )
        if self.reference is not None and self.kind != "category":
            raise ValueError(f"term '{self.name}': a reference belongs to a category, not to a {self.kind}")
        if self.knots is not None:
            self._check_knots(self.knots)

    def _check_knots(self, knots: int | Sequence[float]) -> None:
        if self.kind != "spline":
            raise ValueError(f"term '{self.name}': knots belong to a spline, not to a {self.kind}")
        if isinstance(knots, int):
            if knots not in KNOT_QUANTILES:
                raise ValueError(f"term '{self.name}': {knots} knots; expected 3 to 7")
        elif len(knots) < 3 or any(right <= left for left, right in pairwise(knots)):
            raise ValueError(
                f"term '{self.name}': knots at {knots}; expected at least 3, in increasing order"
            )


@dataclass(frozen=True, slots=True)
class FittedTerm:
    """A term with all it needs to encode new strata in the same way.

    Attributes
    ----------
    name, kind, degree
        As in `Term`.
    centre
        Subtracted from a number or spline variable, in its own unit, so that powers do not grow alike and
        the intercept belongs to a usual patient; rounded, so that it reads well. Coefficients stay per
        unit.
    knots
        Of a spline, in the unit of the variable.
    levels
        Of a category, the reference first.
    missing_with
        Of a category: an earlier term that is missing in exactly the same strata, or "". One column cannot
        be told from the other, so the earlier term's "(missing)" stands for both.
    """

    name: str
    kind: TermKind
    degree: int = 1
    centre: float = 0.0
    knots: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    missing_with: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns this term becomes, in order."""
        if self.kind == "category":
            return tuple(f"{self.name}={level}" for level in self.levels[1:])
        if self.kind == "number":
            return (self.name, *(f"{self.name}^{power}" for power in range(2, self.degree + 1)))
        if self.kind == "spline":
            return tuple(self.name + "'" * primes for primes in range(len(self.knots) - 1))
        return (self.name,)

    def encode(self, values: NDArray[Any]) -> FloatArray:
        """Give the columns of this term, shape (strata, len(columns)).

        Raises
        ------
        UnseenLevel
            For a level that was not there at fitting.
        ValueError
            For a number that is missing or not finite, or a flag that is not 0 or 1.
        """
        return _ENCODE[self.kind](self, values)

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary of plain values that `from_dict` turns back into an equal term."""
        return {
            "name": self.name,
            "kind": self.kind,
            "degree": self.degree,
            "centre": self.centre,
            "knots": list(self.knots),
            "levels": list(self.levels),
            "missing_with": self.missing_with,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "FittedTerm":
        """Read what `to_dict` wrote."""
        return cls(**{**stored, "knots": tuple(stored["knots"]), "levels": tuple(stored["levels"])})


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
        parts = [np.ones((rows, 1))]
        for term in self.terms:
            values = column_of(strata, term.name, rows=rows)
            if term.missing_with:
                other = column_of(strata, term.missing_with, rows=rows)
                if np.any(_missing(values) != _missing(other)):
                    raise UnseenLevel(term.name, f"{MISSING} apart from {term.missing_with}", term.levels)
            parts.append(term.encode(values))
        return np.hstack(parts)

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
    columns = {name: column_of(strata, name, rows=len(seen))[seen] for name in names}
    fitted = [_fit_term(term, columns[term.name], weights[seen]) for term in terms]
    return Design(terms=_merge_missing(fitted, columns))


def _merge_missing(terms: Sequence[FittedTerm], columns: Columns) -> tuple[FittedTerm, ...]:
    """Let one "(missing)" column stand for all terms that are missing together, such as age and sex."""
    merged: list[FittedTerm] = []
    owners: dict[bytes, str] = {}
    for term in terms:
        if MISSING in term.levels[1:]:
            owner = owners.setdefault(_missing(columns[term.name]).tobytes(), term.name)
            if owner != term.name:
                levels = tuple(level for level in term.levels if level != MISSING)
                term = replace(term, levels=levels, missing_with=owner)
        merged.append(term)
    return tuple(merged)


def _fit_term(term: Term, values: NDArray[Any], n: FloatArray) -> FittedTerm:
    if term.kind == "category":
        return FittedTerm(term.name, term.kind, levels=_fit_levels(term, values, n))
    if term.kind == "flag":
        _flags(term.name, values)
        return FittedTerm(term.name, term.kind)
    x = _numbers(term.name, values)
    knots = _fit_knots(term, x, n) if term.kind == "spline" else ()
    return FittedTerm(term.name, term.kind, degree=term.degree, centre=_centre(x, n), knots=knots)


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
    labels = _labels(term.name, values)
    levels = sorted(set(labels))
    totals = dict(zip(levels, np.bincount(_codes(labels, levels), weights=n), strict=True))
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


def _encode_number(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    x = _numbers(term.name, values) - term.centre
    return np.column_stack([x**power for power in range(1, term.degree + 1)])


def _encode_spline(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    x = _numbers(term.name, values)
    return np.column_stack([x - term.centre, spline_basis(x, term.knots)])


def _encode_flag(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    return _flags(term.name, values)[:, None]


def _encode_category(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    labels = _labels(term.name, values)
    if term.missing_with:
        labels = [term.levels[0] if label == MISSING else label for label in labels]
    unseen = sorted(set(labels) - set(term.levels))
    if unseen:
        raise UnseenLevel(term.name, unseen[0], term.levels)
    codes = _codes(labels, term.levels)
    result: FloatArray = (codes[:, None] == np.arange(1, len(term.levels))).astype(np.float64)
    return result


_ENCODE: Mapping[TermKind, Callable[[FittedTerm, NDArray[Any]], FloatArray]] = {
    "number": _encode_number,
    "spline": _encode_spline,
    "category": _encode_category,
    "flag": _encode_flag,
}


def _labels(name: str, values: NDArray[Any]) -> list[str]:
    """Levels as strings; None, NaN and masked values are the level "(missing)"."""
    plain = np.ma.getdata(values).tolist()
    # one label for each distinct value: there may be millions of records
    label = {value: _label(name, value) for value in set(plain)}
    hidden = np.ma.getmaskarray(values)
    if hidden.any():
        return [MISSING if masked else label[value] for value, masked in zip(plain, hidden, strict=True)]
    return [label[value] for value in plain]


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a category has no value."""
    data = np.ma.getdata(values)
    nothing = np.fromiter((value is None or value != value for value in data.tolist()), bool, len(data))
    return nothing | np.ma.getmaskarray(values)


def _label(name: str, value: object) -> str:
    if value is None or value != value:
        return MISSING
    if isinstance(value, str | int):
        return str(value)
    raise ValueError(f"term '{name}': level {value!r} is neither text nor a whole number")


def _codes(labels: Sequence[str], levels: Sequence[str]) -> IntArray:
    index = {level: position for position, level in enumerate(levels)}
    return np.fromiter((index[label] for label in labels), dtype=np.int64, count=len(labels))


def _numbers(name: str, values: NDArray[Any]) -> FloatArray:
    plain = np.asarray(np.ma.getdata(values))
    texts = plain.dtype.kind in "US"
    if plain.dtype.kind == "O":
        texts = any(isinstance(value, str) for value in plain)
    if texts:
        raise ValueError(f"term '{name}': holds text; expected numbers (a text is a category)")
    x: FloatArray = np.where(np.ma.getmaskarray(values), np.nan, plain.astype(np.float64))
    wrong = ~np.isfinite(x)
    if wrong.any():
        raise ValueError(
            f"term '{name}': {int(wrong.sum())} of {len(x)} strata have no finite value (first: stratum "
            f"{int(np.flatnonzero(wrong)[0])}); leave these records out, or make the term a category"
        )
    return x


def _flags(name: str, values: NDArray[Any]) -> FloatArray:
    x = _numbers(name, values)
    wrong = (x != 0) & (x != 1)
    if wrong.any():
        raise ValueError(f"term '{name}': value {x[wrong][0]:g} in a flag; expected 0 or 1")
    return x


def column_of(strata: Columns, name: str, *, rows: int) -> NDArray[Any]:
    """Return the column of a term; raise ValueError when it is absent or not `rows` long."""
    if name not in strata:
        raise ValueError(
            f"term '{name}': the strata have no such column; they have {', '.join(strata) or 'none'}"
        )
    column = np.asanyarray(strata[name])
    if column.shape != (rows,):
        raise ValueError(f"term '{name}': expected {rows} strata in one column, got shape {column.shape}")
    return column


def _length(strata: Columns) -> int:
    if not strata:
        raise ValueError("strata without columns have no length; give `rows`")
    return len(next(iter(strata.values())))
