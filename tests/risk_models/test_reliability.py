import numpy as np
import pytest

from risk_models.design import Term
from risk_models.expected import fit_model
from risk_models.reliability import between_variance, mean_reliability, overdispersion, ratio_reliability
from risk_models.standardise import score_mean
from tests.risk_models.proms import CASE_MIX, HIP, MEASURES, modelled, read_table


def test_reliability_of_ratios_and_means_is_that_of_r(golden):
    r, binary, means = golden["reliability"], golden["binary_scores"], golden["mean_scores"]
    observed, expected, variance, n = (np.array(binary[k]) for k in ("observed", "expected", "variance", "n"))
    for result, known in (
        (ratio_reliability(observed, expected, variance, n), r["ratio"]),
        (mean_reliability(np.array(means["adjusted"]), means["sd"], n), r["mean"]),
    ):
        assert result.tau2 == pytest.approx(known["tau2"], rel=1e-9)
        np.testing.assert_allclose(result.reliability, known["reliability"], rtol=1e-9)
        assert result.n_wanted == pytest.approx(known["n_wanted"], rel=1e-9)


def test_equal_sizes_give_the_variance_of_a_mixed_model(golden):
    # in balanced data, the moment estimator and restricted maximum likelihood (lme4) coincide
    r = golden["reliability"]["balanced"]
    means = np.array(r["means"])
    result = mean_reliability(means, np.sqrt(r["lmer_within"]), np.full(len(means), float(r["each"])))
    assert result.tau2 == pytest.approx(r["lmer_between"], rel=1e-6)


def test_overdispersion_is_that_of_r(golden):
    r, binary = golden["reliability"]["overdispersion"], golden["binary_scores"]
    result = overdispersion(*(np.array(binary[k]) for k in ("observed", "expected", "variance")))
    assert result.phi == pytest.approx(r["phi"], rel=1e-11)
    assert result.tau2 == pytest.approx(r["tau2"], rel=1e-10)


@pytest.mark.parametrize("wanted", [0.5, 0.7, 0.9])
def test_minimum_volume_has_the_wanted_reliability(wanted):
    adjusted, n = np.array([4.0, 6.0, 7.0, 9.0]), np.array([30.0, 60.0, 45.0, 80.0])
    found = mean_reliability(adjusted, 5.0, n, wanted=wanted)
    assert found.tau2 / (found.tau2 + 25 / found.n_wanted) == pytest.approx(wanted)
    o, e = np.array([3.0, 9.0, 14.0]), np.array([6.0, 8.0, 9.0])
    ratio = ratio_reliability(o, e, 0.8 * e, 5 * e, wanted=wanted)
    # so many records of average risk have V/E^2 at which it is reached
    variance = 0.8 / (ratio.n_wanted / 5)
    assert ratio.tau2 / (ratio.tau2 + variance) == pytest.approx(wanted)
    with pytest.raises(ValueError, match=r"wanted: 1\.5 is no reliability"):
        mean_reliability(adjusted, 5.0, n, wanted=1.5)


def test_no_more_than_chance_gives_reliability_zero():
    n = np.array([10.0, 20.0, 30.0])
    result = mean_reliability(np.array([5.0, 5.0, 5.0]), 2.0, n)
    assert result.tau2 == 0
    assert result.reliability.tolist() == [0, 0, 0]
    assert result.n_wanted == np.inf


def test_one_provider_has_no_reliability():
    result = mean_reliability(np.array([5.0, np.nan]), 2.0, np.array([10.0, 0.0]))
    assert np.isnan(result.tau2)
    assert np.isnan(result.reliability).all()
    assert np.isnan(result.n_wanted)
    one, ten = np.array([1.0]), np.array([10.0])
    assert np.isnan(ratio_reliability(one, one, one, ten).tau2)
    assert np.isnan(overdispersion(one, one, one).phi)
    none = np.zeros(2)
    assert np.isnan(ratio_reliability(none, none, none, none).tau2)


