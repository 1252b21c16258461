"""Logistic case mix from a DuckDB table to expected value and variance per provider: strata against rows.

`python -m benchmarks.strata [ROWS]`, by default 1,000,000 rows. The peer is glum on rows, if it is
installed (it is not a dependency: `.venv/bin/uv pip install --python .venv/bin/python glum`), else
scikit-learn on rows. Both do the whole way: from the table to the sum of the risks p, and of p(1 - p), of
each of 300 providers. Answers are checked against each other.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd

from indicators.strata import patterns_select
from registry_db.expectation import expectation_sql
from risk_models.design import Term
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
PROVIDERS = 300


def make_table(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Fill ``cohort`` as an indicator's cohort is: state, count, outcome, and a column for each term."""
    con.execute("select setseed(0.42)")
    con.execute(
        f"""create table drawn as select
            'P' || lpad(cast(floor(random() * {PROVIDERS}) as int)::varchar, 3, '0') as _provider,
            cast(40 + floor(50 * sqrt(random())) as double) as age,
            case when random() < 0.52 then 'f' else 'm' end as sex,
            ['low', 'middle', 'high'][1 + cast(floor(random() * 3) as int)] as ses,
            (1 + cast(floor(random() * 4) as int))::varchar as asa,
            cast(random() < 0.2 as double) as smoker, cast(random() < 0.12 as double) as diabetes,
            cast(random() < 0.08 as double) as copd, cast(random() < 0.15 as double) as urgent
        from range({rows})"""
    )
    con.execute(
        """create table cohort as select *, '2025' as _period, 1 as _n,
            cast(null as decimal(18, 9)) as _before,
            cast(random() < 1 / (1 + exp(-(-4.2 + 0.03 * (age - 65) + 0.2 * (sex = 'm')::int
                + 0.25 * (ses = 'low')::int + 0.4 * (asa::int - 2) + 0.3 * smoker + 0.25 * diabetes
                + 0.5 * copd + 0.8 * urgent))) as int)::decimal(18, 9) as _y
        from drawn"""
    )
    con.execute("alter table cohort add column _state varchar default 'value'")


def by_strata(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Fit on patterns; the engine sums the expectation per provider."""
    names = [term.name for term in TERMS]
    frame = con.execute(patterns_select("cohort", names), ["2025"]).df()
    columns = {name: frame[name].to_numpy() for name in names}
    model = fit_model("logistic", TERMS, columns, n=frame["n"].to_numpy(), sum_y=frame["sum_y"].to_numpy())
    return con.execute(
        f"""select _provider, sum(p) as expected, sum(p * (1 - p)) as variance
        from (select _provider, {expectation_sql(model)} as p from cohort) group by all order by all"""
    ).df()


def by_rows(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Fit the peer on rows, with the same columns, and sum its predictions."""
    names = [term.name for term in TERMS]
    frame = con.execute(f"select _provider, {', '.join(names)}, _y::double as y from cohort").df()
    X = design(frame)
    risk = predicted(X, frame["y"].to_numpy())
    frame["expected"], frame["variance"] = risk, risk * (1 - risk)
    return frame.groupby("_provider")[["expected", "variance"]].sum().reset_index()


def design(frame: pd.DataFrame) -> np.ndarray:
    """Columns of the same model, without an intercept."""
    from risk_models.design import fit_design

    columns = {term.name: frame[term.name].to_numpy() for term in TERMS}
    return fit_design(TERMS, columns, np.ones(len(frame))).matrix(columns)[:, 1:].copy(order="F")


def predicted(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Risks of the peer."""
    try:
        from glum import GeneralizedLinearRegressor
    except ImportError:
        from sklearn.linear_model import LogisticRegression

        print("glum is not installed: the peer is scikit-learn")
        return (
            LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8).fit(X, y).predict_proba(X)[:, 1]
        )
    peer = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-6)
    return peer.fit(X, y).predict(X)


def timed(name: str, work: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, float]:
    """Run three times; print all, give the median, and the peak memory of the process so far."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{name:8s} " + "  ".join(f"{value:.2f} s" for value in seconds) + f"   peak memory {peak:.1f} GiB")
    return result, sorted(seconds)[1]


def main() -> None:
    """Measure, check and print the ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    con = duckdb.connect()
    make_table(con, rows)
    print(f"{rows:,} rows, {PROVIDERS} providers, {len(TERMS)} terms")
    by_strata(con)  # imports and caches, for both
    ours, fast = timed("strata", lambda: by_strata(con))
    theirs, slow = timed("rows", lambda: by_rows(con))
    for column in ("expected", "variance"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-3)
    print(f"by the medians strata are {slow / fast:.0f} times faster; the sums agree within 1e-3")


if __name__ == "__main__":
    main()
