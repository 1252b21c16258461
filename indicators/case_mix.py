"""The case mix of an indicator: terms, levels, and what becomes of values that are missing or new."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from indicators.bands import band_names, check_rising
from indicators.words import ColumnName, Part, fault_at

# A case-mix term is a column of the patterns, beside these (strata.patterns_select).
RESERVED_TERMS = ("n", "records", "sum_y", "sum_y2")
FEWEST_KNOTS, MOST_KNOTS = 3, 7


class CaseMixTerm(Part):
    """One term of the case-mix model.

    Attributes
    ----------
    term : str
        Column of the dataset; of an interaction a name of its own.
    kind : str
        ``number``, ``spline``, ``category``, ``flag`` or ``interaction``.
    degree : int
        For a number: 2 adds its square.
    knots : int or list of number
        For a spline: how many (3 to 7), placed at fixed quantiles when the model is fitted and kept with
        it; or where they are.
    cuts : list of number
        For a category of a number: where one band ends and the next begins. ``cuts: [20, 35]`` makes
        ``<20``, ``20-<35`` and ``>=35``.
    levels : list of str
        For a category: the levels that have an effect of their own. None: those that are there when the
        model is fitted, which are kept with it.
    unseen : str
        For a category: what becomes of a level that the model does not know. ``error``: no score in that
        period, and a note. ``reference``: it counts as the reference. ``own-category``: it goes with the
        levels that ``levels`` does not name, or that have fewer records than ``pool_below``.
    pool_below : int
        With ``unseen: own-category``: levels with fewer records are taken together.
    missing : str
        ``report``: complete cases; a record without a value is counted as missing and not scored.
        ``own-category``: no value is a category of its own (for ``category``), or has an effect of its own
        (for ``flag``). ``median-and-flag``: the median, with an effect of its own (for ``number`` and
        ``spline``). ``multiple-imputation``: values of other records, several times over, pooled by Rubin's
        rules; see `Imputation`.
    of : list of str
        For an interaction: the terms whose effects depend on one another.
    """

    term: ColumnName
    kind: Literal["number", "spline", "category", "flag", "interaction"] = Field(alias="as")
    degree: int = Field(default=1, ge=1, le=3)
    knots: int | list[Decimal] | None = None
    cuts: list[Decimal] | None = Field(default=None, min_length=1)
    levels: list[str] | None = Field(default=None, min_length=2)
    reference: str | None = None
    unseen: Literal["error", "reference", "own-category"] = "error"
    pool_below: int | None = Field(default=None, ge=2)
    missing: Literal["report", "own-category", "median-and-flag", "multiple-imputation"] = "report"
    of: list[ColumnName] | None = Field(default=None, min_length=2)

    @model_validator(mode="after")
    def _options_fit(self) -> CaseMixTerm:
        if self.degree != 1 and self.kind != "number":
            raise fault_at("a degree goes with 'as: number'", "degree")
        if (self.knots is not None) != (self.kind == "spline"):
            raise fault_at("knots go with 'as: spline', and a spline needs them", "knots")
        if self.reference is not None and self.kind != "category":
            raise fault_at("a reference goes with 'as: category'", "reference")
        if (self.of is not None) != (self.kind == "interaction"):
            raise fault_at("'of' goes with 'as: interaction', and an interaction needs it", "of")
        if self.missing != "report" and self.missing not in _MISSING_RULES[self.kind]:
            raise fault_at(_no_rule(self.term, self.kind, self.missing), "missing")
        if self.term in RESERVED_TERMS:
            raise fault_at(f"'{self.term}' is the name of a sum of the model: rename it", "term")
        return self

    @model_validator(mode="after")
    def _places_fit(self) -> CaseMixTerm:
        if isinstance(self.knots, int) and not FEWEST_KNOTS <= self.knots <= MOST_KNOTS:
            raise fault_at(f"expected {FEWEST_KNOTS} to {MOST_KNOTS} knots, or their places", "knots")
        if isinstance(self.knots, list):
            check_rising(self.knots, "knots", fewest=FEWEST_KNOTS)
        if self.cuts is None:
            return self
        if self.kind != "category":
            raise fault_at("cuts make bands of a number: write 'as: category'", "cuts")
        check_rising(self.cuts, "cuts", fewest=1)
        if self.reference is not None and self.reference not in self.bands:
            raise fault_at(f"expected one of the bands {', '.join(self.bands)}", "reference")
        return self

    @model_validator(mode="after")
    def _levels_fit(self) -> CaseMixTerm:
        for field in ("levels", "pool_below"):
            if getattr(self, field) is not None and self.kind != "category":
                raise fault_at(f"'{field}' goes with 'as: category'", field)
        if self.unseen != "error" and self.kind != "category":
            raise fault_at("only a category has levels that were not seen before", "unseen")
        if self.levels is not None:
            if self.cuts is not None:
                raise fault_at("the cuts make the levels: give either", "levels")
            if len(set(self.levels)) < len(self.levels):
                raise fault_at("a level stands here twice", "levels")
            if self.reference is not None and self.reference not in self.levels:
                raise fault_at(f"expected one of the levels {', '.join(self.levels)}", "reference")
        if self.pool_below is not None and self.unseen != "own-category":
            raise fault_at("'pool_below' goes with 'unseen: own-category'", "pool_below")
        if self.unseen == "own-category" and self.pool_below is None and self.levels is None:
            message = (
                "an own category needs records to estimate its effect on: give 'levels', so that it holds "
                "all others, or 'pool_below'"
            )
            raise fault_at(message, "unseen")
        return self

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that the cuts make, from low to high; none without cuts."""
        return () if self.cuts is None else band_names(self.cuts)


