"""The page of false alarms: what it says of the default, and of the others, holds."""

import numpy as np
import pytest

from benchmarks._value_coverage import invented, value_coverage
from benchmarks.coverage import NOMINAL, RISKS, SIZES, case_mix, count_alarms, event_alarms

# the reference table of Poisson counts: percent low and high at E = 5, 10, 50
PUBLISHED = {
    "spiegelhalter-2005": [(0.7, 3.2), (1.0, 2.7), (2.4, 3.2)],
    "shmi": [(12.5, 0.2), (6.7, 0.7), (3.4, 1.7)],
    "poisson": [(0.7, 1.4), (1.0, 1.4), (2.4, 2.4)],
}


def test_counts_are_those_of_the_reference_table():
    for place, size in enumerate(SIZES):
        found = count_alarms(size)
        for name, known in PUBLISHED.items():
            assert tuple(round(100 * tail, 1) for tail in found[name]) == known[place]


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("size", SIZES)
def test_the_default_is_never_above_nominal(size, risk):
    risks = case_mix(size, risk, seed=1)
    assert risks.sum() == pytest.approx(size, rel=1e-9)
    assert np.std(np.log(risks / (1 - risks))) > 0.3
    assert max(event_alarms(size, risk)["exact (the default)"]) <= NOMINAL


@pytest.mark.parametrize("spread", [2.0, 0.5])
def test_intervals_of_values_hold_the_truth_as_often_as_they_say(spread):
    """Also where tau is often estimated as 0, where taking it as known gives 84 % (at 0.5)."""
    people = invented(24, seed=3)
    adjusted, shrunken = value_coverage(
        people, lambda mean, rng: rng.normal(mean, 10), spread=spread, rounds=40, seed=3
    )
    assert 0.93 < adjusted < 0.97
    assert 0.93 < shrunken < 0.975
