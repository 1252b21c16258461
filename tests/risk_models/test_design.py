import json
import re

import numpy as np
import pytest

from risk_models.design import Design, Term, UnseenLevel, fit_design
from risk_models.spline import KNOT_QUANTILES


def one(term, values, n=None):
    values = np.asanyarray(values)
    n = np.ones(len(values)) if n is None else np.asarray(n, dtype=float)
    return fit_design([term], {term.name: values}, n)


@pytest.mark.parametrize("count", sorted(KNOT_QUANTILES))
def test_knots_are_those_of_hmisc_whether_from_records_or_from_strata(golden, records, count):
    expected = golden["spline"]["default_knots"][str(count)]
    age, n = np.unique(records["age"], return_counts=True)
    on_records = one(Term("age", "spline", knots=count), records["age"]).terms[0].knots
    on_strata = one(Term("age", "spline", knots=count), age, n).terms[0].knots
    np.testing.assert_allclose(on_records, expected, rtol=1e-14)
    assert on_strata == on_records


def test_number_has_powers_of_the_centred_value():
    design = one(Term("x", "number", degree=3), [1.0, 2.0, 6.0])
    centre = design.terms[0].centre
    assert design.columns == ("(intercept)", "x", "x^2", "x^3")
    x = np.array([10.0])
    np.testing.assert_array_equal(
        design.matrix({"x": x})[0], [1, 10 - centre, (10 - centre) ** 2, (10 - centre) ** 3]
    )


def test_centre_is_near_the_weighted_mean_and_short():
    design = one(Term("year", "number"), [2014.0, 2019.0, 2024.0], [1, 1, 8])
    assert design.terms[0].centre == 2022.5


def test_reference_is_the_most_frequent_known_level():
    values = np.array(["b", "a", None, "c"], dtype=object)
    design = one(Term("x", "category"), values, [3, 2, 9, 1])
    assert design.columns == ("(intercept)", "x=(missing)", "x=a", "x=c")
    np.testing.assert_array_equal(
        design.matrix({"x": values})[:, 1:], [[0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    )


def test_given_reference_is_kept():
    design = one(Term("x", "category", reference="a"), np.array(["b", "b", "a"]))
    assert design.columns == ("(intercept)", "x=b")


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", None, "b"], dtype=object),
        np.array(["a", np.nan, "b"], dtype=object),
        np.ma.masked_array(np.array(["a", "?", "b"]), mask=[False, True, False]),
    ],
    ids=["none", "nan", "masked"],
)
def test_missing_is_a_level_of_its_own(values):
    assert set(one(Term("x", "category"), values).terms[0].levels) == {"a", "b", "(missing)"}


def test_whole_numbers_are_levels_too_but_fractions_are_not():
    assert one(Term("x", "category"), np.array([2, 1, 2])).terms[0].levels == ("2", "1")
    with pytest.raises(ValueError, match=r"term 'x': level 1\.5 is neither text nor a whole number"):
        one(Term("x", "category"), np.array([1.5, 2.0]))


def test_level_never_seen_is_refused_by_name():
    design = one(Term("parity", "category"), np.array(["0", "1"]))
    with pytest.raises(UnseenLevel, match=r"term 'parity': level '2' was not seen .*known: 0, 1") as caught:
        design.matrix({"parity": np.array(["1", "2"])})
    assert (caught.value.term, caught.value.level) == ("parity", "2")


def test_levels_without_records_are_not_learnt():
    design = one(Term("x", "category"), np.array(["a", "b"]), [1, 0])
    assert design.terms[0].levels == ("a",)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.0, np.nan]),
        np.array([1, None], dtype=object),
        np.ma.masked_array([1.0, 2.0], [False, True]),
    ],
    ids=["nan", "none", "masked"],
)
@pytest.mark.parametrize("kind", ["number", "spline", "flag"])
def test_missing_number_is_refused_by_name(kind, values):
    message = r"term 'age': 1 of 2 strata have no finite value \(first: stratum 1\)"
    with pytest.raises(ValueError, match=message):
        one(Term("age", kind), values)


def test_flag_is_zero_or_one():
    np.testing.assert_array_equal(
        one(Term("f", "flag"), [0, 1]).matrix({"f": np.array([True, False])})[:, 1], [1, 0]
    )
    with pytest.raises(ValueError, match="term 'f': value 2 in a flag"):
        one(Term("f", "flag"), [0, 1, 2])


