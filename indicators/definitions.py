"""Definition files: which kind a file is, whether it is whole, and whether its parts fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from indicators.code_sets import CodeSet
from indicators.dataset import Dataset
from indicators.dead_conditions import dead_conditions
from indicators.definition import CaseMixTerm, Indicator
from indicators.derived import ValueColumn
from indicators.expression import ExpressionError, Node, Type, parse
from indicators.faults import DefinitionError, Fault, did_you_mean
from indicators.field_faults import field_faults
from indicators.instruments.faults import block_faults
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
    for block, names in (("columns", dataset.columns), ("derive", dataset.derive)):
        for name in names:
            if not _can_be_written(name):
                message = "this word means something else in expressions: give the column another name"
                yield source.fault((block, name), message)
    for name, derived in dataset.derive.items():
        found = (
            _value_faults(dataset, derived)
            if isinstance(derived, ValueColumn)
            else block_faults(dataset, derived)
        )
        for path, message, hint in found:
            yield source.fault(("derive", name, *path), message, hint)


def _value_faults(dataset: Dataset, block: ValueColumn) -> Iterator[tuple[Path, str, str]]:
    try:
        node = parse(block.value, dataset.types, block.of_type)
    except ExpressionError as error:
        yield ("value",), str(error), ""
    else:
        for message, hint in value_faults(node, dataset):
            yield ("value",), message, hint


def _can_be_written(name: str) -> bool:
    try:
        # Once alone and once in a sentence: some words are names in the one place and not in the other.
        parse(f"case when {name} is null then {name} else {name} end", {name: "text"}, "text")
        return parse(f"{name} = {name}", {name: "text"}).columns == (name,)
    except ExpressionError:
        return False


def indicator_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults that show when an indicator is held against its dataset: columns, types, codes, expressions."""
    yield from _expression_faults(indicator, dataset, source)
    for path, column, allowed in _columns(indicator):
        column_type = dataset.types.get(column)
        if column_type is None:
            yield _no_column(dataset, source, path, column)
        elif column_type not in allowed:
            yield source.fault(path, f"'{column}' is {column_type}; expected {' or '.join(allowed)}")
    for number, term in enumerate(indicator.case_mix):
        if (
            term.reference is not None
            and not term.cuts
            and (fault := code_fault(dataset, term.term, term.reference))
        ):
            yield source.fault(("case_mix", number, "reference"), *fault)
    yield from _date_faults(indicator, dataset, source)
    if isinstance(indicator.outcome, TopBoxOutcome):
        for number, answer in enumerate(indicator.outcome.top):
            name = indicator.outcome.answer
            if name in dataset.types and (fault := given_fault(dataset, name, answer)):
                yield source.fault(("outcome", "top", number), *fault)
    yield from _example_faults(indicator, dataset, source)


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


def code_sets_of(indicator: Indicator, dataset: Dataset) -> tuple[str, ...]:
    """Code sets that the expressions of an indicator and its dataset hold codes against, sorted."""
    written = [(text, wanted) for _, text, wanted in expressions(indicator)]
    written += [(b.value, b.of_type) for b in dataset.derive.values() if isinstance(b, ValueColumn)]
    nodes = (parse(text, dataset.types, wanted) for text, wanted in written)
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
        for column, value in example.given.items():
            path = ("examples", number, "given", column)
            if column not in dataset.types:
                yield _no_column(dataset, source, path, column)
            elif value is not None and (fault := given_fault(dataset, column, value)):
                yield source.fault(path, *fault)


_NUMBER = ("integer", "decimal")
_ALLOWED = {
    "number": _NUMBER,
    "spline": _NUMBER,
    "category": ("category", "text"),
    "flag": ("boolean",),
}


def expressions(indicator: Indicator) -> Iterator[tuple[Path, str, Type]]:
    """Field, text and wanted type of each expression, in the order in which a record is asked."""
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
        yield ("follow_up", "after"), indicator.follow_up.after, ("date",)
        if indicator.follow_up.until:
            yield ("follow_up", "until"), indicator.follow_up.until, ("date",)
    for number, term in enumerate(indicator.case_mix):
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
