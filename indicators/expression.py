"""The expression language: a small, safe, typed subset of SQL.

The text is held against the words and signs of the language (``tokens``), parsed by sqlglot, walked
against an allow-list of node types, and rebuilt as a frozen tree of our own with a type at every node. SQL
for the engine is emitted from that tree (``emit``), never from the author's text; whatever is not on the
list is refused, quoting the piece. Nulls are three-valued, as in SQL; numbers are exact decimals. What a tree
means, one node at a time, is in ``evaluate``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.parsers.duckdb import DuckDBParser

from indicators.emit import to_sql
from indicators.faults import did_you_mean
from indicators.helpers import HELPERS
from indicators.tokens import ExpressionError, check_tokens
from indicators.tree import COLUMN_TYPES, PERIOD_DAYS, Codes, Node, Scope, Type, is_whole

__all__ = ["ExpressionError", "Node", "Scope", "Type", "parse", "to_sql"]


class _ClosedParser(DuckDBParser):
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {}
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}


class _Closed(DuckDB):
    """The engine's dialect without its functions: no name of a function means anything to the parser."""

    Parser = _ClosedParser


_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_NO_SUMS = "only numbers are added, subtracted or multiplied (dates: days_between(a, b), add_days(d, n))"
_CONNECT: dict[type[exp.Expr], str] = {exp.And: "and", exp.Or: "or"}
# As many minutes as there are in all the years that a date can have.
_MOST_STEPS = 10_000 * 366 * 24 * 60
_HINTS = {
    frozenset(("date", "text")): " (a date is written date 'YYYY-MM-DD')",
    frozenset(("date", "datetime")): " (the day of a datetime is date_of(t))",
}


def parse(text: str, columns: Mapping[str, str], wanted: Type | None = "boolean") -> Node:
    """Parse and check an expression.

    Parameters
    ----------
    text : str
        What the author wrote.
    columns : mapping of str to str, or Scope
        Column names and their dataset types; a scope has code lists and a time zone as well.
    wanted : str or None
        Type the whole must have; None accepts any.

    Raises
    ------
    ExpressionError
        If the text is not in the language, names an unknown column, or mixes types. The message
        quotes the piece at fault.
    """
    scope = columns if isinstance(columns, Scope) else Scope(columns)
    readers = _READERS if scope.record is not None else [name for name in _READERS if name != "record"]
    check_tokens(text, {*scope, *(scope.record or ())}, (*HELPERS, *readers))
    try:
        node = _check(sqlglot.parse_one(text, dialect=_Closed), scope)
    except SqlglotError as error:
        raise ExpressionError(_syntax_message(error, text)) from None
    if wanted is not None and node.type != wanted:
        raise ExpressionError(f"'{text}' is a {node.type}; expected a {_NAMES[wanted]}")
    return node


_NAMES = {
    "boolean": "condition, which is true or false",
    "number": "number",
    "text": "text",
    "date": "date",
    "datetime": "datetime",
}
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


def _check(tree: exp.Expr, scope: Scope) -> Node:
    check = _CHECKS.get(type(tree))
    if check is None:
        raise _refuse(tree, "this is not part of the expression language")
    return check(tree, scope)


def _column(tree: exp.Expr, scope: Scope) -> Node:
    parts = [part for part in ("table", "db", "catalog") if tree.args.get(part)]
    if parts:
        raise _refuse(tree, "write a column by its name alone")
    if tree.name not in scope:
        raise _refuse(tree, "there is no such column")
    return Node("column", COLUMN_TYPES[scope[tree.name]], tree.name)


def _literal(tree: exp.Expr, scope: Scope) -> Node:
    del scope
    if isinstance(tree, exp.Boolean):
        return Node("literal", "boolean", bool(tree.this))
    if isinstance(tree, exp.Null):
        return Node("literal", "null")
    return (
        Node("literal", "text", tree.name)
        if tree.is_string
        else Node("literal", "number", Decimal(tree.name))
    )


def _date(tree: exp.Expr, scope: Scope) -> Node:
    del scope
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


def _alias(tree: exp.Expr, scope: Scope) -> Node:
    del scope
    pair = f"{tree.this.sql(dialect='duckdb')} {tree.alias}"
    raise ExpressionError(f"'{pair}': a word or a sign is missing between these two")


def _paren(tree: exp.Expr, scope: Scope) -> Node:
    return _check(tree.this, scope)


