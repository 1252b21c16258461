import numpy as np
import pytest

from risk_models.strata import checked, checked_provider, checked_risk, per_provider, within_squares


def test_within_squares_are_those_of_the_records():
    groups = [np.array([1.0, 2.0, 4.0]), np.array([7.0]), np.array([]), np.array([3.0, 3.0])]
    n = np.array([len(y) for y in groups], dtype=float)
    result = within_squares(n, np.array([y.sum() for y in groups]), np.array([(y**2).sum() for y in groups]))
    np.testing.assert_allclose(result, [np.var(groups[0]) * 3, 0, 0, 0], atol=1e-14)


def test_rounding_is_forgiven_but_contradiction_is_not():
    tenth = np.full(1000, 0.1)
    n, sum_y = np.array([1000.0]), np.array([tenth.sum()])
    assert within_squares(n, sum_y, np.array([(tenth**2).sum()]))[0] < 1e-12
    with pytest.raises(ValueError, match=r"sum_y2: stratum 0 has 9\.9, expected at least"):
        within_squares(n, sum_y, np.array([9.9]))


def test_equal_values_have_no_spread_whatever_the_rounding():
    n = np.arange(1.0, 200)
    sum_y, sum_y2 = (np.array([np.cumsum(np.full(int(k), x))[-1] for k in n]) for x in (0.1, 0.1**2))
    assert (sum_y2 < sum_y**2 / n).any()
    result = within_squares(n, sum_y, sum_y2)
    assert (result >= 0).all()
    np.testing.assert_allclose(result, 0, atol=1e-12)


def test_columns_must_be_one_number_per_stratum():
    with pytest.raises(
        ValueError, match=r"sum_y: expected one number per stratum, got an array of shape \(2, 2\)"
    ):
        checked("sum_y", np.ones((2, 2)))
    with pytest.raises(ValueError, match="sum_y: expected 3 strata, got 2"):
        checked("sum_y", np.ones(2), rows=3)


def test_providers_are_indices():
    np.testing.assert_array_equal(
        per_provider(checked_provider([0, 2, 2], rows=3, providers=4), np.ones(3), 4), [1, 0, 2, 0]
    )
    for wrong in (-1, 4, 0.5):
        with pytest.raises(ValueError, match="expected a whole number from 0 to 3"):
            checked_provider([0, wrong], rows=2, providers=4)


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, 1.1, np.nan])
def test_risks_lie_between_zero_and_one(risk):
    with pytest.raises(ValueError, match="risk: stratum 0 has"):
        checked_risk([risk], np.ones(1))
