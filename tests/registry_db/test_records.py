"""Which stored records count today, and which derived columns are computed of them."""

from __future__ import annotations

import random
from itertools import pairwise

import duckdb
import pytest

from indicators.cohort import cohort_select
from indicators.dataset import Dataset
from registry_db.connect import schema_sql
from registry_db.records import current_select, derived_in, make_record_tables, record_table
from tests.indicators.build import indicator
from tests.indicators.test_child_tables import definition

# Each reads the one before it, the first the rows of a table.
DERIVED = {
    "visits": {"count": True, "of": "visit"},
    "many": {"value": "visits > 2", "type": "boolean"},
    "often": {"value": "case when many then 'yes' else 'no' end", "type": "text"},
    "loss_at_visits": {"sum": "loss", "of": "visit"},
}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(schema_sql("vault"))
    return connection


def keyed() -> Dataset:
    return Dataset.model_validate({**definition(DERIVED), "key": ["id", "day"]})


def taken_in(
    con: duckdb.DuckDBPyConnection, seq: int, superseded_by: str | None = None, *, of: str = "care"
) -> None:
    con.execute(
        "insert into delivery values (?, ?, ?, '', '', '', 0, 0, 0, 0, null, ?, now()::timestamp)",
        [str(seq), seq, of, superseded_by],
    )


def counting(con: duckdb.DuckDBPyConnection, dataset: Dataset) -> list[tuple[int, int]]:
    found = con.execute(f"select _delivery, _line from ({current_select(con, dataset)}) order by all")
    return [(delivery, line) for delivery, line in found.fetchall()]


@pytest.mark.parametrize("seed", range(5))
def test_the_newest_record_of_a_key_in_a_delivery_that_counts_is_current(
    con: duckdb.DuckDBPyConnection, seed: int
) -> None:
    chance, dataset = random.Random(seed), keyed()
    make_record_tables(con, dataset)
    for seq in range(1, 7):
        taken_in(con, seq, "6" if chance.random() < 0.3 else None)
        for line in range(1, chance.randrange(2, 12)):
            key = [chance.choice([1, 2, 3, None]), f"2024-01-0{chance.randrange(1, 3)}"]
            con.execute(
                f"insert into {record_table('care')} by name select ? as _delivery, ? as _line, ? as id, "
                "cast(? as date) as day",
                [seq, line, *key],
            )
        # The rule as it is told, asked of all records at once.
        expected = con.execute(
            f"""select _delivery, _line from {record_table("care")}
            where _delivery in (select seq from delivery where superseded_by is null)
            qualify row_number() over (partition by id, day order by _delivery desc, _line desc) = 1
            order by all"""
        ).fetchall()
        assert counting(con, dataset) == expected
    # A delivery that is taken back gives the records that it replaced their place again.
    con.execute("update delivery set superseded_by = '7' where seq = 6")
    assert all(delivery < 6 for delivery, _ in counting(con, dataset))


def test_only_the_derived_columns_that_are_read_are_computed(con: duckdb.DuckDBPyConnection) -> None:
    dataset = keyed()
    chain = ["visits", "many", "often"]
    for number, name in enumerate(chain, start=1):
        assert derived_in(dataset, f'select "{name}" from record') == chain[:number]
    assert derived_in(dataset, "select 'often' from record") == []
    make_record_tables(con, dataset)
    records = current_select(con, dataset, read_by='select "many"')
    asked = con.execute(f"describe {records}").fetchall()
    assert {row[0] for row in asked} & DERIVED.keys() == {"visits", "many"}


def test_a_record_ends_the_same_with_only_the_columns_that_its_indicator_reads(
    con: duckdb.DuckDBPyConnection,
) -> None:
    dataset = keyed()
    make_record_tables(con, dataset)
    taken_in(con, 1)
    taken_in(con, 2, of="care.visit")
    con.execute(
        f"insert into {record_table('care')} by name select 1 as _delivery, i as _line, i as id, "
        "date '2024-01-01' as day, 'P1' as provider, 30 as age from range(1, 9) t(i)"
    )
    con.execute(
        f"insert into {record_table('care.visit')} by name select 2 as _delivery, i * 10 + j as _line, "
        "i as id, j as visit, i as loss from range(1, 9) t(i), range(i) u(j)"
    )
    of = indicator(
        population="age > 17",
        exclude=None,
        case_mix=None,
        outcome={"kind": "binary", "when": "often = 'yes'", "better": "lower"},
    )
    sql = cohort_select(of, dataset, "seen", networks=None, cut_off=None, carried=["id"])
    ends = []
    for read_by in (None, sql):
        con.execute(f"create or replace temp view seen as {current_select(con, dataset, read_by=read_by)}")
        ends.append(con.execute(f"{sql} order by id").fetchall())
    assert ends[0] == ends[1]
    state = [column[0] for column in con.execute(f"describe {sql}").fetchall()].index("_state")
    assert [row[state] for row in ends[0]] == ["not-met", "not-met", *["met"] * 6]
    assert all(one[0] < other[0] for one, other in pairwise(ends[0]))