def _compare(tree: exp.Expr, scope: Scope) -> Node:
    kind = _COMPARE[type(tree)]
    if type(tree.this) in _COMPARE or type(tree.expression) in _COMPARE:
        raise _refuse(tree, "compares twice in a row; join two comparisons with 'and'")
    children = (_check(tree.this, scope), _check(tree.expression, scope))
    _same_type(tree, children, ordered=kind not in ("=", "<>"))
    return Node(kind, "boolean", None, children)


def _same_type(tree: exp.Expr, nodes: tuple[Node, ...], *, ordered: bool = False) -> None:
    first = nodes[0]
    for node in nodes:
        if node.type == "null":
            raise _refuse(tree, "this is never true; write 'is null' or 'is not null'")
        if node.type != first.type:
            hint = _HINTS.get(frozenset((first.type, node.type)), "")
            raise _refuse(tree, f"compares a {first.type} with a {node.type}{hint}")
    if ordered and first.type == "boolean":
        raise _refuse(tree, "true and false have no order; compare with =")


def _connect(tree: exp.Expr, scope: Scope) -> Node:
    kind, sides = _CONNECT[type(tree)], _chain(tree)
    children = tuple(_check(side, scope) for side in sides)
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


def _not(tree: exp.Expr, scope: Scope) -> Node:
    child = _check(tree.this, scope)
    if child.type != "boolean":
        raise _refuse(tree.this, f"is a {child.type}; 'not' needs a condition")
    return Node("not", "boolean", None, (child,))


def _arithmetic(tree: exp.Expr, scope: Scope) -> Node:
    left, right = _check(tree.this, scope), _check(tree.expression, scope)
    if {left.type, right.type} != {"number"}:
        raise _refuse(tree, _NO_SUMS)
    return Node(_ARITHMETIC[type(tree)], "number", None, (left, right))


def _negative(tree: exp.Expr, scope: Scope) -> Node:
    child = _check(tree.this, scope)
    if child.type != "number":
        raise _refuse(tree, "a minus sign needs a number")
    if isinstance(child.value, Decimal):
        return Node("literal", "number", -child.value)
    return Node("-", "number", None, (Node("literal", "number", Decimal(0)), child))


def _in(tree: exp.Expr, scope: Scope) -> Node:
    if not tree.expressions or tree.args.get("query"):
        raise _refuse(tree, "'in' needs a list of values, such as in ('a', 'b')")
    children = (_check(tree.this, scope), *(_check(item, scope) for item in tree.expressions))
    _same_type(tree, children)
    return Node("in", "boolean", None, children)


def _between(tree: exp.Expr, scope: Scope) -> Node:
    children = tuple(_check(tree.args[part], scope) for part in ("this", "low", "high"))
    _same_type(tree, children, ordered=True)
    _, low, high = children
    if low.kind == high.kind == "literal" and _runs_down(low.value, high.value):
        raise _refuse(tree, "is never true: the lower limit comes first")
    return Node("between", "boolean", None, children)


def _runs_down(low: object, high: object) -> bool:
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return low > high
    return isinstance(low, str) and isinstance(high, str) and low > high


def _is(tree: exp.Expr, scope: Scope) -> Node:
    if not isinstance(tree.expression, exp.Null):
        raise _refuse(tree, "'is' goes with null only; compare with = or write the condition alone")
    return Node("is null", "boolean", None, (_check(tree.this, scope),))


def _case(tree: exp.Expr, scope: Scope) -> Node:
    if tree.args.get("this") is not None:
        raise _refuse(tree, "write 'case when condition then value'")
    children: list[Node] = []
    for branch in tree.args["ifs"]:
        condition = _check(branch.this, scope)
        if condition.type != "boolean":
            raise _refuse(branch.this, f"is a {condition.type}; 'when' needs a condition")
        children += [condition, _check(branch.args["true"], scope)]
    default = tree.args.get("default")
    children.append(_check(default, scope) if default else Node("literal", "null"))
    values = [*children[1:-1:2], children[-1]]
    types = {value.type for value in values} - {"null"}
    if len(types) != 1:
        raise _refuse(tree, "the values of a case need one and the same type")
    return Node("case", types.pop(), None, tuple(children))


