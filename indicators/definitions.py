"""Definition files: which kind a file is, whether it is whole, and whether its parts fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from indicators.case_mix import CaseMixTerm
from indicators.code_sets import CodeSet
from indicators.dataset import Dataset
from indicators.dead_conditions import dead_conditions
from indicators.definition import Given, Indicator
from indicators.expression import ExpressionError, Node, Type, parse
from indicators.faults import DefinitionError, Fault, did_you_mean
from indicators.field_faults import field_faults
from indicators.links import link_faults
from indicators.networks import NetworkSet
from indicators.outcomes import (
    BinaryOutcome,
    ChangeOutcome,
    ContinuousOutcome,
    CountOutcome,
    StructureOutcome,
    TimeToEventOutcome,
    TopBoxOutcome,
)
from indicators.source import Path, Source
from indicators.stratifiers import stratifier_faults
from indicators.table_faults import table_expressions, table_faults
from indicators.tables import Table
from indicators.value_faults import code_fault, given_fault, value_faults

Model = TypeVar("Model", bound=BaseModel)

KINDS: dict[str, type[BaseModel]] = {
    "dataset": Dataset,
    "indicator": Indicator,
    "network_set": NetworkSet,
    "code_set": CodeSet,
}


def validate(source: Source, model: type[Model]) -> Model:
    """Check a definition's fields against their model.

    Raises
    ------
    DefinitionError
        With a fault for every field that is missing, unknown or wrong, each with its line.
    """
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        raise DefinitionError(field_faults(source, model, error)) from None


def dataset_faults(dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults of a dataset that its fields alone do not show: names, and what it derives."""
    for path, message, hint in (*link_faults(dataset), *table_faults(dataset)):
        yield source.fault(path, message, hint)


def indicator_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults that show when an indicator is held against its dataset: columns, types, codes, expressions."""
    yield from _expression_faults(indicator, dataset, source)
    for path, column, allowed in _columns(indicator):
        column_type = dataset.types.get(column)
        if column_type is None:
            yield _no_column(dataset, source, path, column)
        elif column_type not in allowed:
            yield source.fault(path, f"'{column}' is {column_type}; expected {' or '.join(allowed)}")
    yield from _level_faults(indicator, dataset, source)
    yield from _stratifier_faults(indicator, dataset, source)
    yield from _date_faults(indicator, dataset, source)
    if isinstance(indicator.outcome, TopBoxOutcome):
        for number, answer in enumerate(indicator.outcome.top):
            name = indicator.outcome.answer
            if name in dataset.types and (fault := given_fault(dataset, name, answer)):
                yield source.fault(("outcome", "top", number), *fault)
    yield from _example_faults(indicator, dataset, source)


def _level_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults of levels that a category never has, and of an interaction that goes by a column's name."""
    for number, term in enumerate(indicator.case_mix):
        if term.kind == "interaction" and term.term in dataset.types:
            message = f"'{term.term}' is a column of {dataset.dataset}; an interaction has a name of its own"
            yield source.fault(("case_mix", number, "term"), message)
        named: list[tuple[Path, str]] = [
            (("levels", place), level) for place, level in enumerate(term.levels or ())
        ]
        if term.reference is not None and not term.cuts:
            named.append((("reference",), term.reference))
        for path, level in named:
            if fault := code_fault(dataset, term.term, level):
                yield source.fault(("case_mix", number, *path), *fault)


def _stratifier_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    for number, stratifier in enumerate(indicator.stratify):
        for path, message, hint in stratifier_faults(stratifier, dataset):
            yield source.fault(("stratify", number, *path), message, hint)


