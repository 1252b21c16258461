import numpy as np
import pytest
from scipy.special import expit

from risk_models.cusum import (
    cusum,
    cusum_weights,
    limit_for_alarms,
    limit_for_run_length,
    run_length,
)
from risk_models.design import Term
from risk_models.expected import fit_model
from risk_models.monitoring import vlad, xmr
from tests.risk_models.conftest import read_records


@pytest.mark.data
@pytest.mark.parametrize(
    ("ratio", "key", "printed"), [(2.0, "W_RA2", "RA2_s0y0_s0y1_s50y0_s50y1"), (0.5, "W_RA0.5", "RA0.5")]
)
def test_steiners_weights(profiling, published, ratio, key, printed):
    r = profiling["steiner2000"]
    risk = expit(-3.68 + 0.077 * np.array(r["s"]))
    ours = cusum_weights(r["y"], risk, odds_ratio=ratio)
    np.testing.assert_allclose(ours, r[key], rtol=1e-12)
    np.testing.assert_array_equal(ours.round(3), published["vlad"][f"llr_{printed}"])
    np.testing.assert_allclose(np.diff(vlad(r["y"], risk), prepend=0), r["EO"], rtol=1e-12)


@pytest.fixture(scope="module")
def cardiac(shared):
    rows = read_records(shared / "data" / "profiling" / "cardiacsurgery.csv", text=["surgeon"])
    y = ((rows["status"] == 1) & (rows["time"] <= 30)).astype(float)
    first = rows["date"] < 730
    model = fit_model(
        "logistic",
        [Term("Parsonnet", "number")],
        {"Parsonnet": rows["Parsonnet"][first]},
        n=np.ones(first.sum()),
        sum_y=y[first],
    )
    return rows, y, first, model


@pytest.mark.data
def test_phase_one_model_of_cardiac_surgery(profiling, cardiac):
    _, y, first, model = cardiac
    r = profiling["cardiac"]
    assert (len(y), first.sum(), y.sum()) == (r["n"], r["n_phase1"], r["deaths30"])
    slope, centre = model.coefficients[1], model.design.terms[0].centre
    assert slope == pytest.approx(r["phase1_coef"]["Parsonnet"], rel=1e-10)
    assert model.coefficients[0] - slope * centre == pytest.approx(r["phase1_coef"]["(Intercept)"], rel=1e-10)
    assert model.standard_errors[1] == pytest.approx(r["phase1_se"]["Parsonnet"], rel=1e-9)


@pytest.mark.data
def test_vlad_and_cusum_of_cardiac_surgery(profiling, cardiac):
    rows, y, first, model = cardiac
    r = profiling["cardiac"]
    risk = model.expected(rows)
    parts = {name: ~first & (rows["surgeon"] == name) for name in r["phase2_by_surgeon"]}
    for name, part in [*parts.items(), (None, ~first)]:
        known = r["phase2_by_surgeon"][name] if name else r["phase2_all"]
        o, p = y[part], risk[part]
        line = vlad(o, p)
        assert (len(o), o.sum()) == (known["n"], known["O"])
        assert p.sum() == pytest.approx(known["E"], rel=1e-10)
        for found, key in ((line[-1], "end"), (line.min(), "min"), (line.max(), "max")):
            assert found == pytest.approx(known[f"vlad_{key}"], rel=1e-8, abs=1e-9)
        for ratio, side in ((2.0, "up"), (0.5, "down")):
            chart = cusum(o, p, odds_ratio=ratio, limit=4.5, restart=False)
            assert chart.path.max() == pytest.approx(known[f"cusum_{side}_max"], rel=1e-9)
            assert chart.path[-1] == pytest.approx(known[f"cusum_{side}_end"], rel=1e-8, abs=1e-9)
            at = known[f"first_signal_{side}_h4.5"]
            assert chart.signals == (() if at is None else (at - 1,))
            anew = cusum(o, p, odds_ratio=ratio, limit=4.5)
            assert anew.signals[:1] == chart.signals


@pytest.mark.data
def test_run_length_of_cardiac_surgery(profiling, published, cardiac):
    rows, _, first, model = cardiac
    score, n = np.unique(rows["Parsonnet"][first], return_counts=True)
    risk = model.expected({"Parsonnet": score})
    ours = run_length(n, risk, limit=1.8592, runs=20_000, seed=3)
    theirs = published["vlad"]["own_simulation_h1.8592"]
    assert abs(ours.value - theirs["arl"]) < 4 * np.hypot(ours.error, theirs["se"])
    assert ours.error == pytest.approx(profiling["cardiac"]["arl0_sim_h1.8592"]["se"], rel=0.1)
    # the Markov chain's answer has a grid error of about a percent
    markov = dict(zip(*(profiling["cardiac"]["arl0_markov"][k] for k in ("h", "arl")), strict=True))
    at25 = run_length(n, risk, limit=2.5, runs=10_000, seed=3)
    assert at25.value == pytest.approx(markov[2.5], rel=0.03)


@pytest.mark.data
def test_limit_of_cardiac_surgery_is_that_of_vlad(published, cardiac):
    rows, _, first, model = cardiac
    score, n = np.unique(rows["Parsonnet"][first], return_counts=True)
    risk = model.expected({"Parsonnet": score})
    found = limit_for_run_length(n, risk, records=370, runs=4000, seed=3)
    assert found.limit == pytest.approx(published["vlad"]["cardiacsurgery_phase1_h_for_ARL0_370"], rel=0.02)
    assert found.value == pytest.approx(370, abs=3 * found.error)


def test_run_length_of_one_risk_by_hand():
    # R = 2, p = 0.5: an event adds log(4/3), none takes log(3/2). A limit under log(4/3) is reached by the
    # first event, after 1/p = 2 records on average
    found = run_length([1.0], [0.5], limit=0.2, runs=40_000, seed=1)
    assert found.value == pytest.approx(2, abs=4 * found.error)
    # by 2 log(4/3): at 0 the first of two events in a row, or later; a chain of two states gives 6 records
    twice = run_length([1.0], [0.5], limit=2 * np.log(4 / 3) - 1e-9, runs=40_000, seed=1)
    assert twice.value == pytest.approx(6, abs=4 * twice.error)


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
