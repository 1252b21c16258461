"""The expectation in the engine equals that of the model itself, for every kind of term."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from registry_db.expectation import expectation_sql
from risk_models.design import Term
from risk_models.expected import RiskModel, fit_model

TERMS = (
    Term("age", "spline", knots=5),
    Term("bmi", "number", degree=3),
    Term("ses", "category", reference="low"),
    Term("smoker", "category"),  # missing together with ses
    Term("previous", "flag"),
)


def _records(rows: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    ses = rng.choice(np.array(["low", "mid'dle", "high", None], dtype=object), rows)
    smoker = np.where(pd.isna(ses), None, rng.choice(np.array(["yes", "no"], dtype=object), rows))
    return pd.DataFrame(
        {
            "age": rng.integers(16, 50, rows).astype(float),
            "bmi": rng.normal(25, 4, rows).round(1),
            "ses": ses,
            "smoker": smoker,
            "previous": rng.integers(0, 2, rows).astype(float),
            "y": (rng.random(rows) < 0.1).astype(float),
        }
    )


def _fit(kind: str, frame: pd.DataFrame) -> RiskModel:
    columns = {term.name: frame[term.name].to_numpy() for term in TERMS}
    y = frame["y"].to_numpy()
    return fit_model(kind, TERMS, columns, n=np.ones(len(y)), sum_y=y, sum_y2=y**2)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["logistic", "linear"])
def test_engine_and_model_agree(kind: str) -> None:
    frame = _records()
    model = _fit(kind, frame)
    con = duckdb.connect()
    con.register("records", frame)
    found = con.execute(f"select {expectation_sql(model)} as e from records").fetchnumpy()["e"]
    wanted = model.expected({term.name: frame[term.name].to_numpy() for term in TERMS})
    np.testing.assert_allclose(np.ma.getdata(found), wanted, rtol=1e-12)


def test_a_level_that_was_not_fitted_has_no_expectation() -> None:
    frame = _records()
    model = _fit("linear", frame)
    con = duckdb.connect()
    con.register("records", frame.head(1).assign(ses="unheard of", smoker="yes"))
    assert con.execute(f"select {expectation_sql(model)} from records").fetchall() == [(None,)]