def test_absent_providers_are_left_out_and_have_no_reliability():
    y, n = np.array([1.0, 5.0, 9.0]), np.array([10.0, 12.0, 30.0])
    plain = mean_reliability(y, 2.0, n)
    more = mean_reliability(np.append(y, np.nan), 2.0, np.append(n, 0.0))
    assert more.tau2 == plain.tau2
    np.testing.assert_array_equal(more.reliability, np.append(plain.reliability, np.nan))


def test_records_wanted_give_the_wanted_reliability():
    result = mean_reliability(np.array([1.0, 5.0, 9.0]), 2.0, np.array([10.0, 12.0, 30.0]))
    assert result.tau2 / (result.tau2 + 2.0**2 / result.n_wanted) == pytest.approx(0.7)


def test_known_variance_is_recovered():
    rng = np.random.default_rng(11)
    sampling = rng.uniform(0.5, 4, 20000)
    y = rng.normal(3, np.sqrt(0.8 + sampling))
    assert between_variance(y, sampling) == pytest.approx(0.8, rel=0.05)


def test_overdispersion_leaves_absent_providers_out():
    observed, expected = np.array([3.0, 9.0, 4.0]), np.array([4.0, 5.0, 6.0])
    plain = overdispersion(observed, expected, expected * 0.8)
    more = overdispersion(*(np.append(x, 0.0) for x in (observed, expected, expected * 0.8)))
    assert (more.phi, more.tau2, more.kept) == (plain.phi, plain.tau2, 3)


def test_providers_without_events_do_not_break_overdispersion():
    expected = np.full(10, 2.0)
    result = overdispersion(np.zeros(10), expected, expected * 0.9)
    assert np.isfinite([result.phi, result.tau2]).all()


# The table "how much signal is there" of the reference page:
# standard deviation of the residuals, tau, records for reliability 0.7.
SIGNAL = {
    "hip-eq5d": (0.218, 0.024, 186),
    "hip-oxford": (7.9, 1.06, 129),
    "hip-vas": (16.0, 1.5, 255),
    "knee-eq5d": (0.225, 0.017, 396),
    "knee-oxford": (8.5, 0.93, 199),
}


@pytest.mark.data
@pytest.mark.parametrize("key", SIGNAL)
def test_signal_in_the_proms_of_nhs_england(shared, key):
    sd, tau, n_wanted = SIGNAL[key]
    measure = MEASURES[key]
    kind = "Hip" if measure.procedure == HIP else "Knee"
    rows = modelled(read_table(shared, f"{kind} Replacement Provider 1617"), measure)
    # suppressed ages and sexes are the same records, so sex enters as a flag of one of its levels
    strata = rows | {"male": (rows["Gender"] == "1").astype(float)}
    terms = [Term(measure.before, "number", degree=2), Term("male", "flag")]
    terms += [Term(name, "category") for name in CASE_MIX if name != "Gender"]
    y, ones = rows[measure.after], np.ones(len(rows[measure.after]))
    model = fit_model("linear", terms, strata, n=ones, sum_y=y, sum_y2=y**2)
    codes = sorted(set(rows["Provider Code"]))
    provider = [codes.index(code) for code in rows["Provider Code"]]
    scores = score_mean(provider, ones, y, y**2, model.expected(strata), providers=len(codes))
    large = scores.n >= 30
    result = mean_reliability(scores.adjusted[large], scores.sd, scores.n[large])
    digits = 3 if sd < 1 else 1
    assert round(scores.sd, digits) == sd
    assert np.sqrt(result.tau2) == pytest.approx(
        tau, abs=0.0005 if tau < 0.1 else 0.05 if tau == 1.5 else 0.005
    )
    # the page does not say with how many degrees of freedom: that moves the last digit
    assert result.n_wanted == pytest.approx(n_wanted, abs=1)