def test_text_is_no_number():
    with pytest.raises(ValueError, match="term 'x': holds text"):
        one(Term("x", "number"), np.array(["1", "2"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "polynomial"}, "kind 'polynomial' is none of number, spline, category, flag"),
        ({"kind": "flag", "degree": 2}, "only a number has powers"),
        ({"kind": "number", "degree": 0}, "expected 1 or more"),
        ({"kind": "number", "reference": "a"}, "a reference belongs to a category"),
        ({"kind": "number", "knots": 4}, "knots belong to a spline"),
        ({"kind": "spline", "knots": 2}, "2 knots; expected 3 to 7"),
        ({"kind": "spline", "knots": (1.0, 3.0, 2.0)}, "in increasing order"),
    ],
)
def test_impossible_terms_are_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Term("x", **options)


def test_terms_and_strata_must_fit_together():
    x, n = np.array([1.0, 2.0]), np.ones(2)
    with pytest.raises(ValueError, match="term 'x' is there 2 times"):
        fit_design([Term("x", "number"), Term("x", "flag")], {"x": x}, n)
    with pytest.raises(ValueError, match="term 'y': the strata have no such column; they have x"):
        fit_design([Term("y", "number")], {"x": x}, n)
    with pytest.raises(ValueError, match="reference 'c' does not occur; levels are a, b"):
        one(Term("x", "category", reference="c"), np.array(["a", "b"]))
    with pytest.raises(ValueError, match=r"term 'x': 4 knots fall on 0, 0, .* not distinct"):
        one(Term("x", "spline"), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0])
    design = fit_design([Term("x", "number"), Term("z", "number")], {"x": x, "z": x}, n)
    with pytest.raises(ValueError, match=r"term 'z': expected 2 strata in one column, got shape \(3,\)"):
        design.matrix({"x": x, "z": np.ones(3)})
    with pytest.raises(ValueError, match="term 'x': expected 3 strata"):
        fit_design([Term("x", "number")], {"x": x}, np.ones(3))


def test_places_of_knots_are_kept():
    assert one(Term("x", "spline", knots=[1, 2, 4]), [0.0, 5.0]).terms[0].knots == (1.0, 2.0, 4.0)


def test_design_needs_records():
    with pytest.raises(ValueError, match="no records to fit the design on"):
        one(Term("x", "category"), np.array(["a"]), [0])


def test_design_without_terms_is_an_intercept():
    design = fit_design([], {}, np.ones(3))
    np.testing.assert_array_equal(design.matrix({}, rows=2), [[1], [1]])
    np.testing.assert_array_equal(design.matrix({"other": np.zeros(4)}), np.ones((4, 1)))
    with pytest.raises(ValueError, match="give `rows`"):
        design.matrix({})


def test_round_trip_through_json_is_exact(records):
    terms = [
        Term("age", "spline", knots=5),
        Term("before", "number", degree=2),
        Term("parity", "category", reference="one"),
        Term("diabetes", "flag"),
    ]
    design = fit_design(terms, records, np.ones(len(records["age"])) / 3)
    again = Design.from_dict(json.loads(json.dumps(design.to_dict())))
    assert again == design
    np.testing.assert_array_equal(again.matrix(records), design.matrix(records))


def test_median_and_flag():
    x = np.ma.masked_array([1.0, 3.0, 0.0, 10.0], mask=[False, False, True, False])
    design = one(Term("x", "number", degree=2, missing="median-and-flag"), x, [1, 1, 5, 2])
    assert design.columns == ("(intercept)", "x", "x^2", "x=(missing)")
    # the records with a value are 1, 3, 10, 10: their median is 6.5, and their mean 6 is the centre
    np.testing.assert_allclose(
        design.matrix({"x": x})[:, 1:], [[-5, 25, 0], [-3, 9, 0], [0.5, 0.25, 1], [4, 16, 0]]
    )
    again = Design.from_dict(json.loads(json.dumps(design.to_dict())))
    assert again == design


def test_nothing_missing_at_fitting_leaves_no_column_and_no_pardon():
    design = one(Term("x", "number", missing="median-and-flag"), [1.0, 2.0])
    assert design.columns == ("(intercept)", "x")
    with pytest.raises(ValueError, match="have no finite value"):
        design.matrix({"x": np.array([np.nan])})


def test_a_missing_flag_has_its_own_category():
    flag = np.array([0.0, 1.0, None], dtype=object)
    design = one(Term("f", "flag", missing="own-category"), flag)
    assert design.columns == ("(intercept)", "f", "f=(missing)")
    np.testing.assert_array_equal(design.matrix({"f": flag})[:, 1:], [[0, 0], [1, 0], [0, 1]])


