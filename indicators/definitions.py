"""Definition files: which kind a file is, whether it is whole, and whether its parts fit together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from indicators.dataset import Dataset
from indicators.definition import BinaryOutcome, ChangeOutcome, ContinuousOutcome, Indicator
from indicators.expression import ExpressionError, Type, parse
from indicators.faults import DefinitionError, Fault, did_you_mean
from indicators.instruments import value_sets
from indicators.networks import NetworkSet
from indicators.source import Source

Model = TypeVar("Model", bound=BaseModel)

KINDS: dict[str, type[BaseModel]] = {"dataset": Dataset, "indicator": Indicator, "network_set": NetworkSet}


def canonical_hash(data: object) -> str:
    """SHA-256 of plain data in canonical form: what two files have in common if they mean the same.

    Parameters
    ----------
    data : object
        Plain data as read from YAML; the order of fields, comments and layout do not matter.
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


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
        faults = [_field_fault(source, model, dict(detail)) for detail in error.errors()]
        raise DefinitionError(faults) from None


def _field_fault(source: Source, model: type[BaseModel], detail: dict[str, Any]) -> Fault:
    kind = detail["type"]
    path = _path_in(source, detail["loc"])
    if kind in ("missing", "left_open"):
        path = (*path, detail["loc"][-1])
    if kind == "extra_forbidden":
        hint = did_you_mean(str(path[-1]), _fields_at(model, path[:-1]))
        return source.fault(path, "there is no such field", hint)
    if kind == "missing":
        return source.fault(path, "this field is missing")
    message = detail["msg"].removeprefix("Value error, ")
    value = detail.get("input")
    shown = f"'{value}': " if isinstance(value, str | int | float) and len(str(value)) < 80 else ""
    return source.fault(path, f"{shown}{message[0].lower()}{message[1:]}")


def _path_in(source: Source, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Keep the steps of a location that stand in the text: tags of unions and absent fields do not."""
    path: list[str | int] = []
    here: Any = source.data
    for step in location:
        inside = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if inside:
            path.append(step)
            here = here[step]
    return tuple(path)


def _fields_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    fields: list[str] = []
    for candidate in _models_at(model, path):
        fields += [field.alias or name for name, field in candidate.model_fields.items()]
    return fields


def _models_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[type[BaseModel]]:
    found = [model]
    for step in path:
        inner: list[type[BaseModel]] = []
        for candidate in found:
            for name, field in candidate.model_fields.items():
                if (field.alias or name) == step:
                    inner += _models_in(field.annotation)
        found = inner or found
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def dataset_faults(dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults of a dataset that its fields alone do not show: instruments, value sets and their items."""
    for name, derived in dataset.derive.items():
        path = ("derive", name)
        chosen = value_sets().get((derived.instrument, derived.value_set))
        if chosen is None:
            known = [f"{instrument}/{version}" for instrument, version in value_sets()]
            wanted = f"{derived.instrument}/{derived.value_set}"
            yield source.fault(path, f"there is no value set '{wanted}'", did_you_mean(wanted, known))
            continue
        for item in set(chosen.levels) ^ set(derived.items):
            problem = "is missing" if item in chosen.levels else f"is not one of {derived.instrument}"
            yield source.fault((*path, "items"), f"item '{item}' {problem}")
        for item, column in derived.items.items():
            if dataset.types.get(column) != "integer":
                yield source.fault(
                    (*path, "items", item), f"'{column}' is not an integer column of the dataset"
                )


def indicator_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    """Faults that show when an indicator is held against its dataset: columns, types, expressions."""
    for path, text, wanted in _expressions(indicator):
        try:
            parse(text, dataset.types, wanted)
        except ExpressionError as error:
            yield source.fault(path, str(error))
    for path, column, allowed in _columns(indicator):
        column_type = dataset.types.get(column)
        if column_type is None:
            hint = did_you_mean(column, dataset.types)
            yield source.fault(path, f"dataset {dataset.dataset} has no column '{column}'", hint)
        elif column_type not in allowed:
            yield source.fault(path, f"'{column}' is {column_type}; expected {' or '.join(allowed)}")
    yield from _reference_faults(indicator, dataset, source)
    for number, example in enumerate(indicator.examples):
        for column in example.given:
            if column not in dataset.types:
                path = ("examples", number, "given", column)
                hint = did_you_mean(column, dataset.types)
                yield source.fault(path, f"dataset {dataset.dataset} has no column '{column}'", hint)


def _reference_faults(indicator: Indicator, dataset: Dataset, source: Source) -> Iterator[Fault]:
    for number, term in enumerate(indicator.case_mix):
        column = dataset.columns.get(term.term)
        if term.reference is None or column is None or not column.codes:
            continue
        levels = {str(value) for value in column.codes.values()}
        if term.reference not in levels:
            hint = did_you_mean(term.reference, levels)
            path = ("case_mix", number, "reference")
            yield source.fault(path, f"'{term.term}' has no value '{term.reference}'", hint)


_NUMBER = ("integer", "decimal")
_ALLOWED = {
    "number": _NUMBER,
    "spline": _NUMBER,
    "category": ("category", "text"),
    "flag": ("boolean",),
}


def _expressions(indicator: Indicator) -> Iterator[tuple[tuple[str | int, ...], str, Type]]:
    yield ("population",), indicator.population, "boolean"
    for number, rule in enumerate(indicator.exclude):
        yield ("exclude", number, "when"), rule.when, "boolean"
    outcome = indicator.outcome
    if isinstance(outcome, ContinuousOutcome):
        yield ("outcome", "value"), outcome.value, "number"
    elif not isinstance(outcome, ChangeOutcome) and outcome.when:
        yield ("outcome", "when"), outcome.when, "boolean"


def _columns(indicator: Indicator) -> Iterator[tuple[tuple[str | int, ...], str, tuple[str, ...]]]:
    outcome = indicator.outcome
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
    for number, term in enumerate(indicator.case_mix):
        yield ("case_mix", number, "term"), term.term, _ALLOWED[term.kind]


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
