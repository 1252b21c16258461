"""Scores of providers: the events observed against those their case mix led to expect."""

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from risk_models.event_scores import AnyTest, BinaryScores, Question, Sums, answered, asked, counted
from risk_models.event_tests import Tested, case_mix_test
from risk_models.mean_scores import MeanScores, score_mean
from risk_models.published_tests import PublishedTest
from risk_models.record_weights import HUNDREDTHS, checked_weight, lattice
from risk_models.regression import CannotFit
from risk_models.strata import (
    FloatArray,
    IntArray,
    checked,
    checked_counts,
    checked_events,
    checked_n,
    checked_provider,
    checked_risk,
    checked_whole,
    overall,
    per_provider,
)
from risk_models.verdict import LEVELS

__all__ = ["BinaryScores", "MeanScores", "score_binary", "score_count", "score_mean"]

# Share of the Poisson variance that the case mix leaves, sum p(1 - p) over sum p, from which an event is
# rare enough for a Poisson test: an average risk of about a tenth.
RARE = 0.9


def score_binary(
    provider: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    risk: ArrayLike,
    *,
    providers: int,
    minimum_n: float = 1,
    minimum_expected: float = 0.0,
    test: AnyTest = "exact",
    norm: float | None = None,
    levels: Sequence[float] = LEVELS,
    tau2: float = 0.0,
    phi: float = 1.0,
    weight: ArrayLike | None = None,
    reference: float | None = None,
) -> BinaryScores:
    """Score an event: O/E, the indirectly standardised rate, and by default the exact case-mix verdict.

    A record may count in part for a provider, with a weight: O and E then are sums of weights, and the exact
    test is that of a weighted sum of events.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, events
        Records and events per stratum of one provider; whole numbers.
    risk
        Expected risk of one record of the stratum, strictly between 0 and 1; from a model of our own or
        from elsewhere.
    providers
        How many providers there are; one without strata is scored NaN and not assessable.
    minimum_n, minimum_expected
        Fewest records and expected events with which a provider is judged.
    test
        `exact` and `exact-mid-p`, with the case-mix distribution of the number of events; `poisson`,
        `poisson-mid-p` and `byar` for rare events only; or one of `published_tests`, which have their form
        for a proportion where all records have the same risk.
    norm
        Adjusted rate to test against, a proportion; None is the reference.
    levels
        Inner and outer level of limits and verdict; the interval is at the inner one.
    tau2
        Variance of the true O/E of ordinary providers to be allowed for, as `overdispersion` estimates it;
        0 leaves over-dispersion out. With `exact`, `poisson` and some of `published_tests`, there on the
        scale of the test.
    phi
        1 or more: multiplies the variance instead, in some of `published_tests`.
    weight
        For how much one record of each stratum counts, above 0 and at most 1 with two decimals at most; None
        is 1. With `exact`, `exact-mid-p` and `z-score` only: a Poisson count is a whole number.
    reference
        Rate that a provider with as many events as expected gets, above 0; None is that of all records. With
        expectations of an earlier period give their mean: at today's rate a change of all providers together
        would be in the adjusted rates twice, since it is in the ratios as well.

    Returns
    -------
    BinaryScores

    Raises
    ------
    CannotFit
        For a Poisson test of an event that is not rare (average risk over about a tenth): it would find next
        to nothing.
    ValueError
        When a column or an option has a value that cannot be.

    References
    ----------
    Spiegelhalter DJ (2005), funnel plots. Stat Med 24:1185-1202. doi:10.1002/sim.1970
    He K et al. (2013), the exact test. Lifetime Data Anal 19:490-512. doi:10.1007/s10985-013-9264-6

    Examples
    --------
    Two providers with patients of low and of high risk:

    >>> scores = score_binary(
    ...     [0, 0, 1, 1], [300, 100, 100, 300], [18, 30, 2, 60], [0.05, 0.2, 0.05, 0.2], providers=2
    ... )
    >>> scores.ratio.round(2).tolist(), scores.band.tolist()
    ([1.37, 0.95], ['high95', 'in'])
    """
    counts = checked_whole("n", checked_n(n))
    happened = checked_whole("events", checked_events(events, counts))
    risks = checked_risk(risk, counts)
    index = checked_provider(provider, rows=len(counts), providers=providers)
    parts = checked_weight(weight, rows=len(counts))
    # Sums of hundredths are whole, so that these are right to the last digit.
    in_parts, events_in_parts = counts * parts, happened * parts
    share = parts / HUNDREDTHS
    expected = counts * share * risks
    sums = Sums(
        n=per_provider(index, in_parts, providers) / HUNDREDTHS,
        observed=per_provider(index, events_in_parts, providers) / HUNDREDTHS,
        expected=per_provider(index, expected, providers),
        variance=per_provider(index, expected * share * (1 - risks), providers),
        reference=_level(overall(events_in_parts, in_parts), reference, highest=1.0),
    )
    question = asked(sums.reference, test=test, norm=norm, levels=levels, tau2=tau2, phi=phi)
    if test in ("exact", "exact-mid-p"):
        tested = _exact(index, counts, risks, parts, sums, question)
    elif test != "z-score" and (parts < HUNDREDTHS).any():
        raise ValueError(f"test '{test}' is of whole events; where records count in part use 'exact'")
    elif test in get_args(PublishedTest):
        alike = len(np.unique(risks[counts > 0])) == 1
        tested = counted(sums, question, records=sums.n if alike else None)
    else:
        if sums.variance.sum() < RARE * sums.expected.sum():
            raise CannotFit(
                f"test '{test}': with an average risk of {sums.expected.sum() / sums.n.sum():.2g} the event "
                "is not rare, and a Poisson test would miss real differences; use 'exact'"
            )
        tested = counted(sums, question)
    return answered(sums, question, tested, minimum_n=minimum_n, minimum_expected=minimum_expected)