def _function(tree: exp.Expr, scope: Scope) -> Node:
    name = tree.name.lower()
    if name in _READERS:
        return _READERS[name](tree, scope)
    if name not in HELPERS:
        raise _refuse(tree, "there is no such function")
    helper = HELPERS[name]
    children = tuple(_check(argument, scope) for argument in tree.expressions)
    if helper.takes is None:
        return Node(name, _one_type(tree, name, children), None, children)
    got = tuple(child.type for child in children)
    if got != helper.takes:
        hint = _HINTS[frozenset(("date", "datetime"))] if "datetime" in {*got} - {*helper.takes} else ""
        wanted = ", ".join(helper.takes)
        raise _refuse(tree, f"{name} takes ({wanted}), not ({', '.join(got)}){hint}")
    if helper.whole and not is_whole(children[-1], scope):
        raise _refuse(tree.expressions[-1], f"{name} counts in whole numbers: write floor(...)")
    if helper.whole and isinstance(children[-1].value, Decimal) and abs(children[-1].value) > _MOST_STEPS:
        raise _refuse(tree.expressions[-1], "no day is so far away")
    assert helper.gives
    return Node(name, helper.gives, scope.zone if name == "date_of" else None, children)


def _one_type(tree: exp.Expr, name: str, children: tuple[Node, ...]) -> Type:
    types = list(dict.fromkeys(child.type for child in children))
    if len(children) < 2 or len(types) != 1 or types == ["null"]:
        got = ", ".join(child.type for child in children)
        raise _refuse(tree, f"{name} takes two or more values of one type, not ({got})")
    if types == ["boolean"] and name != "coalesce":
        raise _refuse(tree, "true and false have no order; join them with 'and' or 'or'")
    return types[0]


def _record(tree: exp.Expr, scope: Scope) -> Node:
    columns = scope.record or {}
    named = tree.expressions[0] if len(tree.expressions) == 1 else None
    if not isinstance(named, exp.Column) or named.args.get("table"):
        raise _refuse(tree, "record takes the name of one column of the record")
    if named.name not in columns:
        raise _refuse(tree, f"the record has no column '{named.name}' ({did_you_mean(named.name, columns)})")
    return Node("record", COLUMN_TYPES[columns[named.name]], named.name)


def _period_day(tree: exp.Expr, scope: Scope) -> Node:
    if not scope.period:
        raise _refuse(tree, "only an indicator has a period, and only on a dataset with a 'year_of'")
    if tree.expressions:
        raise _refuse(tree, "write it without anything between the brackets")
    return Node(tree.name.lower(), "date")


def _in_set(tree: exp.Expr, scope: Scope) -> Node:
    *given, last = tree.expressions or [None]
    if len(given) not in (1, 2) or not (isinstance(last, exp.Literal) and last.is_string):
        raise _refuse(tree, "in_set takes a code and the name of a list: in_set(code, 'list')")
    parts = tuple(_check(part, scope) for part in given)
    if any(part.type != "text" for part in parts):
        raise _refuse(tree, f"in_set takes a text, not a {next(p.type for p in parts if p.type != 'text')}")
    if last.name not in scope.code_lists:
        raise _refuse(tree, f"there is no code list '{last.name}' ({_known_list(last.name, scope)})")
    codes = scope.code_lists[last.name]
    if len(parts) == 1:
        listed = (code for of_system in codes.values() for code in of_system)
        return Node("in_set", "boolean", last.name, (_among(parts[0], listed),))
    if None in codes:
        raise _refuse(tree, f"the codes of '{last.name}' have no system: write in_set(code, '{last.name}')")
    return Node("in_set", "boolean", last.name, (_coded(parts[0], parts[1], codes),))


def _known_list(name: str, scope: Scope) -> str:
    return did_you_mean(name, scope.code_lists) or "this registry has no code sets"


def _among(code: Node, listed: Iterable[str]) -> Node:
    literals = (Node("literal", "text", item) for item in dict.fromkeys(listed))
    return Node("in", "boolean", None, (code, *literals))


def _coded(code: Node, system: Node, codes: Codes) -> Node:
    """A code is in a list if it is among the codes of its system."""
    pairs = tuple(
        Node(
            "and",
            "boolean",
            None,
            (Node("=", "boolean", None, (system, Node("literal", "text", of))), _among(code, listed)),
        )
        for of, listed in codes.items()
    )
    return Node("or", "boolean", None, pairs) if len(pairs) > 1 else (*pairs, _among(code, ()))[0]


_READERS: dict[str, Callable[[exp.Expr, Scope], Node]] = {
    "in_set": _in_set,
    "record": _record,
    **dict.fromkeys(PERIOD_DAYS, _period_day),
}

_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr, Scope], Node]] = {
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
