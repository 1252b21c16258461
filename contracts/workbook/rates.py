"""Rates of the contract as formulas; see ``contracts.rates`` for what they mean."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from contracts.terms.rates import AnyRate, Cases, Corridors, Linear, Parts, Sliding, Steps
from contracts.workbook.cells import Cells
from contracts.workbook.formula import (
    POINTS,
    Formula,
    as_formula,
    at_least,
    choose,
    least,
    most,
    same,
    total,
    within,
)


def rate_formula(
    cells: Cells,
    path: str,
    rate: AnyRate,
    *,
    quality: Formula,
    savings_rate: Formula,
    found: Callable[[str], Formula],
) -> Formula:
    """Formula of a rate.

    Parameters
    ----------
    cells : Cells
        Where its terms are filled in.
    path : str
        Of the rate in the contract.
    rate : Linear, Steps, Corridors, Sliding, Parts or Cases
    quality, savings_rate : Formula
        On which it depends.
    found : callable
        Gives the cell, ``yes`` or ``no``, of a finding.
    """
    if isinstance(rate, Cases):
        formula: Formula = cells.term(f"{path}.otherwise", rate.otherwise)
        for number, case in reversed(list(enumerate(rate.cases))):
            own = rate_formula(
                cells,
                f"{path}.cases.{number}.rate",
                case.rate,
                quality=quality,
                savings_rate=savings_rate,
                found=found,
            )
            formula = choose(same(found(case.when), "yes"), own, formula)
        return formula
    if isinstance(rate, Linear):
        return _linear(cells, path, rate, quality)
    if isinstance(rate, Steps):
        return _steps(cells, path, rate, quality)
    if isinstance(rate, Corridors):
        return _corridors(cells, path, rate, savings_rate)
    if isinstance(rate, Sliding):
        return _sliding(cells, path, rate, savings_rate)
    return part_of(cells, path, rate)


def part_of(cells: Cells, path: str, rate: Parts, other: str | None = None) -> Formula:
    """Part of the participant, or of another party, in the whole."""
    parts: dict[str | None, Formula] = {None: cells.term(f"{path}.participant", rate.participant)}
    parts |= {name: cells.term(f"{path}.others.{name}", part) for name, part in rate.others.items()}
    return parts[other] / total(parts.values())


def _linear(cells: Cells, path: str, rate: Linear, quality: Formula) -> Formula:
    base = cells.term(f"{path}.base", rate.base)
    value = base + (cells.term(f"{path}.at_full_quality", rate.at_full_quality) - base) * quality
    if rate.minimum is not None:
        value = most(value, cells.term(f"{path}.minimum", rate.minimum))
    return value if rate.maximum is None else least(value, cells.term(f"{path}.maximum", rate.maximum))


def _steps(cells: Cells, path: str, rate: Steps, quality: Formula) -> Formula:
    formula: Formula = as_formula(0)
    for number, step in enumerate(rate.steps):
        place = f"{path}.steps.{number}"
        own = cells.term(f"{place}.rate", step.rate)
        start = cells.term(f"{place}.from_score", step.from_score, kind="points")
        formula = choose(at_least(quality, start, POINTS), own, formula) if number else own
    return formula


def _corridors(cells: Cells, path: str, rate: Corridors, savings_rate: Formula) -> Formula:
    rates = [cells.term(f"{path}.corridors.{n}.rate", slice.rate) for n, slice in enumerate(rate.corridors)]
    ends = [
        cells.term(f"{path}.corridors.{number}.up_to", slice.up_to)
        for number, slice in enumerate(rate.corridors)
        if slice.up_to is not None
    ]
    starts = [as_formula(0), *ends]
    slices = [most(least(savings_rate, high) - low, 0) for low, high in pairwise(starts)]
    slices.append(most(savings_rate - starts[-1], 0))
    paid = total(own * width for own, width in zip(rates, slices, strict=True))
    return choose(at_least(0, savings_rate, POINTS), rates[0], paid / savings_rate)


def _sliding(cells: Cells, path: str, rate: Sliding, savings_rate: Formula) -> Formula:
    low, high = (
        cells.term(f"{path}.{name}", getattr(rate, name)) for name in ("from_savings_rate", "to_savings_rate")
    )
    start, end = (cells.term(f"{path}.{name}", getattr(rate, name)) for name in ("from_rate", "to_rate"))
    return start + (end - start) * within((savings_rate - low) / (high - low), 0, 1)
