"""Published tests, whole: limits, interval and p-values of each agree, and match what was published."""

from typing import get_args

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from risk_models.published_tests import ADDITIVE, MULTIPLICATIVE, PublishedTest, Sizes, published_test
from risk_models.spread import proportion_overdispersion, shmi_overdispersion
from risk_models.standardise import score_binary, score_count
from risk_models.verdict import LEVELS
from tests.risk_models.conftest import read_records

RATIO = [name for name in get_args(PublishedTest) if name != "wilson"]
PROPORTION = ["z-score", "wilson", "spiegelhalter-2005", "spiegelhalter-2012"]


def ratios() -> Sizes:
    """Counts around expectations from 0.5 to 80."""
    expected = np.repeat([0.5, 2.0, 7.3, 20.0, 80.0], 60)
    observed = np.concatenate([np.arange(60) * max(1, round(e / 20)) for e in (0.5, 2.0, 7.3, 20.0, 80.0)])
    return Sizes(observed.astype(float), expected, expected)


def proportions() -> Sizes:
    n = np.repeat([12.0, 50.0, 400.0], 13)
    share = 0.3
    observed = np.round(np.concatenate([m * np.linspace(0, 1, 13) for m in (12, 50, 400)]))
    return Sizes(observed, n * share, n * share * (1 - share), n)


def spread_of(test: str, kind: str) -> dict[str, float]:
    if kind == "additive" and test in ADDITIVE:
        return {"tau2": 0.02}
    if kind == "multiplicative" and test in MULTIPLICATIVE:
        return {"phi": 2.5}
    return {}


@pytest.mark.parametrize("kind", ["none", "additive", "multiplicative"])
@pytest.mark.parametrize(
    ("test", "sizes"),
    [(name, ratios()) for name in RATIO] + [(name, proportions()) for name in PROPORTION],
)
def test_a_value_is_beyond_a_limit_where_its_interval_leaves_the_norm_out(test, sizes, kind):
    found = published_test(test, sizes, levels=LEVELS, **spread_of(test, kind))
    o = sizes.observed
    low998, low95, high95, high998 = found.limits
    judged = np.isfinite(found.p_low)
    few, many = (o <= low95)[judged], (o >= high95)[judged]
    # an interval computed at a limit itself may differ from 1 in the last digit
    np.testing.assert_array_equal(few, (found.upper <= 1 + 1e-12)[judged])
    np.testing.assert_array_equal(many, (found.lower >= 1 - 1e-12)[judged])
    np.testing.assert_array_equal(few, (found.p_low <= 0.025)[judged])
    np.testing.assert_array_equal(many, (found.p_high <= 0.025)[judged])
    np.testing.assert_array_equal((o <= low998)[judged], (found.p_low <= 0.001)[judged])
    np.testing.assert_array_equal((o >= high998)[judged], (found.p_high <= 0.001)[judged])
    assert few.any()
    assert many.any()
    assert judged.mean() > 0.9


@pytest.mark.parametrize("kind", ["none", "additive", "multiplicative"])
@pytest.mark.parametrize("test", PROPORTION)
@pytest.mark.parametrize(("n", "share"), [(4, 0.05), (4, 0.5), (12, 0.3), (12, 0.9), (60, 0.97), (60, 0.02)])
def test_a_proportion_has_a_limit_where_some_count_is_rejected(test, n, share, kind):
    counts = np.arange(n + 1.0)
    e, v = n * share, n * share * (1 - share)
    sizes = Sizes(counts, *(np.full(n + 1, value) for value in (e, v, n)))
    found = published_test(test, sizes, levels=LEVELS, **spread_of(test, kind))
    for limit, p, tail in zip(
        found.limits, (found.p_low, found.p_low, found.p_high, found.p_high), (0.001, 0.025, 0.025, 0.001),
        strict=True,
    ):  # fmt: skip
        assert np.isfinite(limit[0]) == (p <= tail).any()
        assert np.isnan(limit[0]) or 0 <= limit[0] <= n
    assert (found.lower >= 0).all()
    assert (found.upper <= n / e + 1e-12).all()


@pytest.mark.parametrize("test", RATIO)
@pytest.mark.parametrize("e", [0.5, 2.0, 3.0, 5.0, 7.3, 12.0, 40.0])
def test_a_count_has_a_low_limit_where_some_count_is_rejected(test, e):
    counts = np.arange(200.0)
    found = published_test(test, Sizes(counts, *np.full((2, 200), e)), levels=LEVELS)
    for limit, p, tail in zip(found.limits[:2], (found.p_low, found.p_low), (0.001, 0.025), strict=True):
        rejected = (p[np.isfinite(p)] <= tail).any()
        # with shmi no events cannot be judged, so that a limit below 1 rejects none
        assert np.isfinite(limit[5]) == rejected or (test == "shmi" and limit[5] < 1)
    for limit in found.limits[2:]:
        assert np.isfinite(limit[5])


