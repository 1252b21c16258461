"""Case-mix terms: a variable and the form in which it enters a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from risk_models.encoding import Missing, TermKind, Unseen
from risk_models.spline import KNOT_QUANTILES

MISSING_RULES: Mapping[TermKind, tuple[Missing, ...]] = {
    "number": ("refuse", "median-and-flag"),
    "spline": ("refuse", "median-and-flag"),
    "category": ("own-category", "refuse"),
    "flag": ("refuse", "own-category"),
    "interaction": (),
}


@dataclass(frozen=True, slots=True)
class Term:
    """One case-mix variable and the form in which it enters the model.

    Parameters
    ----------
    name
        The column of the strata that holds it.
    kind
        `number` (a polynomial), `spline` (restricted cubic), `category` (one column for each level but the
        reference), `flag` (0 or 1) or `interaction` (products of the columns of other terms; its name is
        free).
    degree
        Highest power of a number.
    knots
        Of a spline: how many (3 to 7, at Harrell's quantiles), or where. None is 4.
    levels
        Of a category: those that stand alone; any other is unseen. None (empty) is all that there are at
        fitting. One that does not occur then has no effect to be estimated, and is unseen later on.
    reference
        Of a category: the level the others are set against. None is the most frequent known level.
    missing
        What a missing value becomes. `refuse`: an error. `own-category`, of a category: the level
        "(missing)"; of a flag: 0, with a column that says it was missing. `median-and-flag`, of a number or
        spline: the median, with such a column. None is `own-category` for a category, else `refuse`.
    unseen
        Of a category: what a level becomes that was not there at fitting, or is none of `levels`. `error`,
        `reference`, or `own-category`: "(other)", which is also made of the levels with fewer than
        `pool_below` records.
    pool_below
        Of a category with unseen levels in an own category: from how many records a level stands alone.
    of
        Of an interaction: the names of two or more other terms.

    Raises
    ------
    ValueError
        For an unknown kind, or an option that its kind does not have.
    """

    name: str
    kind: TermKind
    degree: int = 1
    knots: int | Sequence[float] | None = None
    levels: tuple[str, ...] = ()
    reference: str | None = None
    missing: Missing | None = None
    unseen: Unseen = "error"
    pool_below: float = 0.0
    of: tuple[str, ...] = ()

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
        if self.missing not in (None, *MISSING_RULES[self.kind]):
            raise ValueError(
                f"term '{self.name}': missing '{self.missing}' with kind '{self.kind}'; expected one of "
                f"{', '.join(MISSING_RULES[self.kind]) or 'none'}"
            )
        self._check_levels()
        if (self.kind == "interaction") != (len(self.of) >= 2):
            raise ValueError(
                f"term '{self.name}': of {self.of}; an interaction is of two or more other terms"
            )

    def _check_levels(self) -> None:
        if self.unseen not in get_args(Unseen) or (self.unseen != "error" and self.kind != "category"):
            raise ValueError(
                f"term '{self.name}': unseen '{self.unseen}' with kind '{self.kind}'; a category has "
                f"{', '.join(get_args(Unseen))}"
            )
        if self.levels and self.kind != "category":
            raise ValueError(f"term '{self.name}': levels belong to a category, not to a {self.kind}")
        pooled = self.pool_below > 0
        if pooled > (self.unseen == "own-category") or (
            self.unseen == "own-category" and not (pooled or self.levels)
        ):
            raise ValueError(
                f"term '{self.name}': unseen '{self.unseen}' with pool_below {self.pool_below:g}; an own "
                "category for unseen levels is made of those that `levels` does not name, or that have fewer "
                "records than pool_below"
            )

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
