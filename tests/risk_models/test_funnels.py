"""Published funnel limits, to the digits of R and of the projects that draw them."""

import csv
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from risk_models.funnels import (
    RATIO_LIMITS,
    arcsine_limits,
    chi_square_limits,
    cqc_limits,
    proportion_limits,
    public_health_ratio_interval,
    shmi_limits,
    spiegelhalter_proportion_limits,
    spiegelhalter_ratio_limits,
    tails_of_average,
)
from risk_models.intervals import Interval, clopper_pearson_interval, poisson_ratio_interval
from risk_models.spread import cqc_overdispersion, proportion_overdispersion, shmi_overdispersion
from tests.risk_models.conftest import read_records

LEVELS = {0.95: ("ll95", "ul95"), 0.998: ("ll998", "ul998")}


@pytest.mark.data
@pytest.mark.parametrize("level", LEVELS)
def test_limits_are_those_of_r(profiling, level):
    low, high = LEVELS[level]
    r = profiling["sp2005_poisson"]
    ours = spiegelhalter_ratio_limits(r["E"], level=level)
    np.testing.assert_allclose([ours.lower, ours.upper], [r[low], r[high]], rtol=1e-10)
    r = profiling["sp2005_binomial"]
    ours = spiegelhalter_proportion_limits(r["n"], r["t"], level=level)
    np.testing.assert_allclose([ours.lower, ours.upper], [r[low], r[high]], rtol=1e-9)
    r = profiling["chisq_limits"]
    ours = chi_square_limits(r["E"], level=level)
    np.testing.assert_allclose([ours.lower, ours.upper], [r[low], r[high]], rtol=1e-12)


@pytest.mark.data
def test_chi_square_limits_are_those_of_funnelplotr(published):
    r = published["FunnelPlotR"]["poisson_limits"]
    for level, (low, high) in LEVELS.items():
        ours = chi_square_limits(r["E"], level=level)
        np.testing.assert_allclose([ours.lower, ours.upper], [r[low], r[high]], rtol=2e-7)


@pytest.mark.data
def test_six_row_funnel(profiling):
    r = profiling["six_row"]
    observed, expected = np.array(r["O"], dtype=float), np.array(r["E"], dtype=float)
    limits = shmi_limits(expected, tau2=shmi_overdispersion(observed, expected).tau2)
    np.testing.assert_allclose(np.column_stack([limits.lower, limits.upper]), r["shmi_od95"], rtol=1e-11)


@pytest.mark.data
def test_outliers_of_medpar(profiling):
    r = profiling["medpar_los"]
    o, e = (np.array(r["by_provider"][k], dtype=float) for k in ("O", "E"))
    shmi, cqc = shmi_overdispersion(o, e), cqc_overdispersion(o, e)

    def outliers(limits: Interval) -> int:
        return int(np.sum((o / e < limits.lower) | (o / e > limits.upper)))

    assert outliers(chi_square_limits(np.round(e, 2), level=0.998)) == r["outliers_998_unadjusted"]
    assert outliers(shmi_limits(np.round(e, 2), tau2=shmi.tau2, level=0.998)) == r["outliers_998_shmi_od"]
    linear = cqc_limits(e, tau2=cqc.tau2, level=0.998, squared=False)
    assert outliers(linear) == r["outliers_998_cqc_od_linear"]


@pytest.mark.data
def test_outliers_of_colonoscopy(profiling, shared):
    r = profiling["cms_colonoscopy"]
    rows = read_records(shared / "data" / "profiling" / "qm_colonoscopy.csv", text=["entity"])
    x, n = rows["x"], rows["n"]
    assert (len(x), n.sum(), x.sum()) == (r["providers"], r["n_total"], r["x_total"])
    spread = proportion_overdispersion(x, n)
    target = x.sum() / n.sum()
    exact = spiegelhalter_proportion_limits(n, target, level=0.998)
    interval = clopper_pearson_interval(x, n, level=0.998)
    tested = (stats.binom.cdf(x, n, target) <= 0.001) | (stats.binom.sf(x - 1, n, target) <= 0.001)
    wide = arcsine_limits(n, target, tau2=spread.tau2, level=0.998)
    assert np.sum((x / n < exact.lower) | (x / n > exact.upper)) == r["outliers_998_exact_binomial"]
    # the interpolated limits call twice as many out as the exact test does
    np.testing.assert_array_equal((interval.lower > target) | (interval.upper < target), tested)
    assert tested.sum() < r["outliers_998_exact_binomial"] / 2
    assert np.sum((x / n < wide.lower) | (x / n > wide.upper)) == r["outliers_998_arcsine_od"]


