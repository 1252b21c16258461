"""How the published score of an indicator is made: its test, its reference, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field, model_validator

from indicators.words import Part, fault_at

Beside = Literal["shrunken", "direct", "model-uncertainty", "overdispersion"]
Test = Literal[
    "exact",
    "exact-mid-p",
    "poisson",
    "poisson-mid-p",
    "byar",
    "normal",
    "z-score",
    "wilson",
    "spiegelhalter-2005",
    "spiegelhalter-2012",
    "shmi",
    "chi-square",
]
_COUNT_TESTS: tuple[Test, ...] = (
    "poisson",
    "poisson-mid-p",
    "byar",
    "z-score",
    "spiegelhalter-2005",
    "spiegelhalter-2012",
    "shmi",
    "chi-square",
)
_EVENT_TESTS: tuple[Test, ...] = tuple(test for test in get_args(Test) if test != "normal")
# Of each kind of outcome, the tests that it has; the first is what it takes without a word.
TESTS: Mapping[str, tuple[Test, ...]] = {
    "binary": _EVENT_TESTS,
    "top_box": _EVENT_TESTS,
    "count": _COUNT_TESTS,
    "time_to_event": _COUNT_TESTS,
    "continuous": ("normal",),
    "change": ("normal",),
    "structure": (),
}
ADDITIVE: tuple[Test, ...] = ("exact", "poisson", "normal", "z-score", "spiegelhalter-2012", "shmi")
MULTIPLICATIVE: tuple[Test, ...] = ("normal", "z-score", "spiegelhalter-2012", "shmi", "wilson")


class ReferencePeriod(Part):
    """A period whose case-mix model is kept and applied to all other periods.

    Attributes
    ----------
    period : str
        The period that the model is fitted on.
    recalibration : str
        What is done in the other periods. ``none``: nothing, so that a score also says how all providers
        together have changed; an adjusted rate is then at the level that the model expects of that period's
        patients. ``in-the-large``: the intercept is shifted until observed and expected have the
        same sum. ``re-centre``: the mean difference is added to every expectation of a value, as NHS England
        does; expectations of an event are multiplied by observed over expected.
    """

    period: str = Field(min_length=1)
    recalibration: Literal["none", "in-the-large", "re-centre"] = "none"


class Estimators(Part):
    """How the published score is made.

    Attributes
    ----------
    test : str or None
        What interval, limits and verdict rest on. None: the first that is named here for the outcome.

        Of an event: ``exact`` and ``exact-mid-p`` take the distribution of the number of events given the
        case mix; ``poisson``, ``poisson-mid-p`` and ``byar`` are for rare events only. Of a count or a time
        to event: ``poisson``, ``poisson-mid-p`` or ``byar``. Of a value: ``normal``.

        Of events and counts, to match a published practice: ``z-score``, ``wilson`` (a proportion without
        case mix), ``spiegelhalter-2005``, ``spiegelhalter-2012``, ``shmi``, ``chi-square``.
    overdispersion : str
        What the verdict allows for of more spread than chance. ``additive``: a variance between ordinary
        providers. ``multiplicative``: the variance times phi, the mean winsorised squared z-score, where that
        is above 1.
    beside : list of str
        What is published beside the score. ``shrunken``: the value drawn to the average by a random-intercept
        model of the period, predicted over expected, the probability of being worse than the norm (without
        one: than the average), and the rank. ``direct``: the rate that all patients would have there.
        ``model-uncertainty``: the interval when the uncertainty of the case-mix model is added, by a
        bootstrap of providers. ``overdispersion``: the interval when an additive over-dispersion is allowed
        for, or where the verdict allows for it, when it is not.
    standard_errors : str
        Of the effects of the case mix. ``model``: those of the fit. ``clustered``: they allow for patients of
        one provider being alike.
    reference : ReferencePeriod or None
        None: every period has a model of its own.
    """

    test: Test | None = None
    overdispersion: Literal["none", "additive", "multiplicative"] = "none"
    beside: list[Beside] = Field(default_factory=list)
    standard_errors: Literal["model", "clustered"] = "model"
    reference: ReferencePeriod | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Estimators:
        if len(set(self.beside)) < len(self.beside):
            raise fault_at("something stands here twice", "beside")
        return self

    def test_of(self, kind: str) -> Test | None:
        """The test of an outcome of this kind; None for a fact, of which there is nothing to test."""
        return self.test or next(iter(TESTS[kind]), None)


def check_estimators(
    estimators: Estimators, kind: str, *, modelled: bool, adjusted: bool, imputed: bool
) -> None:
    """Refuse estimators that do not go with the outcome, the case mix or one another.

    Parameters
    ----------
    estimators : Estimators
        What the definition asks for.
    kind : str
        Of the outcome.
    modelled : bool
        Whether the expectation comes from a model that is fitted here.
    adjusted : bool
        Whether it has a case mix.
    imputed : bool
        Whether missing values of it are imputed.

    Raises
    ------
    PydanticCustomError
        With the field at fault.
    """
    _check_test(estimators, kind, adjusted=adjusted)
    _check_beside(estimators, kind, modelled=modelled, imputed=imputed)
    if estimators.standard_errors == "clustered":
        if not (modelled and adjusted):
            raise fault_at("there is no case mix whose effects have errors", "estimators", "standard_errors")
        if imputed:
            message = "clustered errors do not go with multiple imputation: those are pooled over the copies"
            raise fault_at(message, "estimators", "standard_errors")
    reference = estimators.reference
    if reference and not modelled:
        raise fault_at("a reference needs a model that is fitted here", "estimators", "reference")
    if reference and kind == "time_to_event" and reference.recalibration != "none":
        message = "the hazards of a reference period are applied as they are: 'recalibration: none'"
        raise fault_at(message, "estimators", "reference", "recalibration")


def _check_test(estimators: Estimators, kind: str, *, adjusted: bool) -> None:
    test, wanted = estimators.test_of(kind), estimators.overdispersion
    if estimators.test is not None and estimators.test not in TESTS[kind]:
        known = ", ".join(f"'{name}'" for name in TESTS[kind]) or "none: it is not a sample"
        message = f"'{estimators.test}' does not go with a {kind} outcome; expected {known}"
        raise fault_at(message, "estimators", "test")
    if test == "wilson" and adjusted:
        message = "'wilson' is of a proportion without case mix; with one, 'z-score' has the same limits"
        raise fault_at(message, "estimators", "test")
    if wanted == "none":
        return
    having = [name for name in TESTS[kind] if name in (ADDITIVE if wanted == "additive" else MULTIPLICATIVE)]
    if test not in having:
        known = ", ".join(f"'{name}'" for name in having) or "none of this outcome"
        message = f"{wanted} over-dispersion does not go with test '{test}'; it goes with {known}"
        raise fault_at(message, "estimators", "overdispersion")


def _check_beside(estimators: Estimators, kind: str, *, modelled: bool, imputed: bool) -> None:
    for name in estimators.beside:
        reason = ""
        if name == "overdispersion":
            test = estimators.test_of(kind)
            plain = estimators.overdispersion == "none"
            reason = f"does not go with test '{test}'" if plain and test not in ADDITIVE else ""
        elif name == "direct":
            reason = "" if kind in ("binary", "top_box") else f"does not go with a {kind} outcome"
        elif not modelled:
            reason = "needs a model that is fitted here"
        elif imputed:
            reason = "does not go with multiple imputation"
        elif name == "model-uncertainty" and estimators.reference:
            reason = "is of a model of each period; with a reference the model is given"
        if reason:
            raise fault_at(f"'{name}' {reason}", "estimators", "beside")
