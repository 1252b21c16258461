"""A question about the events of providers, and its answer: value, interval, limits, verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from risk_models.event_tests import EventTest, Tested, count_test
from risk_models.published_tests import (
    ADDITIVE,
    MULTIPLICATIVE,
    NEEDS_EVENTS,
    PublishedTest,
    Sizes,
    published_test,
)
from risk_models.strata import FloatArray
from risk_models.verdict import Limits, bands, checked_levels, not_assessable

AnyTest: TypeAlias = EventTest | PublishedTest


@dataclass(frozen=True, slots=True, eq=False)
class BinaryScores:
    """Scores of an event or a count, one a provider; all arrays have shape (providers,).

    Attributes
    ----------
    n, observed, expected
        Records (of a count: exposure), events, and the events expected; each record for its weight.
    variance
        Of the number of events given the case mix: the sum of w^2 p(1 - p), with w the weight; of a count,
        that of `expected`.
    ratio
        O/E; NaN without records.
    reference
        The rate of a provider with as many events as expected: that of all together unless another was given.
        A proportion, or events per unit of exposure; of a time to event, a chance by the horizon.
    adjusted
        Indirectly standardised rate, ratio times reference. As a proportion it can exceed 1.
    lower, upper
        The interval of `adjusted` at the inner level, of the test.
    limits
        Funnel limits of `adjusted`, of the test.
    band, reason
        The verdict, and why a provider is not assessable ("" where it is).
    test
        The test that interval, limits, p-values and verdict rest on.
    norm
        The adjusted rate that providers are tested against.
    tau2, phi
        Over-dispersion that the verdict allows for: a variance added on the scale of the test (that of O/E
        for `exact`, `poisson` and `z-score`), or what multiplies the variance.
    p_low, p_high
        One-sided p-values: the chance of as few, or as many, events if the norm were true.
    """

    n: FloatArray
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    ratio: FloatArray
    reference: float
    adjusted: FloatArray
    lower: FloatArray
    upper: FloatArray
    limits: Limits
    band: NDArray[np.str_]
    reason: NDArray[np.str_]
    test: AnyTest
    norm: float
    tau2: float
    phi: float
    p_low: FloatArray
    p_high: FloatArray

    @property
    def p(self) -> FloatArray:
        """Two-sided p-values: twice the smaller tail, at most 1; NaN where there is no test."""
        result: FloatArray = np.minimum(2 * np.minimum(self.p_low, self.p_high), 1.0)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums of each provider, as in `BinaryScores`."""

    n: FloatArray
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    reference: float


@dataclass(frozen=True, slots=True)
class Question:
    """What is tested, and how; `ratio` is the norm as a ratio to what is expected."""

    test: AnyTest
    norm: float
    ratio: float
    levels: tuple[float, float]
    tau2: float
    phi: float


def asked(
    reference: float,
    *,
    test: AnyTest,
    norm: float | None,
    levels: Sequence[float],
    tau2: float,
    phi: float = 1.0,
) -> Question:
    """Check what is asked, with the rate of all providers; see `standardise.score_binary`."""
    known = (*get_args(EventTest), *get_args(PublishedTest))
    if test not in known:
        raise ValueError(f"test '{test}' is none of {', '.join(known)}")
    if not 0 <= tau2 < np.inf:
        raise ValueError(f"tau2: {tau2} is no variance; expected 0 or more")
    if tau2 > 0 and test not in ("exact", "poisson", *ADDITIVE):
        raise ValueError(f"test '{test}' has no form with over-dispersion; use 'poisson' or 'exact'")
    if phi != 1 and not (1 < phi < np.inf and test in MULTIPLICATIVE):
        takes = ", ".join(MULTIPLICATIVE)
        raise ValueError(f"phi: {phi} with test '{test}'; expected 1, or more with {takes}")
    if norm is not None and test in get_args(PublishedTest):
        raise ValueError(f"test '{test}' holds providers against all of them, not against a norm of {norm}")
    if norm is not None and not 0 < norm < np.inf:
        raise ValueError(f"norm: {norm} is no rate to test against; expected above 0")
    at = reference if norm is None else norm
    ratio = 1.0 if norm is None else norm / reference if reference > 0 else np.nan
    return Question(test=test, norm=at, ratio=ratio, levels=checked_levels(levels), tau2=tau2, phi=phi)


def unjudged(test: AnyTest) -> str:
    """Say why a test gives no answer for a provider with records."""
    if test in NEEDS_EVENTS:
        return f"no events: test '{test}' cannot judge that"
    return "the norm expects an event in every record"


def counted(sums: Sums, question: Question, *, records: FloatArray | None = None) -> Tested:
    """Test the sums of providers by a test that looks at nothing else.

    Parameters
    ----------
    sums, question
        The providers, and what is asked.
    records
        Records of each, where all have the same risk; see `published_tests.Sizes`.
    """
    levels, tau2, test = question.levels, question.tau2, question.test
    if test in get_args(PublishedTest):
        sizes = Sizes(sums.observed, sums.expected, sums.variance, records)
        named = cast(PublishedTest, test)
        return published_test(named, sizes, levels=levels, tau2=tau2, phi=question.phi)
    return count_test(
        sums.observed,
        sums.expected,
        ratio=question.ratio,
        levels=levels,
        test=cast(EventTest, test),
        tau2=tau2,
    )


def answered(
    sums: Sums, question: Question, tested: Tested, *, minimum_n: float, minimum_expected: float
) -> BinaryScores:
    """Give the scores that follow from a test; providers below the minimum are not judged."""
    known = np.where(sums.n > 0, sums.expected, np.nan)
    ratio = sums.observed / known
    reason = not_assessable(
        sums.n, minimum_n=minimum_n, expected=sums.expected, minimum_expected=minimum_expected
    )
    reason[(reason == "") & np.isnan(tested.p_low)] = unjudged(question.test)
    reference = sums.reference
    low998, low95, high95, high998 = tested.limits
    return BinaryScores(
        n=sums.n,
        observed=sums.observed,
        expected=sums.expected,
        variance=sums.variance,
        ratio=ratio,
        reference=reference,
        adjusted=ratio * reference,
        lower=tested.lower * reference,
        upper=tested.upper * reference,
        limits=Limits(
            low998=low998 / known * reference,
            low95=low95 / known * reference,
            high95=high95 / known * reference,
            high998=high998 / known * reference,
            levels=question.levels,
        ),
        band=bands(sums.observed, Limits(low998, low95, high95, high998, levels=question.levels), reason),
        reason=reason,
        test=question.test,
        norm=question.norm,
        tau2=question.tau2,
        phi=question.phi,
        p_low=tested.p_low,
        p_high=tested.p_high,
    )
