"""How the published score of an indicator is made: its test, its reference, and what stands beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from indicators.words import Part, fault_at

Beside = Literal["shrunken", "direct"]


class ReferencePeriod(Part):
    """A period whose case-mix model is kept and applied to all other periods.

    Attributes
    ----------
    period : str
        The period that the model is fitted on.
    recalibration : str
        What is done in the other periods. ``none``: nothing, so that a score also says how all providers
        together have changed. ``in-the-large``: the intercept is shifted until observed and expected have the
        same sum. ``re-centre``: the mean difference is added to every expectation of a value, as NHS England
        does; expectations of an event are multiplied by observed over expected.
    """

    period: str = Field(min_length=1)
    recalibration: Literal["none", "in-the-large", "re-centre"] = "none"


class Estimators(Part):
    """How the published score is made.

    Attributes
    ----------
    test : str
        Of an event: what interval, limits and verdict rest on. ``exact`` and ``exact-mid-p`` take the
        distribution of the number of events given the case mix; ``poisson``, ``poisson-mid-p`` and ``byar``
        are for rare events only.
    overdispersion : str
        Of an event: ``additive`` lets the verdict allow for a variance between ordinary providers.
    beside : list of str
        What is published beside the score. ``shrunken``: the value drawn to the average by a random-intercept
        model of the period, predicted over expected, the probability of being worse than the norm (without
        one: than the average), and the rank. ``direct``: the rate that all patients would have there.
    reference : ReferencePeriod or None
        None: every period has a model of its own.
    """

    test: Literal["exact", "exact-mid-p", "poisson", "poisson-mid-p", "byar"] = "exact"
    overdispersion: Literal["none", "additive"] = "none"
    beside: list[Beside] = Field(default_factory=list)
    reference: ReferencePeriod | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Estimators:
        if self.overdispersion != "none" and self.test not in ("exact", "poisson"):
            message = f"over-dispersion goes with test 'exact' or 'poisson', not with '{self.test}'"
            raise fault_at(message, "overdispersion")
        if len(set(self.beside)) < len(self.beside):
            raise fault_at("something stands here twice", "beside")
        return self


def check_estimators(estimators: Estimators, kind: str, *, modelled: bool) -> None:
    """Refuse estimators that an outcome of this kind does not have.

    Parameters
    ----------
    estimators : Estimators
        What the definition asks for.
    kind : str
        Of the outcome.
    modelled : bool
        Whether the expectation comes from a model that is fitted here.

    Raises
    ------
    PydanticCustomError
        With the field at fault.
    """
    if kind != "binary":
        for field, plain in (("test", "exact"), ("overdispersion", "none")):
            if getattr(estimators, field) != plain:
                raise fault_at(f"this goes with a binary outcome, not with a {kind} one", "estimators", field)
        if "direct" in estimators.beside:
            message = f"'direct' goes with a binary outcome, not with a {kind} one"
            raise fault_at(message, "estimators", "beside")
    if not modelled:
        if "shrunken" in estimators.beside:
            message = "'shrunken' needs a model that is fitted here"
            raise fault_at(message, "estimators", "beside")
        if estimators.reference:
            raise fault_at("a reference needs a model that is fitted here", "estimators", "reference")
