import numpy as np
import pytest
from scipy import stats

from risk_models.standardise import score_binary, score_mean
from risk_models.verdict import Limits
from tests.risk_models.conftest import collapse
from tests.risk_models.proms import HIP, MEASURES, modelled, read_table


def columns(limits: Limits):
    return np.column_stack([limits.low998, limits.low95, limits.high95, limits.high998])


@pytest.fixture
def binary(golden, records):
    """Scores of the event, from strata of provider and risk."""
    strata = collapse(
        {"provider": records["provider"], "risk": np.array(golden["logistic"]["fitted"])},
        ["provider", "risk"],
        records["died"],
    )
    assert len(strata.n) < 600
    return score_binary(
        strata.columns["provider"], strata.n, strata.sum_y, strata.columns["risk"], providers=9
    )


def test_binary_scores_are_those_of_r(golden, binary):
    r = golden["binary_scores"]
    for name in ("n", "observed", "expected", "variance", "adjusted"):
        np.testing.assert_allclose(getattr(binary, name), r[name], rtol=1e-12, err_msg=name)
    assert binary.reference == pytest.approx(r["reference"], rel=1e-14)
    interval = np.column_stack([binary.lower, binary.upper]) / binary.reference
    np.testing.assert_allclose(interval, r["ratio_interval"], rtol=1e-9)
    counts = columns(binary.limits) / binary.reference * binary.expected[:, None]
    np.testing.assert_allclose(counts, np.array(r["limit_counts"], dtype=float), rtol=1e-12)
    assert binary.band.tolist() == r["band"]
    assert len(set(r["band"])) == 3


def test_adjusted_rates_average_to_the_reference(binary):
    # weighted by expected events, for a model that was fitted on these records
    np.testing.assert_allclose(
        np.average(binary.adjusted, weights=binary.expected), binary.reference, rtol=1e-10
    )
    np.testing.assert_allclose(binary.observed.sum(), binary.expected.sum(), rtol=1e-12)


@pytest.fixture
def mean_arguments(golden, records):
    # an expectation from elsewhere, as in the R script
    expected = 1.5 + 0.95 * np.array(golden["linear"]["fitted"])
    keys = {"provider": records["provider"], "expected": expected, "before": records["before"]}
    strata = collapse(keys, list(keys), records["after"])
    assert len(strata.n) < 600
    return (
        strata.columns["provider"],
        strata.n,
        strata.sum_y,
        strata.sum_y2,
        strata.columns["expected"],
    ), strata.n * strata.columns["before"]


def test_mean_scores_are_those_of_r(golden, mean_arguments):
    r = golden["mean_scores"]
    arguments, sum_before = mean_arguments
    scores = score_mean(*arguments, sum_before=sum_before, providers=9)
    assert scores.reference == pytest.approx(r["reference"], rel=1e-12)
    assert scores.sd == pytest.approx(r["sd"], rel=1e-12)
    for name in ("adjusted", "lower", "upper"):
        np.testing.assert_allclose(getattr(scores, name), r[name], rtol=1e-11, err_msg=name)
    np.testing.assert_allclose(columns(scores.limits), r["limits"], rtol=1e-11)
    assert scores.band.tolist() == r["band"]
    assert {"in", "low95", "high998"} <= set(r["band"])


def test_without_a_value_before_only_the_reference_moves(mean_arguments, records):
    arguments, sum_before = mean_arguments
    gain = score_mean(*arguments, sum_before=sum_before, providers=9)
    level = score_mean(*arguments, providers=9)
    assert level.reference == pytest.approx(records["after"].mean(), rel=1e-13)
    np.testing.assert_allclose(level.adjusted - gain.adjusted, records["before"].mean(), rtol=1e-11)
    assert level.band.tolist() == gain.band.tolist()


def test_a_constant_in_the_expectation_changes_nothing(mean_arguments):
    (provider, n, sum_y, sum_y2, expected), _ = mean_arguments
    plain = score_mean(provider, n, sum_y, sum_y2, expected, providers=9)
    moved = score_mean(provider, n, sum_y, sum_y2, expected + 100, providers=9)
    np.testing.assert_allclose(moved.adjusted, plain.adjusted, rtol=1e-12)
    assert moved.sd == pytest.approx(plain.sd, rel=1e-12)


def test_large_values_keep_their_residual_sd():
    rng = np.random.default_rng(5)
    y = 1e5 + rng.normal(size=2000)
    provider = rng.integers(0, 4, 2000)
    n, sums, squares = (np.bincount(provider, weights=w) for w in (np.ones(2000), y, y**2))
    scores = score_mean(np.arange(4), n, sums, squares, np.full(4, 1e5), providers=4)
    # sums of squares near 5e12 carry about 1e-16 of that; the residual sum of squares is 2000
    assert scores.sd == pytest.approx(np.std(y, ddof=1), rel=1e-5)


def test_small_and_absent_providers_are_not_assessable():
    provider, n, events, risk = [0, 1, 3], [40, 10, 100], [4, 2, 30], [0.1, 0.2, 0.005]
    scores = score_binary(provider, n, events, risk, providers=4, minimum_n=30, minimum_expected=1)
    assert scores.reason.tolist() == [
        "",
        "fewer than 30 records",
        "no records",
        "fewer than 1 expected event",
    ]
    assert scores.band.tolist() == ["in", "not-assessable", "not-assessable", "not-assessable"]
    for values in (scores.ratio, scores.adjusted, scores.lower, scores.upper, scores.limits.high95):
        assert np.isnan(values).tolist() == [False, False, True, False]
    means = score_mean(provider, n, events, events, risk, providers=4, minimum_n=30)
    assert means.reason.tolist() == ["", "fewer than 30 records", "no records", ""]
    for values in (means.observed, means.expected, means.adjusted, means.lower, means.limits.low95):
        assert np.isnan(values).tolist() == [False, False, True, False]


