"""Which conditions of a definition its examples exercise: true and false, where they are asked.

A *clause* is a whole condition, or one comparison in it (`indicators.clauses`). It is asked of an example if
the verdict on the example hangs on the condition: no earlier question in the ladder of states
(`indicators.states`) has ended it, be that another condition or a column that is missing, and within the
condition it stands in no branch that the example does not come to. A clause is exercised when some example
makes it true and another makes it false where it is asked. A null counts for neither.

That each comparison decides by itself is not demanded, since many cannot be told apart in practice. What the
columns' ranges and codes rule out (`indicators.never`) is not demanded either: no example could show it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from indicators.clauses import Clause, clauses_of
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import expressions
from indicators.expression import Node, parse, to_sql
from indicators.never import known_values
from indicators.notation import to_text
from indicators.source import Path
from indicators.states import Step


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a definition, or a number with conditions in it.

    Attributes
    ----------
    path : Path
        Its field.
    clauses : tuple of Clause
        What is asked in it.
    """

    path: Path
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Unexercised:
    """A clause that no example makes true, or false, where it is asked."""

    path: Path
    clause: Node
    value: bool

    def __str__(self) -> str:
        return f"no example makes '{to_text(self.clause)}' {str(self.value).lower()} where it is asked"


def conditions(indicator: Indicator, dataset: Dataset) -> list[Condition]:
    """Conditions of an indicator in the order in which a record is asked; its expressions must be right."""
    found = [
        Condition(path, clauses_of(parse(text, dataset.types, wanted)))
        for path, text, wanted in expressions(indicator)
    ]
    return [condition for condition in found if condition.clauses]


def answers_select(asked: Sequence[Condition], steps: Sequence[Step], view: str) -> str:
    """SQL of what each clause is for each record, null for a record that it is not asked of.

    Parameters
    ----------
    asked : sequence of Condition
        The conditions; `unexercised` takes a row of the answers in their order, clause by clause.
    steps : sequence of Step
        The ladder of states of the definition.
    view : str
        The records, as for behind a ``from``.
    """
    ends = " ".join(f"when {step.condition} then {number}" for number, step in enumerate(steps))
    columns = [
        f"case when {_comes_sql(condition.path, steps)} then {to_sql(clause.answer)} end"
        for condition in asked
        for clause in condition.clauses
    ]
    named = ", ".join(f"{column} as {quote(f'c{number}')}" for number, column in enumerate(columns))
    return f"select {named} from (select *, case {ends} else {len(steps)} end as _end from {view})"


def _comes_sql(path: Path, steps: Sequence[Step]) -> str:
    """SQL of whether a record comes to a condition: to a subgroup's every one, whatever becomes of it."""
    if path[0] == "stratify":
        return "true"
    place, step = next((place, step) for place, step in enumerate(steps) if step.asks == path)
    return f"_end >= {place} and {step.only}"


def unexercised(
    asked: Sequence[Condition], answers: Sequence[Sequence[bool | None]], dataset: Dataset
) -> list[Unexercised]:
    """Clauses that no example makes true, or false, where they are asked, though some record could be so.

    A whole condition is named only when all its comparisons are exercised: they come first.

    Parameters
    ----------
    asked : sequence of Condition
        The conditions.
    answers : sequence of sequence of bool or None
        For each example the row of `answers_select`.
    dataset : Dataset
        Its columns say what is possible.
    """
    known = known_values(dataset)
    columns = itertools.count()
    found = []
    for condition in asked:
        lacking = []
        for clause, column in zip(condition.clauses, columns, strict=False):
            shown = {row[column] for row in answers}
            lacking += [
                (clause, Unexercised(condition.path, clause.node, value))
                for value in (True, False)
                if value not in shown and clause.can_be(value, known)
            ]
        parts = [gap for clause, gap in lacking if not clause.joins]
        found += parts or [gap for _, gap in lacking]
    return found