def score_count(
    provider: ArrayLike,
    n: ArrayLike,
    sum_y: ArrayLike,
    rate: ArrayLike,
    *,
    exposure: ArrayLike | None = None,
    providers: int,
    minimum_n: float = 0.0,
    minimum_expected: float = 0.0,
    test: AnyTest = "poisson",
    norm: float | None = None,
    levels: Sequence[float] = LEVELS,
    tau2: float = 0.0,
    phi: float = 1.0,
    reference: float | None = None,
) -> BinaryScores:
    """Score a count, such as falls in bed days: O/E, the indirectly standardised rate, and a Poisson verdict.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, sum_y
        Records and events per stratum of one provider; events are whole numbers.
    rate
        Expected events per unit of exposure, above 0; `RiskModel.expected` of a Poisson model.
    exposure
        Sum of exposure per stratum; None is one unit a record.
    providers, norm, levels, tau2, phi, reference
        As for `score_binary`; norm and reference are a rate per unit of exposure.
    minimum_n, minimum_expected
        Least exposure, and fewest expected events, with which a provider is judged.
    test
        `poisson`, `poisson-mid-p` or `byar`, or one of `published_tests` but `wilson`.

    Returns
    -------
    BinaryScores
        With exposure as n, and E as variance.

    Raises
    ------
    ValueError
        When a column or an option has a value that cannot be.

    References
    ----------
    Breslow NE, Day NE (1987). Statistical Methods in Cancer Research II, chapter 2. IARC.
    """
    if test in ("exact", "exact-mid-p"):
        raise ValueError(f"test '{test}' is of an event; a count takes poisson, poisson-mid-p or byar")
    counts = checked_n(n)
    happened = checked_whole("sum_y", checked("sum_y", sum_y, rows=len(counts)))
    happened, exposed = checked_counts(happened, exposure, counts)
    rates = checked("rate", rate, rows=len(counts))
    if not (rates > 0).all():
        raise ValueError("rate: expected more than 0 events per unit of exposure in every stratum")
    index = checked_provider(provider, rows=len(counts), providers=providers)
    expected = per_provider(index, exposed * rates, providers)
    sums = Sums(
        n=per_provider(index, exposed, providers),
        observed=per_provider(index, happened, providers),
        expected=expected,
        variance=expected,
        reference=_level(overall(happened, exposed), reference, highest=np.inf),
    )
    question = asked(sums.reference, test=test, norm=norm, levels=levels, tau2=tau2, phi=phi)
    tested = counted(sums, question)
    return answered(sums, question, tested, minimum_n=minimum_n, minimum_expected=minimum_expected)


def _level(everyone: float, given: float | None, *, highest: float) -> float:
    """The rate that goes with as many events as expected: that of everyone, unless another is given."""
    if given is None:
        return everyone
    if not (0 < given <= highest and np.isfinite(given)):
        most = f" and at most {highest:g}" if np.isfinite(highest) else ""
        raise ValueError(f"reference: {given} is no rate; expected above 0{most}")
    return given


def _exact(
    index: IntArray, n: FloatArray, risk: FloatArray, parts: IntArray, sums: Sums, question: Question
) -> Tested:
    # rows: lower and upper ratio, the counts at low998, low95, high95, high998, p_low and p_high
    found = np.full((8, len(sums.n)), np.nan)
    for which, strata in _strata_of(index):
        if sums.n[which] > 0:
            steps = lattice(parts[strata])
            found[:, which] = case_mix_test(
                n[strata],
                risk[strata],
                round(sums.observed[which] * HUNDREDTHS / steps.step),
                ratio=question.ratio,
                levels=question.levels,
                mid_p=question.test == "exact-mid-p",
                tau2=question.tau2,
                size=steps.size,
            )
            found[2:6, which] = steps.value(found[2:6, which])
    lower, upper, low998, low95, high95, high998, p_low, p_high = found
    return Tested(lower, upper, (low998, low95, high95, high998), p_low, p_high)


def _strata_of(provider: IntArray) -> list[tuple[int, IntArray]]:
    """Pair each provider that has strata with the positions of those."""
    order = np.argsort(provider, kind="stable")
    present, sizes = np.unique(provider, return_counts=True)
    ends = np.cumsum(sizes)
    return [
        (int(which), order[end - size : end]) for which, size, end in zip(present, sizes, ends, strict=True)
    ]
