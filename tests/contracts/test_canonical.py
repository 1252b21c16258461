"""One spelling for each value."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from contracts.canonical import plain, sha256_of, shown


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(2, 3), 4, "0.6667"),
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(-2, 3), 4, "-0.6667"),
        (Fraction(5, 1000), 2, "0.01"),  # a half, away from zero
        (Fraction(-5, 1000), 2, "-0.01"),
        (Fraction(4999, 1000000), 2, "0.00"),
        (Fraction(0), 0, "0"),
    ],
)
def test_shown(value: Fraction, digits: int, text: str) -> None:
    assert str(shown(value, digits)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.30"), "0.3"),
        (Decimal("100"), "100"),
        (Decimal("1E+2"), "100"),
        (Decimal("-0.00"), "0"),
        (Decimal("1.0000000000000000000000000000000001"), "1.0000000000000000000000000000000001"),
        (0.1, "0.1"),
        ((Decimal("1.0"), 2), ["1", 2]),
    ],
)
def test_plain(value: object, text: object) -> None:
    with localcontext() as context:
        context.prec = 3
        assert plain(value) == text


def test_hash_of_a_known_text() -> None:
    # printf '{"a":["0.3",null],"é":1}' | sha256sum
    known = "6fcd2cef27cb1f424cf2e382de77c83e99612cb73c67df2fb525397498707964"
    assert sha256_of({"é": 1, "a": (Decimal("0.30"), None)}) == known
