"""What a step of a settlement was computed from, as words and numbers."""

from __future__ import annotations

from decimal import Decimal

from contracts.field_words import FieldWords, choice_words, unit_of
from contracts.ledger import Settlement
from contracts.statement.numbers import Numbers
from contracts.steps import Step, StepInput


def inputs_text(settlement: Settlement, step: Step, words: FieldWords, numbers: Numbers) -> str:
    """All inputs of a step, each with its name; empty where it has none."""
    told = (input_text(settlement, what, given, words, numbers) for what, given in step.inputs.items())
    return "; ".join(told)


def input_text(
    settlement: Settlement, what: str, given: StepInput, words: FieldWords, numbers: Numbers
) -> str:
    """One input: the name of its field or of the earlier step, and its value in the unit of that."""
    kind, _, field = given.source.partition(":")
    earlier = {step.key: step for step in settlement.steps}.get(field) if kind == "step" else None
    if earlier is not None:
        name, unit = earlier.name, str(earlier.unit)
    else:
        name, unit = words.of(given.source, what=what), unit_of(given.source, what)
    if isinstance(given.value, str):
        value = str(getattr(choice_words(given.value, numbers.currency), numbers.language))
    else:
        value = numbers.of_unit(Decimal(given.value), unit)
    return f"{getattr(name, numbers.language)}: {value}"
