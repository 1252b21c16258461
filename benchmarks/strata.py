"""Logistic case mix from a DuckDB table to expected value and variance per provider: strata against glum.

    python -m benchmarks.strata --rows 5000000 --glum /path/to/python
    python -m benchmarks.strata --rows 100000 1000000 5000000 20000000 --glum PYTHON

The table lies in a database file with the types that a vault has: whole numbers, texts for categories,
booleans for flags. Both ways go from it to the sum of the risks p, and of p(1 - p), of each of 300 providers,
each in a process of its own; starting up is not counted. glum is not a dependency: PYTHON is that of an
environment with glum and this project's dependencies. It gets what a careful user would give it: dummy
columns made in the engine and read as one dense matrix. Above five million rows it is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from indicators.compile import quote, text_literal
from indicators.outcomes import BinaryOutcome
from indicators.states import STATES
from indicators.strata import COUNTS, clashes_select, mixes_of_rows_select, with_patterns
from risk_models.design import Design, Term, fit_design
from risk_models.expected import fit_model

TERMS = (
    Term("age", "spline", knots=4),
    Term("sex", "category", reference="f"),
    Term("ses", "category", reference="middle"),
    Term("asa", "category", reference="2"),
    Term("smoker", "flag"),
    Term("diabetes", "flag"),
    Term("copd", "flag"),
    Term("urgent", "flag"),
)
NAMES = [term.name for term in TERMS]
OUTCOME = BinaryOutcome(kind="binary", when="_y = 1", better="lower")
PROVIDERS = 300
REPEATS = 3
AGREE = 1e-6
HEAD = (
    "| million records | seconds | GiB | glum, seconds | glum, GiB | times faster |",
    "|---|---|---|---|---|---|",
)
# Rows up to which the peer is measured: beyond, its matrix and copies of it take many GiB.
PEER_ROWS = 5_000_000


def make_table(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Fill ``cohort`` as an indicator's cohort is: state, count, outcome, and a column for each term."""
    con.execute("select setseed(0.42)")
    con.execute(
        f"""create temp table drawn as select
            'P' || lpad(cast(floor(random() * {PROVIDERS}) as int)::varchar, 3, '0') as _provider,
            cast(40 + floor(50 * sqrt(random())) as bigint) as age,
            case when random() < 0.52 then 'f' else 'm' end as sex,
            ['low', 'middle', 'high'][1 + cast(floor(random() * 3) as int)] as ses,
            (1 + cast(floor(random() * 4) as int))::varchar as asa,
            random() < 0.2 as smoker, random() < 0.12 as diabetes,
            random() < 0.08 as copd, random() < 0.15 as urgent
        from range({rows})"""
    )
    con.execute(
        """create table cohort as select *, '2025' as _period, true as _once, 1 as _n,
            cast(null as decimal(18, 9)) as _before,
            cast(random() < 1 / (1 + exp(-(-4.2 + 0.03 * (age - 65) + 0.2 * (sex = 'm')::int
                + 0.25 * (ses = 'low')::int + 0.4 * (asa::int - 2) + 0.3 * smoker::int + 0.25 * diabetes::int
                + 0.5 * copd::int + 0.8 * urgent::int))) as bigint) as _y
        from drawn"""
    )
    con.execute("drop table drawn")
    states = ", ".join(map(text_literal, STATES))
    con.execute(f"alter table cohort add column _state enum({states}) default 'value'")
    con.execute("update cohort set _state = case when _y = 1 then 'met' else 'not-met' end")
    con.execute("checkpoint")


Sums = dict[str, list[float]]


def by_strata(con: duckdb.DuckDBPyConnection) -> Sums:
    """Fit on patterns; the engine finds each record's pattern and sums its risk per provider."""
    frame = patterns(con)
    columns = {name: frame[name].to_numpy() for name in NAMES}
    with threadpool_limits(limits=1):  # as the registry does, so that every machine has the same sums
        model = fit_model(
            "logistic", TERMS, columns, n=frame["n"].to_numpy(), sum_y=frame["sum_y"].to_numpy()
        )
        risk = model.expected(columns)
    con.register("expected", pd.DataFrame({"_mix": frame["_mix"], "risk": risk, "spread": risk * (1 - risk)}))
    return _fetched(
        con,
        "select _provider, sum(risk) as expected, sum(spread) as variance "
        f"from {with_patterns('cohort', 'expected', NAMES)} where _period = '2025' and {COUNTS} "
        "group by all order by all",
    )


