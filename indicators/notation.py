"""A checked expression as text again, in the spelling of its language."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from indicators.expression import Node

# How strongly the words bind, weakest first; what binds weaker than its surroundings stands in brackets.
_STRENGTH = {"or": 1, "and": 2, "not": 3, "is null": 4, "in": 4, "between": 4}
_STRENGTH |= dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 4)
_STRENGTH |= {"+": 5, "-": 5, "*": 6}
_ALONE = 9
_PREDICATES = ("is null", "in", "between")


def to_text(node: Node) -> str:
    """Write an expression as an author would; what is parsed from it is the same expression.

    Texts that differ in layout, in idle brackets, or in the spelling of a number become one.
    """
    if node.kind == "column":
        return str(node.value)
    if node.kind == "literal":
        return _literal(node)
    if node.kind in _WRITE:
        return _WRITE[node.kind](node)
    if node.kind in _STRENGTH:
        return f" {node.kind} ".join(_sides(node))
    return f"{node.kind}({', '.join(map(to_text, node.children))})"


def _in_set(node: Node) -> str:
    """The codes of the list stand in the tree; in the text stands its name."""
    (inner,) = node.children
    while inner.kind == "or":
        inner = inner.children[0]
    pair = inner.children if inner.kind == "and" else (inner,)
    code, system = pair[-1].children[0], [side.children[0] for side in pair[:-1]]
    return f"in_set({', '.join(map(to_text, [code, *system]))}, '{node.value}')"


def _record(node: Node) -> str:
    return f"record({node.value})"


def _sides(node: Node) -> list[str]:
    """Operands; one to the right that binds no stronger keeps its brackets, as in a - (b - c)."""
    strength = _STRENGTH[node.kind]
    chained = node.kind in ("and", "or")
    first, *rest = node.children
    # Chains were flattened when they were read; one inside another was bracketed by its author.
    at_least = strength + 1 if chained or strength == _STRENGTH["="] else strength
    return [_within(first, at_least), *(_within(child, strength + 1) for child in rest)]


def _within(node: Node, at_least: int) -> str:
    text = to_text(node)
    return text if _STRENGTH.get(node.kind, _ALONE) >= at_least else f"({text})"


def _literal(node: Node) -> str:
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, Decimal):
        return f"{node.value:f}"
    quoted = "'" + node.value.replace("'", "''") + "'"
    return quoted if node.type == "text" else f"{node.type} {quoted}"


def _not(node: Node) -> str:
    (child,) = node.children
    if child.kind in _PREDICATES:
        return _predicate(child, " not")
    return f"not {_within(child, _STRENGTH['not'])}"


def _predicate(node: Node, negation: str = "") -> str:
    value, *rest = (_within(child, 5) for child in node.children)
    if node.kind == "is null":
        return f"{value} is{negation} null"
    if node.kind == "in":
        return f"{value}{negation} in ({', '.join(map(to_text, node.children[1:]))})"
    return f"{value}{negation} between {rest[0]} and {rest[1]}"


def _case(node: Node) -> str:
    *branches, default = node.children
    pairs = zip(branches[::2], branches[1::2], strict=True)
    said = " ".join(f"when {to_text(condition)} then {to_text(value)}" for condition, value in pairs)
    return f"case {said} else {to_text(default)} end"


_WRITE: dict[str, Callable[[Node], str]] = {
    "not": _not,
    "case": _case,
    "in_set": _in_set,
    "record": _record,
    **dict.fromkeys(_PREDICATES, _predicate),
}