@pytest.mark.parametrize("test", ["spiegelhalter-2005", "chi-square"])
def test_the_ends_of_an_interval_are_the_expectations_that_are_just_rejected(test):
    """The other way round: expectations are sought at which the p-value is the tail."""
    found = published_test(test, Sizes(*np.full((3, 1), 7.0)), levels=LEVELS)

    def tail(e: float, side: str) -> float:
        at = published_test(test, Sizes(np.array([7.0]), np.array([e]), np.array([e])), levels=LEVELS)
        return float(getattr(at, side)[0]) - 0.025

    upper, lower = brentq(tail, 7, 40, args=("p_low",)), brentq(tail, 0.5, 7, args=("p_high",))
    assert (found.lower[0] * 7, found.upper[0] * 7) == pytest.approx((lower, upper), rel=1e-9)


def test_extremes_as_they_are_published():
    all_of_them = Sizes(np.array([20.0]), np.array([19.9]), np.array([0.1]), np.array([20.0]))
    found = published_test("spiegelhalter-2005", all_of_them, levels=LEVELS)
    assert found.p_high == [0]
    assert found.limits[3] < 20
    assert found.lower == found.upper == pytest.approx(20 / 19.9)
    none = Sizes(np.array([0.0]), np.array([0.4]), np.array([0.4]))
    found = published_test("chi-square", none, levels=LEVELS)
    assert (found.p_low, found.lower, found.upper) == (0, 0, 0)
    assert found.limits[0] > 0


def test_poisson_tails_of_spiegelhalter():
    sizes = ratios()
    found = published_test("spiegelhalter-2005", sizes, levels=LEVELS)
    np.testing.assert_allclose(found.p_low, stats.poisson.cdf(sizes.observed, sizes.expected), rtol=1e-12)
    some = sizes.observed > 0
    sf = stats.poisson.sf(sizes.observed, sizes.expected)
    np.testing.assert_allclose(found.p_high[some], sf[some], rtol=1e-12)
    assert (found.p_high[~some] == 1).all(), "no events are never too many"


@pytest.mark.data
def test_outliers_of_medpar_are_those_published(profiling):
    r = profiling["medpar_los"]
    o, e = (np.array(r["by_provider"][k], dtype=float) for k in ("O", "E"))
    index = np.arange(len(o))

    def outliers(test: str, rounded: np.ndarray, **spread: float) -> int:
        scores = score_count(index, np.ones(len(o)), o, rounded, providers=len(o), test=test, **spread)
        return int(np.isin(scores.band, ["low998", "high998"]).sum())

    tau2 = shmi_overdispersion(o, e).tau2
    assert outliers("chi-square", np.round(e, 2)) == r["outliers_998_unadjusted"]
    assert outliers("shmi", np.round(e, 2), tau2=tau2) == r["outliers_998_shmi_od"]


@pytest.mark.data
def test_outliers_of_colonoscopy_are_those_published(profiling, shared):
    r = profiling["cms_colonoscopy"]
    rows = read_records(shared / "data" / "profiling" / "qm_colonoscopy.csv", text=["entity"])
    x, n = rows["x"], rows["n"]

    def outliers(test: str, **spread: float) -> int:
        scores = score_binary(
            np.arange(len(x)), n, x, np.full(len(x), x.sum() / n.sum()), providers=len(x), test=test, **spread
        )
        return int(np.isin(scores.band, ["low998", "high998"]).sum())

    assert outliers("spiegelhalter-2005") == r["outliers_998_exact_binomial"]
    tau2 = proportion_overdispersion(x, n).tau2
    assert outliers("spiegelhalter-2012", tau2=tau2) == r["outliers_998_arcsine_od"]


def test_multiplying_the_variance_divides_the_z_scores():
    sizes = proportions()
    plain = published_test("z-score", sizes, levels=LEVELS)
    wide = published_test("z-score", sizes, levels=LEVELS, phi=4.0)
    z, narrower = stats.norm.ppf(wide.p_low), stats.norm.ppf(plain.p_low)
    near = np.abs(narrower) < 5
    np.testing.assert_allclose(z[near], narrower[near] / 2, rtol=1e-9, atol=1e-9)
    some = np.isfinite(wide.limits[1])
    e = sizes.expected
    np.testing.assert_allclose((e - wide.limits[1])[some], 2 * (e - plain.limits[1])[some], rtol=1e-12)


def test_what_cannot_be_judged_says_so():
    scores = score_count([0, 1], [50, 50], [0, 9], [0.1, 0.1], providers=2, test="shmi")
    assert scores.reason.tolist() == ["no events: test 'shmi' cannot judge that", ""]
    assert scores.band.tolist()[0] == "not-assessable"
    with pytest.raises(ValueError, match="'wilson' is of a proportion without case mix"):
        published_test("wilson", ratios(), levels=LEVELS)
    with pytest.raises(ValueError, match="test 'chi-square' has no form with over-dispersion"):
        score_count([0, 1], [50, 50], [3, 9], [0.1, 0.1], providers=2, test="chi-square", tau2=0.1)
    with pytest.raises(ValueError, match=r"phi: 2 with test .exact.; expected 1, or more with z-score"):
        score_binary([0, 1], [50, 50], [3, 9], [0.1, 0.1], providers=2, phi=2)
    with pytest.raises(ValueError, match=r"holds providers against all of them, not against a norm of 0\.2"):
        score_binary([0, 1], [50, 50], [3, 9], [0.1, 0.1], providers=2, test="z-score", norm=0.2)
