"""The first wall: what is not of the language is refused, by a message that names the place."""

from __future__ import annotations

import re
import time

import pytest

from indicators.expression import ExpressionError, Scope, parse, to_sql
from indicators.notation import to_text
from tests.indicators.test_expression import COLUMNS, REFUSED

# Each with the piece that the message has to name.
HOSTILE = [
    ("query('select 1') = a", "query"),
    ("query_table('secrets') = a", "query_table"),
    ("read_blob('/etc/passwd') is null", "read_blob"),
    ("read_csv('/etc/passwd') is null", "read_csv"),
    ("read_parquet('x') is null", "read_parquet"),
    ("glob('/*') is null", "glob"),
    ("current_setting('temp_directory') = t", "current_setting"),
    ("getvariable('x') = a", "getvariable"),
    ("nextval('s') = a", "nextval"),
    ("pg_typeof(a) = t", "pg_typeof"),
    ("duckdb_settings() is null", "duckdb_settings"),
    ("list_transform(t, x -> x) is null", "list_transform"),
    ("list_sort(t) is null", "list_sort"),
    ("unnest(t) = a", "unnest"),
    ("struct_pack(a) is null", "struct_pack"),
    ("array_agg(a) is null", "array_agg"),
    ("sum(a) over w > 1", "sum"),
    ("lag(a) > 1", "lag"),
    ("regexp_matches(t, '(a+)+$')", "regexp_matches"),
    ("regexp_full_match(t, 'a')", "regexp_full_match"),
    ("t similar to 'a'", "similar to"),
    ("t glob 'a'", "glob"),
    ("t ilike 'a'", "ilike"),
    ("t not like 'a'", "like"),
    ("try_cast(t as integer) = 1", "try_cast"),
    ("t::json = t", "::"),
    ("a::decimal(3, 1) = 1", "::"),
    ("interval 1 month = a", "interval"),
    ("time '10:00' = a", "time"),
    ("x'41' = t", "x"),
    ("b'1' = t", "b"),
    ("main.birth.a > 1", "main"),
    ("excluded.a > 1", "excluded"),
    ("rowid > 1", "rowid"),
    ("@a > 1", "@"),
    ("!f", "!"),
    ("a ** 2 > 1", "**"),
    ("a ^ 2 > 1", "^"),
    ("a & 1 = 1", "&"),
    ("a << 1 > 1", "<<"),
    ("a is distinct from b", "distinct"),
    ("a > all (1)", "all"),
    ("a = any (1)", "any"),
    ("f qualify f", "qualify"),
    ("f limit 1", "limit"),
    ("f group by f", "group by"),
    ("f returning a", "returning"),
    ("with x as (f) f", "with"),
    ("values (1)", "values"),
    ("pragma version", "pragma"),
    ("attach 'x.db'", "attach"),
    ("copy t to 'x'", "copy"),
    ("install httpfs", "install"),
    ("set threads = 1", "set"),
    ("call f", "call"),
    ("from birth", "from"),
    ("record(a) > 1", "record"),
    ("in_set(t, 'x'' or true --')", "in_set"),
    ("in_set(t, t)", "in_set"),
    ("add_days(d, 1; 2) = d", ";"),
    ("date_of('2024-01-01') = d", "date_of"),
    # two texts that some engines make one, and texts of other spellings
    ("t = 'a' 'b'", "'b'"),
    ("t = 'a'\n'b'", "'b'"),
    ("t = U&'a'", "U"),
    ("t = n'a'", "n'a'"),
    ("t = r'a'", "'r'"),
    ("t = _utf8'a'", "_utf8"),
    ("t = $x$a$x$", "$x$"),
    ('d = date "2024-01-01"', '"2024-01-01"'),
    # days that only some engines know
    ("d = date 'infinity'", "infinity"),
    ("d = date 'today'", "today"),
    ("d = date '2024-1-1'", "2024-1-1"),
    ("d = date '10000-01-01'", "10000"),
    ("d = date '0000-01-01'", "0000"),
    ("d = date '-2024-01-01'", "-2024"),
    ("d = date '2024-01-01 00:00'", "00:00"),
    ("d = date ' 2024-01-01'", " 2024"),
    ("date ('2024-01-01') = d", "date"),
    # numbers
    ("a > .5", "0.5"),
    ("a > 0b1", "0b1"),
    ("a > 0o7", "0o7"),
    ("a > 1__0", "1__0"),
    ("a > 1f", "1f"),
    ("a > " + "9" * 1900, "9999"),
    # comments, wherever they may hide
    ("a/**/>1", "/**/"),
    ("a > 1 /*", "/*"),
    ("a > 1 #x", "#"),
    ("a > 1 --", "--"),
    ("a--\n>1", "--"),
    ("a > 1 /*+ hint */", "/*+ hint */"),
    ("a > 1 //x", "//"),
    # what this engine alone adds to SQL
    ("[x for x in t] is null", "["),
    ("columns('a') > 1", "columns"),
    ("a[1:2] = a", "["),
    ("{a: 1} is null", "{"),
    ("u at time zone 'UTC' > v", "at"),
    ("a ->> 'x' = t", "->>"),
    ("lambda x: x", "lambda"),
    ("a.floor() = 1", "."),
    ("system.main.floor(a) = 1", "system"),
    ("floor(x := a) = 1", ":="),
    ("floor(x => a) = 1", "=>"),
    ("floor(a.*) = 1", "."),
    ("floor(distinct a) = 1", "distinct"),
    ("floor(a order by a) = 1", "order by"),
    ("floor(a) ignore nulls = 1", "ignore"),
    ("floor(a) within group (order by a) = 1", "within"),
    ("a between symmetric 1 and 2", "symmetric"),
    ("case a when 1 then 2 end = 2", "case a"),
    ("f is unknown", "unknown"),
    ("a isnull", "isnull"),
    ("a notnull", "notnull"),
    ("f is true", "is true"),
    ("t ~~ t", "~~"),
    ("a <=> b", "<=>"),
    ("f && g", "&&"),
    ("f || g", "||"),
    ("a < > b", "< >"),
    ("pivot(a)", "pivot"),
    ("a tablesample 1", "tablesample"),
    ("session_user = t", "session_user"),
    ("a = default", "default"),
    ("a in ()", "in"),
    ("a in 1", "in"),
    ("a in (1, null)", "null"),
    # more than anybody writes
    ("a in (" + ",".join("1" * 300) + ")", "words and signs"),
    ("(" * 25 + "a" + ")" * 25 + " > 1", "nested too deep"),
    ("case when f then " * 21 + "1" + " else 0 end" * 21 + " = 1", "nested too deep"),
    ("not " * 30 + "f", "nested too deep"),
    ("a" * 1999 + " > 1", "longer than"),
    ("add_days(d, 99999999999) = d", "99999999999"),
    ("add_months(d, -999999999999999999) = d", "999999999999999999"),
    ("add_hours(u, 999999999999999999) > u", "999999999999999999"),
    ("period_start() < d", "period_start"),
    ("f\u200b or g", "U+200B"),
    ("f or\u2028g", "U+2028"),
    ("\u0435 > d", "\u0435"),
    ("f\uff1b g", "\uff1b"),
]


@pytest.mark.parametrize(("text", "piece"), HOSTILE, ids=[ascii(text) for text, _ in HOSTILE])
def test_refused(text: str, piece: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, Scope(COLUMNS))
    assert re.search(re.escape(piece), str(caught.value), re.IGNORECASE), str(caught.value)


def test_there_are_many() -> None:
    assert len({text for text, _ in (*HOSTILE, *REFUSED)}) >= 220


def test_a_long_text_is_read_in_no_time() -> None:
    """As many words as may be, as deep as may be: no step grows with the square of it."""
    texts = [
        "a" + " - a" * 198 + " > 1",
        "a + (" * 19 + "a" + ")" * 19 + " > 1",
        " and ".join("f" * 199),
        "a in (" + ",".join("1" * 190) + ")",
        "case when f then " * 19 + "1" + " else 0 end" * 19 + " = 1",
        "t = '" + "x" * 1990 + "'",
    ]
    for text in texts:
        started = time.perf_counter()
        node = parse(text, Scope(COLUMNS))
        assert to_sql(node)
        assert parse(to_text(node), Scope(COLUMNS)) == node
        assert time.perf_counter() - started < 1
