"""A risk model as an SQL expression, so that the engine computes the expectation of every record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indicators.compile import quote, text_literal
from risk_models.design import MISSING, FittedTerm
from risk_models.expected import RiskModel


def expectation_sql(model: RiskModel) -> str:
    """Write the expectation of one record as SQL over the columns of its case-mix terms.

    Parameters
    ----------
    model : RiskModel
        A fitted model.

    Returns
    -------
    str
        Expression of type double: a probability, or a mean in the unit of the outcome. Null for a level
        that was not there when the model was fitted, and where a number or a flag is missing.

    Examples
    --------
    >>> expectation_sql(model)  # doctest: +SKIP
    '1e0 / (1e0 + exp(-((-2.9e0) + (0.2e0) * ("age" - (30e0)))))'
    """
    numbers = iter(model.coefficients.tolist())
    parts = [_double(next(numbers))]
    for term in model.design.terms:
        coefficients = [next(numbers) for _ in term.columns]
        parts.append(_ENCODED[term.kind](term, coefficients))
    predictor = " + ".join(parts)
    return f"1e0 / (1e0 + exp(-({predictor})))" if model.kind == "logistic" else f"({predictor})"


def _double(value: float) -> str:
    """A literal of type double: digits without an exponent would be a decimal."""
    text = repr(float(value))
    return f"({text})" if "e" in text else f"({text}e0)"


def _number(term: FittedTerm, coefficients: Sequence[float]) -> str:
    x = f"({quote(term.name)} - {_double(term.centre)})"
    powers = (" * ".join([_double(b), *[x] * power]) for power, b in enumerate(coefficients, start=1))
    return " + ".join(powers)


def _spline(term: FittedTerm, coefficients: Sequence[float]) -> str:
    """Spell out the truncated cubes of `risk_models.spline.spline_basis`."""
    x = quote(term.name)
    parts = [f"{_double(coefficients[0])} * ({x} - {_double(term.centre)})"]
    first, before, last = term.knots[0], term.knots[-2], term.knots[-1]
    for knot, b in zip(term.knots[:-2], coefficients[1:], strict=True):
        cubes = " ".join(
            f"{_double(weight)} * {_cube(x, at)} +"
            for at, weight in (
                (knot, 1.0),
                (before, -(last - knot) / (last - before)),
                (last, (before - knot) / (last - before)),
            )
        )
        parts.append(f"{_double(b / (last - first) ** 2)} * ({cubes} 0e0)")
    return " + ".join(parts)


def _cube(x: str, at: float) -> str:
    beyond = f"greatest({x} - {_double(at)}, 0e0)"
    return f"({beyond} * {beyond} * {beyond})"


def _category(term: FittedTerm, coefficients: Sequence[float]) -> str:
    branches = " ".join(_branches(term, coefficients))
    return f"case {branches} end"


def _branches(term: FittedTerm, coefficients: Sequence[float]) -> Iterator[str]:
    column = quote(term.name)
    if term.missing_with:
        yield f"when {column} is null then 0e0"
    for level, b in zip(term.levels, (0.0, *coefficients), strict=True):
        condition = f"{column} is null" if level == MISSING else f"{column} = {text_literal(level)}"
        yield f"when {condition} then {_double(b)}"


def _flag(term: FittedTerm, coefficients: Sequence[float]) -> str:
    return f"{_double(coefficients[0])} * {quote(term.name)}"


_ENCODED = {"number": _number, "spline": _spline, "category": _category, "flag": _flag}
