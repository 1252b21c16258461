"""The expression language: what it means on rows, nulls included, and what it refuses, in which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.evaluate import evaluate
from indicators.expression import ExpressionError, Node, Scope, parse, to_sql
from indicators.helpers import HELPERS

COLUMNS = {
    "a": "integer",
    "b": "integer",
    "x": "decimal",
    "t": "text",
    "c": "category",
    "f": "boolean",
    "g": "boolean",
    "d": "date",
    "e": "date",
    "u": "datetime",
    "v": "datetime",
}
SQL_TYPES = {
    "integer": "bigint",
    "decimal": "decimal(18, 3)",
    "text": "varchar",
    "category": "varchar",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def run(con: duckdb.DuckDBPyConnection, sql: str, row: Mapping[str, Any]) -> Any:
    values = ", ".join(f'cast(${name} as {SQL_TYPES[kind]}) as "{name}"' for name, kind in COLUMNS.items())
    parameters = {name: row.get(name) for name in COLUMNS}
    return con.execute(f"select {sql} from (select {values})", parameters).fetchall()[0][0]


# -- what expressions mean: text, row (absent columns are null), verdict ---------------------------

SPEC = [
    # comparisons, and the null that they pass on
    ("a = 1", {"a": 1}, True),
    ("a = 1", {"a": 2}, False),
    ("a = 1", {}, None),
    ("a <> 1", {"a": 2}, True),
    ("a != 1", {}, None),
    ("a < 2", {"a": 2}, False),
    ("a <= 2", {"a": 2}, True),
    ("a > b", {"a": 2, "b": 1}, True),
    ("a >= b", {"a": 2}, None),
    ("x = 0.5", {"x": Decimal("0.500")}, True),
    ("x > 0.1", {"x": Decimal("0.1")}, False),
    ("a > 0.5", {"a": 1}, True),
    ("c = 'yes'", {"c": "yes"}, True),
    ("c = 'Yes'", {"c": "yes"}, False),
    ("t = 'it''s'", {"t": "it's"}, True),
    ("t = '; -- \"$1\" /* ` */'", {"t": '; -- "$1" /* ` */'}, True),
    ("t = ''", {"t": ""}, True),
    ("t between 'O10' and 'O16'", {"t": "O14"}, True),
    ("t < 'b'", {"t": "a"}, True),
    ("t < 'a'", {"t": "B"}, True),
    ("d >= date '2024-02-29'", {"d": dt.date(2024, 2, 29)}, True),
    ("d < e", {"d": dt.date(2024, 1, 1)}, None),
    ("f = true", {"f": False}, False),
    ("f = (a > 1)", {"f": False, "a": 1}, True),
    # three-valued logic
    ("f and g", {"f": True, "g": True}, True),
    ("f and g", {"f": True}, None),
    ("f and g", {"f": False}, False),
    ("f or g", {"f": True}, True),
    ("f or g", {"f": False}, None),
    ("f or g", {"f": False, "g": False}, False),
    ("not f", {"f": False}, True),
    ("not f", {}, None),
    ("not not f", {"f": True}, True),
    ("f", {}, None),
    # precedence: not before and, and before or
    ("f or f and g", {"f": True, "g": False}, True),
    ("(f or f) and g", {"f": True, "g": False}, False),
    ("not f and g", {"f": True, "g": False}, False),
    ("not (f and g)", {"f": True, "g": False}, True),
    ("not a = 1", {"a": 2}, True),
    ("not f is null", {}, False),
    ("not f = g", {"f": True, "g": False}, True),
    # is null is never null
    ("a is null", {}, True),
    ("a is null", {"a": 1}, False),
    ("a is not null", {}, False),
    ("f is null or g", {"g": None}, True),
    # lists
    ("a in (1, 2)", {"a": 2}, True),
    ("a in (1, 2)", {"a": 3}, False),
    ("a in (1, 2)", {}, None),
    ("a not in (1, 2)", {"a": 3}, True),
    ("a not in (1, 2)", {}, None),
    ("a in (b, 1)", {"a": 2}, None),
    ("a in (b, 2)", {"a": 2}, True),
    ("c in ('x')", {"c": "x"}, True),
    ("d in (date '2024-01-01')", {"d": dt.date(2024, 1, 1)}, True),
    # between has both ends
    ("a between 1 and 3", {"a": 1}, True),
    ("a between 1 and 3", {"a": 3}, True),
    ("a between 1 and 3", {"a": 4}, False),
    ("a between 2 and 2", {"a": 2}, True),
    ("a between 1 and 3", {}, None),
    ("a between b and 3", {"a": 4}, False),
    ("a not between 1 and 3", {"a": 4}, True),
    ("a between 1 and 3 and f", {"a": 2, "f": True}, True),
    # arithmetic
    ("a + b * 2 = 7", {"a": 1, "b": 3}, True),
    ("(a + b) * 2 = 8", {"a": 1, "b": 3}, True),
    ("a - b - 1 = -3", {"a": 1, "b": 3}, True),
    ("a - (b - 1) = -1", {"a": 1, "b": 3}, True),
    ("a - -1 = 2", {"a": 1}, True),
    ("-a < -1", {"a": 2}, True),
    ("a + b > 0", {"a": 1}, None),
    ("x + 0.1 = 0.3", {"x": Decimal("0.2")}, True),
    # ratio: null for nothing, and a short quotient is exact
    ("ratio(a, b) = 0.75", {"a": 3, "b": 4}, True),
    ("ratio(a, b) >= 0.3", {"a": 3, "b": 10}, True),
    ("ratio(a, b) > 0", {"a": 3, "b": 0}, None),
    ("ratio(x, 0.1) >= 3", {"x": Decimal("0.3")}, True),
    ("ratio(a, b) = -0.5", {"a": 1, "b": -2}, True),
    # case: a null condition goes on to the next
    ("case when f then a else b end = 2", {"f": True, "a": 2}, True),
    ("case when f then a else b end = 2", {"a": 1, "b": 2}, True),
    ("case when f then a end = 2", {"f": False, "a": 2}, None),
    ("case when a is null then 0 else a end = 0", {}, True),
    ("case when f then c when g then 'z' else null end = 'z'", {"f": False, "g": True}, True),
    ("case when f then g else not g end", {"f": False, "g": False}, True),
    # capitals, spaces and lines are free
    ("A_IS_NOT_A_COLUMN", {}, ExpressionError),
    ("F AND NOT G", {}, ExpressionError),
    ("f AND\n  NOT\tg", {"f": True, "g": False}, True),
    ("Case When f Then 1 Else 2 End = 1", {"f": True}, True),
    ("true", {}, True),
    ("false or f", {"f": True}, True),
]


@pytest.mark.parametrize(("text", "row", "verdict"), SPEC)
def test_spec(con: duckdb.DuckDBPyConnection, text: str, row: dict[str, Any], verdict: Any) -> None:
    if verdict is ExpressionError:
        with pytest.raises(ExpressionError, match="there is no column"):
            parse(text, COLUMNS)
    else:
        assert run(con, to_sql(parse(text, COLUMNS)), row) is verdict


# A year older on the day itself; on 1 March for who is born on 29 February, in a year without that day.
AGES = [
    ("2000-06-15", "2020-06-14", 19),
    ("2000-06-15", "2020-06-15", 20),
    ("2000-06-15", "2020-06-16", 20),
    ("2000-12-31", "2001-01-01", 0),
    ("2000-01-01", "2000-12-31", 0),
    ("2000-01-01", "2001-01-01", 1),
    ("2000-02-29", "2001-02-28", 0),
    ("2000-02-29", "2001-03-01", 1),
    ("2000-02-29", "2004-02-28", 3),
    ("2000-02-29", "2004-02-29", 4),
    ("2001-02-28", "2004-02-28", 3),
    ("2001-02-28", "2004-02-29", 3),
    ("2001-03-01", "2004-02-29", 2),
    ("1900-02-28", "2000-02-28", 100),
    ("2000-06-15", "2000-06-15", 0),
    ("2000-06-15", "2000-06-14", -1),
]


@pytest.mark.parametrize(("born", "on", "years"), AGES)
def test_age_in_completed_years(con: duckdb.DuckDBPyConnection, born: str, on: str, years: int) -> None:
    row = {"d": dt.date.fromisoformat(born), "e": dt.date.fromisoformat(on)}
    assert run(con, to_sql(parse("age_years(d, e)", COLUMNS, "number")), row) == years
    literal = f"age_years(date '{born}', e)"
    assert run(con, to_sql(parse(literal, COLUMNS, "number")), row) == years


DAYS = [
    ("2024-02-28", "2024-03-01", 2),
    ("2023-02-28", "2023-03-01", 1),
    ("2023-12-31", "2024-01-01", 1),
    ("2024-01-01", "2024-01-01", 0),
    ("2024-01-02", "2024-01-01", -1),
    # a clock that goes forward or back does not change the number of days
    ("2024-03-30", "2024-04-01", 2),
    ("2024-10-26", "2024-10-28", 2),
]


@pytest.mark.parametrize(("first", "second", "days"), DAYS)
def test_days_between(con: duckdb.DuckDBPyConnection, first: str, second: str, days: int) -> None:
    row = {"d": dt.date.fromisoformat(first), "e": dt.date.fromisoformat(second)}
    sql = to_sql(parse("days_between(d, e)", COLUMNS, "number"))
    con.execute("set timezone = 'Europe/Amsterdam'")
    assert run(con, sql, row) == days
    con.execute("set timezone = 'UTC'")
    assert run(con, sql, row) == days


@pytest.mark.parametrize("function", ["age_years(d, e)", "days_between(d, e)"])
@pytest.mark.parametrize("row", [{"d": dt.date(2024, 1, 1)}, {"e": dt.date(2024, 1, 1)}, {}])
def test_dates_that_are_missing(
    con: duckdb.DuckDBPyConnection, function: str, row: dict[str, dt.date]
) -> None:
    assert run(con, to_sql(parse(function, COLUMNS, "number")), row) is None


# -- what is refused, and how it is said ----------------------------------------------------------

NUMBER = "write a number in full, such as 1000 or 0.5 (at most 18 digits, and 9 behind the point)"
NOT_OURS = "is not part of the expression language"
COLUMNS_KNOWN = "(known: a, b, c, d, e, f, g, t, ...)"
FUNCTIONS = (
    "(known: add_days, add_hours, add_minutes, add_months, age_years, coalesce, date_of, days_between, ...)"
)
GAP = "cannot be read near '{}': is a word, a quote or a bracket missing?"
DEEP = "the expression is nested too deep: split it, or say it more simply"

REFUSED = [
    # statements, comments, subqueries
    ("a > 1; drop table birth", f"';' {NOT_OURS}: write one expression, without ;"),
    ("select 1", f"'select' {NOT_OURS}"),
    ("a > (select 1)", f"'select' {NOT_OURS}"),
    ("exists (select 1)", "there is no function 'exists' " + FUNCTIONS),
    ("a in (select b from secrets)", f"'select' {NOT_OURS}"),
    ("a > 1 union all select 1", f"'union' {NOT_OURS}"),
    ("a > 1 order by a", f"'order by' {NOT_OURS}"),
    ("a > 1 -- and f", "'-- and f': comments are not allowed in an expression"),
    ("a /* b */ > 1", "'/* b */': comments are not allowed in an expression"),
    ("a > --1", "'--1': comments are not allowed in an expression"),
    # functions that read files or the surroundings, aggregates, windows, chance, now
    ("read_text('/etc/passwd') is null", "there is no function 'read_text' (did you mean 'greatest'?)"),
    ("getenv('HOME') = t", "there is no function 'getenv' " + FUNCTIONS),
    ("count(*) > 1", "there is no function 'count' " + FUNCTIONS),
    ("row_number() over () > 1", "there is no function 'row_number' " + FUNCTIONS),
    ("ratio(a, b) over () > 1", "there is no function 'over' " + FUNCTIONS),
    ("ratio(a, b) filter (f) > 1", "there is no function 'filter' " + FUNCTIONS),
    ("random() < 0.5", "there is no function 'random' " + FUNCTIONS),
    ("now() > d", "there is no function 'now' " + FUNCTIONS),
    ("current_date > d", f"'current_date' {NOT_OURS}"),
    ("current_user = t", f"'current_user' {NOT_OURS}"),
    ("age_year(d, e) > 1", "there is no function 'age_year' (did you mean 'age_years'?)"),
    ("if(f, 1, 2) = 1", "there is no function 'if' (write case when ... then ... else ... end)"),
    # names
    ("aa > 1", "there is no column 'aa' (did you mean 'a'?)"),
    ("birth.a > 1", "there is no column 'birth' " + COLUMNS_KNOWN),
    (
        "b.a > 1",
        f"'.' {NOT_OURS}: a number begins with a digit, as 0.5 does, and a column goes by its name alone",
    ),
    ('"a" > 1', '"a": write columns without quotes, and texts between single quotes'),
    ("`a` > 1", f"'`' {NOT_OURS}"),
    ("* > 1", "'*': this is not part of the expression language"),
    ("columns(*) > 1", "there is no function 'columns' " + FUNCTIONS),
    ("$1 > a", f"'$' {NOT_OURS}"),
    ("? = a", f"'?' {NOT_OURS}"),
    (":a > 1", f"':' {NOT_OURS}"),
    ("#1 > a", f"'#' {NOT_OURS}"),
    # casts, patterns, other operators
    ("a::text = '1'", f"'::' {NOT_OURS}"),
    ("cast(a as text) = '1'", "there is no function 'cast' (did you mean 'least'?)"),
    ("timestamp '2024-01-01' > d", f"'timestamp' {NOT_OURS}: the day of a datetime is date_of(t)"),
    ("date(t) > d", "'date(t)': there is no such function"),
    ("t like 'a%'", f"'like' {NOT_OURS}: compare with =, or list the values with in (...)"),
    ("t ~ 'a.*'", f"'~' {NOT_OURS}"),
    ("t collate nocase = 'a'", f"'collate' {NOT_OURS}"),
    ("t || 'a' = 'ba'", f"'||' {NOT_OURS}"),
    ("a / 2 > 1", f"'/' {NOT_OURS}: divide with ratio(a, b)"),
    ("a % 2 = 1", f"'%' {NOT_OURS}: the rest of a division is a - b * floor(ratio(a, b))"),
    ("a == 1", f"'==' {NOT_OURS}: write ="),
    ("a[1] = 1", f"'[' {NOT_OURS}"),
    ("{'a': 1} = a", "'{' " + NOT_OURS),
    ("(a, b) = (1, 2)", "'(a, b)': this is not part of the expression language"),
    ("x -> a", f"'->' {NOT_OURS}"),
    ("f xor g", f"'xor' {NOT_OURS}: write it out with and, or and not"),
    # numbers, texts and dates in another form
    ("a > 1e400", f"'1e400': {NUMBER}"),
    ("a > 1.5e", f"'1.5e': {NUMBER}"),
    ("a > 0x1F", f"'0x1F': {NUMBER}"),
    ("a > 1_000", f"'1_000': {NUMBER}"),
    ("a > 5.", f"'5.': {NUMBER}"),
    ("a > 1234567890123456789", f"'1234567890123456789': {NUMBER}"),
    ("a > 1000 ml", "there is no column 'ml' " + COLUMNS_KNOWN),
    ("a > 1 b", "'a > 1 b': a word or a sign is missing between these two"),
    ("a > 1,5", "'a > 1,5' " + GAP.format(",")),
    ("t = e'a'", f"'e'a'' {NOT_OURS}"),
    ("t = $$a$$", f"'$$a$$' {NOT_OURS}"),
    ("t = 'a\\'", "'a\\': a backslash means different things to different engines"),
    ("t = 'a", "'t = 'a': a quote is opened and not closed"),
    ("d = date '2023-02-29'", "date '2023-02-29': there is no such day; write date 'YYYY-MM-DD'"),
    ("d = date '2024-W01-1'", "date '2024-W01-1': there is no such day; write date 'YYYY-MM-DD'"),
    ("d = date '20240101'", "date '20240101': there is no such day; write date 'YYYY-MM-DD'"),
    ("d = date '1-1-2024'", "date '1-1-2024': there is no such day; write date 'YYYY-MM-DD'"),
    # look-alikes and what cannot be seen
    ("а > 1", "'а': 'а' is cyrillic small letter a; outside quotes only plain letters are used"),
    (
        "ａ > 1",
        "'ａ': 'ａ' is fullwidth latin small letter a; outside quotes only plain letters are used",
    ),
    ("a ≥ 1", "'≥': '≥' is greater-than or equal to; outside quotes only plain letters are used"),
    (
        "a > \u0661",
        "'\u0661': '\u0661' is arabic-indic digit one; outside quotes only plain letters are used",
    ),
    ("t = 'a\u202eb'", "character 7 is U+202E, which cannot be seen: take it out"),
    ("a\u00a0> 1", "character 2 is U+00A0, which cannot be seen: take it out"),
    ("a > 1\x00", "character 6 is U+0000, which cannot be seen: take it out"),
    # types
    ("a", "'a' is a number; expected a condition, which is true or false"),
    ("a = 'x'", "'a = 'x'': compares a number with a text"),
    ("t > 1", "'t > 1': compares a text with a number"),
    ("d > 2024", "'d > 2024': compares a date with a number"),
    (
        "d > '2024-01-01'",
        "'d > '2024-01-01'': compares a date with a text (a date is written date 'YYYY-MM-DD')",
    ),
    ("f > g", "'f > g': true and false have no order; compare with ="),
    ("f = 1", "'f = 1': compares a boolean with a number"),
    ("a in (1, 'x')", "'a in (1, 'x')': compares a number with a text"),
    ("a between 1 and 'x'", "'a between 1 and 'x'': compares a number with a text"),
    ("a between 3 and 1", "'a between 3 and 1': is never true: the lower limit comes first"),
    ("f and a", "'a': is a number; 'and' needs conditions on both sides"),
    ("not a", "'a': is a number; 'not' needs a condition"),
    ("case when a then 1 else 2 end = 1", "'a': is a number; 'when' needs a condition"),
    (
        "case when f then 1 else 'x' end = 1",
        "'case when f then 1 else 'x' end': the values of a case need one and the same type",
    ),
    ("case a when 1 then 2 end = 2", "'case a when 1 then 2 end': write 'case when condition then value'"),
    (
        "d + 1 > e",
        "'d + 1': only numbers are added, subtracted or multiplied "
        "(dates: days_between(a, b), add_days(d, n))",
    ),
    ("-t = 'x'", "'-t': a minus sign needs a number"),
    ("age_years(d, a) > 1", "'age_years(d, a)': age_years takes (date, date), not (date, number)"),
    ("age_years(d) > 1", "'age_years(d)': age_years takes (date, date), not (date)"),
    # nulls
    ("a = null", "'a = null': this is never true; write 'is null' or 'is not null'"),
    ("a in (1, null)", "'a in (1, null)': this is never true; write 'is null' or 'is not null'"),
    ("f is true", "'f is true': 'is' goes with null only; compare with = or write the condition alone"),
    ("null", "'null' is a null; expected a condition, which is true or false"),
    # half sentences
    ("", "the expression is empty"),
    (" \n ", "the expression is empty"),
    ("a >", "'a >' " + GAP.format(">")),
    ("(a > 1", "'(a > 1' " + GAP.format("1")),
    ("a > 1)", "'a > 1)' " + GAP.format(")")),
    ("a > 1 and", "'a > 1 and' " + GAP.format("and")),
    ("f g", "'f g': a word or a sign is missing between these two"),
    ("a in ()", "'a in ()': 'in' needs a list of values, such as in ('a', 'b')"),
    ("1 < a < 3", "'1 < a < 3': compares twice in a row; join two comparisons with 'and'"),
    ("f = g = f", "'f = g = f': compares twice in a row; join two comparisons with 'and'"),
    # too much
    ("f or " * 500 + "f", "the expression is longer than 2,000 characters"),
    ("a=1 or " * 110 + "f", "the expression has more than 400 words and signs"),
    ("(" * 21 + "f" + ")" * 21, DEEP),
    ("not not not f", DEEP),
    ("case when f then " * 21 + "g" + " end" * 21, DEEP),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, COLUMNS)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "f" + " or f" * 199,
        "a" + " + a" * 190 + " > 1",
        "(" * 20 + "f" + ")" * 20,
        "case when f then " * 20 + "g" + " end" * 20,
    ],
)
def test_as_large_as_is_allowed(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert run(con, to_sql(parse(text, COLUMNS)), {"f": True, "g": True, "a": 1}) is True


def test_a_text_cannot_leave_its_quotes(con: duckdb.DuckDBPyConnection) -> None:
    for hostile in ("' or true --", "''", "'; select 1; '", "é", "\N{PILE OF POO}"):
        text = "t = '" + hostile.replace("'", "''") + "'"
        sql = to_sql(parse(text, COLUMNS))
        assert run(con, sql, {"t": hostile}) is True
        assert run(con, sql, {"t": "x"}) is False


PIECES = [*"aftdx1.'()=<> ,-+*;\"\\$é\u202e", " and ", " not ", " is null", "case ", "when ", "date "]


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_is_an_expression_or_is_refused(con: duckdb.DuckDBPyConnection, pieces: list[str]) -> None:
    try:
        sql = to_sql(parse("".join(pieces), COLUMNS, None))
    except ExpressionError:
        return
    run(con, sql, {"a": 1, "x": Decimal(1), "t": "a", "f": True, "d": dt.date(2024, 1, 1)})


def test_columns_in_order_of_appearance() -> None:
    assert parse("b > 1 and (a > 2 or b < 3) and f", COLUMNS).columns == ("b", "a", "f")


def test_a_chain_is_one_node() -> None:
    node = parse("f and g and a > 1 and (f or g)", COLUMNS)
    assert [child.kind for child in node.children] == ["column", "column", ">", "or"]


# -- random expressions against the reference evaluator -----------------------------------

CODES = {"vowels": {None: ("a", "e")}, "none": {None: ()}, "by-system": {"x": ("a",), "y": ("b", "it's")}}
LITERALS = {
    "number": st.sampled_from([Decimal(text) for text in ("-2", "-0.5", "0", "1", "1.5", "3")]),
    "text": st.sampled_from(["", "a", "b", "it's"]),
    "boolean": st.booleans(),
    "date": st.sampled_from(["1999-12-31", "2000-02-29", "2023-03-01"]),
}
OF_TYPE = {
    "number": ["a", "b", "x"],
    "text": ["t", "c"],
    "boolean": ["f", "g"],
    "date": ["d", "e"],
    "datetime": ["u", "v"],
}


ZONE = "Europe/Amsterdam"
SETS = [
    "in_set(t, 'vowels')",
    "in_set(case when f then t else c end, 'vowels')",
    "in_set(t, 'none')",
    "in_set(t, c, 'by-system')",
]


def _leaf(kind: str) -> st.SearchStrategy[Node]:
    columns = st.sampled_from([Node("column", kind, name) for name in OF_TYPE[kind]])  # type: ignore[arg-type]
    if kind not in LITERALS:
        return columns
    return columns | LITERALS[kind].map(lambda value: Node("literal", kind, value))  # type: ignore[arg-type]


def _node(kind: str, type_: Any, *children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.tuples(*children).map(lambda parts: Node(kind, type_, None, parts))


def _whole() -> st.SearchStrategy[Node]:
    return st.sampled_from([Node("column", "number", "a"), Node("literal", "number", Decimal(-13))])


def _in_set(text: str) -> Node:
    return parse(text, Scope(COLUMNS, code_lists=CODES))


def trees(type_: str, depth: int) -> st.SearchStrategy[Node]:
    if depth == 0:
        return _leaf(type_)
    inner = {kind: trees(kind, depth - 1) for kind in OF_TYPE}
    options = [_leaf(type_), _node("case", type_, inner["boolean"], inner[type_], inner[type_])]
    if type_ == "number":
        options += [_node(sign, "number", inner["number"], inner["number"]) for sign in "+-*"]
        options += [
            _node(name, "number", inner["date"], inner["date"]) for name in ("age_years", "days_between")
        ]
        options += [
            _node(name, "number", inner["datetime"], inner["datetime"])
            for name in ("hours_between", "minutes_between")
        ]
        options.append(_node("ratio", "number", _leaf("number"), _leaf("number")))
        options.append(_node("floor", "number", inner["number"]))
    if type_ in ("date", "datetime"):
        names = ("add_months", "add_days") if type_ == "date" else ("add_hours", "add_minutes")
        options += [_node(name, type_, inner[type_], _whole()) for name in names]
    if type_ == "date":
        options.append(_node("start_of_year", "date", inner["date"]))
        day = _node("date_of", "date", inner["datetime"])
        options.append(day.map(lambda node: Node("date_of", "date", ZONE, node.children)))
    options.append(_node("coalesce", type_, inner[type_], inner[type_]))
    if type_ != "boolean":
        options += [_node(name, type_, *[inner[type_]] * 3) for name in ("least", "greatest")]
    if type_ == "boolean":
        options += [_node("not", "boolean", inner["boolean"])]
        options += [_node(kind, "boolean", *[inner["boolean"]] * 3) for kind in ("and", "or")]
        options.append(st.sampled_from(SETS).map(_in_set))
        for kind in OF_TYPE:
            options += [_node(sign, "boolean", inner[kind], inner[kind]) for sign in ("=", "<>")]
            options += [_node("is null", "boolean", inner[kind])]
            options += [_node("in", "boolean", *[inner[kind]] * 3)]
            if kind != "boolean":
                options += [
                    _node(sign, "boolean", inner[kind], inner[kind]) for sign in ("<", "<=", ">", ">=")
                ]
                options += [_node("between", "boolean", *[inner[kind]] * 3)]
    return st.one_of(options)


def moments(*said: str) -> st.SearchStrategy[dt.datetime]:
    return st.sampled_from([dt.datetime.fromisoformat(moment) for moment in said])


ROWS = st.fixed_dictionaries(
    {
        "a": st.none() | st.integers(-3, 3),
        "b": st.none() | st.integers(-3, 3),
        "x": st.none() | st.sampled_from([Decimal("-0.5"), Decimal("0.1"), Decimal("0.3"), Decimal("1.5")]),
        "t": st.none() | LITERALS["text"],
        "c": st.none() | LITERALS["text"],
        "f": st.none() | st.booleans(),
        "g": st.none() | st.booleans(),
        "d": st.none() | st.sampled_from([dt.date(2000, 2, 29), dt.date(2001, 3, 1), dt.date(2024, 2, 29)]),
        "u": st.none() | moments("2024-03-31T00:59", "2023-12-31T23:30"),
        "v": st.none() | moments("2024-10-27T01:00", "2024-02-29T22:59:59.000001"),
        "e": st.none() | st.sampled_from([dt.date(2001, 2, 28), dt.date(2001, 3, 1), dt.date(2024, 2, 28)]),
    }
)


@given(tree=trees("boolean", 3), rows=st.lists(ROWS, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_sql_and_the_tree_mean_the_same(
    con: duckdb.DuckDBPyConnection, tree: Node, rows: list[dict[str, Any]]
) -> None:
    sql = to_sql(tree)
    for row in rows:
        assert run(con, sql, row) is evaluate(tree, row), sql


@given(tree=trees("boolean", 3))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_what_is_emitted_can_be_written(tree: Node) -> None:
    """A tree written as an author would comes back as a tree of the same meaning."""
    text = _written(tree)
    try:
        again = parse(text, Scope(COLUMNS, code_lists=CODES, zone=ZONE))
    except ExpressionError as error:
        too_much = ("too deep", "more than", "longer", "never true")
        assert any(word in str(error) for word in too_much)  # noqa: PT017
    else:
        assert _plain(again) == _plain(tree)


def _written(node: Node) -> str:
    if node.kind == "column":
        return str(node.value)
    if node.kind == "literal":
        return {"text": lambda v: "'" + v.replace("'", "''") + "'", "date": lambda v: f"date '{v}'"}.get(
            node.type, lambda v: str(v).lower()
        )(node.value)
    parts = [_written(child) for child in node.children]
    if node.kind == "case":
        return f"(case when {parts[0]} then {parts[1]} else {parts[2]} end)"
    if node.kind == "in_set":
        return next(text for text in SETS if _in_set(text) == node)
    if node.kind in HELPERS:
        return f"{node.kind}({', '.join(parts)})"
    if node.kind == "in":
        return f"({parts[0]} in ({', '.join(parts[1:])}))"
    if node.kind == "between":
        return f"({parts[0]} between {parts[1]} and {parts[2]})"
    if node.kind in ("not", "is null"):
        return f"(not {parts[0]})" if node.kind == "not" else f"({parts[0]} is null)"
    return f"({f' {node.kind} '.join(parts)})"


def _plain(node: Node) -> Any:
    return (node.kind, node.type, node.value, tuple(map(_plain, node.children)))
