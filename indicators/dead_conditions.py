"""Conditions of an indicator that decide nothing: no record can make them true, or every record does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indicators.dataset import Dataset
from indicators.expression import Node
from indicators.never import Known, assume, assume_not_true, known_values
from indicators.phrases import number
from indicators.source import Path

Condition = tuple[Path, Node]


def dead_conditions(conditions: Sequence[Condition], dataset: Dataset) -> Iterator[tuple[Path, str, str]]:
    """Field, message and hint of each condition that cannot be true, or cannot be false.

    Parameters
    ----------
    conditions : sequence of (Path, Node)
        The conditions of an indicator in the order in which a record is asked.
    dataset : Dataset
        Its columns say what is possible.

    Yields
    ------
    (Path, str, str)
        Nothing for a population that every record meets: to say so may be meant.
    """
    alone = known_values(dataset)
    here: Known | None = alone
    for path, node in conditions:
        if node.type != "boolean" or here is None:
            continue
        part, first = path[0], here
        if assume(node, True, here) is None:
            yield path, *_never(node, dataset, by_itself=assume(node, True, alone) is None)
        elif part not in ("population", "denominator") and assume(node, False, here) is None:
            yield path, "this is never false, whatever the record", _limits(node, dataset)
        if part in ("population", "denominator"):
            here = assume(node, True, first)
        elif part == "exclude":
            here = assume_not_true(node, first)


def _never(node: Node, dataset: Dataset, *, by_itself: bool) -> tuple[str, str]:
    if by_itself:
        return "this can never be true", _limits(node, dataset)
    return (
        "this can never be true: the conditions above have left such records out",
        "take it out, or move it up",
    )


def _limits(node: Node, dataset: Dataset) -> str:
    """What the columns of a condition can hold, as far as their ranges and codes say."""
    said = []
    for name in node.columns:
        column = dataset.columns.get(name)
        if column is not None and column.range:
            low, high = (number(limit, "en") for limit in column.range)
            said.append(f"'{name}' runs from {low} to {high}{f' {column.unit}' if column.unit else ''}")
        elif column is not None and column.codes and len(column.codes) <= 8:
            meanings = dict.fromkeys(str(meaning) for meaning in column.codes.values())
            said.append(f"'{name}' is one of {', '.join(meanings)}")
    return "; ".join(said[:3])
