from dataclasses import replace

import numpy as np
import pytest

from risk_models.design import Term
from risk_models.expected import fit_model
from risk_models.imputed import fit_imputed
from risk_models.missing import Imputed, complete_cases, impute, missing_notes, pooled

TERMS = [Term("x", "number", missing="median-and-flag"), Term("c", "category"), Term("f", "flag")]
GONE = {
    "x": np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False]),
    "c": np.array(["a", None, None], dtype=object),
    "f": np.array([0.0, 1.0, 1.0]),
}


def test_notes_and_complete_cases():
    one, two = missing_notes(TERMS, GONE, [10, 20, 70])
    assert (one.term, one.records, one.share, one.rule) == ("x", 20, 0.2, "median-and-flag")
    assert (two.term, two.records, two.share, two.rule) == ("c", 90, 0.9, "own-category")
    assert {note.rule for note in missing_notes(TERMS, GONE, [1, 1, 1], instead="complete-case")} == {
        "complete-case"
    }
    np.testing.assert_array_equal(complete_cases(TERMS, GONE, rows=3), [True, False, False])
    assert missing_notes(TERMS[2:], GONE, [1, 1, 1]) == ()


def test_copies_keep_all_records_and_fill_from_donors_of_one_outcome():
    strata = {
        "x": np.array([1.0, 2.0, np.nan, 3.0]),
        "g": np.array(["a", "a", "a", "b"]),
        "c": np.array(["p", "q", None, "p"], dtype=object),
    }
    n, events = [30, 20, 50, 40], [30, 0, 10, 5]
    copies = impute(strata, ["x", "c"], n=n, events=events, given=["g"], copies=3, seed=1)
    assert len(copies) == 3
    for copy in copies:
        np.testing.assert_array_equal(np.bincount(copy.origin, weights=copy.n), n)
        np.testing.assert_array_equal(np.bincount(copy.origin, weights=copy.events), events)
        taken = copy.origin == 2
        # with the event only stratum 0 is a donor, without it only stratum 1; never one of group b
        with_event = copy.events[taken] > 0
        np.testing.assert_array_equal(copy.columns["x"][taken], np.where(with_event, 1.0, 2.0))
        np.testing.assert_array_equal(copy.columns["c"][taken], np.where(with_event, "p", "q"))
        np.testing.assert_array_equal(
            copy.columns["x"][~taken], np.array([1.0, 2.0, 0, 3.0])[copy.origin[~taken]]
        )
    again = impute(strata, ["x", "c"], n=n, events=events, given=["g"], copies=3, seed=1)
    np.testing.assert_array_equal(again[1].n, copies[1].n)


def test_without_a_donor_there_is_no_imputation():
    strata = {"x": np.array([1.0, np.nan])}
    with pytest.raises(ValueError, match="no record has all of x with the outcome"):
        impute(strata, ["x"], n=[10, 5], events=[0, 5], copies=2, seed=1)
    with pytest.raises(ValueError, match="copies: 1; expected 2"):
        impute(strata, ["x"], n=[10, 5], events=[0, 0], copies=1, seed=1)
    with pytest.raises(ValueError, match="a whole number"):
        impute(strata, ["x"], n=[10.5, 5], events=[0, 0], copies=2, seed=1)


def fitted(coefficient, variance):
    model = fit_model("logistic", [], {}, n=[100], sum_y=[30])
    return replace(
        model,
        coefficients=np.array([coefficient]),
        covariance=np.array([[variance]]),
        standard_errors=np.sqrt([variance]),
    )


def test_rubins_rules_by_hand():
    # three copies: estimates 1, 2, 3 with variances 0.5, 1, 1.5; W = 1, B = 1, T = 1 + 4/3
    found = pooled([fitted(1, 0.5), fitted(2, 1.0), fitted(3, 1.5)])
    assert found.model.coefficients[0] == 2
    assert found.model.standard_errors[0] == pytest.approx(np.sqrt(7 / 3))
    assert found.freedom[0] == pytest.approx(2 * (1 + 3 / 4) ** 2)
    r = 4 / 3
    assert found.lost[0] == pytest.approx((r + 2 / (found.freedom[0] + 3)) / (r + 1))
    same = pooled([fitted(1, 0.5), fitted(1, 0.5)])
    assert (same.lost[0], same.freedom[0]) == (0, np.inf)
    with pytest.raises(ValueError, match="1 models; Rubin's rules take 2"):
        pooled([fitted(1, 1)])
    with pytest.raises(ValueError, match="different kinds or designs"):
        pooled([fitted(1, 1), fit_model("linear", [], {}, n=[9], sum_y=[1], sum_y2=[9])])


def test_rubins_rules_are_those_of_mice(records, proofs):
    known, age = proofs["rubin"], records["age"]
    copies = [
        Imputed(
            columns={"age": age, "x": records["before"] + (age * k) % 5},
            n=np.ones(600),
            events=records["died"],
            origin=np.arange(600),
        )
        for k in (1, 2, 3)
    ]
    found = fit_imputed([Term("age", "number"), Term("x", "number")], copies)
    np.testing.assert_allclose(found.model.coefficients[1:], known["coef"], rtol=1e-9)
    np.testing.assert_allclose(found.model.standard_errors[1:] ** 2, known["variance"], rtol=1e-9)
    np.testing.assert_allclose(found.freedom[1:], known["freedom"], rtol=1e-6)
    r = np.array(known["increase"])
    np.testing.assert_allclose(found.lost[1:], (r + 2 / (found.freedom[1:] + 3)) / (r + 1), rtol=1e-6)


def test_imputation_mends_what_complete_cases_bias():
    """The flag is missing more often with the event, so that complete cases miss the rate; truth is known."""
    rng = np.random.default_rng(12)
    n = 6000
    flag = (rng.random(n) < 0.4) * 1.0
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - 1.2 * flag))) * 1.0
    gone = rng.random(n) < np.where(y > 0, 0.6, 0.1)
    strata, ones = {"f": np.where(gone, np.nan, flag)}, np.ones(n)
    terms = [Term("f", "flag")]
    full = fit_model("logistic", terms, {"f": flag}, n=ones, sum_y=y)
    kept = complete_cases(terms, strata, rows=n)
    bare = fit_model("logistic", terms, {"f": strata["f"][kept]}, n=ones[kept], sum_y=y[kept])
    copies = impute(strata, ["f"], n=ones, events=y, copies=10, seed=3)
    result = pooled([fit_model("logistic", terms, c.columns, n=c.n, sum_y=c.events) for c in copies])
    errors = result.model.standard_errors
    assert np.all(np.abs(result.model.coefficients - full.coefficients) < 3 * errors)
    assert abs(bare.coefficients[0] - full.coefficients[0]) > 8 * errors[0]
    assert np.all(errors > full.standard_errors)
    assert np.all((result.lost > 0.05) & (result.lost < 0.8))