class Imputation(Part):
    """How values are filled in of terms with ``missing: multiple-imputation``.

    A record gets what it misses from one other record that has the same outcome and misses none of it, drawn
    at random, the same at every run.

    Attributes
    ----------
    copies : int
        How many times over.
    within : list of str
        Categories and flags of the case mix that the other record has in common with it.
    """

    copies: int = Field(default=20, ge=2, le=100)
    within: list[ColumnName] = Field(default_factory=list)


def check_imputation(terms: Sequence[CaseMixTerm], imputation: Imputation | None, *, events: bool) -> None:
    """Refuse imputation that does not go with the terms or the outcome.

    Parameters
    ----------
    terms : sequence of CaseMixTerm
        The case mix.
    imputation : Imputation or None
        What the definition says of it.
    events : bool
        Whether a record meets the outcome or does not.

    Raises
    ------
    PydanticCustomError
        With the field at fault.
    """
    imputed = [number for number, term in enumerate(terms) if term.missing == "multiple-imputation"]
    if not imputed:
        if imputation is not None:
            message = "there is nothing to impute: give a term 'missing: multiple-imputation'"
            raise fault_at(message, "imputation")
        return
    if not events:
        message = "multiple imputation goes with an outcome that a record meets or does not"
        raise fault_at(message, "case_mix", imputed[0], "missing")
    for name in imputation.within if imputation else ():
        known = [t for t in terms if t.term == name and t.kind in ("category", "flag")]
        if not known or known[0].missing == "multiple-imputation":
            message = f"'{name}' is no category or flag of the case mix with a value for every record"
            raise fault_at(message, "imputation", "within")


def check_case_mix(terms: Sequence[CaseMixTerm]) -> None:
    """Refuse terms that do not go together.

    Raises
    ------
    PydanticCustomError
        With the field at fault: a name that stands there twice, or an interaction of what is no term.
    """
    names = [term.term for term in terms]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise fault_at(f"'{name}' stands here twice", "case_mix", number, "term")
    plain = {term.term for term in terms if term.kind != "interaction"}
    for number, term in enumerate(terms):
        for name in term.of or ():
            if name not in plain:
                message = f"'{name}' is no term of its own here: give it one beside the interaction"
                raise fault_at(message, "case_mix", number, "of")
        if len(set(term.of or ())) < len(term.of or ()):
            raise fault_at("a term does not depend on itself: each once", "case_mix", number, "of")


_MISSING_RULES = {
    "number": ("median-and-flag", "multiple-imputation"),
    "spline": ("median-and-flag", "multiple-imputation"),
    "category": ("own-category", "multiple-imputation"),
    "flag": ("own-category", "multiple-imputation"),
    "interaction": (),
}


def _no_rule(term: str, kind: str, rule: str) -> str:
    if kind == "interaction":
        return "an interaction has no values of its own: say it at its terms"
    if rule == "own-category":
        return (
            f"a {kind} has no category of its own: use 'missing: report' or 'median-and-flag', or make bands "
            f"of '{term}' with 'as: category' and 'cuts'"
        )
    return f"a {kind} has no median: use 'missing: report' or 'own-category'"
