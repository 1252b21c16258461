"""The expression language: a small, safe, typed subset of SQL.

The text is held against the words and signs of the language (``tokens``), parsed by sqlglot, walked
against an allow-list of node types, and rebuilt as a frozen tree of our own with a type at every node. SQL
for the engine is emitted from that tree, never from the author's text; whatever is not on the list is
refused, quoting the piece. Nulls are three-valued, as in SQL.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indicators.tokens import ExpressionError, check_tokens

__all__ = ["ExpressionError", "Node", "Type", "parse", "to_sql"]

Type = Literal["boolean", "number", "text", "date", "null"]

_COLUMN_TYPES: dict[str, Type] = {
    "text": "text",
    "category": "text",
    "integer": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a checked expression.

    Attributes
    ----------
    kind : str
        What the node is: ``column``, ``literal``, or the operator or function.
    type : str
        ``boolean``, ``number``, ``text``, ``date`` or ``null``.
    value : str, Decimal, bool or None
        Name of the column or the literal's value; None for operators.
    children : tuple of Node
        The operands, in order.
    """

    kind: str
    type: Type
    value: str | Decimal | bool | None = None
    children: tuple[Node, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the expression reads, each once, in the order of first appearance."""
        if self.kind == "column":
            return (str(self.value),)
        return tuple(dict.fromkeys(name for child in self.children for name in child.columns))


_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_CONNECT: dict[type[exp.Expr], str] = {exp.And: "and", exp.Or: "or"}
_DATE_TEXT = {"date", "text"}

# name -> types of the arguments, type of the result
_FUNCTIONS: dict[str, tuple[tuple[Type, ...], Type]] = {
    "age_years": (("date", "date"), "number"),
    "days_between": (("date", "date"), "number"),
    "ratio": (("number", "number"), "number"),
}


def parse(text: str, columns: Mapping[str, str], wanted: Type | None = "boolean") -> Node:
    """Parse and check an expression.

    Parameters
    ----------
    text : str
        What the author wrote.
    columns : mapping of str to str
        Column names and their dataset types.
    wanted : str or None
        Type the whole must have; None accepts any.

    Raises
    ------
    ExpressionError
        If the text is not in the language, names an unknown column, or mixes types. The message
        quotes the piece at fault.
    """
    check_tokens(text, columns, _FUNCTIONS)
    try:
        node = _check(sqlglot.parse_one(text, dialect="duckdb"), columns)
    except SqlglotError as error:
        raise ExpressionError(_syntax_message(error, text)) from None
    if wanted is not None and node.type != wanted:
        raise ExpressionError(f"'{text}' is a {node.type}; expected a {_NAMES[wanted]}")
    return node


_NAMES = {"boolean": "condition, which is true or false", "number": "number", "text": "text", "date": "date"}
_QUOTED = re.compile(r"('(?:[^']|'')*')")


def _syntax_message(error: SqlglotError, text: str) -> str:
    details = getattr(error, "errors", None)
    place = details[0].get("highlight") if details else None
    near = f" near '{place}'" if place else ""
    return f"'{text}' cannot be read{near}: is a word, a quote or a bracket missing?"


def _refuse(tree: exp.Expr, why: str) -> ExpressionError:
    # Keywords come back in capitals; authors write them small.
    pieces = _QUOTED.split(tree.sql(dialect="duckdb"))
    shown = "".join(piece if piece.startswith("'") else piece.lower() for piece in pieces)
    return ExpressionError(f"'{shown}': {why}")


def _check(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    check = _CHECKS.get(type(tree))
    if check is None:
        raise _refuse(tree, "this is not part of the expression language")
    return check(tree, columns)


def _column(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    parts = [part for part in ("table", "db", "catalog") if tree.args.get(part)]
    if parts:
        raise _refuse(tree, "write a column by its name alone")
    if tree.name not in columns:
        raise _refuse(tree, "there is no such column")
    return Node("column", _COLUMN_TYPES[columns[tree.name]], tree.name)


def _literal(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    del columns
    if isinstance(tree, exp.Boolean):
        return Node("literal", "boolean", bool(tree.this))
    if isinstance(tree, exp.Null):
        return Node("literal", "null")
    return (
        Node("literal", "text", tree.name)
        if tree.is_string
        else Node("literal", "number", Decimal(tree.name))
    )


def _date(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    del columns
    if not (isinstance(tree.this, exp.Literal) and tree.this.is_string and tree.args["to"].is_type("date")):
        raise _refuse(tree, "only date 'YYYY-MM-DD' is allowed")
    text = tree.this.name
    try:
        # Other ISO forms, such as 2024-W01-1, are dates to Python and not to the engine.
        if dt.date.fromisoformat(text).isoformat() != text:
            raise ValueError(text)
    except ValueError:
        raise ExpressionError(f"date '{text}': there is no such day; write date 'YYYY-MM-DD'") from None
    return Node("literal", "date", text)


def _alias(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    del columns
    pair = f"{tree.this.sql(dialect='duckdb')} {tree.alias}"
    raise ExpressionError(f"'{pair}': a word or a sign is missing between these two")


def _paren(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    return _check(tree.this, columns)


def _compare(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    kind = _COMPARE[type(tree)]
    if type(tree.this) in _COMPARE or type(tree.expression) in _COMPARE:
        raise _refuse(tree, "compares twice in a row; join two comparisons with 'and'")
    children = (_check(tree.this, columns), _check(tree.expression, columns))
    _same_type(tree, children, ordered=kind not in ("=", "<>"))
    return Node(kind, "boolean", None, children)


def _same_type(tree: exp.Expr, nodes: tuple[Node, ...], *, ordered: bool = False) -> None:
    first = nodes[0]
    for node in nodes:
        if node.type == "null":
            raise _refuse(tree, "this is never true; write 'is null' or 'is not null'")
        if node.type != first.type:
            hint = " (a date is written date 'YYYY-MM-DD')" if {first.type, node.type} == _DATE_TEXT else ""
            raise _refuse(tree, f"compares a {first.type} with a {node.type}{hint}")
    if ordered and first.type == "boolean":
        raise _refuse(tree, "true and false have no order; compare with =")


def _connect(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    kind, sides = _CONNECT[type(tree)], _chain(tree)
    children = tuple(_check(side, columns) for side in sides)
    for child, side in zip(children, sides, strict=True):
        if child.type != "boolean":
            raise _refuse(side, f"is a {child.type}; '{kind}' needs conditions on both sides")
    return Node(kind, "boolean", None, children)


def _chain(tree: exp.Expr) -> list[exp.Expr]:
    """Sides of a chain of one and the same connective, in order; brackets end a chain."""
    sides: list[exp.Expr] = []
    waiting = [tree]
    while waiting:
        side = waiting.pop()
        if type(side) is type(tree):
            waiting += [side.expression, side.this]
        else:
            sides.append(side)
    return sides


def _not(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    child = _check(tree.this, columns)
    if child.type != "boolean":
        raise _refuse(tree.this, f"is a {child.type}; 'not' needs a condition")
    return Node("not", "boolean", None, (child,))


def _arithmetic(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    left, right = _check(tree.this, columns), _check(tree.expression, columns)
    if {left.type, right.type} != {"number"}:
        raise _refuse(tree, "only numbers are added, subtracted or multiplied (dates: days_between(a, b))")
    return Node(_ARITHMETIC[type(tree)], "number", None, (left, right))


def _negative(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    child = _check(tree.this, columns)
    if child.type != "number":
        raise _refuse(tree, "a minus sign needs a number")
    if isinstance(child.value, Decimal):
        return Node("literal", "number", -child.value)
    return Node("-", "number", None, (Node("literal", "number", Decimal(0)), child))


def _in(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    if not tree.expressions or tree.args.get("query"):
        raise _refuse(tree, "'in' needs a list of values, such as in ('a', 'b')")
    children = (_check(tree.this, columns), *(_check(item, columns) for item in tree.expressions))
    _same_type(tree, children)
    return Node("in", "boolean", None, children)


def _between(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    children = tuple(_check(tree.args[part], columns) for part in ("this", "low", "high"))
    _same_type(tree, children, ordered=True)
    _, low, high = children
    if low.kind == high.kind == "literal" and _runs_down(low.value, high.value):
        raise _refuse(tree, "is never true: the lower limit comes first")
    return Node("between", "boolean", None, children)


def _runs_down(low: object, high: object) -> bool:
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return low > high
    return isinstance(low, str) and isinstance(high, str) and low > high


def _is(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    if not isinstance(tree.expression, exp.Null):
        raise _refuse(tree, "'is' goes with null only; compare with = or write the condition alone")
    return Node("is null", "boolean", None, (_check(tree.this, columns),))


def _case(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    if tree.args.get("this") is not None:
        raise _refuse(tree, "write 'case when condition then value'")
    children: list[Node] = []
    for branch in tree.args["ifs"]:
        condition = _check(branch.this, columns)
        if condition.type != "boolean":
            raise _refuse(branch.this, f"is a {condition.type}; 'when' needs a condition")
        children += [condition, _check(branch.args["true"], columns)]
    default = tree.args.get("default")
    children.append(_check(default, columns) if default else Node("literal", "null"))
    values = [*children[1:-1:2], children[-1]]
    types = {value.type for value in values} - {"null"}
    if len(types) != 1:
        raise _refuse(tree, "the values of a case need one and the same type")
    return Node("case", types.pop(), None, tuple(children))


def _function(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    name = tree.name.lower()
    if name not in _FUNCTIONS:
        raise _refuse(tree, "there is no such function")
    wanted, result = _FUNCTIONS[name]
    children = tuple(_check(argument, columns) for argument in tree.expressions)
    if tuple(child.type for child in children) != wanted:
        got = ", ".join(child.type for child in children)
        raise _refuse(tree, f"{name} takes ({', '.join(wanted)}), not ({got})")
    return Node(name, result, None, children)


_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr, Mapping[str, str]], Node]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: _literal,
    exp.Null: _literal,
    exp.Cast: _date,
    exp.Paren: _paren,
    exp.Alias: _alias,
    exp.Not: _not,
    exp.Neg: _negative,
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
    exp.Case: _case,
    exp.Anonymous: _function,
    **dict.fromkeys(_COMPARE, _compare),
    **dict.fromkeys(_CONNECT, _connect),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
}


def to_sql(node: Node) -> str:
    """Emit DuckDB SQL for a checked expression, fully parenthesised.

    ``age_years`` is completed years: who is born on 29 February turns a year older on 1 March in a year
    without that day. ``ratio`` is null for a denominator of 0, and is rounded to 12 digits behind the point:
    a quotient that has a short decimal form equals it, as in 0.3 / 0.1 = 3.
    """
    if node.kind == "column":
        return f'"{node.value}"'
    if node.kind == "literal":
        return _literal_sql(node)
    parts = [to_sql(child) for child in node.children]
    return _EMIT[node.kind](parts) if node.kind in _EMIT else f"({f' {node.kind} '.join(parts)})"


def _literal_sql(node: Node) -> str:
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, Decimal):
        return f"({node.value:f})" if node.value < 0 else f"{node.value:f}"
    quoted = "'" + node.value.replace("'", "''") + "'"
    return f"date {quoted}" if node.type == "date" else quoted


def _case_sql(parts: list[str]) -> str:
    pairs = zip(parts[:-1:2], parts[1:-1:2], strict=True)
    branches = " ".join(f"when {condition} then {value}" for condition, value in pairs)
    return f"(case {branches} else {parts[-1]} end)"


def _age_sql(parts: list[str]) -> str:
    # Written out: engines differ in what their own year difference counts.
    born, on = ((f"year({day})", f"(month({day}) * 100 + day({day}))") for day in parts)
    return f"({on[0]} - {born[0]} - case when {on[1]} < {born[1]} then 1 else 0 end)"


_EMIT: dict[str, Callable[[list[str]], str]] = {
    "not": lambda p: f"(not {p[0]})",
    "is null": lambda p: f"({p[0]} is null)",
    "in": lambda p: f"({p[0]} in ({', '.join(p[1:])}))",
    "between": lambda p: f"({p[0]} between {p[1]} and {p[2]})",
    "case": _case_sql,
    "age_years": _age_sql,
    "days_between": lambda p: f"date_diff('day', {p[0]}, {p[1]})",
    "ratio": lambda p: f"round(cast({p[0]} as double) / nullif({p[1]}, 0), 12)",
}