def _date_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults of what is told by a record's date, in a dataset that delivers its period and has none."""
    if dataset.period.year_of:
        return
    if indicator.unit != "provider":
        message = f"networks are looked up on a record's date, and dataset {dataset.dataset} has no date"
        hint = "give the dataset 'period: {year_of: ...}', or score its providers with 'unit: provider'"
        yield source.fault(("unit",), message, hint)
    if indicator.period:
        message = (
            f"'{indicator.period.kind}' is told by a record's date, and dataset {dataset.dataset} has none: "
            f"its period is delivered in '{dataset.period.column}'"
        )
        hint = "leave 'period' out, or give the dataset 'period: {year_of: ...}'"
        yield source.fault(("period", "kind"), message, hint)


def code_sets_of(indicator: Indicator, dataset: Dataset, *linked: Dataset) -> tuple[str, ...]:
    """Code sets that the expressions of an indicator and its datasets hold codes against, sorted."""
    nodes = [parse(text, dataset.types, wanted) for _, text, wanted in expressions(indicator)]
    named = {name.partition("/")[0] for node in nodes for name in node.code_lists}
    return tuple(sorted(named.union(code_sets_in(dataset, *linked))))


def code_sets_in(*datasets: Dataset) -> tuple[str, ...]:
    """Code sets that the expressions of datasets hold codes against, sorted."""
    found = (one for each in datasets for one in table_expressions(each))
    nodes = (parse(one.text, one.scope, one.wanted) for one in found)
    return tuple(sorted({name.partition("/")[0] for node in nodes for name in node.code_lists}))


def _no_column(dataset: Dataset, source: Source, path: Path, column: str) -> Fault:
    message = f"dataset {dataset.dataset} has no column '{column}'"
    return source.fault(path, message, did_you_mean(column, dataset.types))


def _expression_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    found: list[Fault] = []
    conditions: list[tuple[Path, Node]] = []
    for path, text, wanted in expressions(indicator):
        try:
            node = parse(text, dataset.types, wanted)
        except ExpressionError as error:
            found.append(source.fault(path, str(error)))
            continue
        conditions.append((path, node))
        if node.period_days and indicator.period and indicator.period.kind == "rolling":
            message = f"{node.period_days[0]}() of which period? A record counts in several rolling ones"
            hint = "start_of_year(day) is the first day of the year of a record"
            found.append(source.fault(path, message, hint))
        found += [source.fault(path, *fault) for fault in value_faults(node, dataset)]
    yield from found
    yield from _leak_faults(indicator, conditions, source)
    if not found:  # a value that a column never has is a better reason than that the whole is never true
        for path, message, hint in dead_conditions(conditions, dataset):
            yield source.fault(path, message, hint)


def _leak_faults(
    indicator: Indicator, conditions: list[tuple[Path, Node]], source: Source
) -> Iterator[Fault]:
    """A fault for each case-mix term that alone tells the outcome."""
    told = [node.columns for path, node in conditions if path[0] == "outcome"]
    for number, term in enumerate(indicator.case_mix):
        if (term.term,) in told:
            message = (
                f"'{term.term}' is what the outcome is told by: adjusted for it, every score is as expected"
            )
            hint = "take what was certain before the care"
            yield source.fault(("case_mix", number, "term"), message, hint)


def _example_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    for number, example in enumerate(indicator.examples):
        yield from _given_faults(example.given, dataset, ("examples", number, "given"), source)


def _given_faults(given: Given, table: Table, path: Path, source: Source) -> Iterator[Fault]:
    known = table.types if isinstance(table, Dataset) else table.delivered_types
    for column, value in given.columns.items():
        if column not in known:
            message = f"dataset {table.name} has no column '{column}'"
            if column in table.derive:
                message = f"'{column}' is computed in {table.name}: give what it is computed of"
            yield source.fault((*path, column), message, did_you_mean(column, known))
        elif value is not None and (fault := given_fault(table, column, value)):
            yield source.fault((*path, column), *fault)
    for name, rows in given.tables.items():
        place = (*path, "tables", name)
        if name not in table.tables:
            message = f"{table.name} has no table '{name}'"
            yield source.fault(place, message, did_you_mean(name, table.tables) or "it has no tables")
            continue
        child = table.tables[name]
        if rows and not child.given_by_itself:
            message = f"{child.name} holds the rows of {child.rows_of}"
            yield source.fault(place, message, f"give them there: what is in {child.rows_of} is in it")
            continue
        for number, row in enumerate(rows):
            yield from _given_faults(row, child, (*place, number), source)