def test_numbers_missing_together_share_a_column():
    a = np.ma.masked_array([1.0, 2.0, 5.0], mask=[False, False, True])
    terms = [Term(name, "number", missing="median-and-flag") for name in "ab"]
    design = fit_design(terms, {"a": a, "b": 2 * a}, np.ones(3))
    assert design.columns == ("(intercept)", "a", "a=(missing)", "b")
    with pytest.raises(UnseenLevel, match="apart from a"):
        design.matrix({"a": a, "b": np.ones(3)})


def test_a_category_may_refuse_missing_values():
    with pytest.raises(ValueError, match="is missing in 1 of 2 strata"):
        one(Term("x", "category", missing="refuse"), np.array(["a", None], dtype=object))


def test_missing_everywhere_is_refused():
    with pytest.raises(ValueError, match="is missing in every record"):
        one(Term("x", "number", missing="median-and-flag"), np.array([np.nan, np.nan]))


def test_an_unseen_level_becomes_the_reference():
    design = one(Term("x", "category", reference="a", unseen="reference"), np.array(["a", "b"]))
    np.testing.assert_array_equal(design.matrix({"x": np.array(["c", "b"])}), [[1, 0], [1, 1]])


def test_an_unseen_level_joins_the_rare_ones():
    term = Term("x", "category", unseen="own-category", pool_below=10)
    design = one(term, np.array(["a", "b", "c", "d"]), [50, 20, 4, 5])
    assert design.columns == ("(intercept)", "x=(other)", "x=b")
    np.testing.assert_array_equal(
        design.matrix({"x": np.array(["a", "c", "never seen", "b"])})[:, 1:], [[0, 0], [1, 0], [1, 0], [0, 1]]
    )
    with pytest.raises(UnseenLevel):
        one(term, np.array(["a", "b"]), [50, 20]).matrix({"x": np.array(["z"])})


def test_levels_that_a_term_does_not_name():
    values = np.array(["a", "b", "c", None], dtype=object)

    def columns(unseen):
        term = Term("x", "category", levels=("b", "a", "never"), unseen=unseen)
        return one(term, values, [5, 9, 30, 2]).columns[1:]

    # the most frequent of the levels that it names is the reference, however frequent another is
    assert columns("reference") == ("x=(missing)", "x=a")
    assert columns("own-category") == ("x=(missing)", "x=a", "x=b")
    with pytest.raises(ValueError, match=r"level 'c' is none of those that it names \(b, a, never\)"):
        columns("error")
    with pytest.raises(ValueError, match="levels belong to a category"):
        Term("x", "number", levels=("a",))


def test_interactions_are_products():
    x, c = np.array([1.0, 2.0, 3.0, 6.0]), np.array(["a", "b", "c", "a"])
    terms = [
        Term("x", "number"),
        Term("c", "category", reference="a"),
        Term("x by c", "interaction", of=("x", "c")),
    ]
    design = fit_design(terms, {"x": x, "c": c}, np.ones(4))
    assert design.columns[-2:] == ("x:c=b", "x:c=c")
    centred = x - design.terms[0].centre
    np.testing.assert_array_equal(
        design.matrix({"x": x, "c": c})[:, -2:].T, [centred * (c == "b"), centred * (c == "c")]
    )
    assert design.slices == (slice(1, 2), slice(2, 4), slice(4, 6))
    assert Design.from_dict(json.loads(json.dumps(design.to_dict()))) == design
    with pytest.raises(ValueError, match="interacts 'y', which is no term here"):
        fit_design([Term("x", "number"), Term("i", "interaction", of=("x", "y"))], {"x": x}, np.ones(4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "category", "missing": "median-and-flag"}, "expected one of own-category, refuse"),
        ({"kind": "number", "missing": "own-category"}, "expected one of refuse, median-and-flag"),
        ({"kind": "number", "unseen": "reference"}, "unseen 'reference' with kind 'number'"),
        ({"kind": "category", "unseen": "own-category"}, "with pool_below 0"),
        ({"kind": "category", "pool_below": 5}, "unseen 'error' with pool_below 5"),
        ({"kind": "interaction", "of": ("a",)}, "two or more other terms"),
        ({"kind": "number", "of": ("a", "b")}, "two or more other terms"),
    ],
)
def test_rules_that_do_not_fit_a_kind(options, message):
    with pytest.raises(ValueError, match=message):
        Term("x", **options)
