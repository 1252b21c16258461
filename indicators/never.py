"""Conditions that no record can make true, or false, given what its columns can hold.

Abstract interpretation: each column stands for the set of values that its dataset allows, as an interval or a
list, and a condition that is taken to be true, false or null narrows these sets. When one becomes empty, the
assumption cannot hold. The sets are always at least as wide as the truth: nothing is known of how two columns
go together, nor of what most functions yield, but that the same function of the same columns yields the same.
So what is called impossible is; not all that is impossible is found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from typing import Any, TypeAlias

from indicators.columns import Column
from indicators.expression import Node
from indicators.tables import Table

# By the name of a column, or for any other expression by its tree.
Known: TypeAlias = Mapping["str | Node", "Values"]
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_DAY = dt.timedelta(days=1)
_JOINING = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class Values:
    """What a column or an expression can hold.

    Attributes
    ----------
    null : bool
        Whether it can be null.
    low, high : Decimal, date or None
        Smallest and largest value, both included; None without a limit.
    choices : frozenset or None
        The only values there are; None if they are not listed.
    step : Decimal, timedelta or None
        Distance between values, such as 1 for whole numbers; None if there is none.
    """

    null: bool = True
    low: Any = None
    high: Any = None
    choices: frozenset[Any] | None = None
    step: Any = None

    @property
    def some(self) -> bool:
        """Whether there is any value, null left out."""
        if self.choices is not None:
            return bool(self.choices)
        return self.low is None or self.high is None or self.low <= self.high


_NOTHING = Values(null=False, choices=frozenset())


def known_values(table: Table) -> dict[str | Node, Values]:
    """What each delivered column of a table can hold, by its type, range and codes."""
    return {name: _of_column(table, name, column) for name, column in table.columns.items()}


def _of_column(table: Table, name: str, column: Column) -> Values:
    null = not (column.required or name in table.key)
    low, high = column.range or (None, None)
    if column.type == "boolean" or column.codes:
        meanings = column.codes.values() if column.codes else (True, False)
        listed = frozenset(Decimal(item) if type(item) is int else item for item in meanings)
        if low is not None:
            listed = frozenset(item for item in listed if _inside(item, Values(low=low, high=high)))
        return Values(null, choices=listed)
    steps: dict[str, Any] = {
        "integer": Decimal(1),
        "decimal": Decimal(1).scaleb(-column.decimals),
        "date": _DAY,
    }
    return Values(null=null, low=low, high=high, step=steps.get(column.type))


def assume(node: Node, value: bool | None, known: Known) -> Known | None:
    """What columns can hold if a condition is true, false or null (None); None if it cannot be."""
    return _ASSUME.get(node.kind, _flag)(node, value, known)


def assume_not_true(node: Node, known: Known) -> Known | None:
    """What columns can hold if a condition is false or null."""
    return _either([assume(node, False, known), assume(node, None, known)])


def _literal(node: Node, value: bool | None, known: Known) -> Known | None:
    return known if node.value is value else None


def _flag(node: Node, value: bool | None, known: Known) -> Known | None:
    wanted = _only_null if value is None else _as_list(frozenset({value}))
    return _narrowed(node, wanted, known)


def _not(node: Node, value: bool | None, known: Known) -> Known | None:
    return assume(node.children[0], None if value is None else not value, known)


def _connective(node: Node, value: bool | None, known: Known) -> Known | None:
    decides_all = node.kind == "and"
    if value is decides_all:
        return _all_of(((child, value) for child in node.children), known)
    return _either([assume(child, value, known) for child in node.children])


def _all_of(parts: Iterable[tuple[Node, bool | None]], known: Known) -> Known | None:
    """Narrow by each part in turn; by comparisons twice, since the last may bear on a column of the first."""
    listed = list(parts)
    again = [part for part in listed if part[0].kind not in _JOINING]
    left: Known | None = known
    for child, value in [*listed, *again]:
        left = None if left is None else assume(child, value, left)
    return left


def _either(options: list[Known | None]) -> Known | None:
    possible = [option for option in options if option is not None]
    return reduce(_widened, possible) if possible else None


def _widened(one: Known, other: Known) -> Known:
    # A column that either leaves out can hold anything.
    return {name: _union(one[name], other[name]) for name in one if name in other}


def _union(one: Values, other: Values) -> Values:
    null = one.null or other.null
    if not one.some or not other.some:
        return replace(other if not one.some else one, null=null)
    if one.choices is not None and other.choices is not None:
        return Values(null=null, choices=one.choices | other.choices)
    if (one.choices is None) != (other.choices is None):
        return Values(null=null)
    low = None if one.low is None or other.low is None else min(one.low, other.low)
    high = None if one.high is None or other.high is None else max(one.high, other.high)
    return Values(null, low, high, None, one.step if one.step == other.step else None)


def _is_null(node: Node, value: bool | None, known: Known) -> Known | None:
    if value is None:
        return None
    return _narrowed(node.children[0], _only_null if value else _without_null, known)


def _compare(node: Node, value: bool | None, known: Known) -> Known | None:
    left, right = node.children
    if value is None:
        return _either([_narrowed(side, _only_null, known) for side in (left, right)])
    return _holds(node.kind if value else _OPPOSITE[node.kind], left, right, known)


def _holds(sign: str, left: Node, right: Node, known: Known) -> Known | None:
    """Narrow both sides of a comparison that is true."""
    if left == right and sign in ("<", ">", "<>"):
        return None
    narrowed = _narrowed(left, _beside(sign, _value(right, known)), known)
    if narrowed is None:
        return None
    return _narrowed(right, _beside(_TURNED[sign], _value(left, narrowed)), narrowed)


def _in(node: Node, value: bool | None, known: Known) -> Known | None:
    column, *items = node.children
    if value is None:
        return _either([_narrowed(side, _only_null, known) for side in node.children])
    if value:
        return _either([_holds("=", column, item, known) for item in items])
    left: Known | None = known
    for item in items:
        left = None if left is None else _holds("<>", column, item, left)
    return left


def _between(node: Node, value: bool | None, known: Known) -> Known | None:
    inner, low, high = node.children
    above = Node(">=", "boolean", None, (inner, low))
    below = Node("<=", "boolean", None, (inner, high))
    return _connective(Node("and", "boolean", None, (above, below)), value, known)


Narrow: TypeAlias = Callable[[Values], Values]


def _narrowed(node: Node, narrow: Narrow, known: Known) -> Known | None:
    """Narrow what a side of a comparison can hold; None if nothing is left."""
    left = narrow(_value(node, known))
    if not left.some and not left.null:
        return None
    return known if node.kind == "literal" else {**known, _key(node): left}


def _key(node: Node) -> str | Node:
    return str(node.value) if node.kind == "column" else node


def _only_null(values: Values) -> Values:
    return replace(_NOTHING, null=values.null)


def _without_null(values: Values) -> Values:
    return replace(values, null=False)


def _as_list(listed: frozenset[Any]) -> Narrow:
    def narrow(values: Values) -> Values:
        if values.choices is not None:
            return Values(null=False, choices=values.choices & listed)
        inside = {item for item in listed if _inside(item, values)}
        return Values(null=False, choices=frozenset(inside))

    return narrow


def _inside(item: Any, values: Values) -> bool:
    above = values.low is None or item >= values.low
    below = values.high is None or item <= values.high
    whole = not isinstance(values.step, Decimal) or item % values.step == 0
    return bool(above and below and whole)


def _beside(sign: str, other: Values) -> Narrow:
    """How a comparison with something narrows what stands on its left."""
    low, high = _limits(other)

    def narrow(values: Values) -> Values:
        values = _without_null(values)
        if not other.some:
            return _NOTHING
        if sign == "=":
            if other.choices is not None:
                return _as_list(other.choices)(values)
            return _at_most(_at_least(values, low, strict=False), high, strict=False)
        if sign == "<>":
            single = other.choices is not None and len(other.choices) == 1
            if not single or values.choices is None or other.choices is None:
                return values
            return replace(values, choices=values.choices - other.choices)
        if sign in ("<", "<="):
            return _at_most(values, high, strict=sign == "<")
        return _at_least(values, low, strict=sign == ">")

    return narrow


def _limits(values: Values) -> tuple[Any, Any]:
    if values.choices:
        return min(values.choices), max(values.choices)
    return values.low, values.high


def _at_least(values: Values, limit: Any, *, strict: bool) -> Values:
    if limit is None:
        return values
    if values.choices is not None:
        kept = {item for item in values.choices if item > limit or (item == limit and not strict)}
        return replace(values, choices=frozenset(kept))
    limit = _on_grid(values.step, limit, up=True, strict=strict)
    return values if values.low is not None and values.low >= limit else replace(values, low=limit)


def _at_most(values: Values, limit: Any, *, strict: bool) -> Values:
    if limit is None:
        return values
    if values.choices is not None:
        kept = {item for item in values.choices if item < limit or (item == limit and not strict)}
        return replace(values, choices=frozenset(kept))
    limit = _on_grid(values.step, limit, up=False, strict=strict)
    return values if values.high is not None and values.high <= limit else replace(values, high=limit)


def _on_grid(step: Any, limit: Any, *, up: bool, strict: bool) -> Any:
    """The nearest value that there can be: above 5 means from 6, for whole numbers."""
    if step is None:
        return limit
    if isinstance(step, Decimal):
        rounding = ROUND_CEILING if up else ROUND_FLOOR
        nearest = (limit / step).to_integral_value(rounding) * step
        if nearest != limit or not strict:
            return nearest
    try:
        return limit if not strict else limit + step if up else limit - step
    except OverflowError:  # the last day that there is
        return limit


def _value(node: Node, known: Known) -> Values:
    """What an expression can yield."""
    if node.kind == "literal":
        return _of_literal(node)
    if (found := known.get(_key(node))) is not None:
        return found
    if node.kind in ("+", "-", "*"):
        return _arithmetic(node.kind, *(_value(child, known) for child in node.children))
    return Values()


def _of_literal(node: Node) -> Values:
    if node.value is None:
        return replace(_NOTHING, null=True)
    if node.type not in ("number", "text", "boolean", "date"):
        return Values(null=False)
    value = dt.date.fromisoformat(str(node.value)) if node.type == "date" else node.value
    return Values(null=False, choices=frozenset({value}))


def _arithmetic(sign: str, left: Values, right: Values) -> Values:
    limits = (*_limits(left), *_limits(right))
    null = left.null or right.null
    if any(limit is None for limit in limits):
        return Values(null=null)
    a, b, c, d = limits
    ends = {"+": (a + c, b + d), "-": (a - d, b - c), "*": (a * c, a * d, b * c, b * d)}[sign]
    return Values(null=null, low=min(ends), high=max(ends))


_ASSUME: dict[str, Callable[[Node, bool | None, Known], Known | None]] = {
    "literal": _literal,
    "not": _not,
    "and": _connective,
    "or": _connective,
    "is null": _is_null,
    "in": _in,
    "between": _between,
    **dict.fromkeys(_OPPOSITE, _compare),
}
