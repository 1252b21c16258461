"""Values in a definition that its dataset can never hold: a code that does not exist, a number out of range.

Such a comparison runs without complaint and is never true, or always: the quietest way to get a score wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from indicators.dataset import Column, Dataset
from indicators.expression import Node
from indicators.faults import did_you_mean

FaultText = tuple[str, str]


def value_faults(node: Node, dataset: Dataset) -> Iterator[FaultText]:
    """Messages and hints for each comparison of a column with a value that it cannot have."""
    if node.kind in ("=", "<>", "in"):
        for column in node.children:
            for value in node.children:
                if column.kind == "column" and isinstance(value.value, str) and value.kind == "literal":
                    fault = code_fault(dataset, str(column.value), value.value)
                    if fault and value.type == "text":
                        yield fault
    if node.kind in ("=", "<>", "<", "<=", ">", ">=", "in", "between"):
        for column in node.children:
            for value in node.children:
                if column.kind == "column" and isinstance(value.value, Decimal):
                    fault = range_fault(dataset, str(column.value), value.value)
                    if fault:
                        yield fault
    for child in node.children:
        yield from value_faults(child, dataset)


def code_fault(dataset: Dataset, name: str, value: str) -> FaultText | None:
    """What is wrong with a text as a value of a column with codes; None if nothing is."""
    column = dataset.columns.get(name)
    if column is None or not column.codes or column.type not in ("category", "text"):
        return None
    meanings = {str(meaning) for meaning in column.codes.values()}
    if value in meanings:
        return None
    if value in column.codes:
        return (f"'{name}' has no value '{value}': that is its code", f"write '{column.codes[value]}'")
    return (f"'{name}' has no value '{value}'", did_you_mean(value, meanings))


def range_fault(dataset: Dataset, name: str, value: Decimal) -> FaultText | None:
    """What is wrong with a number as a value of a column with a range; None if nothing is."""
    column = dataset.columns.get(name)
    if column is None or column.range is None:
        return None
    low, high = column.range
    if low - 1 <= value <= high + 1:
        return None
    unit = f" {column.unit}" if column.unit else ""
    return (f"'{name}' runs from {low} to {high}{unit}; {value} is never reached", "is it another unit?")


def given_fault(dataset: Dataset, name: str, value: str | bool | float) -> FaultText | None:
    """What is wrong with a value in an example; None if nothing is."""
    column = dataset.columns.get(name)
    if column is None:
        return None
    if not _is_of_type(column, value):
        return (f"'{value}' is not of the type of '{name}', {column.type}", "")
    if isinstance(value, str):
        return code_fault(dataset, name, value)
    return None if isinstance(value, bool) else range_fault(dataset, name, Decimal(str(value)))
