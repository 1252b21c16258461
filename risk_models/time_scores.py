"""Scores of providers on a time to an event: events observed against those expected in the time followed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from risk_models.event_scores import AnyTest, BinaryScores, Sums, asked, counted, unjudged
from risk_models.strata import (
    FloatArray,
    checked,
    checked_events,
    checked_n,
    checked_provider,
    checked_whole,
    per_provider,
)
from risk_models.verdict import LEVELS, Limits, bands, not_assessable


def score_time(
    provider: ArrayLike,
    n: ArrayLike,
    events: ArrayLike,
    expected: ArrayLike,
    *,
    providers: int,
    chance: Callable[[FloatArray], FloatArray],
    minimum_n: float = 1,
    minimum_expected: float = 0.0,
    test: AnyTest = "poisson",
    tau2: float = 0.0,
    phi: float = 1.0,
) -> BinaryScores:
    """Score a time to an event: O/E, the adjusted chance of the event by the horizon, and a Poisson verdict.

    Given how long its patients were followed, the number of events of a provider that is as expected has
    mean E, the sum of their cumulative hazards; it is tested as a Poisson count.

    Parameters
    ----------
    provider
        Index 0..providers-1 of the provider of each stratum, shape (strata,).
    n, events
        Records and events per stratum of one provider; events are whole numbers.
    expected
        Expected events of one record of the stratum while it was followed, 0 or more. (Less than 0 can only
        come of Efron's deduction for a record that had the event on its first day.)
    providers
        How many providers there are; one without strata is scored NaN and not assessable.
    chance
        Chance of an event by the horizon when every hazard is multiplied by a ratio: a rising function that
        takes and gives arrays of one shape, NaN for NaN. One less `survival.adjusted_survival`.
    minimum_n, minimum_expected
        Fewest records and expected events with which a provider is judged.
    test, tau2, phi
        As for `score_count`.

    Returns
    -------
    BinaryScores
        With E as variance; reference, `adjusted`, interval and limits are chances by the horizon.

    Raises
    ------
    ValueError
        When a column or an option has a value that cannot be.

    References
    ----------
    Breslow NE, Day NE (1987). Statistical Methods in Cancer Research II, chapter 2. IARC.
    """
    if test in ("exact", "exact-mid-p"):
        raise ValueError(
            f"test '{test}' is of an event; a time to event takes poisson, poisson-mid-p or byar"
        )
    counts = checked_n(n)
    happened = checked_whole("events", checked_events(events, counts))
    hazard = checked("expected", expected, rows=len(counts))
    index = checked_provider(provider, rows=len(counts), providers=providers)
    records = per_provider(index, counts, providers)
    observed = per_provider(index, happened, providers)
    total = per_provider(index, counts * hazard, providers)
    if (total < 0).any():
        raise ValueError("expected: a provider cannot have fewer than 0 expected events")
    reference = float(chance(np.ones(1))[0])
    sums = Sums(records, observed, total, total, reference)
    question = asked(reference, test=test, norm=None, levels=LEVELS, tau2=tau2, phi=phi)
    tested = counted(sums, question)
    known = np.where(total > 0, total, np.nan)
    reason = not_assessable(records, minimum_n=minimum_n, expected=total, minimum_expected=minimum_expected)
    reason[(reason == "") & np.isnan(known)] = "no follow-up"
    reason[(reason == "") & np.isnan(tested.p_low)] = unjudged(test)
    low998, low95, high95, high998 = (chance(limit / known) for limit in tested.limits)
    ratio = observed / known
    return BinaryScores(
        n=records,
        observed=observed,
        expected=total,
        variance=total,
        ratio=ratio,
        reference=reference,
        adjusted=chance(ratio),
        lower=chance(tested.lower),
        upper=chance(tested.upper),
        limits=Limits(low998, low95, high95, high998, levels=LEVELS),
        band=bands(observed, Limits(*tested.limits, levels=LEVELS), reason),
        reason=reason,
        test=test,
        norm=reference,
        tau2=tau2,
        phi=phi,
        p_low=tested.p_low,
        p_high=tested.p_high,
    )
