"""Faults of how records count for networks: held against the dataset, and against what is scored on it."""

from __future__ import annotations

from collections.abc import Iterator

from indicators.attribution import Plurality
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.expression import ExpressionError, parse
from indicators.faults import did_you_mean
from indicators.networks import NetworkSet
from indicators.source import Path
from indicators.tables import ChildTable
from indicators.tree import COLUMN_TYPES
from indicators.value_faults import value_faults

FaultFound = tuple[Path, str, str]

# Of events, those that rest on the distribution or the variance of a weighted sum; of values the only one.
_TESTS_OF_PARTS = ("exact", "exact-mid-p", "z-score", "normal")
_WHOLE_OUTCOMES = {
    "count": "a count is tested as a whole number of events",
    "time_to_event": "a time to event is tested as a whole number of events",
    "structure": "a fact is one of a whole record",
}


def attribution_faults(network_set: NetworkSet, number: int, dataset: Dataset) -> Iterator[FaultFound]:
    """Field, message and hint of each fault of what a set says of the records of one dataset.

    Parameters
    ----------
    network_set : NetworkSet
        The set.
    number : int
        Place in its ``attribution``.
    dataset : Dataset
        The dataset that is named there.
    """
    path, entry = ("attribution", number), network_set.attribution[number]
    if dataset.period.year_of is None:
        message = f"networks are looked up on a record's date, and dataset {dataset.dataset} has no date"
        yield (*path, "dataset"), message, "give the dataset 'period: {year_of: ...}'"
        return
    for place, one in enumerate(entry.classes):
        field = (*path, "classes", place, "when")
        try:
            node = parse(one.when, dataset.types)
        except ExpressionError as error:
            yield field, str(error), ""
        else:
            for message, hint in value_faults(node, dataset):
                yield field, message, hint
    if entry.plurality:
        yield from _plurality_faults(entry.plurality, dataset, (*path, "plurality"))


def _plurality_faults(rule: Plurality, dataset: Dataset, path: Path) -> Iterator[FaultFound]:
    if rule.of not in dataset.tables:
        hint = did_you_mean(rule.of, dataset.tables) or "it has no tables"
        yield (*path, "of"), f"dataset {dataset.dataset} has no table '{rule.of}'", hint
        return
    child = dataset.tables[rule.of]
    wanted = {"provider": ("text", "category"), "by": ("date", "datetime"), "sum": ("integer", "decimal")}
    wrong = False
    for field, types in wanted.items():
        name = getattr(rule, field)
        if name is None:
            continue
        if name not in child.columns:
            wrong = True
            hint = did_you_mean(name, child.columns)
            yield (*path, field), f"table '{rule.of}' has no delivered column '{name}'", hint
        elif child.types[name] not in types:
            wrong = True
            yield (*path, field), f"'{name}' is {child.types[name]}; expected {' or '.join(types)}", ""
        elif _may_be_missing(child, name):
            message = f"care without '{name}' cannot be counted, and a row of '{rule.of}' may lack it"
            yield (*path, field), message, "write 'required: true' with the column"
    if wrong:
        return
    for number, text in enumerate(rule.between):
        try:
            parse(text, dataset.types, COLUMN_TYPES[child.types[rule.by]])
        except ExpressionError as error:
            yield (*path, "between", number), str(error), ""


def _may_be_missing(child: ChildTable, name: str) -> bool:
    column = (child.target if child.rows_of else child).columns.get(name)
    return column is None or not column.required


def in_part_faults(indicator: Indicator, network_set: str) -> Iterator[FaultFound]:
    """What an indicator asks for that has no meaning for records that count in part for its networks."""
    where = f"records of {indicator.dataset} count in part for the networks of {network_set}"
    elsewhere = "score its providers with 'unit: provider', or a set of networks without weights"
    kind = indicator.outcome.kind
    test = indicator.estimators.test_of(kind)
    if kind in _WHOLE_OUTCOMES:
        yield ("outcome", "kind"), f"{where}, and {_WHOLE_OUTCOMES[kind]}", elsewhere
    elif test not in _TESTS_OF_PARTS:
        known = "'exact', 'exact-mid-p' and 'z-score' take parts of events"
        yield ("estimators", "test"), f"{where}, and test '{test}' is of a whole number of events", known
