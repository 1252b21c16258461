"""Which conditions of a definition its examples exercise: true and false, where they are asked.

The conditions are asked in an order: the population first, then each exclusion of a record that no earlier
one left out, then the outcome of what is left. A *clause* is a whole condition, or one comparison in it (what
``and``, ``or``, ``not`` and ``case`` join). It is exercised when some example makes it true and another makes
it false at a moment that its condition is asked. An example that an earlier rule has left out does not count
for a later one: it says nothing of that rule. A null counts for neither.

That each clause decides by itself is not demanded, since many cannot be told apart in practice. What the
columns' ranges and codes rule out (`indicators.never`) is not demanded either: no example could show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.dead_conditions import can_be
from indicators.definition import Indicator
from indicators.definitions import expressions
from indicators.expression import Node, parse, to_sql
from indicators.notation import to_text
from indicators.source import Path

_CONNECTIVES = ("and", "or", "not", "case")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a definition and the clauses in it.

    Attributes
    ----------
    path : Path
        Its field.
    whole : Node
        The condition; for a number with ``case``, the number.
    clauses : tuple of Node
        The whole if it is true or false, and each comparison in it; each once.
    """

    path: Path
    whole: Node
    clauses: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one example answers.

    Attributes
    ----------
    state : str
        State that it ends in.
    values : mapping of (Path, Node) to bool or None
        What each clause is for it.
    """

    state: str
    values: Mapping[tuple[Path, Node], bool | None]


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
    found = []
    for path, text, wanted in expressions(indicator):
        whole = parse(text, dataset.types, wanted)
        first = (whole,) if whole.type == "boolean" and whole.kind != "literal" else ()
        found.append(Condition(path, whole, tuple(dict.fromkeys([*first, *comparisons(whole)]))))
    return [condition for condition in found if condition.clauses]


def comparisons(node: Node) -> Iterator[Node]:
    """The comparisons that a condition joins; those inside a ``case`` too."""
    if node.type == "boolean" and node.kind not in (*_CONNECTIVES, "literal"):
        yield node
    for child in node.children if node.kind != "in_set" else ():
        yield from comparisons(child)


def answers_select(asked: Sequence[Condition], view: str) -> str:
    """SQL of what each clause is for each record of a view; columns in the order of `answers`."""
    columns = [
        f"{to_sql(clause)} as {quote(f'c{number}')}"
        for number, clause in enumerate(clause for condition in asked for clause in condition.clauses)
    ]
    return f"select {', '.join(columns)} from {view}"


def answers(asked: Sequence[Condition], row: Sequence[bool | None], state: str) -> Answers:
    """Put a row of `answers_select` and the state that the example ends in together."""
    keys = [(condition.path, clause) for condition in asked for clause in condition.clauses]
    return Answers(state, dict(zip(keys, row, strict=True)))


def unexercised(
    asked: Sequence[Condition], examples: Sequence[Answers], dataset: Dataset
) -> list[Unexercised]:
    """Clauses that no example makes true, or false, where they are asked, though some record could be so.

    A whole condition is named only when all its comparisons are exercised: they come first.
    """
    found = []
    for number, condition in enumerate(asked):
        reached = [example for example in examples if _is_asked(asked[:number], condition, example)]
        lacking = [
            Unexercised(condition.path, clause, value)
            for clause in condition.clauses
            for value in (True, False)
            if all(example.values[condition.path, clause] is not value for example in reached)
            and can_be(clause, value, dataset)
        ]
        parts = [item for item in lacking if item.clause != condition.whole]
        found += parts or lacking
    return found


def _is_asked(earlier: Sequence[Condition], condition: Condition, example: Answers) -> bool:
    """Whether the record of an example comes to a condition, given its answers to those before it."""
    kind = condition.path[0]
    if kind == "stratify":  # every record is in a subgroup, whatever becomes of it
        return True
    for other in earlier:
        value = example.values.get((other.path, other.whole), True)
        before = other.path[0]
        if before in ("population", "denominator") and value is not True:
            return False
        if before == "exclude" and (value is True or (value is None and kind != "exclude")):
            return False
        # An exception is asked about only where the outcome was not met, and none before it applied.
        if kind == "except" and (before, value) in (("outcome", True), ("outcome", None), ("except", True)):
            return False
    return kind in ("population", "denominator", "exclude") or example.state not in ("pending", "lost")
