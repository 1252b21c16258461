import numpy as np
import pytest

from risk_models.cusum import (
    cusum,
    cusum_weights,
    limit_for_alarms,
    limit_for_run_length,
    run_length,
    run_length_by_chain,
)
from risk_models.monitoring import vlad, xmr


def test_run_length_of_one_risk_by_hand():
    # R = 2, p = 0.5: an event adds log(4/3), none takes log(3/2). A limit under log(4/3) is reached by the
    # first event, after 1/p = 2 records on average
    found = run_length([1.0], [0.5], limit=0.2, runs=40_000, seed=1)
    assert found.value == pytest.approx(2, abs=4 * found.error)
    # by 2 log(4/3): at 0 the first of two events in a row, or later; a chain of two states gives 6 records
    twice = run_length([1.0], [0.5], limit=2 * np.log(4 / 3) - 1e-9, runs=40_000, seed=1)
    assert twice.value == pytest.approx(6, abs=4 * twice.error)


def test_run_length_by_chain_by_hand():
    # as above, where the way to the limit has no more than two places, so that the grid is exact
    assert run_length_by_chain([1.0], [0.5], limit=0.2, steps=40) == pytest.approx(2, rel=1e-10)
    twice = run_length_by_chain([1.0], [0.5], limit=2 * np.log(4 / 3) - 1e-9, steps=40)
    assert twice == pytest.approx(6, rel=1e-10)
    # two strata of one risk are one
    apart = run_length_by_chain([3.0, 1.0], [0.1, 0.1], limit=1.0, steps=200)
    assert apart == pytest.approx(run_length_by_chain([1.0], [0.1], limit=1.0, steps=200), rel=1e-10)
    for wrong in ({"limit": 0.0}, {"limit": 1.0, "steps": 1}, {"limit": np.nan}):
        with pytest.raises(ValueError, match=r"limit: .* with .* steps; expected"):
            run_length_by_chain([1.0], [0.5], **wrong)
    with pytest.raises(ValueError, match="n: no records to draw patients from"):
        run_length_by_chain([0.0], [0.5], limit=1.0)


def test_limit_keeps_the_chance_of_a_false_alarm():
    n, risk = np.array([5.0, 3.0, 2.0]), np.array([0.02, 0.1, 0.3])
    found = limit_for_alarms(n, risk, records=150, chance=0.05, runs=4000, seed=2)
    assert found.value <= 0.05
    assert found.value > 0.04
    rng = np.random.default_rng(99)
    alarms = 0
    for _ in range(2000):
        p = risk[rng.choice(3, 150, p=n / n.sum())]
        alarms += bool(cusum(rng.random(150) < p, p, limit=found.limit).signals)
    assert alarms / 2000 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)
    assert alarms / 2000 > 0.03


def test_same_seed_same_limit():
    n, risk = [5.0, 3.0], [0.02, 0.1]
    one, two = (limit_for_alarms(n, risk, records=50, chance=0.1, runs=500, seed=7) for _ in range(2))
    assert one == two


def test_cusum_starts_anew_after_a_signal():
    y, risk = np.ones(5), np.full(5, 0.5)
    chart = cusum(y, risk, limit=2 * np.log(4 / 3) - 1e-9)
    assert chart.signals == (1, 3)
    step = np.log(4 / 3)
    np.testing.assert_allclose(chart.path, [step, 2 * step, step, 2 * step, step])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vlad([0, 2], [0.1, 0.1]), "y: expected the outcome of one record"),
        (lambda: vlad([0, 1], [0.1, 1.0]), "risk: stratum 1 has 1"),
        (lambda: cusum_weights([0], [0.1], odds_ratio=1.0), "odds_ratio: 1.0 is no change"),
        (lambda: cusum([0], [0.1], limit=0.0), "limit: 0.0 would always signal"),
        (lambda: run_length([0.0], [0.1], limit=1.0, runs=5, seed=1), "no records to draw"),
        (
            lambda: limit_for_alarms([1.0], [0.1], records=5, chance=0.001, runs=100),
            "cannot be told from 100 runs",
        ),
        (lambda: limit_for_run_length([1.0], [0.1], records=1), "records: 1 wanted"),
        (lambda: xmr([1.0, np.nan]), "the baseline has 1 known points"),
        (lambda: xmr([1.0, np.inf]), "expected one finite number"),
    ],
)
def test_what_cannot_be_monitored_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_xmr_limits_by_hand():
    chart = xmr([9.0, 11.0, 7.0, 9.0, 13.0, 11.0])
    assert chart.centre == 10
    mean_range = (2 + 4 + 2 + 4 + 2) / 5
    assert (chart.lower, chart.upper) == (10 - 2.66 * mean_range, 10 + 2.66 * mean_range)
    assert chart.range_limit == pytest.approx(3.267 * mean_range)
    np.testing.assert_array_equal(chart.moving_range, [np.nan, 2, 4, 2, 4, 2])
    assert not any(rule.any() for rule in chart.signals.values())


def marks(chart, rule):
    return np.flatnonzero(chart.signals[rule]).tolist()


def test_the_rules_of_xmr():
    base = [9.0, 11.0] * 6  # centre 10, mean range 2, limits 10 ± 5.32, two thirds of the way 10 ± 3.547
    for more, rule, found in (
        ([15.4], "outside", [12]),
        ([15.3], "outside", []),
        ([10.5] * 6, "shift", [11, 12, 13, 14, 15, 16, 17]),
        ([10.5] * 5, "shift", []),
        ([10.5, 10.5, 10.0, 10.5, 10.5, 10.5, 10.5], "shift", []),
        ([9.5, 9.6, 9.7, 9.8, 9.9, 10.1, 10.2], "trend", [12, 13, 14, 15, 16, 17, 18]),
        ([9.5, 9.6, 9.7, 9.8, 9.9, 10.1], "trend", []),
        ([9.5, 9.6, 9.7, 9.8, 9.8, 9.9, 10.1, 10.2], "trend", []),
        ([14.0, 10.5, 14.0], "two-of-three", [12, 14]),
        ([14.0, 10.5, 6.0], "two-of-three", []),
        ([13.5, 10.5, 13.5], "two-of-three", []),
    ):
        assert marks(xmr(base + more, baseline=12), rule) == found, (more, rule)


def test_missing_points_are_passed_over():
    chart = xmr([9.0, np.nan, 11.0, 9.0, 11.0, 30.0], baseline=5)
    assert chart.centre == 10
    np.testing.assert_array_equal(chart.moving_range, [np.nan, np.nan, 2, 2, 2, 19])
    assert marks(chart, "outside") == [5]