_NUMBER = ("integer", "decimal")
_ALLOWED = {
    "number": _NUMBER,
    "spline": _NUMBER,
    "category": ("category", "text"),
    "flag": ("boolean",),
}


def expressions(indicator: Indicator) -> Iterator[tuple[Path, str, Type]]:
    """Field, text and wanted type of each expression, in the order in which a record is asked.

    Those that only put it in a subgroup come last.
    """
    yield ("population",), indicator.population, "boolean"
    if indicator.denominator is not None:
        yield ("denominator",), indicator.denominator, "boolean"
    for number, rule in enumerate(indicator.exclude):
        yield ("exclude", number, "when"), rule.when, "boolean"
    outcome = indicator.outcome
    if isinstance(outcome, ContinuousOutcome):
        yield ("outcome", "value"), outcome.value, "number"
    elif isinstance(outcome, CountOutcome):
        yield ("outcome", "events"), outcome.events, "number"
        if outcome.exposure:
            yield ("outcome", "exposure"), outcome.exposure, "number"
    elif isinstance(outcome, BinaryOutcome | StructureOutcome) and outcome.when:
        yield ("outcome", "when"), outcome.when, "boolean"
    for number, rule in enumerate(indicator.exceptions):
        yield ("except", number, "when"), rule.when, "boolean"
    for number, stratifier in enumerate(indicator.stratify):
        if stratifier.when is not None:
            yield ("stratify", number, "when"), stratifier.when, "boolean"


def _columns(indicator: Indicator) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    outcome = indicator.outcome
    if isinstance(outcome, TimeToEventOutcome):
        yield from _dates(outcome)
    if isinstance(outcome, TopBoxOutcome):
        texts = isinstance(outcome.top[0], str)
        yield ("outcome", "answer"), outcome.answer, ("category", "text") if texts else _NUMBER
    if isinstance(outcome, ChangeOutcome):
        yield ("outcome", "before"), outcome.before, _NUMBER
        yield ("outcome", "after"), outcome.after, _NUMBER
    if isinstance(outcome, BinaryOutcome) and outcome.events and outcome.trials:
        yield ("outcome", "events"), outcome.events, ("integer",)
        yield ("outcome", "trials"), outcome.trials, ("integer",)
    if indicator.expectation:
        yield ("expectation", "external"), indicator.expectation.external, _NUMBER
    if indicator.follow_up:
        yield ("follow_up", "after"), indicator.follow_up.after, ("date", "datetime")
        if indicator.follow_up.until:
            yield ("follow_up", "until"), indicator.follow_up.until, ("date", "datetime")
    for number, term in enumerate(indicator.case_mix):
        if term.kind != "interaction":
            yield ("case_mix", number, "term"), term.term, _allowed(term)


def _dates(outcome: TimeToEventOutcome) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    for field in ("start", "event", "censored"):
        if name := getattr(outcome, field):
            yield ("outcome", field), name, ("date",)
    if outcome.competing:
        yield ("outcome", "competing", "on"), outcome.competing.on, ("date",)


def _allowed(term: CaseMixTerm) -> tuple[str, ...]:
    return _NUMBER if term.cuts else _ALLOWED[term.kind]


def kind_of(source: Source, kinds: Sequence[str]) -> str:
    """Which kind of definition a file holds: its one field named after a kind.

    Raises
    ------
    DefinitionError
        If it has none of them.
    """
    found = [kind for kind in kinds if next(iter(source.data), None) == kind]
    if not found:
        wanted = ", ".join(f"'{kind}:'" for kind in kinds)
        raise DefinitionError(
            [Fault(source.file, 1, "", f"the first field says what it is: one of {wanted}")]
        )
    return found[0]
