"""Expressions written as text again: what is read back is what was written."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from indicators.expression import ExpressionError, Node, Scope, parse
from indicators.notation import to_text
from tests.indicators.test_expression import CODES, COLUMNS, ZONE, trees


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("age>=18  and(loss < 1000)", "age >= 18 and loss < 1000"),
        ("age not between 1 and 2", "age not between 1 and 2"),
        ("not (alive or age > 1)", "not (alive or age > 1)"),
        ("(alive or age > 1) and loss < 2", "(alive or age > 1) and loss < 2"),
        ("alive or age > 1 and loss < 2", "alive or age > 1 and loss < 2"),
        ("age - (loss - 1) > -2", "age - (loss - 1) > -2"),
        ("sex not in ('a', 'it''s')", "sex not in ('a', 'it''s')"),
        ("sex is not null", "sex is not null"),
        ("born > date '2000-02-29'", "born > date '2000-02-29'"),
        ("days_between(born, born) = 0", "days_between(born, born) = 0"),
        (
            "case when alive then age else loss end > 3",
            "case when alive then age else loss end > 3",
        ),
    ],
)
def test_as_an_author_would_write_it(written: str, text: str) -> None:
    columns = {"age": "integer", "loss": "integer", "alive": "boolean", "sex": "category", "born": "date"}
    assert to_text(parse(written, columns)) == text


@settings(max_examples=300, deadline=None)
@given(tree=trees("boolean", 3))
def test_what_is_read_back_is_the_same(tree: Node) -> None:
    text = to_text(tree)
    try:
        again = parse(text, Scope(COLUMNS, code_lists=CODES, zone=ZONE))
    except ExpressionError as error:
        # A generated tree may say what an author is not allowed to.
        assume("the lower limit comes first" not in str(error) and "too deep" not in str(error))
        raise
    assert again == tree
