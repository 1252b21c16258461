"""The clauses of a condition: the comparisons that it joins, and which records each of them is asked of.

All that ``and``, ``or`` and ``not`` join is asked of the same records. A branch of ``case`` is asked of those
that no earlier branch took, and an operand of ``coalesce`` of those for which the earlier ones are null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeAlias

from indicators.expression import Node
from indicators.never import Known, assume, assume_not_true

_JOINING = ("and", "or", "not", "case", "coalesce")
_FALSE, _NULL = Node("literal", "boolean", False), Node("literal", "null", None)
# Conditions that are true, or not true, of the records that come to a place in an expression.
Way: TypeAlias = tuple[tuple[Node, bool], ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition, or one comparison in it.

    Attributes
    ----------
    node : Node
        What is asked.
    ways : tuple of Way
        How a record comes to it: one way for each place where it stands, an empty one if nothing is in the
        way.
    """

    node: Node
    ways: tuple[Way, ...] = ((),)

    @property
    def joins(self) -> bool:
        """Whether it joins comparisons, which are clauses too."""
        return self.node.kind in _JOINING

    @property
    def answer(self) -> Node:
        """What the clause is for a record that comes to it; null for any other."""
        if not all(self.ways):
            return self.node
        asked = _joined("or", [_joined("and", [_holds(*step) for step in way]) for way in self.ways])
        return Node("case", "boolean", None, (asked, self.node, _NULL))

    def can_be(self, value: bool, known: Known) -> bool:
        """Whether some record that comes to it may make it true (or false), for all that columns can hold."""
        return any(assume(_with_codes(self.node), value, left) is not None for left in self._left(known))

    def _left(self, known: Known) -> Iterator[Known]:
        for way in self.ways:
            left: Known | None = known
            for node, true in way:
                if left is not None:
                    listed = _with_codes(node)
                    left = assume(listed, True, left) if true else assume_not_true(listed, left)
            if left is not None:
                yield left


def clauses_of(whole: Node, way: Way = ()) -> tuple[Clause, ...]:
    """Clauses of an expression: the whole if it is a condition, and each comparison in it; each once.

    Parameters
    ----------
    whole : Node
        The expression.
    way : Way
        What holds of the records that come to it.
    """
    found: dict[Node, list[Way]] = {}
    if whole.type == "boolean" and whole.kind != "literal":
        found[whole] = [way]
    for node, there in _comparisons(whole, way):
        found.setdefault(node, []).append(there)
    return tuple(Clause(node, tuple(dict.fromkeys(ways))) for node, ways in found.items())


def _comparisons(node: Node, way: Way) -> Iterator[tuple[Node, Way]]:
    if node.type == "boolean" and node.kind not in (*_JOINING, "literal"):
        yield node, way
    if node.kind == "case":
        yield from _of_case(node, way)
    elif node.kind == "coalesce":
        for child in node.children:
            yield from _comparisons(child, way)
            way = (*way, (Node("is null", "boolean", None, (child,)), True))
    elif node.kind != "in_set":
        for child in node.children:
            yield from _comparisons(child, way)


def _of_case(node: Node, way: Way) -> Iterator[tuple[Node, Way]]:
    *branches, default = node.children
    for when, then in zip(branches[::2], branches[1::2], strict=True):
        yield from _comparisons(when, way)
        yield from _comparisons(then, (*way, (when, True)))
        way = (*way, (when, False))
    yield from _comparisons(default, way)


def _holds(node: Node, true: bool) -> Node:
    """A condition that is itself never null: that another one is true, or is not."""
    known = Node("coalesce", "boolean", None, (node, _FALSE))
    return known if true else Node("not", "boolean", None, (known,))


def _joined(kind: str, nodes: list[Node]) -> Node:
    return reduce(lambda one, other: Node(kind, "boolean", None, (one, other)), nodes)


def _with_codes(node: Node) -> Node:
    """A condition with the codes of its lists in the place of their names: in an empty list is nothing."""
    if node.kind == "in_set":
        return _with_codes(node.children[0])
    return replace(node, children=tuple(map(_with_codes, node.children)))
