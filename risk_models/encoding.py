"""How the values of one case-mix term become columns, by an encoding that was fixed when it was fitted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from risk_models.spline import spline_basis
from risk_models.strata import Columns, FloatArray, IntArray

TermKind: TypeAlias = Literal["number", "spline", "category", "flag", "interaction"]
Missing: TypeAlias = Literal["refuse", "own-category", "median-and-flag"]
Unseen: TypeAlias = Literal["error", "reference", "own-category"]

MISSING = "(missing)"
OTHER = "(other)"


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
        An earlier term that is missing in exactly the same strata, or "". One column cannot be told from
        the other, so the earlier term's "(missing)" stands for both.
    fill
        Of a number, spline or flag: the value that a missing one gets; None refuses missing values.
    unseen
        What becomes of a level that was not there at fitting.
    products
        Of an interaction: names of its columns.
    of
        Of an interaction: names of the terms whose columns are multiplied.
    """

    name: str
    kind: TermKind
    degree: int = 1
    centre: float = 0.0
    knots: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    missing_with: str = ""
    fill: float | None = None
    unseen: Unseen = "error"
    products: tuple[str, ...] = ()
    of: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns this term becomes, in order."""
        if self.kind == "interaction":
            return self.products
        if self.kind == "category":
            return tuple(f"{self.name}={level}" for level in self.levels[1:])
        names: tuple[str, ...] = (self.name,)
        if self.kind == "number":
            names = (self.name, *(f"{self.name}^{power}" for power in range(2, self.degree + 1)))
        if self.kind == "spline":
            names = tuple(self.name + "'" * primes for primes in range(len(self.knots) - 1))
        return (*names, f"{self.name}={MISSING}") if self._has_flag else names

    @property
    def _has_flag(self) -> bool:
        """Whether a last column says that the value was missing."""
        return self.fill is not None and not self.missing_with

    def encode(self, values: NDArray[Any]) -> FloatArray:
        """Give the columns of this term, shape (strata, len(columns)); not of an interaction.

        Raises
        ------
        UnseenLevel
            For a level that was not there at fitting, when that is to be an error.
        ValueError
            For a number that is missing (when that is refused) or not finite, or a flag that is not 0 or 1.
        """
        if self.kind == "category":
            return _encode_category(self, values)
        if self.fill is None:
            return _ENCODE[self.kind](self, values)
        gone = missing(values)
        filled = np.where(gone, self.fill, np.ma.getdata(values))
        columns = _ENCODE[self.kind](self, filled)
        return np.column_stack([columns, gone]) if self._has_flag else columns

    def shown(self, values: NDArray[Any]) -> dict[str, FloatArray]:
        """Give what people read of this term: 0 or 1 for each level, or the values under ""; not encoded.

        Each of shape (strata,); NaN where a number or flag is missing, with "(missing)" saying where.
        """
        if self.kind == "category":
            found = np.array(_known_labels(self, values))
            return {level: (found == level).astype(np.float64) for level in self.levels}
        gone = missing(values)
        plain = np.where(gone, np.nan, np.where(gone, 0, np.ma.getdata(values)).astype(np.float64))
        return {"": plain, MISSING: gone.astype(np.float64)} if gone.any() else {"": plain}

    def to_dict(self) -> dict[str, Any]:
        """Give a dictionary of plain values that `from_dict` turns back into an equal term."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "FittedTerm":
        """Read what `to_dict` wrote."""
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**plain)


def _encode_number(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    x = numbers(term.name, values) - term.centre
    return np.column_stack([x**power for power in range(1, term.degree + 1)])


def _encode_spline(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    x = numbers(term.name, values)
    return np.column_stack([x - term.centre, spline_basis(x, term.knots)])


def _encode_flag(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    return flags(term.name, values)[:, None]


def _encode_category(term: FittedTerm, values: NDArray[Any]) -> FloatArray:
    place = codes(_known_labels(term, values), term.levels)
    result: FloatArray = (place[:, None] == np.arange(1, len(term.levels))).astype(np.float64)
    return result


def _known_labels(term: FittedTerm, values: NDArray[Any]) -> list[str]:
    """Levels as strings, with what was not there at fitting dealt with as the term says."""
    found = labels(term.name, values)
    if term.missing_with:
        found = [term.levels[0] if label == MISSING else label for label in found]
    unseen = sorted(set(found) - set(term.levels))
    if not unseen:
        return found
    if term.unseen == "error" or (term.unseen == "own-category" and OTHER not in term.levels):
        raise UnseenLevel(term.name, unseen[0], term.levels)
    instead = term.levels[0] if term.unseen == "reference" else OTHER
    strange = set(unseen)
    return [instead if label in strange else label for label in found]


_ENCODE: Mapping[TermKind, Callable[[FittedTerm, NDArray[Any]], FloatArray]] = {
    "number": _encode_number,
    "spline": _encode_spline,
    "flag": _encode_flag,
}


def labels(name: str, values: NDArray[Any]) -> list[str]:
    """Levels as strings; None, NaN and masked values are the level "(missing)"."""
    plain = np.ma.getdata(values).tolist()
    # one label for each distinct value: there may be millions of records
    label = {value: _label(name, value) for value in set(plain)}
    hidden = np.ma.getmaskarray(values)
    if hidden.any():
        return [MISSING if masked else label[value] for value, masked in zip(plain, hidden, strict=True)]
    return list(map(label.__getitem__, plain))


def missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column has no value: masked, None or NaN."""
    data = np.ma.getdata(values)
    nothing: NDArray[np.bool_]
    if data.dtype.kind in "biuf":
        nothing = data != data
    else:
        nothing = np.fromiter((value is None or value != value for value in data.tolist()), bool, len(data))
    empty: NDArray[np.bool_] = nothing | np.ma.getmaskarray(values)
    return empty


def _label(name: str, value: object) -> str:
    if value is None or value != value:
        return MISSING
    if isinstance(value, str | int):
        return str(value)
    raise ValueError(f"term '{name}': level {value!r} is neither text nor a whole number")


def codes(found: Sequence[str], levels: Sequence[str]) -> IntArray:
    """Give the position of each label among the levels."""
    index = {level: position for position, level in enumerate(levels)}
    return np.fromiter(map(index.__getitem__, found), dtype=np.int64, count=len(found))


def numbers(name: str, values: NDArray[Any]) -> FloatArray:
    """Return a column as finite numbers; raise ValueError otherwise."""
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
            f"{int(np.flatnonzero(wrong)[0])}); leave these records out, or say what a missing value becomes"
        )
    return x


def flags(name: str, values: NDArray[Any]) -> FloatArray:
    """Return a column of 0 and 1; raise ValueError otherwise."""
    x = numbers(name, values)
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