def test_no_events_and_only_events_have_finite_scores():
    scores = score_binary([0, 1, 2], [50, 50, 900], [0, 50, 90], [0.1, 0.1, 0.1], providers=3)
    assert scores.adjusted[0] == 0
    assert scores.lower[0] == 0
    # Clopper and Pearson's upper end for 0 of 50
    assert scores.upper[0] == pytest.approx((1 - 0.025 ** (1 / 50)) / 0.1 * scores.reference, rel=1e-9)
    assert scores.upper[1] == pytest.approx(10 * scores.reference)
    assert scores.band.tolist() == ["low95", "high998", "in"]


def test_a_reference_of_zero_leaves_the_verdict_to_the_counts():
    # an expectation from elsewhere, and nobody has an event: one of 50 expected is nothing, 30 of 3000 is
    scores = score_binary([0, 1], [50, 3000], [0, 0], [0.02, 0.01], providers=2)
    assert scores.reference == 0
    assert scores.band.tolist() == ["in", "low998"]


def test_an_observation_far_out_still_has_its_interval():
    # 4,000 of 5,000 where 100 are expected: its probability at the expected risks is under 1e-5000
    scores = score_binary([0, 1], [5000, 5000], [4000, 100], [0.02, 0.02], providers=2)
    known = stats.binomtest(4000, 5000).proportion_ci(0.95, method="exact")
    np.testing.assert_allclose(
        [scores.lower[0], scores.upper[0]],
        np.array([known.low, known.high]) / 0.02 * scores.reference,
        rtol=1e-9,
    )
    assert scores.band[0] == "high998"


def test_every_record_or_none_far_out():
    scores = score_binary([0, 1], [900, 900], [900, 0], [0.1, 0.9], providers=2)
    end = 0.025 ** (1 / 900)  # Clopper and Pearson
    np.testing.assert_allclose(scores.lower, [end / 0.1 * 0.5, 0], rtol=1e-9)
    np.testing.assert_allclose(scores.upper, [10 * 0.5, (1 - end) / 0.9 * 0.5], rtol=1e-9)
    assert scores.band.tolist() == ["high998", "low998"]


def test_no_variation_gives_no_verdict():
    scores = score_mean([0, 1], [10, 20], [20, 40], [40, 80], [2, 2], providers=2)
    assert scores.reason.tolist() == ["no variation between records"] * 2
    assert scores.band.tolist() == ["not-assessable"] * 2


def test_no_records_at_all():
    binary = score_binary([], [], [], [], providers=2)
    assert binary.band.tolist() == ["not-assessable"] * 2
    assert np.isnan(binary.reference)
    means = score_mean([], [], [], [], [], providers=1)
    assert means.reason.tolist() == ["no records"]
    assert np.isnan(means.sd)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"provider": [0, 2]}, "provider: stratum 1 has 2, expected a whole number from 0 to 1"),
        ({"events": [3, 11]}, "events: stratum 1 has 11, expected a count between 0"),
        ({"risk": [0.0, 0.5]}, "risk: stratum 0 has 0, expected a probability strictly between"),
        ({"n": [9.5, 10], "events": [3, 4]}, r"n: stratum 0 has 9\.5, expected a whole number"),
        ({"events": [3, 3.5]}, r"events: stratum 1 has 3\.5, expected a whole number"),
    ],
)
def test_impossible_strata_are_refused(changed, message):
    arguments = {"provider": [0, 1], "n": [10, 10], "events": [3, 4], "risk": [0.3, 0.4]} | changed
    with pytest.raises(ValueError, match=message):
        score_binary(**arguments, providers=2)


@pytest.mark.data
@pytest.mark.parametrize("key", ["hip-eq5d", "knee-oxford"])
def test_published_gains_and_outliers_of_nhs_england(shared, key):
    measure = MEASURES[key]
    kind = "Hip" if measure.procedure == HIP else "Knee"
    rows = modelled(read_table(shared, f"{kind} Replacement Provider 1617"), measure)
    codes = sorted(set(rows["Provider Code"]))
    y = rows[measure.after]
    scores = score_mean(
        [codes.index(code) for code in rows["Provider Code"]],
        np.ones(len(y)),
        y,
        y**2,
        rows[measure.predicted],
        sum_before=rows[measure.before],
        providers=len(codes),
        minimum_n=30,
    )
    names = {"Not an outlier": "in"}
    for sign, side in (("Negative", "low"), ("Positive", "high")):
        names[f"{sign} outlier (95%)"] = f"{side}95"
        names[f"{sign} outlier (99.8%)"] = f"{side}998"
    procedure = f"{measure.procedure} Primary"
    status = {
        row["OrgCode"]: row["Outlier_2016"]
        for row in read_table(shared, "Time Series Hip and Knee Replacement 1617")
        if (row["Procedure"], row["Measure"]) == (procedure, measure.name)
    }
    official = {
        row["Organisation Code"]: row
        for row in read_table(shared, "ProvComm Hip and Knee Replacement 1617")
        if (row["Procedure"], row["Measure"], row["Organisation Type"])
        == (procedure, measure.name, "Provider")
    }
    tolerance = 1e-3 if "oxford" in key else 1e-4
    compared = 0
    for position in np.flatnonzero(scores.n >= 30):
        row = official[codes[position]]
        gain = float(row["Adjusted Average Health Gain"])
        assert scores.n[position] == float(row["Modelled Records"])
        assert scores.adjusted[position] == pytest.approx(gain, abs=tolerance)
        assert scores.band[position] == names[status[codes[position]]]
        compared += 1
    assert compared > 230
