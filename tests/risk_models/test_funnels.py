"""Published funnel limits, to the digits of R and of the projects that draw them."""

import csv
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from risk_models.funnels import (
    RATIO_LIMITS,
    arcsine_limits,
    cqc_limits,
    proportion_limits,
    public_health_ratio_interval,
    spiegelhalter_proportion_limits,
    tails_of_average,
)
from risk_models.intervals import Interval, clopper_pearson_interval, poisson_ratio_interval
from risk_models.spread import proportion_overdispersion
from tests.risk_models.conftest import read_records


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


def test_a_count_at_a_limit_is_not_beyond_it():
    # P(X < 2) and P(X > 4) at a mean of 3
    limits = Interval(lower=np.array(2 / 3), upper=np.array(4 / 3))
    below, above = tails_of_average(limits, 3.0)
    assert below == pytest.approx(np.exp(-3) * 4)
    assert above == pytest.approx(1 - np.exp(-3) * (1 + 3 + 4.5 + 4.5 + 27 / 8))


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