def patterns(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Make the table of case-mix patterns with counts and sums as the registry does, and take it out."""
    sql = mixes_of_rows_select("cohort", NAMES, "2025", OUTCOME)
    con.execute(f"create or replace temp table pattern as {sql}")
    if con.execute(clashes_select("pattern")).fetchall() != [(0,)]:
        raise SystemExit("two patterns have the same hash")
    return con.execute("select * from pattern order by _pattern").df()


def by_rows(con: duckdb.DuckDBPyConnection) -> Sums:
    """Fit glum on rows, with the same columns, and sum its predictions."""
    from glum import GeneralizedLinearRegressor

    X, y, provider, codes = dense(con)
    peer = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-6)
    risk = peer.fit(X, y).predict(X)
    sums = [np.bincount(provider, weights=of) for of in (risk, risk * (1 - risk))]
    return {"_provider": codes, "expected": sums[0].tolist(), "variance": sums[1].tolist()}


def dense(con: duckdb.DuckDBPyConnection) -> tuple[Any, Any, Any, Any]:
    """Read design, outcome and provider of all rows; dummies are made in the engine, the spline here."""
    codes = [row[0] for row in con.execute("select distinct _provider from cohort order by 1").fetchall()]
    con.execute(f"create or replace temp type code as enum ({', '.join(map(text_literal, codes))})")
    design = fitted_design(con)
    dummies = [
        f"({quote(term.name)} = {text_literal(level)})::double"
        for term in design.terms
        for level in term.levels[1:]
    ] + [f"{quote(term.name)}::double" for term in design.terms if term.kind == "flag"]
    listed = ", ".join(f"{sql} as x{place}" for place, sql in enumerate(dummies))
    found = con.execute(
        f"select enum_code(_provider::code) as provider, age::double as age, _y::double as y, {listed} "
        f"from cohort where _period = '2025' and {COUNTS}"
    ).fetchnumpy()
    spline = design.terms[0].encode(found["age"])
    X = np.empty((len(spline), spline.shape[1] + len(dummies)), order="F")
    X[:, : spline.shape[1]] = spline
    for place in range(len(dummies)):
        X[:, spline.shape[1] + place] = found[f"x{place}"]
    return X, found["y"], found["provider"], codes


def fitted_design(con: duckdb.DuckDBPyConnection) -> Design:
    """Give the encoding of the model on strata: knots and levels."""
    frame = patterns(con)
    return fit_design(TERMS, {name: frame[name].to_numpy() for name in NAMES}, frame["n"].to_numpy())


def _fetched(con: duckdb.DuckDBPyConnection, sql: str) -> Sums:
    return {name: values.tolist() for name, values in con.execute(sql).fetchnumpy().items()}


WAYS: dict[str, Callable[[duckdb.DuckDBPyConnection], Sums]] = {"strata": by_strata, "glum": by_rows}


def work(way: str, file: Path) -> dict[str, Any]:
    """Do one way in this process a few times: the median of the seconds, peak memory in GiB, the sums."""
    con = duckdb.connect(str(file), read_only=True)
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        sums = WAYS[way](con)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"seconds": statistics.median(seconds), "all": seconds, "peak": peak, "sums": sums}


def measured(way: str, file: Path, python: str) -> dict[str, Any]:
    """Do one way in a process of its own."""
    command = [python, "-m", "benchmarks.strata", "--work", way, "--file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    result: dict[str, Any] = json.loads(done.stdout)
    print(
        f"  {way:7s}" + "".join(f" {value:7.2f} s" for value in result["all"]) + f"  {result['peak']:.2f} GiB"
    )
    return result


def compared(rows: int, glum: str | None) -> str:
    """Measure both ways at one size, check that they agree, and give a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.duckdb"
        with duckdb.connect(str(file)) as con:
            make_table(con, rows)
        print(f"{rows:,} rows, {PROVIDERS} providers, {len(TERMS)} terms")
        ours = measured("strata", file, sys.executable)
        line = f"| {rows / 1e6:g} | {ours['seconds']:.2f} | {ours['peak']:.2f} |"
        if glum is None or rows > PEER_ROWS:
            return f"{line} – | – | – |"
        theirs = measured("glum", file, glum)
    for column in ("expected", "variance"):
        np.testing.assert_allclose(ours["sums"][column], theirs["sums"][column], rtol=AGREE)
    faster = theirs["seconds"] / ours["seconds"]
    print(f"  by the medians {faster:.1f} times faster; the sums agree within {AGREE:g}")
    return f"{line} {theirs['seconds']:.2f} | {theirs['peak']:.2f} | {faster:.0f} |"


def main() -> None:
    """Measure the sizes that are asked for, and print them as a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--glum", metavar="PYTHON")
    parser.add_argument("--work", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        print(json.dumps(work(asked.work, asked.file)))
        return
    rows = [compared(size, asked.glum) for size in asked.rows]
    print(*HEAD, *rows, sep="\n")


if __name__ == "__main__":
    main()