@pytest.mark.data
def test_false_alarms_of_every_variant_are_those_published(published):
    keys = {
        "chi-square": "chisq_at_E (FunnelPlotR, PowerBI)",
        "spiegelhalter-2005": "spiegelhalter2005_interpolated",
        "shmi": "shmi_log_normal_tau0",
        "cqc": "sqrt_tau0 (squared back)",
    }
    assert keys.keys() == RATIO_LIMITS.keys()
    for row in published["funnel_tail_probabilities_95"]["rows"]:
        for name, key in keys.items():
            found = tails_of_average(RATIO_LIMITS[name](row["E"]), row["E"])
            np.testing.assert_allclose(found, row[key], rtol=1e-9, err_msg=f"{name} at {row['E']}")


def test_a_count_at_a_limit_is_not_beyond_it():
    # P(X < 2) and P(X > 4) at a mean of 3
    limits = Interval(lower=np.array(2 / 3), upper=np.array(4 / 3))
    below, above = tails_of_average(limits, 3.0)
    assert below == pytest.approx(np.exp(-3) * 4)
    assert above == pytest.approx(1 - np.exp(-3) * (1 + 3 + 4.5 + 4.5 + 27 / 8))


@pytest.mark.data
def test_public_health_ratio_funnel_inverts_the_exact_interval(published):
    r = published["PHEindicatormethods"]["funnel_ratio_outputs"]
    rows = dict(zip(r["columns"], np.array(r["first_25"]).T, strict=True))
    o = rows["Observed_events"]
    for side, level in (("2s", 0.95), ("3s", 0.998)):
        e = poisson_ratio_interval(o, 1.0, level=level)
        # the expectation at which O events would just be remarkable; its ratio is in percent.
        # The table was made by a search that stops at about a ten-millionth of an event.
        np.testing.assert_allclose(e.upper, rows[f"lower_{side}_exp_events"], rtol=5e-5)
        np.testing.assert_allclose(e.lower, rows[f"upper_{side}_exp_events"], rtol=5e-5)
        np.testing.assert_allclose(100 * o / e.upper, rows[f"lower_{side}_isr"], rtol=5e-5)
        np.testing.assert_allclose(100 * o / e.lower, rows[f"upper_{side}_isr"], rtol=5e-5)


@pytest.mark.data
def test_public_health_proportion_funnel(published, shared):
    folder = shared / "data" / "profiling"
    with (folder / "phe_testdata_funnel_prop_outputs.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {k: np.array(v, dtype=float) for k, v in zip(*_columns(file), strict=True)}
    target = rows["Baseline"] / 100
    for level, names in (
        (0.95, ("Lower2s0025limit", "Upper2s0025limit")),
        (0.998, ("Lower3s0001limit", "Upper3s0001limit")),
    ):
        ours = proportion_limits(rows["Population"], target, level=level)
        np.testing.assert_allclose(100 * ours.lower, rows[names[0]], atol=2e-6)
        np.testing.assert_allclose(100 * ours.upper, rows[names[1]], atol=2e-6)
    with (folder / "phe_testdata_funnel_prop_inputs.csv").open(newline="", encoding="utf-8-sig") as file:
        names, values = _columns(file)
    columns = dict(zip(names, values, strict=True))
    x, n = (np.array(columns[k], dtype=float) for k in ("numerator", "denominator"))
    target = x.sum() / n.sum()
    assert target == pytest.approx(published["PHEindicatormethods"]["funnel_prop_significance"]["target"])
    wide, narrow = (proportion_limits(n, target, level=level) for level in (0.998, 0.95))
    p = x / n
    verdict = np.select(
        [p < wide.lower, p > wide.upper, p < narrow.lower, p > narrow.upper],
        ["Low (0.001)", "High (0.001)", "Low (0.025)", "High (0.025)"],
        default="Not significant",
    )
    assert verdict.tolist() == list(columns["significance"])
    told = published["PHEindicatormethods"]["funnel_prop_significance"]
    assert Counter(verdict.tolist()) == told["counts"]
    assert len(verdict) == told["n"] == told["agree_with_wilson_inversion"]


def _columns(file):
    names, *rows = list(csv.reader(file))
    return names, list(zip(*rows, strict=True))


def test_public_health_interval_is_exact_under_ten_events_only():
    few = public_health_ratio_interval([9, 10], [5, 5])
    exact = poisson_ratio_interval([9, 10], [5, 5])
    assert few.lower[0] == exact.lower[0]
    assert few.upper[1] != exact.upper[1]


def test_without_expected_events_there_are_no_limits():
    for draw in RATIO_LIMITS.values():
        assert np.isnan([draw(0.0).lower, draw(0.0).upper]).all()


def test_a_target_is_a_proportion():
    with pytest.raises(ValueError, match="target: expected a proportion"):
        proportion_limits(10, 5.0)


def test_no_number_lies_outside_the_possible():
    n = np.array([1.0, 3.0, 1000.0])
    for limits in (proportion_limits(n, 0.97, level=0.998), arcsine_limits(n, 0.97, level=0.998)):
        assert (limits.lower >= 0).all()
        assert (limits.upper <= 1).all()
    assert cqc_limits(0.2).lower == 0
