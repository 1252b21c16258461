"""In which state a record ends, and why: the questions that are asked of it, in their order.

Every record ends in exactly one state with its reason. The order in which states are tried is the order
in which a reader of the definition would ask: may it count, is it left out, is its outcome ripe and was it
followed that long, is anything missing, is it excused, and what is the outcome. A rule that surely leaves a
record out comes before one that cannot be told: a record that is left out either way is not a missing value.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from indicators.compile import quote, text_literal
from indicators.dataset import Dataset
from indicators.definition import FollowUp, Indicator
from indicators.expression import Node, parse, to_sql
from indicators.outcomes import (
    BinaryOutcome,
    ChangeOutcome,
    ContinuousOutcome,
    CountOutcome,
    TimeToEventOutcome,
    TopBoxOutcome,
)
from indicators.periods import day_of_sql
from indicators.source import Path

# Records in the last three have an outcome that counts.
STATES = (
    "not-eligible", "excluded", "pending", "lost", "missing", "excepted", "met", "not-met", "value",
)  # fmt: skip
_NO_COLUMN = "'the expression'"


@dataclass(frozen=True, slots=True)
class Step:
    """One question in the ladder of states.

    Attributes
    ----------
    condition : str
        SQL that is true for a record that ends here.
    state : str
        The state that it ends in.
    reason : str
        SQL of the reason.
    asks : Path
        Field of the definition whose condition is asked here for the first time; empty where there is none.
    only : str
        SQL of the records that come here of which it is asked.
    """

    condition: str
    state: str
    reason: str
    asks: Path = ()
    only: str = "true"


def ladder(indicator: Indicator, dataset: Dataset, cut_off: dt.date | None) -> list[Step]:
    """Questions in the order in which they are asked; a record ends at the first whose condition is true.

    A record that passes all of them has an outcome that counts.

    Parameters
    ----------
    indicator, dataset : Indicator, Dataset
        The definitions.
    cut_off : date or None
        As for `indicators.cohort.cohort_select`.
    """
    return [
        *_eligible_steps(indicator, dataset),
        *_excluded_steps(indicator, dataset),
        *(_follow_up_steps(indicator.follow_up, dataset, cut_off) if indicator.follow_up else ()),
        *_outcome_steps(indicator, dataset),
        *_excepted_steps(indicator, dataset),
        *_scorable_steps(indicator),
    ]


def state_literal(state: str) -> str:
    """Write a state as an SQL literal of an enumerated type: the engine compares and groups these fastest."""
    return f"cast({text_literal(state)} as enum({', '.join(map(text_literal, STATES))}))"


def _eligible_steps(indicator: Indicator, dataset: Dataset) -> list[Step]:
    steps: list[Step] = []
    day = dataset.period.year_of
    if day and (indicator.unit != "provider" or day in dataset.derive):
        steps.append(Step(f"{quote(day)} is null", "missing", text_literal(day)))
    conditions = {"population": parse_in(indicator.population, dataset)}
    if indicator.denominator is not None:
        conditions["denominator"] = parse_in(indicator.denominator, dataset)
    for name, condition in conditions.items():
        steps.append(Step(f"not {to_sql(condition)}", "not-eligible", text_literal(name), (name,)))
    return [*steps, *map(_missing, conditions.values())]


def _excluded_steps(indicator: Indicator, dataset: Dataset) -> list[Step]:
    rules = [parse_in(rule.when, dataset) for rule in indicator.exclude]
    steps = [
        Step(to_sql(rule), "excluded", f"'rule {number + 1}'", ("exclude", number, "when"))
        for number, rule in enumerate(rules)
    ]
    return [*steps, *map(_missing, rules)]


def _follow_up_steps(follow_up: FollowUp, dataset: Dataset, cut_off: dt.date | None) -> list[Step]:
    ripe = f"({day_of_sql(follow_up.after, dataset)} + {follow_up.days})"
    unripe = f"{ripe} > date '{cut_off}'" if cut_off else "true"
    steps = [
        Step(f"{ripe} is null", "missing", text_literal(follow_up.after)),
        Step(unripe, "pending", f"cast({ripe} as varchar)"),
    ]
    if follow_up.until:
        seen = day_of_sql(follow_up.until, dataset)
        steps.append(Step(f"{seen} < {ripe}", "lost", text_literal(follow_up.until)))
    return steps


def _outcome_steps(indicator: Indicator, dataset: Dataset) -> list[Step]:
    outcome = indicator.outcome
    if isinstance(outcome, TimeToEventOutcome):
        dates = [outcome.event, outcome.censored, outcome.competing and outcome.competing.on]
        before = [
            Step(f"{quote(name)} < {quote(outcome.start)}", "missing", text_literal(name))
            for name in dates
            if name
        ]
        return [Step(f"{quote(outcome.start)} is null", "missing", text_literal(outcome.start)), *before]
    steps = [_missing(outcome_node(indicator, dataset), ("outcome", _FIELDS.get(outcome.kind, "when")))]
    if isinstance(outcome, CountOutcome):
        events = outcome_node(indicator, dataset)
        impossible = f"{to_sql(events)} < 0 or {to_sql(events)} <> floor({to_sql(events)})"
        steps.append(Step(f"({impossible})", "missing", _culprit(events)))
        if exposure := exposure_node(outcome, dataset):
            steps.append(_missing(exposure, ("outcome", "exposure")))
            steps.append(Step(f"{to_sql(exposure)} <= 0", "missing", _culprit(exposure)))
    return steps


# Field of an outcome with its expression, where that is not a condition.
_FIELDS = {"continuous": "value", "count": "events"}


def _culprit(node: Node) -> str:
    """SQL of the column whose value cannot be, where it is a column and not a computation."""
    return text_literal(str(node.value)) if node.kind == "column" else _NO_COLUMN


def _excepted_steps(indicator: Indicator, dataset: Dataset) -> list[Step]:
    """An exception is asked about only where the outcome was not met."""
    if not indicator.exceptions:
        return []
    unmet = f"not {to_sql(outcome_node(indicator, dataset))}"
    rules = [parse_in(rule.when, dataset) for rule in indicator.exceptions]
    asked = [
        Step(to_sql(rule), "excepted", f"'exception {number + 1}'", ("except", number, "when"))
        for number, rule in enumerate(rules)
    ]
    steps = [*asked, *map(_missing, rules)]
    return [replace(step, condition=f"({unmet} and {step.condition})", only=unmet) for step in steps]


def _scorable_steps(indicator: Indicator) -> list[Step]:
    steps = [
        Step(f"{quote(column)} is null", "missing", text_literal(column))
        for column in _needed_columns(indicator)
    ]
    outcome = indicator.outcome
    if isinstance(outcome, BinaryOutcome) and outcome.events and outcome.trials:
        impossible = f"{quote(outcome.events)} not between 0 and {quote(outcome.trials)}"
        steps.append(Step(impossible, "missing", text_literal(outcome.events)))
    return steps


def _missing(node: Node, asks: Path = ()) -> Step:
    return Step(f"{to_sql(node)} is null", "missing", _null_reason(node), asks)


def _null_reason(node: Node) -> str:
    """SQL of the column that makes an expression null, given that it is null."""
    if node.kind == "column":
        return text_literal(str(node.value))
    if node.kind == "is null" or not node.children:
        return _NO_COLUMN
    if node.kind == "case":
        *branches, default = node.children
        decided = [(to_sql(when), value) for when, value in zip(branches[::2], branches[1::2], strict=True)]
        otherwise = _null_reason(default)
    else:
        decided = [(f"{to_sql(child)} is null", child) for child in node.children]
        otherwise = _NO_COLUMN
    tried = " ".join(f"when {condition} then {_null_reason(child)}" for condition, child in decided)
    return f"case {tried} else {otherwise} end"


def _needed_columns(indicator: Indicator) -> list[str]:
    """Columns without which a record with an outcome cannot be scored."""
    outcome = indicator.outcome
    needed = [
        term.term for term in indicator.case_mix if term.missing == "report" and term.kind != "interaction"
    ]
    if isinstance(outcome, ChangeOutcome):
        needed.insert(0, outcome.before)
    if isinstance(outcome, BinaryOutcome) and outcome.trials:
        needed.insert(0, outcome.trials)
    if indicator.expectation:
        needed.append(indicator.expectation.external)
    return list(dict.fromkeys(needed))


def outcome_node(indicator: Indicator, dataset: Dataset) -> Node:
    """The outcome as an expression: a condition, or a number."""
    outcome = indicator.outcome
    if isinstance(outcome, ContinuousOutcome):
        return parse(outcome.value, dataset.types, "number")
    if isinstance(outcome, ChangeOutcome):
        return Node("column", "number", outcome.after)
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return Node("column", "number", outcome.events)
    if isinstance(outcome, CountOutcome):
        return parse(outcome.events, dataset.types, "number")
    if isinstance(outcome, TopBoxOutcome):
        answers = (text_literal(answer) if isinstance(answer, str) else str(answer) for answer in outcome.top)
        return parse_in(f"{outcome.answer} in ({', '.join(answers)})", dataset)
    if isinstance(outcome, TimeToEventOutcome):
        return parse_in(f"{outcome.event} is not null", dataset)
    return parse_in(outcome.when or "", dataset)


def exposure_node(outcome: CountOutcome, dataset: Dataset) -> Node | None:
    """The exposure of a count as an expression, None where it is one unit a record."""
    return parse(outcome.exposure, dataset.types, "number") if outcome.exposure else None


def parse_in(text: str, dataset: Dataset) -> Node:
    """Parse a condition against a dataset's columns."""
    return parse(text, dataset.types)
