"""The expression language: a small, safe, typed subset of SQL.

The text is parsed by sqlglot, walked against an allow-list of node types, and rebuilt as a frozen tree
of our own with a type at every node. SQL for the engine is emitted from that tree, never from the
author's text; whatever is not on the list is refused with its place. Nulls are three-valued, as in SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indicators.faults import did_you_mean

Type = Literal["boolean", "number", "text", "date", "null"]
MAX_LENGTH = 2000
MAX_NODES = 400

_COLUMN_TYPES: dict[str, Type] = {
    "text": "text",
    "category": "text",
    "integer": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
}


class ExpressionError(ValueError):
    """An expression that is not in the language, with the piece of text that is at fault."""


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
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH} characters")
    for forbidden in (";", "--", "/*", "$", "`", '"'):
        if forbidden in text:
            raise ExpressionError(f"'{forbidden}' is not allowed in an expression")
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError as error:
        raise ExpressionError(_syntax_message(error, text)) from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deep") from None
    if sum(1 for _ in tree.walk()) > MAX_NODES:
        raise ExpressionError(f"the expression has more than {MAX_NODES} parts")
    node = _check(tree, columns)
    if wanted is not None and node.type != wanted:
        raise ExpressionError(f"'{text}' gives a {node.type}; expected a {wanted}")
    return node


def _syntax_message(error: SqlglotError, text: str) -> str:
    details = getattr(error, "errors", None)
    place = details[0].get("highlight") if details else None
    near = f" near '{place}'" if place else ""
    return f"'{text}' cannot be read{near}"


def _refuse(tree: exp.Expr, why: str) -> ExpressionError:
    return ExpressionError(f"'{tree.sql(dialect='duckdb')}': {why}")


def _check(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    check = _CHECKS.get(type(tree))
    if check is None:
        raise _refuse(tree, "this is not part of the expression language")
    return check(tree, columns)


def _column(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    parts = [part for part in ("table", "db", "catalog") if tree.args.get(part)]
    if parts:
        raise _refuse(tree, "write a column by its name alone")
    name = tree.name
    if name not in columns:
        raise ExpressionError(f"there is no column '{name}' ({did_you_mean(name, columns)})")
    return Node("column", _COLUMN_TYPES[columns[name]], name)


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
    try:
        dt.date.fromisoformat(tree.this.name)
    except ValueError:
        raise _refuse(tree, "this is not a date: write date 'YYYY-MM-DD'") from None
    return Node("literal", "date", tree.this.name)


def _paren(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    return _check(tree.this, columns)


def _compare(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    left, right = _check(tree.this, columns), _check(tree.expression, columns)
    _same_type(tree, left, right)
    return Node(_COMPARE[type(tree)], "boolean", None, (left, right))


def _same_type(tree: exp.Expr, *nodes: Node) -> None:
    if any(node.type == "null" for node in nodes):
        raise _refuse(tree, "compare with 'is null' or 'is not null'")
    types = {node.type for node in nodes}
    if len(types) > 1:
        raise _refuse(tree, f"compares a {' with a '.join(node.type for node in nodes[:2])}")


def _connect(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    children = tuple(_check(side, columns) for side in (tree.this, tree.expression))
    for child, side in zip(children, (tree.this, tree.expression), strict=True):
        if child.type != "boolean":
            raise _refuse(side, f"gives a {child.type}; '{_CONNECT[type(tree)]}' needs a condition")
    return Node(_CONNECT[type(tree)], "boolean", None, children)


def _not(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    child = _check(tree.this, columns)
    if child.type != "boolean":
        raise _refuse(tree, f"'not' needs a condition, this is a {child.type}")
    return Node("not", "boolean", None, (child,))


def _arithmetic(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    left, right = _check(tree.this, columns), _check(tree.expression, columns)
    if {left.type, right.type} != {"number"}:
        raise _refuse(tree, "arithmetic needs numbers (dates: days_between, age_years)")
    return Node(_ARITHMETIC[type(tree)], "number", None, (left, right))


def _negative(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    child = _check(tree.this, columns)
    if child.type != "number":
        raise _refuse(tree, "a minus sign needs a number")
    return Node("-", "number", None, (Node("literal", "number", Decimal(0)), child))


def _in(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    if not tree.expressions or tree.args.get("query"):
        raise _refuse(tree, "'in' needs a list of values")
    children = (_check(tree.this, columns), *(_check(item, columns) for item in tree.expressions))
    _same_type(tree, *children)
    return Node("in", "boolean", None, children)


def _between(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    children = tuple(_check(tree.args[part], columns) for part in ("this", "low", "high"))
    _same_type(tree, *children)
    return Node("between", "boolean", None, children)


def _is(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    if not isinstance(tree.expression, exp.Null):
        raise _refuse(tree, "'is' goes with null only")
    return Node("is null", "boolean", None, (_check(tree.this, columns),))


def _case(tree: exp.Expr, columns: Mapping[str, str]) -> Node:
    if tree.args.get("this") is not None:
        raise _refuse(tree, "write 'case when condition then value'")
    children: list[Node] = []
    for branch in tree.args["ifs"]:
        condition = _check(branch.this, columns)
        if condition.type != "boolean":
            raise _refuse(branch.this, f"gives a {condition.type}; 'when' needs a condition")
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
        raise ExpressionError(f"there is no function '{name}' ({did_you_mean(name, _FUNCTIONS)})")
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
    """Emit DuckDB SQL for a checked expression, fully parenthesised."""
    if node.kind == "column":
        return f'"{node.value}"'
    if node.kind == "literal":
        return _literal_sql(node)
    parts = [to_sql(child) for child in node.children]
    return _EMIT.get(node.kind, _infix)(node.kind, parts)


def _literal_sql(node: Node) -> str:
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, Decimal):
        return f"{node.value:f}"
    quoted = "'" + node.value.replace("'", "''") + "'"
    return f"date {quoted}" if node.type == "date" else quoted


def _infix(kind: str, parts: list[str]) -> str:
    return f"({parts[0]} {kind} {parts[1]})"


def _case_sql(kind: str, parts: list[str]) -> str:
    del kind
    pairs = zip(parts[:-1:2], parts[1:-1:2], strict=True)
    branches = " ".join(f"when {condition} then {value}" for condition, value in pairs)
    return f"(case {branches} else {parts[-1]} end)"


_EMIT: dict[str, Callable[[str, list[str]], str]] = {
    "not": lambda _, p: f"(not {p[0]})",
    "is null": lambda _, p: f"({p[0]} is null)",
    "in": lambda _, p: f"({p[0]} in ({', '.join(p[1:])}))",
    "between": lambda _, p: f"({p[0]} between {p[1]} and {p[2]})",
    "case": _case_sql,
    # Completed years: date_diff counts boundaries, so the day within the year decides.
    "age_years": lambda _, p: f"date_sub('year', {p[0]}, {p[1]})",
    "days_between": lambda _, p: f"date_diff('day', {p[0]}, {p[1]})",
    "ratio": lambda _, p: f"(cast({p[0]} as double) / nullif({p[1]}, 0))",
}
