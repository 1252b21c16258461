import numpy as np
import pytest
from scipy import stats

from risk_models.spread import (
    cqc_overdispersion,
    empirical_null,
    mean_overdispersion,
    overdispersion,
    proportion_overdispersion,
    shmi_overdispersion,
)


def test_providers_without_events_break_the_log_and_are_told_so():
    o, e = np.array([0.0] * 5 + [4.0] * 15), np.full(20, 4.0)
    with pytest.raises(ValueError, match="5 of 20 providers have no events"):
        shmi_overdispersion(o, e)
    assert np.isfinite(overdispersion(o, e, e).phi)
    assert np.isfinite(cqc_overdispersion(o, e).phi)
    # left out with the outer tenths, they do no harm
    assert np.isfinite(shmi_overdispersion(np.array([0.0] + [4.0] * 19), e).phi)


def test_winsorising_draws_in_as_much_as_asked():
    o, e = np.array([1.0, 9.0, 10.0, 11.0, 40.0]), np.full(5, 10.0)
    z2 = (o - 10) ** 2 / 10
    assert overdispersion(o, e, e, winsorise=0).phi == pytest.approx(z2.mean())
    # quantiles at 0.25 and 0.75 are the second and the fourth
    assert overdispersion(o, e, e, winsorise=0.25).phi == pytest.approx(np.mean([0.1, 0.1, 0, 0.1, 0.1]))
    for wrong in (0.5, -0.1, np.nan):
        with pytest.raises(ValueError, match="winsorise"):
            overdispersion(o, e, e, winsorise=wrong)


def test_absent_providers_are_left_out():
    o, e = np.array([3.0, 9.0, 4.0, 7.0]), np.array([4.0, 5.0, 6.0, 6.5])
    for measure in (cqc_overdispersion, shmi_overdispersion, proportion_overdispersion):
        more = measure(np.append(np.minimum(o, e), 0.0), np.append(e, 0.0))
        known = measure(np.minimum(o, e), e)
        assert (more.phi, more.tau2, more.kept) == (known.phi, known.tau2, known.kept)
        np.testing.assert_array_equal(more.z, np.append(known.z, np.nan))
        assert np.isnan(measure([3.0], [4.0]).phi)


def test_empirical_null_recovers_the_ordinary_among_outliers():
    rng = np.random.default_rng(5)
    ordinary = rng.normal(0.3, 1.6, 20000)
    outliers = rng.normal(9, 1, 1000)
    found = empirical_null(np.append(ordinary, outliers))
    assert found.centre == pytest.approx(0.3, abs=0.05)
    assert found.sd == pytest.approx(1.6, abs=0.06)
    assert found.share == pytest.approx(20 / 21, abs=0.01)
    np.testing.assert_allclose(found.rescale(np.array([0.3])), (0.3 - found.centre) / found.sd)


def test_empirical_null_maximises_the_truncated_normal_likelihood():
    z = np.random.default_rng(6).standard_t(4, 80) * 1.3
    middle = np.median(z)
    reach = 1.6448536269514722 * 1.4826 * np.median(np.abs(z - middle))
    inside = z[np.abs(z - middle) <= reach]
    found = empirical_null(np.append(z, np.nan))

    def likelihood(centre, sd):
        a, b = (middle - reach - centre) / sd, (middle + reach - centre) / sd
        return stats.truncnorm.logpdf(inside, a, b, centre, sd).sum()

    best = likelihood(found.centre, found.sd)
    for step in (1e-3, -1e-3):
        assert likelihood(found.centre + step, found.sd) < best
        assert likelihood(found.centre, found.sd + step) < best


def test_empirical_null_needs_providers_that_differ():
    with pytest.raises(ValueError, match="needs z-scores of 5 providers, got 3"):
        empirical_null([1.0, 2.0, 3.0, np.nan])
    with pytest.raises(ValueError, match="no null to fit"):
        empirical_null([0.0] * 10)


def test_means_that_differ_by_chance_only_have_no_spread_and_others_their_own():
    """With a known variance between providers, tau2 comes out near it, and phi near 1 without."""
    draw = np.random.default_rng(8)
    n = draw.integers(50, 400, 400).astype(float)
    for tau in (0.0, 0.3):
        means = 5 + tau * draw.standard_normal(400) + draw.standard_normal(400) * 2 / np.sqrt(n)
        found = mean_overdispersion(means, n, sd=2.0, reference=5.0, winsorise=0.0)
        # of 400 squared z-scores: the standard error of the mean of chi-square with 1 degree is 0.07
        z2 = ((means - 5) / (2 / np.sqrt(n))) ** 2
        assert found.phi == pytest.approx(z2.mean(), rel=1e-12)
        assert np.sqrt(found.tau2) == pytest.approx(tau, abs=0.05)
    assert np.isnan(mean_overdispersion([1.0, 2.0], [3, 4], sd=0.0, reference=1.0).phi)


def test_a_count_that_cannot_be_has_no_spread():
    o, e = np.array([3.0, 9.0, 4.0]), np.array([4.0, 5.0, 6.0])
    for wrong, message in ((-1.0, "expected 0 or more"), (np.inf, "has inf, expected a finite number")):
        for measure in (cqc_overdispersion, shmi_overdispersion, proportion_overdispersion):
            with pytest.raises(ValueError, match=message):
                measure(np.append(o, wrong), np.append(e, 12.0))
        with pytest.raises(ValueError, match=message):
            overdispersion(np.append(o, wrong), np.append(e, 12.0), np.append(e, 12.0))
