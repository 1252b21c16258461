"""The first wall: what is not of the language is refused, by a message that names the place."""

from __future__ import annotations

import re

import pytest

from indicators.expression import ExpressionError, Scope, parse
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
    assert len({text for text, _ in (*HOSTILE, *REFUSED)}) >= 150
