import numpy as np
import pytest

from risk_models.concordance import c_index, risk_groups


def by_pairs(score, time, event):
    """Every pair of records, as the definition has it."""
    right = pairs = 0.0
    for i in np.flatnonzero(event):
        later = (time > time[i]) | ((time == time[i]) & ~event)
        later[i] = False
        pairs += later.sum()
        right += (score[i] > score[later]).sum() + (score[i] == score[later]).sum() / 2
    return right / pairs


@pytest.mark.parametrize("seed", range(4))
def test_c_index_is_that_of_all_pairs(seed):
    draw = np.random.default_rng(seed)
    score, time = draw.integers(0, 8, 300).astype(float), draw.integers(1, 20, 300)
    event = draw.random(300) < 0.4
    found = c_index(score, time, n=np.ones(300), events=event.astype(float))
    assert found == pytest.approx(by_pairs(score, time, event), rel=1e-12)
    # strata: records alike taken together
    key, place = np.unique(np.column_stack([score, time]), axis=0, return_inverse=True)
    n = np.bincount(place.ravel())
    events = np.bincount(place.ravel(), weights=event)
    assert c_index(key[:, 0], key[:, 1], n=n, events=events) == pytest.approx(found, rel=1e-12)


def test_perfect_and_none():
    assert c_index([3, 2, 1], [1, 2, 3], n=[1, 1, 1], events=[1, 1, 1]) == 1
    assert c_index([1, 2, 3], [1, 2, 3], n=[1, 1, 1], events=[1, 1, 1]) == 0
    assert np.isnan(c_index([1, 2], [1, 2], n=[1, 1], events=[0, 0]))


def test_groups_add_up_and_keep_equal_scores_together():
    score = np.array([1.0, 1.0, 2.0, 3.0, 3.0, 9.0])
    n, observed = [5, 5, 20, 30, 10, 30], [1, 0, 2, 3, 4, 9]
    found = risk_groups(score, n=n, observed=observed, expected=score, groups=4)
    assert [group["n"] for group in found] == [30, 40, 30]
    assert [group["observed"] for group in found] == [3, 7, 9]
    assert [group["expected"] for group in found] == [4, 6, 9]
